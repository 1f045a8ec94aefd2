"""Maps for the browser: the frame that Folium draws, the MapLibre style and the legend.

Only this package knows Folium. Colours come from :mod:`geo_hygiene.maps.palette` and from the layer declarations.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from geo_hygiene.layerspec import MapLayer
from geo_hygiene.maps.frame import Asset, Density, Drawing, UnknownAssetError, frame
from geo_hygiene.maps.palette import CAMPAIGN_STATES, HEAT, HEAT_LEAST, HOLDERS, STATES, StateInk
from geo_hygiene.maps.signs import Sign, signs_of
from geo_hygiene.maps.style import map_style

__all__ = [
    "CAMPAIGN_STATES",
    "HEAT",
    "HEAT_LEAST",
    "HOLDERS",
    "STATES",
    "MapParts",
    "Sign",
    "StateInk",
    "UnknownAssetError",
    "map_page",
    "map_style",
    "switches",
]

Extent = tuple[float, float, float, float]

EVERYWHERE: Extent = (73.0, 18.0, 135.0, 54.0)
"""Where an empty database looks: the country (EPSG:4326)."""

VIEW_PX = 900
"""Width and height that the first view should fit; the page fits the extent to its real size."""


@dataclass(frozen=True, kw_only=True)
class MapParts:
    """What a page puts together.

    Attributes
    ----------
    head
        Style links.
    body
        The map's element.
    script
        Scripts, for the end of the body.
    signs
        Signs of the layers that have some, by layer key.
    states
        Rows of the legend, in order.
    holders
        Colours of the holders, by tint.
    """

    head: Markup
    body: Markup
    script: Markup
    signs: Mapping[str, list[Sign]]
    states: tuple[StateInk, ...] = STATES
    holders: tuple[str, ...] = HOLDERS


def switches(layers: Iterable[MapLayer]) -> list[MapLayer]:
    """Return the layers that a person may switch on and off, in drawing order."""
    offered = [layer for layer in layers if layer.style is not None and layer.style.switchable]
    return sorted(offered, key=lambda layer: layer.style.order if layer.style is not None else 0)


def _first_view(extent: Extent) -> tuple[tuple[float, float], int]:
    """Return centre and Leaflet zoom that show an extent on an ordinary screen."""
    west, south, east, north = extent
    width = max(east - west, 1e-4)
    height = max(north - south, 1e-4) / math.cos(math.radians((south + north) / 2))
    zoom = math.log2(360 * VIEW_PX / 256 / max(width, height))
    return ((west + east) / 2, (south + north) / 2), max(9, min(19, math.floor(zoom)))


def map_page(
    *,
    nonce: str,
    asset: Asset,
    layers: Iterable[MapLayer],
    extent: Extent | None,
    tiles: str,
    density: bool = False,
    drawing: bool = False,
    campaign: bool = False,
    still: bool = False,
) -> MapParts:
    """Return the parts of a map page.

    Parameters
    ----------
    nonce
        Of the page's content security policy; put on every script.
    asset
        Gives the address of a static file.
    layers
        Declarations of the layers to draw.
    extent
        West, south, east, north (EPSG:4326) of what there is; ``None`` when nothing is.
    tiles
        Address template with ``{layer}``, ``{z}``, ``{x}`` and ``{y}``.
    density
        Whether a heat map lies over it.
    drawing
        Whether shapes can be drawn on it.
    campaign
        Whether it tells of a campaign and not of the cover of duties.
    still
        Whether it is a picture for paper.

    Raises
    ------
    UnknownAssetError
        If Folium asks for a file that has no local counterpart.
    """
    drawn = tuple(layers)
    style: dict[str, Any] = map_style(drawn, tiles=tiles, campaign=campaign)
    center, zoom = _first_view(extent or EVERYWHERE)
    over = [Density()] * density + [Drawing()] * drawing
    head, body, script = frame(asset=asset, nonce=nonce, style=style, center=center, zoom=zoom, over=over, still=still)
    signs = {layer.key: [one for one in signs_of(layer) if one.category] for layer in drawn}
    states = CAMPAIGN_STATES if campaign else STATES
    return MapParts(head=head, body=body, script=script, signs=signs, states=states)
