"""Zones whose list comes as a table, without a polygon that could propose it again."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import Connection

from geo_hygiene.coverage.duties import duty_of
from geo_hygiene.coverage.rebuild import rebuild
from geo_hygiene.coverage.summary import summarize
from tests.coverage.test_rebuild import kept_hashes
from tests.importing import block, bring, counts, query, street

FIRST, SPRING, CHANGE, AUTUMN = date(2025, 1, 1), date(2025, 3, 1), date(2025, 7, 1), date(2025, 9, 1)


@pytest.fixture
def zone(connection: Connection) -> dict[str, object]:
    """Return the row of a stored zone that holds the first half of a street of 200 m."""
    bring(connection, "street-segments", [(street(0, 0, 200, 0), {"lane": "解放街"})])
    row = {"code": "Z", "name": "一号", "duty": "sweeping", "valid_from": "2025-01-01"}
    bring(connection, "duty-zones", [(None, row)])
    ((segment,),) = query(connection, "select uuid::text from target")
    bring(connection, "zone-segments", [(None, {"zone": "Z", "segment": segment, "from_m": 0, "to_m": 100})])
    return row


def covered(connection: Connection, *days: date) -> list[int]:
    duty = duty_of(connection, "sweeping")
    return [summarize(connection, duty, day).sums.covered for day in days]


def test_a_corrected_period_counts_at_once(connection: Connection, zone: dict[str, object]) -> None:
    assert covered(connection, SPRING, AUTUMN) == [100_000, 100_000]
    bring(connection, "duty-zones", [(None, {**zone, "valid_to": "2025-07-01"})], correct=True)
    assert covered(connection, SPRING, AUTUMN) == [100_000, 0]
    assert query(connection, "select version from claim") == [(3,)]
    before = kept_hashes(connection)
    rebuild(connection)
    assert kept_hashes(connection) == before


def test_a_corrected_duty_counts_at_once_and_keeps_the_list_where_it_fits(
    connection: Connection, zone: dict[str, object]
) -> None:
    def of(duty: str) -> int:
        return summarize(connection, duty_of(connection, duty), SPRING).sums.covered

    core = {"code": "C", "level": "community", "zone_class": "core"}
    bring(connection, "areas", [(block(-50, -50, 250, 50), core)])
    row = [(None, {**zone, "duty": "supervision"})]
    assert counts(bring(connection, "duty-zones", row, correct=True)) == ("imported", 0, 1, 0, 0)
    assert (of("sweeping"), of("supervision")) == (0, 100_000)
    assert counts(bring(connection, "duty-zones", row, correct=True)) == ("unchanged", 0, 0, 1, 0)
    bring(connection, "duty-zones", [(None, {**zone, "duty": "drains"})], correct=True)
    assert (of("supervision"), of("drains")) == (0, 0)
    before = kept_hashes(connection)
    rebuild(connection)
    assert kept_hashes(connection) == before


def test_a_zone_that_gets_another_name_keeps_its_list(connection: Connection, zone: dict[str, object]) -> None:
    changed = {**zone, "name": "二号", "valid_from": None}
    bring(connection, "duty-zones", [(None, changed)], day=CHANGE)
    assert query(connection, "select name from duty_zone order by id") == [("一号",), ("二号",)]
    assert covered(connection, SPRING, AUTUMN) == [100_000, 100_000]


def test_lanes_on_a_border_are_told_with_their_name_and_both_zones(connection: Connection) -> None:
    bring(connection, "street-segments", [(street(0, 0, 200, 0), {"lane": "解放街"})])
    rows = [(block(-50, 0, 250, 90), {"code": "N"}), (block(-50, -90, 250, 0), {"code": "S"})]
    report = bring(connection, "duty-zones", rows, skip_rejected=True)
    told = next(finding for finding in report.findings if finding.code == "border-lane")
    assert (told.value, told.message()) == (
        "解放街",
        "A segment on the border with “S” was given to the zone “N”.",
    )


def test_the_same_list_again_changes_nothing(connection: Connection, zone: dict[str, object]) -> None:
    ((segment,),) = query(connection, "select uuid::text from target")
    row = {"zone": "Z", "segment": segment, "from_m": 0, "to_m": 100}
    assert counts(bring(connection, "zone-segments", [(None, row)])) == ("unchanged", 0, 0, 1, 0)
    assert counts(bring(connection, "zone-segments", [(None, {**row, "to_m": 90})])) == ("imported", 0, 1, 0, 0)
    assert covered(connection, SPRING) == [90_000]


def test_who_holds_a_zone_counts_whether_the_zone_is_new_or_there_already(connection: Connection) -> None:
    def vacant() -> int:
        return summarize(connection, duty_of(connection, "sweeping"), SPRING).sums.vacant

    bring(connection, "street-segments", [(street(0, 0, 200, 0), {"lane": "解放街"})])
    bring(connection, "people", [(None, {"code": "P1", "name": "王", "role": "cleaner"})])
    held = {"code": "W", "valid_from": "2025-01-01", "holders": "P1"}
    east = {"code": "E", "valid_from": "2025-01-01"}
    rows = [(block(-50, -50, 100, 50), held), (block(100, -50, 250, 50), east)]
    bring(connection, "duty-zones", rows)
    assert vacant() == 100_000
    again = bring(connection, "duty-zones", [rows[0], (rows[1][0], {**east, "holders": "P1"})])
    assert (counts(again), vacant()) == (("imported", 0, 1, 1, 0), 0)
    before = kept_hashes(connection)
    rebuild(connection)
    assert kept_hashes(connection) == before
