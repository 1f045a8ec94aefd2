"""Points, areas, backgrounds, and the rules that hold for every file."""

from __future__ import annotations

import csv
import json
import random
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
import shapely
from sqlalchemy import Connection, text
from sqlalchemy.exc import ProgrammingError

from geo_hygiene.errors import UnknownLayerError
from geo_hygiene.files.findings import Code, Finding
from geo_hygiene.files.importing import ImportOptions, NoImportError, import_table
from geo_hygiene.files.importing.mapping import UnknownFieldError
from geo_hygiene.layers import LAYERS
from tests.importing import ORIGIN, block, bring, codes, counts, fingerprint, place, query, street, table

DAY = date(2026, 3, 1)

TREE = [
    (block(0, 0, 1000, 1000), {"code": "O1", "name": "东街街道", "level": "街道"}),
    (block(0, 0, 500, 1000), {"code": "C1", "name": "一社区", "level": "community", "parent": "O1", "population": 900}),
    (block(500, 0, 1000, 1000), {"code": "C2", "name": "二社区", "level": "社区", "parent": "O1"}),
    (block(0, 0, 500, 500), {"code": "G1", "level": "group", "parent": "C1", "zone_class": "城中村"}),
]


def test_areas_make_a_tree_by_their_codes_whatever_their_order(connection: Connection):
    report = bring(connection, "areas", [*reversed(TREE)])
    assert counts(report) == ("imported", 4, 0, 0, 0)
    assert query(
        connection,
        "select area.code, area.level, parent.code, area.zone_class from area"
        " left join area parent on parent.id = area.parent_id order by 1",
    ) == [
        ("C1", "community", "O1", None),
        ("C2", "community", "O1", None),
        ("G1", "group", "C1", "urban_village"),
        ("O1", "office", None, None),
    ]
    assert counts(bring(connection, "areas", TREE)) == ("unchanged", 0, 0, 4, 0)


@pytest.mark.parametrize("parent", ["nowhere", "G1", "C2"])
def test_an_area_belongs_to_one_that_is_known_and_above_it(connection: Connection, parent: str):
    rows = [
        *TREE[:3],
        (TREE[3][0], {**TREE[3][1]}),
        (block(500, 0, 600, 100), {"code": "C3", "level": "community", "parent": parent}),
    ]
    report = bring(connection, "areas", rows)
    assert report.status == "refused"
    assert codes(report) == [("unknown-code", 5)]


def test_areas_that_come_later_take_up_the_targets(connection: Connection):
    bring(connection, "street-segments", [(street(100, 100, 300, 100), {"code": "A"})], key="code")
    bring(connection, "areas", TREE)
    assert query(connection, "select area.code from target join area on area.id = area_id") == [("G1",)]


def test_an_area_changes_its_parent_its_words_and_its_shape_in_place(connection: Connection):
    bring(connection, "areas", TREE)
    changed = [
        *TREE[:2],
        (TREE[2][0], {**TREE[2][1], "name": "新二社区"}),
        (block(500, 0, 900, 500), {**TREE[3][1], "parent": "C2"}),
    ]
    assert counts(bring(connection, "areas", changed)) == ("imported", 0, 2, 2, 0)
    assert query(
        connection,
        "select area.code, area.name, area.version, parent.code from area"
        " join area parent on parent.id = area.parent_id where area.version > 1 order by 1",
    ) == [("C2", "新二社区", 2, "O1"), ("G1", None, 2, "C2")]
    assert query(connection, "select content->>'code', version from record_history order by 1") == [
        ("C2", 1),
        ("G1", 1),
    ]


def test_backgrounds_come_end_and_come_back(connection: Connection):
    ponds = [
        (block(0, 0, 50, 50), {"name": "东湖", "kind": "湖"}),
        (block(90, 0, 99, 9), {"name": "塘", "kind": "pond"}),
    ]
    assert counts(bring(connection, "water-bodies", ponds)) == ("imported", 2, 0, 0, 0)
    assert query(connection, "select name, category from water_body order by id") == [("东湖", "lake"), ("塘", "pond")]
    assert counts(bring(connection, "water-bodies", ponds[:1], replace=True, day=DAY)) == ("imported", 0, 0, 1, 1)
    assert query(connection, "select name, valid_to from water_body where valid_to < 'infinity'") == [("塘", DAY)]
    assert counts(bring(connection, "water-bodies", ponds)) == ("imported", 0, 1, 1, 0)
    assert query(connection, "select count(*) from water_body where valid_to = 'infinity'") == [(2,)]


def test_a_point_that_moves_ends_and_a_near_one_keeps_its_duty(connection: Connection):
    tanks = [(place(0, 0), {"code": "T1", "volume": "12.5"}), (place(50, 0), {"code": "T2", "volume": 3})]
    report = bring(connection, "septic-tanks", tanks, key="code")
    assert counts(report) == ("imported", 2, 0, 0, 0)
    assert query(connection, "select extent_mm, ST_AsText(geom) like 'POINT M%' from target") == [(1, True), (1, True)]
    moved = [(place(4, 0), tanks[0][1]), tanks[1]]
    assert counts(bring(connection, "septic-tanks", moved, key="code", day=DAY)) == ("imported", 1, 0, 1, 1)
    assert query(connection, "select count(*) from target_parent") == [(1,)]


def test_things_at_one_place_are_all_stored_and_said(connection: Connection):
    bins = [(place(0, 0), {"name": "D1"}), (place(0, 0), {"name": "D1"}), (place(9, 0), {"name": "D1"})]
    report = bring(connection, "facilities", bins, constants={"kind": "bin"})
    assert report.stored.created == 3
    assert ("duplicate-feature", 2) in codes(report)
    assert query(connection, "select distinct category from target") == [("bin",)]
    assert counts(bring(connection, "facilities", bins, constants={"kind": "bin"})) == ("unchanged", 0, 0, 3, 0)


def test_an_id_of_the_file_becomes_the_id_of_the_record(connection: Connection):
    name = "2f1c3f0e-7f6b-4e6c-9a3e-0d6c5b4a3f21"
    bring(connection, "facilities", [(place(0, 0), {"id": name, "kind": "bin"})])
    assert query(connection, "select uuid::text from target") == [(name,)]
    changed = [(place(0, 0), {"id": name, "kind": "school"})]
    assert counts(bring(connection, "facilities", changed)) == ("imported", 0, 1, 0, 0)


def test_numbers_that_are_called_id_are_no_ids(connection: Connection):
    rows = [(street(0, 10 * at, 100, 10 * at), {"Id": 0}) for at in range(3)]
    report = bring(connection, "street-segments", rows)
    assert report.stored.created == 3
    assert ("field-unmapped", None) in codes(report)


def test_a_place_far_from_the_offices_is_an_error_or_a_warning(connection: Connection):
    bring(connection, "areas", TREE)
    near, far = (place(20_900, 0), {"kind": "bin"}), (place(21_200, 500), {"kind": "bin"})
    assert counts(bring(connection, "facilities", [near]))[0] == "imported"
    report = bring(connection, "facilities", [near, far])
    assert report.status == "refused"
    assert codes(report) == [("outside-extent", 2)]
    report = bring(connection, "facilities", [near, far], anywhere=True)
    assert report.status == "imported"
    assert [str(finding.weight()) for finding in report.findings] == ["warning"]


def test_with_an_error_nothing_is_stored(connection: Connection):
    rows = [(place(0, 0), {"kind": "bin"}), (None, {"kind": "bin"}), (place(5, 5), {"kind": "castle"})]
    before = fingerprint(connection)
    report = bring(connection, "facilities", rows)
    assert report.status == "refused"
    assert set(codes(report)) == {("geometry-empty", 2), ("unknown-code", 3)}
    assert fingerprint(connection) == before
    answer = report.as_json()
    assert answer["rows"] == {"read": 3, "accepted": 1, "rejected": 2}
    assert answer["records"]["created"] == 0


def test_refused_rows_go_to_a_file_with_their_reasons(connection: Connection, tmp_path: Path):
    rows = [(place(0, 0), {"kind": "bin", "name": "好"}), (place(5, 5), {"kind": "castle", "name": "=1+1"})]
    path = tmp_path / "rejected.csv"
    report = bring(connection, "facilities", rows, skip_rejected=True, rejected=path)
    assert (report.status, report.accepted, report.rejected_file) == ("imported", 1, str(path))
    with path.open(encoding="utf-8-sig", newline="") as file:
        (row,) = csv.DictReader(file)
    assert (row["row"], row["codes"], row["kind"], row["name"]) == ("2", "unknown-code", "castle", "'=1+1")
    assert shapely.from_wkt(row["wkt"]).equals_exact(rows[1][0], 1e-8)
    assert list(tmp_path.iterdir()) == [path]


def test_places_come_as_longitude_and_latitude_too(connection: Connection) -> None:
    bring(connection, "areas", TREE)
    (west, south), (east, north) = place(100, 100).coords[0], place(900, 900).coords[0]
    rows = [
        (None, {"类型": "公厕", "编号": "F1", "经度": str(west), "纬度": str(south)}),
        (None, {"类型": "bin", "编号": "F2", "经度": str(east), "纬度": str(north)}),
    ]
    assert counts(bring(connection, "facilities", rows)) == ("imported", 2, 0, 0, 0)
    stored = query(
        connection, "select ST_X(geom), ST_Y(geom), category from target where kind = 'facilities' order by 1"
    )
    assert stored == [(west, south, "public_toilet"), (east, north, "bin")]
    assert counts(bring(connection, "facilities", rows))[0] == "unchanged"
    nowhere = (None, {"类型": "bin", "编号": "F3", "经度": None, "纬度": str(south)})
    unknown = (None, {"类型": "bin", "编号": "F4", "经度": "0", "纬度": "0"})
    refused = bring(connection, "facilities", [*rows, nowhere, unknown])
    assert (refused.status, codes(refused)) == (
        "refused",
        [("geometry-empty", 3), ("geometry-empty", 4), ("value-cut", 4)],
    )


def test_a_reader_s_error_keeps_its_row_out(connection: Connection):
    source = table(
        [(place(0, 0), {"kind": "bin"}), (place(1, 1), {"kind": "bin"})],
        findings=[Finding(Code.GEOMETRY_INVALID, row=2)],
    )
    assert import_table(connection, "facilities", source).status == "refused"
    report = import_table(connection, "facilities", source, ImportOptions(skip_rejected=True))
    assert report.stored.created == 1


def test_a_file_without_a_good_row_is_refused_although_errors_are_skipped(connection: Connection):
    source = table([(place(0, 0), {"kind": "bin"})], findings=[Finding(Code.GEOMETRY_INVALID, row=1)])
    assert import_table(connection, "facilities", source, ImportOptions(skip_rejected=True)).status == "refused"


def test_a_try_stores_nothing_and_says_what_would_be(connection: Connection):
    before = fingerprint(connection)
    report = bring(connection, "areas", TREE, dry_run=True)
    assert counts(report) == ("dry-run", 4, 0, 0, 0)
    assert fingerprint(connection) == before


def test_the_answer_is_one_json_object_of_public_names(connection: Connection):
    answer = bring(connection, "street-segments", [(street(0, 0, 100, 0), {"roadType": 1})]).as_json()
    assert json.loads(json.dumps(answer)) == answer
    assert list(answer)[:14] == [
        "status",
        "layer",
        "file",
        "rows",
        "records",
        "encoding",
        "crs",
        "extent",
        "length_m",
        "split",
        "components",
        "lacking",
        "findings",
        "rejected_file",
    ]
    assert set(answer["records"]) == {"created", "updated", "unchanged", "ended", "without_place"}
    assert set(answer["findings"][0]) == {"level", "code", "row", "record", "field", "value", "message", "hint"}
    assert answer["extent"] == pytest.approx([ORIGIN[0], ORIGIN[1], ORIGIN[0] + 100 / 95414.4, ORIGIN[1]], abs=1e-9)


def test_hostile_names_and_values_are_stored_as_text(connection: Connection):
    evil = """'"); drop table target; -- <script>alert(1)</script> ${7*7} {{config}} \\N \\t"""
    rows = [(place(0, 0), {"name": evil, 'a"; drop table "area': evil, "%s %(x)s": evil})]
    bring(connection, "facilities", rows)
    assert query(connection, "select name from facility") == [(evil,)]
    assert query(connection, "select extra from target") == [({'a"; drop table "area': evil, "%s %(x)s": evil},)]
    assert counts(bring(connection, "facilities", rows))[0] == "unchanged"


def test_control_characters_are_taken_out_and_said(connection: Connection):
    report = bring(
        connection, "facilities", [(place(0, 0), {"name": "信息学部1教\r\n"}), (place(5, 0), {"name": "珞 喻 路"})]
    )
    assert query(connection, "select name from facility order by id") == [("信息学部1教",), ("珞喻路",)]
    assert [code for code, _ in codes(report)].count("text-cleaned") == 2


def test_no_control_character_keeps_a_file_from_being_stored(connection: Connection):
    rows = [(place(0, 0), {"name": "东\x00门\x1b[31m", "NR": "7\x00"}), (place(9, 0), {"name": "x" * 5000, "NR": "8"})]
    report = bring(connection, "facilities", rows, key="NR")
    assert counts(report)[:2] == ("imported", 2)
    assert query(connection, "select name, source_key from facility join target using (id) order by id") == [
        ("东门 [31m", "7"),
        ("x" * 1000, "8"),
    ]
    cleaned = next(finding for finding in report.as_json()["findings"] if finding["code"] == "text-cleaned")
    assert cleaned["value"] == "东\\x00门\\x1b[31m"


def test_long_text_keeps_no_file_from_being_stored(connection: Connection):
    dice = random.Random(1)
    long = ["".join(chr(dice.randrange(0x4E00, 0x9FA5)) for _ in range(2000)) for _ in range(2)]
    rows = [(place(0, 0), {"code": long[0]}), (place(9, 0), {"code": "F1"})]
    report = bring(connection, "facilities", rows, skip_rejected=True)
    assert codes(report) == [("value-invalid", 1)]
    lanes = bring(connection, "street-segments", [(street(0, 0, 90, 0), {"name": long[0]})])
    assert ("value-invalid", 1) in codes(lanes)
    keyed = [(place(at, 5), {"NR": long[0] + tail}) for at, tail in ((0, "1"), (9, "2"))]
    assert counts(bring(connection, "facilities", keyed, key="NR"))[:2] == ("imported", 2)
    assert counts(bring(connection, "facilities", keyed, key="NR"))[0] == "unchanged"


def test_a_comma_is_no_decimal_point(connection: Connection):
    rows = [(place(0, 0), {"volume_m3": "1,250.5"}), (place(9, 0), {"volume_m3": "12,5"})]
    report = bring(connection, "septic-tanks", rows, skip_rejected=True)
    assert ("value-invalid", 2) in codes(report)
    assert query(connection, "select volume_m3 from septic_tank") == [(1250.5,)]


def test_the_origin_of_an_import_is_marked(connection: Connection):
    bring(connection, "areas", TREE, origin="sample")
    assert query(connection, "select layer, file, origin, report->>'status' from import_run") == [
        ("areas", "town.gpkg", "sample", "imported")
    ]


def test_layers_and_fields_that_do_not_exist_are_named(connection: Connection):
    with pytest.raises(UnknownLayerError, match="street-segments"):
        bring(connection, "streets", [])
    with pytest.raises(NoImportError, match="street-segments"):
        bring(connection, "lanes", [])
    with pytest.raises(UnknownFieldError, match="NUMMER"):
        bring(connection, "facilities", [(place(0, 0), {"NO": 1})], key="NUMMER")
    with pytest.raises(UnknownFieldError, match="kinds"):
        bring(connection, "facilities", [(place(0, 0), {"NO": 1})], constants={"kinds": "bin"})


def test_the_service_may_store_rows_but_change_no_table(connection: Connection):
    with pytest.raises(ProgrammingError, match="must be owner"), connection.begin_nested():
        connection.execute(text("alter table staging_row add column more int"))
    with pytest.raises(ProgrammingError, match="privileges"), connection.begin_nested():
        connection.execute(text("copy staging_row to program 'true'"))


def test_an_empty_file_changes_nothing(connection: Connection):
    for key, layer in LAYERS.items():
        if layer.imports:
            fields = {attribute.name: None for attribute in layer if attribute.required}
            one = table([(None, fields)])
            none = replace(
                one, rows=one.rows.slice(0, 0), wkb=one.wkb.slice(0, 0), row_numbers=one.row_numbers[:0], rows_read=0
            )
            assert import_table(connection, key, none).status == "unchanged", key
