"""Imports as jobs: tried, stored, taken back. What came through the browser is read within narrower limits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, text

from geo_hygiene.accounts import audit
from geo_hygiene.files.findings import Code, Finding, shown
from geo_hygiene.files.importing import ImportOptions, ImportReport, Progress, import_table
from geo_hygiene.files.importing.mapping import map_fields
from geo_hygiene.files.importing.opening import open_file
from geo_hygiene.files.importing.preview import columns_of, guess_layers, preview_of
from geo_hygiene.files.reading import BROWSER_UPLOAD, SourceTable, sweep
from geo_hygiene.files.taking_back import take_back
from geo_hygiene.files.uploads import Uploads
from geo_hygiene.i18n import N_
from geo_hygiene.jobs import store
from geo_hygiene.jobs.store import Job, NewJob
from geo_hygiene.jobs.worker import Handler
from geo_hygiene.keys import NUMBERS, key
from geo_hygiene.layers import layer_of

TRY = "import-try"
STORE = "import-store"
TAKE_BACK = "import-take-back"

KIND_TITLES: Mapping[str, str] = {
    TRY: N_("Try of a file"),
    STORE: N_("Import of a file"),
    TAKE_BACK: N_("Taking back an import"),
}

REJECTED_NAME = "rejected.csv"
"""Under which the rows with errors are offered."""

IMPORTED = """
select distinct parameters ->> 'upload' as upload
from job
where kind = :kind and state = 'done' and result -> 'report' ->> 'status' in ('imported', 'unchanged')
"""

STATUSES = """
select id, coalesce(
    result #>> '{report,status}',
    case
        when exists (select from jsonb_object_keys(result -> 'counts') as found where found like 'error %')
            then 'refused'
        when result ->> 'layer' is null then 'unknown-layer'
    end
) as status
from job
where id = any(:ids) and kind = any(:kinds) and result is not null
"""
"""A file that could not even be read has no report."""

STORED = """
select uuid from job
where kind = :kind and parameters ->> 'tried' = :tried
    and (
        state in ('waiting', 'running')
        or (state = 'done' and result -> 'report' ->> 'status' in ('imported', 'unchanged'))
    )
order by id
limit 1
"""


@dataclass(frozen=True, kw_only=True)
class AskedImport:
    """What somebody asks of a file that was brought.

    Attributes
    ----------
    layer
        To be guessed when missing.
    tried
        The job that tried it, where it is to be stored.
    """

    upload: str
    file: str
    tried: str | None = None
    layer: str | None = None
    crs: str | None = None
    encoding: str | None = None
    table: str | None = None
    fields: Mapping[str, str] | None = None
    constants: Mapping[str, str] | None = None
    key: str | None = None
    date_order: str | None = None
    day: str | None = None
    duty: str = "sweeping"
    skip_rejected: bool = False
    replace: bool = False
    anywhere: bool = False
    correct: bool = False

    def options(self, home: Path, *, dry_run: bool) -> ImportOptions:
        """Return the options of the import."""
        return ImportOptions(
            crs=self.crs,
            encoding=self.encoding,
            table=self.table,
            fields=self.fields or {},
            constants=self.constants or {},
            key=self.key,
            date_order=self.date_order,
            day=None if self.day is None else date.fromisoformat(self.day),
            duty=self.duty,
            skip_rejected=self.skip_rejected,
            replace=self.replace,
            anywhere=self.anywhere,
            correct=self.correct,
            dry_run=dry_run,
            scratch=home / "tmp",
            secret=partial(key, home, NUMBERS),
            limits=BROWSER_UPLOAD,
        )


class ImportJobs:
    """Does the jobs of imports of one home."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.uploads = Uploads(home)

    @property
    def handlers(self) -> Mapping[str, Handler]:
        """What does each kind of job."""
        return {TRY: self.try_file, STORE: self.store_file, TAKE_BACK: self.take_back}

    def try_file(self, connection: Connection, job: Job, progress: Progress) -> dict[str, Any]:
        """Tell what an import would do, with the columns of the file and its places; store nothing."""
        asked = AskedImport(**job.parameters)
        options = asked.options(self.home, dry_run=True)
        path = self.uploads.file(asked.upload)
        layer, guesses = asked.layer, []
        if layer is None:
            table = open_file(connection, path, options, progress, layer=None)
            guesses = guess_layers(table, asked.file)
            if not guesses:
                return {
                    "layer": None,
                    "guesses": [],
                    "columns": columns_of(table),
                    "findings": shown(table.findings),
                    "counts": _counts(table.findings),
                    "system": _fitting_system(table.findings),
                    "tables": _tables(table.findings),
                    "preview": preview_of(table),
                }
            layer = guesses[0]
        table, report = self._imported(connection, replace(asked, layer=layer), options, job, progress)
        mapped = {} if table.refused else map_fields(layer_of(layer), table.fields, options.fields).columns
        return {
            "layer": layer,
            "guesses": guesses,
            "columns": columns_of(table),
            "mapping": dict(mapped),
            "report": _told(report),
            "counts": _counts(report.findings),
            "system": _fitting_system(report.findings),
            "tables": _tables(report.findings),
            "preview": preview_of(table, report),
        }

    def store_file(self, connection: Connection, job: Job, progress: Progress) -> dict[str, Any]:
        """Store the rows of a file, or none, and write down who asked for it."""
        asked = AskedImport(**job.parameters)
        _table, report = self._imported(connection, asked, asked.options(self.home, dry_run=False), job, progress)
        told = _told(report)
        if report.number is not None:
            audit.record(
                connection,
                actor=job.actor,
                action="data import",
                subject=f"import {report.number}",
                after={name: told[name] for name in ("layer", "file", "rows", "records")},
            )
        return {"layer": asked.layer, "number": report.number, "report": told, "counts": _counts(report.findings)}

    def take_back(self, connection: Connection, job: Job, progress: Progress) -> dict[str, Any]:
        """Remove what an import brought."""
        progress("write", 0, None)
        number = int(job.parameters["number"])
        return {"number": number, **take_back(connection, str(number), actor=job.actor)._asdict()}

    def _imported(
        self, connection: Connection, asked: AskedImport, options: ImportOptions, job: Job, progress: Progress
    ) -> tuple[SourceTable, ImportReport]:
        """Run the import of an upload in the transaction of a connection."""
        layer = layer_of(asked.layer or "")
        path = self.uploads.file(asked.upload)
        options = replace(options, rejected=self.uploads.rejected(asked.upload, job.uuid))
        table = open_file(connection, path, options, progress, layer=layer)
        report = import_table(connection, layer.key, replace(table, name=asked.file), options, progress)
        return table, report

    def tidy(self, connection: Connection) -> None:
        """Remove the files that were imported, and those that nobody imported in a day."""
        for upload in connection.scalars(text(IMPORTED), {"kind": STORE}):
            self.uploads.remove_source(upload)
        self.uploads.sweep()
        sweep(self.home / "tmp")


def statuses_of(connection: Connection, jobs: Sequence[Job]) -> dict[int, str]:
    """Return what became of the files of jobs that are done, by the numbers of the jobs."""
    found = connection.execute(text(STATUSES), {"ids": [job.id for job in jobs], "kinds": [TRY, STORE]})
    return {row.id: row.status for row in found if row.status is not None}


def stored_by(connection: Connection, tried: Job) -> UUID | None:
    """Return the job that stores what another tried, or has stored it."""
    found: UUID | None = connection.scalar(text(STORED), {"kind": STORE, "tried": str(tried.uuid)})
    return found


def ask_to_store(connection: Connection, tried: Job, new: NewJob) -> Job:
    """Ask for the import of what was tried; the job that stores it already is returned, where there is one."""
    connection.execute(text("select from job where id = :id for update"), {"id": tried.id})
    already = stored_by(connection, tried)
    return store.add(connection, new) if already is None else store.find(connection, already)


def _told(report: ImportReport) -> dict[str, Any]:
    """Return the public form of a report; where the rejected rows lie is nobody's business."""
    return report.as_json() | {"rejected_file": report.rejected_file and REJECTED_NAME}


def _counts(findings: Iterable[Finding]) -> dict[str, int]:
    """Return how often each code was found at each level; a report tells a part of them one by one."""
    return Counter(f"{one.weight()} {one.code}" for one in findings)


def _fitting_system(findings: Iterable[Finding]) -> str | None:
    """Return the coordinate system that a file fits which does not say its own."""
    fits = (one.values.get("crs") for one in findings if one.code is Code.CRS_MISSING)
    return next((str(system) for system in fits if system), None)


def _tables(findings: Iterable[Finding]) -> list[str]:
    """Return the layers or sheets of a file of which one is to be chosen; none where there is no choice."""
    offered = (one.values.get("tables") for one in findings if one.code is Code.FILE_UNREADABLE)
    return next((list(names) for names in offered if isinstance(names, list)), [])
