"""MBTiles under the map: what is read, what is refused, and which settings say so."""

from __future__ import annotations

import io
import sqlite3
from pathlib import Path

import pytest
from PIL import Image
from pydantic import ValidationError
from sqlalchemy import Engine

from geo_hygiene.settings import Settings
from geo_hygiene.tiles.basemap import NOTHING, BaseMap, BaseMapUnreadableError
from geo_hygiene.web import create_app


def picture(color: str, form: str = "PNG") -> bytes:
    content = io.BytesIO()
    Image.new("RGB", (256, 256), color).save(content, form)
    return content.getvalue()


def mbtiles(file: Path, tiles: dict[tuple[int, int, int], bytes]) -> Path:
    """Write pictures by zoom, column and row as addresses count them, from the north."""
    with sqlite3.connect(file) as made:
        made.execute("create table metadata (name text, value text)")
        made.execute("create table tiles (zoom_level int, tile_column int, tile_row int, tile_data blob)")
        rows = [(z, x, 2**z - 1 - y, content) for (z, x, y), content in tiles.items()]
        made.executemany("insert into tiles values (?, ?, ?, ?)", rows)
    made.close()
    return file


def test_a_tile_is_found_by_its_row_from_the_north(tmp_path: Path) -> None:
    red, blue = picture("red"), picture("blue", "JPEG")
    base_map = BaseMap.opened(mbtiles(tmp_path / "town.mbtiles", {(1, 0, 0): red, (3, 5, 2): blue}))
    assert (base_map.least_zoom, base_map.most_zoom) == (1, 3)
    assert base_map.picture(1, 0, 0).content == red
    assert base_map.picture(3, 5, 2).media_type == "image/jpeg"
    assert base_map.picture(1, 0, 1).content == NOTHING


def test_a_folder_is_one_map(tmp_path: Path) -> None:
    mbtiles(tmp_path / "b.mbtiles", {(2, 1, 1): picture("red"), (2, 2, 2): picture("green")})
    mbtiles(tmp_path / "a.mbtiles", {(2, 1, 1): picture("blue")})
    base_map = BaseMap.opened(tmp_path)
    assert base_map.picture(2, 1, 1).content == picture("blue")
    assert base_map.picture(2, 2, 2).content == picture("green")


def test_what_is_no_picture_is_refused(tmp_path: Path) -> None:
    (tmp_path / "scan.tif").write_bytes(b"II*\0" + b"\0" * 5000)
    mbtiles(tmp_path / "vector.mbtiles", {(1, 0, 0): b"\x1f\x8b\x08"})
    mbtiles(tmp_path / "empty.mbtiles", {})
    for name, words in (
        ("scan.tif", "GeoTIFF"),
        ("vector.mbtiles", "no PNG"),
        ("empty.mbtiles", "no tiles"),
        ("missing.mbtiles", "not there"),
    ):
        with pytest.raises(BaseMapUnreadableError, match=words):
            BaseMap.opened(tmp_path / name)


def test_pictures_are_served_and_kept(tmp_path: Path, service: Engine) -> None:
    file = mbtiles(tmp_path / "town.mbtiles", {(1, 0, 0): picture("red")})
    address = service.url.render_as_string(hide_password=False)
    browser = create_app(Settings(home=tmp_path, basemap=file, service_url=address)).test_client()
    answer = browser.get("/basemap/1/0/0")
    assert (answer.status_code, answer.mimetype, answer.data) == (200, "image/png", picture("red"))
    assert browser.get("/basemap/1/0/0", headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304
    assert browser.get("/basemap/1/1/1").data == NOTHING
    assert [browser.get(f"/basemap/{place}").status_code for place in ("1/2/0", "2/0/0", "1/0/-1", "1/0/x")] == [
        404
    ] * 4
    without = create_app(Settings(home=tmp_path, service_url=address)).test_client()
    assert without.get("/basemap/1/0/0").status_code == 404


@pytest.mark.parametrize(
    "template",
    ["ftp://x/{z}/{x}/{y}", "https://x/{z}/{x}", "javascript:alert(1)//{z}{x}{y}", "https://a{s}.x/{z}/{x}/{y}"],
)
def test_an_address_that_no_policy_can_name_is_refused(template: str) -> None:
    with pytest.raises(ValidationError):
        Settings(basemap_url=template)
