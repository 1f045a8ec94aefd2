"""The square of Web Mercator tiles: envelopes, pixels, and how rows become a layer of a tile."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Integer, Label, Subquery, bindparam, func, literal, select
from sqlalchemy.sql.elements import ColumnElement

from geo_hygiene.crs import TILE_SRID

WORLD_METRES = 40_075_016.685578488
"""Side of the Web Mercator square."""
MOST_ZOOM = 22
PIXELS = 512
"""Pixels of a tile's side on the screen."""
FINE_EXTENT, COARSE_EXTENT = 4096, 1024
"""Units of a tile's side; the coarse one, where features are merged, is still half a pixel."""
MARGIN = 1 / 64
"""Share of a tile's side that is read and kept around it, so that wide lines and labels are not cut at its edge."""


OUTLINE_MARGIN = 1 / 16
"""The same for faces that can be chosen: a tile may stand in for its neighbours of other zooms, drawn much smaller, and
the edge at which the face was cut must stay out of sight there under the outline's width."""


def envelope(margin: float = 0) -> ColumnElement[Any]:
    """Return the tile ``z/x/y`` as a polygon in EPSG:3857, wider by a share of its side."""
    half = WORLD_METRES / 2
    world = func.ST_MakeEnvelope(-half, -half, half, half, TILE_SRID)
    return func.ST_TileEnvelope(*(bindparam(name, type_=Integer) for name in ("z", "x", "y")), world, margin)


def pixel(zoom: int) -> float:
    """Return the side of a screen pixel in Web Mercator metres."""
    return WORLD_METRES / (1 << zoom) / PIXELS


def encoded_geometry(geometry: ColumnElement[Any], extent: int, margin: float = MARGIN) -> Label[Any]:
    """Return a geometry in the units of the tile, cut at its margin, as the column ``geom``."""
    return func.ST_AsMVTGeom(geometry, envelope(), extent, int(extent * margin)).label("geom")


def encoded_layer(name: str, rows: Subquery, extent: int) -> ColumnElement[Any]:
    """Return the bytes of one layer of a tile; every column beside ``geom`` is a property."""
    encoded = func.ST_AsMVT(rows.table_valued(), literal(name), extent, literal("geom"))
    return select(encoded).select_from(rows).where(rows.c.geom.is_not(None)).scalar_subquery()
