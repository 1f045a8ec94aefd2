"""Files from Chinese web maps: told by the streets that are stored, moved back only where somebody says so."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
from sqlalchemy import Connection

from docs.real_files import FOLDER
from geo_hygiene.china_offset import bd09_from_gcj02, gcj02_from_wgs84, offset_named
from geo_hygiene.files.findings import Finding
from geo_hygiene.files.importing import ImportOptions, ImportReport, import_file
from geo_hygiene.files.importing.offset import looks_shifted
from geo_hygiene.files.reading import read
from tests.importing import bring, query, street
from tests.made_files import geojson

Shift = Callable[[Any, Any], tuple[Any, Any]]
SHIFTS: dict[str, Shift] = {
    "GCJ-02": gcj02_from_wgs84,
    "BD-09": lambda lon, lat: bd09_from_gcj02(*gcj02_from_wgs84(lon, lat)),
}
SEED = 4


def net(*, count: int = 24) -> list[Any]:
    """Return streets as they run in an old town: none straight, none as far from the next as another."""
    random = np.random.default_rng(SEED)
    lines = []
    for at in range(count // 2):
        along = np.cumsum(random.uniform(60, 140, 12))
        across = 110 * at + np.cumsum(random.normal(0, 12, 12))
        lines += [street(*np.column_stack(pair).ravel()) for pair in ((along, across), (across, along))]
    return lines


def moved(shapes: Any, shift: Shift) -> Any:
    return shapely.transform(np.array(shapes, dtype=object), lambda at: np.column_stack(shift(at[:, 0], at[:, 1])))


def warnings(report: ImportReport) -> list[Finding]:
    return [finding for finding in report.findings if finding.code == "looks-gcj02"]


def rows(shapes: Any) -> list[tuple[Any, dict[str, Any]]]:
    return [(shape, {}) for shape in shapes]


@pytest.fixture
def town(connection: Connection) -> Connection:
    bring(connection, "street-segments", rows(net()))
    return connection


@pytest.mark.parametrize("name", SHIFTS)
@pytest.mark.parametrize("layer", ["street-segments", "facilities", "areas"])
def test_a_shifted_file_is_told_with_its_offset_and_metres(town: Connection, name: str, layer: str) -> None:
    random = np.random.default_rng(SEED)
    shapes = np.array(net(), dtype=object)
    fields = {}
    if layer == "facilities":
        shapes = shapely.line_interpolate_point(np.repeat(shapes, 3), random.uniform(0, 0.005, 3 * len(shapes)))
        shapes = shapely.transform(shapes, lambda at: at + random.normal(0, 6e-5, at.shape))
    elif layer == "areas":
        blocks = shapely.polygonize(shapely.get_parts(shapely.node(shapely.multilinestrings(shapes))))
        shapes = shapely.get_parts(blocks)[:60]
        fields = {"level": "group"}
    told = warnings(bring(town, layer, [(shape, {"name": "x", **fields}) for shape in moved(shapes, SHIFTS[name])]))
    assert len(told) == 1
    assert f"--crs {name}" in told[0].as_json()["hint"]
    x, y = SHIFTS[name](np.array([105.09]), np.array([31.1]))
    metres = float(np.hypot((x[0] - 105.09) * 95414.4, (y[0] - 31.1) * 110871.0))
    assert float(str(told[0].values["moved"])) == pytest.approx(metres, rel=0.03)
    assert not warnings(bring(town, layer, [(shape, {"name": "x", **fields}) for shape in shapes]))


def test_nothing_is_moved_unless_somebody_says_so(town: Connection, tmp_path: Path) -> None:
    shifted = [shapely.get_coordinates(line).tolist() for line in moved(net(), gcj02_from_wgs84)]
    path = geojson(tmp_path / "web.geojson", *shifted)
    as_it_is = read(path).geometry
    assert shapely.equals(as_it_is, moved(net(), gcj02_from_wgs84)).all()
    report = import_file(town, "street-segments", path, ImportOptions(crs="gcj02"))
    assert report.crs is not None
    assert (report.crs["used"], report.crs["from"], warnings(report)) == ("GCJ-02", "option", [])
    back = read(path, crs="GCJ-02").geometry
    assert max(shapely.hausdorff_distance(back, np.array(net(), dtype=object))) < 1e-9


def test_columns_of_longitude_and_latitude_are_moved_back_too(connection: Connection, tmp_path: Path) -> None:
    lon, lat = SHIFTS["BD-09"](np.array([105.0812345]), np.array([31.0954321]))
    (tmp_path / "web.csv").write_text(f"编号,经度,纬度\nA1,{float(lon[0])!r},{float(lat[0])!r}\n")
    import_file(connection, "facilities", tmp_path / "web.csv", ImportOptions(crs="BD-09"))
    assert query(connection, "select ST_X(geom), ST_Y(geom) from target") == [
        (pytest.approx(105.0812345), pytest.approx(31.0954321))
    ]


@pytest.mark.parametrize("east", [600.0, 3_000.0, 30_000.0])
def test_streets_of_another_quarter_do_not_look_shifted(town: Connection, east: float) -> None:
    beside = [shapely.transform(line, lambda at: at + np.array([east / 95414.4, 0.002])) for line in net(count=20)]
    assert not warnings(bring(town, "street-segments", rows(beside)))


def test_few_places_and_an_empty_home_tell_nothing(connection: Connection) -> None:
    shifted = moved(net(), gcj02_from_wgs84)
    assert not warnings(bring(connection, "street-segments", rows(shifted)))
    assert not warnings(bring(connection, "facilities", rows([shapely.Point(at) for at in shifted[0].coords])))


@pytest.mark.parametrize(
    ("said", "name"), [("gcj02", "GCJ-02"), ("BD09", "BD-09"), ("bd-09ll", "BD-09"), ("4326", None)]
)
def test_an_offset_has_one_name_however_it_is_spelt(said: str, name: str | None) -> None:
    assert offset_named(said) == name


@pytest.mark.skipif(not FOLDER.is_dir(), reason="the real files are not here")
def test_real_streets_that_are_shifted_are_told(connection: Connection) -> None:
    folder = FOLDER / "a1-wuhan-campus-roads-toilets"
    import_file(connection, "street-segments", folder / "road_Topology.shp")
    other = read(folder / "road-adjusted.shp", layer="line").geometry
    toilets = read(folder / "公共厕所.shp", layer="point").geometry
    assert looks_shifted(connection, other) == looks_shifted(connection, toilets) == []
    for name, shift in SHIFTS.items():
        told = looks_shifted(connection, moved(other, shift))
        assert [finding.values["offset"] for finding in told] == [name]
