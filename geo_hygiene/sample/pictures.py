"""Pictures of duty zones: the ground around the lanes of a zone's list."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from shapely import MultiPolygon, Polygon, set_precision, union_all
from shapely.geometry.base import BaseGeometry

from geo_hygiene.sample.areas import AreaPlan, deck
from geo_hygiene.sample.cells import draw_areas
from geo_hygiene.sample.river import River
from geo_hygiene.sample.segments import Segment
from geo_hygiene.sample.shapes import polygons_of
from geo_hygiene.sample.zones import Lists


def draw_zones(lists: Lists, segments: Sequence[Segment], areas: AreaPlan, river: River) -> dict[str, MultiPolygon]:
    """Return the picture of each zone; neighbours share their borders, overlapping zones their common lanes."""
    holders: dict[int, list[str]] = defaultdict(list)
    for zone in sorted(lists):
        for n in lists[zone]:
            holders[n].append(zone)
    faces: dict[str, list[BaseGeometry]] = defaultdict(list)
    for compartment in areas.compartments.values():
        label: dict[int, tuple[str, ...]] = {n: tuple(holders.get(n, ())) for n in compartment.segments}
        if not any(label.values()):
            continue
        for zones, shapes in draw_areas(compartment, label, segments).items():
            for zone in zones:
                faces[zone] += shapes
    for n in sorted(holders):
        if segments[n].level:
            for zone in holders[n]:
                faces[zone].append(deck(segments[n], river.water))
    return {zone: as_multi(union_all(shapes)) for zone, shapes in sorted(faces.items())}


def join_groups(groups: Mapping[str, Sequence[str]], areas: AreaPlan) -> dict[str, MultiPolygon]:
    """Return the picture of zones that are made of whole resident groups."""
    shapes = {area.code: area.shape for area in areas.level("group")}
    return {zone: as_multi(union_all([shapes[code] for code in codes])) for zone, codes in sorted(groups.items())}


def as_multi(shape: BaseGeometry) -> MultiPolygon:
    """Return the polygons of a shape on the millimetre grid, without crumbs."""
    parts = [part for part in polygons_of(set_precision(shape, 0.001)) if part.area > 1]
    return MultiPolygon(
        [Polygon(part.exterior, [hole for hole in part.interiors if Polygon(hole).area > 1]) for part in parts]
    )
