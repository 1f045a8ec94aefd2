"""A town in which every name that people can give is markup, script or a template."""

from __future__ import annotations

from datetime import UTC, date, datetime

from sqlalchemy import Connection, text

from geo_hygiene.campaigns.writing import NewTreatment, add_treatments
from geo_hygiene.cases.places import place_cases
from geo_hygiene.coverage.holders import assignments_changed
from geo_hygiene.coverage.targets import areas_changed, targets_changed
from geo_hygiene.coverage.versions import bump
from geo_hygiene.coverage.writing import NewWork, NewZone, Stretch, add_zones
from tests.coverage.towns import add_area, add_target

PAYLOADS = (
    "<img src=x onerror=alert(1)>",
    "<script>alert(2)</script>",
    "</script><script>alert(3)</script>",
    "<svg onload=alert(4)>",
    "<svg><script>alert(5)</script></svg>",
    '"><img src=x onerror=alert(6)>',
    "'><img src=x onerror=alert(7)>",
    "<iframe srcdoc='<script>parent.alert(8)</script>'>",
    "<a href='javascript:alert(9)'>九</a>",
    "<details open ontoggle=alert(10)>",
    "<input autofocus onfocus=alert(11)>",
    "<body onpageshow=alert(12)>",
    "${alert(13)}",
    "`${alert(14)}`",
    "{{ alert(15) }}{{ 7 * 7 }}",
    "{% for x in (1, 2) %}{{ config }}{% endfor %}",
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(17)>",
    "<!--<img src=x onerror=alert(18)>-->",
    "&lt;img src=x onerror=alert(19)&gt;",
    "\u202e<b onmouseover=alert(20)>牌楼巷</b>",
)
CAMPAIGN = "<b>&'\"{{ 1 }}"
SWEEPING = 1
FROM, TREATED = date(2025, 1, 1), date(2025, 3, 1)
WEST, SOUTH, STEP = 105.08, 31.09, 0.002


def markup_town(connection: Connection) -> None:
    """Write a lane, a zone and its holder for each payload; half of each lane is a gap."""
    box = (WEST - 0.001, SOUTH - 0.001, WEST + STEP + 0.001, SOUTH + (len(PAYLOADS) + 1) * STEP / 2)
    office = add_area(connection, "O", "office", None, box)
    community = add_area(connection, "C", "community", office, box, zone_class="core")
    add_area(connection, "G", "group", community, box)
    for code, name in zip("OCG", PAYLOADS[:3], strict=True):
        _write(connection, "update area set name = :name where code = :code", code=code, name=name)
    targets: list[tuple[int, int]] = []
    zones = []
    for index, name in enumerate(PAYLOADS):
        target, extent = _lane(connection, index, name)
        targets.append((target, extent))
        code = f"Z{index:02d}"
        half = Stretch(target, 0, extent // 2 - index * 1000)
        zones.append(NewZone(code=code, name=name, duty_id=SWEEPING, stretches=[half], valid_from=FROM))
        _write(
            connection,
            "insert into person (code, name, role) values (:code, :name, 'cleaner')",
            code=f"P{index:02d}",
            name=name,
        )
        _write(
            connection,
            "insert into assignment (person_id, zone, valid_from)"
            " select id, :zone, :day from person where code = :code",
            zone=code,
            day=FROM,
            code=f"P{index:02d}",
        )
    campaign = _written(
        connection,
        "insert into campaign (code, title, pest, valid_from, valid_to, scope)"
        " values (:code, :title, 'rodent', :day, '2025-06-01', '{street-segments}') returning id",
        code=CAMPAIGN,
        title=PAYLOADS[2],
        day=FROM,
    )
    areas_changed(connection)
    targets_changed(connection, begun=[target for target, _extent in targets])
    add_zones(connection, zones)
    assignments_changed(connection, [zone.code for zone in zones])
    _treatments(connection, campaign, targets)
    _cases(connection)
    bump(connection, ["areas", "street-segments", "lanes", "people", "campaigns", "cases"])


def _treatments(connection: Connection, campaign: int, targets: list[tuple[int, int]]) -> None:
    """Write a treatment of the first metres of each lane, with words that are markup in every field."""
    works = [
        NewWork(
            kind="treatments",
            day=TREATED,
            done_at=datetime(2025, 3, 1, 1, tzinfo=UTC),
            result="done",
            stretches=(Stretch(target, 0, 20_000),),
        )
        for target, _extent in targets
    ]
    add_treatments(
        connection,
        [
            NewTreatment(
                work=work,
                campaign_id=campaign,
                source_key=name,
                details=dict.fromkeys(("external_id", "method", "product", "team"), name),
            )
            for work, name in zip(works, PAYLOADS, strict=True)
        ],
    )


def _cases(connection: Connection) -> None:
    """Write a complaint for each payload, with it in every field; the first one has a place by a lane."""
    for index, name in enumerate(PAYLOADS):
        place = f"POINT({WEST + STEP / 4} {SOUTH})" if index == 0 else None
        _write(
            connection,
            "with one as ("
            " insert into reported_case (uuid, source, external_id, source_key, kind, status, status_at, reported_at,"
            " description, lane, house_number, geom)"
            " values (cast(:id as uuid), :name, :name, :name, 'other', 'filed', '2025-03-02 10:00+08',"
            " '2025-03-01 10:00+08', :name, :name, :name, ST_GeomFromText(:place, 4326)) returning id)"
            " insert into case_event (case_id, status, at, known)"
            " select id, 'filed', '2025-03-02 10:00+08', 'time' from one",
            id=case_id(index),
            name=name,
            place=place,
        )
    place_cases(connection)


def case_id(index: int) -> str:
    """Return the id of the complaint about a payload."""
    return f"00000000-0000-4000-8000-0000000000{index:02d}"


def _lane(connection: Connection, index: int, name: str) -> tuple[int, int]:
    latitude = SOUTH + index * STEP / 2
    target, extent = add_target(connection, [(WEST, latitude), (WEST + STEP, latitude)])
    _write(
        connection,
        "with lane as (insert into lane (code, name, category) values (:code, :name, 'lane') returning id)"
        " update street_segment set lane_id = lane.id, code = :name from lane where street_segment.id = :target",
        code=f"L{index:02d}",
        name=name,
        target=target,
    )
    return target, extent


def _write(connection: Connection, statement: str, **values: object) -> None:
    connection.execute(text(statement), values)


def _written(connection: Connection, statement: str, **values: object) -> int:
    return connection.execute(text(statement), values).scalar_one()
