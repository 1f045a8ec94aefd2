"""Annual reports as jobs: answered, drawn and written in every format with progress, and kept for a while."""

from __future__ import annotations

import base64
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from geo_hygiene.coverage.within import demand_within
from geo_hygiene.i18n import N_, _
from geo_hygiene.jobs import store
from geo_hygiene.jobs.store import Job, JobState, NewJob, UnknownJobError
from geo_hygiene.jobs.worker import Handler, Progress
from geo_hygiene.permissions import Areas
from geo_hygiene.reports.annual.kept import template_of
from geo_hygiene.reports.annual.pictures import Picture, draw
from geo_hygiene.reports.annual.printing import document_writers
from geo_hygiene.reports.annual.report import Report, answer
from geo_hygiene.reports.annual.writing import Writer, write_report

REPORT = "report-annual"
FORMATS = ("docx", "pdf", "xlsx", "md", "json")
STEPS: Mapping[str, str] = {"figures": N_("Figures"), "pictures": N_("Maps and plots"), "write": N_("Writing")}
KEPT_PARTS = frozenset({"annual", "pictures", "files"})
"""Parts of a result that only its page shows."""


@dataclass(frozen=True, kw_only=True)
class AskedReport:
    """What somebody asks for, as a job keeps it.

    Attributes
    ----------
    within
        The areas of their role.
    address
        Under which people open the pages, for the links.
    """

    year: int
    area: str | None
    within: Sequence[str] | None
    address: str

    @property
    def areas(self) -> Areas:
        """Return the areas of the role."""
        return None if self.within is None else frozenset(self.within)


def ask(connection: Connection, actor: str, asked: AskedReport) -> Job:
    """Ask for a report.

    Raises
    ------
    UnknownRecordError
        If the area is not among those of the role.
    """
    demand_within(connection, asked.area, asked.areas)
    return store.add(connection, NewJob(kind=REPORT, parameters=asdict(asked), actor=actor))


def own(connection: Connection, actor: str, uuid: UUID, within: Areas) -> Job:
    """Return a report for whoever asked for it, while their role still has its areas.

    Raises
    ------
    UnknownJobError
        If there is none of theirs.
    """
    found = store.find(connection, uuid, {REPORT})
    if not _is_of(found, actor, within):
        raise UnknownJobError(_("There is no such job."))
    return found


def newest(connection: Connection, actor: str, within: Areas, most: int) -> list[Job]:
    """Return the reports that somebody asked for and may still see, the newest first."""
    return [job for job in store.newest(connection, [REPORT], 20 * most) if _is_of(job, actor, within)][:most]


def _is_of(job: Job, actor: str, within: Areas) -> bool:
    asked = AskedReport(**job.parameters).areas
    return job.actor == actor and (within is None or (asked is not None and asked <= within))


def made(job: Job) -> tuple[Report, list[Picture]]:
    """Return a report that is done, with its pictures.

    Raises
    ------
    UnknownJobError
        If it is not done.
    OtherFiguresError
        If another version of the program made it.
    """
    result = _result(job)
    return Report.of_json(result["annual"], job.parameters["area"]), [Picture(**one) for one in result["pictures"]]


def file_of(job: Job, ending: str) -> bytes:
    """Return a report that is done as a file.

    Raises
    ------
    UnknownJobError
        If it is not done, or not in this format.
    """
    files: Mapping[str, str] = _result(job)["files"]
    if ending not in files:
        raise UnknownJobError(_("There is no such file of the report."))
    return base64.b64decode(files[ending])


def _result(job: Job) -> Mapping[str, Any]:
    if job.state is not JobState.DONE or job.result is None:
        raise UnknownJobError(_("There is no such file of the report."))
    return job.result


def make(connection: Connection, job: Job, progress: Progress) -> dict[str, Any]:
    """Return a report with its pictures, and in every format.

    All of it is of one state of the data, which a connection of its own sees.
    """
    asked = AskedReport(**job.parameters)
    reading = connection.engine.execution_options(isolation_level="REPEATABLE READ")
    with reading.connect() as steady:
        report = answer(
            steady,
            asked.year,
            asked.area,
            within=asked.areas,
            progress=lambda done, total: progress("figures", done, total),
        )
        progress("pictures", 0, None)
        pictures = draw(steady, report, within=asked.areas)
        template = template_of(steady, job.locale)
    return {
        "annual": report.as_json(),
        "pictures": [asdict(one) for one in pictures],
        "files": _files(report, asked.address, document_writers(pictures, template), progress),
    }


def _files(report: Report, address: str, writers: Mapping[str, Writer], progress: Progress) -> dict[str, str]:
    """Return a report in every format, as text."""
    files = {}
    with tempfile.TemporaryDirectory(prefix="geo-hygiene-report-") as folder:
        for done, ending in enumerate(FORMATS):
            progress("write", done, len(FORMATS))
            file = Path(folder) / f"report.{ending}"
            write_report(report, file, address, writers)
            files[ending] = base64.b64encode(file.read_bytes()).decode()
    return files


HANDLERS: Mapping[str, Handler] = {REPORT: make}
