"""Rows as a file would bring them, for tests of what an import does with them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import shapely
from shapely import LineString, Point, Polygon
from sqlalchemy import Connection, text

from geo_hygiene.files.findings import Finding
from geo_hygiene.files.importing import ImportOptions, ImportReport, import_table
from geo_hygiene.files.reading import SourceTable

ORIGIN = np.array([105.08, 31.09])
DEGREE = np.array([95414.4, 110871.0])
"""Metres of a degree of longitude and latitude there, near enough."""


def at(*metres: float) -> np.ndarray:
    """Return places in metres east and north of the origin as degrees."""
    return np.array(metres).reshape(-1, 2) / DEGREE + ORIGIN


def street(*metres: float) -> LineString:
    return LineString(at(*metres))


def place(east: float, north: float) -> Point:
    return Point(at(east, north)[0])


def block(west: float, south: float, east: float, north: float) -> Polygon:
    return Polygon(at(west, south, east, south, east, north, west, north))


def table(
    rows: Sequence[tuple[Any, dict[str, Any]]], *, name: str = "town.gpkg", findings: Sequence[Finding] = ()
) -> SourceTable:
    """Return pairs of a geometry (or nothing) and its fields as what a reader makes of a file."""
    fields = list(dict.fromkeys(field for _, values in rows for field in values))
    columns = {field: _of_one_type([values.get(field) for _, values in rows]) for field in fields}
    wkb = [None if shape is None else shapely.to_wkb(shape) for shape, _ in rows]
    return SourceTable(
        name=name,
        format="GPKG",
        rows=pa.table(columns) if columns else pa.table({"nothing": [None] * len(rows)}).select([]),
        wkb=pa.chunked_array([pa.array(wkb, pa.binary())]),
        row_numbers=np.arange(1, len(rows) + 1, dtype=np.int64),
        encoding={"used": "UTF-8", "from": "format"},
        crs={"used": "EPSG:4326", "from": "file", "name": "WGS 84", "accuracy_m": 0.0},
        findings=list(findings),
        rows_read=len(rows),
        complete=True,
        confined={},
    )


def _of_one_type(values: list[Any]) -> list[Any]:
    """Return a column as a file has it: text, if not all values are of one type."""
    several = len({type(value) for value in values if value is not None}) > 1
    return [None if value is None else str(value) for value in values] if several else values


def bring(connection: Connection, layer: str, rows: Sequence[tuple[Any, dict[str, Any]]], **asked: Any) -> ImportReport:
    return import_table(connection, layer, table(rows), ImportOptions(**asked))


def counts(report: ImportReport) -> tuple[str, int, int, int, int]:
    stored = report.stored
    return report.status, stored.created, stored.updated, stored.unchanged, stored.ended


def codes(report: ImportReport) -> list[tuple[str, int | None]]:
    return [(str(finding.code), finding.row) for finding in report.findings]


def query(connection: Connection, statement: str, **values: Any) -> list[Any]:
    return [tuple(row) for row in connection.execute(text(statement), values)]


def fingerprint(connection: Connection) -> dict[str, str]:
    """Return a hash of the content of every table."""
    tables = connection.scalars(
        text(
            "select table_name from information_schema.tables where table_schema = 'public'"
            " and table_type = 'BASE TABLE' and table_name not in ('spatial_ref_sys', 'alembic_version') order by 1"
        )
    ).all()
    return {
        name: connection.scalar(
            text(f"select md5(coalesce(string_agg(row::text, '|' order by row::text), '')) from {name} row")
        )
        for name in tables
    }
