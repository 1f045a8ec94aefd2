"""Long work: how far it is."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from typing import Any
from uuid import UUID

from flask import Response, jsonify
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag
from sqlalchemy import Connection

from geo_hygiene.jobs.store import Job, UnknownJobError
from geo_hygiene.permissions import Permission
from geo_hygiene.reports.annual import jobs as report_jobs
from geo_hygiene.web.access import areas_of, demand, job_actor, needs, viewer
from geo_hygiene.web.api.answer_models import JobAnswer
from geo_hygiene.web.connections import connections
from geo_hygiene.web.errors import PROBLEMS
from geo_hygiene.web.import_page_data import seen_job
from geo_hygiene.web.parameters import Parameters, Spoken
from geo_hygiene.zoning import proposal_jobs

DRAWN = frozenset({"preview", "columns"}) | report_jobs.KEPT_PARTS
"""Parts of a result that only its page shows."""

blueprint = APIBlueprint("jobs", __name__, url_prefix="/api/v1", abp_tags=[Tag(name="jobs")], abp_responses=PROBLEMS)


class JobPath(Parameters):
    """A job by its id."""

    job: UUID


@blueprint.get("/jobs/<job>", summary="Long work", responses={200: JobAnswer})
@needs(Permission.MAP_READ)
def job(path: JobPath, query: Spoken) -> Response:  # noqa: ARG001 - other parameters are refused
    """Return how far a job is, and what came of it."""
    return jsonify(told(connections().read(_seen, path.job)))


def _seen(connection: Connection, uuid: UUID) -> Job:
    """Return a proposal or report for whoever asked for it, an import for those who may import."""
    account = viewer().account
    if account is not None and viewer().may(Permission.ZONES_WRITE):
        with suppress(UnknownJobError):
            return proposal_jobs.own(connection, account.email, uuid)
    if viewer().may(Permission.WORKS_READ):
        with suppress(UnknownJobError):
            return report_jobs.own(connection, job_actor(), uuid, areas_of(Permission.WORKS_READ))
    demand(Permission.DATA_IMPORT)
    return seen_job(connection, uuid, viewer())


def told(one: Job) -> dict[str, Any]:
    """Return the public form of a job."""
    result = None if one.result is None else {name: part for name, part in one.result.items() if name not in DRAWN}
    return {
        "id": str(one.uuid),
        "kind": one.kind,
        "state": one.state.value,
        "step": one.step,
        "done": one.done,
        "total": one.total,
        "actor": one.actor,
        "created_at": one.created_at.isoformat(),
        "began_at": _instant(one.began_at),
        "ended_at": _instant(one.ended_at),
        "cancel_asked": one.cancel_asked_at is not None,
        "reason": one.reason,
        "result": result,
    }


def _instant(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()
