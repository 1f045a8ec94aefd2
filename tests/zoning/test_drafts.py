"""Drafts: what they would do is what their publication does, and it can be taken back before its day."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta

import pytest
from sqlalchemy import Connection, Engine, literal, select, text

from geo_hygiene.coverage.duties import duty_of, today
from geo_hygiene.coverage.holders import assignments_changed
from geo_hygiene.coverage.intervals import Interval, length, subtract, union
from geo_hygiene.coverage.pieces import pieces_statement
from geo_hygiene.coverage.rebuild import rebuild
from geo_hygiene.coverage.summary import Level, summarize
from geo_hygiene.database import engine
from geo_hygiene.files.removal import Removal
from geo_hygiene.people import giving, leaving
from geo_hygiene.zoning import drafts, editing, holding, publishing
from geo_hygiene.zoning.comparing import Plan, compare
from geo_hygiene.zoning.drafts import BaseRead, DraftRecord, DraftWords
from geo_hygiene.zoning.editing import ZoneWords
from geo_hygiene.zoning.ground import ground_of
from geo_hygiene.zoning.lists import SaidStretch
from geo_hygiene.zoning.mistakes import OutsideAreasError, StaleVersionError, UnseenChangesError, WrongZoneError
from geo_hygiene.zoning.records import Editor, zones_of_day
from geo_hygiene.zoning.showing import pieces_of
from geo_hygiene.zoning.summing import summarize_draft
from tests.conftest import TestDatabase
from tests.coverage.test_rebuild import kept_hashes, split_street
from tests.coverage.towns import START, Town, grid_town
from tests.zoning.test_editing import DUTY, PLANNER, people, said, sums

ANSWERS = ("state", "vacancy", "ledger")

HELD = """
select assignment.person_id, cover.target_id, cover.from_mm, cover.to_mm
from duty_zone join claim using (id) join cover using (source_id)
join duty_target on duty_target.duty_id = claim.duty_id and duty_target.target_id = cover.target_id
    and duty_target.valid_from <= :on and :on < duty_target.valid_to
join assignment on assignment.zone = duty_zone.code and assignment.valid_from <= :on and :on < assignment.valid_to
where claim.duty_id = 1 and claim.valid_from <= :on and :on < claim.valid_to
"""


AS_SHOWN = """
select uuid::text, state, coalesce(zones, '{}'), from_mm, to_mm from piece order by uuid, from_mm
"""


def office(connection: Connection, dice: random.Random) -> Town:
    """Write a town with a plan of zones that hold since its start, most of them held."""
    town = grid_town(connection)
    people(connection)
    duty = duty_of(connection, DUTY)
    for number in range(8):
        words = ZoneWords(segments=said(connection, town, dice, START), shift=dice.choice(("all-day", "morning")))
        code = f"Z{number}"
        editing.create(connection, PLANNER, duty=duty, code=code, valid_from=START, valid_to=None, words=words)
        if number:
            give(connection, code, f"P{number % 4}")
    return town


def give(connection: Connection, code: str, person: str | None) -> None:
    holding.assign(connection, PLANNER, code, version=1, person=person, start=START, end=None, shift="all-day")


def draw(connection: Connection, draft: DraftRecord, code: str, words: DraftWords) -> DraftRecord:
    return drafts.put_zones(connection, PLANNER, draft.name, {code: words}, version=draft.version)


def drawn(connection: Connection, dice: random.Random, town: Town, day: date, name: str = "秋季方案") -> DraftRecord:
    """Draw a draft in which zones have other lists, holders and shifts, end, and begin."""
    duty = duty_of(connection, DUTY)
    draft = drafts.begin(connection, PLANNER, name=name, duty=duty, plan_on=day)
    for code in ("Z1", "Z2", "Z9"):
        words = ZoneWords(segments=said(connection, town, dice, day))
        draft = draw(connection, draft, code, DraftWords(words=words))
    draft = draw(connection, draft, "Z3", DraftWords(ends=True))
    draft = draw(connection, draft, "Z4", DraftWords(is_given=True, person="P0"))
    draft = draw(connection, draft, "Z5", DraftWords(is_given=True))
    draft = draw(connection, draft, "Z9", DraftWords(is_given=True, person="P1"))
    return draw(connection, draft, "Z6", DraftWords(words=ZoneWords(shift="night", name="夜班")))


def by_person(connection: Connection, on: date) -> dict[int, dict[int, list[Interval]]]:
    """Return what each person holds on a day, told from the lists alone."""
    held: dict[int, dict[int, list[Interval]]] = defaultdict(lambda: defaultdict(list))
    for row in connection.execute(text(HELD), {"on": on}):
        held[row.person_id][row.target_id].append((row.from_mm, row.to_mm))
    return held


def gained(one: dict[int, list[Interval]], other: dict[int, list[Interval]]) -> int:
    """Return the millimetres that are only in the other."""
    return sum(length(subtract(union(spans), union(one.get(target, [])))) for target, spans in other.items())


def hashes(connection: Connection) -> dict[str, str]:
    return {name: value for name, value in kept_hashes(connection).items() if name in ANSWERS}


@pytest.mark.parametrize("seed", range(3))
def test_a_draft_is_what_its_publication_makes_and_can_be_taken_back(connection: Connection, seed: int) -> None:
    dice = random.Random(seed)
    town = office(connection, dice)
    duty, day = duty_of(connection, DUTY), today(connection) + timedelta(days=30)
    eve = day - timedelta(days=1)
    before, kept = sums(connection, eve), hashes(connection)
    holders = connection.execute(text("select zone, person_id, valid_from, valid_to from assignment order by 1")).all()
    draft = drawn(connection, dice, town, day)
    assert hashes(connection) == kept, "a draft changes no answer"
    told = drafts.sums_of(connection, draft, day)
    assert told != before
    levels = (Level.OFFICE, Level.COMMUNITY, Level.GROUP, Level.LANE)
    summed = {level: summarize_draft(connection, draft, day, level) for level in levels}
    compared = compare(connection, duty, Plan(day), Plan(day, draft))
    shown = [feature["properties"] for feature in pieces_of(connection, draft, day)]
    touched = sorted({piece["segment"] for piece in shown})

    published = publishing.publish(connection, PLANNER, draft.name, version=draft.version, start=day, seen=None)
    assert summarize(connection, duty, day).sums == told
    for level, summary in summed.items():
        real = summarize(connection, duty, day, level)
        assert (summary.sums, summary.rows, summary.outside_scope) == (told, real.rows, real.outside_scope), level
    assert sums(connection, eve) == before
    cut = pieces_statement("select id as target_id from target where uuid = any(cast(:ids as uuid[]))", AS_SHOWN)
    published_pieces = connection.execute(cut, {"ids": touched, "duty_id": 1, "on": day}).all()
    assert [
        (piece["segment"], piece["state"], piece["zones"], round(piece["from_m"] * 1000), round(piece["to_m"] * 1000))
        for piece in shown
    ] == [tuple(row) for row in published_pieces]
    assert {piece["state"] for piece in shown} == {"gap", "overlap", "vacant", "covered"}
    real = compare(connection, duty, Plan(eve), Plan(day))
    for part in ("moved", "moved_targets", "people", "zones"):
        assert real[part] == compared[part], part
    one, other = by_person(connection, eve), by_person(connection, day)
    codes = drafts.codes_of(connection, one.keys() | other.keys())
    assert {row["code"]: (row["gains"], row["loses"]) for row in real["people"]} == {
        codes[person]: (gain / 1000, loss / 1000)
        for person in codes
        for gain, loss in [(gained(one[person], other[person]), gained(other[person], one[person]))]
        if gain or loss
    }
    everything = kept_hashes(connection)
    rebuild(connection)
    assert kept_hashes(connection) == everything

    back = publishing.take_back(connection, PLANNER, draft.name, version=published.version)
    assert hashes(connection) == kept
    restored = "select zone, person_id, valid_from, valid_to from assignment order by 1"
    assert connection.execute(text(restored)).all() == holders
    assert back.published_from is None
    again = publishing.publish(connection, PLANNER, draft.name, version=back.version, start=day, seen=None)
    assert (again.published_from, summarize(connection, duty, day).sums) == (day, told)


def test_a_plan_over_a_plan_that_has_not_begun_gives_way_to_it_again(connection: Connection) -> None:
    dice = random.Random(5)
    town = office(connection, dice)
    day = today(connection) + timedelta(days=30)
    first = drawn(connection, dice, town, day, "first")
    publishing.publish(connection, PLANNER, "first", version=first.version, start=day, seen=None)
    kept = hashes(connection)
    second = drafts.begin(connection, PLANNER, name="second", duty=duty_of(connection, DUTY), plan_on=day)
    words = ZoneWords(segments=said(connection, town, dice, day))
    second = draw(connection, second, "Z1", DraftWords(words=words))
    second = publishing.publish(connection, PLANNER, "second", version=second.version, start=day, seen=None)
    assert hashes(connection) != kept
    publishing.take_back(connection, PLANNER, "second", version=second.version)
    assert hashes(connection) == kept
    everything = kept_hashes(connection)
    rebuild(connection)
    assert kept_hashes(connection) == everything


def test_what_changed_under_a_draft_is_shown_before_it_is_published(connection: Connection) -> None:
    dice = random.Random(1)
    town = office(connection, dice)
    day = today(connection) + timedelta(days=400)
    draft = drafts.begin(connection, PLANNER, name="D", duty=duty_of(connection, DUTY), plan_on=START)
    target_id, extent = next(iter(town.extents.items()))
    uuid = connection.execute(text("select uuid from target where id = :id"), {"id": target_id}).scalar_one()
    draft = draw(connection, draft, "Z1", DraftWords(words=ZoneWords(segments=[SaidStretch(uuid)])))
    assert publishing.changes_since(connection, draft, day)["seen"] is None

    halves = Town({target_id: extent})
    split_street(connection, dice, halves)
    version = connection.scalar(text("select version from claim join duty_zone using (id) where code = 'Z1'"))
    editing.change(connection, PLANNER, "Z1", version=version, start=None, words=ZoneWords(name="x"))
    with pytest.raises(UnseenChangesError) as refused:
        publishing.publish(connection, PLANNER, "D", version=draft.version, start=day, seen=None)
    shown = refused.value.changes
    assert shown == publishing.changes_since(connection, draft, day)
    assert shown["zones"] == [{"zone": "Z1", "change": "changed"}]
    assert [(row["segment"], row["zones"]) for row in shown["ended"]] == [(str(uuid), ["Z1"])]
    assert len(shown["begun"]) == 2
    publishing.publish(connection, PLANNER, "D", version=draft.version, start=day, seen=shown["seen"])
    covered = connection.execute(
        text(
            "select target_id, sum(to_mm - from_mm) from duty_zone join claim using (id) join cover using (source_id)"
            " where code = 'Z1' and valid_from = :day group by 1"
        ),
        {"day": day},
    )
    assert {row[0]: int(row[1]) for row in covered} == halves.extents


def test_what_somebody_stored_before_a_drawing_came_in_is_shown_too(connection: Connection) -> None:
    """The planner read a zone, somebody changed it, and only then was the drawing stored."""
    dice = random.Random(1)
    town = office(connection, dice)
    duty, day = duty_of(connection, DUTY), today(connection) + timedelta(days=30)
    read = zones_of_day(connection, duty.id, day, ["Z0"])["Z0"]
    base = BaseRead(read.uuid, read.version)
    draft = drafts.begin(connection, PLANNER, name="D", duty=duty, plan_on=day)
    editing.change(
        connection,
        PLANNER,
        "Z0",
        version=read.version,
        start=None,
        words=ZoneWords(segments=said(connection, town, dice, day)),
    )
    words = ZoneWords(segments=said(connection, town, dice, day))
    draft = draw(connection, draft, "Z0", DraftWords(words=words, tells_base=True, base=base))
    assert publishing.changes_since(connection, draft, day)["zones"] == [{"zone": "Z0", "change": "changed"}]
    new = DraftWords(words=words, tells_base=True, base=None)
    with pytest.raises(WrongZoneError, match="“Z1” in this time already"):
        draw(connection, draft, "Z1", new)
    other = duty_of(connection, "supervision")
    editing.create(connection, PLANNER, duty=other, code="G1", valid_from=day, valid_to=None, words=words)
    for told in (new, DraftWords(words=words)):
        with pytest.raises(WrongZoneError, match="“G1” in this time already"):
            draw(connection, draft, "G1", told)
    draft = draw(connection, draft, "N1", new)
    assert draw(connection, draft, "N1", new).version == draft.version + 1


def test_a_neighbour_that_was_given_ground_of_a_draft_is_shown(connection: Connection) -> None:
    dice = random.Random(1)
    town = office(connection, dice)
    duty, day = duty_of(connection, DUTY), today(connection) + timedelta(days=30)
    draft = drafts.begin(connection, PLANNER, name="D", duty=duty, plan_on=day)
    words = ZoneWords(segments=said(connection, town, dice, day))
    draft = draw(connection, draft, "Z0", DraftWords(words=words))
    zone = next(zone for zone in drafts.zones_of(connection, draft))
    # every instant of a transaction is the same: the zones of the town come from before the draft
    for table in ("claim", "target"):
        connection.execute(text(f"update {table} set recorded_at = recorded_at - interval '1 hour'"))
    connection.execute(text("update draft set began_at = began_at - interval '1 minute'"))
    draft = drafts.find_draft(connection, "D")
    assert publishing.changes_since(connection, draft, day)["seen"] is None
    version = connection.scalar(text("select version from claim join duty_zone using (id) where code = 'Z7'"))
    same = ZoneWords(segments=words.segments, shift=zone.shift)
    editing.change(connection, PLANNER, "Z7", version=version, start=None, words=same)
    assert publishing.changes_since(connection, draft, day)["zones"] == [{"zone": "Z7", "change": "overlaps"}]


def test_what_is_there_before_the_day_of_the_draft_is_shown_too(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A draft over streets of a day to come is published from a day on which they are still otherwise."""
    dice = random.Random(3)
    town = office(connection, dice)
    now = today(connection)
    target_id, extent = next(iter(town.extents.items()))
    halves = Town({target_id: extent})
    split_street(connection, dice, halves, now + timedelta(days=20))
    uuids = connection.scalars(text("select uuid from target where id = any(:ids)"), {"ids": [*halves.extents]})
    whole = str(connection.scalar(text("select uuid from target where id = :id"), {"id": target_id}))
    duty = duty_of(connection, DUTY)
    draft = drafts.begin(connection, PLANNER, name="D", duty=duty, plan_on=now + timedelta(days=30))
    words = ZoneWords(segments=[SaidStretch(uuid) for uuid in uuids])
    draft = draw(connection, draft, "Z1", DraftWords(words=words))
    assert publishing.changes_since(connection, draft, now + timedelta(days=25))["seen"] is None
    found = publishing.changes_since(connection, draft, now)
    assert [row["segment"] for row in found["begun"]] == [whole]
    assert len(found["ended"]) == found["ended_in_all"] == 2
    monkeypatch.setattr(publishing, "MOST_LISTED", 1)
    listed = publishing.changes_since(connection, draft, now)
    assert (len(listed["ended"]), listed["ended_in_all"], listed["seen"]) == (1, 2, found["seen"])
    unlisted = {"id": found["ended"][1]["segment"]}
    connection.execute(text("update target set valid_to = valid_from + 12 where uuid = :id"), unlisted)
    assert publishing.changes_since(connection, draft, now)["seen"] != found["seen"]


def test_nobody_is_replaced_whom_the_publisher_may_not_change(connection: Connection) -> None:
    """On the day of the plan a zone lies in the planner's group; from a later day on it reaches beyond."""
    dice = random.Random(2)
    office(connection, dice)
    day = today(connection) + timedelta(days=30)
    area = connection.execute(
        text(
            "select area.code, array_agg(target.uuid) from target join area on area.id = area_id"
            " group by area.code order by count(*) desc limit 1"
        )
    ).one()
    everywhere = list(connection.scalars(text("select uuid from target")))
    mine, part = [SaidStretch(uuid) for uuid in area[1]], Editor("part", frozenset({area[0]}))
    duty = duty_of(connection, DUTY)
    editing.create(
        connection, PLANNER, duty=duty, code="M", valid_from=START, valid_to=None, words=ZoneWords(segments=mine)
    )
    draft = drafts.begin(connection, part, name="D", duty=duty, plan_on=day)
    less = DraftWords(words=ZoneWords(segments=mine[1:]))
    draft = drafts.put_zones(connection, part, "D", {"M": less}, version=draft.version)
    later = day + timedelta(days=10)
    beyond = ZoneWords(segments=[SaidStretch(uuid) for uuid in everywhere])
    editing.change(connection, PLANNER, "M", version=1, start=later, words=beyond)
    seen = publishing.changes_since(connection, draft, later)["seen"]
    with pytest.raises(OutsideAreasError):
        publishing.publish(connection, part, "D", version=draft.version, start=later, seen=seen)


def test_what_a_draft_holds_is_not_taken_out_with_an_import(connection: Connection) -> None:
    dice = random.Random(2)
    town = office(connection, dice)
    run = connection.scalar(text("insert into import_run (layer, file) values ('x', 'x') returning id"))
    draft = drafts.begin(connection, PLANNER, name="D", duty=duty_of(connection, DUTY), plan_on=START)
    uuid = connection.execute(text("select uuid from target where id = :id"), {"id": max(town.extents)}).scalar_one()
    draft = draw(connection, draft, "N1", DraftWords(words=ZoneWords(segments=[SaidStretch(uuid)])))
    draft = draw(connection, draft, "Z0", DraftWords(is_given=True, person="P1"))
    brought = Removal(select(literal(run)))
    assert brought.resting(connection) == []
    for change in (
        f"update target set import_id = {run} where uuid = '{uuid}'",
        f"update claim set import_id = {run} from duty_zone where claim.id = duty_zone.id and code = 'Z0'",
        f"update person set import_id = {run} where code = 'P1'",
    ):
        with connection.begin_nested() as step:
            connection.execute(text(change))
            zone = "N1" if "target" in change else "Z0"
            assert f"D · {zone}" in brought.resting(connection)
            step.rollback()


def test_who_was_given_a_zone_after_a_publication_keeps_it(connection: Connection) -> None:
    dice = random.Random(6)
    town = office(connection, dice)
    day = today(connection) + timedelta(days=30)
    draft = drawn(connection, dice, town, day)
    published = publishing.publish(connection, PLANNER, draft.name, version=draft.version, start=day, seen=None)
    connection.execute(
        text(
            "update assignment set person_id = (select id from person where code = 'P3')"
            " where zone = 'Z4' and valid_from = :day"
        ),
        {"day": day},
    )
    assignments_changed(connection, ["Z4"])
    kept = holding.holdings_of(connection, "Z4")
    with pytest.raises(WrongZoneError, match="“Z4” was changed after"):
        publishing.take_back(connection, PLANNER, draft.name, version=published.version)
    assert holding.holdings_of(connection, "Z4") == kept


def test_who_stands_in_still_does_and_who_is_gone_is_given_nothing(connection: Connection) -> None:
    office(connection, random.Random(7))
    duty, day = duty_of(connection, DUTY), today(connection) + timedelta(days=30)
    begin, end = day + timedelta(days=7), day + timedelta(days=14)
    ids = dict(connection.execute(text("select code, id from person")).all())

    def version(code: str) -> int:
        return connection.execute(text("select version from person where code = :code"), {"code": code}).scalar_one()

    giving.substitute(connection, PLANNER, "P1", version=version("P1"), person="P0", start=begin, end=end, zones=["Z1"])
    connection.execute(text("update claim set shift = 'all-day'"))
    assert ground_of(connection, duty, begin, None).holders["Z1"] == "P1"
    draft = drafts.begin(connection, PLANNER, name="同人", duty=duty, plan_on=day)
    draft = draw(connection, draft, "Z1", DraftWords(is_given=True, person="P1"))
    draft = draw(connection, draft, "Z2", DraftWords(is_given=True, person="P3"))
    before = {code: holding.holdings_of(connection, code) for code in ("Z1", "Z2")}
    draft = publishing.publish(connection, PLANNER, draft.name, version=draft.version, start=day, seen=None)
    held = {(one.start, one.end): one.person_id for one in holding.holdings_of(connection, "Z1")}
    assert held == {
        (START, day): ids["P1"],
        (day, begin): ids["P1"],
        (begin, end): ids["P0"],
        (end, date.max): ids["P1"],
    }
    draft = publishing.take_back(connection, PLANNER, draft.name, version=draft.version)
    assert {code: holding.holdings_of(connection, code) for code in before} == before

    leaving.leave(connection, PLANNER, "P3", version=version("P3"), day=end)
    with pytest.raises(WrongZoneError, match="“P3” is no longer there"), connection.begin_nested():
        publishing.publish(connection, PLANNER, draft.name, version=draft.version, start=day, seen=None)
    leaving.come_back(connection, PLANNER, "P3", version=version("P3"))
    draft = publishing.publish(connection, PLANNER, draft.name, version=draft.version, start=day, seen=None)
    leaving.leave(connection, PLANNER, "P2", version=version("P2"), day=end)
    with pytest.raises(WrongZoneError, match="“P2” is no longer there"):
        publishing.take_back(connection, PLANNER, draft.name, version=draft.version)


def test_a_street_that_is_cut_between_goes_back_too(connection: Connection) -> None:
    """A plan that has not begun is replaced by another from its first day; a street is cut; the other is taken back."""
    dice = random.Random(5)
    town = office(connection, dice)
    day = today(connection) + timedelta(days=30)
    duty = duty_of(connection, DUTY)
    target_id, extent = next(iter(town.extents.items()))
    uuid = connection.execute(text("select uuid from target where id = :id"), {"id": target_id}).scalar_one()
    first = drafts.begin(connection, PLANNER, name="first", duty=duty, plan_on=day)
    words = ZoneWords(segments=[SaidStretch(uuid)])
    first = draw(connection, first, "N1", DraftWords(words=words))
    publishing.publish(connection, PLANNER, "first", version=first.version, start=day, seen=None)
    second = drafts.begin(connection, PLANNER, name="second", duty=duty, plan_on=day)
    second = draw(connection, second, "N1", DraftWords(ends=True))
    second = publishing.publish(connection, PLANNER, "second", version=second.version, start=day, seen=None)
    halves = Town({target_id: extent})
    split_street(connection, dice, halves, day + timedelta(days=5))
    publishing.take_back(connection, PLANNER, "second", version=second.version)
    listed = connection.execute(
        text(
            "select target_id, to_mm - from_mm from duty_zone join claim using (id) join cover using (source_id)"
            " where code = 'N1'"
        )
    )
    assert {row[0]: row[1] for row in listed} == {target_id: extent, **halves.extents}
    everything = kept_hashes(connection)
    rebuild(connection)
    assert kept_hashes(connection) == everything


def test_what_is_published_is_refused_where_it_can_not_be(connection: Connection) -> None:
    dice = random.Random(2)
    town = office(connection, dice)
    now = today(connection)
    day = now + timedelta(days=30)
    duty = duty_of(connection, DUTY)
    empty = drafts.begin(connection, PLANNER, name="empty", duty=duty, plan_on=day)
    draft = drawn(connection, dice, town, day)
    with pytest.raises(WrongZoneError, match="already"):
        drafts.begin(connection, PLANNER, name="empty", duty=duty, plan_on=day)
    for name in ("2027/1", "..", str(draft.uuid)):
        with pytest.raises(WrongZoneError, match="name of a draft"):
            drafts.begin(connection, PLANNER, name=name, duty=duty, plan_on=day)
    with pytest.raises(WrongZoneError, match="nothing"):
        publishing.publish(connection, PLANNER, "empty", version=empty.version, start=day, seen=None)
    with pytest.raises(WrongZoneError, match="today"):
        publishing.publish(
            connection, PLANNER, draft.name, version=draft.version, start=now - timedelta(days=1), seen=None
        )
    with pytest.raises(WrongZoneError, match="not published"):
        publishing.take_back(connection, PLANNER, draft.name, version=draft.version)
    with pytest.raises(StaleVersionError):
        publishing.publish(connection, PLANNER, draft.name, version=draft.version - 1, start=day, seen=None)
    with pytest.raises(OutsideAreasError):
        publishing.publish(
            connection, Editor("x", frozenset({"G00"})), draft.name, version=draft.version, start=day, seen=None
        )
    with pytest.raises(WrongZoneError, match="no zone"):
        draw(connection, draft, "Z404", DraftWords(ends=True))
    published = publishing.publish(connection, PLANNER, draft.name, version=draft.version, start=day, seen=None)
    with pytest.raises(WrongZoneError, match="published from"):
        draw(connection, published, "Z1", DraftWords(ends=True))
    editing.change(connection, PLANNER, "Z1", version=1, start=day, words=ZoneWords(name="later"))
    with pytest.raises(WrongZoneError, match="“Z1” was changed after"):
        publishing.take_back(connection, PLANNER, draft.name, version=published.version)
    begun = drafts.begin(connection, PLANNER, name="now", duty=duty, plan_on=now)
    begun = draw(connection, begun, "Z7", DraftWords(ends=True))
    begun = publishing.publish(connection, PLANNER, "now", version=begun.version, start=now, seen=None)
    with pytest.raises(WrongZoneError, match="can not be taken back"):
        publishing.take_back(connection, PLANNER, "now", version=begun.version)


@pytest.fixture
def own(database: TestDatabase) -> Iterator[Engine]:
    connections = engine(database.service_url)
    yield connections
    connections.dispose()


def test_of_two_who_publish_at_once_one_does(own: Engine) -> None:
    dice = random.Random(4)
    with own.begin() as connection:
        town = office(connection, dice)
        day = today(connection) + timedelta(days=30)
        draft = drawn(connection, dice, town, day)
        told = drafts.sums_of(connection, draft, day)

    def publish(_number: int) -> bool:
        try:
            with own.begin() as connection:
                publishing.publish(connection, PLANNER, draft.name, version=draft.version, start=day, seen=None)
        except StaleVersionError:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(publish, range(2))) == [False, True]
    with own.connect() as connection:
        assert sums(connection, day) == told
        twice = "select count(*) from duty_zone join claim using (id) where code = 'Z9'"
        assert connection.scalar(text(twice)) == 1
