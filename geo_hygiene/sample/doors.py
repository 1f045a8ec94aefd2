"""The doors of the sample town, households, shops and units, and the letters that their people signed in 2025."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from geo_hygiene.sample.county import TownTable
from geo_hygiene.sample.ground import Ground, columns_of
from geo_hygiene.sample.tables import Row, record_id

HOUSEHOLDS, SHOPS, UNITS = 17_000, 2_000, 640
SIGNING_UNITS = 626

SIGNS, SIGNS_AGAIN = 0.995, 0.49
"""Of the doors: a signing in the first months, and another in autumn, when the office went round again."""

UNIT_KINDS = ("authority", "institution", "company", "school", "other")
UNIT_WEIGHTS = (0.1, 0.15, 0.6, 0.05, 0.1)
TITLES = {"shop": "商铺"}
YEAR = 2025


def make_doors(ground: Ground, rng: np.random.Generator) -> list[TownTable]:
    """Return the frontages, the units and their letters."""
    streets = ground.columns("street-segments")
    wide = np.isin(np.array(streets["category"]), ("street", "arterial"))
    metres = ground.street_metres
    homes = _along(metres * np.where(wide, 0.6, 1.0), HOUSEHOLDS, rng)
    shops = _along(metres * np.where(wide, 1.0, 0.15), SHOPS, rng)
    kinds = ["household"] * HOUSEHOLDS + ["shop"] * SHOPS
    frontages = _placed("frontages", "MH", ground, kinds, np.concatenate([homes, shops]), rng)
    bodies = rng.choice(UNIT_KINDS, UNITS, p=UNIT_WEIGHTS).tolist()
    units = _placed("units", "DW", ground, bodies, _along(metres, UNITS, rng), rng)
    return [frontages, units, TownTable("letters", columns_of(list(_letters(frontages, units, rng))), None)]


def _along(weights: NDArray[np.float64], count: int, rng: np.random.Generator) -> NDArray[np.int64]:
    return rng.choice(len(weights), size=count, p=weights / weights.sum())


def _placed(
    key: str, prefix: str, ground: Ground, kinds: Sequence[str], at: NDArray[np.int64], rng: np.random.Generator
) -> TownTable:
    """Return doors beside their segments, numbered along each lane, odd numbers on the left."""
    streets = ground.columns("street-segments")
    shares = rng.uniform(0.03, 0.97, len(at))
    segment = at.tolist()
    order = sorted(
        range(len(at)), key=lambda n: (streets["lane_code"][segment[n]], streets["code"][segment[n]], shares[n])
    )
    numbers: dict[str, int] = {}
    rows = []
    for count, n in enumerate(order, start=1):
        lane = streets["lane_code"][segment[n]]
        number = numbers[lane] = numbers.get(lane, 0) + 1
        code = f"{prefix}{count:05d}"
        rows.append(
            {
                "id": record_id(key, code),
                "code": code,
                "name": None if kinds[n] == "household" else f"示例{TITLES.get(kinds[n], '单位')}{count:05d}",
                "kind": kinds[n],
                "lane": streets["lane"][segment[n]],
                "house_number": f"{number}号",
            }
        )
    sides = np.array([1 if int(row["house_number"][:-1]) % 2 else -1 for row in rows])
    return TownTable(key, columns_of(rows), ground.beside(at[order], shares[order], sides))


def _letters(frontages: TownTable, units: TownTable, rng: np.random.Generator) -> Iterator[Row]:
    """Yield the signings: nearly every door in the first months, half of them again in autumn, a few never."""
    codes = frontages.columns["code"]
    signs, again = rng.random((2, len(codes)))
    first, second = rng.integers(5, 150, len(codes)), rng.integers(240, 330, len(codes))
    for n, code in enumerate(codes):
        if signs[n] < SIGNS:
            yield _letter(code, int(first[n]))
            if again[n] < SIGNS_AGAIN:
                yield _letter(code, int(second[n]))
    for code, day in zip(units.columns["code"][:SIGNING_UNITS], rng.integers(10, 80, SIGNING_UNITS), strict=True):
        yield _letter(code, int(day))


def _letter(code: str, day: int) -> Row:
    signed_on = date(YEAR, 1, 1) + timedelta(days=day)
    return {
        "id": record_id("letters", f"{code}@{signed_on.isoformat()}"),
        "target": code,
        "year": YEAR,
        "signed_on": signed_on,
    }
