"""What is kept by differences is what a rebuild makes."""

from __future__ import annotations

import hashlib
import itertools
import random
from datetime import UTC, date, datetime, time, timedelta

import pytest
import shapely
import shapely.affinity
from sqlalchemy import Connection, text

from geo_hygiene.campaigns.catalogue import campaign_of
from geo_hygiene.campaigns.cover import Level, campaign_cover
from geo_hygiene.campaigns.pieces import TARGETS, TREATMENTS, asked
from geo_hygiene.campaigns.writing import NewTreatment, add_treatments, campaigns_changed, remove_treatments
from geo_hygiene.coverage import answers
from geo_hygiene.coverage.holders import assignments_changed
from geo_hygiene.coverage.rebuild import rebuild, rebuild_duty
from geo_hygiene.coverage.targets import areas_changed, targets_changed
from geo_hygiene.coverage.work import work_statement
from geo_hygiene.coverage.writing import NewWork, NewZone, Stretch, add_zones, end_claims, replace_lists
from tests.coverage.towns import SOUTH, START, STEP, WEST, Town, add_random_zones, add_target, grid_town, random_period

KEPT = {
    "cover": "select target_id, claim.id, from_mm, to_mm, cover.duty_id, claim.duty_id"
    " from cover join claim using (source_id) order by 1, 2, 3",
    "state": "select duty_id, target_id, valid_from, valid_to, area_id, covered_mm, overlap_mm, gap_max_mm, gaps::text"
    " from state order by 1, 2, 3",
    "vacancy": "select duty_id, target_id, valid_from, valid_to, area_id, vacant_mm from vacancy order by 1, 2, 3",
    "ledger": "select duty_id, level, area_id, day, total_mm, covered_mm, overlap_mm, vacant_mm from ledger"
    " order by duty_id, level, area_id nulls last, day",
    "reached": "select campaign.code, target_id, day, result, seen_on, area_id, change_mm"
    " from reached join campaign on campaign.id = campaign_id order by 1, 2, 3, 4, 5",
    "reached_sum": "select campaign.code, level, area_id, kind, day, result, seen_on, change_mm"
    " from reached_sum join campaign on campaign.id = campaign_id"
    " order by 1, level, area_id nulls last, kind, day, result, seen_on",
}


CAMPAIGNS = """
insert into campaign (code, title, pest, valid_from, valid_to, scope)
select code, code, 'fly', '2024-01-01', '2027-01-01', '{street-segments}' from unnest(array['X', 'Y']) as code
"""

IN_PIECES = """
select area.code, coalesce(result, '') as result, sum(to_mm - from_mm)
from piece
left join area_tree on area_tree.id = piece.area_id
left join area on area.id = area_tree.{level}_id
group by 1, 2
"""


def assert_sums_are_those_of_the_pieces(connection: Connection, code: str, on: date) -> None:
    """Compare what is kept of a campaign with its targets cut into pieces, which know nothing of it."""
    campaign = campaign_of(connection, code)
    for level in Level:
        told = campaign_cover(connection, campaign, on, level)
        kept = {
            (area.code, result): extent
            for area in told.areas
            for kind in area.kinds
            for result, extent in {
                "": kind.on_ground - kind.found,
                **kind.by_result,
            }.items()
            if extent
        }
        statement = work_statement(TARGETS, TREATMENTS, IN_PIECES.format(level=level.value))
        cut = {tuple(row)[:2]: int(row[2]) for row in connection.execute(statement, asked(campaign, on))}
        assert kept == cut
        assert sum(kind.on_ground for kind in told.kinds) == sum(cut.values())


def kept_hashes(connection: Connection) -> dict[str, str]:
    return {
        name: hashlib.sha256(repr(connection.execute(text(query)).all()).encode()).hexdigest()
        for name, query in KEPT.items()
    }


def assign(connection: Connection, dice: random.Random, town: Town) -> None:
    person = connection.scalar(
        text("insert into person (code, name, role) values (:code, :code, 'cleaner') returning id"),
        {"code": f"P{dice.getrandbits(48)}"},
    )
    zone = dice.choice(sorted(town.zones.values()))
    valid_from, valid_to = random_period(dice)
    connection.execute(
        text(
            "insert into assignment (person_id, zone, valid_from, valid_to)"
            " values (:person, :zone, coalesce(cast(:start as date), '-infinity'),"
            " coalesce(cast(:end as date), 'infinity'))"
        ),
        {"person": person, "zone": zone, "start": valid_from, "end": valid_to},
    )
    assignments_changed(connection, [zone])


def unassign(connection: Connection, dice: random.Random, town: Town) -> None:
    zone = dice.choice(sorted(town.zones.values()))
    connection.execute(text("delete from assignment where zone = :zone"), {"zone": zone})
    assignments_changed(connection, [zone])


def relist(connection: Connection, dice: random.Random, town: Town) -> None:
    replace_lists(connection, {dice.choice(sorted(town.zones)): town.stretches(dice)})


def finish(connection: Connection, dice: random.Random, town: Town) -> None:
    end_claims(connection, [dice.choice(sorted(town.zones))], START + timedelta(days=dice.randrange(-20, 400)))
    town.zones = {
        row.id: row.code for row in connection.execute(text("select id, code from duty_zone")) if row.id in town.zones
    }


def add(connection: Connection, dice: random.Random, town: Town) -> None:
    add_random_zones(connection, dice, town, dice.randint(1, 3))


def split_street(connection: Connection, dice: random.Random, town: Town, day: date | None = None) -> None:
    """End a street at a day, some day soon when none is told, and let its two halves begin."""
    target_id = dice.choice(sorted(town.extents))
    began = connection.scalar(text("select valid_from from target where id = :id"), {"id": target_id})
    day = day or max(began, START) + timedelta(days=dice.randrange(1, 60))
    points = [
        (row.lon, row.lat)
        for row in connection.execute(
            text(
                "select ST_X(d.geom) as lon, ST_Y(d.geom) as lat from target, ST_DumpPoints(geom) as d"
                " where id = :id order by d.path"
            ),
            {"id": target_id},
        )
    ]
    share = dice.uniform(0.2, 0.8)
    (x0, y0), (x1, y1) = points[0], points[1]
    middle = (x0 + share * (x1 - x0), y0 + share * (y1 - y0))
    connection.execute(text("update target set valid_to = :day where id = :id"), {"day": day, "id": target_id})
    children = [add_target(connection, half, valid_from=day) for half in ([points[0], middle], [middle, *points[1:]])]
    for child_id, extent in children:
        connection.execute(
            text("insert into target_parent values (:child, :parent)"), {"child": child_id, "parent": target_id}
        )
        town.extents[child_id] = extent
    del town.extents[target_id]
    targets_changed(connection, begun=[child for child, _ in children], ended=[target_id])


def move_border(connection: Connection, dice: random.Random, town: Town) -> None:
    connection.execute(
        text("update area set zone_class = :zone_class where code = :code"),
        {"zone_class": dice.choice(("core", "fringe")), "code": dice.choice(("C0", "C1"))},
    )
    areas_changed(connection)


def work(connection: Connection, dice: random.Random, town: Town) -> None:
    """Do work on a street of that day, though it may have ended since, or on some ground."""
    day = START + timedelta(days=dice.randrange(0, 400))
    ground = shapely.Point(WEST + dice.uniform(0, 5) * STEP, SOUTH + dice.uniform(0, 5) * STEP).buffer(STEP / 3)
    target = dice.choice(
        connection.execute(
            text("select id, extent_mm from target where valid_from <= :day and :day < valid_to order by id"),
            {"day": day},
        ).all()
    )
    start = dice.randrange(target.extent_mm - 1)
    listed = dice.random() < 0.7
    done = NewWork(
        kind="treatments",
        day=day,
        done_at=datetime.combine(day, time(4), UTC),
        result=dice.choice(("done", "done", "refused", "locked")),
        shape=None if listed else shapely.to_wkb(shapely.MultiPolygon([ground])),
        stretches=[Stretch(target.id, start, dice.randint(start + 1, target.extent_mm))] if listed else [],
    )
    campaign = dice.choice(connection.scalars(text("select id from campaign order by id")).all())
    add_treatments(connection, [NewTreatment(work=done, campaign_id=campaign, source_key=f"T{dice.getrandbits(48)}")])


def undo_work(connection: Connection, dice: random.Random, town: Town) -> None:
    """Take some work back, as a correction does."""
    ids = connection.scalars(text("select id from treatment order by id")).all()
    remove_treatments(connection, dice.sample(ids, min(len(ids), 3)))


def change_campaign(connection: Connection, dice: random.Random, town: Town) -> None:
    """Let a campaign be about some zone class, or about one community, or about everything."""
    code = dice.choice(("X", "Y"))
    connection.execute(
        text("update campaign set zone_classes = :classes, areas = :areas where code = :code"),
        {"code": code, "classes": dice.choice((None, ["core"])), "areas": dice.choice((None, ["C0"]))},
    )
    campaigns_changed(connection, [code])


EDITS = (
    add,
    add,
    add,
    relist,
    relist,
    relist,
    finish,
    assign,
    assign,
    assign,
    unassign,
    work,
    work,
    work,
    undo_work,
    change_campaign,
    split_street,
    move_border,
)


@pytest.mark.parametrize("seed", range(2))
def test_answers_kept_by_differences_equal_a_rebuild_after_500_edits(connection: Connection, seed: int) -> None:
    dice = random.Random(seed)
    town = grid_town(connection)
    add_random_zones(connection, dice, town, 12)
    connection.execute(text(CAMPAIGNS))
    campaigns_changed(connection)
    for edit_number in range(500):
        dice.choice(EDITS)(connection, dice, town)
        if len(town.zones) < 6:
            add_random_zones(connection, dice, town, 6)
        if edit_number % 100 == 99:
            before = kept_hashes(connection)
            rebuild(connection)
            assert kept_hashes(connection) == before
            for code in ("X", "Y"):
                assert_sums_are_those_of_the_pieces(connection, code, START + timedelta(days=dice.randrange(450)))


def test_one_duty_is_made_again_from_nothing_and_the_others_stay(connection: Connection) -> None:
    dice = random.Random(4)
    town = grid_town(connection)
    add_random_zones(connection, dice, town, 20)
    for _ in range(5):
        assign(connection, dice, town)
    connection.execute(text(CAMPAIGNS))
    campaigns_changed(connection)
    work(connection, dice, town)
    before = kept_hashes(connection)
    for table in ("cover", "state", "vacancy", "ledger"):
        connection.execute(text(f"delete from {table} where duty_id = 1"))
    assert kept_hashes(connection) != before
    rebuild_duty(connection, 1)
    assert kept_hashes(connection) == before


WRONG = (
    "update cover set to_mm = to_mm + 1 where duty_id = 1 and target_id % 3 = 0",
    "insert into cover select target_id, source_id, to_mm + 7, to_mm + 9, duty_id from cover where duty_id = 1 limit 5",
    "update state set area_id = null where duty_id = 1 and target_id % 3 = 0",
    "update state set valid_to = valid_to - 1 where duty_id = 1 and valid_to <> 'infinity'",
    "delete from state where duty_id = 1 and target_id % 3 = 1",
    "update vacancy set vacant_mm = vacant_mm + 1 where duty_id = 1",
    "update ledger set covered_mm = covered_mm + 1 where duty_id = 1",
)
PLACES = {table: f"select ctid, * from {table} order by ctid" for table in ("cover", "state", "vacancy")}


@pytest.mark.parametrize("whole", [False, True])
def test_a_rebuild_mends_what_is_wrong_and_writes_nothing_that_is_right(connection: Connection, whole: bool) -> None:
    def made_again() -> None:
        if whole:
            rebuild(connection)
        else:
            rebuild_duty(connection, 1)

    dice = random.Random(6)
    town = grid_town(connection)
    add_random_zones(connection, dice, town, 20)
    for _ in range(5):
        assign(connection, dice, town)
    before = kept_hashes(connection)
    for statement in WRONG:
        assert connection.execute(text(statement)).rowcount > 0, statement
    made_again()
    assert kept_hashes(connection) == before
    places = {table: connection.execute(text(query)).all() for table, query in PLACES.items()}
    made_again()
    assert {table: connection.execute(text(query)).all() for table, query in PLACES.items()} == places


@pytest.mark.parametrize("share", [0.2, 1])
def test_many_targets_at_once_get_the_answers_of_a_rebuild(
    connection: Connection, monkeypatch: pytest.MonkeyPatch, share: float
) -> None:
    monkeypatch.setattr(answers, "BULK", 0)
    town = grid_town(connection)
    add_random_zones(connection, random.Random(5), town, 12)
    before = kept_hashes(connection)
    chosen = sorted(town.extents)[: round(share * len(town.extents))]
    for table in ("state", "vacancy"):
        connection.execute(text(f"delete from {table} where target_id = any(:ids)"), {"ids": chosen})
    assert kept_hashes(connection) != before
    answers.refresh(connection, [1, 2], chosen)
    assert kept_hashes(connection) == before


def test_a_split_street_hands_its_stretches_to_its_halves(connection: Connection) -> None:
    dice = random.Random(7)
    town = grid_town(connection, 2)
    target_id, extent = next(iter(town.extents.items()))
    add_zones(connection, [NewZone(code="Z", duty_id=1, stretches=[Stretch(target_id, 10_000, extent)])])
    town.extents = {target_id: extent}
    split_street(connection, dice, town)
    covered = connection.execute(
        text("select sum(to_mm - from_mm) from cover where target_id = any(:ids)"), {"ids": sorted(town.extents)}
    ).scalar_one()
    assert sum(town.extents.values()) == pytest.approx(extent, abs=2)
    assert covered == pytest.approx(extent - 10_000, abs=3)


def test_replaced_lists_stay_on_a_street_that_is_split(connection: Connection) -> None:
    town = grid_town(connection, 2)
    target_id, extent = next(iter(town.extents.items()))
    (zone,) = add_zones(connection, [NewZone(code="Z", duty_id=1, stretches=[Stretch(target_id, 0, extent)])])
    replace_lists(connection, {zone: [Stretch(target_id, 0, 10_000)]})
    town.extents = {target_id: extent}
    split_street(connection, random.Random(7), town)
    listed = connection.execute(
        text(
            "select claim.id, sum(to_mm - from_mm) from claim_stretch left join claim using (source_id)"
            " where target_id = any(:ids) group by claim.id"
        ),
        {"ids": sorted(town.extents)},
    )
    assert [tuple(row) for row in listed] == [(zone, 10_000)]


def test_what_is_deleted_takes_its_kept_answers_along(connection: Connection) -> None:
    town = grid_town(connection, 2)
    (target_id, extent), (other_id, other_extent) = list(town.extents.items())[:2]
    stretches = [Stretch(target_id, 0, extent), Stretch(other_id, 0, other_extent)]
    (zone,) = add_zones(connection, [NewZone(code="Z", duty_id=1, stretches=stretches)])
    kept = "select (select count(*) from cover), (select count(*) from state), (select count(*) from vacancy)"
    before = connection.execute(text(kept)).one()
    states = connection.scalar(text("select count(*) from state where target_id = :id"), {"id": target_id})
    connection.execute(text("delete from target where id = :id"), {"id": target_id})
    assert connection.execute(text(kept)).one() == (before[0] - 1, before[1] - states, before[2] - 1)
    source = connection.scalar(text("delete from claim where id = :id returning source_id"), {"id": zone})
    connection.execute(text("delete from claim_source where id = :id"), {"id": source})
    assert connection.scalar(text("select count(*) from cover")) == before[0] - 2


def test_neighbours_of_one_duty_and_time_have_unlike_colours(connection: Connection) -> None:
    """A checkerboard of zones, and one more upon it in another duty and one after its time."""
    town = grid_town(connection, 2)
    whole = [Stretch(target_id, 0, extent) for target_id, extent in town.extents.items()]
    square = shapely.box(WEST, SOUTH, WEST + STEP, SOUTH + STEP)
    squares = {
        f"Z{row}{column}": shapely.affinity.translate(square, column * STEP, row * STEP)
        for row in range(4)
        for column in range(4)
    }

    def zone(code: str, place: shapely.Geometry, duty_id: int = 1, start: date | None = None) -> NewZone:
        picture = shapely.to_wkb(shapely.MultiPolygon([place]))
        end = None if start else START
        return NewZone(code=code, duty_id=duty_id, stretches=whole, valid_from=start, valid_to=end, picture=picture)

    add_zones(connection, [zone(code, place) for code, place in squares.items()])
    add_zones(connection, [zone("OTHER", squares["Z11"], 2), zone("LATER", squares["Z11"], 1, START)])
    tints = {row.code: row.tint for row in connection.execute(text("select code, tint from duty_zone"))}
    assert tints["OTHER"] == tints["LATER"] == 0
    touching = [
        (one, other)
        for one, other in itertools.combinations(squares, 2)
        if shapely.dwithin(squares[one], squares[other], STEP / 20)
    ]
    assert len(touching) == 42
    assert all(tints[one] != tints[other] for one, other in touching)
