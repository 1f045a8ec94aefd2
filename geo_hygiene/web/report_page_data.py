"""What the pages of the annual report show, and its files; no request is known here."""

from __future__ import annotations

import base64
import tempfile
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import Annotated
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import Field
from sqlalchemy import Connection

from geo_hygiene import features
from geo_hygiene.coverage.duties import in_office, office_timezone, today
from geo_hygiene.coverage.within import demand_within
from geo_hygiene.i18n import _
from geo_hygiene.jobs.store import STATE_TITLES, Job, JobState
from geo_hygiene.layers import layer_of
from geo_hygiene.permissions import EVERYWHERE, Areas, Permission
from geo_hygiene.reports.annual import jobs
from geo_hygiene.reports.annual.document import Told, compared, fields_told, told_of
from geo_hygiene.reports.annual.figures import MECHANISMS
from geo_hygiene.reports.annual.outline import OVERVIEW, SECTIONS, SENTENCES
from geo_hygiene.reports.annual.pictures import Picture, draw
from geo_hygiene.reports.annual.report import FEW_OFFICES, Figure, Report, answer
from geo_hygiene.reports.annual.writing import with_unit, write_report
from geo_hygiene.web.errors import InvalidParameterError
from geo_hygiene.web.parameters import FIRST_YEAR, LAST_YEAR, Parameters, Text
from geo_hygiene.web.work_page_data import chosen_areas

YEARS_OFFERED = 10
JOBS_LISTED = 5
MAPS_OF = {"lanes": "map.lanes", "drains": "map.drains", "publicity": "map.reach"}
"""The map of a mechanism."""


class ReportParameters(Parameters, extra="ignore"):
    """The year and the area of a report; without a year it is the last one that is over."""

    year: Annotated[int, Field(gt=FIRST_YEAR, lt=LAST_YEAR)] | None = None
    area: Text | None = None

    @property
    def words(self) -> dict[str, str]:
        """Return what an address says of these parameters."""
        return {name: str(value) for name, value in self.model_dump(exclude_defaults=True).items()}


@dataclass(frozen=True, kw_only=True)
class Section:
    """What a report says of one mechanism, and the figures and pictures below."""

    key: str
    title: str
    sentence: Sequence[Told]
    figures: Sequence[Figure]
    pictures: Sequence[Picture]


@dataclass(frozen=True, kw_only=True)
class ShownReport:
    """A report as a page shows it; its figures lead to what the reader may open."""

    report: Report
    pictures: Sequence[Picture]

    @property
    def is_silent(self) -> bool:
        """Tell whether nothing at all is on record."""
        return all(one.value is None for one in self.report.figures)

    @property
    def overview(self) -> Section:
        """Return what stands before the chapters."""
        return Section(
            key="overview",
            title=_("Overview"),
            sentence=self._sentence(_(OVERVIEW)),
            figures=(),
            pictures=self._drawn("plot.months", "plot.years"),
        )

    @property
    def chapters(self) -> dict[str, list[Section]]:
        """Return the mechanisms below their headings, in the order of the report."""
        return {_(heading): [self._section(key) for key in keys] for heading, keys in SECTIONS.items()}

    def _section(self, mechanism: str) -> Section:
        return Section(
            key=mechanism,
            title=_(MECHANISMS[mechanism]),
            sentence=self._sentence(_(SENTENCES[mechanism])),
            figures=self.report.by_mechanism()[mechanism],
            pictures=self._drawn(MAPS_OF.get(mechanism)),
        )

    def _sentence(self, sentence: str) -> list[Told]:
        """Return the words of a sentence, and what stands in the place of its fields."""
        pieces, at = [], 0
        for (begin, end), told in fields_told(sentence, lambda field: told_of(field, self.report, "")):
            pieces += [Told(sentence[at:begin]), told]
            at = end
        return [*pieces, Told(sentence[at:])]

    def _drawn(self, *keys: str | None) -> list[Picture]:
        return [one for one in self.pictures if one.key in keys and one.svg is not None]

    @staticmethod
    def told(figure: Figure) -> str:
        """Return the value of a figure."""
        return with_unit(figure.value, figure.unit)

    @staticmethod
    def before(figure: Figure) -> str:
        """Return the value of the year before."""
        return with_unit(figure.previous, figure.unit)

    @staticmethod
    def compared(figure: Figure) -> str:
        """Return how a figure stands beside the year before, where both are on record."""
        return "" if figure.value is None or figure.previous is None else compared(figure)

    @staticmethod
    def source(picture: Picture) -> str:
        """Return the address of a picture in itself, in which nothing can run."""
        return f"data:image/svg+xml;base64,{base64.b64encode((picture.svg or '').encode()).decode()}"


@dataclass(frozen=True, kw_only=True)
class ReportPage:
    """The page of a year, with the reports that the asker had made lately.

    Attributes
    ----------
    shown
        ``None`` where there is nothing to be shown at once; ``notice`` says why.
    is_long
        Whether it is made as a job only.
    """

    areas: dict[str, str]
    every_area: str
    year: int
    years: Sequence[int]
    notice: str | None
    is_long: bool
    shown: ShownReport | None
    jobs: Sequence[Job]
    zone: ZoneInfo

    def moment(self, at: datetime) -> str:
        """Return an instant in the time of the office."""
        return in_office(at, self.zone)

    @staticmethod
    def state_title(job: Job) -> str:
        """Return how far a job is."""
        return _(STATE_TITLES[job.state])


@dataclass(frozen=True, kw_only=True)
class ReportJobPage:
    """A report that is being made, or was."""

    job: Job
    shown: ShownReport | None

    @property
    def state(self) -> str:
        """Return how far it is."""
        return _(STATE_TITLES[self.job.state])

    @property
    def step(self) -> str:
        """Return what is done at the moment."""
        return _(jobs.STEPS.get(self.job.step or "", "")) or self.state

    @property
    def steps(self) -> dict[str, str]:
        """Return what the steps are called, for the script that follows them."""
        return {name: _(title) for name, title in jobs.STEPS.items()}

    @property
    def came_to_nothing(self) -> bool:
        """Tell whether it can be started again."""
        return self.job.state in {JobState.FAILED, JobState.CANCELLED, JobState.DIED}


def report_page(
    connection: Connection,
    asked: ReportParameters,
    within: Areas,
    permissions: Collection[Permission],
    actor: str,
    notice: str | None,
) -> ReportPage:
    """Return the page of a year within the areas to which the asker's role is limited."""
    demand_within(connection, asked.area, within)
    now = today(connection).year
    year = asked.year or now - 1
    is_long, shown = False, None
    if year > now:
        notice = _not_begun(year)
    elif _is_long(connection, year, asked.area, within):
        is_long = True
        notice = notice or _("Here are many offices: choose one, or have the report of all of them made.")
    else:
        report = answer(connection, year, asked.area, within=within)
        shown = _shown(report, draw(connection, report, within=within), permissions)
    return ReportPage(
        **chosen_areas(connection, date(year, 12, 31), asked.area, within),
        year=year,
        years=sorted({*range(now - YEARS_OFFERED + 1, now + 1), min(year, now)}, reverse=True),
        notice=notice,
        is_long=is_long,
        shown=shown,
        jobs=jobs.newest(connection, actor, within, JOBS_LISTED),
        zone=office_timezone(connection),
    )


def report_job_page(
    connection: Connection, actor: str, uuid: UUID, within: Areas, permissions: Collection[Permission]
) -> ReportJobPage:
    """Return a report of the asker that is being made, or was."""
    job = jobs.own(connection, actor, uuid, within)
    shown = _shown(*jobs.made(job), permissions) if job.state is JobState.DONE else None
    return ReportJobPage(job=job, shown=shown)


def report_file(
    connection: Connection, asked: ReportParameters, within: Areas, ending: str, address: str
) -> tuple[str, bytes]:
    """Return the name of the file and the file of a report, in a format that is written while one waits.

    Raises
    ------
    UnknownFormatError
        If the ending names no such format.
    """
    year = demanded_year(connection, asked)
    demand_within(connection, asked.area, within)
    if _is_long(connection, year, asked.area, within):
        message = _("Here are many offices: choose one, or have the report of all of them made.")
        raise InvalidParameterError("area", message)
    report = answer(connection, year, asked.area, within=within)
    with tempfile.TemporaryDirectory(prefix="geo-hygiene-report-") as folder:
        file = Path(folder) / f"report.{ending}"
        write_report(report, file, address)
        return file_name(year, asked.area, ending), file.read_bytes()


def demanded_year(connection: Connection, asked: ReportParameters) -> int:
    """Return the year that is asked for.

    Raises
    ------
    InvalidParameterError
        If it has not begun.
    """
    now = today(connection).year
    year = asked.year or now - 1
    if year > now:
        raise InvalidParameterError("year", _not_begun(year))
    return year


def file_name(year: int, area: str | None, ending: str) -> str:
    """Return what the file of a report is called."""
    return f"{'-'.join(filter(None, ('report', str(year), area)))}.{ending}"


def _not_begun(year: int) -> str:
    return _("%(year)s has not begun: there is nothing to report of it yet.", year=year)


def _is_long(connection: Connection, year: int, area: str | None, within: Areas) -> bool:
    """Tell whether a report is of so many offices that nobody waits for it before a page."""
    if area is not None or within is not EVERYWHERE:
        return False
    return len(features.offices(connection, date(year, 12, 31))) > FEW_OFFICES


def _shown(report: Report, pictures: Sequence[Picture], permissions: Collection[Permission]) -> ShownReport:
    """Return a report whose figures lead only to what somebody with these permissions may open."""
    figures = (
        one
        if one.declared.records is None or layer_of(one.declared.records).needs in permissions
        else replace(one, url=None, query=None)
        for one in report.figures
    )
    return ShownReport(report=replace(report, figures=tuple(figures)), pictures=pictures)
