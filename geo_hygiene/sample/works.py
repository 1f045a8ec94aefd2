"""The sample office's work on places in 2025, and what it went on with in 2026: dredging and emptying.

Every row is one piece of work of one day. Tanks are emptied twice a year by a round of trucks, which is behind with
some; drains are dredged before the rains.
"""

# ruff: noqa: PLR2004 - counts, days and shares that shape a synthetic year stand where they are used

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import shapely

from geo_hygiene.sample.county import TownTable
from geo_hygiene.sample.ground import Ground, columns_of
from geo_hygiene.sample.tables import Row, record_id
from geo_hygiene.sample.year import at_clock

YEAR = 2025
LAST_DAY = date(2026, 11, 27)
"""Until then the rounds of the trucks are known."""

LANES, DREDGED_M, TANKS, BEHIND = 186, 6_640, 453, 26
BLACKSPOTS, COME_BACK = 180, 14
DISORDERS, ADVERTS, NUMBERS = 2_000, 1_300, 15_454

KINDS_OF_DISORDER = (
    ("stalls", 0.22), ("parking", 0.2), ("posters", 0.12), ("hanging", 0.11), ("piling", 0.16), ("building", 0.04),
    ("littering", 0.08), ("discharge", 0.04), ("digging", 0.01), ("loudspeakers", 0.02),
)  # fmt: skip
PIECE_M2 = 0.036


@dataclass(frozen=True)
class _Job:
    """Something done on a day; the time of day follows from how much a team does that day."""

    day: date
    team: str
    row: Row


def make_works(ground: Ground, rng: np.random.Generator, until: date) -> TownTable:
    """Return the works in the order of their time, none later than a day."""
    jobs = [
        *_lanes(ground, rng),
        *_dredging(ground, rng),
        *_emptying(ground, rng),
        *_blackspots(ground, rng),
        *_disorders(ground, rng),
        *_adverts(ground, rng),
        *_disinfection(ground, rng),
    ]
    jobs.sort(key=lambda job: (job.day, job.team))
    at_work: Counter[tuple[date, str]] = Counter()
    rows: list[Row] = []
    for n, job in enumerate(jobs, start=1):
        turn = at_work[job.day, job.team]
        at_work[job.day, job.team] += 1
        number = f"ZY{n:05d}"
        when = at_clock(job.day, 8 * 60 + 15 + 25 * turn % 540).isoformat()
        said = {"id": record_id("works", number), "external_id": number, "done_at": when, "team": job.team}
        if job.day <= until:
            rows.append({**said, **job.row})
    return TownTable("works", columns_of(rows), None)


def _workday(day: date) -> date:
    """Return a day, or the Monday after a weekend."""
    return day + timedelta(days=max(0, 7 - day.weekday()) if day.weekday() > 4 else 0)


def _day(rng: np.random.Generator, begin: int, end: int, year: int = YEAR) -> date:
    return _workday(date(year, 1, 1) + timedelta(days=int(rng.integers(begin, end))))


def _lanes(ground: Ground, rng: np.random.Generator) -> Iterator[_Job]:
    """Yield lanes that were put in order, some of them twice."""
    lanes = sorted(set(ground.columns("street-segments")["lane_code"]))
    for n, at in enumerate(rng.permutation(len(lanes))[:LANES]):
        for begin, end in ((20, 180), (220, 340))[: 2 if n % 6 == 0 else 1]:
            yield _Job(_day(rng, begin, end), f"整治{n % 4 + 1}队", {"kind": "lane-order", "lane": lanes[at]})


def _dredging(ground: Ground, rng: np.random.Generator) -> Iterator[_Job]:
    """Yield what was dredged before the rains; where two gangs met, some metres twice. The next spring leaves some."""
    codes, metres = ground.columns("drain-segments")["code"], ground.metres("drain-segments")
    left = float(DREDGED_M)
    for n, at in enumerate(rng.permutation(len(codes))):
        if left <= 0:
            return
        length, code = float(metres[at]), codes[at]
        left -= length
        stretches = ((0.0, length),) if n % 3 else ((0.0, 0.6 * length), (0.5 * length, length))
        day = _day(rng, 62, 140)
        for gang, (begin, end) in enumerate(stretches, start=1):
            yield _Job(day, f"疏浚{gang}队", _dredged(code, begin, end, rng))
        if n % 7:
            yield _Job(_day(rng, 62, 140, YEAR + 1), "疏浚1队", _dredged(code, 0.0, length, rng))


def _dredged(code: str, begin: float, end: float, rng: np.random.Generator) -> Row:
    return {
        "kind": "dredging",
        "segment": code,
        "from_m": round(begin, 1),
        "to_m": int(10 * end) / 10,
        "volume_m3": round((end - begin) * float(rng.uniform(0.03, 0.09)), 2),
    }


def _emptying(ground: Ground, rng: np.random.Generator) -> Iterator[_Job]:
    """Yield the rounds of the trucks: each tank about twice a year; with some they are behind."""
    tanks = ground.columns("septic-tanks")
    last = [_next_day(LAST_DAY, -int(days)) for days in rng.integers(0, 170, TANKS)]
    for n, at in enumerate(rng.permutation(len(tanks["code"]))[:TANKS]):
        truck = n % 3 + 1
        day = _next_day(last[n], -int(rng.integers(60, 150))) if n < BEHIND else last[n]
        while day >= date(YEAR, 1, 2):
            row = {"kind": "emptying", "segment": tanks["code"][at], "truck": f"示例吸粪车{truck}"}
            volume = round(float(tanks["volume_m3"][at]) * float(rng.uniform(0.7, 0.95)), 1)
            yield _Job(day, f"清掏{truck}队", {**row, "volume_m3": volume})
            day = _next_day(day, -int(rng.integers(172, 205)))


def _next_day(day: date, days: int) -> date:
    return _workday(day + timedelta(days=days))


def _blackspots(ground: Ground, rng: np.random.Generator) -> Iterator[_Job]:
    """Yield cleared blackspots; some come back a few metres away within weeks."""
    count = BLACKSPOTS - COME_BACK
    at = rng.choice(len(ground.street_metres), count, p=ground.street_metres / ground.street_metres.sum())
    places = shapely.get_coordinates(
        ground.beside(at, rng.uniform(0.1, 0.9, count), rng.choice(np.array([-1, 1]), count))
    )
    for n, (lon, lat) in enumerate(places.tolist()):
        day = _day(rng, 5, 270)
        yield _Job(day, f"清运{n % 2 + 1}队", _spot("blackspot", lon, lat) | {"volume_m3": _cubic_metres(rng)})
        if n < COME_BACK:
            again = _spot("blackspot", lon + float(rng.uniform(-1e-4, 1e-4)), lat + 5e-5)
            later = _next_day(day, int(rng.integers(20, 80)))
            yield _Job(later, f"清运{n % 2 + 1}队", again | {"volume_m3": _cubic_metres(rng)})


def _spot(kind: str, lon: float, lat: float) -> Row:
    return {"kind": kind, "lon": round(lon, 9), "lat": round(lat, 9)}


def _cubic_metres(rng: np.random.Generator) -> float:
    return round(float(rng.uniform(0.5, 4.5)), 1)


def _disorders(ground: Ground, rng: np.random.Generator) -> Iterator[_Job]:
    """Yield patrols: on a street so many of a kind were removed."""
    streets = ground.columns("street-segments")
    busy = _busy(ground)
    kinds, weights = zip(*KINDS_OF_DISORDER, strict=True)
    for n, at in enumerate(rng.choice(len(busy), DISORDERS, p=busy / busy.sum())):
        row = {"kind": "disorder", "segment": streets["code"][at], "disorder": str(rng.choice(kinds, p=weights))}
        yield _Job(_day(rng, 2, 360), f"市容{n % 6 + 1}组", {**row, "pieces": int(rng.choice((1, 2, 3, 4, 5, 6)))})


def _busy(ground: Ground) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Return weights of the streets by their length, more where there is traffic."""
    wide = np.isin(np.array(ground.columns("street-segments")["category"]), ("street", "arterial"))
    return np.asarray(ground.street_metres * np.where(wide, 1.6, 1.0))


def _adverts(ground: Ground, rng: np.random.Generator) -> Iterator[_Job]:
    """Yield adverts removed along streets, with the numbers that stood on them, some of which come again.

    The numbers begin with 100, which no mobile telephone has.
    """
    streets = ground.columns("street-segments")
    busy = _busy(ground)
    numbers = [f"100{one:08d}" for one in rng.choice(10**8, NUMBERS, replace=False)]
    dealt: Sequence[Sequence[str]] = [numbers[n::ADVERTS] for n in range(ADVERTS)]
    for n, at in enumerate(rng.choice(len(busy), ADVERTS, p=busy / busy.sum())):
        seen = [numbers[one] for one in rng.integers(0, NUMBERS, 2)]
        pieces = int(rng.integers(105, 220))
        yield _Job(
            _day(rng, 4, 360),
            f"清洗{n % 3 + 1}队",
            {
                "kind": "adverts",
                "segment": streets["code"][at],
                "pieces": pieces,
                "area_m2": round(pieces * PIECE_M2, 2),
                "phones": ";".join(dict.fromkeys([*dealt[n], *seen])),
            },
        )


def _disinfection(ground: Ground, rng: np.random.Generator) -> Iterator[_Job]:
    """Yield places that were disinfected after the summer rains."""
    count = 36
    at = rng.choice(len(ground.street_metres), count, p=ground.street_metres / ground.street_metres.sum())
    places = shapely.get_coordinates(ground.beside(at, np.full(count, 0.5), np.ones(count, dtype=np.int64)))
    for lon, lat in places.tolist():
        yield _Job(_day(rng, 190, 240), "消毒队", {**_spot("disinfection", lon, lat), "radius_m": 35.0})
