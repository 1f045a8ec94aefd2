"""Reading tiles in tests: addresses that cover a box, and features with coordinates in degrees."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import mapbox_vector_tile
from flask.testing import FlaskClient
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry

Box = tuple[float, float, float, float]


def position(lon: float, lat: float, zoom: int) -> tuple[float, float]:
    side = 2**zoom
    return (lon + 180) / 360 * side, (1 - math.asinh(math.tan(math.radians(lat))) / math.pi) / 2 * side


def addresses(box: Box, zoom: int) -> Iterator[tuple[int, int]]:
    west, north = position(box[0], box[3], zoom)
    east, south = position(box[2], box[1], zoom)
    for x in range(int(west), int(east) + 1):
        for y in range(int(north), int(south) + 1):
            yield x, y


def degrees(x: float, y: float, zoom: int) -> tuple[float, float]:
    side = 2**zoom
    return x / side * 360 - 180, math.degrees(math.atan(math.sinh(math.pi * (1 - 2 * y / side))))


def tile_box(zoom: int, x: int, y: int) -> Box:
    west, north = degrees(x, y, zoom)
    east, south = degrees(x + 1, y + 1, zoom)
    return west, south, east, north


def _degrees(zoom: int, x: int, y: int, extent: int) -> Any:
    def place(point: tuple[float, float]) -> tuple[float, float]:
        return degrees(x + point[0] / extent, y + point[1] / extent, zoom)

    def mapped(coordinates: Any) -> Any:
        if isinstance(coordinates[0], int | float):
            return place(coordinates)
        return [mapped(inner) for inner in coordinates]

    return mapped


def decode(content: bytes, zoom: int, x: int, y: int) -> dict[str, list[tuple[dict[str, Any], BaseGeometry]]]:
    """Return the layers of a tile as properties and shapes in EPSG:4326."""
    layers = {}
    for name, layer in mapbox_vector_tile.decode(content, default_options={"y_coord_down": True}).items():
        mapped = _degrees(zoom, x, y, layer["extent"])
        layers[name] = [
            (
                feature["properties"],
                shape(feature["geometry"] | {"coordinates": mapped(feature["geometry"]["coordinates"])}),
            )
            for feature in layer["features"]
        ]
    return layers


def features(client: FlaskClient, keys: str, name: str, box: Box, zoom: int, **query: str) -> Iterator[Any]:
    """Yield properties and shapes of one layer in all tiles that cover a box."""
    for x, y in addresses(box, zoom):
        answer = client.get(f"/tiles/{keys}/{zoom}/{x}/{y}.mvt", query_string=query)
        assert answer.status_code in {200, 204}, answer.get_data(as_text=True)
        if answer.status_code == 200:
            yield from decode(answer.data, zoom, x, y).get(name, [])
