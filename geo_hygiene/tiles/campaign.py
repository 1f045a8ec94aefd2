"""The campaign tile: the targets of a campaign cut into pieces of one state each."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from sqlalchemy import Connection

from geo_hygiene.campaigns.pieces import TARGETS, TREATMENTS_HERE, stated_pieces
from geo_hygiene.tiles.cover import LEAST_ZOOM, MERGE_BELOW
from geo_hygiene.tiles.grid import COARSE_EXTENT, FINE_EXTENT, MARGIN
from geo_hygiene.tiles.statements import TileStatement

IN_TILE = f"""
select campaign_target.target_id
from (
    select array_agg(id) as ids from target where geom_3857 && ST_TileEnvelope(:z, :x, :y, margin => :margin)
) as in_box
cross join generate_subscripts(in_box.ids, 1) as place
join ({TARGETS}) as campaign_target on campaign_target.target_id = in_box.ids[place]
"""  # noqa: S608 - constants
"""A kept plan does not know the tile: see the tile of cover, which finds its targets in the same way."""

DRAWN = """,
drawn as (
    select
        stated.state, coalesce(stated.reason, '') as reason, stated.kind, stated.uuid, stated.from_mm, stated.to_mm,
        coalesce(stated.days, -1) as days,
        case
            when not is_line or to_mm - from_mm = extent_mm then geom_3857
            else ST_LocateBetween(geom_3857, from_mm / 1000.0, to_mm / 1000.0)
        end as shape
    from stated
)
"""

FINE = """,
shapes as (
    select
        state, reason, kind, uuid::text as segment, from_mm / 1000.0::float8 as from_m, to_mm / 1000.0::float8 as to_m,
        days, ST_AsMVTGeom(shape, ST_TileEnvelope(:z, :x, :y), :extent, :units) as geom
    from drawn
)
"""

MERGED = """,
shapes as (
    select
        state, reason, kind,
        ST_AsMVTGeom(ST_Collect(shape), ST_TileEnvelope(:z, :x, :y), :extent, :units) as geom
    from drawn
    group by state, reason, kind
)
"""

ENCODED = """
select coalesce((select ST_AsMVT(shapes, 'campaign', :extent, 'geom') from shapes where geom is not null), '')
"""


@cache
def _statement(fine: bool) -> TileStatement:  # noqa: FBT001 - one of two statements
    extent = FINE_EXTENT if fine else COARSE_EXTENT
    statement = stated_pieces(
        "".join((DRAWN, FINE if fine else MERGED, ENCODED)),
        wanted=IN_TILE,
        work=TREATMENTS_HERE,
    )
    return TileStatement.of(statement.bindparams(extent=extent, units=int(extent * MARGIN), margin=MARGIN))


def campaign_bytes(connection: Connection, values: Mapping[str, Any]) -> bytes:
    """Return the layer ``campaign`` of the tile ``z/x/y`` for ``campaign_id`` on the day ``on``.

    Each piece is a feature with ``state reason kind segment from_m to_m days`` (``reason`` is empty where there is
    none, ``days`` is -1 where nobody came); below the zoom where cover is merged too they are merged by ``state``,
    ``reason`` and ``kind``.
    """
    if values["z"] < LEAST_ZOOM:
        return b""
    return _statement(values["z"] >= MERGE_BELOW).value(connection, values)
