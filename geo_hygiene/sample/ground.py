"""The ground on which the sample year takes place: the town as its files tell it, whoever made them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import cos, radians
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from geo_hygiene.layers import layer_of
from geo_hygiene.sample.county import Columns, Shapes, TownTable
from geo_hygiene.sample.multiplying import FirstRows
from geo_hygiene.sample.tables import metres

KEYS = ("areas", "street-segments", "drain-segments", "septic-tanks", "facilities")

METRES_EAST, METRES_NORTH = 111_320, 110_870
"""Of a degree, at the equator and in the town; near enough for doors."""


@dataclass(frozen=True)
class Ground:
    """Areas, streets, drains, tanks and facilities of a town, field by field."""

    tables: Mapping[str, TownTable]

    @classmethod
    def of_folder(cls, folder: Path, keys: Sequence[str] = KEYS) -> Ground:
        """Return the ground of a town that was written into a folder."""
        found = {}
        for key in keys:
            rows = FirstRows.of_file(layer_of(key), folder / f"{key}.shp")
            found[key] = TownTable(key, dict(rows.values), rows.shapes)
        return cls(found)

    def columns(self, key: str) -> Columns:
        """Return the values of a layer, field by field."""
        return self.tables[key].columns

    def shapes(self, key: str) -> Shapes:
        """Return the places of a layer in degrees."""
        return np.asarray(self.tables[key].shapes, dtype=object)

    @cached_property
    def communities(self) -> list[str]:
        """Return the codes of the communities."""
        areas = self.columns("areas")
        return [code for code, level in zip(areas["code"], areas["level"], strict=True) if level == "community"]

    @cached_property
    def lane_codes(self) -> list[str]:
        """Return the codes of the lanes that are no alleys."""
        streets = self.columns("street-segments")
        pairs = zip(streets["lane_code"], streets["category"], strict=True)
        return sorted({code for code, category in pairs if category != "alley"})

    @cached_property
    def street_metres(self) -> NDArray[np.float64]:
        """Return the length of each street segment on the ground; bridges have none."""
        levels = np.array(self.columns("street-segments")["level"], dtype=int)
        return np.where(levels == 0, self.metres("street-segments"), 0.0)

    def metres(self, key: str) -> NDArray[np.float64]:
        """Return the geodesic lengths of the lines of a layer."""
        return np.array([metres(line) for line in self.shapes(key)])

    def beside(self, at: NDArray[np.int64], shares: NDArray[np.float64], sides: NDArray[np.int64]) -> Shapes:
        """Return places beside street segments: ``shares`` of their way along, left (1) or right (-1)."""
        lines = self.shapes("street-segments")[at]
        spots, before, after = (
            shapely.get_coordinates(shapely.line_interpolate_point(lines, shares + step, normalized=True))
            for step in (0.0, -0.01, 0.01)
        )
        scale = np.array([METRES_EAST * cos(radians(float(spots[0, 1]))), METRES_NORTH])
        ahead = (after - before) * scale
        ahead /= np.hypot(*ahead.T)[:, None]
        widths = np.array(self.columns("street-segments")["width_m"], dtype=float)[at]
        aside = np.column_stack([-ahead[:, 1], ahead[:, 0]]) * (sides * (widths / 2 + 2.2))[:, None]
        return np.asarray(shapely.points(np.round(spots + aside / scale, 9)), dtype=object)


def columns_of(rows: Sequence[Mapping[str, Any]]) -> Columns:
    """Return rows field by field; a row that lacks a field says nothing there."""
    names = dict.fromkeys(name for row in rows for name in row)
    return {name: [row.get(name) for row in rows] for name in names}
