"""A walk sweeps every way once, hangs together, and walks no more besides than any other pairing of its odd places."""

from __future__ import annotations

from itertools import combinations, pairwise, permutations

import networkx as nx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo_hygiene.zoning.walking import Node, Step, Way, sweeping_walk

STEP = 0.001
"""Degrees between neighbours of a grid; ways are told other lengths than these have."""


def place(column: int, row: int) -> Node:
    return column * STEP, row * STEP


def way(one: Node, other: Node, metres: float = 100.0, key: object = None) -> Way:
    return Way(key or (one, other), one, other, metres)


def square(metres: float = 100.0) -> list[Way]:
    corners = [place(0, 0), place(1, 0), place(1, 1), place(0, 1)]
    return [way(one, other, metres) for one, other in pairwise([*corners, corners[0]])]


def ends(step: Step) -> tuple[Node, Node]:
    return (step.way.start, step.way.end) if step.is_forward else (step.way.end, step.way.start)


def besides(steps: list[Step]) -> float:
    return sum(step.way.metres for step in steps if not step.sweeps)


def demand_walk(steps: list[Step], ways: list[Way]) -> None:
    assert sorted(str(step.way.key) for step in steps if step.sweeps) == sorted(str(one.key) for one in ways)
    assert all(ends(one)[1] == ends(other)[0] for one, other in pairwise(steps))


def test_a_square_is_walked_round() -> None:
    steps = sweeping_walk(square())
    demand_walk(steps, square())
    assert besides(steps) == 0


def test_from_the_middle_of_a_line_the_shorter_half_is_walked_back() -> None:
    line = [way(place(0, 0), place(1, 0), 30), way(place(1, 0), place(2, 0), 70)]
    steps = sweeping_walk(line, start=place(1, 0))
    demand_walk(steps, line)
    assert ends(steps[0])[0] == place(1, 0)
    assert besides(steps) == 30
    assert besides(sweeping_walk(line)) == 0


def test_a_short_way_of_somebody_else_is_walked_rather_than_the_own_again() -> None:
    ladder = [*square(500), way(place(0, 0), place(1, 1), 500)]
    short = way(place(1, 0), place(0, 1), 40)
    own = sweeping_walk(ladder, start=place(1, 0))
    through = sweeping_walk(ladder, [short], start=place(1, 0))
    assert besides(through) <= besides(own)
    demand_walk(through, ladder)


def test_pieces_are_joined_by_the_way_between_them_or_straight() -> None:
    apart = [way(place(0, 0), place(1, 0)), way(place(2, 0), place(3, 0))]
    between = way(place(1, 0), place(2, 0), 60)
    joined = sweeping_walk(apart, [between])
    demand_walk(joined, apart)
    assert besides(joined) == 60
    straight = sweeping_walk(apart)
    demand_walk(straight, apart)
    assert [step.way.key for step in straight if not step.sweeps] == [None]
    assert besides(straight) == pytest.approx(111.3, abs=0.2)


def test_a_loop_and_two_ways_between_the_same_places() -> None:
    ways = [
        way(place(0, 0), place(0, 0), 80, "loop"),
        way(place(0, 0), place(1, 0), 100, "straight"),
        way(place(0, 0), place(1, 0), 120, "round"),
    ]
    steps = sweeping_walk(ways, start=place(1, 0))
    demand_walk(steps, ways)
    assert besides(steps) == 0


def test_nothing_is_walked_for_nothing() -> None:
    assert sweeping_walk([]) == []


def cheapest(ways: list[Way], start: Node | None) -> float:
    """Return the least walking besides, from every pairing of the odd places."""
    graph = nx.MultiGraph()
    for one in ways:
        graph.add_edge(one.start, one.end, metres=one.metres)
    away = dict(nx.all_pairs_dijkstra_path_length(graph, weight="metres"))
    odd = {node for node, degree in graph.degree() if degree % 2}
    best = float("inf")
    for begin in [start] if start is not None else sorted(graph):
        for end in sorted(graph):
            left = sorted(odd ^ ({begin} ^ {end}))
            for order in permutations(left):
                pairs = list(zip(order[::2], order[1::2], strict=True))
                best = min(best, sum(away[one][other] for one, other in pairs))
    return best


@st.composite
def towns(draw: st.DrawFn) -> list[Way]:
    """Connected streets of a block of nine corners, few enough for every pairing to be tried."""
    corners = [place(column, row) for column in range(3) for row in range(2)]
    pairs = list(combinations(corners, 2))
    chosen = draw(st.lists(st.sampled_from(pairs), min_size=1, max_size=8, unique=True))
    graph = nx.Graph(chosen)
    whole = max(nx.connected_components(graph), key=len)
    return [way(one, other, draw(st.integers(1, 500))) for one, other in chosen if one in whole]


@given(towns(), st.booleans())
@settings(max_examples=120, deadline=None)
def test_nothing_is_cheaper(ways: list[Way], told: bool) -> None:
    start = ways[0].start if told else None
    steps = sweeping_walk(ways, start=start)
    demand_walk(steps, ways)
    if told:
        assert ends(steps[0])[0] == start
    assert besides(steps) == pytest.approx(cheapest(ways, start))
