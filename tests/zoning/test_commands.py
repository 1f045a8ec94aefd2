"""Drafts at a terminal: their figures, and their publication."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import Connection, text

from geo_hygiene.cli import main
from geo_hygiene.coverage.duties import duty_of, today
from geo_hygiene.database import engine
from geo_hygiene.zoning import drafts, editing
from geo_hygiene.zoning.drafts import DraftWords
from geo_hygiene.zoning.editing import ZoneWords
from geo_hygiene.zoning.lists import SaidStretch
from tests.conftest import TestDatabase
from tests.web.towns import web_town
from tests.zoning.test_editing import PLANNER

Run = Callable[..., Result]


@pytest.fixture
def database(new_database: Callable[..., TestDatabase]) -> TestDatabase:
    return new_database()


@pytest.fixture
def run(database: TestDatabase, tmp_path: Path) -> Run:
    environment = {
        "GEO_HYGIENE_DATABASE_URL": database.owner_url,
        "GEO_HYGIENE_SERVICE_URL": database.service_url,
        "GEO_HYGIENE_HOME": str(tmp_path / "home"),
        "GEO_HYGIENE_LOCALE": "en",
    }
    return lambda *words: CliRunner().invoke(main, list(words), env=environment)


def drawn(connection: Connection) -> date:
    """Draw a draft in which one zone holds one lane alone; return the day over whose zones it is drawn."""
    web_town(connection)
    day: date = today(connection) + timedelta(days=30)
    draft = drafts.begin(connection, PLANNER, name="新方案", duty=duty_of(connection, "sweeping"), plan_on=day)
    codes = text("select uuid from target join street_segment using (id) where code like 'S0%'")
    lane = [SaidStretch(uuid) for uuid in connection.scalars(codes)]
    words = {"Z9": DraftWords(words=ZoneWords(segments=lane))}
    drafts.put_zones(connection, PLANNER, draft.name, words, version=draft.version)
    return day


def exported(run: Run, folder: Path, *words: str) -> list[list[dict[str, str]]]:
    """Return the rows of zones and of their lists as they are written to files."""
    layers, options = words[:2], words[2:]
    found = []
    for layer in layers:
        file = folder / f"{layer}.csv"
        assert run("export", layer, str(file), *options).exit_code == 0
        with file.open(encoding="utf-8-sig", newline="") as stream:
            found.append(list(csv.DictReader(stream)))
    return found


def test_a_draft_is_told_and_published(database: TestDatabase, run: Run, tmp_path: Path) -> None:
    opened = engine(database.service_url)
    with opened.begin() as connection:
        day = drawn(connection).isoformat()
    told = json.loads(run("cover", "--draft", "新方案", "--by", "lane", "--json").stdout)
    assert (told["plan"], told["on"], told["by_level"]) == ("新方案", day, "lane")
    assert {row["code"]: row["gap"] > 0 for row in told["by"]} == {"L0": False, "L1": True, "L2": True, "L3": True}
    assert "gap" in run("cover", "--draft", "新方案").stdout.lower()
    before = exported(run, tmp_path, "duty-zones", "zone-segments")
    drawn_zones, drawn_lists = exported(run, tmp_path, "duty-zones", "zone-segments", "--draft", "新方案")
    assert exported(run, tmp_path, "duty-zones", "zone-segments", "--draft", "新方案") == [drawn_zones, drawn_lists]
    assert exported(run, tmp_path, "duty-zones", "zone-segments") == before, "nothing is stored"
    assert {row["plan"] for row in drawn_zones} == {"新方案"}
    compared = json.loads(run("zones", "compare", "--duty", "sweeping", "--with-draft", "新方案", "--json").stdout)
    assert (compared["first"]["on"], compared["second"]["plan"], compared["workload_unit"]) == (day, "新方案", "min")
    lost = next(row for row in compared["zones"] if row["code"] == "Z9")
    shown = run("zones", "compare", "--duty", "sweeping", "--with-draft", "新方案").stdout
    assert f"{lost['loses']:,.0f} m" in shown
    assert lost["loses_min"] > 0
    assert run("zones", "rename", "新方案", "春季").exit_code == 0
    listed = json.loads(run("zones", "drafts", "--duty", "sweeping", "--json").stdout)["drafts"]
    assert [one["name"] for one in listed] == ["春季"]
    assert run("zones", "rename", "春季", "新方案").exit_code == 0
    assert "新方案" in run("zones", "drafts", "--duty", "sweeping").stdout
    for words, code in (
        (("cover", "--draft", "none"), 1),
        (("zones", "rename", "none", "x"), 1),
        (("zones", "rename", "新方案", "a/b"), 1),
        (("zones", "rename", "新方案", " "), 1),
        (("zones", "rename", "新方案", "x" * 101), 1),
        (("export", "duty-zones", str(tmp_path / "x.csv"), "--draft", "none"), 1),
        (("export", "duty-zones", str(tmp_path / "x.csv"), "--draft", "新方案", "--all"), 2),
        (("cover", "--draft", "新方案", "--duty", "tanks"), 1),
        (("cover", "--draft", "新方案", "--by", "person"), 1),
        (("zones", "publish", "新方案", "--from", "2025-01-01"), 1),
        (("zones", "publish", "新方案"), 2),
    ):
        assert run(*words).exit_code == code, words

    with opened.begin() as connection:
        words = ZoneWords(name="全城")
        editing.change(connection, PLANNER, "Z9", version=1, start=None, words=words)
    unseen = run("zones", "publish", "新方案", "--from", day, "--json")
    changes = json.loads(unseen.stdout)
    assert (unseen.exit_code, changes["zones"]) == (1, [{"zone": "Z9", "change": "changed"}])
    assert changes["seen"] in run("zones", "publish", "新方案", "--from", day).stderr
    published = run("zones", "publish", "新方案", "--from", day, "--seen", changes["seen"], "--json")
    assert json.loads(published.stdout) == {"draft": "新方案", "from": day, "zones": ["Z9"]}
    real = json.loads(run("cover", "--duty", "sweeping", "--on", day, "--by", "lane", "--json").stdout)
    assert real == told | {"plan": "published"}
    zones, lists = exported(run, tmp_path, "duty-zones", "zone-segments", "--on", day)
    assert lists == drawn_lists
    unlike = {"id": "", "plan": ""}
    assert [row | unlike for row in zones] == [row | unlike for row in drawn_zones]
    opened.dispose()
