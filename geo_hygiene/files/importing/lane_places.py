"""Where rows lie that say no more than a lane and a house number: at a known door, between two, or along the lane."""

from __future__ import annotations

import hashlib
import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

import numpy as np
import shapely
from numpy.typing import NDArray
from sqlalchemy import Connection, text

from geo_hygiene.cases.places import ROUGH_FROM_M
from geo_hygiene.coverage.lane_lines import LaneLine, fold, house_number, lane_lines
from geo_hygiene.files.findings import Code, Finding, FindingLevel
from geo_hygiene.files.importing.cleaning import CleanRows
from geo_hygiene.files.importing.lane_names import LaneNames
from geo_hygiene.i18n import N_
from geo_hygiene.layers import layer_of
from geo_hygiene.layerspec import PLACE_ACCURACY, MapLayer, Role

FEWEST_DOORS = 2
"""Known doors that tell in which direction the numbers of a lane rise."""

_ADDRESS = re.compile(r"(?P<lane>.+?)(?P<number>\d+(?:[-–]\d+)?号.*|\d+(?:[-–]\d+)?)")
_CROSSING = re.compile(r"(?P<lane>.+?)(?:与|和|/)(?P<number>.+(?:交叉路口|交叉口|交汇处|路口|口))")
_DOOR = re.compile(r"(?P<door>(?P<number>\d+)(?:[-–]\d+)?)号?.*")

POINTS = """
select said.at, ST_AsBinary(ST_Force2D(ST_GeometryN(ST_LocateAlong(
    target.geom, least(said.position_mm / 1000.0, ST_M(ST_EndPoint(target.geom)))
), 1))) as place
from unnest(cast(:ats as int[]), cast(:targets as int[]), cast(:positions as bigint[]))
    as said (at, target_id, position_mm)
join target on target.id = said.target_id
"""


@dataclass(slots=True)
class Placed:
    """What became of the rows without coordinates.

    Attributes
    ----------
    hashes
        Of what rows say of their places, by index: rows without a number are told apart by their words.
    """

    findings: list[Finding] = field(default_factory=list)
    hashes: dict[int, bytes] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Address:
    """A row, the lane that it names, and where on that."""

    index: int
    lane: str
    number: str | None

    @property
    def digest(self) -> bytes:
        """Return the hash of the words."""
        return hashlib.sha256(f"{fold(self.lane)}\x1f{house_number(self.number or '')}".encode()).digest()


@dataclass(frozen=True, slots=True)
class _Spot:
    """A position on a lane, how far off it may be, and the sentence that tells where it comes from."""

    position_mm: int
    accuracy_mm: int
    words: str
    values: dict[str, object] = field(default_factory=dict)


def place_on_lanes(
    connection: Connection,
    layer: MapLayer,
    clean: CleanRows,
    shapes: NDArray[np.object_],
    numbers: Sequence[int],
    on: date,
) -> Placed:
    """Put a point for each row that has no place but names a lane, and say how good it is.

    Where places are needed, a row whose lane is not known is an error.
    """
    placed = Placed()
    said = _addresses(layer, clean, shapes)
    if not said:
        return placed
    names = LaneNames(lane_lines(connection, layer_of("street-segments"), on))
    if names.are_none and layer.is_event:
        return placed
    level = FindingLevel.WARNING if layer.is_event else FindingLevel.ERROR
    found: dict[int, tuple[_Address, LaneLine]] = {}
    for address in said:
        lanes = names.find(address.lane, None)
        if len(lanes) == 1:
            found[address.index] = address, lanes[0]
            placed.hashes[address.index] = address.digest
        else:
            row = numbers[address.index]
            placed.findings.append(replace(names.unknown(address.lane, row, len(lanes)), level=level))
    largest = _largest_numbers(found.values())
    spots = {at: _spot(address, line, largest[line.id]) for at, (address, line) in found.items()}
    for at, (address, line) in found.items():
        placed.findings.append(_told(spots[at], address, line, numbers[at]))
        clean.extra[at][PLACE_ACCURACY] = round(spots[at].accuracy_mm / 1000)
    _put(connection, shapes, {at: (found[at][1], spot.position_mm) for at, spot in spots.items()})
    return placed


def no_place_columns(layer: MapLayer) -> Finding:
    """Return what is said of a file in which nothing tells where its rows lie."""
    roles = (Role.LONGITUDE, Role.LATITUDE, Role.LANE, Role.HOUSE_NUMBER)
    fields = [layer.with_role(role) for role in roles]
    headings = ", ".join(f"{one.name} ({one.aliases[0]})" for one in fields if one is not None)
    return Finding(
        Code.GEOMETRY_EMPTY,
        N_("Nothing in the file says where its rows lie: there is no shape, and no column for a place."),
        hint=N_("Columns that say it: %(headings)s. Name another: --field lon=HEADING"),
        values={"headings": headings},
    )


def _addresses(layer: MapLayer, clean: CleanRows, shapes: NDArray[np.object_]) -> list[_Address]:
    """Return the rows without a place that name a lane."""
    fields = [layer.with_role(role) for role in (Role.LANE, Role.HOUSE_NUMBER, Role.ADDRESS)]
    columns = [None if one is None else clean.values[one.name] for one in fields]
    found = []
    for index in np.flatnonzero(shapely.is_missing(shapes)).tolist():
        lane, number, address = (None if column is None else column[index] for column in columns)
        if lane is not None and number is not None:
            found.append(_Address(index, lane, number))
        elif (words := lane if lane is not None else address) is not None:
            parts = _CROSSING.fullmatch(words) or _ADDRESS.fullmatch(words)
            found.append(_Address(index, words, None) if parts is None else _Address(index, *parts.group(1, 2)))
    return found


def _largest_numbers(found: Iterable[tuple[_Address, LaneLine]]) -> dict[int, int]:
    """Return the largest house number that the file has on each lane."""
    largest: dict[int, int] = defaultdict(int)
    for address, line in found:
        largest[line.id] = max(largest[line.id], _door(address.number or "") or 0)
    return largest


def _door(number: str) -> int | None:
    parts = _DOOR.fullmatch(fold(number))
    return None if parts is None else int(parts["number"])


def _spot(address: _Address, line: LaneLine, largest: int) -> _Spot:
    """Return where on its lane a row lies, as far as that can be told."""
    if address.number is None:
        return _middle(line, N_("The row names no house number on %(lane)s and is placed in its middle"))
    known = line.positions(house_number(address.number))
    if len(known) == 1:
        return _Spot(known[0], 0, N_("Placed on %(lane)s at the known place %(number)s"))
    number = _door(address.number)
    if number is None:
        return _middle(line, N_("What %(number)s is on %(lane)s is not known, and the row is placed in its middle"))
    doors = sorted((at, position) for name, position in line.doors.items() if (at := _door(name)) is not None)
    same_side = [door for door in doors if door[0] % 2 == number % 2]
    spot = _between(number, same_side) or _between(number, doors) or _beyond(number, doors, line.length_mm)
    if spot is not None:
        return spot
    position = line.length_mm * number // (max(largest, number) + 1)
    words = N_("No two doors of %(lane)s are known, and the row is placed by its number as if they began at one end")
    return _Spot(position, max(position, line.length_mm - position), words)


def _middle(line: LaneLine, words: str) -> _Spot:
    return _Spot(line.length_mm // 2, line.length_mm // 2, words)


def _between(number: int, doors: Sequence[tuple[int, int]]) -> _Spot | None:
    """Return the place between the two known doors next to a number."""
    above = bisect_left(doors, (number, -1))
    if above == len(doors) or (above == 0 and doors[0][0] != number):
        return None
    high_number, high = doors[above]
    low_number, low = doors[above] if high_number == number else doors[above - 1]
    share = 0.0 if high_number == low_number else (number - low_number) / (high_number - low_number)
    position = round(low + share * (high - low))
    words = N_("Placed on %(lane)s between the known doors %(low)s号 and %(high)s号")
    values: dict[str, object] = {"low": low_number, "high": high_number}
    return _Spot(position, max(abs(position - low), abs(high - position)), words, values)


def _beyond(number: int, doors: Sequence[tuple[int, int]], length_mm: int) -> _Spot | None:
    """Return the place behind the last of several known doors, as far apart as these are."""
    if len(doors) < FEWEST_DOORS or doors[0][0] == doors[-1][0] or doors[0][1] == doors[-1][1]:
        return None
    (first_number, first), (last_number, last) = doors[0], doors[-1]
    spacing = (last - first) / (last_number - first_number)
    base_number, base = (last_number, last) if number > last_number else (first_number, first)
    end = length_mm if spacing * (number - base_number) > 0 else 0
    position = round(min(max(base + spacing * (number - base_number), 0), length_mm))
    words = N_("Placed on %(lane)s beyond the known door %(base)s号, as far apart as known doors are")
    return _Spot(position, max(abs(position - base), abs(end - position)), words, {"base": base_number})


def _told(spot: _Spot, address: _Address, line: LaneLine, row: int) -> Finding:
    metres = spot.accuracy_mm / 1000
    level = FindingLevel.WARNING if metres > ROUGH_FROM_M else None
    values = {"lane": line.name or line.code, "number": address.number, "metres": f"{metres:.0f}", **spot.values}
    value = f"{address.lane} {address.number or ''}".strip()
    hint = N_(
        "It may be %(metres)s m off; bring longitude and latitude, or the frontages of the lane, to place it better."
    )
    return Finding(
        Code.PLACE_FROM_LANE, spot.words, row, "lane", value, hint if level else None, values=values, level=level
    )


def _put(connection: Connection, shapes: NDArray[np.object_], spots: Mapping[int, tuple[LaneLine, int]]) -> None:
    """Put the points of positions on lanes."""
    ats, targets, positions = [], [], []
    for at, (line, position) in spots.items():
        begin = min(max(position, 0), line.length_mm - 1)
        (stretch, *_rest) = line.stretches(begin, begin + 1)
        ats.append(at)
        targets.append(stretch.target_id)
        positions.append(stretch.from_mm)
    rows = connection.execute(text(POINTS), {"ats": ats, "targets": targets, "positions": positions})
    for row in rows:
        shapes[row.at] = shapely.from_wkb(bytes(row.place))
