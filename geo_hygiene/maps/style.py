"""The MapLibre style: what is drawn, in which order, read from the layer declarations.

Every style layer says in its ``metadata`` what a person can do with it: ``layer`` (switched with that layer key),
``state`` and ``color`` (shown with that state, in that way of colouring), ``answers`` (a click on it chooses a target
of that kind), ``selects`` (its filter lights up what is chosen); the last two name the property that holds the id in
``key``. ``ground`` is hidden over a base map. ``quiet`` is how it is painted where nothing is covered at all. The
scripts of the page know these words and no layer by name.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias

from geo_hygiene.layerspec import GeometryKind, Lettering, MapLayer, Style
from geo_hygiene.maps import campaign_style, cover_style
from geo_hygiene.maps.expressions import Widths, by_category, by_zoom, line_width
from geo_hygiene.maps.palette import FONTS, PAPER, mixed
from geo_hygiene.maps.signs import Sign, signs_of

StyleLayer: TypeAlias = dict[str, Any]

DEEPEST_TILE = 16
"""MapLibre zoom from which tiles are enlarged: 0.13 m a tile unit there."""

GROUND = "ground"
OUTLINE: Widths = {"": (1.0,) * 5}
CASING = (0.7, 1.3, 2.2, 2.4, 3.0)
"""Pixels by which a casing is wider than its line, at each zoom of the palette."""
BAND_SHARE = 0.15
FINE_BORDERS_FROM = 14.5
MAXIMUM_ANGLE = 32
LABEL_DISTANCE = 4
LETTERING_SPAN = 3.0
HALO_PX = 1.5
SIGNS_FROM = 15.5
"""Zoom from which places are signs; farther out they are dots."""


def _public_name(layer: MapLayer, column: object, otherwise: str) -> str:
    named = (attribute.name for attribute in layer.attributes if column is not None and attribute.column is column)
    return next(named, otherwise)


def label_name(layer: MapLayer) -> str:
    """Return the public name of the column that labels a layer's features."""
    return _public_name(layer, layer.label, "name")


def _source_of(layer: MapLayer) -> str:
    """Return the source: one tile for all that is shown at first, tiles of their own for what is switched on."""
    return GROUND if layer.style is not None and layer.style.visible else layer.key


def _base(layer: MapLayer, style: Style, *, name: str, kind: str, source_layer: str | None = None) -> StyleLayer:
    return {
        "id": name,
        "type": kind,
        "source": _source_of(layer),
        "source-layer": source_layer or layer.key,
        "minzoom": style.min_zoom,
        "layout": {"visibility": "visible" if style.visible else "none"},
        "metadata": {"layer": layer.key} if style.switchable else {},
    }


def _answering(drawn: StyleLayer, layer: MapLayer) -> StyleLayer:
    """Say that a click on a target asks who looks after it."""
    return drawn | {"metadata": drawn["metadata"] | {"answers": layer.key, "key": "id"}} if layer.is_target else drawn


def _faces(layer: MapLayer, style: Style) -> list[StyleLayer]:
    name = layer.category_name
    drawn = []
    if style.fill is not None:
        fill = _base(layer, style, name=layer.key, kind="fill")
        fill["paint"] = {"fill-color": by_category(name, style.fills, style.fill)}
        drawn.append(fill)
    if style.line is None or style.borders is not None:
        return _as_ground(drawn, style)
    line = _base(layer, style, name=f"{layer.key}-line", kind="line")
    line["minzoom"] = max(line["minzoom"], style.line_from)
    line["paint"] = {
        "line-color": by_category(name, style.lines, style.line),
        "line-width": by_zoom([(12, 0.5), (17, 1.1)]),
    }
    return _as_ground([*drawn, line], style)


def _as_ground(drawn: list[StyleLayer], style: Style) -> list[StyleLayer]:
    """Say of faces that are shown at first that pictures can take their place."""
    if not style.visible:
        return drawn
    return [one | {"metadata": one["metadata"] | {"ground": True}} for one in drawn]


def _borders(layer: MapLayer, style: Style) -> list[StyleLayer]:
    """Return the shared borders: a band and a dash for the main ones, fine dots for the others; each drawn once."""
    if style.borders is None:
        return []
    name = layer.category_name
    is_main = ["in", ["get", name], ["literal", list(style.main_borders)]]

    def line(suffix: str, where: list[Any], paint: dict[str, Any]) -> StyleLayer:
        drawn = _base(layer, style, name=f"{layer.key}-{suffix}", kind="line", source_layer=style.borders)
        drawn["layout"] |= {"line-join": "round"}
        return drawn | {"filter": where, "paint": {"line-color": style.line, **paint}}

    tint = mixed(style.line or PAPER, PAPER, BAND_SHARE)
    band = line("band", is_main, {"line-color": tint, "line-width": by_zoom([(10, 2), (12, 5), (14, 11), (16, 26)])})
    dash = line(
        "dash",
        is_main,
        {"line-opacity": 0.75, "line-width": by_zoom([(12, 0.7), (16, 1.1)]), "line-dasharray": [6, 2.5, 1.2, 2.5]},
    )
    dots = line("dots", ["!", is_main], {"line-opacity": 0.5, "line-width": 0.9, "line-dasharray": [1.2, 3]})
    return [band, dash, dots | {"minzoom": FINE_BORDERS_FROM}]


def _lines(layer: MapLayer, style: Style) -> list[StyleLayer]:
    """Return a line and its casing: ``line`` is the casing's colour and ``fill`` that of the road between."""
    name = layer.category_name
    round_ends = {"line-cap": "round", "line-join": "round"}
    drawn = []
    if style.line is not None:
        casing = _base(layer, style, name=f"{layer.key}-casing", kind="line")
        casing["layout"] |= round_ends
        casing["paint"] = {
            "line-color": by_category(name, style.lines, style.line),
            "line-width": line_width(style.widths, name=name, plus=CASING),
        }
        drawn.append(casing)
    core = _base(layer, style, name=layer.key, kind="line")
    core["layout"] |= round_ends
    core["paint"] = {
        "line-color": by_category(name, style.fills, style.fill),
        "line-width": line_width(style.widths, name=name),
    }
    return [*drawn, _answering(core, layer)]


def _dots(layer: MapLayer, style: Style) -> list[StyleLayer]:
    name = layer.category_name
    dot = _base(layer, style, name=layer.key, kind="circle")
    dot["paint"] = {
        "circle-color": by_category(name, style.fills, style.fill),
        "circle-radius": by_zoom([(13, 1.8), (15, 3.4), (17, 6.5), (19, 9)]),
        "circle-stroke-color": by_category(name, style.lines, style.line or "#FFFFFF"),
        "circle-stroke-width": by_zoom([(13, 0.6), (16, 1.5)]),
    }
    signs = {one.category: one.image for one in signs_of(layer)}
    if not signs:
        return [_answering(dot, layer)]
    sign = _base(layer, style, name=f"{layer.key}-sign", kind="symbol")
    sign["minzoom"] = SIGNS_FROM
    sign["layout"] |= {
        "icon-image": by_category(name, signs, None),
        "icon-size": by_zoom([(SIGNS_FROM, 0.66), (18, 1.1)]),
        "icon-allow-overlap": True,
    }
    return [_answering(dot | {"maxzoom": SIGNS_FROM}, layer), _answering(sign, layer)]


def _drawn_sign(sign: Sign, style: Style) -> dict[str, str]:
    return {"path": sign.path, "fill": sign.fill, "line": style.line or "#FFFFFF"}


def _lettering(layer: MapLayer, style: Style, category: str, letters: Lettering) -> StyleLayer:
    """Return the names of one category, a style layer of their own so that the important ones are placed first."""
    name = f"{layer.key}-name-{category}" if category else f"{layer.key}-name"
    label = _base(layer, style, name=name, kind="symbol", source_layer=style.labels)
    label["minzoom"] = letters.from_zoom
    if letters.until_zoom is not None:
        label["maxzoom"] = letters.until_zoom
    named = [other for other in style.lettering if other]
    of_category = ["get", layer.category_name]
    if category:
        label["filter"] = ["==", of_category, category]
    elif named:
        label["filter"] = ["!", ["in", of_category, ["literal", named]]]
    small, large = letters.sizes
    label["layout"] |= {
        "text-field": ["to-string", ["get", label_name(layer)]],
        "text-font": list(FONTS),
        "text-size": by_zoom([(letters.from_zoom, small), (letters.from_zoom + LETTERING_SPAN, large)]),
        "text-letter-spacing": letters.spacing,
        "text-padding": LABEL_DISTANCE,
    }
    if letters.along_line:
        label["layout"] |= {
            "symbol-placement": "line",
            "symbol-spacing": letters.every,
            "text-max-angle": MAXIMUM_ANGLE,
            "text-rotation-alignment": "map",
        }
    elif layer.geometry is GeometryKind.POINT:
        label["layout"] |= {"text-anchor": "top", "text-offset": [0, 0.95 if style.signs else 0.7], "text-max-width": 8}
    else:
        # beside its place where another name holds that: a community without a name is worse than one off its middle
        label["layout"] |= {
            "text-max-width": 8,
            "text-variable-anchor": ["center", "top", "bottom", "left", "right"],
            "text-radial-offset": 0.5,
        }
    label["paint"] = {
        "text-color": letters.color,
        "text-halo-color": letters.halo,
        "text-halo-width": HALO_PX,
        "text-halo-blur": 0.4,
    }
    return label


DRAW = {GeometryKind.POLYGON: _faces, GeometryKind.LINE: _lines, GeometryKind.POINT: _dots}


def _drawn(layers: Iterable[tuple[MapLayer, Style]], kind: GeometryKind) -> list[StyleLayer]:
    """Return the features of one kind of geometry, in the order of their layers."""
    shapes = [
        pair
        for pair in layers
        if pair[0].geometry is kind
        and pair[0].draws is None
        and (pair[1].fill is not None or (kind is GeometryKind.POLYGON and pair[1].line is not None))
    ]
    return [drawn for layer, style in shapes for drawn in DRAW[kind](layer, style)]


def _ground(layers: Sequence[tuple[MapLayer, Style]]) -> list[StyleLayer]:
    """Return faces and shared borders, each in its place."""
    placed = [(style.order, face) for layer, style in layers for face in _drawn([(layer, style)], GeometryKind.POLYGON)]
    placed += [(style.borders_order, border) for layer, style in layers for border in _borders(layer, style)]
    return [drawn for _order, drawn in sorted(placed, key=lambda one: one[0])]


def _chosen(layers: Iterable[tuple[MapLayer, Style]], widths: Widths) -> list[StyleLayer]:
    """Return what lights up a chosen lane, area or place, under the answer."""
    drawn: list[StyleLayer] = []
    for layer, style in layers:
        source = _source_of(layer)
        key = "id" if layer.is_target else "code"
        metadata = {"selects": layer.key, "key": key}
        name = f"chosen-{layer.key}"
        if layer.geometry is GeometryKind.LINE:
            drawn.append(
                cover_style.glow(name, source=source, source_layer=layer.key, widths=widths, metadata=metadata)
            )
        elif layer.geometry is GeometryKind.POINT:
            drawn.append(cover_style.spot(name, source=source, source_layer=layer.key, metadata=metadata))
        elif style.borders is not None:
            outline = metadata | {"shape": "Polygon"}
            drawn.append(
                cover_style.glow(name, source=source, source_layer=layer.key, widths=OUTLINE, metadata=outline)
            )
    return drawn


def _names(layers: Iterable[tuple[MapLayer, Style]]) -> list[StyleLayer]:
    """Labels in the order of their importance: what stands first keeps its place when two meet."""
    written = [
        (layer, style, category, letters) for layer, style in layers for category, letters in style.lettering.items()
    ]
    written.sort(key=lambda item: item[3].rank)
    return [_lettering(*item) for item in reversed(written)]


def target_widths(layers: Iterable[MapLayer]) -> Widths:
    """Return the widths of the layers that a duty can cover, by category; the first that names one decides."""
    widths: dict[str, Sequence[float]] = {}
    for layer in layers:
        if layer.is_target and layer.style is not None:
            widths = {**layer.style.widths, **widths}
    return widths


def _sources(layers: Iterable[tuple[MapLayer, Style]], tiles: str, answer: str) -> dict[str, Any]:
    keys: dict[str, list[str]] = {answer: [answer]}
    for layer, _style in layers:
        keys.setdefault(_source_of(layer), []).append(layer.key)
    return {
        source: {
            "type": "vector",
            "tiles": [tiles.replace("{layer}", ",".join(members))],
            "minzoom": 9,
            "maxzoom": DEEPEST_TILE,
        }
        for source, members in keys.items()
    }


def map_style(layers: Iterable[MapLayer], *, tiles: str, campaign: bool = False) -> dict[str, Any]:
    """Return the whole style, as MapLibre's style specification 8 has it.

    Parameters
    ----------
    layers
        Declarations; those without a style are left out.
    tiles
        Address template of the tiles. The addresses of the cover and of the duty zones get their duty and day in the
        page, where both can be changed; until then their layers are hidden and nothing is asked for.
    campaign
        Whether the map tells of a campaign and not of the cover of duties.
    """
    shown = sorted(
        ((layer, layer.style) for layer in layers if layer.style is not None), key=lambda pair: pair[1].order
    )
    widths = target_widths(layer for layer, _style in shown)
    paper: StyleLayer = {
        "id": "paper",
        "type": "background",
        "metadata": {"ground": True},
        "paint": {"background-color": PAPER},
    }
    return {
        "version": 8,
        "name": "geo_hygiene",
        "metadata": {
            "signs": {one.image: _drawn_sign(one, style) for layer, style in shown for one in signs_of(layer)}
        },
        "sources": _sources(shown, tiles, campaign_style.SOURCE if campaign else "cover"),
        "layers": [
            paper,
            *_ground(shown),
            *([] if campaign else cover_style.zones()),
            *_drawn(shown, GeometryKind.LINE),
            *_chosen(shown, widths),
            *(campaign_style.layers() if campaign else cover_style.layers(widths)),
            *_drawn(shown, GeometryKind.POINT),
            *([] if campaign else cover_style.zone_names()),
            *_names(shown),
        ],
    }
