"""The declared form of the answers about tanks, streets and drains that are changed by hand."""

from __future__ import annotations

from datetime import date
from typing import Any, Literal
from uuid import UUID

from geo_hygiene.web.api.answer_models import Answer, Figures, Unit


class AssetProperties(Answer):
    """What is said of a target; ``fields`` by the names that its layer declares."""

    kind: str
    code: str | None
    version: int
    valid_from: date | None
    valid_to: date | None
    length_m: float | None
    area: str | None
    fields: dict[str, Any]
    parents: list[UUID]
    children: list[UUID]


class AssetFeature(Answer):
    """A target as a GeoJSON feature."""

    type: Literal["Feature"]
    id: UUID
    geometry: dict[str, Any]
    properties: AssetProperties


class AssetsAround(Answer):
    """Targets in a part of the map; not ``whole`` where there are more."""

    type: Literal["FeatureCollection"]
    features: list[AssetFeature]
    whole: bool


class DutyMakes(Answer):
    """By how much a change makes figures larger; negative: smaller."""

    total: float
    covered: float
    gap: float
    overlap: float
    vacant: float


class DutyChanged(Answer):
    """The figures of a duty on the day of a change."""

    duty: str
    before: Figures
    after: Figures
    makes: DutyMakes


class HeldAnswer(Answer):
    """What a zone holds of what is there after the change."""

    duty: str
    zone: str
    amount: float


class LostAnswer(Answer):
    """A stretch that nothing takes over; without a zone it is work, which stays where it was done."""

    duty: str | None
    zone: str | None
    kind: str
    amount: float


class FindingAnswer(Answer):
    """What an import would say of it too."""

    level: str
    code: str
    message: str


class AssetsChanged(Answer):
    """What was done, or would be; ``change`` is the number under which it can be undone."""

    kind: str
    unit: Unit
    on: date
    stored: bool
    change: int | None
    targets: list[AssetFeature]
    ended: list[AssetFeature]
    duties: list[DutyChanged]
    held: list[HeldAnswer]
    lost: list[LostAnswer]
    findings: list[FindingAnswer]


class AssetConflict(Answer):
    """RFC 9457: somebody else changed it; ``current`` is what it is now, ``yours`` what you sent."""

    type: str
    title: str
    status: int
    detail: str
    request: str
    errors: list[dict[str, Any]]
    current: dict[str, Any]
    yours: dict[str, Any]


class GroupAnswer(Answer):
    """A lane or drain."""

    id: UUID
    kind: str
    code: str | None
    name: str | None
    category: str | None
    version: int


class GroupChanged(GroupAnswer):
    """A lane or drain after it was renamed."""

    change: int | None


class UndoneAnswer(Answer):
    """A change that was undone: how many records went, and how many are as they were."""

    change: int
    removed: int
    put_back: int
