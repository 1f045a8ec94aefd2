"""A network is shared out into connected parts, as many as asked, of about equal work, and the same each time."""

from __future__ import annotations

import networkx as nx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo_hygiene.zoning.balancing import NOBODY, Former, Network, divide, share_out


def shared_out(network: Network, count: int, tolerance: float = 0.05, former: Former | None = None) -> list[int]:
    """Return the part of each member."""
    part, first = [NOBODY] * len(network.work), 0
    for members, division in divide(network, count, tolerance, former=former):
        for member, own in zip(members, division.part, strict=True):
            part[member] = first + own
        first += division.count
    return part


def demand_whole(network: Network, part: list[int], count: int) -> None:
    """Demand ``count`` connected parts; connected as another library sees it."""
    assert set(part) == set(range(count))
    graph = nx.Graph((one, other) for one, near in enumerate(network.beside) for other in near)
    graph.add_nodes_from(range(len(part)))
    for own in range(count):
        assert nx.is_connected(graph.subgraph([member for member, other in enumerate(part) if other == own]))


def grid(side: int, work: int = 60) -> Network:
    graph = nx.convert_node_labels_to_integers(nx.grid_2d_graph(side, side))
    return Network([work] * len(graph), [sorted(graph[member]) for member in sorted(graph)])


@st.composite
def networks(draw: st.DrawFn) -> tuple[Network, int]:
    """Networks in one piece or several, with more or fewer parts than is wise."""
    size = draw(st.integers(1, 40))
    edges = set()
    for member in range(1, size):
        if draw(st.integers(0, 9)):
            edges.add((draw(st.integers(0, member - 1)), member))
    more = draw(st.lists(st.tuples(st.integers(0, size - 1), st.integers(0, size - 1)), max_size=40))
    edges |= {(min(pair), max(pair)) for pair in more if pair[0] != pair[1]}
    near: list[set[int]] = [set() for _ in range(size)]
    for one, other in edges:
        near[one].add(other)
        near[other].add(one)
    network = Network(
        draw(st.lists(st.integers(1, 10**7), min_size=size, max_size=size)), [sorted(one) for one in near]
    )
    return network, draw(st.integers(len(network.pieces()), size))


@given(networks())
@settings(max_examples=150, deadline=None)
def test_every_part_is_connected_and_there_are_as_many_as_asked(made: tuple[Network, int]) -> None:
    network, count = made
    part = shared_out(network, count)
    demand_whole(network, part, count)
    assert part == shared_out(network, count)


@given(networks(), st.data())
@settings(max_examples=150, deadline=None)
def test_what_goes_out_from_other_parts_is_whole_too(made: tuple[Network, int], data: st.DataObject) -> None:
    network, count = made
    size = len(network.work)
    owners = data.draw(st.lists(st.integers(NOBODY, 6), min_size=size, max_size=size))
    part = shared_out(network, count, former=Former(owners, [1] * size, size))
    demand_whole(network, part, count)


def test_a_grid_is_shared_out_evenly() -> None:
    network = grid(30)
    part = shared_out(network, 45)
    demand_whole(network, part, 45)
    loads = [60 * part.count(own) for own in range(45)]
    assert max(loads) <= 1.05 * 60 * 900 / 45


def test_what_is_even_already_stays() -> None:
    network = grid(12)
    rows = [member // 12 for member in range(144)]
    assert shared_out(network, 12, former=Former(rows, [1] * 144, 144)) == rows


def test_no_more_changes_hands_than_is_granted() -> None:
    network = grid(12)
    skewed = [0 if member % 12 < 9 else 1 for member in range(144)]
    for budget in (0, 10, 20):
        ((_members, division),) = divide(network, 2, 0.05, former=Former(skewed, [1] * 144, budget))
        assert division.spent <= budget
        assert division.is_short
        assert sum(one != other for one, other in zip(division.part, skewed, strict=True)) == division.spent
    ((_members, division),) = divide(network, 2, 0.05, former=Former(skewed, [1] * 144, 144))
    assert max(division.load) <= 1.05 * 72 * 60
    assert division.spent <= 40


@pytest.mark.parametrize(
    ("loads", "sizes", "count", "shares"),
    [([100, 50], [9, 9], 3, [2, 1]), ([100, 50], [1, 9], 3, [1, 2]), ([1, 1, 1], [1, 1, 1], 3, [1, 1, 1])],
)
def test_pieces_get_parts_by_their_work(loads: list[int], sizes: list[int], count: int, shares: list[int]) -> None:
    assert share_out(loads, sizes, count) == shares
