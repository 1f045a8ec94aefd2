"""Duty zones with what they cover and who holds them."""

from __future__ import annotations

import json
import uuid as uuid_module
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, Row, text

from geo_hygiene.coverage.duties import duty_of
from geo_hygiene.errors import UnknownRecordError
from geo_hygiene.features.people import posts_over_sources
from geo_hygiene.i18n import gettext as _
from geo_hygiene.zoning.loads import loads_of

DIGITS = 9
"""Decimals of a degree in answers: a tenth of a millimetre."""

ZONES = """
select
    claim.uuid, duty_zone.code, duty_zone.name, duty.code as duty, claim.shift, claim_source.basis,
    claim.valid_from, claim.valid_to, claim.version, duty_zone.tint,
    (
        select coalesce(
            json_agg(json_build_object('code', person.code, 'name', person.name) order by person.code), '[]'
        )
        from assignment join person on person.id = assignment.person_id
        where assignment.zone = duty_zone.code and assignment.valid_from <= :on and :on < assignment.valid_to
    ) as held_by,
    (
        select coalesce(sum(cover.to_mm - cover.from_mm) filter (where GeometryType(target.geom) <> 'POINTM'), 0)
        from cover join target on target.id = cover.target_id
        where cover.source_id = claim.source_id and target.valid_from <= :on and :on < target.valid_to
    ) as length_mm,
    (
        select count(distinct cover.target_id)
        from cover join target on target.id = cover.target_id
        where cover.source_id = claim.source_id and target.valid_from <= :on and :on < target.valid_to
    ) as targets
"""

FROM_ZONES = """
from claim
join duty_zone using (id)
join claim_source on claim_source.id = claim.source_id
join duty on duty.id = claim.duty_id
"""

ON_DAY = """
where claim.valid_from <= :on and :on < claim.valid_to
    and (cast(:duty as text) is null or duty.code = :duty)
    and (cast(:after as text) is null or (duty_zone.code, claim.uuid::text) > (:after_code, :after_uuid))
order by duty_zone.code, claim.uuid::text
limit :limit
"""

ONE_ZONE = """
, claim.source_id, ST_AsGeoJSON(duty_zone.geom, :digits) as shape,
(
    select coalesce(json_agg(json_build_object(
        'segment', target.uuid, 'from_m', cover.from_mm / 1000.0::float8, 'to_m', cover.to_mm / 1000.0::float8
    ) order by target.uuid, cover.from_mm), '[]'::json)
    from cover join target on target.id = cover.target_id
    where cover.source_id = claim.source_id and target.valid_from <= :on and :on < target.valid_to
) as stretches
"""

NAMED = """
where claim.id in (
        select id from claim as one where one.uuid = cast(:uuid as uuid)
        union all
        select id from duty_zone as coded where coded.code = :code
    )
order by (claim.valid_from <= :on and :on < claim.valid_to) desc, claim.valid_from desc
limit 1
"""


@dataclass(frozen=True)
class Zones:
    """A page of zones, and the key after which the next page begins (``None`` at the end)."""

    zones: list[dict[str, Any]]
    next: str | None


def zones(
    connection: Connection, on: date, *, duty: str | None = None, limit: int = 100, after: str | None = None
) -> Zones:
    """Return the zones that hold on a day, by code; with the holders and metres of that day."""
    after_code, _separator, after_uuid = (after or "").rpartition("~")
    values = {
        "on": on,
        "duty": duty,
        "after": after,
        "after_code": after_code,
        "after_uuid": after_uuid,
        "limit": limit + 1,
    }
    rows = connection.execute(text(ZONES + FROM_ZONES + ON_DAY), values).all()
    last = rows[limit - 1] if len(rows) > limit else None
    return Zones([_public(row) for row in rows[:limit]], f"{last.code}~{last.uuid}" if last else None)


def zone_feature(connection: Connection, name: str, on: date) -> dict[str, Any]:
    """Return a zone as a GeoJSON feature with its stretches and its work; by id, or by the code that holds on a day.

    Raises
    ------
    UnknownRecordError
        When no zone has the id or code.
    """
    values = {"uuid": _uuid(name), "code": name, "on": on, "digits": DIGITS}
    row = connection.execute(text(ZONES + ONE_ZONE + FROM_ZONES + NAMED), values).one_or_none()
    if row is None:
        raise UnknownRecordError(_("There is no zone “%(name)s”.", name=name))
    load = loads_of(connection, duty_of(connection, row.duty), on, {row.code: [row.source_id]})[row.code]
    return {
        "type": "Feature",
        "id": str(row.uuid),
        "geometry": json.loads(row.shape) if row.shape else None,
        "properties": {
            **_public(row),
            "above": posts_over_sources(connection, [row.source_id], on),
            "minutes": None if load.minutes is None else round(load.minutes, 2),
            "residents": None if load.residents is None else round(load.residents, 1),
            "tanks": load.tanks,
            "segments": row.stretches,
        },
    }


def _uuid(name: str) -> str | None:
    try:
        return str(uuid_module.UUID(name))
    except ValueError:
        return None


def _public(row: Row[Any]) -> dict[str, Any]:
    return {
        "id": str(row.uuid),
        "code": row.code,
        "name": row.name,
        "duty": row.duty,
        "shift": row.shift,
        "basis": row.basis,
        "plan": "published",
        "valid_from": None if row.valid_from == date.min else row.valid_from.isoformat(),
        "valid_to": None if row.valid_to == date.max else row.valid_to.isoformat(),
        "version": row.version,
        "holders": [holder["code"] for holder in row.held_by],
        "held_by": row.held_by,
        "length_m": row.length_mm / 1000,
        "targets": row.targets,
        "tint": row.tint,
    }
