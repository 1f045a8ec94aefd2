"""Blackspots that came back: cleared once more within 50 m and 90 days."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, text

from geo_hygiene.permissions import EVERYWHERE, Areas
from geo_hygiene.works.listing import STATEMENT, WorkFilter

WITHIN_M = 50
WITHIN_DAYS = 90
WITHIN_DEGREES = WITHIN_M * 1.05 / 111_320
"""A little more than that of a meridian: what the index is asked for."""

AGAIN = f"""
{STATEMENT},
cleared as materialized (
    select chosen.uuid, chosen.day, work.geom from chosen join work using (id) where work.geom is not null
)
select
    later.uuid, later.day, ST_X(later.geom) as lon, ST_Y(later.geom) as lat,
    earlier.uuid as before, earlier.day as day_before, earlier.metres
from cleared as later
left join lateral (
    select
        claim.uuid, claim.valid_from as day,
        ST_Distance(cast(work.geom as geography), cast(later.geom as geography)) as metres
    from work
    join claim using (id)
    where work.geom && ST_Expand(later.geom, :degrees / cos(radians(ST_Y(later.geom))), :degrees)
        and work.work_kind = 'blackspot' and claim.valid_from < later.day and claim.valid_from >= later.day - :days
        and ST_DWithin(cast(work.geom as geography), cast(later.geom as geography), :metres)
    order by claim.valid_from desc, claim.uuid
    limit 1
) as earlier on true
order by later.day, later.uuid
"""  # noqa: S608 - constants


@dataclass(frozen=True, slots=True)
class Recurrence:
    """How many blackspots were cleared in a period, and those that had been cleared shortly before."""

    cleared: int
    again: tuple[dict[str, Any], ...]

    @property
    def share(self) -> float | None:
        """Return how many came back of those that were cleared."""
        return len(self.again) / self.cleared if self.cleared else None


def recurrence(
    connection: Connection, begin: date, end: date, area: str | None = None, *, within: Areas = EVERYWHERE
) -> Recurrence:
    """Return what came back in a half-open period; what was cleared before it counts as the first time."""
    wanted = WorkFilter(kind="blackspot", begin=begin, end=end, area=area, within=within)
    values = {"days": WITHIN_DAYS, "metres": WITHIN_M, "degrees": WITHIN_DEGREES}
    rows = connection.execute(text(AGAIN), wanted.values() | values).all()
    again = tuple(
        {
            "id": str(row.uuid),
            "day": row.day.isoformat(),
            "before": str(row.before),
            "days": (row.day - row.day_before).days,
            "metres": round(row.metres, 1),
            "center": [row.lon, row.lat],
        }
        for row in rows
        if row.before is not None
    )
    return Recurrence(len(rows), again)
