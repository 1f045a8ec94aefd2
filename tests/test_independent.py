"""The figures of the sample town against a computation that reads its exported files alone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import Connection

from geo_hygiene.coverage.duties import duty_of
from geo_hygiene.coverage.summary import summarize
from geo_hygiene.database import engine
from geo_hygiene.files.writing.export import export
from geo_hygiene.layers import LAYERS
from tests.conftest import TestDatabase
from tests.independent.cover import recompute

FILES = (
    "street-segments.geojson",
    "drain-segments.geojson",
    "septic-tanks.geojson",
    "duty-zones.geojson",
    "zone-segments.csv",
    "assignments.csv",
)
DAYS = (date(2025, 3, 1), date(2025, 9, 1))
LARGEST_DIFFERENCE = 1e-6


@pytest.fixture(scope="module")
def sample(sample_database: TestDatabase) -> Iterator[Connection]:
    service = engine(sample_database.service_url)
    with service.connect() as connection:
        yield connection
    service.dispose()  # nothing may stay connected to a database that copies are made of


@pytest.fixture(scope="module")
def exported(sample: Connection, tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("exported")
    for name in FILES:
        export(sample, LAYERS[name.split(".")[0]], directory / name, every_period=True)
    return directory


@pytest.mark.parametrize("on", DAYS)
@pytest.mark.parametrize("duty", ["sweeping", "supervision", "drains", "tanks"])
def test_cover_equals_an_independent_computation(sample: Connection, exported: Path, duty: str, on: date) -> None:
    told = summarize(sample, duty_of(sample, duty), on).as_json()
    found = recompute(exported, duty, on)
    for name, value in found.items():
        assert abs(told[name] - value) <= LARGEST_DIFFERENCE * found["total"], name
    assert found["total"] > 0
    assert found["gap"] > 0


def test_the_days_differ(exported: Path) -> None:
    assert recompute(exported, "sweeping", DAYS[0]) != recompute(exported, "sweeping", DAYS[1])
