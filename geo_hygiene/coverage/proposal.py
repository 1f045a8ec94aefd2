"""A drawn or imported polygon proposes a list: the list is the truth, the polygon its picture."""

from __future__ import annotations

import uuid as uuid_module
from collections import defaultdict
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from math import cos, radians
from typing import Any, Generic, TypeVar

import numpy as np
import shapely
from sqlalchemy import Connection, text

from geo_hygiene.coverage.duties import DutyRecord
from geo_hygiene.coverage.intervals import Interval, length, subtract, twice, union
from geo_hygiene.coverage.measured import MeasuredLine
from geo_hygiene.coverage.writing import Stretch

BORDER_M = 5.0
"""A segment that runs this near a border for over half its length is a border lane."""

ON_BORDER_M = 0.001
"""A stretch this near a border runs on it."""

METRES_PER_DEGREE = 111_320.0
"""Of latitude; good to a percent, which is all that "within 5 m" needs."""

LIKE_SHARES = 0.01
"""Shares this near each other (of the length) are equal, and the side decides."""

ZoneKey = TypeVar("ZoneKey", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Remark(Generic[ZoneKey]):
    """Something to ask or refuse: ``border-lane`` names the target, ``no-targets`` the empty zone."""

    code: str
    zone: ZoneKey
    target: uuid_module.UUID | None = None
    lane: str | None = None


@dataclass(slots=True)
class Proposal(Generic[ZoneKey]):
    """The list of each zone, and what was remarked on the way."""

    lists: dict[ZoneKey, list[Stretch]]
    remarks: list[Remark[ZoneKey]] = field(default_factory=list)


@dataclass(slots=True)
class _Targets:
    """The targets of a duty on a day, in the plane (metres round their own latitude)."""

    ids: list[int]
    uuids: list[uuid_module.UUID]
    lanes: list[int | None]
    lane_names: list[str | None]
    measured: list[Any]
    plane: Any
    scale: Any


def propose_lists(
    connection: Connection, duty: DutyRecord, zones: Mapping[ZoneKey, Any], on: date
) -> Proposal[ZoneKey]:
    """Return the lists that polygons mean, by the rules of borders.

    Parameters
    ----------
    zones
        Valid polygons or multipolygons by key, EPSG:4326, x = longitude.
    on
        Day whose targets are listed; only those in the duty's scope.
    """
    keys = list(zones)
    targets = _read_targets(connection, duty, on, [zones[key] for key in keys])
    polygons = np.array([_flatten(zones[key], targets.scale) for key in keys], dtype=object)
    proposal: Proposal[ZoneKey] = Proposal({key: [] for key in keys})
    if targets.ids:
        found = _points(targets, polygons) if duty.unit == "count" else _lines(targets, polygons)
        for target, zone, spans in found.stretches:
            proposal.lists[keys[zone]] += [Stretch(targets.ids[target], *span) for span in spans]
        proposal.remarks += [
            Remark("border-lane", keys[zone], targets.uuids[target], targets.lane_names[target])
            for target, zone in found.border
        ]
    proposal.remarks += [Remark("no-targets", key) for key in keys if not proposal.lists[key]]
    return proposal


@dataclass(slots=True)
class _Found:
    stretches: list[tuple[int, int, Sequence[Interval]]] = field(default_factory=list)
    """Index of the target, index of the zone, intervals."""
    border: list[tuple[int, int]] = field(default_factory=list)
    """Border lanes: index of the target, index of the zone that it went to."""


TARGETS = """
select target.id, target.uuid, ST_AsBinary(target.geom) as geom, {group_id} as group_id, {group_name} as group_name
from duty_target
join target on target.id = duty_target.target_id
{join}
where duty_target.duty_id = :duty_id and duty_target.valid_from <= :on and :on < duty_target.valid_to
    and ST_Intersects(target.geom, ST_MakeEnvelope(:west, :south, :east, :north, 4326))
order by target.id
"""


def _read_targets(connection: Connection, duty: DutyRecord, on: date, polygons: Sequence[Any]) -> _Targets:
    west, south, east, north = shapely.total_bounds(np.array(polygons, dtype=object)).tolist()
    latitude = (south + north) / 2
    scale = np.array([METRES_PER_DEGREE * cos(radians(latitude)), METRES_PER_DEGREE])
    margin = (2 * BORDER_M / scale).tolist()
    rows = connection.execute(
        text(_targets_statement(duty)),
        {
            "duty_id": duty.id,
            "on": on,
            "west": west - margin[0],
            "south": south - margin[1],
            "east": east + margin[0],
            "north": north + margin[1],
        },
    ).all()
    measured = [shapely.from_wkb(bytes(row.geom)) for row in rows]
    return _Targets(
        [row.id for row in rows],
        [row.uuid for row in rows],
        [row.group_id for row in rows],
        [row.group_name for row in rows],
        measured,
        np.array([_flatten(shapely.force_2d(line), scale) for line in measured], dtype=object),
        scale,
    )


def _targets_statement(duty: DutyRecord) -> str:
    grouping = duty.layer.grouping
    if grouping is None:
        return TARGETS.format(group_id="null::int", group_name="null::text", join="")
    return TARGETS.format(
        group_id="bundle.id",
        group_name="bundle.name",
        join=f"join {duty.layer.model.__tablename__} as segment on segment.id = target.id"
        f" left join {grouping.model.__tablename__} as bundle on bundle.id = segment.{grouping.reference.key}",
    )


def _flatten(geometry: Any, scale: Any) -> Any:
    return shapely.transform(geometry, lambda coordinates: coordinates * scale)


def _points(targets: _Targets, polygons: Any) -> _Found:
    """Give a point to the zones that hold it; on a border to one alone."""
    zones, found = shapely.STRtree(targets.plane).query(polygons, predicate="intersects"), _Found()
    inside: dict[int, list[int]] = defaultdict(list)
    for zone, target in zip(*zones, strict=True):
        inside[int(target)].append(int(zone))
    for target, candidates in sorted(inside.items()):
        deep = [zone for zone in candidates if shapely.contains(polygons[zone], targets.plane[target])]
        found.stretches += [(target, zone, [(0, 1)]) for zone in deep or candidates[:1]]
    return found


def _lines(targets: _Targets, polygons: Any) -> _Found:
    near, whole = _candidates(targets, polygons)
    inner: dict[int, dict[int, list[Interval]]] = defaultdict(dict)
    border: dict[int, dict[int, float]] = defaultdict(dict)
    rims = shapely.boundary(polygons)
    belts = shapely.buffer(rims, BORDER_M)
    for target, zone in near:
        line = targets.plane[target]
        if shapely.length(shapely.intersection(line, belts[zone])) > shapely.length(line) / 2:
            border[target][zone] = float(shapely.length(shapely.intersection(line, polygons[zone])))
        elif spans := _cut(targets, target, polygons[zone]):
            inner[target][zone] = spans
    for target, zone in whole:
        inner[target][zone] = [(0, _extent(targets, target))]
    return _decide(targets, polygons, inner, border)


def _candidates(targets: _Targets, polygons: Any) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    """Return the pairs (target, zone) that need a look at the border, and those that lie well inside."""
    tree = shapely.STRtree(targets.plane)
    cores = shapely.buffer(polygons, -BORDER_M)
    inside = {(int(target), int(zone)) for zone, target in zip(*tree.query(cores, predicate="covers"), strict=True)}
    near = tree.query(polygons, predicate="dwithin", distance=BORDER_M)
    pairs = {(int(target), int(zone)) for zone, target in zip(*near, strict=True)}
    return sorted(pairs - inside), sorted(inside)


def _line(targets: _Targets, target: int) -> MeasuredLine:
    return MeasuredLine(shapely.get_coordinates(targets.measured[target], include_m=True))


def _extent(targets: _Targets, target: int) -> int:
    return _line(targets, target).extent_mm


def _cut(targets: _Targets, target: int, polygon: Any) -> list[Interval]:
    line = _line(targets, target)
    parts = shapely.get_parts(shapely.intersection(targets.plane[target], polygon))
    spans = []
    for part in parts[shapely.length(parts) > 0]:
        ends = shapely.get_coordinates(part)[[0, -1]] / targets.scale
        positions = sorted(line.locate(*end)[0] for end in ends)
        spans.append((positions[0], positions[1]))
    return union(spans)


def _decide(
    targets: _Targets,
    polygons: Any,
    inner: Mapping[int, Mapping[int, list[Interval]]],
    border: Mapping[int, Mapping[int, float]],
) -> _Found:
    found = _Found()
    lane_metres: dict[tuple[int, int], int] = defaultdict(int)
    settled = {target: _settle(targets, polygons, target, zones) for target, zones in inner.items()}
    for target, zones in settled.items():
        for zone, spans in zones.items():
            found.stretches.append((target, zone, spans))
            lane = targets.lanes[target]
            if lane is not None:
                lane_metres[lane, zone] += length(spans)
    for target, shares in sorted(border.items()):
        taken = union(span for spans in settled.get(target, {}).values() for span in spans)
        rest = subtract([(0, _extent(targets, target))], taken)
        if length(rest) < length(taken):
            found.stretches += _share_out(targets, polygons, target, shares, rest)
        else:
            zone = _owner(targets, polygons, target, shares, lane_metres)
            found.stretches.append((target, zone, rest))
            found.border.append((target, zone))
    return found


def _settle(
    targets: _Targets, polygons: Any, target: int, zones: Mapping[int, list[Interval]]
) -> dict[int, list[Interval]]:
    """Give runs exactly along a shared border to one of the zones; ground inside two zones stays with both."""
    settled: dict[int, list[Interval]] = {}
    line = _line(targets, target)
    for zone, spans in sorted(zones.items(), key=lambda item: (-length(item[1]), item[0])):
        mine = list(spans)
        for other, others in settled.items():
            for double in twice([mine, others]):
                middle = shapely.Point(line.at(sum(double) / 2) * targets.scale)
                if min(shapely.distance(middle, shapely.boundary(polygons[[zone, other]]))) <= ON_BORDER_M:
                    mine = subtract(mine, [double])
        if mine:
            settled[zone] = mine
    return settled


def _share_out(
    targets: _Targets, polygons: Any, target: int, shares: Mapping[int, float], rest: list[Interval]
) -> list[tuple[int, int, Sequence[Interval]]]:
    """Cut what zones within have left of a border lane between the zones along its border."""
    pieces: list[tuple[int, int, Sequence[Interval]]] = []
    for zone in sorted(shares, key=lambda zone: (-shares[zone], zone)):
        cut = _cut(targets, target, polygons[zone])
        if mine := subtract(rest, subtract([(0, _extent(targets, target))], cut)):
            pieces.append((target, zone, mine))
            rest = subtract(rest, mine)
    return pieces


def _owner(
    targets: _Targets,
    polygons: Any,
    target: int,
    shares: Mapping[int, float],
    lane_metres: Mapping[tuple[int, int], int],
) -> int:
    """Return the zone of a border lane: most of its lane, else the larger share, else the left."""
    lane = targets.lanes[target]
    if lane is not None:
        best = sorted(shares, key=lambda zone: (-lane_metres.get((lane, zone), 0), zone))
        most = lane_metres.get((lane, best[0]), 0)
        if most and (len(best) == 1 or lane_metres.get((lane, best[1]), 0) < most):
            return best[0]
    line = targets.plane[target]
    ranked = sorted(shares, key=lambda zone: (-shares[zone], zone))
    if len(ranked) > 1 and shares[ranked[0]] - shares[ranked[1]] <= LIKE_SHARES * shapely.length(line):
        left = shapely.offset_curve(line, BORDER_M)
        return max(ranked, key=lambda zone: (shapely.length(shapely.intersection(left, polygons[zone])), -zone))
    return ranked[0]
