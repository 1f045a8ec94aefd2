"""What somebody draws: polygons that mean a list, and lines that cut one."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain

import shapely

from geo_hygiene.i18n import gettext as _
from geo_hygiene.zoning.mistakes import WrongZoneError

MOST_VERTICES = 10_000
"""Of an area: no hand draws as many, and a band along its border is compared with every street."""
MOST_OF_LINE = 1000
"""Vertices of a line that cuts: it is compared with every stretch of a list."""

Position = tuple[float, float]
"""Longitude, latitude (EPSG:4326)."""

Rings = Sequence[Sequence[Position]]
"""The outer border of a polygon, then its holes."""


def read_polygons(polygons: Sequence[Rings], place: str) -> shapely.MultiPolygon:
    """Return drawn polygons as one shape.

    Raises
    ------
    WrongZoneError
        If they have too many vertices, cross themselves or hold no ground; the sentence says where.
    """
    if sum(len(ring) for ring in chain.from_iterable(polygons)) > MOST_VERTICES:
        raise WrongZoneError(place, _("A drawing has at most %(count)s vertices.", count=MOST_VERTICES))
    shape = shapely.MultiPolygon([(rings[0], list(rings[1:])) for rings in polygons])
    if not shape.is_valid:
        reason, _bracket, where = shapely.is_valid_reason(shape).partition("[")
        raise WrongZoneError(
            place,
            _(
                "The drawing is no clean polygon at %(where)s (%(reason)s).",
                where=where.rstrip("]"),
                reason=reason.lower(),
            ),
        )
    if shape.is_empty or shape.area == 0:
        raise WrongZoneError(place, _("The drawing holds no ground."))
    return shape


def read_line(positions: Sequence[Position], place: str) -> shapely.LineString:
    """Return a drawn line.

    Raises
    ------
    WrongZoneError
        If it has too many vertices, crosses itself or leads nowhere.
    """
    if len(positions) > MOST_OF_LINE:
        raise WrongZoneError(place, _("A drawing has at most %(count)s vertices.", count=MOST_OF_LINE))
    line = shapely.LineString(shapely.remove_repeated_points(shapely.LineString(positions)))
    if line.length == 0 or not line.is_simple:
        raise WrongZoneError(place, _("A line that cuts a zone goes somewhere and does not cross itself."))
    return line
