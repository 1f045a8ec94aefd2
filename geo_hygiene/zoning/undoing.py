"""What a zone was before, version by version, and how it becomes that again."""

from __future__ import annotations

import uuid as uuid_module
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, text

from geo_hygiene.coverage.duties import today
from geo_hygiene.coverage.otherwise import OtherZone, otherwise
from geo_hygiene.coverage.writing import keep_zones, lists_of_sources, replace_lists
from geo_hygiene.i18n import gettext as _
from geo_hygiene.zoning.editing import Change, demand_free_code, note
from geo_hygiene.zoning.lists import demand_targets_within
from geo_hygiene.zoning.mistakes import WrongZoneError
from geo_hygiene.zoning.records import Editor, as_audited, duty_by_id, find_zone, zone_to_change

VERSIONS = """
select distinct on (version)
    version, recorded_at, content ->> 'name' as name, content ->> 'shift' as shift,
    content ->> 'valid_from' as valid_from, content ->> 'valid_to' as valid_to,
    (content ->> 'source_id')::int as source_id,
    ST_AsBinary(ST_SetSRID(ST_GeomFromGeoJSON(nullif(content ->> 'geometry', 'null')), 4326)) as picture
from record_history
where layer = 'duty-zones' and record = :uuid and (cast(:version as int) is null or version = :version)
order by version desc, id desc
limit 500
"""

AS_IT_WAS = """
update duty_zone set name = :name, geom = ST_GeomFromWKB(cast(:picture as bytea), 4326) where id = :id
"""


def versions_of(connection: Connection, name: str) -> list[dict[str, Any]]:
    """Return the versions of a zone that were superseded, the newest first, each with the instant when it was.

    Raises
    ------
    UnknownRecordError
        If there is no such zone.
    """
    zone = find_zone(connection, name, today(connection))
    return [
        {
            "version": row.version,
            "until": row.recorded_at.isoformat(),
            "name": row.name,
            "shift": row.shift,
            "valid_from": _open(row.valid_from),
            "valid_to": _open(row.valid_to),
        }
        for row in _versions(connection, zone.uuid)
    ]


def _versions(connection: Connection, uuid: uuid_module.UUID, version: int | None = None) -> list[Any]:
    return list(connection.execute(text(VERSIONS), {"uuid": uuid, "version": version}))


def _open(day: str) -> str | None:
    return None if day in {"-infinity", "infinity"} else day


def undo(connection: Connection, editor: Editor, name: str, *, version: int, to: int) -> Change:
    """Let a zone be as it was in an earlier version: its list, name, shift, picture and period; who holds it stays.

    Raises
    ------
    UnknownRecordError, OutsideAreasError, StaleVersionError, WrongZoneError
        As for :func:`geo_hygiene.zoning.editing.change`; also if there is no such version, or its period is that of
        another zone now.
    """
    zone = zone_to_change(connection, editor, name, version=version)
    duty = duty_by_id(connection, zone.duty_id)
    kept = _versions(connection, zone.uuid, to)
    if not kept:
        raise WrongZoneError(
            "version", _("The zone “%(code)s” has no version %(version)s.", code=zone.code, version=to)
        )
    (was,) = kept
    stretches = lists_of_sources(connection, [was.source_id])[was.source_id]
    demand_targets_within(connection, stretches, editor.within)
    period = connection.execute(
        text("select cast(:start as date) as valid_from, cast(:end as date) as valid_to"),
        {"start": was.valid_from, "end": was.valid_to},
    ).one()
    demand_free_code(connection, zone.code, period.valid_from, period.valid_to, besides=[zone.id])
    on = max(period.valid_from, min(today(connection), period.valid_to - timedelta(days=1)))
    other = OtherZone(code=zone.code, stretches=stretches, shift=was.shift)
    difference = otherwise(connection, duty.id, on, [other])
    before = as_audited(connection, [zone.id])
    keep_zones(connection, [zone.id])
    picture = None if was.picture is None else bytes(was.picture)
    connection.execute(text(AS_IT_WAS), {"id": zone.id, "name": was.name, "picture": picture})
    connection.execute(
        text(
            "update claim set shift = :shift, valid_from = cast(:start as date), valid_to = cast(:end as date)"
            " where id = :id"
        ),
        {"shift": was.shift, "start": was.valid_from, "end": was.valid_to, "id": zone.id},
    )
    replace_lists(connection, {zone.id: stretches}, follow=True)
    note(connection, editor, "zone.undo", duty, zone.code, before=before, after=as_audited(connection, [zone.id]))
    return Change(duty=duty, on=on, zones=(zone.uuid,), difference=difference)
