"""A small town with every kind of answer in it: gaps, overlaps, vacancies, two plans, names in Chinese, markup."""

from __future__ import annotations

from datetime import UTC, date, datetime

import shapely
from sqlalchemy import Connection, text

from geo_hygiene.campaigns.writing import NewTreatment, add_treatments, campaigns_changed
from geo_hygiene.coverage.holders import assignments_changed
from geo_hygiene.coverage.targets import areas_changed, targets_changed
from geo_hygiene.coverage.versions import bump
from geo_hygiene.coverage.writing import NewWork, NewZone, Stretch, add_zones
from tests.coverage.towns import add_area, measured
from tests.importing import bring

WEST, SOUTH, STEP = 105.08, 31.09, 0.002
ROWS, COLUMNS = 4, 6
NAMES = ("滨江北路", "解放街", "100%巷", '<img src=x onerror="alert(1)">')
CLASSES = ("arterial", "street", "lane", "alley")
FIRST_PLAN, SECOND_PLAN = date(2025, 1, 1), date(2025, 7, 1)
SPRING, AUTUMN = date(2025, 3, 1), date(2025, 9, 1)
SWEEPING, TANKS = 1, 4
PICTURE = shapely.MultiPolygon([shapely.box(WEST, SOUTH - 0.0005, WEST + COLUMNS * STEP, SOUTH + 0.0005)])


def _insert(connection: Connection, statement: str, **values: object) -> int:
    return connection.execute(text(statement), values).scalar_one()


def _target(connection: Connection, kind: str, shape: str, extent: int, category: str | None) -> int:
    return _insert(
        connection,
        "insert into target (kind, category, extent_mm, geom) values (:kind, :category, :extent,"
        " ST_GeomFromText(:shape, 4326)) returning id",
        kind=kind,
        shape=shape,
        extent=extent,
        category=category,
    )


def _areas(connection: Connection) -> None:
    east, north = WEST + COLUMNS * STEP, SOUTH + ROWS * STEP
    office = add_area(connection, "O", "office", None, (WEST - 0.001, SOUTH - 0.001, east + 0.001, north + 0.001))
    middle = (WEST + east) / 2
    for code, left, right, kind in (("C1", WEST - 0.001, middle, "core"), ("C2", middle, east + 0.001, "fringe")):
        box = (left, SOUTH - 0.001, right, north + 0.001)
        community = add_area(connection, code, "community", office, box, zone_class=kind)
        half = (box[1] + box[3]) / 2
        add_area(connection, f"{code}G1", "group", community, (left, box[1], right, half))
        add_area(connection, f"{code}G2", "group", community, (left, half, right, box[3]))
    connection.execute(text("update area set name = '鼓楼社区' where code = 'C1'"))
    connection.execute(
        text(
            "insert into water_body (name, category, geom) values ('清江', 'river',"
            " ST_Multi(ST_Buffer(ST_GeomFromText('LINESTRING(105.07 31.0945, 105.09 31.0955, 105.1 31.094)', 4326),"
            " 0.0003)))"
        )
    )


def _streets(connection: Connection) -> dict[tuple[int, int], tuple[int, int]]:
    """Write rows of segments along lanes; return ids and extents by row and column."""
    segments = {}
    for row in range(ROWS):
        lane = _insert(
            connection,
            "insert into lane (code, name, category) values (:code, :name, :category) returning id",
            code=f"L{row}",
            name=NAMES[row],
            category=CLASSES[row],
        )
        for column in range(COLUMNS):
            lon, lat = WEST + column * STEP, SOUTH + row * STEP
            points = [(lon, lat), (lon + STEP / 2, lat + STEP / 9), (lon + STEP, lat)]
            line, extent = measured([(round(x, 9), round(y, 9)) for x, y in points])
            segment = _target(connection, "street-segments", line, extent, CLASSES[row])
            connection.execute(
                text("insert into street_segment (id, code, lane_id) values (:id, :code, :lane)"),
                {"id": segment, "code": f"S{row}{column}", "lane": lane},
            )
            segments[row, column] = (segment, extent)
    return segments


def _tanks(connection: Connection) -> list[int]:
    tanks = []
    for index in range(5):
        tank = _target(connection, "septic-tanks", f"POINT M ({WEST + index * STEP} {SOUTH + 0.001} 0)", 1, None)
        connection.execute(
            text("insert into septic_tank (id, code) values (:id, :code)"), {"id": tank, "code": f"T{index}"}
        )
        tanks.append(tank)
    return tanks


def _people(connection: Connection) -> None:
    for code, name, role in (
        ("LD", "李领导", "leader"),
        ("CD", "王干部", "cadre"),
        ("P1", "张三", "cleaner"),
        ("P2", "Zhang San", "cleaner"),
    ):
        connection.execute(
            text("insert into person (code, name, role, phone) values (:code, :name, :role, '138****1234')"),
            {"code": code, "name": name, "role": role},
        )
    for person, area, kind in (("LD", "O", "leader"), ("CD", "C1", "cadre")):
        connection.execute(
            text(
                "insert into post (person_id, area_id, kind) select person.id, area.id, :kind from person, area"
                " where person.code = :person and area.code = :area"
            ),
            {"person": person, "area": area, "kind": kind},
        )


def _assign(connection: Connection, person: str, zone: str, valid_from: date) -> None:
    connection.execute(
        text(
            "insert into assignment (person_id, zone, valid_from)"
            " select id, :zone, :day from person where code = :person"
        ),
        {"person": person, "zone": zone, "day": valid_from},
    )


def _whole(segment: tuple[int, int]) -> Stretch:
    return Stretch(segment[0], 0, segment[1])


CASE, CASE_IN_GAP = "00000000-0000-4000-8000-0000000000c1", "00000000-0000-4000-8000-0000000000c2"
RODENTS, FLIES, NOWHERE = 12, 3, 2


def _cases(connection: Connection) -> None:
    """Write complaints: rats along the first lane, flies where nobody sweeps, one with markup, some without a place."""
    connection.execute(text("update area set population = 200 where code = 'C1G1'"))
    rats = [
        {
            "external_id": f"R{number}",
            "kind": "rodent",
            "channel": "hotline",
            "status": "closed" if number % 2 else "handled",
            "reported_at": f"2025-03-{number + 1:02} {number:02}:30",
            "closed_at": f"2025-03-{number + 9:02} 08:00" if number % 2 else None,
            "lon": WEST + 0.001 + number * 1e-6,
            "lat": SOUTH + 0.0003,
        }
        for number in range(RODENTS)
    ]
    flies = [
        {
            "kind": "fly",
            "status": "open",
            "reported_at": f"2025-06-0{day} 23:10",
            "lon": WEST + 0.001,
            "lat": SOUTH + 0.0061,
        }
        for day in range(1, FLIES + 1)
    ]
    markup = '<img src=x onerror="alert(1)">'
    nowhere = [
        {
            "kind": "other",
            "description": f"{markup} 13912345678",
            "lane": f"{markup} 路",
            "reported_at": f"2025-07-0{day}",
        }
        for day in range(1, NOWHERE + 1)
    ]
    rows = rats + flies + nowhere
    rows[0] |= {"id": CASE}
    rows[RODENTS] |= {"id": CASE_IN_GAP}
    report = bring(connection, "cases", [(None, row) for row in rows], constants={"source": "12345"})
    assert (report.status, report.stored.created) == ("imported", len(rows)), report.findings


def _campaign(connection: Connection, segments: dict[tuple[int, int], tuple[int, int]], tanks: list[int]) -> None:
    """Write a campaign of April 2025: a lane treated, a segment refused, a tank locked, the rest not visited."""
    campaign = _insert(
        connection,
        "insert into campaign (code, title, pest, season, valid_from, valid_to, scope, limit_days) values"
        " ('R1', '春季灭鼠 <b>', 'rodent', 'spring', '2025-04-01', '2025-05-01', '{street-segments,septic-tanks}', 30)"
        " returning id",
    )
    done = [(_whole(segments[0, column]), "done", column + 1) for column in range(COLUMNS)]
    done += [(Stretch(segments[1, 0][0], 50_000, 90_000), "refused", 8), (Stretch(tanks[0], 0, 1), "locked", 9)]
    works = [
        NewWork(
            kind="treatments",
            day=date(2025, 4, day),
            done_at=datetime(2025, 4, day, 1, tzinfo=UTC),
            result=result,
            stretches=(stretch,),
        )
        for stretch, result, day in done
    ]
    said = {"method": "bait", "team": "<i>Team</i>"}
    campaigns_changed(connection, ["R1"])
    add_treatments(
        connection,
        [
            NewTreatment(work=work, campaign_id=campaign, source_key=f"T{number}", details=said)
            for number, work in enumerate(works)
        ],
    )


def web_town(connection: Connection) -> None:
    """Write the town: spring has gaps, an overlap and a vacancy; autumn has one zone over everything."""
    _areas(connection)
    segments = _streets(connection)
    tanks = _tanks(connection)
    _people(connection)
    areas_changed(connection)
    targets_changed(connection, begun=[segment for segment, _extent in segments.values()] + tanks)
    half = [Stretch(segments[1, 0][0], 0, 60_000), _whole(segments[1, 1]), _whole(segments[1, 2])]
    zones = [
        NewZone(
            code="Z1",
            name="一号责任区",
            duty_id=SWEEPING,
            stretches=[_whole(segments[0, column]) for column in range(COLUMNS)],
            valid_from=FIRST_PLAN,
            valid_to=SECOND_PLAN,
            picture=shapely.to_wkb(PICTURE),
        ),
        NewZone(code="Z2", duty_id=SWEEPING, stretches=half, valid_from=FIRST_PLAN, valid_to=SECOND_PLAN),
        NewZone(
            code="Z3",
            duty_id=SWEEPING,
            stretches=[Stretch(segments[0, 2][0], 20_000, 80_000), _whole(segments[2, 0]), _whole(segments[2, 1])],
            valid_from=FIRST_PLAN,
            valid_to=SECOND_PLAN,
        ),
        NewZone(
            code="Z9",
            duty_id=SWEEPING,
            stretches=[_whole(segment) for segment in segments.values()],
            valid_from=SECOND_PLAN,
        ),
        NewZone(code="K1", duty_id=TANKS, stretches=[Stretch(tank, 0, 1) for tank in tanks[:3]], valid_from=FIRST_PLAN),
    ]
    add_zones(connection, zones)
    for person, zone in (("P1", "Z1"), ("P2", "Z3"), ("P1", "Z9"), ("P2", "K1")):
        _assign(connection, person, zone, FIRST_PLAN)
    assignments_changed(connection, [zone.code for zone in zones])
    _cases(connection)
    _campaign(connection, segments, tanks)
    bump(connection, ["campaigns", "areas", "water-bodies", "street-segments", "lanes", "septic-tanks", "people"])
