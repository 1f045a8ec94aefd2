"""What people know about health: the share of those asked, with its interval, and whether it rose."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from math import sqrt
from statistics import NormalDist
from uuid import UUID

from sqlalchemy import Connection, text

from geo_hygiene.works.asked import GROUND, Asked

CONFIDENCE = 0.95

SURVEYS = f"""
with {GROUND}
select distinct survey.held_on, survey.uuid, survey.area, survey.topic, survey.asked, survey.aware
from awareness_survey as survey
join place on place.code = survey.area and place.is_wanted
where survey.held_on >= :begin and survey.held_on < :end and (cast(:topic as text) is null or survey.topic = :topic)
order by survey.held_on, survey.area, survey.topic
"""  # noqa: S608 - constants

Interval = tuple[float, float]
"""From and to, at 95 % confidence."""


@dataclass(frozen=True)
class Share:
    """How many of those who were asked knew it.

    Attributes
    ----------
    records
        Ids of the surveys.
    """

    records: Sequence[UUID]
    asked: int
    aware: int

    @property
    def value(self) -> float:
        """Return the share."""
        return self.aware / self.asked

    @cached_property
    def interval(self) -> Interval:
        """The interval of Wilson (1927); it keeps within 0 and 1 and holds for few people too."""
        return wilson(self.aware, self.asked)


@dataclass(frozen=True, slots=True)
class Change:
    """By how much a share changed from a first to a last survey.

    Attributes
    ----------
    interval
        That of Newcombe (1998, method 10), from the intervals of both shares.
    """

    value: float
    interval: Interval

    @property
    def is_rise(self) -> bool:
        """Whether it rose by more than chance explains."""
        return self.interval[0] > 0


@dataclass(frozen=True, slots=True)
class Survey:
    """A survey of an area on a day."""

    held_on: date
    id: UUID
    area: str
    topic: str
    asked: int
    aware: int


def surveys(connection: Connection, asked: Asked, topic: str | None = None) -> list[Survey]:
    """Return the surveys of a period in the area asked for and all below it, by day; of one topic, or of all."""
    rows = connection.execute(text(SURVEYS), asked.values() | {"topic": topic})
    return [Survey(*row) for row in rows]


def share_of(held: Iterable[Survey]) -> Share | None:
    """Return the share over several surveys, in which everybody who was asked weighs the same; of none nothing."""
    listed = list(held)
    if not listed:
        return None
    return Share([one.id for one in listed], sum(one.asked for one in listed), sum(one.aware for one in listed))


def by_day(held: Iterable[Survey]) -> dict[date, Share]:
    """Return the share of each day on which somebody was asked."""
    days: dict[date, list[Survey]] = defaultdict(list)
    for one in held:
        days[one.held_on].append(one)
    return {
        day: Share([s.id for s in of], sum(s.asked for s in of), sum(s.aware for s in of)) for day, of in days.items()
    }


def change(first: Share, last: Share) -> Change:
    """Return by how much the share changed between two surveys of different people."""
    difference = last.value - first.value
    (low_first, high_first), (low_last, high_last) = first.interval, last.interval
    down = sqrt((last.value - low_last) ** 2 + (high_first - first.value) ** 2)
    up = sqrt((high_last - last.value) ** 2 + (first.value - low_first) ** 2)
    return Change(difference, (difference - down, difference + up))


def wilson(positive: int, of: int, confidence: float = CONFIDENCE) -> Interval:
    """Return the score interval of a share.

    E. B. Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22 (1927), as given by
    R. G. Newcombe, Statistics in Medicine 17 (1998) 857-872, method 3.
    """
    if not 0 <= positive <= of or of == 0:
        raise ValueError("positive must lie between 0 and of, and of must not be 0")
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    middle, spread = 2 * positive + z * z, z * sqrt(z * z + 4 * positive * (1 - positive / of))
    whole = 2 * (of + z * z)
    return max((middle - spread) / whole, 0.0), min((middle + spread) / whole, 1.0)
