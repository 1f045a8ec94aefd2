"""What the first page tells people to type works as it stands there, in both languages."""

from __future__ import annotations

import re
import shlex
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from geo_hygiene.cli import main
from geo_hygiene.cluster import Cluster
from tests.conftest import TestDatabase

ROOT = Path(__file__).parent.parent
COMMAND = ".venv/bin/geo-hygiene"
BLOCK = re.compile(r"```sh\n(.*?)```", re.DOTALL)


def commands(name: str) -> list[list[str]]:
    """Return the program's commands of a page, each as words."""
    lines = "".join(BLOCK.findall((ROOT / name).read_text())).splitlines()
    return [shlex.split(line) for line in lines if line.startswith(COMMAND)]


@pytest.fixture
def folder() -> Iterator[Path]:
    """Return a folder that looks like the checkout to these commands; the user postgres can enter it."""
    folder = Path(tempfile.mkdtemp(prefix="geo-hygiene-test-"))
    folder.chmod(0o755)
    (folder / "data").symlink_to(ROOT / "data")
    yield folder
    Cluster(folder / "our-office").stop()
    shutil.rmtree(Cluster(folder / "our-office").folder, ignore_errors=True)
    shutil.rmtree(folder)


def test_both_languages_say_the_same_commands() -> None:
    assert commands("README.md") == commands("README.zh.md")


def test_the_commands_work_and_the_figures_are_those_of_the_sample_town(
    folder: Path, sample_database: TestDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    monkeypatch.setenv("GEO_HYGIENE_LOCALE", "en")
    said: dict[str, tuple[list[str], str]] = {}
    for _program, *words in commands("README.md"):
        if words[0] != "up":
            done = CliRunner().invoke(main, words)
            assert done.exit_code == 0, (words, done.output)
            said[" ".join(words[:2])] = words, done.stdout
    assert Cluster(folder / "our-office").status().pid is None
    town = {
        "GEO_HYGIENE_DATABASE_URL": sample_database.owner_url,
        "GEO_HYGIENE_SERVICE_URL": sample_database.service_url,
    }
    for name in ("cover --duty", "campaign cover", "case list"):
        words, answer = said[name]
        assert CliRunner().invoke(main, words, env=town).stdout == answer.replace("12345:", "sample:"), name
    for name in ("cover --duty", "campaign cover"):
        assert all(f"QJ0{number}" in said[name][1] for number in range(1, 7)), name
    assert (folder / "streets.gpkg").stat().st_size > 100_000
    assert (folder / "left.gpkg").stat().st_size > 100_000
