"""Files of offices are read right: their text, their numbers, their places."""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
import tempfile
from datetime import UTC, date, datetime
from pathlib import Path

import geopandas
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st
from pyproj import Geod, Transformer

from geo_hygiene.crs import GAUSS_KRUGER_3_DEGREES, GAUSS_KRUGER_3_DEGREES_PREFIXED
from geo_hygiene.files.findings import Code, FindingLevel, shown
from geo_hygiene.files.reading import COMMAND_LINE, SourceTable, encodings, guess, read
from geo_hygiene.files.reading.dbase import columns, is_kept, name_fields, open_table, try_encodings
from geo_hygiene.i18n import use_locale
from tests.made_files import LANE, LINE, POINT, POLYGON, SQUARE, dbf, geojson, shapefile, zipped, zipped_shapefile

LANDMARK = (105.0812345, 31.0954321)
REAL = Path(__file__).parents[1].parent / "shared" / "data"


def codes(table: SourceTable) -> set[Code]:
    return {finding.code for finding in table.findings}


def errors(table: SourceTable) -> set[Code]:
    return {finding.code for finding in table.findings if finding.is_error()}


def points(path: Path, *places: tuple[float, float], **options: object) -> Path:
    return shapefile(path, POINT, [[place] for place in places], **options)  # type: ignore[arg-type]


# Encodings


def read_texts(values: list[str | bytes], **options: object) -> tuple[encodings.Trial, list[str | None]]:
    """Return which encoding was chosen for a table of one text field, and what was read."""
    language_id = int(str(options.get("language_id", 0)))
    with tempfile.NamedTemporaryFile(suffix=".dbf") as file:
        content = dbf({"name": ("C", 250, 0)}, [[value] for value in values], language_id=language_id)
        Path(file.name).write_bytes(content)
        table = open_table(Path(file.name))
        option = encodings.named(str(options["option"]), "option") if "option" in options else None
        cpg = encodings.named(str(options["cpg"]), "cpg") if "cpg" in options else None
        trials = [encodings.Trial(encoding) for encoding in encodings.candidates(option, cpg, language_id)]
        table = try_encodings(table, trials)
        trial = encodings.choose(trials)
        table = name_fields(table, trial, [])
        records = table.records(0, table.rows)
        arrays, _ = columns(table, records[is_kept(records)], trial, np.arange(1, table.rows + 1))
        return trial, arrays[0].to_pylist()


CHINESE_NAMES = ["珞喻路", "八一路", "东湖南路（北段）", "李四光", "解放大道1号"]
RARE_NAMES = ["㐂", "𠮷野家", "䶮巷", "王䶮", "喆里"]


@pytest.mark.parametrize(
    "options", [{}, {"language_id": 0x4D}, {"language_id": 0x57}, {"option": "GBK"}, {"cpg": "936"}]
)
@pytest.mark.parametrize("names", [CHINESE_NAMES, CHINESE_NAMES[:1], CHINESE_NAMES + RARE_NAMES])
def test_gbk_is_read_with_and_without_a_word_about_it(names: list[str], options: dict[str, object]) -> None:
    trial, texts = read_texts([name.encode("gb18030") for name in names], **options)
    assert texts == names
    assert trial.encoding.codec == "gb18030"


@pytest.mark.parametrize(
    "options", [{}, {"language_id": 0x4D}, {"language_id": 0x57}, {"option": "utf-8"}, {"cpg": "65001"}]
)
@pytest.mark.parametrize("names", [CHINESE_NAMES, CHINESE_NAMES[:1], CHINESE_NAMES + RARE_NAMES])
def test_utf8_is_read_even_where_the_table_says_gbk(names: list[str], options: dict[str, object]) -> None:
    trial, texts = read_texts([name.encode() for name in names], **options)
    assert texts == names
    assert trial.encoding.codec == "utf-8"


def test_a_word_whose_gbk_is_utf8_by_accident_is_read_as_chinese() -> None:
    for words in (["联通"], ["路"], ["联通1号"]):
        assert read_texts([word.encode("gbk") for word in words])[1] == words
    for words in (["café"], ["5°"], ["m²", "珞喻路"], ["A·B"]):
        assert read_texts([word.encode() for word in words])[1] == words


@pytest.mark.parametrize(
    ("cpg", "codec", "text"),
    [
        ("Big-5", "cp950", "國語"),
        ("shiftjis", "cp932", "カタカナ"),
        ("EUC-KR", "cp949", "한국말"),
        ("koi8r", "koi8_r", "русский"),
        ("1251", "cp1251", "РУССКИЙ"),
        ("874", "cp874", "ภาษาไทย"),
        ("latin2", "iso8859_2", "čeština"),
        ("ISO-8859-1", "latin-1", "Straße"),
        ("ANSI 1252", "cp1252", "Café"),
        ("OEM 936", "gbk", "珞喻路"),
        ("\ufeffUTF-8\r\n", "utf-8", "珞喻路"),
    ],
)
def test_a_cpg_is_believed(cpg: str, codec: str, text: str) -> None:
    trial, texts = read_texts([text.encode(codec)], cpg=cpg)
    assert texts == [text]
    assert trial.encoding.origin == "cpg"


@pytest.mark.parametrize("encoding", ["gbk", "utf-8"])
@pytest.mark.parametrize("cpg", ["ISO-8859-1", "UTF-8", "GBK"])
def test_a_cpg_that_the_text_contradicts_is_not(cpg: str, encoding: str) -> None:
    trial, texts = read_texts([name.encode(encoding) for name in CHINESE_NAMES], cpg=cpg)
    if (cpg, encoding) != ("GBK", "utf-8"):
        # UTF-8 is sometimes GBK by accident; a .cpg that fits is believed.
        assert texts == CHINESE_NAMES
    assert encodings.what_was_chosen(trial, encodings.named(cpg, "cpg")) is not None or trial.encoding.origin == "cpg"


def test_unknown_and_wide_encodings_are_no_encodings_of_a_table() -> None:
    assert encodings.named("UTF-16", "cpg") is None
    assert encodings.named("EBCDIC", "cpg") is None
    assert encodings.named("", "cpg") is None


_letters = st.characters(codec="gb18030", exclude_categories=["Cc", "Cs", "Cn", "Co", "Zs", "Zl", "Zp"])


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.text(_letters, min_size=1, max_size=40), min_size=1, max_size=8), st.sampled_from(["GBK", "UTF-8"]))
@example(["㐂𠮷䶮"], "GBK")
def test_any_text_comes_back_when_its_encoding_is_said(names: list[str], said: str) -> None:
    codec = "gb18030" if said == "GBK" else "utf-8"
    _, texts = read_texts([name.encode(codec) for name in names], cpg=said)
    assert texts == names


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(st.text(st.sampled_from("路街巷大道东西南北中解放建设人民和平新华长江黄河小区号院里弄")), min_size=3),
    st.booleans(),
)
@example(["小", "小学", "学校"], True)
def test_names_of_streets_are_read_right_without_a_word(names: list[str], is_gbk: bool) -> None:
    assume("".join(names).strip())
    _, texts = read_texts([name.encode("gbk" if is_gbk else "utf-8") for name in names])
    assert texts == [name or None for name in names]


@pytest.mark.parametrize("names", [["улица Ленина", "проспект"], ["Москва", "F01"], ["Αθήνα"], ["École", "Café"]])
def test_utf8_of_another_script_stays_what_it_is(names: list[str]) -> None:
    assert read_texts([name.encode() for name in names])[1] == names


def test_a_word_that_is_cyrillic_by_accident_is_read_beside_codes() -> None:
    assert read_texts([name.encode("gbk") for name in ("F01", "小学")])[1] == ["F01", "小学"]


def test_text_of_another_language_is_not_turned_into_rare_chinese(tmp_path: Path) -> None:
    rows = [[name.encode("cp1252")] for name in ("Straßenbahn", "Münchner Straße", "Größe")]
    path = points(tmp_path / "p.shp", *[LANDMARK] * 3, fields={"name": ("C", 40, 0)}, rows=rows)
    refused = read(path)
    assert refused.refused
    assert codes(refused) == {Code.FILE_UNREADABLE}
    assert "--encoding" in str(shown(refused.findings)[0]["hint"])
    assert read(path, encoding="CP1252").rows["name"].to_pylist()[0] == "Straßenbahn"


def test_bytes_of_no_encoding_are_an_error_with_row_and_field(tmp_path: Path) -> None:
    rows = [["好".encode()], [b"\xff\xfe"], ["路".encode()]]
    path = points(tmp_path / "p.shp", *[LANDMARK] * 3, fields={"name": ("C", 8, 0)}, rows=rows, cpg="UTF-8")
    table = read(path)
    (finding,) = [finding for finding in table.findings if finding.is_error()]
    assert (finding.code, finding.row, finding.field) == (Code.TEXT_UNDECODABLE, 2, "name")
    assert table.rejected.tolist() == [False, True, False]
    assert table.rows["name"].to_pylist() == ["好", None, "路"]


def test_a_value_that_was_cut_in_a_character_loses_only_that_one(tmp_path: Path) -> None:
    rows = [["珞喻路口".encode()[:10]], ["好".encode()]]
    path = points(tmp_path / "p.shp", *[LANDMARK] * 2, fields={"name": ("C", 10, 0)}, rows=rows, cpg="UTF-8")
    table = read(path)
    assert table.rows["name"].to_pylist() == ["珞喻路", "好"]
    (finding,) = table.findings
    assert (finding.code, finding.row, finding.weight()) == (Code.VALUE_CUT, 1, FindingLevel.WARNING)


def test_field_names_are_decoded_cut_and_kept_apart(tmp_path: Path) -> None:
    fields: dict[str | bytes, tuple[str, int, int]] = {
        "道路名称编号".encode("gbk")[:10]: ("C", 10, 0),
        "道路名称".encode()[:10]: ("C", 10, 0),
        b"NAME": ("C", 5, 0),
        b"NAME\x00x": ("C", 5, 0),
    }
    rows = [["珞喻路".encode("gbk"), "a", "b", "c"]]
    path = points(tmp_path / "p.shp", LANDMARK, fields=dict(list(fields.items())[:1] + list(fields.items())[2:]),
                  rows=[[rows[0][0], "b", "c"]], language_id=0x4D)  # fmt: skip
    table = read(path)
    assert table.fields == ["道路名称编", "NAME", "NAME_2"]
    assert Code.FIELD_RENAMED in codes(table)
    path = points(tmp_path / "q.shp", LANDMARK, fields={"道路名称".encode()[:10]: ("C", 12, 0)}, rows=[["珞喻路"]])
    assert read(path).fields == ["道路名"]


# Numbers and dates


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
    fields: dict[str | bytes, tuple[str, int, int]] = {"whole": ("N", 9, 0), "day": ("D", 8, 0)}
    rows = [["12", "20250131"], ["1x", "20251331"]]
    table = read(points(tmp_path / "p.shp", *[LANDMARK] * 2, fields=fields, rows=rows))
    assert table.rows.to_pydict() == {"whole": ["12", "1x"], "day": ["20250131", "20251331"]}


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


def landmark_in(srid: int) -> tuple[float, float]:
    x, y = Transformer.from_crs(4326, srid, always_xy=True).transform(*LANDMARK)
    return x, y


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


# Parts, archives, layers


def test_a_missing_index_is_made_anew_and_said(tmp_path: Path) -> None:
    path = shapefile(tmp_path / "l.shp", LINE, [LANE, None, LANE])
    whole = read(path, needs_shapes=False)
    path.with_suffix(".shx").unlink()
    table = read(path, needs_shapes=False)
    assert [finding.code for finding in table.findings] == [Code.FILE_INCOMPLETE]
    assert [shape and shape.wkt for shape in table.geometry] == [shape and shape.wkt for shape in whole.geometry]
    assert not path.with_suffix(".shx").exists()


def test_an_index_of_another_file_is_not_used(tmp_path: Path) -> None:
    other = shapefile(tmp_path / "o.shp", LINE, [LANE[:2], LANE, LANE])
    path = shapefile(tmp_path / "l.shp", LINE, [LANE, LANE[:2], LANE])
    shutil.copy(other.with_suffix(".shx"), path.with_suffix(".shx"))
    table = read(path)
    assert [len(shape.coords) for shape in table.geometry] == [3, 2, 3]
    assert codes(table) == {Code.FILE_INCOMPLETE}


def test_shapes_without_a_table_are_rows_without_attributes(tmp_path: Path) -> None:
    path = shapefile(tmp_path / "l.shp", LINE, [LANE])
    path.with_suffix(".dbf").unlink()
    table = read(path)
    assert (table.fields, len(table.rows), codes(table)) == ([], 1, {Code.FILE_INCOMPLETE})
    assert len(table.geometry) == 1


def test_endings_in_capitals_and_chinese_names_are_found(tmp_path: Path) -> None:
    path = points(tmp_path / "公厕.shp", LANDMARK, fields={"名称": ("C", 20, 0)}, rows=[["珞喻路"]], cpg="UTF-8")
    for part in list(tmp_path.iterdir()):
        part.rename(part.with_suffix(part.suffix.upper()))
    table = read(path.with_suffix(".SHP"))
    assert table.rows.to_pydict() == {"名称": ["珞喻路"]}
    assert read(tmp_path).rows_read == 1


def test_a_folder_with_one_shapefile_is_that_shapefile(tmp_path: Path) -> None:
    points(tmp_path / "a.shp", LANDMARK)
    assert read(tmp_path).name == "a"
    assert read(tmp_path / "a").name == "a"
    points(tmp_path / "b.shp", LANDMARK)
    table = read(tmp_path)
    assert table.refused
    assert "a.shp, b.shp" in table.findings[0].message()


@pytest.mark.parametrize("folder", ["", "数据/", "a/b/"])
def test_an_archive_of_each_format_is_read(tmp_path: Path, folder: str) -> None:
    (tmp_path / "in").mkdir()
    inside = points(tmp_path / "in" / "公厕.shp", LANDMARK, fields={"n": ("C", 9, 0)}, rows=[["路"]], cpg="UTF-8")
    assert read(zipped_shapefile(tmp_path / "s.zip", inside, folder=folder)).rows["n"].to_pylist() == ["路"]
    plain = geojson(tmp_path / "in" / "x.geojson", list(LANE))
    assert read(zipped(tmp_path / "j.zip", {f"{folder}x.geojson": plain})).format == "GeoJSON"
    package = tmp_path / "in" / "x.gpkg"
    geopandas.GeoDataFrame({"a": [1]}, geometry=[shapely.Point(LANDMARK)], crs=4326).to_file(package)
    assert read(zipped(tmp_path / "g.zip", {f"{folder}x.gpkg": package})).format == "GPKG"


def test_names_in_an_archive_of_windows_are_gbk(tmp_path: Path) -> None:
    inside = points(tmp_path / "a.shp", LANDMARK)
    path = zipped(tmp_path / "z.zip", {f"QQQQ{part.suffix}": part for part in tmp_path.iterdir()})
    # zipfile writes UTF-8 for what is not ASCII; Windows writes the bytes of its code page.
    path.write_bytes(path.read_bytes().replace(b"QQQQ.", "东路".encode("gbk") + b"."))
    assert read(path).name == "东路"
    assert inside.exists()


def layered(path: Path) -> Path:
    shapes = {"points": shapely.Point(LANDMARK), "streets": shapely.LineString(LANE), "lanes": shapely.LineString(LANE)}
    for name, shape in shapes.items():
        geopandas.GeoDataFrame({"a": ["x"]}, geometry=[shape], crs=4326).to_file(path, layer=name)
    with sqlite3.connect(path) as database:
        # The triggers of the index call functions that GDAL brings along.
        for (trigger,) in database.execute("select name from sqlite_master where type = 'trigger'").fetchall():
            database.execute(f'drop trigger "{trigger}"')
    database.close()
    return path


def test_the_one_layer_that_can_be_meant_is_chosen(tmp_path: Path) -> None:
    path = layered(tmp_path / "t.gpkg")
    assert read(path, layer="point").name == "points"
    table = read(path, layer="line")
    assert table.refused
    assert "lanes, streets" in table.findings[0].message()
    assert read(path, layer="line", table="streets").name == "streets"
    assert "points" in read(path, table="nothing").findings[0].message()


def test_a_geopackage_gives_types_and_unicode(tmp_path: Path) -> None:
    frame = pd.DataFrame(
        {
            "名称": ["珞喻路", None],
            "n": [1, 2],
            "x": [1.5, None],
            "b": [True, False],
            "t": [pd.Timestamp("2025-01-01 10:00")] * 2,
        }
    )
    geopandas.GeoDataFrame(frame, geometry=[shapely.Point(LANDMARK)] * 2, crs=4326).to_file(tmp_path / "t.gpkg")
    table = read(tmp_path / "t.gpkg")
    assert table.rows["名称"].to_pylist() == ["珞喻路", None]
    assert table.rows["n"].to_pylist() == [1, 2]
    assert table.rows["x"].to_pylist() == [1.5, None]
    assert table.rows["b"].to_pylist() == [True, False]
    assert table.rows["t"].to_pylist() == [datetime(2025, 1, 1, 10, tzinfo=UTC)] * 2


def test_rows_that_another_program_has_not_closed_are_read_and_nothing_is_written_beside(tmp_path: Path) -> None:
    path = layered(tmp_path / "t.gpkg")
    other = sqlite3.connect(path)
    other.execute("pragma journal_mode = wal")
    other.execute("insert into points (a, geom) select 'new', geom from points")
    other.commit()
    before = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    assert "t.gpkg-wal" in before
    assert read(path, table="points").rows["a"].to_pylist() == ["x", "new"]
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == before
    other.close()
    before = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    assert read(path, table="points").rows_read == 2
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == before


def test_text_of_a_database_that_is_no_unicode_is_named(tmp_path: Path) -> None:
    path = layered(tmp_path / "t.gpkg")
    with sqlite3.connect(path) as database:
        database.execute("update points set a = cast(x'c2e7' as text)")
    database.close()
    table = read(path, table="points")
    assert [(finding.code, finding.row, finding.field) for finding in table.findings] == [
        (Code.TEXT_UNDECODABLE, 1, "a")
    ]


# GeoJSON


def test_properties_have_one_type_or_are_text(tmp_path: Path) -> None:
    path = tmp_path / "p.geojson"
    rows = [
        {"n": 1, "x": 1, "mixed": 1, "code": "007", "list": [1, 2], "none": None, "b": True},
        {"n": 2, "x": 2.5, "mixed": "a", "code": "8", "late": "z", "b": None},
    ]
    features = [
        {
            "type": "Feature",
            "id": f"f{number}",
            "properties": row,
            "geometry": {"type": "Point", "coordinates": LANDMARK},
        }
        for number, row in enumerate(rows)
    ]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    assert read(path).rows.to_pydict() == {
        "id": ["f0", "f1"],
        "n": [1, 2],
        "x": [1.0, 2.5],
        "mixed": ["1", "a"],
        "code": ["007", "8"],
        "list": ["[1, 2]", None],
        "none": [None, None],
        "b": [True, None],
        "late": [None, "z"],
    }


def test_types_of_a_long_file_are_those_of_all_its_rows(tmp_path: Path) -> None:
    path = tmp_path / "p.geojson"
    features = [
        {"type": "Feature", "properties": {"n": number if number < 11_000 else "x"},
         "geometry": {"type": "Point", "coordinates": LANDMARK}} for number in range(12_000)
    ]  # fmt: skip
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    seen: list[tuple[int, int | None]] = []
    table = read(path, progress=lambda rows, of: seen.append((rows, of)))
    assert table.rows["n"].to_pylist()[10_999:11_001] == ["10999", "x"]
    assert seen[-1] == (12_000, None)


@pytest.mark.parametrize("where", ["before", "behind"])
def test_the_old_crs_member_counts_wherever_it_stands(tmp_path: Path, where: str) -> None:
    path = tmp_path / "p.geojson"
    crs = '"crs":{"type":"name","properties":{"name":"EPSG:4523"}}'
    point = {"type": "Point", "coordinates": landmark_in(4523)}
    features = '"features":' + json.dumps([{"type": "Feature", "properties": {}, "geometry": point}])
    members = [crs, features] if where == "before" else [features, crs]
    path.write_text('{"type":"FeatureCollection",' + ",".join(members) + "}")
    table = read(path)
    assert table.crs["used"] == "EPSG:4523"
    assert table.geometry[0].distance(shapely.Point(LANDMARK)) < 1e-8


def test_a_feature_or_a_geometry_alone_is_one_row(tmp_path: Path) -> None:
    path = tmp_path / "p.json"
    point = {"type": "Point", "coordinates": LANDMARK}
    path.write_text(json.dumps(point))
    assert read(path).geometry[0].coords[0] == LANDMARK
    feature = {"type": "Feature", "properties": {"a": "珞喻路"}, "geometry": point}
    path.write_text(json.dumps(feature, ensure_ascii=False), encoding="gbk")
    table = read(path)
    assert table.rows["a"].to_pylist() == ["珞喻路"]
    assert table.encoding == {"used": "GB18030", "from": "guess"}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gbk"])
def test_a_table_is_read_in_its_encoding(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "people.csv"
    path.write_bytes('code,name,phone\r\nP1,张伟,138****1234\r\n\r\nP2,"\'=1+1",\r\n'.encode(encoding))
    table = read(path)
    assert table.rows.to_pydict() == {"code": ["P1", "P2"], "name": ["张伟", "=1+1"], "phone": ["138****1234", None]}
    assert table.row_numbers.tolist() == [1, 2]


@pytest.mark.parametrize("ending", ["csv", "geojson"])
def test_a_text_of_another_language_is_not_turned_into_rare_chinese(tmp_path: Path, ending: str) -> None:
    names = ["Métro", "Straße", "Hôtel de Ville", "München"]
    path = tmp_path / f"p.{ending}"
    lines = {"csv": "name\n" + "\n".join(names), "geojson": json.dumps(
        {"type": "Feature", "geometry": None, "properties": dict.fromkeys(names, 1)}, ensure_ascii=False
    )}  # fmt: skip
    path.write_bytes(lines[ending].encode("latin-1"))
    table = read(path, needs_shapes=False)
    assert table.refused
    assert "--encoding" in str(table.findings[0].hint)
    said = read(path, needs_shapes=False, encoding="latin1")
    assert (said.rows["name"].to_pylist() if ending == "csv" else said.fields) == names


@pytest.mark.parametrize("sign", [";", "\t"])
def test_a_table_of_another_delimiter_is_read(tmp_path: Path, sign: str) -> None:
    path = tmp_path / "people.csv"
    path.write_text(f"code{sign}name\nP1{sign}a,b\n")
    assert read(path).rows.to_pydict() == {"code": ["P1"], "name": ["a,b"]}


def test_broken_tables_name_the_row(tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_text('code,name\nP1,a\nP2,"b\n')
    table = read(path)
    assert table.refused
    assert table.findings[0].row == 2
    path.write_text("code,name\nP1,a\nP2,b,c\n")
    assert [(finding.code, finding.row) for finding in read(path).findings] == [(Code.FILE_UNREADABLE, 2)]


def test_headings_go_over_lines_and_hold_no_control_characters(tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_bytes('code,"姓\n名",a\x00b,a b\nP1,张伟,1,2\n'.encode())
    table = read(path)
    assert table.rows.to_pydict() == {"code": ["P1"], "姓 名": ["张伟"], "a b": ["1"], "a b_2": ["2"]}
    assert [finding.code for finding in table.findings] == [Code.FIELD_RENAMED]
    features = [{"type": "Feature", "properties": {"a\x00b\ud800": 1}, "geometry": None}]
    geojson = tmp_path / "p.geojson"
    geojson.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    assert read(geojson, needs_shapes=False).fields == ["a b"]


@pytest.mark.parametrize("ending", ["csv", "geojson", "shp"])
def test_an_encoding_that_does_not_exist_is_refused(tmp_path: Path, ending: str) -> None:
    path = points(tmp_path / "p.shp", LANDMARK)
    if ending != "shp":
        path = tmp_path / f"p.{ending}"
        path.write_text('{"type":"Point","coordinates":[105,31]}' if ending == "geojson" else "a\n1\n")
    table = read(path, encoding="KLINGON")
    assert table.refused
    assert "KLINGON" in table.findings[0].message()


# What is said


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


# The real files that lie beside the checkout, where they do

REAL_FILES = {
    "a1-wuhan-campus-roads-toilets/road-adjusted.shp": ("GBK", "EPSG:32650", 821, "Layer", "内部道路"),
    "a1-wuhan-campus-roads-toilets/road_Topology.shp": ("GBK", "EPSG:32650", 2034, "Name", "珞 喻 路"),
    "a1-wuhan-campus-roads-toilets/公共厕所.shp": ("GBK", "EPSG:32650", 76, "name", "信息学部3教"),
    "a5-tianjin-bus-gbk/河西线路.shp": ("GBK", "EPSG:4326", 236, "name", "826路(合肥道--大寺新家园公交站)"),
    "a9-cug-campus-bins/R.shp": ("UTF-8", "EPSG:4326", 274, "roadType", 0),
    "a9-cug-campus-bins/ex_building.shp": ("UTF-8", "EPSG:4326", 47, "Name", "崇信楼（经管学院）"),
    "b3-rotterdam-sewer/sewer_lines.shp": ("UTF-8", "EPSG:28992", 246, "STRAATNAAM", "Kaardebolstraat HVT"),
    "b4-johnson-vt-storm/storm_lines.shp": ("ISO-8859-1", "EPSG:32145", 35, "Comment", None),
    "e1-bubenec/bubenec.gpkg": ("UTF-8", "EPSG:3857", 35, None, None),
    "e2-geodanet/streets.shp": ("UTF-8", "ESRI:102649", 293, "ID", 1),
    "e3-trackit-links/modifiedConn_link.shp": ("GBK", "EPSG:4326", 9842, "road_name", "神舟大道"),
    "malformed/geotools-chinese-poly/chinese_poly.shp": ("GB18030", "EPSG:4326", 1, "NAME", "黑龙江省"),
    "malformed/cgcs2000-zone35-prefixed-easting/Road_Buffer100km.shp": ("GBK", "EPSG:4523", 1, "Id", 0),
    "malformed/pyshp-rel-zip/REL.zip": ("UTF-8", "EPSG:31287", 1, None, None),
}


@pytest.mark.parametrize("name", [name for name in REAL_FILES if (REAL / name).exists()])
def test_real_files_are_read_right(name: str) -> None:
    encoding, crs, rows, field, value = REAL_FILES[name]
    family = "line" if "gpkg" in name else None
    table = read(REAL / name, layer=family)
    assert (table.encoding["used"], table.crs["used"], table.rows_read) == (encoding, crs, rows)
    assert errors(table) == set()
    if field is not None and value is not None:
        assert value in table.rows[field].to_pylist()
    assert all(shape is not None and shape.is_valid for shape in table.geometry)


BROKEN = sorted(
    path
    for path in (REAL / "malformed").glob("*/*")
    if path.suffix in {".shp", ".zip", ".csv"} or path.name.endswith("shp.gz")
)


@pytest.mark.parametrize("path", BROKEN, ids=[path.stem for path in BROKEN])
def test_no_real_broken_file_breaks_the_reader(path: Path) -> None:
    table = read(path, limits=COMMAND_LINE)
    assert table.refused or len(table.row_numbers) == table.rows_read
    assert all(finding["message"] for finding in shown(table.findings))
