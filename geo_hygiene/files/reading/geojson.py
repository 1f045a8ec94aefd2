"""Read GeoJSON (RFC 7946) feature by feature, in bounded memory, with the number of the feature in every complaint.

The standard library's decoder is used and not GDAL's: it tells a number that is none from a damaged file, takes an
unknown coordinate system for unknown and not for WGS 84, and leaves text that looks like a number a text.
"""

import json
import math
import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from geo_hygiene.crs import STORAGE_SRID
from geo_hygiene.files.findings import Code, Finding
from geo_hygiene.files.reading.geojson_shapes import GEOMETRIES, shapes
from geo_hygiene.files.reading.geojson_text import DamagedJsonError, Document
from geo_hygiene.files.reading.locate import Located, RefusedError, refuse
from geo_hygiene.files.reading.sources import FieldNames, RawBatch
from geo_hygiene.files.reading.systems import System, from_option
from geo_hygiene.files.reading.texts import Text
from geo_hygiene.i18n import N_

ROWS_IN_BATCH = 5000
_TAIL = 16 * 1024
_AUTHORITY = re.compile(r"(?:urn:(?:x-)?ogc:def:crs:)?(EPSG|ESRI|OGC)(?::|/)+(?:[\d.]+:)?:*(\w+)", re.IGNORECASE)
_WGS84 = f"EPSG:{STORAGE_SRID}"


class GeoJson:
    """A feature collection, a feature or a bare geometry.

    Parameters
    ----------
    encoding
        What the user says, if anything; the format itself is UTF-8.
    """

    format = "GeoJSON"
    total: int | None = None
    schema: pa.Schema | None = None

    def __init__(self, located: Located, encoding: str | None) -> None:
        self.name = located.name
        self._path = located.parts[located.ending]
        text = Text(self._path, encoding)
        self.findings: list[Finding] = text.findings
        self.encoding = text.encoding
        self._row = 0
        self._field_names = FieldNames(self.findings)
        self._names: dict[str, str] = {}
        self._document = Document(self._path, text.codec)
        try:
            self._keys = self._document.members()
            self._members, self._has_list = self._read_head()
        except DamagedJsonError as problem:
            raise self._unreadable(problem) from problem
        self._check_kind()
        self.system: System | None = _system(self._members.get("crs"), self._path)

    def batches(self) -> Iterator[RawBatch]:
        """Yield the features in the order of the file."""
        try:
            features = self._features()
            while chunk := [feature for _, feature in zip(range(ROWS_IN_BATCH), features, strict=False)]:
                yield self._batch(self._row - len(chunk), chunk)
        except DamagedJsonError as problem:
            raise self._unreadable(problem) from problem
        finally:
            self._document.close()

    def _features(self) -> Iterator[dict[str, Any]]:
        if not self._has_list:
            self._row = 1
            yield self._members if self._members["type"] == "Feature" else {"geometry": self._members}
            self._document.end()
            return
        for feature in self._document.items():
            self._row += 1
            if not isinstance(feature, dict) or feature.get("type") != "Feature":
                raise refuse(Code.FILE_UNREADABLE, N_("Row %(at)s is no GeoJSON feature."), row=self._row, at=self._row)
            yield feature
        for _ in self._keys:
            self._document.value()
        self._document.end()

    def _batch(self, before: int, features: list[dict[str, Any]]) -> RawBatch:
        rows = np.arange(before + 1, before + len(features) + 1, dtype=np.int64)
        geometries, errors = shapes([feature.get("geometry") for feature in features])
        problems = {int(rows[at]): error.finding(int(rows[at])) for at, error in errors.items()}
        names, columns = self._columns(features, before)
        self.schema = pa.schema([(name, column.type) for name, column in zip(names, columns, strict=True)])
        return RawBatch(rows, geometries, columns, problems)

    def _columns(self, features: list[dict[str, Any]], before: int) -> tuple[list[str], list[pa.Array]]:
        values: dict[str, list[Any]] = {}
        for at, feature in enumerate(features):
            properties = feature.get("properties")
            properties = properties if isinstance(properties, dict) else {}
            own = {"id": feature["id"]} if "id" in feature and "id" not in properties else {}
            for name, value in chain(own.items(), properties.items()):
                if name not in self._names:
                    self._names[name] = self._field_names.add(name)
                if name not in values:
                    values[name] = [None] * len(features)
                values[name][at] = value
        names = [self._names[name] for name in values]
        return names, [self._column(name, column, before) for name, column in zip(names, values.values(), strict=True)]

    def _column(self, name: str, values: list[Any], before: int) -> pa.Array:
        array = typed(values)
        if array is not None:
            return array
        texts = [None if value is None else as_text(value) for value in values]
        for at, text in enumerate(texts):
            # Half of a character that needs two: JSON can write it, and nothing can store it.
            if text is not None and not text.isascii() and any("\ud800" <= letter <= "\udfff" for letter in text):
                shown = text.encode("ascii", errors="backslashreplace").decode()
                finding = Finding(Code.TEXT_UNDECODABLE, row=before + at + 1, field=name, value=shown)
                self.findings.append(finding)
                texts[at] = None
        return pa.array(texts, pa.string())

    def _read_head(self) -> tuple[dict[str, Any], bool]:
        """Return the members before the list of features, and whether there is one."""
        members: dict[str, Any] = {}
        for key in self._keys:
            if key == "features" and self._document.is_list():
                return members, True
            members[key] = self._document.value()
        return members, False

    def _check_kind(self) -> None:
        kind = self._members.get("type")
        if self._has_list or (isinstance(kind, str) and kind in {"Feature", *GEOMETRIES}):
            return
        raise refuse(
            Code.FILE_TYPE,
            N_("%(name)s is JSON, but no GeoJSON."),
            hint=N_("Bring a shapefile (.shp, a folder or a .zip), a GeoPackage (.gpkg) or GeoJSON (.geojson)."),
            name=self._path.name if self._path.stem == self.name else self.name,
        )

    def _unreadable(self, problem: DamagedJsonError) -> RefusedError:
        row = self._row + 1
        return refuse(
            Code.FILE_UNREADABLE,
            N_("The file is damaged in or behind row %(at)s, from character %(character)s on."),
            hint=N_("The file was not copied whole; get it again."),
            row=row,
            at=row,
            character=problem.character,
        )


def typed(values: list[Any]) -> pa.Array | None:
    """Return the values as numbers or booleans, or None when they are text or a mixture."""
    kinds = {type(value) for value in values if value is not None}
    if kinds <= {bool}:
        return pa.array(values, pa.bool_() if kinds else pa.null())
    if kinds == {int}:
        try:
            return pa.array(values, pa.int64())
        except OverflowError:
            return None
    if kinds <= {int, float}:
        try:
            # A value that is no number is a missing one; the customs of statistics programs.
            finite = [value if value is not None and math.isfinite(value) else None for value in values]
            return pa.array([None if value is None else float(value) for value in finite], pa.float64())
        except OverflowError:
            return None
    return None


def as_text(value: object) -> str:
    """Return a value as text; what is no text as JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _system(member: object, path: Path) -> System | None:
    """Return the system of the old `crs` member, wherever it stands; WGS 84 without one."""
    if member is None:
        member = _behind_the_features(path)
    if member is None:
        return replace(from_option(_WGS84), origin="format")
    properties = member.get("properties") if isinstance(member, dict) else None
    if not isinstance(properties, dict):
        return None
    named = properties.get("name", properties.get("code"))
    text = f"EPSG:{named}" if isinstance(named, int) else str(named)
    match = _AUTHORITY.fullmatch(text.strip())
    if match is None:
        return None
    name = _WGS84 if match[2].upper() in {"CRS84", "CRS:84"} else f"{match[1].upper()}:{match[2]}"
    try:
        return replace(from_option(name), origin="file")
    except RefusedError:
        return None


def _behind_the_features(path: Path) -> object:
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - _TAIL))
        tail = file.read().decode("utf-8", errors="replace").rpartition("]")[2]
    try:
        members = json.loads("{" + tail.strip().lstrip(","))
    except (RecursionError, ValueError):
        return None
    return members.get("crs") if isinstance(members, dict) else None
