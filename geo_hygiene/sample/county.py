"""Counties and prefectures: the one grown town again and again, side by side, each with codes of its own.

A town lies a round number of binary degrees away from the first, so that its coordinates are exact sums, and whatever
touches in the one touches in the other. Lengths are geodesic, and grow a little from row to row towards the equator.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil, sqrt
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from geo_hygiene.files.importing.measure import Measured, measure
from geo_hygiene.files.importing.noding.lines import EVER, Lines
from geo_hygiene.sample.names import OFFICE, RIVER
from geo_hygiene.sample.parameters import TOWN
from geo_hygiene.sample.tables import NAMESPACE, Table, record_id, tables
from geo_hygiene.sample.town import make_town

Shapes = NDArray[np.object_]
Columns = dict[str, Sequence[Any]]
Lengths = Mapping[str, tuple[float, float]]
"""Metres of a line in the first town and in another one, by its id in the first."""

EAST, SOUTH = 1 / 16, 7 / 128
"""Degrees from a town to its neighbours: more than a town with its countryside takes."""

GROUND = shapely.box(105.0478, 31.0630, 105.1100, 31.1170)
"""The first town with its countryside; what lies outside would lie in a neighbour."""

COUNTRYSIDE = frozenset({"water-bodies", "green-spaces"})

WEEKS = 52
"""From a complaint to the same one a year before, on the same day of the week."""

FIRST_CHARACTERS = "清永长安新东西南北金玉龙凤青文武大福和平广春明石双三"
LAST_CHARACTERS = "江宁川山河湖桥门城台岭溪泉坪塘湾林田沙岸阳泽浦原津洲"

OFFICE_CODE = "QJ"

CODES = frozenset({"code", "lane_code", "drain_code", "from_node", "to_node", "zone", "person", "external_id"})
AREA_CODES = frozenset({"parent", "office", "community", "group", "area"})
IDS = frozenset({"id", "segment"})
LENGTHS = ("length_m", "to_m")
LINES = ("street-segments", "drain-segments")

SHARED = frozenset({"campaigns"})
"""What a county has once."""

FURNITURE = frozenset({"water-bodies", "green-spaces", "buildings", "treatments"})


@dataclass(frozen=True, kw_only=True)
class Size:
    """How many towns a sample has.

    Attributes
    ----------
    furnished
        Of these, towns that have buildings, water, green spaces and treatments: the first ones.
    joined
        Every so many towns one has no office of its own: that of the town before answers for it.
    cases
        Complaints of each town of a county: those of 2025, and the same in the years before.
    """

    towns: int = 1
    furnished: int = 1
    joined: int = 9
    cases: int = 7_497

    @property
    def is_county(self) -> bool:
        """Tell whether there is more than the one town."""
        return self.towns > 1

    @property
    def offices(self) -> int:
        """Return how many offices there are."""
        return self.towns - self.towns // self.joined

    def has(self, key: str, number: int) -> bool:
        """Tell whether a town has rows of its own of a layer or table."""
        return number == 1 or (key not in SHARED and (number <= self.furnished or key not in FURNITURE))

    def town(self, number: int) -> Town:
        """Return a town by its number from 1."""
        row, column = divmod(number - 1, ceil(sqrt(self.towns)))
        return Town(number, column * EAST, -row * SOUTH, self)

    def all_towns(self) -> Iterator[Town]:
        """Yield the towns."""
        return map(self.town, range(1, self.towns + 1))


SIZES: Mapping[str, Size] = {"S": Size(), "M": Size(towns=67, furnished=67), "L": Size(towns=667, furnished=67)}
"""S is the one town, a subdistrict; M a county; L a prefecture."""


@dataclass(frozen=True)
class Town:
    """One town of a county, and how far it lies from the first, in degrees."""

    number: int
    east: float
    north: float
    size: Size

    @property
    def prefix(self) -> str:
        """Return what its codes begin with."""
        return f"{self.number:03d}-"

    @property
    def is_joined(self) -> bool:
        """Tell whether it has no office of its own."""
        return self.number % self.size.joined == 0

    @property
    def is_joining(self) -> bool:
        """Tell whether its office answers for the next town too."""
        return self.number < self.size.towns and (self.number + 1) % self.size.joined == 0

    @property
    def office(self) -> str:
        """Return the code of the office that answers for it."""
        return f"{self.number - self.is_joined:03d}-{OFFICE_CODE}"

    @property
    def office_name(self) -> str:
        """Return the name of its office."""
        lap, at = divmod(self.number - 1, len(FIRST_CHARACTERS))
        return OFFICE.replace(RIVER, FIRST_CHARACTERS[at] + LAST_CHARACTERS[(at + lap) % len(LAST_CHARACTERS)])

    def code(self, first: str) -> str:
        """Return the code of what has a code in the first town."""
        return self.prefix + first[len(self.prefix) :]

    def area_code(self, first: str) -> str:
        """Return the code of an area of which the first town has one like it."""
        return self.office if first.endswith(f"-{OFFICE_CODE}") else self.code(first)

    def id(self, first: object) -> str:
        """Return the id of what has an id in the first town."""
        return str(first) if self.number == 1 else str(uuid.uuid3(NAMESPACE, f"{self.number}/{first}"))

    def moved(self, shapes: Shapes) -> Shapes:
        """Return shapes of the first town as they lie in this one."""
        step = np.array([self.east, self.north])
        return np.asarray(shapely.transform(shapes, lambda places: places + step), dtype=object)

    def change_of(self, name: str) -> Callable[[Any], Any] | None:
        """Return what a field says here by what it says in the first town; ``None`` where both say the same."""
        if name in CODES:
            return self.code
        if name in AREA_CODES:
            return self.area_code
        if name in IDS:
            return self.id
        return {"lon": self.east.__add__, "lat": self.north.__add__}.get(name)

    def columns(self, key: str, first: Mapping[str, Sequence[Any]], lengths: Lengths) -> Columns:
        """Return the values of a layer or table, field by field, by those of the first town."""
        found: Columns = {}
        for name, values in first.items():
            change = self.change_of(name)
            found[name] = values if change is None else [None if one is None else change(one) for one in values]
            if name in LENGTHS:
                found[name] = _stretched(values, first["segment" if "segment" in first else "id"], lengths)
        return self._with_office(found, first["code"]) if key == "areas" else found

    def _with_office(self, columns: Columns, first_codes: Sequence[str]) -> Columns:
        """Return the areas with the office of this town: one that has none of its own leaves the row out."""
        at = _office_row(first_codes)
        if self.is_joined:
            return {name: [*values[:at], *values[at + 1 :]] for name, values in columns.items()}
        changes = {"name": self.office_name, "population": columns["population"][at] * (1 + self.is_joining)}
        return columns | {
            name: [*columns[name][:at], value, *columns[name][at + 1 :]] for name, value in changes.items()
        }

    def shapes(self, key: str, first: Shapes, first_codes: Sequence[str]) -> Shapes:
        """Return the shapes of a layer, row by row, by those of the first town."""
        found = self.moved(first)
        if key == "areas":
            at = _office_row(first_codes)
            if self.is_joined:
                return np.delete(found, at)
            if self.is_joining:
                both = [found[at], self.size.town(self.number + 1).moved(first[at : at + 1])[0]]
                found[at] = shapely.multipolygons(shapely.get_parts(both))
        return found


def _office_row(first_codes: Sequence[str]) -> int:
    return next(at for at, code in enumerate(first_codes) if code.endswith(f"-{OFFICE_CODE}"))


def _stretched(values: Sequence[Any], ids: Sequence[object], lengths: Lengths) -> list[Any]:
    """Return positions: where one is the end of its line, it is so in every town."""
    found = []
    for value, one in zip(values, ids, strict=True):
        first, here = lengths.get(str(one), (None, None))
        found.append(here if value is not None and value == first else value)
    return found


def measured(lines: Shapes | None) -> Measured:
    """Return lines with the metres at each vertex, as an import measures them."""
    if lines is None:
        raise TypeError("lines: these are rows without shapes")
    coordinates, at = shapely.get_coordinates(lines, return_index=True)
    count = len(lines)
    offsets = np.concatenate(([0], np.cumsum(np.bincount(at, minlength=count)))).astype(np.int64)
    zeros = np.zeros(count, dtype=np.int64)
    return measure(Lines(coordinates, offsets, zeros, zeros, zeros.astype(bool), zeros - EVER, zeros + EVER))


@dataclass(frozen=True)
class TownTable:
    """A layer or table of a town, field by field, and the shapes in degrees where it has any."""

    key: str
    columns: Columns
    shapes: Shapes | None

    def __len__(self) -> int:
        return len(next(iter(self.columns.values())))

    @classmethod
    def of_rows(cls, table: Table) -> TownTable:
        """Return a table of the sample town field by field."""
        return cls(table.key, {name: [row.get(name) for row in table.rows] for name in table.rows[0]}, table.shapes)

    def of(self, town: Town, lengths: Lengths) -> TownTable:
        """Return a table of the first town as another one has it."""
        shapes = None if self.shapes is None else town.shapes(self.key, self.shapes, self.columns["code"])
        return TownTable(self.key, town.columns(self.key, self.columns, lengths), shapes)


class FirstTown:
    """The first town of a county: the sample town with the codes of a county, and with more years of complaints."""

    def __init__(self, tables: Sequence[Table], size: Size) -> None:
        by_key = {table.key: table for table in tables}
        self.size = size
        lengths: dict[str, tuple[float, float]] = {}
        for key in LINES:
            here = measured(by_key[key].shapes).extent_mm / 1000
            for row, length in zip(by_key[key].rows, here.tolist(), strict=True):
                lengths[row["id"]] = (row["length_m"], length)
        self.tables = {table.key: _of_a_county(table, size.town(1), lengths) for table in tables}

    @classmethod
    def grown(cls, size: Size, seed: int) -> FirstTown:
        """Return the first town of a county, made from a seed."""
        return cls(tables(make_town(TOWN, seed)), size)

    def table(self, key: str, town: Town) -> TownTable:
        """Return a layer or table as a town has it."""
        table = self.tables[key]
        if key in SHARED:
            return table
        stretched = any(name in table.columns for name in LENGTHS)
        return table.of(town, self.lengths(town) if stretched else {})

    def lengths(self, town: Town) -> Lengths:
        """Return the metres of the lines here and in a town."""
        found = {}
        for key in LINES:
            table = self.tables[key]
            extents = measured(town.moved(np.array(table.shapes))).extent_mm / 1000
            for one, first, here in zip(table.columns["id"], table.columns["length_m"], extents.tolist(), strict=True):
                found[one] = (first, here)
        return found


def _of_a_county(table: Table, town: Town, lengths: Lengths) -> TownTable:
    """Return a table of the sample town with the codes of the first town of a county."""
    if table.key in SHARED:
        return TownTable.of_rows(table)
    if table.key == "cases":
        table = Table(table.key, _years(table.rows, town.size.cases))
    found = TownTable.of_rows(table)
    if found.shapes is not None and table.key in COUNTRYSIDE:
        found = TownTable(table.key, *_within(found.columns, found.shapes))
    coded = {
        name: [None if one is None else town.prefix + one for one in values] if name in CODES | AREA_CODES else values
        for name, values in found.columns.items()
    }
    return TownTable(table.key, coded, found.shapes).of(town, lengths)


def _within(columns: Columns, shapes: Shapes) -> tuple[Columns, Shapes]:
    """Return what lies on the town's own ground."""
    cut = shapely.intersection(shapes, GROUND)
    parts = [[part for part in shapely.get_parts(shape) if part.area > 0] for shape in cut]
    kept = [at for at, polygons in enumerate(parts) if polygons]
    found = np.array([shapely.multipolygons(parts[at]) for at in kept], dtype=object)
    return {name: [values[at] for at in kept] for name, values in columns.items()}, found


def _years(rows: Sequence[dict[str, Any]], count: int) -> list[dict[str, Any]]:
    """Return the complaints of more years than one, the latest of the earliest year."""
    found: list[dict[str, Any]] = []
    for back in range(count // len(rows) + 1):
        wanted = rows[max(0, len(rows) - (count - len(found))) :]
        found = [_earlier(row, back) for row in wanted] + found
    return found


def _earlier(row: dict[str, Any], back: int) -> dict[str, Any]:
    """Return a complaint as it came some years before."""
    if back == 0:
        return row
    number = f"{2025 - back}-{row['external_id'].partition('-')[2]}"
    return {
        **row,
        "id": record_id("cases", number),
        "external_id": number,
        **{name: _weeks_before(row[name], back * WEEKS) for name in ("status_at", "reported_at", "closed_at")},
    }


def _weeks_before(instant: str | None, weeks: int) -> str | None:
    return None if instant is None else (datetime.fromisoformat(instant) - timedelta(weeks=weeks)).isoformat()
