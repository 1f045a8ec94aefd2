"""Everything that is kept, made again from targets, claims, scopes and assignments by set-based SQL."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sqlalchemy import Connection, text

from geo_hygiene.coverage.kept import KeptTable
from geo_hygiene.coverage.reached import rebuild_reached
from geo_hygiene.coverage.versions import bump_duties
from geo_hygiene.database import planned_without

LISTS = """
select target_id, source_id, lower(piece) as from_mm, upper(piece) as to_mm, {duty_id} as duty_id
from (
    select target_id, source_id, unnest(range_agg(int4range(from_mm, to_mm))) as piece
    from claim_stretch
    where (cast(:sources as int[]) is null or source_id = any(:sources))
        and (cast(:targets as int[]) is null or target_id = any(:targets))
        {and_of_duties}
    group by target_id, source_id
) as pieces
{with_duty}
order by source_id, target_id
"""
"""In the order of an index, without which writing takes three times as long."""

SHAPES = """
select target_id, source_id, lower(piece) as from_mm, upper(piece) as to_mm, {duty_id} as duty_id
from (
    select
        target.id as target_id,
        source_id,
        unnest(range_agg(int4range(least(cut.start_mm, cut.end_mm), greatest(cut.start_mm, cut.end_mm)))) as piece
    from (
        select id as source_id, geom from claim_source
        where basis = 'shape' and (cast(:sources as int[]) is null or id = any(:sources))
    ) as source
    join target on ST_Intersects(target.geom, source.geom)
    cross join lateral (
        select
            round(ST_InterpolatePoint(target.geom, ST_StartPoint(part.geom)) * 1000)::int as start_mm,
            round(ST_InterpolatePoint(target.geom, ST_EndPoint(part.geom)) * 1000)::int as end_mm
        from ST_Dump(ST_CollectionExtract(ST_Intersection(ST_Force2D(target.geom), source.geom), 2)) as part
        where GeometryType(target.geom) <> 'POINTM'
        union all
        select 0, 1 where GeometryType(target.geom) = 'POINTM'
    ) as cut
    where (cast(:targets as int[]) is null or target.id = any(:targets)) {and_of_duties}
    group by target.id, source_id
) as pieces
{with_duty}
order by source_id, target_id
"""
"""Cut in 2D and measure the ends of the pieces: metres carried through an overlay are wrong."""

OF_ALL = {
    "duty_id": "(select min(claim.duty_id) from claim where claim.source_id = pieces.source_id)",
    "and_of_duties": "",
    "with_duty": "",
}

OF_DUTIES = {
    "duty_id": "of_duty.duty_id",
    "and_of_duties": "and source_id in (select source_id from claim where duty_id = any(:duties))",
    "with_duty": "join ("
    "select source_id, min(duty_id) as duty_id from claim where duty_id is not null group by source_id"
    ") as of_duty using (source_id)",
}
"""Of all sources of some duties, the duty is found once."""

COVER_OF_LISTS = LISTS.format_map(OF_ALL)
COVER_OF_SHAPES = SHAPES.format_map(OF_ALL)

STATES = """
with required as materialized (
    select * from duty_target
    where (cast(:duties as int[]) is null or duty_id = any(:duties))
        and (cast(:targets as int[]) is null or target_id = any(:targets))
),
lined as (
    select
        required.duty_id, required.target_id, required.area_id, required.extent_mm,
        required.valid_from as begins, required.valid_to as ends,
        held.claim_id, held.shift, held.from_mm, held.to_mm,
        greatest(held.valid_from, required.valid_from) as valid_from,
        least(held.valid_to, required.valid_to) as valid_to
    from required
    left join (
        select
            claim.duty_id, cover.target_id, claim.id as claim_id, claim.shift, claim.valid_from, claim.valid_to,
            cover.from_mm, cover.to_mm
        from claim
        join cover on cover.source_id = claim.source_id and cover.duty_id is not null
        where claim.duty_id is not null
            and (cast(:duties as int[]) is null or (claim.duty_id = any(:duties) and cover.duty_id = any(:duties)))
            and (cast(:targets as int[]) is null or cover.target_id = any(:targets))
    ) as held
        on held.duty_id = required.duty_id and held.target_id = required.target_id
        and held.valid_from < required.valid_to and required.valid_from < held.valid_to
),
followed as (
    select
        *, lag(valid_to) over line as before,
        coalesce(valid_from < lag(valid_to) over line or lag(begins) over line < begins, false) as is_beside,
        coalesce(
            (lag(valid_to) over line, lag(from_mm) over line, lag(to_mm) over line) = (valid_from, from_mm, to_mm),
            false
        ) as goes_on
    from lined
    window line as (partition by duty_id, target_id order by valid_from, valid_to)
),
marked as materialized (
    select *, bool_or(is_beside) over one as is_crowded, max(valid_to) over one as last_day
    from followed
    window one as (partition by duty_id, target_id)
),
alone as (
    select *, lead(before) over (partition by duty_id, target_id order by valid_from) as next_before
    from marked
    where not is_crowded and not goes_on
),
told as (
    select
        alone.duty_id, alone.target_id, part.day, part.until, alone.area_id, alone.extent_mm, part.from_mm, part.to_mm
    from alone
    cross join lateral (
        values
            (coalesce(before, begins), alone.valid_from, null::int, null::int),
            (alone.valid_from, coalesce(next_before, last_day), alone.from_mm, alone.to_mm),
            (case when next_before is null then last_day end, ends, null, null)
    ) as part (day, until, from_mm, to_mm)
    where part.day < part.until
),
claimed as materialized (
    select * from marked where is_crowded and claim_id is not null
),
need as materialized (
    select distinct duty_id, target_id, area_id, extent_mm, begins as valid_from, ends as valid_to
    from marked
    where is_crowded
),
cut as (
    select duty_id, target_id, valid_from as day from need
    union select duty_id, target_id, valid_to from need
    union select duty_id, target_id, valid_from from claimed
    union select duty_id, target_id, valid_to from claimed
),
step as (
    select duty_id, target_id, day, lead(day) over (partition by duty_id, target_id order by day) as until from cut
),
elementary as materialized (
    select step.duty_id, step.target_id, step.day, step.until, need.area_id, need.extent_mm
    from step
    join need on need.duty_id = step.duty_id and need.target_id = step.target_id
        and need.valid_from <= step.day and step.until <= need.valid_to
),
active as materialized (
    select elementary.duty_id, elementary.target_id, elementary.day, claim_id, shift, from_mm, to_mm
    from elementary
    join claimed on claimed.duty_id = elementary.duty_id and claimed.target_id = elementary.target_id
        and claimed.valid_from <= elementary.day and elementary.until <= claimed.valid_to
),
covered as (
    select
        duty_id, target_id, day, range_agg(int4range(from_mm, to_mm)) as ranges,
        sum(to_mm - from_mm) > multirange_length(range_agg(int4range(from_mm, to_mm))) as doubled
    from active
    group by duty_id, target_id, day
),
depth_change as (
    select active.duty_id, active.target_id, active.day, slot, edge.position, sum(edge.step) as change
    from active
    join covered using (duty_id, target_id, day)
    cross join unnest(
        case active.shift when 'all-day' then array['morning', 'afternoon', 'night'] else array[active.shift] end
    ) as slot
    cross join lateral (values (active.from_mm, 1), (active.to_mm, -1)) as edge (position, step)
    where covered.doubled
    group by active.duty_id, active.target_id, active.day, slot, edge.position
),
depth as (
    select
        duty_id, target_id, day, position,
        lead(position) over slot_line as until,
        sum(change) over slot_line as depth
    from depth_change
    window slot_line as (partition by duty_id, target_id, day, slot order by position)
),
doubled as (
    select duty_id, target_id, day, multirange_length(range_agg(int4range(position, until))) as overlap_mm
    from depth
    where depth >= 2
    group by duty_id, target_id, day
),
answer as (
    select
        elementary.duty_id, elementary.target_id, elementary.day, elementary.until, elementary.area_id,
        coalesce(multirange_length(covered.ranges), 0) as covered_mm,
        coalesce(doubled.overlap_mm, 0) as overlap_mm,
        int4multirange(int4range(0, elementary.extent_mm)) - coalesce(covered.ranges, '{}'::int4multirange) as gaps
    from elementary
    left join covered using (duty_id, target_id, day)
    left join doubled using (duty_id, target_id, day)
),
numbered as (
    select *, sum(begins) over (partition by duty_id, target_id order by day) as island
    from (
        select *, (
            lag(until) over line is distinct from day
            or lag(overlap_mm) over line is distinct from overlap_mm
            or lag(gaps) over line is distinct from gaps
        )::int as begins
        from answer
        window line as (partition by duty_id, target_id order by day)
    ) as marked
)
select
    duty_id, target_id, day as valid_from, until as valid_to, area_id,
    coalesce(to_mm - from_mm, 0) as covered_mm, 0 as overlap_mm,
    coalesce(greatest(from_mm, extent_mm - to_mm), extent_mm) as gap_max_mm,
    case when from_mm is null then int4multirange(int4range(0, extent_mm))
    else int4multirange(int4range(0, extent_mm)) - int4multirange(int4range(from_mm, to_mm)) end as gaps
from told
union all
select
    duty_id, target_id, min(day), max(until), min(area_id), min(covered_mm), min(overlap_mm),
    (select coalesce(max(upper(gap) - lower(gap)), 0) from unnest(gaps) as gap), gaps
from numbered
group by duty_id, target_id, island, gaps
"""
"""Most targets have one zone at a time, which needs no more than what was before and what comes next (``told``).

That cover is of a duty is said again, here and below: an index holds no other, and most cover is that of work.
"""

VACANCIES = """
with unheld as (
    select claim.source_id, claim.duty_id
    from claim
    join duty_zone on duty_zone.id = claim.id
    left join assignment on assignment.zone = duty_zone.code
    where cast(:duties as int[]) is null or claim.duty_id = any(:duties)
    group by claim.id
    having not coalesce(
        range_agg(daterange(assignment.valid_from, assignment.valid_to)) filter (where assignment.id is not null)
            @> daterange(claim.valid_from, claim.valid_to), false)
),
required as materialized (
    select duty_target.* from duty_target
    join (
        select distinct unheld.duty_id, target_id
        from unheld
        cross join lateral (select target_id from cover where cover.source_id = unheld.source_id offset 0) as met
        where cast(:targets as int[]) is null or target_id = any(:targets)
    ) as touched using (duty_id, target_id)
),
claimed as materialized (
    select
        required.duty_id, required.target_id, claim.id as claim_id, duty_zone.code as zone,
        claim.valid_from, claim.valid_to, int4multirange(int4range(cover.from_mm, cover.to_mm)) as ranges
    from (select distinct duty_id, target_id from required) as required
    cross join lateral (
        select source_id, from_mm, to_mm from cover
        where cover.target_id = required.target_id and cover.duty_id = required.duty_id
        offset 0
    ) as cover
    join claim on claim.source_id = cover.source_id and claim.duty_id is not null
    left join duty_zone on duty_zone.id = claim.id
),
cut as (
    select duty_id, target_id, valid_from as day from required
    union select duty_id, target_id, valid_to from required
    union select duty_id, target_id, valid_from from claimed
    union select duty_id, target_id, valid_to from claimed
    union select duty_id, target_id, assignment.valid_from from claimed join assignment using (zone)
    union select duty_id, target_id, assignment.valid_to from claimed join assignment using (zone)
),
step as (
    select duty_id, target_id, day, lead(day) over (partition by duty_id, target_id order by day) as until from cut
),
answer as (
    select
        step.duty_id, step.target_id, step.day, step.until, required.area_id,
        multirange_length(range_agg(claimed.ranges)) - multirange_length(
            coalesce(range_agg(claimed.ranges) filter (where exists (
                select from assignment
                where assignment.zone = claimed.zone
                    and assignment.valid_from <= step.day and step.until <= assignment.valid_to
            )), '{}'::int4multirange)
        ) as vacant_mm
    from step
    join required on required.duty_id = step.duty_id and required.target_id = step.target_id
        and required.valid_from <= step.day and step.until <= required.valid_to
    join claimed on claimed.duty_id = step.duty_id and claimed.target_id = step.target_id
        and claimed.valid_from <= step.day and step.until <= claimed.valid_to
    group by step.duty_id, step.target_id, step.day, step.until, required.area_id
),
numbered as (
    select *, sum(begins) over (partition by duty_id, target_id order by day) as island
    from (
        select *, (
            lag(until) over line is distinct from day or lag(vacant_mm) over line is distinct from vacant_mm
        )::int as begins
        from answer
        window line as (partition by duty_id, target_id order by day)
    ) as marked
)
select duty_id, target_id, min(day) as valid_from, max(until) as valid_to, min(area_id) as area_id, vacant_mm
from numbered
where vacant_mm > 0
group by duty_id, target_id, island, vacant_mm
"""

LEDGER = """
with change as (
    select
        state.duty_id, state.area_id, edge.day, edge.sign * target.extent_mm as total_mm,
        edge.sign * state.covered_mm as covered_mm, edge.sign * state.overlap_mm as overlap_mm, 0 as vacant_mm
    from state
    join target on target.id = state.target_id
    cross join lateral (values (state.valid_from, 1), (state.valid_to, -1)) as edge (day, sign)
    union all
    select vacancy.duty_id, vacancy.area_id, edge.day, 0, 0, 0, edge.sign * vacancy.vacant_mm
    from vacancy
    cross join lateral (values (vacancy.valid_from, 1), (vacancy.valid_to, -1)) as edge (day, sign)
),
own as (
    select
        duty_id, area_id, day, sum(total_mm) as total_mm, sum(covered_mm) as covered_mm,
        sum(overlap_mm) as overlap_mm, sum(vacant_mm) as vacant_mm
    from change
    where day <> 'infinity' and (cast(:duties as int[]) is null or duty_id = any(:duties))
    group by duty_id, area_id, day
)
select
    duty_id, above.level, above.area_id, day, sum(total_mm) as total_mm, sum(covered_mm) as covered_mm,
    sum(overlap_mm) as overlap_mm, sum(vacant_mm) as vacant_mm
from own
left join area_tree on area_tree.id = own.area_id
cross join lateral (
    values ('own', own.area_id), ('community', community_id), ('office', office_id), ('all', null)
) as above (level, area_id)
group by duty_id, above.level, above.area_id, day
having sum(total_mm) <> 0 or sum(covered_mm) <> 0 or sum(overlap_mm) <> 0 or sum(vacant_mm) <> 0
order by 1, 2, 3, 4
"""

OF_SCOPE = """
(cast(:duties as int[]) is null or duty_id = any(:duties))
and (cast(:targets as int[]) is null or target_id = any(:targets))
"""

OF_SOURCES = """
cast(:duties as int[]) is null or source_id in (select source_id from claim where duty_id = any(:duties))
"""


def _cover(of: Mapping[str, str]) -> KeptTable:
    return KeptTable(
        table="cover",
        rows=f"({LISTS.format_map(of)}) union all ({SHAPES.format_map(of)})",
        scope=OF_SOURCES,
        key=("source_id", "target_id", "from_mm"),
        columns=("target_id", "source_id", "from_mm", "to_mm", "duty_id"),
    )


ANSWERS = (
    KeptTable(
        table="state",
        rows=STATES,
        scope=OF_SCOPE,
        key=("duty_id", "target_id", "valid_from"),
        columns=(
            *("duty_id", "target_id", "valid_from", "valid_to", "area_id"),
            *("covered_mm", "overlap_mm", "gap_max_mm", "gaps"),
        ),
    ),
    KeptTable(
        table="vacancy",
        rows=VACANCIES,
        scope=OF_SCOPE,
        key=("duty_id", "target_id", "valid_from"),
        columns=("duty_id", "target_id", "valid_from", "valid_to", "area_id", "vacant_mm"),
    ),
)

SUMS = (
    "delete from ledger where cast(:duties as int[]) is null or duty_id = any(:duties)",
    "insert into ledger (duty_id, level, area_id, day, total_mm, covered_mm, overlap_mm, vacant_mm) " + LEDGER,
)
"""The ledger sums up the answers; it has few rows, and some without an area."""


def write_cover(connection: Connection, source_ids: Iterable[int]) -> None:
    """Write the cover of new sources, lists and shapes."""
    _insert_cover(connection, sources=sorted(source_ids))


def write_cover_of_targets(connection: Connection, target_ids: Iterable[int]) -> None:
    """Write what the sources that are there cover of new targets."""
    _insert_cover(connection, targets=sorted(target_ids))


def _insert_cover(
    connection: Connection, *, sources: list[int] | None = None, targets: list[int] | None = None
) -> None:
    for rows in (COVER_OF_LISTS, COVER_OF_SHAPES):
        connection.execute(
            text(f"insert into cover (target_id, source_id, from_mm, to_mm, duty_id) {rows}"),
            {"sources": sources, "targets": targets},
        )


def rebuild_answers(
    connection: Connection, duty_ids: Iterable[int] | None = None, target_ids: Iterable[int] | None = None
) -> None:
    """Make state, vacancy and ledger again, of some duties and targets or of all.

    The planner's statistics are refreshed first: after a bulk change in the same transaction they know nothing of it,
    and the plan would be a hundred times slower.
    """
    connection.execute(text("select refresh_statistics()"))
    _make_answers(
        connection,
        {
            "duties": None if duty_ids is None else sorted(duty_ids),
            "targets": None if target_ids is None else sorted(target_ids),
        },
    )


def _make_answers(connection: Connection, values: Mapping[str, list[int] | None]) -> None:
    # The planner takes common table expressions for one row: it would loop over them, or read all cover by its index.
    with planned_without(connection, "nestloop", "mergejoin"):
        for statement in (*(kept.statement for kept in ANSWERS), *SUMS):
            connection.execute(text(statement), values)


def rebuild(connection: Connection) -> None:
    """Make cover and every kept answer again; the caller holds the locks of everything."""
    _make_cover(connection, OF_ALL)
    rebuild_answers(connection)
    rebuild_reached(connection)
    bump_duties(connection, connection.scalars(text("select id from duty")))


def rebuild_duty(connection: Connection, duty_id: int) -> None:
    """Make cover and kept answers of one duty again; the caller holds its lock and that of targets."""
    _make_cover(connection, OF_DUTIES, [duty_id])
    _make_answers(connection, {"duties": [duty_id], "targets": None})
    bump_duties(connection, [duty_id])


def _make_cover(connection: Connection, of: Mapping[str, str], duty_ids: list[int] | None = None) -> None:
    values = {"sources": None, "targets": None, "duties": duty_ids}
    connection.execute(text(_cover(of).statement), values)
