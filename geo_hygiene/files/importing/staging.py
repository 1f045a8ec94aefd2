"""Tell in the database which of many rows are new or changed, and keep what they said."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, text

from geo_hygiene.copying import copy_rows
from geo_hygiene.database import planned_without
from geo_hygiene.files.importing.batch import Batch


@dataclass(frozen=True, slots=True)
class Known:
    """What the last import of a row's key brought, compared with the row."""

    same_geometry: bool
    same_attributes: bool


def stage(connection: Connection, batch: Batch, geometries: Sequence[str] | None = None) -> None:
    """Write the rows of a file where statements can join them; ``geometries`` are hexadecimal EWKB."""
    stage_rows(
        connection,
        batch.rows,
        [batch.keys[row] for row in batch.rows],
        [batch.hashes[row] for row in batch.rows],
        [batch.attribute_hashes[row] for row in batch.rows],
        geometries,
    )


def stage_rows(
    connection: Connection,
    positions: Sequence[int],
    keys: Sequence[str],
    geometry_hashes: Sequence[bytes | None],
    attribute_hashes: Sequence[bytes],
    geometries: Sequence[str] | None = None,
) -> None:
    """Write rows whose keys and hashes are worked out by their own importer."""
    columns: dict[str, Sequence[Any]] = {
        "position": positions,
        "key": keys,
        "geometry_hash": geometry_hashes,
        "attributes_hash": attribute_hashes,
    }
    if geometries is not None:
        columns["geom"] = geometries
    copy_rows(connection, "staging_row", columns)


MANY = 1_000
"""Rows from which a join by hashing beats one look-up for each."""


@contextmanager
def joined_by_hash(connection: Connection, count: int) -> Iterator[None]:
    """Join many staged rows by hashing: the planner does not see how many there are before they are committed."""
    if count < MANY:
        yield
        return
    with planned_without(connection, "nestloop"):
        yield


KNOWN = """
select
    row.position,
    source.geometry_hash is not distinct from row.geometry_hash as same_geometry,
    source.attributes_hash = row.attributes_hash as same_attributes
from staging_row as row
join source_row as source on source.layer = :layer and source.key = row.key
"""


def known_rows(connection: Connection, layer: str, count: int) -> dict[int, Known]:
    """Return, by position, those of ``count`` rows whose key an earlier import brought."""
    with joined_by_hash(connection, count):
        return {
            row.position: Known(row.same_geometry, row.same_attributes)
            for row in connection.execute(text(KNOWN), {"layer": layer}).all()
        }


REMEMBER = """
insert into source_row (layer, key, geometry_hash, attributes_hash, import_id)
select :layer, key, geometry_hash, attributes_hash, :import_id from staging_row
on conflict (layer, key) do update set
    geometry_hash = excluded.geometry_hash,
    attributes_hash = excluded.attributes_hash,
    import_id = excluded.import_id
where source_row.geometry_hash is distinct from excluded.geometry_hash
    or source_row.attributes_hash <> excluded.attributes_hash
"""

LACKING = """
select source.key from source_row as source
where source.layer = :layer and not exists (select from staging_row as row where row.key = source.key)
order by source.key
"""


def lacking_keys(connection: Connection, layer: str) -> list[str]:
    """Return the keys of earlier imports that the file lacks."""
    with joined_by_hash(connection, MANY):
        return list(connection.scalars(text(LACKING), {"layer": layer}).all())


def remember_rows(connection: Connection, layer: str, import_id: int) -> None:
    """Keep what the rows of the file said, for the next import."""
    connection.execute(text(REMEMBER), {"layer": layer, "import_id": import_id})


def remember_batch(connection: Connection, batch: Batch) -> None:
    """Keep what the rows of a file said; those of the first file of a layer were not staged and go there at once."""
    if not batch.first:
        remember_rows(connection, batch.layer.key, batch.import_id)
        return
    # of records that are gone, as those of the sample after it was cleared
    connection.execute(text("delete from source_row where layer = :layer"), {"layer": batch.layer.key})
    count = len(batch.rows)
    columns: dict[str, Sequence[Any]] = {
        "layer": [batch.layer.key] * count,
        "key": [batch.keys[row] for row in batch.rows],
        "geometry_hash": [batch.hashes[row] for row in batch.rows],
        "attributes_hash": [batch.attribute_hashes[row] for row in batch.rows],
        "import_id": [batch.import_id] * count,
    }
    copy_rows(connection, "source_row", columns)


def forget_rows(connection: Connection, layer: str, keys: Sequence[str]) -> None:
    """Forget rows whose records ended, so that they begin anew when they come back."""
    connection.execute(
        text("delete from source_row where layer = :layer and key = any(:keys)"), {"layer": layer, "keys": list(keys)}
    )


def empty_staging(connection: Connection) -> None:
    """Leave no row of the file behind."""
    connection.execute(text("delete from staging_row"))
