"""Acts on people and holders: past days stay, what is kept equals a rebuild, and nothing wrong is stored."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest
from sqlalchemy import Connection, text

from geo_hygiene.coverage.chain import who_covers
from geo_hygiene.coverage.duties import duty_of
from geo_hygiene.coverage.holders import assignments_changed
from geo_hygiene.coverage.rebuild import rebuild
from geo_hygiene.coverage.summary import Sums, summarize
from geo_hygiene.errors import GeoHygieneError
from geo_hygiene.files.writing.query import layer_rows
from geo_hygiene.layers import layer_of
from geo_hygiene.people import giving, keeping, leaving, posts
from geo_hygiene.people.chains import By, chains
from geo_hygiene.people.giving import Gift, Handing
from geo_hygiene.people.hand_over import zones_to_hand_over
from geo_hygiene.people.listing import Show, Wanted, people, zones
from geo_hygiene.reports.sheet_data import zones_of
from geo_hygiene.zoning.mistakes import OutsideAreasError, StaleVersionError, WrongZoneError
from geo_hygiene.zoning.records import Editor
from tests.coverage.test_rebuild import kept_hashes
from tests.importing import bring
from tests.web.towns import SECOND_PLAN, web_town

PLANNER = Editor("planner@office.example", None)
PART = Editor("part@office.example", frozenset({"C1"}))
SPRING, MAY, JUNE = date(2025, 3, 1), date(2025, 5, 1), date(2025, 6, 1)
WEEK = (date(2025, 5, 12), date(2025, 5, 19))

HOLDERS = """
select zone, person.code, assignment.shift, assignment.valid_from, assignment.valid_to, absent.code
from assignment join person on person.id = person_id left join person as absent on absent.id = stands_in_for
order by zone, assignment.valid_from, person.code
"""
PERIOD = ("valid_from", "valid_to")
EVERYTHING = ("assignment", "post", "person", "claim", "vacancy", "ledger", "record_history", "audit_entry")


def version(connection: Connection, code: str) -> int:
    return connection.execute(text("select version from person where code = :code"), {"code": code}).scalar_one()


def held(connection: Connection, zone: str) -> list[tuple[str, str, str, str | None]]:
    rows = [row for row in connection.execute(text(HOLDERS)) if row.zone == zone]
    day = lambda value: "" if value in (date.min, date.max) else value.isoformat()  # noqa: E731
    return [(row[1], day(row.valid_from), day(row.valid_to), row[5]) for row in rows]


def sums(connection: Connection, on: date) -> Sums:
    return summarize(connection, duty_of(connection, "sweeping"), on).sums


def assert_kept_is_right(connection: Connection) -> None:
    kept = kept_hashes(connection)
    rebuild(connection)
    assert kept_hashes(connection) == kept


def covering(connection: Connection, on: date) -> list[dict[str, object]]:
    """Return who closes the chains of the first street of the first lane."""
    target = connection.execute(
        text("select uuid from target join street_segment using (id) where code = 'S00'")
    ).scalar_one()
    cover = who_covers(connection, layer_of("street-segments"), target, on)["cover"]
    return [stretch["chain"][-1] for stretch in cover if stretch["duty"] == "sweeping"]


def test_zones_are_given_stood_in_for_and_left_and_past_days_stay(connection: Connection) -> None:
    web_town(connection)
    keeping.add(connection, PLANNER, "P3", {"name": "李四", "role": "cleaner", "employment": "part_time"})
    before = sums(connection, SPRING)
    vacant = sums(connection, MAY).vacant
    assert vacant == before.vacant > 0

    given = giving.give(connection, PLANNER, [Gift("Z2", "P3"), Gift("Z3", "P3")], start=MAY, end=None)
    assert held(connection, "Z3") == [("P2", "2025-01-01", "2025-05-01", None), ("P3", "2025-05-01", "", None)]
    assert [remark.split("”")[0] for remark in given.remarks] == ["“P3", "“P3"], "part time, all day, alone"
    assert (given.before["sweeping"] > 0, given.after) == (True, {}), "nothing of them is vacant then"
    assert (sums(connection, SPRING), sums(connection, MAY).vacant) == (before, 0)

    giving.substitute(
        connection, PLANNER, "P1", version=version(connection, "P1"), person="P2", start=WEEK[0], end=WEEK[1]
    )
    assert held(connection, "Z1") == [
        ("P1", "2025-01-01", "2025-05-12", None),
        ("P2", "2025-05-12", "2025-05-19", "P1"),
        ("P1", "2025-05-19", "", None),
    ]
    assert covering(connection, WEEK[0])[0] == {
        "role": "cleaner",
        "code": "P2",
        "name": "Zhang San",
        "stands_in_for": {"code": "P1", "name": "张三"},
    }
    assert covering(connection, WEEK[1])[0] == {"role": "cleaner", "code": "P1", "name": "张三"}
    assert sums(connection, WEEK[0]).vacant == 0
    (sheet,) = zones_of(connection, duty_of(connection, "sweeping"), WEEK[0], ["Z1"])
    assert sheet.holders[0].startswith("Zhang San")
    assert "张三" in sheet.holders[0]
    away = people(connection, Wanted(on=WEEK[0], within=None), show=Show.AWAY)
    assert [row["code"] for row in away.rows] == ["P1"]
    assert len(people(connection, Wanted(on=WEEK[0], within=None)).rows) == 5

    # the file says it, and brings it again
    rows = [dict(row._mapping) for row in connection.execute(layer_rows(layer_of("assignments"), None))]
    assert [row["stands_in_for"] for row in rows if row["zone"] == "Z1"].count("P1") == 1
    for row in rows:
        row.update({name: row[name] and row[name].isoformat() for name in PERIOD})
    again = bring(connection, "assignments", [(None, row) for row in rows])
    assert (again.status, again.stored.unchanged) == ("unchanged", len(rows)), again.findings

    giving.end_substitution(connection, PLANNER, "P1", version=version(connection, "P1"), day=date(2025, 5, 15))
    assert held(connection, "Z1")[1:] == [
        ("P2", "2025-05-12", "2025-05-15", "P1"),
        ("P1", "2025-05-15", "", None),
    ]
    assert_kept_is_right(connection)

    (zone, *_others) = zones_to_hand_over(connection, _id(connection, "P1"), JUNE)
    assert (zone.code, zone.duty.code, zone.lanes[0].name, len(zone.lanes)) == ("Z1", "sweeping", "滨江北路", 1)
    assert zone.amount == pytest.approx(sum(lane.amount for lane in zone.lanes))
    assert [(one.code, one.holders) for one in zone.neighbours] == [("Z3", "李四")]

    posts.appoint(connection, PLANNER, "P1", version=version(connection, "P1"), area="C2", kind="cadre", start=SPRING)
    left = leaving.leave(connection, PLANNER, "P1", version=version(connection, "P1"), day=JUNE, hand_over={"Z1": "P3"})
    assert set(left.zones) == {"Z1", "Z9"}
    assert held(connection, "Z1")[-1] == ("P3", "2025-06-01", "", None)
    assert held(connection, "Z9")[-1] == ("P1", "2025-05-15", "2025-06-01", None)
    assert (sums(connection, SPRING), sums(connection, JUNE).vacant) == (before, 0)
    assert sums(connection, SECOND_PLAN).vacant == sums(connection, SECOND_PLAN).covered > 0
    assert [row["code"] for row in zones(connection, Wanted(on=SECOND_PLAN, within=None), vacant=True).rows] == ["Z9"]
    assert [row["code"] for row in people(connection, Wanted(on=JUNE, within=None), show=Show.LEFT).rows] == ["P1"]
    assert_kept_is_right(connection)
    kept = connection.scalar(text("select count(*) from record_history where layer = 'people'"))
    leaving.come_back(connection, PLANNER, "P1", version=version(connection, "P1"))
    assert connection.scalar(text("select count(*) from record_history where layer = 'people'")) == kept + 1


def _id(connection: Connection, code: str) -> int:
    return connection.execute(text("select id from person where code = :code"), {"code": code}).scalar_one()


def test_what_is_handed_over_leaves_the_receiver_what_he_or_she_holds_there(connection: Connection) -> None:
    web_town(connection)
    keeping.add(connection, PLANNER, "P3", {"name": "李四", "role": "cleaner"})
    _stand_in(connection, "P2", *WEEK)
    absent = version(connection, "P1")
    giving.give(connection, PLANNER, [Gift("Z1", "P3")], start=WEEK[0], end=date(2025, 5, 15))
    assert version(connection, "P1") == absent + 1, "who reads the absent one's page reads otherwise"
    connection.execute(
        text(
            "insert into assignment (person_id, zone, shift, valid_from, valid_to)"
            " select id, 'Z1', 'morning', :start, :until from person where code = 'P3'"
        ),
        {"start": date(2025, 7, 1), "until": date(2025, 7, 8)},
    )
    assignments_changed(connection, ["Z1"])
    _leave(connection, JUNE, Z1="P3")
    assert held(connection, "Z1")[-4:] == [
        ("P1", "2025-05-19", "2025-06-01", None),
        ("P3", "2025-06-01", "2025-07-01", None),
        ("P3", "2025-07-01", "2025-07-08", None),
        ("P3", "2025-07-08", "", None),
    ]
    assert_kept_is_right(connection)


def test_who_answers_at_every_level_and_who_comes_after_whom(connection: Connection) -> None:
    web_town(connection)
    told = chains(connection, MAY, by=By.COMMUNITY, within=None)
    first, second = told.rows
    assert (first["leader"]["code"], first["cadre"]["code"], first["groups_without"]) == ("LD", "CD", 2)
    assert (second["leader"]["code"], second["cadre"], second["is_broken"]) == ("LD", None, True)
    (sweeping,) = (one for one in first["duties"] if one["duty"] == "sweeping")
    assert sweeping["vacant"] == pytest.approx(sums(connection, MAY).vacant / 1000)
    for group in ("C1G1", "C1G2"):
        posts.appoint(connection, PLANNER, "P2", version=version(connection, "P2"), area=group, kind="cadre", start=MAY)
    giving.give(connection, PLANNER, [Gift("Z2", "P1")], start=MAY, end=None)
    whole = chains(connection, MAY, by=By.GROUP, within=frozenset({"C1"}))
    assert [(row["code"], row["group_cadre"]["code"], row["is_broken"]) for row in whole.rows] == [
        ("C1G1", "P2", False),
        ("C1G2", "P2", False),
    ]
    assert chains(connection, MAY, by=By.GROUP, within=frozenset({"C1"}), broken=True).rows == []
    assert chains(connection, MAY, by=By.GROUP, within=None, broken=True).total == 2

    former = posts.appoint(
        connection, PLANNER, "P1", version=version(connection, "P1"), area="C1", kind="cadre", start=MAY, end=JUNE
    )
    assert former == ["CD"]
    cadres = [chains(connection, on, by=By.COMMUNITY, within=None).rows[0]["cadre"] for on in (SPRING, MAY, JUNE)]
    assert [cadre["code"] for cadre in cadres] == ["CD", "P1", "CD"]
    posts.end_post(connection, PLANNER, "P1", version=version(connection, "P1"), area="C1", kind="cadre", day=MAY)
    assert chains(connection, MAY, by=By.COMMUNITY, within=None).rows[0]["cadre"] is None


def _leave(connection: Connection, day: date, **hand_over: str) -> Handing:
    return leaving.leave(connection, PLANNER, "P1", version=version(connection, "P1"), day=day, hand_over=hand_over)


def _stand_in(connection: Connection, person: str, start: date, end: date, zones: list[str] | None = None) -> Handing:
    return giving.substitute(
        connection,
        PLANNER,
        "P1",
        version=version(connection, "P1"),
        person=person,
        start=start,
        end=end,
        zones=zones,
    )


def _give(connection: Connection, *gifts: Gift, start: date = MAY, end: date | None = None, **more: str) -> Handing:
    return giving.give(connection, PLANNER, gifts, start=start, end=end, **more)


def _belonging(connection: Connection, community: str) -> str:
    """Let somebody who has a post in one community belong to another one."""
    connection.execute(text("update person set community = :code where code = 'CD'"), {"code": community})
    return "CD"


WRONG: dict[str, tuple[Callable[[Connection], object], str | None]] = {
    "ends before it begins": (lambda c: _give(c, Gift("Z1", "P2"), start=MAY, end=SPRING), "to"),
    "unknown person": (lambda c: _give(c, Gift("Z1", "P0")), "person"),
    "zone that has ended": (lambda c: _give(c, Gift("Z2", "P1"), start=SECOND_PLAN), "from"),
    "unknown zone": (lambda c: _give(c, Gift("Z0", "P1")), None),
    "zone named twice": (lambda c: _give(c, Gift("Z1", "P1"), Gift("Z1", "P2")), "zones"),
    "zone of another shift": (lambda c: _give(c, Gift("ZM", "P1"), shift="night"), "shift"),
    "somebody who left": (lambda c: _give(c, Gift("Z1", "P4")), "person"),
    "zone read before": (lambda c: _give(c, Gift("Z1", "P2", 7)), None),
    "outside the areas": (lambda c: giving.give(c, PART, [Gift("Z1", "P2")], start=MAY, end=None), None),
    "substitute of oneself": (lambda c: _stand_in(c, "P1", *WEEK), "person"),
    "substitute twice": (lambda c: (_stand_in(c, "P2", *WEEK), _stand_in(c, "P2", WEEK[0], JUNE)), "from"),
    "substitute who left": (lambda c: _stand_in(c, "P4", *WEEK), "person"),
    "zone that is not held": (lambda c: _stand_in(c, "P2", *WEEK, ["Z3"]), "zones"),
    "substitute's time is none": (lambda c: _stand_in(c, "P2", WEEK[1], WEEK[0]), "to"),
    "leave before it began": (lambda c: _leave(c, date(2024, 12, 1)), "from"),
    "hand over what is not held": (lambda c: _leave(c, JUNE, Z3="P2"), "hand_over"),
    "hand over to oneself": (lambda c: _leave(c, JUNE, Z1="P1"), "hand_over"),
    "hand over to nobody": (lambda c: _leave(c, JUNE, Z1="P0"), "person"),
    "leave twice": (lambda c: (_leave(c, JUNE), _leave(c, JUNE)), "from"),
    "read before": (lambda c: leaving.leave(c, PLANNER, "P1", version=99, day=JUNE), None),
    "belongs elsewhere": (lambda c: keeping.change(c, PART, _belonging(c, "C2"), version=1, words={"name": "x"}), None),
    "left and belongs elsewhere": (lambda c: leaving.come_back(c, PART, _belonging(c, "C2"), version=1), None),
    "leaves and belongs elsewhere": (
        lambda c: leaving.leave(c, PART, _belonging(c, "C2"), version=1, day=JUNE),
        None,
    ),
    "role of another area": (lambda c: leaving.leave(c, PART, "P2", version=1, day=JUNE), None),
    "post twice": (
        lambda c: posts.appoint(c, PLANNER, "CD", version=1, area="C1", kind="cadre", start=MAY),
        "area",
    ),
    "post of no area": (
        lambda c: posts.appoint(c, PLANNER, "CD", version=1, area="C9", kind="cadre", start=MAY),
        "area",
    ),
    "no such post": (lambda c: posts.end_post(c, PLANNER, "P1", version=1, area="C1", kind="cadre", day=MAY), "area"),
    "known code": (lambda c: keeping.add(c, PLANNER, "P1", {"name": "x", "role": "cleaner"}), None),
    "community of nobody": (
        lambda c: keeping.change(c, PLANNER, "P1", version=1, words={"community": "C9"}),
        "community",
    ),
    "not gone": (lambda c: leaving.come_back(c, PLANNER, "P1", version=version(c, "P1")), "person"),
    "nobody stands in": (
        lambda c: giving.end_substitution(c, PLANNER, "P1", version=version(c, "P1"), day=MAY),
        "from",
    ),
}


KINDS = {
    "outside the areas": OutsideAreasError,
    "belongs elsewhere": OutsideAreasError,
    "left and belongs elsewhere": OutsideAreasError,
    "leaves and belongs elsewhere": OutsideAreasError,
    "read before": StaleVersionError,
    "zone read before": StaleVersionError,
}


def test_what_can_not_be_is_said_and_nothing_is_stored(connection: Connection) -> None:
    web_town(connection)
    connection.execute(
        text("insert into person (code, name, role, left_on) values ('P4', '赵', 'cleaner', '2025-02-01')")
    )
    connection.execute(
        text("update claim set shift = 'morning' from duty_zone where duty_zone.id = claim.id and code = 'Z3'")
    )
    connection.execute(text("update duty_zone set code = 'ZM' where code = 'Z3'"))
    counts = "select " + ", ".join(
        f"(select md5(string_agg(t::text, '|' order by t::text)) from {t} t)" for t in EVERYTHING
    )
    before = connection.execute(text(counts)).one()
    for name, (act, place) in WRONG.items():
        step = connection.begin_nested()
        with pytest.raises(GeoHygieneError) as refused:
            act(connection)
        step.rollback()
        assert str(refused.value), name
        if place is None:
            assert not isinstance(refused.value, WrongZoneError), name
        else:
            assert isinstance(refused.value, WrongZoneError), (name, refused.value)
            assert refused.value.place == place, name
        assert connection.execute(text(counts)).one() == before, name
    for name, kind in KINDS.items():
        with pytest.raises(kind):
            WRONG[name][0](connection)
