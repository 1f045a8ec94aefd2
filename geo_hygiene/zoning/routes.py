"""The walking route of a zone: which stretch after which, and how long it takes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Any

import numpy as np
import shapely
from sqlalchemy import Connection, text

from geo_hygiene.coverage.bundles import with_bundle
from geo_hygiene.coverage.duties import DutyRecord, all_duties
from geo_hygiene.coverage.measured import MeasuredLine
from geo_hygiene.crs import GEOD
from geo_hygiene.errors import GeoHygieneError, UnknownRecordError
from geo_hygiene.i18n import gettext as _
from geo_hygiene.zoning.meeting import NODE_DECIMALS
from geo_hygiene.zoning.walking import Node, Step, Way, sweeping_walk
from geo_hygiene.zoning.workload import MILLISECONDS, milliseconds, work_join

WALK_M_A_MIN = 70
"""Metres that somebody walks in a minute without sweeping."""

AROUND_M = 300
"""Ways this far around a zone can be walked too."""

ZONE = """
select claim.duty_id, claim.source_id
from duty_zone
join claim using (id)
where duty_zone.code = :code and claim.valid_from <= :on and :on < claim.valid_to
order by claim.duty_id
limit 1
"""

AROUND = """
with zone as (
    select ST_Expand(ST_Extent(target.geom)::geometry, :degrees) as box
    from cover join target on target.id = cover.target_id
    where cover.source_id = :source
)
select target.uuid, ST_AsBinary(target.geom) as shape, {lane} as lane,
    coalesce({milliseconds}, 0)::float8 as milliseconds,
    (
        select array_agg(array[cover.from_mm, cover.to_mm] order by cover.from_mm)
        from cover where cover.target_id = target.id and cover.source_id = :source
    ) as held
from zone
join target on target.geom && ST_SetSRID(zone.box, 4326)
join {table} as segment on segment.id = target.id
{join}
left join area_tree on area_tree.id = target.area_id
{work}
where target.kind = :kind and target.valid_from <= :on and :on < target.valid_to
order by target.uuid
"""


class NoRouteError(GeoHygieneError):
    """A zone has no walking route; the message says why."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of a segment that is walked; positions are in millimetres from the segment's start."""

    segment: str
    lane: str | None
    from_mm: int
    to_mm: int
    line: tuple[Node, ...]
    work: int


@dataclass(frozen=True, slots=True)
class Route:
    """A walk that sweeps every stretch of a zone."""

    zone: str
    duty: DutyRecord
    on: date
    steps: Sequence[Step]

    @property
    def swept_m(self) -> float:
        """Return the metres that are swept."""
        return sum(step.way.metres for step in self.steps if step.sweeps)

    @property
    def walked_m(self) -> float:
        """Return the metres that are only walked."""
        return sum(step.way.metres for step in self.steps if not step.sweeps)

    @property
    def minutes(self) -> float:
        """Return how long it takes: the work of a day, and the ways between."""
        work = sum(step.way.key.work for step in self.steps if step.sweeps and isinstance(step.way.key, Stretch))
        return work / MILLISECONDS + self.walked_m / WALK_M_A_MIN

    @property
    def track(self) -> list[Node]:
        """Return the places along the walk."""
        places = (_node(place) for step in self.steps for place in _line(step))
        return [place for place, _repeated in groupby(places)]

    def as_json(self) -> dict[str, Any]:
        """Return the public form."""
        return {
            "zone": self.zone,
            "duty": self.duty.code,
            "on": self.on.isoformat(),
            "length_m": round(self.swept_m + self.walked_m, 3),
            "swept_m": round(self.swept_m, 3),
            "repeated_m": round(self.walked_m, 3),
            "minutes": round(self.minutes, 1),
            "steps": [_public(step) for step in self.steps],
            "track": [list(place) for place in self.track],
        }

    def along_lanes(self) -> Iterator[tuple[str | None, bool, float]]:
        """Yield the lanes in the order of the walk, each with whether it is swept, and its metres."""
        for (lane, sweeps), steps in groupby(self.steps, key=lambda step: (_lane(step), step.sweeps)):
            yield lane, sweeps, sum(step.way.metres for step in steps)


def _lane(step: Step) -> str | None:
    return step.way.key.lane if isinstance(step.way.key, Stretch) else None


def _line(step: Step) -> list[Node]:
    line = step.way.key.line if isinstance(step.way.key, Stretch) else (step.way.start, step.way.end)
    return list(line if step.is_forward else reversed(line))


def _public(step: Step) -> dict[str, Any]:
    stretch = step.way.key
    told: dict[str, Any] = {"segment": None, "lane": None, "from_m": None, "to_m": None}
    if isinstance(stretch, Stretch):
        ends = (stretch.from_mm / 1000, stretch.to_mm / 1000)
        begin, end = ends if step.is_forward else ends[::-1]
        told = {"segment": stretch.segment, "lane": stretch.lane, "from_m": begin, "to_m": end}
    return told | {"length_m": round(step.way.metres, 3), "sweeps": step.sweeps}


def route_of(connection: Connection, code: str, on: date, *, start: Node | None = None) -> Route:
    """Return the walk that sweeps a zone of a day.

    Parameters
    ----------
    start
        Where somebody sets out: it begins at the nearest end of a stretch. Without it, where it begins best.

    Raises
    ------
    UnknownRecordError
        If there is no such zone on that day.
    NoRouteError
        If it holds places and no lines.
    """
    zone = connection.execute(text(ZONE), {"code": code, "on": on}).one_or_none()
    if zone is None:
        raise UnknownRecordError(_("There is no zone “%(code)s” on %(day)s.", code=code, day=on.isoformat()))
    duty = next(one for one in all_duties(connection) if one.id == zone.duty_id)
    if duty.unit == "count":
        raise NoRouteError(
            _("The zone “%(code)s” holds places; there is a route along lanes and drains only.", code=code)
        )
    ways, others = _ways(connection, duty, zone.source_id, on)
    begin = None if start is None else min((end for way in ways for end in (way.start, way.end)), key=_away(start))
    return Route(code, duty, on, sweeping_walk(ways, others, start=begin))


def _away(place: Node) -> Any:
    return lambda end: (GEOD.inv(*place, *end)[2], end)


def _ways(connection: Connection, duty: DutyRecord, source_id: int, on: date) -> tuple[list[Way], list[Way]]:
    """Return the stretches that a zone holds, and all else around it that can be walked."""
    layer = duty.layer
    parts = {"work": work_join(layer), "milliseconds": milliseconds(layer)}
    statement = with_bundle(AROUND, layer, lane="coalesce(bundle.name, bundle.code)", **parts)
    asked = {"source": source_id, "kind": duty.target_kind, "on": on, "degrees": AROUND_M / 100_000}
    ways: list[Way] = []
    others: list[Way] = []
    for row in connection.execute(text(statement), asked):
        line = MeasuredLine(shapely.get_coordinates(shapely.from_wkb(bytes(row.shape)), include_m=True))
        for begin, end, is_held in _cut(row.held or [], line.extent_mm):
            places = tuple((float(x), float(y)) for x, y in line.between(begin, end))
            work = round(row.milliseconds * (end - begin))
            stretch = Stretch(str(row.uuid), row.lane, begin, end, places, work)
            first, last = (_node(place) for place in (places[0], places[-1]))
            (ways if is_held else others).append(Way(stretch, first, last, (end - begin) / 1000))
    return ways, others


def _cut(held: Sequence[Sequence[int]], extent_mm: int) -> Iterator[tuple[int, int, bool]]:
    """Yield the parts of a line, and whether each is held."""
    at = 0
    for begin, end in held:
        if at < begin:
            yield at, begin, False
        yield begin, end, True
        at = end
    if at < extent_mm:
        yield at, extent_mm, False


def _node(place: Node) -> Node:
    x, y = np.round(place, NODE_DECIMALS)
    return float(x), float(y)
