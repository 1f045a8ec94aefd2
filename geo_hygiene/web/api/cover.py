"""What a duty covers, what nobody does, and who looks after one target."""

from __future__ import annotations

from typing import Any

from flask import Response, jsonify
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag
from pydantic import Field
from sqlalchemy import Connection

from geo_hygiene import features
from geo_hygiene.coverage import questions, summary, versions
from geo_hygiene.coverage.along import along as cover_along
from geo_hygiene.coverage.duties import duty_of, today
from geo_hygiene.coverage.junctions import with_lanes
from geo_hygiene.layers import layer_of
from geo_hygiene.permissions import EVERYWHERE, Areas, Permission
from geo_hygiene.web.access import areas_of, demand, needs
from geo_hygiene.web.answers import entity_tag, not_modified, tagged, unchanged
from geo_hygiene.web.api.answer_models import AlongAnswer, CoverAnswer, GapsAnswer, PiecesAnswer, TargetAnswer
from geo_hygiene.web.connections import connections
from geo_hygiene.web.errors import PROBLEMS
from geo_hygiene.web.language import current_tag
from geo_hygiene.web.parameters import DutyAndDay, Limit, OnDay, PageKey, Parameters, State, Text, Word

blueprint = APIBlueprint("cover", __name__, url_prefix="/api/v1", abp_tags=[Tag(name="cover")], abp_responses=PROBLEMS)


class CoverParameters(DutyAndDay):
    """A duty, a day, and by what the figures are broken down."""

    by: summary.Level | None = Field(None, description="office, community, group, lane or person")
    limit: Limit | None = Field(None, description="Rows of a page; all when missing")
    after: Text | None = Field(None, description="`next` of the page before: the code of its last row")


class GapsParameters(DutyAndDay):
    """A page of gaps."""

    limit: Limit = 100
    after: PageKey | None = Field(None, description="`next` of the page before")


class PiecesParameters(GapsParameters):
    """A page of pieces, of those that fit all filters."""

    state: State | None = None
    zone: Text | None = Field(None, description="Code of a zone, or a part of its name")
    person: Text | None = Field(None, description="Code of a holder, or a part of the name")
    community: Text | None = Field(None, description="Code of a community")
    group: Text | None = Field(None, description="Code of a resident group")
    lane: Text | None = Field(None, description="Code of a lane, or a part of its name")
    sort: questions.Order = Field(questions.Order.LENGTH, description="Longest first, or by lane and along it")

    def wanted(self, within: Areas) -> questions.PieceFilter:
        """Return the filters; people are looked for within some areas."""
        return questions.PieceFilter(
            state=self.state,
            zone=self.zone,
            person=self.person,
            community=self.community,
            group=self.group,
            lane=self.lane,
            within=within,
        )


class AlongParameters(DutyAndDay):
    """A lane or drain."""

    lane: Text = Field(description="Code or id of a lane, or of a drain for the duty of drains")


class TargetPath(Parameters):
    """A target by its layer and id."""

    kind: Word = Field(description="Layer key")
    id: Text = Field(description="Id, or the code that holds on the day")


@blueprint.get("/cover", summary="How a duty is covered", responses={200: CoverAnswer})
@needs(Permission.MAP_READ)
def cover(query: CoverParameters) -> Response:
    """Return the figures of a duty on a day, in all and broken down."""
    if query.by is summary.Level.PERSON:
        demand(Permission.PEOPLE_READ)
    tag, answer = connections().read(_cover, query, areas_of(Permission.PEOPLE_READ))
    return not_modified(tag) if answer is None else tagged(jsonify(answer), tag)


def _cover(connection: Connection, query: CoverParameters, within: Areas) -> tuple[str, dict[str, Any] | None]:
    duty = duty_of(connection, query.duty)
    on = query.on or today(connection)
    subjects = [f"duty:{duty.code}", duty.target_kind, "areas", "people", "duty-zones"]
    people = within if query.by is summary.Level.PERSON else EVERYWHERE
    seen = None if people is None else sorted(people)
    limit = query.limit or (GapsParameters.model_fields["limit"].default if query.after else None)
    asked = (duty.code, on, query.by, limit, query.after)
    tag = entity_tag(*asked, current_tag(), versions.current(connection, subjects), seen)
    if unchanged(tag):
        return tag, None
    found = summary.summarize(connection, duty, on, query.by, within=people, limit=limit, after=query.after)
    return tag, found.as_json()


@blueprint.get("/cover/gaps", summary="What nobody covers", responses={200: GapsAnswer})
@needs(Permission.MAP_READ)
def gaps(query: GapsParameters) -> Response:
    """Return gaps of a metre or more, longest first."""
    return jsonify(connections().read(_gaps, query))


def _gaps(connection: Connection, query: GapsParameters) -> dict[str, Any]:
    duty, on = duty_of(connection, query.duty), query.on or today(connection)
    page = questions.gaps(connection, duty, on, limit=query.limit, after=query.after)
    total = questions.gap_count(connection, duty, on) if query.after is None else None
    rows = with_lanes(connection, duty.layer, on, page.rows)
    return {"duty": duty.code, "on": on.isoformat(), "total": total, "gaps": rows, "next": page.next}


@blueprint.get("/cover/pieces", summary="Targets in pieces of one state", responses={200: PiecesAnswer})
@needs(Permission.MAP_READ)
def pieces(query: PiecesParameters) -> Response:
    """Return pieces of a metre or more that fit all filters."""
    if query.person is not None:
        demand(Permission.PEOPLE_READ)
    return jsonify(connections().read(_pieces, query, areas_of(Permission.PEOPLE_READ)))


def _pieces(connection: Connection, query: PiecesParameters, within: Areas) -> dict[str, Any]:
    duty, on = duty_of(connection, query.duty), query.on or today(connection)
    page = questions.pieces(
        connection, duty, on, wanted=query.wanted(within), order=query.sort, limit=query.limit, after=query.after
    )
    return {"duty": duty.code, "on": on.isoformat(), "pieces": page.rows, "next": page.next}


@blueprint.get("/cover/along", summary="One lane or drain from end to end", responses={200: AlongAnswer})
@needs(Permission.MAP_READ)
def along(query: AlongParameters) -> Response:
    """Return who looks after a lane or drain, in the order in which one walks it."""
    return jsonify(connections().read(_along, query))


def _along(connection: Connection, query: AlongParameters) -> dict[str, Any]:
    return cover_along(connection, duty_of(connection, query.duty), query.on or today(connection), query.lane)


@blueprint.get("/targets/<kind>/<id>/cover", summary="Who looks after a target", responses={200: TargetAnswer})
@needs(Permission.MAP_READ)
def target_cover(path: TargetPath, query: OnDay) -> Response:
    """Return a target with the chain of every duty over each of its stretches."""
    return jsonify(connections().read(_target_cover, path, query))


def _target_cover(connection: Connection, path: TargetPath, query: OnDay) -> dict[str, Any]:
    return features.target_cover(connection, layer_of(path.kind), path.id, query.on or today(connection))
