"""The style of a campaign's map: what was treated, what was not and why, what nobody came to, what was long ago."""

from __future__ import annotations

from typing import Any, TypeAlias

from geo_hygiene.maps.cover_style import HIDDEN, IS_LINE, IS_POINT, ROUND, glow, spot
from geo_hygiene.maps.expressions import Widths, by_zoom, line_width
from geo_hygiene.maps.palette import CAMPAIGN_STATES, INK, RING, StateInk

StyleLayer: TypeAlias = dict[str, Any]

SOURCE = "campaign"
WIDTHS: Widths = {"": (0.7, 1.5, 3.4, 9.0, 28.0)}
"""The pieces of a campaign carry no class of lane: all are as wide as a lane."""

DRAWING_ORDER = ("old", "treated", "not-treated", "not-visited")


def _piece(name: str, kind: str, ink: StateInk, where: list[Any], paint: dict[str, Any]) -> StyleLayer:
    """Return a layer of pieces in one state; ``where`` stays its filter when the page asks for one kind of target."""
    whole = ["all", where, ["==", ["get", "state"], ink.state]]
    return {
        "id": name,
        "type": kind,
        "source": SOURCE,
        "source-layer": SOURCE,
        "filter": whole,
        "layout": HIDDEN | (ROUND if kind == "line" and not ink.dashes else {}),
        "metadata": {"state": ink.state, "answers": SOURCE, "key": "segment", "where": whole},
        "paint": paint,
    }


def _lines(ink: StateInk) -> list[StyleLayer]:
    name = f"campaign-{ink.state}"
    width = line_width(WIDTHS, plus=ink.wider, least=ink.least)
    drawn = [_piece(name, "line", ink, IS_LINE, {"line-color": ink.color, "line-width": width})]
    if ink.core is not None:
        paint: dict[str, Any] = {
            "line-color": ink.core,
            "line-width": line_width(WIDTHS, plus=ink.wider, times=ink.core_share, least=ink.least_core),
        }
        if ink.dashes:
            paint["line-dasharray"] = list(ink.dashes)
        drawn.append(_piece(f"{name}-core", "line", ink, IS_LINE, paint) | {"minzoom": ink.core_from})
    return drawn


def _dot(ink: StateInk) -> StyleLayer:
    times = 1.5 if ink.state == "not-visited" else 1.1
    paint = {
        "circle-color": ink.core or ink.color,
        "circle-radius": by_zoom([(12, 1.5 * times), (14, 2.8 * times), (16, 5 * times), (18, 8 * times)]),
        "circle-stroke-color": ink.color if ink.core else RING,
        "circle-stroke-width": by_zoom([(12, 1.0), (14, 1.6), (16, 2.6)]),
    }
    return _piece(f"campaign-{ink.state}-dot", "circle", ink, IS_POINT, paint)


def layers() -> list[StyleLayer]:
    """Return the style layers of a campaign, in drawing order, hidden until the page knows which one and the day."""
    inks = {ink.state: ink for ink in CAMPAIGN_STATES}
    metadata = {"selects": "segment", "key": "segment"}
    look: dict[str, Any] = {"source": SOURCE, "source_layer": SOURCE, "metadata": metadata}
    chosen = [
        glow("chosen-segment", widths=WIDTHS, plus=13, **look),
        glow("chosen-segment-rim", widths=WIDTHS, color=INK, plus=7.4, **look),
        glow("chosen-segment-bed", widths=WIDTHS, color=RING, plus=4.8, **look),
        spot("chosen-segment-dot", **look),
    ]
    lines = [line for state in DRAWING_ORDER for line in _lines(inks[state])]
    return [*chosen, *lines, *(_dot(inks[state]) for state in DRAWING_ORDER)]
