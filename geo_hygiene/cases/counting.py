"""How many cases fit a filter: in all, on a grid, by area, and by what they are.

Two ways answer alike: the database itself, here, and above a number of cases at which it takes too long the columns
that are kept beside it (``columns.py``). Who asks does not know which.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cached_property
from typing import Any, Protocol
from zoneinfo import ZoneInfo

import numpy as np
from sqlalchemy import Connection, text

from geo_hygiene.cases.density import Cells, Density, cell_size
from geo_hygiene.cases.filters import CHOSEN, CaseFilter
from geo_hygiene.coverage.duties import office_timezone

Box = tuple[float, float, float, float]
"""West, south, east, north in degrees, EPSG:4326."""

Breakdown = Mapping[str, Mapping[str | None, int]]
"""Cases by value of ``kind``, ``channel``, ``status``, ``weekday`` and ``hour``; without a time of day in hour None."""


class Level(StrEnum):
    """By which areas cases are counted."""

    OFFICE = "office"
    COMMUNITY = "community"
    GROUP = "group"


class Step(StrEnum):
    """How long a frame is."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"


@dataclass(frozen=True, slots=True)
class Total:
    """How many cases, and how many of them have no place."""

    cases: int
    without_place: int


class Counts(Protocol):
    """Counts of the cases of one state of the data."""

    def total(self, wanted: CaseFilter) -> Total:
        """Return how many cases fit."""

    def density(self, wanted: CaseFilter, box: Box | None, zoom: int, step: Step | None = None) -> Density:
        """Return the cases on the grid of a zoom within a box, with a step in frames of it.

        A frame without cases may be left out.
        """

    def areas(self, wanted: CaseFilter, level: Level) -> Mapping[int | None, int]:
        """Return the cases of each area of a level by its id; under ``None`` stand those that are in none."""

    def breakdown(self, wanted: CaseFilter) -> Breakdown:
        """Return how the cases are spread over what they are and when they came."""

    def newest(self, wanted: CaseFilter, count: int, until: date | None) -> Collection[int] | None:
        """Return ids among which are the newest cases that fit, so many of them, or ``None`` where that is not known.

        Those of days after ``until`` do not count.
        """


TOTAL = f"""
select count(*) as cases, count(*) filter (where it.geom is null) as without_place
from reported_case as it
where {CHOSEN}
"""  # noqa: S608 - constants

CELLS = f"""
select
    {{frame}} as frame,
    case when is_inside then cast(floor(ST_X(it.geom_3857) / :cell) as int) end as across,
    case when is_inside then cast(floor(ST_Y(it.geom_3857) / :cell) as int) end as up,
    it.geom is null as is_nowhere,
    count(*) as cases
from reported_case as it
cross join lateral (
    select ST_X(it.geom) between :west and :east and ST_Y(it.geom) between :south and :north as is_inside
) as box
where {CHOSEN}
group by 1, 2, 3, 4
order by 1
"""  # noqa: S608 - constants
"""The box is compared number by number: the boxes of an index are coarser than the places in them."""

WHOLE = "cast(null as date)"
FRAME = "cast(date_trunc(:step, it.reported_at at time zone :zone) as date)"

AREAS = f"""
select area_tree.{{level}}_id as id, sum(counted.cases) as cases
from (select it.area_id, count(*) as cases from reported_case as it where {CHOSEN} group by 1) as counted
left join area_tree on area_tree.id = counted.area_id
group by 1
"""  # noqa: S608 - constants

BREAKDOWN = f"""
select
    case 0
        when grouping(kind) then 'kind'
        when grouping(channel) then 'channel'
        when grouping(status) then 'status'
        when grouping(weekday) then 'weekday'
        else 'hour'
    end as name,
    coalesce(kind, channel, status, cast(weekday as text), cast(hour as text)) as value,
    count(*) as cases
from (
    select
        kind, channel, status, cast(extract(isodow from local) as int) as weekday,
        case when cast(local as time) <> time '00:00' then cast(extract(hour from local) as int) end as hour
    from (
        select it.kind, it.channel, it.status, it.reported_at at time zone :zone as local
        from reported_case as it
        where {CHOSEN}
        offset 0
    ) as chosen
) as counted
group by grouping sets ((kind), (channel), (status), (weekday), (hour))
"""  # noqa: S608 - constants
"""The offset keeps the planner from working out the local time anew for each part of it."""


@dataclass(frozen=True)
class DatabaseCounts:
    """Counts by the database, from the cases as they stand."""

    connection: Connection

    def total(self, wanted: CaseFilter) -> Total:
        """Return how many cases fit."""
        row = self._ask(TOTAL, wanted)[0]
        return Total(row.cases, row.without_place)

    def density(self, wanted: CaseFilter, box: Box | None, zoom: int, step: Step | None = None) -> Density:
        """Return the cases on the grid of a zoom within a box, with a step in frames of it."""
        west, south, east, north = box or (-180.0, -90.0, 180.0, 90.0)
        cell = cell_size(zoom)
        statement = CELLS.format(frame=WHOLE if step is None else FRAME)
        values = {"west": west, "south": south, "east": east, "north": north, "cell": cell}
        rows = self._ask(statement, wanted, **values, step=step and step.value)
        frames = list(dict.fromkeys(row.frame for row in rows))
        at = {frame: place for place, frame in enumerate(frames)}
        without_place, outside = np.zeros((2, len(frames)), dtype=np.int64)
        for row in rows:
            if row.across is None:
                (without_place if row.is_nowhere else outside)[at[row.frame]] += row.cases
        cells = [(at[row.frame], row.across, row.up, row.cases) for row in rows if row.across is not None]
        return Density(cell, frames, without_place, outside, Cells.of(cells))

    def areas(self, wanted: CaseFilter, level: Level) -> Mapping[int | None, int]:
        """Return the cases of each area of a level by its id; under ``None`` stand those that are in none."""
        return {row.id: int(row.cases) for row in self._ask(AREAS.format(level=level.value), wanted)}

    def breakdown(self, wanted: CaseFilter) -> Breakdown:
        """Return how the cases are spread over what they are and when they came."""
        counts: dict[str, dict[str | None, int]] = defaultdict(dict)
        for row in self._ask(BREAKDOWN, wanted):
            counts[row.name][row.value] = row.cases
        return counts

    def newest(self, wanted: CaseFilter, count: int, until: date | None) -> None:  # noqa: ARG002 - as all
        """Return nothing: the list itself is read in its order."""
        return

    @cached_property
    def _zone(self) -> ZoneInfo:
        return office_timezone(self.connection)

    def _ask(self, statement: str, wanted: CaseFilter, **values: Any) -> Sequence[Any]:
        asked = wanted.values(self._zone) | values
        return self.connection.execute(text(statement), asked).all()
