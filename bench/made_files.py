"""Files of a town that never was, as large as wanted and the same on every machine."""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, isqrt, radians
from pathlib import Path
from typing import Any

import geopandas
import numpy as np
import shapely

SEED = 20250101
WEST, SOUTH = 105.08, 31.09
METRES_PER_DEGREE = 111_320.0
"""Of latitude; the made towns need no better."""
BLOCK_M = 80.0
KEPT_SHARE = 0.5
"""Of the streets that run north."""
OFFICES = 8
"""Offices along each side; each has 2 x 3 communities of 3 x 4 resident groups."""
DIVISIONS = {"office": (1, 1), "community": (2, 3), "group": (6, 12)}
"""Parts of an office from west to east and from south to north, at each level."""


def place(metres: Any) -> Any:
    """Return metres east and north of the town's corner as longitude and latitude (EPSG:4326)."""
    scale = np.array([METRES_PER_DEGREE * cos(radians(SOUTH)), METRES_PER_DEGREE])
    return np.array([WEST, SOUTH]) + np.asarray(metres) / scale


def write_buildings(file: Path, count: int) -> None:
    """Write L-shaped buildings of six corners in rows: ``code kind storeys``, GeoPackage, EPSG:4326."""
    dice = np.random.default_rng(SEED)
    corners = np.array([(0, 0), (1, 0), (1, 0.5), (0.5, 0.5), (0.5, 1), (0, 1), (0, 0)])
    side = isqrt(count - 1) + 1
    rows, columns = np.divmod(np.arange(count), side)
    origins = np.stack([columns, rows], axis=1) * 30.0
    sizes = dice.uniform(8, 25, size=(count, 1, 2))
    rings = place(origins[:, None, :] + corners[None, :, :] * sizes)
    frame = geopandas.GeoDataFrame(
        {
            "code": [f"B{number:06d}" for number in range(count)],
            "kind": dice.choice(["dwelling", "shop", "school"], count),
            "storeys": dice.integers(1, 18, count),
        },
        geometry=shapely.polygons(rings),
        crs=4326,
    )
    frame.to_file(file, layer="buildings", engine="pyogrio")


@dataclass(frozen=True, slots=True)
class Network:
    """A jittered lattice of street junctions.

    Attributes
    ----------
    side
        Junctions along each side.
    places
        Longitude and latitude of each junction, array of shape (side, side, 2), first index northwards.
    """

    side: int
    places: Any

    @classmethod
    def of(cls, raw_streets: int) -> Network:
        """Return the lattice whose raw streets are about so many."""
        side = isqrt(raw_streets * 4 // 3) + 1
        dice = np.random.default_rng(SEED)
        rows, columns = np.mgrid[0:side, 0:side]
        metres = np.stack([columns, rows], axis=2) * BLOCK_M + dice.uniform(-12, 12, size=(side, side, 2))
        return cls(side, place(metres))

    @property
    def extent_m(self) -> float:
        """Return the side of the town."""
        return (self.side - 1) * BLOCK_M


def write_streets(file: Path, network: Network) -> None:
    """Write raw streets over the lattice: ``street_name category``, GeoPackage, EPSG:4326.

    Each runs over two blocks. Half of those that run north are left out; where one is kept it crosses a street that
    runs east in the middle, mostly without a vertex there, so that the import must find and cut the crossing.
    """
    dice = np.random.default_rng(SEED + 1)
    lines, names, categories = [], [], []
    for row in range(network.side):
        for column in range(network.side):
            if (row + column) % 2:
                continue
            if column + 2 < network.side:
                lines.append(_run(network, dice, (row, column), (row, column + 2)))
                names.append(f"东西{row}街{column // 12}段")
                categories.append("street" if row % 8 else "arterial")
            if row + 2 < network.side and dice.random() < KEPT_SHARE:
                lines.append(_run(network, dice, (row, column), (row + 2, column)))
                names.append(f"南北{column}巷{row // 12}段")
                categories.append("lane")
    frame = geopandas.GeoDataFrame({"street_name": names, "category": categories}, geometry=lines, crs=4326)
    frame.to_file(file, layer="streets", engine="pyogrio")


def _run(network: Network, dice: Any, start: tuple[int, int], end: tuple[int, int]) -> Any:
    """Return a street between two junctions with a bend in each half."""
    first, last = network.places[start], network.places[end]
    bends = [first + (last - first) * share + dice.uniform(-2e-5, 2e-5, 2) for share in (0.25, 0.75)]
    return shapely.linestrings([first, *bends, last])


def write_areas(file: Path, network: Network) -> None:
    """Write offices, communities and resident groups as squares over the town: GeoPackage, EPSG:4326."""
    side = (network.extent_m + 4 * BLOCK_M) / OFFICES
    rows = []
    for level, (columns, lines) in DIVISIONS.items():
        for west in range(OFFICES * columns):
            for south in range(OFFICES * lines):
                box = [west / columns, south / lines, (west + 1) / columns, (south + 1) / lines]
                rows.append(
                    {
                        "code": _area_code(level, west, south),
                        "name": _area_code(level, west, south),
                        "level": level,
                        "parent": _parent_code(level, west, south),
                        "zone_class": ("core" if west % 2 else "fringe") if level == "community" else None,
                        "geometry": _square(np.array(box) * side - 2 * BLOCK_M),
                    }
                )
    geopandas.GeoDataFrame(rows, crs=4326).to_file(file, layer="areas", engine="pyogrio")


def _area_code(level: str, west: int, south: int) -> str:
    return f"{level[0].upper()}{west:02d}{south:02d}"


def _parent_code(level: str, west: int, south: int) -> str | None:
    above = {"community": "office", "group": "community"}.get(level)
    if above is None:
        return None
    columns, lines = (mine // theirs for mine, theirs in zip(DIVISIONS[level], DIVISIONS[above], strict=True))
    return _area_code(above, west // columns, south // lines)


def _square(box: Any) -> Any:
    (west, south), (east, north) = place(box.reshape(2, 2))
    return shapely.box(west, south, east, north)


def write_zones(file: Path, network: Network, *, blocks: int = 5) -> int:
    """Write sweeping zones as squares of so many blocks, with a strip left out here and there; return how many."""
    dice = np.random.default_rng(SEED + 2)
    side = blocks * BLOCK_M
    count = int(network.extent_m // side)
    rows = [
        {
            "code": f"Z{row:03d}{column:03d}",
            "duty": "sweeping",
            "valid_from": "2025-01-01",
            "geometry": _square(
                np.array([column * side, row * side, (column + 1) * side - dice.choice([0, 0, 20]), (row + 1) * side])
                - BLOCK_M / 2
            ),
        }
        for row in range(count)
        for column in range(count)
    ]
    geopandas.GeoDataFrame(rows, crs=4326).to_file(file, layer="zones", engine="pyogrio")
    return len(rows)
