"""What one target looks like to one duty, from change to change."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from geo_hygiene.coverage.intervals import Interval, length, subtract, twice, union

EVER = date.min
"""How the driver reads ``-infinity``."""

NEVER = date.max
"""How the driver reads ``infinity``."""

PART_SHIFTS = ("morning", "afternoon", "night")

Period = tuple[date, date]


def written(day: date) -> str:
    """Return a day of a period as the database reads it."""
    return "-infinity" if day == EVER else "infinity" if day == NEVER else day.isoformat()


@dataclass(frozen=True, slots=True)
class TargetClaim:
    """A claim as far as one target sees it; ``held`` are the periods in which somebody holds its zone."""

    stretches: tuple[Interval, ...]
    period: Period
    shift: str
    held: tuple[Period, ...]


@dataclass(frozen=True, slots=True)
class TargetState:
    """A row of ``state`` without its keys."""

    period: Period
    covered_mm: int
    overlap_mm: int
    gaps: tuple[Interval, ...]

    @property
    def gap_max_mm(self) -> int:
        """Return the length of the longest gap."""
        return max((end - start for start, end in self.gaps), default=0)


@dataclass(frozen=True, slots=True)
class TargetVacancy:
    """A row of ``vacancy`` without its keys."""

    period: Period
    vacant_mm: int


def overlap(claims: Sequence[TargetClaim]) -> int:
    """Return the length that two zones hold in one shift, counted once; all-day meets every shift."""
    if len(claims) < 2:  # noqa: PLR2004 - one zone meets nobody
        return 0
    doubled = [
        span
        for shift in PART_SHIFTS
        for span in twice(claim.stretches for claim in claims if claim.shift in {shift, "all-day"})
    ]
    return length(union(doubled))


def _between(cuts: Iterable[date], period: Period) -> list[Period]:
    days = sorted({period[0], period[1], *(day for day in cuts if period[0] < day < period[1])})
    return list(pairwise(days))


def _active(claims: Sequence[TargetClaim], day: date) -> list[TargetClaim]:
    return [claim for claim in claims if claim.period[0] <= day < claim.period[1]]


def target_states(extent_mm: int, required: Iterable[Period], claims: Sequence[TargetClaim]) -> list[TargetState]:
    """Return the states of a target in the periods in which the duty must cover it; each period is maximal."""
    cuts = [day for claim in claims for day in claim.period]
    states: list[TargetState] = []
    for period in sorted(required):
        for start, end in _between(cuts, period):
            active = _active(claims, start)
            covered = union(span for claim in active for span in claim.stretches)
            gaps = tuple(subtract([(0, extent_mm)], covered))
            state = TargetState((start, end), length(covered), overlap(active), gaps)
            last = states[-1] if states else None
            if last and last.period[1] == start and (last.gaps, last.overlap_mm) == (gaps, state.overlap_mm):
                states[-1] = TargetState((last.period[0], end), last.covered_mm, last.overlap_mm, last.gaps)
            else:
                states.append(state)
    return states


def target_vacancies(required: Iterable[Period], claims: Sequence[TargetClaim]) -> list[TargetVacancy]:
    """Return the periods in which part of a target is covered only by zones that nobody holds."""
    if all(_is_held_throughout(claim) for claim in claims):
        return []
    cuts = [day for claim in claims for period in (claim.period, *claim.held) for day in period]
    vacancies: list[TargetVacancy] = []
    for period in sorted(required):
        for start, end in _between(cuts, period):
            vacant = vacant_length(_active(claims, start), start)
            last = vacancies[-1] if vacancies else None
            if last and last.period[1] == start and last.vacant_mm == vacant:
                vacancies[-1] = TargetVacancy((last.period[0], end), vacant)
            elif vacant:
                vacancies.append(TargetVacancy((start, end), vacant))
    return vacancies


def vacant_length(active: Sequence[TargetClaim], day: date) -> int:
    """Return the length that is covered on a day by zones that nobody holds then."""
    covered = union(span for claim in active for span in claim.stretches)
    held = union(
        span for claim in active if any(start <= day < end for start, end in claim.held) for span in claim.stretches
    )
    return length(covered) - length(held)


def _is_held_throughout(claim: TargetClaim) -> bool:
    return any(start <= claim.period[0] and claim.period[1] <= end for start, end in claim.held)
