"""A year of complaints with causes that can be found again.

Rats where no bait was laid, flies at one market, mosquitoes by the water in summer.
"""

# ruff: noqa: PLR2004 - hours, weights and shares that shape a synthetic year stand where they are used

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import numpy as np
import numpy.typing as npt
from shapely import Point
from shapely.geometry.base import BaseGeometry

from geo_hygiene.sample.areas import AreaPlan
from geo_hygiene.sample.assets import Facility, kerb_place
from geo_hygiene.sample.segments import Segment
from geo_hygiene.sample.year import LEFT_OUT, at_clock

WITHOUT_PLACE = 0.025
"""Share of complaints that name a lane and a house, and no place on the map."""

WORDS: Mapping[str, tuple[str, ...]] = {
    "rodent": ("楼道内发现老鼠", "夜间有老鼠出没", "垃圾堆旁有鼠洞"),
    "mosquito": ("傍晚蚊虫很多", "积水处孳生蚊虫", "绿化带蚊虫叮咬"),
    "fly": ("垃圾点苍蝇多", "市场周边苍蝇聚集"),
    "cockroach": ("下水口有蟑螂", "餐馆后门发现蟑螂"),
    "garbage": ("垃圾未及时清运", "路边堆放生活垃圾", "垃圾桶满溢"),
    "blackspot": ("卫生死角无人清理", "空地积存垃圾"),
    "drain": ("阴沟堵塞返水", "沟盖板破损有异味"),
    "septic_tank": ("化粪池外溢", "化粪池异味"),
    "toilet": ("公厕有异味", "公厕地面积水"),
    "advert": ("墙面乱贴小广告", "楼道牛皮癣"),
    "disorder": ("占道经营", "乱堆乱放", "车辆乱停"),
    "other": ("其他环境卫生问题",),
}

A_YEAR: Mapping[str, int] = {
    "rodent": 260, "mosquito": 230, "fly": 150, "cockroach": 170, "garbage": 620, "blackspot": 210, "drain": 260,
    "septic_tank": 130, "toilet": 120, "advert": 190, "disorder": 480, "other": 80,
}  # fmt: skip
"""Complaints of a kind all over town, without those that have a cause of their own."""

MONTHS: Mapping[str, tuple[float, ...]] = {
    "rodent": (1, 1, 1.2, 1.2, 1.2, 1.1, 1, 1, 1.2, 1.3, 1.2, 1),
    "mosquito": (0, 0, 0.1, 0.4, 1.2, 2.6, 3.4, 3.2, 2.2, 0.8, 0.1, 0),
    "fly": (0.1, 0.1, 0.3, 0.7, 1.3, 2, 2.4, 2.3, 1.6, 0.8, 0.3, 0.1),
    "cockroach": (0.3, 0.3, 0.5, 0.8, 1.2, 1.7, 2, 1.9, 1.4, 0.9, 0.5, 0.3),
}
"""Weights of the months; every other kind comes all the year round."""

HOURS = (1, 1, 0, 0, 0, 1, 4, 9, 14, 15, 13, 9, 6, 7, 11, 13, 12, 10, 9, 10, 9, 6, 3, 2)
WEEKDAYS = (1.25, 1.1, 1.05, 1.0, 1.0, 0.8, 0.75)
CHANNELS = (("hotline", 0.55), ("app", 0.22), ("phone", 0.1), ("web", 0.06), ("visit", 0.07))
OPEN_STEPS = (("collected", 0.1), ("filed", 0.15), ("dispatched", 0.3), ("handled", 0.3), ("reported_back", 0.15))
LAST_DAY = date(2025, 12, 31)


@dataclass(frozen=True, kw_only=True)
class Complaint:
    """One complaint; ``place`` is in the town's plane, ``None`` where only lane and house are known."""

    kind: str
    channel: str
    status: str
    status_at: datetime
    reported_at: datetime
    closed_at: datetime | None
    description: str
    lane: str
    house_number: str
    place: Point | None


def make_complaints(
    areas: AreaPlan,
    segments: Sequence[Segment],
    facilities: Sequence[Facility],
    water: BaseGeometry,
    population: Mapping[str, int],
    seed: int,
) -> list[Complaint]:
    """Return the complaints of the year in the order in which they came."""
    rng = np.random.default_rng([seed, 8])
    teller = _Teller(segments, rng)
    homes = _weights(areas, segments, population)
    found: list[Complaint] = []
    for kind, count in A_YEAR.items():
        found += [teller.tell(kind, teller.day(kind), n) for n in rng.choice(len(segments), count, p=homes)]
    left_out = homes * np.array([areas.community_of[n] == LEFT_OUT for n in range(len(segments))])
    after = (0, 0, 0, 0.5, 1.6, 1.6, 1.4, 1.3, 1.2, 0.8, 0.2, 0.1)
    for n in rng.choice(len(segments), 170, p=left_out / left_out.sum()):
        found.append(teller.tell("rodent", teller.day_of(after), n))
    market = next(one for one in facilities if one.kind == "market").place
    for n in rng.choice(len(segments), 140, p=_near(segments, market, 90.0)):
        found.append(teller.tell("fly", teller.day("fly"), n))
    for n in rng.choice(len(segments), 220, p=_near(segments, water, 110.0)):
        found.append(teller.tell("mosquito", teller.day("mosquito"), n))
    return sorted(found, key=lambda one: (one.reported_at, one.kind, one.lane, one.house_number))


def _weights(areas: AreaPlan, segments: Sequence[Segment], population: Mapping[str, int]) -> npt.NDArray[np.float64]:
    """Return the share of each street in the town's complaints: where people live."""
    lengths = np.array([0.0 if one.level else one.line.length for one in segments])
    groups = [areas.group_of[n] for n in range(len(segments))]
    metres: dict[str, float] = defaultdict(float)
    for group, length in zip(groups, lengths.tolist(), strict=True):
        metres[group] += length
    people = np.array([population[group] / max(metres[group], 1.0) for group in groups])
    weights = lengths * people
    return np.asarray(weights / weights.sum())


def _near(segments: Sequence[Segment], place: BaseGeometry, reach: float) -> npt.NDArray[np.float64]:
    """Return the share of each street in what is complained of around a place."""
    weights = np.array(
        [0.0 if one.level else one.line.length * np.exp(-((one.line.distance(place) / reach) ** 2)) for one in segments]
    )
    return np.asarray(weights / weights.sum())


class _Teller:
    """Fills in what a complaint says."""

    def __init__(self, segments: Sequence[Segment], rng: np.random.Generator) -> None:
        self._segments = segments
        self._rng = rng

    def day(self, kind: str) -> date:
        """Return a day on which such complaints come."""
        return self.day_of(MONTHS.get(kind, (1.0,) * 12))

    def day_of(self, months: Sequence[float]) -> date:
        """Return a day by weights of the months."""
        days = [date(2025, 1, 1) + timedelta(days=n) for n in range(365)]
        weights = np.array([months[day.month - 1] * WEEKDAYS[day.weekday()] for day in days])
        return days[int(self._rng.choice(len(days), p=weights / weights.sum()))]

    def tell(self, kind: str, day: date, n: int) -> Complaint:
        """Return a complaint about something in a street."""
        rng, segment = self._rng, self._segments[n]
        hours = np.array(HOURS, dtype=float)
        reported = at_clock(day, int(rng.choice(24, p=hours / hours.sum())) * 60 + int(rng.integers(60)))
        status, status_at, closed = self._progress(reported)
        spot = kerb_place(segment, float(rng.uniform(0.08, 0.92)), float(rng.choice([-1.0, 1.0])))
        return Complaint(
            kind=kind,
            channel=self._one_of(CHANNELS),
            status=status,
            status_at=status_at,
            reported_at=reported,
            closed_at=closed,
            description=str(rng.choice(WORDS[kind])),
            lane=segment.lane.name,
            house_number=f"{int(rng.integers(1, 180))}号",
            place=None if rng.random() < WITHOUT_PLACE else spot,
        )

    def _progress(self, reported: datetime) -> tuple[str, datetime, datetime | None]:
        """Return how far the complaint is at the end of the year: most are closed within days, the last are open."""
        closed = reported + timedelta(minutes=int(self._rng.gamma(1.6, 2_600)) + 90)
        step = self._one_of(OPEN_STEPS)
        moved = reported + (closed - reported) * float(self._rng.uniform(0.1, 0.8))
        year_end = at_clock(LAST_DAY, 24 * 60 - 1)
        if closed > year_end or self._rng.random() < 0.015:
            return step, min(moved, year_end), None
        return "closed", closed, closed

    def _one_of(self, choices: Sequence[tuple[str, float]]) -> str:
        words, weights = zip(*choices, strict=True)
        return str(self._rng.choice(words, p=weights))
