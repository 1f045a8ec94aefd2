"""An import is taken back: everything is as it was, kept answers included, or it stays and says why."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Connection, text

from geo_hygiene.coverage.rebuild import rebuild_answers
from geo_hygiene.files.importing.report import ImportReport
from geo_hygiene.files.taking_back import NotTakenBackError, take_back
from tests.importing import block, bring, fingerprint, place, query, street

BOOKKEEPING = {"import_run", "audit_entry", "record_history", "data_version", "source_row"}
"""What tells that something was done, and when."""


LEFT_OUT = {"ledger": "'id'", "reached_sum": "'id'"}


def town(connection: Connection) -> None:
    areas = [
        (block(-100, -100, 1100, 1100), {"code": "O", "level": "office", "name": "街道"}),
        (block(-100, -100, 1100, 1100), {"code": "C1", "level": "community", "parent": "O", "name": "社区"}),
    ]
    assert bring(connection, "areas", areas).status == "imported"
    streets = [(street(0, 100 * at, 1000, 100 * at), {"code": f"S{at}", "lane": f"巷{at}"}) for at in range(5)]
    assert bring(connection, "street-segments", streets, key="code").status == "imported"
    zones = [(block(-50, -50, 1050, 250), {"code": "Z1", "name": "一号"})]
    assert bring(connection, "duty-zones", zones).status == "imported"


def number(connection: Connection) -> str:
    return str(query(connection, "select max(id) from import_run")[0][0])


def said(connection: Connection) -> dict[str, str]:
    """Return what the records say, without their versions, and what is kept of them, without its numbers."""
    content = (
        "select md5(string_agg(said, '|' order by said))"
        " from (select (to_jsonb(row) - {left})::text as said from {table} as row) as rows"
    )
    return {
        table: str(query(connection, content.format(table=table, left=LEFT_OUT.get(table, "'version'"))))
        for table in fingerprint(connection)
        if table not in BOOKKEEPING
    }


def back_again(connection: Connection, report: ImportReport, before: dict[str, str]) -> None:
    assert report.status == "imported", report.findings
    assert said(connection) != before
    take_back(connection, number(connection), actor="test")
    assert said(connection) == before
    rebuild_answers(connection)
    assert said(connection) == before


@pytest.mark.parametrize(
    ("layer", "rows", "asked"),
    [
        ("street-segments", [(street(0, 900, 1000, 900), {"code": "S9", "lane": "新巷"})], {"key": "code"}),
        ("street-segments", [(street(0, 0, 1000, 0), {"code": "S0", "lane": "巷0", "width_m": 3})], {"key": "code"}),
        ("street-segments", [(street(0, 0, 1000, 0), {"code": "S0"})], {"key": "code", "replace": True}),
        ("areas", [(block(0, 0, 100, 100), {"code": "G1", "level": "group", "parent": "C1"})], {}),
        ("areas", [(block(-100, -100, 1100, 1100), {"code": "C1", "level": "community", "name": "新名"})], {}),
        ("facilities", [(place(10, 10), {"code": "F1", "kind": "公厕"})], {}),
        ("duty-zones", [(block(-50, 250, 1050, 450), {"code": "Z2", "holders": ""})], {}),
        ("people", [(None, {"code": "P1", "name": "张三", "role": "cleaner"})], {}),
        ("buildings", [(block(0, 0, 20, 20), {"storeys": 3})], {}),
    ],
)
def test_everything_is_as_it_was(
    connection: Connection, layer: str, rows: list[tuple[Any, dict[str, Any]]], asked: dict[str, Any]
) -> None:
    town(connection)
    before = said(connection)
    back_again(connection, bring(connection, layer, rows, **asked), before)


def test_the_list_of_a_zone_stays_and_says_so(connection: Connection) -> None:
    town(connection)
    bring(connection, "duty-zones", [(block(-50, -50, 1050, 50), {"code": "Z1", "name": "一号"})], correct=True)
    with pytest.raises(NotTakenBackError, match="changed or ended 1 record that can not be put back"):
        take_back(connection, number(connection), actor="test")


def test_what_later_work_rests_on_stays(connection: Connection) -> None:
    town(connection)
    streets = bring(connection, "street-segments", [(street(0, 900, 1000, 900), {"code": "S9"})], key="code")
    assert streets.status == "imported"
    laid = number(connection)
    bring(connection, "duty-zones", [(block(-50, 850, 1050, 950), {"code": "Z9"})])
    before = fingerprint(connection)
    with pytest.raises(NotTakenBackError, match="1 record rests on it or was changed later: Z9"):
        take_back(connection, laid, actor="test")
    assert fingerprint(connection) == before
    take_back(connection, number(connection), actor="test")
    take_back(connection, laid, actor="test")
    assert query(connection, "select count(*) from target where extra ->> 'code' = 'S9'") == [(0,)]


def test_a_past_day_used_what_came_in_then(connection: Connection) -> None:
    town(connection)
    connection.execute(text("update import_run set recorded_at = '2025-02-03 17:00+00'"))
    with pytest.raises(NotTakenBackError, match=r"is of 2025-02-04\. Days that have passed"):
        take_back(connection, number(connection), actor="test")
