"""No file makes the reader open another one, call out, cost more than it may, or leave anything behind."""

from __future__ import annotations

import json
import os
import resource
import signal
import socket
import sqlite3
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import geopandas
import pytest
import shapely

from geo_hygiene.files.findings import Code, shown
from geo_hygiene.files.reading import BROWSER_UPLOAD, Limits, drivers, read, reader
from geo_hygiene.files.scratch import private_folder, sweep
from tests.made_files import (
    LANE,
    POINT,
    geojson,
    shapefile,
    zipped,
)
from tests.reading_files import only

CANARY = "canary-7f3d"
PLACE = (105.08, 31.09)
FORMATS = ["geojson", "shp", "gpkg", "json"]
pytestmark = pytest.mark.usefixtures("scratch")


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
        b"CREATE VIRTUAL TABLE v USING VirtualOGR('/etc/passwd')",
    ],
)
def test_a_database_with_virtual_tables_is_no_geopackage(tmp_path: Path, sql: str | bytes) -> None:
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
