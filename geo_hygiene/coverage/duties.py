"""Duties by their codes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, text

from geo_hygiene.errors import UnknownDutyError
from geo_hygiene.i18n import gettext as _
from geo_hygiene.layers import layer_of
from geo_hygiene.layerspec import MapLayer
from geo_hygiene.records.claims import DUTY_TITLES

DEFAULT_TIMEZONE = "Asia/Shanghai"


@dataclass(frozen=True, slots=True)
class DutyRecord:
    """A duty and the kind of target it looks after."""

    id: int
    code: str
    target_kind: str

    @property
    def title(self) -> str:
        """Return its name in the user's language."""
        return _(DUTY_TITLES[self.code])

    @property
    def layer(self) -> MapLayer:
        """Return the layer of its targets."""
        return layer_of(self.target_kind)

    @property
    def unit(self) -> str:
        """Return ``m`` for lines and ``count`` for points."""
        return self.layer.unit

    def amount(self, extent: int | None) -> float | int:
        """Return millimetres of lines as metres, and points as they are counted."""
        return self.layer.amount(extent)


def all_duties(connection: Connection) -> list[DutyRecord]:
    """Return every duty in its order."""
    rows = connection.execute(text("select id, code, target_kind from duty order by id"))
    return [DutyRecord(row.id, row.code, row.target_kind) for row in rows]


def duty_of(connection: Connection, code: str) -> DutyRecord:
    """Return a duty by its code.

    Raises
    ------
    UnknownDutyError
        With the codes that exist.
    """
    duties = {duty.code: duty for duty in all_duties(connection)}
    if code not in duties:
        raise UnknownDutyError(_("There is no duty “%(code)s”. Duties: %(codes)s.", code=code, codes=", ".join(duties)))
    return duties[code]


def office_timezone(connection: Connection) -> ZoneInfo:
    """Return the time zone of the office, in which days begin."""
    zone = connection.scalar(text("select timezone from area where level = 'office' order by code limit 1"))
    return ZoneInfo(zone or DEFAULT_TIMEZONE)


def in_office(instant: datetime | str, zone: ZoneInfo) -> str:
    """Return how an instant is told in the time of the office."""
    at = datetime.fromisoformat(instant) if isinstance(instant, str) else instant
    return at.astimezone(zone).strftime("%Y-%m-%d %H:%M")


def office_day(connection: Connection) -> tuple[date, datetime]:
    """Return the current day in the office's time zone, and the instant at which it ends."""
    zone = office_timezone(connection)
    day = datetime.now(zone).date()
    return day, datetime.combine(day + timedelta(days=1), time(), zone)


def today(connection: Connection) -> date:
    """Return the current day in the office's time zone."""
    return office_day(connection)[0]
