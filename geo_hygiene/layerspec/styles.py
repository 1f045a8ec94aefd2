"""How a layer is drawn, and its names written, before anybody chooses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class Lettering:
    """How names are written on the map.

    Attributes
    ----------
    rank
        Importance: where two names meet, the one with the lower rank stays.
    from_zoom, until_zoom
        Zooms between which the names are shown.
    sizes
        Pixels at ``from_zoom`` and three zooms later.
    spacing
        Space between letters in em.
    every
        Pixels along a line after which its name is written again.
    """

    color: str
    rank: int
    from_zoom: float
    until_zoom: float | None = None
    sizes: tuple[float, float]
    spacing: float = 0.0
    along_line: bool = False
    every: int = 240
    halo: str = "#FFFDF9"


@dataclass(frozen=True, kw_only=True)
class Style:
    """How a layer is drawn before anybody chooses.

    Zooms are those of a tile's address, which are MapLibre's, one less than Leaflet's. A category is a value of the
    layer's ``category`` column.

    Attributes
    ----------
    order
        Place in the drawing order, low first.
    min_zoom
        Zoom below which its tiles are empty.
    merge_below
        Zoom below which features are merged by category, without their ids.
    fill, fills
        Colour of faces, dots and roadbeds, and by category where it differs.
    line, lines
        Colour of outlines, rims and casings, and by category where it differs.
    line_from
        Zoom from which outlines are drawn.
    signs
        Names of the glyphs of places, by category; ``""`` is any other category. Without them places are plain dots.
    widths
        Pixels of lines by category at the zooms 12, 14, 15.5, 17 and 19; ``""`` is any other category.
    borders
        Sub-layer of the tile that holds each shared border once; ``line`` is then the colour of these.
    borders_order
        Place of the borders in the drawing order.
    main_borders
        Categories whose borders are drawn as a band; the others are fine dots.
    labels
        Sub-layer of the tile that holds one place for each name; without it names follow the features.
    lettering
        How names are written, by category; ``""`` is any other category.
    switchable
        Whether a person may switch the layer on and off.
    """

    order: int
    min_zoom: int = 0
    merge_below: int = 0
    visible: bool = True
    fill: str | None = None
    fills: Mapping[str, str] = field(default_factory=dict)
    line: str | None = None
    lines: Mapping[str, str] = field(default_factory=dict)
    line_from: float = 0
    signs: Mapping[str, str] = field(default_factory=dict)
    widths: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    borders: str | None = None
    borders_order: int = 0
    main_borders: tuple[str, ...] = ()
    labels: str | None = None
    lettering: Mapping[str, Lettering] = field(default_factory=dict)
    switchable: bool = True
