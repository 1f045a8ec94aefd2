"""A town in which every name that people can give is markup, script or a template."""

from __future__ import annotations

from datetime import date

from sqlalchemy import Connection, text

from geo_hygiene.coverage.holders import assignments_changed
from geo_hygiene.coverage.targets import areas_changed, targets_changed
from geo_hygiene.coverage.versions import bump
from geo_hygiene.coverage.writing import NewZone, Stretch, add_zones
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
FROM = date(2025, 1, 1)
WEST, SOUTH, STEP = 105.08, 31.09, 0.002


def markup_town(connection: Connection) -> None:
    """Write a lane, a zone and its holder for each payload; half of each lane is a gap."""
    box = (WEST - 0.001, SOUTH - 0.001, WEST + STEP + 0.001, SOUTH + (len(PAYLOADS) + 1) * STEP / 2)
    office = add_area(connection, "O", "office", None, box)
    community = add_area(connection, "C", "community", office, box, zone_class="core")
    add_area(connection, "G", "group", community, box)
    for code, name in zip("OCG", PAYLOADS[:3], strict=True):
        _write(connection, "update area set name = :name where code = :code", code=code, name=name)
    targets, zones = [], []
    for index, name in enumerate(PAYLOADS):
        target, extent = _lane(connection, index, name)
        targets.append(target)
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
    _write(
        connection,
        "insert into campaign (code, title, pest, valid_from, valid_to, scope)"
        " values (:code, :title, 'rodent', :day, '2025-06-01', '{street-segments}')",
        code=CAMPAIGN,
        title=PAYLOADS[2],
        day=FROM,
    )
    areas_changed(connection)
    targets_changed(connection, begun=targets)
    add_zones(connection, zones)
    assignments_changed(connection, [zone.code for zone in zones])
    bump(connection, ["areas", "street-segments", "lanes", "people"])


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
