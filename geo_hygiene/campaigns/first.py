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
    and (cast(:results as text[]) is null or exists (
        select from reached
        where reached.campaign_id = :campaign_id and reached.target_id = campaign_target.target_id
            and reached.day <= :on and reached.result = any(:results)
    ))
"""

LINES = f"""
select target_id, extent_mm, -extent_mm as place, false as is_beyond
from campaign_target
where {MEANT} and extent_mm >= :longest
union all
(
    select target_id, extent_mm, -extent_mm, true
    from campaign_target
    where {MEANT} and extent_mm < :longest
    order by extent_mm desc
    fetch first :first rows with ties
)
"""  # noqa: S608 - constants

LEFT = """
with told as (
    select target_id, sum(change_mm * (case
        when cast(:reason as text) is not null then cast(result = :reason as int)
        when :state = 'not-visited' then case when result = :ground then 1 else -1 end
        when :state = 'not-treated' then cast(result not in (:ground, 'done') as int)
        when :state = 'treated' then cast(result = 'done' as int)
        when :state = 'old' then cast(result <> :ground as int)
        when result = 'done' and (cast(:limit_days as int) is null or :on - seen_on <= :limit_days) then -1
        else cast(result = :ground as int)
    end)) as extent_mm
    from reached
    where campaign_id = :campaign_id and day <= :on
        and (cast(:kind as text) is null or target_id in (select id from target where kind = :kind))
    group by target_id
)
select target_id, extent_mm, -extent_mm as place, false as is_beyond from told where extent_mm >= :longest
union all
(
    select target_id, extent_mm, -extent_mm, true from told where extent_mm between 1 and :longest - 1
    order by extent_mm desc
    fetch first :first rows with ties
)
"""
"""What is kept of all targets, when the longest are done already: no piece is longer than what its target has of it."""

POINTS = f"""
select own.id as target_id, 0 as extent_mm, coalesce(own.code, '') as place, false as is_beyond
from {{segment}} as own
join campaign_target on target_id = own.id
where {MEANT} and (own.code is null or own.code <= :code)
union all
(
    select own.id, 0, own.code, true
    from {{segment}} as own
    cross join lateral (select from campaign_target where target_id = own.id and {MEANT} {{alone}}) as asked
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
    words = {"of_lane": of_lane or "select null::int"}
    asked = values | {"first": FIRST, "longest": values["after_mm"] or LONGEST, "ground": GROUND}
    enough = TIMES * values["limit"]
    if any(layer.unit == "m" for layer in kinds):
        for statement in (LINES, LEFT):
            yield _first(connection.execute(text(statement.format(**words)), asked).all(), enough)
    elif len(kinds) == 1:
        words["segment"] = kinds[0].model.__tablename__
        words["alone"] = ALONE if values["community"] is None and values["area_group"] is None else ""
        code = connection.scalar(text(CODE.format(**words)), values) if values["after_uuid"] else None
        rows = connection.execute(text(POINTS.format(**words)), asked | {"code": code or ""}).all()
        yield _first(rows, enough)
        yield _first(rows, FIRST)


def _first(rows: Sequence[Row[Any]], enough: int) -> FirstTargets:
    """Return all targets where the rows are all, else those before the page and enough of it, with those that tie."""
    before = [row for row in rows if not row.is_beyond]
    beyond = sorted((row for row in rows if row.is_beyond), key=lambda row: row.place)
    if len(beyond) < FIRST:
        return FirstTargets([row.target_id for row in rows], are_all=True, least_mm=0)
    last = beyond[min(enough, len(beyond)) - 1]
    chosen = [row.target_id for row in (*before, *beyond) if row.place <= last.place]
    return FirstTargets(chosen, are_all=False, least_mm=last.extent_mm)


def _of_lane(layer: MapLayer) -> str:
    grouping = layer.grouping
    if grouping is None:
        raise ValueError(f"the segments of {layer.key} are of no lane")
    return OF_LANE.format(
        segment=layer.model.__tablename__, bundles=grouping.model.__tablename__, reference=grouping.reference.key
    )
