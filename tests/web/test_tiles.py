"""Tiles, decoded whole and compared with the records and the figures."""

from __future__ import annotations

import gzip
from collections import defaultdict
from collections.abc import Iterator

import pytest
import shapely
from flask.testing import FlaskClient
from pyproj import Geod
from sqlalchemy import Connection, text

from geo_hygiene import tiles
from geo_hygiene.database import engine
from geo_hygiene.layers import LAYERS
from tests.conftest import TestDatabase
from tests.web.tiles import addresses, decode, features, tile_box
from tests.web.towns import AUTUMN, COLUMNS, NAMES, PICTURE, ROWS, SOUTH, SPRING, STEP, WEST

BOX = (WEST - 0.001, SOUTH - 0.001, WEST + COLUMNS * STEP + 0.001, SOUTH + ROWS * STEP + 0.001)
MIDDLE = {13: next(addresses(BOX, 13)), 14: next(addresses(BOX, 14))}
GEOD = Geod(ellps="WGS84")
STATES = ("gap", "overlap", "vacant", "covered")


@pytest.fixture(scope="module")
def stored(town_database: TestDatabase) -> Iterator[Connection]:
    reader = engine(town_database.service_url)
    with reader.connect() as connection:
        yield connection
    reader.dispose()


def pieces(client: FlaskClient, zoom: int, duty: str, on: str) -> dict[tuple[str, float], dict[str, object]]:
    """Return every piece of a duty once, although pieces at borders of tiles are in several."""
    found = {}
    for properties, _shape in features(client, "cover", "cover", BOX, zoom, duty=duty, on=on):
        known = found.setdefault((properties["segment"], properties["from_m"]), properties)
        assert known == properties
    return found


@pytest.mark.parametrize("day", [SPRING.isoformat(), AUTUMN.isoformat()])
@pytest.mark.parametrize("duty", ["sweeping", "supervision", "tanks"])
@pytest.mark.parametrize("zoom", [13, 15, 17])
def test_pieces_of_tiles_add_up_to_the_figures(client: FlaskClient, duty: str, day: str, zoom: int) -> None:
    sums = dict.fromkeys(STATES, 0.0)
    for piece in pieces(client, zoom, duty, day).values():
        sums[piece["state"]] += piece["to_m"] - piece["from_m"]
    figures = client.get("/api/v1/cover", query_string={"duty": duty, "on": day}).json
    unit = 1000 if figures["unit"] == "count" else 1
    told = {state: round(length * unit, 3) for state, length in sums.items()}
    assert told["gap"] == pytest.approx(figures["gap"], abs=1e-6)
    assert told["overlap"] == pytest.approx(figures["overlap"], abs=1e-6)
    assert told["vacant"] == pytest.approx(figures["vacant"], abs=1e-6)
    assert sum(told.values()) == pytest.approx(figures["total"], abs=1e-6)
    assert figures["total"] > 0


def test_pieces_partition_every_segment(client: FlaskClient, stored: Connection) -> None:
    question = "select uuid::text as id, extent_mm from target where kind = 'street-segments'"
    extents = {row.id: row.extent_mm / 1000 for row in stored.execute(text(question))}
    lines = defaultdict(list)
    for piece in pieces(client, 14, "sweeping", SPRING.isoformat()).values():
        lines[piece["segment"]].append((piece["from_m"], piece["to_m"]))
    assert set(lines) == set(extents)
    for segment, parts in lines.items():
        parts.sort()
        assert [parts[0][0], *(end for _start, end in parts)] == [*(start for start, _end in parts), extents[segment]]
        assert parts[0][0] == 0


def test_a_tile_piece_says_what_the_api_says(client: FlaskClient) -> None:
    for piece in pieces(client, 14, "sweeping", SPRING.isoformat()).values():
        query = {"on": SPRING.isoformat()}
        target = client.get(f"/api/v1/targets/street-segments/{piece['segment']}/cover", query_string=query).json
        zones = piece["zone"].split(";") if "zone" in piece else []
        assert {
            "duty": "sweeping",
            "state": piece["state"],
            "from_m": piece["from_m"],
            "to_m": piece["to_m"],
            "zones": zones,
        } in target["pieces"]
        assert piece["category"] == target["category"]
        assert piece["tint"] in (range(8) if zones else {-1})


def test_a_piece_is_drawn_where_it_is(client: FlaskClient) -> None:
    """The parts of a piece in all tiles, without their margins, are as long as it says."""
    drawn = defaultdict(float)
    told = {}
    for x, y in addresses(BOX, 16):
        answer = client.get(f"/tiles/cover/16/{x}/{y}.mvt?duty=sweeping&on={SPRING}")
        if answer.status_code == 204:
            continue
        square = shapely.box(*tile_box(16, x, y))
        for properties, line in decode(answer.data, 16, x, y)["cover"]:
            key = properties["segment"], properties["from_m"]
            drawn[key] += GEOD.geometry_length(shapely.intersection(line, square))
            told[key] = properties["to_m"] - properties["from_m"]
    assert drawn == pytest.approx(told, abs=1.0)


def test_pieces_are_merged_by_state_and_class_at_low_zoom(client: FlaskClient) -> None:
    found = list(features(client, "cover", "cover", BOX, 12, duty="sweeping", on=SPRING.isoformat()))
    assert {frozenset(properties) for properties, _line in found} == {frozenset({"state", "category"})}
    states = [(properties["state"], properties["category"]) for properties, _line in found]
    fine = pieces(client, 14, "sweeping", SPRING.isoformat()).values()
    assert set(states) == {(piece["state"], piece["category"]) for piece in fine}
    length = sum(GEOD.geometry_length(line) for _properties, line in found)
    assert length == pytest.approx(sum(piece["to_m"] - piece["from_m"] for piece in fine), rel=0.01)


@pytest.mark.parametrize("zoom", [11, 14])
def test_each_gap_has_one_mark_in_its_middle(client: FlaskClient, zoom: int) -> None:
    gaps = client.get(f"/api/v1/cover/gaps?duty=sweeping&on={SPRING}").json["gaps"]
    marks = {
        (properties["length_m"], round(place.x, 4), round(place.y, 4))
        for properties, place in features(client, "cover", "cover-marks", BOX, zoom, duty="sweeping", on=str(SPRING))
    }
    assert sorted(length for length, _x, _y in marks) == sorted(gap["length_m"] for gap in gaps)


def test_points_of_a_duty_are_in_one_state_each(client: FlaskClient) -> None:
    found = {
        (properties["state"], round(place.x, 3), properties["to_m"])
        for properties, place in features(client, "cover", "cover", BOX, 14, duty="tanks", on=SPRING.isoformat())
    }
    assert found == {("covered" if index < 3 else "gap", round(WEST + index * STEP, 3), 0.001) for index in range(5)}
    marks = list(features(client, "cover", "cover-marks", BOX, 14, duty="tanks", on=SPRING.isoformat()))
    assert len({(round(place.x, 4), round(place.y, 4)) for _properties, place in marks}) == 2


def test_street_segments_whole(client: FlaskClient, stored: Connection) -> None:
    rows = stored.execute(
        text(
            "select uuid::text as id, category, ST_AsText(ST_Force2D(geom)) as line"
            " from target where kind = 'street-segments'"
        )
    ).all()
    found = {}
    for properties, line in features(client, "street-segments", "street-segments", BOX, 14):
        assert set(properties) == {"id", "category", "level"}
        found.setdefault(properties["id"], []).append((properties["category"], line))
    assert set(found) == {row.id for row in rows}
    for row in rows:
        drawn = shapely.union_all([line for _category, line in found[row.id]])
        assert {category for category, _line in found[row.id]} == {row.category}
        assert shapely.hausdorff_distance(drawn, shapely.from_wkt(row.line)) < 1e-5


def test_lanes_are_one_line_for_each_name(client: FlaskClient) -> None:
    x, y = MIDDLE[13]
    answer = client.get(f"/tiles/lanes/13/{x}/{y}.mvt")
    lanes = decode(answer.data, 13, x, y)["lanes"]
    assert {properties["name"] for properties, _line in lanes} == set(NAMES)
    assert {properties["code"] for properties, _line in lanes} == {f"L{row}" for row in range(ROWS)}
    assert {line.geom_type for _properties, line in lanes} == {"LineString"}


@pytest.mark.parametrize(("zoom", "levels"), [(13, {"office", "community"}), (14, {"office", "community", "group"})])
def test_each_border_is_drawn_once_at_its_highest_level(client: FlaskClient, zoom: int, levels: set[str]) -> None:
    x, y = MIDDLE[zoom]
    layers = decode(client.get(f"/tiles/areas/{zoom}/{x}/{y}.mvt").data, zoom, x, y)
    borders = {properties["level"]: line for properties, line in layers["area-borders"]}
    assert set(borders) == levels
    # A metre of each border may be shared, where lines meet.
    together = shapely.union_all(list(borders.values()))
    length = sum(GEOD.geometry_length(line) for line in borders.values())
    assert GEOD.geometry_length(together) == pytest.approx(length, abs=10)
    assert borders["community"].bounds[0] == pytest.approx(WEST + COLUMNS * STEP / 2, abs=2e-5)
    assert borders["community"].bounds[2] == pytest.approx(WEST + COLUMNS * STEP / 2, abs=2e-5)


def test_the_cut_edge_of_an_area_lies_far_outside_its_tile(client: FlaskClient) -> None:
    """Else it shows as a straight line across the town where a tile is drawn small."""
    zoom = 17
    x, y = next(addresses((WEST + STEP, SOUTH + STEP, WEST + STEP, SOUTH + STEP), zoom))
    areas = decode(client.get(f"/tiles/areas/{zoom}/{x}/{y}.mvt").data, zoom, x, y)["areas"]
    office = next(shape for properties, shape in areas if properties["level"] == "office")
    west, _south, east, _north = tile_box(zoom, x, y)
    assert (west - office.bounds[0]) / (east - west) > 1 / 20


def test_a_river_is_labelled_along_itself_and_an_area_at_a_point(client: FlaskClient) -> None:
    x, y = MIDDLE[13]
    layers = decode(client.get(f"/tiles/areas,water-bodies/13/{x}/{y}.mvt").data, 13, x, y)
    (river,) = layers["water-bodies-labels"]
    assert river[0] == {"name": "清江", "kind": "river"}
    assert river[1].geom_type == "LineString"
    water = shapely.union_all([water for _properties, water in layers["water-bodies"]])
    assert shapely.length(shapely.difference(river[1], water.buffer(1e-5))) < 1e-4
    labels = {properties["code"]: place for properties, place in layers["area-labels"]}
    assert {"O", "C1", "C2"} <= set(labels)
    assert {place.geom_type for place in labels.values()} == {"Point"}


def test_zones_show_their_picture_colour_and_vacancy(client: FlaskClient) -> None:
    query = {"duty": "sweeping", "on": SPRING.isoformat()}
    found = list(features(client, "duty-zones", "duty-zones", BOX, 14, **query))
    assert {properties["code"] for properties, _shape in found} == {"Z1"}
    assert all(properties["vacant"] is False and properties["tint"] in range(8) for properties, _shape in found)
    whole = shapely.union_all([picture for _properties, picture in found])
    assert shapely.symmetric_difference(whole, PICTURE).area < 0.02 * PICTURE.area
    assert list(features(client, "duty-zones", "duty-zones", BOX, 14, duty="sweeping", on=AUTUMN.isoformat())) == []


def test_tiles_name_no_person(client: FlaskClient) -> None:
    keys = "areas,water-bodies,street-segments,lanes,septic-tanks,facilities,duty-zones,cover"
    for x, y in addresses(BOX, 15):
        content = client.get(f"/tiles/{keys}/15/{x}/{y}.mvt?duty=sweeping&on={SPRING}").data
        for secret in ("张三", "Zhang San", "李领导", "138*", "P1", "P2"):
            assert secret.encode() not in content


def test_several_layers_are_the_layers_one_by_one(client: FlaskClient) -> None:
    x, y = MIDDLE[14]
    single = [
        client.get(f"/tiles/{key}/14/{x}/{y}.mvt?duty=sweeping&on={SPRING}") for key in ("areas", "lanes", "cover")
    ]
    together = client.get(f"/tiles/areas,lanes,cover/14/{x}/{y}.mvt?duty=sweeping&on={SPRING}")
    assert together.data == b"".join(answer.data for answer in single)


def test_an_empty_tile_has_no_content(client: FlaskClient) -> None:
    answer = client.get("/tiles/areas,street-segments/14/1/1.mvt")
    assert (answer.status_code, answer.data) == (204, b"")
    assert answer.headers["ETag"]


def test_a_tile_is_packed_once_asked(client: FlaskClient) -> None:
    x, y = MIDDLE[14]
    path = f"/tiles/street-segments/14/{x}/{y}.mvt"
    plain, packed = client.get(path), client.get(path, headers={"Accept-Encoding": "gzip"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.data) == plain.data
    assert packed.headers["Vary"] == "Accept-Encoding, Cookie"
    assert packed.headers["ETag"] == plain.headers["ETag"]
    assert packed.mimetype == "application/vnd.mapbox-vector-tile"


def test_a_tile_changes_its_tag_with_the_data_only(client: FlaskClient, town_database: TestDatabase) -> None:
    x, y = MIDDLE[14]
    path = f"/tiles/cover/14/{x}/{y}.mvt?duty=sweeping&on={SPRING}"
    first = client.get(path)
    again = client.get(path, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    assert again.headers["ETag"] == first.headers["ETag"]
    assert again.headers["Cache-Control"] == "private, no-cache"
    writer = engine(town_database.service_url)
    with writer.begin() as connection:
        connection.execute(text("update data_version set version = version + 1 where subject = 'duty:sweeping'"))
    writer.dispose()
    changed = client.get(path, headers={"If-None-Match": first.headers["ETag"]})
    assert changed.status_code == 200
    assert changed.data == first.data
    assert changed.headers["ETag"] != first.headers["ETag"]


def test_every_layer_of_the_map_has_tiles_at_every_zoom(client: FlaskClient) -> None:
    for key, layer in LAYERS.items():
        for zoom in range(0, tiles.MOST_ZOOM + 1, 2):
            answer = client.get(f"/tiles/{key}/{zoom}/0/0.mvt?duty=sweeping")
            assert answer.status_code == (204 if layer.on_map else 404), (key, zoom)
