"""Fetch the rows of an export in batches, as Arrow columns."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, tzinfo
from itertools import islice
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from sqlalchemy import Connection, RowMapping

from geo_hygiene.coverage.duties import office_timezone
from geo_hygiene.errors import GeoHygieneError
from geo_hygiene.files.writing.query import GEOMETRY, PUBLISHED, layer_rows
from geo_hygiene.layerspec import Attribute, FieldType, GeometryKind, MapLayer

ROWS_IN_BATCH = 10_000

MIXED = "Unknown"
"""OGC's name for geometries of several types in one table."""

_TYPES: Mapping[FieldType, pa.DataType] = {
    FieldType.TEXT: pa.string(),
    FieldType.INTEGER: pa.int64(),
    FieldType.NUMBER: pa.float64(),
    FieldType.DATE: pa.date32(),
    FieldType.TIME: pa.string(),
    FieldType.INSTANT: pa.string(),
    FieldType.UUID: pa.string(),
    FieldType.CODES: pa.string(),
}
_MAKERS: Mapping[FieldType, Callable[[Any], Any]] = {
    FieldType.TEXT: str,
    FieldType.INTEGER: int,
    FieldType.NUMBER: float,
    FieldType.DATE: lambda day: day,
    FieldType.TIME: str,
    FieldType.INSTANT: str,
    FieldType.UUID: str,
    FieldType.CODES: str,
}


class ExportError(GeoHygieneError):
    """Rows that a format can not hold, or a file that can not be written."""


@dataclass(frozen=True)
class Rows:
    """The rows of a layer as they go into a file.

    Parameters
    ----------
    name
        What a file calls them: the layer's key.
    attributes
        The fields, in the order of their columns.
    geometry_type
        OGC name of the geometries, ``MIXED`` for several of them, None for a table.
    batches
        Columns of some rows, and their geometries as WKB (EPSG:4326, two dimensions; None where there is none).
    """

    name: str
    attributes: tuple[Attribute, ...]
    geometry_type: str | None
    batches: Iterator[tuple[list[pa.Array], NDArray[np.object_]]]

    def types(self) -> list[pa.DataType]:
        """Return the type of each column."""
        return [_TYPES[attribute.type] for attribute in self.attributes]


def fetch(connection: Connection, layer: MapLayer, on: date | None, plan: str = PUBLISHED) -> Rows:
    """Return the rows of a layer on a day, or of every period."""
    statement = layer_rows(layer, on, plan).execution_options(yield_per=ROWS_IN_BATCH)
    zone = office_timezone(connection)

    def partitions() -> Iterator[Sequence[RowMapping]]:
        with connection.execute(statement) as result:
            yield from result.mappings().partitions()

    return Rows(layer.key, layer.exported, geometry_type_of(layer), _batches(layer.exported, partitions(), zone))


def rows_of(
    name: str,
    attributes: tuple[Attribute, ...],
    geometry_type: str | None,
    records: Iterable[Mapping[str, Any]],
    zone: tzinfo,
) -> Rows:
    """Return records, by the names of their fields and with WKB as `geometry`, as rows for a file.

    Instants are written in a time zone, the office's.
    """
    return Rows(name, attributes, geometry_type, _batches(attributes, _partitions(iter(records)), zone))


def _partitions(records: Iterator[Mapping[str, Any]]) -> Iterator[Sequence[Mapping[str, Any]]]:
    while partition := list(islice(records, ROWS_IN_BATCH)):
        yield partition


def _batches(
    attributes: Sequence[Attribute], partitions: Iterable[Sequence[Mapping[str, Any] | RowMapping]], zone: tzinfo
) -> Iterator[tuple[list[pa.Array], NDArray[np.object_]]]:
    for partition in partitions:
        columns = [_column(attribute, [row[attribute.name] for row in partition], zone) for attribute in attributes]
        shapes = np.full(len(partition), None, dtype=object)
        shapes[:] = [None if row.get(GEOMETRY) is None else bytes(row[GEOMETRY]) for row in partition]
        yield columns, shapes


def _column(attribute: Attribute, values: list[Any], zone: tzinfo) -> pa.Array:
    if attribute.type is FieldType.INSTANT:
        values = [None if value is None else value.astimezone(zone).isoformat() for value in values]
    make = _MAKERS[attribute.type]
    return pa.array([None if value is None else make(value) for value in values], _TYPES[attribute.type])


def geometry_type_of(layer: MapLayer) -> str | None:
    """Return the OGC name of a layer's geometries, None for a table."""
    if layer.geometry is None:
        return None
    if layer.draws is not None:
        return "MultiLineString"
    model: Any = layer.model
    shape = model.geom if layer.shape is None else layer.shape
    stored = str(shape.property.columns[0].type.geometry_type).upper().removesuffix("M")
    declared = {"MULTIPOLYGON": "MultiPolygon", "POLYGON": "Polygon", "POINT": "Point", "LINESTRING": "LineString"}
    family = {GeometryKind.POINT: "Point", GeometryKind.LINE: "LineString", GeometryKind.POLYGON: "MultiPolygon"}
    return declared.get(stored, family[layer.geometry])
