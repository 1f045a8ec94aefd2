"""Files that are cut, mixed up or something else say so, and where."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path

import pytest

from geo_hygiene.files.findings import Code
from geo_hygiene.files.reading import read
from tests.made_files import (
    LANE,
    LINE,
    POINT,
    dbf,
    shapefile,
)
from tests.reading_files import only

PLACE = (105.08, 31.09)
pytestmark = pytest.mark.usefixtures("scratch")


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
