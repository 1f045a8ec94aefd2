"""Blackspots that came back: cleared once more within 50 m and 90 days."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, text

WITHIN_M = 50
WITHIN_DAYS = 90

AGAIN = """
with cleared as materialized (
    select claim.uuid, claim.valid_from as day, work.geom, cast(work.geom as geography) as spot
    from work join claim using (id)
    where work.work_kind = 'blackspot' and work.geom is not null
        and claim.valid_from >= cast(:begin as date) - :days and claim.valid_from < :end
)
select
    later.uuid, later.day, ST_X(later.geom) as lon, ST_Y(later.geom) as lat,
    earlier.uuid as before, earlier.day as day_before, earlier.metres
from cleared as later
left join lateral (
    select one.uuid, one.day, ST_Distance(one.spot, later.spot) as metres
    from cleared as one
    where one.day < later.day and one.day >= later.day - :days and ST_DWithin(one.spot, later.spot, :metres)
    order by one.day desc, one.uuid
    limit 1
) as earlier on true
where later.day >= :begin
order by later.day, later.uuid
"""


@dataclass(frozen=True, slots=True)
class Recurrence:
    """How many blackspots were cleared in a period, and those that had been cleared shortly before."""

    cleared: int
    again: tuple[dict[str, Any], ...]

    @property
    def share(self) -> float | None:
        """Return how many came back of those that were cleared."""
        return len(self.again) / self.cleared if self.cleared else None


def recurrence(connection: Connection, begin: date, end: date) -> Recurrence:
    """Return what came back in a half-open period; what was cleared before it counts as the first time."""
    values = {"begin": begin, "end": end, "days": WITHIN_DAYS, "metres": WITHIN_M}
    rows = connection.execute(text(AGAIN), values).all()
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
