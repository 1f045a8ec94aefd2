"""The sample town lives through its year: the source's figures come out of events, places and people."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from geo_hygiene.database import engine
from geo_hygiene.files.importing import import_file
from geo_hygiene.files.writing.export import export
from geo_hygiene.layers import layer_of
from geo_hygiene.reports.annual.report import answer
from geo_hygiene.sample import clear, load
from geo_hygiene.sample.year_tables import YEAR_ORDER
from geo_hygiene.works.asked import Asked
from geo_hygiene.works.due import DueFilter, due_sums
from geo_hygiene.works.reach import reach
from tests.conftest import TestDatabase

YEAR = Asked(begin=date(2025, 1, 1), end=date(2026, 1, 1))

SOURCE = {
    "communities": (6, 6),
    "groups": (81, 81),
    "exposures-from-above": (0, 0),
    "cleanups": (12, 12),
    "cleanup-person-times": (9_000, 9_900),
    "trainings": (20, 26),
    "training-person-times": (7_000, 8_500),
    "lanes-put-in-order": (180, 200),
    "disorders-cleared": (6_000, 7_500),
    "drain-metres-dredged": (6_600, 6_800),
    "blackspots-cleared": (180, 180),
    "blackspots-again": (5, 45),
    "advert-pieces": (200_000, 225_000),
    "advert-area": (7_000, 8_000),
    "advert-numbers": (15_454, 15_454),
    "tanks-emptied": (450, 460),
    "letters-units": (620, 640),
    "letters-frontages": (28_000, 29_000),
    "money": (100_000, 140_000),
    "shows": (3, 3),
    "troupes": (4, 4),
    "troupe-people": (160, 160),
    "banners": (160, 210),
    "vehicle-tours": (80, 90),
    "communities-with-culture-room": (6, 6),
    "communities-with-library": (6, 6),
    "communities-with-fitness-ground": (6, 6),
    "honours-civilized-community": (2, 2),
    "awareness-share": (0.7, 0.95),
}
"""What the source reports, and how much more the sample may have."""

REPEATED = (
    ("drain-metres-dredged-plain", "drain-metres-dredged"),
    ("lane-metres-put-in-order-plain", "lane-metres-put-in-order"),
    ("tank-emptyings", "tanks-emptied"),
    ("letters-frontages", "letters-frontages-signers"),
)


@pytest.fixture(scope="module")
def town(new_database: Callable[..., TestDatabase], sample_template: TestDatabase) -> Iterator[Engine]:
    """Return connections to the sample town with its year, which the last test here takes away."""
    connections = engine(new_database(sample_template.name).service_url)
    load(connections, only=YEAR_ORDER)
    yield connections
    connections.dispose()


def test_the_figures_of_the_source_come_out_of_the_records(town: Engine) -> None:
    with town.connect() as connection:
        report = answer(connection, 2025)
        unreached = [one.code for one in reach(connection, YEAR, {"training"}) if not one.is_reached]
    figures = {one.id: one.value for one in report.figures if one.value is not None}
    assert SOURCE.keys() <= figures.keys()
    assert {key: figures[key] for key, (least, most) in SOURCE.items() if not least <= figures[key] <= most} == {}
    assert [pair for pair in REPEATED if figures[pair[0]] <= figures[pair[1]]] == []
    awareness = report["awareness-share"]
    assert awareness.previous is not None
    assert (awareness.value or 0) > awareness.previous
    assert report["cleanup-person-times"].previous is not None
    assert unreached == ["QJ06"]


@pytest.mark.parametrize("on", [date(2025, 12, 31), date(2026, 11, 30)])
def test_what_is_due_is_a_round_that_a_driver_can_drive(town: Engine, on: date) -> None:
    with town.connect() as connection:
        tanks = due_sums(connection, DueFilter(kind="emptying", on=on))
        drains = due_sums(connection, DueFilter(kind="dredging", on=on))
    assert 10 <= tanks["due"]["targets"] <= 90
    assert 20 <= tanks["soon"]["targets"] <= 150
    assert tanks["later"]["targets"] >= 200
    assert drains["later"]["targets"] >= 100
    assert drains["due"]["targets"] <= 40


def test_it_is_there_once_and_goes_without_a_trace(town: Engine, tmp_path: Path) -> None:
    assert {report.status for report in load(town, only=YEAR_ORDER)} == {"unchanged"}
    for key in ("works", "activities", "treatments"):
        file = tmp_path / f"{key}.csv"
        with town.connect() as connection:
            export(connection, layer_of(key), file, every_period=True)
        assert import_file(town, key, file).status == "unchanged", key
    assert clear(town) > 60_000
    with town.connect() as connection:
        for table in ("frontage", "unit", "letter", "activity", "work", "advert_number", "honour", "awareness_survey"):
            assert connection.scalar(text(f"select count(*) from {table}")) == 0
