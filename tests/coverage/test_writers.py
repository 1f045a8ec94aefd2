"""Writers that work at the same time leave what they would have left one after the other."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import Connection, Engine, text

from geo_hygiene.coverage.holders import assignments_changed
from geo_hygiene.coverage.writing import NewZone, Stretch, add_zones, replace_lists
from geo_hygiene.database import engine
from tests.conftest import TestDatabase
from tests.coverage.test_rebuild import split_street
from tests.coverage.towns import Town, grid_town

WAITING = "select count(*) from pg_locks where locktype = 'advisory' and not granted"


@pytest.fixture
def own(database: TestDatabase) -> Iterator[Engine]:
    connections = engine(database.service_url)
    yield connections
    connections.dispose()


def overtake(own: Engine, first: Callable[[Connection], None], second: Callable[[Connection], None]) -> None:
    """Commit what the first writes when the second, begun in between, waits for it."""

    def write() -> None:
        with own.begin() as connection:
            second(connection)

    with ThreadPoolExecutor(1) as pool:
        with own.begin() as connection:
            first(connection)
            done = pool.submit(write)
            with own.connect() as watcher:
                deadline = time.monotonic() + 20
                while not watcher.scalar(text(WAITING)) and not done.done():
                    assert time.monotonic() < deadline
                    time.sleep(0.02)
        done.result(20)


def test_a_street_that_is_split_hands_on_a_list_that_is_being_written(own: Engine) -> None:
    with own.begin() as connection:
        town = grid_town(connection, 1)
        target_id, extent = next(iter(town.extents.items()))
        (zone,) = add_zones(connection, [NewZone(code="Z", duty_id=1, stretches=[Stretch(target_id, 0, 1000)])])
    halves = Town({target_id: extent})
    overtake(
        own,
        lambda connection: replace_lists(connection, {zone: [Stretch(target_id, 0, extent)]}),
        lambda connection: split_street(connection, random.Random(1), halves),
    )
    with own.connect() as connection:
        covered = connection.scalar(
            text("select sum(to_mm - from_mm) from claim join cover using (source_id) where target_id = any(:ids)"),
            {"ids": list(halves.extents)},
        )
    assert covered == sum(halves.extents.values())


def test_a_zone_that_is_being_written_is_held_by_who_is_given_it(own: Engine) -> None:
    with own.begin() as connection:
        town = grid_town(connection, 1)
        target_id, extent = next(iter(town.extents.items()))
        connection.execute(text("insert into person (code, name, role) values ('C', 'Cleaner 001', 'cleaner')"))

    def give(connection: Connection) -> None:
        connection.execute(text("insert into assignment (person_id, zone) select id, 'Z' from person"))
        assignments_changed(connection, ["Z"])

    zone = NewZone(code="Z", duty_id=1, stretches=[Stretch(target_id, 0, extent)])
    overtake(own, lambda connection: void(add_zones(connection, [zone])), give)
    with own.connect() as connection:
        assert connection.scalar(text("select count(*) from vacancy")) == 0


def void(_answer: object) -> None:
    """Forget an answer."""
