"""The pages of the annual report: its figures and what they rest on, and the report as files, made as a job."""

from __future__ import annotations

import io
from http import HTTPStatus
from uuid import UUID

from flask import Blueprint, Response, render_template, request, send_file, url_for
from sqlalchemy import Connection

from geo_hygiene.jobs import store
from geo_hygiene.jobs.store import Job
from geo_hygiene.permissions import Areas, Permission
from geo_hygiene.reports.annual import jobs
from geo_hygiene.reports.hand_over import WORKBOOK
from geo_hygiene.web import report_page_data as data
from geo_hygiene.web.access import areas_of, job_actor, needs, viewer
from geo_hygiene.web.connections import connections
from geo_hygiene.web.page_data import readable

KINDS = {
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "pdf": "application/pdf",
    "xlsx": WORKBOOK,
    "md": "text/markdown",
    "json": "application/json",
}
"""Types of the files by their endings."""

blueprint = Blueprint("reports", __name__)


@blueprint.get("/reports")
@needs(Permission.WORKS_READ)
def show_report() -> str:
    """Show a year: each figure with what it means and a way to its records."""
    asked, notice = readable(data.ReportParameters, request.args.to_dict())
    within = areas_of(Permission.WORKS_READ)
    found = connections().read(data.report_page, asked, within, viewer().permissions, job_actor(), notice)
    return render_template("reports.html", page="reports", found=found, asked=asked)


@blueprint.get("/reports/annual.<ending>")
@needs(Permission.WORKS_READ)
def give_report(ending: str) -> Response:
    """Give a year as a workbook, Markdown or JSON."""
    asked = data.ReportParameters.model_validate(request.args.to_dict())
    within = areas_of(Permission.WORKS_READ)
    return _file(*connections().read(data.report_file, asked, within, ending, _address()))


@blueprint.post("/reports/jobs")
@needs(Permission.WORKS_READ)
def ask_for_report() -> Response:
    """Have a report made in every format."""
    asked = data.ReportParameters.model_validate(request.form.to_dict())
    return _to_job(connections().write(_ask, asked, areas_of(Permission.WORKS_READ)))


def _ask(connection: Connection, asked: data.ReportParameters, within: Areas) -> Job:
    wanted = jobs.AskedReport(
        year=data.demanded_year(connection, asked),
        area=asked.area,
        within=None if within is None else sorted(within),
        address=_address(),
    )
    return jobs.ask(connection, job_actor(), wanted)


@blueprint.get("/reports/jobs/<uuid:job>")
@needs(Permission.WORKS_READ)
def show_job(job: UUID) -> str:
    """Show how far a report is, or the report."""
    within = areas_of(Permission.WORKS_READ)
    found = connections().read(data.report_job_page, job_actor(), job, within, viewer().permissions)
    return render_template("report_job.html", page="reports", found=found, formats=jobs.FORMATS)


@blueprint.get("/reports/jobs/<uuid:job>/annual.<ending>")
@needs(Permission.WORKS_READ)
def give_made(job: UUID, ending: str) -> Response:
    """Give a report that was made as a file."""
    made = _own(job)
    name = data.file_name(made.parameters["year"], made.parameters["area"], ending)
    return _file(name, jobs.file_of(made, ending))


@blueprint.post("/reports/jobs/<uuid:job>/cancel")
@needs(Permission.WORKS_READ)
def cancel(job: UUID) -> Response:
    """Stop the making of a report."""
    return _to_job(connections().write(store.ask_to_cancel, _own(job).uuid))


@blueprint.post("/reports/jobs/<uuid:job>/again")
@needs(Permission.WORKS_READ)
def start_again(job: UUID) -> Response:
    """Start once more what came to no result."""
    return _to_job(connections().write(store.again, _own(job).uuid, actor=job_actor()))


def _own(job: UUID) -> Job:
    return connections().read(jobs.own, job_actor(), job, areas_of(Permission.WORKS_READ))


def _address() -> str:
    """Return under which people open the pages."""
    return request.host_url.rstrip("/")


def _file(name: str, content: bytes) -> Response:
    kind = KINDS[name.rpartition(".")[2]]
    return send_file(io.BytesIO(content), mimetype=kind, as_attachment=True, download_name=name)


def _to_job(job: Job) -> Response:
    return Response(status=HTTPStatus.SEE_OTHER, headers={"Location": url_for("reports.show_job", job=job.uuid)})
