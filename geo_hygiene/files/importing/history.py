"""Keep what records looked like before they change."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, text

from geo_hygiene.layers import LAYERS
from geo_hygiene.layerspec import MapLayer

KEEP = """
insert into record_history (layer, record, version, content, import_id)
select :layer, {table}.uuid, {table}.version, {content}, :import_id
from {source}
where {table}.id = any(:ids)
"""


def keep_history(connection: Connection, table: str, ids: Sequence[int], import_id: int) -> None:
    """Copy records of a layer's own table to the history, under the version that they have now."""
    if not ids:
        return
    layer = next(layer for layer in LAYERS.values() if layer.model.__tablename__ == table)
    _keep(
        connection,
        layer,
        table,
        table,
        f"to_jsonb({table}) - '{{geom,geom_3857}}'::text[]{_shape(layer, table)}",
        ids,
        import_id,
    )


def keep_target_history(connection: Connection, layer: MapLayer, ids: Sequence[int], import_id: int) -> None:
    """Copy targets of a layer, with what their own table says, to the history."""
    if not ids:
        return
    table = layer.model.__tablename__
    content = (
        f"(to_jsonb(target) - '{{geom,geom_3857}}'::text[]) || to_jsonb({table})"
        " || jsonb_build_object('geom', target.geom::text)"
    )
    _keep(connection, layer, "target", f"target join {table} on {table}.id = target.id", content, ids, import_id)


def _shape(layer: MapLayer, table: str) -> str:
    """Return what adds the geometry, as text that can be read back, where the table has one."""
    return f" || jsonb_build_object('geom', {table}.geom::text)" if hasattr(layer.model, "geom") else ""


def _keep(
    connection: Connection, layer: MapLayer, table: str, source: str, content: str, ids: Sequence[int], import_id: int
) -> None:
    statement = KEEP.format(table=table, source=source, content=content)
    connection.execute(text(statement), {"layer": layer.key, "ids": list(ids), "import_id": import_id})
