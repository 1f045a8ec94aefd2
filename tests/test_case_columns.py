"""The columns that cases are counted by, held to what the database counts of the same cases."""

from __future__ import annotations

import os
import random
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Connection, text

from geo_hygiene.cases.column_counting import ColumnCounts
from geo_hygiene.cases.columns import Columns, open_columns, write_columns
from geo_hygiene.cases.counting import DatabaseCounts, Level, Step
from geo_hygiene.cases.filters import CaseFilter
from geo_hygiene.cases.heat import heat
from geo_hygiene.cases.keeping import KeptCounts
from geo_hygiene.cases.questions import list_cases
from geo_hygiene.database import engine
from geo_hygiene.layers.cases import CHANNELS, KINDS, STATUSES
from tests.conftest import LOCKS, TestDatabase
from tests.importing import at, block, bring, place

BEGIN = datetime(2025, 1, 27, tzinfo=ZoneInfo("Asia/Shanghai"))
DAYS = 120
COUNT = 700
WORDS = {
    "kinds": [choice.value for choice in KINDS],
    "channels": [choice.value for choice in CHANNELS],
    "statuses": [choice.value for choice in STATUSES],
}


def random_cases(dice: random.Random) -> list[tuple[Any, dict[str, Any]]]:
    rows = []
    for number in range(COUNT):
        # two towns, some places that several cases share, and places on the border of areas
        east, north = dice.choice([(0, 0), (0, 0), (9000, -4000)])
        spot = place(east + dice.gauss(0, 300) // 20 * 20, north + dice.gauss(0, 300))
        when = BEGIN + timedelta(minutes=dice.randrange(DAYS * 24 * 60))
        if dice.random() < 0.1:
            when = when.replace(hour=0, minute=0)
        values = {
            "external_id": f"{number}",
            "kind": dice.choice(WORDS["kinds"][:6]),
            "channel": dice.choice([None, *WORDS["channels"]]),
            "status": dice.choice(WORDS["statuses"]),
            "reported_at": when.isoformat(),
        }
        rows.append((spot if dice.random() < 0.9 else None, values))
    return rows


def town(connection: Connection, dice: random.Random) -> None:
    areas = [
        ("O", None, "office", block(-2000, -2000, 2000, 2000)),
        ("C1", "O", "community", block(-2000, -2000, 0, 2000)),
        ("C2", "O", "community", block(0, -2000, 2000, 2000)),
        ("G1", "C1", "group", block(-2000, -2000, 0, 0)),
        ("G2", "C1", "group", block(-2000, 0, 0, 2000)),
    ]
    rows = [
        (shape, {"code": code, "name": code, "parent": above, "level": level}) for code, above, level, shape in areas
    ]
    assert bring(connection, "areas", rows, anywhere=True).status == "imported"
    report = bring(connection, "cases", random_cases(dice), anywhere=True)
    assert report.stored.created == COUNT


def random_filter(dice: random.Random) -> CaseFilter:
    def some(values: list[Any]) -> set[Any] | None:
        return None if dice.random() < 0.6 else set(dice.sample(values, dice.randint(1, len(values))))

    def day() -> date | None:
        return None if dice.random() < 0.6 else BEGIN.date() + timedelta(days=dice.randint(-5, DAYS + 5))

    return CaseFilter(
        kinds=some(WORDS["kinds"]),
        channels=some(WORDS["channels"]),
        statuses=some(WORDS["statuses"]),
        begin=day(),
        end=day(),
        weekdays=some(list(range(1, 8))),
        hours=some(list(range(24))),
        area=dice.choice([None, None, None, "O", "C1", "G2", "nowhere"]),
    )


def random_box(dice: random.Random) -> tuple[float, float, float, float] | None:
    if dice.random() < 0.3:
        return dice.choice([None, (-180.0, -90.0, 180.0, 90.0), (-180.0, -85.0, 180.0, 31.09)])
    west, south = dice.uniform(-600, 400), dice.uniform(-600, 400)
    ends = at(west, south, west + dice.uniform(1, 900), south + dice.uniform(1, 900)).ravel()
    return tuple(float(end) for end in ends)  # type: ignore[return-value]


def kept(connection: Connection, folder: Path) -> Columns:
    columns = open_columns(write_columns(connection, folder))
    assert columns is not None
    return columns


@pytest.mark.parametrize("seed", range(3))
def test_columns_count_what_the_database_counts(connection: Connection, tmp_path: Path, seed: int) -> None:
    dice = random.Random(seed)
    town(connection, dice)
    counts = ColumnCounts(connection, kept(connection, tmp_path))
    in_database = DatabaseCounts(connection)
    found = set()
    for _trial in range(40):
        wanted, box = random_filter(dice), random_box(dice)
        zoom = dice.choice([0, 3, 10, 14, 16, 20])
        asked: dict[str, Any] = {
            "box": box,
            "zoom": zoom,
            "level": dice.choice(list(Level)),
            "step": dice.choice([None, *Step]),
        }
        answer = heat(connection, wanted, date(2025, 6, 1), counts=counts, **asked)
        assert answer == heat(connection, wanted, date(2025, 6, 1), **asked), (wanted, asked)
        assert counts.total(wanted) == in_database.total(wanted)
        found.add(answer["total"])
    assert len(found) > 10


@pytest.mark.parametrize("few", [1, 10**9])
def test_pages_of_the_list_are_the_same(
    connection: Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, few: int
) -> None:
    """Whether the columns name the newest cases or the database goes back from the last."""
    monkeypatch.setattr("geo_hygiene.cases.column_counting.FEW", few)
    dice = random.Random(5)
    town(connection, dice)
    counts = ColumnCounts(connection, kept(connection, tmp_path))
    assert (counts.newest(CaseFilter(), 1, None) is None) is (few > 1)
    for wanted in (
        CaseFilter(),
        CaseFilter(kinds={"fly"}, hours={1, 2, 3}),
        random_filter(dice),
        CaseFilter(area="C1"),
    ):
        whole = list_cases(connection, wanted).rows
        after, listed = None, []
        while True:
            page = list_cases(connection, wanted, counts=counts, limit=30, after=after)
            assert page.total == len(whole)
            listed += page.rows
            if page.next is None:
                break
            after = page.next
        assert listed == whole


def test_no_cases_have_columns_too(connection: Connection, tmp_path: Path) -> None:
    counts = ColumnCounts(connection, kept(connection, tmp_path))
    for step in (None, Step.DAY):
        asked: dict[str, Any] = {"step": step, "box": (1, 1, 2, 2)}
        assert heat(connection, CaseFilter(), date(2025, 6, 1), counts=counts, **asked) == heat(
            connection, CaseFilter(), date(2025, 6, 1), **asked
        )


# --- kept for a web server ----------------------------------------------------------------------------------------


@pytest.fixture
def reading(database: TestDatabase) -> Iterator[Any]:
    asking = engine(database.service_url, isolation_level="REPEATABLE READ")
    with asking.begin() as connection:
        town(connection, random.Random(1))
    yield asking
    asking.dispose()


def counted(kept_counts: KeptCounts, asking: Any) -> tuple[str, int]:
    """Return who counts, and how many cases."""
    with asking.connect() as connection:
        counts = kept_counts.of(connection)
        return type(counts).__name__, counts.total(CaseFilter()).cases


def until(kept_counts: KeptCounts, asking: Any, who: str) -> int:
    deadline = time.monotonic() + 60
    while (answer := counted(kept_counts, asking))[0] != who:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return answer[1]


def folders(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.is_dir())


def test_a_change_is_counted_at_once_and_kept_soon(database: TestDatabase, reading: Any, tmp_path: Path) -> None:
    kept_counts = KeptCounts(tmp_path / "cache" / "cases", database.service_url, least=1)
    assert counted(kept_counts, reading) == ("DatabaseCounts", COUNT)
    assert until(kept_counts, reading, "ColumnCounts") == COUNT
    (first,) = folders(tmp_path / "cache" / "cases")
    with reading.connect() as before:
        old = kept_counts.of(before)
        with reading.begin() as connection:
            values = {"external_id": "new", "kind": "fly", "reported_at": BEGIN.isoformat()}
            bring(connection, "cases", [(place(0, 0), values)], anywhere=True)
        assert counted(kept_counts, reading) == ("DatabaseCounts", COUNT + 1)
        assert until(kept_counts, reading, "ColumnCounts") == COUNT + 1
        # who began before the change still sees the data of then
        assert old.total(CaseFilter()).cases == COUNT
        assert type(kept_counts.of(before)) is DatabaseCounts
    (second,) = folders(tmp_path / "cache" / "cases")
    assert first != second
    with reading.begin() as connection:
        rows = [(block(0, 0, 2000, 2000), {"code": "G3", "name": "G3", "parent": "C2", "level": "group"})]
        assert bring(connection, "areas", rows, anywhere=True).stored.created == 1
    with reading.connect() as connection:
        assert type(kept_counts.of(connection)) is DatabaseCounts
        expected = DatabaseCounts(connection).areas(CaseFilter(), Level.GROUP)
    until(kept_counts, reading, "ColumnCounts")
    with reading.connect() as connection:
        assert kept_counts.of(connection).areas(CaseFilter(), Level.GROUP) == expected
    other_server = KeptCounts(tmp_path / "cache" / "cases", database.service_url, least=1)
    assert counted(other_server, reading) == ("ColumnCounts", COUNT + 1)
    assert counted(KeptCounts(tmp_path, database.service_url, least=COUNT + 2), reading)[0] == "DatabaseCounts"
    assert folders(tmp_path) == ["cache"]


def make(database: TestDatabase, folder: Path, **more: Any) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "geo_hygiene.cases.keeping", str(folder)],
        env=os.environ | {"GEO_HYGIENE_SERVICE_URL": database.service_url},
        stderr=subprocess.PIPE,
        **more,
    )


def test_without_room_the_database_counts(database: TestDatabase, reading: Any, tmp_path: Path) -> None:
    maker = make(database, tmp_path, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000)))
    _out, told = maker.communicate()
    assert maker.returncode == 1
    assert told.count(b"\n") == 1
    assert folders(tmp_path) == []
    in_the_way = tmp_path / "file"
    in_the_way.touch()
    kept_counts = KeptCounts(in_the_way / "cases", database.service_url, least=1)
    for _time in range(2):
        assert counted(kept_counts, reading) == ("DatabaseCounts", COUNT)


def test_what_is_unfinished_or_damaged_is_not_taken(database: TestDatabase, reading: Any, tmp_path: Path) -> None:
    with reading.connect() as connection:
        whole = write_columns(connection, tmp_path)
    with (whole / "key.npy").open("r+b") as file:
        file.truncate(200)
    (tmp_path / f"{whole.name}.part").mkdir()
    with engine(database.service_url).connect() as holder:
        # it waits behind this lock, and is killed there
        holder.execute(text("lock table reported_case in access exclusive mode"))
        maker = make(database, tmp_path)
        waiting = f"select exists (select from {LOCKS} where not granted)"
        while not holder.scalar(text(waiting)):
            time.sleep(0.05)
        maker.send_signal(signal.SIGKILL)
        maker.communicate()
        holder.rollback()
    kept_counts = KeptCounts(tmp_path, database.service_url, least=1)
    assert counted(kept_counts, reading) == ("DatabaseCounts", COUNT)
    assert until(kept_counts, reading, "ColumnCounts") == COUNT
    assert folders(tmp_path) == [whole.name]
