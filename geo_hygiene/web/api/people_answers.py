"""The form of answers about people and those who hold zones."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from geo_hygiene.web.api.answer_models import Answer, PersonAnswer, PostHeld, Unit


class ZoneOfPerson(Answer):
    """A zone that somebody holds on a day."""

    code: str
    name: str | None
    duty: str
    shift: str
    length_m: float
    stands_in_for: str | None


class PersonRow(Answer):
    """A person in a list; the telephone is masked."""

    id: UUID
    code: str
    name: str
    role: str
    employment: str | None
    phone: str | None
    left_on: date | None
    version: int
    community: str | None
    community_name: str | None
    posts: list[PostHeld]
    zones: list[ZoneOfPerson]
    length_m: float


class PeopleAnswer(Answer):
    """A page of people, and how many there are in all."""

    on: date
    people: list[PersonRow]
    total: int


class HolderNow(Answer):
    """Who holds a zone on a day; ``to`` is the day before which it ends."""

    code: str
    name: str
    shift: str
    to: date | None
    stands_in_for: str | None
    stands_in_for_name: str | None


class ZoneRow(Answer):
    """A zone with its holders."""

    id: UUID
    code: str
    name: str | None
    duty: str
    unit: Unit
    shift: str
    version: int
    length_m: float
    targets: int
    community_name: str | None
    holders: list[HolderNow]


class HoldersAnswer(Answer):
    """A page of zones, and how many there are in all."""

    on: date
    zones: list[ZoneRow]
    total: int


class Answerer(Answer):
    """Who answers for an area, and the code of the area of the post."""

    code: str
    name: str
    area: str


class DutyLeft(Answer):
    """What is vacant and what is nobody's of a duty."""

    duty: str
    unit: Unit
    vacant: float
    gap: float


class ChainRow(Answer):
    """Who answers for an area at every level; ``groups_without`` have no cadre."""

    code: str
    name: str | None
    level: str
    community: str | None
    community_name: str | None
    office: str | None
    office_name: str | None
    leader: Answerer | None
    cadre: Answerer | None
    group_cadre: Answerer | None
    groups_without: int
    is_broken: bool
    duties: list[DutyLeft]


class ChainsAnswer(Answer):
    """A page of areas, and how many there are in all."""

    on: date
    areas: list[ChainRow]
    total: int


class HoldingTold(Answer):
    """Who holds a zone when; nothing where it has no beginning or no end."""

    person: str
    shift: str
    valid_from: date | None
    valid_to: date | None
    stands_in_for: str | None


class ZoneTold(Answer):
    """A zone with all who held, hold and will hold it."""

    code: str
    holders: list[HoldingTold]


class Vacant(Answer):
    """What was vacant of the ground of these zones on the day, and what is now, by duty in metres or counts."""

    before: dict[str, float]
    after: dict[str, float]


class ActAnswer(Answer):
    """What was done: the person as he or she is now, the zones, what it makes, and what somebody should know."""

    person: PersonAnswer | None
    on: date | None
    zones: list[ZoneTold]
    vacant: Vacant
    remarks: list[str]


class PersonConflict(Answer):
    """RFC 9457: somebody else changed it; ``current`` is what it is now, ``yours`` what you sent."""

    type: str
    title: str
    status: int
    detail: str
    request: str
    errors: list[dict[str, Any]]
    current: dict[str, Any]
    yours: dict[str, Any]
