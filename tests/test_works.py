"""Work on places: what files tell of it, what is distinct, what is due, and what somebody tells by hand."""

from __future__ import annotations

import json
import random
import uuid
from collections import defaultdict
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
from sqlalchemy import Connection, text

from geo_hygiene.assets import acts
from geo_hygiene.assets.mistakes import WrongAssetError
from geo_hygiene.coverage.rebuild import rebuild
from geo_hygiene.coverage.work import work_in_period
from geo_hygiene.coverage.writing import NewWork, Stretch
from geo_hygiene.errors import UnknownRecordError
from geo_hygiene.files.importing import ImportOptions, ImportReport, import_file, import_table
from geo_hygiene.files.writing.export import export
from geo_hygiene.layers import layer_of
from geo_hygiene.works.batches import batches
from geo_hygiene.works.due import STATES, Due, DueFilter, due_sums, due_targets
from geo_hygiene.works.listing import WorkFilter, count_works, list_works, work_places
from geo_hygiene.works.recording import SaidWork, WrongWorkError, record_work, take_back
from geo_hygiene.works.recurrence import recurrence
from geo_hygiene.works.sums import work_sums
from geo_hygiene.works.writing import NewWorkOnPlace, add_works
from geo_hygiene.zoning.records import Editor
from tests.coverage.test_rebuild import split_street
from tests.coverage.towns import GEOD, START, grid_town
from tests.importing import block, bring, codes, place, street, table

YEAR = (date(2025, 1, 1), date(2026, 1, 1))
OPTIONS = ImportOptions(secret=lambda: b"k" * 32, skip_rejected=True)


@pytest.fixture
def town(connection: Connection) -> Connection:
    """Return a database with two communities, a lane of three segments, a drain of two, and tanks."""
    areas = [
        (block(-100, -100, 1000, 1000), {"code": "O", "level": "office"}),
        (block(-100, -100, 450, 1000), {"code": "A", "level": "community", "parent": "O", "zone_class": "core"}),
        (block(450, -100, 1000, 1000), {"code": "B", "level": "community", "parent": "O", "zone_class": "fringe"}),
    ]
    lane = {"lane": "长巷", "lane_code": "L1"}
    streets = [(street(x, 0, x + 100, 0), {"code": f"S{x}", **lane}) for x in (0, 100, 200)]
    drains = [
        (street(x, 50, x + 100, 50), {"code": f"D{x}", "drain": "长巷阴沟", "drain_code": "D1"}) for x in (0, 100)
    ]
    tanks = [
        (place(x, 20), {"code": f"T{x}", "name": f"T{x}", "volume_m3": 6 + x / 100}) for x in (0, 100, 200, 300, 600)
    ]
    for layer, rows in (
        ("areas", areas),
        ("street-segments", streets),
        ("drain-segments", drains),
        ("septic-tanks", tanks),
    ):
        assert import_table(connection, layer, table(rows)).status == "imported"
    return connection


def told(connection: Connection, *rows: dict[str, Any]) -> ImportReport:
    """Import rows of work; a place in metres stands under ``at``."""
    shapes = [(place(*row.pop("at")) if "at" in row else None, row) for row in map(dict, rows)]
    return import_table(connection, "works", table(shapes), OPTIONS)


GOOD = (
    {"编号": "1", "作业类别": "化粪池清掏", "日期": "2025-03-01", "化粪池": "T0", "清运量": 5.5, "车牌": "吸粪车1"},
    {"编号": "2", "作业类别": "化粪池清掏", "日期": "2025-09-01", "化粪池": "T0"},
    {"编号": "3", "作业类别": "阴沟疏浚", "日期": "2025-03-02", "阴沟": "长巷阴沟", "起点": 50, "终点": 150},
    {"编号": "4", "作业类别": "疏通", "日期": "2025-04-02", "阴沟": "D1", "起点": 120, "终点": 170},
    {"编号": "5", "作业类别": "街巷整治", "日期": "2025-05-01", "街巷": "长巷"},
    {"编号": "6", "作业类别": "牛皮癣", "日期": "2025-05-02", "街巷": "长巷", "号码": "13812345678；028-85551234"},
    {"编号": "7", "作业类别": "五乱", "日期": "2025-05-03", "乱象": "乱停乱放", "at": (10, 10)},
)  # fmt: skip


@pytest.mark.parametrize(
    ("row", "code", "field"),
    [
        ({"作业类别": "阴沟疏浚", "阴沟": "D1", "起点": 50, "终点": 20}, "value-invalid", "终点"),
        ({"作业类别": "阴沟疏浚", "阴沟": "D1", "起点": 50, "终点": 500}, "value-invalid", "终点"),
        ({"作业类别": "阴沟疏浚", "化粪池": "D0", "起点": 10, "终点": 101}, "value-invalid", "终点"),
        ({"作业类别": "阴沟疏浚", "阴沟": "长街"}, "unknown-code", "阴沟"),
        ({"作业类别": "阴沟疏浚", "at": (0, 0)}, "geometry-empty", None),
        ({"作业类别": "街巷整治", "化粪池": "T0"}, "unknown-code", "化粪池"),
        ({"作业类别": "化粪池清掏", "化粪池": "T1"}, "unknown-code", "化粪池"),
        ({"作业类别": "化粪池清掏", "化粪池": "T0", "日期": "2025-03-01"}, "duplicate-key", "日期"),
        ({"作业类别": "化粪池清掏", "化粪池": "T100", "日期": "2199-03-01"}, "value-invalid", "日期"),
        ({"作业类别": "挖洞", "化粪池": "T100"}, "unknown-code", "作业类别"),
        ({"作业类别": "五乱"}, "geometry-empty", None),
        ({"作业类别": "五乱", "at": (900_000, 0)}, "outside-extent", None),
        ({"作业类别": "小广告", "街巷": "长巷", "数量": 1.5}, "value-invalid", "数量"),
        ({"作业类别": "小广告", "街巷": "长巷", "号码": "见附件"}, "value-invalid", "号码"),
        ({"作业类别": "街巷整治", "街巷": "长巷", "号码": "13812345678"}, "value-invalid", "号码"),
    ],
)
def test_a_row_that_can_not_be_is_told_by_its_place(
    town: Connection, row: dict[str, Any], code: str, field: str | None
) -> None:
    report = told(town, *GOOD, {"编号": "9", "日期": "2025-06-01"} | row)
    errors = [finding for finding in report.as_json()["findings"] if finding["level"] == "error"]
    assert [(error["row"], error["code"], error["field"]) for error in errors] == [(len(GOOD) + 1, code, field)]
    assert code != "duplicate-key" or "2025-03-01 00:00 " in errors[0]["message"]
    assert report.as_json()["records"]["created"] == len(GOOD)


def test_work_comes_out_as_it_went_in_and_numbers_stay_hashed(town: Connection, tmp_path: Path) -> None:
    assert told(town, *GOOD).as_json()["records"]["created"] == len(GOOD)
    assert told(town, *GOOD).status == "unchanged"
    files = [tmp_path / "first.csv", tmp_path / "second.csv"]
    for file in files:
        export(town, layer_of("works"), file, every_period=True)
        again = import_file(town, "works", file, OPTIONS)
        assert (again.status, again.stored.unchanged) == ("unchanged", len(GOOD))
    first, second = (file.read_text("utf-8-sig") for file in files)
    assert first == second
    assert "1234567" not in first
    digests = "select count(*), count(distinct digest) from advert_number"
    assert tuple(town.execute(text(digests)).one()) == (2, 2)
    again = {"编号": "8", "作业类别": "小广告", "日期": "2025-06-02", "街巷": "长巷", "号码": "+86 138 1234 5678"}
    told(town, again)
    assert tuple(town.execute(text(digests)).one()) == (3, 2)
    assert work_sums(town, WorkFilter(kind="adverts")).numbers == 2
    told(town, {"编号": "9", "作业类别": "小广告", "日期": "2025-07-02", "街巷": "长巷"})
    assert work_sums(town, WorkFilter(kind="adverts", begin=date(2025, 7, 1))).numbers is None


def test_a_drain_is_told_by_its_name_though_a_lane_has_its_code(town: Connection) -> None:
    other = (street(0, 300, 100, 300), {"code": "S9", "lane": "别巷", "lane_code": "D1", "valid_from": "2024-01-01"})
    assert import_table(town, "street-segments", table([other])).status == "imported"
    for number, kind in enumerate(("阴沟疏浚", "街巷整治"), start=1):
        row = {"编号": str(number), "作业类别": kind, "日期": f"2025-03-0{number}", "街巷": "D1"}
        assert told(town, row).status == "imported"
    rows, _key = list_works(town, WorkFilter())
    assert [row["name"] for row in rows] == ["别巷", "长巷阴沟"]
    assert {one["name"] for one in work_places(town, WorkFilter(kind="dredging"), limit=9)} == {"长巷阴沟"}


def test_each_metre_counts_once_beside_all_that_was_done(town: Connection) -> None:
    told(town, *GOOD)
    distinct, plain = work_in_period(town, "dredging", *YEAR)["drain-segments"]
    assert (distinct, plain) == (120_000, 150_000)
    assert work_in_period(town, "emptying", *YEAR) == {"septic-tanks": (1, 2)}
    assert work_in_period(town, "dredging", date(2025, 4, 1), YEAR[1])["drain-segments"] == (50_000, 50_000)
    lane = work_in_period(town, "lane-order", *YEAR)["street-segments"]
    assert lane[0] == lane[1] == pytest.approx(300_000, abs=20)
    assert "street-segments" in work_in_period(town, "works", *YEAR)
    assert work_in_period(town, "emptying", *YEAR, frozenset({"A"})) == {"septic-tanks": (1, 2)}
    assert work_in_period(town, "works", *YEAR, frozenset({"B"})) == {}


def test_metres_stay_distinct_where_a_drain_is_cut_and_the_part_is_changed_on_its_first_day(town: Connection) -> None:
    told(town, *GOOD)
    clerk, drains, day = Editor("clerk@office.example", None), layer_of("drain-segments"), date(2025, 6, 1)
    halves = acts.split(town, clerk, drains, "D0", version=1, day=day, at=80.0)
    part = halves.targets[0]
    acts.change(town, clerk, drains, str(part.uuid), version=1, day=day, fields={"code": "D0-a"})
    assert work_in_period(town, "dredging", *YEAR)["drain-segments"] == (120_000, 150_000)
    told(town, {"编号": "8", "作业类别": "疏通", "日期": "2025-05-01", "化粪池": "D0", "起点": 0, "终点": 50})
    assert work_in_period(town, "dredging", *YEAR)["drain-segments"] == (170_000, 200_000)
    drawn = [
        shapely.from_geojson(json.dumps(one["place"]))
        for one in work_places(town, WorkFilter(kind="dredging"), limit=9)
    ]
    assert sum(map(GEOD.geometry_length, drawn)) == pytest.approx(200, abs=0.5)
    assert GEOD.geometry_length(shapely.union_all(drawn)) == pytest.approx(170, abs=0.5)


def test_no_tank_is_corrected_away_from_under_its_work(town: Connection) -> None:
    told(town, *GOOD)
    clerk, tanks = Editor("clerk@office.example", None), layer_of("septic-tanks")
    far: dict[str, Any] = {"version": 1, "shape": place(40, 60), "fields": {}}
    with pytest.raises(WrongAssetError, match="nowhere"), town.begin_nested():
        acts.change(town, clerk, tanks, "T0", day=None, **far)
    bring(town, "septic-tanks", [(place(400, 20), {"code": "X0", "valid_from": "2024-01-01"})], key="code")
    told(town, GOOD[0] | {"编号": "9", "化粪池": "X0"})
    report = bring(town, "septic-tanks", [(place(440, 60), {"code": "X0"})], key="code", correct=True)
    assert (report.status, codes(report)) == ("refused", [("told-of", 1)])
    assert work_in_period(town, "emptying", *YEAR) == {"septic-tanks": (2, 3)}
    acts.change(town, clerk, tanks, "T100", day=None, **far)


def test_tanks_that_move_together_keep_each_its_own_work(town: Connection) -> None:
    def bring_tanks(east: float, **asked: Any) -> None:
        rows = [(place(east + 5 * at, 20), {"code": f"X{at}", "valid_from": "2024-01-01"}) for at in range(2)]
        bring(town, "septic-tanks", rows, key="code", **asked)

    bring_tanks(400)
    told(town, GOOD[0] | {"化粪池": "X0"})
    bring_tanks(402, day=date(2025, 9, 1))
    assert work_in_period(town, "emptying", *YEAR) == {"septic-tanks": (1, 1)}
    rows, _ = due_targets(town, DueFilter(kind="emptying", on=date(2025, 12, 1)))
    assert {row.code: row.state for row in rows if row.code in {"X0", "X1"}} == {"X0": "due", "X1": "never"}


@pytest.mark.parametrize("seed", range(3))
def test_distinct_metres_are_those_of_a_union_on_the_ground(connection: Connection, seed: int) -> None:
    """Streets are cut between works; the union knows nothing of targets, only where on the first streets work was."""
    dice = random.Random(seed)
    town = grid_town(connection, 3)
    roots = [shapely.force_2d(shapely.from_wkb(bytes(geom))) for geom in connection.scalars(text(GEOMETRIES))]
    done: dict[int, list[Any]] = defaultdict(list)
    plain = cuts = 0
    for number in range(80):
        day = START + timedelta(days=number)
        target_id = dice.choice(sorted(town.extents))
        stretch = town.stretch(dice, target_id)
        plain += stretch.to_mm - stretch.from_mm
        line = shapely.from_wkb(bytes(connection.scalar(text(f"{GEOMETRIES} where id = :id"), {"id": target_id})))
        root = min(range(len(roots)), key=lambda at: roots[at].distance(line.interpolate(0.5, normalized=True)))
        ends = [_along(roots[root], _at(line, at_mm / 1000)) for at_mm in (stretch.from_mm, stretch.to_mm)]
        done[root].append(shapely.LineString([(end, 0) for end in ends]))
        write_work(connection, number, day, stretch)
        if number % 4 == 0:
            split_street(connection, dice, town, day + timedelta(days=1))
            cuts += 1
    whole = sum(shapely.unary_union(lines).length for lines in done.values())
    period = START, START + timedelta(days=400)
    found = work_in_period(connection, "dredging", *period)
    distinct, all_of_it = found["street-segments"]
    assert all_of_it == plain
    assert distinct / 1000 == pytest.approx(whole, rel=1e-6, abs=0.001 * cuts)
    assert distinct < plain
    rebuild(connection)
    assert work_in_period(connection, "dredging", *period) == found


GEOMETRIES = "select ST_AsBinary(geom) from target"


def write_work(connection: Connection, number: int, day: date, stretch: Stretch) -> None:
    done_at = datetime.combine(day, time(4), UTC)
    work = NewWork(kind="works", day=day, done_at=done_at, result="done", stretches=[stretch])
    add_works(connection, [NewWorkOnPlace(work=work, source_key=f"W{number}", details={"work_kind": "dredging"})])


def _lengths(line: Any) -> tuple[Any, Any]:
    """Return degrees and geodesic metres from the start of a line to each of its vertices."""
    places = shapely.get_coordinates(line)
    degrees = np.hypot(*np.diff(places, axis=0).T)
    metres = GEOD.inv(*places[:-1].T, *places[1:].T)[2]
    return np.append(0, degrees.cumsum()), np.append(0, metres.cumsum())


def _at(line: Any, metres: float) -> Any:
    degrees, lengths = _lengths(line)
    return shapely.force_2d(line).interpolate(np.interp(metres, lengths, degrees))


def _along(line: Any, spot: Any) -> float:
    degrees, lengths = _lengths(line)
    return float(np.interp(line.project(spot), degrees, lengths))


def test_what_is_due_follows_the_interval_of_its_zone_class_and_the_newest_work(town: Connection) -> None:
    told(town, *GOOD)
    rule = "insert into work_rule (kind, zone_class, minutes, times, days) values ('septic-tanks', 'core', 45, 2, 180)"
    town.execute(text(rule))
    asked = DueFilter(kind="emptying", on=date(2025, 12, 1))
    sums = due_sums(town, asked)
    assert {state: sums[state]["targets"] for state in sums} == {"due": 1, "soon": 0, "never": 4, "later": 0}
    rows, _ = due_targets(town, asked)
    assert (rows[0].code, rows[0].last_on, rows[0].due_on) == ("T0", date(2025, 9, 1), date(2025, 11, 30))
    assert due_sums(town, DueFilter(kind="emptying", on=date(2025, 11, 20)))["soon"]["targets"] == 1
    first, key = due_targets(town, asked, limit=2)
    rest, end = due_targets(town, asked, limit=10, after=key)
    assert [row.code for row in [*first, *rest]] == ["T0", "T100", "T200", "T300", "T600"]
    assert end is None
    within = DueFilter(kind="emptying", on=asked.on, within=frozenset({"B"}))
    assert [row.code for row in due_targets(town, within)[0]] == ["T600"]
    drains = due_targets(town, DueFilter(kind="dredging", on=date(2026, 3, 10)))[0]
    assert [(row.code, row.state, row.amount) for row in drains] == [("D0", "due", 100.0), ("D100", "due", 50.0)]


def test_rounds_hold_what_a_truck_holds_and_leave_nothing_out(town: Connection) -> None:
    places = due_targets(town, DueFilter(kind="emptying", on=date(2025, 12, 1)))[0]
    rounds = batches(places, 14)
    assert sorted(one.code or "" for each in rounds for one in each.places) == ["T0", "T100", "T200", "T300", "T600"]
    assert all(each.load <= 14 or len(each.places) == 1 for each in rounds)
    assert [each.is_over for each in batches(places, 8)].count(True) == 2
    assert batches([], 10) == []


@pytest.mark.parametrize("seed", range(5))
def test_a_way_between_places_is_not_longer_than_one_from_nearest_to_nearest(seed: int) -> None:
    dice = random.Random(seed)
    empty: dict[str, Any] = dict.fromkeys(Due.__dataclass_fields__)
    places = [
        Due(**empty | {"uuid": uuid.UUID(int=n), "lon": 105 + dice.random() / 100, "lat": 31 + dice.random() / 100})
        for n in range(40)
    ]
    (whole,) = batches(places, 1)
    assert sorted(one.uuid for one in whole.places) == sorted(one.uuid for one in places)
    left, order = set(range(40)), []
    here = min(left, key=lambda at: places[at].lon)
    while left:
        left.discard(here)
        order.append(here)
        spot = places[here]
        here = min(left, key=lambda at: _apart(spot, places[at]), default=here)
    nearest = sum(_apart(places[a], places[b]) for a, b in pairwise(order))
    assert whole.metres <= nearest * 1.0001


def _apart(one: Due, other: Due) -> float:
    east, north = (one.lon - other.lon) * 95_500, (one.lat - other.lat) * 110_850
    return float((east**2 + north**2) ** 0.5)


def test_work_that_is_told_moves_the_day_counts_once_and_can_be_taken_back(town: Connection) -> None:
    asked = DueFilter(kind="emptying", on=date(2025, 12, 1))
    tank = next(row for row in due_targets(town, asked)[0] if row.code == "T100")
    said = SaidWork(
        uuid=uuid.uuid4(), kind="emptying", target=tank.uuid, done_at=datetime(2025, 11, 30, 8, tzinfo=UTC), volume_m3=4
    )
    assert record_work(town, "driver@example.org", None, said)
    assert not record_work(town, "driver@example.org", None, said)
    assert due_sums(town, asked)["later"]["targets"] == 1
    assert count_works(town, WorkFilter(kind="emptying", area="A")) == 1
    assert count_works(town, WorkFilter(area="B")) == 0
    other = next(row.uuid for row in due_targets(town, asked)[0])
    assert (count_works(town, WorkFilter(target=tank.uuid)), count_works(town, WorkFilter(target=other))) == (1, 0)
    one = DueFilter(kind="emptying", on=asked.on, target=tank.uuid, states=STATES)
    assert [(found.code, found.state) for found in due_targets(town, one)[0]] == [("T100", "later")]
    (row,), _ = list_works(town, WorkFilter())
    assert (row["tank"], row["volume_m3"], row["by_hand"], row["community"]) == ("T100", 4.0, True, "A")
    audited = "select actor, action from audit_entry order by id desc limit 1"
    assert tuple(town.execute(text(audited)).one()) == ("driver@example.org", "work.record")
    with pytest.raises(UnknownRecordError):
        take_back(town, "other@example.org", frozenset({"B"}), said.uuid)
    take_back(town, "driver@example.org", None, said.uuid)
    assert count_works(town, WorkFilter()) == 0
    assert due_sums(town, asked)["later"]["targets"] == 0


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"done_at": datetime(2199, 1, 1, tzinfo=UTC)}, "done_at"),
        ({"done_at": datetime(2025, 6, 1, 8, 5, tzinfo=UTC)}, "done_at"),
        ({"kind": "dredging"}, None),
        ({"target": uuid.UUID(int=1)}, None),
    ],
)
def test_work_that_can_not_be_is_not_stored(town: Connection, change: dict[str, Any], place: str | None) -> None:
    tank = due_targets(town, DueFilter(kind="emptying", on=date(2025, 12, 1)))[0][0]
    said = {
        "uuid": uuid.uuid4(),
        "kind": "emptying",
        "target": tank.uuid,
        "done_at": datetime(2025, 6, 1, 8, tzinfo=UTC),
    }
    record_work(town, "a", None, SaidWork(**said))
    with pytest.raises(UnknownRecordError if place is None else WrongWorkError) as refused:
        record_work(town, "a", None, SaidWork(**(said | {"uuid": uuid.uuid4()} | change)))
    assert place is None or refused.value.place == place
    assert count_works(town, WorkFilter()) == 1


def test_a_blackspot_came_back_within_fifty_metres_and_ninety_days(town: Connection) -> None:
    spots = [((10, 10), "2025-01-10"), ((50, 10), "2025-03-01"), ((120, 10), "2025-03-05"), ((50, 12), "2025-08-01")]
    told(
        town,
        *({"编号": str(n), "作业类别": "卫生死角", "日期": day, "at": at} for n, (at, day) in enumerate(spots)),
    )
    found = recurrence(town, *YEAR)
    assert (found.cleared, [one["day"] for one in found.again], found.share) == (4, ["2025-03-01"], 0.25)
    assert recurrence(town, date(2025, 2, 1), date(2025, 4, 1)).again == found.again
    assert recurrence(town, date(2024, 1, 1), date(2025, 1, 1)).share is None
