"""How long work takes by the work model, and how it is spread over people and zones."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import Response, jsonify
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag
from pydantic import Field
from sqlalchemy import Connection

from geo_hygiene.coverage import versions
from geo_hygiene.coverage.duties import duty_of, today
from geo_hygiene.layers.tables import WORK_RULES
from geo_hygiene.permissions import Areas, Permission
from geo_hygiene.web.access import areas_of, demand, needs
from geo_hygiene.web.answers import entity_tag, not_modified, tagged, unchanged
from geo_hygiene.web.api.workload_answers import RulesAnswer, WorkloadAnswer
from geo_hygiene.web.connections import connections
from geo_hygiene.web.errors import PROBLEMS
from geo_hygiene.web.language import current_tag
from geo_hygiene.web.parameters import DutyAndDay, Limit, OnDay, Text
from geo_hygiene.zoning.drafts import draft_of_duty
from geo_hygiene.zoning.work_rules import rules_of
from geo_hygiene.zoning.workloads import By, loads_of_burdens, workloads

blueprint = APIBlueprint(
    "workload", __name__, url_prefix="/api/v1", abp_tags=[Tag(name="work model")], abp_responses=PROBLEMS
)


FOLLOWED = ("areas", "people", "assignments", "duty-zones", "septic-tanks", WORK_RULES.key)
"""What the answers depend on beside the duty and its targets."""


class WorkloadParameters(DutyAndDay):
    """A duty, a day, whose work, and a page of them; with a draft the day is its own when none is named."""

    by: By = Field(By.PERSON, description="person or zone")
    within: Text | None = Field(None, description="Code of an area: those whose work is mostly there")
    draft: Text | None = Field(None, description="Name or id of a draft: as it would be with it, beside the plan")
    limit: Limit = 100
    after: Text | None = Field(None, description="`next` of the page before: the code of its last row")


@blueprint.get("/workload", summary="How work is spread", responses={200: WorkloadAnswer})
@needs(Permission.PEOPLE_READ)
def spread(query: WorkloadParameters) -> Response:
    """Return how many minutes a day each has to do, whoever has most first, and how they are spread."""
    if query.draft is not None:
        demand(Permission.ZONES_WRITE)
    tag, answer = connections().read(_spread, query, areas_of(Permission.PEOPLE_READ))
    return not_modified(tag) if answer is None else tagged(jsonify(answer), tag)


def _spread(connection: Connection, query: WorkloadParameters, within: Areas) -> tuple[str, dict[str, Any] | None]:
    duty = duty_of(connection, query.duty)
    subjects = [f"duty:{duty.code}", duty.target_kind, *FOLLOWED]
    draft = None if query.draft is None else draft_of_duty(connection, duty, query.draft)
    asked = query.model_dump(mode="json") | {"on": query.on or today(connection)}
    seen = None if within is None else sorted(within)
    state = (versions.current(connection, subjects), None if draft is None else (draft.id, draft.version))
    tag = entity_tag(asked, current_tag(), seen, state)
    if unchanged(tag):
        return tag, None
    found, published = workloads(connection, duty, query.on, query.by, draft=draft, area=query.within, within=within)
    rows, after = found.page(query.after, query.limit)
    loads = loads_of_burdens(connection, duty, found.on, rows)
    return tag, found.as_json(rows, loads, published, after)


@blueprint.get("/work-rules", summary="The work model", responses={200: RulesAnswer})
@needs(Permission.MAP_READ)
def rules(query: OnDay) -> Response:
    """Return the rules that hold on a day: minutes each time, and how often."""
    return jsonify(connections().read(_rules, query.on))


def _rules(connection: Connection, on: date | None) -> dict[str, Any]:
    day = on or today(connection)
    return {"on": day.isoformat(), "rules": [rule.as_json() for rule in rules_of(connection) if rule.holds_on(day)]}
