"""The cover tile: the targets of a duty cut into pieces of one state each, and a mark in the middle of each gap."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from sqlalchemy import Connection, text

from geo_hygiene.coverage.pieces import DRAFTED, PIECES, PIECES_WITH_DRAFT
from geo_hygiene.layers import LAYERS
from geo_hygiene.tiles.grid import COARSE_EXTENT, FINE_EXTENT, MARGIN, pixel
from geo_hygiene.tiles.layers import unseen
from geo_hygiene.tiles.statements import TileStatement

LEAST_ZOOM = 9
MERGE_BELOW = 13
"""Zoom below which pieces are merged by state and class: no identities, few bytes."""
FAR_BELOW = 12
"""Zoom below which no target is cut at the borders of zones."""
MARKED_MM = 1000
"""Gaps under a metre count, but are not marked; a point that is a gap always is."""

IN_TILE_COLUMNS = """
        target.id as target_id, target.uuid, target.category, target.extent_mm, target.geom_3857 as line,
        state.gap_max_mm = 0 and state.overlap_mm = 0 and not {is_drafted} as whole
"""
"""A whole target has neither gap nor overlap."""

IN_PLAN = {"first": "", "is_drafted": "false", "join": ""}
WITH_DRAFT = {
    "first": f"drafted as materialized ({DRAFTED}),",
    "is_drafted": "drafted.target_id is not null",
    "join": "left join drafted on drafted.target_id = target.id",
}
"""A target that a draft touches is not whole: kept answers do not know the draft, so that it is cut."""

FINE_IN_TILE = f"""
with {{first}}
in_box as materialized (
    select array_agg(target.id) as ids
    from target
    join duty on duty.id = :duty_id and duty.target_kind = target.kind
    where geom_3857 && ST_TileEnvelope(:z, :x, :y, margin => :margin)
),
in_tile as materialized (
    select {IN_TILE_COLUMNS}
    from in_box
    cross join generate_subscripts(in_box.ids, 1) as place
    join target on target.id = in_box.ids[place]
    join state on state.target_id = target.id and state.duty_id = :duty_id
        and state.valid_from <= :on and :on < state.valid_to
    {{join}}
),
"""  # noqa: S608 - constants
"""Targets of the duty in the tile.

A kept plan does not know the tile and would expect one row of it; it expects a thousand of ``generate_subscripts``,
which is nearer the truth and keeps it from comparing every target with every other.
"""

MERGED_IN_TILE = f"""
with {{first}}
in_tile as materialized (
    select
        {IN_TILE_COLUMNS}, state.covered_mm, state.gaps,
        case when {{is_drafted}} then 1 else state.overlap_mm end as overlap_mm
    from target
    join state on state.target_id = target.id and state.duty_id = :duty_id
        and state.valid_from <= :on and :on < state.valid_to
    {{join}}
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
    join cover on cover.target_id = in_tile.target_id and cover.duty_id = :duty_id
    join claim on claim.source_id = cover.source_id and claim.valid_from <= :on and :on < claim.valid_to
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

KEPT = """
kept as materialized (
    select
        in_tile.*, coalesce(vacancy.vacant_mm, 0) as vacant_mm,
        coalesce(vacancy.vacant_mm = in_tile.covered_mm, false) as is_vacant
    from in_tile
    left join vacancy on vacancy.duty_id = :duty_id and vacancy.target_id = in_tile.target_id
        and vacancy.valid_from <= :on and :on < vacancy.valid_to
),
plain as materialized (
    select * from kept
    where whole and vacant_mm = 0 and coalesce(category, '') <> all (cast(:unseen as text[]))
),
"""

TOLD = """
told as materialized (
    select *, case when overlap_mm > 0 then 'overlap' when vacant_mm > 0 then 'vacant' else 'covered' end as held
    from kept
    where (not whole or vacant_mm > 0) {only}
),
told_part as (
    select target_id, lower(stretch) as from_mm, upper(stretch) as to_mm, 'gap' as state
    from told cross join lateral unnest(told.gaps) as stretch
    union all
    select target_id, lower(stretch), upper(stretch), held
    from told
    cross join lateral unnest(int4multirange(int4range(0, told.extent_mm)) - told.gaps) as stretch
)
"""
"""The pieces that kept answers tell: gaps, and what is left in one state, the worst where there are several."""

MERGED = f"""
{TOLD.format(only="and overlap_mm = 0 and (vacant_mm = 0 or is_vacant)")},
wanted as (
    select target_id from kept where overlap_mm > 0 or (vacant_mm > 0 and not is_vacant)
),
"""  # noqa: S608 - constants
"""Only where some zones overlap or are vacant a target must be cut."""

MERGED_PIECES = """,
part as (
    select target_id, from_mm, to_mm, state from piece
    union all
    select * from told_part
),
"""

FAR = f"""
{TOLD.format(only="")},
part as (
    select * from told_part
),
"""  # noqa: S608 - constants
"""A pixel is longer than most stretches: whatever a target has beside its gaps is drawn in one state."""

DRAWN = """
drawn as materialized (
    select
        in_tile.uuid, in_tile.category, part.*,
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
"""

MARKS = """
marks as (
    select
        state, (to_mm - from_mm) / 1000.0::float8 as length_m,
        ST_AsMVTGeom(middle, ST_TileEnvelope(:z, :x, :y), :extent, :units) as geom
    from {marked}
    where middle is not null
),
"""

EVERY_MARK = MARKS.format(marked="drawn")
A_MARK_A_PIXEL = MARKS.format(
    marked="""(
        select distinct on (ST_SnapToGrid(middle, :pixel)) * from drawn
        where middle is not null
        order by ST_SnapToGrid(middle, :pixel), to_mm - from_mm
    ) as one_a_pixel"""
)

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


def _fine(plan: Mapping[str, str], pieces: str) -> str:
    return "".join((FINE_IN_TILE.format(**plan), FINE, pieces, FINE_PIECES, DRAWN, EVERY_MARK, FINE_LINES, ENCODED))


def _merged(plan: Mapping[str, str], pieces: str) -> str:
    in_tile = MERGED_IN_TILE.format(**plan)
    return "".join((in_tile, KEPT, MERGED, pieces, MERGED_PIECES, DRAWN, EVERY_MARK, MERGED_LINES, ENCODED))


FINE_TILE, FINE_TILE_WITH_DRAFT = _fine(IN_PLAN, PIECES), _fine(WITH_DRAFT, PIECES_WITH_DRAFT)
MERGED_TILE, MERGED_TILE_WITH_DRAFT = _merged(IN_PLAN, PIECES), _merged(WITH_DRAFT, PIECES_WITH_DRAFT)
FAR_TILE = "".join((MERGED_IN_TILE.format(**IN_PLAN), KEPT, FAR, DRAWN, A_MARK_A_PIXEL, MERGED_LINES, ENCODED))


@cache
def _statement(zoom: int, *, is_draft: bool) -> TileStatement:
    """Return the statement of a zoom; from ``MERGE_BELOW`` on all have the same."""
    is_fine = zoom >= MERGE_BELOW
    extent = FINE_EXTENT if is_fine else COARSE_EXTENT
    values: dict[str, Any] = {"extent": extent, "units": int(extent * MARGIN), "margin": MARGIN, "marked": MARKED_MM}
    if is_fine:
        return TileStatement.of(text(FINE_TILE_WITH_DRAFT if is_draft else FINE_TILE).bindparams(**values))
    values["unseen"] = [category for layer in LAYERS.values() if layer.is_target for category in unseen(layer, zoom)]
    if is_draft or zoom >= FAR_BELOW:
        return TileStatement.of(text(MERGED_TILE_WITH_DRAFT if is_draft else MERGED_TILE).bindparams(**values))
    return TileStatement.of(text(FAR_TILE).bindparams(**values, pixel=pixel(zoom)))


def cover_bytes(connection: Connection, values: Mapping[str, Any]) -> bytes:
    """Return the layers ``cover`` and ``cover-marks`` of the tile ``z/x/y`` for ``duty_id`` on the day ``on``.

    With ``draft_id`` they are those that there would be with the draft.

    From zoom 13 each piece is a feature with ``state segment zone from_m to_m category tint``; below it the pieces are
    merged by ``state`` and ``category``, and what is simply covered is left out where its line would be too thin to be
    seen. Marks are points with ``state`` and ``length_m`` of gaps of a metre or more; far out, one a pixel.
    """
    if values["z"] < LEAST_ZOOM:
        return b""
    statement = _statement(min(values["z"], MERGE_BELOW), is_draft=values["draft_id"] is not None)
    return statement.value(connection, values)
