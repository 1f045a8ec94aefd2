"""Which cases are wanted."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from geo_hygiene.coverage.within import AREAS_WITHIN, bound
from geo_hygiene.permissions import EVERYWHERE, Areas

WITHIN = f"(cast(:within as text[]) is null or it.area_id = any(array({AREAS_WITHIN})))"
"""The cases that lie in the areas to which a role is limited; those in no area lie in none of them."""

CHOSEN = f"""
{WITHIN}
and (cast(:kinds as text[]) is null or it.kind = any(:kinds))
and (cast(:channels as text[]) is null or it.channel = any(:channels))
and (cast(:statuses as text[]) is null or it.status = any(:statuses))
and (cast(:begin as timestamptz) is null or it.reported_at >= :begin)
and (cast(:end as timestamptz) is null or it.reported_at < :end)
and (
    cast(:words as text) is null
    or strpos(lower(concat_ws(' ', it.external_id, it.description, concat(it.lane, it.house_number))), :words) > 0
)
and (
    cast(:weekdays as int[]) is null
    or cast(extract(isodow from it.reported_at at time zone :zone) as int) = any(:weekdays)
)
and (
    cast(:hours as int[]) is null
    or (
        cast(extract(hour from it.reported_at at time zone :zone) as int) = any(:hours)
        and cast(it.reported_at at time zone :zone as time) <> time '00:00'
    )
)
and (
    cast(:area as text) is null
    or it.area_id = any(array(
        with named as (select id from area where code = :area)
        select id from named
        union select id from area where parent_id in (select id from named)
        union
        select part.id
        from area as part join area as parent on parent.id = part.parent_id
        where parent.parent_id in (select id from named)
    ))
)
"""  # noqa: S608 - constants
"""The cases that a filter lets through; ``it`` is a row of ``reported_case``.

Midnight to the second is what files write for a day alone: such a case was not reported at night.
"""


@dataclass(frozen=True, kw_only=True)
class CaseFilter:
    """Which cases are wanted; what is ``None`` does not matter.

    Attributes
    ----------
    begin, end
        First day, and the day after the last, in the office's time zone.
    weekdays
        From 1 for Monday to 7.
    hours
        From 0 to 23, in which cases were reported; those without a time of day were in none.
    area
        Code of an area, with all below it.
    words
        A part of the number, of what was told or of the address, in whatever case; columns that are kept know none.
    within
        Codes of the areas to which the asker's role is limited, with all below them.
    """

    kinds: Collection[str] | None = None
    channels: Collection[str] | None = None
    statuses: Collection[str] | None = None
    begin: date | None = None
    end: date | None = None
    weekdays: Collection[int] | None = None
    hours: Collection[int] | None = None
    area: str | None = None
    words: str | None = None
    within: Areas = EVERYWHERE

    def values(self, zone: ZoneInfo) -> dict[str, Any]:
        """Return what the statements bind."""
        return {
            "kinds": _sorted(self.kinds),
            "channels": _sorted(self.channels),
            "statuses": _sorted(self.statuses),
            "begin": _midnight(self.begin, zone),
            "end": _midnight(self.end, zone),
            "weekdays": _sorted(self.weekdays),
            "hours": _sorted(self.hours),
            "area": self.area,
            "words": None if self.words is None else self.words.lower(),
            "zone": zone.key,
            **bound(self.within),
        }


def _midnight(day: date | None, zone: ZoneInfo) -> datetime | None:
    return None if day is None else datetime.combine(day, time(), zone)


def _sorted(values: Collection[Any] | None) -> list[Any] | None:
    return None if values is None else sorted(values)
