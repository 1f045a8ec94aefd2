"""What the sample office did with its people in 2025: activities, surveys, honours; of 2024 what it compares with.

Every row is an event of its own, drawn from the seed; the figures of the source report are what the rows add up to.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta

import numpy as np

from geo_hygiene.sample.county import TownTable
from geo_hygiene.sample.ground import Ground, columns_of
from geo_hygiene.sample.tables import Row, record_id
from geo_hygiene.sample.year import at_clock

YEAR = 2025
TROUPES = (46, 38, 41, 35)
SHOWS = ((98, 450), (165, 380), (268, 520))
VENUES = ("authority", "company", "school", "community", "village", "home", "community")
SURVEYS = (
    (date(2024, 11, 14), 0.61),
    (date(2025, 3, 18), 0.68),
    (date(2025, 11, 12), 0.84),
)
"""Days of the surveys and how many know what is asked."""

ASKED = 60


def make_activities(ground: Ground, rng: np.random.Generator) -> list[TownTable]:
    """Return activities, surveys of awareness and honours."""
    communities = ground.communities
    held = [
        *_cleanups(YEAR, communities, range(1, 13), (720, 820), rng),
        *_trainings(YEAR, communities, 24, rng),
        *_tours(ground, rng),
        *_publicity(communities, rng),
        *_noticeboards(ground, rng),
        *({"kind": "exposure", "held_at": _held(YEAR, 91 * quarter + 88, 540), "quantity": 0} for quarter in range(4)),
        *_cleanups(YEAR - 1, communities, range(1, 11), (560, 680), rng),
        *_trainings(YEAR - 1, communities, 18, rng),
    ]
    return [
        TownTable("activities", columns_of(list(_numbered(held))), None),
        TownTable("awareness-surveys", columns_of(list(_surveys(communities, rng))), None),
        TownTable("honours", columns_of(_honours(communities)), None),
    ]


def _cleanups(
    year: int, communities: Sequence[str], months: Iterable[int], reach: tuple[int, int], rng: np.random.Generator
) -> Iterator[Row]:
    """Yield a day of each month on which all communities turn out; homes and public places take turns."""
    for month in months:
        yield {
            "kind": "cleanup",
            "theme": "home-cleaning-day" if month % 2 else "public-cleaning-day",
            "held_at": at_clock(date(year, month, int(rng.integers(5, 26))), 510).isoformat(),
            "areas": ";".join(communities),
            "person_times": int(rng.integers(*reach)),
            "cost": round(float(rng.uniform(3_200, 5_400)), 2),
            "participants": "public_post;older_jobseeker;low_income;cadre;resident",
        }


def _trainings(year: int, communities: Sequence[str], count: int, rng: np.random.Generator) -> Iterator[Row]:
    """Yield courses in all kinds of venues; the last community is the one that they pass over."""
    for at in range(count):
        yield {
            "kind": "training",
            "theme": "health",
            "held_at": _held(year, int(rng.integers(15 * at, 15 * at + 12)), 870),
            "areas": communities[at % (len(communities) - 1)],
            "venue": VENUES[at % len(VENUES)],
            "person_times": int(rng.integers(270, 360)),
            "cost": round(float(rng.uniform(500, 1_400)), 2),
        }


def _tours(ground: Ground, rng: np.random.Generator) -> Iterator[Row]:
    """Yield the loudspeaker car's tours, each through some lanes."""
    lanes = ground.lane_codes
    for _tour in range(84):
        route = rng.choice(len(lanes), size=int(rng.integers(4, 9)), replace=False)
        yield {
            "kind": "vehicle-tour",
            "held_at": _held(YEAR, int(rng.integers(30, 350)), 560),
            "lanes": ";".join(lanes[at] for at in sorted(route)),
        }


def _publicity(communities: Sequence[str], rng: np.random.Generator) -> Iterator[Row]:
    """Yield banners, shows and troupes."""
    for at in range(42):
        yield {
            "kind": "banner",
            "held_at": _held(YEAR, int(rng.integers(20, 340)), 600),
            "areas": communities[at % len(communities)],
            "quantity": int(rng.integers(4, 6)),
            "cost": round(float(rng.uniform(180, 420)), 2),
        }
    for day, people in SHOWS:
        yield {
            "kind": "show",
            "held_at": _held(YEAR, day, 1_170),
            "areas": ";".join(communities[:3]),
            "venue": "community",
            "person_times": people,
            "cost": 4_800.0,
        }
    for at, people in enumerate(TROUPES):
        yield {
            "kind": "troupe",
            "held_at": _held(YEAR, 60 + 12 * at, 570),
            "areas": communities[at],
            "people": people,
            "cost": 1_200.0,
        }


def _noticeboards(ground: Ground, rng: np.random.Generator) -> Iterator[Row]:
    """Yield an update of every noticeboard in each quarter."""
    facilities = ground.columns("facilities")
    for board, kind in zip(facilities["code"], facilities["kind"], strict=True):
        for quarter in range(4) if kind == "noticeboard" else ():
            day = int(rng.integers(91 * quarter, 91 * quarter + 60))
            yield {"kind": "noticeboard", "held_at": _held(YEAR, day, 630), "facility": board, "quantity": 1}


def _surveys(communities: Sequence[str], rng: np.random.Generator) -> Iterator[Row]:
    for day, share in SURVEYS:
        for area in communities:
            yield {"held_on": day, "area": area, "asked": ASKED, "aware": int(rng.binomial(ASKED, share))}


def _honours(communities: Sequence[str]) -> list[Row]:
    """Return two communities that were honoured, and one that a veto kept from it."""
    kind = {"kind": "civilized-community", "year": YEAR}
    return [
        *({**kind, "holder": one, "granted_on": date(YEAR, 12, 22)} for one in communities[:2]),
        {**kind, "holder": communities[3], "vetoed_on": date(YEAR, 9, 3), "reason": "两次通报倒数第一"},
    ]


def _numbered(rows: Sequence[Row]) -> Iterator[Row]:
    """Yield the activities in the order of their days, each with its number."""
    for n, row in enumerate(sorted(rows, key=lambda row: (row["held_at"], row["kind"])), start=1):
        yield {"id": record_id("activities", f"HD{n:04d}"), "external_id": f"HD{n:04d}", **row}


def _held(year: int, day: int, minute: int) -> str:
    return at_clock(date(year, 1, 1) + timedelta(days=day), minute).isoformat()
