"""Lay the first town of a county out again and again within the database, a whole town at a time.

The first town came through the import as any file does. Every record of another town is that of the first with another
place, code and id; what an import works out from a place (metres, positions, hashes of the rows) is worked out anew.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from psycopg2.extras import Json
from sqlalchemy import Column, Connection, Table, text
from sqlalchemy.dialects.postgresql import UUID

from geo_hygiene.copying import copy_rows
from geo_hygiene.coverage import rebuild
from geo_hygiene.coverage.circles import circles
from geo_hygiene.crs import STORAGE_SRID
from geo_hygiene.database import Base
from geo_hygiene.files.importing.cleaning import CleanRows, clean_rows
from geo_hygiene.files.importing.keys import attribute_hashes, geometry_hashes
from geo_hygiene.files.importing.mapping import map_fields
from geo_hygiene.files.importing.run import places
from geo_hygiene.files.reading import read
from geo_hygiene.layers import layer_of
from geo_hygiene.layerspec import MapLayer
from geo_hygiene.sample.county import (
    CODES,
    LENGTHS,
    LINES,
    Columns,
    FirstTown,
    Lengths,
    Shapes,
    Town,
    measured,
)
from geo_hygiene.sample.tables import CASE_SOURCE, NAMESPACE

TABLES: Mapping[str, Sequence[str]] = {
    "areas": ("area",),
    "water-bodies": ("water_body",),
    "green-spaces": ("green_space",),
    "buildings": ("building",),
    "people": ("person",),
    "posts": ("post",),
    "street-segments": ("lane", "target", "street_segment"),
    "drain-segments": ("drain", "target", "drain_segment"),
    "septic-tanks": ("target", "septic_tank"),
    "facilities": ("target", "facility"),
    "duty-zones": ("claim_source", "claim", "duty_zone", "claim_stretch"),
    "assignments": ("assignment",),
    "treatments": ("claim_source", "claim", "treatment", "claim_stretch"),
    "cases": ("reported_case", "case_event"),
}
"""Where the records of a layer or table stand, each table behind those that it names."""

COPIED = frozenset(name for names in TABLES.values() for name in names)

PART_OF = {"zone-segments": "duty-zones"}
"""What changes the records of another layer."""

KEYED = (
    *("areas", "water-bodies", "green-spaces", "buildings"),
    *("street-segments", "drain-segments", "septic-tanks", "facilities", "treatments", "cases"),
)
"""Layers whose rows an import remembers."""

DIGEST = """
cross join lateral (
    select md5(
        decode(replace(:namespace, '-', ''), 'hex') || convert_to(cast(:number as text) || '/' || first.uuid, 'UTF8')
    ) as digits
) as hashed
"""
NEW_ID = """cast(overlay(
    overlay(hashed.digits placing '3' from 13)
    placing to_hex(8 | (3 & cast(cast('x' || substr(hashed.digits, 17, 1) as bit(4)) as int))) from 17
) as uuid)"""
"""The version 3 UUID that ``Town.id`` returns."""

HERE = "ST_Translate(first.geom, :east, :north)"

OFFICE_HERE = f"""case
    when first.level <> 'office' or not :joining then {HERE}
    else ST_CollectionHomogenize(ST_Collect({HERE}, ST_Translate(first.geom, :next_east, :next_north)))
end"""

NEW_CODE = ":prefix || substr(first.{column}, length(:prefix) + 1)"
NEW_AREA_CODE = "case when first.{column} = :first_office then :office else " + NEW_CODE + " end"

SPECIAL: Mapping[str, str] = {
    "area.geom": OFFICE_HERE,
    "area.name": "case first.level when 'office' then :office_name else first.name end",
    "area.population": "case when first.level = 'office' and :joining then 2 else 1 end * first.population",
    "person.community": NEW_AREA_CODE.format(column="community"),
    "target.geom": f"coalesce(cast(line.geom as geometry), {HERE})",
    "target.extent_mm": "coalesce(line.extent_mm, first.extent_mm)",
    "claim_source.geom": "cast(place.geom as geometry)",
    "claim_stretch.to_mm": (
        "case first.to_mm when old.extent_mm then new.extent_mm else least(first.to_mm, new.extent_mm) end"
    ),
    "treatment.source_key": NEW_CODE.format(column="source_key"),
    "reported_case.source_key": f"'{CASE_SOURCE}:' || " + NEW_CODE.format(column="external_id"),
    "reported_case.target_mm": (
        "case ST_Dimension(new.geom) when 0 then 0 when 1 then least("
        f"round(1000 * ST_InterpolatePoint(new.geom_3857, ST_Transform({HERE}, 3857))), new.extent_mm - 1) end"
    ),
    "reported_case.distance_m": f"ST_Distance(cast(new.geom as geography), cast({HERE} as geography))",
}
"""Columns that are worked out anew, as the import does."""

JOINS: Mapping[str, str] = {
    "target": "left join unnest(cast(:line_keys as text[]), cast(:line_shapes as text[]), cast(:line_extents as int[]))"
    " as line (key, geom, extent_mm) on line.key = first.source_key",
    "claim_source": "left join claim on claim.source_id = first.id and claim.done_at is not null"
    " left join unnest(cast(:place_ids as uuid[]), cast(:place_shapes as text[])) as place (uuid, geom)"
    " on place.uuid = claim.uuid",
    "claim_stretch": "join target as old on old.id = first.target_id"
    " join target as new on new.id = first.target_id + :target_step",
    "reported_case": "left join target as new on new.id = first.target_id + :target_step",
}

ONLY: Mapping[str, str] = {"area": "not (:joined and first.level = 'office')"}


@dataclass(frozen=True, slots=True)
class Span:
    """The ids of some records of the first town: those after ``after``, up to ``last``."""

    after: int
    last: int

    def __len__(self) -> int:
        return self.last - self.after


class Ids:
    """Which ids the records of the first town have, by layer or table as they came in."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._last = {name: self._greatest(name) for name in COPIED if "id" in _table(name).c}
        self._first = dict(self._last)
        self.spans: dict[tuple[str, str], Span] = {}

    def note(self, key: str) -> None:
        """Remember what came in since the last time."""
        key = PART_OF.get(key, key)
        for name in TABLES.get(key, ()):
            span = Span(self._last[name], self._greatest(name))
            before = self.spans.get((key, name), span)
            self.spans[key, name] = Span(before.after, span.last)
            self._last[name] = span.last

    def step(self, name: str) -> int:
        """Return how far ids of a table are apart from one town to the next."""
        return self._last[name] - self._first[name]

    def _greatest(self, name: str) -> int:
        greatest: int = self._connection.execute(
            text(f"select coalesce(max(id), 0) from {name}")  # noqa: S608 - a constant
        ).scalar_one()
        return greatest


def _table(name: str) -> Table:
    return Base.metadata.tables[name]


def _of_ids(column: Column[Any]) -> str | None:
    """Return the table whose ids a column holds, where its records are copied."""
    for key in column.foreign_keys:
        if (table := key.column.table.name) in COPIED:
            return _of_ids(key.column) or table
    return column.table.name if column.name == "id" else None


def _expression(column: Column[Any]) -> str:
    """Return the value of a column in another town."""
    name, table = column.name, _of_ids(column)
    if special := SPECIAL.get(f"{column.table.name}.{name}"):
        return special
    if table == "area" and name != "id":
        return f"case when first.{name} = :first_office_id then :office_id else first.{name} + :area_step end"
    if table is not None:
        return f"first.{name} + :{table}_step"
    if isinstance(column.type, UUID):
        return NEW_ID
    code = NEW_CODE.format(column=name)
    if name == "source_key":
        return f"case first.source_key when cast(first.uuid as text) then cast({NEW_ID} as text) else {code} end"
    return {"geom": HERE}.get(name, code if name in CODES else f"first.{name}")


def _statement(name: str) -> str:
    """Return the statement that copies the records of a table for a town."""
    columns = [column for column in _table(name).c if column.computed is None]
    values = ", ".join(map(_expression, columns))
    return (
        f"insert into {name} ({', '.join(column.name for column in columns)}) select {values} from {name} as first"  # noqa: S608 - constants
        f" {JOINS.get(name, '')} {DIGEST if NEW_ID in values else ''}"
        f" where :after < first.id and first.id <= :last and {ONLY.get(name, 'true')}"
    )


@dataclass(frozen=True)
class FirstRows:
    """The rows of the first town as its import understood them: values by field, what no field took, places."""

    layer: MapLayer
    values: Columns
    extra: Sequence[dict[str, Any]]
    shapes: Shapes
    given: Sequence[str]

    @classmethod
    def of_file(cls, layer: MapLayer, path: Path) -> FirstRows:
        """Return the rows of the file that the first town came from."""
        table = read(
            path,
            layer=None if layer.geometry is None else layer.geometry.value,
            needs_shapes=not layer.places_by_coordinates,
        )
        mapping = map_fields(layer, table.fields, {}, {})
        clean = clean_rows(layer, table, mapping)
        given = sorted(mapping.columns)
        return cls(layer, {name: clean.values[name] for name in given}, clean.extra, places(layer, table, clean), given)

    @property
    def has_lengths(self) -> bool:
        """Tell whether positions along lines are among the values."""
        return any(name in self.values for name in LENGTHS)

    def shapes_of(self, town: Town) -> Shapes:
        """Return the places in a town: of treatments of places the ground that they reached."""
        found = town.shapes(self.layer.key, self.shapes, self.values.get("code", ()))
        radii = self.values.get("radius_m")
        if radii is not None:
            at = np.flatnonzero(~shapely.is_missing(found)).tolist()
            spots = shapely.get_coordinates(found[at])
            found[at] = circles(spots[:, 0], spots[:, 1], np.array([float(radii[one]) for one in at]))
        return found

    def remembered(self, town: Town, shapes: Shapes, lengths: Lengths) -> Columns:
        """Return what an import remembers of the rows of a town."""
        columns = town.columns(self.layer.key, {**self.values, EXTRA: self.extra}, lengths)
        clean = CleanRows({name: list(columns[name]) for name in self.given}, list(columns[EXTRA]))
        keys = [str(value) for value in columns[self.layer.key_field]]
        if self.layer.key == "cases":
            keys = [f"{source}:{key}" for source, key in zip(columns["source"], keys, strict=True)]
        return {
            "layer": [self.layer.key] * len(keys),
            "key": keys,
            "geometry_hash": geometry_hashes(shapes),
            "attributes_hash": attribute_hashes(clean, self.given, range(len(keys))),
        }


EXTRA = ""
"""Stands for what no field took among the fields of a row."""


class Multiplier:
    """Copies the layers and tables of the first town, one town at a time.

    Parameters
    ----------
    files
        From which the first town came, by layer or table.
    """

    def __init__(self, connection: Connection, first: FirstTown, ids: Ids, files: Mapping[str, Path]) -> None:
        self._connection = connection
        self._first = first
        self._ids = ids
        self._rows = {key: FirstRows.of_file(layer_of(key), path) for key, path in files.items() if key in KEYED}
        self._runs: dict[str, int] = {
            run.layer: run.id for run in connection.execute(text("select layer, id from import_run"))
        }
        self._statements = {name: _statement(name) for name in COPIED}
        office = text("select id from area where level = 'office'")
        self._office_id: int = connection.execute(office).scalar_one()

    def copy(self, key: str, town: Town) -> None:
        """Write the records that a town has of a layer or table."""
        values = self._values(town)
        if key in self._rows:
            rows = self._rows[key]
            shapes = rows.shapes_of(town)
            lengths = self._first.lengths(town) if rows.has_lengths else {}
            self._remember(key, rows.remembered(town, shapes, lengths))
            values |= _line_values(rows, shapes) if key in LINES else {}
            values |= _place_values(rows, shapes) if key == "treatments" else {}
        for name in TABLES[key]:
            span = self._ids.spans[key, name]
            statement = self._statements[name]
            self._connection.execute(text(statement), values | {"after": span.after, "last": span.last})

    def _remember(self, key: str, rows: Columns) -> None:
        count = len(rows["key"])
        copy_rows(self._connection, "source_row", {**rows, "import_id": [self._runs[key]] * count})

    def _values(self, town: Town) -> dict[str, Any]:
        """Return what the statements take of a town."""
        following = town.size.town(town.number + 1)
        before = town.number - 1
        return {
            "namespace": str(NAMESPACE),
            "number": town.number,
            "prefix": town.prefix,
            "east": town.east,
            "north": town.north,
            "next_east": following.east,
            "next_north": following.north,
            "joined": town.is_joined,
            "joining": town.is_joining,
            "first_office": town.size.town(1).office,
            "first_office_id": self._office_id,
            "office": town.office,
            "office_id": self._office_id + self._ids.step("area") * (before - town.is_joined),
            "office_name": town.office_name,
            **NO_SHAPES,
            **{f"{name}_step": self._ids.step(name) * before for name in COPIED},
        }

    def finish(self) -> int:
        """Bring ids, reports and kept answers in line with what was copied; return how many records there are."""
        records = 0
        for name in sorted(COPIED):
            self._connection.execute(text(ADVANCE.format(name=name)), {"name": name})
        for run in self._connection.execute(text("select id, layer, report from import_run")).all():
            report = self._report(run.layer, run.report)
            records += report["records"]["created"]
            self._connection.execute(
                text("update import_run set report = :report where id = :id"), {"report": Json(report), "id": run.id}
            )
        self._connection.execute(text("select refresh_statistics()"))
        rebuild.rebuild(self._connection)
        return records

    def _report(self, key: str, report: Mapping[str, Any]) -> dict[str, Any]:
        """Return what the import of all towns at once says; its findings are those of the first town."""
        size = self._first.size
        towns = [town for town in size.all_towns() if size.has(key, town.number)]
        found = dict(report)
        for name in ("rows", "records", "split", "components"):
            if (numbers := report[name]) is not None:
                found[name] = {each: None if one is None else one * len(towns) for each, one in numbers.items()}
        if key == "areas":
            without = sum(town.is_joined for town in towns)
            found["rows"] |= {name: found["rows"][name] - without for name in ("read", "accepted")}
            found["records"] |= {"created": found["records"]["created"] - without}
        if report["extent"] is not None:
            west, south, east, north = report["extent"]
            step_east, step_south = max(town.east for town in towns), min(town.north for town in towns)
            found["extent"] = [west, round(south + step_south, 9), round(east + step_east, 9), north]
        if report["length_m"] is not None:
            metres = "select sum(extent_mm) from target where kind = :kind"
            found["length_m"] = int(self._connection.execute(text(metres), {"kind": key}).scalar_one()) / 1000
        return found


ADVANCE = """
select count(nextval(sequence))
from (select cast(pg_get_serial_sequence(:name, 'id') as regclass) as sequence) as named
cross join generate_series(
    coalesce(pg_sequence_last_value(sequence), 0) + 1, (select coalesce(max(id), 0) from {name})
)
"""
"""The service role may take numbers from a sequence, and not set it."""

NO_SHAPES: Mapping[str, Any] = {
    "line_keys": [],
    "line_shapes": [],
    "line_extents": [],
    "place_ids": [],
    "place_shapes": [],
}
"""Where no line is measured and no ground is drawn anew."""


def _line_values(rows: FirstRows, shapes: Shapes) -> dict[str, Any]:
    """Return the lines of a town with their metres, by the keys that they have in the first."""
    lines = measured(shapes)
    return {
        "line_keys": [str(one) for one in rows.values["id"]],
        "line_shapes": lines.ewkb(),
        "line_extents": lines.extent_mm.tolist(),
    }


def _place_values(rows: FirstRows, shapes: Shapes) -> dict[str, Any]:
    """Return the ground that treatments of a town reached, by the ids that they have in the first."""
    at = np.flatnonzero(~shapely.is_missing(shapes)).tolist()
    grounds = shapely.set_srid(shapely.multipolygons(shapes[at][:, None]), STORAGE_SRID)
    return {
        "place_ids": [str(rows.values["id"][one]) for one in at],
        "place_shapes": list(shapely.to_wkb(grounds, hex=True, include_srid=True)),
    }
