"""Work on targets: what was done up to a day, when it was last seen, and what was never reached.

Work happens on a day. How old it is, and whether that is too long ago, is worked out when it is asked, so that another
rule rewrites nothing. The pieces are cut when they are asked for; their sums are kept (see ``reached``).

Statements are made from constants; values are bound. They begin with ``wanted (target_id)``, the targets that are asked
for, and ``work (target_id, from_mm, to_mm, day, result)``, the work that counts where it met them. Ground that was
treated stays treated: among the claims on it the newest treatment speaks, and only where there is none the newest of
the others.
"""

from __future__ import annotations

from datetime import date

from sqlalchemy import Connection, text
from sqlalchemy.sql.elements import TextClause

from geo_hygiene.coverage.within import AREAS_WITHIN, bound
from geo_hygiene.layers import LAYERS
from geo_hygiene.permissions import EVERYWHERE, Areas

DONE = "done"
"""The result of work that reached its target; every other result is the reason why it did not."""

MET = """
met as materialized (
    select target_id, result, day, range_agg(int4range(from_mm, to_mm)) as ranges
    from work
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

OF_LAYER = """
select source_id, valid_from as day from claim
where kind = :work and duty_id is null and result = 'done' and valid_from >= :begin and valid_from < :end
"""

OF_KIND = """
select source_id, valid_from as day from work join claim using (id)
where work.work_kind = :work and result = 'done' and valid_from >= :begin and valid_from < :end
"""

IS_WITHIN = f"(cast(:within as text[]) is null or target.area_id in ({AREAS_WITHIN}))"

IN_PERIOD = """
with source as materialized ({sources}),
met as materialized (
    select target_id, source_id, day, from_mm, to_mm from source join cover using (source_id)
),
plain as (
    select target.kind, sum(met.to_mm - met.from_mm) as extent
    from met
    join target on target.id = met.target_id and target.valid_from <= met.day and met.day < target.valid_to
    where {is_within}
    group by target.kind
),
standing as (
    select target_id, from_mm, to_mm
    from met
    join target on target.id = target_id
    where (target.valid_to >= :end or not exists (select from target_parent where parent_id = target_id))
        and (target.valid_from <= met.day or exists (select from target_parent where child_id = target_id))
    union all
    select target_id, from_mm, to_mm
    from source
    join unprojected_stretch using (source_id)
    join target on target.id = target_id and target.valid_to < :end
),
distinctly as (
    select target.kind, sum(multirange_length(spot.ranges)) as extent
    from (
        select target_id, range_agg(int4range(from_mm, to_mm)) as ranges from standing group by target_id
    ) as spot
    join target on target.id = spot.target_id and target.valid_from < :end
    where {is_within}
    group by target.kind
)
select kind, coalesce(distinctly.extent, 0) as distinct_extent, coalesce(plain.extent, 0) as plain_extent
from plain full join distinctly using (kind)
"""
"""Plain is what was done on the targets of its day; a target that was cut within the period is told by what it became.

What no child took over is told where it was. Ground that was built upon later had nothing to be worked on.
"""


def work_statement(wanted: str, work: str, select: str) -> TextClause:
    """Return a statement over ``piece``; its parts are constants of the program."""
    parts = (f"with wanted as materialized ({wanted}), work as materialized ({work}),", MET, TOLD, PIECES, select)
    return text(" ".join(parts))


def work_in_period(
    connection: Connection, work: str, begin: date, end: date, within: Areas = EVERYWHERE
) -> dict[str, tuple[int, int]]:
    """Return by kind of target how much was done in a half-open period: each stretch once, and as often as it was done.

    ``work`` is the layer key of work, or a kind of work on places; extents are millimetres or counts, those on targets
    ``within`` areas.
    """
    sources = OF_LAYER if work in LAYERS else OF_KIND
    values = {"work": work, "begin": begin, "end": end, **bound(within)}
    rows = connection.execute(text(IN_PERIOD.format(sources=sources, is_within=IS_WITHIN)), values)
    return {row.kind: (int(row.distinct_extent), int(row.plain_extent)) for row in rows}
