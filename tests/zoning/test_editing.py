"""Zones that are edited one by one: what is kept stays right, and nothing that somebody stored is lost."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from threading import Barrier

import pytest
import shapely
from sqlalchemy import Connection, Engine, text

from geo_hygiene.coverage.duties import duty_of
from geo_hygiene.coverage.rebuild import rebuild
from geo_hygiene.coverage.summary import Sums, summarize
from geo_hygiene.database import engine
from geo_hygiene.zoning import editing, holding, parting, undoing
from geo_hygiene.zoning.editing import Change, ZoneWords
from geo_hygiene.zoning.lists import SaidStretch
from geo_hygiene.zoning.mistakes import StaleVersionError, WrongZoneError
from geo_hygiene.zoning.records import Editor
from tests.conftest import TestDatabase
from tests.coverage.test_rebuild import kept_hashes, move_border, split_street
from tests.coverage.towns import SHIFTS, SOUTH, START, STEP, WEST, Town, grid_town

PLANNER = Editor("planner@office.example", None)
DUTY = "sweeping"
SHARED = "Z"

ZONES = """
select uuid, code, version, shift, claim.valid_from, claim.valid_to from duty_zone join claim using (id)
where duty_id = 1 order by code, claim.valid_from
"""
FORMER = """
select claim.uuid, claim.version, kept.version as former
from claim join record_history as kept on kept.record = claim.uuid
order by claim.id, kept.id
"""
PERIOD_OF_TARGETS = "select id, uuid from target where valid_from <= :on and :on < valid_to order by id"


def said(connection: Connection, town: Town, dice: random.Random, on: date) -> list[SaidStretch]:
    """Choose stretches of the day."""
    there = {row.id: row.uuid for row in connection.execute(text(PERIOD_OF_TARGETS), {"on": on})}
    stretches = [item for item in town.stretches(dice) if item.target_id in there]
    first = next(iter(there.values()))
    return [SaidStretch(there[item.target_id], item.from_mm / 1000, item.to_mm / 1000) for item in stretches] or [
        SaidStretch(first)
    ]


def sums(connection: Connection, on: date) -> Sums:
    return summarize(connection, duty_of(connection, DUTY), on).sums


def assert_told_what_it_did(connection: Connection, before: Sums, change: Change) -> None:
    """Compare the difference that a change told with what the kept answers say."""
    after = sums(connection, change.on)
    told = change.difference
    for name in ("total", "covered", "overlap", "vacant"):
        made = getattr(told.after, name) - getattr(told.before, name)
        assert getattr(after, name) - getattr(before, name) == made, name


def create(connection: Connection, dice: random.Random, town: Town) -> Change:
    begins = START + timedelta(days=dice.randrange(200))
    ends = dice.choice((None, begins + timedelta(days=dice.randrange(1, 200))))
    words = ZoneWords(segments=said(connection, town, dice, begins), shift=dice.choice(SHIFTS))
    duty = duty_of(connection, DUTY)
    return editing.create(connection, PLANNER, duty=duty, valid_from=begins, valid_to=ends, words=words)


def a_zone(connection: Connection, dice: random.Random) -> tuple[str, int, date]:
    """Return id and version of some zone, and a day on which it holds."""
    row = dice.choice(connection.execute(text(ZONES)).all())
    last = min(row.valid_to, row.valid_from + timedelta(days=150))
    day = row.valid_from + timedelta(days=dice.randrange((last - row.valid_from).days))
    return str(row.uuid), row.version, day


def relist(connection: Connection, dice: random.Random, town: Town) -> Change:
    name, version, day = a_zone(connection, dice)
    words = ZoneWords(segments=said(connection, town, dice, day), shift=dice.choice((None, *SHIFTS)))
    return editing.change(connection, PLANNER, name, version=version, start=day, words=words)


def rename(connection: Connection, dice: random.Random, town: Town) -> Change:
    name, version, _day = a_zone(connection, dice)
    words = ZoneWords(name="责任区", shift=dice.choice(SHIFTS))
    return editing.change(connection, PLANNER, name, version=version, start=None, words=words)


def finish(connection: Connection, dice: random.Random, town: Town) -> Change:
    name, version, day = a_zone(connection, dice)
    return editing.end(connection, PLANNER, name, version=version, day=day)


def split(connection: Connection, dice: random.Random, town: Town) -> Change:
    name, version, day = a_zone(connection, dice)
    x, y = WEST + dice.uniform(0, 5) * STEP, SOUTH + dice.uniform(0, 5) * STEP
    line = shapely.LineString([(x, y), (x + STEP * dice.uniform(0.1, 1), y + STEP * dice.uniform(-1, 1))])
    return parting.split(connection, PLANNER, name, version=version, start=day, line=line)


def merge(connection: Connection, dice: random.Random, town: Town) -> Change:
    rows = connection.execute(text(ZONES)).all()
    pairs = [
        (one, other)
        for one, other in itertools.permutations(rows, 2)
        if one.code != other.code and (one.shift, one.valid_to) == (other.shift, other.valid_to)
    ]
    one, other = dice.choice(pairs or [rows[:1] * 2])
    day = max(one.valid_from, other.valid_from)
    return parting.merge(
        connection,
        PLANNER,
        str(one.uuid),
        version=one.version,
        start=day,
        other=str(other.uuid),
        other_version=other.version,
    )


def give(connection: Connection, dice: random.Random, town: Town) -> Change:
    name, version, day = a_zone(connection, dice)
    return holding.assign(
        connection,
        PLANNER,
        name,
        version=version,
        person=dice.choice((None, "P0", "P1", "P2")),
        start=day,
        end=dice.choice((None, day + timedelta(days=dice.randrange(1, 60)))),
        shift=dice.choice(SHIFTS),
    )


def undo(connection: Connection, dice: random.Random, town: Town) -> Change:
    rows = connection.execute(text(FORMER)).all()
    if not rows:
        raise WrongZoneError("version", "nothing was changed yet")
    row = dice.choice(rows)
    return undoing.undo(connection, PLANNER, str(row.uuid), version=row.version, to=row.former)


EDITS: tuple[Callable[[Connection, random.Random, Town], Change], ...] = (
    *(create, create, create, relist, relist, relist, rename, finish),
    *(split, split, merge, merge, give, give, give, undo, undo),
)


def people(connection: Connection) -> None:
    statement = (
        "insert into person (code, name, role) select 'P' || n, 'P' || n, 'cleaner' from generate_series(0, 3) n"
    )
    connection.execute(text(statement))


@pytest.mark.parametrize("seed", range(2))
def test_what_editors_do_is_what_a_rebuild_makes(connection: Connection, seed: int) -> None:
    dice = random.Random(seed)
    town = grid_town(connection)
    people(connection)
    for _zone in range(6):
        create(connection, dice, town)
    done = dict.fromkeys(EDITS, 0)
    for _edit in range(60):
        edit = dice.choice(EDITS)
        step = connection.begin_nested()
        try:
            edit(connection, dice, town)
        except WrongZoneError:
            step.rollback()
            continue
        step.commit()
        done[edit] += 1
        if dice.random() < 0.1:
            dice.choice((split_street, move_border))(connection, dice, town)
    assert all(done.values()), done
    kept = kept_hashes(connection)
    rebuild(connection)
    assert kept_hashes(connection) == kept


def test_a_change_tells_what_it_makes(connection: Connection) -> None:
    dice = random.Random(3)
    town = grid_town(connection)
    people(connection)
    for edit in (create, create, create, give, relist, relist, split, give, merge, finish):
        for _try in range(20):
            # the day is not known before: what is told is compared with the day's figures before and after
            step = connection.begin_nested()
            state = dice.getstate()
            try:
                day = edit(connection, dice, town).on
            except WrongZoneError:
                step.rollback()
                continue
            step.rollback()
            dice.setstate(state)
            before = sums(connection, day)
            assert_told_what_it_did(connection, before, edit(connection, dice, town))
            break


@pytest.fixture
def own(database: TestDatabase) -> Iterator[Engine]:
    connections = engine(database.service_url, pool_size=8)
    yield connections
    connections.dispose()


def test_of_many_editors_of_one_zone_nobody_loses_what_was_acknowledged(own: Engine) -> None:
    editors, edits = 8, 12
    with own.begin() as connection:
        town = grid_town(connection, 2)
        uuids = list(connection.scalars(text("select uuid from target order by id")))
        words = ZoneWords(segments=[SaidStretch(uuids[0])])
        duty = duty_of(connection, DUTY)
        editing.create(connection, PLANNER, duty=duty, code=SHARED, valid_from=START, valid_to=None, words=words)
    assert town.extents
    start = Barrier(editors)

    def edit(number: int) -> list[tuple[int, str]]:
        """Change the zone again and again; return version and name of what was acknowledged."""
        acknowledged = []
        start.wait()
        for turn in range(edits):
            with own.connect() as connection:
                read: int = connection.scalar(text("select max(version) from claim"))
            name = f"{number}/{turn}"
            words = ZoneWords(name=name, segments=[SaidStretch(uuids[(number + turn) % len(uuids)])])
            try:
                with own.begin() as connection:
                    editing.change(connection, PLANNER, SHARED, version=read, start=None, words=words)
            except StaleVersionError:
                continue
            acknowledged.append((read + 1, name))
        return acknowledged

    with ThreadPoolExecutor(editors) as pool:
        stored = [change for done in pool.map(edit, range(editors)) for change in done]
    with own.connect() as connection:
        claim = connection.execute(text("select version, name from claim join duty_zone using (id)")).one()
        kept = connection.execute(text("select version, content ->> 'name' from record_history order by version")).all()
        audited = connection.scalar(text("select count(*) from audit_entry where action = 'zone.change'"))
    assert editors <= len(stored) <= editors * edits
    assert claim.version == len(stored) + 1 == len({version for version, _name in stored}) + 1
    assert len(kept) == audited == len(stored)
    assert sorted(stored) == [*map(tuple, kept[1:]), tuple(claim)]
