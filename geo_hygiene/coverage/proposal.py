"""A drawn or imported polygon proposes a list: the list is the truth, the polygon its picture."""

from __future__ import annotations

import uuid as uuid_module
from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from math import cos, radians
from typing import Any, Generic, TypeVar

import numpy as np
import shapely
from sqlalchemy import Connection, text

from geo_hygiene.coverage.duties import DutyRecord
from geo_hygiene.coverage.intervals import Interval, length, subtract, twice, union
from geo_hygiene.coverage.measured import Integers, MeasuredLines
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
    """Something to ask or refuse: ``border-lane`` names the target, ``no-targets`` the empty zone.

    Attributes
    ----------
    zone
        The empty one, or the one that a border lane went to.
    others
        Those on the other side of a border lane.
    """

    code: str
    zone: ZoneKey
    target: uuid_module.UUID | None = None
    lane: str | None = None
    others: tuple[ZoneKey, ...] = ()


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
    measured: Any
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
    polygons = _flatten(np.array([zones[key] for key in keys], dtype=object), targets.scale)
    proposal: Proposal[ZoneKey] = Proposal({key: [] for key in keys})
    if targets.ids:
        found = _points(targets, polygons) if duty.unit == "count" else _lines(targets, polygons)
        for target, zone, spans in found.stretches:
            proposal.lists[keys[zone]] += [Stretch(targets.ids[target], *span) for span in spans]
        proposal.remarks += [
            Remark(
                "border-lane",
                keys[zone],
                targets.uuids[target],
                targets.lane_names[target],
                tuple(keys[other] for other in others),
            )
            for target, zone, others in found.border
        ]
    proposal.remarks += [Remark("no-targets", key) for key in keys if not proposal.lists[key]]
    return proposal


@dataclass(slots=True)
class _Found:
    stretches: list[tuple[int, int, Sequence[Interval]]] = field(default_factory=list)
    """Index of the target, index of the zone, intervals."""
    border: list[tuple[int, int, Sequence[int]]] = field(default_factory=list)
    """Border lanes: index of the target, of the zone that it went to, of the other zones along it."""


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
    measured = shapely.from_wkb(np.array([bytes(row.geom) for row in rows], dtype=object))
    return _Targets(
        [row.id for row in rows],
        [row.uuid for row in rows],
        [row.group_id for row in rows],
        [row.group_name for row in rows],
        measured,
        _flatten(shapely.force_2d(measured), scale),
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


def _flatten(geometries: Any, scale: Any) -> Any:
    return shapely.transform(geometries, lambda coordinates: coordinates * scale)


def _points(targets: _Targets, polygons: Any) -> _Found:
    """Give a point to the zones that hold it; on a border to one alone."""
    zones, places = shapely.STRtree(targets.plane).query(polygons, predicate="intersects")
    within = shapely.contains(polygons[zones], targets.plane[places])
    holders: dict[int, dict[int, bool]] = defaultdict(dict)
    for target, zone, deep in zip(places.tolist(), zones.tolist(), within.tolist(), strict=True):
        holders[target][zone] = deep
    found = _Found()
    for target, candidates in sorted(holders.items()):
        deep_in = [zone for zone, deep in candidates.items() if deep]
        found.stretches += [(target, zone, [(0, 1)]) for zone in deep_in or list(candidates)[:1]]
    return found


@dataclass(frozen=True, slots=True)
class _Part:
    """What a zone holds of a line: where, and how many metres of it in the plane."""

    spans: list[Interval]
    share: float


Parts = Mapping[int, Mapping[int, _Part]]
"""By target and zone."""


@dataclass(slots=True)
class _Ground:
    """Lines and zones that meet."""

    targets: _Targets
    polygons: Any
    rims: Any
    lines: MeasuredLines


def _lines(targets: _Targets, polygons: Any) -> _Found:
    ground = _Ground(targets, polygons, shapely.boundary(polygons), MeasuredLines(targets.measured))
    near, whole = _candidates(targets, polygons)
    inner: dict[int, dict[int, list[Interval]]] = defaultdict(dict)
    border: dict[int, dict[int, _Part]] = defaultdict(dict)
    along, parts = _runs_along(ground, near), _parts(ground, near)
    for (target, zone), is_border, part in zip(near.tolist(), along, parts, strict=True):
        if is_border:
            border[target][zone] = part
        elif part.spans:
            inner[target][zone] = part.spans
    for target, zone in whole.tolist():
        inner[target][zone] = [(0, _extent(ground, target))]
    return _decide(ground, inner, border)


def _candidates(targets: _Targets, polygons: Any) -> tuple[Integers, Integers]:
    """Return the pairs (target, zone) that need a look at the border, and those that lie well inside."""
    tree = shapely.STRtree(targets.plane)
    cores = shapely.buffer(polygons, -BORDER_M)
    inside = tree.query(cores, predicate="covers")
    near = tree.query(polygons, predicate="dwithin", distance=BORDER_M)
    whole, close = ({(target, zone) for zone, target in found.T.tolist()} for found in (inside, near))
    return _as_pairs(close - whole), _as_pairs(whole)


def _as_pairs(pairs: Iterable[tuple[int, int]]) -> Integers:
    return np.array(sorted(pairs), dtype=np.int64).reshape(-1, 2)


def _runs_along(ground: _Ground, pairs: Integers) -> list[bool]:
    """Tell of each pair whether the line runs beside the zone's border for over half its length."""
    lines = ground.targets.plane[pairs[:, 0]]
    belts = shapely.buffer(ground.rims, BORDER_M)[pairs[:, 1]]
    answer: list[bool] = (shapely.length(shapely.intersection(lines, belts)) > shapely.length(lines) / 2).tolist()
    return answer


def _parts(ground: _Ground, pairs: Integers) -> list[_Part]:
    """Return for each pair what of the line lies in the zone."""
    inside = shapely.intersection(ground.targets.plane[pairs[:, 0]], ground.polygons[pairs[:, 1]])
    pieces, pair = shapely.get_parts(inside, return_index=True)
    lasting = shapely.length(pieces) > 0
    pieces, pair = pieces[lasting], pair[lasting]
    ends = [
        ground.lines.locate(
            pairs[pair, 0], shapely.get_coordinates(shapely.get_point(pieces, at)) / ground.targets.scale
        )
        for at in (0, -1)
    ]
    spans: list[list[Interval]] = [[] for _ in pairs]
    for index, *span in zip(pair.tolist(), *(end.tolist() for end in ends), strict=True):
        spans[index].append((min(span), max(span)))
    return [_Part(union(mine), share) for mine, share in zip(spans, shapely.length(inside).tolist(), strict=True)]


def _extent(ground: _Ground, target: int) -> int:
    return int(ground.lines.extents_mm[target])


def _decide(ground: _Ground, inner: Mapping[int, Mapping[int, list[Interval]]], border: Parts) -> _Found:
    found = _Found()
    lane_metres: dict[tuple[int, int], int] = defaultdict(int)
    settled = {target: zones if len(zones) == 1 else _settle(ground, target, zones) for target, zones in inner.items()}
    for target, zones in settled.items():
        for zone, spans in zones.items():
            found.stretches.append((target, zone, spans))
            lane = ground.targets.lanes[target]
            if lane is not None:
                lane_metres[lane, zone] += length(spans)
    for target, parts in sorted(border.items()):
        taken = union(span for spans in settled.get(target, {}).values() for span in spans)
        rest = subtract([(0, _extent(ground, target))], taken)
        if length(rest) < length(taken):
            found.stretches += _share_out(target, parts, rest)
        else:
            zone = _owner(ground, target, parts, lane_metres)
            found.stretches.append((target, zone, rest))
            found.border.append((target, zone, [other for other in sorted(parts) if other != zone]))
    return found


def _settle(ground: _Ground, target: int, zones: Mapping[int, list[Interval]]) -> dict[int, list[Interval]]:
    """Give runs exactly along a shared border to one of the zones; ground inside two zones stays with both."""
    settled: dict[int, list[Interval]] = {}
    for zone, spans in sorted(zones.items(), key=lambda item: (-length(item[1]), item[0])):
        mine = list(spans)
        for other, others in settled.items():
            for double in twice([mine, others]):
                middle = shapely.Point(ground.lines.line(target).at(sum(double) / 2) * ground.targets.scale)
                if min(shapely.distance(middle, ground.rims[[zone, other]])) <= ON_BORDER_M:
                    mine = subtract(mine, [double])
        if mine:
            settled[zone] = mine
    return settled


def _largest_first(parts: Mapping[int, _Part]) -> list[int]:
    return sorted(parts, key=lambda zone: (-parts[zone].share, zone))


def _share_out(
    target: int, parts: Mapping[int, _Part], rest: list[Interval]
) -> list[tuple[int, int, Sequence[Interval]]]:
    """Cut what zones within have left of a border lane between the zones along its border."""
    pieces: list[tuple[int, int, Sequence[Interval]]] = []
    for zone in _largest_first(parts):
        left = subtract(rest, parts[zone].spans)
        if mine := subtract(rest, left):
            pieces.append((target, zone, mine))
            rest = left
    return pieces


def _owner(ground: _Ground, target: int, parts: Mapping[int, _Part], lane_metres: Mapping[tuple[int, int], int]) -> int:
    """Return the zone of a border lane: most of its lane, else the larger share, else the left."""
    lane = ground.targets.lanes[target]
    if lane is not None:
        best = sorted(parts, key=lambda zone: (-lane_metres.get((lane, zone), 0), zone))
        most = lane_metres.get((lane, best[0]), 0)
        if most and (len(best) == 1 or lane_metres.get((lane, best[1]), 0) < most):
            return best[0]
    line, ranked = ground.targets.plane[target], _largest_first(parts)
    if len(ranked) > 1 and parts[ranked[0]].share - parts[ranked[1]].share <= LIKE_SHARES * shapely.length(line):
        left = shapely.offset_curve(line, BORDER_M)
        within = shapely.length(shapely.intersection(left, ground.polygons[ranked]))
        return max(zip(within.tolist(), ranked, strict=True), key=lambda item: (item[0], -item[1]))[1]
    return ranked[0]
