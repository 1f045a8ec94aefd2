"""The style of the answer itself: states, holders, marks for what is short, and the ring round what is chosen."""

from __future__ import annotations

from typing import Any, TypeAlias

from geo_hygiene.maps.expressions import Widths, by_category, by_zoom, line_width
from geo_hygiene.maps.palette import (
    COVERED_BY_CATEGORY,
    FONTS,
    GLOW,
    HOLDERS,
    INK,
    PAPER,
    RING,
    StateInk,
    mixed,
    state_ink,
)

StyleLayer: TypeAlias = dict[str, Any]

HIDDEN = {"visibility": "none"}
ZONES = {"layer": "duty-zones", "orColor": "holder"}
"""The pictures of the zones are shown when switched on, and when colours tell the holders apart."""
ROUND = {"line-cap": "round", "line-join": "round"}
NOTHING: list[Any] = ["in", "", ["literal", []]]
IS_LINE = ["==", ["geometry-type"], "LineString"]
IS_POINT = ["==", ["geometry-type"], "Point"]

GLOW_AT_LEAST = (8.0, 9.0, 0.0, 0.0, 0.0)
MARK_BELOW_M = ["step", ["zoom"], 200, 12, 75, 13, 42, 14, 24, 15, 12]
"""Length under which a gap gets a mark, by zoom: where its line would be shorter than the mark is wide."""


def _chosen_state(state: str) -> list[Any]:
    return ["==", ["get", "state"], state]


def _line(
    name: str, *, where: list[Any], metadata: dict[str, Any], paint: dict[str, Any], minzoom: float = 0
) -> StyleLayer:
    return {
        "id": name,
        "type": "line",
        "source": "cover",
        "source-layer": "cover",
        "minzoom": minzoom,
        "filter": ["all", IS_LINE, where],
        "layout": HIDDEN | {"line-cap": "butt", "line-join": "round"},
        "metadata": metadata | {"answers": "cover", "key": "segment"},
        "paint": paint,
    }


def _tinted(fallback: Any) -> Any:
    """Return the holder's colour; ``tint`` is its index in the palette, -1 where nobody holds the zone."""
    pairs = [part for index, color in enumerate(HOLDERS) for part in (index, color)]
    return ["match", ["get", "tint"], *pairs, fallback]


def _covered(widths: Widths) -> list[StyleLayer]:
    by_class = by_category("category", COVERED_BY_CATEGORY, state_ink("covered").color)
    drawn = []
    for color, ink in (("state", by_class), ("holder", _tinted(by_class))):
        layer = _line(
            f"cover-covered-{color}",
            where=_chosen_state("covered"),
            metadata={"state": "covered", "color": color},
            paint={"line-color": ink, "line-width": line_width(widths)},
        )
        layer["layout"] |= ROUND
        drawn.append(layer)
    return drawn


def _marked(widths: Widths, ink: StateInk) -> list[StyleLayer]:
    """Return a state that is not simply good: its line, and its core where it has one."""
    line = _line(
        f"cover-{ink.state}",
        where=_chosen_state(ink.state),
        metadata={"state": ink.state},
        paint={"line-color": ink.color, "line-width": line_width(widths, plus=ink.wider, least=ink.least)},
    )
    if ink.core is None:
        return [line]
    paint: dict[str, Any] = {
        "line-color": ink.core,
        "line-width": line_width(widths, plus=ink.wider, times=ink.core_share, least=ink.least_core),
    }
    if ink.dashes:
        paint["line-dasharray"] = list(ink.dashes)
    core = _line(
        f"cover-{ink.state}-core",
        where=_chosen_state(ink.state),
        metadata={"state": ink.state},
        paint=paint,
        minzoom=ink.core_from,
    )
    return [line, core]


def _gap(widths: Widths) -> list[StyleLayer]:
    """Return the gaps: a pale rim against their neighbours, the line, and a round mark on what is short.

    Far out a mark is as wide as the lines, so that many short gaps look like what they are and not like a rash. Where
    everything is a gap, ``quiet`` is the paint that the page uses: an alarm on every street warns of none.
    """
    ink = state_ink("gap")
    rim = _line(
        "cover-gap-rim",
        where=_chosen_state("gap"),
        metadata={"state": "gap"},
        paint={
            "line-color": RING,
            "line-opacity": 0.9,
            "line-width": line_width(widths, plus=ink.wider + 2.6, least=tuple(least + 2.6 for least in ink.least)),
        },
    )
    line = _line(
        "cover-gap",
        where=_chosen_state("gap"),
        metadata={"state": "gap"},
        paint={"line-color": ink.color, "line-width": line_width(widths, plus=ink.wider, least=ink.least)},
    )
    line["layout"] |= ROUND
    line["metadata"]["quiet"] = {"line-width": line_width(widths), "line-color": mixed(ink.color, PAPER, 0.7)}
    rim["layout"] |= ROUND
    rim["metadata"]["quiet"] = {"line-opacity": 0}
    mark = {
        "id": "cover-gap-mark",
        "type": "circle",
        "source": "cover",
        "source-layer": "cover-marks",
        "maxzoom": 16,
        "filter": ["all", _chosen_state("gap"), ["<", ["get", "length_m"], MARK_BELOW_M]],
        "layout": HIDDEN,
        "metadata": {"state": "gap", "quiet": {"circle-opacity": 0, "circle-stroke-opacity": 0}},
        "paint": {
            "circle-color": ink.color,
            "circle-radius": by_zoom([(10, 1.2), (12, 1.6), (14, 2.3), (15, 3.4), (16, 4.2)]),
            "circle-stroke-color": RING,
            "circle-stroke-width": by_zoom([(13.5, 0), (14, 0.6), (15, 1.5)]),
        },
    }
    return [rim, line, mark]


def _point(state: str, name: str, *, radius: list[Any], paint: dict[str, Any]) -> StyleLayer:
    return {
        "id": name,
        "type": "circle",
        "source": "cover",
        "source-layer": "cover",
        "filter": ["all", IS_POINT, _chosen_state(state)],
        "layout": HIDDEN,
        "metadata": {"state": state, "answers": "cover", "key": "segment"},
        "paint": {"circle-radius": radius, **paint},
    }


def _radius(times: float) -> list[Any]:
    return by_zoom([(12, 1.5 * times), (14, 2.8 * times), (16, 5 * times), (18, 8 * times)])


def _points() -> list[StyleLayer]:
    """Return tanks and other places, told apart by size and by what is inside the dot as well as by colour."""
    inks = {state: state_ink(state) for state in ("covered", "overlap", "vacant", "gap")}
    rim = by_zoom([(12, 0.6), (16, 1.6)])
    ring = by_zoom([(12, 1.0), (14, 1.6), (16, 2.6)])
    drawn = []
    for color, fill in (("state", inks["covered"].color), ("holder", _tinted(inks["covered"].color))):
        dot = _point(
            "covered",
            f"cover-covered-dot-{color}",
            radius=_radius(1.0),
            paint={"circle-color": fill, "circle-stroke-color": RING, "circle-stroke-width": rim},
        )
        dot["metadata"]["color"] = color
        drawn.append(dot)
    for state in ("overlap", "vacant"):
        ink = inks[state]
        drawn.append(
            _point(
                state,
                f"cover-{state}-dot",
                radius=_radius(1.1),
                paint={"circle-color": ink.core, "circle-stroke-color": ink.color, "circle-stroke-width": ring},
            )
        )
    drawn.append(
        _point("vacant", "cover-vacant-dot-core", radius=_radius(0.45), paint={"circle-color": inks["vacant"].color})
    )
    drawn.append(
        _point(
            "gap",
            "cover-gap-dot",
            radius=_radius(1.5),
            paint={"circle-color": inks["gap"].color, "circle-stroke-color": RING, "circle-stroke-width": ring},
        )
    )
    return drawn


def zones() -> list[StyleLayer]:
    """Return the pictures of the zones: coloured ground when colouring by holder."""
    base = {"source": "duty-zones", "source-layer": "duty-zones", "layout": HIDDEN}
    fill = base | {
        "id": "zones-fill",
        "type": "fill",
        "metadata": ZONES,
        "paint": {"fill-color": _tinted("#D8D4CC"), "fill-opacity": 0.2},
    }
    line = base | {
        "id": "zones-line",
        "type": "line",
        "metadata": ZONES,
        "paint": {
            "line-color": _tinted("#8C857A"),
            "line-opacity": 0.55,
            "line-width": by_zoom([(12, 0.5), (16, 1.4)]),
        },
    }
    return [fill, line]


def zone_names() -> list[StyleLayer]:
    """Return the codes of the zones, for where they are coloured."""
    name = {
        "id": "zones-name",
        "type": "symbol",
        "source": "duty-zones",
        "source-layer": "duty-zone-labels",
        "minzoom": 14.4,
        "layout": HIDDEN
        | {
            "text-field": ["to-string", ["get", "code"]],
            "text-font": list(FONTS),
            "text-size": by_zoom([(14, 10.5), (17, 14)]),
            "text-padding": 6,
        },
        "metadata": ZONES,
        "paint": {"text-color": "#5B5348", "text-halo-color": RING, "text-halo-width": 1.5},
    }
    return [name]


def glow(
    name: str,
    *,
    source: str,
    source_layer: str,
    widths: Widths,
    metadata: dict[str, Any],
    color: str = GLOW,
    plus: float = 11,
) -> StyleLayer:
    """Return the light under chosen lines.

    The page sets the filter, on the property that ``metadata["key"]`` names; until then nothing fits.
    """
    return {
        "id": name,
        "type": "line",
        "source": source,
        "source-layer": source_layer,
        "filter": NOTHING,
        "layout": HIDDEN | ROUND,
        "metadata": {"shape": "LineString"} | metadata,
        "paint": {"line-color": color, "line-width": line_width(widths, plus=plus, least=GLOW_AT_LEAST)},
    }


def spot(name: str, *, source: str, source_layer: str, metadata: dict[str, Any]) -> StyleLayer:
    """Return the spot that lights up chosen points."""
    return {
        "id": name,
        "type": "circle",
        "source": source,
        "source-layer": source_layer,
        "filter": NOTHING,
        "layout": HIDDEN,
        "metadata": metadata | {"shape": "Point"},
        "paint": {
            "circle-radius": by_zoom([(12, 5), (14, 8), (16, 12), (18, 17)]),
            "circle-color": RING,
            "circle-stroke-color": INK,
            "circle-stroke-width": 1.6,
        },
    }


def _chosen(widths: Widths) -> list[StyleLayer]:
    """Return what lights up a chosen target, and the pieces of chosen zones, of which a piece may name several."""
    segment = {"selects": "segment", "key": "segment"}
    zone = {"selects": "zone", "key": "zone", "joined": ";"}

    def light(name: str, metadata: dict[str, Any], **look: Any) -> StyleLayer:
        return glow(name, source="cover", source_layer="cover", widths=widths, metadata=metadata, **look)

    def dot(name: str, metadata: dict[str, Any]) -> StyleLayer:
        return spot(name, source="cover", source_layer="cover", metadata=metadata)

    return [
        light("chosen-zone", zone),
        dot("chosen-zone-dot", zone),
        light("chosen-segment", segment, plus=13),
        light("chosen-segment-rim", segment, color=INK, plus=7.4),
        light("chosen-segment-bed", segment, color=RING, plus=4.8),
        dot("chosen-segment-dot", segment),
    ]


def layers(widths: Widths) -> list[StyleLayer]:
    """Return the style layers of cover, in drawing order, all hidden until the page knows the duty and the day.

    Parameters
    ----------
    widths
        Line widths by target category.
    """
    return [
        *_chosen(widths),
        *_covered(widths),
        *_marked(widths, state_ink("overlap")),
        *_marked(widths, state_ink("vacant")),
        *_gap(widths),
        *_points(),
    ]
