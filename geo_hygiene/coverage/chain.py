"""Who looks after one target: leader, cadre, and the holder of each stretch."""

from __future__ import annotations

import uuid as uuid_module
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import Connection, Row, text

from geo_hygiene.coverage.duties import DutyRecord, all_duties
from geo_hygiene.errors import UnknownRecordError
from geo_hygiene.i18n import gettext as _
from geo_hygiene.layerspec import GeometryKind, MapLayer

TARGET = """
select
    target.*, segment.code, {name}
    community.code as community, community.name as community_name, area_tree.community_id,
    area_group.code as area_group, area_group.name as group_name, area_tree.group_id, area_tree.office_id,
    ST_X(ST_PointOnSurface(ST_Force2D(target.geom))) as lon, ST_Y(ST_PointOnSurface(ST_Force2D(target.geom))) as lat,
    ST_XMin(target.geom) as west, ST_YMin(target.geom) as south,
    ST_XMax(target.geom) as east, ST_YMax(target.geom) as north
from target
join {segment} as segment on segment.id = target.id
{grouping}
left join area_tree on area_tree.id = target.area_id
left join area as community on community.id = area_tree.community_id
left join area as area_group on area_group.id = area_tree.group_id
where target.uuid = :uuid and target.kind = :kind
"""

ZONES_HERE = """
select
    duty_zone.code as zone, duty_zone.name as zone_name, claim.shift, claim.valid_from, cover.from_mm, cover.to_mm,
    claim.duty_id, person.code as person, person.name as person_name, person.role, assignment.shift as person_shift,
    assignment.valid_from as person_since, absent.code as absent, absent.name as absent_name
from cover
join target on target.id = cover.target_id and target.valid_from <= :on and :on < target.valid_to
join claim on claim.source_id = cover.source_id and claim.valid_from <= :on and :on < claim.valid_to
join duty_zone on duty_zone.id = claim.id
left join assignment on assignment.zone = duty_zone.code
    and assignment.valid_from <= :on and :on < assignment.valid_to
left join person on person.id = assignment.person_id
left join person as absent on absent.id = assignment.stands_in_for
where cover.target_id = :target and cover.duty_id is not null
order by claim.duty_id, cover.from_mm, cover.to_mm, duty_zone.code, person.code
"""
"""A list stays on a target that ended; nobody looks after the target any more."""

POSTS_HERE = """
select distinct on (post.kind) post.kind, person.code, person.name
from post
join person on person.id = post.person_id
join unnest(cast(:areas as int[])) with ordinality as level (area_id, depth) on level.area_id = post.area_id
where post.valid_from <= :on and :on < post.valid_to
order by post.kind, level.depth, post.valid_from desc, person.code
"""

LAST_ROLE = {"supervision": "supervisor"}
"""Who closes the chain of a duty when nobody holds the zone; otherwise a cleaner."""


def who_covers(connection: Connection, layer: MapLayer, target: uuid_module.UUID, on: date) -> dict[str, Any]:
    """Return a target with the chain of every duty over each of its stretches on a day.

    Raises
    ------
    UnknownRecordError
        When the layer has no such target.
    """
    row = connection.execute(text(_target_statement(layer)), {"uuid": target, "kind": layer.key}).one_or_none()
    if row is None:
        raise UnknownRecordError(_("There is no %(title)s “%(id)s”.", title=_(layer.title), id=target))
    above = posts_over(connection, (row.group_id, row.community_id, row.office_id), on)
    claims = connection.execute(text(ZONES_HERE), {"target": row.id, "on": on}).all()
    cover = [
        stretch
        for duty in all_duties(connection)
        if duty.target_kind == layer.key
        for stretch in _stretches(duty, [claim for claim in claims if claim.duty_id == duty.id], above)
    ]
    return {**_public_target(row, layer), "on": on.isoformat(), "above": above, "cover": cover}


def _target_statement(layer: MapLayer) -> str:
    grouping = layer.grouping
    join, name = "", "null::text as lane, null::text as lane_code,"
    if grouping is not None:
        join = f"left join {grouping.model.__tablename__} as bundle on bundle.id = segment.{grouping.reference.key}"
        name = "bundle.name as lane, bundle.code as lane_code,"
    if any(attribute.name == "name" for attribute in layer.attributes):
        name += " segment.name as own_name,"
    elif layer.label is not None:
        name += f" segment.{layer.label.key} as own_name,"
    else:
        name += " null::text as own_name,"
    return TARGET.format(name=name, segment=layer.model.__tablename__, grouping=join)


def posts_over(connection: Connection, area_ids: Iterable[int | None], on: date) -> list[dict[str, Any]]:
    """Return the leader and the cadre who answer for the first of these areas that has one, the smallest area first."""
    areas = [area for area in area_ids if area is not None]
    posts = {row.kind: row for row in connection.execute(text(POSTS_HERE), {"areas": areas, "on": on})}
    return [
        {
            "role": role,
            "code": posts[role].code if role in posts else None,
            "name": posts[role].name if role in posts else None,
        }
        for role in ("leader", "cadre")
    ]


def _stretches(
    duty: DutyRecord, claims: Sequence[Row[Any]], above: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    found: dict[tuple[str, int, int], dict[str, Any]] = {}
    for claim in claims:
        stretch = found.setdefault(
            (claim.zone, claim.from_mm, claim.to_mm),
            {
                "duty": duty.code,
                "from_m": claim.from_mm / 1000,
                "to_m": claim.to_mm / 1000,
                "zone": claim.zone,
                "zone_name": claim.zone_name,
                "shift": claim.shift,
                "since": None if claim.valid_from == date.min else claim.valid_from.isoformat(),
                "chain": list(above),
            },
        )
        holder = {
            "role": claim.role or LAST_ROLE.get(duty.code, "cleaner"),
            "code": claim.person,
            "name": claim.person_name,
        }
        if claim.absent is not None:
            holder["stands_in_for"] = {"code": claim.absent, "name": claim.absent_name}
        stretch["chain"].append(holder)
    return sorted(found.values(), key=lambda stretch: (stretch["from_m"], stretch["to_m"], stretch["zone"]))


def _public_target(row: Row[Any], layer: MapLayer) -> dict[str, Any]:
    return {
        "id": str(row.uuid),
        "code": row.code,
        "kind": layer.key,
        "name": row.own_name,
        "category": row.category,
        "lane": row.lane,
        "lane_code": row.lane_code,
        "length_m": row.extent_mm / 1000 if layer.geometry is GeometryKind.LINE else None,
        "community": row.community,
        "community_name": row.community_name,
        "group": row.area_group,
        "group_name": row.group_name,
        "valid_from": None if row.valid_from == date.min else row.valid_from.isoformat(),
        "valid_to": None if row.valid_to == date.max else row.valid_to.isoformat(),
        "center": [row.lon, row.lat],
        "bbox": [row.west, row.south, row.east, row.north],
    }
