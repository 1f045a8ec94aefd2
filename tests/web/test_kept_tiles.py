"""Tiles that are kept on disk: who gets them, when they are cut anew, and what may go wrong with the folder."""

from __future__ import annotations

import gzip
import logging
import os
import resource
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from geo_hygiene import tiles
from geo_hygiene.coverage import versions
from geo_hygiene.database import engine
from geo_hygiene.keys import key as key_of
from geo_hygiene.tiles import KeptTile, Shelf
from geo_hygiene.web.connections import Connections
from geo_hygiene.web.kept_tiles import KnownVersions
from geo_hygiene.web.tile_keys import KEY_SECONDS, TileKeys, TileRights
from tests.conftest import TestDatabase
from tests.web.conftest import application
from tests.web.test_tiles import MIDDLE
from tests.web.towns import SPRING, web_town

EVERYTHING = TileRights("campaigns", "all")
"""What somebody may see who may see campaigns."""

X, Y = MIDDLE[14]
PATH = f"/tiles/cover/14/{X}/{Y}.mvt"
WORDS = f"duty=sweeping&on={SPRING}"
MARK = b"kept on disk"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def opened(town_database: TestDatabase) -> Iterator[Connections]:
    connections = Connections(town_database.service_url)
    yield connections
    connections.close()


@pytest.fixture
def app(opened: Connections, home: Path) -> Flask:
    return application(None, home=home, connections=opened)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def good(app: Flask, home: Path) -> str:
    return TileKeys(key_of(home, "tiles")).give(EVERYTHING, time.time())


def files(home: Path) -> list[Path]:
    return [file for file in (home / "cache").rglob("*") if file.is_file() and file.suffix != ".lock"]


def only_file(home: Path) -> Path:
    (file,) = files(home)
    return file


def mark(home: Path, **changes: object) -> KeptTile:
    """Write another content into the one tile that is kept, so that an answer tells where it came from."""
    kept = KeptTile.from_file(only_file(home).read_bytes())
    marked = replace(kept, **({"content": MARK, "is_packed": False} | changes))
    only_file(home).write_bytes(marked.as_file())
    return kept


def bump(database: TestDatabase, *subjects: str) -> None:
    writer = engine(database.service_url)
    with writer.begin() as connection:
        versions.bump(connection, subjects)
    writer.dispose()


def test_a_kept_tile_is_answered_as_it_was_cut(client: FlaskClient, home: Path, good: str) -> None:
    asked = f"{PATH}?{WORDS}&key={good}"
    cut = client.get(asked, headers={"Accept-Encoding": "gzip"})
    taken = client.get(asked, headers={"Accept-Encoding": "gzip"})
    plain = client.get(asked)
    assert taken.data == cut.data
    assert gzip.decompress(taken.data) == plain.data == client.get(f"{PATH}?{WORDS}").data
    assert (taken.headers["Content-Encoding"], plain.headers.get("Content-Encoding")) == ("gzip", None)
    for answer in (taken, plain):
        assert "frame-ancestors 'none'" in answer.headers.pop("Content-Security-Policy")
        assert len(answer.headers.pop("X-Request-ID")) == 32
    cut.headers.pop("Content-Security-Policy")
    cut.headers.pop("X-Request-ID")
    assert dict(taken.headers) == dict(cut.headers)
    mark(home)
    assert client.get(asked).data == MARK


def test_a_browser_that_holds_the_tile_is_told_so_before_flask(client: FlaskClient, home: Path, good: str) -> None:
    asked = f"{PATH}?{WORDS}&key={good}"
    tag = client.get(asked).headers["ETag"]
    kept = mark(home, tag="another")
    assert client.get(asked, headers={"If-None-Match": tag}).data == MARK
    answer = client.get(asked, headers={"If-None-Match": '"x", W/"another"'})
    assert (answer.status_code, answer.data, answer.headers["ETag"]) == (304, b"", 'W/"another"')
    assert answer.headers["Cache-Control"] == "private, no-cache"
    assert kept.tag in tag


def test_an_empty_tile_is_kept_too(client: FlaskClient, home: Path, good: str) -> None:
    asked = f"/tiles/areas/14/1/1.mvt?key={good}"
    assert client.get(asked).status_code == 204
    mark(home, content=b"", tag="empty")
    again = client.get(asked)
    assert (again.status_code, again.data, again.headers["ETag"]) == (204, b"", 'W/"empty"')


FOREIGN = TileKeys(b"another secret of another home !")


def changed(key: str, place: int, to: str) -> str:
    """Return a key with one of its four parts changed."""
    parts = key.split(".")
    return ".".join([*parts[:place], to, *parts[place + 1 :]])


KEYS: dict[str, Callable[[TileKeys, str], str]] = {
    "none": lambda _keys, _good: "",
    "empty": lambda _keys, _good: "key=",
    "words": lambda _keys, _good: "key=let-me-in",
    "dots": lambda _keys, _good: "key=...",
    "not latin": lambda _keys, good: f"key=字{good}",
    "another home's": lambda _keys, _good: f"key={FOREIGN.give(EVERYTHING, time.time())}",
    "expired": lambda keys, _good: f"key={keys.give(EVERYTHING, time.time() - 2 * KEY_SECONDS)}",
    "longer": lambda _keys, good: "key=" + changed(good, 2, str(int(good.split(".")[2]) + KEY_SECONDS)),
    "view written in": lambda keys, _good: (
        "key=" + changed(keys.give(TileRights("planner", "all"), time.time()), 0, "public")
    ),
    "area written in": lambda keys, _good: (
        "key=" + changed(keys.give(TileRights("public", "c1"), time.time()), 1, "all")
    ),
    "seal shortened": lambda _keys, good: f"key={good[:-1]}",
    "seal changed": lambda _keys, good: f"key={good[:-1]}{'A' if good[-1] != 'A' else 'B'}",
    "another view's": lambda keys, _good: f"key={keys.give(TileRights('planner', 'all'), time.time())}",
    "another area's": lambda keys, _good: f"key={keys.give(TileRights('public', 'c1'), time.time())}",
    "encoded": lambda _keys, good: f"%6bey={good}",
}


@pytest.mark.parametrize("name", KEYS)
def test_only_a_good_key_reads_the_disk(client: FlaskClient, home: Path, good: str, name: str) -> None:
    real = client.get(f"{PATH}?{WORDS}&key={good}").data
    mark(home)
    before = {file: file.read_bytes() for file in files(home)}
    answer = client.get(f"{PATH}?{WORDS}&{KEYS[name](TileKeys(key_of(home, 'tiles')), good)}")
    assert (answer.status_code, answer.data) == (200, real)
    assert {file: file.read_bytes() for file in files(home)} == before, "nothing is kept for it either"
    assert client.get(f"{PATH}?{WORDS}&key={good}").data == MARK


def test_a_key_opens_its_view_and_no_other_address(client: FlaskClient, home: Path, good: str) -> None:
    client.get(f"{PATH}?{WORDS}&key={good}")
    mark(home)
    others = (
        f"{PATH}?duty=supervision&on={SPRING}",
        f"{PATH}?duty=sweeping&on=2025-03-02",
        f"/tiles/street-segments/14/{X}/{Y}.mvt?{WORDS}",
        f"/tiles/cover/14/{X + 1}/{Y}.mvt?{WORDS}",
    )
    for other in others:
        assert client.get(f"{other}&key={good}").data not in (MARK, None), other
    assert client.get(f"{PATH}?{WORDS}&key={good}&key={good}").status_code == 422
    assert client.get(f"{PATH}?{WORDS}&key={good}", headers={"Host": "example.com"}).status_code == 421
    assert client.post(f"{PATH}?{WORDS}&key={good}").status_code == 405
    assert client.get(f"/tiles/../cover/14/{X}/{Y}.mvt?{WORDS}&key={good}").status_code == 404
    for wrong in ("people", "nonsense"):
        assert client.get(f"/tiles/{wrong}/14/{X}/{Y}.mvt?key={good}").status_code == 404


def test_views_are_folders_of_their_own(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path, "database", 1_000_000)
    places = [shelf.place(view, area, "/tiles/a/1/1/1.mvt?") for view in ("a", "b") for area in ("c", "d")]
    assert [place.parent.parent for place in places] == [tmp_path / one for one in ("a/c", "a/d", "b/c", "b/d")]
    assert len({place.name for place in places}) == 1
    assert shelf.place("a", "c", "x") != Shelf(tmp_path, "another database", 1_000_000).place("a", "c", "x")
    for name in ("", "..", "a/b", "a.b", "A", "\n", "a" * 41):
        with pytest.raises(ValueError, match="plain names"):
            TileRights(name, "all")


def test_pages_and_keyless_answers_give_good_keys(client: FlaskClient, home: Path) -> None:
    keys = TileKeys(key_of(home, "tiles"))
    page = client.get("/map").get_data(as_text=True)
    given = page.partition(".mvt?key=")[2].partition('"')[0]
    assert keys.read(given, time.time() + KEY_SECONDS - 1) == EVERYTHING
    answer = client.get(f"{PATH}?{WORDS}&key=old")
    assert keys.read(answer.headers["Tile-Key"], time.time()) == EVERYTHING
    assert "Tile-Key" not in client.get(f"{PATH}?{WORDS}&key={given}").headers


def test_keys_stay_the_same_for_an_hour(home: Path) -> None:
    keys = TileKeys(key_of(home, "tiles"))
    hour = 1_800_000_000 // KEY_SECONDS * KEY_SECONDS
    assert keys.give(EVERYTHING, hour) == keys.give(EVERYTHING, hour + KEY_SECONDS - 1)
    assert keys.read(keys.give(EVERYTHING, hour), hour + 2 * KEY_SECONDS - 1) == EVERYTHING
    assert keys.read(keys.give(EVERYTHING, hour), hour + 2 * KEY_SECONDS) is None


def test_a_tile_of_older_data_is_cut_anew(
    client: FlaskClient, home: Path, good: str, town_database: TestDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("geo_hygiene.web.kept_tiles.FRESH_SECONDS", 0)
    asked = f"{PATH}?{WORDS}&key={good}"
    first = client.get(asked)
    mark(home)
    bump(town_database, "duty:tanks", "buildings")
    assert client.get(asked).data == MARK
    bump(town_database, "duty:sweeping")
    second = client.get(asked)
    assert second.data == first.data
    assert second.headers["ETag"] != first.headers["ETag"]
    mark(home)
    assert client.get(asked).data == MARK
    bump(town_database, "street-segments")
    assert client.get(asked).data == first.data


def test_a_version_does_not_come_back(town_database: TestDatabase) -> None:
    """An older state that was restored goes on with versions that were never used."""
    reader = engine(town_database.service_url)
    with reader.begin() as connection:
        for _ in range(3):
            versions.bump(connection, ["buildings"])
        last = versions.by_subject(connection, ["buildings"])["buildings"]
        connection.execute(text("update data_version set version = 1 where subject = 'buildings'"))
        versions.bump(connection, ["buildings"])
        assert versions.by_subject(connection, ["buildings", "nothing"]) == {
            "buildings": pytest.approx(time.time() * 1e6, abs=60e6),
            "nothing": 0,
        }
        assert versions.by_subject(connection, ["buildings"])["buildings"] > last
    reader.dispose()


def test_a_tile_is_kept_under_the_version_of_its_data(database: TestDatabase) -> None:
    """Data that change between the question for the version and the cut are not in the tile."""
    writer, connections = engine(database.service_url), Connections(database.service_url)
    with writer.begin() as connection:
        web_town(connection)
    question = tiles.TileQuestion(keys=("street-segments",), z=14, x=X, y=Y, on=SPRING)
    before = connections.tile(tiles.cut_tile, question, lambda _tag: False)

    def change(_tag: str) -> bool:
        with writer.begin() as connection:
            connection.execute(text("update target set valid_to = '2025-01-02' where kind = 'street-segments'"))
            versions.bump(connection, ["street-segments"])
        return False

    during = connections.tile(tiles.cut_tile, question, change)
    after = connections.tile(tiles.cut_tile, question, lambda _tag: False)
    assert during == before
    assert (after.content, after.tag == before.tag, after.versions == before.versions) == (b"", False, False)
    writer.dispose()
    connections.close()


def test_a_tile_of_today_ends_with_the_day_of_the_office(client: FlaskClient, home: Path, good: str) -> None:
    asked = f"/tiles/street-segments/14/{X}/{Y}.mvt?key={good}"
    real = client.get(asked).data
    kept = mark(home)
    tomorrow = datetime.now(ZoneInfo("Asia/Shanghai")).date() + timedelta(days=1)
    assert datetime.fromtimestamp(kept.until, ZoneInfo("Asia/Shanghai")).isoformat() == f"{tomorrow}T00:00:00+08:00"
    assert kept.is_current(kept.versions, kept.until - 1)
    assert not kept.is_current(kept.versions, kept.until)
    assert client.get(asked).data == MARK
    mark(home, until=time.time() - 1)
    assert client.get(asked).data == real
    assert KeptTile.from_file(only_file(home).read_bytes()).until == kept.until


def test_a_tile_of_a_named_day_stays(client: FlaskClient, home: Path, good: str) -> None:
    client.get(f"{PATH}?{WORDS}&key={good}")
    assert mark(home).until is None


def test_a_damaged_file_is_cut_anew(client: FlaskClient, home: Path, good: str) -> None:
    asked = f"{PATH}?{WORDS}&key={good}"
    real = client.get(asked).data
    whole = only_file(home).read_bytes()
    for damaged in (
        b"",
        b"\n",
        b"{}\n",
        b"[]\n",
        b"null\nx",
        whole[:40],
        whole[:-1],
        whole.replace(b'"until"', b'"x"'),
    ):
        only_file(home).write_bytes(damaged)
        assert client.get(asked).data == real
        assert only_file(home).read_bytes() == whole


def test_a_folder_that_is_cleared_fills_again(client: FlaskClient, home: Path, good: str) -> None:
    asked = f"{PATH}?{WORDS}&key={good}"
    real = client.get(asked).data
    shutil.rmtree(home / "cache")
    assert client.get(asked).data == real
    mark(home)
    assert client.get(asked).data == MARK


@contextmanager
def no_space() -> Iterator[None]:
    """Let no file grow, as on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_full_disk_is_said_once(client: FlaskClient, home: Path, good: str, caplog: pytest.LogCaptureFixture) -> None:
    asked = f"{PATH}?{WORDS}&key={good}"
    with caplog.at_level(logging.WARNING, "geo_hygiene.tiles"), no_space():
        answers = [client.get(asked) for _ in range(3)]
    assert {answer.status_code for answer in answers} == {200}
    assert [record.getMessage() for record in caplog.records] == ["tiles can not be kept"]
    assert files(home) == []
    client.get(asked)
    mark(home)
    assert client.get(asked).data == MARK


def test_without_room_nothing_is_kept(opened: Connections, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GEO_HYGIENE_TILE_CACHE_MB", "0")
    client = application(None, home=home, connections=opened).test_client()
    given = client.get(f"{PATH}?{WORDS}").headers["Tile-Key"]
    assert client.get(f"{PATH}?{WORDS}&key={given}").status_code == 200
    assert not (home / "cache").exists()


def test_the_sweep_leaves_the_youngest_and_takes_what_the_dead_left(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path, "database", 1_000_000)
    tile = KeptTile(tag="t", versions={}, until=None, is_packed=False, content=os.urandom(90_000))
    places = [shelf.place("public", "all", str(number)) for number in range(20)]
    for number, place in enumerate(places):
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(tile.as_file())
        os.utime(place, (0, time.time() - 120 * number))
    left = places[0].with_name("x.draft")
    writing = places[0].with_name("y.draft")
    for draft, age in ((left, 3600), (writing, 0)):
        draft.write_bytes(b"half")
        os.utime(draft, (0, time.time() - age))
    shelf.sweep()
    kept = [place.exists() for place in places]
    assert kept == sorted(kept, reverse=True)
    assert 5 <= sum(kept) <= 9
    assert (left.exists(), writing.exists()) == (False, True)
    shelf.sweep()
    assert [place.exists() for place in places] == kept


def test_keeping_sweeps_of_itself(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path, "database", 300_000)
    tile = KeptTile(tag="t", versions={}, until=None, is_packed=False, content=os.urandom(90_000))
    for number in range(10):
        place = shelf.place("public", "all", str(number))
        shelf.keep(place, tile)
        os.utime(place, (0, time.time() - 3600))
        deadline = time.monotonic() + 20
        while sum(1 for file in tmp_path.rglob("*") if file.is_file()) > 5 and time.monotonic() < deadline:
            time.sleep(0.01)
    assert sum(1 for file in tmp_path.rglob("*") if file.is_file()) <= 5


def test_versions_are_asked_once_a_second_and_not_trusted_when_they_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    known = KnownVersions(lambda: asked.append(1) or {"areas": len(asked)})
    assert [known.now() for _ in range(5)] == [{"areas": 1}] * 5
    monkeypatch.setattr("geo_hygiene.web.kept_tiles.FRESH_SECONDS", 0)
    assert known.now() == {"areas": 2}

    def fail() -> dict[str, int]:
        raise OperationalError("select", {}, Exception("gone"))

    assert KnownVersions(fail).now() is None


def test_a_kept_tile_is_not_taken_while_the_database_is_silent(
    client: FlaskClient, app: Flask, home: Path, good: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = f"{PATH}?{WORDS}&key={good}"
    real = client.get(asked).data
    mark(home)
    monkeypatch.setattr(app.wsgi_app.versions, "now", lambda: None)
    assert client.get(asked).data == real
