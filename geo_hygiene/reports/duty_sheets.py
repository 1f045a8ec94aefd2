"""Duty sheets: a page for each zone to hang up or carry, with its map, lanes, holder and route, as PDF."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from urllib.parse import urlencode

import segno
from babel.numbers import format_decimal
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from sqlalchemy import Connection, text

from geo_hygiene import i18n
from geo_hygiene.coverage.duties import DutyRecord
from geo_hygiene.files.writing.completing import completing
from geo_hygiene.i18n import gettext as _
from geo_hygiene.layers.duty_zones import SHIFTS
from geo_hygiene.maps.palette import FONTS, STATES
from geo_hygiene.reports.sheet_data import LaneRow, Zone, zones_of
from geo_hygiene.reports.sheet_map import Sheet, bar_metres, edge_swatch, map_of, swatch

MOST_LANES, MOST_STEPS = 14, 40
"""Of lanes and of steps of the route, so many have room on a sheet."""

Progress = Callable[[str], None]
"""Told the code of each zone whose sheet is drawn."""


@dataclass(frozen=True, slots=True)
class Paper:
    """A size of paper, lying; millimetres within its margins. Letters are ``text`` times as large as on A4."""

    name: str
    width: float
    height: float
    map_width: float
    text: float


PAPERS = {"A4": Paper("A4", 281, 194, 212, 1.0), "A3": Paper("A3", 404, 281, 310, 1.4)}


def write_duty_sheets(
    connection: Connection,
    duty: DutyRecord,
    on: date,
    path: Path,
    *,
    codes: Sequence[str] = (),
    paper: Paper = PAPERS["A4"],
    address: str | None = None,
    progress: Progress = lambda _code: None,
) -> int:
    """Write the sheets of a duty's zones, all or some, as one PDF; return how many there are.

    Parameters
    ----------
    address
        Of the server, as phones reach it: a code on each sheet then leads to its zone on the map.

    Raises
    ------
    UnknownRecordError
        If there is no such zone on that day.
    ExportError
        If the file can not be written.
    """
    from weasyprint import HTML  # noqa: PLC0415 - a second, which nothing else needs

    sheets = []
    for zone in zones_of(connection, duty, on, codes):
        sheets.append(_sheet(connection, zone, paper, address))
        progress(zone.code)
    page = page_of(sheets, paper, is_sample=_is_sample(connection))
    with completing(path) as folder:
        HTML(string=page, url_fetcher=fetch_nothing).write_pdf(folder / path.name)
    return len(sheets)


def fetch_nothing(url: str) -> dict[str, object]:
    """Let nothing that a page names be fetched."""
    raise ValueError(url)


def _is_sample(connection: Connection) -> bool:
    asked = "select exists (select from import_run where origin = 'sample')"
    return bool(connection.scalar(text(asked)))


def page_of(sheets: Iterable[dict[str, object]], paper: Paper, *, is_sample: bool) -> str:
    """Return the page of all sheets; what comes from records is escaped."""
    environment = Environment(
        loader=PackageLoader("geo_hygiene.reports"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    environment.globals["_"] = _
    return environment.get_template("duty_sheets.html").render(
        sheets=sheets,
        paper=paper,
        is_sample=is_sample,
        title=_("Duty sheets"),
        language=i18n.current_locale().replace("_", "-"),
        fonts=Markup(", ".join(f'"{font}"' for font in FONTS)),  # noqa: S704 - constants
    )


def _sheet(connection: Connection, zone: Zone, paper: Paper, address: str | None) -> dict[str, object]:
    """Return what a page says of a zone, in the reader's words."""
    sheet = Sheet.around(zone.bounds, paper.map_width, paper.height, paper.text)
    metres = bar_metres(sheet.scale)
    shift = next((one.title for one in SHIFTS if one.value == zone.shift), zone.shift)
    more = len(zone.lanes) - MOST_LANES
    return {
        "map": Markup(map_of(connection, zone, sheet)),  # noqa: S704 - escaped where it is made
        "code": zone.code,
        "duty": zone.duty.title,
        "communities": zone.communities,
        "holders": ", ".join(zone.holders),
        "shift": _(shift),
        "amounts": _amounts(zone),
        "legend": _legend(zone),
        "lanes_title": _("Lanes"),
        "lanes": [
            {
                "lane": row.lane,
                "ends": _ends(row),
                "amount": _metres(row.length_m),
            }
            for row in zone.lanes[:MOST_LANES]
        ],
        "lanes_more": _("and %(count)s more", count=more) if more > 0 else "",
        "steps": _steps(zone),
        "walk": _walk(zone),
        "qr": None if address is None else _code(zone, address),
        "day": zone.on.isoformat(),
        "scale": _number(sheet.scale),
        "bar_mm": metres * 1000 / sheet.scale,
        "bar": _metres(metres),
    }


def _number(amount: float) -> str:
    return format_decimal(round(amount), locale=i18n.current_locale())


def _metres(amount: float) -> str:
    return _("%(metres)s m", metres=_number(amount)).replace(" ", "\N{NO-BREAK SPACE}")


def _extent(zone: Zone, amount: float) -> str:
    return _metres(amount) if zone.duty.unit == "m" else _number(amount)


def _amounts(zone: Zone) -> str:
    told = [_extent(zone, zone.extent())]
    if zone.area_m2:
        hectares = format_decimal(round(zone.area_m2 / 10_000, 2), locale=i18n.current_locale())
        told.append(_("%(area)s ha", area=hectares))
    return " · ".join(told)


def _ends(row: LaneRow) -> str:
    """Return from where to where a run along a lane goes."""
    if not row.begin and not row.end:
        return _("all of it")
    return f"{row.begin or _('its end')} – {row.end or _('its end')}"


def _legend(zone: Zone) -> list[dict[str, object]]:
    """Return the rows of the legend; those of the states add up to what is held, as it is written."""
    written = {ink.state: round(zone.extent(ink.state)) for ink in STATES if ink.state != "covered"}
    written["covered"] = round(zone.extent()) - sum(written.values())
    rows: list[dict[str, object]] = [
        {
            "swatch": Markup(swatch(ink.state, zone.duty)),  # noqa: S704 - constants
            "title": _(ink.title),
            "amount": _extent(zone, written[ink.state]),
        }
        for ink in STATES
        if ink.state == "covered" or zone.extent(ink.state)
    ]
    if zone.picture is not None:
        rows.append({"swatch": Markup(edge_swatch()), "title": _("Edge of the zone"), "amount": ""})  # noqa: S704
    return rows


def _steps(zone: Zone) -> str:
    if zone.route is None:
        return ""
    steps = [
        f"{lane or ''} {_metres(metres)}".strip() if sweeps else f"({lane or ''} {_metres(metres)})".replace("( ", "(")
        for lane, sweeps, metres in zone.route.along_lanes()
    ]
    return " → ".join(steps[:MOST_STEPS]) + (" → …" if len(steps) > MOST_STEPS else "")


def _walk(zone: Zone) -> str:
    if zone.route is None:
        return ""
    return _(
        "%(swept)s m swept and %(walked)s m only walked: %(minutes)s min in all",
        swept=_number(zone.route.swept_m),
        walked=_number(zone.route.walked_m),
        minutes=_number(zone.route.minutes),
    )


def _code(zone: Zone, address: str) -> Markup:
    """Return the code that leads to the zone on the map, as SVG."""
    asked = urlencode({"duty": zone.duty.code, "on": zone.on.isoformat(), "select": f"zone:{zone.code}"})
    drawn = io.BytesIO()
    segno.make(f"{address.rstrip('/')}/map?{asked}", micro=False).save(
        drawn, kind="svg", xmldecl=False, svgns=True, border=0, dark="#1F2A2C", omitsize=True
    )
    return Markup(drawn.getvalue().decode())  # noqa: S704 - squares
