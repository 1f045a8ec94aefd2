"""What the pages of imports show; no request is known here."""

from __future__ import annotations

import re
import uuid as uuid_module
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from geo_hygiene import features
from geo_hygiene.accounts.viewer import Viewer
from geo_hygiene.coverage.duties import all_duties, in_office, office_timezone, today
from geo_hygiene.files.audit import RecordChange, changes_of, list_imports, number_of, why_no_changes
from geo_hygiene.files.findings import KINDS, Code
from geo_hygiene.files.import_jobs import KIND_TITLES, TRY, statuses_of, stored_by
from geo_hygiene.files.importing import STEP_TITLES
from geo_hygiene.files.taking_back import outcome
from geo_hygiene.files.uploads import LARGEST, Uploads, too_big
from geo_hygiene.i18n import N_, _
from geo_hygiene.jobs import store
from geo_hygiene.jobs.store import STATE_TITLES, Job, JobState
from geo_hygiene.layers import LAYERS
from geo_hygiene.layerspec import Attribute, MapLayer, Undo
from geo_hygiene.permissions import Permission
from geo_hygiene.records.imports import SAMPLE
from geo_hygiene.web.access import ForbiddenError
from geo_hygiene.web.page_data import usual_layers

JOBS = 10
CHANGES = 50
"""Changes of one import that its page shows."""

STATUS_TITLES: Mapping[str, str] = {
    "imported": N_("Stored"),
    "refused": N_("Refused: nothing was stored"),
    "dry-run": N_("Tried: nothing was stored"),
    "unchanged": N_("Unchanged"),
    "unknown-layer": N_("Its layer could not be guessed"),
}

LEVEL_TITLES: Mapping[str, str] = {"error": N_("error"), "warning": N_("warning"), "information": N_("note")}

ENCODINGS: Sequence[str] = ("UTF-8", "GBK", "GB18030", "Big5")
SYSTEMS: Mapping[str, str] = {
    "EPSG:4490": N_("CGCS2000, degrees"),
    "EPSG:4326": N_("WGS 84, degrees: GPS, OpenStreetMap"),
    "EPSG:3857": N_("Web Mercator, metres"),
    "GCJ-02": N_("Map of Gaode or Tencent"),
    "BD-09": N_("Map of Baidu"),
}
"""What is offered where a file does not say it; any other can be typed."""

OPTION = re.compile(r"(--[a-z]+(?:-[a-z]+)*)(?: NAME\b)?")
OPTIONS: Mapping[str, str] = {
    "--crs": N_("Coordinate system"),
    "--encoding": N_("Encoding"),
    "--table": N_("Table or sheet"),
    "--field": N_("Column of the file"),
    "--set": N_("Value for rows that say none"),
    "--key": N_("Column that tells rows apart"),
    "--date-order": N_("Order of dates that end in their year"),
    "--from": N_("Changes hold from"),
    "--skip-rejected": N_("Leave the rows with errors out, and store the others"),
    "--anywhere": N_("Accept places far from the offices"),
    "--dry-run": N_("Try again in this way"),
}
"""Where the page asks for what the command takes as an option."""


def subject_of(job: Job) -> str:
    """Return what a job is about: a file, or an import."""
    file = job.parameters.get("file")
    return str(file) if file else _("Import %(number)s", number=job.parameters["number"])


@dataclass(frozen=True, kw_only=True)
class _InOffice:
    """A page that tells instants in the time of the office, and layers by their titles."""

    zone: ZoneInfo

    def moment(self, at: datetime | str) -> str:
        """Return an instant in the time of the office."""
        return in_office(at, self.zone)

    def layer_title(self, key: str) -> str:
        """Return what a layer is called."""
        return _(LAYERS[key].title) if key in LAYERS else key


@dataclass(frozen=True, kw_only=True)
class Imports(_InOffice):
    """The page of all imports.

    Attributes
    ----------
    statuses
        What became of the files of its jobs, by their numbers.
    """

    jobs: Sequence[Job]
    statuses: Mapping[int, str]
    runs: Sequence[Mapping[str, Any]]

    largest: int = LARGEST

    @property
    def too_big(self) -> str:
        """Return what is said of a file that is bigger than that."""
        return str(too_big())

    def kind_title(self, job: Job) -> str:
        """Return what a job is called."""
        return _(KIND_TITLES[job.kind])

    def subject(self, job: Job) -> str:
        """Return what a job is about."""
        return subject_of(job)

    def state_title(self, job: Job) -> str:
        """Return how far a job is, or what became of its file."""
        return _(STATUS_TITLES.get(self.statuses.get(job.id, ""), "")) or _(STATE_TITLES[job.state])


def imports(connection: Connection, most: int) -> Imports:
    """Return what is under way and what was imported."""
    jobs = store.newest(connection, KIND_TITLES, JOBS)
    return Imports(
        jobs=jobs,
        statuses=statuses_of(connection, jobs),
        runs=list_imports(connection, most),
        zone=office_timezone(connection),
    )


@dataclass(frozen=True, kw_only=True)
class ImportPage(_InOffice):
    """The page of one import.

    Attributes
    ----------
    changes, has_more
        The first of its changes, and whether there are more.
    is_hidden
        Whether whoever looks may not see the records of its layer.
    is_of_today, can_be_taken_back
        Whether it is of the current day, and whether imports of its layer are taken back at all.
    """

    run: Mapping[str, Any]
    changes: Sequence[RecordChange]
    has_more: bool
    is_hidden: bool
    is_of_today: bool
    can_be_taken_back: bool

    @property
    def came_of_taking_back(self) -> str:
        """Return what came of taking it back."""
        came = self.run["taken_back"]
        return outcome(**came) if came else _("What it had brought was removed, and what it had changed is as before.")

    @property
    def why_no_changes(self) -> str:
        """Return why no change is told."""
        return why_no_changes(self.run)


def import_page(connection: Connection, number: int, permissions: Collection[Permission]) -> ImportPage:
    """Return what one import changed, as far as somebody with some permissions may see it."""
    found = number_of(connection, str(number))
    (run,) = list_imports(connection, 1, found)
    seen = {key for key, layer in LAYERS.items() if layer.needs in permissions}
    most = CHANGES + 1
    changes = list(islice(changes_of(connection, found, layers=seen, most=most), most))
    zone = office_timezone(connection)
    return ImportPage(
        run=run,
        changes=changes[:CHANGES],
        has_more=len(changes) > CHANGES,
        is_hidden=run["layer"] not in seen,
        can_be_taken_back=run["origin"] != SAMPLE and LAYERS[run["layer"]].undo is not Undo.NOTHING,
        is_of_today=datetime.fromisoformat(run["recorded_at"]).astimezone(zone).date() == today(connection),
        zone=zone,
    )


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where something was found: a row, a column, or both; ``message`` where it is not that of the others."""

    where: str
    value: str
    message: str


@dataclass(frozen=True, kw_only=True)
class Found:
    """What was found in a file once or many times.

    Attributes
    ----------
    places
        The first of them; ``count`` tells how many there are.
    """

    code: str
    level: str
    level_title: str
    message: str
    hint: str
    places: Sequence[Place]
    count: int


def found_in(findings: Sequence[Mapping[str, Any]], counts: Mapping[str, int]) -> list[Found]:
    """Return what a report found, errors first, each code and level once."""
    groups: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for level in LEVEL_TITLES:
        for one in findings:
            if one["level"] == level and (_where(one) or one["hint"] or (level, one["code"]) not in groups):
                groups.setdefault((level, one["code"]), []).append(one)
    return [_together(several, counts) for several in groups.values()]


def _together(several: Sequence[Mapping[str, Any]], counts: Mapping[str, int]) -> Found:
    first, title = several[0], LEVEL_TITLES[several[0]["level"]]
    is_one = len({one["message"] for one in several}) == 1
    sentence = KINDS[Code(first["code"])].text
    return Found(
        code=first["code"],
        level=first["level"],
        level_title=_(title),
        message=first["message"] if is_one else _(sentence),
        hint=_in_words_of_the_page(first["hint"] or ""),
        places=[
            Place(where=_where(one), value=one["value"] or "", message="" if is_one else one["message"])
            for one in several
            if _where(one) or not is_one
        ],
        count=max(len(several), counts.get(f"{first['level']} {first['code']}", 0)),
    )


def _where(finding: Mapping[str, Any]) -> str:
    row = finding["row"]
    told = [_("row %(row)s", row=row) if row is not None else "", finding["field"] or ""]
    return " · ".join(filter(None, told))


def _in_words_of_the_page(hint: str) -> str:
    """Return what can be done about a finding, with what the page calls the options of the command."""
    return OPTION.sub(lambda option: f"“{_(OPTIONS[option[1]])}”" if option[1] in OPTIONS else option[0], hint)


@dataclass(frozen=True, kw_only=True)
class JobPage:
    """The page of one job.

    Attributes
    ----------
    extent
        Where its map looks.
    config
        What the script of its map needs.
    is_there
        Whether its file is still there.
    stored_by
        The job that stores what this one tried, or stored it.
    is_own
        Whether whoever looks asked for it.
    """

    job: Job
    is_own: bool
    is_there: bool
    stored_by: uuid_module.UUID | None
    extent: tuple[float, float, float, float] | None
    config: dict[str, Any]
    duties: Mapping[str, str]

    @property
    def title(self) -> str:
        """Return what the job is called."""
        return _(KIND_TITLES[self.job.kind])

    @property
    def subject(self) -> str:
        """Return what the job is about."""
        return subject_of(self.job)

    @property
    def state(self) -> str:
        """Return how far it is."""
        return _(STATE_TITLES[self.job.state])

    @property
    def step(self) -> str:
        """Return what is done at the moment."""
        return _(STEP_TITLES.get(self.job.step or "", "")) or self.state

    @property
    def steps(self) -> dict[str, str]:
        """Return what the steps are called, for the script that follows them."""
        return {name: _(title) for name, title in STEP_TITLES.items()}

    @property
    def result(self) -> Mapping[str, Any]:
        """Return what came of it; empty where nothing did."""
        return self.job.result or {}

    @property
    def report(self) -> Mapping[str, Any]:
        """Return the report of the import, empty where there is none."""
        return self.result.get("report") or {}

    @property
    def findings(self) -> Sequence[Found]:
        """Return what was found in the file, errors first."""
        found = self.report.get("findings") or self.result.get("findings") or []
        return found_in(found, self.result.get("counts") or {})

    @property
    def drawn(self) -> bool:
        """Tell whether there is something to draw."""
        return bool(self.config.get("features", {}).get("features"))

    @property
    def has_wrong_places(self) -> bool:
        """Tell whether places of rows with errors are drawn."""
        drawn = self.config.get("features", {}).get("features", [])
        return any(one["properties"]["wrong"] for one in drawn)

    @property
    def came_of_taking_back(self) -> str:
        """Return what came of taking an import back."""
        return outcome(self.result["removed"], self.result.get("put_back", 0))

    @property
    def outcome(self) -> str:
        """Return what came of the file in a sentence."""
        if self.is_try and self.job.state is JobState.DONE and not self.report:
            if any(one.level == "error" for one in self.findings):
                return _("Refused: nothing was stored")
            return _("Its layer could not be guessed: choose it below")
        return _(STATUS_TITLES.get(self.report.get("status", ""), "")) or self.state

    @property
    def is_try(self) -> bool:
        """Tell whether it only tries."""
        return self.job.kind == TRY

    @property
    def can_store(self) -> bool:
        """Tell whether what was tried can be stored as it is."""
        is_new = self.report.get("status") == "dry-run" and not self.says_nothing_new
        return self.is_try and is_new and self.is_there and self.stored_by is None

    @property
    def says_nothing_new(self) -> bool:
        """Tell whether a file that was tried would change nothing."""
        records = self.report.get("records") or {}
        is_good = self.is_try and self.report.get("status") == "dry-run"
        return is_good and not any(records.get(name) for name in ("created", "updated", "ended"))

    @property
    def is_about_nothing(self) -> bool:
        """Tell whether its file was neither imported nor is there any more."""
        is_of_file = "upload" in self.job.parameters and self.report.get("status") not in {"imported", "unchanged"}
        return is_of_file and not self.is_there and self.stored_by is None

    @property
    def came_to_nothing(self) -> bool:
        """Tell whether it can be started again."""
        is_there = self.is_there or "upload" not in self.job.parameters
        return is_there and self.job.state in {JobState.FAILED, JobState.CANCELLED, JobState.DIED}

    @property
    def is_adjustable(self) -> bool:
        """Tell whether the file can be read in another way, or discarded."""
        return self.is_there and self.stored_by is None and not self.job.is_open

    @property
    def layer(self) -> MapLayer | None:
        """Return the layer that the file is for."""
        return LAYERS.get(self.result.get("layer") or self.job.parameters.get("layer") or "")

    @property
    def fields(self) -> Sequence[Attribute]:
        """Return the fields that a column of the file can bring."""
        return [field for field in self.layer or () if field.importable]

    @property
    def columns(self) -> Sequence[Mapping[str, Any]]:
        """Return the columns of the file."""
        return self.result.get("columns") or []

    def column_of(self, field: Attribute) -> str:
        """Return the column that is taken for a field."""
        return str((self.result.get("mapping") or {}).get(field.name, ""))

    def constant_of(self, field: Attribute) -> str:
        """Return the value of a field for the rows that say none."""
        return str((self.job.parameters.get("constants") or {}).get(field.name, ""))

    def asked(self, name: str) -> Any:
        """Return what was asked of the import, ``None`` where nothing was."""
        return self.job.parameters.get(name)

    @property
    def tables(self) -> Sequence[str]:
        """Return the layers or sheets of the file of which one is to be chosen."""
        return self.result.get("tables") or []

    @property
    def systems(self) -> dict[str, str]:
        """Return the coordinate systems that are offered, by their names."""
        return {name: _(title) for name, title in SYSTEMS.items()}

    @property
    def encodings(self) -> Sequence[str]:
        """Return the encodings that are offered."""
        return ENCODINGS

    @property
    def fitting_system(self) -> str:
        """Return the system that the coordinates fit where the file does not say it; empty where none does."""
        return str(self.result.get("system") or "")


def seen_job(connection: Connection, job: uuid_module.UUID, viewer: Viewer) -> Job:
    """Return a job that imports, for whoever asked for it or may see the records that its file is about.

    A file of which nobody knows yet what it holds may hold people.

    Raises
    ------
    UnknownJobError
        If there is none.
    ForbiddenError
        If it is not for this viewer.
    """
    found = store.find(connection, job, KIND_TITLES)
    layer = LAYERS.get((found.result or {}).get("layer") or found.parameters.get("layer") or "")
    needed = Permission.PEOPLE_READ if layer is None else layer.needs
    if "upload" in found.parameters and not _is_own(found, viewer) and not viewer.may(needed):
        raise ForbiddenError(_("This is about records that your roles do not show."))
    return found


def _is_own(job: Job, viewer: Viewer) -> bool:
    return viewer.account is not None and viewer.account.email == job.actor


def job_page(connection: Connection, job: uuid_module.UUID, viewer: Viewer, uploads: Uploads) -> JobPage:
    """Return the page of one job."""
    found = seen_job(connection, job, viewer)
    preview = (found.result or {}).get("preview") or {}
    box = ((found.result or {}).get("report") or {}).get("extent")
    on = today(connection)
    duties = {duty.code: duty.title for duty in all_duties(connection)}
    config = {
        **preview,
        "usual": usual_layers(),
    }
    extent = tuple(box) if box else features.extent(connection, on)
    return JobPage(
        job=found,
        is_own=_is_own(found, viewer),
        is_there="upload" in found.parameters and uploads.has(found.parameters["upload"]),
        stored_by=stored_by(connection, found),
        extent=extent,
        config=config,
        duties=duties,
    )
