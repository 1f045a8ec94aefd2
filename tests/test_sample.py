"""The sample town has the source's size, is sound as a network and a tree, and comes out the same each time."""

from __future__ import annotations

import filecmp
import math
import uuid
from collections import Counter
from collections.abc import Iterator
from datetime import date
from itertools import pairwise
from pathlib import Path

import geopandas
import networkx as nx
import numpy as np
import pytest
import shapely

from geo_hygiene.layers import LAYERS
from geo_hygiene.sample import write
from geo_hygiene.sample.cleaning import crossings
from geo_hygiene.sample.field import Field
from geo_hygiene.sample.loading import ORDER
from geo_hygiene.sample.parameters import TOWN
from geo_hygiene.sample.river import make_river
from geo_hygiene.sample.streets import make_ground, make_network
from geo_hygiene.sample.tables import NAMESPACE
from geo_hygiene.sample.write import write_year
from geo_hygiene.sample.year import LEFT_OUT
from geo_hygiene.sample.year_tables import YEAR_ORDER
from tests.sample_files import GEOD, PLANE, Files, Rows

STORED = Path(__file__).parents[1] / "data" / "shapefiles"
PLANS = (("2025-01-01", "2025-03-03"), ("2025-07-01", "2025-09-01"))
"""First day of each plan, and a day on which nobody is on leave for long."""


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Files:
    folder = tmp_path_factory.mktemp("town")
    write(folder)
    return Files(folder)


def test_the_stored_files_are_what_write_makes_to_the_byte(town: Files) -> None:
    made = sorted(path.name for path in town.folder.iterdir() if path.name.partition(".")[0] not in YEAR_ORDER)
    assert made == sorted(path.name for path in STORED.iterdir() if not path.name.startswith("."))
    data = [name for name in made if not name.endswith(".fields.csv")]
    _same, different, missing = filecmp.cmpfiles(STORED, town.folder, data, shallow=False)
    assert (different, missing) == ([], [])
    for name in set(made) - set(data):  # its titles change with the words of the interface
        texts = [(folder / name).read_text("utf-8-sig").splitlines() for folder in (STORED, town.folder)]
        kept, fresh = ([line.split(",")[:2] for line in lines] for lines in texts)
        assert kept == fresh


def test_its_year_is_made_of_the_stored_files_alone(town: Files, tmp_path: Path) -> None:
    write_year(tmp_path, STORED)
    made = sorted(path.name for path in tmp_path.iterdir())
    assert {name.partition(".")[0] for name in made} == set(YEAR_ORDER)
    _same, different, missing = filecmp.cmpfiles(tmp_path, town.folder, made, shallow=False)
    assert (different, missing) == ([], [])


def test_the_town_has_the_size_of_the_source(town: Files) -> None:
    areas, streets = town.layer("areas"), town.layer("street-segments")
    assert Counter(areas.level) == {"office": 1, "community": 6, "group": 81}
    for level in ("office", "community", "group"):
        assert areas[areas.level == level].population.sum() == 52_000
    assert 1400 <= len(streets) <= 1600
    assert streets.length_m.sum() == pytest.approx(113_000, rel=0.04)
    assert 180 <= streets.lane_code.nunique() <= 230
    assert set(streets.category) == {"arterial", "street", "lane", "alley"}
    assert town.layer("drain-segments").length_m.sum() == pytest.approx(9000, rel=0.1)
    assert len(town.layer("septic-tanks")) == 600
    assert 3500 <= len(town.layer("buildings")) <= 4300
    roles = Counter(person["role"] for person in town.table("people"))
    assert (roles["cleaner"], roles["estate_cleaner"], roles["supervisor"]) == (130, 60, 100)
    assert roles["leader"] == 7
    assert roles["cadre"] > 40


def test_the_columns_are_those_of_the_declarations(town: Files) -> None:
    for key in ORDER:
        layer = LAYERS[key]
        if layer.is_event:
            assert set(town.table(key)[0]) <= {attribute.name for attribute in layer if attribute.importable}
            continue
        if layer.geometry is None:
            assert list(town.table(key)[0]) == [attribute.name for attribute in layer]
            continue
        assert list(town.layer(key).columns) == [*(attribute.short for attribute in layer.exported), "geometry"]
        assert all(len(name.encode("gbk")) <= 10 for name in town.layer(key).columns[:-1])
        assert (town.folder / f"{key}.cpg").read_text() == "GBK"
        assert town.layer(key).crs.to_epsg() == 4326


def test_chinese_text_stands_in_the_tables_as_gbk(town: Files) -> None:
    assert "清江街道（示例）".encode("gbk") in (town.folder / "areas.dbf").read_bytes()
    assert "滨江南路" in set(town.layer("street-segments").lane)
    assert "清江" in set(town.layer("water-bodies").name)


def test_ids_come_from_the_codes_and_nothing_is_there_twice(town: Files) -> None:
    seen: set[str] = set()
    for key in ORDER:
        if LAYERS[key].geometry is None or LAYERS[key].is_event:
            continue
        frame = town.layer(key)
        names = frame.code if key != "duty-zones" else frame.code + "@" + frame.valid_from.astype(str).str[:10]
        assert names.is_unique
        assert list(frame.id) == [str(uuid.uuid5(NAMESPACE, f"{key}/{name}")) for name in names]
        assert not seen & set(frame.id)
        seen |= set(frame.id)
    for key, name in (("people", "code"), ("campaigns", "code"), ("treatments", "id"), ("cases", "id")):
        names_of_rows = [row[name] for row in town.table(key)]
        assert len(names_of_rows) == len(set(names_of_rows))


def test_the_year_has_eight_campaigns_and_shows_what_one_of_them_left_out(town: Files) -> None:
    pests = Counter((one["pest"], one["season"]) for one in town.table("campaigns"))
    assert set(pests) == {
        ("rodent", "spring"),
        ("rodent", "autumn"),
        *((pest, season) for pest in ("mosquito", "fly", "cockroach") for season in ("summer", "autumn")),
    }
    group_of = dict(zip(town.layer("street-segments").id, town.layer("street-segments").community, strict=True))
    spring = [one for one in town.table("treatments") if one["campaign"] == "2025-spring-rodent"]
    treated = Counter(group_of.get(one["segment"]) for one in spring if one["result"] == "done")
    streets = Counter(group_of.values())
    shares = {code: treated[code] / streets[code] for code in streets}
    assert shares.pop(LEFT_OUT) < 0.15
    assert min(shares.values()) > 0.8


def test_complaints_tell_of_their_causes(town: Files) -> None:
    cases = town.table("cases")
    assert 3000 <= len(cases) <= 4000
    assert 0.01 < sum(not one["lon"] for one in cases) / len(cases) < 0.05
    communities = town.layer("areas").query("level == 'community'")
    placed = [one for one in cases if one["kind"] == "rodent" and one["lon"]]
    places = geopandas.GeoSeries([shapely.Point(float(one["lon"]), float(one["lat"])) for one in placed], crs=4326)
    rats = {
        code: places.within(shape).sum() for code, shape in zip(communities.code, communities.geometry, strict=True)
    }
    assert max(rats, key=rats.__getitem__) == LEFT_OUT
    months = Counter(one["reported_at"][5:7] for one in cases if one["kind"] == "mosquito")
    assert months["07"] + months["08"] > 0.4 * months.total()


def test_people_are_plainly_made_up(town: Files) -> None:
    for person in town.table("people"):
        assert person["name"].split(" ")[1].isdigit()
        assert person["phone"].startswith("199****")


def test_streets_meet_only_in_shared_ends(town: Files) -> None:
    frame = town.layer("street-segments")
    lines = frame.geometry.to_numpy()
    assert shapely.is_simple(lines).all()
    assert not any(line.coords[0] == line.coords[-1] for line in lines)
    left, right = shapely.STRtree(lines).query(lines, predicate="intersects")
    ends = [{line.coords[0], line.coords[-1]} for line in lines]
    for i, j in zip(left, right, strict=True):
        if i < j:
            meeting = shapely.get_coordinates(lines[i].intersection(lines[j]))
            assert {tuple(place) for place in meeting} <= ends[i] & ends[j], (frame.code[i], frame.code[j])


def test_no_street_passes_another_ones_end_nearby(town: Files) -> None:
    lines = town.streets.geometry.to_numpy()
    exact = town.layer("street-segments").geometry.to_numpy()
    tree = shapely.STRtree(lines)
    for line, as_written in zip(lines, exact, strict=True):
        for end, place in ((line.coords[0], as_written.coords[0]), (line.coords[-1], as_written.coords[-1])):
            for other in tree.query(shapely.Point(end), predicate="dwithin", distance=4.0):
                assert place in (exact[other].coords[0], exact[other].coords[-1])


def test_streets_make_one_network_of_moderate_pieces(town: Files) -> None:
    graph = nx.Graph(town.ends[identity] for identity in town.layer("street-segments").id)
    assert nx.is_connected(graph)
    assert town.layer("street-segments").length_m.between(10, 240).all()
    steps = [shapely.length(shapely.linestrings(line.coords[:2])) for line in town.streets.geometry]
    assert max(steps) < 200


def test_lengths_are_geodesic(town: Files) -> None:
    for key in ("street-segments", "drain-segments"):
        frame = town.layer(key)
        assert np.allclose([GEOD.geometry_length(line) for line in frame.geometry], frame.length_m, atol=0.0006)


def test_every_lane_is_connected_has_one_class_and_a_name_of_its_own(town: Files) -> None:
    streets = town.layer("street-segments")
    for _code, lane in streets.groupby("lane_code"):
        assert nx.is_connected(nx.Graph(town.ends[identity] for identity in lane.id))
        assert lane.category.nunique() == 1
        assert lane.lane.nunique() == 1
    assert streets.groupby("lane").lane_code.nunique().max() == 1


def test_lanes_are_as_long_as_people_call_one_lane(town: Files) -> None:
    metres = town.layer("street-segments").groupby(["category", "lane_code"]).length_m.sum()
    assert metres["lane"].median() > 250
    assert metres["arterial"].median() > 900
    assert metres["alley"].max() < 140


def test_groups_fill_their_communities_without_overlap(town: Files) -> None:
    areas = town.layer("areas").to_crs(PLANE)
    water = town.layer("water-bodies").to_crs(PLANE).geometry.union_all()
    shapes = dict(zip(areas.code, areas.geometry, strict=True))
    assert shapely.is_valid(areas.geometry.to_numpy()).all()
    for level in ("community", "group"):
        parts = areas[areas.level == level].geometry
        assert parts.area.sum() == pytest.approx(parts.union_all().area, rel=1e-6)
    for code, group in areas[areas.level == "group"].set_index("code").iterrows():
        assert group.geometry.difference(shapes[group.parent]).area < 0.1, code
    land = shapes["QJ"].difference(water)
    groups = areas[areas.level == "group"].geometry.union_all()
    assert land.difference(groups).area < 1e-4 * land.area
    assert areas[areas.level == "community"].geometry.union_all().symmetric_difference(shapes["QJ"]).area < 1


def test_no_community_reaches_over_the_river(town: Files) -> None:
    areas = town.layer("areas").to_crs(PLANE)
    bodies = town.layer("water-bodies")
    river = bodies[bodies.name == "清江"].to_crs(PLANE).geometry.union_all()
    office = areas[areas.level == "office"].geometry.union_all()
    banks = sorted(office.difference(river).geoms, key=lambda part: part.area)[-2:]
    for community in areas[areas.level == "community"].geometry:
        shares = sorted(community.intersection(bank).area / community.area for bank in banks)
        assert shares[0] < 1e-3
        assert shares[1] > 0.8


def test_every_segment_lies_in_the_group_that_it_names_and_mostly_in_no_other(town: Files) -> None:
    streets, areas = town.streets, town.layer("areas").to_crs(PLANE)
    groups = areas[areas.level == "group"].set_index("code")
    tree = shapely.STRtree(groups.geometry.to_numpy())
    for segment in streets.itertuples():
        shares = {
            groups.index[i]: groups.geometry.iloc[i].intersection(segment.geometry).length
            for i in tree.query(segment.geometry, predicate="intersects")
        }
        best, *rest = sorted(shares, key=lambda code: -shares[code])
        assert best == segment.group
        assert not rest or shares[rest[0]] < 0.6 * shares[best], segment.code
        assert segment.community == groups.parent[segment.group]
        assert segment.zone_class == groups.zone_class[segment.group]


def test_core_fringe_and_villages_are_there(town: Files) -> None:
    streets = town.layer("street-segments")
    share = streets.zone_class.value_counts(normalize=True)
    assert 0.35 < share["core"] < 0.5
    assert share["fringe"] > 0.4
    assert 0.03 < share["urban_village"] < 0.15


def test_drains_flow_to_the_river(town: Files) -> None:
    drains = town.layer("drain-segments")
    flow = nx.DiGraph(zip(drains.from_node, drains.to_node, strict=True))
    assert nx.is_directed_acyclic_graph(flow)
    outfalls = [node for node in flow if flow.out_degree(node) == 0]
    assert all(node.startswith("P") for node in outfalls)
    assert max(flow.out_degree(node) for node in flow) == 1
    places: dict[str, tuple[float, ...]] = {}
    for row in drains.itertuples():
        for node, place in ((row.from_node, row.geometry.coords[0]), (row.to_node, row.geometry.coords[-1])):
            assert places.setdefault(node, place) == place


def test_places_lie_in_the_group_that_they_name(town: Files) -> None:
    areas = town.layer("areas")
    groups = dict(zip(areas.code, areas.geometry, strict=True))
    for key in ("septic-tanks", "facilities"):
        for row in town.layer(key).itertuples():
            assert groups[row.group].contains(row.geometry), row.code


def test_each_community_has_its_noticeboard_room_library_and_ground(town: Files) -> None:
    facilities = town.layer("facilities")
    for kind in ("noticeboard", "culture_room", "library"):
        assert Counter(facilities[facilities.kind == kind].community) == dict.fromkeys(
            [f"QJ0{number}" for number in range(1, 7)], 1
        )
    assert set(facilities.kind) == {
        *("public_toilet", "bin", "transfer_station", "market", "school", "restaurant", "well", "noticeboard"),
        *("clinic", "park", "culture_room", "library", "fitness_ground", "other"),
    }


def test_the_country_stays_outside_and_the_river_runs_on(town: Files) -> None:
    office = town.layer("areas").to_crs(PLANE).geometry.iloc[0]
    waters, greens = town.layer("water-bodies").to_crs(PLANE), town.layer("green-spaces").to_crs(PLANE)
    assert set(waters.kind) == {"river", "lake", "pond", "canal"}
    assert set(greens.kind) == {"park", "verge", "wood", "field"}
    assert not waters[waters.kind == "pond"].intersects(office).any()
    assert not greens[greens.kind == "wood"].intersects(office).any()
    outside = greens[(greens.kind == "field") & ~greens.intersects(office)]
    assert len(outside) > 150
    assert outside.distance(office).max() > 900
    west, _south, east, _north = waters[waters.name == "清江"].total_bounds
    assert west < -8500
    assert east > 8500


def test_houses_stand_on_dry_ground_beside_the_streets(town: Files) -> None:
    houses = town.layer("buildings").to_crs(PLANE).geometry.to_numpy()
    assert shapely.is_valid(houses).all()
    tree = shapely.STRtree(houses)
    assert len(tree.query(town.streets.geometry.to_numpy(), predicate="intersects")[0]) == 0
    water = town.layer("water-bodies").to_crs(PLANE).geometry.to_numpy()
    assert len(tree.query(water, predicate="intersects")[0]) == 0


def on_day(rows: Rows, day: str) -> Iterator[dict[str, str]]:
    for row in rows:
        if (not row["valid_from"] or row["valid_from"] <= day) and (not row["valid_to"] or day < row["valid_to"]):
            yield row


def shares(town: Files, duty: str, begins: str, day: str, targets: set[str]) -> dict[str, float]:
    """Return gap, overlap and vacant as shares of the metres (or pieces), by plain sums over stretches."""
    zones = town.zones(duty, begins)
    shift = dict(zip(zones.code, zones["shift"], strict=True))
    held = {row["zone"] for row in on_day(town.table("assignments"), day)}
    lists = town.lists(duty, begins)
    sums = dict.fromkeys(("gap", "overlap", "vacant"), 0.0)
    for target in targets:
        point = duty == "tanks"
        parts = [(0.0, 1.0, zone) if point else (*lists[zone][target], zone) for zone in lists if target in lists[zone]]
        stops = sorted({0.0, town.metres[target], *(stop for part in parts for stop in part[:2])})
        for a, b in pairwise(stops):
            here = [zone for start, end, zone in parts if start <= a and b <= end]
            shifts = [shift[zone] for zone in here]
            meets = any(x == y or "all-day" in (x, y) for i, x in enumerate(shifts) for y in shifts[i + 1 :])
            sums["gap"] += (b - a) * (not here)
            sums["overlap"] += (b - a) * meets
            sums["vacant"] += (b - a) * (bool(here) and not held & set(here))
    total = sum(town.metres[target] for target in targets)
    return {name: value / total for name, value in sums.items()}


def targets_of(town: Files, duty: str) -> set[str]:
    streets = town.layer("street-segments")
    return {
        "sweeping": set(streets.id),
        "supervision": set(streets[streets.zone_class == "core"].id),
        "drains": set(town.layer("drain-segments").id),
        "tanks": set(town.layer("septic-tanks").id),
    }[duty]


DUTIES = pytest.mark.parametrize("duty", ["sweeping", "supervision", "drains", "tanks"])


@DUTIES
def test_each_plan_has_some_gaps_overlaps_and_vacancies_of_its_own(town: Files, duty: str) -> None:
    found = [shares(town, duty, begins, day, targets_of(town, duty)) for begins, day in PLANS]
    for plan in found:
        assert 0.01 < plan["gap"] < 0.08
        assert 0.01 < plan["overlap"] < 0.08
        assert 0.01 < plan["vacant"] < 0.1
    first, second = (town.lists(duty, begins) for begins, _day in PLANS)
    gaps = [
        targets_of(town, duty) - {t for stretches in lists.values() for t in stretches} for lists in (first, second)
    ]
    assert gaps[0] != gaps[1]


@DUTIES
def test_zones_list_only_what_their_duty_looks_after(town: Files, duty: str) -> None:
    for begins, _day in PLANS:
        lists = town.lists(duty, begins)
        assert set(lists) == set(town.zones(duty, begins).code)
        for stretches in lists.values():
            assert set(stretches) <= targets_of(town, duty)
            assert all(0 <= a < b <= town.metres[t] + 1e-9 for t, (a, b) in stretches.items() if duty != "tanks")


@pytest.mark.parametrize("duty", ["sweeping", "supervision"])
def test_zones_are_connected_and_roughly_alike(town: Files, duty: str) -> None:
    for begins, _day in PLANS:
        zones = town.zones(duty, begins)
        assert all(len(shape.geoms) == 1 if hasattr(shape, "geoms") else shape for shape in zones.geometry)
        assert not any(shapely.get_num_interior_rings(part) > 2 for part in shapely.get_parts(zones.geometry))
        broken = 0
        loads = []
        for stretches in town.lists(duty, begins).values():
            broken += not nx.is_connected(nx.Graph(town.ends[target] for target in stretches))
            loads.append(sum(b - a for a, b in stretches.values()))
        assert broken <= 0.03 * len(zones)  # tied through a street of somebody else
        assert max(loads) < 2.6 * sum(loads) / len(loads)


def test_zones_stay_within_their_community_and_class(town: Files) -> None:
    streets = town.layer("street-segments").set_index("id")
    for begins, _day in PLANS:
        for zone, stretches in town.lists("sweeping", begins).items():
            places = streets.loc[list(stretches)]
            assert places.community.nunique() == 1, zone
            assert (places.zone_class == "core").nunique() == 1, zone


def test_the_picture_of_a_zone_lies_over_its_list(town: Files) -> None:
    lines = dict(zip(town.streets.id, town.streets.geometry, strict=True))
    for begins, _day in PLANS:
        zones = town.zones("sweeping", begins).to_crs(PLANE).set_index("code")
        covered = total = 0.0
        for zone, stretches in town.lists("sweeping", begins).items():
            near = zones.geometry[zone].buffer(0.5)
            for target in stretches:
                covered += lines[target].intersection(near).length
                total += lines[target].length
        assert covered / total > 0.99


def test_plans_differ_where_zones_were_drawn_again_and_only_there(town: Files) -> None:
    first, second = (town.lists("sweeping", begins) for begins, _day in PLANS)
    assert set(first) == set(second)
    same = sum(len(first[zone].keys() & second[zone].keys()) for zone in first)
    assert 0.4 < same / sum(len(stretches) for stretches in first.values()) < 0.97


def test_shifts_part_time_and_substitutes_are_there(town: Files) -> None:
    zones = town.zones("sweeping", "2025-01-01").set_index("code")
    lists = town.lists("sweeping", "2025-01-01")
    afternoon = zones[zones["shift"] == "afternoon"].index
    assert len(afternoon) == 7
    morning = {frozenset(lists[zone]) for zone in zones[zones["shift"] == "morning"].index}
    assert {frozenset(lists[zone]) for zone in afternoon} == morning
    shift = dict(zip(zones.index, zones["shift"], strict=True))
    rows = town.table("assignments")
    assert all(row["shift"] == shift.get(row["zone"], row["shift"]) for row in rows)
    weeks = [
        row
        for row in rows
        if row["valid_to"] and (date.fromisoformat(row["valid_to"]) - date.fromisoformat(row["valid_from"])).days == 7
    ]
    assert len(weeks) >= 6
    jobs = Counter(person["employment"] for person in town.table("people"))
    assert set(jobs) == {"full_time", "part_time", "public_post", "older_jobseeker", "low_income"}


def test_nobody_holds_two_zones_of_a_duty_and_shift_for_long(town: Files) -> None:
    duty = {zone.code: zone.duty for zone in town.layer("duty-zones").itertuples()}
    for _begins, day in PLANS:
        held = Counter(
            (row["person"], duty[row["zone"]], row["shift"]) for row in on_day(town.table("assignments"), day)
        )
        assert max(held.values()) == 1


def test_posts_and_assignments_name_who_and_what_is_there(town: Files) -> None:
    people = {person["code"]: person for person in town.table("people")}
    areas = town.layer("areas").set_index("code")
    zones = set(town.layer("duty-zones").code)
    assert all(row["person"] in people and row["zone"] in zones for row in town.table("assignments"))
    for post in town.table("posts"):
        level = areas.level[post["area"]]
        assert post["kind"] == people[post["person"]]["role"]
        assert (post["kind"], level) in {
            ("leader", "office"),
            ("leader", "community"),
            ("cadre", "community"),
            ("cadre", "group"),
        }
    for _begins, day in PLANS:
        held = Counter(areas.level[post["area"]] + " " + post["kind"] for post in on_day(town.table("posts"), day))
        assert (held["community leader"], held["community cadre"]) == (6, 6)
        assert 75 <= held["group cadre"] < 81


def test_cleaners_sweep_the_fringe_and_estate_cleaners_the_core(town: Files) -> None:
    streets = town.layer("street-segments").set_index("id").zone_class
    lists = town.lists("sweeping", "2025-01-01")
    roles = {person["code"]: person["role"] for person in town.table("people")}
    for row in on_day(town.table("assignments"), "2025-03-03"):
        if row["zone"] in lists:
            core = streets[next(iter(lists[row["zone"]]))] == "core"
            assert roles[row["person"]] == ("estate_cleaner" if core else "cleaner")


def test_another_seed_is_another_town_of_the_same_kind() -> None:
    plan = TOWN
    rng = np.random.default_rng([5, 1])
    river = make_river(plan)
    ground = make_ground(plan, rng)
    network = make_network(plan, Field(plan, river.middle, rng), river, ground, rng)
    assert crossings(network) == 0
    assert 1300 < len(network.edges) < 1700
    assert all(edge.start != edge.end for edge in network.edges.values())
    assert math.isclose(sum(edge.length for edge in network.edges.values()), 113_000, rel_tol=0.08)
