"""The declared form of the answers about work on places."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal
from uuid import UUID

from pydantic import Field

from geo_hygiene.web.api.answer_models import Answer, Place

DueState = Literal["due", "soon", "never", "later"]


class WorkDone(Answer):
    """A piece of work; metres are along its lane or drain where it names one, else on its target."""

    id: UUID
    kind: str
    day: date
    done_at: datetime
    external_id: str | None
    target: UUID | None
    target_kind: str | None
    name: str | None
    tank: str | None
    from_m: float | None
    to_m: float | None
    group: str | None
    community: str | None
    disorder: str | None
    volume_m3: float | None
    pieces: int | None
    area_m2: float | None
    team: str | None
    truck: str | None
    note: str | None
    center: Place | None
    by_hand: bool = Field(description="Told by somebody, and not by a file")


class WorksAnswer(Answer):
    """Work, the newest first; ``total`` counts all pages, ``next`` is the ``after`` of the next one."""

    total: int
    works: list[WorkDone]
    next: UUID | None


class WorkSum(Answer):
    """How much was done of one kind of target: each stretch once, and as often as it was done."""

    kind: str
    unit: Literal["m", "count"]
    distinct: float
    plain: float


class WorkSumsAnswer(Answer):
    """What was done in a half-open period: pieces of work, and what they come to where somebody said it."""

    work: str
    begin: date = Field(alias="from")
    end: date = Field(alias="to")
    total: int
    sums: dict[str, float | None]
    kinds: list[WorkSum]


class DueSum(Answer):
    """Targets of one state; ``amount`` is what is to be done on them, in metres or counts."""

    targets: int
    amount: float
    volume_m3: float


class DueTarget(Answer):
    """A target that is due, or will be; ``never`` says that no work on it is on record."""

    id: UUID
    code: str | None
    name: str | None
    lane: str | None
    group: str | None
    group_name: str | None
    community: str | None
    community_name: str | None
    state: DueState
    last_on: date | None
    due_on: date | None
    days_overdue: int | None
    amount: float
    volume_m3: float | None
    center: Place


class DueAnswer(Answer):
    """What is due, the longest overdue first."""

    kind: str
    on: date
    unit: Literal["m", "count"]
    sums: dict[DueState, DueSum]
    targets: list[DueTarget]
    next: UUID | None


class Round(Answer):
    """A round of a truck: ids of targets in the order in which they are driven to."""

    number: int
    targets: list[UUID]
    volume_m3: float
    metres: float = Field(description="As the crow flies")
    is_over: bool = Field(description="Its one tank holds more than the truck")


class RoundsAnswer(Answer):
    """Rounds over what is due; ``left_over`` counts targets beyond those that one question takes."""

    kind: str
    on: date
    capacity_m3: float
    rounds: list[Round]
    targets: list[DueTarget]
    left_over: int


class WorkStored(Answer):
    """A piece of work that was told; ``is_new`` is false when it had been sent before."""

    id: UUID
    is_new: bool


class WorkTakenBack(Answer):
    """A piece of work that is no longer there."""

    id: UUID
