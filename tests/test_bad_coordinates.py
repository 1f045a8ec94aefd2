"""Shapes and coordinates that are wrong are refused with their row, or with the file where all of it is."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import geopandas
import numpy as np
import pytest
import shapely

from geo_hygiene.files.findings import Code, shown
from geo_hygiene.files.importing.keys import geometry_hashes
from geo_hygiene.files.reading import COMMAND_LINE, read
from tests.made_files import (
    BOW_TIE,
    LANE,
    LINE,
    POINT,
    POLYGON,
    SQUARE,
    geojson,
    shapefile,
)
from tests.reading_files import only

PLACE = (105.08, 31.09)
pytestmark = pytest.mark.usefixtures("scratch")


NOT_FINITE = ["NaN", "Infinity", "-Infinity", "1e999", "-1e999"]


@pytest.mark.parametrize("number", NOT_FINITE)
@pytest.mark.parametrize("kind", ["Point", "LineString", "Polygon"])
def test_coordinates_that_are_no_numbers_in_geojson(tmp_path: Path, number: str, kind: str) -> None:
    shape = {
        "Point": "[X, 31.0]",
        "LineString": "[[105, 31], [105.1, X]]",
        "Polygon": "[[[105, 31], [X, 31], [1, 2], [105, 31]]]",
    }[kind]
    path = tmp_path / "x.geojson"
    geojson(path, list(LANE), {"type": kind, "coordinates": "COORDINATES"})
    path.write_text(path.read_text().replace('"COORDINATES"', shape.replace("X", number)))
    table = read(path)
    assert only(table) is Code.NOT_FINITE
    assert table.findings[0].row == 2
    assert table.rejected.tolist() == [False, True]


@pytest.mark.parametrize("number", [float("nan"), float("inf"), -float("inf")])
@pytest.mark.parametrize("shape_type", [POINT, LINE])
def test_coordinates_that_are_no_numbers_in_a_shapefile(tmp_path: Path, number: float, shape_type: int) -> None:
    wrong = [(number, 31.0)] if shape_type == POINT else [PLACE, (number, 31.0)]
    right = [PLACE] if shape_type == POINT else LANE
    table = read(shapefile(tmp_path / "x.shp", shape_type, [right, wrong]))
    assert only(table) is Code.NOT_FINITE
    assert table.findings[0].row == 2


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_coordinates_that_are_no_numbers_in_a_geopackage(tmp_path: Path, number: float) -> None:
    with np.errstate(invalid="ignore"):
        lines = [shapely.LineString(LANE), shapely.LineString([PLACE, (number, 31.0)])]
    geopandas.GeoDataFrame({"a": [1, 2]}, geometry=lines, crs=4326).to_file(tmp_path / "x.gpkg")
    assert only(read(tmp_path / "x.gpkg")) is Code.NOT_FINITE


@pytest.mark.parametrize("form", ["shp", "geojson", "gpkg"])
def test_a_bow_tie_is_refused_with_its_place(tmp_path: Path, form: str) -> None:
    path = tmp_path / f"x.{form}"
    if form == "shp":
        shapefile(path, POLYGON, [SQUARE, BOW_TIE])
    elif form == "geojson":
        geojson(path, *({"type": "Polygon", "coordinates": [ring]} for ring in (SQUARE, BOW_TIE)))
    else:
        shapes = [shapely.Polygon(SQUARE), shapely.Polygon(BOW_TIE)]
        geopandas.GeoDataFrame({"a": [1, 2]}, geometry=shapes, crs=4326).to_file(path)
    table = read(path, layer="polygon")
    (finding,) = table.findings
    assert (finding.code, finding.row) == (Code.GEOMETRY_INVALID, 2)
    assert finding.value == "105.0850000 31.0950000"
    assert "105.0850000" in finding.message()
    assert table.rejected.tolist() == [False, True]


@pytest.mark.parametrize(
    "coordinates",
    [
        [[105.0, 31.0]],
        [[105.0, 31.0], [105.0, 31.0]],
        [],
        [105.0, 31.0],
        [["105", "31"], ["106", "31"]],
        [[105.0], [106.0]],
        [[105.0, None], [106.0, 31.0]],
        "x",
        None,
        {"a": 1},
    ],
)
def test_lines_that_are_none_name_their_row(tmp_path: Path, coordinates: object) -> None:
    table = read(geojson(tmp_path / "x.geojson", list(LANE), {"type": "LineString", "coordinates": coordinates}))
    assert only(table) in {Code.GEOMETRY_INVALID, Code.GEOMETRY_EMPTY}
    assert table.findings[0].row == 2


@pytest.mark.parametrize("rings", [[SQUARE[:-1]], [SQUARE[:2] + SQUARE[:1]], [[]], [SQUARE, BOW_TIE[:3]], [[SQUARE]]])
def test_areas_that_are_none_name_their_row(tmp_path: Path, rings: list[object]) -> None:
    good = {"type": "Polygon", "coordinates": [SQUARE]}
    table = read(geojson(tmp_path / "x.geojson", good, {"type": "Polygon", "coordinates": rings}))
    assert only(table) in {Code.GEOMETRY_INVALID, Code.GEOMETRY_EMPTY}
    assert table.findings[0].row == 2


@pytest.mark.parametrize("geometry", [{"type": "Circle"}, {"type": None}, [], "x", 7, {"coordinates": [1, 2]}])
def test_geometries_of_no_type_name_their_row(tmp_path: Path, geometry: object) -> None:
    path = geojson(tmp_path / "x.geojson", list(LANE), {"type": "X"})
    path.write_text(path.read_text().replace('{"type": "X"}', json.dumps(geometry)))
    table = read(path)
    assert only(table) is Code.GEOMETRY_TYPE
    assert table.findings[0].row == 2


def circle(vertices: int) -> list[tuple[float, float]]:
    angle = np.linspace(0, 2 * np.pi, vertices - 1, endpoint=False)
    ring = list(zip((105 + np.cos(angle) / 9).tolist(), (31 + np.sin(angle) / 9).tolist(), strict=True))
    return [*ring, ring[0]]


@pytest.mark.parametrize("form", ["shp", "geojson", "gpkg"])
def test_a_million_vertices_are_too_many(tmp_path: Path, form: str) -> None:
    ring = circle(1_000_000)
    path = tmp_path / f"x.{form}"
    if form == "shp":
        shapefile(path, POLYGON, [SQUARE, ring])
    elif form == "geojson":
        geojson(path, *({"type": "Polygon", "coordinates": [shape]} for shape in (SQUARE, ring)))
    else:
        shapes = [shapely.Polygon(SQUARE), shapely.Polygon(ring)]
        geopandas.GeoDataFrame({"a": [1, 2]}, geometry=shapes, crs=4326).to_file(path)
    table = read(path)
    (finding,) = table.findings
    assert (finding.code, finding.row, finding.value) == (Code.TOO_MANY_VERTICES, 2, "1000000")


def test_as_many_vertices_as_are_allowed_are_read(tmp_path: Path) -> None:
    table = read(shapefile(tmp_path / "x.shp", POLYGON, [circle(100_000)]))
    assert table.findings == []


def test_a_star_that_crosses_itself_everywhere_is_answered(tmp_path: Path) -> None:
    ring = circle(50_001)[:-1]
    star = [ring[at * 24_999 % len(ring)] for at in range(len(ring))]
    table = read(shapefile(tmp_path / "x.shp", POLYGON, [[*star, star[0]]]), limits=replace(COMMAND_LINE, seconds=60))
    assert only(table) is Code.GEOMETRY_INVALID


@pytest.mark.parametrize("form", ["shp", "geojson"])
def test_swapped_degrees_are_told(tmp_path: Path, form: str) -> None:
    swapped = [(lat, lon) for lon, lat in LANE]
    path = tmp_path / f"x.{form}"
    path = shapefile(path, LINE, [swapped] * 3) if form == "shp" else geojson(path, *[swapped] * 3)
    table = read(path)
    assert table.refused
    assert only(table) is Code.LOOKS_SWAPPED


@pytest.mark.parametrize("form", ["shp", "geojson"])
def test_metres_that_are_said_to_be_degrees_are_told(tmp_path: Path, form: str) -> None:
    metres = [(35_507_633.5, 3_441_150.1), (35_507_733.5, 3_441_150.1)]
    path = tmp_path / f"x.{form}"
    path = shapefile(path, LINE, [metres] * 3) if form == "shp" else geojson(path, *[metres] * 3)
    table = read(path)
    assert table.refused
    assert only(table) is Code.LOOKS_PROJECTED
    assert "EPSG:4523" in str(shown(table.findings)[0]["hint"])


LARGE_UNITS = (
    'GEOGCS["large degrees",DATUM["D_WGS_1984",SPHEROID["WGS_1984",6378137,298.257223563]],PRIMEM["Greenwich",0],'
    'UNIT["large",0.0575]]'
)


@pytest.mark.parametrize("kind", [POINT, POLYGON])
def test_degrees_of_a_unit_that_takes_them_off_the_earth_are_told(tmp_path: Path, kind: int) -> None:
    shape = [PLACE] if kind == POINT else [(105.0, 31.0), (105.0, 31.1), (105.1, 31.1), (105.0, 31.0)]
    path = shapefile(tmp_path / "x.shp", kind, [shape])
    path.with_suffix(".prj").write_text(LARGE_UNITS)
    table = read(path)
    assert table.refused
    assert only(table) is Code.LOOKS_PROJECTED
    assert "have no place in large degrees" in str(shown(table.findings)[0]["message"])


NO_PLANET = 'GEOGCS["unknown",DATUM["unknown",SPHEROID["x",57.3,0]],PRIMEM["u",0],UNIT["d",0.0174]]'


@pytest.mark.parametrize("text", ["", "nonsense", NO_PLANET, "PROJCS[" * 10_000, "\x00"])
def test_a_prj_that_names_no_system_is_none(tmp_path: Path, text: str) -> None:
    path = shapefile(tmp_path / "x.shp", POINT, [[PLACE]])
    path.with_suffix(".prj").write_text(text)
    table = read(path)
    assert only(table) is Code.CRS_MISSING
    assert "--crs EPSG:4326" in str(shown(table.findings)[0]["hint"])


def test_coordinates_too_large_to_be_rounded_are_told_apart_without_a_warning() -> None:
    places = np.array([shapely.Point(1e308, 31), shapely.Point(*PLACE), shapely.Point(*PLACE)])
    far, *near = geometry_hashes(places)
    assert far not in near
    assert near[0] == near[1]
