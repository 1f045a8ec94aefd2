"""Shapes as text."""

from __future__ import annotations

import re

import numpy as np
import shapely
from numpy.typing import NDArray

SHAPE_COLUMN = "wkt"

_PAIR = re.compile(r"\[([^\[\],]+),([^\[\],]+)\]")


def well_known_text(shapes: NDArray[np.object_]) -> list[str]:
    """Return the shapes as well-known text, exact to the last bit, which no library writes; GeoJSON is exact."""
    texts: list[str] = []
    for drawn in shapely.to_geojson(shapely.from_wkb(shapes)):
        if drawn is None:
            texts.append("")
            continue
        kind, _name, coordinates = drawn.partition(',"coordinates":')
        pairs = _PAIR.sub(r"\1 \2", coordinates.removesuffix("}"))
        pairs = pairs if pairs.startswith("[") else f"[{pairs}]"
        name = kind.removeprefix('{"type":"').removesuffix('"').upper()
        texts.append(f"{name} {pairs.replace('[', '(').replace(']', ')')}")
    return texts
