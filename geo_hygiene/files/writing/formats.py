"""Write rows as files of every format, each so that an import gives the same rows."""

from __future__ import annotations

import csv
import json
import warnings
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pyogrio.raw
import shapely
from numpy.typing import NDArray

from geo_hygiene.crs import STORAGE_SRID
from geo_hygiene.files.formulas import guarded
from geo_hygiene.files.writing.rows import MIXED, ExportError, Rows
from geo_hygiene.files.writing.shapes import SHAPE_COLUMN, well_known_text
from geo_hygiene.files.writing.workbooks import write_workbook
from geo_hygiene.i18n import _
from geo_hygiene.layerspec import Attribute

LONGEST_DBF_TEXT = 254
"""Bytes of a text field in a dbf table."""

_CRS = f"EPSG:{STORAGE_SRID}"
_WKB = "wkb"
_GEOMETRY = "geometry"


def write_geopackage(rows: Rows, path: Path, encoding: str | None) -> int:  # noqa: ARG001 - one form for all formats
    """Write one layer, named by its key; return the number of rows."""
    return _write_with_gdal(rows, path, "GPKG", [attribute.name for attribute in rows.attributes], rows.batches)


def write_shapefile(rows: Rows, path: Path, encoding: str | None) -> int:
    """Write .shp, .shx, .dbf, .prj, .cpg and the list of fields `<name>.fields.csv`; return the number of rows.

    Parameters
    ----------
    encoding
        gbk (default) or utf-8. Text with a character that GBK lacks is written in GB18030, which contains GBK, and the
        .cpg says so.

    Raises
    ------
    ExportError
        If shapes are of several types, or a text is longer than a dbf field holds: nothing is cut.
    """
    if rows.geometry_type == MIXED:
        raise ExportError(_("A shapefile holds either lines or points, not both. Write a GeoPackage instead."))
    held = list(rows.batches)
    codec = _dbf_codec(rows, held, encoding or "gbk")
    _check_widths(rows, held, codec)
    names = [attribute.short for attribute in rows.attributes]
    count = _write_with_gdal(rows, path, "ESRI Shapefile", names, iter(held), encoding=codec, RESIZE="YES")
    _write_field_list(rows.attributes, path.with_suffix(".fields.csv"))
    return count


def write_geojson(rows: Rows, path: Path, encoding: str | None) -> int:  # noqa: ARG001 - one form for all formats
    """Write a feature collection (RFC 7946), one feature a line, every coordinate exact; return the number of rows."""
    names = [attribute.name for attribute in rows.attributes]
    count = 0
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.write(f'{{"type": "FeatureCollection", "name": {json.dumps(rows.name)}, "features": [')
        for columns, shapes in rows.batches:
            # The standard wants outlines against the clock.
            drawn = shapely.to_geojson(shapely.orient_polygons(shapely.from_wkb(shapes)))
            for values, shape in zip(_lines(columns), drawn, strict=True):
                properties = json.dumps(dict(zip(names, values, strict=True)), ensure_ascii=False, default=_iso)
                file.write(
                    f'{"," if count else ""}\n{{"type": "Feature", "properties": {properties}, '
                    f'"geometry": {shape or "null"}}}'
                )
                count += 1
        file.write("\n]}\n")
    return count


def write_csv(rows: Rows, path: Path, encoding: str | None) -> int:  # noqa: ARG001 - one form for all formats
    """Write UTF-8 with a byte order mark, as spreadsheets want it; a layer's shapes as well-known text in `wkt`.

    Text that a spreadsheet would run as a formula gets an apostrophe before it, which an import takes off.
    """
    names = [attribute.name for attribute in rows.attributes]
    count = 0
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([*names, SHAPE_COLUMN] if rows.geometry_type else names)
        for columns, shapes in rows.batches:
            drawn = well_known_text(shapes) if rows.geometry_type else None
            for at, values in enumerate(_lines(columns)):
                line = ["" if value is None else _as_cell(value) for value in values]
                writer.writerow(line if drawn is None else [*line, drawn[at]])
                count += 1
    return count


def write_parquet(rows: Rows, path: Path, encoding: str | None) -> int:  # noqa: ARG001 - one form for all formats
    """Write GeoParquet (longitude and latitude, well-known binary), a table as plain Parquet; return the row count.

    Source: https://geoparquet.org/releases/v1.1.0/
    """
    fields = [(attribute.name, kind) for attribute, kind in zip(rows.attributes, rows.types(), strict=True)]
    schema = pa.schema(fields)
    if rows.geometry_type is not None:
        about = {
            "version": "1.1.0",
            "primary_column": _GEOMETRY,
            "columns": {_GEOMETRY: {"encoding": "WKB", "geometry_types": []}},
        }
        schema = pa.schema([*fields, (_GEOMETRY, pa.binary())], {"geo": json.dumps(about)})
    count = 0
    with pq.ParquetWriter(path, schema, compression="zstd") as file:
        for columns, shapes in rows.batches:
            drawn = [] if rows.geometry_type is None else [pa.array(shapes, pa.binary())]
            file.write_batch(pa.RecordBatch.from_arrays([*columns, *drawn], schema=schema))
            count += len(shapes)
    return count


Writer = Callable[[Rows, Path, str | None], int]
WRITERS: Mapping[str, Writer] = {
    ".gpkg": write_geopackage,
    ".shp": write_shapefile,
    ".geojson": write_geojson,
    ".csv": write_csv,
    ".xlsx": write_workbook,
    ".parquet": write_parquet,
}
TABLES = (".csv", ".xlsx", ".parquet")
"""What holds rows without shapes."""


def _write_with_gdal(
    rows: Rows,
    path: Path,
    driver: str,
    names: list[str],
    batches: Iterator[tuple[list[pa.Array], NDArray[np.object_]]],
    *,
    encoding: str | None = None,
    **options: str,
) -> int:
    fields = zip(names, rows.types(), strict=True)
    schema = pa.schema([(_WKB, pa.binary()), *((name, kind) for name, kind in fields)])
    stream = _Stream(batches, schema)
    with warnings.catch_warnings(), stream:
        # A warning of the library means that something was cut or could not be encoded.
        warnings.simplefilter("error")
        pyogrio.raw.write_arrow(
            pa.RecordBatchReader.from_batches(schema, stream.batches()),
            path,
            layer=rows.name if driver == "GPKG" else path.stem,
            driver=driver,
            geometry_name=_WKB,
            geometry_type=rows.geometry_type,
            crs=_CRS,
            encoding=encoding,
            layer_options=options,
        )
    return stream.count


class _Stream:
    """Batches for GDAL that count their rows, and whose own failure is raised instead of GDAL's word for it."""

    def __init__(self, batches: Iterator[tuple[list[pa.Array], NDArray[np.object_]]], schema: pa.Schema) -> None:
        self.count = 0
        self._batches = batches
        self._schema = schema
        self._failure: Exception | None = None

    def __enter__(self) -> None:
        """Nothing is held."""

    def __exit__(self, kind: object, problem: object, trace: object) -> None:
        """Raise what went wrong while the rows were fetched."""
        if self._failure is not None:
            raise self._failure

    def batches(self) -> Iterator[pa.RecordBatch]:
        """Yield the rows as GDAL takes them."""
        try:
            for columns, shapes in self._batches:
                self.count += len(shapes)
                yield pa.RecordBatch.from_arrays([pa.array(shapes, pa.binary()), *columns], schema=self._schema)
        except Exception as failure:
            self._failure = failure
            raise


def _dbf_codec(rows: Rows, held: list[tuple[list[pa.Array], NDArray[np.object_]]], wanted: str) -> str:
    if wanted.casefold() in {"utf-8", "utf8"}:
        return "UTF-8"
    try:
        for text in _texts(rows, held):
            text[1].encode("gbk")
    except UnicodeEncodeError:
        return "GB18030"
    return "GBK"


def _check_widths(rows: Rows, held: list[tuple[list[pa.Array], NDArray[np.object_]]], codec: str) -> None:
    for attribute, text in _texts(rows, held):
        length = len(text.encode(codec))
        if length > LONGEST_DBF_TEXT:
            raise ExportError(
                _(
                    "The field %(field)s has a text of %(length)s bytes, and a shapefile holds %(most)s: %(text)s… "
                    "Write a GeoPackage instead.",
                    field=attribute.name,
                    length=length,
                    most=LONGEST_DBF_TEXT,
                    text=text[:40],
                )
            )


def _texts(rows: Rows, held: list[tuple[list[pa.Array], NDArray[np.object_]]]) -> Iterator[tuple[Attribute, str]]:
    for columns, _shapes in held:
        for attribute, column in zip(rows.attributes, columns, strict=True):
            if pa.types.is_string(column.type):
                for text in column.drop_null().unique().to_pylist():
                    yield attribute, text


def _write_field_list(attributes: tuple[Attribute, ...], path: Path) -> None:
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["field", "name", "title", "type", "unit"])
        for attribute in attributes:
            title = _(attribute.title)
            writer.writerow([attribute.short, attribute.name, title, attribute.type.value, attribute.unit or ""])


def _lines(columns: list[pa.Array]) -> Iterator[tuple[object, ...]]:
    return zip(*(column.to_pylist() for column in columns), strict=True)


def _iso(value: object) -> str:
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no JSON form")


def _as_cell(value: object) -> str:
    if isinstance(value, str):
        return guarded(value)
    return _iso(value) if isinstance(value, date) else repr(value)
