"""The declared form of the answers about the work model and the work of people and zones."""

from __future__ import annotations

from datetime import date
from typing import Literal
from uuid import UUID

from geo_hygiene.web.api.answer_models import Answer, Unit


class Spread(Answer):
    """How minutes a day are spread; null where there is nobody."""

    count: int
    sum: float
    mean: float | None
    min: float | None
    lower_quartile: float | None
    median: float | None
    upper_quartile: float | None
    max: float | None
    max_over_mean: float | None


class CommunitySpread(Spread):
    """The same of those whose work is mostly in a community."""

    code: str | None


class Bin(Answer):
    """How many have so many minutes a day; ``published`` is how many they are without the draft."""

    from_min: float
    to_min: float
    count: int
    published: int | None


class Burden(Answer):
    """What a person, or whoever holds a zone, has to do in a day.

    ``amount`` is metres or places, ``amount_a_day`` the same as often as they are done; ``share`` is that of the
    working day.
    """

    code: str
    name: str | None
    employment: str | None
    community: str | None
    zones: list[str] | None = None
    holders: list[str] | None = None
    amount: float
    amount_a_day: float
    residents: float | None
    tanks: int | None
    minutes: float
    day_min: float | None
    share: float | None


class WorkloadAnswer(Answer):
    """How the work of a duty is spread on a day, whoever has most first; each who holds a zone has all of its work."""

    duty: str
    on: date
    plan: str
    by: Literal["person", "zone"]
    unit: Unit
    workload_unit: Literal["min"]
    vacant_min: float
    without_rule: int
    distribution: Spread
    published: Spread | None
    bins: list[Bin]
    by_community: list[CommunitySpread]
    rows: list[Burden]
    next: str | None


class Rule(Answer):
    """How long work takes and how often it is done; null is any other, and an open end."""

    id: UUID
    kind: str
    category: str | None
    zone_class: str | None
    width_from_m: float | None
    width_to_m: float | None
    minutes: float
    times: float
    days: int
    minutes_a_day: float
    valid_from: date | None
    valid_to: date | None
    version: int


class RulesAnswer(Answer):
    """The rules of a day; of several that speak of a target, the one that says most of it holds."""

    on: date
    rules: list[Rule]
