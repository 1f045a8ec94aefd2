"""Keep what records looked like before they change."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from sqlalchemy import Connection, Table, text

from geo_hygiene.layerspec import MapLayer
from geo_hygiene.records.targets import Target

KEEP = """
insert into record_history (layer, record, version, content, import_id)
select :layer, {table}.uuid, {table}.version, {content}, :import_id
from {source}
where {table}.id = any(:ids)
"""


def keep_history(connection: Connection, layer: MapLayer, ids: Sequence[int], import_id: int | None) -> None:
    """Copy records of a layer to the history, those of targets with what their own table says.

    ``import_id`` is the import that changes them, if it is one.
    """
    if not ids:
        return
    statement = KEEP.format(table=own_table(layer).name, content=stored_content(layer), source=stored_source(layer))
    connection.execute(text(statement), {"layer": layer.key, "ids": list(ids), "import_id": import_id})


def own_table(layer: MapLayer) -> Table:
    """Return the table that has the id, version and period of a layer's records."""
    table: Any = Target.__table__ if issubclass(layer.model, Target) else layer.model.__table__
    return cast(Table, table)


def stored_source(layer: MapLayer) -> str:
    """Return where the content of records comes from, as SQL."""
    own = layer.model.__tablename__
    return f"target join {own} on {own}.id = target.id" if issubclass(layer.model, Target) else own


def stored_content(layer: MapLayer) -> str:
    """Return all that a record says, its geometry as text that can be read back, as SQL."""
    table, own = own_table(layer).name, layer.model.__tablename__
    content = f"(to_jsonb({table}) - '{{geom,geom_3857}}'::text[])"
    content += f" || to_jsonb({own})" if own != table else ""
    return content + (f" || jsonb_build_object('geom', {table}.geom::text)" if hasattr(layer.model, "geom") else "")
