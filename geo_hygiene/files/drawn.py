"""What somebody drew by hand is stored as a file of one row is: by the same rules, with the same findings."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa
import shapely
from sqlalchemy import Connection, func, select, text

from geo_hygiene.files.findings import Code, Finding
from geo_hygiene.files.importing import ImportOptions, ImportReport, import_table
from geo_hygiene.files.importing.groups import rename_groups
from geo_hygiene.files.importing.run import IMPORT_LOCK
from geo_hygiene.files.reading import SourceTable
from geo_hygiene.files.reading import geometry as checks
from geo_hygiene.files.reading.limits import COMMAND_LINE
from geo_hygiene.files.reading.notes import Notes
from geo_hygiene.i18n import N_
from geo_hygiene.layerspec import MapLayer
from geo_hygiene.records.imports import HAND

MOST_VERTICES = 10_000
"""No hand draws as many."""

ROW = 1

SIGN = "update import_run set report = report || jsonb_build_object('by', cast(:actor as text)) where id = :number"

BEGIN = """
insert into import_run (layer, file, origin, report)
values (:layer, 'rename', :hand, '{"records": {"updated": 1}}') returning id
"""


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """One thing that somebody drew, or said of a thing that is there.

    Attributes
    ----------
    shape
        EPSG:4326, x = longitude.
    values
        By the names of the layer's fields; what is not said stays, or is empty for something new.
    in_place_of
        Ids of the targets whose place it takes.
    day
        First day on which it holds; ``None``: it corrects, for the whole period.
    is_there
        It lies where it lay before, be that within the extent of the offices or not.
    """

    shape: Any
    values: Mapping[str, Any] = field(default_factory=dict)
    in_place_of: Sequence[int] = ()
    day: date | None = None
    is_there: bool = False


def lock_drawing(connection: Connection) -> None:
    """Let nobody else draw, and no file be stored, until the end of the transaction."""
    connection.execute(select(func.pg_advisory_xact_lock(IMPORT_LOCK)))


def store_drawn(connection: Connection, layer: MapLayer, drawn: Drawn, *, act: str, actor: str) -> ImportReport:
    """Store it in the caller's transaction; with errors among the findings nothing is stored.

    Parameters
    ----------
    act
        What is done, as the list of what was stored names it.
    actor
        Who does it, and may undo it.
    """
    options = ImportOptions(
        origin=HAND,
        in_place_of=drawn.in_place_of,
        day=drawn.day,
        correct=drawn.day is None,
        anywhere=drawn.is_there,
    )
    report = import_table(connection, layer.key, _table(layer, drawn, act), options)
    if report.number is not None:
        connection.execute(text(SIGN), {"number": report.number, "actor": actor})
    return report


def rename_drawn(connection: Connection, layer: MapLayer, group_id: int, name: str, *, actor: str) -> int:
    """Give a lane or drain another name; return the number under which it can be undone."""
    values = {"layer": layer.key, "hand": HAND}
    number: int = connection.execute(text(BEGIN), values).scalar_one()
    rename_groups(connection, layer.model.__tablename__, [(group_id, name)], number)
    connection.execute(text(SIGN), {"number": number, "actor": actor})
    return number


def _table(layer: MapLayer, drawn: Drawn, act: str) -> SourceTable:
    """Return it as the reader of a file would."""
    notes = Notes()
    shapes = np.array([drawn.shape], dtype=object)
    row = checks.Batch(np.array([ROW], dtype=np.int64), shapes, np.zeros(1, dtype=bool))
    checks.reject_missing(row, notes)
    checks.check_form(row, layer.geometry, COMMAND_LINE.vertices if drawn.is_there else MOST_VERTICES, notes)
    checks.check_validity(row, notes)
    if row.good().all():
        notes.extend(_crossings(row.geometries[0]))
    columns = {name: [value] for name, value in drawn.values.items()}
    return SourceTable(
        name=act,
        format="hand",
        rows=pa.table(columns) if columns else pa.table({"nothing": [None]}).select([]),
        wkb=pa.chunked_array([pa.array(shapely.to_wkb(row.geometries).tolist(), pa.binary())]),
        row_numbers=row.rows,
        encoding={"used": "UTF-8", "from": "format"},
        crs={"used": "EPSG:4326", "from": "format", "name": "WGS 84", "accuracy_m": 0.0},
        findings=notes.close(),
        rows_read=1,
        complete=True,
        confined={},
    )


def _crossings(shape: Any) -> list[Finding]:
    """Return an error for a line that crosses itself: a file may not have meant it, a hand slipped."""
    if shape.geom_type != "LineString" or shape.is_simple:
        return []
    pieces = shapely.get_parts(shapely.unary_union(shape))
    ends = Counter(end for piece in pieces for end in (piece.coords[0], piece.coords[-1]))
    (lon, lat), _count = ends.most_common(1)[0]
    words = N_("The line crosses itself at %(lon)s, %(lat)s. Draw it as two.")
    values = {"lon": f"{lon:.6f}", "lat": f"{lat:.6f}"}
    return [Finding(Code.GEOMETRY_INVALID, words, row=ROW, value=f"{lon:.6f} {lat:.6f}", values=values)]
