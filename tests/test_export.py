"""Exports hold exactly the records of the day, exactly as they are, and an import's reader gives them back."""

from __future__ import annotations

import csv
import json
import random
import signal
import subprocess
import sys
import zipfile
from datetime import date
from pathlib import Path

import geopandas
import pandas as pd
import pyogrio
import pytest
import shapely
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, text

from geo_hygiene.cli import main
from geo_hygiene.coverage.writing import add_zones
from geo_hygiene.files.formulas import guarded, unguarded
from geo_hygiene.files.reading import SourceTable, read
from geo_hygiene.files.writing.export import ENDINGS, export
from geo_hygiene.files.writing.rows import ExportError
from geo_hygiene.layers import LAYERS, layer_of
from geo_hygiene.layerspec import GeometryKind
from tests.conftest import TestDatabase
from tests.coverage.towns import START, Town, grid_town, random_zone

FAMILIES = {GeometryKind.POINT: "point", GeometryKind.LINE: "line", GeometryKind.POLYGON: "polygon"}
STREET_COLUMNS = [
    *("id", "code", "lane", "lane_code", "category", "level", "length_m", "work_min", "zone_class"),
    *("office", "community", "group", "width_m", "valid_from", "valid_to"),
]
ODD_NAMES = ["珞喻路", "㐂𠮷䶮巷", "<script>alert(1)</script>", "'; drop table lane; --", '"q"\n,x', "=1+2", "'=1", "-"]
READ_BACK = tuple(ending for ending in ENDINGS if ending != ".parquet")
"""What an import reads; Parquet is for other programs."""
FORMATS = pytest.mark.parametrize("ending", READ_BACK)


@pytest.fixture
def town(connection: Connection) -> Town:
    """Return a grid of streets in named lanes, some zones, and one record of each other kind."""
    town = grid_town(connection)
    dice = random.Random(7)
    for index, name in enumerate(ODD_NAMES):
        values = {"code": f"L{index}", "name": name}
        connection.execute(text("insert into lane (code, name, category) values (:code, :name, 'lane')"), values)
    for index, target_id in enumerate(town.extents):
        values = {"lane": f"L{index % len(ODD_NAMES)}", "code": f"S{index:03}", "id": target_id}
        connection.execute(text(PUT_INTO_LANE), values)
    add_zones(connection, [random_zone(dice, town, f"Z{index}") for index in range(6)])
    connection.exec_driver_sql(PEOPLE_AND_PLACES)
    return town


PUT_INTO_LANE = """
update street_segment set lane_id = (select id from lane where code = :lane), code = :code, width_m = 3.5 where id = :id
"""
PEOPLE_AND_PLACES = """
insert into person (code, name, role, phone) values
    ('P1', '张伟', 'cleaner', '138****1234'), ('P2', '=cmd|'' /C calc''!A0', 'leader', null);
insert into assignment (person_id, zone, shift) select person.id, duty_zone.code, 'all-day'
    from person, duty_zone where person.code = 'P1' or duty_zone.code in ('Z1', 'Z2');
insert into post (person_id, area_id, kind) select person.id, area.id, 'leader'
    from person, area where person.code = 'P2' and area.level = 'office';
insert into water_body (code, name, category, geom) values ('W1', '清江', 'river', ST_Multi(ST_GeomFromText(
    'POLYGON((105.08 31.09,105.09 31.09,105.09 31.1,105.08 31.1,105.08 31.09),
             (105.082 31.092,105.082 31.094,105.084 31.094,105.082 31.092))', 4326)));
"""


def rows_of(table: SourceTable) -> list[tuple[object, ...]]:
    return list(zip(*(column.to_pylist() for column in table.rows.columns), strict=True))


def written(connection: Connection, key: str, path: Path, **options: object) -> SourceTable:
    """Return what the reader of imports finds in an export."""
    options = {"on": START, **options}
    export(connection, layer_of(key), path, **options)  # type: ignore[arg-type]
    layer = layer_of(key)
    table = read(path, layer=FAMILIES[layer.geometry] if layer.geometry else None, needs_shapes=False)
    assert [finding.message() for finding in table.findings if finding.is_error()] == []
    return table


@FORMATS
def test_streets_have_the_promised_columns_and_exact_shapes(
    connection: Connection, town: Town, tmp_path: Path, ending: str
) -> None:
    table = written(connection, "street-segments", tmp_path / f"streets{ending}")
    shorts = [attribute.short if ending == ".shp" else attribute.name for attribute in layer_of("street-segments")]
    assert table.fields == shorts
    if ending != ".shp":
        assert table.fields == STREET_COLUMNS
    stored = connection.execute(
        text("select ST_AsBinary(ST_Force2D(geom)) from target where kind = 'street-segments' order by id")
    ).scalars()
    assert [shapely.to_wkb(shape) for shape in table.geometry] == [bytes(shape) for shape in stored]
    assert len(table.geometry) == len(town.extents)


@FORMATS
def test_streets_keep_names_numbers_and_places(connection: Connection, town: Town, tmp_path: Path, ending: str) -> None:
    table = written(connection, "street-segments", tmp_path / f"streets{ending}")
    by_name = dict(zip(STREET_COLUMNS, table.rows.columns, strict=True))
    lanes = ODD_NAMES * len(town.extents)
    assert by_name["lane"].to_pylist() == lanes[: len(town.extents)]
    metres = [float(value) for value in by_name["length_m"].to_pylist()]
    assert metres == pytest.approx([extent / 1000 for extent in town.extents.values()], abs=0.00051)
    assert set(by_name["community"].to_pylist()) == {"C0", "C1"}
    assert set(by_name["zone_class"].to_pylist()) == {"core", "fringe"}
    assert set(by_name["office"].to_pylist()) == {"O"}
    minutes = [float(value) for value in by_name["work_min"].to_pylist()]
    assert minutes == pytest.approx([0.12 * extent / 1000 for extent in town.extents.values()], abs=0.0002)


# A roster is of a day, and comes back in a test of its own.
@pytest.mark.parametrize("key", [key for key, layer in LAYERS.items() if layer.exports and key != "duty-roster"])
def test_every_layer_goes_out_and_its_rows_come_back_from_each_format(
    connection: Connection, town: Town, tmp_path: Path, key: str
) -> None:
    layer = layer_of(key)
    count = connection.scalar(text(f"select count(*) from {layer.model.__tablename__}"))
    endings = READ_BACK if layer.geometry else (".csv", ".xlsx")
    counted = {
        ending: export(connection, layer, tmp_path / f"{key}{ending}", every_period=True).rows for ending in endings
    }
    assert len(set(counted.values())) == 1
    assert counted[".csv"] <= (count or 0)
    if counted[".csv"]:
        tables = [written(connection, key, tmp_path / f"{key}{ending}", every_period=True) for ending in endings]
        assert len({len(table.rows) for table in tables}) == 1
        shapes = [[None if shape is None else shape.wkt for shape in table.geometry] for table in tables]
        assert all(shape == shapes[0] for shape in shapes)


def test_a_day_has_its_own_zones_and_every_period_has_all(connection: Connection, town: Town, tmp_path: Path) -> None:
    everything = export(connection, layer_of("duty-zones"), tmp_path / "all.csv", every_period=True).rows
    assert everything == 6
    days = [date(2024, 12, 31), date(2025, 6, 30), date(2026, 12, 31)]
    for day in days:
        expected = connection.scalar(
            text("select count(*) from claim where valid_from <= :day and :day < valid_to"), {"day": day}
        )
        assert export(connection, layer_of("duty-zones"), tmp_path / "day.csv", on=day).rows == expected


def test_zones_tell_duty_period_and_holders(connection: Connection, town: Town, tmp_path: Path) -> None:
    export(connection, layer_of("duty-zones"), tmp_path / "zones.csv", every_period=True)
    with (tmp_path / "zones.csv").open(encoding="utf-8-sig", newline="") as file:
        zones = {zone["code"]: zone for zone in csv.DictReader(file)}
    assert zones["Z1"]["holders"] == "P1;P2"
    assert zones["Z3"]["holders"] == "P1"
    assert {zone["plan"] for zone in zones.values()} == {"published"}
    assert {zone["basis"] for zone in zones.values()} == {"list"}
    assert {zone["duty"] for zone in zones.values()} <= {"sweeping", "supervision"}
    for zone in zones.values():
        begins = connection.scalar(text("select valid_from::text from claim where uuid = :id"), {"id": zone["id"]})
        assert zone["valid_from"] == ("" if begins == "-infinity" else begins)


def test_lists_of_zones_are_in_metres_of_their_segments(connection: Connection, town: Town, tmp_path: Path) -> None:
    table = written(connection, "zone-segments", tmp_path / "lists.csv", every_period=True)
    assert table.fields == ["zone", "segment", "from_m", "to_m", "valid_from", "valid_to"]
    stored = connection.execute(text(STORED_LISTS))
    told = [(row[0], row[1], round(float(row[2]) * 1000), round(float(row[3]) * 1000)) for row in rows_of(table)]
    assert told == [tuple(row) for row in stored]


STORED_LISTS = """
select duty_zone.code, target.uuid::text, from_mm, to_mm from claim_stretch
join target on target.id = target_id join claim using (source_id) join duty_zone on duty_zone.id = claim.id
order by duty_zone.code collate "C", target.uuid, from_mm, to_mm, claim.valid_from
"""


@pytest.mark.parametrize(
    ("key", "table"), [("posts", "post"), ("assignments", "assignment"), ("zone-segments", "claim_stretch")]
)
def test_a_table_is_the_same_file_in_whatever_order_its_rows_came(
    connection: Connection, town: Town, tmp_path: Path, key: str, table: str
) -> None:
    connection.exec_driver_sql(
        "insert into post (person_id, area_id, kind) select person.id, area.id, 'cadre' from person, area"
    )
    files = [tmp_path / "one.csv", tmp_path / "other.csv"]
    export(connection, layer_of(key), files[0], every_period=True)
    connection.exec_driver_sql(f"update {table} set id = -id")
    export(connection, layer_of(key), files[1], every_period=True)
    assert files[0].read_bytes() == files[1].read_bytes()
    assert len(files[0].read_text(encoding="utf-8-sig").splitlines()) > 4


def test_areas_name_their_parents(connection: Connection, town: Town, tmp_path: Path) -> None:
    table = written(connection, "areas", tmp_path / "areas.gpkg")
    parents = dict(zip(table.rows["code"].to_pylist(), table.rows["parent"].to_pylist(), strict=True))
    assert parents == {"O": None, "C0": "O", "C1": "O", "G00": "C0", "G01": "C0", "G10": "C1", "G11": "C1"}


def test_lanes_are_drawn_from_their_segments(connection: Connection, town: Town, tmp_path: Path) -> None:
    lanes = geopandas.read_file(export(connection, layer_of("lanes"), tmp_path / "l.gpkg", on=START).files[0])
    assert set(lanes.geom_type) == {"MultiLineString"}
    assert sum(len(lane.geoms) for lane in lanes.geometry) == len(town.extents)


def test_a_shapefile_says_its_encoding_and_lists_its_fields(connection: Connection, town: Town, tmp_path: Path) -> None:
    files = export(connection, layer_of("street-segments"), tmp_path / "s.shp", on=START, encoding="utf-8").files
    assert {file.name for file in files} == {"s.shp", "s.shx", "s.dbf", "s.prj", "s.cpg", "s.fields.csv"}
    assert (tmp_path / "s.cpg").read_text() == "UTF-8"
    with (tmp_path / "s.fields.csv").open(encoding="utf-8-sig", newline="") as file:
        fields = list(csv.DictReader(file))
    assert [field["name"] for field in fields] == STREET_COLUMNS
    assert all(len(field["field"].encode()) <= 10 for field in fields)
    # 㐂 and 𠮷 have no place in GBK; GB18030 contains GBK and has them.
    export(connection, layer_of("street-segments"), tmp_path / "g.shp", on=START, encoding="gbk")
    assert (tmp_path / "g.cpg").read_text() == "GB18030"
    connection.execute(text("update lane set name = '珞喻路'"))
    export(connection, layer_of("street-segments"), tmp_path / "g.shp", on=START)
    assert (tmp_path / "g.cpg").read_text() == "GBK"
    assert "珞喻路".encode("gbk") in (tmp_path / "g.dbf").read_bytes()
    assert set(pyogrio.read_dataframe(tmp_path / "g.shp")["lane"]) == {"珞喻路"}


def test_every_character_of_gbk_passes_through_a_shapefile(connection: Connection, town: Town, tmp_path: Path) -> None:
    characters = [chr(code) for code in range(0x80, 0x10000) if not 0xD800 <= code <= 0xDFFF]
    known = "".join(character for character in characters if character.encode("gbk", errors="ignore"))
    pieces = [known[at : at + 120] for at in range(0, len(known), 120)]
    connection.execute(text("delete from water_body"))
    for number, piece in enumerate(pieces):
        connection.execute(
            text("insert into water_body (code, name, category, geom) values (:code, :name, 'pond',"
                 " ST_Multi(ST_MakeEnvelope(105, 31, 105.01, 31.01, 4326)))"),
            {"code": f"W{number}", "name": piece},
        )  # fmt: skip
    table = written(connection, "water-bodies", tmp_path / "w.shp", encoding="gbk")
    assert (tmp_path / "w.cpg").read_text() == "GBK"
    assert table.rows["name"].to_pylist() == pieces


def test_text_that_a_dbf_can_not_hold_is_refused(connection: Connection, town: Town, tmp_path: Path) -> None:
    connection.execute(text("update lane set name = repeat('长', 128) where code = 'L0'"))
    with pytest.raises(ExportError, match="256 bytes"):
        export(connection, layer_of("street-segments"), tmp_path / "s.shp", on=START)
    assert list(tmp_path.iterdir()) == []
    connection.execute(text("update lane set name = repeat('长', 127) where code = 'L0'"))
    table = written(connection, "street-segments", tmp_path / "s.shp")
    assert "长" * 127 in table.rows["lane"].to_pylist()


def test_geojson_follows_its_standard(connection: Connection, town: Town, tmp_path: Path) -> None:
    export(connection, layer_of("water-bodies"), tmp_path / "w.geojson", on=START)
    collection = json.loads((tmp_path / "w.geojson").read_text(encoding="utf-8"))
    assert "crs" not in collection
    (feature,) = collection["features"]
    shape = shapely.from_geojson(json.dumps(feature["geometry"]))
    assert shape.geoms[0].exterior.is_ccw
    assert not shape.geoms[0].interiors[0].is_ccw
    assert feature["properties"]["name"] == "清江"


def test_csv_runs_no_formula_and_comes_back_as_it_was(connection: Connection, town: Town, tmp_path: Path) -> None:
    export(connection, layer_of("people"), tmp_path / "people.csv", on=START)
    raw = (tmp_path / "people.csv").read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf")
    assert b",'=cmd|" in raw
    table = read(tmp_path / "people.csv")
    assert table.rows["name"].to_pylist() == ["张伟", "=cmd|' /C calc'!A0"]
    assert table.rows["phone"].to_pylist() == ["138****1234", None]


def test_a_workbook_runs_no_formula_and_comes_back_as_it_was(
    connection: Connection, town: Town, tmp_path: Path
) -> None:
    export(connection, layer_of("people"), tmp_path / "people.xlsx", on=START)
    with zipfile.ZipFile(tmp_path / "people.xlsx") as book:
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
    assert "<f>" not in sheet
    assert "=cmd|" in sheet
    table = read(tmp_path / "people.xlsx")
    assert (table.format, table.rows["name"].to_pylist()) == ("XLSX", ["张伟", "=cmd|' /C calc'!A0"])


@pytest.mark.parametrize("key", ["street-segments", "duty-zones", "people"])
def test_parquet_is_what_geopandas_reads(connection: Connection, town: Town, tmp_path: Path, key: str) -> None:
    layer = layer_of(key)
    count = export(connection, layer, tmp_path / f"{key}.parquet", every_period=True).rows
    if layer.geometry is None:
        frame = pd.read_parquet(tmp_path / f"{key}.parquet")
    else:
        frame = geopandas.read_parquet(tmp_path / f"{key}.parquet")
        table = written(connection, key, tmp_path / f"{key}.gpkg", every_period=True)
        assert frame.crs.to_string() == "OGC:CRS84"
        assert [None if shape is None else shape.wkt for shape in frame.geometry] == [
            None if shape is None else shape.wkt for shape in table.geometry
        ]
    assert len(frame) == count > 0
    assert [name for name in frame.columns if name != "geometry"] == [field.name for field in layer.exported]


def test_a_text_that_a_cell_can_not_hold_is_not_cut(connection: Connection, town: Town, tmp_path: Path) -> None:
    connection.execute(text("update water_body set name = repeat('江', 33000)"))
    with pytest.raises(ExportError, match="33000"):
        export(connection, layer_of("water-bodies"), tmp_path / "w.xlsx", on=START)
    assert list(tmp_path.iterdir()) == []


@given(st.text())
def test_a_guarded_text_is_no_formula_and_can_be_undone(value: str) -> None:
    assert unguarded(guarded(value)) == value
    assert guarded(value).lstrip()[:1] not in tuple("=+-@＝＋－＠\t\r\n\0") or not guarded(value).strip()


@pytest.mark.parametrize("value", ["=1", " =1", "\t=1", "\r1", "+1", "-1", "@x", "＝1", "'=1", "''@", "\0"])
def test_what_a_spreadsheet_would_run_gets_an_apostrophe(value: str) -> None:
    assert guarded(value) == f"'{value}"


@pytest.mark.parametrize("value", ["", "1+1", "路-2", "a=b", "'", "'x", "（一）", "138****1234"])
def test_other_text_is_left_alone(value: str) -> None:
    assert guarded(value) == value


def test_what_can_not_be_written_is_said(connection: Connection, tmp_path: Path) -> None:
    streets = layer_of("street-segments")
    for path, layer, options in (
        (tmp_path / "x.kml", streets, {}),
        (tmp_path / "x", streets, {}),
        (tmp_path / "x.gpkg", layer_of("people"), {}),
        (tmp_path / "x.gpkg", streets, {"encoding": "gbk"}),
        (tmp_path / "none" / "x.gpkg", streets, {}),
    ):
        with pytest.raises(ExportError):
            export(connection, layer, path, on=START, **options)
    (tmp_path / "x.gpkg").mkdir()
    with pytest.raises(ExportError, match="folder"):
        export(connection, streets, tmp_path / "x.gpkg", on=START)
    with pytest.raises(ValueError, match="day"):
        export(connection, streets, tmp_path / "y.gpkg")


@FORMATS
def test_an_empty_layer_is_a_file_without_rows(connection: Connection, tmp_path: Path, ending: str) -> None:
    assert export(connection, layer_of("street-segments"), tmp_path / f"e{ending}", on=START).rows == 0
    assert (tmp_path / f"e{ending}").stat().st_size > 0


@FORMATS
def test_a_full_disk_leaves_the_old_file(
    connection: Connection, town: Town, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ending: str
) -> None:
    path = tmp_path / f"s{ending}"
    export(connection, layer_of("street-segments"), path, on=START)
    before = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    monkeypatch.setattr(Path, "replace", _no_space)
    with pytest.raises(ExportError, match="disk is full"):
        export(connection, layer_of("street-segments"), path, on=START)
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == before


def _no_space(self: Path, target: Path) -> Path:
    raise OSError(28, "No space left on device")


def test_a_killed_export_leaves_nothing_after_the_next_one(connection: Connection, town: Town, tmp_path: Path) -> None:
    half = subprocess.Popen(
        [sys.executable, "-c", HALF_AN_EXPORT, str(tmp_path)], stdout=subprocess.PIPE, start_new_session=True
    )
    assert half.stdout is not None
    assert half.stdout.readline() == b"written\n"
    half.send_signal(signal.SIGKILL)
    half.wait()
    half.stdout.close()
    left = [file.name for file in tmp_path.iterdir()]
    assert len(left) == 1
    assert left[0].startswith(".geo-hygiene-")
    export(connection, layer_of("areas"), tmp_path / "a.gpkg", on=START)
    assert [file.name for file in tmp_path.iterdir()] == ["a.gpkg"]


HALF_AN_EXPORT = """
import sys, time
from pathlib import Path
from geo_hygiene.files.scratch import private_folder
with private_folder(Path(sys.argv[1])) as folder:
    (folder / "half.gpkg").write_bytes(b"half")
    print("written", flush=True)
    time.sleep(60)
"""


def test_the_command_writes_the_file_and_says_so(
    database: TestDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GEO_HYGIENE_DATABASE_URL", database.owner_url)
    monkeypatch.setenv("GEO_HYGIENE_SERVICE_URL", database.service_url)
    monkeypatch.setenv("GEO_HYGIENE_LOCALE", "en")
    monkeypatch.setenv("GEO_HYGIENE_HOME", str(tmp_path / "home"))
    runner = CliRunner()
    done = runner.invoke(main, ["export", "areas", str(tmp_path / "a.gpkg"), "--json"])
    assert (done.exit_code, json.loads(done.stdout)["rows"]) == (0, 0)
    done = runner.invoke(main, ["export", "areas", str(tmp_path / "a.shp")])
    assert "0 rows" in done.stderr
    assert runner.invoke(main, ["export", "nothing", str(tmp_path / "a.gpkg")]).exit_code == 1
    assert runner.invoke(main, ["export", "areas", str(tmp_path / "a.kml")]).exit_code == 1
    both = ["export", "areas", str(tmp_path / "a.gpkg"), "--on", "2025-01-01", "--all"]
    assert runner.invoke(main, both).exit_code == 2
