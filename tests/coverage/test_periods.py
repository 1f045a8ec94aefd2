"""The states of one target against a count of each millimetre on each day."""

from __future__ import annotations

import itertools
from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from geo_hygiene.coverage.intervals import length, subtract, twice, union
from geo_hygiene.coverage.periods import EVER, NEVER, TargetClaim, target_states, target_vacancies

EXTENT = 12
DAYS = [date(2025, 1, 1) + timedelta(days=offset) for offset in range(10)]
SHIFTS = ("all-day", "morning", "afternoon", "night")


def between(*places: object) -> st.SearchStrategy[tuple[object, ...]]:
    """Return a beginning and an end among ordered places."""
    return st.lists(st.sampled_from(places), min_size=2, max_size=2, unique=True).map(sorted).map(tuple)


spans = st.lists(between(*range(EXTENT + 1)), max_size=4)
period = between(EVER, *DAYS, NEVER)
claim = st.builds(
    TargetClaim,
    stretches=spans.map(lambda found: tuple(union(found))),
    period=period,
    shift=st.sampled_from(SHIFTS),
    held=st.lists(period, max_size=2).map(tuple),
)
required = st.sampled_from(
    [
        [(EVER, NEVER)],
        [(DAYS[2], DAYS[7])],
        [(EVER, DAYS[3]), (DAYS[5], NEVER)],
        [(DAYS[1], DAYS[4]), (DAYS[4], DAYS[6])],
    ]
)


def ground(found: object) -> set[int]:
    return {millimetre for start, end in found for millimetre in range(start, end)}  # type: ignore[attr-defined]


@given(spans, spans)
def test_intervals_are_sets_of_millimetres(left: list[tuple[int, int]], right: list[tuple[int, int]]) -> None:
    assert ground(union(left)) == ground(left)
    assert length(union(left)) == len(ground(left))
    assert ground(subtract(union(left), union(right))) == ground(left) - ground(right)
    assert ground(twice([union(left), union(right)])) == ground(left) & ground(right)


@given(required, st.lists(claim, max_size=4))
def test_states_count_each_millimetre_of_each_day(wanted: list[tuple[date, date]], claims: list[TargetClaim]) -> None:
    states = target_states(EXTENT, wanted, claims)
    for day in (DAYS[0] - timedelta(days=9), *DAYS, DAYS[-1] + timedelta(days=9)):
        here = [state for state in states if state.period[0] <= day < state.period[1]]
        assert len(here) == any(start <= day < end for start, end in wanted)
        for state in here:
            active = [item for item in claims if item.period[0] <= day < item.period[1]]
            covered = set().union(*(ground(item.stretches) for item in active))
            assert state.covered_mm == len(covered)
            assert ground(state.gaps) == set(range(EXTENT)) - covered
            assert state.overlap_mm == len(
                {
                    millimetre
                    for millimetre in covered
                    for part in SHIFTS[1:]
                    if sum(millimetre in ground(item.stretches) for item in active if item.shift in {part, "all-day"})
                    > 1
                }
            )


@given(required, st.lists(claim, max_size=4))
def test_state_periods_are_maximal(wanted: list[tuple[date, date]], claims: list[TargetClaim]) -> None:
    states = target_states(EXTENT, wanted, claims)
    for before, after in itertools.pairwise(states):
        assert before.period[1] <= after.period[0]
        if before.period[1] == after.period[0]:
            assert (before.gaps, before.overlap_mm) != (after.gaps, after.overlap_mm)


@given(required, st.lists(claim, max_size=4))
def test_vacant_is_what_only_zones_without_a_holder_cover(
    wanted: list[tuple[date, date]], claims: list[TargetClaim]
) -> None:
    vacancies = target_vacancies(wanted, claims)
    for day in (DAYS[0] - timedelta(days=9), *DAYS, DAYS[-1] + timedelta(days=9)):
        told = sum(item.vacant_mm for item in vacancies if item.period[0] <= day < item.period[1])
        active = [item for item in claims if item.period[0] <= day < item.period[1]]
        held = [item for item in active if any(start <= day < end for start, end in item.held)]
        vacant = set().union(*(ground(item.stretches) for item in active)) - set().union(
            *(ground(item.stretches) for item in held)
        )
        assert told == (len(vacant) if any(start <= day < end for start, end in wanted) else 0)
