"""How long the daily work on a target takes."""

from __future__ import annotations

from collections.abc import Mapping

MILLISECONDS = 60_000
"""Of a minute: work is added up in whole milliseconds, so that no order of adding matters."""

MINUTES_A_METRE: Mapping[str, Mapping[str, float]] = {
    "street-segments": {"arterial": 0.20, "street": 0.16, "lane": 0.12, "alley": 0.11, "": 0.12},
    "drain-segments": {"": 0.02},
}
"""Minutes a day for each metre, by class; ``""`` is any other. They compare classes; they are no norm of any office."""

MINUTES_A_PLACE: Mapping[str, float] = {"septic-tanks": 0.25}
"""Minutes a day for each place: half an hour every four months."""


def daily_work(kind: str, category: str | None, extent_mm: int) -> int:
    """Return the milliseconds that a target takes a day, at least one."""
    if kind in MINUTES_A_PLACE:
        return round(MINUTES_A_PLACE[kind] * MILLISECONDS)
    rates = MINUTES_A_METRE[kind]
    return max(1, round(rates.get(category or "", rates[""]) * extent_mm * MILLISECONDS / 1000))
