"""Read one layer of a GeoPackage through GDAL, after a look at what kind of database it is."""

import re
import shutil
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyogrio.raw
import shapely
from numpy.typing import NDArray

from geo_hygiene.files.findings import Code, Finding
from geo_hygiene.files.reading.gdal import refusing
from geo_hygiene.files.reading.geometry import INVALID_HINT, parsed
from geo_hygiene.files.reading.geopackage_values import Texts, misfits, quoted
from geo_hygiene.files.reading.locate import Located, RefusedError, listed, refuse
from geo_hygiene.files.reading.sources import FORMAT_ENCODING, RawBatch
from geo_hygiene.files.reading.systems import System, from_wkt
from geo_hygiene.i18n import N_

MAGIC = b"SQLite format 3\x00"
ROWS_IN_BATCH = 10_000
_FAMILIES = {
    "point": ("POINT", "MULTIPOINT"),
    "line": ("LINESTRING", "MULTILINESTRING", "CURVE", "MULTICURVE", "COMPOUNDCURVE"),
    "polygon": ("POLYGON", "MULTIPOLYGON", "SURFACE", "MULTISURFACE", "CURVEPOLYGON"),
}
_ANY = ("GEOMETRY", "GEOMETRYCOLLECTION")
_LAYERS = """
    select contents.table_name, upper(columns.geometry_type_name)
    from gpkg_contents as contents join gpkg_geometry_columns as columns on columns.table_name = contents.table_name
    where contents.data_type = 'features' order by contents.table_name
"""
#: What a GeoPackage is made of. The index of a layer is the one kind of virtual table that it needs: others run code.
_NAME = r"""(?:"[^"]*"|'[^']*'|`[^`]*`|\[[^\]]*\]|\w+)"""
_HARMLESS = re.compile(
    rf"\s*create\s+(?:table|(?:unique\s+)?index|view|trigger|virtual\s+table\s+{_NAME}\s+using\s+rtree\s*\()",
    re.IGNORECASE,
)


class GeoPackage:
    """One layer of a GeoPackage.

    Parameters
    ----------
    family
        What the layer must hold, so that the one layer that can be meant is found among several.
    table
        Name of the layer, when the user gives it.
    """

    format = "GPKG"
    name: str
    total: int | None

    def __init__(self, located: Located, scratch: Path, *, family: str | None, table: str | None) -> None:
        self.findings: list[Finding] = []
        self.encoding = dict(FORMAT_ENCODING)
        self._path, self._is_fixed = _within_reach(located, scratch)
        self.name, self.total = self._choose(located.name, family, table)
        with refusing(self._not_read()):
            info = pyogrio.read_info(self._path, layer=self.name, **self._options())
        self.system: System | None = None if not info["crs"] else from_wkt(info["crs"], "file")

    schema: pa.Schema | None = None

    def batches(self) -> Iterator[RawBatch]:
        """Yield the rows in the order of the file."""
        with (
            refusing(self._not_read()),
            closing(self._connect()) as database,
            pyogrio.raw.open_arrow(
                self._path, layer=self.name, use_pyarrow=True, batch_size=ROWS_IN_BATCH, **self._options()
            ) as (meta, reader),
        ):
            names = [str(name) for name in meta["fields"]]
            if any(reader.schema.get_field_index(name) < 0 for name in names):
                raise self._not_read()  # what the database says of its columns names one twice, or none
            types = {name: reader.schema.field(name).type for name in names}
            types = {name: kind for name, kind in types.items() if self._is_readable(name, kind)}
            unfit = misfits(database, self.name, types)
            plain = {name: _plain_type(kind) for name, kind in types.items()}
            self.schema = pa.schema({**plain, **dict.fromkeys(unfit, pa.string())})
            written = Texts(database, self.name, unfit)
            begin = 0
            for batch in reader:
                instead = written.of_next(batch.num_rows)
                yield self._batch(begin, batch, meta["geometry_name"] or "wkb_geometry", instead)
                begin += batch.num_rows

    def _not_read(self) -> RefusedError:
        return refuse(Code.FILE_UNREADABLE, N_("The layer %(name)s can not be read."), name=self.name)

    def _options(self) -> dict[str, str]:
        # A database that nobody writes is read without lock and journal files beside it.
        return {"IMMUTABLE": "YES"} if self._is_fixed else {}

    def _is_readable(self, name: str, kind: pa.DataType) -> bool:
        if pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
            text = N_("The field %(name)s holds binary data and is not read.")
            self.findings.append(Finding(Code.FIELD_UNMAPPED, text, field=name, values={"name": name}))
            return False
        return True

    def _batch(
        self, begin: int, batch: pa.RecordBatch, geometry_name: str, instead: Mapping[str, pa.Array]
    ) -> RawBatch:
        rows = np.arange(begin + 1, begin + batch.num_rows + 1, dtype=np.int64)
        column = batch.column(batch.schema.get_field_index(geometry_name))
        if not pa.types.is_binary(column.type):
            raise self._not_read()
        wkb = column.to_numpy(zero_copy_only=False)
        geometries = parsed(shapely.from_wkb, wkb)
        problems = {
            int(rows[at]): _damaged(int(rows[at]), wkb[at])
            for at in np.flatnonzero(shapely.is_missing(geometries)).tolist()
            if wkb[at]
        }
        assert self.schema is not None  # noqa: S101 - set before the first batch
        columns = [
            instead[name] if name in instead else self._plain(name, batch.column(name), kind, rows)
            for name, kind in _pairs(self.schema)
        ]
        return RawBatch(rows, geometries, columns, problems)

    def _plain(self, name: str, values: pa.Array, kind: pa.DataType, rows: NDArray[np.int64]) -> pa.Array:
        if isinstance(values, pa.ExtensionArray):
            values = values.storage
        if pa.types.is_dictionary(values.type):
            values = values.dictionary_decode()
        if pa.types.is_nested(values.type):
            return pa.array([None if value is None else str(value) for value in values.to_pylist()], pa.string())
        if pa.types.is_string(values.type) or pa.types.is_large_string(values.type):
            values = self._checked_text(name, values, rows)
        return values.cast(kind)

    def _checked_text(self, name: str, values: pa.Array, rows: NDArray[np.int64]) -> pa.Array:
        """Return the text, with nulls and findings for what is not UTF-8: SQLite stores any bytes."""
        try:
            values.validate(full=True)
        except pa.ArrowInvalid:
            texts: list[str | None] = []
            for row, raw in zip(rows.tolist(), values.cast(pa.binary()).to_pylist(), strict=True):
                try:
                    texts.append(None if raw is None else raw.decode())
                except UnicodeDecodeError:
                    texts.append(None)
                    shown = raw.decode("ascii", errors="backslashreplace")
                    text = N_("The text is not %(encoding)s.")
                    self.findings.append(
                        Finding(
                            Code.TEXT_UNDECODABLE, text, row=row, field=name, value=shown, values={"encoding": "UTF-8"}
                        )
                    )
            return pa.array(texts, pa.string())
        return values

    def _choose(self, file: str, family: str | None, table: str | None) -> tuple[str, int]:
        """Return the layer to read and the number of its rows."""
        try:
            with closing(self._connect()) as database:
                made_by = database.execute("select cast(sql as text) from sqlite_master where sql is not null")
                if not all(_HARMLESS.match(sql) for (sql,) in made_by):
                    raise refuse(
                        Code.FILE_TYPE,
                        N_("%(name)s is a database with virtual tables that a GeoPackage does not have."),
                        name=file,
                    )
                name = _the_one_layer(database.execute(_LAYERS).fetchall(), file, family, table)
                count = database.execute(f"select count(*) from {quoted(name)}").fetchone()[0]  # noqa: S608 - quoted
        except (sqlite3.Error, UnicodeDecodeError) as problem:
            raise refuse(
                Code.FILE_UNREADABLE, N_("%(name)s is no GeoPackage, or it is damaged."), name=file
            ) from problem
        return name, count

    def _connect(self) -> sqlite3.Connection:
        mode = "mode=ro&immutable=1" if self._is_fixed else "mode=ro"
        return sqlite3.connect(f"{self._path.as_uri()}?{mode}", uri=True)


def _within_reach(located: Located, scratch: Path) -> tuple[Path, bool]:
    """Return the path to open, and whether nobody can be writing there.

    Rows that were written last stand in a side file until the other program closes its own; a copy of both is opened,
    so that nothing is written beside the user's file.
    """
    target = scratch / "database.gpkg"
    ahead = located.parts.get("gpkg-wal")
    if ahead is None or not ahead.stat().st_size:
        target.symlink_to(located.parts["gpkg"].resolve())
        return target, True
    shutil.copyfile(located.parts["gpkg"], target)
    shutil.copyfile(ahead, target.with_suffix(".gpkg-wal"))
    return target, False


def _the_one_layer(layers: list[tuple[str, str]], file: str, family: str | None, table: str | None) -> str:
    names = [name for name, _ in layers]
    if table is not None and table in names:
        return table
    fitting = [name for name, kind in layers if family is None or kind in _ANY or kind in _FAMILIES[family]]
    if table is None and len(fitting) == 1:
        return fitting[0]
    if table is None and len(names) == 1:
        return names[0]
    if not names:
        raise refuse(Code.FILE_UNREADABLE, N_("The GeoPackage %(name)s holds no layer."), name=file)
    if table is not None:
        text = N_("The GeoPackage has no layer %(table)s, but %(names)s.")
        raise refuse(Code.FILE_UNREADABLE, text, table=table, names=listed(names))
    raise refuse(
        Code.FILE_UNREADABLE,
        N_("The GeoPackage holds more than one layer that can be meant: %(names)s."),
        hint=N_("Say which one with --table NAME."),
        names=listed(fitting or names),
        tables=fitting or names,
    )


def _pairs(schema: pa.Schema) -> list[tuple[str, pa.DataType]]:
    return [(field.name, field.type) for field in schema]


def _plain_type(kind: pa.DataType) -> pa.DataType:
    """Return the type under which values are handed on: 64 bit numbers, text, days and instants."""
    if isinstance(kind, pa.BaseExtensionType):
        kind = kind.storage_type
    if pa.types.is_integer(kind):
        return pa.int64()
    if pa.types.is_floating(kind):
        return pa.float64()
    if pa.types.is_boolean(kind) or pa.types.is_date(kind) or pa.types.is_timestamp(kind):
        return kind
    return pa.string()


def _damaged(row: int, wkb: bytes) -> Finding:
    kind = int.from_bytes(wkb[1:5], "little" if wkb[:1] == b"\x01" else "big") % 1000
    if len(wkb) >= 5 and 8 <= kind <= 17:  # noqa: PLR2004 - the numbers of curves and surfaces in ISO 13249
        text = N_("The geometry has arcs; only straight edges are read.")
        return Finding(Code.GEOMETRY_TYPE, text, row=row, hint=N_("Turn the arcs into lines."))
    text = N_("The geometry is damaged, or has too few points.")
    return Finding(Code.GEOMETRY_INVALID, text, row=row, hint=INVALID_HINT)
