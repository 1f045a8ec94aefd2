"""Which targets of a campaign can have pieces on a page, so that the others need not be cut.

No piece is longer than its target, and a point has one piece. So the pieces of the longest targets, or of the points
with the first codes, begin the list, down to the next target that is left out. Statements are made from constants and
declared names; values are bound.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, text

from geo_hygiene.coverage.reached import GROUND
from geo_hygiene.layerspec import MapLayer

FIRST = 3_000
"""Targets that are looked at for a page, beside those before it, where these are all: more than a town has."""

TIMES = 6
"""So many targets are looked at for each row of a page where there are more."""

LONGEST = 2_147_483_647
"""Millimetres that no target has."""

MEANT = """
campaign_target.campaign_id = :campaign_id and campaign_target.valid_from <= :on and :on < campaign_target.valid_to
    and (cast(:kind as text) is null or campaign_target.kind = :kind)
    and (cast(:community as text) is null or campaign_target.area_id in (
        select area_tree.id from area_tree join area as named on named.id = area_tree.community_id
        where named.code = :community
    ))
    and (cast(:area_group as text) is null or campaign_target.area_id in (
        select id from area where code = :area_group
    ))
    and (cast(:lane as text) is null or campaign_target.target_id in ({of_lane}))
"""

FOUND = """
(cast(:results as text[]) is null or exists (
    select from reached
    where reached.campaign_id = :campaign_id and reached.target_id = campaign_target.target_id
        and reached.day <= :on and reached.result = any(:results)
))
"""

IS_OLD = "(:limit_days is not null and seen_on < cast(:on as date) - cast(:limit_days as int))"

LEFT_MM = f"""
sum(change_mm * (case
    when cast(:reason as text) is not null then cast(result = :reason as int)
    when :state = 'not-visited' then case when result = :ground then 1 else -1 end
    when :state = 'not-treated' then cast(result not in (:ground, 'done') and not {IS_OLD} as int)
    when :state = 'treated' then cast(result = 'done' and not {IS_OLD} as int)
    when :state = 'old' then cast(result <> :ground and {IS_OLD} as int)
    when result = 'done' and not {IS_OLD} then -1
    else cast(result = :ground as int)
end))
"""
"""How much of a target is wanted, from what is kept of it: no piece of it is longer."""

LINES = f"""
with longest as materialized (
    select target_id, extent_mm, false as is_beyond
    from campaign_target
    where {MEANT} and extent_mm >= :longest
    union all
    (
        select target_id, extent_mm, true
        from campaign_target
        where {MEANT} and extent_mm < :longest
        order by extent_mm desc
        fetch first :first rows with ties
    )
)
select longest.*, {LEFT_MM} as left_mm
from longest
join reached using (target_id)
where reached.campaign_id = :campaign_id and reached.day <= :on
group by target_id, extent_mm, is_beyond
"""  # noqa: S608 - constants
"""What is kept of the longest targets."""

LEFT = f"""
with told as (
    select target_id, {LEFT_MM} as left_mm
    from reached
    where campaign_id = :campaign_id and day <= :on
        and (cast(:kind as text) is null or target_id in (select id from {{segment}}))
    group by target_id
)
select target_id, left_mm as extent_mm, left_mm, false as is_beyond from told where left_mm >= :longest
union all
(
    select target_id, left_mm, left_mm, true from told where left_mm between 1 and :longest - 1
    order by left_mm desc
    fetch first :first rows with ties
)
"""  # noqa: S608 - constants
"""What is kept of all targets, when too little of the longest is wanted."""

POINTS = f"""
select own.id as target_id, coalesce(own.code, '') as place, false as is_beyond
from {{segment}} as own
join campaign_target on target_id = own.id
where {MEANT} and {FOUND} and (own.code is null or own.code <= :code)
union all
(
    select own.id, own.code, true
    from {{segment}} as own
    cross join lateral (select from campaign_target where target_id = own.id and {MEANT} and {FOUND} {{alone}}) as asked
    where own.code > :code
    order by own.code
    fetch first :first rows with ties
)
"""  # noqa: S608 - constants

LEFT_POINTS = f"""
with told as (
    select target_id
    from reached
    where campaign_id = :campaign_id and day <= :on and target_id in (select id from {{segment}})
    group by target_id
    having {LEFT_MM} > 0
)
select own.id as target_id, coalesce(own.code, '') as place, false as is_beyond
from told
join {{segment}} as own on own.id = target_id
where own.code is null or own.code <= :code
union all
(
    select own.id, own.code, true
    from told
    join {{segment}} as own on own.id = target_id
    where own.code > :code
    order by own.code
    fetch first :first rows with ties
)
"""  # noqa: S608 - constants

ALONE = "offset 0"
"""Lets the points be looked up in the order of their codes, until there are enough; those of an area are few."""

CODE = """
select own.code from {segment} as own join target using (id) where target.uuid = cast(:after_uuid as uuid)
"""

OF_LANE = """
select own.id from {segment} as own join {bundles} as bundle on bundle.id = own.{reference} where bundle.code = :lane
"""


@dataclass(frozen=True, slots=True)
class FirstTargets:
    """Targets whose pieces begin a list.

    Attributes
    ----------
    are_all
        Whether nothing else is in the list.
    least_mm
        No piece of another target is as long; 0 for points.
    """

    ids: list[int]
    are_all: bool
    least_mm: int


def first_targets(connection: Connection, kinds: Sequence[MapLayer], values: dict[str, Any]) -> Iterator[FirstTargets]:
    """Yield targets of some kinds that may suffice for a page, what is found quickest first; nothing where only all do.

    ``values`` are those of the list: its filters and limit, and the length and id of the stretch after which it begins.
    """
    of_lane = " union all ".join(_of_lane(layer) for layer in kinds if layer.grouping is not None)
    words = {"of_lane": of_lane or "select null::int", "segment": kinds[0].model.__tablename__}
    asked = values | {"first": FIRST, "longest": values["after_mm"] or LONGEST, "ground": GROUND}
    enough = TIMES * values["limit"]
    if any(layer.unit == "m" for layer in kinds):
        for statement, counts in ((LINES, (enough,)), (LEFT, (enough, FIRST))):
            rows = connection.execute(text(statement.format(**words)), asked).all()
            yield from (_longest(rows, count) for count in counts)
    elif len(kinds) == 1:
        words["alone"] = ALONE if values["community"] is None and values["area_group"] is None else ""
        code = connection.scalar(text(CODE.format(**words)), values) if values["after_uuid"] else None
        for statement in (POINTS, LEFT_POINTS):
            rows = connection.execute(text(statement.format(**words)), asked | {"code": code or ""}).all()
            yield _first_codes(rows, enough)


def _longest(rows: Sequence[Row[Any]], enough: int) -> FirstTargets:
    """Return lines of which something is wanted: all, or those before the page and enough of it, with what ties."""
    wanted = [row for row in rows if row.left_mm > 0]
    beyond = [row for row in rows if row.is_beyond]
    if len(beyond) < FIRST:
        return FirstTargets([row.target_id for row in wanted], are_all=True, least_mm=0)
    most = sorted((row.left_mm for row in wanted if row.is_beyond), reverse=True)
    least = max([*most[:enough][-1:], min(row.extent_mm for row in beyond)])
    chosen = [row.target_id for row in wanted if row.left_mm >= least or not row.is_beyond]
    return FirstTargets(chosen, are_all=False, least_mm=least)


def _first_codes(rows: Sequence[Row[Any]], enough: int) -> FirstTargets:
    """Return all points where the rows are all, else those before the page and enough of it, with those that tie."""
    beyond = sorted(row.place for row in rows if row.is_beyond)
    if len(beyond) < FIRST:
        return FirstTargets([row.target_id for row in rows], are_all=True, least_mm=0)
    last = beyond[min(enough, len(beyond)) - 1]
    return FirstTargets([row.target_id for row in rows if row.place <= last], are_all=False, least_mm=0)


def _of_lane(layer: MapLayer) -> str:
    grouping = layer.grouping
    if grouping is None:
        raise ValueError(f"the segments of {layer.key} are of no lane")
    return OF_LANE.format(
        segment=layer.model.__tablename__, bundles=grouping.model.__tablename__, reference=grouping.reference.key
    )
