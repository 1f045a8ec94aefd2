"""Streets come in, come again changed, and take their duties along."""

from __future__ import annotations

import uuid
from datetime import date, timedelta

import pytest
from sqlalchemy import Connection

from geo_hygiene.coverage.duties import duty_of
from geo_hygiene.coverage.rebuild import rebuild
from geo_hygiene.coverage.summary import summarize
from geo_hygiene.coverage.writing import NewZone, Stretch, add_zones
from geo_hygiene.crs import GEOD
from tests.importing import block, bring, codes, counts, fingerprint, query, street

DAY = date(2026, 3, 1)
BEFORE = DAY - timedelta(days=1)

TOWN = [
    (street(0, 0, 400, 0), {"code": "A", "lane": "解放路"}),
    (street(0, 300, 400, 300), {"code": "B", "lane": "人民路"}),
    (street(0, 500, 200, 500), {"code": "C", "lane": "和平巷"}),
    (street(200, 500, 400, 500), {"code": "D", "lane": "和平巷"}),
]


def segments(connection: Connection, on: date | None = None) -> list[tuple[str | None, int, str]]:
    """Return code, length and source of the segments that hold on a day (by default for ever)."""
    return query(
        connection,
        "select code, round(extent_mm / 1000.0)::int, source_key from target join street_segment using (id)"
        " where valid_to > coalesce(:on, 'infinity'::date - 0) or (cast(:on as date) is null and valid_to = 'infinity')"
        " order by code, target.id",
        on=on,
    )


def zone(connection: Connection, code: str, *segment_codes: str) -> None:
    rows = query(
        connection,
        "select target.id, extent_mm from target join street_segment using (id) where code = any(:codes)",
        codes=list(segment_codes),
    )
    add_zones(
        connection,
        [
            NewZone(
                uuid=uuid.uuid4(),
                code=code,
                name=None,
                duty_id=duty_of(connection, "sweeping").id,
                shift="all-day",
                valid_from=None,
                valid_to=None,
                picture=None,
                stretches=[Stretch(target, 0, extent) for target, extent in rows],
            )
        ],
        import_id=None,
    )


def covered(connection: Connection, on: date) -> tuple[int, int]:
    summary = summarize(connection, duty_of(connection, "sweeping"), on, None).as_json()
    return round(summary["total"]), round(summary["covered"])


def test_a_first_import_without_dates_has_no_beginning(connection: Connection):
    report = bring(connection, "street-segments", TOWN, key="code")
    assert counts(report) == ("imported", 4, 0, 0, 0)
    assert query(connection, "select distinct valid_from::text, valid_to::text from target") == [
        ("-infinity", "infinity")
    ]
    assert report.stored.length_m == pytest.approx(sum(GEOD.geometry_length(shape) for shape, _ in TOWN), abs=0.002)
    assert (report.stored.components_before, report.stored.components_after) == (3, 3)


def test_the_same_file_twice_is_unchanged_and_touches_nothing(connection: Connection):
    bring(connection, "street-segments", TOWN, key="code")
    before = fingerprint(connection)
    again = bring(connection, "street-segments", TOWN, key="code")
    assert counts(again) == ("unchanged", 0, 0, 4, 0)
    assert fingerprint(connection) == before


def test_streets_that_cross_are_split_and_counted(connection: Connection):
    report = bring(connection, "street-segments", [*TOWN, (street(100, -50, 100, 600), {"code": "E"})], key="code")
    assert report.as_json()["split"] == {"crossings": 3, "pieces": 4 + 3 + 4}
    assert report.as_json()["components"] == {"before": 4, "after": 1}
    assert [code for code, _, source in segments(connection) if source == "E"] == ["E-1", "E-2", "E-3", "E-4"]
    again = bring(connection, "street-segments", [*TOWN, (street(100, -50, 100, 600), {"code": "E"})], key="code")
    assert again.as_json()["split"] == report.as_json()["split"]


def test_a_bridge_has_its_own_level(connection: Connection):
    bridge = (street(100, -50, 100, 600), {"code": "E", "level": 1})
    assert bring(connection, "street-segments", [*TOWN, bridge], key="code").stored.pieces == 5


def test_moved_split_and_joined_streets_end_and_hand_their_duties_on(connection: Connection):
    bring(connection, "street-segments", TOWN, key="code")
    zone(connection, "Z1", "A", "B")
    zone(connection, "Z2", "C", "D")
    assert covered(connection, BEFORE) == (1200, 1200)
    newer = [
        (street(0, 6, 400, 6), {"code": "A", "lane": "解放路"}),
        (street(0, 300, 150, 300), {"code": "B1", "lane": "人民路"}),
        (street(150, 300, 400, 300), {"code": "B2", "lane": "人民路"}),
        (street(0, 500, 400, 500), {"code": "CD", "lane": "和平巷"}),
    ]
    report = bring(connection, "street-segments", newer, key="code", replace=True, day=DAY)
    assert counts(report) == ("imported", 4, 0, 0, 4)
    assert {code for code, *_ in segments(connection)} == {"A", "B1", "B2", "CD"}
    assert query(connection, "select distinct valid_to from target where valid_to < 'infinity'") == [(DAY,)]
    assert query(
        connection,
        "select child.code, array_agg(parent.code order by parent.code) from target_parent"
        " join street_segment child on child.id = child_id join street_segment parent on parent.id = parent_id"
        " group by child.code order by 1",
    ) == [("A", ["A"]), ("B1", ["B"]), ("B2", ["B"]), ("CD", ["C", "D"])]
    assert covered(connection, BEFORE) == (1200, 1200)
    assert covered(connection, DAY) == (1200, 1200)
    kept = query(connection, "select * from state order by 1, 2, 3")
    rebuild(connection)
    assert query(connection, "select * from state order by 1, 2, 3") == kept


def test_what_moves_far_leaves_its_duty_behind(connection: Connection):
    bring(connection, "street-segments", TOWN, key="code")
    zone(connection, "Z1", "A", "B")
    moved = [(street(0, 40, 400, 40), TOWN[0][1]), *TOWN[1:]]
    report = bring(connection, "street-segments", moved, key="code", day=DAY)
    assert counts(report) == ("imported", 1, 0, 3, 1)
    assert covered(connection, BEFORE) == (1200, 800)
    assert covered(connection, DAY) == (1200, 400)
    assert query(connection, "select from_mm, to_mm from unprojected_stretch")[0][0] == 0


def test_rows_that_a_newer_file_lacks_stay_and_are_listed(connection: Connection):
    bring(connection, "street-segments", TOWN, key="code")
    report = bring(connection, "street-segments", TOWN[:2], key="code")
    assert counts(report) == ("unchanged", 0, 0, 2, 0)
    assert report.as_json()["lacking"] == {"count": 2, "keys": ["C", "D"]}
    assert len(segments(connection)) == 4


def test_what_came_without_a_code_and_is_lacking_is_named_by_its_id(connection: Connection):
    bring(connection, "street-segments", [(street(0, 0, 90, 0), {}), (street(0, 50, 90, 50), {})])
    report = bring(connection, "street-segments", [(street(0, 0, 90, 0), {})])
    ids = query(connection, "select uuid::text from target order by ST_YMin(geom) desc limit 1")
    assert [(key,) for key in report.stored.lacking] == ids
    bring(connection, "green-spaces", [(block(0, 0, 9, 9), {}), (block(20, 0, 29, 9), {})])
    report = bring(connection, "green-spaces", [(block(0, 0, 9, 9), {})], day=DAY)
    ids = query(connection, "select uuid::text from green_space order by ST_XMin(geom) desc limit 1")
    assert [(key,) for key in report.stored.lacking] == ids


def test_replace_ends_what_the_file_lacks_and_it_can_come_back(connection: Connection):
    bring(connection, "street-segments", TOWN, key="code")
    assert counts(bring(connection, "street-segments", TOWN[:2], key="code", replace=True, day=DAY))[1:] == (0, 0, 2, 2)
    assert [code for code, *_ in segments(connection)] == ["A", "B"]
    later = DAY + timedelta(days=30)
    assert counts(bring(connection, "street-segments", TOWN, key="code", day=later)) == ("imported", 2, 0, 2, 0)
    assert query(
        connection,
        "select valid_from from target where valid_to = 'infinity' and valid_from > '-infinity'",
    ) == [(later,), (later,)]


def test_new_streets_begin_on_the_day_and_cut_stored_ones(connection: Connection):
    bring(connection, "street-segments", TOWN, key="code")
    zone(connection, "Z1", "A", "B")
    report = bring(connection, "street-segments", [(street(100, -50, 100, 400), {"code": "E"})], key="code", day=DAY)
    assert counts(report) == ("imported", 3 + 4, 0, 0, 2)
    assert [code for code, *_ in segments(connection)] == ["A-1", "A-2", "B-1", "B-2", "C", "D", "E-1", "E-2", "E-3"]
    assert {source for code, _, source in segments(connection) if code and code.startswith("A")} == {"A"}
    assert covered(connection, BEFORE) == (1200, 800)
    assert covered(connection, DAY) == (1650, 800)
    assert query(
        connection,
        "select distinct lane.name from lane join street_segment s on lane.id = s.lane_id where s.code like 'A-%'",
    ) == [("解放路",)]
    again = bring(connection, "street-segments", TOWN, key="code")
    assert counts(again) == ("unchanged", 0, 0, 6, 0)


def test_a_change_of_words_is_the_next_version_and_the_old_one_is_history(connection: Connection):
    bring(connection, "street-segments", TOWN, key="code")
    changed = [(TOWN[0][0], {**TOWN[0][1], "width_m": 6.5, "note": "wide"}), *TOWN[1:]]
    report = bring(connection, "street-segments", changed, key="code", day=DAY)
    assert counts(report) == ("imported", 0, 1, 3, 0)
    assert query(
        connection, "select version, width_m, extra from target join street_segment using (id) where code = 'A'"
    ) == [(2, 6.5, {"note": "wide"})]
    assert query(connection, "select version, content->'width_m' from record_history") == [(1, None)]
    assert counts(bring(connection, "street-segments", changed, key="code")) == ("unchanged", 0, 0, 4, 0)


def test_fields_that_a_newer_file_lacks_stay_as_they_are(connection: Connection):
    bring(connection, "street-segments", [(TOWN[0][0], {"code": "A", "width_m": 6.5, "note": "wide"})], key="code")
    assert counts(bring(connection, "street-segments", [(TOWN[0][0], {"code": "A"})], key="code"))[0] == "unchanged"
    assert query(connection, "select width_m, extra from target join street_segment using (id)") == [
        (6.5, {"note": "wide"})
    ]


def test_a_correction_replaces_from_the_beginning_and_keeps_the_id(connection: Connection):
    bring(connection, "street-segments", TOWN, key="code")
    zone(connection, "Z1", "A")
    name = query(connection, "select uuid from target join street_segment using (id) where code = 'A'")
    corrected = [(street(0, 3, 400, 3), TOWN[0][1]), *TOWN[1:]]
    report = bring(connection, "street-segments", corrected, key="code", correct=True)
    assert counts(report) == ("imported", 1, 0, 3, 1)
    assert query(
        connection, "select uuid, version, valid_from::text from target join street_segment using (id) where code = 'A'"
    ) == [(*name[0], 2, "-infinity")]
    assert covered(connection, BEFORE) == (1200, 400)
    assert query(connection, "select count(*) from target") == [(4,)]
    assert query(connection, "select version from record_history") == [(1,)]


def test_a_second_change_on_one_day_leaves_no_empty_day(connection: Connection):
    bring(connection, "street-segments", TOWN, key="code")
    zone(connection, "Z1", "A")
    for north in (3, 5):
        bring(
            connection, "street-segments", [(street(0, north, 400, north), TOWN[0][1]), *TOWN[1:]], key="code", day=DAY
        )
    assert query(connection, "select count(*) from target") == [(5,)]
    assert covered(connection, BEFORE) == (1200, 400)
    assert covered(connection, DAY) == (1200, 400)


def test_a_doubled_key_is_an_error_of_the_later_row(connection: Connection):
    rows = [*TOWN, (street(0, 700, 50, 700), {"code": "A"})]
    report = bring(connection, "street-segments", rows, key="code")
    assert counts(report) == ("refused", 0, 0, 0, 0)
    assert ("duplicate-key", 5) in codes(report)
    assert query(connection, "select count(*) from target") == [(0,)]
    kept = bring(connection, "street-segments", rows, key="code", skip_rejected=True)
    assert (kept.status, kept.accepted, kept.rejected) == ("imported", 4, 1)


def test_without_a_key_a_street_is_known_by_its_course(connection: Connection):
    rows = [(shape, {"name": values["lane"]}) for shape, values in TOWN]
    bring(connection, "street-segments", rows)
    assert counts(bring(connection, "street-segments", [*reversed(rows)])) == ("unchanged", 0, 0, 4, 0)


def test_a_street_there_twice_is_stored_once_and_said(connection: Connection):
    twice = [*TOWN, (street(400, 0, 0, 0), {"code": "A2"})]
    report = bring(connection, "street-segments", twice, key="code")
    assert ("duplicate-feature", 5) in codes(report)
    assert report.stored.length_m == pytest.approx(1200, abs=1.5)
    assert counts(bring(connection, "street-segments", twice, key="code"))[0] == "unchanged"


def test_a_street_that_was_there_twice_stays_when_the_other_goes(connection: Connection):
    twice = [*TOWN, (street(400, 0, 0, 0), {"code": "A2"})]
    bring(connection, "street-segments", twice, key="code")
    report = bring(connection, "street-segments", twice[1:], key="code", replace=True, day=DAY)
    assert counts(report) == ("imported", 1, 0, 3, 1)
    assert {code for code, *_ in segments(connection)} == {"A2", "B", "C", "D"}


def test_doubts_are_told_with_their_rows(connection: Connection):
    rows = [
        *TOWN,
        (street(50, 120, 50, 1.0), {"code": "E"}),
        (street(150, 120, 150, -0.3), {"code": "F"}),
        (street(600, 0, 700, 0, 700, 100, 600, 0), {"code": "G"}),
    ]
    said = codes(bring(connection, "street-segments", rows, key="code"))
    assert {("near-miss", 5), ("sliver", 6), ("loop-cut", 7)} <= set(said)


def test_a_lane_is_what_has_one_name_and_hangs_together(connection: Connection):
    rows = [
        (street(0, 0, 100, 0), {"name": "花园路"}),
        (street(100, 0, 200, 0), {"name": "花园路"}),
        (street(350, 0, 400, 0), {"name": "花园路"}),
        (street(5000, 0, 5100, 0), {"name": "花园路"}),
        (street(0, 50, 100, 50), {"name": "无名道路"}),
        (street(0, 90, 100, 90), {}),
    ]
    bring(connection, "street-segments", rows)
    assert query(
        connection,
        "select lane.code, lane.name, count(*) from street_segment left join lane on lane.id = lane_id"
        " group by 1, 2 order by 1",
    ) == [("L0001", "花园路", 3), ("L0002", "花园路", 1), (None, None, 2)]
    more = [(street(200, 0, 300, 0), {"name": "花园路"}), (street(9000, 0, 9100, 0), {"name": "花园路"})]
    bring(connection, "street-segments", more, day=DAY)
    assert query(connection, "select code, name from lane order by 1") == [
        ("L0001", "花园路"),
        ("L0002", "花园路"),
        ("L0003", "花园路"),
    ]


def test_a_lane_code_is_stronger_than_a_name_and_renames(connection: Connection):
    rows = [
        (street(0, 0, 100, 0), {"lane": "东街", "lane_code": "X1", "category": "street"}),
        (street(5000, 0, 5200, 0), {"lane": "东街", "lane_code": "X1", "category": "主干道"}),
    ]
    bring(connection, "street-segments", rows)
    assert query(connection, "select code, name, category from lane") == [("X1", "东街", "arterial")]
    renamed = [(shape, {**values, "lane": "东大街"}) for shape, values in rows]
    bring(connection, "street-segments", renamed)
    assert query(connection, "select code, name, version from lane") == [("X1", "东大街", 2)]


def test_a_segment_that_changes_its_lane_moves_and_an_empty_lane_is_gone(connection: Connection):
    rows = [(street(0, 0, 100, 0), {"code": "A", "name": "东街"})]
    bring(connection, "street-segments", rows, key="code")
    bring(connection, "street-segments", [(rows[0][0], {"code": "A", "name": "西街"})], key="code")
    assert query(connection, "select lane.name from street_segment join lane on lane.id = lane_id") == [("西街",)]
    assert query(connection, "select name from lane") == [("西街",)]


def test_periods_of_the_file_are_kept_and_do_not_meet(connection: Connection):
    rows = [
        (street(0, 0, 400, 0), {"code": "A", "valid_from": date(2020, 1, 1), "valid_to": date(2024, 1, 1)}),
        (street(0, 0, 400, 0), {"code": "B", "valid_from": date(2024, 1, 1)}),
        (street(0, 50, 400, 50), {"code": "C", "valid_from": date(2024, 1, 1), "valid_to": date(2023, 1, 1)}),
    ]
    report = bring(connection, "street-segments", rows, key="code", skip_rejected=True)
    assert (report.accepted, report.rejected, report.stored.pieces) == (2, 1, 2)
    assert ("value-invalid", 3) in codes(report)
    again = bring(connection, "street-segments", rows, key="code", skip_rejected=True)
    assert again.status == "unchanged"


def test_an_end_that_is_said_ends_the_street(connection: Connection):
    bring(connection, "street-segments", TOWN, key="code")
    zone(connection, "Z1", "A", "B")
    closed = [(TOWN[0][0], {**TOWN[0][1], "valid_to": DAY}), *TOWN[1:]]
    assert counts(bring(connection, "street-segments", closed, key="code")) == ("imported", 0, 1, 3, 0)
    assert covered(connection, BEFORE) == (1200, 800)
    assert covered(connection, DAY) == (800, 400)
