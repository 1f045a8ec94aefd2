"""Export one layer or table to a file: the whole of it, or nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from pyogrio.errors import DataLayerError, DataSourceError
from sqlalchemy import Connection

from geo_hygiene.coverage.duties import office_timezone
from geo_hygiene.coverage.roster import roster, roster_lines
from geo_hygiene.files.writing.completing import completing, unwritable
from geo_hygiene.files.writing.formats import TABLES, WRITERS
from geo_hygiene.files.writing.query import PUBLISHED
from geo_hygiene.files.writing.rows import ExportError, Rows, fetch, rows_of
from geo_hygiene.i18n import _
from geo_hygiene.layers.tables import DUTY_ROSTER
from geo_hygiene.layerspec import MapLayer

ENDINGS = tuple(WRITERS)
ENCODINGS = ("gbk", "utf-8")


@dataclass(frozen=True)
class Exported:
    """What was written: the files, the first of them the one that was asked for, and the number of rows."""

    files: tuple[Path, ...]
    rows: int


def export(
    connection: Connection,
    layer: MapLayer,
    path: Path,
    *,
    on: date | None = None,
    every_period: bool = False,
    encoding: str | None = None,
    plan: str = PUBLISHED,
) -> Exported:
    """Write the records of a layer that hold on a day, or of every period, in the format of the file's ending.

    The file appears when it is complete: until then everything stands in a hidden folder beside it.

    Parameters
    ----------
    connection
        Is only read from.
    layer
        A layer, or a table, which only some formats hold.
    path
        Ends in one of :data:`ENDINGS`. A file that is there is replaced.
    on
        The day; required unless `every_period`.
    encoding
        gbk or utf-8, for a shapefile; the other formats are UTF-8.
    plan
        What zones call the plan to which they belong.

    Raises
    ------
    ExportError
        If the format can not hold the layer, or the file can not be written.
    """
    if on is None and not every_period:
        raise ValueError("on must be a day unless every_period is asked for")
    if not layer.exports:
        raise ExportError(_("“%(layer)s” is not exported.", layer=layer.key))
    if layer is DUTY_ROSTER:
        if on is None:
            raise ExportError(_("The duty roster is that of a day; say which with --on."))
        return write(_roster(connection, on), path, encoding=encoding)
    return write(fetch(connection, layer, None if every_period else on, plan), path, encoding=encoding)


def _roster(connection: Connection, on: date) -> Rows:
    held = roster(connection, on, roster_lines(connection, on))
    rows = (row.as_columns() for row in held)
    return rows_of(DUTY_ROSTER.key, DUTY_ROSTER.exported, None, rows, office_timezone(connection))


def write(rows: Rows, path: Path, *, encoding: str | None = None) -> Exported:
    """Write rows in the format of the file's ending; see :func:`export`."""
    ending = path.suffix.lower()
    _check(rows, ending, encoding)
    with completing(path) as folder:
        try:
            count = WRITERS[ending](rows, folder / path.name, encoding)
        except (DataSourceError, DataLayerError, RuntimeWarning) as problem:
            raise unwritable(path, problem) from problem
        names = [file.name for file in folder.iterdir()]
    names.sort(key=lambda name: name != path.name)
    return Exported(tuple(path.parent / name for name in names), count)


def _check(rows: Rows, ending: str, encoding: str | None) -> None:
    if ending not in WRITERS:
        raise ExportError(
            _(
                "Files with the ending %(ending)s are not written; there are %(known)s.",
                ending=ending or "—",
                known=", ".join(ENDINGS),
            )
        )
    if rows.geometry_type is None and ending not in TABLES:
        raise ExportError(
            _(
                "“%(layer)s” is a table without shapes; export it to one of %(known)s.",
                layer=rows.name,
                known=", ".join(TABLES),
            )
        )
    if encoding is not None and ending != ".shp":
        raise ExportError(_("Only a shapefile has a choice of encoding; the other formats are UTF-8."))
