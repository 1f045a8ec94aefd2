"""The sample town as rows of the layers and tables that any import reads."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import Transformer
from shapely import Point
from shapely.geometry.base import BaseGeometry

from geo_hygiene.crs import GEOD, STORAGE_SRID
from geo_hygiene.sample.campaigns import CAMPAIGNS, Visit, make_visits
from geo_hygiene.sample.parameters import CENTRE
from geo_hygiene.sample.segments import Segment
from geo_hygiene.sample.town import SampleTown

NAMESPACE = uuid.UUID("6f1d2a54-3c0b-5e0e-9a77-0d3f5b1c8e21")
"""The id of a record of the sample is the version 5 UUID of its layer and code in this namespace."""

DECIMALS = 9
"""Of a degree: a tenth of a millimetre."""

CASE_SOURCE = "sample"
"""System that the complaints of the sample say they come from."""

Row = dict[str, Any]


@dataclass(frozen=True)
class Table:
    """The rows of one file, and their shapes in degrees where it has any."""

    key: str
    rows: list[Row]
    shapes: NDArray[np.object_] | None = None


def record_id(layer: str, code: str) -> str:
    """Return the id of one of the sample's records."""
    return str(uuid.uuid5(NAMESPACE, f"{layer}/{code}"))


class Plane:
    """Takes shapes from the town's plane of metres to longitude and latitude."""

    def __init__(self) -> None:
        local = {"proj": "aeqd", "lon_0": CENTRE[0], "lat_0": CENTRE[1], "ellps": "WGS84"}
        self._transformer = Transformer.from_crs(local, STORAGE_SRID, always_xy=True)

    def to_degrees(self, shapes: Iterable[BaseGeometry], *, multi: bool = False) -> NDArray[np.object_]:
        """Return the shapes in EPSG:4326, rounded; ``multi`` wraps single polygons."""
        flat = np.array(list(shapes), dtype=object)

        def degrees(places: NDArray[np.float64]) -> NDArray[np.float64]:
            return np.round(np.column_stack(self._transformer.transform(places[:, 0], places[:, 1])), DECIMALS)

        moved = shapely.transform(flat, degrees)
        if multi:
            moved = np.array([shapely.multipolygons(shapely.get_parts(shape)) for shape in moved], dtype=object)
        return moved


def tables(town: SampleTown) -> list[Table]:
    """Return the rows of all files, in the order in which they are loaded."""
    plane = Plane()
    streets = plane.to_degrees(segment.line for segment in town.segments)
    lengths = {one.code: metres(line) for one, line in zip(town.segments, streets, strict=True)}
    return [
        _areas(town, plane),
        *_background(town, plane),
        Table("street-segments", [_street(town, n, lengths[one.code]) for n, one in enumerate(town.segments)], streets),
        *_assets(town, plane, lengths),
        *_duties(town, plane, lengths),
        *_campaigns(town, plane, lengths),
        _cases(town, plane),
    ]


def metres(line: BaseGeometry) -> float:
    """Return the geodesic length of a line in degrees, to the millimetre."""
    return round(float(GEOD.geometry_length(line)), 3)


def _areas(town: SampleTown, plane: Plane) -> Table:
    rows = [
        {
            "id": record_id("areas", area.code),
            "code": area.code,
            "name": area.name,
            "level": area.level,
            "parent": area.parent,
            "zone_class": area.zone_class,
            "population": town.population[area.code],
        }
        for area in town.areas.areas
    ]
    return Table("areas", rows, plane.to_degrees((area.shape for area in town.areas.areas), multi=True))


def _background(town: SampleTown, plane: Plane) -> list[Table]:
    waters = [
        {"id": record_id("water-bodies", f"W{n:03d}"), "code": f"W{n:03d}", "name": water.name, "kind": water.kind}
        for n, water in enumerate(town.waters, start=1)
    ]
    greens = [
        {"id": record_id("green-spaces", f"G{n:03d}"), "code": f"G{n:03d}", "name": one.name or None, "kind": one.kind}
        for n, one in enumerate(town.greens, start=1)
    ]
    houses = [
        {
            "id": record_id("buildings", f"H{n:04d}"),
            "code": f"H{n:04d}",
            "kind": house.kind,
            "storeys": house.storeys,
        }
        for n, house in enumerate(town.buildings, start=1)
    ]
    return [
        Table("water-bodies", waters, plane.to_degrees((one.shape for one in town.waters), multi=True)),
        Table("green-spaces", greens, plane.to_degrees((one.shape for one in town.greens), multi=True)),
        Table("buildings", houses, plane.to_degrees((one.shape for one in town.buildings), multi=True)),
    ]


def _place(town: SampleTown, group: str) -> Row:
    """Return the area columns of something that lies in a group."""
    return {"office": town.areas.areas[0].code, "community": group.rpartition("-")[0], "group": group}


def _street(town: SampleTown, n: int, length: float) -> Row:
    segment: Segment = town.segments[n]
    return {
        "id": record_id("street-segments", segment.code),
        "code": segment.code,
        "lane": segment.lane.name,
        "lane_code": segment.lane.code,
        "category": segment.category,
        "level": segment.level,
        "length_m": length,
        "zone_class": town.areas.zone_class_of(n),
        **_place(town, town.areas.group_of[n]),
        "width_m": segment.width,
    }


def _assets(town: SampleTown, plane: Plane, lengths: dict[str, float]) -> list[Table]:
    """Return drains, tanks and facilities; the drains' lengths are added to ``lengths``."""
    lines = plane.to_degrees(drain.line for drain in town.drains)
    lengths.update({drain.code: metres(line) for drain, line in zip(town.drains, lines, strict=True)})
    drains = [
        {
            "id": record_id("drain-segments", drain.code),
            "code": drain.code,
            "drain": drain.drain,
            "drain_code": drain.drain_code,
            "from_node": drain.from_node,
            "to_node": drain.to_node,
            "width_mm": drain.width,
            "depth_mm": drain.depth,
            "length_m": lengths[drain.code],
            **_place(town, drain.group),
        }
        for drain in town.drains
    ]
    tanks = [
        {
            "id": record_id("septic-tanks", tank.code),
            "code": tank.code,
            "name": tank.name,
            "volume_m3": tank.volume,
            "households": tank.households,
            **_place(town, tank.group),
        }
        for tank in town.tanks
    ]
    facilities = [
        {
            "id": record_id("facilities", one.code),
            "code": one.code,
            "name": one.name,
            "kind": one.kind,
            **_place(town, one.group),
        }
        for one in town.facilities
    ]
    return [
        Table("drain-segments", drains, lines),
        Table("septic-tanks", tanks, plane.to_degrees(tank.place for tank in town.tanks)),
        Table("facilities", facilities, plane.to_degrees(one.place for one in town.facilities)),
    ]


def _duties(town: SampleTown, plane: Plane, lengths: Mapping[str, float]) -> list[Table]:
    roster = town.roster
    zones = [
        {
            "id": record_id("duty-zones", f"{zone.code}@{zone.valid_from.isoformat()}"),
            "code": zone.code,
            "name": zone.name,
            "duty": zone.duty,
            "shift": zone.shift,
            "basis": "list",
            "plan": "published",
            "valid_from": zone.valid_from,
            "valid_to": zone.valid_to,
            "version": 1,
        }
        for zone in town.zones
    ]
    kinds = {"sweeping": "street-segments", "supervision": "street-segments", "drains": "drain-segments"}
    stretches = [
        {
            "zone": zone.code,
            "segment": record_id(kinds.get(zone.duty, "septic-tanks"), target),
            "from_m": start,
            "to_m": end if end is not None else lengths.get(target, 0.001),  # a point is its first millimetre
            "valid_from": zone.valid_from,
            "valid_to": zone.valid_to,
        }
        for zone in town.zones
        for target, start, end in zone.stretches
    ]
    return [
        Table("people", [vars(person) for person in roster.people]),
        Table("posts", [vars(post) for post in roster.posts]),
        Table("duty-zones", zones, plane.to_degrees((zone.shape for zone in town.zones), multi=True)),
        Table("zone-segments", stretches),
        Table("assignments", [vars(assignment) for assignment in roster.assignments]),
    ]


def _campaigns(town: SampleTown, plane: Plane, lengths: Mapping[str, float]) -> list[Table]:
    campaigns = [
        {
            "code": one.code,
            "title": one.title,
            "pest": one.pest,
            "season": one.season,
            "valid_from": one.first,
            "valid_to": one.last + timedelta(days=1),
            "scope": ";".join(one.scope),
            "limit_days": one.limit_days,
        }
        for one in CAMPAIGNS
    ]
    visits = make_visits(town.areas, town.segments, town.drains, town.tanks, town.facilities, lengths, town.seed)
    spots = _coordinates(plane, [visit.spot for visit in visits])
    treatments = [
        _treatment(f"T{number:05d}", visit, spot)
        for number, (visit, spot) in enumerate(zip(visits, spots, strict=True), 1)
    ]
    return [Table("campaigns", campaigns), Table("treatments", treatments)]


def _treatment(number: str, visit: Visit, spot: tuple[float, float] | None) -> Row:
    campaign = visit.campaign
    treated = visit.amount is not None
    longitude, latitude = spot or (None, None)
    return {
        "id": record_id("treatments", number),
        "external_id": number,
        "campaign": campaign.code,
        "method": campaign.method if treated else None,
        "product": campaign.product if treated else None,
        "amount": visit.amount,
        "unit": campaign.unit if treated else None,
        "team": visit.team,
        "done_at": visit.at.isoformat(),
        "result": visit.result,
        "radius_m": campaign.radius if spot else None,
        "lon": longitude,
        "lat": latitude,
        "segment": None if spot else record_id(visit.kind, visit.target),
        "from_m": visit.start,
        "to_m": visit.end,
    }


def _cases(town: SampleTown, plane: Plane) -> Table:
    places = _coordinates(plane, [one.place for one in town.complaints])
    rows = []
    for number, (one, place) in enumerate(zip(town.complaints, places, strict=True), start=1):
        longitude, latitude = place or (None, None)
        rows.append(
            {
                "id": record_id("cases", f"{number:05d}"),
                "external_id": f"2025-{number:05d}",
                "source": CASE_SOURCE,
                "kind": one.kind,
                "channel": one.channel,
                "status": one.status,
                "status_at": one.status_at.isoformat(),
                "reported_at": one.reported_at.isoformat(),
                "closed_at": one.closed_at.isoformat() if one.closed_at else None,
                "description": one.description,
                "lane": one.lane,
                "house_number": one.house_number,
                "lon": longitude,
                "lat": latitude,
            }
        )
    return Table("cases", rows)


def _coordinates(plane: Plane, places: Sequence[Point | None]) -> list[tuple[float, float] | None]:
    """Return longitude and latitude of places, ``None`` for none."""
    known = iter(plane.to_degrees(place for place in places if place is not None))
    return [None if place is None else next(known).coords[0] for place in places]
