"""Writers that work at the same time leave what they would have left one after the other."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from datetime import time as clock

import pytest
import shapely
from sqlalchemy import Connection, Engine, text

from geo_hygiene.coverage.holders import assignments_changed
from geo_hygiene.coverage.locks import lock_work
from geo_hygiene.coverage.writing import NewWork, NewZone, Stretch, add_work, add_zones, replace_lists
from geo_hygiene.database import engine
from tests.conftest import LOCKS, TestDatabase
from tests.coverage.test_rebuild import split_street
from tests.coverage.towns import SOUTH, START, STEP, WEST, Town, grid_town

WAITING = f"select count(*) from {LOCKS} where locktype = 'advisory' and not granted"


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


def treat(connection: Connection, *, stretches: Sequence[Stretch] = (), shape: bytes | None = None) -> None:
    """Do work in the month before streets are cut."""
    day = START - timedelta(days=30)
    done_at = datetime.combine(day, clock(4), UTC)
    work = NewWork(kind="treatments", day=day, done_at=done_at, result="done", stretches=stretches, shape=shape)
    add_work(connection, [work])


def covered(own: Engine, target_ids: Iterable[int]) -> int:
    with own.connect() as connection:
        return connection.execute(
            text("select coalesce(sum(to_mm - from_mm), 0) from cover where target_id = any(:ids)"),
            {"ids": list(target_ids)},
        ).scalar_one()


@pytest.mark.parametrize("first", ["work", "cut"])
@pytest.mark.parametrize("basis", ["list", "shape"])
def test_work_and_a_cut_at_the_same_time_lose_no_metre(own: Engine, first: str, basis: str) -> None:
    with own.begin() as connection:
        town = grid_town(connection, 1)
        target_id, extent = next(iter(town.extents.items()))
    halves = Town({target_id: extent})
    ground = shapely.MultiPolygon([shapely.box(WEST - STEP / 2, SOUTH - STEP / 2, WEST + 2 * STEP, SOUTH + STEP / 4)])

    def work(connection: Connection) -> None:
        if basis == "list":
            treat(connection, stretches=[Stretch(target_id, 0, extent)])
        else:
            treat(connection, shape=shapely.to_wkb(ground))

    def cut(connection: Connection) -> None:
        split_street(connection, random.Random(1), halves)

    overtake(own, *((work, cut) if first == "work" else (cut, work)))
    assert covered(own, halves.extents) == sum(halves.extents.values())


def test_teams_write_work_beside_each_other(own: Engine) -> None:
    with own.begin() as connection:
        town = grid_town(connection, 1)
        (one, extent), (other, length) = list(town.extents.items())[:2]
    with own.begin() as first, own.begin() as second:
        treat(first, stretches=[Stretch(one, 0, extent)])
        second.execute(text("set local lock_timeout = '5s'"))
        lock_work(second)
    with own.begin() as later:
        treat(later, stretches=[Stretch(other, 0, length)])
    assert covered(own, [one, other]) == extent + length


def void(_answer: object) -> None:
    """Forget an answer."""
