"""The cover tile: the targets of a duty cut into pieces of one state each, and a mark in the middle of each gap."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from sqlalchemy import Connection, text

from geo_hygiene.coverage.pieces import PIECES
from geo_hygiene.tiles.grid import COARSE_EXTENT, FINE_EXTENT, MARGIN, driver_statement

LEAST_ZOOM = 8
MERGE_BELOW = 13
"""Zoom below which pieces are merged by state and class: no identities, few bytes."""
MARKED_MM = 1000
"""Gaps under a metre count, but are not marked; a point that is a gap always is."""

IN_TILE = """
with in_tile as materialized (
    select
        target.id as target_id, target.category, target.geom_3857 as line,
        state.gap_max_mm = 0 and state.overlap_mm = 0 and not exists (
            select from vacancy
            where vacancy.duty_id = state.duty_id and vacancy.target_id = state.target_id
                and vacancy.valid_from <= :on and :on < vacancy.valid_to
        ) as plain
    from target
    join state on state.target_id = target.id and state.duty_id = :duty_id
        and state.valid_from <= :on and :on < state.valid_to
    where target.geom_3857 && ST_TileEnvelope(:z, :x, :y, margin => :margin)
),
wanted as (
    select target_id from in_tile where :fine or not plain
),
"""
"""Targets of the duty in the tile; a plain one is covered from end to end and held, so that it is one colour."""

DRAWN = """,
drawn as materialized (
    select
        piece.uuid, piece.category, piece.state, piece.zones, piece.tint, piece.from_mm, piece.to_mm,
        case
            when piece.from_mm = 0 and piece.to_mm = piece.extent_mm then in_tile.line
            else ST_LocateBetween(in_tile.line, piece.from_mm / 1000.0, piece.to_mm / 1000.0)
        end as line,
        case
            when ST_Dimension(in_tile.line) = 0 then in_tile.line
            when piece.to_mm - piece.from_mm >= :marked
                then ST_LocateAlong(in_tile.line, (piece.from_mm + piece.to_mm) / 2000.0)
        end as middle
    from piece
    join in_tile using (target_id)
),
marks as (
    select
        state, (to_mm - from_mm) / 1000.0::float8 as length_m,
        ST_AsMVTGeom(middle, ST_TileEnvelope(:z, :x, :y), :extent, :units) as geom
    from drawn
    where state = 'gap' and middle is not null
),
"""

FINE = """
lines as (
    select
        state, uuid::text as segment, array_to_string(zones, ';') as zone, from_mm / 1000.0::float8 as from_m,
        to_mm / 1000.0::float8 as to_m, category, coalesce(tint, -1) as tint,
        ST_AsMVTGeom(line, ST_TileEnvelope(:z, :x, :y), :extent, :units) as geom
    from drawn
)
"""

MERGED = """
lines as (
    select
        state, category, ST_AsMVTGeom(ST_Collect(line), ST_TileEnvelope(:z, :x, :y), :extent, :units) as geom
    from (
        select state, category, line from drawn
        union all
        select 'covered', category, line from in_tile where plain
    ) as painted
    group by state, category
)
"""

ENCODED = """
select coalesce((select ST_AsMVT(lines, 'cover', :extent, 'geom') from lines where geom is not null), '')
    || coalesce((select ST_AsMVT(marks, 'cover-marks', :extent, 'geom') from marks where geom is not null), '')
"""


@cache
def _sql(fine: bool) -> tuple[str, dict[str, Any]]:  # noqa: FBT001 - one of two statements
    extent = FINE_EXTENT if fine else COARSE_EXTENT
    statement = text(IN_TILE + PIECES + DRAWN + (FINE if fine else MERGED) + ENCODED).bindparams(
        fine=fine, extent=extent, units=int(extent * MARGIN), margin=MARGIN, marked=MARKED_MM
    )
    return driver_statement(statement)


def cover_bytes(connection: Connection, values: Mapping[str, Any]) -> bytes:
    """Return the layers ``cover`` and ``cover-marks`` of the tile ``z/x/y`` for ``duty_id`` on the day ``on``.

    From zoom 13 each piece is a feature with ``state segment zone from_m to_m category tint``; below it the pieces are
    merged by ``state`` and ``category``. Marks are points with ``state`` and ``length_m`` of gaps of a metre or more.
    """
    if values["z"] < LEAST_ZOOM:
        return b""
    statement, constants = _sql(values["z"] >= MERGE_BELOW)
    return bytes(connection.exec_driver_sql(statement, {**constants, **values}).scalar_one())
