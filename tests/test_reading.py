"""Numbers, places and shapes of files are read right, and what is wrong with them is said."""

from __future__ import annotations

import json
import re
from datetime import date
from pathlib import Path

import geopandas
import pytest
import shapely
from pyproj import Geod

from geo_hygiene.crs import GAUSS_KRUGER_3_DEGREES, GAUSS_KRUGER_3_DEGREES_PREFIXED
from geo_hygiene.files.findings import Code, FindingLevel, shown
from geo_hygiene.files.reading import guess, read
from geo_hygiene.i18n import use_locale
from tests.made_files import LANE, LINE, POLYGON, SQUARE, geojson, shapefile
from tests.reading_files import LANDMARK, errors, landmark_in, points


def test_numbers_dates_and_truths_have_their_types(tmp_path: Path) -> None:
    fields: dict[str | bytes, tuple[str, int, int]] = {
        "whole": ("N", 9, 0), "real": ("N", 12, 4), "float": ("F", 19, 11), "day": ("D", 8, 0), "yes": ("L", 1, 0),
    }  # fmt: skip
    rows = [
        ["12", "-3.25", " 3.00000000000e+000", "20250131", "T"],
        ["", "************", "", "00000000", "?"],
        ["-7", "0", "1e-3", "        ", "N"],
    ]
    table = read(points(tmp_path / "p.shp", *[LANDMARK] * 3, fields=fields, rows=rows))
    assert table.rows.to_pydict() == {
        "whole": [12, None, -7],
        "real": [-3.25, None, 0.0],
        "float": [3.0, None, 0.001],
        "day": [date(2025, 1, 31), None, None],
        "yes": [True, None, False],
    }


def test_what_is_no_number_stays_text(tmp_path: Path) -> None:
    fields: dict[str | bytes, tuple[str, int, int]] = {"whole": ("N", 9, 0), "day": ("D", 8, 0), "old": ("D", 8, 0)}
    rows = [["12", "20250131", "20250131"], ["1x", "20251331", "00000101"]]
    table = read(points(tmp_path / "p.shp", *[LANDMARK] * 2, fields=fields, rows=rows))
    assert table.rows.to_pydict() == {
        "whole": ["12", "1x"],
        "day": ["20250131", "20251331"],
        "old": ["20250131", "00000101"],
    }


def test_a_whole_number_with_a_point_is_a_number(tmp_path: Path) -> None:
    table = read(points(tmp_path / "p.shp", *[LANDMARK] * 2, fields={"n": ("N", 9, 0)}, rows=[["12"], ["1.5"]]))
    assert table.rows["n"].to_pylist() == [12.0, 1.5]


def test_markup_sql_and_line_breaks_are_text(tmp_path: Path) -> None:
    values = ["<script>alert(1)</script>", "'; drop table area; --", "a\r\nb", "{{7*7}}", "${1}`x`"]
    fields: dict[str | bytes, tuple[str, int, int]] = {'a"; drop': ("C", 60, 0)}
    table = read(points(tmp_path / "p.shp", *[LANDMARK] * 5, fields=fields, rows=[[value] for value in values]))
    assert table.rows['a"; drop'].to_pylist() == values


def test_deleted_records_are_counted_and_left_out(tmp_path: Path) -> None:
    table = read(points(tmp_path / "p.shp", *[LANDMARK] * 4, deleted=[2]))
    assert table.row_numbers.tolist() == [1, 3, 4]
    assert table.rows["no"].to_pylist() == [1, 3, 4]


# Places

SYSTEMS = [
    4326, 4490, 3857, 32648,
    GAUSS_KRUGER_3_DEGREES_PREFIXED[35], GAUSS_KRUGER_3_DEGREES[105], GAUSS_KRUGER_3_DEGREES_PREFIXED[34],
    4507, 4496,
]  # fmt: skip


@pytest.mark.parametrize(
    ("form", "srid"),
    [*(("shp", srid) for srid in SYSTEMS), *((form, srid) for form in ("gpkg", "geojson") for srid in SYSTEMS[:3:2])],
)
def test_one_landmark_in_every_system(tmp_path: Path, form: str, srid: int) -> None:
    path = tmp_path / f"p.{form}"
    if form == "shp":
        points(path, landmark_in(srid), srid=srid)
    elif form == "gpkg":
        geopandas.GeoDataFrame({"a": [1]}, geometry=[shapely.Point(landmark_in(srid))], crs=srid).to_file(path)
    else:
        crs = {"type": "name", "properties": {"name": f"urn:ogc:def:crs:EPSG::{srid}"}}
        geojson(path, {"type": "Point", "coordinates": landmark_in(srid)}, crs=crs)
    table = read(path, layer="point")
    assert table.crs["used"] == f"EPSG:{srid}"
    assert errors(table) == set()
    place = table.geometry[0]
    assert Geod(ellps="WGS84").inv(*LANDMARK, place.x, place.y)[2] < 0.001
    if srid in {4326, 4490}:
        assert (place.x, place.y) == LANDMARK


@pytest.mark.parametrize("srid", [4326, GAUSS_KRUGER_3_DEGREES_PREFIXED[35], 4496, 3857])
def test_a_file_without_a_system_is_refused_with_the_right_guess(tmp_path: Path, srid: int) -> None:
    path = points(tmp_path / "p.shp", landmark_in(srid), srid=None)
    table = read(path)
    assert table.refused
    assert errors(table) == {Code.CRS_MISSING}
    assert len(table.rows) == 0
    assert f"--crs EPSG:{srid}" in str(shown(table.findings)[0]["hint"])
    again = read(path, crs=f"EPSG:{srid}")
    assert again.crs["from"] == "option"
    assert again.geometry[0].distance(shapely.Point(LANDMARK)) < 1e-8


def test_a_zone_without_number_is_told_by_what_is_stored(tmp_path: Path) -> None:
    path = points(tmp_path / "p.shp", landmark_in(GAUSS_KRUGER_3_DEGREES[105]), srid=None)
    assert "central meridian" in str(shown(read(path).findings)[0]["hint"])
    around = (104.8, 30.9, 105.3, 31.3)
    hint = str(shown(read(path, extent=around).findings)[0]["hint"])
    assert f"--crs EPSG:{GAUSS_KRUGER_3_DEGREES[105]}" in hint


def test_feet_of_another_country_are_told_by_what_is_stored() -> None:
    chicago = (1_091_138.25, 1_813_891.89, 1_205_198.85, 1_951_665.96)
    assert guess.looks_like(chicago, (-88.2, 41.4, -87.3, 42.3)).srid == 3435
    assert guess.looks_like(chicago, None).srid is None


@pytest.mark.parametrize("text", ["EPSG:9999999", "nonsense", "+proj=utm", "EPSG:", "http://example.org/x.prj"])
def test_a_system_that_does_not_exist_is_refused(tmp_path: Path, text: str) -> None:
    table = read(points(tmp_path / "p.shp", LANDMARK), crs=text)
    assert table.refused
    assert errors(table) == {Code.CRS_MISSING}


def test_a_zone_number_that_the_prj_does_not_know_is_told(tmp_path: Path) -> None:
    prefixed, plain = GAUSS_KRUGER_3_DEGREES_PREFIXED[35], GAUSS_KRUGER_3_DEGREES[105]
    table = read(points(tmp_path / "p.shp", landmark_in(prefixed), srid=plain))
    assert errors(table) == {Code.LOOKS_PROJECTED}
    assert f"--crs EPSG:{prefixed}" in str(shown(table.findings)[0]["hint"])
    # The other way round the place comes out thousands of kilometres off, or nowhere.
    table = read(points(tmp_path / "q.shp", landmark_in(plain), srid=prefixed))
    assert table.refused
    assert errors(table) <= {Code.LOOKS_PROJECTED, Code.OUTSIDE_EXTENT}


def test_northing_before_easting_is_swapped(tmp_path: Path) -> None:
    srid = GAUSS_KRUGER_3_DEGREES[105]
    x, y = landmark_in(srid)
    assert errors(read(points(tmp_path / "p.shp", (y, x), srid=srid))) == {Code.LOOKS_SWAPPED}


def test_single_stray_rows_are_named(tmp_path: Path) -> None:
    lon, lat = LANDMARK
    table = read(points(tmp_path / "p.shp", *[LANDMARK] * 4, (lat, lon), (35_500_000.0, 3_400_000.0)))
    assert [(finding.code, finding.row) for finding in table.findings] == [
        (Code.LOOKS_SWAPPED, 5),
        (Code.LOOKS_PROJECTED, 6),
    ]
    assert not table.refused
    assert table.rejected.tolist() == [False] * 4 + [True] * 2


def test_swapped_coordinates_that_exist_are_told_by_what_is_stored(tmp_path: Path) -> None:
    urumqi = (87.6, 43.8)
    path = points(tmp_path / "p.shp", urumqi[::-1])
    assert errors(read(path)) == set()
    assert errors(read(path, extent=(87.0, 43.0, 88.0, 44.0))) == {Code.LOOKS_SWAPPED}


def test_a_datum_that_is_only_roughly_known_is_a_warning(tmp_path: Path) -> None:
    xian_1980 = 2383
    table = read(points(tmp_path / "p.shp", (500_000.0, 3_440_000.0), srid=xian_1980))
    assert table.crs["accuracy_m"] is None
    (finding,) = table.findings
    assert (finding.code, finding.weight()) == (Code.CRS_INEXACT, FindingLevel.WARNING)


# Shapes


def test_heights_go_and_single_parts_come_out(tmp_path: Path) -> None:
    line = {"type": "MultiLineString", "coordinates": [[[*place, 5.0] for place in LANE]]}
    two = {"type": "MultiLineString", "coordinates": [LANE, LANE[:2]]}
    table = read(geojson(tmp_path / "l.geojson", line, two), layer="line")
    assert [shape.geom_type for shape in table.geometry] == ["LineString", "MultiLineString"]
    assert not any(shape.has_z for shape in table.geometry)


def test_polygons_keep_their_holes_and_turn_one_way(tmp_path: Path) -> None:
    hole = [(105.082, 31.092), (105.084, 31.092), (105.084, 31.094), (105.082, 31.092)]
    path = shapefile(tmp_path / "a.shp", POLYGON, [[SQUARE, hole], SQUARE])
    table = read(path, layer="polygon")
    first, second = table.geometry
    assert len(first.interiors) == 1
    assert first.exterior.is_ccw
    assert not first.interiors[0].is_ccw
    assert second.equals(shapely.Polygon(SQUARE))


def test_a_layer_takes_only_its_family(tmp_path: Path) -> None:
    table = read(points(tmp_path / "p.shp", LANDMARK), layer="line")
    (finding,) = table.findings
    assert (finding.code, finding.row, finding.value) == (Code.GEOMETRY_TYPE, 1, "Point")


def test_rows_without_geometry_are_named_unless_the_layer_can_do_without(tmp_path: Path) -> None:
    path = shapefile(tmp_path / "l.shp", LINE, [LANE, None])
    assert [(finding.code, finding.row) for finding in read(path).findings] == [(Code.GEOMETRY_EMPTY, 2)]
    assert read(path, needs_shapes=False).findings == []


def test_a_sentence_in_chinese_holds_no_english_words(tmp_path: Path) -> None:
    square = {"type": "Polygon", "coordinates": [[[105, 31], [105.1, 31], [105, 31.1], [105, 31]]]}
    path = tmp_path / "p.geojson"
    path.write_text(json.dumps({"type": "Feature", "properties": {}, "geometry": square}))
    damaged = tmp_path / "d.geojson"
    damaged.write_text('{"type":"FeatureCollection","features":[{]}')
    archive = tmp_path / "z.zip"
    archive.write_bytes(b"PK\x03\x04" + b"x" * 500)
    quotes = tmp_path / "q.csv"
    quotes.write_text('a\n"b\n')
    use_locale("zh_Hans")
    try:
        said = [read(file, layer=kind).findings[0].message() for file, kind in (
            (path, "line"), (damaged, None), (archive, None), (quotes, None)
        )]  # fmt: skip
    finally:
        use_locale("en")
    known = re.compile("CSV|MB|GeoJSON")
    assert [message for message in said if re.search("[A-Za-z]", known.sub("", message))] == []


def test_findings_are_told_in_the_language_of_the_reader_with_a_bounded_number(tmp_path: Path) -> None:
    lon, lat = LANDMARK
    path = points(tmp_path / "p.shp", *[LANDMARK] * 200, *[(lat, lon)] * 150)
    told = shown(read(path).findings)
    assert len(told) == 51
    assert told[-1]["row"] is None
    assert "100" in told[-1]["message"]
    assert len(json.dumps(told)) < 100_000
