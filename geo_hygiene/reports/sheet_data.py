"""What stands on the duty sheet of a zone: its lanes, holder, route, and the ground around it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

import shapely
from shapely.geometry.base import BaseGeometry
from sqlalchemy import Connection, text

from geo_hygiene.coverage.bundles import with_bundle
from geo_hygiene.coverage.duties import DutyRecord
from geo_hygiene.coverage.pieces import pieces_statement
from geo_hygiene.coverage.roster import RosterRow, roster, roster_lines
from geo_hygiene.errors import UnknownRecordError
from geo_hygiene.i18n import gettext as _
from geo_hygiene.zoning.routes import Route, route_of

ZONES = """
select
    duty_zone.code, duty_zone.name, claim.shift, claim.source_id, ST_AsBinary(duty_zone.geom) as picture,
    ST_Area(duty_zone.geom::geography) as area_m2,
    (
        select json_agg(json_build_array(person.name, absent.name) order by person.code)
        from assignment
        join person on person.id = assignment.person_id
        left join person as absent on absent.id = assignment.stands_in_for
        where assignment.zone = duty_zone.code and assignment.valid_from <= :on and :on < assignment.valid_to
    ) as holders,
    (
        select ST_AsBinary(ST_Envelope(ST_Collect(ST_Force2D(target.geom))))
        from cover join target on target.id = cover.target_id where cover.source_id = claim.source_id
    ) as box,
    (
        select string_agg(distinct coalesce(area.name, area.code), ' · ')
        from cover
        join target on target.id = cover.target_id
        join area_tree on area_tree.id = target.area_id
        join area on area.id = area_tree.community_id
        where cover.source_id = claim.source_id
    ) as communities
from duty_zone
join claim using (id)
where claim.duty_id = :duty and claim.valid_from <= :on and :on < claim.valid_to
    and (cast(:codes as text[]) is null or duty_zone.code = any(:codes))
order by duty_zone.code collate "C"
"""

HELD = "select distinct cover.target_id from cover where cover.source_id = :source"

PIECES = """
select
    piece.state, piece.category, piece.from_mm, piece.to_mm, {lane} as lane,
    ST_AsBinary(ST_Force2D(
        case
            when GeometryType(piece.geom) = 'POINTM' or (piece.from_mm = 0 and piece.to_mm = piece.extent_mm)
                then piece.geom
            else ST_LocateBetween(piece.geom, piece.from_mm / 1000.0, piece.to_mm / 1000.0)
        end
    )) as shape
from piece
join {table} as segment on segment.id = piece.target_id
{join}
where :zone = any(piece.zones)
order by piece.uuid, piece.from_mm
"""

STREETS = """
select target.category, segment.width_m, lane.name as lane, ST_AsBinary(ST_Force2D(target.geom)) as shape
from target
join street_segment as segment using (id)
left join lane on lane.id = segment.lane_id
where target.geom && ST_MakeEnvelope(:west, :south, :east, :north, 4326)
    and target.valid_from <= :on and :on < target.valid_to
order by target.uuid
"""

GROUNDS = {
    "water": "water_body",
    "green": "green_space",
    "building": "building",
}
"""Tables of what lies around, by what it is drawn as."""

GROUND = """
select ST_AsBinary(geom) as shape from {table}
where geom && ST_MakeEnvelope(:west, :south, :east, :north, 4326) and valid_from <= :on and :on < valid_to
order by uuid
"""


@dataclass(frozen=True, slots=True)
class Stretch:
    """A piece of the zone in one state; metres or one place."""

    state: str
    lane: str | None
    extent: float
    shape: BaseGeometry


@dataclass(frozen=True, slots=True)
class Street:
    """A street around the zone."""

    category: str | None
    width_m: float | None
    lane: str | None
    shape: BaseGeometry


@dataclass(frozen=True, slots=True)
class LaneRow:
    """A run of the zone along a lane, from where to where, in metres."""

    lane: str
    begin: str
    end: str
    length_m: float


@dataclass(frozen=True, slots=True)
class Zone:
    """What a sheet says of a zone."""

    code: str
    name: str | None
    duty: DutyRecord
    on: date
    shift: str
    communities: str | None
    holders: Sequence[str]
    area_m2: float | None
    picture: BaseGeometry | None
    box: tuple[float, float, float, float]
    """West, south, east, north of all that it holds (EPSG:4326)."""
    stretches: Sequence[Stretch]
    lanes: Sequence[LaneRow]
    route: Route | None

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """Return west, south, east, north of all that it holds, and of its picture (EPSG:4326)."""
        if self.picture is None:
            return self.box
        both = shapely.box(*self.box).union(self.picture)
        west, south, east, north = both.bounds
        return west, south, east, north

    def extent(self, state: str | None = None) -> float:
        """Return its metres, or how many places it holds, in all or in one state."""
        return sum(one.extent for one in self.stretches if state in (None, one.state))


def zones_of(connection: Connection, duty: DutyRecord, on: date, codes: Sequence[str] = ()) -> Iterator[Zone]:
    """Yield the zones of a duty on a day, all or some, by their codes.

    Raises
    ------
    UnknownRecordError
        If one of the codes, or every zone, is missing on that day; before the first is yielded.
    """
    rows = connection.execute(text(ZONES), {"duty": duty.id, "on": on, "codes": list(codes) or None}).all()
    missing = sorted(set(codes) - {row.code for row in rows})
    if missing:
        raise UnknownRecordError(
            _("There is no zone “%(code)s” on %(day)s.", code=", ".join(missing), day=on.isoformat())
        )
    if not rows:
        raise UnknownRecordError(_("%(duty)s has no zone on %(day)s.", duty=duty.title, day=on.isoformat()))
    lanes = _lanes(connection, duty, on)
    pieces = pieces_statement(HELD, with_bundle(PIECES, duty.layer))
    for row in rows:
        asked = {"duty_id": duty.id, "on": on, "source": row.source_id, "zone": row.code}
        stretches = [
            Stretch(
                one.state,
                one.lane,
                float(duty.amount(one.to_mm - one.from_mm)),
                shapely.from_wkb(bytes(one.shape)),
            )
            for one in connection.execute(pieces, asked)
        ]
        west, south, east, north = shapely.from_wkb(bytes(row.box)).bounds
        yield Zone(
            code=row.code,
            name=row.name,
            duty=duty,
            on=on,
            shift=row.shift,
            communities=row.communities,
            holders=[_holder(*one) for one in row.holders or ()],
            area_m2=row.area_m2,
            picture=None if row.picture is None else shapely.from_wkb(bytes(row.picture)),
            box=(west, south, east, north),
            stretches=stretches,
            lanes=lanes.get(row.code, []),
            route=None if duty.unit == "count" else route_of(connection, row.code, on),
        )


def _holder(name: str, absent: str | None) -> str:
    """Return how somebody is called who holds a zone, or stands in for whoever does."""
    if absent is None:
        return name
    return _("%(name)s (%(code)s)", name=name, code=_("for %(code)s", code=absent))


def _lanes(connection: Connection, duty: DutyRecord, on: date) -> dict[str, list[LaneRow]]:
    """Return the runs of each zone along its lanes, as the duty roster says them."""
    lanes: dict[str, dict[tuple[int, int, int], LaneRow]] = defaultdict(dict)
    lines = roster_lines(connection, on)
    for row in roster(connection, on, {kind: own for kind, own in lines.items() if kind == duty.target_kind}):
        if row.duty == duty:
            lanes[row.zone][(row.line.id, *row.span)] = _lane_row(row)
    return {zone: list(rows.values()) for zone, rows in lanes.items()}


def _lane_row(row: RosterRow) -> LaneRow:
    begin, end = row.span
    ends = (_end(row.line.said(begin, end)), _end(row.line.said(end, begin)))
    return LaneRow(row.line.name or row.line.code, *ends, (end - begin) / 1000)


def _end(said: str | None) -> str:
    """Return how an end of a run is called; metres along the lane where it has no other name."""
    try:
        return f"{float(said or ''):,.0f} m"
    except ValueError:
        return said or ""


def streets_in(connection: Connection, on: date, box: tuple[float, float, float, float]) -> list[Street]:
    """Return the streets of a day in a box of degrees."""
    return [
        Street(
            row.category,
            None if row.width_m is None else float(row.width_m),
            row.lane,
            shapely.from_wkb(bytes(row.shape)),
        )
        for row in connection.execute(text(STREETS), _asked(on, box))
    ]


def ground_in(
    connection: Connection, on: date, box: tuple[float, float, float, float], kinds: Iterable[str] = tuple(GROUNDS)
) -> dict[str, list[BaseGeometry]]:
    """Return the water, green and buildings of a day in a box of degrees, or some of these."""
    return {
        kind: [
            shapely.from_wkb(bytes(row.shape))
            for row in connection.execute(text(GROUND.format(table=GROUNDS[kind])), _asked(on, box))
        ]
        for kind in kinds
    }


def _asked(on: date, box: tuple[float, float, float, float]) -> dict[str, object]:
    return {"on": on, **dict(zip(("west", "south", "east", "north"), box, strict=True))}
