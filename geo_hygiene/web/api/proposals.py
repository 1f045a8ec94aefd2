"""Proposals of zones: asked for as a job, put into a draft as another."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Any, Literal

from flask import Response, jsonify
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag
from pydantic import Field
from sqlalchemy import Connection

from geo_hygiene.coverage.duties import duty_of, today
from geo_hygiene.jobs import store
from geo_hygiene.jobs.store import Job
from geo_hygiene.permissions import Permission
from geo_hygiene.web.access import needs
from geo_hygiene.web.api.answer_models import JobAnswer, ProposalsAnswer
from geo_hygiene.web.api.jobs import JobPath, told
from geo_hygiene.web.api.zone_bodies import Code
from geo_hygiene.web.api.zone_editing import editor
from geo_hygiene.web.connections import connections
from geo_hygiene.web.errors import PROBLEMS
from geo_hygiene.web.parameters import Day, Parameters, Spoken, Text, Word
from geo_hygiene.zoning import proposal_jobs
from geo_hygiene.zoning.barriers import Barrier
from geo_hygiene.zoning.sharing import Borders, Wishes

MOST_ZONES = 20_000
LISTED = 10

Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]

blueprint = APIBlueprint(
    "proposals", __name__, url_prefix="/api/v1", abp_tags=[Tag(name="zones")], abp_responses=PROBLEMS
)


class ProposalBody(Parameters):
    """What a proposal should be like."""

    duty: Word
    count: Annotated[int, Field(ge=1, le=MOST_ZONES)] = Field(description="How many zones, the locked ones among them")
    on: Day | None = Field(None, description="Day whose targets and zones count; today when missing")
    within: Code | None = Field(None, description="Code of an area; without one everywhere")
    tolerance: Share = Field(0.05, description="By what share of the mean a zone may have more to do")
    borders: Literal["hard", "soft", "none"] = "soft"
    keep: Share | None = Field(None, description="At least this share of what zones hold stays with them")
    lock: Annotated[list[Code], Field(max_length=MOST_ZONES)] = Field([], description="Zones that stay as they are")
    barriers: Annotated[list[Literal["river", "main-road"]], Field(max_length=len(Barrier))] = Field(
        [], description="What no zone reaches across"
    )

    def wishes(self) -> Wishes:
        """Return them as they are worked with below."""
        return Wishes(
            count=self.count,
            tolerance=self.tolerance,
            area=self.within,
            borders=Borders(self.borders),
            keep=self.keep,
            locked=frozenset(self.lock),
            barriers=frozenset(map(Barrier, self.barriers)),
        )


class AdoptBody(Parameters):
    """The draft that is to hold it."""

    name: Text = Field(min_length=1)


@blueprint.post("/zones/propose", summary="Ask for a proposal of zones", responses={202: JobAnswer})
@needs(Permission.ZONES_WRITE)
def propose(body: ProposalBody) -> Response:
    """Share a duty out among so many zones: as a job, whose result is the proposal; nothing else is stored."""
    who = editor()

    def ask(connection: Connection) -> Job:
        duty, on = duty_of(connection, body.duty), body.on or today(connection)
        return proposal_jobs.ask(connection, who.actor, duty, on, body.wishes(), who.within)

    return _accepted(connections().write(ask))


@blueprint.get("/proposals", summary="Own proposals", responses={200: ProposalsAnswer})
@needs(Permission.ZONES_WRITE)
def proposals(query: Spoken) -> Response:  # noqa: ARG001 - other parameters are refused
    """Return the jobs of the proposals that the asker asked for, the newest first, without their results."""
    found = connections().read(proposal_jobs.newest, editor().actor, LISTED)
    return jsonify(jobs=[told(job) | {"asked": _asked(job)} for job in found])


@blueprint.post("/proposals/<job>/adopt", summary="Put a proposal into a draft", responses={202: JobAnswer})
@needs(Permission.ZONES_WRITE)
def adopt(path: JobPath, body: AdoptBody) -> Response:
    """Begin a draft with the zones that a proposal changes: as a job, whose result names the draft."""
    who = editor()
    return _accepted(connections().write(proposal_jobs.ask_to_adopt, who.actor, path.job, body.name, who.within))


@blueprint.post("/proposals/<job>/cancel", summary="End a proposal", responses={200: JobAnswer})
@needs(Permission.ZONES_WRITE)
def cancel(path: JobPath) -> Response:
    """Let a job about proposals end soon; nothing of it is stored."""
    actor = editor().actor

    def end(connection: Connection) -> Job:
        return store.ask_to_cancel(connection, proposal_jobs.own(connection, actor, path.job).uuid)

    return jsonify(told(connections().write(end)))


def _asked(job: Job) -> dict[str, Any]:
    return {name: job.parameters[name] for name in ("duty", "on", "count")}


def _accepted(job: Job) -> Response:
    answer = jsonify(told(job))
    answer.status_code = HTTPStatus.ACCEPTED
    return answer
