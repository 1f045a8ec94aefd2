"""Every format, in parts, archives and tables, gives the rows that it holds."""

from __future__ import annotations

import json
import shutil
import sqlite3
from datetime import UTC, date, datetime
from pathlib import Path

import geopandas
import pandas as pd
import pyarrow as pa
import pytest
import shapely

from geo_hygiene.files.findings import Code
from geo_hygiene.files.reading import SourceTable, read
from geo_hygiene.files.reading.geopackage_values import misfits
from tests.made_files import LANE, LINE, geojson, shapefile, zipped, zipped_shapefile
from tests.reading_files import LANDMARK, codes, landmark_in, points


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


def valued(path: Path, *values: tuple[str, object, object]) -> SourceTable:
    """Return two places of a GeoPackage: each value a column of a type, and what stands in it in either row."""
    layered(path)
    with sqlite3.connect(path) as database:
        database.execute("insert into points (a, geom) select 'y', geom from points")
        for kind, *both in values:
            database.execute(f'alter table points add column "{kind}" {kind}')
            for row, value in enumerate(both, start=1):
                database.execute(f'update points set "{kind}" = ? where fid = ?', [value, row])
    database.close()
    return read(path, table="points")


def test_a_value_that_is_not_of_the_type_of_its_column_is_handed_on_as_it_stands(tmp_path: Path) -> None:
    fit = [
        ("DATE", "0001-01-01", "9999-12-31"),
        ("DATETIME", "2025-03-01T08:00:00Z", "2025-03-01 16:00:00.5+08:00"),
        ("INTEGER", 7, None),
        ("REAL", 7.5, 8),
        ("BOOLEAN", 1, 0),
    ]
    rows = valued(tmp_path / "fit.gpkg", *fit).rows.to_pylist()
    eight = datetime(2025, 3, 1, 8, tzinfo=UTC)
    assert [list(row.values()) for row in rows] == [
        ["x", date.min, eight, 7, 7.5, True],
        ["y", date.max, eight.replace(microsecond=500_000), None, 8.0, False],
    ]
    unfit = [
        ("DATE", "2025-03-01", "2025-02-30"),
        ("DATETIME", "10000-01-01T00:00:00Z", None),
        ("INTEGER", 7, "12x"),
        ("REAL", 7.5, "1,5"),
        ("BOOLEAN", "true", 0),
    ]
    table = valued(tmp_path / "unfit.gpkg", *unfit)
    assert [list(row.values()) for row in table.rows.to_pylist()] == [
        ["x", "2025-03-01", "10000-01-01T00:00:00Z", "7", "7.5", "true"],
        ["y", "2025-02-30", None, "12x", "1,5", "0"],
    ]
    assert table.findings == []


@pytest.mark.parametrize(
    ("kind", "fit", "unfit"),
    [
        (
            pa.date32(),
            ("2025-03-01", "2024-02-29", "0001-01-01", "9999-12-31", None),
            ("2025-02-30", "2025-13-01", "0000-01-01", "10000-01-01", "-0044-03-15", "1.3.2025", "", 20250301, b"x"),
        ),
        (
            pa.timestamp("ms", tz="UTC"),
            ("2025-03-01T08:00:00Z", "2025-03-01 08:00:00", "2025-03-01T08:00:00.123+08:00", "0001-01-02T00:00:00Z"),
            (
                "2025-03-01T24:00:00Z",
                "2025-03-01T23:59:60Z",
                "2025-02-30T08:00:00Z",
                "2025-03-01T08:00:00+99:00",
                "0001-01-01T00:00:00+08:00",
                "9999-12-31T23:59:59-08:00",
                "10000-01-01T00:00:00Z",
                "2025-03-01",
                "",
                1e20,
            ),
        ),
        (pa.int64(), (7, -(2**63)), ("7", "", 1.5, 1e30)),
        (pa.int32(), (7, -(2**31)), (2**31, "x")),
        (pa.float64(), (7, 7.5, -1e308), ("1,5", "nan", b"7", 9e999)),
        (pa.float32(), (7.5,), (1e300, "x")),
        (pa.bool_(), (0, 1), (2, -1, "true", 0.5)),
        (pa.string(), ("a", b"\xff", 7), ()),
    ],
)
def test_values_that_do_not_fit_are_found(
    kind: pa.DataType, fit: tuple[object, ...], unfit: tuple[object, ...]
) -> None:
    database = sqlite3.connect(":memory:")
    database.execute("create table t (v)")
    for values, found in [(fit, []), *(((*fit, value), ["v"]) for value in unfit)]:
        database.execute("delete from t")
        database.executemany("insert into t values (?)", zip(values, strict=True))
        assert misfits(database, "t", {"v": kind}) == found, values
    database.close()


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


@pytest.mark.parametrize("name", ["row", "wkb"])
def test_a_field_may_be_called_as_a_column_of_the_reader(tmp_path: Path, name: str) -> None:
    features = [
        {"type": "Feature", "properties": {name: value}, "geometry": {"type": "Point", "coordinates": [114.3, 30.5]}}
        for value in ("one", None, "three")
    ]
    path = tmp_path / "places.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}), encoding="utf-8")
    table = read(path)
    assert table.rows.to_pylist() == [{name: "one"}, {name: None}, {name: "three"}]
    assert [shape.wkt for shape in table.geometry] == ["POINT (114.3 30.5)"] * 3


def test_headings_of_separators_alone_are_no_fault_of_the_program(tmp_path: Path) -> None:
    path = tmp_path / "places.csv"
    path.write_text("\x1e,\x1f\n \x1c,\x1d\n", encoding="utf-8")
    assert codes(read(path)) == {Code.FILE_UNREADABLE}
