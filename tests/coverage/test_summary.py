"""Sums, lists and pieces of a day tell the same story."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date, timedelta

import pytest
from sqlalchemy import Connection, text

from geo_hygiene.coverage import rebuild
from geo_hygiene.coverage.answers import refresh
from geo_hygiene.coverage.chain import who_covers
from geo_hygiene.coverage.duties import duty_of
from geo_hygiene.coverage.intervals import length, union
from geo_hygiene.coverage.questions import LISTED_MM, PieceFilter, gaps, pieces
from geo_hygiene.coverage.summary import Level, SummaryRow, Sums, summarize
from geo_hygiene.coverage.targets import targets_changed
from geo_hygiene.coverage.writing import NewZone, Stretch, add_zones
from geo_hygiene.errors import UnknownDutyError, UnknownRecordError
from geo_hygiene.layers import LAYERS
from tests.coverage.test_rebuild import assign
from tests.coverage.towns import SOUTH, START, STEP, WEST, Town, add_random_zones, add_target, grid_town

DAYS = [START + timedelta(days=offset) for offset in (-40, 0, 60, 150, 290, 600)]


@pytest.fixture
def town(connection: Connection) -> Town:
    dice = random.Random(3)
    town = grid_town(connection)
    add_random_zones(connection, dice, town, 40)
    for _ in range(15):
        assign(connection, dice, town)
    return town


def brute_force(connection: Connection, duty_id: int, on: date) -> tuple[int, int, int]:
    """Return total, covered and vacant of a duty from claims and assignments alone."""
    scope = connection.execute(
        text(
            "select target_id, extent_mm from duty_target"
            " where duty_id = :duty and valid_from <= :on and :on < valid_to"
        ),
        {"duty": duty_id, "on": on},
    ).all()
    rows = connection.execute(
        text(
            "select target_id, from_mm, to_mm, exists (select from assignment where zone = duty_zone.code"
            " and assignment.valid_from <= :on and :on < assignment.valid_to) as held"
            " from claim join duty_zone using (id) join claim_stretch using (source_id)"
            " where duty_id = :duty and claim.valid_from <= :on and :on < claim.valid_to"
        ),
        {"duty": duty_id, "on": on},
    ).all()
    covered = vacant = 0
    for target in scope:
        mine = [row for row in rows if row.target_id == target.target_id]
        all_of_it = length(union((row.from_mm, row.to_mm) for row in mine))
        covered += all_of_it
        vacant += all_of_it - length(union((row.from_mm, row.to_mm) for row in mine if row.held))
    return sum(target.extent_mm for target in scope), covered, vacant


@pytest.mark.parametrize("code", ["sweeping", "supervision"])
@pytest.mark.parametrize("on", DAYS)
def test_sums_equal_claims_counted_one_by_one(connection: Connection, town: Town, code: str, on: date) -> None:
    duty = duty_of(connection, code)
    sums = summarize(connection, duty, on).sums
    assert (sums.total, sums.covered, sums.vacant) == brute_force(connection, duty.id, on)
    assert sums.gap == sums.total - sums.covered


@pytest.mark.parametrize("level", [Level.OFFICE, Level.COMMUNITY, Level.GROUP, Level.LANE])
@pytest.mark.parametrize("on", DAYS[:3])
def test_rows_add_up_to_the_total(connection: Connection, town: Town, level: Level, on: date) -> None:
    summary = summarize(connection, duty_of(connection, "sweeping"), on, level)
    added = [sum(getattr(row.sums, name) for row in summary.rows) for name in Sums.__dataclass_fields__]
    assert added == [getattr(summary.sums, name) for name in Sums.__dataclass_fields__]


def coded_first(rows: Iterable[SummaryRow]) -> list[SummaryRow]:
    """Return rows as pages bring them: those without a code last."""
    return sorted(rows, key=lambda row: row.code is None)


@pytest.mark.parametrize("level", Level)
def test_pages_of_rows_are_all_rows(connection: Connection, town: Town, level: Level) -> None:
    duty, rows, after = duty_of(connection, "sweeping"), [], None
    if level is Level.LANE:  # and one that has no code
        connection.execute(text("update lane set code = null where id = (select min(id) from lane)"))
    whole = summarize(connection, duty, DAYS[1], level)
    while True:
        page = summarize(connection, duty, DAYS[1], level, limit=2, after=after)
        assert page.sums == whole.sums
        assert sum(row.code is not None for row in page.rows) <= 2
        rows += page.rows
        after = page.next
        if after is None:
            break
    assert rows == coded_first(whole.rows)
    assert whole.next is None


def all_rows(connection: Connection, wanted: PieceFilter, on: date) -> Iterator[dict[str, object]]:
    duty, after = duty_of(connection, "sweeping"), None
    while True:
        page = pieces(connection, duty, on, wanted=wanted, limit=17, after=after)
        yield from page.rows
        after = page.next
        if after is None:
            return


@pytest.mark.parametrize("on", DAYS[1:4])
def test_pieces_partition_the_targets_and_add_up_to_the_sums(connection: Connection, town: Town, on: date) -> None:
    sums = summarize(connection, duty_of(connection, "sweeping"), on).sums
    by_state: Counter[str] = Counter()
    listed = list(all_rows(connection, PieceFilter(), on))
    for row in listed:
        by_state[row["state"]] += round(row["length_m"] * 1000)
    slack = LISTED_MM * len(town.extents)
    assert by_state["gap"] == pytest.approx(sums.gap, abs=slack)
    assert by_state["overlap"] == pytest.approx(sums.overlap, abs=slack)
    assert sum(by_state.values()) == pytest.approx(sums.total, abs=slack)
    keys = [(-row["length_m"], row["segment"], row["from_m"]) for row in listed]
    assert keys == sorted(keys)
    assert len(set(keys)) == len(keys)


def test_gaps_are_the_pieces_of_that_state(connection: Connection, town: Town) -> None:
    duty = duty_of(connection, "sweeping")
    listed = [(row["segment"], row["from_m"], row["to_m"]) for row in gaps(connection, duty, DAYS[1], limit=500).rows]
    cut = all_rows(connection, PieceFilter(state="gap"), DAYS[1])
    assert listed == [(row["segment"], row["from_m"], row["to_m"]) for row in cut]
    assert listed


def test_a_person_counts_whole_and_nobody_has_the_rest(connection: Connection, town: Town) -> None:
    target_id, extent = next(iter(town.extents.items()))
    for index in range(2):
        zone = NewZone(code=f"TWICE-{index}", duty_id=1, stretches=[Stretch(target_id, 0, extent)])
        add_zones(connection, [zone])
    connection.execute(text("insert into person (code, name, role) values ('P-1', 'Cleaner 001', 'cleaner')"))
    connection.execute(
        text(
            "insert into assignment (person_id, zone)"
            " select id, zone from person, (values ('TWICE-0'), ('TWICE-1')) as z (zone)"
            " where person.code = 'P-1'"
        )
    )
    rows = summarize(connection, duty_of(connection, "sweeping"), DAYS[1], Level.PERSON).rows
    mine = next(row for row in rows if row.code == "P-1")
    assert mine.sums == Sums(extent, extent, extent, 0)
    assert rows[-1].code is None


def test_the_chain_names_leader_cadre_and_holder(connection: Connection) -> None:
    town = grid_town(connection, 2)
    target_id, extent = next(iter(town.extents.items()))
    add_zones(connection, [NewZone(code="Z-1", duty_id=1, stretches=[Stretch(target_id, 0, extent)])])
    connection.execute(
        text(
            "insert into person (code, name, role) values ('L', 'Leader 01', 'leader'), ('K', 'Cadre 01', 'cadre'),"
            " ('K-2', 'Cadre 02', 'cadre'), ('C', 'Cleaner 001', 'cleaner')"
        )
    )
    area = connection.execute(
        text("select group_id, community_id from area_tree where id = (select area_id from target where id = :id)"),
        {"id": target_id},
    ).one()
    connection.execute(
        text(
            "insert into post (person_id, area_id, kind)"
            " select id, :community, role from person where code in ('L', 'K')"
            " union all select id, :group, role from person where code = 'K-2'"
        ),
        {"community": area.community_id, "group": area.group_id},
    )
    uuid = connection.scalar(text("select uuid from target where id = :id"), {"id": target_id})
    layer = LAYERS["street-segments"]

    def chain() -> list[tuple[str, str | None]]:
        stretches = who_covers(connection, layer, uuid, DAYS[1])["cover"]
        assert [(item["duty"], item["from_m"], item["to_m"], item["zone"]) for item in stretches] == [
            ("sweeping", 0.0, extent / 1000, "Z-1")
        ]
        return [(link["role"], link["code"]) for link in stretches[0]["chain"]]

    assert chain() == [("leader", "L"), ("cadre", "K-2"), ("cleaner", None)]
    connection.execute(text("insert into assignment (person_id, zone) select id, 'Z-1' from person where code = 'C'"))
    assert chain() == [("leader", "L"), ("cadre", "K-2"), ("cleaner", "C")]


def test_nobody_looks_after_a_target_before_it_begins_and_after_it_ended(connection: Connection) -> None:
    target_id, extent = add_target(
        connection, [(WEST, SOUTH), (WEST + STEP, SOUTH)], valid_from=DAYS[1], valid_to=DAYS[3]
    )
    targets_changed(connection, begun=[target_id])
    add_zones(connection, [NewZone(code="Z-1", duty_id=1, stretches=[Stretch(target_id, 0, extent)])])
    uuid = connection.scalar(text("select uuid from target where id = :id"), {"id": target_id})
    told = [who_covers(connection, LAYERS["street-segments"], uuid, day)["cover"] for day in DAYS]
    assert [len(cover) for cover in told] == [0, 1, 1, 0, 0, 0]


def outside(connection: Connection, duty: str, on: date = DAYS[1]) -> list[tuple[str | None, int, int]]:
    found = summarize(connection, duty_of(connection, duty), on).outside_scope
    return [(row.zone, row.targets, row.extent) for row in found]


def test_what_a_zone_holds_outside_the_scope_is_listed_by_zone(connection: Connection) -> None:
    """Supervision is asked for in the core alone."""
    town = grid_town(connection)
    core = {
        row.target_id for row in connection.execute(text("select target_id from duty_target where duty_id = 2")).all()
    }
    fringe = sorted(town.extents.keys() - core)[:2]
    halves = [
        Stretch(target_id, *span)
        for target_id in (*fringe, min(core))
        for span in ((0, 10_000), (20_000, town.extents[target_id]))
    ]
    for duty_id in (1, 2):
        add_zones(connection, [NewZone(code="Z", duty_id=duty_id, stretches=halves, valid_from=DAYS[1])])
    assert outside(connection, "supervision") == [("Z", 2, sum(town.extents[one] - 10_000 for one in fringe))]
    assert outside(connection, "supervision", DAYS[0]) == []
    assert outside(connection, "sweeping") == []
    connection.execute(text("update scope set valid_from = :day where duty_id = 1"), {"day": DAYS[2]})
    refresh(connection, [1], town.extents)
    assert outside(connection, "sweeping") == [
        ("Z", 3, sum(town.extents[one] - 10_000 for one in (*fringe, min(core))))
    ]
    assert outside(connection, "sweeping", DAYS[2]) == []


def test_targets_of_another_kind_under_a_shape_are_not_outside_the_scope(connection: Connection) -> None:
    town = grid_town(connection, 2)
    connection.execute(text("update target set kind = 'drain-segments' where id = :id"), {"id": min(town.extents)})
    source = connection.scalar(
        text(
            "insert into claim_source (basis, geom) select 'shape', ST_Multi(ST_Envelope(ST_Extent(geom)::geometry))"
            " from target returning id"
        )
    )
    zone = connection.scalar(
        text("insert into claim (kind, source_id, duty_id) values ('duty-zones', :source, 2) returning id"),
        {"source": source},
    )
    connection.execute(text("insert into duty_zone (id, code) values (:id, 'Z')"), {"id": zone})
    rebuild.rebuild(connection)
    covered = set(connection.scalars(text("select target_id from cover")))
    core = set(connection.scalars(text("select target_id from duty_target where duty_id = 2")))
    assert covered == town.extents.keys()
    assert outside(connection, "supervision")[0][1] == len(covered - core) - 1


def test_unknown_names_are_refused(connection: Connection) -> None:
    with pytest.raises(UnknownDutyError, match="sweeping, supervision, drains, tanks"):
        duty_of(connection, "mopping")
    with pytest.raises(UnknownRecordError, match="not the key of a page"):
        gaps(connection, duty_of(connection, "sweeping"), DAYS[0], after="1.x.2")
    with pytest.raises(UnknownRecordError, match="not the key of a page"):
        summarize(connection, duty_of(connection, "sweeping"), DAYS[0], Level.LANE, limit=1, after="no lane")
