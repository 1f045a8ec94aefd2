"""Targets cut into pieces of one state each on one day.

The statements are made from constants; values are bound. A statement begins with a common table expression
``wanted (target_id)`` that says which targets are asked for.
"""

from __future__ import annotations

from sqlalchemy import bindparam, text
from sqlalchemy.sql.elements import TextClause

ASKED = """
asked as (
    select
        wanted.target_id, target.extent_mm, target.uuid, target.category, target.kind, target.area_id,
        target.geom, target.geom_3857,
        state.covered_mm, state.overlap_mm
    from wanted
    join target on target.id = wanted.target_id
    join state
        on state.duty_id = :duty_id and state.target_id = wanted.target_id
        and state.valid_from <= :on and :on < state.valid_to
),
"""

ACTIVE = """
active as (
    select
        asked.target_id, claim.id as claim_id, duty_zone.code as zone, duty_zone.tint,
        claim.shift, cover.from_mm, cover.to_mm,
        (
            select min(assignment.person_id) from assignment
            where assignment.zone = duty_zone.code and assignment.valid_from <= :on and :on < assignment.valid_to
        ) as holder
    from asked
    join cover on cover.target_id = asked.target_id and cover.duty_id = :duty_id
    join claim on claim.source_id = cover.source_id and claim.valid_from <= :on and :on < claim.valid_to
    left join duty_zone on duty_zone.id = claim.id
),
"""

CUT = """
bound as (
    select target_id, from_mm as position from active
    union select target_id, to_mm from active
    union select target_id, 0 from asked
    union select target_id, extent_mm from asked
),
slice as (
    select target_id, position as from_mm, lead(position) over (partition by target_id order by position) as to_mm
    from bound
),
held as (
    select
        slice.target_id, slice.from_mm, slice.to_mm,
        array_agg(distinct active.zone order by active.zone) filter (where active.zone is not null) as zones,
        min(active.holder) as holder,
        min(active.tint) as tint,
        case
            when count(active.claim_id) = 0 then 'gap'
            when count(distinct active.claim_id) filter (where active.shift in ('all-day', 'morning')) > 1
                or count(distinct active.claim_id) filter (where active.shift in ('all-day', 'afternoon')) > 1
                or count(distinct active.claim_id) filter (where active.shift in ('all-day', 'night')) > 1
                then 'overlap'
            when count(active.holder) = 0 then 'vacant'
            else 'covered'
        end as state
    from slice
    left join active
        on active.target_id = slice.target_id
        and active.from_mm <= slice.from_mm and slice.to_mm <= active.to_mm
    where slice.to_mm is not null
    group by slice.target_id, slice.from_mm, slice.to_mm
),
piece as (
    select
        asked.*, held.from_mm, held.to_mm, held.state, held.zones, held.holder, held.tint
    from held join asked using (target_id)
)
"""

ACTIVE_WITH_DRAFT = """
active as (
    select
        asked.target_id, claim.id as claim_id, duty_zone.code as zone, duty_zone.tint,
        claim.shift, cover.from_mm, cover.to_mm,
        (
            select min(assignment.person_id) from assignment
            where assignment.zone = duty_zone.code and assignment.valid_from <= :on and :on < assignment.valid_to
        ) as holder
    from asked
    join cover on cover.target_id = asked.target_id and cover.duty_id = :duty_id
    join claim on claim.source_id = cover.source_id and claim.valid_from <= :on and :on < claim.valid_to
    join duty_zone on duty_zone.id = claim.id
    where not exists (
        select from draft_zone where draft_zone.draft_id = :draft_id and draft_zone.code = duty_zone.code
    )
    union all
    select
        asked.target_id, -cover.source_id, draft_zone.code, draft_zone.tint, draft_zone.shift,
        cover.from_mm, cover.to_mm,
        case
            when draft_zone.person_ids is null then (
                select min(assignment.person_id) from assignment
                where assignment.zone = draft_zone.code
                    and assignment.valid_from <= :on and :on < assignment.valid_to
            )
            else (select min(person_id) from unnest(draft_zone.person_ids) as person_id)
        end
    from asked
    join cover on cover.target_id = asked.target_id
    join draft_zone on draft_zone.source_id = cover.source_id and draft_zone.draft_id = :draft_id
),
"""
"""The zones of a day as they are with a draft: those that differ there are told by it; their ids are no claims'."""

PIECES = f"{ASKED} {ACTIVE} {CUT}"
"""Ends in ``piece``: ``asked`` with from_mm, to_mm, state, zones (codes), holder (a person's id) and tint."""


DRAFTED = """
select cover.target_id
from draft_zone join cover using (source_id)
where draft_zone.draft_id = :draft_id
union
select cover.target_id
from draft_zone
join duty_zone using (code)
join claim on claim.id = duty_zone.id and claim.duty_id = :duty_id
    and claim.valid_from <= :on and :on < claim.valid_to
join cover on cover.source_id = claim.source_id
where draft_zone.draft_id = :draft_id
"""
"""The targets that the draft ``draft_id`` touches on a day: all that differ with it are among them."""

PIECES_WITH_DRAFT = f"{ASKED} {ACTIVE_WITH_DRAFT} {CUT}"
"""As :data:`PIECES` with the draft ``draft_id``."""


def pieces_statement(wanted: str, select: str) -> TextClause:
    """Return a statement over ``piece`` for the targets that ``wanted`` selects as ``target_id``.

    Both parts are constants of the program; what comes from a user is bound, besides ``duty_id`` and ``on``.
    """
    return text(f"with wanted as ({wanted}), {PIECES} {select}").bindparams(bindparam("duty_id"), bindparam("on"))


def draft_pieces_statement(wanted: str, select: str) -> TextClause:
    """Return as :func:`pieces_statement` one over the pieces that there are with a draft, bound as ``draft_id``."""
    return text(f"with wanted as ({wanted}), {PIECES_WITH_DRAFT} {select}").bindparams(
        bindparam("duty_id"), bindparam("on"), bindparam("draft_id")
    )
