"""The eight campaigns of the sample year and the visits of their teams; one community is left out on purpose."""

# ruff: noqa: PLR2004 - dates, doses and shares that shape a synthetic year stand where they are used

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

import numpy as np
from shapely import LineString, Point

from geo_hygiene.sample.areas import AreaPlan
from geo_hygiene.sample.assets import Facility, Tank
from geo_hygiene.sample.drains import DrainSegment
from geo_hygiene.sample.segments import Segment
from geo_hygiene.sample.shapes import middle_of
from geo_hygiene.sample.year import LEFT_OUT, at_clock

REASONS = ("refused", "locked", "unfit", "excluded")
REASON_WEIGHTS = (0.25, 0.45, 0.2, 0.1)
STREETS, DRAINS, TANKS, FACILITIES = "street-segments", "drain-segments", "septic-tanks", "facilities"


@dataclass(frozen=True, kw_only=True)
class Campaign:
    """A season's work against one pest.

    Attributes
    ----------
    last
        The last day of the window.
    scope
        Kinds of target; facilities by their kind, as ``facilities:market``.
    reached, left_out_reached
        Share of the targets that a team came to, and in the community that is left out.
    done
        Share of these that were treated.
    dose
        Amount for a metre of line, and ten times that for a point.
    radius
        Metres around each spot from which streets are treated; without it they are treated as a line.
    """

    code: str
    title: str
    pest: str
    season: str
    first: date
    last: date
    scope: tuple[str, ...]
    method: str
    product: str
    unit: str
    dose: float
    limit_days: int
    radius: float | None = None
    reached: float = 0.94
    left_out_reached: float = 0.94
    done: float = 0.93


@dataclass(frozen=True, kw_only=True)
class Visit:
    """A team at one target, or at one spot of it.

    Attributes
    ----------
    start, end
        Metres along the target; ``None`` for the whole of it.
    spot
        Where the team stood, in the town's plane; then the ground within the campaign's radius is meant.
    """

    campaign: Campaign
    kind: str
    target: str
    team: str
    at: datetime
    result: str
    amount: float | None = None
    start: float | None = None
    end: float | None = None
    spot: Point | None = None


_RODENTS = (STREETS, DRAINS, "facilities:market", "facilities:restaurant", "facilities:transfer_station")
_MOSQUITOES = (STREETS, TANKS, "facilities:well")
_FLIES = ("facilities:public_toilet", "facilities:bin", "facilities:transfer_station", "facilities:market")
_COCKROACHES = (DRAINS, "facilities:restaurant", "facilities:market", "facilities:school")

CAMPAIGNS = (
    Campaign(code="2025-spring-rodent", title="2025年春季灭鼠", pest="rodent", season="spring", first=date(2025, 3, 10),
             last=date(2025, 4, 11), scope=_RODENTS, method="bait", product="0.005%溴敌隆毒饵", unit="g", dose=4.0,
             limit_days=30, left_out_reached=0.06),
    Campaign(code="2025-summer-mosquito", title="2025年夏季灭蚊", pest="mosquito", season="summer",
             first=date(2025, 6, 2), last=date(2025, 7, 4), scope=_MOSQUITOES, method="fog",
             product="2.5%高效氯氟氰菊酯", unit="ml", dose=1.5, limit_days=14, radius=28.0, reached=0.9),
    Campaign(code="2025-summer-fly", title="2025年夏季灭蝇", pest="fly", season="summer", first=date(2025, 6, 9),
             last=date(2025, 7, 11), scope=_FLIES, method="spray", product="10%氯菊酯", unit="ml", dose=120.0,
             limit_days=14, reached=0.97),
    Campaign(code="2025-summer-cockroach", title="2025年夏季灭蟑", pest="cockroach", season="summer",
             first=date(2025, 6, 16), last=date(2025, 7, 18), scope=_COCKROACHES, method="gel", product="2%吡虫啉胶饵",
             unit="g", dose=2.0, limit_days=45, reached=0.91, done=0.88),
    Campaign(code="2025-autumn-mosquito", title="2025年秋季灭蚊", pest="mosquito", season="autumn",
             first=date(2025, 9, 1), last=date(2025, 9, 26), scope=_MOSQUITOES, method="larvicide",
             product="1%双硫磷颗粒剂", unit="g", dose=1.0, limit_days=14, reached=0.88),
    Campaign(code="2025-autumn-fly", title="2025年秋季灭蝇", pest="fly", season="autumn", first=date(2025, 9, 8),
             last=date(2025, 10, 3), scope=_FLIES, method="spray", product="10%氯菊酯", unit="ml", dose=120.0,
             limit_days=14),
    Campaign(code="2025-autumn-cockroach", title="2025年秋季灭蟑", pest="cockroach", season="autumn",
             first=date(2025, 9, 15), last=date(2025, 10, 17), scope=_COCKROACHES, method="gel", product="2%吡虫啉胶饵",
             unit="g", dose=2.0, limit_days=45, done=0.9),
    Campaign(code="2025-autumn-rodent", title="2025年秋季灭鼠", pest="rodent", season="autumn",
             first=date(2025, 10, 13), last=date(2025, 11, 14), scope=_RODENTS, method="bait",
             product="0.005%溴敌隆毒饵", unit="g", dose=4.0, limit_days=30, left_out_reached=0.35),
)  # fmt: skip
"""Two campaigns a pest; rodents in spring and autumn, the others in summer and autumn."""


@dataclass(frozen=True, kw_only=True)
class _Stop:
    """A target on a team's way; ``length`` in metres is 0 for a point, ``scope`` is what a campaign calls it."""

    kind: str
    scope: str
    code: str
    community: str
    shape: LineString | Point
    length: float

    @property
    def place(self) -> tuple[float, float]:
        """Return the place halfway along."""
        return middle_of(self.shape) if isinstance(self.shape, LineString) else (self.shape.x, self.shape.y)


def make_visits(
    areas: AreaPlan,
    segments: Sequence[Segment],
    drains: Sequence[DrainSegment],
    tanks: Sequence[Tank],
    facilities: Sequence[Facility],
    lengths: Mapping[str, float],
    seed: int,
) -> list[Visit]:
    """Return every visit of the year in the order of its time; ``lengths`` are metres of lines by code."""
    stops = list(_stops(areas, segments, drains, tanks, facilities, lengths))
    visits: list[Visit] = []
    for number, campaign in enumerate(CAMPAIGNS):
        rng = np.random.default_rng([seed, 7, number])
        within = [stop for stop in stops if stop.scope in campaign.scope]
        for team, community in enumerate((area.code for area in areas.level("community")), start=1):
            own = [stop for stop in within if stop.community == community]
            visits += _walk(campaign, f"{team}队", community, own, rng)
    return sorted(visits, key=lambda visit: (visit.at, visit.campaign.code, visit.target))


def _stops(
    areas: AreaPlan,
    segments: Sequence[Segment],
    drains: Sequence[DrainSegment],
    tanks: Sequence[Tank],
    facilities: Sequence[Facility],
    lengths: Mapping[str, float],
) -> Iterator[_Stop]:
    for n, segment in enumerate(segments):
        yield _Stop(
            kind=STREETS,
            scope=STREETS,
            code=segment.code,
            community=areas.community_of[n],
            shape=segment.line,
            length=lengths[segment.code],
        )
    for drain in drains:
        yield _Stop(
            kind=DRAINS,
            scope=DRAINS,
            code=drain.code,
            community=_community(drain.group),
            shape=drain.line,
            length=lengths[drain.code],
        )
    for tank in tanks:
        yield _Stop(
            kind=TANKS, scope=TANKS, code=tank.code, community=_community(tank.group), shape=tank.place, length=0
        )
    for one in facilities:
        yield _Stop(
            kind=FACILITIES,
            scope=f"{FACILITIES}:{one.kind}",
            code=one.code,
            community=_community(one.group),
            shape=one.place,
            length=0,
        )


def _community(group: str) -> str:
    return group.rpartition("-")[0]


def _walk(
    campaign: Campaign, team: str, community: str, stops: Sequence[_Stop], rng: np.random.Generator
) -> Iterator[Visit]:
    """Yield the visits of a team that goes through its community on working days, from one corner to the other."""
    days = [
        campaign.first + timedelta(days=day)
        for day in range((campaign.last - campaign.first).days + 1)
        if (campaign.first + timedelta(days=day)).weekday() < 5
    ]
    reached = campaign.left_out_reached if community == LEFT_OUT else campaign.reached
    bearing = rng.uniform(0, 2 * np.pi)
    ahead = [np.cos(bearing) * stop.place[0] + np.sin(bearing) * stop.place[1] for stop in stops]
    order = [stops[n] for n in np.argsort(ahead, kind="stable")]
    a_day = -(-len(order) // max(len(days) - 2, 1))
    for position, stop in enumerate(order):
        draw, fate = rng.random(2)
        if draw >= reached:
            continue
        day = days[min(position // a_day, len(days) - 1)]
        minute = 8 * 60 + (position % a_day) * 500 // a_day + int(rng.integers(0, 6))
        done = bool(fate < campaign.done)
        at, result = at_clock(day, minute), "done" if done else str(rng.choice(REASONS, p=REASON_WEIGHTS))
        visit = Visit(campaign=campaign, kind=stop.kind, target=stop.code, team=team, at=at, result=result)
        if not done:
            yield visit
        elif campaign.radius is not None and stop.kind == STREETS:
            yield from _spots(visit, stop, campaign.radius)
        else:
            yield _treated(visit, stop, rng)


def _treated(visit: Visit, stop: _Stop, rng: np.random.Generator) -> Visit:
    """Return a visit that treated a target, some long ones only in part: a parked car, a locked gate."""
    if stop.length > 60 and rng.random() < 0.07:
        end = round(stop.length * float(rng.uniform(0.4, 0.8)), 1)
        return replace(visit, start=0.0, end=end, amount=round(visit.campaign.dose * end, 1))
    return replace(visit, amount=round(visit.campaign.dose * (stop.length or 10.0), 1))


def _spots(visit: Visit, stop: _Stop, radius: float) -> Iterator[Visit]:
    """Yield a visit for each spot along a street, so near to one another that the ground between is treated."""
    count = max(1, round(stop.length / (1.8 * radius)))
    for number in range(count):
        spot = stop.shape.interpolate((number + 0.5) / count, normalized=True)
        at = visit.at + timedelta(seconds=40 * number)
        amount = round(visit.campaign.dose * stop.length / count, 1)
        yield replace(visit, spot=spot, at=at, amount=amount)
