"""The cover tile: the targets of a duty cut into pieces of one state each, and a mark in the middle of each gap."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from sqlalchemy import Connection, text

from geo_hygiene.coverage.pieces import PIECES
from geo_hygiene.tiles.grid import COARSE_EXTENT, FINE_EXTENT, MARGIN
from geo_hygiene.tiles.statements import TileStatement

LEAST_ZOOM = 8
MERGE_BELOW = 13
"""Zoom below which pieces are merged by state and class: no identities, few bytes."""
MARKED_MM = 1000
"""Gaps under a metre count, but are not marked; a point that is a gap always is."""

IN_TILE_COLUMNS = """
        target.id as target_id, target.uuid, target.category, target.extent_mm, target.geom_3857 as line,
        state.gap_max_mm = 0 and state.overlap_mm = 0 as whole
"""
"""A whole target has neither gap nor overlap."""

FINE_IN_TILE = f"""
with in_box as materialized (
    select array_agg(id) as ids from target where geom_3857 && ST_TileEnvelope(:z, :x, :y, margin => :margin)
),
in_tile as materialized (
    select {IN_TILE_COLUMNS}
    from in_box
    cross join generate_subscripts(in_box.ids, 1) as place
    join target on target.id = in_box.ids[place]
    join state on state.target_id = target.id and state.duty_id = :duty_id
        and state.valid_from <= :on and :on < state.valid_to
),
"""  # noqa: S608 - constants
"""Targets of the duty in the tile.

A kept plan does not know the tile and would expect one row of it; it expects a thousand of ``generate_subscripts``,
which is nearer the truth and keeps it from comparing every target with every other.
"""

MERGED_IN_TILE = f"""
with in_tile as materialized (
    select {IN_TILE_COLUMNS}
    from target
    join state on state.target_id = target.id and state.duty_id = :duty_id
        and state.valid_from <= :on and :on < state.valid_to
    where target.geom_3857 && ST_TileEnvelope(:z, :x, :y, margin => :margin)
),
"""  # noqa: S608 - constants

FINE = """
claimed as materialized (
    select
        in_tile.target_id, cover.from_mm, cover.to_mm, duty_zone.code as zone, duty_zone.tint,
        in_tile.whole and in_tile.extent_mm = sum(cover.to_mm - cover.from_mm) over one_target
            and bool_and(exists (
                select from assignment
                where assignment.zone = duty_zone.code and assignment.valid_from <= :on and :on < assignment.valid_to
            )) over one_target as plain
    from in_tile
    join cover on cover.target_id = in_tile.target_id
    join claim on claim.source_id = cover.source_id and claim.duty_id = :duty_id
        and claim.valid_from <= :on and :on < claim.valid_to
    left join duty_zone on duty_zone.id = claim.id
    window one_target as (partition by in_tile.target_id)
),
wanted as (
    select target_id from in_tile except select target_id from claimed where plain
),
"""
"""Where zones lie end to end on a whole target and all are held, its stretches are its pieces: no need to cut it."""

FINE_PIECES = """,
part as (
    select target_id, from_mm, to_mm, 'covered' as state, array[zone] as zones, tint from claimed where plain
    union all
    select target_id, from_mm, to_mm, state, zones, tint from piece
),
"""

MERGED = """
plain as materialized (
    select * from in_tile
    where whole and not exists (
        select from vacancy
        where vacancy.duty_id = :duty_id and vacancy.target_id = in_tile.target_id
            and vacancy.valid_from <= :on and :on < vacancy.valid_to
    )
),
wanted as (
    select target_id from in_tile except select target_id from plain
),
"""

MERGED_PIECES = """,
part as (
    select target_id, from_mm, to_mm, state, zones, tint from piece
),
"""

DRAWN = """
drawn as materialized (
    select
        in_tile.uuid, in_tile.category, part.state, part.zones, part.tint, part.from_mm, part.to_mm,
        case
            when part.from_mm = 0 and part.to_mm = in_tile.extent_mm then in_tile.line
            else ST_LocateBetween(in_tile.line, part.from_mm / 1000.0, part.to_mm / 1000.0)
        end as line,
        case
            when part.state <> 'gap' then null
            when ST_Dimension(in_tile.line) = 0 then in_tile.line
            when part.to_mm - part.from_mm >= :marked
                then ST_LocateAlong(in_tile.line, (part.from_mm + part.to_mm) / 2000.0)
        end as middle
    from part
    join in_tile using (target_id)
),
marks as (
    select
        state, (to_mm - from_mm) / 1000.0::float8 as length_m,
        ST_AsMVTGeom(middle, ST_TileEnvelope(:z, :x, :y), :extent, :units) as geom
    from drawn
    where middle is not null
),
"""

FINE_LINES = """
lines as (
    select
        state, uuid::text as segment, array_to_string(zones, ';') as zone, from_mm / 1000.0::float8 as from_m,
        to_mm / 1000.0::float8 as to_m, category, coalesce(tint, -1) as tint,
        ST_AsMVTGeom(line, ST_TileEnvelope(:z, :x, :y), :extent, :units) as geom
    from drawn
)
"""

MERGED_LINES = """
lines as (
    select
        state, category, ST_AsMVTGeom(ST_Collect(line), ST_TileEnvelope(:z, :x, :y), :extent, :units) as geom
    from (
        select state, category, line from drawn
        union all
        select 'covered', category, line from plain
    ) as painted
    group by state, category
)
"""

ENCODED = """
select coalesce((select ST_AsMVT(lines, 'cover', :extent, 'geom') from lines where geom is not null), '')
    || coalesce((select ST_AsMVT(marks, 'cover-marks', :extent, 'geom') from marks where geom is not null), '')
"""


@cache
def _statement(fine: bool) -> TileStatement:  # noqa: FBT001 - one of two statements
    extent = FINE_EXTENT if fine else COARSE_EXTENT
    parts = (
        (FINE_IN_TILE, FINE, PIECES, FINE_PIECES, DRAWN, FINE_LINES, ENCODED)
        if fine
        else (MERGED_IN_TILE, MERGED, PIECES, MERGED_PIECES, DRAWN, MERGED_LINES, ENCODED)
    )
    statement = text("".join(parts)).bindparams(
        extent=extent, units=int(extent * MARGIN), margin=MARGIN, marked=MARKED_MM
    )
    return TileStatement.of(statement)


def cover_bytes(connection: Connection, values: Mapping[str, Any]) -> bytes:
    """Return the layers ``cover`` and ``cover-marks`` of the tile ``z/x/y`` for ``duty_id`` on the day ``on``.

    From zoom 13 each piece is a feature with ``state segment zone from_m to_m category tint``; below it the pieces are
    merged by ``state`` and ``category``. Marks are points with ``state`` and ``length_m`` of gaps of a metre or more.
    """
    if values["z"] < LEAST_ZOOM:
        return b""
    return _statement(values["z"] >= MERGE_BELOW).value(connection, values)
