"""The order in which one walks along a lane, whatever the order and direction of its segments."""

from __future__ import annotations

import uuid
from types import SimpleNamespace
from typing import Any

from geo_hygiene.coverage.along import walk


def line(*points: tuple[float, float], crossed: tuple[str | None, str | None] = (None, None)) -> Any:
    (from_x, from_y), (to_x, to_y) = points
    names = {"crossed_at_start": crossed[0], "crossed_at_end": crossed[1]}
    ends = {"from_x": from_x, "from_y": from_y, "to_x": to_x, "to_y": to_y}
    return SimpleNamespace(uuid=uuid.uuid4(), extent_mm=100, **ends, **names)


def test_a_lane_is_walked_straight_on_and_its_branch_after_it() -> None:
    first = line((1, 0), (0, 0), crossed=("B", "A"))
    second = line((1, 0), (2, 0))
    third = line((3, 0), (2, 0))
    branch = line((1, 0), (1, 1))
    apart = line((9, 9), (9, 8))
    steps = walk([apart, third, branch, second, first])
    assert [step.uuid for step in steps] == [one.uuid for one in (first, second, third, branch, apart)]
    assert [step.is_backwards for step in steps] == [True, False, True, False, True]
    assert [step.start_mm for step in steps] == [0, 100, 200, 300, 400]
    assert [step.section for step in steps] == [0, 0, 0, 1, 2]
    assert (steps[0].start, steps[0].end) == ("A", "B")


def test_a_ring_is_walked_once_round() -> None:
    corners = [(0, 0), (1, 0), (1, 1), (0, 1)]
    ring = [line(corners[i], corners[(i + 1) % 4]) for i in range(4)]
    steps = walk(ring[::-1])
    assert sorted(step.uuid for step in steps) == sorted(one.uuid for one in ring)
    assert {step.section for step in steps} == {0}
