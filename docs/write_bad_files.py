"""Import every bad file and every real one, and write what became of them: ``make bad-files``.

The made ones are always tried. The real files are no part of the project: what is told of them stays as it stands in
the document on a machine that does not have them.
"""

from __future__ import annotations

import re
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pyogrio
import shapely
from pyproj import Geod, Transformer
from sqlalchemy import Connection, text

from docs.real_files import FOLDER, GOOD, RealFile, bad
from geo_hygiene.cluster import Cluster
from geo_hygiene.database import engine, migrate
from geo_hygiene.files.importing import ImportOptions, ImportReport, import_file
from geo_hygiene.i18n import use_locale
from tests.bad_inputs import BAD_INPUTS
from tests.importing import fingerprint

DOCUMENT = Path(__file__).parent / "bad-files.md"
PLACE = re.compile(r"(<!-- tried: (made|broken|real) -->\n).*?(<!-- end -->)", re.DOTALL)
SPHEROID = Geod(ellps="WGS84")
NONE: Mapping[str, str] = MappingProxyType({})
LONGEST = 220
"""Characters of a message in the tables."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an import answered, and what it did to the database."""

    report: ImportReport
    rows_changed: int
    left_behind: int
    seconds: float


class Bench:
    """A cluster with an empty database, and copies of it."""

    def __init__(self, cluster: Cluster, folder: Path) -> None:
        self._cluster = cluster
        self._folder = folder
        self._administrator = engine(cluster.superuser_url("postgres"), isolation_level="AUTOCOMMIT")
        migrate(cluster.url("owner", database="geo_hygiene"))

    @contextmanager
    def database(self) -> Iterator[Connection]:
        """Give a connection to a database that nobody has written to; nothing is committed."""
        with self._administrator.connect() as connection:
            connection.execute(text("create database tried template geo_hygiene owner geo_hygiene_owner"))
        connections = engine(self._cluster.url("service", database="tried"))
        try:
            with connections.connect() as connection:
                yield connection
        finally:
            connections.dispose()
            with self._administrator.connect() as connection:
                connection.execute(text("drop database tried with (force)"))

    def tried(
        self,
        connection: Connection,
        path: Path,
        layer: str,
        options: Mapping[str, Any],
        before: Mapping[str, str] = NONE,
    ) -> Outcome:
        """Import a file into a database, after what it rests on.

        Raises
        ------
        ValueError
            If the database is not as the answer says.
        """
        for table, content in before.items():
            first = self._folder / f"{table}.csv"
            first.write_text(content)
            import_file(connection, table, first, ImportOptions())
        was = fingerprint(connection)
        scratch = self._folder / "scratch"
        start = time.perf_counter()
        report = import_file(connection, layer, path, ImportOptions(**options, scratch=scratch))
        seconds = time.perf_counter() - start
        same = fingerprint(connection) == was
        if report.refused != same:
            raise ValueError(f"{path.name} was {report.status}, and the database says otherwise")
        changed = report.stored.created + report.stored.updated + report.stored.ended
        left = len(list(scratch.iterdir())) if scratch.exists() else 0
        return Outcome(report, 0 if same else changed, left, seconds)


def row(*cells: object) -> str:
    """Return a row of a Markdown table."""
    return "| " + " | ".join(str(cell).replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"


def head(*cells: str) -> Iterator[str]:
    """Yield the head of a Markdown table."""
    yield row(*cells)
    yield "|" + "---|" * len(cells)


def answer(report: ImportReport) -> tuple[str, str, str]:
    """Return the outcome, the code with its place, and the sentence, of a file."""
    errors = [finding for finding in report.findings if finding.is_error()]
    if not report.refused or not errors:
        counts = Counter(str(finding.code) for finding in report.findings)
        told = ", ".join(f"{count} {code}" if count > 1 else code for code, count in counts.items())
        rows = f"{report.accepted} row{'s' * (report.accepted != 1)}"
        return report.status, "", f"{rows}; {told}" if told else rows
    first = errors[0]
    place = ", ".join(
        part for part in (f"row {first.row}" if first.row else "", str(first.as_json()["field"] or "")) if part
    )
    more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
    said = f"{first.message()} {first.as_json()['hint'] or ''}".strip()
    said = said if len(said) <= LONGEST else f"{said[: LONGEST - 1]}…"
    return "refused", f"`{first.code}`{f' ({place})' if place else ''}{more}", said


def made(bench: Bench, connection: Connection, folder: Path) -> Iterator[str]:
    """Yield the table of the files that are made."""
    yield from head("file", "layer", "outcome", "code and place", "what is said", "records", "left", "s")
    for number, one in enumerate(BAD_INPUTS):
        place = folder / str(number)
        place.mkdir()
        with connection.begin_nested() as step:
            done = bench.tried(connection, one.make(place), one.layer, one.options)
            step.rollback()
        yield row(one.name, one.layer, *answer(done.report), done.rows_changed, done.left_behind, f"{done.seconds:.1f}")


def broken(bench: Bench, connection: Connection) -> Iterator[str]:
    """Yield the table of the broken real files."""
    yield from head("file", "layer", "outcome", "code and place", "what is said", "encoding", "records", "left", "s")
    for one in bad(FOLDER):
        with connection.begin_nested() as step:
            done = bench.tried(connection, FOLDER / one.path, one.layer or "", one.options)
            step.rollback()
        said = "".join(f" `--{name} {value}`" for name, value in one.options.items())
        yield row(
            one.path.removeprefix("malformed/") + said,
            one.layer,
            *answer(done.report),
            (done.report.encoding or {}).get("used") or "",
            done.rows_changed,
            done.left_behind,
            f"{done.seconds:.1f}",
        )


def real(bench: Bench) -> Iterator[str]:
    """Yield the table of the good real files.

    Raises
    ------
    ValueError
        If rows are refused and nobody said why that is right, or a name is not stored.
    """
    yield from head(
        "file",
        "layer",
        "rows read",
        "accepted",
        "refused",
        "records",
        "findings",
        "encoding",
        "system",
        "stored m",
        "geodesic m",
        "parts",
        "read right",
        "remark",
        "s",
    )
    for one in GOOD:
        table = f" `{one.options['table']}`" if "table" in one.options else ""
        if one.layer is None:
            yield row(one.path + table, "–", *[""] * 11, one.remark, "")
            continue
        with bench.database() as connection:
            done = bench.tried(connection, FOLDER / one.path, one.layer, one.options, one.before)
            if one.name and not _is_stored(connection, one.name):
                raise ValueError(f"{one.name} of {one.path} is not stored")
        if done.report.rejected and not one.remark.startswith("right: "):
            raise ValueError(f"{one.path}: {done.report.rejected} rows were refused, and nobody said why that is right")
        yield row(one.path + table, one.layer, *_figures(one, done), one.name, one.remark, f"{done.seconds:.1f}")


def _figures(one: RealFile, done: Outcome) -> Iterator[object]:
    report, stored = done.report, done.report.stored
    yield from (report.read, report.accepted, report.rejected, done.rows_changed)
    counts = Counter((str(finding.weight()), str(finding.code)) for finding in report.findings)
    yield ", ".join(f"{count} {code}" for (_level, code), count in sorted(counts.items()))
    yield " from ".join(str(part) for part in (report.encoding or {}).values())
    yield (report.crs or {}).get("used") or "degrees in columns"
    has_length = stored.length_m is not None
    yield f"{stored.length_m:.1f}" if has_length else ""
    yield f"{_geodesic(one):.1f}" if has_length else ""
    yield f"{stored.components_before} → {stored.components_after}" if has_length else ""


def _geodesic(one: RealFile) -> float:
    """Return the metres of the lines of a file by another way: GDAL, pyproj, and the formula of the spheroid."""
    name = str(one.options.get("table") or "") or None
    name = "streets" if one.path.endswith(".gpkg") and name is None else name
    frame = pyogrio.read_dataframe(FOLDER / one.path, layer=name, columns=[])
    to_degrees = Transformer.from_crs(frame.crs, 4326, always_xy=True)
    degrees = shapely.transform(
        shapely.force_2d(frame.geometry.to_numpy()),
        lambda at: np.column_stack(to_degrees.transform(at[:, 0], at[:, 1])),
    )
    return float(sum(SPHEROID.geometry_length(line) for line in degrees))


def _is_stored(connection: Connection, name: str) -> bool:
    tables = ("lane", "drain", "target", "facility", "building", "area", "estate", "reported_case")
    return any(
        connection.scalar(text(f"select exists (select from {table} as one where to_jsonb(one)::text like :name)"),  # noqa: S608
                          {"name": f"%{name}%"})
        for table in tables
    )  # fmt: skip


def main(*wanted: str) -> None:
    """Write the tables, or those that are wanted of ``made``, ``broken`` and ``real``."""
    names = [name for name in wanted or ("made", "broken", "real") if name == "made" or FOLDER.is_dir()]
    use_locale("en")
    folder = Path(tempfile.mkdtemp(prefix="geo-hygiene-bad-files-"))
    folder.chmod(0o755)
    cluster = Cluster(folder / "home")
    tables: dict[str, list[str]] = {}
    try:
        with cluster.lease():
            bench = Bench(cluster, folder)
            with bench.database() as connection:
                if "made" in names:
                    tables["made"] = list(made(bench, connection, folder))
                if "broken" in names:
                    tables["broken"] = list(broken(bench, connection))
            if "real" in names:
                tables["real"] = list(real(bench))
    finally:
        shutil.rmtree(cluster.folder, ignore_errors=True)
        shutil.rmtree(folder, ignore_errors=True)

    def filled(found: re.Match[str]) -> str:
        lines = tables.get(found[2])
        return found[0] if lines is None else found[1] + "\n".join([*lines, found[3]])

    DOCUMENT.write_text(PLACE.sub(filled, DOCUMENT.read_text()))


if __name__ == "__main__":
    main(*sys.argv[1:])
