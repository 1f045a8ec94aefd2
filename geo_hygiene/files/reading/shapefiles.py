"""Read a shapefile: the geometries through GDAL, the attributes from the bytes of the table."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyogrio.raw
import shapely
from numpy.typing import NDArray

from geo_hygiene.files.findings import Code, Finding
from geo_hygiene.files.reading import dbase, encodings, shapefile_records
from geo_hygiene.files.reading.gdal import refusing
from geo_hygiene.files.reading.geometry import INVALID_HINT, not_finite, too_many
from geo_hygiene.files.reading.limits import Limits
from geo_hygiene.files.reading.locate import Located, refuse
from geo_hygiene.files.reading.sources import FORMAT_ENCODING, RawBatch
from geo_hygiene.files.reading.systems import System, from_prj
from geo_hygiene.i18n import N_

ROWS_IN_BATCH = 20_000
_POINT_TYPES = (1, 11, 21)
_LARGEST_CPG = 64


class Shapefile:
    """A shapefile whose parts fit together.

    Parameters
    ----------
    located
        Its parts by ending.
    scratch
        Folder of this import, into which GDAL is given links to the parts it may see.
    encoding
        What the user says, if anything.
    """

    format = "ESRI Shapefile"

    def __init__(self, located: Located, scratch: Path, limits: Limits, encoding: str | None) -> None:
        self.name = located.name
        self.findings: list[Finding] = []
        self._limits = limits
        parts = located.parts
        self._trial: encodings.Trial | None = None
        self._table = self._open_table(parts, encoding)
        self._shp = scratch / "shapes.shp"
        self._shp.symlink_to(parts["shp"].resolve())
        index = self._shp.with_suffix(".shx")
        expected = self._table.rows if self._table is not None else None
        self._shapes = shapefile_records.inspect(parts["shp"], parts.get("shx"), index, expected=expected)
        if not self._shapes.restored:
            index.symlink_to(parts["shx"].resolve())
        self._check_parts(parts)
        self.system: System | None = from_prj(parts["prj"]) if "prj" in parts else None
        self.total: int | None = len(self._shapes)

    @property
    def encoding(self) -> dict[str, str]:
        """The encoding of the attribute table, that of the format when there is none."""
        if self._trial is None:
            return dict(FORMAT_ENCODING)
        return {"used": self._trial.encoding.name, "from": self._trial.encoding.origin}

    @property
    def schema(self) -> pa.Schema | None:
        """Names and types of the fields."""
        fields = () if self._table is None else self._table.fields
        return pa.schema([(field.name, field.arrow) for field in fields])

    def batches(self) -> Iterator[RawBatch]:
        """Yield the rows that are not marked as deleted."""
        if not len(self._shapes):
            return
        with (
            refusing(refuse(Code.FILE_UNREADABLE, N_("The shapes can not be read."))),
            pyogrio.raw.open_arrow(self._shp, columns=[], use_pyarrow=True, batch_size=ROWS_IN_BATCH) as (meta, reader),
        ):
            begin = 0
            for batch in reader:
                wkb = batch.column(batch.schema.get_field_index(meta["geometry_name"] or "wkb_geometry"))
                yield self._batch(begin, wkb)
                begin += len(wkb)
        if begin != len(self._shapes):
            raise refuse(
                Code.FILE_UNREADABLE,
                N_("Row %(at)s can not be read."),
                row=begin + 1,
                at=begin + 1,
            )

    def _batch(self, begin: int, wkb: pa.Array) -> RawBatch:
        rows = np.arange(begin + 1, begin + len(wkb) + 1, dtype=np.int64)
        geometries: NDArray[np.object_] = shapely.from_wkb(wkb.to_numpy(zero_copy_only=False), on_invalid="ignore")
        columns: list[pa.Array] = []
        if self._table is not None:
            records = self._table.records(begin, begin + len(wkb))
            kept = np.flatnonzero(dbase.is_kept(records))
            rows, geometries = rows[kept], geometries[kept]
            assert self._trial is not None  # noqa: S101 - a table is opened with its encoding
            columns, findings = dbase.columns(self._table, records[kept], self._trial, rows)
            self.findings.extend(findings)
        return RawBatch(rows, geometries, columns, self._problems(rows, geometries))

    def _problems(self, rows: NDArray[np.int64], geometries: NDArray[np.object_]) -> dict[int, Finding]:
        types = self._shapes.shape_types[rows - 1]
        vertices = self._shapes.vertices[rows - 1]
        problems: dict[int, Finding] = {}
        lost = (types != shapefile_records.NULL_SHAPE) & (shapely.is_missing(geometries) | shapely.is_empty(geometries))
        for at in np.flatnonzero(lost).tolist():
            row = int(rows[at])
            if types[at] in _POINT_TYPES:
                # A point that is not a number is an empty point once it is WKB.
                problems[row] = not_finite(row, 1, [np.nan, np.nan])
            elif vertices[at] > 0:
                text = N_("The record is damaged, or its geometry has too few points.")
                problems[row] = Finding(Code.GEOMETRY_INVALID, text, row=row, hint=INVALID_HINT)
        for at in np.flatnonzero(vertices > self._limits.vertices).tolist():
            problems[int(rows[at])] = too_many(int(rows[at]), int(vertices[at]), self._limits.vertices)
        return problems

    def _open_table(self, parts: dict[str, Path], option: str | None) -> dbase.Table | None:
        if "dbf" not in parts:
            return None
        table = dbase.open_table(parts["dbf"])
        asked = encodings.asked(option)
        cpg = encodings.named(_read_cpg(parts["cpg"]), "cpg") if "cpg" in parts else None
        trials = [encodings.Trial(encoding) for encoding in encodings.candidates(asked, cpg, table.language_id)]
        table = dbase.try_encodings(table, trials)
        self._trial = encodings.choose(trials)
        self._doubt(cpg)
        return dbase.name_fields(table, self._trial, self.findings)

    def _doubt(self, cpg: encodings.Encoding | None) -> None:
        """Say what was guessed, and refuse text that would only become rubbish."""
        trial = self._trial
        assert trial is not None  # noqa: S101 - called when it was chosen
        is_guess = trial.encoding.origin == "guess" and trial.encoding.codec == encodings.CHINESE
        if is_guess and not trial.failed:
            encodings.refuse_rubbish(trial.sample)
        guessed = encodings.what_was_chosen(trial, cpg)
        if guessed is not None:
            self.findings.append(guessed)

    def _check_parts(self, parts: dict[str, Path]) -> None:
        """Say which parts are missing, and refuse a table with another number of rows."""
        if self._shapes.restored:
            text = (
                N_("The index (.shx) does not fit the shapes; it was made anew.")
                if "shx" in parts
                else N_("The index (.shx) is missing; it was made anew from the shapes.")
            )
            self.findings.append(Finding(Code.FILE_INCOMPLETE, text))
        if self._table is None:
            text = N_("There is no attribute table (.dbf): the rows have shapes only.")
            self.findings.append(Finding(Code.FILE_INCOMPLETE, text))
        elif self._table.rows != len(self._shapes):
            raise refuse(
                Code.FILE_UNREADABLE,
                N_("The file has %(shapes)s shapes but %(rows)s rows of attributes."),
                hint=N_("The parts are of different files or were not copied whole."),
                row=min(self._table.rows, len(self._shapes)) + 1,
                shapes=len(self._shapes),
                rows=self._table.rows,
            )


def _read_cpg(cpg: Path) -> str:
    with cpg.open("rb") as file:
        return file.read(_LARGEST_CPG).decode("utf-8-sig", errors="replace").split("\n")[0]
