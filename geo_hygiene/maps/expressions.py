"""MapLibre expressions that several style layers share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from geo_hygiene.maps.palette import ZOOMS

Expression: TypeAlias = list[Any]
Widths: TypeAlias = Mapping[str, Sequence[float]]

GROWTH = 1.6
"""Base of the exponential by which widths grow between two zooms."""


def by_category(name: str, values: Mapping[str, Any], other: Any) -> Any:
    """Return the value of a feature's category; ``other`` where it has none of these."""
    cases = [part for category, value in values.items() if category for part in (category, value)]
    return ["match", ["to-string", ["get", name]], *cases, values.get("", other)] if cases else values.get("", other)


def by_zoom(stops: Sequence[tuple[float, Any]], *, growth: float = 1.0) -> Expression:
    """Return a value that goes from stop to stop with the zoom."""
    flat = [part for stop in stops for part in stop]
    return ["interpolate", ["exponential", growth] if growth != 1.0 else ["linear"], ["zoom"], *flat]


def line_width(
    widths: Widths,
    *,
    name: str = "category",
    times: float = 1.0,
    plus: float | Sequence[float] = 0.0,
    least: Sequence[float] = (0.0, 0.0, 0.0, 0.0, 0.0),
) -> Expression:
    """Return the pixels of a line at each zoom.

    Parameters
    ----------
    widths
        By category, one width for each zoom of :data:`~geo_hygiene.maps.palette.ZOOMS`; ``""`` is any other category.
    times, plus
        The width is widened by ``plus``, the same at all zooms or one for each, then multiplied.
    least
        Widths below which no line falls, one for each zoom.
    """
    more = plus if isinstance(plus, Sequence) else [plus] * len(ZOOMS)

    def width(category: str, index: int) -> float:
        return round(max((widths[category][index] + more[index]) * times, least[index]), 2)

    def at(index: int) -> Any:
        return by_category(name, {category: width(category, index) for category in widths}, 1.0)

    return by_zoom([(zoom, at(index)) for index, zoom in enumerate(ZOOMS)], growth=GROWTH)
