"""What an import changed can be told afterwards: records made, changed field by field, and ended."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from sqlalchemy import Connection, text

from geo_hygiene.errors import UnknownRecordError
from geo_hygiene.features import describe_layers
from geo_hygiene.files.audit import changes_of, list_imports, number_of, why_no_changes
from tests.importing import block, bring, place, street

DAY = date(2026, 3, 1)


def told(connection: Connection) -> list[tuple[str, str, str | None, dict[str, Any]]]:
    """Return what the newest import changed."""
    number = list_imports(connection, 1)[0]["number"]
    return [(one.action, one.layer, one.code, dict(one.fields)) for one in changes_of(connection, number)]


def test_fields_before_and_after_survive_a_later_import(connection: Connection) -> None:
    bring(connection, "facilities", [(place(0, 0), {"code": "T1", "name": "东厕"}), (place(9, 0), {"code": "T2"})])
    assert [one[:3] for one in told(connection)] == [("created", "facilities", code) for code in ("T1", "T2")]
    bring(connection, "facilities", [(place(0, 0), {"code": "T1", "name": "东街公厕", "kind": "public_toilet"})])
    changed = {"name": ("东厕", "东街公厕"), "category": ("other", "public_toilet")}
    (second,) = told(connection)
    assert second[:3] == ("changed", "facilities", "T1")
    assert {name: second[3][name] for name in second[3] if name != "category"} == {"name": changed["name"]}
    assert second[3]["category"][1] == "public_toilet"
    bring(connection, "facilities", [(place(0, 0), {"code": "T1", "name": "公厕"})])
    assert told(connection) == [("changed", "facilities", "T1", {"name": ("东街公厕", "公厕")})]
    first, middle = (run["number"] for run in list_imports(connection, 3)[:0:-1])
    assert [one.name for one in changes_of(connection, first)] == ["东厕", None]
    assert next(changes_of(connection, middle)).fields["name"] == changed["name"]


def test_records_that_a_file_lacks_are_told_as_ended(connection: Connection) -> None:
    shapes = [(block(0, 0, 50, 50), {"code": "B1"}), (block(60, 0, 99, 50), {"code": "B2"})]
    bring(connection, "buildings", shapes, today=DAY)
    bring(connection, "buildings", shapes[:1], replace=True, day=DAY)
    ((action, layer, code, fields),) = told(connection)
    assert (action, layer, code) == ("ended", "buildings", "B2")
    assert fields["valid_to"] == ("infinity", "2026-03-01")


def test_a_street_that_another_one_cuts_ends_and_its_parts_begin(connection: Connection) -> None:
    bring(connection, "street-segments", [(street(0, 0, 100, 0), {"lane": "解放路", "code": "S1"})], today=DAY)
    bring(connection, "street-segments", [(street(50, -50, 50, 50), {"lane": "建设街", "code": "S2"})], day=DAY)
    actions = [(action, code) for action, layer, code, _ in told(connection) if layer == "street-segments"]
    assert actions[0] == ("ended", "S1")
    assert sorted(actions[1:]) == [("created", f"S{at}-{part}") for at in (1, 2) for part in (1, 2)]
    assert ("created", "lanes") in {one[:2] for one in told(connection)}


def test_a_roster_tells_whose_zone_and_telephone_changed(connection: Connection) -> None:
    bring(connection, "street-segments", [(street(0, 0, 100, 0), {"lane": "解放路"})])
    row = {"zone": "Z1", "person": "P1", "name": "甲", "lane": "解放路", "phone": "13900000001"}
    bring(connection, "duty-roster", [(None, row)], today=DAY)
    assert {one[:3] for one in told(connection)} == {("created", "people", "P1"), ("created", "duty-zones", "Z1")}
    changed = {**row, "to": "60", "phone": "15900000002"}
    bring(connection, "duty-roster", [(None, changed)], day=DAY)
    by_layer = {layer: (action, fields) for action, layer, _code, fields in told(connection)}
    assert by_layer["people"][1]["phone"] == ("139****0001", "159****0002")
    action, fields = by_layer["duty-zones"]
    assert (action, fields["metres"]) == ("changed", (pytest.approx(100, abs=0.1), 60))
    bring(connection, "duty-roster", [(None, {**changed, "person": "P2", "name": "乙"})], day=date(2026, 4, 1))
    assert ("changed", "duty-zones", "Z1", {"holders": ("P1", "P2")}) in told(connection)


def test_a_zone_that_an_import_brought_is_not_told_as_changed_too(connection: Connection) -> None:
    bring(connection, "street-segments", [(street(0, 0, 100, 0), {"lane": "解放路"})])
    row = {"zone": "Z1", "name": "甲", "lane": "解放路"}
    rows = [{**row, "person": f"P{at}", "valid_from": f"2026-0{at}-01"} for at in (1, 2)]
    assert bring(connection, "duty-roster", [(None, one) for one in rows], today=DAY).status == "imported"
    assert [one[:3] for one in told(connection) if one[1] == "duty-zones"] == [("created", "duty-zones", "Z1")]


def test_an_import_is_found_by_number_and_id(connection: Connection) -> None:
    bring(connection, "facilities", [(place(0, 0), {"code": "T1"})])
    (run,) = list_imports(connection, 1)
    assert number_of(connection, run["id"]) == number_of(connection, str(run["number"])) == run["number"]
    assert (run["layer"], run["records"]["created"]) == ("facilities", 1)
    with pytest.raises(UnknownRecordError):
        number_of(connection, "nothing")


def test_what_is_in_no_list_is_not_said_to_be_gone(connection: Connection) -> None:
    bring(connection, "street-segments", [(street(0, 0, 100, 0), {"code": "S1"})], key="code")
    bring(connection, "duty-zones", [(block(-9, -9, 109, 9), {"code": "Z1"})])
    segment = str(connection.scalar(text("select uuid from target")))
    stored = bring(connection, "zone-segments", [(None, {"zone": "Z1", "segment": segment, "to_m": 50})]).stored
    assert stored.changed
    assert told(connection) == []
    assert why_no_changes(list_imports(connection, 1)[0]) == "No list is kept of what this import changed."


def test_campaigns_and_their_work_are_counted_whole(connection: Connection) -> None:
    bring(connection, "street-segments", [(street(0, 0, 100, 0), {"code": "S1"})], key="code")
    campaign = {"code": "K1", "title": "灭鼠", "pest": "rodent", "scope": "street-segments"}
    window = {"valid_from": "2026-01-01", "valid_to": "2026-02-01"}
    assert bring(connection, "campaigns", [(None, campaign | window)]).status == "imported"
    work = {"campaign": "K1", "done_at": "2026-01-02", "time": "12:00", "method": "bait", "radius_m": 20}
    assert bring(connection, "treatments", [(place(50, 0), work)]).status == "imported"
    counts = {one["key"]: one["count"] for one in describe_layers(connection, date(2027, 1, 1))["layers"]}
    assert (counts["campaigns"], counts["treatments"], counts["street-segments"]) == (1, 1, 1)
