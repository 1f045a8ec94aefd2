"""Which stored targets each row of a file is about, and what the row means for them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import shapely
from sqlalchemy import Connection, text

from geo_hygiene.crs import STORAGE_SRID
from geo_hygiene.files.importing.batch import Batch
from geo_hygiene.files.importing.keys import geometry_hashes
from geo_hygiene.files.importing.lacking import Lacking
from geo_hygiene.files.importing.staging import joined_by_hash, known_rows, stage
from geo_hygiene.layerspec import GeometryKind

MATCH = """
select row.position, target.id, target.valid_to > :day as holds
from staging_row as row
join target on target.kind = :kind and target.source_key = row.key
union
select row.position, target.id, true
from staging_row as row
join target on target.kind = :kind
    and target.uuid = case when row.key ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' then row.key::uuid end
order by 1, 2
"""


@dataclass
class Plan:
    """Rows by what they mean.

    Attributes
    ----------
    fresh
        Rows without a record.
    same
        Rows whose shape is that of their records, which may differ otherwise, with the ids of these.
    moved
        Rows whose shape changed, with the ids of their records.
    untouched
        Records of rows that came exactly so before.
    silent
        Rows that came exactly so before and have no record: what they say was there already.
    restated
        Those of ``moved`` whose shape is as before: they say something else from a day on.
    """

    fresh: list[int] = field(default_factory=list)
    same: dict[int, list[int]] = field(default_factory=dict)
    moved: dict[int, list[int]] = field(default_factory=dict)
    untouched: list[int] = field(default_factory=list)
    silent: list[int] = field(default_factory=list)
    restated: set[int] = field(default_factory=set)

    @property
    def matched(self) -> list[int]:
        """Ids of all records that a row is about."""
        return [*self.untouched, *(one for ids in (*self.same.values(), *self.moved.values()) for one in ids)]


def make_plan(connection: Connection, batch: Batch) -> Plan:
    """Stage the rows and compare them with what is stored."""
    rows = list(batch.rows)
    plan = Plan()
    if batch.first:
        plan.fresh = rows
        return plan
    stage(connection, batch, _hexadecimal(batch, rows) if batch.layer.geometry is GeometryKind.LINE else None)
    known = known_rows(connection, batch.layer.key, len(rows))
    matched: dict[int, list[tuple[int, bool]]] = defaultdict(list)
    values = {"kind": batch.layer.key, "day": batch.options.changes_on}
    with joined_by_hash(connection, len(rows)):
        matches = connection.execute(text(MATCH), values).all()
    for match in matches:
        matched[match.position].append((match.id, match.holds))
    unsure: dict[int, int] = {}
    for row in rows:
        holding = [record for record, holds in matched.get(row, []) if holds]
        before = known.get(row)
        if before and before.same_geometry and before.same_attributes:
            plan.untouched += holding
            if not matched.get(row):
                plan.silent.append(row)
        elif not holding:
            plan.fresh.append(row)
        elif before:
            (plan.same if before.same_geometry else plan.moved)[row] = holding
        elif len(holding) == 1:
            unsure[row] = holding[0]
        else:
            plan.moved[row] = holding
    hashes = _stored_hashes(connection, list(unsure.values()))
    for row, record in unsure.items():
        (plan.same if hashes[record] == batch.hashes[row] else plan.moved)[row] = [record]
    return plan


def plan_by_hand(connection: Connection, batch: Batch, replaced: Sequence[int]) -> Plan:
    """Return what the one row means that somebody drew in the place of some targets."""
    stage(connection, batch, _hexadecimal(batch, batch.rows) if batch.layer.geometry is GeometryKind.LINE else None)
    (row,) = batch.rows
    if not replaced:
        return Plan(fresh=[row])
    stays = len(replaced) == 1 and _stored_hashes(connection, replaced)[replaced[0]] == batch.hashes[row]
    if stays and batch.options.correct:
        return Plan(same={row: list(replaced)})
    return Plan(moved={row: list(replaced)}, restated={row} if stays else set())


def _hexadecimal(batch: Batch, rows: Sequence[int]) -> list[str]:
    shapes = shapely.set_srid(batch.geometries[np.array(rows, dtype=np.int64)], STORAGE_SRID)
    return list(shapely.to_wkb(shapes, hex=True, include_srid=True))


def read_shapes(connection: Connection, ids: Sequence[int]) -> dict[int, object]:
    """Return the shapes of targets by id, without measure."""
    statement = text("select id, ST_AsBinary(ST_Force2D(geom)) as geom from target where id = any(:ids) order by id")
    rows = connection.execute(statement, {"ids": list(ids)}).all()
    shapes = shapely.from_wkb(np.array([bytes(row.geom) for row in rows], dtype=object))
    return {row.id: shape for row, shape in zip(rows, shapes.tolist(), strict=True)}


def _stored_hashes(connection: Connection, ids: Sequence[int]) -> dict[int, bytes | None]:
    shapes = read_shapes(connection, ids)
    return dict(zip(shapes, geometry_hashes(np.array(list(shapes.values()), dtype=object)), strict=True))


LACKING = """
from target
join {table} as own using (id)
where target.kind = :kind and target.valid_to > :day and target.id <> all(:matched)
"""


def lacking_records(batch: Batch, plan: Plan) -> Lacking:
    """Return what finds the records that hold on the day and that no row is about."""
    values = {"kind": batch.layer.key, "day": batch.options.changes_on, "matched": plan.matched}
    return Lacking(LACKING.format(table=batch.layer.model.__tablename__), "own.code", values)
