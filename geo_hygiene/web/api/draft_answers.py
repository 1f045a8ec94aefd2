"""The declared form of answers about drafts and plans."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

from geo_hygiene.web.api.answer_models import Answer, CoverAnswer, Figures, Makes, Unit, ZoneStretch


class Draft(Answer):
    """A draft; ``on`` is the day over whose zones it is drawn."""

    id: UUID
    name: str
    duty: str
    on: date
    maker: str
    began_at: datetime
    published_from: date | None
    version: int


class DraftZone(Answer):
    """A zone that is otherwise in a draft; ``holders`` are null where it is held as before."""

    code: str
    name: str | None
    shift: str
    ends: bool
    holders: list[str] | None
    base: UUID | None
    base_version: int | None
    picture: dict[str, Any] | None
    segments: list[ZoneStretch]


class DraftAnswer(Draft):
    """A draft with the zones that differ; its ETag is its version."""

    zones: list[DraftZone]


class Discarded(Answer):
    """A draft that is deleted."""

    id: UUID
    name: str


class DraftsAnswer(Answer):
    """Drafts, the newest first."""

    drafts: list[Draft]


class Conflict(Answer):
    """RFC 9457."""

    type: str
    title: str
    status: int
    detail: str
    request: str
    errors: list[dict[str, Any]]


class DraftConflict(Conflict):
    """Somebody else changed the draft; ``current`` is what it is now."""

    current: DraftAnswer
    yours: dict[str, Any]


class ChangedZone(Answer):
    """How a zone of the plan differs from the one that a draft was drawn over: changed, ended, made.

    A zone that the draft leaves as it is, and that was given ground of the draft since, overlaps.
    """

    zone: str
    change: str


class EndedTarget(Answer):
    """A target of a draft that is not there any more; what began in its place has taken over its stretches."""

    segment: UUID
    day: date
    zones: list[str]


class BegunTarget(Answer):
    """A target that came since."""

    segment: UUID
    day: date | None


class ChangesAnswer(Answer):
    """What changed under a draft, the first of each kind; who publishes it says by ``seen`` that it was looked at."""

    zones: list[ChangedZone]
    ended: list[EndedTarget]
    begun: list[BegunTarget]
    zones_in_all: int
    ended_in_all: int
    begun_in_all: int
    seen: str | None


class UnseenChanges(Conflict):
    """What changed must be looked at first."""

    changes: ChangesAnswer


class Changed(Answer):
    """The figures of the targets that a draft changes."""

    before: Figures
    after: Figures
    makes: Makes


class DraftCoverAnswer(CoverAnswer):
    """The figures of a day with a draft, and of the targets that it changes."""

    changed: Changed


class DraftPiece(Answer):
    """Part of a target that has one state with a draft."""

    segment: UUID
    state: str
    zones: list[str]
    from_m: float
    to_m: float
    tint: int | None


class DraftPieceFeature(Answer):
    """A piece as a GeoJSON feature."""

    type: Literal["Feature"]
    geometry: dict[str, Any]
    properties: DraftPiece


class DraftPiecesAnswer(Answer):
    """The targets that a draft touches, in pieces: they stand in the place of what is published."""

    type: Literal["FeatureCollection"]
    features: list[DraftPieceFeature]


class ComparedPlan(Figures):
    """One of two plans."""

    on: date
    plan: str


class Compared(Answer):
    """Metres or counts that somebody holds in two plans, what is gained and lost between them, and minutes a day.

    Minutes before, and those lost, are by the work model of the first day; those after, and those gained, by that of
    the second.
    """

    before: float
    after: float
    gains: float
    loses: float
    before_min: float
    after_min: float
    gains_min: float
    loses_min: float


class ComparedPerson(Compared):
    """Somebody who holds zones."""

    code: str
    name: str


class ComparedZone(Compared):
    """A zone."""

    code: str


class CompareAnswer(Answer):
    """Two plans by difference; ``moved`` is the ground whose holders are others, counted once."""

    duty: str
    unit: Unit
    workload_unit: str
    first: ComparedPlan
    second: ComparedPlan
    moved: float
    moved_min: float
    moved_targets: int
    people: list[ComparedPerson]
    zones: list[ComparedZone]
