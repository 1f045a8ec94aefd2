"""Import many made geometries at a time, and compare what is stored of each with what an independent judge says."""

from __future__ import annotations

import math
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import shapely
from sqlalchemy import Connection, text

from bench.workspace import Workspace
from faults.batch import draw
from faults.made_geometries import FORMATS, Made, geometries, kinds_of
from faults.made_shapes import chains, good_shapes_of
from faults.storing import town, wrongly_stored
from faults.tally import IsOver, Tally, never
from faults.verdicts import Verdict, differs, verdict
from geo_hygiene.errors import GeoHygieneError
from geo_hygiene.files.importing import ImportOptions, ImportReport, import_file

GROUP = "Made geometries, into the database"
HOW = "import_file with skip_rejected on files with as many good rows as tries; each file is undone"
TRIES_IN_FILE = 500
GOOD = 50
"""Different good rows that stand behind the tries, again and again."""
SEEDS_APART = 1_000_000
LAYERS: Mapping[str, str] = {"point": "facilities", "line": "drain-segments", "polygon": "water-bodies"}
STORED: Mapping[str, str] = {
    "point": "select source_key, ST_AsBinary(ST_Force2D(geom)) from target where kind = 'facilities'",
    "line": "select source_key, ST_AsBinary(ST_Force2D(geom)) from target where kind = 'drain-segments'",
    "polygon": "select source_key, ST_AsBinary(geom) from water_body",
}


@dataclass(frozen=True)
class File:
    """A file of rows for a layer: the tries, and behind them as many good rows as keep the file readable."""

    written: str
    family: str
    rows: list[Made]
    tries: int

    def write(self, folder: Path) -> Path:
        """Write its parts, and return the one to import."""
        parts = FORMATS[self.written](self.rows)
        for name, content in parts.items():
            (folder / name).write_bytes(content)
        return folder / next(iter(parts))


def made(written: str, family: str, count: int, seed: int) -> File:
    """Draw the rows of a file."""
    rows: list[Made] = []
    good: list[Made] = []
    draw(geometries(family, kinds_of(written, family)), count, seed, rows.append)
    draw(good_shapes_of[family], GOOD, seed, lambda shape: good.append(Made(shape)))
    return File(written, family, [*rows, *islice(cycle(good), len(rows))], len(rows))


def judge(connection: Connection, tally: Tally, file: File, folder: Path) -> None:
    """Import a file, compare the verdict on each of its rows, and undo it."""
    tally.tried += file.tries
    undo = connection.begin_nested()
    options = ImportOptions(skip_rejected=True, key="code", scratch=folder / "scratch")
    try:
        report = import_file(connection, LAYERS[file.family], file.write(folder), options)
    except GeoHygieneError as refusal:
        tally.tell(f"the whole file: {refusal}")
        tally.refused += file.tries
    else:
        _compare(connection, tally, file, report)
    undo.rollback()


def _compare(connection: Connection, tally: Tally, file: File, report: ImportReport) -> None:
    if report.status != "imported":
        told = [finding.as_json() for finding in report.findings if finding.row is None]
        tally.tell(f"the whole file is {report.status}: {told}")
    tally.codes.update(str(finding.code) for finding in report.findings if finding.row and finding.is_error())
    stored: dict[str, list[Any]] = {}
    for key, wkb in connection.execute(text(STORED[file.family])):
        stored.setdefault(key, []).append(shapely.from_wkb(bytes(wkb)))
    for number, row in enumerate(file.rows, start=1):
        wanted, geometry = verdict(row.shape, file.family)
        if file.written == "shapefile" and wanted is Verdict.REFUSE and len(chains(row.shape)) > 1:
            wanted = Verdict.EITHER
        found = stored.get(str(number))
        is_try = number <= file.tries
        tally.accepted += is_try and found is not None
        tally.refused += is_try and found is None
        if found is None and wanted is Verdict.STORE:
            tally.refused_wrongly = (tally.refused_wrongly or 0) + 1
            tally.tell(f"row {number} is refused: {_shown(row, report, number)}")
        elif found is not None and (
            wanted is Verdict.REFUSE or (geometry is not None and differs(geometry, found, file.family))
        ):
            tally.accepted_wrongly += 1
            tally.tell(f"row {number} is stored as {found[0].wkt[:300]}: {_shown(row, report, number)}")
    if wrong := wrongly_stored(connection):
        tally.accepted_wrongly += 1
        tally.tell(wrong)


def _shown(row: Made, report: ImportReport, number: int) -> str:
    told = [finding.as_json() for finding in report.findings if finding.row == number]
    return f"{row.letters} {str(row.shape)[:600]} {told}"


def measure(place: Workspace, cases: int, seed: int, is_over: IsOver = never) -> Iterator[Tally]:
    """Yield what came of each format and family; all get as many tries as the others."""
    database = town(place)
    classes = [(written, family) for written in FORMATS for family in LAYERS]
    tallies = {one: Tally(GROUP, f"{one[1]}s in {one[0]}", HOW, seeds=[seed], refused_wrongly=0) for one in classes}
    seconds: dict[tuple[str, str], list[float]] = {one: [] for one in classes}
    each = math.ceil(cases / len(classes))
    root = Path(tempfile.mkdtemp(prefix="geo-hygiene-faults-"))
    with database.connect() as connection:
        for done in range(0, each, TRIES_IN_FILE):
            for one in classes:
                if is_over():
                    break
                begun = time.monotonic()
                folder = root / "file"
                folder.mkdir()
                judge(
                    connection,
                    tallies[one],
                    made(*one, min(TRIES_IN_FILE, each - done), seed * SEEDS_APART + done),
                    folder,
                )
                shutil.rmtree(folder)
                seconds[one].append(time.monotonic() - begun)
        connection.rollback()
    shutil.rmtree(root)
    for one, tally in tallies.items():
        tally.seconds = sum(seconds[one])
        tally.figures["slowest file s"] = round(max(seconds[one], default=0), 1)
        yield tally
    place.drop(database)
