"""Fetch the rows of an export in batches, as Arrow columns."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from sqlalchemy import Connection

from geo_hygiene.files.writing.query import GEOMETRY, layer_rows
from geo_hygiene.layerspec import Attribute, FieldType, GeometryKind, MapLayer

ROWS_IN_BATCH = 10_000

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
    FieldType.INSTANT: lambda instant: instant.isoformat(),
    FieldType.UUID: str,
    FieldType.CODES: str,
}


@dataclass(frozen=True)
class Rows:
    """The rows of a layer as they go into a file.

    Parameters
    ----------
    attributes
        The fields, in the order of their columns.
    geometry_type
        OGC name of the geometries, None for a table.
    batches
        Columns of some rows, and their geometries as WKB (EPSG:4326, two dimensions; None where there is none).
    """

    layer: MapLayer
    attributes: tuple[Attribute, ...]
    geometry_type: str | None
    batches: Iterator[tuple[list[pa.Array], NDArray[np.object_]]]

    def types(self) -> list[pa.DataType]:
        """Return the type of each column."""
        return [_TYPES[attribute.type] for attribute in self.attributes]


def fetch(connection: Connection, layer: MapLayer, on: date | None) -> Rows:
    """Return the rows of a layer on a day, or of every period."""
    statement = layer_rows(layer, on).execution_options(yield_per=ROWS_IN_BATCH)

    def batches() -> Iterator[tuple[list[pa.Array], NDArray[np.object_]]]:
        with connection.execute(statement) as result:
            for partition in result.mappings().partitions():
                columns = [
                    _column(attribute, [row[attribute.name] for row in partition]) for attribute in layer.exported
                ]
                shapes = np.full(len(partition), None, dtype=object)
                if layer.geometry is not None:
                    shapes[:] = [None if row[GEOMETRY] is None else bytes(row[GEOMETRY]) for row in partition]
                yield columns, shapes

    return Rows(layer, layer.exported, _geometry_type(layer), batches())


def _column(attribute: Attribute, values: list[Any]) -> pa.Array:
    make = _MAKERS[attribute.type]
    return pa.array([None if value is None else make(value) for value in values], _TYPES[attribute.type])


def _geometry_type(layer: MapLayer) -> str | None:
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
