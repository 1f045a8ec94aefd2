"""Work on targets: what was done up to a day, when it was last seen, and what was never reached.

Work happens on a day. How old it is, and whether that is too long ago, is worked out when it is asked: no answer is
kept, so that another rule rewrites nothing.

Statements are made from constants; values are bound. They begin with ``wanted (target_id)``, the targets that are asked
for, and ``chosen (source_id, day, result)``, the work that counts. Ground that was treated stays treated: among the
claims on it the newest treatment speaks, and only where there is none the newest of the others.
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

SLICES = """
asked as (
    select
        wanted.target_id, target.uuid, target.kind, target.category, target.area_id, target.extent_mm,
        target.geom, target.geom_3857
    from wanted
    join target on target.id = wanted.target_id
),
reached as materialized (
    select cover.target_id, cover.from_mm, cover.to_mm, chosen.day, chosen.result
    from chosen
    join cover on cover.source_id = chosen.source_id
),
met as materialized (
    select reached.* from reached join wanted using (target_id)
),
bound as (
    select target_id, from_mm as position from met
    union select target_id, to_mm from met
    union select target_id, 0 from asked
    union select target_id, extent_mm from asked
),
slice as (
    select target_id, position as from_mm, lead(position) over (partition by target_id order by position) as to_mm
    from bound
),
"""
"""Ends in ``slice``: the targets cut wherever a piece of work begins or ends; ``met`` is the work on them.

``reached`` stands alone, because a plan that expects one target of a campaign would look up every target for every
piece of work.
"""

PIECES = """
told as (
    select distinct on (slice.target_id, slice.from_mm)
        slice.target_id, slice.from_mm, slice.to_mm, met.result, met.day
    from slice
    left join met
        on met.target_id = slice.target_id and met.from_mm <= slice.from_mm and slice.to_mm <= met.to_mm
    where slice.to_mm is not null
    order by slice.target_id, slice.from_mm, met.result <> 'done', met.day desc, met.result
),
numbered as (
    select *, sum(begins) over (partition by target_id order by from_mm) as island
    from (
        select *, (
            lag(result) over line is distinct from result or lag(day) over line is distinct from day
        )::int as begins
        from told
        window line as (partition by target_id order by from_mm)
    ) as marked
),
piece as (
    select asked.*, joined.from_mm, joined.to_mm, joined.result, joined.day
    from (
        select target_id, min(from_mm) as from_mm, max(to_mm) as to_mm, result, day
        from numbered
        group by target_id, island, result, day
    ) as joined
    join asked using (target_id)
)
"""
"""Ends in ``piece``: ``asked`` with from_mm, to_mm, result (null: never reached) and day."""

FIRSTS = """
first as (
    select
        slice.target_id, slice.from_mm, slice.to_mm, min(met.day) as found_on,
        min(met.day) filter (where met.result = 'done') as treated_on
    from slice
    join met on met.target_id = slice.target_id and met.from_mm <= slice.from_mm and slice.to_mm <= met.to_mm
    where slice.to_mm is not null
    group by slice.target_id, slice.from_mm, slice.to_mm
)
select asked.kind, first.found_on, first.treated_on, sum(first.to_mm - first.from_mm) as extent
from first
join asked using (target_id)
group by asked.kind, first.found_on, first.treated_on
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

SUMS = """
select kind, area_id, result, day, sum(to_mm - from_mm) as extent
from piece
group by kind, area_id, result, day
order by kind, area_id, result, day
"""


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
    """How much of the targets of one kind was first found on a day, and first treated on a day, if ever."""

    kind: str
    found_on: date
    treated_on: date | None
    extent: int


def work_statement(wanted: str, chosen: str, select: str) -> TextClause:
    """Return a statement over ``piece``; its parts are constants of the program."""
    return text(
        f"with wanted as materialized ({wanted}), chosen as materialized ({chosen}), {SLICES} {PIECES} {select}"
    )


def work_sums(connection: Connection, wanted: str, chosen: str, values: Mapping[str, Any]) -> list[WorkSum]:
    """Return the sums of work by kind, area, result and day, in millimetres or counts."""
    rows = connection.execute(work_statement(wanted, chosen, SUMS), values)
    return [WorkSum(row.kind, row.area_id, row.result, row.day, int(row.extent)) for row in rows]


def work_firsts(connection: Connection, wanted: str, chosen: str, values: Mapping[str, Any]) -> list[WorkFirst]:
    """Return the sums of what was ever found by the days on which that happened first, in millimetres or counts."""
    statement = text(f"with wanted as materialized ({wanted}), chosen as materialized ({chosen}), {SLICES} {FIRSTS}")
    rows = connection.execute(statement, values)
    return [WorkFirst(row.kind, row.found_on, row.treated_on, int(row.extent)) for row in rows]


def work_in_period(connection: Connection, work: str, begin: date, end: date) -> dict[str, tuple[int, int]]:
    """Return by kind of target how much was done in a half-open period: each stretch once, and as often as it was done.

    ``work`` is the layer key of the work; extents are millimetres or counts.
    """
    rows = connection.execute(text(IN_PERIOD), {"work": work, "begin": begin, "end": end})
    return {row.kind: (int(row.distinct_extent), int(row.plain_extent)) for row in rows}
