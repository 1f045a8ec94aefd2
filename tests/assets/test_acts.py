"""Tanks and streets that are changed by hand: what is kept stays right, past days stay as they were."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
import shapely
from shapely import LineString
from sqlalchemy import Connection, event, text

from geo_hygiene.assets import acts, groups, undoing
from geo_hygiene.assets.acts import AssetChange
from geo_hygiene.assets.mistakes import KnownAssetError, NotUndoneError, WrongAssetError
from geo_hygiene.assets.records import AssetRecord, asset_layer, read_assets
from geo_hygiene.coverage.duties import duty_of, today
from geo_hygiene.coverage.locks import DUTY_LOCK, TARGETS_LOCK
from geo_hygiene.coverage.rebuild import rebuild
from geo_hygiene.coverage.summary import Sums, summarize
from geo_hygiene.coverage.writing import NewZone, Stretch, add_zones
from geo_hygiene.errors import UnknownRecordError
from geo_hygiene.layerspec import MapLayer
from geo_hygiene.zoning import parting
from geo_hygiene.zoning.mistakes import OutsideAreasError, StaleVersionError
from geo_hygiene.zoning.records import Editor
from tests.coverage.test_rebuild import kept_hashes
from tests.importing import block, bring, fingerprint, place, street

PLANNER = Editor("planner@office.example", None)
STREETS, TANKS, DRAINS = asset_layer("street-segments"), asset_layer("septic-tanks"), asset_layer("drain-segments")
LONG_AGO, BEFORE, DAY, AFTER = date(2025, 1, 1), date(2025, 5, 31), date(2025, 6, 1), date(2025, 9, 1)
SWEEPING, TANK_DUTY = 1, 4


STREETS_OF_FILE = [
    (street(0, 0, 100, 0), {"code": "A1", "lane": "解放街", "lane_code": "A", "category": "street", "note": "old"}),
    (street(100, 0, 200, 0), {"code": "A2", "lane": "解放街", "lane_code": "A", "category": "street"}),
    (street(100, -80, 100, 0), {"code": "B1", "lane": "鱼巷", "lane_code": "B", "category": "lane"}),
    (street(200, 0, 300, 0), {"code": "D1", "lane": "东街", "lane_code": "D", "category": "lane"}),
]


def town(connection: Connection) -> None:
    """Write two lanes of two segments each that cross, two tanks, and zones that hold most of it since 2025."""
    areas = [
        (block(-500, -500, 1000, 1000), {"code": "O", "name": "O", "level": "office"}),
        (block(-500, -500, 1000, 1000), {"code": "C", "name": "C", "level": "community", "parent": "O"}),
        (block(-500, -500, 100, 1000), {"code": "W", "name": "W", "level": "group", "parent": "C"}),
        (block(100, -500, 1000, 1000), {"code": "E", "name": "E", "level": "group", "parent": "C"}),
    ]
    bring(connection, "areas", areas)
    bring(connection, "street-segments", STREETS_OF_FILE, key="code")
    bring(
        connection,
        "septic-tanks",
        [(place(20, 20), {"code": "T1", "households": 12}), (place(150, 20), {"code": "T2"})],
    )
    a1, a2, b1, d1 = (find(connection, STREETS, code) for code in ("A1", "A2", "B1", "D1"))
    t1 = find(connection, TANKS, "T1")
    zones = [
        ("Z1", SWEEPING, [Stretch(a1.id, 0, a1.extent_mm), Stretch(b1.id, 0, b1.extent_mm)]),
        ("Z2", SWEEPING, [Stretch(a2.id, 0, a2.extent_mm), Stretch(d1.id, 0, 40_000)]),
        ("ZT", TANK_DUTY, [Stretch(t1.id, 0, 1)]),
    ]
    add_zones(
        connection,
        [NewZone(code=code, duty_id=duty, stretches=held, valid_from=LONG_AGO) for code, duty, held in zones],
    )


def find(connection: Connection, layer: MapLayer, code: str) -> AssetRecord:
    own = layer.model.__tablename__
    statement = f"select target.id from target join {own} as own using (id) where own.code = :code order by id"
    return read_assets(connection, layer, connection.scalars(text(statement), {"code": code}).all()[-1:])[0]


def sums(connection: Connection, on: date, duty: str = "sweeping") -> Sums:
    return summarize(connection, duty_of(connection, duty), on).sums


def assert_right(connection: Connection) -> None:
    """Hold what is kept against a rebuild."""
    kept = kept_hashes(connection)
    rebuild(connection)
    assert kept_hashes(connection) == kept


def codes(change: AssetChange) -> list[str | None]:
    return [asset.code for asset in change.targets]


def test_a_tank_is_added_once_moved_changed_and_ended(connection: Connection):
    town(connection)
    uuid = uuid4()

    def add() -> AssetChange:
        fields = {"code": "T3", "volume_m3": 4.5, "households": 3}
        return acts.create(connection, PLANNER, TANKS, shape=place(60, 30), fields=fields, day=DAY, uuid=uuid)

    added = add()
    assert (added.targets[0].uuid, added.targets[0].valid_from, added.targets[0].area) == (uuid, DAY, "W")
    (outcome,) = added.duties
    assert (outcome.after.total - outcome.before.total, outcome.after.gap - outcome.before.gap) == (1, 1)
    before = fingerprint(connection)
    assert add().number is None
    assert fingerprint(connection) == before
    with pytest.raises(KnownAssetError):
        acts.create(connection, PLANNER, STREETS, shape=street(0, 9, 9, 9), fields={}, day=DAY, uuid=uuid)

    first = find(connection, TANKS, "T1")
    moved = acts.change(
        connection, PLANNER, TANKS, "T1", version=first.version, day=DAY, shape=place(24, 20), fields={}
    )
    (child,) = moved.targets
    assert [asset.uuid for asset in moved.ended] == [first.uuid]
    assert (child.valid_from, child.values) == (DAY, first.values)
    assert [(one.zone, one.extent) for one in moved.held] == [("ZT", 1)]
    assert sums(connection, BEFORE, "tanks").covered == sums(connection, DAY, "tanks").covered == 1
    far = acts.change(connection, PLANNER, TANKS, str(child.uuid), version=1, day=AFTER, shape=place(90, 90), fields={})
    assert [(one.zone, one.extent) for one in far.lost] == [("ZT", 1)]
    assert sums(connection, AFTER, "tanks").covered == 0

    here = far.targets[0]
    corrected = acts.change(
        connection, PLANNER, TANKS, str(here.uuid), version=1, day=None, fields={"households": None, "code": "T1-b"}
    )
    assert corrected.targets[0].values | {"name": None} == here.values | {"households": None, "code": "T1-b"}
    assert (corrected.targets[0].uuid, corrected.targets[0].version) == (here.uuid, 2)
    later = acts.change(
        connection, PLANNER, TANKS, "T1-b", version=2, day=AFTER + timedelta(days=9), fields={"volume_m3": 9}
    )
    assert (later.ended[0].uuid, later.targets[0].values["volume_m3"]) == (here.uuid, 9.0)
    ended = acts.end(connection, PLANNER, TANKS, str(later.targets[0].uuid), version=1, day=AFTER + timedelta(days=20))
    assert ended.targets[0].valid_to == AFTER + timedelta(days=20)
    assert_right(connection)


def test_a_zone_of_a_street_that_was_moved_is_split_into_parts_that_do_not_overlap(connection: Connection):
    town(connection)
    acts.change(connection, PLANNER, STREETS, "A1", version=1, day=DAY, shape=street(0, 8, 100, 8), fields={})
    before = sums(connection, AFTER)

    def version(zone: str) -> int:
        statement = "select version from claim join duty_zone using (id) where code = :zone and valid_to = 'infinity'"
        return int(connection.execute(text(statement), {"zone": zone}).scalar_one())

    parts = parting.split(connection, PLANNER, "Z1", version=version("Z1"), start=AFTER, line=street(40, -20, 68, 20))
    assert sums(connection, AFTER).overlap == 0
    assert (parts.difference.after.overlap, sums(connection, AFTER).covered) == (0, before.covered)
    listed = "select count(*) from claim_stretch join claim using (source_id) join target on target.id = target_id"
    assert (
        connection.scalar(text(f"{listed} where claim.valid_from = :day and target.valid_to <= :day"), {"day": AFTER})
        == 0
    )
    other = next(iter(connection.scalars(text("select code from duty_zone where code like 'Z1-%'"))))
    merged = {"start": AFTER, "other": other, "other_version": version(other)}
    parting.merge(connection, PLANNER, "Z1", version=version("Z1"), **merged)
    assert sums(connection, AFTER) == before
    assert_right(connection)


def test_a_street_that_is_drawn_cuts_those_that_it_crosses(connection: Connection):
    town(connection)
    length = sums(connection, BEFORE).total
    fields = {"code": "N", "lane": "新巷", "category": "alley"}
    drawn = acts.create(connection, PLANNER, STREETS, shape=street(50, -40, 50, 40), fields=fields, day=DAY)
    assert sorted(codes(drawn)) == ["A1-1", "A1-2", "N-1", "N-2"]
    assert [asset.code for asset in drawn.ended] == ["A1"]
    assert drawn.held[0].zone == "Z1"
    (outcome, _supervision) = drawn.duties
    made = outcome.after.total - outcome.before.total
    assert made == outcome.after.gap - outcome.before.gap == pytest.approx(80_000, abs=200)
    assert sums(connection, BEFORE).total == length
    assert sums(connection, DAY).total == pytest.approx(length + 80_000, abs=200)
    assert find(connection, STREETS, "A1-1").values["lane_code"] == "A"
    lane = groups.find_group(connection, "lanes", find(connection, STREETS, "N-1").values["lane_code"])
    assert (lane.name, lane.category) == ("新巷", "alley")
    assert_right(connection)


def test_a_street_is_moved_split_and_joined_from_a_day(connection: Connection):
    town(connection)
    was = sums(connection, BEFORE)
    halves = acts.split(connection, PLANNER, STREETS, "A2", version=1, day=DAY, at=30.0)
    assert codes(halves) == ["A2-1", "A2-2"]
    assert halves.targets[0].extent_mm == 30_000
    assert (halves.lost, {one.zone for one in halves.held}) == ((), {"Z2"})
    assert sums(connection, DAY) == was

    one, other = halves.targets
    pair = {"version": 1, "other": str(one.uuid), "other_version": 1}
    joined = acts.join(connection, PLANNER, STREETS, str(other.uuid), **pair, day=AFTER, fields={})
    assert (len(joined.targets), len(joined.ended)) == (1, 2)
    assert joined.targets[0].extent_mm == pytest.approx(find(connection, STREETS, "A2").extent_mm, abs=1)
    assert [(item.zone, item.extent) for item in joined.held] == [("Z2", joined.targets[0].extent_mm)]
    assert sums(connection, AFTER).covered == pytest.approx(was.covered, abs=2)

    moved = acts.change(
        connection, PLANNER, STREETS, "D1", version=1, day=DAY, shape=street(200, 0, 250, 4, 300, 0), fields={}
    )
    assert moved.held[0].extent == pytest.approx(40_000, rel=0.01)
    assert moved.targets[0].values == find(connection, STREETS, "D1").values
    # a past day is as it was
    assert sums(connection, BEFORE) == was
    extra = text("select target.extra from target join street_segment using (id) where code = 'A1'")
    assert connection.scalar(extra) == {"note": "old"}
    acts.change(connection, PLANNER, STREETS, "A1", version=1, day=DAY, shape=street(0, 3, 100, 0), fields={})
    assert connection.scalars(extra).all() == [{"note": "old"}] * 2
    assert_right(connection)


def test_a_place_on_the_line_splits_it_and_a_correction_is_for_ever(connection: Connection):
    town(connection)
    lon, lat = place(140, 1).coords[0]
    halves = acts.split(connection, PLANNER, STREETS, "A2", version=1, day=None, at=(lon, lat))
    assert [round(asset.extent_mm / 1000) for asset in halves.targets] == [40, 60]
    assert {asset.valid_from for asset in halves.targets} == {None}
    b1 = find(connection, STREETS, "B1")
    fixed = acts.change(
        connection, PLANNER, STREETS, "B1", version=1, day=None, shape=street(100, -60, 100, 0), fields={}
    )
    assert (fixed.targets[0].uuid, fixed.targets[0].version) == (b1.uuid, 2)
    assert sums(connection, LONG_AGO) == sums(connection, AFTER)
    assert_right(connection)


def test_a_file_that_comes_again_knows_what_hands_made_of_its_rows(connection: Connection):
    town(connection)
    acts.split(connection, PLANNER, STREETS, "A2", version=1, day=DAY, at=30.0)
    again = bring(connection, "street-segments", STREETS_OF_FILE, key="code", day=AFTER)
    assert again.status == "unchanged"
    (_shape, words), bent = STREETS_OF_FILE[1], street(100, 0, 150, 4, 200, 0)
    newer = [row if row[1] is not words else (bent, words) for row in STREETS_OF_FILE]
    assert bring(connection, "street-segments", newer, key="code", day=AFTER).stored.ended == 2
    holds = "select code from street_segment join target using (id) where valid_to = 'infinity' and source_key = 'A2'"
    assert connection.scalars(text(holds)).all() == ["A2"]
    assert_right(connection)


def test_a_lane_is_renamed_and_a_segment_changes_its_lane(connection: Connection):
    town(connection)
    renamed = groups.rename(connection, PLANNER, "lanes", "A", version=1, to=" 人民  街 ")
    assert (renamed.group.name, renamed.group.version, renamed.group.code) == ("人民 街", 2, "A")
    with pytest.raises(StaleVersionError):
        groups.rename(connection, PLANNER, "lanes", "A", version=1, to="解放街")
    change = acts.change(connection, PLANNER, STREETS, "D1", version=1, day=None, fields={"lane_code": "A"})
    assert change.targets[0].values["lane"] == "人民 街"
    with pytest.raises(UnknownRecordError):
        groups.find_group(connection, "lanes", "D")
    undoing.undo(connection, PLANNER, renamed.number)
    assert groups.find_group(connection, "lanes", "A").name == "解放街"


def test_a_correction_empties_what_is_said_to_be_empty(connection: Connection):
    town(connection)
    fields = {"lane": None, "lane_code": None, "code": None}
    change = acts.change(connection, PLANNER, STREETS, "A2", version=1, day=None, fields=fields)
    assert {name: change.targets[0].values[name] for name in fields} == fields
    undoing.undo(connection, PLANNER, change.number)
    assert find(connection, STREETS, "A2").values["lane"] == "解放街"


def test_who_works_there_is_kept_out_before_the_ids_of_targets_change(connection: Connection):
    town(connection)
    said: list[tuple[str, Any]] = []

    def listen(_connection: object, _cursor: object, statement: str, values: Any, *_more: object) -> None:
        said.append((statement, values))

    event.listen(connection, "before_cursor_execute", listen)
    acts.change(connection, PLANNER, STREETS, "B1", version=1, day=None, shape=street(100, -60, 100, 0), fields={})
    of_targets = {"lock": DUTY_LOCK, "key": TARGETS_LOCK}
    locked = [at for at, (words, values) in enumerate(said) if "advisory_xact_lock" in words and values == of_targets]
    (renamed,) = (at for at, (words, _values) in enumerate(said) if "set uuid = gen_random_uuid()" in words)
    assert locked[0] < renamed


def test_the_last_act_is_undone_if_nothing_rests_on_it(connection: Connection):
    town(connection)
    kept, was = kept_hashes(connection), sums(connection, DAY)
    drawn = acts.create(connection, PLANNER, STREETS, shape=street(50, -40, 50, 40), fields={"lane": "新巷"}, day=DAY)
    split = acts.split(connection, PLANNER, STREETS, str(drawn.targets[0].uuid), version=1, day=AFTER, at=10.0)
    with pytest.raises(NotUndoneError):
        undoing.undo(connection, PLANNER, drawn.number)
    limited = Editor("other@office.example", frozenset({"C"}))
    with pytest.raises(UnknownRecordError):
        undoing.undo(connection, limited, split.number)
    undoing.undo(connection, PLANNER, split.number)
    undoing.undo(connection, PLANNER, drawn.number)
    assert sums(connection, DAY) == was
    assert kept_hashes(connection) == kept


WRONG = {
    "crosses itself": (street(0, 50, 80, 90, 80, 50, 0, 90), "geometry-invalid"),
    "no length": (LineString([(105.08, 31.09), (105.08, 31.09)]), "geometry-invalid"),
    "in another town": (LineString([(121.4, 31.2), (121.5, 31.2)]), "outside-extent"),
    "a point": (place(0, 0), "geometry-type"),
    "nowhere": (LineString([(105.08, 31.09), (float("inf"), 31.09)]), "not-finite"),
    "no hand draws it": (LineString([(105.08 + at * 1e-8, 31.09) for at in range(100_000)]), "too-many-vertices"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_bad_drawing_is_refused_with_the_code_of_an_import(connection: Connection, name: str):
    town(connection)
    before = fingerprint(connection)
    shape, code = WRONG[name]
    with pytest.raises(WrongAssetError) as refused:
        acts.create(connection, PLANNER, STREETS, shape=shape, fields={}, day=DAY)
    assert [found for _place, _message, found in refused.value.places] == [code]
    assert fingerprint(connection) == before


def _refusals(connection: Connection) -> dict[str, Callable[[], AssetChange]]:
    def change(name: str, version: int = 1, day: date | None = DAY, **said: object) -> Callable[[], AssetChange]:
        words = {"fields": {}, **said}
        return lambda: acts.change(connection, PLANNER, STREETS, name, version=version, day=day, **words)

    def split(at: object) -> Callable[[], AssetChange]:
        return lambda: acts.split(connection, PLANNER, STREETS, "A1", version=1, day=DAY, at=at)

    def join(one: str, other: str) -> Callable[[], AssetChange]:
        words = {"version": 1, "other": other, "other_version": 1, "day": DAY, "fields": {}}
        return lambda: acts.join(connection, PLANNER, STREETS, one, **words)

    acts.end(connection, PLANNER, STREETS, "B1", version=1, day=AFTER)
    new = acts.create(connection, PLANNER, STREETS, shape=street(0, 60, 90, 60), fields={"code": "N"}, day=DAY)
    return {
        "a split past the end": split(100.5),
        "a split at the end": split(0.0),
        "a split beside the line": split(tuple(place(50, 60).coords[0])),
        "a join of two that do not meet": join("A1", "D1"),
        "a join with itself": join("A1", "A1"),
        "a join across a junction": join("A1", "A2"),
        "a join of two lanes": join("A2", "D1"),
        "an end before the beginning": lambda: acts.end(connection, PLANNER, STREETS, "N", version=1, day=BEFORE),
        "a change before the beginning": change(str(new.targets[0].uuid), day=BEFORE, fields={"level": 1}),
        "what has ended": change("B1", version=2, fields={"level": 1}),
        "no such field": change("A1", fields={"depth": 3}),
        "no such class": change("A1", fields={"category": "motorway"}),
        "a value that can not be": change("A1", day=None, fields={"width_m": -4}),
    }


def test_what_can_not_be_is_refused_and_nothing_is_stored(connection: Connection):
    town(connection)
    refusals = _refusals(connection)
    before = fingerprint(connection)
    for name, act in refusals.items():
        with pytest.raises(WrongAssetError) as refused:
            act()
        assert str(refused.value), name
    with pytest.raises(StaleVersionError):
        acts.change(connection, PLANNER, STREETS, "A1", version=7, day=DAY, fields={"level": 1})
    west = Editor("west@office.example", frozenset({"W"}))
    with pytest.raises(UnknownRecordError):
        acts.change(connection, west, STREETS, "A2", version=1, day=DAY, fields={"level": 1})
    step = connection.begin_nested()
    with pytest.raises(OutsideAreasError):
        acts.create(connection, west, STREETS, shape=street(300, 50, 390, 50), fields={}, day=DAY)
    step.rollback()
    step = connection.begin_nested()
    fields = {"lane_code": "D", "lane": "西街"}
    with pytest.raises(OutsideAreasError):
        acts.create(connection, west, STREETS, shape=street(0, 50, 60, 50), fields=fields, day=DAY)
    step.rollback()
    assert fingerprint(connection) == before


def _open(connection: Connection, dice: random.Random, kind: str) -> tuple[UUID, int]:
    rows = connection.execute(
        text("select uuid, version from target where kind = :kind and valid_to = 'infinity' order by id"),
        {"kind": kind},
    ).all()
    row = dice.choice(rows)
    return row.uuid, row.version


def _line(dice: random.Random) -> LineString:
    x, y = dice.uniform(0, 300), dice.uniform(-80, 80)
    return street(x, y, x + dice.uniform(-90, 90), y + dice.uniform(-90, 90))


def _act(connection: Connection, dice: random.Random) -> AssetChange:
    """Do something by chance to some street or tank."""
    layer = dice.choice((STREETS, STREETS, TANKS))
    uuid, version = _open(connection, dice, layer.key)
    day = dice.choice((None, LONG_AGO + timedelta(days=dice.randrange(300))))
    act = dice.choice(("create", "move", "words", "split", "join", "end"))
    shape = _line(dice) if layer is STREETS else place(dice.uniform(0, 300), dice.uniform(-80, 80))
    if act == "create":
        return acts.create(connection, PLANNER, layer, shape=shape, fields={}, day=day)
    known = {"version": version, "day": day}
    name = str(uuid)
    if act == "move":
        if layer is TANKS:
            x, y = shapely.get_coordinates(acts.find_asset(connection, layer, name, DAY).shape)[0]
            shape = shapely.Point(x + dice.choice((5e-5, 5e-4)), y)
        return acts.change(connection, PLANNER, layer, name, **known, shape=shape, fields={})
    if act == "words":
        fields = {"category": dice.choice(("lane", "alley"))} if layer is STREETS else {"households": dice.randrange(9)}
        return acts.change(connection, PLANNER, layer, name, **known, fields=fields)
    if act == "end":
        return acts.end(connection, PLANNER, layer, name, version=version, day=day or AFTER)
    if act == "split":
        return acts.split(connection, PLANNER, layer, name, **known, at=dice.uniform(1, 60))
    other, other_version = _open(connection, dice, layer.key)
    fields = {"lane_code": "A"}
    return acts.join(
        connection, PLANNER, layer, name, **known, other=str(other), other_version=other_version, fields=fields
    )


def test_what_hands_do_is_what_a_rebuild_makes(connection: Connection):
    town(connection)
    dice = random.Random(8)
    done = 0
    for _turn in range(60):
        step = connection.begin_nested()
        try:
            change = _act(connection, dice)
        except WrongAssetError:
            step.rollback()
            continue
        step.commit()
        done += change.number is not None
        for outcome in change.duties:
            assert outcome.after == sums(connection, change.on, outcome.duty.code)
        if change.number is not None and dice.random() < 0.2:
            step = connection.begin_nested()
            try:
                undoing.undo(connection, PLANNER, change.number)
            except NotUndoneError:
                step.rollback()
    assert done > 20
    assert today(connection) > DAY
    assert_right(connection)
