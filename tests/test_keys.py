"""Secrets of a home: made once whoever asks first, and closed to others."""

from __future__ import annotations

import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from geo_hygiene.keys import key


def test_all_that_ask_at_once_get_one_key(tmp_path: Path) -> None:
    with ThreadPoolExecutor(16) as pool:
        found = set(pool.map(lambda _: key(tmp_path / "home", "tiles"), range(64)))
    assert {len(one) for one in found} == {32}
    assert len(found) == 1
    assert key(tmp_path / "home", "tiles") in found
    assert [file.name for file in (tmp_path / "home" / "keys").iterdir()] == ["tiles"]


def test_keys_of_other_names_and_homes_differ(tmp_path: Path) -> None:
    assert len({key(tmp_path / home, name) for home in "ab" for name in ("tiles", "session")}) == 4


def test_only_the_owner_reads_a_key(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        key(tmp_path, "tiles")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "keys").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "keys" / "tiles").stat().st_mode) == 0o600


def test_what_is_no_key_is_refused(tmp_path: Path) -> None:
    key(tmp_path, "tiles")
    (tmp_path / "keys" / "tiles").write_bytes(b"")
    with pytest.raises(ValueError, match="does not hold a key"):
        key(tmp_path, "tiles")
