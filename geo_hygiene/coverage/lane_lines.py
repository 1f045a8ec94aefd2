"""Lanes as lines on which places have positions: their ends, junctions with other lanes, house numbers, metres.

A position is in whole millimetres from the beginning of :func:`geo_hygiene.coverage.along.walk`. A segment without a
lane stands as a lane of its own.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import product

from sqlalchemy import Connection, Row, text

from geo_hygiene.coverage.along import NODE_DIGITS, Step, walk
from geo_hygiene.coverage.intervals import Interval, union
from geo_hygiene.coverage.writing import Stretch
from geo_hygiene.layerspec import PLACE_ACCURACY, MapLayer

SEGMENTS = """
select
    target.id as target_id, target.uuid, target.extent_mm, coalesce(bundle.id, -target.id) as lane_id,
    coalesce(bundle.code, segment.code, cast(target.uuid as text)) as code, bundle.name,
    ST_X(ST_StartPoint(target.geom)) as from_x, ST_Y(ST_StartPoint(target.geom)) as from_y,
    ST_X(ST_EndPoint(target.geom)) as to_x, ST_Y(ST_EndPoint(target.geom)) as to_y,
    null as crossed_at_start, null as crossed_at_end
from {segment} as segment
join target using (id)
left join {bundle} as bundle on bundle.id = segment.{reference}
where target.valid_from <= :on and :on < target.valid_to
order by lane_id, target.uuid
"""

DOORS = """
select frontage.lane, frontage.house_number, near.target_id, near.position_mm
from frontage
join target as door on door.id = frontage.id and door.valid_from <= :on and :on < door.valid_to
cross join lateral (
    select target.id as target_id, round(1000 * ST_InterpolatePoint(target.geom, door.geom)) as position_mm
    from target
    join street_segment as segment using (id)
    join lane on lane.id = segment.lane_id
    where lane.name = frontage.lane and target.valid_from <= :on and :on < target.valid_to
    order by target.geom_3857 <-> door.geom_3857
    limit 1
) as near
where frontage.lane is not null and frontage.house_number is not null
    and coalesce(door.extra ->> :accuracy, '0') = '0'
"""
"""Doors that were themselves placed roughly tell nothing of where others are."""

_METRES = re.compile(r"(?:k?(\d+)\+)?(\d+(?:\.\d+)?)(?:m|米)?")
_HOUSE = re.compile(r"\d+(?:[-–]\d+)?号(?:附?\d+号?)?")
_BARE_HOUSE = re.compile(r"\d+(?:[-–]\d+)?")
_STARTS = frozenset({"起点", "路头", "start", "begin"})
_ENDS = frozenset({"终点", "路尾", "end"})
_JUNCTION = re.compile(r"(?:与)?(.+?)(?:交叉路口|交叉口|交汇处|路口|junction|口)")


@dataclass(frozen=True, slots=True)
class LaneLine:
    """A lane on a day, laid out from its one end to its other.

    Attributes
    ----------
    junctions
        Positions by the folded names and codes of the lanes that meet it there.
    doors
        Positions by house number.
    """

    id: int
    code: str
    name: str | None
    steps: Sequence[Step]
    target_ids: Sequence[int]
    junctions: Mapping[str, Sequence[int]]
    doors: Mapping[str, int]

    @property
    def length_mm(self) -> int:
        """Return how long the walk is."""
        return self.steps[-1].start_mm + self.steps[-1].extent_mm

    def positions(self, words: str) -> Sequence[int]:
        """Return every position that the words of a person may mean; none when they mean no place on the lane."""
        said = fold(words)
        if said in _STARTS:
            return [0]
        if said in _ENDS:
            return [self.length_mm]
        if (metres := _METRES.fullmatch(said)) is not None:
            thousands, rest = metres.groups()
            return [round(1000 * (1000 * int(thousands or 0) + float(rest)))]
        if _HOUSE.fullmatch(said):
            door = house_number(said)
            return [self.doors[door]] if door in self.doors else []
        junction = _JUNCTION.fullmatch(said)
        for name in (said, *((junction[1], f"{junction[1]}路") if junction else ())):
            if name in self.junctions:
                return self.junctions[name]
        return []

    def between(self, begin: str | None, end: str | None) -> list[Interval]:
        """Return the intervals that two places may mean, the shortest first; nothing said is the end of the lane.

        People write a stretch in whichever direction they walk.
        """
        begins = [0] if begin is None else self.positions(begin)
        ends = [self.length_mm] if end is None else self.positions(end)
        pairs = {(min(pair), max(pair)) for pair in product(begins, ends) if pair[0] != pair[1]}
        return sorted(pairs, key=lambda pair: (pair[1] - pair[0], pair))

    def stretches(self, begin_mm: int, end_mm: int) -> list[Stretch]:
        """Return the stretches of segments between two positions."""
        found = []
        starts = [step.start_mm for step in self.steps]
        for at in range(max(0, bisect_right(starts, begin_mm) - 1), len(self.steps)):
            step = self.steps[at]
            low, high = max(begin_mm - step.start_mm, 0), min(end_mm - step.start_mm, step.extent_mm)
            if step.start_mm >= end_mm:
                break
            if low < high:
                low, high = (step.extent_mm - high, step.extent_mm - low) if step.is_backwards else (low, high)
                found.append(Stretch(self.target_ids[at], low, high))
        return found

    def runs(self, listed: Mapping[int, Sequence[Interval]]) -> list[Interval]:
        """Return the intervals of the walk that a list of stretches, by target, makes up."""
        spans = []
        for step, target_id in zip(self.steps, self.target_ids, strict=True):
            for low, high in listed.get(target_id, ()):
                begin, end = (step.extent_mm - high, step.extent_mm - low) if step.is_backwards else (low, high)
                spans.append((step.start_mm + begin, step.start_mm + end))
        return union(spans)

    def said(self, at_mm: int, other_mm: int) -> str | None:
        """Return words for one end of a stretch that are read as the same position again; nothing for a lane's end."""
        if at_mm == (0 if at_mm < other_mm else self.length_mm):
            return None
        for name, positions in self.junctions.items():
            if list(positions) == [at_mm]:
                return name
        return f"{at_mm / 1000:.3f}"


def fold(words: str) -> str:
    """Return a name as it is compared: full and half width, blanks and capitals make no difference."""
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", words)).casefold()


def house_number(words: str) -> str:
    """Return a house number as it is compared: 129, １２９ and 129号 are one door."""
    said = fold(words)
    return f"{said}号" if _BARE_HOUSE.fullmatch(said) else said


def lane_lines(connection: Connection, layer: MapLayer, on: date) -> list[LaneLine]:
    """Return every lane or drain of a day; ``layer`` is that of its segments."""
    grouping = layer.grouping
    if grouping is None:
        return []
    statement = SEGMENTS.format(
        segment=layer.model.__tablename__,
        bundle=grouping.model.__tablename__,
        reference=grouping.reference.key,
    )
    rows = connection.execute(text(statement), {"on": on}).all()
    by_lane: dict[int, list[Row[tuple[object, ...]]]] = defaultdict(list)
    meeting: dict[tuple[float, float], set[int]] = defaultdict(set)
    for row in rows:
        by_lane[row.lane_id].append(row)
        for node in _nodes(row):
            meeting[node].add(row.lane_id)
    names = {row.lane_id: [fold(name) for name in (row.name, row.code) if name] for row in rows}
    doors = _doors(connection, on) if layer.key == "street-segments" else {}
    return [_line(segments, meeting, names, doors) for segments in by_lane.values()]


def _nodes(row: Row[tuple[object, ...]]) -> tuple[tuple[float, float], tuple[float, float]]:
    def node(x: float, y: float) -> tuple[float, float]:
        return round(x, NODE_DIGITS), round(y, NODE_DIGITS)

    return node(row.from_x, row.from_y), node(row.to_x, row.to_y)


def _doors(connection: Connection, on: date) -> dict[int, list[tuple[str, int]]]:
    found: dict[int, list[tuple[str, int]]] = defaultdict(list)
    for row in connection.execute(text(DOORS), {"on": on, "accuracy": PLACE_ACCURACY}):
        found[row.target_id].append((house_number(row.house_number), int(row.position_mm)))
    return found


def _line(
    segments: Sequence[Row[tuple[object, ...]]],
    meeting: Mapping[tuple[float, float], Iterable[int]],
    names: Mapping[int, Sequence[str]],
    doors: Mapping[int, Sequence[tuple[str, int]]],
) -> LaneLine:
    by_uuid = {row.uuid: row for row in segments}
    steps = walk(segments)
    junctions: dict[str, set[int]] = defaultdict(set)
    numbers: dict[str, int] = {}
    for step in steps:
        row = by_uuid[step.uuid]
        ends = _nodes(row)[::-1] if step.is_backwards else _nodes(row)
        for node, at in zip(ends, (step.start_mm, step.start_mm + step.extent_mm), strict=True):
            for other in set(meeting[node]) - {row.lane_id}:
                for name in names[other]:
                    junctions[name].add(at)
        for number, position in doors.get(row.target_id, ()):
            along = step.extent_mm - position if step.is_backwards else position
            numbers.setdefault(number, step.start_mm + along)
    first = segments[0]
    return LaneLine(
        id=first.lane_id,
        code=first.code,
        name=first.name,
        steps=steps,
        target_ids=[by_uuid[step.uuid].target_id for step in steps],
        junctions={name: sorted(positions) for name, positions in junctions.items()},
        doors=numbers,
    )
