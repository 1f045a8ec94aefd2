"""A county made of copies in the database is what the import of its files is, row by row."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
from click.testing import CliRunner
from sqlalchemy import Connection, Engine, text

from geo_hygiene.cli import main
from geo_hygiene.database import engine
from geo_hygiene.sample import SampleRefusedError, clear, load
from geo_hygiene.sample.county import SIZES, FirstTown, Size
from geo_hygiene.sample.loading import load_towns
from geo_hygiene.sample.tables import Table, record_id
from geo_hygiene.sample.write import write_towns
from tests.conftest import TestDatabase

SIZE = Size(towns=4, furnished=3, joined=3, cases=5)
"""Four towns in two rows; the third has no office of its own, the fourth no buildings and no treatments."""

WEST, SOUTH = 105.07, 31.09
FIRST_DAY, CHANGE = date(2025, 1, 1), date(2025, 7, 1)

TABLES = {
    "area": "select code, uuid, name, level, zone_class, population, ST_AsEWKB(geom), ST_AsEWKB(geom_3857), source_key,"
    " version, (select code from area as above where above.id = area.parent_id) from area",
    "backgrounds": "select code, uuid, name, category, ST_AsEWKB(geom), source_key from water_body union all"
    " select code, uuid, category, storeys::text, ST_AsEWKB(geom_3857), source_key from building",
    "person": "select code, name, role, employment, community, phone, version from person",
    "post": "select person.code, area.code, kind, post.valid_from, post.valid_to from post"
    " join person on person.id = person_id join area on area.id = area_id",
    # metres are added along all lines of a file, and carry what that rounds
    "target": "select target.uuid, kind, category, area.code, area_by_hand, extent_mm,"
    " round(ST_M(ST_EndPoint(target.geom))::numeric, 6), ST_AsEWKB(ST_Force2D(target.geom)),"
    " ST_AsEWKB(ST_Force2D(target.geom_3857)), target.source_key, target.valid_from, target.valid_to,"
    " target.version, target.extra::text from target left join area on area.id = target.area_id",
    "street_segment": "select target.uuid, own.code, lane.code, lane.name, level, width_m from street_segment as own"
    " join target using (id) join lane on lane.id = lane_id",
    "drain_segment": "select target.uuid, own.code, drain.code, drain.name, from_node, to_node, width_mm"
    " from drain_segment as own join target using (id) join drain on drain.id = drain_id",
    "places": "select uuid, own.code, name from facility as own join target using (id)"
    " union all select uuid, own.code, name from septic_tank as own join target using (id)",
    "claim": "select claim.uuid, kind, duty_id, shift, valid_from, valid_to, version, done_at, result, basis,"
    " ST_AsEWKB(geom) from claim join claim_source as source on source.id = source_id",
    "duty_zone": "select uuid, code, name, tint, ST_AsEWKB(geom) from duty_zone join claim using (id)",
    # lists that hold: what polygons proposed before the table of lists came is no zone's any more
    "lists": "select claim.uuid, target.uuid, from_mm, to_mm from claim_stretch join target on target.id = target_id"
    " join claim using (source_id)",
    "cover": "select claim.uuid, target.uuid, from_mm, to_mm from cover join target on target.id = target_id"
    " join claim using (source_id)",
    "state": "select duty_id, target.uuid, state.valid_from, state.valid_to, area.code, covered_mm, overlap_mm,"
    " gap_max_mm, gaps::text from state join target on target.id = target_id left join area on area.id = state.area_id",
    "vacancy": "select duty_id, uuid, vacancy.valid_from, vacancy.valid_to, vacant_mm from vacancy"
    " join target on target.id = target_id",
    "ledger": "select duty_id, area.code, day, total_mm, covered_mm, overlap_mm, vacant_mm from ledger"
    " left join area on area.id = area_id",
    "assignment": "select person.code, zone, shift, valid_from, valid_to from assignment"
    " join person on person.id = person_id",
    "treatment": "select claim.uuid, campaign.code, source_key, external_id, method, amount, radius_m from treatment"
    " join claim using (id) join campaign on campaign.id = campaign_id",
    "reported_case": "select it.uuid, external_id, it.source_key, it.kind, status, status_at, reported_at, closed_at,"
    " description, lane, ST_AsEWKB(it.geom_3857), area.code, target.uuid, target_mm, distance_m, it.version"
    " from reported_case as it left join area on area.id = it.area_id left join target on target.id = target_id",
    "case_event": "select uuid, case_event.status, at, known from case_event"
    " join reported_case as it on it.id = case_id",
    "source_row": "select source.layer, key, geometry_hash, attributes_hash, import_run.layer from source_row as source"
    " join import_run on import_run.id = import_id",
    "data_version": "select subject from data_version",
    "import_run": "select layer, file, origin, (report - 'seconds' - 'findings')::text from import_run",
}


def place(east: float, north: float) -> shapely.Point:
    """Return a place by metres east and north of the corner of the town."""
    return shapely.Point(round(WEST + east / 95_500, 9), round(SOUTH + north / 110_870, 9))


def line(*spots: tuple[float, float]) -> shapely.LineString:
    return shapely.LineString([place(*spot) for spot in spots])


def ground(west: float, south: float, east: float, north: float) -> shapely.MultiPolygon:
    corners = [place(*spot) for spot in ((west, south), (east, south), (east, north), (west, north))]
    return shapely.MultiPolygon([shapely.Polygon(corners)])


def table(key: str, names: str, *rows: tuple[Any, ...], shapes: list[Any] | None = None) -> Table:
    """Return a table whose rows have an id, where the first name says so."""
    named = [dict(zip(names.split(), row, strict=True)) for row in rows]
    identified = [{"id": record_id(key, str(row.get("code") or row.get("external_id"))), **row} for row in named]
    return Table(
        key,
        named if shapes is None and key not in {"treatments", "cases"} else identified,
        np.array(shapes) if shapes else None,
    )


def hamlet() -> list[Table]:
    """Return the files of a very small town: two groups, three streets that meet, and one of everything else."""
    streets = [line((0, 100), (150, 100)), line((150, 100), (390, 110)), line((150, 100), (160, 250), (150, 380))]
    lengths = [150.0, 240.2, 280.7]
    where = ("QJ", "QJ01", "QJ01-01")
    street = [record_id("street-segments", code) for code in ("L001-01", "L001-02", "L002-01")]
    tank = record_id("septic-tanks", "HF001")
    lists = [("SW001", 0, None), ("SW002", 1, 100.0), ("SW003", 1, None), ("SW003", 2, None)]
    return [
        table(
            "areas",
            "code name level parent zone_class population",
            ("QJ", "清江街道（示例）", "office", None, None, 700),
            ("QJ01", "东社区", "community", "QJ", None, 700),
            ("QJ01-01", "第一组", "group", "QJ01", "core", 300),
            ("QJ01-02", "第二组", "group", "QJ01", "fringe", 400),
            shapes=[
                ground(-20, -20, 420, 420),
                ground(-20, -20, 420, 420),
                ground(-20, -20, 200, 420),
                ground(200, -20, 420, 420),
            ],
        ),
        table("water-bodies", "code name kind", ("W001", "清江", "river"), shapes=[ground(-9000, 300, 9000, 340)]),
        table("green-spaces", "code name kind", ("G001", "公园", "park"), shapes=[ground(20, 20, 60, 60)]),
        table("buildings", "code kind storeys", ("H0001", "residential", 3), shapes=[ground(20, 120, 40, 140)]),
        table(
            "street-segments",
            "code lane lane_code category level length_m zone_class office community group width_m",
            *(
                (code, lane, lane[0], "lane", 0, length, "core", *where, 6.0)
                for (code, lane), length in zip(
                    (("L001-01", "甲路"), ("L001-02", "甲路"), ("L002-01", "乙路")), lengths, strict=True
                )
            ),
            shapes=streets,
        ),
        table(
            "drain-segments",
            "code drain drain_code from_node to_node width_mm depth_mm length_m office community group",
            ("D01-01", "甲沟", "D01", "N001", "N002", 400, 500, 150.0, *where),
            shapes=[line((0, 98), (150, 98))],
        ),
        table(
            "septic-tanks",
            "code name volume_m3 households office community group",
            ("HF001", "池", 9.0, 12, *where),
            shapes=[place(50, 110)],
        ),
        table(
            "facilities",
            "code name kind office community group",
            ("GC001", "公厕", "toilet", *where),
            shapes=[place(250, 120)],
        ),
        table(
            "people",
            "code name role employment community phone",
            ("LD001", "甲", "leader", "full_time", "QJ", "199****0001"),
            ("C001", "乙", "cleaner", "part_time", "QJ01", None),
        ),
        table(
            "posts",
            "person area kind valid_from valid_to",
            ("LD001", "QJ", "leader", FIRST_DAY, None),
            ("LD001", "QJ01", "leader", FIRST_DAY, None),
        ),
        table(
            "duty-zones",
            "code name duty shift basis plan valid_from valid_to version",
            *(
                (code, "段", "sweeping", "all-day", "list", "published", FIRST_DAY, None, 1)
                for code in ("SW001", "SW002", "SW003")
            ),
            ("TK001", "池", "tanks", "all-day", "list", "published", FIRST_DAY, CHANGE, 1),
            shapes=[
                ground(-10, 80, 140, 120),
                ground(160, 80, 260, 130),
                ground(140, 80, 400, 400),
                ground(40, 100, 60, 120),
            ],
        ),
        table(
            "zone-segments",
            "zone segment from_m to_m valid_from valid_to",
            *((zone, street[at], 0.0, lengths[at] if end is None else end, FIRST_DAY, None) for zone, at, end in lists),
            ("TK001", tank, 0.0, 0.001, FIRST_DAY, CHANGE),
        ),
        table(
            "assignments",
            "person zone shift valid_from valid_to",
            ("C001", "SW001", "all-day", FIRST_DAY, None),
            ("C001", "SW003", "all-day", FIRST_DAY, CHANGE),
        ),
        table(
            "campaigns",
            "code title pest season valid_from valid_to scope limit_days",
            ("spring", "灭鼠", "rodent", "spring", FIRST_DAY, CHANGE, "street-segments;septic-tanks", 30),
        ),
        table(
            "treatments",
            "external_id campaign method amount unit team done_at result radius_m lon lat segment from_m to_m",
            (
                "T1",
                "spring",
                "bait",
                200.5,
                "g",
                "1队",
                "2025-03-10T08:01:00+08:00",
                "done",
                None,
                None,
                None,
                street[1],
                20.0,
                240.2,
            ),
            (
                "T2",
                "spring",
                "bait",
                100.0,
                "g",
                "1队",
                "2025-03-11T08:01:00+08:00",
                "done",
                50.0,
                place(150, 100).x,
                place(150, 100).y,
                None,
                None,
                None,
            ),
            (
                "T3",
                "spring",
                None,
                None,
                None,
                "1队",
                "2025-03-12T08:01:00+08:00",
                "locked",
                None,
                None,
                None,
                tank,
                None,
                None,
            ),
        ),
        table(
            "cases",
            "external_id source kind channel status status_at reported_at closed_at description lane house_number lon"
            " lat",
            *(
                (
                    f"2025-{n}",
                    "sample",
                    kind,
                    "hotline",
                    "closed",
                    day,
                    day,
                    day,
                    "有老鼠",
                    "丙路",
                    "1号",
                    spot.x if spot else None,
                    spot.y if spot else None,
                )
                for n, (kind, day, spot) in enumerate(
                    (
                        ("rodent", "2025-02-01T10:00:00+08:00", place(100, 90)),
                        ("septic_tank", "2025-05-01T11:30:00+08:00", place(52, 111)),
                        ("other", "2025-08-01T09:00:00+08:00", None),
                    ),
                    1,
                )
            ),
        ),
    ]


def rows(connection: Connection, statement: str) -> Counter[tuple[Any, ...]]:
    found = connection.execute(text(statement))
    return Counter(tuple(bytes(one) if isinstance(one, memoryview) else one for one in row) for row in found)


@pytest.fixture(scope="module")
def first() -> FirstTown:
    return FirstTown(hamlet(), SIZE)


@pytest.fixture(scope="module")
def county(new_database: Callable[..., TestDatabase], first: FirstTown) -> Iterator[Engine]:
    """Return connections to a database with a county made of copies; what it holds is not changed."""
    connections = engine(new_database().service_url)
    load_towns(connections, first)
    yield connections
    connections.dispose()


def test_copies_are_what_the_files_of_all_towns_give(
    county: Engine, first: FirstTown, database: TestDatabase, tmp_path: Path
) -> None:
    write_towns(tmp_path, first, SIZE.all_towns)
    connections = engine(database.service_url)
    load(connections, tmp_path)
    with county.connect() as made, connections.connect() as imported:
        differ = {
            name: ((has - wanted).most_common(2), (wanted - has).most_common(2))
            for name, statement in TABLES.items()
            if (has := rows(made, statement)) != (wanted := rows(imported, statement)) or not wanted
        }
    connections.dispose()
    assert not differ


def test_new_records_get_ids_of_their_own(county: Engine) -> None:
    with county.connect() as connection:
        for name in ("area", "person", "claim_source", "claim", "target", "reported_case"):
            following = connection.scalar(text("select nextval(pg_get_serial_sequence(:name, 'id'))"), {"name": name})
            assert following == (connection.scalar(text(f"select max(id) from {name}")) or 0) + 1


def test_a_county_goes_only_into_a_home_without_records(county: Engine, first: FirstTown) -> None:
    with pytest.raises(SampleRefusedError, match="without records"):
        load_towns(county, first)


def test_some_layers_alone_and_all_of_it_gone_again(database: TestDatabase, first: FirstTown) -> None:
    connections = engine(database.service_url)
    assert load_towns(connections, first, only=("areas", "cases")) == 4 * 4 - 1 + 4 * 5
    assert clear(connections) == 4 * 4 - 1 + 4 * 5
    with connections.connect() as connection:
        assert connection.scalar(text("select count(*) from source_row")) == 0
    connections.dispose()


def test_sizes_are_those_that_the_help_tells() -> None:
    assert [(size.towns, size.offices) for size in SIZES.values()] == [(1, 1), (67, 60), (667, 593)]
    town = SIZES["L"].town(18)
    assert (town.office, SIZES["L"].town(1).office_name) == ("017-QJ", "清江街道（示例）")
    names = {one.office_name for one in SIZES["L"].all_towns()}
    assert len(names) == 667


def test_words_that_do_not_go_together_are_refused(tmp_path: Path) -> None:
    assert CliRunner().invoke(main, ["sample", "load", str(tmp_path), "--size", "M"]).exit_code == 2
    assert CliRunner().invoke(main, ["sample", "load", "--only", "areas"]).exit_code == 2
