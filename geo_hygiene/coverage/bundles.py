"""Statements over the targets of one layer, with the lane or drain that each belongs to."""

from __future__ import annotations

from geo_hygiene.layerspec import MapLayer


def with_bundle(statement: str, layer: MapLayer, *, lane: str = "bundle.name", **parts: str) -> str:
    """Return a statement with its ``{table}``, ``{join}`` and ``{lane}`` filled in; names come from the declaration.

    Parameters
    ----------
    statement
        Calls the table of the layer ``segment``, and has ``{join}`` after it.
    lane
        What is told of the ``bundle``; null where targets belong to none.
    """
    grouping, table = layer.grouping, layer.model.__tablename__
    if grouping is None:
        return statement.format(table=table, lane="null::text", join="", **parts)
    join = f"left join {grouping.model.__tablename__} as bundle on bundle.id = segment.{grouping.reference.key}"
    return statement.format(table=table, lane=lane, join=join, **parts)
