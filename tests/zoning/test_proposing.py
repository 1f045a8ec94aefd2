"""Proposals for the sample town: what they say is recomputed from their lists and an export."""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from datetime import date
from itertools import combinations
from typing import Any

import networkx as nx
import numpy as np
import pytest
import shapely
from click.testing import CliRunner
from sqlalchemy import Connection, text

from geo_hygiene.cli import main
from geo_hygiene.coverage.duties import duty_of
from geo_hygiene.database import engine
from geo_hygiene.errors import UnknownRecordError
from geo_hygiene.zoning import drafts
from geo_hygiene.zoning.adopting import Proposed, adopt
from geo_hygiene.zoning.barriers import Barrier
from geo_hygiene.zoning.proposing import ImpossibleProposalError, Proposal, propose
from geo_hygiene.zoning.records import Editor
from geo_hygiene.zoning.sharing import Borders, Wishes
from tests.conftest import TestDatabase

SHARES_STREETS = """
select duty_zone.code
from duty_zone
join claim using (id)
join cover using (source_id)
join target on target.id = cover.target_id
where claim.duty_id = :duty and claim.valid_from <= :on and :on < claim.valid_to
    and cover.to_mm - cover.from_mm < target.extent_mm
group by duty_zone.code order by count(*) desc, duty_zone.code limit 1
"""
"""The zone that holds most streets in part."""

ON = date(2025, 11, 30)
"""In the sample's second plan."""


@pytest.fixture(scope="module")
def town(sample_database: TestDatabase) -> Iterator[Connection]:
    connections = engine(sample_database.service_url)
    with connections.connect() as connection:
        yield connection
    connections.dispose()


@pytest.fixture(scope="module")
def streets(sample_database: TestDatabase, tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """Return the street segments as an export tells them, by id."""
    path = tmp_path_factory.mktemp("streets") / "streets.geojson"
    environment = {"GEO_HYGIENE_DATABASE_URL": sample_database.owner_url}
    words = ["export", "street-segments", str(path), "--on", ON.isoformat()]
    assert CliRunner().invoke(main, words, env=environment).exit_code == 0
    features = json.loads(path.read_text())["features"]
    return {feature["properties"]["id"]: feature for feature in features}


def proposed(town: Connection, duty: str = "sweeping", **wishes: Any) -> Proposal:
    return propose(town, duty_of(town, duty), ON, Wishes(**wishes))


def junctions(streets: dict[str, dict[str, Any]]) -> nx.Graph:
    """Return which streets meet at their ends."""
    at = defaultdict(list)
    for identity, feature in streets.items():
        for end in (feature["geometry"]["coordinates"][0], feature["geometry"]["coordinates"][-1]):
            at[round(end[0], 7), round(end[1], 7)].append(identity)
    graph = nx.Graph()
    graph.add_nodes_from(streets)
    for met in at.values():
        graph.add_edges_from(combinations(met, 2))
    return graph


def test_130_zones_are_even_connected_and_leave_nothing_out(town: Connection, streets: dict[str, Any]) -> None:
    told = proposed(town, count=130).as_json()
    listed = [segment for zone in told["zones"] for segment in zone["segments"]]
    assert sorted(listed) == sorted(streets)
    graph = junctions(streets)
    assert all(nx.is_connected(graph.subgraph(zone["segments"])) for zone in told["zones"])
    for zone in told["zones"]:
        metres = sum(streets[segment]["properties"]["length_m"] for segment in zone["segments"])
        assert zone["length_m"] == pytest.approx(metres, abs=0.01)
    works = [zone["workload"] for zone in told["zones"]]
    mean = sum(works) / 130
    assert told["mean"] == pytest.approx(mean, abs=0.02)
    assert told["max_over_mean"] == pytest.approx(max(works) / mean, abs=0.001)
    assert told["max_over_mean"] <= 1.05
    assert (told["met"], told["broken"], told["unassigned"], len(told["zones"])) == (True, 0, 0, 130)
    assert told["before"]["max_over_mean"] > told["max_over_mean"]


def test_hard_borders_are_crossed_only_where_it_is_told(town: Connection, streets: dict[str, Any]) -> None:
    proposal = proposed(town, count=130, borders=Borders.HARD)
    crossing = 0
    for zone in proposal.as_json()["zones"]:
        crossing += len({streets[segment]["properties"]["community"] for segment in zone["segments"]}) > 1
    assert crossing == proposal.crossing <= sum(one.constraint == "border" for one in proposal.binding)


def test_what_can_not_be_even_within_communities_says_which(town: Connection) -> None:
    proposal = proposed(town, count=6, borders=Borders.HARD)
    assert not proposal.is_met
    assert {one.constraint for one in proposal.binding} >= {"borders"}
    assert all(one.where.startswith("QJ") for one in proposal.binding if one.constraint == "borders" and one.where)
    assert proposed(town, count=6).is_met


def test_most_stays_with_its_zone_when_that_is_wished(town: Connection, streets: dict[str, Any]) -> None:
    count = proposed(town, count=175).before.zones
    told = proposed(town, count=count, keep=0.9).as_json()
    assert told["share_kept"] >= 0.9
    assert told["max_over_mean"] < told["before"]["max_over_mean"]
    holders = {zone["code"]: zone["holder"] for zone in told["zones"]}
    assert sum(holder is not None for holder in holders.values()) > 0.9 * count
    moved = sum(one["length_m"] for one in told["moved"])
    held = sum(streets[segment]["properties"]["length_m"] for zone in told["zones"] for segment in zone["segments"])
    assert moved <= 0.1 * held


def test_a_locked_zone_stays_as_it_is(town: Connection) -> None:
    ground = proposed(town, count=130).ground
    before = {str(piece.uuid) for piece in ground.pieces if piece.zone == "SW001"}
    told = proposed(town, count=130, locked=frozenset({"SW001"})).as_json()
    assert {zone["code"]: set(zone["segments"]) for zone in told["zones"]}["SW001"] == before
    assert len(told["zones"]) == 130


def test_each_zone_with_too_much_is_told_with_what_stands_against_less(town: Connection) -> None:
    proposal = proposed(town, count=130, tolerance=0.004)
    most = 1.004 * sum(zone.work for zone in proposal.zones) / 130
    heavy = {zone.code for zone in proposal.zones if zone.work > most}
    assert heavy, "so even it can not be"
    told = {one.where: one for one in proposal.binding if one.constraint in {"neighbours", "contiguity", "search"}}
    assert set(told) == set(sorted(heavy, key=lambda code: (-works_of(proposal)[code], code))[:20])
    works = works_of(proposal)
    for code, one in told.items():
        share = f"{works[str(code)] / (most / 1.004):.1%}"
        assert share in one.text
    full = [one for one in told.values() if one.constraint == "neighbours"]
    for one in full:
        (least,) = re.findall(r"takes ([\d.]+) min", one.text)
        others = re.findall(r"SW\d+", one.text.split("for which")[1])
        assert others
        assert all(works[other] + (float(least) - 0.1) * 60_000 > most - 6000 for other in others)


def works_of(proposal: Proposal) -> dict[str, int]:
    return {zone.code: zone.work for zone in proposal.zones}


def test_what_locked_zones_bind_is_told(town: Connection) -> None:
    day = proposed(town, count=130)
    held = Counter[str]()
    for piece in day.ground.pieces:
        held[piece.zone or ""] += piece.work
    del held[""]
    heaviest, lightest = max(held, key=lambda code: held[code]), min(held, key=lambda code: held[code])
    told = proposed(town, count=130, locked=frozenset({heaviest, lightest}))
    assert not told.is_met
    assert heaviest in {one.where for one in told.binding if one.constraint == "lock"}
    few = proposed(town, count=3, locked=frozenset({lightest}))
    assert not few.is_met
    assert [one.where for one in few.binding if one.constraint == "lock"] == [None]


def test_a_locked_zone_is_not_in_the_draft_though_it_shares_streets(
    new_database: Callable[..., TestDatabase], sample_template: TestDatabase
) -> None:
    connections = engine(new_database(sample_template.name).service_url)
    with connections.begin() as connection:
        duty = duty_of(connection, "sweeping")
        shared = connection.scalar(text(SHARES_STREETS), {"duty": duty.id, "on": ON})
        wishes = Wishes(count=130, locked=frozenset({shared}))
        found = propose(connection, duty, ON, wishes)
        proposed_now = Proposed(duty, ON, found.lists, {}, wishes.locked)
        draft = adopt(connection, Editor("test", None), proposed_now, "stays")
        zones = {zone.code for zone in drafts.zones_of(connection, draft)}
        assert len(zones) > 100
        assert shared not in zones
        makes = drafts.difference_of(connection, draft, ON)
        assert makes.after.overlap <= makes.before.overlap
    connections.dispose()


def test_codes_go_on_and_new_ones_were_never_there(town: Connection) -> None:
    proposal = proposed(town, count=200)
    codes = [zone.code for zone in proposal.zones]
    assert len(set(codes)) == 200
    there = {piece.zone for piece in proposal.ground.pieces}
    assert not (set(codes) - there) & set(proposal.ground.codes)


@pytest.mark.parametrize("duty", ["supervision", "drains", "tanks"])
def test_other_duties_are_shared_out_whole(town: Connection, duty: str) -> None:
    proposal = proposed(town, duty, count=12)
    assert proposal.unassigned == 0
    assert len(proposal.zones) == 12
    assert proposal.broken <= sum(one.constraint == "apart" for one in proposal.binding)


def test_an_area_alone(town: Connection, streets: dict[str, Any]) -> None:
    told = proposed(town, count=20, area="QJ05").as_json()
    listed = {segment for zone in told["zones"] for segment in zone["segments"]}
    assert listed == {one for one, feature in streets.items() if feature["properties"]["community"] == "QJ05"}


@pytest.mark.parametrize(
    ("wishes", "place"),
    [
        ({"count": 0}, "count"),
        ({"count": 1501}, "count"),
        ({"count": 1, "locked": frozenset({"SW001"})}, "count"),
        ({"count": 20, "locked": frozenset({"SW999"})}, "lock"),
        ({"count": 2, "area": "QJ05", "locked": frozenset({"SW001"})}, "lock"),
        ({"count": 3, "area": "nowhere"}, "within"),
    ],
)
def test_what_can_not_be_is_said(town: Connection, wishes: dict[str, Any], place: str) -> None:
    with pytest.raises(ImpossibleProposalError) as caught:
        proposed(town, **wishes)
    assert caught.value.place == place


def test_an_area_of_others_is_none(town: Connection) -> None:
    with pytest.raises(UnknownRecordError):
        propose(town, duty_of(town, "sweeping"), ON, Wishes(count=5, area="QJ05"), within=frozenset({"QJ01"}))
    whole = propose(town, duty_of(town, "sweeping"), ON, Wishes(count=5), within=frozenset({"QJ01"}))
    assert {piece.community for piece in whole.ground.pieces} == {"QJ01"}


def test_the_command_prints_the_proposal(sample_database: TestDatabase) -> None:
    environment = {"GEO_HYGIENE_DATABASE_URL": sample_database.owner_url}
    words = ["zones", "propose", "--duty", "sweeping", "--count", "130", "--on", ON.isoformat()]
    told = json.loads(CliRunner().invoke(main, [*words, "--json"], env=environment).stdout)
    assert told["met"]
    shown = CliRunner().invoke(main, words, env=environment)
    assert shown.exit_code == 0
    assert told["zones"][0]["code"] in shown.stdout
    refused = CliRunner().invoke(main, [*words[:5], "9999", *words[6:]], env=environment)
    assert refused.exit_code == 1
    assert "1500" in refused.output


def test_a_proposal_becomes_a_draft_with_the_figures_that_it_told(
    new_database: Callable[..., TestDatabase], sample_template: TestDatabase
) -> None:
    """It leaves nothing to nobody, and what it does not touch stays out of the draft."""
    environment = {"GEO_HYGIENE_DATABASE_URL": new_database(sample_template.name).owner_url}

    def run(*words: str) -> dict[str, Any]:
        result = CliRunner().invoke(main, [*words, "--json"], env=environment)
        assert result.exit_code == 0, result.output
        told: dict[str, Any] = json.loads(result.stdout)
        return told

    on = ("--on", ON.isoformat())
    whole = run("zones", "propose", "--duty", "sweeping", "--count", "130", "--draft", "whole", *on)
    assert whole["draft"] == "whole"
    figures = run("cover", "--duty", "sweeping", "--draft", "whole", *on)
    assert (figures["gap"], figures["overlap"]) == (0, 0)
    assert figures["covered"] == pytest.approx(sum(zone["length_m"] for zone in whole["zones"]), abs=0.1)
    lone = sum(zone["length_m"] for zone in whole["zones"] if zone["holder"] is None)
    assert figures["vacant"] == pytest.approx(lone, abs=0.1)

    part = run("zones", "propose", "--duty", "sweeping", "--count", "20", "--within", "QJ05", "--draft", "part", *on)
    told = run("cover", "--duty", "sweeping", "--draft", "part", "--by", "community", *on)
    before = run("cover", "--duty", "sweeping", "--by", "community", *on)
    by_code = {row["code"]: row for row in told["by"]}
    assert by_code["QJ05"]["gap"] == 0
    assert by_code["QJ05"]["covered"] == pytest.approx(sum(zone["length_m"] for zone in part["zones"]), abs=0.1)
    for row in before["by"]:
        if row["code"] != "QJ05":
            assert by_code[row["code"]]["covered"] == row["covered"]

    twice = CliRunner().invoke(
        main, ["zones", "propose", "--duty", "sweeping", "--count", "130", "--draft", "whole", *on], env=environment
    )
    assert twice.exit_code == 1
    run("zones", "publish", "whole", "--from", "2027-01-01")
    later = run("cover", "--duty", "sweeping", "--on", "2027-01-01")
    assert (later["gap"], later["overlap"]) == (0, 0)


@pytest.fixture(scope="module")
def banks(town: Connection) -> list[shapely.Polygon]:
    """Return the ground on both sides of the river (EPSG:4326)."""
    water = town.scalar(text("select ST_AsBinary(ST_Union(geom)) from water_body where category = 'river'"))
    river = shapely.from_wkb(bytes(water or b""))
    west, south, east, north = river.bounds
    ground = shapely.box(west + 1e-4, south - 1, east - 1e-4, north + 1)
    return sorted(shapely.get_parts(ground - river).tolist(), key=lambda bank: -bank.area)[:2]


def reaching(proposal: Proposal, banks: list[shapely.Polygon]) -> int:
    """Return how many zones lie on both banks; a bridge lies on one."""
    count = 0
    for zone in proposal.zones:
        pieces = np.array([proposal.ground.pieces[member].shape for member in zone.members])
        shapes = proposal.ground.plane.in_degrees(pieces)
        lines = [shapely.length(shapely.intersection(shapes, bank)) - shapely.distance(shapes, bank) for bank in banks]
        count += len(set(np.argmax(lines, axis=0).tolist())) > 1
    return count


@pytest.mark.parametrize(("duty", "count"), [("sweeping", 5), ("tanks", 5)])
def test_no_zone_lies_on_both_banks_of_the_river(
    town: Connection, banks: list[shapely.Polygon], duty: str, count: int
) -> None:
    assert reaching(proposed(town, duty, count=count, borders=Borders.NONE), banks) > 0
    proposal = proposed(town, duty, count=count, borders=Borders.NONE, barriers=frozenset({Barrier.RIVER}))
    assert reaching(proposal, banks) == 0
    assert not proposal.broken


def test_zones_meet_across_a_main_road_only_where_it_is_told(town: Connection) -> None:
    proposal = proposed(town, count=60, borders=Borders.NONE, barriers=frozenset({Barrier.MAIN_ROAD}))
    pieces = proposal.ground.pieces
    roads = shapely.union_all([piece.shape for piece in pieces if piece.category == "arterial"])
    rim = shapely.box(*shapely.total_bounds([piece.shape for piece in pieces])).buffer(500)
    blocks = shapely.get_parts(shapely.polygonize(shapely.get_parts(shapely.union_all([roads, rim.boundary]))))
    tree = shapely.STRtree(blocks)
    crossing = 0
    for zone in proposal.zones:
        sides = [pieces[member] for member in zone.members if pieces[member].category != "arterial"]
        middles = [shapely.line_interpolate_point(piece.shape, 0.5, normalized=True) for piece in sides]
        crossing += len(set(tree.query(middles, predicate="within")[1].tolist())) > 1
    told = sum(one.constraint == "barrier" and "takes them" in one.text for one in proposal.binding)
    assert len(blocks) > 3
    assert crossing <= told


def test_pictures_part_the_ground_and_hold_their_lists(town: Connection) -> None:
    for duty, count in (("sweeping", 130), ("tanks", 12)):
        proposal = proposed(town, duty, count=count)
        drawn = proposal.pictures()
        assert list(drawn) == [zone.code for zone in proposal.zones]
        shapes = np.array(list(drawn.values()))
        assert {shape.geom_type for shape in shapes} == {"MultiPolygon"}
        assert shapely.is_valid(shapes).all()
        one, other = shapely.STRtree(shapes).query(shapes, predicate="intersects")
        apart = one < other
        assert shapely.area(shapely.intersection(shapes[one[apart]], shapes[other[apart]])).max() < 1e-9 * 1e-9
        plane = proposal.ground.plane
        in_metres = plane.in_metres(shapes)
        for zone, shape in zip(proposal.zones, in_metres, strict=True):
            lanes = [proposal.ground.pieces[member].shape for member in zone.members]
            middles = shapely.line_interpolate_point(lanes, 0.5, normalized=True) if duty == "sweeping" else lanes
            assert shapely.distance(middles, shape).max() < 0.01
        parts = shapely.get_parts(in_metres)
        assert (shapely.area(parts) / shapely.length(parts)).min() > 2, "no slivers"
        assert shapely.get_num_coordinates(shapes).mean() < 60 or duty == "tanks"
