"""Zones as they are when somebody wants to change them."""

from __future__ import annotations

import uuid as uuid_module
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Connection, text

from geo_hygiene.coverage.duties import DutyRecord, all_duties, today
from geo_hygiene.coverage.locks import lock_duties
from geo_hygiene.coverage.periods import EVER, NEVER
from geo_hygiene.coverage.within import AREAS_WITHIN, bound
from geo_hygiene.errors import UnknownRecordError
from geo_hygiene.i18n import gettext as _
from geo_hygiene.permissions import Areas
from geo_hygiene.zoning.mistakes import OutsideAreasError, StaleVersionError, WrongZoneError

ZONES = """
select
    claim.id, claim.uuid, duty_zone.code, duty_zone.name, claim.duty_id, claim.shift, claim.source_id,
    claim.valid_from, claim.valid_to, claim.version, ST_AsBinary(duty_zone.geom) as picture
from duty_zone join claim using (id)
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

CODE = "select code from duty_zone join claim using (id) where uuid = :uuid"

OF_DAY = """
where claim.duty_id = :duty and duty_zone.code = any(:codes) and claim.valid_from <= :on and :on < claim.valid_to
"""

WHERE_IT_LIES = f"""
select count(*) as targets, count(*) filter (where target.area_id in ({AREAS_WITHIN})) as within
from target
where target.id in (select target_id from cover where source_id = :source)
"""  # noqa: S608 - constants

TOLD = """
select
    duty_zone.code, duty_zone.name, claim.shift, claim.version, claim.valid_from::text, claim.valid_to::text,
    (
        select json_agg(json_build_array(target.uuid, from_mm, to_mm) order by target.uuid, from_mm)
        from cover join target on target.id = cover.target_id where cover.source_id = claim.source_id
    ) as segments
from duty_zone join claim using (id)
where claim.id = any(:ids)
order by duty_zone.code, claim.valid_from
"""


@dataclass(frozen=True, slots=True)
class Editor:
    """Who changes something, and the areas to which the role is limited."""

    actor: str
    within: Areas


@dataclass(frozen=True, slots=True)
class ZoneRecord:
    """A zone; an open end of its period is the first or last day that there is."""

    id: int
    uuid: uuid_module.UUID
    code: str
    name: str | None
    duty_id: int
    shift: str
    source_id: int
    valid_from: date
    valid_to: date
    version: int
    picture: bytes | None

    def holds_on(self, day: date) -> bool:
        """Tell whether it holds on a day."""
        return self.valid_from <= day < self.valid_to

    def nearest_day(self, day: date) -> date:
        """Return the day of its period that is nearest to one."""
        last = NEVER if self.valid_to == NEVER else self.valid_to - timedelta(days=1)
        return min(max(day, self.valid_from), last)


def identity(name: str) -> str | None:
    """Return a name that is an id, in its one form."""
    try:
        return str(uuid_module.UUID(name))
    except ValueError:
        return None


def open_day(day: date) -> date | None:
    """Return a day of a period, or nothing where the period is open."""
    return None if day in (EVER, NEVER) else day


def find_zone(connection: Connection, name: str, on: date) -> ZoneRecord:
    """Return the zone with an id, or with the code that holds on a day.

    Raises
    ------
    UnknownRecordError
        If there is none.
    """
    asked = {"uuid": identity(name), "code": name, "on": on}
    row = connection.execute(text(ZONES + NAMED), asked).one_or_none()
    if row is None:
        raise UnknownRecordError(_("There is no zone “%(name)s”.", name=name))
    return _record(row)


def name_read(connection: Connection, name: str, uuid: uuid_module.UUID) -> str:
    """Return the id of the zone that somebody read as ``name``: the code may be another zone's meanwhile.

    Raises
    ------
    UnknownRecordError
        If there is no zone of the name.
    StaleVersionError
        If the zone that was read is none of that name, or is not there any more.
    """
    code = connection.scalar(text(CODE), {"uuid": uuid})
    if code is None or name not in {code, str(uuid)}:
        now = find_zone(connection, name, today(connection))
        raise _changed_meanwhile(now)
    return str(uuid)


def _changed_meanwhile(zone: ZoneRecord) -> StaleVersionError:
    return StaleVersionError(
        _("Somebody else changed the zone “%(code)s” meanwhile.", code=zone.code), current=zone.version
    )


def zones_of_day(connection: Connection, duty_id: int, on: date, codes: Iterable[str]) -> dict[str, ZoneRecord]:
    """Return the zones of a duty that hold on a day, of those that some codes name."""
    asked = {"duty": duty_id, "on": on, "codes": sorted(set(codes))}
    rows = connection.execute(text(ZONES + OF_DAY), asked)
    return {row.code: _record(row) for row in rows}


def _record(row: Any) -> ZoneRecord:
    values = dict(row._mapping)
    picture = values.pop("picture")
    return ZoneRecord(**values, picture=None if picture is None else bytes(picture))


def zone_to_change(
    connection: Connection,
    editor: Editor,
    name: str,
    *,
    version: int,
    on: date | None = None,
    lock_all: bool = False,
) -> ZoneRecord:
    """Return a zone as nobody else can change it any more, in the version that the editor read.

    Parameters
    ----------
    on
        Day on which the code holds; today when missing.
    lock_all
        Whether the writers of all duties are kept out: a holder is named by the zone's code in any of them.

    Raises
    ------
    UnknownRecordError
        If there is none, or it lies in other areas than those of the editor.
    OutsideAreasError
        If it reaches beyond these.
    StaleVersionError
        If somebody else has changed it since.
    """
    found = find_zone(connection, name, on or today(connection))
    lock_duties(connection, [duty.id for duty in all_duties(connection)] if lock_all else [found.duty_id])
    zone = find_zone(connection, str(found.uuid), on or found.valid_from)
    demand_zone_within(connection, zone, editor.within)
    if zone.version != version:
        raise _changed_meanwhile(zone)
    return zone


def demand_zone_within(connection: Connection, zone: ZoneRecord, within: Areas) -> None:
    """Refuse a zone that does not lie whole in the areas of a role.

    Raises
    ------
    UnknownRecordError
        If nothing of it does: it is as if it did not exist.
    OutsideAreasError
        If it reaches beyond them.
    """
    if within is None:
        return
    lies = connection.execute(text(WHERE_IT_LIES), {"source": zone.source_id, **bound(within)}).one()
    if lies.within == 0:
        raise UnknownRecordError(_("There is no zone “%(name)s”.", name=zone.code))
    if lies.within < lies.targets:
        raise OutsideAreasError(
            _("The zone “%(code)s” reaches beyond the areas to which your role is limited.", code=zone.code)
        )


def day_within(zone: ZoneRecord, day: date, place: str) -> date:
    """Return a day on which a zone holds.

    Raises
    ------
    WrongZoneError
        If it does not hold then.
    """
    if day < zone.valid_from:
        raise WrongZoneError(
            place, _("The zone “%(code)s” begins only on %(day)s.", code=zone.code, day=zone.valid_from.isoformat())
        )
    if day >= zone.valid_to:
        raise WrongZoneError(
            place, _("The zone “%(code)s” ends on %(day)s.", code=zone.code, day=zone.valid_to.isoformat())
        )
    return day


def duty_by_id(connection: Connection, duty_id: int) -> DutyRecord:
    """Return a duty by its id."""
    return next(duty for duty in all_duties(connection) if duty.id == duty_id)


def as_audited(connection: Connection, claim_ids: Iterable[int]) -> list[dict[str, Any]]:
    """Return what the audit keeps of zones: all that is said of them, with their lists in millimetres."""
    return [dict(row._mapping) for row in connection.execute(text(TOLD), {"ids": sorted(claim_ids)})]
