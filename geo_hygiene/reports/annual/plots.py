"""The plots of the annual report as SVG: this year in a dark ink, the year before in a light one with an edge."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from xml.sax.saxutils import escape, quoteattr

from babel.dates import get_month_names

from geo_hygiene.i18n import _, current_locale
from geo_hygiene.maps.palette import FONTS, INK
from geo_hygiene.reports.annual.report import Figure, Report
from geo_hygiene.reports.annual.writing import with_unit

WIDTH = 160.0
NOW, BEFORE = "#23616B", "#E3ECEC"
SOFT = "#55605F"

MOST_TICKS = 4

BESIDE = (
    "lanes-put-in-order",
    "drain-metres-dredged",
    "tanks-emptied",
    "blackspots-cleared",
    "disorders-cleared",
    "advert-pieces",
    "letters-frontages",
    "cleanups",
    "cleanup-person-times",
    "trainings",
    "training-person-times",
    "awareness-share",
    "money",
)
"""The figures that stand beside those of the year before, where there are any; each has its own measure."""


def months_plot(year: int, before: Sequence[int], now: Sequence[int]) -> str:
    """Return bars of twelve months of two years, or of one where the year before has nothing."""
    height, base, top, left = 62.0, 52.0, 9.0, 14.0
    years = [(year, now, NOW)] + ([(year - 1, before, BEFORE)] if any(before) else [])
    most = max(*before, *now, 1)
    step = (WIDTH - left) / 12
    wide = step * 0.72 / len(years)
    parts = [_text(_("Number of works"), 0, 4, color=SOFT), _line(left, base, WIDTH, base, INK)]
    for value in _ticks(most):
        y = base - (base - top) * value / most
        parts.append(_line(left, y, WIDTH, y, "#E2DACD"))
        parts.append(_text(f"{value:,}", left - 1.5, y + 1, anchor="end", color=SOFT))
    for month, name in get_month_names("abbreviated", locale=current_locale()).items():
        x = left + step * (month - 0.5)
        for at, (_year, values, color) in enumerate(reversed(years)):
            tall = (base - top) * values[month - 1] / most
            parts.append(_bar(x + wide * (at - len(years) / 2), base - tall, wide * 0.94, tall, color))
        parts.append(_text(name, x, base + 4, anchor="middle"))
    return _svg(height, [*parts, *_key([(told, color) for told, _values, color in years], height)])


def _ticks(most: int) -> Iterator[int]:
    step = next(one * 10**power for power in range(9) for one in (1, 2, 5) if most <= MOST_TICKS * one * 10**power)
    yield from range(step, most + 1, step)


def years_plot(report: Report) -> tuple[str | None, str]:
    """Return two bars for each figure that is on record in both years, and in words how many there are."""
    figures = [one for one in (report[key] for key in BESIDE) if None not in {one.value, one.previous}]
    if not figures:
        return None, ""
    row, left = 10.0, 62.0
    parts: list[str] = []
    for at, figure in enumerate(figures):
        parts += _beside(figure, 2 + row * at, left)
    height = 2 + row * len(figures) + 8
    key = _key([(report.year, NOW), (report.year - 1, BEFORE)], height)
    return _svg(height, [*parts, *key]), "; ".join(
        f"{one.title}: {with_unit(one.value, one.unit)} ({with_unit(one.previous, one.unit)})" for one in figures
    )


def _beside(figure: Figure, y: float, left: float) -> Iterator[str]:
    room = WIDTH - left - 34
    most = max(figure.value or 0, figure.previous or 0) or 1
    yield _text(figure.title, left - 2, y + 4.6, anchor="end")
    for at, (value, color) in enumerate(((figure.value, NOW), (figure.previous, BEFORE))):
        wide = room * (value or 0) / most
        yield _bar(left, y + 4 * at, wide, 3.4, color)
        yield _text(with_unit(value, figure.unit), left + wide + 1.5, y + 2.8 + 4 * at, color=SOFT)


def _key(years: Iterable[tuple[int, str]], height: float) -> Iterator[str]:
    for at, (told, color) in enumerate(years):
        yield _bar(1 + 20 * at, height - 4, 5, 3, color)
        yield _text(str(told), 7.5 + 20 * at, height - 1.4)


def _bar(x: float, y: float, wide: float, tall: float, color: str) -> str:
    size = f'x="{x:.2f}" y="{y:.2f}" width="{wide:.2f}" height="{tall:.2f}"'
    return f'<rect {size} fill="{color}" stroke="{NOW}" stroke-width="0.25"/>'


def _line(x: float, y: float, to_x: float, to_y: float, color: str) -> str:
    return f'<path d="M{x:.2f} {y:.2f}L{to_x:.2f} {to_y:.2f}" stroke="{color}" stroke-width="0.25"/>'


def _text(words: str, x: float, y: float, *, anchor: str = "start", color: str = INK) -> str:
    return f'<text x="{x:.2f}" y="{y:.2f}" font-size="3" text-anchor="{anchor}" fill="{color}">{escape(words)}</text>'


def _svg(height: float, parts: Sequence[str]) -> str:
    size = f'width="{WIDTH}mm" height="{height}mm" viewBox="0 0 {WIDTH} {height}"'
    fonts = quoteattr(", ".join((*FONTS, "sans-serif")))
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family={fonts}>{"".join(parts)}</svg>'
