"""Files that come from a browser: their names, their size, the room that they take, and what is left of bad ones."""

from __future__ import annotations

import errno
import io
import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from geo_hygiene.files import uploads as uploads_module
from geo_hygiene.files.uploads import Uploads
from tests.web.test_imports import Importing, home, importing, office, planner, service

__all__ = ["home", "importing", "office", "planner", "service"]


def test_a_shapefile_of_another_name_is_no_part_of_it(importing: Importing) -> None:
    upload = importing.bring("a.shp", b"x").get_json()["upload"]
    for name, content in (("b.dbf", b"x"), ("a.csv", b"x")):
        answer = importing.bring(name, content, upload=upload)
        assert answer.status_code == 422
        assert "parts of one shapefile" in answer.get_json()["detail"]


@pytest.mark.parametrize("name", ["../../a.shp", "a/b.shp", ".hidden", "a\\b.shp", "a\nb.shp", "x" * 201 + ".shp", ""])
def test_a_name_leads_nowhere_else(importing: Importing, home: Path, name: str) -> None:
    assert importing.bring(name, b"x").status_code == 422
    assert not (home / "incoming").exists() or list((home / "incoming").iterdir()) == []


def test_a_file_that_is_too_big_or_finds_no_room_leaves_nothing(
    importing: Importing, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads_module, "LARGEST", 1000)
    answer = importing.bring("a.csv", b"x" * 1001)
    assert answer.status_code == 413
    assert "geo-hygiene import" in answer.get_json()["detail"]
    with pytest.raises(uploads_module.UploadTooBigError):
        Uploads(home).keep("a.csv", [b"x" * 600, b"x" * 600])
    monkeypatch.setattr(uploads_module, "MOST_KEPT", 100)
    assert importing.bring("a.csv", b"x" * 101).status_code == 507
    monkeypatch.undo()
    monkeypatch.setattr(uploads_module, "MOST_KEPT", 100_000)
    monkeypatch.setattr(uploads_module, "CHECKED", 40_000)
    with pytest.raises(uploads_module.NoRoomError, match="or wait an hour"):
        Uploads(home).keep("a.csv", [b"x" * 60_000, b"x" * 60_000])
    monkeypatch.setattr(shutil, "disk_usage", lambda _root: shutil._ntuple_diskusage(1, 1, 0))
    answer = importing.bring("a.csv", b"x")
    assert (answer.status_code, answer.headers["Retry-After"]) == (507, "2")
    monkeypatch.undo()

    def full() -> Iterator[bytes]:
        yield b"x"
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(uploads_module.NoRoomError):
        Uploads(home).keep("a.csv", full())
    assert list((home / "incoming").iterdir()) == []


def test_uploads_that_nobody_touches_give_way(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads_module, "MOST_KEPT", 100)
    uploads = Uploads(home)
    old, young = uploads.keep("a.csv", [b"x" * 60]), uploads.keep("b.csv", [b"x" * 30])
    with pytest.raises(uploads_module.NoRoomError):
        uploads.keep("c.csv", [b"x" * 20], size=20)
    an_hour_ago = time.time() - uploads_module.IDLE_SECONDS - 1
    os.utime(home / "incoming" / str(old), (an_hour_ago, an_hour_ago))
    uploads.keep("c.csv", [b"x" * 20], size=20)
    assert (uploads.has(str(old)), uploads.has(str(young))) == (False, True)


def test_a_file_that_comes_slowly_is_not_swept_away(home: Path) -> None:
    uploads = Uploads(home)
    an_hour_ago = time.time() - uploads_module.IDLE_SECONDS - 1

    def slowly() -> Iterator[bytes]:
        yield b"x"
        (folder,) = (home / "incoming").iterdir()
        os.utime(folder, (an_hour_ago, an_hour_ago))
        uploads.sweep()
        yield b"y"

    assert uploads.file(str(uploads.keep("a.csv", slowly()))).read_bytes() == b"xy"


@pytest.mark.parametrize("is_signed_in", [True, False])
def test_a_form_is_no_file_and_stays_small(importing: Importing, office: Flask, home: Path, is_signed_in: bool) -> None:
    client = importing.client if is_signed_in else office.test_client()
    head = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\n'
    read: list[int] = []

    class Sent(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            part = super().read(size)
            read.append(len(part))
            return part

    answer = client.post(
        "/api/v1/uploads?name=a.csv",
        input_stream=Sent(head + b"x" * 1_000_000),
        environ_overrides={"CONTENT_LENGTH": str(200 * 1024 * 1024)},
        content_type="multipart/form-data; boundary=x",
        headers={"X-CSRFToken": importing.proof["csrf_token"]},
    )
    assert answer.status_code == 413
    assert sum(read) < 100_000
    small = client.post(
        "/api/v1/uploads?name=a.csv",
        data={"file": (io.BytesIO(b"x"), "a.csv")},
        headers={"X-CSRFToken": importing.proof["csrf_token"]},
    )
    assert small.status_code == (422 if is_signed_in else 400), "a stranger proves nothing"
    assert not (home / "incoming").exists()


def test_a_browser_that_goes_away_leaves_nothing(importing: Importing, home: Path) -> None:
    answer = importing.client.post(
        "/api/v1/uploads",
        query_string={"name": "a.csv"},
        input_stream=io.BytesIO(b"x" * 10),
        environ_overrides={"CONTENT_LENGTH": "1000"},
        content_type="application/octet-stream",
        headers={"X-CSRFToken": importing.proof["csrf_token"]},
    )
    assert answer.status_code == 400
    assert list((home / "incoming").iterdir()) == []


def test_other_bodies_stay_small(importing: Importing) -> None:
    answer = importing.client.post("/imports", data=importing.proof | {"file": "x" * 70_000})
    assert answer.status_code == 413
