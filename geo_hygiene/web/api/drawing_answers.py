"""The declared form of answers about zones that are drawn."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from geo_hygiene.web.api.answer_models import Answer, Figures, Makes, Unit


class ShownStretch(Answer):
    """A stretch with what its segment is called, how long that is, and its own shape."""

    segment: UUID
    code: str | None
    lane: str | None
    from_m: float
    to_m: float
    extent_m: float
    geometry: dict[str, Any]


class BorderLane(Answer):
    """A segment along the edge of a drawing, which somebody must decide on; ``zones`` hold it now."""

    segment: UUID
    lane: str | None
    zones: list[str]


class LeftList(Answer):
    """What nobody would hold any more."""

    amount: float
    segments: list[ShownStretch]


class SharedList(LeftList):
    """What another zone holds too, in the same shift."""

    zone: str


class PreviewAnswer(Answer):
    """What a zone would hold, and the figures of the targets that it touches, as they are with it as in the plan.

    Minutes are those of a day by the work model. Residents are those of the groups, spread evenly along what the duty
    looks after there; a tank belongs to the nearest street.
    """

    duty: str
    on: date
    unit: Unit
    amount: float
    targets: int
    minutes: float | None
    residents: float | None
    tanks: int | None
    segments: list[ShownStretch]
    border: list[BorderLane]
    shared: list[SharedList]
    left: LeftList
    before: Figures
    after: Figures
    makes: Makes


class Part(LeftList):
    """A list with the polygon that is shown for it."""

    picture: dict[str, Any] | None


class PartsAnswer(Answer):
    """The parts of a list, the largest first, or several as one."""

    parts: list[Part]


class TargetAround(Answer):
    """A target with its shape."""

    id: UUID
    geometry: dict[str, Any]


class ZoneAround(Answer):
    """A zone with its picture."""

    code: str
    geometry: dict[str, Any]


class AroundAnswer(Answer):
    """What a drawing may follow; not ``whole`` where there is more than is told."""

    targets: list[TargetAround]
    zones: list[ZoneAround]
    whole: bool
