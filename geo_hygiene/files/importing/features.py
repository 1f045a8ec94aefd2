"""Store rows of layers that are no targets: areas, water, green spaces, buildings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import uuid4

import numpy as np
import shapely
from sqlalchemy import Connection, text

from geo_hygiene.campaigns.writing import campaigns_changed
from geo_hygiene.copying import copy_rows
from geo_hygiene.coverage.targets import areas_changed
from geo_hygiene.coverage.versions import bump
from geo_hygiene.crs import STORAGE_SRID
from geo_hygiene.database import write_rows
from geo_hygiene.files.importing.area_tree import parent_ids
from geo_hygiene.files.importing.batch import Batch
from geo_hygiene.files.importing.doubts import sliver_faces
from geo_hygiene.files.importing.existing import (
    Change,
    Existing,
    compare,
    plain_columns,
    raise_versions,
    read_existing,
    values_for,
    write_changes,
)
from geo_hygiene.files.importing.history import keep_history
from geo_hygiene.files.importing.keys import doubled_geometries, geometry_hashes
from geo_hygiene.files.importing.lacking import Lacking
from geo_hygiene.files.importing.report import Stored
from geo_hygiene.files.importing.staging import (
    Known,
    forget_rows,
    joined_by_hash,
    known_rows,
    lacking_keys,
    remember_batch,
    stage,
)
from geo_hygiene.layers.campaign_areas import CampaignArea
from geo_hygiene.layerspec import Role

MATCH = """
select distinct on (position) position, id
from (
    select row.position, feature.id, feature.valid_to
    from staging_row as row join {table} as feature on feature.source_key = row.key
    union all
    select row.position, feature.id, feature.valid_to
    from staging_row as row join {table} as feature on feature.{column} = row.key
) as pair
order by position, valid_to desc, id desc
"""


def store_features(connection: Connection, batch: Batch) -> Stored:
    """Create, change and end the records of a layer that is no target."""
    stored = Stored(findings=_doubts(batch))
    known, matched = _compared(connection, batch)
    untouched = {row for row, was in known.items() if row in matched and was.same_geometry and was.same_attributes}
    records = read_existing(connection, batch, [one for row, one in matched.items() if row not in untouched])
    changes = _compare(connection, batch, {row: records[one] for row, one in matched.items() if row not in untouched})
    fresh = [row for row in batch.rows if row not in matched]
    _create(connection, batch, fresh)
    write_changes(connection, batch, changes)
    raise_versions(connection, batch, [change.record.id for change in changes if change.any])
    stored.created, stored.updated = len(fresh), sum(change.any for change in changes)
    stored.unchanged = len(batch.rows) - stored.created - stored.updated
    if not batch.first:
        lacking = _lacking(batch, matched)
        if batch.options.replace:
            stored.ended = _end(connection, batch, lacking.ids(connection))
        else:
            lacking.tell(connection, stored)
    remember_batch(connection, batch)
    if batch.layer.with_role(Role.PARENT) is not None and stored.changed:
        _link_parents(connection, batch)
        areas_changed(connection)
    elif stored.changed:
        if batch.layer.model is CampaignArea:
            campaigns_changed(connection)
        bump(connection, [batch.layer.key])
    return stored


def _doubts(batch: Batch) -> list[Any]:
    numbers = batch.numbers
    return [
        *doubled_geometries(batch.hashes, numbers.tolist(), batch.rows),
        *sliver_faces(batch.geometries, numbers, batch.rows),
    ]


def _compared(connection: Connection, batch: Batch) -> tuple[Mapping[int, Known], Mapping[int, int]]:
    """Stage the rows; return what the last import of their keys brought, and the records that they are about."""
    if batch.first:
        return {}, {}
    stage(connection, batch)
    return known_rows(connection, batch.layer.key, len(batch.rows)), _match(connection, batch)


def _match(connection: Connection, batch: Batch) -> dict[int, int]:
    column = "code" if batch.layer.key_field == "code" else "uuid::text"
    statement = MATCH.format(table=batch.layer.model.__tablename__, column=column)
    with joined_by_hash(connection, len(batch.rows)):
        return {row.position: row.id for row in connection.execute(text(statement)).all()}


_MULTI = bytes.fromhex("0106000020") + STORAGE_SRID.to_bytes(4, "little")
"""Byte order, type with the flag SRID, and the SRID of an EWKB."""

_OF_ONE = (1).to_bytes(4, "little")


def as_multipolygons(shapes: Sequence[Any]) -> list[str]:
    """Return polygons as the hexadecimal EWKB of MULTIPOLYGONs."""
    written = shapely.to_wkb(np.array(shapes, dtype=object), output_dimension=2, byte_order=1).tolist()
    return [(_MULTI + (_OF_ONE + wkb if wkb[1] == shapely.GeometryType.POLYGON else wkb[5:])).hex() for wkb in written]


def _create(connection: Connection, batch: Batch, rows: Sequence[int]) -> None:
    begins, ends, codes = batch.begins, batch.ends, batch.role(Role.CODE)
    columns: dict[str, Sequence[Any]] = {
        "code": [codes[row] for row in rows],
        "source_key": [batch.keys[row] for row in rows],
        "extra": [batch.clean.extra[row] for row in rows],
        "valid_from": [begins[row] or "-infinity" for row in rows],
        "valid_to": [ends[row] or "infinity" for row in rows],
        "import_id": [batch.import_id] * len(rows),
        "geom": as_multipolygons([batch.geometries[row] for row in rows]),
    }
    if batch.brings(Role.UUID):
        given = batch.role(Role.UUID)
        columns["uuid"] = [str(given[row] or uuid4()) for row in rows]
    columns.update(values_for(batch, rows, plain_columns(batch.layer, batch.plain())))
    copy_rows(connection, batch.layer.model.__tablename__, columns)


def _compare(connection: Connection, batch: Batch, records: Mapping[int, Existing]) -> list[Change]:
    """Return what rows change of their records, their shapes included; a record that had ended goes on."""
    shapes = _stored_hashes(connection, batch, [record.id for record in records.values()])
    parents = _stored_parents(connection, batch)
    changes = []
    for row, record in records.items():
        change = compare(batch, row, record, (0, 1))
        if shapes[record.id] != batch.hashes[row]:
            change.columns["geom"] = as_multipolygons([batch.geometries[row]])[0]
        if record.valid_to is not None and batch.ends[row] is None and record.valid_to <= batch.options.changes_on:
            change.columns["valid_to"] = None
        said = batch.role(Role.PARENT)[row]
        if said is not None and said != parents.get(record.id):
            # the parent itself is set once all areas are there
            change.columns.setdefault("version", record.version)
        changes.append(change)
    return changes


def _stored_hashes(connection: Connection, batch: Batch, ids: Sequence[int]) -> dict[int, bytes | None]:
    statement = f"select id, ST_AsBinary(geom) as geom from {batch.layer.model.__tablename__} where id = any(:ids)"  # noqa: S608
    rows = connection.execute(text(statement), {"ids": list(ids)}).all()
    shapes = shapely.from_wkb(np.array([bytes(row.geom) for row in rows], dtype=object)) if rows else np.array([])
    single = np.array([shape.geoms[0] if len(shape.geoms) == 1 else shape for shape in shapes], dtype=object)
    return dict(zip([row.id for row in rows], geometry_hashes(single), strict=True))


def _stored_parents(connection: Connection, batch: Batch) -> dict[int, str]:
    if batch.layer.with_role(Role.PARENT) is None:
        return {}
    statement = text("select area.id, parent.code from area join area as parent on parent.id = area.parent_id")
    return {row.id: row.code for row in connection.execute(statement)}


def _link_parents(connection: Connection, batch: Batch) -> None:
    """Point each record to the one above it, now that all are there."""
    links = parent_ids(connection, batch)
    write_rows(
        connection,
        "update area set parent_id = said.parent_id from (values %s) as said (key, parent_id)"
        " where area.source_key = said.key and area.parent_id is distinct from said.parent_id",
        links,
    )


LACKING = """
from {table}
where valid_from < :day and valid_to > :day and id <> all(:matched) and import_id <> :import_id
"""


def _lacking(batch: Batch, matched: Mapping[int, int]) -> Lacking:
    """Return what finds the records that hold on the day and that no row is about."""
    values = {
        "day": batch.options.changes_on,
        "matched": list(matched.values()),
        "import_id": batch.import_id,
    }
    table: Any = batch.layer.model.__table__
    return Lacking(LACKING.format(table=table.name), "code" if "code" in table.c else "null::text", values)


def _end(connection: Connection, batch: Batch, ids: Sequence[int]) -> int:
    """End records on the day that changes hold."""
    table = batch.layer.model.__tablename__
    keep_history(connection, batch.layer, ids, batch.import_id)
    connection.execute(
        text(f"update {table} set valid_to = :day, version = version + 1 where id = any(:ids)"),  # noqa: S608
        {"ids": list(ids), "day": batch.options.changes_on},
    )
    if ids:
        forget_rows(connection, batch.layer.key, lacking_keys(connection, batch.layer.key))
    return len(ids)
