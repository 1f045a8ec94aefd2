"""What is kept of the cover follows from zones, targets, scopes and assignments."""

from __future__ import annotations

from geo_hygiene.coverage import reached, rebuild
from geo_hygiene.database import planned_without
from geo_hygiene.i18n import N_
from geo_hygiene.upkeep.checks.check import Check, Found, Ground, Question, rows

REBUILD = N_(
    "Run `geo-hygiene cover rebuild`: it makes all of them again from the zones' lists, targets and assignments."
)

NOTHING_CHOSEN = {"duties": None, "targets": None, "sources": None, "campaigns": None}
"""All duties, targets, sources and campaigns."""

STATES = """
select
    duty.code || ' · ' || target.kind || ' ' || target.uuid || ' · ' || state.valid_from as place,
    format(
        'covered %s, overlap %s, gaps %s, longest %s, area %s',
        covered_mm, overlap_mm, state.gaps, gap_max_mm, state.area_id
    ) as found,
    format('covered and gaps make %s together, area %s', target.extent_mm, target.area_id) as expected
from state
join target on target.id = state.target_id
left join duty on duty.id = state.duty_id
where covered_mm + multirange_length(gaps) <> target.extent_mm
    or overlap_mm not between 0 and covered_mm
    or gap_max_mm <> (select coalesce(max(upper(gap) - lower(gap)), 0) from unnest(gaps) as gap)
    or state.area_id is distinct from target.area_id
union all
select
    duty.code || ' · ' || target.kind || ' ' || target.uuid || ' · ' || vacancy.valid_from,
    format('vacant %s, area %s', vacant_mm, vacancy.area_id),
    format('vacant 1 to %s, area %s', target.extent_mm, target.area_id)
from vacancy
join target on target.id = vacancy.target_id
left join duty on duty.id = vacancy.duty_id
where vacant_mm not between 1 and target.extent_mm or vacancy.area_id is distinct from target.area_id
"""

PERIODS = """
select
    duty.code || ' · ' || target.kind || ' ' || target.uuid as place,
    coalesce(kept.days::text, '–') || case when kept.is_doubled then ' (twice)' else '' end as found,
    coalesce(required.days::text, '–') as expected
from (
    select duty_id, target_id, range_agg(daterange(valid_from, valid_to)) as days
    from duty_target where valid_from < valid_to group by duty_id, target_id
) as required
full join (
    select duty_id, target_id, range_agg(daterange(valid_from, valid_to)) as days, bool_or(meets) as is_doubled
    from (
        select *, lag(valid_to) over (partition by duty_id, target_id order by valid_from) > valid_from as meets
        from state
    ) as line
    group by duty_id, target_id
) as kept using (duty_id, target_id)
left join duty on duty.id = duty_id
left join target on target.id = target_id
where kept.days is distinct from required.days or kept.is_doubled
"""

LEDGER = f"""
select
    coalesce(duty.code, duty_id::text) || ' · ' || coalesce(area.code, area.name, '–') || ' · ' || day
        as place,
    format('%s / %s / %s / %s', kept.total_mm, kept.covered_mm, kept.overlap_mm, kept.vacant_mm) as found,
    format('%s / %s / %s / %s', made.total_mm, made.covered_mm, made.overlap_mm, made.vacant_mm) as expected
from (select *, coalesce(area_id, 0) as area_key from ledger) as kept
full join (select *, coalesce(area_id, 0) as area_key from ({rebuild.LEDGER}) as summed) as made
    using (duty_id, level, area_key, day)
left join duty on duty.id = duty_id
left join area on area.id = area_key
where (kept.total_mm, kept.covered_mm, kept.overlap_mm, kept.vacant_mm)
    is distinct from (made.total_mm, made.covered_mm, made.overlap_mm, made.vacant_mm)
"""  # noqa: S608 - constants

COVER = """
select
    target.kind || ' ' || target.uuid || ' · ' || coalesce(zone.code, 'source ' || source_id) as place,
    from_mm || ' – ' || kept.to_mm as found,
    from_mm || ' – ' || made.to_mm as expected
from (
    select cover.* from cover join claim_source on claim_source.id = cover.source_id where basis = '{basis}'
) as kept
full join ({made}) as made using (target_id, source_id, from_mm)
left join target on target.id = target_id
left join lateral (
    select duty_zone.code from claim join duty_zone using (id) where claim.source_id = source_id limit 1
) as zone on true
where kept.to_mm is distinct from made.to_mm
    or (
        kept.duty_id is distinct from made.duty_id
        and exists (select from claim where claim.source_id = kept.source_id)
    )
"""
"""A list that was replaced is nobody's, and keeps the duty that it had."""

REBUILT_STATES = f"""
with made as materialized ({rebuild.STATES})
select
    duty.code || ' · ' || target.kind || ' ' || target.uuid || ' · ' || coalesce(kept.valid_from, made.valid_from)
        as place,
    format('%s: %s, %s, %s', kept.valid_to, kept.covered_mm, kept.overlap_mm, kept.gaps) as found,
    format('%s: %s, %s, %s', made.valid_to, made.covered_mm, made.overlap_mm, made.gaps) as expected
from state as kept
full join made using (duty_id, target_id, valid_from)
left join duty on duty.id = duty_id
left join target on target.id = target_id
where (kept.valid_to, kept.area_id, kept.covered_mm, kept.overlap_mm, kept.gap_max_mm, kept.gaps)
    is distinct from (made.valid_to, made.area_id, made.covered_mm, made.overlap_mm, made.gap_max_mm, made.gaps)
"""  # noqa: S608 - constants

REBUILT_VACANCIES = f"""
with made as materialized ({rebuild.VACANCIES})
select
    duty.code || ' · ' || target.kind || ' ' || target.uuid || ' · ' || coalesce(kept.valid_from, made.valid_from)
        as place,
    format('%s: %s', kept.valid_to, kept.vacant_mm) as found,
    format('%s: %s', made.valid_to, made.vacant_mm) as expected
from vacancy as kept
full join made using (duty_id, target_id, valid_from)
left join duty on duty.id = duty_id
left join target on target.id = target_id
where (kept.valid_to, kept.area_id, kept.vacant_mm) is distinct from (made.valid_to, made.area_id, made.vacant_mm)
"""  # noqa: S608 - constants


REACHED_SUMS = f"""
select
    coalesce(campaign.code, campaign_id::text) || ' · ' || coalesce(area.code, area.name, '–') || ' · ' || day || ' · '
        || kind || ' · ' || result as place,
    kept.change_mm::text as found, made.change_mm::text as expected
from (select *, coalesce(area_id, 0) as area_key from reached_sum) as kept
full join (select *, coalesce(area_id, 0) as area_key from ({reached.ALL_SUMS}) as summed) as made
    using (campaign_id, level, area_key, kind, day, result, seen_on)
left join campaign on campaign.id = campaign_id
left join area on area.id = area_key
where kept.change_mm is distinct from made.change_mm
"""  # noqa: S608 - constants

REBUILT_REACHED = f"""
with made as materialized ({reached.ALL_CHANGES})
select
    coalesce(campaign.code, campaign_id::text) || ' · ' || target.kind || ' ' || target.uuid || ' · ' || day || ' · '
        || result as place,
    format('%s, area %s', kept.change_mm, kept.area_id) as found,
    format('%s, area %s', made.change_mm, made.area_id) as expected
from reached as kept
full join made using (campaign_id, target_id, day, result, seen_on)
left join campaign on campaign.id = campaign_id
left join target on target.id = target_id
where (kept.change_mm, kept.area_id) is distinct from (made.change_mm, made.area_id)
"""  # noqa: S608 - constants


def _set_based(question: Question) -> Question:
    """Ask as a rebuild does, whose plans would otherwise loop over common table expressions."""

    def find(ground: Ground) -> Found:
        with planned_without(ground.connection, "nestloop"):
            return question(ground)

    return find


CHECKS = (
    Check(
        "cover-of-lists",
        N_("What zones and work cover is what their lists say"),
        REBUILD,
        rows(COVER.format(basis="list", made=rebuild.COVER_OF_LISTS), **NOTHING_CHOSEN),
    ),
    Check(
        "states",
        N_("Covered and open metres of each target make its length, on every day"),
        REBUILD,
        rows(STATES),
    ),
    Check(
        "state-periods",
        N_("Each duty has an answer for each of its targets on each of their days"),
        REBUILD,
        rows(PERIODS),
    ),
    Check(
        "ledger",
        N_("The sums by area and day are those of the single targets"),
        REBUILD,
        rows(LEDGER, **NOTHING_CHOSEN),
    ),
    Check(
        "reached-sums",
        N_("The sums of campaigns by area and day are those of the single targets"),
        REBUILD,
        rows(REACHED_SUMS, **NOTHING_CHOSEN),
    ),
    Check(
        "cover-of-shapes",
        N_("What shapes cover is what they cut out of the lanes, drains and tanks"),
        REBUILD,
        rows(COVER.format(basis="shape", made=rebuild.COVER_OF_SHAPES), **NOTHING_CHOSEN),
        is_thorough=True,
    ),
    Check(
        "states-rebuilt",
        N_("What is kept as covered, open and doubled is what comes out when it is worked out again"),
        REBUILD,
        _set_based(rows(REBUILT_STATES, **NOTHING_CHOSEN)),
        is_thorough=True,
    ),
    Check(
        "vacancies-rebuilt",
        N_("What is kept as held by nobody is what comes out when it is worked out again"),
        REBUILD,
        _set_based(rows(REBUILT_VACANCIES, **NOTHING_CHOSEN)),
        is_thorough=True,
    ),
    Check(
        "reached-rebuilt",
        N_("What is kept of what campaigns found and treated is what comes out when it is worked out again"),
        REBUILD,
        _set_based(rows(REBUILT_REACHED, **NOTHING_CHOSEN)),
        is_thorough=True,
    ),
)
