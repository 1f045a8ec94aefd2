"""Where complaints gather: counts on a grid, by area with rates, and through time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from enum import StrEnum
from typing import Any

from scipy.special import gammaincinv
from sqlalchemy import Connection, text

from geo_hygiene.cases.counting import Box, Counts, DatabaseCounts, Level, Step
from geo_hygiene.cases.density import CELL_PIXELS, Density, cell_size, nothing
from geo_hygiene.cases.filters import CaseFilter
from geo_hygiene.coverage.within import AREAS_WITHIN, bound
from geo_hygiene.errors import GeoHygieneError
from geo_hygiene.i18n import gettext as _
from geo_hygiene.layers.cases import CHANNELS, KINDS, STATUSES
from geo_hygiene.layerspec import Choice
from geo_hygiene.permissions import Areas

FRAME_ZOOMS = 1
"""Cells of frames are those of so many zooms farther out: a frame has fewer cases to show than the whole."""

MOST_FRAMES = 400

FEWEST_FOR_A_RATE = 20
FEWEST_RESIDENTS = 1000
"""With fewer cases or residents a rate says little: chance alone moves it far."""

CONFIDENCE = 0.95


MOST_CELLS = 100_000
"""Cells of an answer: more would take a reader seconds to load, and none could see them."""


class TooManyFramesError(GeoHygieneError):
    """The period is too long for the step."""


class TooManyCellsError(GeoHygieneError):
    """The part of the map is too large for cells of a zoom."""


class Rank(StrEnum):
    """Which areas are the foremost."""

    COUNT = "count"
    RATE = "rate"


AREAS = """
with counted as (
    select cast(id as int) as id, cast(cases as int) as cases
    from unnest(string_to_array(:ids, ' '), string_to_array(:counts, ' ')) as given (id, cases)
),
people as (
    select area_tree.{level}_id as id, sum(part.population) as residents
    from area as part join area_tree on area_tree.id = part.id
    where part.level = 'group' and part.valid_from <= :on and :on < part.valid_to
        and exists (select from area where area.level = :level and area.population is null)
    group by 1
),
foremost as (
    select
        area.id, coalesce(counted.cases, 0) as cases, coalesce(area.population, people.residents) as residents
    from area
    left join counted on counted.id = area.id
    left join people on people.id = area.id
    where area.level = :level
        and (cast(:within as text[]) is null or area.id in ({within}))
        and (counted.id is not null or (not :enough and area.valid_from <= :on and :on < area.valid_to))
    order by {rank}, area.code, area.id
    limit :most
)
select
    area.code, area.name, foremost.cases, foremost.residents,
    ST_X(ST_PointOnSurface(area.geom)) as lon, ST_Y(ST_PointOnSurface(area.geom)) as lat,
    ST_XMin(area.geom) as west, ST_YMin(area.geom) as south, ST_XMax(area.geom) as east, ST_YMax(area.geom) as north
from foremost join area on area.id = foremost.id
order by area.code, area.id
"""

RANKS: Mapping[Rank, str] = {
    Rank.COUNT: "coalesce(counted.cases, 0) desc",
    Rank.RATE: (
        "coalesce(counted.cases, 0) < :fewest_cases"
        " or coalesce(area.population, people.residents, 0) < :fewest_residents,"
        " cast(coalesce(counted.cases, 0) as float8) / nullif(coalesce(area.population, people.residents), 0)"
        " desc nulls last"
    ),
}
"""No rate that rests on little stands above one that does not."""


def heat(
    connection: Connection,
    wanted: CaseFilter,
    on: date,
    *,
    counts: Counts | None = None,
    box: Box | None = None,
    zoom: int = 14,
    level: Level = Level.GROUP,
    rank: Rank = Rank.COUNT,
    most: int = 1000,
    step: Step | None = None,
) -> dict[str, Any]:
    """Return the density of cases, their counts and rates by area, and frames of a step each.

    Parameters
    ----------
    on
        The day whose areas and residents are shown.
    counts
        Who counts the cases: the database, if nobody is named.
    box
        Where cells are wanted; the cases outside it are told as a number.
    zoom
        Leaflet zoom, by which the cells have their sizes.
    rank, most
        Which areas are told of, and of how many.

    Raises
    ------
    TooManyFramesError
        If the period has too many steps.
    TooManyCellsError
        If there are too many cells.
    """
    asked = counts or DatabaseCounts(connection)
    cell, frame_zoom = cell_size(zoom), zoom - FRAME_ZOOMS
    return {
        **_shown(asked.density(wanted, box, zoom)).get(None, nothing(cell)),
        "zoom": zoom,
        "cell_px": CELL_PIXELS,
        "cell": cell,
        "by_level": level.value,
        **_areas(connection, asked.areas(wanted, level), level, on, rank, most, wanted.within),
        **_breakdown(asked, wanted),
        "frames": [] if step is None else _frames(asked, wanted, box, frame_zoom, step),
        "frame_cell": cell_size(frame_zoom),
    }


def _shown(density: Density) -> Mapping[date | None, dict[str, Any]]:
    if len(density.cells.cases) > MOST_CELLS:
        raise TooManyCellsError(
            _("There are more than %(most)s cells. Ask for a part of the map, or for a smaller zoom.", most=MOST_CELLS)
        )
    return density.shown()


def _frames(counts: Counts, wanted: CaseFilter, box: Box | None, zoom: int, step: Step) -> list[dict[str, Any]]:
    """Return one frame after the other without a hole, from the first day asked for, or the first case."""
    density = counts.density(wanted, box, zoom, step)
    days = [day for day, cases in zip(density.frames, density.totals, strict=True) if day is not None and cases]
    if not days and (wanted.begin is None or wanted.end is None):
        return []
    begin = wanted.begin or min(days)
    end = wanted.end or max(days) + timedelta(days=1)
    periods: list[tuple[date, date]] = []
    for period in _periods(begin, end, step):
        if len(periods) == MOST_FRAMES:
            raise TooManyFramesError(
                _("The period has more than %(most)s frames. Choose a shorter one, or longer frames.", most=MOST_FRAMES)
            )
        periods.append(period)
    found, empty = _shown(density), nothing(density.cell)
    return [
        {
            "from": (max(first, wanted.begin) if wanted.begin else first).isoformat(),
            "to": (min(following, wanted.end) if wanted.end else following).isoformat(),
            **found.get(first, empty),
        }
        for first, following in periods
    ]


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


def _areas(
    connection: Connection,
    counted: Mapping[int | None, int],
    level: Level,
    on: date,
    rank: Rank,
    most: int,
    within: Areas,
) -> dict[str, Any]:
    """Return the cases of the foremost areas, as the last those of none, and what is left; all sum up to the total."""
    known = {area: cases for area, cases in counted.items() if area is not None}
    enough = len(known) > most
    asked = known
    if enough and rank is Rank.COUNT:
        asked = dict(sorted(known.items(), key=lambda item: (-item[1], item[0]))[:most])
    values = {
        "ids": " ".join(map(str, asked)),
        "counts": " ".join(map(str, asked.values())),
        "enough": enough,
        "on": on,
        "level": level.value,
        "most": most,
        "fewest_cases": FEWEST_FOR_A_RATE,
        "fewest_residents": FEWEST_RESIDENTS,
        **bound(within),
    }
    statement = AREAS.format(level=level.value, rank=RANKS[rank], within=AREAS_WITHIN)
    rows = connection.execute(text(statement), values).all()
    areas = [
        {
            "code": row.code,
            "name": row.name,
            "residents": None if row.residents is None else int(row.residents),
            "count": row.cases,
            **_rate(row.cases, int(row.residents or 0)),
            "place": [round(row.lon, 7), round(row.lat, 7)],
            "bbox": [row.west, row.south, row.east, row.north],
        }
        for row in rows
    ]
    if None in counted:
        nowhere = dict.fromkeys(("code", "name", "residents", "place", "bbox"))
        areas.append({**nowhere, "count": counted[None], **_rate(counted[None], 0)})
    return {
        "areas": areas,
        "areas_left": {
            "areas": len(known) - sum(row.cases > 0 for row in rows),
            "count": sum(known.values()) - sum(row.cases for row in rows),
        },
    }


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


def _breakdown(counts: Counts, wanted: CaseFilter) -> dict[str, Any]:
    """Return how the cases are spread over kinds, channels, statuses, days of the week and hours.

    Those that came with a day alone were in no hour, and are told apart: hours and these sum up to the total.
    """
    found: defaultdict[str, Mapping[str | None, int]] = defaultdict(dict, counts.breakdown(wanted))
    return {
        "kinds": _in_order(found["kind"], KINDS),
        "channels": _in_order(found["channel"], CHANNELS),
        "statuses": _in_order(found["status"], STATUSES),
        "weekdays": [found["weekday"].get(str(day), 0) for day in range(1, 8)],
        "hours": [found["hour"].get(str(hour), 0) for hour in range(24)],
        "without_time": found["hour"].get(None, 0),
    }


def _in_order(counts: Mapping[str | None, int], choices: Sequence[Choice]) -> dict[str, int]:
    return {choice.value: counts[choice.value] for choice in choices if choice.value in counts}
