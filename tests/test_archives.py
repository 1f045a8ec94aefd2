"""Archives are unpacked without trusting a word of what they say."""

from __future__ import annotations

import os
import stat
import struct
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from geo_hygiene.files.findings import Code
from geo_hygiene.files.reading import COMMAND_LINE, read
from tests.made_files import (
    POINT,
    shapefile,
    shp,
    zipped,
    zipped_shapefile,
)
from tests.reading_files import only

PLACE = (105.08, 31.09)
pytestmark = pytest.mark.usefixtures("scratch")


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


@pytest.mark.parametrize("name", ["x.zip", "x.xlsx", "x.ods"])
def test_an_archive_of_a_version_that_there_is_not_is_damaged(tmp_path: Path, name: str) -> None:
    content = zipped(tmp_path / name, {"x.csv": b"a,b\n1,2\n"}).read_bytes()
    entry = content.index(b"PK\x01\x02")
    version = entry + 6
    (tmp_path / name).write_bytes(content[:version] + b"\x5d" + content[version + 1 :])
    assert only(read(tmp_path / name)) is Code.FILE_UNREADABLE
