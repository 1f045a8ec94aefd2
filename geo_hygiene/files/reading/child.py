"""Read one foreign file; runs in the guarded process that `guard` has confined.

Standard output carries one JSON object a line with the progress; the rows go into `rows.arrow` and everything else into
`result.json`, both in the folder of this import.
"""

import errno
import json
import os
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio
import shapely

from geo_hygiene.files.findings import Code, Finding
from geo_hygiene.files.reading import drivers
from geo_hygiene.files.reading.archives import too_big, unpack
from geo_hygiene.files.reading.csv_tables import CsvTable
from geo_hygiene.files.reading.geojson import GeoJson
from geo_hygiene.files.reading.geometry import Batch, check_form, check_validity, flat, move, reject_missing
from geo_hygiene.files.reading.geopackages import GeoPackage
from geo_hygiene.files.reading.guess import looks_like
from geo_hygiene.files.reading.limits import Limits
from geo_hygiene.files.reading.locate import JSON_ENDINGS, TABLE_ENDINGS, TEXT_ENDINGS, Located, RefusedError, refuse
from geo_hygiene.files.reading.magic import check_content
from geo_hygiene.files.reading.notes import Notes
from geo_hygiene.files.reading.placement import Placement
from geo_hygiene.files.reading.shapefiles import Shapefile
from geo_hygiene.files.reading.sink import Sink
from geo_hygiene.files.reading.sources import RawBatch, Source
from geo_hygiene.files.reading.systems import Bounds, System, Transformation, from_option, to_storage, what_is_lost
from geo_hygiene.files.reading.text_tables import TextTable
from geo_hygiene.files.reading.workbooks import Workbook
from geo_hygiene.i18n import N_

OUT_OF_MEMORY = 12
OUT_OF_BOUNDS = 13
OUT_OF_DISK = 14
_EXITS = {errno.EFBIG: OUT_OF_BOUNDS, errno.ENOSPC: OUT_OF_DISK}
_ANSWER = "result.json"
_ROWS = "rows.arrow"
_RESTARTED = "GEO_HYGIENE_DRIVERS_SKIPPED"


def run(job: dict[str, Any], nets: dict[str, bool]) -> None:
    """Do the job and leave the answer in its folder."""
    _check_drivers(job)
    scratch = Path(job["scratch"])
    reading = Reading(job, scratch)
    try:
        reading.read()
    except RefusedError as refusal:
        reading.notes.add(refusal.finding)
    except MemoryError:
        sys.exit(OUT_OF_MEMORY)
    except OSError as problem:
        if problem.errno not in _EXITS:
            raise
        sys.exit(_EXITS[problem.errno])
    answer = {**reading.answer(), "confined": nets}
    (scratch / _ANSWER).write_text(json.dumps(answer), encoding="utf-8", errors="backslashreplace")


class Reading:
    """One file on its way from the disk to rows in EPSG:4326.

    Parameters
    ----------
    job
        As `reader` makes it: located files, limits, what the user said.
    """

    def __init__(self, job: dict[str, Any], scratch: Path) -> None:
        self._job = job
        self._scratch = scratch
        self._limits = Limits(**job["limits"])
        self._extent: Bounds | None = tuple(job["extent"]) if job["extent"] else None
        self._source: Source | None = None
        self._system: System | None = None
        self._transformation: Transformation | None = None
        self._rows = 0
        self._complete = False
        self.notes = Notes()

    def read(self) -> None:
        """Read everything, or raise `RefusedError`."""
        self._source = source = self._open()
        self._system = from_option(self._job["crs"]) if self._job["crs"] else source.system
        sink = Sink(self._scratch / _ROWS)
        placement: Placement | None = None
        for raw in self._counted(source):
            if placement is None and not self._is_plain_table():
                placement = self._settle(raw)
            batch = self._check(raw, placement)
            assert source.schema is not None  # noqa: S101 - known once there is a batch
            sink.add(batch.rows, batch.geometries, raw.columns, source.schema, hold=isinstance(source, GeoJson))
        if not self._rows:
            raise refuse(Code.FILE_UNREADABLE, N_("The file holds no rows."))
        if placement is not None:
            placement.judge(self.notes)
        sink.close()
        self._complete = True

    def answer(self) -> dict[str, Any]:
        """Return what is known of the file beside its rows."""
        system, transformation = self._system, self._transformation
        if self._source is not None:
            self.notes.extend(self._source.findings)
        findings = sorted(self.notes.close(), key=lambda finding: (finding.row is not None, finding.row or 0))
        return {
            "name": self._source.name if self._source else self._job["name"],
            "format": self._source.format if self._source else "",
            "encoding": self._source.encoding if self._source else {"used": None, "from": None},
            "crs": {
                "used": system.name if system else None,
                "from": system.origin if system else None,
                "name": system.crs.name if system else None,
                "accuracy_m": transformation.accuracy if transformation else None,
            },
            "rows_read": self._rows,
            "complete": self._complete,
            "blank_lines": self._source.blank_lines if isinstance(self._source, TextTable) else None,
            "findings": [asdict(finding) for finding in findings],
        }

    def _open(self) -> Source:
        located = Located(
            self._job["ending"], self._job["name"], {part: Path(file) for part, file in self._job["parts"].items()}
        )
        size = sum(file.stat().st_size for file in located.parts.values())
        if self._limits.file_bytes is not None and size > self._limits.file_bytes:
            raise too_big(size, self._limits.file_bytes)
        check_content(located)
        if located.ending == "zip":
            located = unpack(located.parts["zip"], self._scratch, self._limits, wanted=self._job["table"])
            check_content(located)
        encoding = self._job["encoding"]
        if located.ending == "shp":
            return Shapefile(located, self._scratch, self._limits, encoding)
        if located.ending in JSON_ENDINGS:
            return GeoJson(located, encoding)
        if located.ending in TABLE_ENDINGS:
            return self._table(located)
        return GeoPackage(located, self._scratch, family=self._family(), table=self._job["table"])

    def _table(self, located: Located) -> TextTable:
        shapes = {"has_shapes": self._job["family"] is not None, "needs_shapes": self._job["needs_shapes"]}
        if located.ending in TEXT_ENDINGS:
            return CsvTable(located, self._job["encoding"], **shapes)
        return Workbook(located, self._limits, table=self._job["table"], **shapes)

    def _counted(self, source: Source) -> Iterator[RawBatch]:
        """Yield the batches, telling the progress and minding the bound on rows."""
        most = self._limits.features
        if most is not None and source.total is not None and source.total > most:
            raise _too_many_rows(source.total, most)
        for raw in source.batches():
            self._rows += len(raw.rows)
            if most is not None and self._rows > most:
                raise _too_many_rows(self._rows, most)
            if len(raw.rows):
                yield raw
            sys.stdout.write(json.dumps({"rows": self._rows, "of": source.total}) + "\n")
            sys.stdout.flush()

    def _settle(self, first: RawBatch) -> Placement:
        """Choose the transformation by the place of the first rows, or refuse a file that does not say its system."""
        bounds = _bounds(first)
        if self._system is None:
            guess = looks_like(bounds, self._extent)
            raise RefusedError(
                Finding(Code.CRS_MISSING, _missing_text(self._source), hint=guess.text, values=guess.values)
            )
        self._transformation = to_storage(self._system, bounds)
        if self._transformation is None:
            text = N_("There is no way from %(name)s to WGS 84.")
            raise refuse(Code.CRS_MISSING, text, name=self._system.name)
        lost = what_is_lost(self._system, self._transformation)
        if lost is not None:
            self.notes.add(lost)
        return Placement(self._system, self._transformation, self._extent)

    def _is_plain_table(self) -> bool:
        return isinstance(self._source, TextTable) and self._source.system is None

    def _family(self) -> str | None:
        """Return the family that shapes must be of, if any."""
        return None if self._job["family"] == "any" else self._job["family"]

    def _check(self, raw: RawBatch, placement: Placement | None) -> Batch:
        batch = Batch(raw.rows, flat(raw.geometries), np.zeros(len(raw.rows), dtype=bool))
        if placement is None:
            return batch
        known = np.isin(raw.rows, list(raw.problems))
        batch.reject(known, self.notes, lambda at: raw.problems[int(raw.rows[at])])
        if self._job["needs_shapes"]:
            reject_missing(batch, self.notes)
        check_form(batch, self._family(), self._limits.vertices, self.notes)
        before = move(batch, placement.transformation.apply)
        placement.look(batch, before, shapely.bounds(batch.geometries))
        check_validity(batch, self.notes)
        # What has no place on earth can not be written as text or bytes and read again; its row is rejected anyway.
        nowhere = ~np.isfinite(shapely.bounds(batch.geometries)).all(axis=1)
        batch.geometries[batch.rejected & nowhere] = None
        # Formats want outlines one way or the other; the same shape shall be the same bytes whatever it came in.
        batch.geometries = shapely.orient_polygons(batch.geometries)
        return batch


def _bounds(raw: RawBatch) -> Bounds:
    bounds = shapely.bounds(raw.geometries)
    finite = bounds[np.isfinite(bounds).all(axis=1)]
    if not len(finite):
        return (np.nan, np.nan, np.nan, np.nan)
    west, south = finite[:, :2].min(axis=0).tolist()
    east, north = finite[:, 2:].max(axis=0).tolist()
    return west, south, east, north


def _missing_text(source: Source | None) -> str:
    if isinstance(source, Shapefile):
        return N_("The shapefile has no .prj, or one that names no system: its coordinates can not be placed.")
    return N_("The file names no coordinate system that is known: its coordinates can not be placed.")


def _too_many_rows(rows: int, most: int) -> RefusedError:
    text = N_("The file has more than %(most)s rows.")
    return RefusedError(Finding(Code.FILE_TOO_BIG, text, values={"most": most, "rows": rows}))


def _check_drivers(job: dict[str, Any]) -> None:
    """Start again when GDAL has drivers that the list of skipped ones does not know; give up if that does not help."""
    unwanted = sorted(pyogrio.list_drivers().keys() - drivers.ALLOWED)
    if not unwanted:
        return
    if os.environ.get(_RESTARTED):
        raise RuntimeError(f"GDAL offers drivers that must not see foreign files: {', '.join(unwanted)}")
    (Path(job["scratch"]) / "job.json").write_text(json.dumps(job), encoding="utf-8")
    os.dup2(os.open(Path(job["scratch"]) / "job.json", os.O_RDONLY), 0)
    environment = {**os.environ, "OGR_SKIP": drivers.skipping(unwanted), _RESTARTED: "1"}
    os.execve(sys.executable, sys.orig_argv, environment)  # noqa: S606 - the same program with the same arguments
