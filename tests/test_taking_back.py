"""An import is taken back: everything is as it was, kept answers included, or it stays and says why."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Connection, text

from geo_hygiene.coverage.rebuild import rebuild_answers
from geo_hygiene.files.audit import list_imports
from geo_hygiene.files.importing.history import own_table
from geo_hygiene.files.importing.report import ImportReport
from geo_hygiene.files.taking_back import NotTakenBackError, take_back
from geo_hygiene.layers import LAYERS
from geo_hygiene.layerspec import Undo
from tests.importing import block, bring, fingerprint, place, query, street

BOOKKEEPING = {"import_run", "audit_entry", "record_history", "data_version", "source_row"}
"""What tells that something was done, and when."""


LEFT_OUT = {"ledger": "'id'", "reached_sum": "'id'"}


CAMPAIGN = {
    "code": "K1",
    "title": "灭鼠",
    "pest": "rodent",
    "scope": "street-segments",
    "valid_from": "2026-01-01",
    "valid_to": "2030-01-01",
}
WORK = {"campaign": "K1", "done_at": "2026-03-02", "time": "12:00", "method": "bait", "radius_m": 20}


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
    assert bring(connection, "campaigns", [(None, CAMPAIGN)]).status == "imported"


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
        ("street-segments", [(street(500, -50, 500, 50), {"code": "X1", "lane": "横巷"})], {"key": "code"}),
        ("areas", [(block(0, 0, 100, 100), {"code": "G1", "level": "group", "parent": "C1"})], {}),
        ("areas", [(block(-100, -100, 1100, 1100), {"code": "C1", "level": "community", "name": "新名"})], {}),
        ("facilities", [(place(10, 10), {"code": "F1", "kind": "公厕"})], {}),
        ("duty-zones", [(block(-50, 250, 1050, 450), {"code": "Z2", "holders": ""})], {}),
        ("people", [(None, {"code": "P1", "name": "张三", "role": "cleaner"})], {}),
        ("buildings", [(block(0, 0, 20, 20), {"storeys": 3})], {}),
        ("campaigns", [(None, CAMPAIGN | {"code": "K2"})], {}),
        ("campaigns", [(None, CAMPAIGN | {"scope": "facilities", "limit_days": 30})], {}),
        ("treatments", [(place(10, 0), WORK)], {}),
        ("cases", [(place(10, 0), {"external_id": "7", "reported_at": "2026-03-02 08:00", "description": "满溢"})], {}),
    ],
)
def test_everything_is_as_it_was(
    connection: Connection, layer: str, rows: list[tuple[Any, dict[str, Any]]], asked: dict[str, Any]
) -> None:
    town(connection)
    before = said(connection)
    back_again(connection, bring(connection, layer, rows, **asked), before)


CHANGED = "changed or ended 1 record that can not be put back"
ROSTER = {"zone": "Z1", "person": "P1", "name": "甲", "lane": "巷3"}


@pytest.mark.parametrize(
    ("layer", "rows", "asked", "words"),
    [
        (
            "duty-zones",
            [(block(-50, -50, 1050, 50), {"code": "Z1", "name": "一号"})],
            {"correct": True},
            CHANGED,
        ),
        ("duty-roster", [(None, ROSTER)], {}, "change zones that are there, and are not taken back"),
        ("duty-roster", [(None, ROSTER)], {"correct": True}, "change zones that are there, and are not taken back"),
        (
            "street-segments",
            [(street(0, 0, 1000, 9), {"code": "S0"})],
            {"key": "code", "correct": True},
            CHANGED,
        ),
        (
            "street-segments",
            [(street(0, 0, 1000, 0), {"code": "S0", "lane": "巷1", "width_m": 3})],
            {"key": "code"},
            "named others before, and these are gone",
        ),
    ],
)
def test_what_can_not_be_had_again_stays_and_says_so(
    connection: Connection, layer: str, rows: list[tuple[Any, dict[str, Any]]], asked: dict[str, Any], words: str
) -> None:
    town(connection)
    assert bring(connection, layer, rows, **asked).status == "imported"
    before = fingerprint(connection)
    with pytest.raises(NotTakenBackError, match=words):
        take_back(connection, number(connection), actor="test")
    assert fingerprint(connection) == before


def test_holders_that_gave_way_keep_their_import(connection: Connection) -> None:
    town(connection)
    people = [(None, {"code": code, "name": code, "role": "cleaner"}) for code in ("P1", "P2")]
    assert bring(connection, "people", people).status == "imported"
    zones = [(block(-50, 250, 1050, 450), {"code": "Z2", "holders": "P1"})]
    assert bring(connection, "duty-zones", zones).status == "imported"
    held = bring(connection, "assignments", [(None, {"person": "P2", "zone": "Z2"})])
    assert (held.stored.created, held.stored.ended) == (1, 1)
    with pytest.raises(NotTakenBackError, match="changed or ended 1 record that"):
        take_back(connection, number(connection), actor="test")
    assert query(connection, "select person.code from assignment join person on person.id = person_id") == [("P2",)]


def test_what_a_zone_says_later_of_what_was_cut_keeps_the_cut(connection: Connection) -> None:
    town(connection)
    bring(connection, "street-segments", [(street(500, -50, 500, 50), {"code": "X1"})], key="code")
    cut = number(connection)
    shortened = """
        update claim_stretch set to_mm = 1000 where id = (
            select min(claim_stretch.id) from claim_stretch join target on target.id = target_id where import_id = :cut
        )
    """
    connection.execute(text(shortened), {"cut": int(cut)})
    with pytest.raises(NotTakenBackError, match="rests on it or was changed later: Z1"):
        take_back(connection, cut, actor="test")


def test_the_sample_goes_as_a_whole(connection: Connection) -> None:
    bring(connection, "buildings", [(block(0, 0, 20, 20), {"storeys": 3})], anywhere=True, origin="sample")
    with pytest.raises(NotTakenBackError, match="The sample town goes as a whole: geo-hygiene sample clear"):
        take_back(connection, number(connection), actor="test")


def test_imports_of_one_record_go_in_the_order_from_the_last(connection: Connection) -> None:
    town(connection)
    runs, before = [], [said(connection)]
    for width in (3, 4):
        rows = [(street(0, 0, 1000, 0), {"code": "S0", "width_m": width})]
        assert bring(connection, "street-segments", rows, key="code").stored.updated == 1
        runs.append(number(connection))
        before.append(said(connection))
    with pytest.raises(NotTakenBackError, match="was changed later: S0"):
        take_back(connection, runs[0], actor="test")
    assert take_back(connection, runs[1], actor="test") == (0, 1)
    assert list_imports(connection, 1)[0]["taken_back"] == {"removed": 0, "put_back": 1}
    assert said(connection) == before[1]
    take_back(connection, runs[0], actor="test")
    assert said(connection) == before[0]


def test_work_on_a_street_keeps_it(connection: Connection) -> None:
    town(connection)
    bring(
        connection,
        "street-segments",
        [(street(0, 900, 1000, 900), {"code": "S9", "valid_from": "2026-01-01"})],
        key="code",
    )
    laid = number(connection)
    uuid = query(connection, "select cast(uuid as text) from target where import_id = :laid", laid=int(laid))[0][0]
    treated = bring(connection, "treatments", [(None, WORK | {"segment": uuid})])
    assert treated.status == "imported", treated.findings
    with pytest.raises(NotTakenBackError, match="rests on it or was changed later: K1"):
        take_back(connection, laid, actor="test")


def test_layers_of_which_everything_is_undone_keep_what_was(connection: Connection) -> None:
    for layer in LAYERS.values():
        if layer.imports and layer.undo is Undo.ALL:
            assert {"uuid", "version", "import_id"} <= set(own_table(layer).c.keys()), layer.key


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
