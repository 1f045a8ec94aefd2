"""The targets of a campaign on a day, cut into pieces of one state each.

A piece has one state, in this order: seen too long ago, treated, not treated with a reason, not visited. The statements
are made from constants; values are bound: ``campaign_id``, ``on``, and ``limit_days`` where a state is told.
"""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Any

from sqlalchemy.sql.elements import TextClause

from geo_hygiene.campaigns.catalogue import CampaignRecord
from geo_hygiene.coverage.work import work_statement

REASONS = ("refused", "locked", "unfit", "excluded")
"""Why what was found is not treated."""

TARGETS = """
select target_id from campaign_target
where campaign_id = :campaign_id and valid_from <= :on and :on < valid_to
"""

TREATMENTS = """
with found as materialized (
    select cover.target_id, cover.from_mm, cover.to_mm, claim.valid_from as day, claim.result
    from treatment
    join claim using (id)
    join cover using (source_id)
    where treatment.campaign_id = :campaign_id and claim.valid_from <= :on
)
select found.* from found join wanted using (target_id)
"""
"""What was found stands alone: a plan that expects one target would look up every target for every treatment."""

TREATMENTS_HERE = """
select cover.target_id, cover.from_mm, cover.to_mm, claim.valid_from as day, claim.result
from wanted
join cover using (target_id)
join claim on claim.source_id = cover.source_id and claim.valid_from <= :on
join treatment on treatment.id = claim.id and treatment.campaign_id = :campaign_id
"""
"""The same as :data:`TREATMENTS`, found from the targets: for questions about few of them."""

STATED = """,
stated as (
    select
        piece.*, :on - piece.day as days, GeometryType(piece.geom) <> 'POINTM' as is_line,
        case when piece.result <> 'done' then piece.result end as reason,
        case
            when piece.result is null then 'not-visited'
            when :on - piece.day > cast(:limit_days as int) then 'old'
            when piece.result = 'done' then 'treated'
            else 'not-treated'
        end as state
    from piece
)
"""
"""``piece`` with its state, the reason of what was not treated, and the days since it was last treated or found."""


class State(StrEnum):
    """What of a campaign's targets a piece is."""

    TREATED = "treated"
    NOT_TREATED = "not-treated"
    """Found, and not treated for a reason."""
    NOT_VISITED = "not-visited"
    OLD = "old"
    """Seen, but too long ago to say anything about today."""


def asked(campaign: CampaignRecord, on: date) -> dict[str, Any]:
    """Return the values that every statement about a campaign binds."""
    return {"campaign_id": campaign.id, "on": on, "limit_days": campaign.limit_days}


def subjects(campaign: CampaignRecord) -> set[str]:
    """Return the subjects whose data versions every answer about a campaign depends on."""
    return {"campaigns", "campaign-areas", "treatments", "areas", *campaign.kinds}


def stated_pieces(select: str, *, wanted: str = TARGETS, work: str = TREATMENTS) -> TextClause:
    """Return a statement over ``stated``; its parts are constants of the program."""
    return work_statement(wanted, work, f"{STATED} {select}")
