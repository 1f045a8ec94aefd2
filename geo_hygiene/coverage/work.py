"""Work on targets: what was done up to a day, when it was last seen, and what was never reached.

Work happens on a day. How old it is, and whether that is too long ago, is worked out when it is asked: no answer is
kept, so that another rule rewrites nothing.

Statements are made from constants; values are bound. They begin with ``wanted (target_id)``, the targets that are asked
for, and ``reached (target_id, from_mm, to_mm, day, result)``, the work that counts where it met them. Ground that was
treated stays treated: among the claims on it the newest treatment speaks, and only where there is none the newest of
the others.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, text
from sqlalchemy.sql.elements import TextClause

DONE = "done"
"""The result of work that reached its target; every other result is the reason why it did not."""

MET = """
met as materialized (
    select target_id, result, day, range_agg(int4range(from_mm, to_mm)) as ranges
    from reached
    group by target_id, result, day
),
"""
"""Ends in ``met``: what of each target was met with one result on one day."""

TOLD = """
summed as (
    select target_id, result, day, ranges, range_agg(ranges) over line as so_far
    from met
    window line as (
        partition by target_id order by result <> 'done', day desc, result rows unbounded preceding
    )
),
told as materialized (
    select
        target_id, result, day, so_far,
        coalesce(lag(so_far) over line, '{}'::int4multirange) as before,
        lead(day) over line is null as is_last
    from summed
    window line as (partition by target_id order by result <> 'done', day desc, result)
),
whole as (
    select target_id, range_agg(so_far) as so_far
    from (
        select target_id, so_far from told where is_last
        union all
        select target_id, '{}'::int4multirange from wanted
    ) as either
    group by target_id
),
"""
"""Ends in ``told``, what each day and result adds to those that speak before it, and ``whole``, all of each target.

Two tables of one statement are never joined where a plan that expects one row of each would compare all with all.
"""

PIECES = """
span as (
    select target_id, unnest(so_far - before) as span, result, day from told
    union all
    select target_id, unnest(int4multirange(int4range(0, target.extent_mm)) - so_far), null, null
    from whole
    join target on target.id = target_id
),
piece as (
    select
        span.target_id, target.uuid, target.kind, target.category, target.area_id, target.extent_mm,
        target.geom, target.geom_3857, lower(span.span) as from_mm, upper(span.span) as to_mm, span.result, span.day
    from span
    join target on target.id = span.target_id
)
"""
"""Ends in ``piece``: the targets in pieces of one result and day (null: never reached), from_mm to to_mm."""

SUMS = """
part as (
    select target_id, result, day, multirange_length(so_far) - multirange_length(before) as extent from told
    union all
    select target_id, null, null, target.extent_mm - multirange_length(so_far)
    from whole
    join target on target.id = target_id
)
select target.kind, target.area_id, part.result, part.day, sum(part.extent) as extent
from part
join target on target.id = part.target_id
group by target.kind, target.area_id, part.result, part.day
order by target.kind, target.area_id, part.result, part.day
"""

FIRSTS = """
daily as (
    select
        target_id, day, range_agg(ranges) as found,
        coalesce(range_agg(ranges) filter (where result = 'done'), '{}'::int4multirange) as treated
    from met
    group by target_id, day
),
summed as (
    select
        target_id, day,
        multirange_length(range_agg(found) over line) as found,
        multirange_length(range_agg(treated) over line) as treated
    from daily
    window line as (partition by target_id order by day rows unbounded preceding)
),
gained as (
    select
        target_id, day,
        found - lag(found, 1, 0) over line as found, treated - lag(treated, 1, 0) over line as treated
    from summed
    window line as (partition by target_id order by day)
)
select target.kind, gained.day, sum(gained.found) as found, sum(gained.treated) as treated
from gained
join target on target.id = gained.target_id
group by target.kind, gained.day
"""

IN_PERIOD = """
select target.kind, sum(multirange_length(done.ranges)) as distinct_extent, sum(done.plain) as plain_extent
from (
    select cover.target_id, range_agg(int4range(cover.from_mm, cover.to_mm)) as ranges,
        sum(cover.to_mm - cover.from_mm) as plain
    from claim
    join cover using (source_id)
    join target on target.id = cover.target_id
        and target.valid_from <= claim.valid_from and claim.valid_from < target.valid_to
    where claim.kind = :work and claim.result = 'done' and claim.valid_from >= :begin and claim.valid_from < :end
    group by cover.target_id
) as done
join target on target.id = done.target_id
group by target.kind
"""
"""On the targets of the day on which the work was done: those that began in their place would count it again."""


@dataclass(frozen=True, slots=True)
class WorkSum:
    """How much of the targets of one kind and area has one result of one day; all ``None`` where nobody came."""

    kind: str
    area_id: int | None
    result: str | None
    day: date | None
    extent: int


@dataclass(frozen=True, slots=True)
class WorkFirst:
    """How much of the targets of one kind was found for the first time on a day, and treated for the first time."""

    kind: str
    day: date
    found: int
    treated: int


def _statement(wanted: str, reached: str, *parts: str) -> TextClause:
    return text(
        " ".join((f"with wanted as materialized ({wanted}), reached as materialized ({reached}),", MET, *parts))
    )


def work_statement(wanted: str, reached: str, select: str) -> TextClause:
    """Return a statement over ``piece``; its parts are constants of the program."""
    return _statement(wanted, reached, TOLD, PIECES, select)


def work_sums(connection: Connection, wanted: str, reached: str, values: Mapping[str, Any]) -> list[WorkSum]:
    """Return the sums of work by kind, area, result and day, in millimetres or counts."""
    rows = connection.execute(_statement(wanted, reached, TOLD, SUMS), values)
    return [WorkSum(row.kind, row.area_id, row.result, row.day, int(row.extent)) for row in rows]


def work_firsts(connection: Connection, wanted: str, reached: str, values: Mapping[str, Any]) -> list[WorkFirst]:
    """Return by kind and day what was found and treated for the first time, in millimetres or counts."""
    rows = connection.execute(_statement(wanted, reached, FIRSTS), values)
    return [WorkFirst(row.kind, row.day, int(row.found), int(row.treated)) for row in rows]


def work_in_period(connection: Connection, work: str, begin: date, end: date) -> dict[str, tuple[int, int]]:
    """Return by kind of target how much was done in a half-open period: each stretch once, and as often as it was done.

    ``work`` is the layer key of the work; extents are millimetres or counts.
    """
    rows = connection.execute(text(IN_PERIOD), {"work": work, "begin": begin, "end": end})
    return {row.kind: (int(row.distinct_extent), int(row.plain_extent)) for row in rows}
