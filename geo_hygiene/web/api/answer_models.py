"""The declared form of every JSON answer: what the description of the API says and the tests hold answers to."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

Unit = Literal["m", "count"]
Place = tuple[float, float]
"""Longitude, latitude (EPSG:4326)."""
Box = tuple[float, float, float, float]
"""West, south, east, north (EPSG:4326)."""


class Answer(BaseModel):
    """Base of all answers: nothing but what is declared."""

    model_config = ConfigDict(extra="forbid")


class Figures(Answer):
    """Metres to 0.001, or counts; covered + gap = total, vacant and overlap are parts of covered."""

    total: float
    covered: float
    vacant: float
    gap: float
    overlap: float


class FiguresOf(Figures):
    """The figures of one area, lane or person; no code is what belongs to none."""

    code: str | None
    name: str | None


class OutsideScope(Answer):
    """What a zone claims although the duty need not cover it."""

    zone: str | None
    targets: int
    extent: float


class CoverAnswer(Figures):
    """How a duty is covered on a day; ``next`` is the ``after`` of the next page where a limit is set."""

    duty: str
    kind: str
    unit: Unit
    on: date
    plan: str
    by_level: str | None
    by: list[FiguresOf]
    next: str | None
    outside_scope: list[OutsideScope]


class Named(Answer):
    """Somebody or something with a code, and a name where it has one."""

    code: str
    name: str | None


class Stretch(Answer):
    """A part of a target from metre to metre, of one state; ``in_zones`` and ``held_by`` name them."""

    segment: UUID
    kind: str
    code: str | None
    name: str | None
    lane: str | None
    lane_code: str | None
    from_m: float
    to_m: float
    length_m: float
    state: Literal["gap", "overlap", "vacant", "covered"]
    zones: list[str]
    in_zones: list[Named]
    holders: list[str]
    held_by: list[Named]
    community: str | None
    community_name: str | None
    group: str | None
    group_name: str | None
    center: Place
    bbox: Box


class StretchOfSegment(Stretch):
    """A stretch and the lanes or drains that meet its segment at its start and end."""

    from_lane: str | None
    to_lane: str | None


class GapsAnswer(Answer):
    """What nobody covers, longest first; ``next`` is the ``after`` of the next page, ``total`` stands on the first."""

    duty: str
    on: date
    total: int | None
    gaps: list[StretchOfSegment]
    next: str | None


class PiecesAnswer(Answer):
    """Targets in pieces of one state; ``next`` is the ``after`` of the next page."""

    duty: str
    on: date
    pieces: list[Stretch]
    next: str | None


class StretchAlong(Stretch):
    """A stretch where it lies on its lane; ``start`` and ``end`` are lanes that meet it there."""

    section: int
    along_from_m: float
    along_to_m: float
    start: str | None
    end: str | None


class AlongAnswer(Figures):
    """A lane or drain from one end to the other; a new ``section`` does not follow from the one before."""

    duty: str
    on: date
    id: UUID
    code: str | None
    name: str | None
    category: str | None
    pieces: list[StretchAlong]


class Link(Answer):
    """One person of a chain; no code when the post is vacant."""

    role: str
    code: str | None
    name: str | None
    stands_in_for: Named | None = None


class CoverOfTarget(Answer):
    """Who looks after a stretch of a target, from the leader down."""

    duty: str
    from_m: float
    to_m: float
    zone: str | None
    zone_name: str | None
    shift: str
    since: date | None
    chain: list[Link]


class Piece(Answer):
    """A part of a target in one state of one duty."""

    duty: str
    state: Literal["gap", "overlap", "vacant", "covered"]
    from_m: float
    to_m: float
    zones: list[str]


class TargetAnswer(Answer):
    """A target and who looks after it on a day; ``above`` answer for the ground, also where nobody holds it."""

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
    pieces: list[Piece]


class Zone(Answer):
    """A duty zone with the holders and metres of a day; ``holders`` are the codes of ``held_by``."""

    id: UUID
    code: str
    name: str | None
    duty: str
    shift: str
    basis: Literal["list", "shape"]
    plan: str
    valid_from: date | None
    valid_to: date | None
    version: int
    holders: list[str]
    held_by: list[Named]
    length_m: float
    targets: int
    tint: int


class ZonesAnswer(Answer):
    """Zones by code; ``next`` is the ``after`` of the next page."""

    zones: list[Zone]
    next: str | None


class ZoneStretch(Answer):
    """A stretch of a zone's list."""

    segment: UUID
    from_m: float
    to_m: float


class ZoneProperties(Zone):
    """A zone with its stretches; ``above`` answer for the ground on which most of it lies.

    ``minutes`` are those of a day by the work model; residents and tanks are those along its streets.
    """

    above: list[Link]
    minutes: float | None
    residents: float | None
    tanks: int | None
    segments: list[ZoneStretch]


class ZoneFeature(Answer):
    """A zone as a GeoJSON feature; its polygon is the picture of its list."""

    type: Literal["Feature"]
    id: UUID
    geometry: dict[str, Any] | None
    properties: ZoneProperties


class Makes(Answer):
    """By how much a change makes figures larger; negative: smaller."""

    covered: float
    gap: float
    overlap: float
    vacant: float


class ZonesChanged(Answer):
    """The zones after a change; figures are those of the targets that it touches, on the day from which it holds."""

    duty: str
    on: date
    zones: list[ZoneFeature]
    before: Figures
    after: Figures
    makes: Makes


class FormerVersion(Answer):
    """What a zone was ``until`` an instant."""

    version: int
    until: datetime
    name: str | None
    shift: str
    valid_from: date | None
    valid_to: date | None


class HistoryAnswer(Answer):
    """Former versions of a zone, the newest first."""

    versions: list[FormerVersion]


class ZoneConflict(Answer):
    """RFC 9457: somebody else changed the zone; ``current`` is what it is now, ``yours`` what you sent."""

    type: str
    title: str
    status: int
    detail: str
    request: str
    errors: list[dict[str, Any]]
    current: ZoneFeature
    yours: dict[str, Any]


class PostHeld(Answer):
    """An area for which a person answers."""

    role: str
    code: str | None
    name: str | None
    level: str


class ZoneHeld(Answer):
    """A zone that a person holds."""

    code: str
    name: str | None
    duty: str
    shift: str
    since: date | None
    length_m: float
    targets: int
    stands_in_for: str | None


class PersonAnswer(Answer):
    """A person with posts and zones of a day; the telephone is masked."""

    id: UUID
    code: str
    name: str
    role: str
    employment: str | None
    left_on: date | None
    version: int
    phone: str | None
    community: str | None
    community_name: str | None
    above: list[Link]
    posts: list[PostHeld]
    zones: list[ZoneHeld]


class AreaAnswer(Figures):
    """An area, who answers for it, and the areas that it is made of; figures are those of one duty."""

    id: UUID
    code: str | None
    name: str | None
    level: str
    zone_class: str | None
    population: int | None
    parent: str | None
    parent_name: str | None
    parent_level: str | None
    bbox: Box
    duty: str
    unit: Unit
    on: date
    above: list[Link]
    parts: list[FiguresOf]


class Found(Answer):
    """Something that a search found; ``zones`` are those it is in or holds."""

    type: str
    id: UUID
    code: str | None
    name: str | None
    kind: str | None
    detail: str
    zones: list[str]
    center: Place | None
    bbox: Box | None


class SearchAnswer(Answer):
    """What fits a text, best first, a few of each kind; ``more`` is how many others fit."""

    results: list[Found]
    more: int


class Choice(Answer):
    """One allowed value of a field."""

    value: str
    title: str


class LayerField(Answer):
    """A field of a layer, as files and tiles name it."""

    name: str
    title: str
    type: str
    unit: str | None
    aliases: list[str]
    required: bool
    choices: list[Choice]


class Layer(Answer):
    """A layer or table, and how many records it holds today."""

    key: str
    title: str
    geometry: Literal["point", "line", "polygon"] | None
    count: int | None = Field(description="Null for who may not see all of them")
    imports: bool = Field(alias="import")
    exports: bool = Field(alias="export")
    map: bool
    key_field: str
    fields: list[LayerField]


class LayersAnswer(Answer):
    """Every layer, in the order in which a town is loaded."""

    layers: list[Layer]


class JobAnswer(Answer):
    """Long work; ``result`` is there when it is done, ``reason`` when it came to none."""

    id: UUID
    kind: str
    state: Literal["waiting", "running", "done", "failed", "cancelled", "died"]
    step: str | None
    done: int | None
    total: int | None
    actor: str
    created_at: str
    began_at: str | None
    ended_at: str | None
    cancel_asked: bool
    reason: str | None
    result: dict[str, Any] | None


class AskedProposal(Answer):
    """The duty, day and number of zones of a proposal."""

    duty: str
    on: date
    count: int


class ProposalJob(JobAnswer):
    """A proposal that somebody asked for."""

    asked: AskedProposal


class ProposalsAnswer(Answer):
    """Proposals, the newest first."""

    jobs: list[ProposalJob]


class UploadAnswer(Answer):
    """A file that waits for its import."""

    upload: UUID
    name: str
