"""Streets are split where they meet, and nowhere else."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from shapely import LineString, MultiLineString

from geo_hygiene.crs import GEOD
from geo_hygiene.files.importing.components import count_components, nodes_of
from geo_hygiene.files.importing.doubts import near_misses
from geo_hygiene.files.importing.measure import measure
from geo_hygiene.files.importing.noding import Lines, Noded, lines_of, node, together

ORIGIN = np.array([105.08, 31.09])
DEGREE = np.array([95_500.0, 110_850.0])
"""Metres of a degree of longitude and latitude there."""


def street(*metres: tuple[float, float]) -> LineString:
    """Return a line through points in metres east and north of the origin."""
    return LineString(np.array(metres) / DEGREE + ORIGIN)


def lines(*streets: LineString | MultiLineString, **properties: list[int]) -> Lines:
    return lines_of(np.array(streets, dtype=object), **{name: np.array(value) for name, value in properties.items()})


def in_metres(noded: Noded) -> list[tuple[int, list[tuple[float, float]]]]:
    """Return the source and the rounded course of each piece."""
    courses = []
    for source, line in zip(noded.pieces.source.tolist(), noded.pieces.geometries(), strict=True):
        points = (shapely.get_coordinates(line) - ORIGIN) * DEGREE
        courses.append((source, [(round(x, 3) + 0.0, round(y, 3) + 0.0) for x, y in points.tolist()]))
    return courses


def length(part: Lines) -> float:
    return sum(GEOD.geometry_length(line) for line in part.geometries())


def test_streets_that_cross_become_four_pieces_with_one_node():
    noded = node(lines(street((-100, 0), (100, 0)), street((0, -50), (0, 50))))
    assert in_metres(noded) == [
        (0, [(-100, 0), (0, 0)]),
        (0, [(0, 0), (100, 0)]),
        (1, [(0, -50), (0, 0)]),
        (1, [(0, 0), (0, 50)]),
    ]
    assert noded.crossings == 1
    ends = noded.pieces.coords[np.concatenate((noded.pieces.first, noded.pieces.last))]
    assert len(np.unique(ends, axis=0)) == 5


def test_a_bridge_is_not_cut_by_the_street_below():
    noded = node(lines(street((-100, 0), (100, 0)), street((0, -50), (0, 50)), group=[0, 1]))
    assert len(noded.pieces) == 2
    assert noded.crossings == 0


def test_streets_of_different_times_do_not_meet():
    noded = node(lines(street((-100, 0), (100, 0)), street((0, -50), (0, 50)), begins=[0, 20], ends=[20, 40]))
    assert len(noded.pieces) == 2


@pytest.mark.parametrize(("short_by", "pieces"), [(0.009, 3), (-0.009, 3), (0.011, 2), (0.5, 2)])
def test_an_end_within_a_centimetre_of_a_street_is_a_junction(short_by: float, pieces: int):
    noded = node(lines(street((-100, 0), (100, 0)), street((30, 40), (30, short_by))))
    assert len(noded.pieces) == pieces
    if pieces == 3:
        assert in_metres(noded)[2] == (1, [(30, 40), (30, 0)])


def test_an_end_that_passes_a_street_by_more_is_a_crossing_with_a_stub():
    noded = node(lines(street((-100, 0), (100, 0)), street((30, 40), (30, -0.5))))
    assert [round(value, 2) for value in shapely.length(noded.pieces.geometries()) * DEGREE[1]][2:] == [40.0, 0.5]


def test_ends_within_a_centimetre_are_one_node():
    noded = node(lines(street((0, 0), (50, 0)), street((50.006, 0.004), (90, 0)), street((50, -0.007), (50, -60))))
    pieces = noded.pieces
    assert len(pieces) == 3
    assert (pieces.coords[pieces.last[0]] == pieces.coords[pieces.first[1]]).all()
    assert (pieces.coords[pieces.last[0]] == pieces.coords[pieces.first[2]]).all()


def test_a_vertex_on_a_street_cuts_both():
    noded = node(lines(street((-100, 0), (100, 0)), street((-20, 50), (0, 0), (20, 50))))
    assert sorted(source for source, _ in in_metres(noded)) == [0, 0, 1, 1]


def test_three_streets_through_one_place_share_one_node():
    noded = node(lines(street((-50, -50), (50, 50)), street((-50, 50), (50, -50)), street((0.003, -60), (0.003, 60))))
    assert len(noded.pieces) == 6
    assert noded.crossings == 1


def test_a_closed_street_is_cut_in_two_halves():
    square = street((0, 0), (100, 0), (100, 100), (0, 100), (0, 0))
    noded = node(lines(square))
    assert in_metres(noded) == [
        (0, [(0, 0), (100, 0), (100, 100)]),
        (0, [(100, 100), (0, 100), (0, 0)]),
    ]
    assert noded.looped.tolist() == [0]


def test_a_street_that_crosses_itself_is_cut_there():
    noded = node(lines(street((0, 0), (100, 0), (100, 50), (50, 50), (50, -50))))
    assert len(noded.pieces) == 4
    assert all(line.is_simple and not line.is_closed for line in noded.pieces.geometries())
    assert noded.looped.tolist() == [0]


def test_a_street_that_runs_back_over_itself_is_there_once():
    noded = node(lines(street((0, 0), (100, 0), (60, 0))))
    assert length(noded.pieces) == pytest.approx(GEOD.geometry_length(street((0, 0), (100, 0))), abs=1e-6)


def test_a_street_there_twice_stays_once_whatever_its_direction():
    noded = node(lines(street((0, 0), (50, 5), (100, 0)), street((100, 0), (50, 5), (0, 0))))
    assert in_metres(noded) == [(0, [(0, 0), (50, 5), (100, 0)])]
    assert noded.doubled.tolist() == [[1, 0]]
    assert len(noded.doubled_pieces) >= 1


def test_what_two_streets_share_stays_with_the_first_and_is_not_cut_at_every_vertex():
    shared = [(50.0, 0.0), (60.0, 3.0), (70.0, 1.0), (80.0, 4.0)]
    noded = node(lines(street((0, 0), *shared, (200, 0)), street((50, -80), *shared, (80, 90))))
    assert [source for source, _ in in_metres(noded)] == [0, 0, 0, 1, 1]
    assert in_metres(noded)[1] == (0, shared)


def test_parts_of_one_row_keep_its_number():
    both = MultiLineString([street((0, 0), (100, 0)), street((0, 50), (100, 50))])
    noded = node(lines(both, street((50, -10), (50, 60))))
    assert [source for source, _ in in_metres(noded)] == [0, 0, 0, 0, 1, 1, 1]


def test_a_stored_street_stays_where_it_is_and_is_cut():
    stored = lines(street((-100, 0.004), (100, 0.004)), fixed=[True])
    noded = node(together(lines(street((0, 60), (0, 0))).from_sources(np.array([1])), stored))
    at_stored = noded.pieces.source == 0
    assert at_stored.sum() == 2
    assert set(map(tuple, stored.coords.tolist())) <= set(map(tuple, noded.pieces.coords.tolist()))


def test_a_loose_end_near_a_street_is_a_near_miss_and_a_stub_is_not():
    pieces = node(
        lines(
            street((-100, 0), (100, 0)),
            street((30, 40), (30, 1.5)),
            street((60, 40), (60, 2.5)),
            street((-30, 0), (-30, 1.5)),
        )
    ).pieces
    _, line, metres = near_misses(pieces)
    assert pieces.source[line].tolist() == [1]
    assert metres.tolist() == pytest.approx([1.5], abs=0.01)


def test_components_join_at_junctions_only():
    cross = lines(street((-100, 0), (100, 0)), street((0, -50), (0, 50)), street((300, 0), (400, 0)))
    after = node(cross).pieces
    before = nodes_of(cross.coords[cross.first], cross.coords[cross.last])
    met = nodes_of(after.coords[after.first], after.coords[after.last])
    assert (count_components(before, cross.source), count_components(met)) == (3, 2)


def test_the_measure_is_the_geodesic_from_the_start_and_no_edge_is_over_200_metres():
    long = street((0, 0), (730, 410), (735, 410))
    measured = measure(lines(long))
    assert measured.vertices[-1, 2] == pytest.approx(GEOD.geometry_length(long), abs=1e-6)
    assert measured.extent_mm.tolist() == [round(GEOD.geometry_length(long) * 1000)]
    steps = np.diff(measured.vertices[:, 2])
    assert steps.max() <= 200.0
    assert len(measured.vertices) == 7
    read_back = shapely.from_wkb(measured.ewkb()[0])
    assert shapely.get_coordinates(read_back, include_m=True) == pytest.approx(measured.vertices)
    assert shapely.get_srid(read_back) == 4326


def metres(bound: int) -> st.SearchStrategy[float]:
    return st.floats(-bound, bound, allow_nan=False).map(lambda value: round(value, 2))


courses = st.lists(st.tuples(metres(300), metres(300)), min_size=2, max_size=6)
towns = st.lists(st.tuples(courses, st.integers(0, 1)), min_size=1, max_size=12)


@settings(max_examples=100, deadline=None)
@given(towns)
def test_after_noding_pieces_meet_only_at_their_ends(town: list[tuple[list[tuple[float, float]], int]]):
    levels = np.array([level for _, level in town])
    raw = lines(*(street(*course) for course, _ in town), group=levels.tolist())
    noded = node(raw)
    pieces = noded.pieces
    assert (levels[pieces.source] == pieces.group).all()
    _check_meetings(pieces)
    _check_nothing_is_lost(raw, noded)
    _check_provenance(raw, noded)


def _flat(part: Lines) -> np.ndarray:
    return shapely.transform(part.geometries(), lambda coords: (coords - ORIGIN) * DEGREE)


def _check_meetings(pieces: Lines) -> None:
    flat = _flat(pieces)
    assert all(line.is_simple and not line.is_closed for line in flat)
    one, other = shapely.STRtree(flat).query(flat, predicate="intersects")
    pairs = (one < other) & (pieces.group[one] == pieces.group[other])
    for a, b in zip(flat[one[pairs]], flat[other[pairs]], strict=True):
        meeting = a.intersection(b)
        ends = shapely.union_all([a.boundary, b.boundary])
        # a millimetre is one vertex
        assert meeting.difference(ends.buffer(0.003)).is_empty, (a.wkt, b.wkt)


def _check_nothing_is_lost(raw: Lines, noded: Noded) -> None:
    """Every place of the lines is still on a piece of their level; ends move by a centimetre at most."""
    for level in np.unique(raw.group):
        before = shapely.union_all(_flat(raw.select(raw.group == level)))
        after = _flat(noded.pieces.select(noded.pieces.group == level))
        assert shapely.union_all(after).buffer(0.05).covers(before) or before.length < 0.1
        # what is left is not there twice
        assert shapely.length(after).sum() <= before.length * (1 + 1e-9) + 0.02 * (1 + len(after))


def _check_provenance(raw: Lines, noded: Noded) -> None:
    whole = {source: shapely.union_all(_flat(raw.select(raw.source == source))) for source in np.unique(raw.source)}
    for source, piece in zip(noded.pieces.source.tolist(), _flat(noded.pieces), strict=True):
        assert whole[source].buffer(0.03).covers(piece)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_random_towns_keep_their_length_to_a_billionth(seed: int):
    random = np.random.default_rng(seed)
    town = [street(*(random.random((random.integers(2, 6), 2)) * 600).tolist()) for _ in range(12)]
    raw = lines(*town)
    assume(_has_room(_flat(raw)))
    noded = node(raw)
    _check_meetings(noded.pieces)
    assert length(noded.pieces) == pytest.approx(length(raw), rel=1e-9)
    again = node(noded.pieces.from_sources(np.arange(len(noded.pieces))))
    assert (again.pieces.coords == noded.pieces.coords).all()
    assert again.crossings == 0


def _has_room(flat: np.ndarray) -> bool:
    """Tell whether no junction is within two centimetres of anything that does not go through it."""
    coords, owner = shapely.get_coordinates(flat, return_index=True)
    edges = shapely.linestrings(np.stack((coords[:-1], coords[1:]), axis=1)[owner[1:] == owner[:-1]])
    one, other = np.triu_indices(len(edges), 1)
    junctions = np.concatenate((shapely.intersection(edges[one], edges[other]), shapely.points(coords)))
    near = shapely.distance(junctions[:, None], edges[None, :])
    return bool(np.nanmin(np.where(near < 1e-6, np.inf, near)) > 0.02)
