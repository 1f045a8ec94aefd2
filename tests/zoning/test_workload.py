"""The work model: rules as a table that comes and goes, and what people and zones have to do by it."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, text

from geo_hygiene.accounts import audit
from geo_hygiene.coverage.duties import duty_of
from geo_hygiene.coverage.writing import Stretch, lists_of_sources
from geo_hygiene.database import engine
from geo_hygiene.errors import UnknownRecordError
from geo_hygiene.files.importing import ImportReport
from geo_hygiene.files.taking_back import take_back
from geo_hygiene.files.writing.export import export
from geo_hygiene.layers import LAYERS
from geo_hygiene.zoning import work_rules
from geo_hygiene.zoning.drafts import DraftWords, begin, put_zones
from geo_hygiene.zoning.editing import ZoneWords
from geo_hygiene.zoning.lists import SaidStretch
from geo_hygiene.zoning.loads import load_of
from geo_hygiene.zoning.mistakes import StaleVersionError, WrongRuleError
from geo_hygiene.zoning.records import Editor
from geo_hygiene.zoning.work_rules import Effort, Rule, Subject
from geo_hygiene.zoning.workloads import By, Workload, bins_of, loads_of_burdens, workload
from tests.conftest import TestDatabase
from tests.importing import bring
from tests.independent.workload import recompute

SPRING, CHANGE, AUTUMN = date(2025, 3, 1), date(2025, 7, 15), date(2025, 9, 1)
FILES = (
    "street-segments.geojson",
    "drain-segments.geojson",
    "septic-tanks.geojson",
    "duty-zones.geojson",
    "zone-segments.csv",
    "assignments.csv",
    "people.csv",
    "work-rules.csv",
)

ROUNDED = 2e-5
"""Share by which exported metres may be off: they are rounded to the millimetre, each stretch for itself."""

#: In place of what comes with the program: bands, zone classes, and other minutes from a day on.
RULES = """kind,category,zone_class,width_from_m,width_to_m,minutes,times,days,valid_from,valid_to
street-segments,,,,,0.11,1,1,,
street-segments,arterial,,,,0.07,3,1,,2025-07-15
street-segments,arterial,,,,0.09,3,1,2025-07-15,
street-segments,lane,,,6,0.13,,,,
street-segments,lane,,6,,0.15,5,7,,
street-segments,lane,core,,,0.2,2,1,,
street-segments,,fringe,4,9.5,0.17,1,2,,
drain-segments,,,,,0.5,1,30,,2025-07-15
drain-segments,,,,,0.7,1,30,2025-07-15,
septic-tanks,,,,,25,1,90,,
people,part_time,,,,230,,,,
people,,,,,470,,,,
"""


def brought(connection: Connection, written: str, **options: Any) -> ImportReport:
    rows = [{name: value or None for name, value in row.items()} for row in csv.DictReader(written.splitlines())]
    return bring(connection, "work-rules", [(None, row) for row in rows], **options)


@pytest.fixture(scope="module")
def town(sample_database: TestDatabase) -> Iterator[Connection]:
    """Return the sample town with other rules, which nobody else sees."""
    service = engine(sample_database.service_url)
    with service.connect() as connection:
        connection.execute(text("delete from work_rule"))
        report = brought(connection, RULES)
        assert (report.status, report.stored.created) == ("imported", 12), report.findings
        yield connection
        connection.rollback()
    service.dispose()


@pytest.fixture(scope="module")
def exported(town: Connection, tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("exported")
    for name in FILES:
        export(town, LAYERS[name.split(".")[0]], directory / name, every_period=True)
    return directory


def minutes(found: Workload) -> dict[str, float]:
    return {one.code: one.minutes for one in found.burdens}


@pytest.mark.parametrize("on", [SPRING, AUTUMN])
@pytest.mark.parametrize("duty", ["sweeping", "supervision", "drains", "tanks"])
def test_minutes_equal_an_independent_computation(town: Connection, exported: Path, duty: str, on: date) -> None:
    by_zone, by_person, passed = recompute(exported, duty, on)
    looked_at = duty_of(town, duty)
    people = workload(town, looked_at, on)
    assert minutes(workload(town, looked_at, on, By.ZONE)) == pytest.approx(by_zone, rel=ROUNDED)
    assert minutes(people) == pytest.approx(by_person, rel=ROUNDED)
    assert by_person
    told = {one.code: one.sums.passed_mm / (1000 if looked_at.unit == "m" else 1) for one in people.burdens}
    assert told == pytest.approx(passed, rel=ROUNDED)
    spread = people.distribution.as_json()
    mean = sum(by_person.values()) / len(by_person)
    assert spread["max_over_mean"] == pytest.approx(max(by_person.values()) / mean, abs=1e-4)
    bins, (counts,) = bins_of(people.distribution)
    assert sum(counts) == len(by_person)
    assert [sum(low <= value < high for value in by_person.values()) for low, high in bins] == counts


def test_what_one_person_holds_adds_up_to_what_the_zones_take(town: Connection) -> None:
    duty = duty_of(town, "sweeping")
    zones = workload(town, duty, SPRING, By.ZONE)
    several = {zone.code for zone in zones.burdens if len(zone.beside) != 1}
    people = workload(town, duty, SPRING)
    alone = sum(one.minutes for one in people.burdens if not several & set(one.beside))
    apart = {code for one in people.burdens if not several & set(one.beside) for code in one.beside}
    assert alone == pytest.approx(sum(minutes(zones)[code] for code in apart))
    assert people.vacant == pytest.approx(sum(zone.minutes for zone in zones.burdens if not zone.beside))
    assert sum(len(part.minutes) for _code, part in people.by_community()) == len(people.burdens)


def test_an_area_has_those_whose_work_is_mostly_there(town: Connection) -> None:
    duty = duty_of(town, "sweeping")
    everybody = workload(town, duty, SPRING)
    parts = [workload(town, duty, SPRING, area=code) for code in sorted({one.community for one in everybody.burdens})]
    assert sorted(one.code for part in parts for one in part.burdens) == sorted(one.code for one in everybody.burdens)
    with pytest.raises(UnknownRecordError):
        workload(town, duty, SPRING, area="QJ02", within=frozenset({"QJ01"}))
    seen = workload(town, duty, SPRING, within=frozenset({"QJ01"}))
    assert {one.code for one in parts[0].burdens} <= {one.code for one in seen.burdens}
    assert len(seen.burdens) < len(everybody.burdens)
    assert seen.vacant == everybody.vacant, "who holds a zone may be unseen, not whether anybody does"


def test_exported_working_times_are_those_of_the_day(town: Connection, exported: Path, tmp_path: Path) -> None:
    file = tmp_path / "drains.geojson"
    for on, rate in ((SPRING, 0.5 / 30), (AUTUMN, 0.7 / 30)):
        export(town, LAYERS["drain-segments"], file, on=on)
        rows = [feature["properties"] for feature in json.loads(file.read_text())["features"]]
        assert [row["work_min"] for row in rows] == pytest.approx([row["length_m"] * rate for row in rows], abs=1e-4)
        assert rows
    streets = json.loads((exported / "street-segments.geojson").read_text())["features"]
    assert all(feature["properties"]["work_min"] > 0 for feature in streets)


def test_rules_come_back_as_they_went(town: Connection, exported: Path) -> None:
    report = brought(town, (exported / "work-rules.csv").read_text("utf-8-sig"))
    assert (report.status, report.stored.unchanged) == ("unchanged", 12), report.findings


def test_an_import_of_rules_is_taken_back(connection: Connection) -> None:
    before = [rule.as_json() | {"version": 0} for rule in work_rules.rules_of(connection)]
    report = brought(connection, "kind,category,minutes\nstreet-segments,lane,0.5\nfacilities,market,30\n")
    assert (report.stored.created, report.stored.updated) == (1, 1)
    assert take_back(connection, str(report.number), actor="test").removed == 1
    assert [rule.as_json() | {"version": 0} for rule in work_rules.rules_of(connection)] == before


def as_said(connection: Connection, stretches: Sequence[Stretch]) -> list[SaidStretch]:
    ids = [one.target_id for one in stretches]
    uuids = dict(connection.execute(text("select id, uuid from target where id = any(:ids)"), {"ids": ids}).all())
    return [SaidStretch(uuids[one.target_id], one.from_mm / 1000, one.to_mm / 1000) for one in stretches]


def test_a_draft_is_told_beside_the_plan(town: Connection) -> None:
    duty = duty_of(town, "sweeping")
    plan = workload(town, duty, AUTUMN)
    most, least = (next(one for one in order if len(one.beside) == 1) for order in (plan.burdens, plan.burdens[::-1]))
    lists = lists_of_sources(town, [*most.sources, *least.sources])
    given, *kept = lists[most.sources[0]]
    editor = Editor("planner@office.example", None)
    draft = begin(town, editor, name="even", duty=duty, plan_on=AUTUMN)
    said = {most.beside[0]: kept, least.beside[0]: [*lists[least.sources[0]], given]}
    words = {code: DraftWords(words=ZoneWords(segments=as_said(town, ones))) for code, ones in said.items()}
    put_zones(town, editor, draft.name, words, version=draft.version)
    drawn = minutes(workload(town, duty, AUTUMN, draft=draft))
    moved = load_of(town, duty, AUTUMN, [given]).minutes
    assert moved
    assert drawn == pytest.approx(minutes(plan) | {most.code: most.minutes - moved, least.code: least.minutes + moved})
    assert minutes(workload(town, duty, AUTUMN)) == minutes(plan)


def test_loads_of_many_lists_are_those_of_each(town: Connection) -> None:
    duty = duty_of(town, "sweeping")
    some = workload(town, duty, SPRING).burdens[:5]
    together = loads_of_burdens(town, duty, SPRING, some)
    for one in some:
        lists = lists_of_sources(town, one.sources)
        alone = load_of(town, duty, SPRING, [stretch for source in one.sources for stretch in lists[source]])
        assert together[one.code].tanks == alone.tanks
        assert together[one.code].residents == pytest.approx(alone.residents)
        assert together[one.code].minutes == pytest.approx(alone.minutes) == pytest.approx(one.minutes)
    assert any(load.tanks for load in together.values())


WRONG = {
    "unknown kind": ("trees,,,,,1,,,,", "unknown-code", "kind"),
    "class of another kind": ("street-segments,bin,,,,1,,,,", "value-invalid", "category"),
    "no classes": ("drain-segments,lane,,,,1,,,,", "value-invalid", "category"),
    "unknown zone class": ("street-segments,,moon,,,1,,,,", "unknown-code", "zone_class"),
    "no width": ("septic-tanks,,,1,,1,,,,", "value-invalid", "width_from_m"),
    "turned width": ("street-segments,street,,5,5,1,,,,", "value-invalid", "width_to_m"),
    "negative": ("street-segments,street,,,,-1,,,,", "value-invalid", "minutes"),
    "not finite": ("street-segments,street,,,,inf,,,,", "value-invalid", "minutes"),
    "no minutes": ("street-segments,street,,,,,,,,", "value-missing", "minutes"),
    "never": ("street-segments,street,,,,1,0,,,", "value-invalid", "times"),
    "no days": ("street-segments,street,,,,1,1,0,,", "value-invalid", "days"),
    "half a day": ("street-segments,street,,,,1,1,1.5,,", "value-invalid", "days"),
    "backwards": ("street-segments,street,,,,1,,,2026-02-01,2026-02-01", "value-invalid", "valid_to"),
    "too long a day": ("people,full_time,,,,1441,,,,", "value-invalid", "minutes"),
    "days of an area": ("people,full_time,core,,,400,,,,", "value-invalid", "zone_class"),
    "two working days": ("people,full_time,,,,400,2,1,,", "value-invalid", "times"),
    "said twice": ("street-segments,alley,,,,1,,,,\nstreet-segments,alley,,,,2,,,,", "duplicate-key", None),
    "two periods": (
        "street-segments,alley,,,,1,,,2025-01-01,\nstreet-segments,alley,,,,2,,,2026-01-01,",
        "value-invalid",
        "valid_from",
    ),
    "bands meet": (
        "street-segments,alley,,3,6,1,,,,\nstreet-segments,alley,,,3.01,2,,,,",
        "value-invalid",
        "valid_from",
    ),
    "said by what is there": ("street-segments,arterial,,,,1,,,2025-01-01,2025-02-01", "value-invalid", "valid_from"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_can_not_be_is_told_with_its_row_and_field(town: Connection, name: str) -> None:
    rows, code, field = WRONG[name]
    with town.begin_nested() as step:
        report = brought(town, RULES.splitlines()[0] + "\n" + rows)
        step.rollback()
    assert report.status == "refused"
    errors = [finding for finding in report.findings if finding.is_error()]
    assert [(one.code, one.row, one.field) for one in errors] == [(code, len(rows.splitlines()), field)]


def rule_of(connection: Connection, **subject: Any) -> list[Rule]:
    return [rule for rule in work_rules.rules_of(connection) if rule.subject == Subject(**subject)]


def test_a_change_from_a_day_leaves_the_days_before(connection: Connection) -> None:
    (lane,) = rule_of(connection, kind="street-segments", category="lane")
    words = {"version": lane.version, "effort": Effort(minutes=0.3, times=2, days=1)}
    changed = work_rules.change(connection, "a@b.example", lane.uuid, start=CHANGE, **words)
    newer, older = rule_of(connection, kind="street-segments", category="lane")
    assert (newer.uuid, newer.valid_from, newer.minutes_a_day) == (changed.uuid, CHANGE, pytest.approx(0.6))
    assert (older.uuid, older.valid_to, older.effort, older.version) == (lane.uuid, CHANGE, lane.effort, 2)
    found = {
        day: connection.scalar(
            text("select minutes::float8 from daily_work('street-segments', 'lane', null, null, :day)"), {"day": day}
        )
        for day in (SPRING, CHANGE - timedelta(days=1), CHANGE)
    }
    assert list(found.values()) == pytest.approx([0.12, 0.12, 0.6])
    with pytest.raises(StaleVersionError):
        work_rules.change(connection, "a@b.example", lane.uuid, start=None, **words)
    corrected = work_rules.change(
        connection, "a@b.example", newer.uuid, version=1, effort=Effort(minutes=0.2), start=None
    )
    assert (corrected.uuid, corrected.version, corrected.valid_from) == (newer.uuid, 2, CHANGE)
    assert [row.minutes for row in work_rules.versions_of(connection)[newer.uuid]] == [0.3]
    ended = work_rules.end(connection, "a@b.example", newer.uuid, version=2, day=AUTUMN)
    assert (ended.valid_to, ended.version) == (AUTUMN, 3)
    for wrong in (CHANGE, AUTUMN):
        with pytest.raises(WrongRuleError):
            work_rules.end(connection, "a@b.example", newer.uuid, version=3, day=wrong)
    with pytest.raises(WrongRuleError), connection.begin_nested():
        work_rules.add(connection, "a@b.example", lane.subject, Effort(minutes=1), SPRING, None)
    work_rules.add(connection, "a@b.example", lane.subject, Effort(minutes=1), AUTUMN, None)
    actions = [(entry.action, entry.actor) for entry in audit.newest(connection, limit=4)]
    assert actions == [(f"work-rule.{word}", "a@b.example") for word in ("add", "end", "change", "change")]


def test_a_target_without_a_rule_is_counted(connection: Connection) -> None:
    connection.execute(text("delete from work_rule where kind = 'street-segments'"))
    found = connection.execute(
        text("select minutes from daily_work('street-segments', 'lane', 'core', 5, '2025-01-01')")
    ).all()
    assert found == []
