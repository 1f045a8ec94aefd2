"""The roster of the sample town: out, edited and in again; and what becomes of lanes that somebody misspelt."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from pypinyin import lazy_pinyin
from sqlalchemy import Connection

from geo_hygiene.coverage.lane_lines import lane_lines
from geo_hygiene.database import engine
from geo_hygiene.files.audit import changes_of, list_imports
from geo_hygiene.files.importing import ImportOptions, import_file
from geo_hygiene.files.importing.lane_names import LaneNames
from geo_hygiene.files.reading import read
from geo_hygiene.files.writing.export import export
from geo_hygiene.layers import layer_of
from tests.conftest import TestDatabase
from tests.importing import bring, counts
from tests.made_workbooks import workbook

DAY = date(2025, 9, 1)
ROSTER = "duty-roster"


@pytest.fixture
def sample(sample_database: TestDatabase) -> Iterator[Connection]:
    connections = engine(sample_database.service_url)
    with connections.connect() as connection:
        transaction = connection.begin()
        yield connection
        transaction.rollback()
    connections.dispose()


def written(connection: Connection, path: Path) -> list[dict[str, Any]]:
    export(connection, layer_of(ROSTER), path, on=DAY)
    return [dict(row) for row in read(path).rows.to_pylist()]


def rewritten(path: Path, rows: list[dict[str, Any]]) -> Path:
    headings = list(rows[0])
    return workbook(path, {"roster": [headings, *([row[name] for name in headings] for row in rows)]})


def test_three_edited_rows_are_exactly_three_changes(sample: Connection, tmp_path: Path) -> None:
    rows = written(sample, tmp_path / "roster.xlsx")
    again = import_file(sample, ROSTER, tmp_path / "roster.xlsx", ImportOptions(day=DAY))
    assert counts(again) == ("unchanged", 0, 0, len(rows), 0)
    held = Counter(row["zone"] for row in rows)
    whole = [row for row in rows if row["person"] and not row["from"] and not row["to"] and held[row["zone"]] > 1]
    shortened, handed_over, phoned = whole[0], whole[len(whole) // 2], whole[-1]
    assert len({row["zone"] for row in (shortened, handed_over, phoned)}) == 3
    shortened["to"] = "20"
    for row in rows:
        if row["zone"] == handed_over["zone"] and row["lane_code"] == handed_over["lane_code"]:
            row["lane_code"], row["lane"] = free_lane(sample, rows)
    phoned["phone"] = "15900001234"
    report = import_file(sample, ROSTER, rewritten(tmp_path / "edited.xlsx", rows), ImportOptions(day=DAY))
    assert (report.status, report.stored.created, report.stored.updated, report.stored.ended) == ("imported", 0, 3, 0)
    (run,) = list_imports(sample, 1)
    told = list(changes_of(sample, run["number"]))
    assert sorted((one.action, one.layer, one.code) for one in told) == sorted(
        [
            ("changed", "duty-zones", shortened["zone"]),
            ("changed", "duty-zones", handed_over["zone"]),
            ("changed", "people", phoned["person"]),
        ]
    )
    assert counts(import_file(sample, ROSTER, tmp_path / "edited.xlsx", ImportOptions(day=DAY)))[0] == "unchanged"


def free_lane(connection: Connection, rows: list[dict[str, Any]]) -> tuple[str, str]:
    """Return the code and name of a lane that one row alone names."""
    once = Counter(row["lane_code"] for row in rows if row["duty"] == "sweeping")
    lines = lane_lines(connection, layer_of("street-segments"), DAY)
    line = next(line for line in lines if once[line.code] == 1 and line.name)
    return line.code, str(line.name)


def same_sound(character: str) -> str:
    """Return another character that is spoken alike."""
    every = map(chr, range(0x4E00, 0x9FA6))
    return next(one for one in every if one != character and lazy_pinyin(one) == lazy_pinyin(character))


MISSPELT: dict[str, Callable[[str], str]] = {
    "spaces and width": lambda name: f" {' '.join(name)}　",
    "district before it": lambda name: f"清江街道{name}",
    "other kind of lane": lambda name: name[:-1] + ("街" if name[-1] != "街" else "路"),
    "no kind of lane": lambda name: name[:-1],
    "a word behind it": lambda name: f"{name}北段",
    "same sound": lambda name: same_sound(name[0]) + name[1:],
    "a letter amiss": lambda name: name[:-2] + "口" + name[-1],
}
"""How people write lanes, in words and as a function of the name."""

MATCHED = {"spaces and width", "district before it"}
EXPECTED = {"other kind of lane": 0.9, "no kind of lane": 0.9, "a word behind it": 0.9, "same sound": 0.9}
"""Share of guesses that name the lane that was meant first; where one letter may be any, none is promised."""


def misspelt(connection: Connection, count: int = 50) -> list[tuple[str, str, str]]:
    """Return ways of writing, names as they are written, and the lanes that are meant."""
    lines = lane_lines(connection, layer_of("street-segments"), DAY)
    names = sorted(name for name, many in Counter(line.name for line in lines if line.name).items() if many == 1)
    chosen = [name for name in names if len(name) > 2][:: max(1, len(names) // count)]
    ways = list(MISSPELT)
    pairs = [(ways[at % len(ways)], name) for at, name in enumerate(chosen)][:count]
    return [(way, MISSPELT[way](name), name) for way, name in pairs]


def test_fifty_misspelt_lanes_are_matched_guessed_or_refused(sample: Connection, tmp_path: Path) -> None:
    cases = misspelt(sample)
    assert len(cases) == 50
    rows = [
        (None, {"zone": f"T{at}", "name": f"人{at}", "lane": said}) for at, (_way, said, _meant) in enumerate(cases)
    ]
    report = bring(sample, ROSTER, rows, day=DAY)
    assert report.status == "refused"
    errors = {finding.row: finding for finding in report.findings if finding.is_error()}
    names = LaneNames(lane_lines(sample, layer_of("street-segments"), DAY))
    table: dict[str, Counter[str]] = {way: Counter() for way in MISSPELT}
    for at, (way, said, meant) in enumerate(cases, start=1):
        if at not in errors:
            assert [line.name for line in names.find(said.strip(), None)] == [meant]
            table[way]["matched"] += 1
            continue
        guesses = errors[at].as_json()["hint"]
        assert errors[at].code == "unknown-code"
        table[way][
            "guessed right" if f"“{meant}”" in guesses else "guessed wrong" if "“" in guesses else "refused"
        ] += 1
    with (tmp_path / "misspelt.csv").open("w", encoding="utf-8") as file:
        csv.writer(file).writerows((way, *counted.items()) for way, counted in table.items())
    print(table)  # noqa: T201 - shown by pytest -s
    for way, counted in table.items():
        assert (counted["matched"] == counted.total()) is (way in MATCHED), table
        assert counted["guessed right"] >= EXPECTED.get(way, 0) * counted.total(), table
