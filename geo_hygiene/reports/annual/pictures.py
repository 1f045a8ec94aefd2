"""The maps and plots of the annual report, as SVG in millimetres; of what is not on record there is no picture."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import shapely
from shapely.geometry.base import BaseGeometry
from sqlalchemy import Connection, text

from geo_hygiene.i18n import N_, _
from geo_hygiene.layers.works import WORKED_ON
from geo_hygiene.maps.palette import FONTS, INK
from geo_hygiene.permissions import EVERYWHERE, Areas
from geo_hygiene.reports.annual.books import year_of
from geo_hygiene.reports.annual.plots import months_plot, years_plot
from geo_hygiene.reports.annual.report import Report
from geo_hygiene.reports.annual.writing import told
from geo_hygiene.reports.sheet_data import ground_in
from geo_hygiene.reports.sheet_map import CASING, LAND, Sheet, bar_metres, faces_of, path_of
from geo_hygiene.works.asked import EVERYTHING, PLACE, Asked
from geo_hygiene.works.listing import STATEMENT, WorkFilter
from geo_hygiene.works.reach import reach

WIDTH, HEIGHT, FOOT = 160.0, 100.0, 9.0
"""Of a map and of the legend below it, in millimetres: two maps stand on one page."""

MARGIN = 4.0

MOST_STREETS = 20_000
"""Of more streets only the wide ones are drawn: the others would fill the map with ink."""

MOST_NAMES = 40
"""Of more communities a map shows no names."""

LETTER_MM = 3.2
FIRST_WIDE = 0x2E7F
"""Letters behind this one are as wide as high."""

TITLES: Mapping[str, str] = {
    "map.lanes": N_("Lanes put in order"),
    "map.drains": N_("Drains dredged"),
    "map.reach": N_("Activities that reached each community"),
    "plot.months": N_("Works by month"),
    "plot.years": N_("Beside the year before"),
}
"""Names of the pictures, as templates ask for them, and what they are called."""

WORKS = {"map.lanes": "lane-order", "map.drains": "dredging"}
DONE_INK = "#23616B"
SHADES = ("#FFFFFF", "#DDE9E8", "#B5D0CF", "#83B0B2", "#4F8C92")
"""Of a community that nothing reached, and of quarters from the least to the most: they differ in grey too."""

STRETCHES = f"""
{STATEMENT}
select ST_AsBinary(ST_Force2D(
    case
        when from_mm = 0 and to_mm = extent_mm then target.geom
        else ST_LocateBetween(target.geom, from_mm / 1000.0, to_mm / 1000.0)
    end
))
from chosen
join claim_stretch using (source_id)
join target on target.id = target_id and target.kind = :layer
where target.valid_from <= chosen.day and chosen.day < target.valid_to
order by claim_stretch.id
"""  # noqa: S608 - constants

MONTHS = f"""
{STATEMENT}
select extract(month from day)::int as month, count(*) as works from chosen group by 1
"""  # noqa: S608 - constants

STREETS = f"""
with {PLACE},
street as materialized (
    select id, category, geom from target
    where kind = 'street-segments' and valid_from <= :last_day and :last_day < valid_to
        and ({EVERYTHING} or area_id in (select id from place where is_wanted))
)
select ST_AsBinary(ST_Force2D(geom)) from street
where category in ('arterial', 'street') or (select count(*) from street) <= :most
order by id
"""  # noqa: S608 - constants

COMMUNITIES = f"""
with {PLACE}
select area.code, coalesce(area.name, area.code) as name, ST_AsBinary(area.geom) as shape
from place
join area using (id)
where is_wanted and area.level = 'community' and area.geom is not null
    and area.valid_from <= :last_day and :last_day < area.valid_to
order by area.code
"""  # noqa: S608 - constants


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A map or a plot; without ``svg`` nothing of it is on record. ``told`` says in words what it shows."""

    key: str
    title: str
    svg: str | None
    told: str
    width: float = WIDTH


@dataclass(frozen=True, slots=True)
class _Ground:
    """What every map of a report begins with."""

    sheet: Sheet
    water: str
    streets: Sequence[BaseGeometry]
    communities: Sequence[Any]


def draw(connection: Connection, report: Report, *, within: Areas = EVERYWHERE) -> list[Picture]:
    """Return the pictures of a report, those without anything on record too.

    Parameters
    ----------
    connection
        In the transaction that answered the figures, so that they tell the same.
    """
    books, before = (
        year_of(connection, year, area=report.area, within=within) for year in (report.year, report.year - 1)
    )
    ground = _ground(connection, books.asked)
    pictures = [_worked(connection, key, books.asked, ground) for key in WORKS]
    pictures.append(_reached(connection, books.asked, ground))
    months = [_months(connection, asked) for asked in (before.asked, books.asked)]
    svg = months_plot(report.year, *months) if any(months[1]) else None
    works = _(
        "%(count)s works in %(year)s, %(before)s in the year before.",
        count=f"{sum(months[1]):,}",
        year=report.year,
        before=told(sum(months[0]) or None, "count"),
    )
    pictures.append(_picture("plot.months", svg, works))
    pictures.append(_picture("plot.years", *years_plot(report)))
    return pictures


def _picture(key: str, svg: str | None, words: str) -> Picture:
    return Picture(key=key, title=_(TITLES[key]), svg=svg, told=words if svg else _("no record"))


def _ground(connection: Connection, asked: Asked) -> _Ground | None:
    """Return streets and communities with the sheet that they fit on; ``None`` where there are neither."""
    streets = _shapes(connection, STREETS, asked.values() | {"most": MOST_STREETS})
    communities = connection.execute(text(COMMUNITIES), asked.values()).all()
    shapes = [*streets, *(shapely.from_wkb(bytes(row.shape)) for row in communities)]
    if not shapes:
        return None
    west, south, east, north = shapely.total_bounds(shapes).tolist()
    sheet = Sheet.around((west, south, east, north), WIDTH, HEIGHT, margin=MARGIN)
    frame = shapely.box(0, 0, WIDTH, HEIGHT)
    water = faces_of(sheet, ground_in(connection, asked.last_day, sheet.box, ["water"])["water"], frame, "water")
    return _Ground(sheet, water, streets, communities)


def _shapes(connection: Connection, statement: str, values: Mapping[str, Any]) -> list[BaseGeometry]:
    found = connection.scalars(text(statement), values)
    return [shape for shape in (shapely.from_wkb(bytes(one)) for one in found if one is not None) if not shape.is_empty]


def _months(connection: Connection, asked: Asked) -> list[int]:
    counts = {row.month: int(row.works) for row in connection.execute(text(MONTHS), _filter(asked).values())}
    return [counts.get(month, 0) for month in range(1, 13)]


def _filter(asked: Asked, kind: str | None = None) -> WorkFilter:
    return WorkFilter(kind=kind, begin=asked.begin, end=asked.end, area=asked.area, within=asked.within)


def _worked(connection: Connection, key: str, asked: Asked, ground: _Ground | None) -> Picture:
    """Return the map of the stretches on which work of a kind was done."""
    kind = WORKS[key]
    done = _shapes(connection, STRETCHES, _filter(asked, kind).values() | {"layer": WORKED_ON[kind]})
    if ground is None or not done:
        return _picture(key, None, "")
    sheet = ground.sheet
    drawn = [
        f'<path d="{"".join(path_of(sheet.drawn(shape)) for shape in done)}" fill="none" stroke="{color}"'
        f' stroke-width="{wide}" stroke-linecap="round" stroke-linejoin="round"/>'
        for color, wide in (("#FFFFFF", 1.3), (DONE_INK, 0.8))
    ]
    sign = f'<path d="M0.4 -1.2h5.2" stroke="{DONE_INK}" stroke-width="0.8" stroke-linecap="round"/>'
    parts = [ground.water, *_streets(ground), *_borders(ground), *drawn, *_names(ground)]
    svg = _map(ground, parts, [(sign, _(TITLES[key]))])
    return _picture(key, svg, _("%(count)s stretches on the map.", count=f"{len(done):,}"))


def _reached(connection: Connection, asked: Asked, ground: _Ground | None) -> Picture:
    """Return the map of how many activities reached each community."""
    found = {one.code: len(one.records) for one in reach(connection, asked)}
    reached = [number for number in found.values() if number]
    if ground is None or not ground.communities or not reached:
        return _picture("map.reach", None, "")
    least, most = min(reached), max(reached)
    steps = [least - 1 + (most - least + 1) * quarter // 4 for quarter in range(5)]
    drawn = [
        f'<path d="{path_of(ground.sheet.drawn(shapely.from_wkb(bytes(row.shape))))}" fill-rule="evenodd"'
        f' fill="{_shade(found.get(row.code, 0), steps)}" stroke="#8A6F4E" stroke-width="0.4"/>'
        for row in ground.communities
    ]
    rows = [(_patch(SHADES[0]), _("never reached"))]
    rows += [
        (_patch(SHADES[at]), f"{low + 1:,}–{high:,}" if high > low + 1 else f"{high:,}")
        for at, (low, high) in enumerate(pairwise(steps), start=1)
        if high > low
    ]
    numbers = {row.code: f"{found.get(row.code, 0):,}" for row in ground.communities}
    svg = _map(ground, [*drawn, *_names(ground, numbers)], rows)
    never = sum(not found.get(row.code) for row in ground.communities)
    return _picture(
        "map.reach",
        svg,
        _("%(never)s of %(all)s communities were never reached.", never=never, all=len(ground.communities)),
    )


def _shade(number: int, steps: Sequence[int]) -> str:
    return SHADES[0 if number == 0 else next(at for at in (1, 2, 3, 4) if number <= steps[at])]


def _patch(color: str) -> str:
    return f'<rect y="-3" width="6" height="3.2" fill="{color}" stroke="#8A6F4E" stroke-width="0.3"/>'


def _streets(ground: _Ground) -> Iterator[str]:
    path = "".join(path_of(ground.sheet.drawn(shape)) for shape in ground.streets)
    if path:
        yield f'<path d="{path}" fill="none" stroke="{CASING}" stroke-width="0.45"/>'


def _borders(ground: _Ground) -> Iterator[str]:
    for row in ground.communities:
        path = path_of(ground.sheet.drawn(shapely.from_wkb(bytes(row.shape)).boundary))
        yield f'<path d="{path}" fill="none" stroke="#8A6F4E" stroke-width="0.25" stroke-dasharray="1.6 0.8"/>'


def _names(ground: _Ground, numbers: Mapping[str, str] | None = None) -> Iterator[str]:
    """Yield the names of the communities, where there are not too many, and numbers below them."""
    if len(ground.communities) > MOST_NAMES:
        return
    for row in ground.communities:
        place = ground.sheet.drawn(shapely.point_on_surface(shapely.from_wkb(bytes(row.shape))))
        x, y = shapely.get_x(place), shapely.get_y(place)
        yield _halo(row.name, x, y, 3.0)
        if numbers is not None:
            yield _halo(numbers[row.code], x, y + 4.2, 3.6)


def _halo(words: str, x: float, y: float, size: float) -> str:
    style = f'x="{x:.2f}" y="{y:.2f}" font-size="{size}" text-anchor="middle"'
    return (
        f'<text {style} fill="none" stroke="#FFFDF9" stroke-width="1.1" stroke-linejoin="round">{escape(words)}</text>'
        f'<text {style} fill="{INK}">{escape(words)}</text>'
    )


def _map(ground: _Ground, parts: Iterable[str], legend: Sequence[tuple[str, str]]) -> str:
    """Return a map in its frame with the legend and a scale below it."""
    height = HEIGHT + FOOT
    size = f'width="{WIDTH}mm" height="{height}mm" viewBox="0 0 {WIDTH} {height}"'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family={quoteattr(", ".join(FONTS))}>'
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="{LAND}"/>{"".join(parts)}'
        f'<rect x="0.15" y="0.15" width="{WIDTH - 0.3}" height="{HEIGHT - 0.3}" fill="none" stroke="{CASING}"'
        ' stroke-width="0.3"/>'
        f"{''.join(_legend(legend, height))}{_scale_bar(ground.sheet, height)}</svg>"
    )


def _legend(rows: Sequence[tuple[str, str]], height: float) -> Iterator[str]:
    x = 0.5
    for sign, words in rows:
        row = f'<text x="7.5" y="-0.2" font-size="{LETTER_MM}" fill="{INK}">{escape(words)}</text>'
        yield f'<g transform="translate({x:.2f} {height - 2})">{sign}{row}</g>'
        x += 12 + LETTER_MM * sum(1.0 if ord(letter) > FIRST_WIDE else 0.55 for letter in words)


def _scale_bar(sheet: Sheet, height: float) -> str:
    metres = bar_metres(sheet.scale)
    wide = metres * 1000 / sheet.scale
    line = f"M{WIDTH - wide - 1:.2f} {height - 3.2}v1.2h{wide:.2f}v-1.2"
    place = f'x="{WIDTH - wide / 2 - 1:.2f}" y="{height - 3}" font-size="2.8" text-anchor="middle"'
    return (
        f'<path d="{line}" fill="none" stroke="{INK}" stroke-width="0.35"/>'
        f'<text {place} fill="{INK}">{escape(_("%(metres)s m", metres=f"{metres:,}"))}</text>'
    )
