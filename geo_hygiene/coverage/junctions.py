"""Which lanes or drains meet a segment at its ends: by these people know one of a lane's segments from another."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import Connection, text

from geo_hygiene.layerspec import Grouping, MapLayer

MEETS = """(
    select min(bundle.name)
    from target as other
    join {segment} as crossing on crossing.id = other.id
    join {bundle} as bundle on bundle.id = crossing.{reference}
    where other.geom && ST_Expand({end}, 0.0000001) and ST_DWithin(other.geom, {end}, 0.0000001)
        and other.valid_from <= :on and :on < other.valid_to and bundle.id is distinct from segment.{reference}
)"""
"""The first name of others that pass within a centimetre of an end."""

ENDS = """
select target.uuid, {meeting}
from target
join {segment} as segment on segment.id = target.id
where target.uuid = any(cast(:segments as uuid[]))
"""


def meeting(layer: MapLayer, grouping: Grouping) -> str:
    """Return the columns ``crossed_at_start`` and ``crossed_at_end`` of ``target`` joined with its ``segment``."""
    names = {
        "segment": layer.model.__tablename__,
        "bundle": grouping.model.__tablename__,
        "reference": grouping.reference.key,
    }
    start = MEETS.format(end="ST_StartPoint(target.geom)", **names)
    end = MEETS.format(end="ST_EndPoint(target.geom)", **names)
    return f"{start} as crossed_at_start, {end} as crossed_at_end"


def with_lanes(
    connection: Connection, layer: MapLayer, on: date, rows: Sequence[dict[str, Any]]
) -> list[dict[str, Any]]:
    """Return rows of segments with ``from_lane`` and ``to_lane``, the names of what meets each at its ends.

    Nothing is named at an end that no other meets, nor where segments belong to no lane or drain.
    """
    met: dict[str, tuple[str | None, str | None]] = {}
    if layer.grouping is not None and rows:
        statement = ENDS.format(segment=layer.model.__tablename__, meeting=meeting(layer, layer.grouping))
        values = {"on": on, "segments": sorted({row["segment"] for row in rows})}
        for row in connection.execute(text(statement), values):
            met[str(row.uuid)] = row.crossed_at_start, row.crossed_at_end
    return [
        row | dict(zip(("from_lane", "to_lane"), met.get(row["segment"], (None, None)), strict=True)) for row in rows
    ]
