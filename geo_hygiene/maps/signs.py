"""Signs of places: a glyph in a disc, told apart by its shape as well as by its colour.

The map draws them on a canvas and the legend as SVG, both from the paths below, so that they can not differ.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from geo_hygiene.layerspec import Choice, MapLayer

GLYPHS: Mapping[str, str] = {
    "basket": "M5 9.2h10l-1.3 5.2H6.3zM7.4 9.2l1.9-4M12.6 9.2l-1.9-4",
    "bin": "M5.8 7.2h8.4M8.6 7.2V5.5h2.8v1.7M6.9 7.2l.6 7.4h5l.6-7.4",
    "board": "M5.3 5.4h9.4v6.4H5.3zM7.4 11.8v3.2M12.6 11.8v3.2M7.4 8.6h5.2",
    "book": "M10 6.7C8.5 5.7 6.7 5.5 5 5.7v7.9c1.7-.2 3.5 0 5 1 1.5-1 3.3-1.2 5-1V5.7c-1.7-.2-3.5 0-5 1zM10 6.7v7.9",
    "bowl": "M4.8 9.7h10.4c0 2.8-2 4.7-5.2 4.7s-5.2-1.9-5.2-4.7zM9.2 7.5l3.6-3M11.8 7.5l3-2.2",
    "cap": "M10 5.6l5.8 2.7L10 11 4.2 8.3zM6.7 9.7v3.2c2 1.5 4.6 1.5 6.6 0V9.7",
    "cross": "M10 5.3v9.4M5.3 10h9.4",
    "dot": "M10 9.8v.4",
    "drop": "M10 4.7c2.5 3.1 3.7 4.9 3.7 6.5a3.7 3.7 0 0 1-7.4 0c0-1.6 1.2-3.4 3.7-6.5z",
    "note": "M8.3 13.2V6.3l5.2-1.2v6.7M8.3 13.2a1.5 1.3 0 1 1-3 0 1.5 1.3 0 1 1 3 0z"
    "M13.5 11.8a1.5 1.3 0 1 1-3 0 1.5 1.3 0 1 1 3 0z",
    "persons": "M6.8 4.9v.1M6.8 7.7v7M5.3 7.7h3v3.6h-3zM13.2 4.9v.1M13.2 7.7l-1.9 4.2h3.8zM13.2 11.9v2.8",
    "tree": "M10 15.4v-4M10 4.5l3.9 6.9H6.1z",
    "truck": "M4.3 6.7h6.5v5.6H4.3zM10.8 8.7h2.7l2.2 2v1.6h-4.9M6.9 14.2v.1M13.2 14.2v.1",
    "weights": "M5 8v4M7 6.4v7.2M13 6.4v7.2M15 8v4M7 10h6",
}
"""Strokes in a box of 20 by 20, which the disc fills."""


@dataclass(frozen=True, kw_only=True)
class Sign:
    """The sign of one kind of place.

    Attributes
    ----------
    title
        What it stands for, to be translated.
    image
        The name by which the map's style asks for it.
    path, fill
        The glyph's strokes, and the colour of the disc.
    """

    category: str
    title: str
    image: str
    path: str
    fill: str


def signs_of(layer: MapLayer) -> list[Sign]:
    """Return the signs of a layer's categories as they are declared; a place of no known category has the last one."""
    if layer.style is None or not layer.style.signs:
        return []
    glyphs, fills, usual = layer.style.signs, layer.style.fills, layer.style.fill or ""
    known = [*layer.category_choices, Choice(value="", title=layer.title)]
    return [
        Sign(
            category=choice.value,
            title=choice.title,
            image=f"{layer.key}:{choice.value}",
            path=GLYPHS[glyphs.get(choice.value, glyphs[""])],
            fill=fills.get(choice.value, usual),
        )
        for choice in known
    ]
