"""What lies around the targets of a duty: areas of communities, water, main roads."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import shapely
from sqlalchemy import Connection, text

from geo_hygiene.zoning.plane import Plane, Shapes

AREAS = """
select distinct on (code) code, ST_AsBinary(geom) as shape
from area
where level = 'community' and code = any(:codes) and valid_from <= :on and :on < valid_to
order by code, id
"""

WATER = """
select category, ST_AsBinary(geom) as shape
from water_body
where valid_from <= :on and :on < valid_to and geom && ST_MakeEnvelope(:west, :south, :east, :north, 4326)
order by id
"""

ROADS = """
select id, ST_AsBinary(ST_Force2D(geom)) as shape
from target
where kind = 'street-segments' and category = :category and valid_from <= :on and :on < valid_to
    and geom && ST_MakeEnvelope(:west, :south, :east, :north, 4326) and id <> all(:own)
order by uuid
"""
"""Main roads that the duty does not look after, or that belong to another area."""


MAIN_ROAD = "arterial"
"""Class of the streets that are main roads."""

BARRING = ("river", "lake")
"""Classes of water that nobody crosses but by bridges; a pond or a ditch is none."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What lies around shapes on a day, in metres of a plane."""

    connection: Connection
    on: date
    plane: Plane
    box: tuple[float, float, float, float]
    """West, south, east, north (EPSG:4326)."""

    def areas(self, codes: Collection[str]) -> dict[str, shapely.Geometry]:
        """Return the areas of communities by their codes."""
        rows = self.connection.execute(text(AREAS), {"codes": sorted(codes), "on": self.on}).all()
        return dict(zip([row.code for row in rows], self.plane.in_metres(_read(rows)), strict=True))

    def water(self, classes: Collection[str] | None = None) -> Shapes:
        """Return the water bodies, of some classes or all."""
        rows = self.connection.execute(text(WATER), self._asked()).all()
        return self.plane.in_metres(_read([row for row in rows if classes is None or row.category in classes]))

    def roads(self, own: Collection[int]) -> Shapes:
        """Return the main roads that are not among some targets, in degrees as junctions are found in them."""
        asked = self._asked() | {"category": MAIN_ROAD, "own": sorted(own)}
        return _read(self.connection.execute(text(ROADS), asked).all())

    def _asked(self) -> dict[str, Any]:
        return {"on": self.on, **dict(zip(("west", "south", "east", "north"), self.box, strict=True))}


def _read(rows: Sequence[Any]) -> Shapes:
    return np.asarray(shapely.from_wkb([bytes(row.shape) for row in rows]), dtype=object)
