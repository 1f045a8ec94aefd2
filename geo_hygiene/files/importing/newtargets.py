"""Write targets that begin, with their lanes or drains and their parents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID, uuid4

import numpy as np
import shapely
from sqlalchemy import Connection, text

from geo_hygiene.copying import copy_rows
from geo_hygiene.coverage.areas import areas_of
from geo_hygiene.database import write_rows
from geo_hygiene.files.importing.batch import Batch
from geo_hygiene.files.importing.existing import piece_code, plain_columns, tables_of, values_for
from geo_hygiene.files.importing.groups import Members, find_groups
from geo_hygiene.files.importing.hilbert import hilbert_order
from geo_hygiene.files.importing.noding.lines import Integers, Lines
from geo_hygiene.files.importing.shaping import NewTargets
from geo_hygiene.layerspec import Role

Identity = tuple[UUID, int]
"""Id and version that a target takes over."""

Columns = dict[str, Sequence[Any]]


def write_targets(
    connection: Connection, batch: Batch, targets: NewTargets, identities: Mapping[int, Identity]
) -> Integers:
    """Write new targets and return their ids.

    Parameters
    ----------
    identities
        By index, for those that replace a target from its first day.
    """
    ids = _next_ids(connection, len(targets))
    areas = areas_of(connection, targets.shapes)
    _write_parts(connection, batch, targets, ids, areas)
    own = np.flatnonzero(targets.rows >= 0)
    if len(own):
        shared, table = tables_of(batch.layer)
        shared_columns, own_columns = _columns(connection, batch, targets, own, ids, identities)
        shared_columns["area_id"] = [areas[at] for at in own.tolist()]
        boxes = shapely.bounds(targets.shapes[own])
        order = hilbert_order((boxes[:, :2] + boxes[:, 2:]) / 2).tolist()
        batch.progress("write", 0, len(own))
        for name, columns in ((shared.name, shared_columns), (table.name, own_columns)):
            copy_rows(connection, name, {key: [column[at] for at in order] for key, column in columns.items()})
    return ids


def _next_ids(connection: Connection, count: int) -> Integers:
    ids = connection.scalar(
        text(
            "select coalesce(array_agg(nextval(sequence)), '{}')"
            " from cast(pg_get_serial_sequence('target', 'id') as regclass) as sequence, generate_series(1, :count)"
        ),
        {"count": count},
    )
    return np.sort(np.array(ids, dtype=np.int64))


def _columns(
    connection: Connection,
    batch: Batch,
    targets: NewTargets,
    own: Integers,
    ids: Integers,
    identities: Mapping[int, Identity],
) -> tuple[Columns, Columns]:
    """Return what goes into the table of all targets, and what into that of the layer."""
    rows = targets.rows[own].tolist()
    shared, _table = tables_of(batch.layer)
    base: Columns = {
        "id": ids[own].tolist(),
        "kind": [batch.layer.key] * len(own),
        "extent_mm": targets.extent_mm[own].tolist(),
        "geom": [targets.ewkb[at] for at in own],
        "valid_from": [_day(targets.periods[at][0], "-infinity") for at in own],
        "valid_to": [_day(targets.periods[at][1], "infinity") for at in own],
        "source_key": [batch.keys[row] for row in rows],
        "import_id": [batch.import_id] * len(own),
        "extra": [batch.clean.extra[row] for row in rows],
    }
    base.update(_identities(connection, batch, targets, own, identities))
    codes = batch.role(Role.CODE)
    places = zip(rows, targets.number[own].tolist(), targets.count[own].tolist(), strict=True)
    detail: Columns = {
        "id": ids[own].tolist(),
        "code": [piece_code(codes[row], number, count) for row, number, count in places],
    }
    if batch.layer.grouping is not None and targets.lines is not None:
        batch.progress("lanes", 0, len(own))
        members = members_of(batch, targets.lines.select(own), rows)
        detail[batch.layer.grouping.reference.key] = find_groups(
            connection, batch.layer.grouping, members, batch.import_id
        )
    for name, values in values_for(batch, rows, plain_columns(batch.layer, batch.plain())).items():
        (base if name in shared.c else detail)[name] = values
    return base, detail


def members_of(batch: Batch, lines: Lines, rows: Sequence[int]) -> Members:
    """Return segments with what their rows say about their lane or drain."""
    names, codes = batch.role(Role.GROUP_NAME), batch.role(Role.GROUP_CODE)
    return Members(lines, [names[row] for row in rows], [codes[row] for row in rows])


def _identities(
    connection: Connection, batch: Batch, targets: NewTargets, own: Integers, taken_over: Mapping[int, Identity]
) -> Columns:
    """Return the columns of ids and versions that are taken over or given by the row; none when all are new."""
    given = batch.role(Role.UUID)
    if not taken_over and not batch.brings(Role.UUID):
        return {}
    parts = zip(targets.rows[own].tolist(), targets.count[own].tolist(), strict=True)
    whole = [given[row] if count == 1 else None for row, count in parts]
    statement = text("select uuid from target where uuid = any(cast(:said as uuid[]))")
    said = [str(one) for one in whole if one is not None]
    stored = set(connection.scalars(statement, {"said": said}))
    taken = [taken_over.get(at) for at in own.tolist()]
    names = [
        str(old[0] if old else one if one is not None and one not in stored else uuid4())
        for old, one in zip(taken, whole, strict=True)
    ]
    return {"uuid": names, "version": [old[1] if old else 1 for old in taken]}


def _day(day: date | None, infinity: str) -> str:
    return infinity if day is None else day.isoformat()


PARTS = """
insert into target (
    id, kind, category, area_id, area_by_hand, extent_mm, geom, valid_from, valid_to, source_key, import_id, extra
)
select
    said.id, whole.kind, whole.category, case when whole.area_by_hand then whole.area_id else said.area_id::int end,
    whole.area_by_hand, said.extent_mm, said.geom::geometry, said.valid_from::date, said.valid_to::date,
    whole.source_key, said.import_id, whole.extra
from (values %s) as said (id, whole_id, extent_mm, geom, valid_from, valid_to, import_id, area_id)
join target as whole on whole.id = said.whole_id
"""


def _write_parts(
    connection: Connection, batch: Batch, targets: NewTargets, ids: Integers, areas: Sequence[int | None]
) -> None:
    """Write the parts of stored targets that were cut; they say of themselves what the whole said."""
    parts = np.flatnonzero(targets.rows < 0).tolist()
    write_rows(
        connection,
        PARTS,
        [
            (
                int(ids[at]),
                int(targets.inherits[at]),
                int(targets.extent_mm[at]),
                targets.ewkb[at],
                _day(targets.periods[at][0], "-infinity"),
                _day(targets.periods[at][1], "infinity"),
                batch.import_id,
                areas[at],
            )
            for at in parts
        ],
    )
    _shared, table = tables_of(batch.layer)
    others = [column.name for column in table.c if column.name not in {"id", "code"}]
    write_rows(
        connection,
        f"insert into {table.name} (id, code, {', '.join(others)})"  # noqa: S608 - names of the declaration
        f" select said.id, whole.code || '-' || said.number, {', '.join(f'whole.{name}' for name in others)}"
        f" from (values %s) as said (id, whole_id, number) join {table.name} as whole on whole.id = said.whole_id",
        [(int(ids[at]), int(targets.inherits[at]), int(targets.number[at]) + 1) for at in parts],
    )


def write_parents(connection: Connection, children: Integers, parents: Integers) -> None:
    """Note which ended targets new ones come from."""
    write_rows(
        connection,
        "insert into target_parent (child_id, parent_id) values %s on conflict do nothing",
        list(zip(children.tolist(), parents.tolist(), strict=True)),
    )
