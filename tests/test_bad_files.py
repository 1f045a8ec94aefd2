"""Files that are broken, hostile or misleading: each ends in its finding, and nothing of them gets out or stays."""

from __future__ import annotations

import json
import os
import resource
import signal
import socket
import sqlite3
import stat
import struct
import subprocess
import sys
import tempfile
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import geopandas
import numpy as np
import pytest
import shapely

from geo_hygiene.files.findings import Code, shown
from geo_hygiene.files.reading import BROWSER_UPLOAD, COMMAND_LINE, Limits, SourceTable, drivers, read, reader
from geo_hygiene.files.scratch import private_folder, sweep
from tests.made_files import (
    BOW_TIE,
    LANE,
    LINE,
    POINT,
    POLYGON,
    SQUARE,
    dbf,
    geojson,
    shapefile,
    shp,
    zipped,
    zipped_shapefile,
)

CANARY = "canary-7f3d"
PLACE = (105.08, 31.09)
FORMATS = ["geojson", "shp", "gpkg", "json"]


@pytest.fixture(autouse=True)
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Give the reader a folder of its own, which must be empty after every file."""
    folder = tmp_path / "scratch"
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("geo_hygiene.files.scratch.default_root", lambda: folder)
    yield folder
    assert not folder.exists() or list(folder.iterdir()) == []


@pytest.fixture
def listener() -> Iterator[Callable[[], int]]:
    """Listen on loopback and return a function that counts the connections; its address is in `.port`."""
    server = socket.create_server(("127.0.0.1", 0))
    calls: list[object] = []

    def accept() -> None:
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            calls.append(connection)
            connection.close()

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()

    def count() -> int:
        return len(calls)

    count.port = server.getsockname()[1]  # type: ignore[attr-defined]
    yield count
    server.shutdown(socket.SHUT_RDWR)
    server.close()
    thread.join()


def only(table: SourceTable) -> Code:
    """Return the code of the one error of a table."""
    (finding,) = [finding for finding in table.findings if finding.is_error()]
    assert finding.message()
    return finding.code


# Text that is written for another driver

VRT = """<OGRVRTDataSource><OGRVRTLayer name="secret"><SrcDataSource relativeToVRT="0">{source}</SrcDataSource>
<SrcLayer>{layer}</SrcLayer></OGRVRTLayer></OGRVRTDataSource>"""
DRIVERS = {
    "vrt-file": VRT,
    "vrt-curl": VRT.replace("{source}", "/vsicurl/http://127.0.0.1:{port}/x.geojson"),
    "vrt-raster": "<VRTDataset rasterXSize='1' rasterYSize='1'><VRTRasterBand><SimpleSource><SourceFilename>"
    "{source}</SourceFilename></SimpleSource></VRTRasterBand></VRTDataset>",
    "gml": '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY x SYSTEM "http://127.0.0.1:{port}/e">]><gml>&x;</gml>',
    "kml": "<kml><NetworkLink><Link><href>http://127.0.0.1:{port}/x.kml</href></Link></NetworkLink></kml>",
    "wfs": "<OGRWFSDataSource><URL>http://127.0.0.1:{port}/wfs</URL></OGRWFSDataSource>",
    "gdalg": '{{"type": "gdal_streamed_alg", "command_line": "gdal vector read {source}"}}',
    "stac": '{{"type": "FeatureCollection", "links": [{{"rel": "next", "href": "http://127.0.0.1:{port}/n"}}],'
    ' "features": []}}',
    "esrijson": '{{"geometryType": "esriGeometryPoint", "features": [], "source": "{source}"}}',
    "topojson": '{{"type": "Topology", "objects": {{}}, "source": "{source}"}}',
    "dsn": "PG:host=127.0.0.1 port={port} dbname=x",
    "url": "http://127.0.0.1:{port}/x.geojson",
}


@pytest.mark.parametrize("form", ["plain", "zip"])
@pytest.mark.parametrize("text", DRIVERS)
def test_no_text_makes_the_reader_open_anything_else(
    tmp_path: Path, listener: Callable[[], int], text: str, form: str
) -> None:
    (tmp_path / "home").mkdir()
    canary = geojson(tmp_path / "home" / "secret.geojson", list(LANE), properties={"name": CANARY})
    content = DRIVERS[text].format(source=canary, layer="secret", port=listener.port)  # type: ignore[attr-defined]
    for ending in FORMATS if form == "plain" else FORMATS[:2]:
        folder = tmp_path / f"{text}-{ending}"
        folder.mkdir()
        path = folder / f"x.{ending}"
        path.write_text(content)
        if form == "zip":
            path = zipped(folder / "x.zip", {f"x.{ending}": path})
        table = read(path)
        assert table.refused
        assert only(table) in {Code.FILE_TYPE, Code.FILE_UNREADABLE}
        assert CANARY not in json.dumps(shown(table.findings))
        assert len(table.rows) == 0
    assert listener() == 0


@pytest.mark.parametrize("sidecar", ["dbf", "prj", "cpg", "shx"])
def test_no_side_file_makes_the_reader_open_anything_else(
    tmp_path: Path, listener: Callable[[], int], sidecar: str
) -> None:
    path = shapefile(tmp_path / "x.shp", POINT, [[PLACE]])
    url = f"/vsicurl/http://127.0.0.1:{listener.port}/x"  # type: ignore[attr-defined]
    path.with_suffix(f".{sidecar}").write_text(VRT.format(source=url, layer="x"))
    read(path)
    assert listener() == 0


@pytest.mark.parametrize(
    "sql",
    [
        "CREATE VIRTUAL TABLE v USING VirtualOGR('/etc/passwd')",
        "CREATE VIRTUAL TABLE v USING VirtualOGR('/etc/passwd', 'using rtree')",
        "CREATE  VIRTUAL\tTABLE v USING VirtualOGR('/etc/passwd')",
        "CREATE/**/VIRTUAL TABLE v USING VirtualOGR('/etc/passwd')",
    ],
)
def test_a_database_with_virtual_tables_is_no_geopackage(tmp_path: Path, sql: str) -> None:
    path = tmp_path / "x.gpkg"
    geopandas.GeoDataFrame({"a": [1]}, geometry=[shapely.Point(PLACE)], crs=4326).to_file(path)
    with sqlite3.connect(path) as database:
        database.execute("pragma writable_schema = on")
        database.execute(
            "insert into sqlite_master (type, name, tbl_name, rootpage, sql) values ('table', 'v', 'v', 0, ?)", [sql]
        )
    database.close()
    assert only(read(path)) is Code.FILE_TYPE


def test_a_plain_database_is_no_geopackage(tmp_path: Path) -> None:
    path = tmp_path / "x.gpkg"
    with sqlite3.connect(path) as database:
        database.execute("create table a (b)")
    database.close()
    assert only(read(path)) is Code.FILE_UNREADABLE


# The nets around the reading process

CONFINED = """
import json, os, socket, sys
sys.path.insert(0, {folder!r})
import guard
told = {{"nets": guard.confine({job!r})}}
def tried(name, call):
    try:
        call()
        told[name] = "done"
    except OSError as problem:
        told[name] = type(problem).__name__
tried("foreign", lambda: open({foreign!r}).read())
tried("passwords", lambda: open("/etc/passwd").read())
tried("own", lambda: open({own!r}).read())
tried("connect", lambda: socket.create_connection(("127.0.0.1", {port}), timeout=5))
tried("write", lambda: open({scratch!r} + "/x", "w").write("x"))
tried("elsewhere", lambda: open({elsewhere!r}, "w").write("x"))
try:
    bytearray(2_000_000_000)
    told["memory"] = "done"
except MemoryError:
    told["memory"] = "MemoryError"
print(json.dumps(told))
"""


def test_the_reading_process_reaches_its_own_files_and_nothing_else(
    tmp_path: Path, listener: Callable[[], int]
) -> None:
    own, foreign, scratch = tmp_path / "own.json", tmp_path / "foreign.json", tmp_path / "work"
    own.write_text("{}")
    foreign.write_text(CANARY)
    scratch.mkdir()
    job = {
        "parent": os.getpid(),
        "limits": {"memory": 1_000_000_000, "seconds": 10, "written_bytes": 1000},
        "program": [],
        "sources": [str(own)],
        "scratch": str(scratch),
    }
    program = CONFINED.format(
        folder=str(Path(reader.__file__).parent),
        job=job,
        foreign=str(foreign),
        own=str(own),
        scratch=str(scratch),
        elsewhere=str(tmp_path / "elsewhere"),
        port=listener.port,  # type: ignore[attr-defined]
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    told = json.loads(done.stdout)
    assert (told["own"], told["write"], told["memory"]) == ("done", "done", "MemoryError")
    if told["nets"]["files"]:
        assert {told["foreign"], told["passwords"], told["elsewhere"]} == {"PermissionError"}
    if told["nets"]["network"]:
        assert told["connect"] != "done"
    assert told["nets"]["network"] or told["nets"]["files"]
    assert listener() == 0


def test_gdal_has_two_drivers_in_the_reading_process(tmp_path: Path) -> None:
    environment = reader._environment(tmp_path)
    listed = "import pyogrio, json; print(json.dumps(sorted(pyogrio.list_drivers())))"
    done = subprocess.run([sys.executable, "-c", listed], env=environment, capture_output=True, text=True, check=True)
    assert set(json.loads(done.stdout)) == drivers.ALLOWED


def test_a_driver_that_nobody_thought_of_is_skipped_at_a_second_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    forgotten = drivers.environment()["OGR_SKIP"].replace("OGR_VRT,", "")
    monkeypatch.setattr(drivers, "environment", lambda: {"OGR_SKIP": forgotten, "PROJ_NETWORK": "OFF"})
    table = read(shapefile(tmp_path / "x.shp", POINT, [[PLACE]]))
    assert not table.refused
    assert table.rows_read == 1


def test_parents_do_not_load_gdal() -> None:
    loaded = "import sys, geo_hygiene.files.reading; print('pyogrio' in sys.modules, 'osgeo' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", loaded], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]


# Archives

UNSAFE = [
    *("../x.shp", "a/../../x.shp", "/etc/x.shp", "..\\x.shp", "C:\\x.shp", "C:/x.shp", "\\\\server\\x.shp", "a/.."),
    *("x\x01.shp", "x\n.shp"),
]


@pytest.mark.parametrize("name", UNSAFE)
def test_archives_that_leave_their_folder_are_refused(tmp_path: Path, name: str) -> None:
    main, index = shp(POINT, [[PLACE]])
    path = zipped(tmp_path / "x.zip", {"x.shp": main, "x.shx": index, name: main})
    before = sorted(tmp_path.rglob("*"))
    assert only(read(path)) is Code.ARCHIVE_UNSAFE
    assert sorted(entry for entry in tmp_path.rglob("*") if entry.name != "scratch") == before


def test_links_in_archives_are_refused(tmp_path: Path) -> None:
    info = zipfile.ZipInfo("x.shp")
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.writestr(info, "/etc/passwd")
    assert only(read(tmp_path / "x.zip")) is Code.ARCHIVE_UNSAFE


@pytest.mark.parametrize("name", ["y.zip", "y.7z", "y.tar.gz"])
def test_archives_in_archives_are_refused(tmp_path: Path, name: str) -> None:
    inner = zipped(tmp_path / "inner.zip", {"x.shp": b""})
    assert only(read(zipped(tmp_path / "x.zip", {name: inner}))) is Code.ARCHIVE_UNSAFE


def test_encrypted_archives_are_named(tmp_path: Path) -> None:
    path = zipped(tmp_path / "x.zip", {"x.shp": b"x" * 100})
    content = bytearray(path.read_bytes())
    content[6] |= 1
    content[content.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(content)
    assert only(read(path)) is Code.FILE_ENCRYPTED


def test_archives_of_many_files_or_double_names_are_refused(tmp_path: Path) -> None:
    many = {f"{number}.txt": b"" for number in range(21)}
    assert only(read(zipped(tmp_path / "m.zip", many))) is Code.ARCHIVE_UNSAFE
    main, _ = shp(POINT, [[PLACE]])
    assert only(read(zipped(tmp_path / "d.zip", {"x.shp": main, "X.SHP": main}))) is Code.ARCHIVE_UNSAFE


def test_an_archive_of_two_layers_asks_which(tmp_path: Path) -> None:
    main, index = shp(POINT, [[PLACE]])
    path = zipped(tmp_path / "x.zip", {"a.shp": main, "a.shx": index, "b.shp": main, "b.shx": index})
    assert only(read(path)) is Code.FILE_UNREADABLE
    assert read(path, table="b", crs="EPSG:4326").name == "b"


def test_what_macos_adds_to_archives_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    inside = shapefile(tmp_path / "in" / "x.shp", POINT, [[PLACE]])
    path = zipped_shapefile(tmp_path / "x.zip", inside)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("__MACOSX/._x.shp", b"\x00\x05\x16\x07")
    assert read(path).rows_read == 1


@pytest.mark.parametrize("size", [40, 200])
def test_a_zip_bomb_is_refused_by_what_it_says(tmp_path: Path, size: int) -> None:
    path = zipped(tmp_path / "x.zip", {"x.shp": b"\0" * (size * 1024 * 1024)})
    assert path.stat().st_size < 300_000
    assert only(read(path)) is Code.ARCHIVE_UNSAFE


def test_a_zip_bomb_that_lies_about_its_size_is_stopped(tmp_path: Path) -> None:
    path = zipped(tmp_path / "x.zip", {"x.shp": b"\0" * (200 * 1024 * 1024)})
    content = path.read_bytes()
    central = content.index(b"PK\x01\x02")
    forged = content[: central + 24] + struct.pack("<I", 1000) + content[central + 28 :]
    path.write_bytes(forged[:22] + struct.pack("<I", 1000) + forged[26:])
    assert only(read(path)) in {Code.FILE_UNREADABLE, Code.FILE_TOO_BIG}


def test_an_archive_over_the_limit_is_too_big(tmp_path: Path) -> None:
    path = zipped(tmp_path / "x.zip", {"x.shp": os.urandom(2_000_000)})
    assert only(read(path, limits=replace(COMMAND_LINE, unpacked_bytes=1_000_000))) is Code.FILE_TOO_BIG


@pytest.mark.parametrize("content", [b"PK\x03\x04", b"PK\x05\x06" + b"\0" * 18, b"PK\x03\x04" + b"x" * 500])
def test_broken_archives_are_said_to_be_broken(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.zip").write_bytes(content)
    assert only(read(tmp_path / "x.zip")) is Code.FILE_UNREADABLE


def test_an_archive_whose_bytes_changed_is_said_to_be_broken(tmp_path: Path) -> None:
    main, _ = shp(POINT, [[PLACE]] * 500)
    path = zipped(tmp_path / "x.zip", {"x.shp": main})
    content = bytearray(path.read_bytes())
    content[60] ^= 0xFF
    path.write_bytes(content)
    assert only(read(path)) is Code.FILE_UNREADABLE


# Coordinates

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


NO_PLANET = 'GEOGCS["unknown",DATUM["unknown",SPHEROID["x",57.3,0]],PRIMEM["u",0],UNIT["d",0.0174]]'


@pytest.mark.parametrize("text", ["", "nonsense", NO_PLANET, "PROJCS[" * 10_000, "\x00"])
def test_a_prj_that_names_no_system_is_none(tmp_path: Path, text: str) -> None:
    path = shapefile(tmp_path / "x.shp", POINT, [[PLACE]])
    path.with_suffix(".prj").write_text(text)
    table = read(path)
    assert only(table) is Code.CRS_MISSING
    assert "--crs EPSG:4326" in str(shown(table.findings)[0]["hint"])


# Files that are cut, mixed up or something else


@pytest.mark.parametrize("has_index", [True, False])
@pytest.mark.parametrize("share", [0.05, 0.5, 0.9, 0.999])
def test_a_truncated_shapefile_says_where_it_ends(tmp_path: Path, share: float, *, has_index: bool) -> None:
    path = shapefile(tmp_path / "x.shp", LINE, [LANE] * 50)
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    if not has_index:
        path.with_suffix(".shx").unlink()
    table = read(path)
    assert table.refused
    assert only(table) in {Code.FILE_UNREADABLE, Code.FILE_TYPE}
    row = (int(len(content) * share) - 100) // ((len(content) - 100) // 50) + 1
    assert table.findings[0].row == row
    assert str(row) in table.findings[0].message()
    assert table.geometry.tolist() == []


def test_a_truncated_table_says_where_it_ends(tmp_path: Path) -> None:
    path = shapefile(tmp_path / "x.shp", LINE, [LANE] * 50)
    table_file = path.with_suffix(".dbf")
    table_file.write_bytes(table_file.read_bytes()[:200])
    table = read(path)
    assert only(table) is Code.FILE_UNREADABLE
    assert table.findings[0].row == (200 - 65) // 7 + 1


def test_parts_of_two_files_do_not_fit(tmp_path: Path) -> None:
    path = shapefile(tmp_path / "x.shp", LINE, [LANE] * 5)
    path.with_suffix(".dbf").write_bytes(dbf({"a": ("C", 3, 0)}, [["x"]] * 7))
    assert only(read(path)) is Code.FILE_UNREADABLE


@pytest.mark.parametrize("part", ["shp", "shx", "dbf"])
def test_parts_full_of_noise_never_break_the_reader(tmp_path: Path, part: str) -> None:
    path = shapefile(tmp_path / "x.shp", LINE, [LANE] * 20)
    file = path.with_suffix(f".{part}")
    whole = file.read_bytes()
    for seed in range(6):
        noise = bytearray(whole)
        for at in range(28 + seed, len(noise), 17 + seed):
            noise[at] ^= 0x5A + seed
        file.write_bytes(noise)
        table = read(path)
        assert table.refused or len(table.row_numbers) <= 20
        assert all(finding.message() for finding in table.findings)


@pytest.mark.parametrize("ending", ["shp", "shx", "dbf", "prj", "gpkg", "geojson", "zip", "csv"])
def test_office_encryption_is_named(tmp_path: Path, ending: str) -> None:
    path = shapefile(tmp_path / "x.shp", POINT, [[PLACE]])
    target = tmp_path / f"x.{ending}"
    target.write_bytes(b"%TSD-Header-###%" + os.urandom(200))
    table = read(path if ending in {"shx", "dbf", "prj"} else target)
    assert only(table) is Code.FILE_ENCRYPTED


@pytest.mark.parametrize("ending", ["shp", "gpkg", "geojson", "json", "zip", "csv"])
@pytest.mark.parametrize("content", [b"", b"\0" * 4096, b"%PDF-1.7 \xff\xd8\xff"])
def test_something_else_is_not_read(tmp_path: Path, ending: str, content: bytes) -> None:
    (tmp_path / f"x.{ending}").write_bytes(content)
    table = read(tmp_path / f"x.{ending}")
    assert table.refused
    assert only(table) in {Code.FILE_TYPE, Code.FILE_UNREADABLE, Code.TEXT_UNDECODABLE}


@pytest.mark.parametrize(
    ("text", "row"),
    [
        ('{"type":"FeatureCollection","features":[', 1),
        ('{"type":"FeatureCollection","features":[{"type":"Feature","properties":{},"geometry":null},{"type":"Fea', 2),
        ('{"type":"FeatureCollection","features":[{"type":"Feature","properties":{},"geometry":null}', 2),
        ('{"type":"FeatureCollection","features":[{"type":"Feature","properties":{},"geometry":null}]', 2),
        ('{"type":"FeatureCollection","features":[{"type":"Feature","properties":{},"geometry":null}]} x', 2),
        ('{"type":"FeatureCollection","features":[{"a":1}]}', 1),
        ('{"type":"FeatureCollection","features":[[1]]}', 1),
        ('{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"a":' + "[" * 100_000, 1),
        ('{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"a":' + "9" * 5000, 1),
    ],
)
def test_damaged_geojson_says_where(tmp_path: Path, text: str, row: int) -> None:
    path = tmp_path / "x.geojson"
    path.write_text(text)
    table = read(path)
    assert table.refused
    assert only(table) is Code.FILE_UNREADABLE
    assert table.findings[0].row == row


def test_a_field_for_each_row_does_not_fill_the_memory(tmp_path: Path) -> None:
    path = tmp_path / "x.geojson"
    features = [{"type": "Feature", "properties": {f"f{row}": 1}, "geometry": None} for row in range(1500)]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    assert only(read(path)) is Code.FILE_TOO_BIG


@pytest.mark.parametrize("name", ["nothing.shp", "x.kml", "x", "x.tab", "x.shp.gz"])
def test_files_that_are_not_there_or_not_read_are_said(tmp_path: Path, name: str) -> None:
    if not name.startswith("nothing"):
        (tmp_path / name).write_text("x")
    assert only(read(tmp_path / name)) in {Code.FILE_UNREADABLE, Code.FILE_TYPE}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
@pytest.mark.parametrize("closed", ["x.dbf", "."])
def test_what_the_user_may_not_read_is_named(tmp_path: Path, closed: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = shapefile(Path(folder) / "x.shp", POINT, [[PLACE]])
        Path(folder).chmod(0o755)
        (Path(folder) / closed).chmod(0o700)
        os.seteuid(65534)
        try:
            table = read(path)
        finally:
            os.seteuid(0)
        assert only(table) is Code.FILE_UNREADABLE
        assert ("x.shp" if closed == "." else closed) in table.findings[0].message()


def test_a_table_alone_says_that_the_shapes_are_missing(tmp_path: Path) -> None:
    (tmp_path / "x.dbf").write_bytes(dbf({"a": ("C", 3, 0)}, [["x"]]))
    table = read(tmp_path / "x.dbf")
    assert only(table) is Code.FILE_UNREADABLE
    assert "x.shp" in table.findings[0].message()


# Limits, and what remains when somebody is killed


def test_too_many_rows_and_bytes_are_refused(tmp_path: Path) -> None:
    path = shapefile(tmp_path / "x.shp", POINT, [[PLACE]] * 30)
    assert only(read(path, limits=replace(BROWSER_UPLOAD, features=20))) is Code.FILE_TOO_BIG
    assert only(read(path, limits=replace(BROWSER_UPLOAD, file_bytes=1000))) is Code.FILE_TOO_BIG
    assert read(path, limits=BROWSER_UPLOAD).rows_read == 30


@pytest.mark.parametrize(
    "limits",
    [Limits(memory=400_000_000), Limits(seconds=1), Limits(written_bytes=100_000)],
    ids=["memory", "time", "disk"],
)
def test_a_file_that_costs_too_much_is_refused(tmp_path: Path, limits: Limits) -> None:
    path = tmp_path / "x.geojson"
    feature = json.dumps(
        {"type": "Feature", "properties": {"a": "x" * 200}, "geometry": {"type": "Point", "coordinates": PLACE}}
    )
    path.write_text('{"type":"FeatureCollection","features":[' + ",".join([feature] * 250_000) + "]}")
    assert only(read(path, limits=limits)) is Code.FILE_TOO_BIG


READ_SLOWLY = """
import sys
from pathlib import Path
import geo_hygiene.files.scratch as scratch
from geo_hygiene.files.reading import read
def told(rows, of):
    print(rows, flush=True)
read(Path(sys.argv[1]), scratch=Path(sys.argv[2]), progress=told)
"""


@pytest.mark.parametrize("signal_number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_reader_that_is_stopped_leaves_no_process_and_no_file(
    tmp_path: Path, scratch: Path, signal_number: signal.Signals
) -> None:
    path = geojson(tmp_path / "x.geojson", *[list(LANE)] * 60_000)
    reading = subprocess.Popen(
        [sys.executable, "-c", READ_SLOWLY, str(path), str(scratch)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    assert reading.stdout is not None
    assert int(reading.stdout.readline()) > 0
    (child,) = Path(f"/proc/{reading.pid}/task/{reading.pid}/children").read_text().split()
    reading.send_signal(signal_number)
    reading.wait()
    reading.stdout.close()
    until = time.monotonic() + 5
    while is_alive(int(child)) and time.monotonic() < until:
        time.sleep(0.01)
    assert not is_alive(int(child))
    if signal_number is signal.SIGINT:
        assert list(scratch.iterdir()) == []
    else:
        assert sweep(scratch) == 1


def is_alive(pid: int) -> bool:
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False


def test_folders_of_the_living_are_not_swept(tmp_path: Path) -> None:
    root = tmp_path / "root"
    with private_folder(root) as folder:
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        (root / ".geo-hygiene-999999999-1-x").mkdir()
        (root / "of-somebody-else").mkdir()
        assert sweep(root) == 1
        assert folder.exists()
    assert [entry.name for entry in root.iterdir()] == ["of-somebody-else"]


def test_the_limits_of_the_reader_are_not_those_of_the_caller(tmp_path: Path) -> None:
    before = resource.getrlimit(resource.RLIMIT_AS)
    read(shapefile(tmp_path / "x.shp", POINT, [[PLACE]]))
    assert resource.getrlimit(resource.RLIMIT_AS) == before
