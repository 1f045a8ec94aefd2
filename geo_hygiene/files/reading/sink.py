"""Write the rows that were read into one Arrow file for the parent process."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import shapely

from geo_hygiene.files.reading.geometry import Geometries, Rows
from geo_hygiene.files.reading.table import FIRST_FIELD

WKB_NAME, ROW_NAME = "wkb", "row"


class Sink:
    """Takes batches; those whose fields are known from the start go to the disk at once."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._writer: pa.RecordBatchFileWriter | None = None
        self._schema: pa.Schema | None = None
        self._held: list[pa.RecordBatch] = []

    def add(
        self, rows: Rows, geometries: Geometries, columns: list[pa.Array], schema: pa.Schema, *, hold: bool
    ) -> None:
        """Take a batch of rows.

        Parameters
        ----------
        geometries
            In EPSG:4326, None where there is none to store.
        hold
            Whether later batches may have other fields, or the same with another type.
        """
        wkb = shapely.to_wkb(geometries, output_dimension=2, byte_order=1)
        fields = pa.schema(
            [(WKB_NAME, pa.binary()), (ROW_NAME, pa.int64()), *zip(schema.names, schema.types, strict=True)]
        )
        batch = pa.RecordBatch.from_arrays([pa.array(wkb, pa.binary()), pa.array(rows), *columns], schema=fields)
        if hold:
            self._held.append(batch)
        else:
            self._write(batch)

    def close(self) -> None:
        """Write what was held, under the types that hold for all batches."""
        if self._held:
            fields = _common_fields([batch.schema for batch in self._held])
            while self._held:
                self._write(_conformed(self._held.pop(0), fields))
        if self._writer is None:
            self._write(
                pa.RecordBatch.from_pydict({WKB_NAME: pa.array([], pa.binary()), ROW_NAME: pa.array([], pa.int64())})
            )
        if self._writer is not None:
            self._writer.close()

    def _write(self, batch: pa.RecordBatch) -> None:
        if self._writer is None:
            self._schema = batch.schema
            self._writer = pa.ipc.new_file(self._path, batch.schema)
        self._writer.write_batch(batch)


def _common_fields(schemas: list[pa.Schema]) -> pa.Schema:
    types: dict[str, pa.DataType] = {}
    for schema in schemas:
        for name, kind in zip(schema.names[FIRST_FIELD:], schema.types[FIRST_FIELD:], strict=True):
            types[name] = kind if name not in types else _common_type(types[name], kind)
    # A field that has no value in any row is a text, so that it can be stored at all.
    fields = [(name, pa.string() if pa.types.is_null(kind) else kind) for name, kind in types.items()]
    return pa.schema([*(schemas[0].field(at) for at in range(FIRST_FIELD)), *fields])


def _common_type(one: pa.DataType, other: pa.DataType) -> pa.DataType:
    if one == other or pa.types.is_null(other):
        return one
    if pa.types.is_null(one):
        return other
    numbers = {pa.int64(), pa.float64()}
    return pa.float64() if {one, other} == numbers else pa.string()


def _conformed(batch: pa.RecordBatch, fields: pa.Schema) -> pa.RecordBatch:
    # by place and not by name: a field of the file may be called as a column of ours
    columns = [batch.column(at) for at in range(FIRST_FIELD)]
    at_of = {name: at for at, name in enumerate(batch.schema.names) if at >= FIRST_FIELD}
    for name, kind in zip(fields.names[FIRST_FIELD:], fields.types[FIRST_FIELD:], strict=True):
        at = at_of.get(name)
        columns.append(pa.nulls(batch.num_rows, kind) if at is None else batch.column(at).cast(kind, safe=False))
    return pa.RecordBatch.from_arrays(columns, schema=fields)


def read_back(path: Path) -> tuple[pa.Table, pa.ChunkedArray, np.ndarray[tuple[int], np.dtype[np.int64]]]:
    """Return attributes, WKB and row numbers; the file may be removed while they are used."""
    with pa.memory_map(str(path)) as source:
        table = pa.ipc.open_file(source).read_all()
    # a list and not an array of Arrow's, for which pandas would be loaded
    rows = np.array(table.column(1).to_pylist(), dtype=np.int64)
    return table.select(range(FIRST_FIELD, table.num_columns)), table.column(0), rows
