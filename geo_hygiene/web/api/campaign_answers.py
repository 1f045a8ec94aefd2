"""The declared form of the answers about campaigns."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal
from uuid import UUID

from pydantic import Field

from geo_hygiene.web.api.answer_models import Answer, Box, CoverOfTarget, Link, Place, Unit

Reason = Literal["refused", "locked", "unfit", "excluded"]
PieceState = Literal["treated", "not-treated", "not-visited", "old"]


class Campaign(Answer):
    """A campaign; ``to`` is the day after its last, ``shown_on`` the day that is meant where none is asked for."""

    id: UUID
    code: str
    title: str
    pest: Literal["rodent", "mosquito", "fly", "cockroach", "none"]
    season: str | None
    begin: date = Field(alias="from")
    end: date = Field(alias="to")
    kinds: list[str]
    limit_days: int | None
    status: Literal["planned", "running", "ended"]
    shown_on: date


class CampaignsAnswer(Answer):
    """The campaigns, the newest first."""

    on: date
    campaigns: list[Campaign]


class NotTreated(Answer):
    """What was found and not treated, by its reason."""

    refused: float
    locked: float
    unfit: float
    excluded: float


class Age(Answer):
    """Days since what was found was last seen.

    ``over_limit`` was seen too long ago, and ``treated_over_limit`` is what of it was treated: ``treated`` is that and
    ``states.treated``.
    """

    median: int | None
    over_limit: float
    treated_over_limit: float


class States(Answer):
    """Everything on the ground by its state, as the map shows it."""

    treated: float
    not_treated: float = Field(alias="not-treated")
    not_visited: float = Field(alias="not-visited")
    old: float


class KindFigures(Answer):
    """One kind of target in metres to 0.001, or counts; a ratio of nothing is null."""

    kind: str
    unit: Unit
    on_ground: float
    found: float
    treated: float
    found_coverage: float | None
    treatment_coverage: float | None
    effectiveness: float | None
    not_treated: NotTreated
    not_visited: float
    age_days: Age
    states: States


class AreaFigures(Answer):
    """The kinds of one area; no code is what lies in none."""

    code: str | None
    name: str | None
    kinds: list[KindFigures]


class Goals(Answer):
    """Found coverage from which an area counts as visited, effectiveness from which it counts as treated well."""

    visited: float
    treated: float


class CampaignCoverAnswer(Answer):
    """What of a campaign's targets was found and treated up to a day; ``next`` is the ``after`` of the next page."""

    campaign: str
    on: date
    kinds: list[KindFigures]
    by_level: Literal["office", "community", "group"] | None
    by: list[AreaFigures]
    next: str | None
    goals: Goals


class Gap(Answer):
    """A part of a target in one state; ``day`` is when it was last seen, the lanes are those that meet its ends."""

    segment: UUID
    kind: str
    code: str | None
    name: str | None
    lane: str | None
    lane_code: str | None
    from_lane: str | None
    to_lane: str | None
    from_m: float
    to_m: float
    length_m: float
    unit: Unit
    state: PieceState
    reason: Reason | None
    day: date | None
    days: int | None
    office: str | None
    community: str | None
    community_name: str | None
    group: str | None
    group_name: str | None
    center: Place
    bbox: Box


class CampaignGapsAnswer(Answer):
    """What a campaign did not treat; ``next`` is the ``after`` of the next page.

    ``total`` counts all pages, and is missing of a long list, of which only what a page shows is looked at.
    """

    campaign: str
    on: date
    total: int | None
    gaps: list[Gap]
    next: str | None


class KindOfDay(Answer):
    """What was found and treated for the first time."""

    kind: str
    unit: Unit
    found: float
    treated: float


class CampaignDay(Answer):
    """One day of a campaign."""

    day: date
    treatments: int
    kinds: list[KindOfDay]


class CampaignDaysAnswer(Answer):
    """A campaign day by day; ``to`` is the day after its last."""

    campaign: str
    on: date
    begin: date = Field(alias="from")
    end: date = Field(alias="to")
    days: list[CampaignDay]


class TreatmentFacts(Answer):
    """What a treatment says beside its place."""

    id: UUID
    external_id: str | None
    day: date
    done_at: datetime
    method: str | None
    product: str | None
    amount: float | None
    unit: str | None
    team: str | None
    result: Literal["done", "refused", "locked", "unfit", "excluded"]


class Treatment(TreatmentFacts):
    """One place that a team came to, once."""

    center: Place | None
    bbox: Box | None


class TreatmentsAnswer(Answer):
    """Treatments up to a day, the newest first; ``next`` is the ``after`` of the next page."""

    campaign: str
    on: date
    total: int
    treatments: list[Treatment]
    next: UUID | None


class TreatmentHere(TreatmentFacts):
    """A treatment where it meets a target."""

    from_m: float
    to_m: float


class PieceHere(Answer):
    """A part of a target in one state."""

    from_m: float
    to_m: float
    state: PieceState
    reason: Reason | None
    day: date | None
    days: int | None


class CampaignTargetAnswer(Answer):
    """A target, who looks after it, who answers for its ground, and what a campaign did on it."""

    id: UUID
    code: str | None
    kind: str
    name: str | None
    category: str | None
    lane: str | None
    lane_code: str | None
    length_m: float | None
    community: str | None
    community_name: str | None
    group: str | None
    group_name: str | None
    valid_from: date | None
    valid_to: date | None
    center: Place
    bbox: Box
    on: date
    above: list[Link]
    cover: list[CoverOfTarget]
    campaign: str
    in_scope: bool
    pieces: list[PieceHere]
    treatments: list[TreatmentHere]
