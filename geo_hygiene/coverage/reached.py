"""What the work of campaigns reached, kept as changes by day: of each target, and added up.

What is known of a target is its ground and, of each result and day of work, how much of it nothing else speaks for:
ground that was treated stays treated, so among the work on it the newest treatment speaks, and only where there is none
the newest of the others. Each row says by how much one of these numbers changes on a day, so that a day's figures are
the sum of all changes up to it, whatever came later. How old that is, and whether that is too long ago, is worked out
when it is asked: another rule rewrites nothing.

Statements are made from constants; values are bound.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, Row, text

from geo_hygiene.coverage.locks import lock_campaigns
from geo_hygiene.database import planned_without

GROUND = "on-ground"
"""Stands for a result in the rows that say how much of a target there is."""

OF_CAMPAIGNS = """(
        select
            treatment.campaign_id, cover.target_id, cover.from_mm, cover.to_mm, claim.result,
            claim.valid_from as seen_on
        from treatment
        join claim using (id)
        join cover using (source_id)
        where cast(:campaigns as int[]) is null or treatment.campaign_id = any(:campaigns)
        offset 0
    ) as found
    join wanted using (campaign_id, target_id)
"""

OF_TARGETS = """(
        select wanted.*, cover.from_mm, cover.to_mm, claim.id as claim_id, claim.result, claim.valid_from as seen_on
        from wanted
        join cover on cover.target_id = wanted.target_id and cover.duty_id is null
        join claim using (source_id)
        offset 0
    ) as wanted
    join treatment on treatment.id = claim_id and treatment.campaign_id = wanted.campaign_id
"""
"""Both keep the planner from joining targets and treatments by their campaign alone: all with all."""

CHANGES = """
with wanted as materialized (
    select campaign_id, target_id, area_id, extent_mm, valid_from, valid_to
    from campaign_target
    where (cast(:campaigns as int[]) is null or campaign_id = any(:campaigns))
        and (cast(:targets as int[]) is null or target_id = any(:targets))
),
met as (
    select
        wanted.campaign_id, wanted.target_id, wanted.area_id, wanted.valid_to,
        greatest(seen_on, wanted.valid_from) as day, result, seen_on, range_agg(int4range(from_mm, to_mm)) as ranges
    from {found}
    where seen_on < wanted.valid_to
    group by 1, 2, 3, 4, 5, 6, 7
),
numbered as (
    select
        *, count(*) over (partition by campaign_id, target_id) as times,
        row_number() over (partition by campaign_id, target_id, day) = 1 as is_step
    from met
),
lined as materialized (
    select
        *, case when times > 1 then array_agg(day) filter (where is_step) over (
            partition by campaign_id, target_id order by day desc
        ) end as steps
    from numbered
),
summed as (
    select
        campaign_id, target_id, area_id, valid_to, step.day, result, seen_on,
        multirange_length(range_agg(ranges) over line) as so_far
    from lined
    cross join unnest(lined.steps) as step (day)
    window line as (
        partition by campaign_id, target_id, step.day
        order by result <> 'done', seen_on desc, result rows unbounded preceding
    )
),
spoken as (
    select
        campaign_id, target_id, area_id, valid_to, day, result, seen_on,
        so_far - lag(so_far, 1, 0) over (
            partition by campaign_id, target_id, day order by result <> 'done', seen_on desc, result
        ) as extent
    from summed
),
change as materialized (
    select
        campaign_id, target_id, area_id, valid_to, valid_from as day, '{ground}' as result,
        cast('-infinity' as date) as seen_on, extent_mm as change_mm
    from wanted
    union all
    select campaign_id, target_id, area_id, valid_to, day, result, seen_on, multirange_length(ranges)
    from lined where times = 1
    union all
    select
        campaign_id, target_id, area_id, valid_to, day, result, seen_on,
        extent - lag(extent, 1, 0) over (partition by campaign_id, target_id, result, seen_on order by day)
    from spoken
)
select campaign_id, target_id, day, result, seen_on, area_id, change_mm from change where change_mm <> 0
union all
select campaign_id, target_id, valid_to, result, seen_on, area_id, -sum(change_mm)
from change
where valid_to <> 'infinity'
group by campaign_id, target_id, valid_to, result, seen_on, area_id
having sum(change_mm) <> 0
"""
"""Most targets are met once. A step is a day on which one is met; on each, all work up to it is weighed anew."""

ALL_CHANGES = CHANGES.format(found=OF_CAMPAIGNS, ground=GROUND)
"""The rows of ``reached`` of campaigns, for all targets."""

CHANGES_HERE = CHANGES.format(found=OF_TARGETS, ground=GROUND)
"""The same, found from few targets."""

ADDED_UP = """
select
    own.campaign_id, above.level, above.area_id, own.kind, own.day, own.result, own.seen_on,
    {sign} sum(own.change_mm) as change_mm
from (
    select
        moved.campaign_id, moved.area_id, target.kind, moved.day, moved.result, moved.seen_on,
        sum(moved.change_mm) as change_mm
    from {moved} as moved
    join target on target.id = moved.target_id
    where cast(:campaigns as int[]) is null or moved.campaign_id = any(:campaigns)
    group by 1, 2, 3, 4, 5, 6
) as own
left join area_tree on area_tree.id = own.area_id
cross join lateral (
    values ('group', group_id), ('community', community_id), ('office', office_id), ('all', null)
) as above (level, area_id)
group by 1, 2, 3, 4, 5, 6, 7
having sum(own.change_mm) <> 0
"""
"""Areas first: their sums are far fewer than the changes of targets."""

ALL_SUMS = ADDED_UP.format(moved="reached", sign="")
"""The rows of ``reached_sum`` of campaigns."""

COLUMNS = "campaign_id, target_id, day, result, seen_on, area_id, change_mm"
SUM_COLUMNS = "campaign_id, level, area_id, kind, day, result, seen_on, change_mm"

POSTED = """
insert into reached_sum as kept ({columns}) {sums}
on conflict (campaign_id, level, area_id, kind, day, result, seen_on)
do update set change_mm = kept.change_mm + excluded.change_mm
"""

TAKE_OUT = f"""
with gone as (
    delete from reached where campaign_id = any(:campaigns) and target_id = any(:targets) returning {COLUMNS}
)
{POSTED.format(columns=SUM_COLUMNS, sums=ADDED_UP.format(moved="gone", sign="-"))}
"""  # noqa: S608 - constants

PUT_IN = f"""
with come as (insert into reached ({COLUMNS}) {CHANGES_HERE} returning {COLUMNS})
{POSTED.format(columns=SUM_COLUMNS, sums=ADDED_UP.format(moved="come", sign=""))}
"""

FORGET_NOTHING = "delete from reached_sum where change_mm = 0 and campaign_id = any(:campaigns)"
"""What added up to nothing is as if it had never been."""

REBUILD = (
    "delete from reached where campaign_id = any(:campaigns)",
    "delete from reached_sum where campaign_id = any(:campaigns)",
    f"insert into reached ({COLUMNS}) {ALL_CHANGES}",
    f"insert into reached_sum ({SUM_COLUMNS}) {ALL_SUMS}",
)

FIGURES = """
with told as (
    select area_id, kind, result, seen_on, cast(sum(change_mm) as bigint) as extent
    from reached_sum
    where campaign_id = :campaign_id and level = :level and day <= :on
        and (cast(:areas as int[]) is null or area_id = any(:areas) or (:nowhere and area_id is null))
    group by area_id, kind, result, seen_on
),
weighed as (
    select
        *, sum(extent) over (partition by area_id, kind order by seen_on desc) as passed,
        sum(extent) filter (where result <> :ground) over (partition by area_id, kind) as found
    from told
)
select
    kind, area_id, result, sum(extent) as extent,
    coalesce(sum(extent) filter (where seen_on < cast(:on as date) - cast(:limit_days as int)), 0) as old,
    max(seen_on) filter (where result <> :ground and 0 < found and found <= 2 * passed) as middle
from weighed
group by kind, area_id, result
having sum(extent) <> 0
"""
"""By the day on which half of what was found had been seen since, ``middle``, the age of the metre there is known."""

AREAS_OF_PAGE = """
select area.id, area.code
from area
cross join lateral (
    select
    from reached_sum
    where campaign_id = :campaign_id and level = :level and area_id = area.id and day <= :on
    group by kind, result
    having sum(change_mm) <> 0
    limit 1
) as reached
where area.level = :level and area.code > coalesce(:after, '')
order by area.code, area.id
limit :limit
"""
"""Each area is looked up alone, so that none after them is read."""

GAINED = """
select
    kind, day, coalesce(sum(change_mm) filter (where result <> :ground), 0) as found,
    coalesce(sum(change_mm) filter (where result = 'done'), 0) as treated
from reached_sum
where campaign_id = :campaign_id and level = 'all' and day <= :on
group by kind, day
"""

CAMPAIGNS = "select id from campaign order by id"


@dataclass(frozen=True, slots=True)
class Figure:
    """How much of the targets of one kind and area has one result, or is there (:data:`GROUND`).

    Attributes
    ----------
    old
        What of it was seen longer ago than the limit.
    middle
        The latest day of this result since which half of what was found, whatever the result, has been seen.
    """

    kind: str
    area_id: int | None
    result: str
    extent: int
    old: int
    middle: date | None


@dataclass(frozen=True, slots=True)
class Gain:
    """By how much what is found and treated of a kind of targets grew on a day."""

    kind: str
    day: date
    found: int
    treated: int


def figures(
    connection: Connection,
    campaign_id: int,
    on: date,
    level: str,
    *,
    limit_days: int | None = None,
    area_ids: Iterable[int] | None = None,
    nowhere: bool = False,
) -> list[Figure]:
    """Return what a campaign reached up to and with a day, in millimetres or counts.

    ``level`` is ``all``, ``office``, ``community`` or ``group``; without an area is what lies in none of that level.
    Of some areas alone that is told where it is asked for as ``nowhere``.
    """
    values = {
        "campaign_id": campaign_id,
        "on": on,
        "level": level,
        "limit_days": limit_days,
        "ground": GROUND,
        "areas": None if area_ids is None else sorted(area_ids),
        "nowhere": nowhere,
    }
    return [
        Figure(row.kind, row.area_id, row.result, int(row.extent), int(row.old), row.middle)
        for row in connection.execute(text(FIGURES), values)
    ]


def areas_of_page(
    connection: Connection, campaign_id: int, on: date, level: str, *, limit: int, after: str | None = None
) -> Sequence[Row[Any]]:
    """Return id and code of areas of a level that a campaign is about, by their codes and ``after`` one of these."""
    values = {"campaign_id": campaign_id, "on": on, "level": level, "limit": limit, "after": after}
    return connection.execute(text(AREAS_OF_PAGE), values).all()


def gains(connection: Connection, campaign_id: int, on: date) -> list[Gain]:
    """Return by kind and day what a campaign gained up to and with a day, in millimetres or counts."""
    rows = connection.execute(text(GAINED), {"campaign_id": campaign_id, "on": on, "ground": GROUND})
    return [Gain(row.kind, row.day, int(row.found), int(row.treated)) for row in rows]


def refresh_reached(
    connection: Connection, target_ids: Iterable[int], campaign_ids: Iterable[int] | None = None
) -> None:
    """Bring what is kept of targets in line with the work on them, in some campaigns or in all."""
    values = _values(connection, target_ids, campaign_ids)
    if values["campaigns"] and values["targets"]:
        lock_campaigns(connection, values["campaigns"])
        for statement in (TAKE_OUT, PUT_IN, FORGET_NOTHING):
            connection.execute(text(statement), values)


def withdraw_reached(connection: Connection, target_ids: Iterable[int]) -> None:
    """Take targets out of what is kept, before they are deleted."""
    values = _values(connection, target_ids, None)
    for statement in (TAKE_OUT, FORGET_NOTHING):
        connection.execute(text(statement), values)


def rebuild_reached(connection: Connection, campaign_ids: Iterable[int] | None = None) -> None:
    """Make what is kept of campaigns again, of some or of all."""
    campaigns = _campaigns(connection, campaign_ids)
    lock_campaigns(connection, campaigns)
    if campaign_ids is None:
        connection.execute(text("delete from reached"))
        connection.execute(text("delete from reached_sum"))
    # The planner takes common table expressions for one row: it would loop over them.
    with planned_without(connection, "nestloop"):
        for campaign in campaigns:
            for statement in REBUILD:
                connection.execute(text(statement), {"campaigns": [campaign], "targets": None})


def _values(
    connection: Connection, target_ids: Iterable[int], campaign_ids: Iterable[int] | None
) -> dict[str, list[int]]:
    return {"campaigns": _campaigns(connection, campaign_ids), "targets": sorted(set(target_ids))}


def _campaigns(connection: Connection, campaign_ids: Iterable[int] | None) -> list[int]:
    return list(connection.scalars(text(CAMPAIGNS))) if campaign_ids is None else sorted(set(campaign_ids))
