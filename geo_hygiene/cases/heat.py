"""Where complaints gather: counts on a grid, by area with rates, and through time.

A cell that holds only a few cases would point at who complained. They are counted in a larger cell around it, together
with the few of its other parts, so that the map is fine where cases are dense and coarse where they are not.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from typing import Any, NamedTuple

from scipy.special import gammaincinv
from sqlalchemy import Connection, text

from geo_hygiene.cases.questions import CHOSEN, CaseFilter
from geo_hygiene.coverage.duties import office_timezone
from geo_hygiene.crs import TILE_CIRCUMFERENCE_M, from_tile_plane
from geo_hygiene.errors import GeoHygieneError
from geo_hygiene.i18n import gettext as _
from geo_hygiene.layers.cases import CHANNELS, KINDS, STATUSES
from geo_hygiene.layerspec import Choice

FEWEST = 5
"""Cases from which a cell is shown."""

CELL_PIXELS = 32
"""Side of the smallest cells on the screen; 256 pixels are a tile."""

CELL_SIZES = 6
"""Cells are so wide, twice, four times as wide and so on: the widest is as wide as a screen."""

FRAME_CELLS = 2
"""The smallest cell of a frame is as wide as so many of the whole: it has fewer cases to show."""

TILE_PIXELS = 256

MOST_FRAMES = 400

FEWEST_FOR_A_RATE = 20
FEWEST_RESIDENTS = 1000
"""With fewer cases or residents a rate says little: chance alone moves it far."""

CONFIDENCE = 0.95

Box = tuple[float, float, float, float]
"""West, south, east, north in degrees, EPSG:4326."""


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


class TooManyFramesError(GeoHygieneError):
    """The period is too long for the step."""


CELLS = f"""
select
    {{bucket}} as bucket,
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
"""  # noqa: S608 - constants
"""The box is compared number by number: the boxes of an index are coarser than the places in them."""

WHOLE = "cast(null as date)"
BUCKET = "cast(date_trunc(:step, it.reported_at at time zone :zone) as date)"

AREAS = f"""
with counted as (
    select area_tree.{{level}}_id as id, count(*) as cases
    from reported_case as it
    left join area_tree on area_tree.id = it.area_id
    where {CHOSEN}
    group by 1
)
select
    area.code, area.name, coalesce(counted.cases, 0) as cases,
    coalesce(
        area.population,
        (
            select sum(part.population)
            from area as part join area_tree on area_tree.id = part.id
            where part.level = 'group' and area_tree.{{level}}_id = area.id
                and part.valid_from <= :on and :on < part.valid_to
        )
    ) as residents,
    ST_X(ST_PointOnSurface(area.geom)) as lon, ST_Y(ST_PointOnSurface(area.geom)) as lat,
    ST_XMin(area.geom) as west, ST_YMin(area.geom) as south, ST_XMax(area.geom) as east, ST_YMax(area.geom) as north
from (
    select * from area
    where level = :level and ((valid_from <= :on and :on < valid_to) or id in (select id from counted))
) as area
full join counted on counted.id = area.id
where area.id is not null or counted.cases > 0
order by area.code nulls last, area.id
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


class Cell(NamedTuple):
    """The middle of a cell, the cases that no smaller cell shows, and its side in metres of the tiles' plane."""

    lon: float
    lat: float
    cases: int
    side: float


@dataclass(slots=True)
class Density:
    """Cases on a grid; ``total`` is the sum of the others.

    Attributes
    ----------
    cell
        Side of the smallest cells.
    counts
        Cases of the smallest cells, by column and row.
    """

    cell: float
    without_place: int = 0
    outside: int = 0
    counts: Counter[tuple[int, int]] = field(default_factory=Counter)

    def add(self, row: Any) -> None:
        """Take in the cases of one cell, or those that are in none."""
        if row.is_nowhere:
            self.without_place += row.cases
        elif row.across is None:
            self.outside += row.cases
        else:
            self.counts[row.across, row.up] += row.cases

    def cells(self) -> tuple[list[Cell], int]:
        """Return the cells that hold enough cases, each case in one of them, and how many cases are in none.

        What is too few for its cell goes up to the one twice as wide that holds it. A shown cell is left out there, so
        that no difference of two cells tells of fewer cases than a cell does.
        """
        cells: list[Cell] = []
        counts, side = self.counts, self.cell
        for _size in range(CELL_SIZES):
            few: Counter[tuple[int, int]] = Counter()
            for (across, up), cases in counts.items():
                if cases < FEWEST:
                    few[across // 2, up // 2] += cases
                else:
                    lon, lat = from_tile_plane((across + 0.5) * side, (up + 0.5) * side)
                    cells.append(Cell(round(lon, 7), round(lat, 7), cases, side))
            counts, side = few, side * 2
        return sorted(cells), counts.total()

    def as_json(self) -> dict[str, Any]:
        """Return the public form."""
        cells, hidden = self.cells()
        return {
            "total": self.without_place + self.outside + self.counts.total(),
            "without_place": self.without_place,
            "outside": self.outside,
            "hidden": hidden,
            "cells": [list(cell) for cell in cells],
        }


def cell_size(zoom: int) -> float:
    """Return the side of the smallest cells in metres of the tiles' plane (EPSG:3857)."""
    return TILE_CIRCUMFERENCE_M / (TILE_PIXELS * 2.0**zoom) * CELL_PIXELS


def heat(
    connection: Connection,
    wanted: CaseFilter,
    on: date,
    *,
    box: Box | None = None,
    zoom: int = 14,
    level: Level = Level.GROUP,
    step: Step | None = None,
) -> dict[str, Any]:
    """Return the density of cases, their counts and rates by area, and frames of a step each.

    Parameters
    ----------
    on
        The day whose areas and residents are shown.
    box
        Where cells are wanted; the cases outside it are told as a number.
    zoom
        Leaflet zoom, by which the cells have their sizes.

    Raises
    ------
    TooManyFramesError
        If the period has too many steps.
    """
    values = wanted.values(office_timezone(connection)) | _bounds(box)
    cell = cell_size(zoom)
    whole = _densities(connection, WHOLE, values, cell)
    frames = [] if step is None else _frames(connection, wanted, step, values, cell * FRAME_CELLS)
    return {
        **whole.get(None, Density(cell)).as_json(),
        "zoom": zoom,
        "cell_px": CELL_PIXELS,
        "cell": cell,
        "by_level": level.value,
        "areas": _areas(connection, level, values | {"on": on}),
        **_breakdown(connection, values),
        "frames": frames,
        "frame_cell": cell * FRAME_CELLS,
    }


def _bounds(box: Box | None) -> dict[str, Any]:
    west, south, east, north = box or (-180.0, -90.0, 180.0, 90.0)
    return {"west": west, "south": south, "east": east, "north": north}


def _densities(
    connection: Connection, bucket: str, values: Mapping[str, Any], cell: float
) -> dict[date | None, Density]:
    found: dict[date | None, Density] = defaultdict(lambda: Density(cell))
    for row in connection.execute(text(CELLS.format(bucket=bucket)), {**values, "cell": cell}):
        found[row.bucket].add(row)
    return dict(found)


def _frames(
    connection: Connection, wanted: CaseFilter, step: Step, values: Mapping[str, Any], cell: float
) -> list[dict[str, Any]]:
    """Return one frame after the other without a hole, from the first day asked for, or the first case."""
    found = _densities(connection, BUCKET, {**values, "step": step.value}, cell)
    days = [day for day in found if day is not None]
    if not days and (wanted.begin is None or wanted.end is None):
        return []
    begin = wanted.begin or min(days)
    end = wanted.end or max(days) + timedelta(days=1)
    frames: list[dict[str, Any]] = []
    for first, following in _periods(begin, end, step):
        if len(frames) == MOST_FRAMES:
            raise TooManyFramesError(
                _("The period has more than %(most)s frames. Choose a shorter one, or longer frames.", most=MOST_FRAMES)
            )
        shown = found.get(first, Density(cell))
        start = max(first, wanted.begin) if wanted.begin else first
        stop = min(following, wanted.end) if wanted.end else following
        frames.append({"from": start.isoformat(), "to": stop.isoformat(), **shown.as_json()})
    return frames


def _periods(begin: date, end: date, step: Step) -> Iterator[tuple[date, date]]:
    """Yield the steps from the one that holds a day to the one before another, each with its following one."""
    first = begin
    if step is Step.WEEK:
        first = begin - timedelta(days=begin.weekday())
    elif step is Step.MONTH:
        first = begin.replace(day=1)
    while first < end:
        following = first + timedelta(days={Step.DAY: 1, Step.WEEK: 7, Step.MONTH: 32}[step])
        if step is Step.MONTH:
            following = following.replace(day=1)
        yield first, following
        first = following


def _areas(connection: Connection, level: Level, values: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the cases of each area, and as the last those of none; the counts sum up to the total."""
    statement = text(AREAS.format(level=level.value))
    return [
        {
            "code": row.code,
            "name": row.name,
            "residents": None if row.residents is None else int(row.residents),
            "count": row.cases,
            **_rate(row.cases, int(row.residents or 0)),
            "place": None if row.lon is None else [round(row.lon, 7), round(row.lat, 7)],
            "bbox": None if row.west is None else [row.west, row.south, row.east, row.north],
        }
        for row in connection.execute(statement, {**values, "level": level.value})
    ]


def _rate(cases: int, residents: int) -> dict[str, Any]:
    """Return the cases for each 1 000 residents, with the rates for which such a count is not unlikely."""
    if not residents:
        return {"rate": None, "interval": None, "is_uncertain": False}
    # the exact interval of a Poisson count: quantiles of gamma distributions
    tail = (1 - CONFIDENCE) / 2
    low = float(gammaincinv(cases, tail)) if cases else 0.0
    high = float(gammaincinv(cases + 1, 1 - tail))
    return {
        "rate": 1000 * cases / residents,
        "interval": [1000 * low / residents, 1000 * high / residents],
        "is_uncertain": cases < FEWEST_FOR_A_RATE or residents < FEWEST_RESIDENTS,
    }


def _breakdown(connection: Connection, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return how the cases are spread over kinds, channels, statuses, days of the week and hours.

    Those that came with a day alone were in no hour, and are told apart: hours and these sum up to the total.
    """
    counts: dict[str, dict[str | None, int]] = defaultdict(dict)
    for row in connection.execute(text(BREAKDOWN), values):
        counts[row.name][row.value] = row.cases
    return {
        "kinds": _in_order(counts["kind"], KINDS),
        "channels": _in_order(counts["channel"], CHANNELS),
        "statuses": _in_order(counts["status"], STATUSES),
        "weekdays": [counts["weekday"].get(str(day), 0) for day in range(1, 8)],
        "hours": [counts["hour"].get(str(hour), 0) for hour in range(24)],
        "without_time": counts["hour"].get(None, 0),
    }


def _in_order(counts: Mapping[str | None, int], choices: Sequence[Choice]) -> dict[str, int]:
    return {choice.value: counts[choice.value] for choice in choices if choice.value in counts}
