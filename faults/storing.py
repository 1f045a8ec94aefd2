"""Odd rows and made files all the way into the database: stored whole and right, or refused with nothing changed."""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import shapely
from hypothesis import strategies as st
from sqlalchemy import Connection, text

from bench.workspace import COMMAND, Database, Workspace
from faults.batch import draw
from faults.batches import killed_by_itself
from faults.cases import Case
from faults.made_files import ANY, strategy_of
from faults.made_shapes import Shape, as_wkb, good_shapes, good_shapes_of
from faults.made_values import names, values
from faults.tally import Tally, percentile
from geo_hygiene.errors import GeoHygieneError
from geo_hygiene.files.importing import ImportOptions, ImportReport, import_file, import_table
from geo_hygiene.files.reading import SourceTable
from geo_hygiene.files.reading.sources import FieldNames
from geo_hygiene.layers import LAYERS
from geo_hygiene.layerspec import MapLayer
from tests.coverage.towns import grid_town
from tests.importing import fingerprint

IMPORTED = tuple(layer for layer in LAYERS.values() if layer.imports)
LAYERS_OF_FAMILY: Mapping[str | None, tuple[str, ...]] = {
    None: ("people", "posts", "assignments", "zone-segments", "campaigns", "duty-roster"),
    "any": ("duty-zones", "treatments", "cases"),
    "point": ("facilities", "septic-tanks", "cases", "frontages"),
    "line": ("street-segments", "drain-segments"),
    "polygon": ("areas", "water-bodies", "duty-zones", "estates"),
}
REFUSED, OUR_FAULT = 1, 3
"""Exit codes of the command."""

NOT_RIGHT = """
    select count(*) from {table} where geom is not null and not (
        ST_IsValid(geom) and not ST_IsEmpty(geom)
        and ST_XMin(geom) >= -180 and ST_XMax(geom) <= 180 and ST_YMin(geom) >= -90 and ST_YMax(geom) <= 90)
"""
NOT_MEASURED = """
    select count(*) from target
    where ST_GeometryType(geom) = 'ST_LineString' and not (ST_IsValidTrajectory(geom) and extent_mm > 0)
"""


@dataclass(frozen=True)
class Rows:
    """Rows as a reader hands them on, for a layer."""

    layer: MapLayer
    table: SourceTable
    skip_rejected: bool


def fields_of(layer: MapLayer) -> st.SearchStrategy[list[str]]:
    """Return the strategy of the names of a file's fields: most are the layer's own, and seldom one is lacking."""
    own = [field.name for field in layer]
    needed = [field.name for field in layer if field.required]
    more = st.lists(st.one_of(st.sampled_from(own), st.sampled_from(own), names), max_size=6)
    return st.builds(
        lambda first, behind: list(dict.fromkeys([*first, *behind])), st.sampled_from((needed,) * 4 + ([],)), more
    )


moments = tuple(
    st.one_of(kind, kind, st.none()) for kind in (st.dates(), st.datetimes(), st.datetimes(timezones=st.just(UTC)))
)
"""Days and instants, as a shapefile and a GeoPackage have them: columns of their own type."""


@st.composite
def made_rows(draw_from: st.DrawFn) -> Rows:
    """Draw some rows for any layer; their geometries are good ones, since a reader lets no others through."""
    layer = draw_from(st.sampled_from(IMPORTED))
    heads = draw_from(fields_of(layer))
    count = draw_from(st.integers(1, 4))
    taken = FieldNames([])
    columns = {}
    for head in heads:
        of_one_kind = draw_from(st.sampled_from((values, values, values, *moments)))
        columns[taken.add(head)] = draw_from(st.lists(of_one_kind, min_size=count, max_size=count))
    good = good_shapes if layer.any_geometry or layer.geometry is None else good_shapes_of[layer.geometry.value]
    shapes = [draw_from(good) if layer.geometry is not None else None for _ in range(count)]
    return Rows(layer, as_table(columns, shapes), draw_from(st.booleans()))


def as_table(columns: Mapping[str, list[Any]], shapes: list[Shape | None]) -> SourceTable:
    """Return rows as a reader hands them on; a column of several types is a text."""
    wkb = [None if shape is None else shapely.to_wkb(shapely.from_wkb(as_wkb(shape))) for shape in shapes]
    rows = pa.table({name: column(found) for name, found in columns.items()})
    return SourceTable(
        name="town.gpkg",
        format="GPKG",
        rows=rows,
        wkb=pa.chunked_array([pa.array(wkb, pa.binary())]),
        row_numbers=np.arange(1, len(shapes) + 1, dtype=np.int64),
        encoding={"used": "UTF-8", "from": "format"},
        crs={"used": "EPSG:4326", "from": "file", "name": "WGS 84", "accuracy_m": 0.0},
        findings=[],
        rows_read=len(shapes),
        complete=True,
        confined={},
    )


def column(found: list[Any]) -> pa.Array:
    """Return values as one type: that which they all have, else text."""
    kinds = {type(value) for value in found if value is not None}
    try:
        return pa.array(found) if len(kinds) == 1 else pa.array(_texts(found), pa.string())
    except (OverflowError, pa.ArrowException):
        return pa.array(_texts(found), pa.string())


def _texts(found: list[Any]) -> list[str | None]:
    return [None if value is None else str(value) for value in found]


@dataclass
class Judge:
    """Tries an import in a transaction that is undone, and counts what came of it."""

    connection: Connection
    counted: Tally
    seconds: list[float]

    def judge(self, what: object, act: Callable[[Connection], ImportReport]) -> None:
        """Let an import happen, and see that the database is as its report says."""
        self.counted.tried += 1
        undo = self.connection.begin_nested()
        before = fingerprint(self.connection)
        begun = time.perf_counter()
        try:
            report = act(self.connection)
            told = json.dumps(report.as_json())
        except GeoHygieneError:
            self.counted.refused += 1
        except Exception:
            self.counted.deaths += 1
            self.counted.tell(f"{traceback.format_exc()}\n{what}"[-3000:])
        else:
            self._count(report, told, before)
        self.seconds.append(time.perf_counter() - begun)
        undo.rollback()

    def _count(self, report: ImportReport, told: str, before: Mapping[str, str]) -> None:
        if report.status == "imported":
            self.counted.accepted += 1
            wrong = wrongly_stored(self.connection)
            self.counted.accepted_wrongly += bool(wrong)
        else:
            self.counted.refused += 1
            changed = [name for name, found in fingerprint(self.connection).items() if before[name] != found]
            # An import that changed nothing is remembered, but a refused one leaves no trace.
            wrong = ", ".join(name for name in changed if report.refused)
            self.counted.codes.update({str(finding.code) for finding in report.findings if finding.is_error()})
            if report.refused and not any(finding.is_error() for finding in report.findings):
                wrong = "refused without a word"
        if wrong:
            self.counted.tell(f"{wrong}: {told}")


def wrongly_stored(connection: Connection) -> str:
    """Return what stands in the database and must not, empty if nothing does."""
    tables = dict.fromkeys(
        layer.model.__tablename__ for layer in LAYERS.values() if "geom" in layer.model.__table__.columns
    )
    wrong = {name: connection.scalar(text(NOT_RIGHT.format(table=name))) for name in tables}
    wrong["measures"] = connection.scalar(text(NOT_MEASURED))
    return ", ".join(f"{count} in {name}" for name, count in wrong.items() if count)


def town(place: Workspace) -> Database:
    """Return a database with a small town of two communities."""
    database = place.copy()
    with database.connect() as connection:
        grid_town(connection)
    return database


def measure_rows(database: Database, cases: int, seed: int) -> Tally:
    """Store odd rows of every layer."""
    counted = Tally("Made rows and files, into the database", "rows of any layer", seeds=[seed])
    counted.how = "import_table in one process; good geometries with odd values; each try is undone"

    def attempt(judge: Judge, rows: Rows) -> None:
        options = ImportOptions(skip_rejected=rows.skip_rejected)
        judge.judge(
            (rows.layer.key, rows.table.rows.to_pydict()),
            lambda connection: import_table(connection, rows.layer.key, rows.table, options),
        )

    return _measure(database, counted, made_rows(), cases, seed, attempt)


def measure_files(database: Database, cases: int, seed: int) -> Tally:
    """Import made files, each read by a process of its own."""
    counted = Tally("Made rows and files, into the database", "files of any format", seeds=[seed])
    counted.how = "import_file: each file is read by the guarded process; each try is undone"
    root = Path(tempfile.mkdtemp(prefix="geo-hygiene-faults-"))
    dice = random.Random(seed)  # noqa: S311 - chooses layers

    def attempt(judge: Judge, case: Case) -> None:
        source = root / "source"
        source.mkdir()
        options = ImportOptions(crs=case.crs, encoding=case.encoding, table=case.table, scratch=root / "scratch")
        layer = dice.choice(LAYERS_OF_FAMILY[case.family])
        path = case.write(source)
        judge.judge((layer, case), lambda connection: import_file(connection, layer, path, options))
        if left := list((root / "scratch").iterdir()) if (root / "scratch").exists() else []:
            judge.counted.tell(f"left behind: {left}")
        shutil.rmtree(source)

    counted = _measure(database, counted, strategy_of(ANY), cases, seed, attempt)
    shutil.rmtree(root)
    return counted


def _measure(
    database: Database, counted: Tally, strategy: Any, cases: int, seed: int, attempt: Callable[[Judge, Any], None]
) -> Tally:
    begun = time.perf_counter()
    with database.connect() as connection:
        judge = Judge(connection, counted, [])
        draw(strategy, cases, seed, lambda case: attempt(judge, case))
        connection.rollback()
    counted.seconds = time.perf_counter() - begun
    counted.figures["p99 s"] = round(percentile(judge.seconds, 0.99), 2)
    return counted


def measure_command(database: Database, home: Path, cases: int, seed: int) -> Tally:
    """Run the command itself on made files; what it stores stays."""
    counted = Tally("Made rows and files, into the database", "the command", seeds=[seed])
    counted.how = "geo-hygiene import LAYER FILE --json, as a process; what it stores stays"
    root, scratch = Path(tempfile.mkdtemp(prefix="geo-hygiene-faults-")), home / "tmp"
    dice = random.Random(seed)  # noqa: S311 - chooses layers
    seconds: list[float] = []
    begun = time.perf_counter()

    def attempt(case: Case) -> None:
        source = root / "source"
        source.mkdir()
        layer = dice.choice(LAYERS_OF_FAMILY[case.family])
        with database.connect() as connection:
            before = fingerprint(connection)
        started = time.perf_counter()
        answer = _command(database, home, layer, case.write(source), case)
        seconds.append(time.perf_counter() - started)
        _count_answer(counted, answer, database, before)
        shutil.rmtree(source)
        if left := list(scratch.iterdir()) if scratch.exists() else []:
            counted.tell(f"left behind: {left}")

    draw(strategy_of(ANY), cases, seed, attempt)
    shutil.rmtree(root)
    counted.seconds = time.perf_counter() - begun
    counted.figures |= {"p50 s": round(percentile(seconds, 0.5), 2), "p99 s": round(percentile(seconds, 0.99), 2)}
    return counted


def _command(database: Database, home: Path, layer: str, path: Path, case: Case) -> subprocess.CompletedProcess[str]:
    said = {"--crs": case.crs, "--encoding": case.encoding, "--table": case.table}
    options = [f"{name}={value}" for name, value in said.items() if value is not None and "\x00" not in value]
    environment = os.environ | database.environment | {"GEO_HYGIENE_HOME": str(home), "GEO_HYGIENE_LOCALE": "en"}
    return subprocess.run(  # noqa: S603 - our own command
        [*COMMAND, "import", layer, str(path), "--json", *options],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def _count_answer(
    counted: Tally, answer: subprocess.CompletedProcess[str], database: Database, before: Mapping[str, str]
) -> None:
    counted.tried += 1
    if answer.returncode == 0:
        counted.accepted += 1
        with database.connect() as connection:
            wrong = wrongly_stored(connection)
        counted.accepted_wrongly += bool(wrong)
    else:
        counted.refused += 1
        with database.connect() as connection:
            wrong = ", ".join(name for name, found in fingerprint(connection).items() if before[name] != found)
        counted.accepted_wrongly += bool(wrong)
        if answer.returncode == REFUSED and answer.stdout:
            told = json.loads(answer.stdout)
            counted.codes.update({finding["code"] for finding in told["findings"] if finding["level"] == "error"})
    if killed_by_itself(answer.returncode):
        counted.deaths += 1
        wrong = f"ended with {answer.returncode}: {answer.stderr}"
    if wrong:
        counted.tell(wrong)


def measure(place: Workspace, cases: int, seed: int) -> Iterator[Tally]:
    """Yield what came of rows, files and commands; of a hundred cases 60, 36 and 4."""
    database = town(place)
    yield measure_rows(database, max(1, cases * 60 // 100), seed)
    yield measure_files(database, max(1, cases * 36 // 100), seed)
    yield measure_command(database, place.folder, max(1, cases * 4 // 100), seed)
    place.drop(database)
