"""Zones are changed here: each change names the version that it changes, and is answered with what it does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Response, jsonify
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag
from pydantic import BaseModel
from sqlalchemy import Connection

from geo_hygiene import features
from geo_hygiene.coverage.duties import DutyRecord, duty_of, today
from geo_hygiene.coverage.otherwise import Difference
from geo_hygiene.permissions import Permission
from geo_hygiene.web.access import areas_of, asker, needs
from geo_hygiene.web.answers import tagged
from geo_hygiene.web.api.answer_models import HistoryAnswer, ZoneConflict, ZonesChanged
from geo_hygiene.web.api.records import ZonePath
from geo_hygiene.web.api.zone_bodies import (
    AssignBody,
    ChangeBody,
    DayBody,
    MergeBody,
    NewZoneBody,
    SplitBody,
    UndoBody,
)
from geo_hygiene.web.connections import connections
from geo_hygiene.web.errors import PROBLEMS, problem
from geo_hygiene.web.preconditions import zone_read, zone_tag
from geo_hygiene.zoning import editing, holding, parting, undoing
from geo_hygiene.zoning.editing import Change
from geo_hygiene.zoning.mistakes import StaleVersionError
from geo_hygiene.zoning.records import Editor, name_read

ANSWERS: dict[int | str, Any] = {200: ZonesChanged, 412: ZoneConflict}

blueprint = APIBlueprint(
    "zone_editing", __name__, url_prefix="/api/v1", abp_tags=[Tag(name="zones")], abp_responses=PROBLEMS
)


def editor() -> Editor:
    """Return who changes zones."""
    return Editor(asker().email, areas_of(Permission.ZONES_WRITE))


@blueprint.post("/zones", summary="Make a zone", responses={200: ZonesChanged})
@needs(Permission.ZONES_WRITE)
def create(body: NewZoneBody) -> Response:
    """Make a zone; one that is sent twice is made once."""
    return _stored(
        lambda connection: editing.create(
            connection,
            editor(),
            duty=duty_of(connection, body.duty),
            code=body.code,
            uuid=body.id,
            valid_from=body.valid_from,
            valid_to=body.valid_to,
            words=body.words(),
        )
    )


@blueprint.post("/zones/<zone>", summary="Change a zone", responses=ANSWERS)
@needs(Permission.ZONES_WRITE)
def change(path: ZonePath, body: ChangeBody) -> Response:
    """Let a zone be otherwise from a day on, or correct it; the version is named in If-Match."""
    return _changed(
        path,
        body,
        lambda connection, name, version: editing.change(
            connection, editor(), name, version=version, start=body.start(), words=body.words()
        ),
    )


@blueprint.post("/zones/<zone>/end", summary="End a zone", responses=ANSWERS)
@needs(Permission.ZONES_WRITE)
def end(path: ZonePath, body: DayBody) -> Response:
    """Let a zone hold no longer from a day on."""
    return _changed(
        path,
        body,
        lambda connection, name, version: editing.end(connection, editor(), name, version=version, day=body.begin),
    )


@blueprint.post("/zones/<zone>/split", summary="Split a zone by a line", responses=ANSWERS)
@needs(Permission.ZONES_WRITE)
def split(path: ZonePath, body: SplitBody) -> Response:
    """Cut a zone by a line from a day on: the largest part stays the zone."""
    return _changed(
        path,
        body,
        lambda connection, name, version: parting.split(
            connection,
            editor(),
            name,
            version=version,
            start=body.begin,
            line=body.line.read("line"),
            codes=body.codes,
        ),
    )


@blueprint.post("/zones/<zone>/merge", summary="Let a zone take over another", responses=ANSWERS)
@needs(Permission.ZONES_WRITE)
def merge(path: ZonePath, body: MergeBody) -> Response:
    """Let a zone take over the ground of another one from a day on."""
    return _changed(
        path,
        body,
        lambda connection, name, version: parting.merge(
            connection,
            editor(),
            name,
            version=version,
            start=body.begin,
            other=body.zone,
            other_version=body.version,
        ),
    )


@blueprint.post("/zones/<zone>/assign", summary="Give a zone to somebody", responses=ANSWERS)
@needs(Permission.ZONES_WRITE)
def assign(path: ZonePath, body: AssignBody) -> Response:
    """Let somebody, or nobody, hold a zone in a time."""
    return _changed(
        path,
        body,
        lambda connection, name, version: holding.assign(
            connection,
            editor(),
            name,
            version=version,
            person=body.person,
            start=body.begin,
            end=body.end,
            shift=body.shift,
        ),
    )


@blueprint.post("/zones/<zone>/undo", summary="Let a zone be as it was", responses=ANSWERS)
@needs(Permission.ZONES_WRITE)
def undo(path: ZonePath, body: UndoBody) -> Response:
    """Let a zone be as it was in an earlier version, as its next one."""
    return _changed(
        path,
        body,
        lambda connection, name, version: undoing.undo(connection, editor(), name, version=version, to=body.version),
    )


@blueprint.get("/zones/<zone>/history", summary="Former versions of a zone", responses={200: HistoryAnswer})
@needs(Permission.ZONES_WRITE)
def history(path: ZonePath) -> Response:
    """Return the versions of a zone that were superseded, the newest first."""
    return jsonify(versions=connections().read(undoing.versions_of, path.zone))


def figures(duty: DutyRecord, difference: Difference) -> dict[str, Any]:
    """Return the figures of the targets that a change touches, as they were and as they are; and what it makes."""
    before, after = difference.before.amounts(duty), difference.after.amounts(duty)
    makes = {name: round(after[name] - before[name], 3) for name in ("covered", "gap", "overlap", "vacant")}
    return {"before": before, "after": after, "makes": makes}


def _changed(path: ZonePath, body: BaseModel, change: Callable[[Connection, str, int], Change]) -> Response:
    """Store a change of the version that the asker read; where that is no longer the newest, answer with both."""
    version, uuid = zone_read()
    try:
        return _stored(lambda connection: change(connection, name_read(connection, path.zone, uuid), version))
    except StaleVersionError as error:
        yours = {"version": version, **body.model_dump(mode="json", by_alias=True, exclude_none=True)}
        more = {"current": connections().read(_feature, path.zone), "yours": yours}
        return problem(412, str(error), more=more)


def _stored(change: Callable[[Connection], Change]) -> Response:
    """Store a change; the answer's tag names the version of its first zone."""
    answer = connections().write(lambda connection: _told(connection, change(connection)))
    response = jsonify(answer)
    if answer["zones"]:
        first = answer["zones"][0]
        return tagged(response, zone_tag(first), weak=False)
    return response


def _told(connection: Connection, change: Change) -> dict[str, Any]:
    zones = [features.zone_feature(connection, str(uuid), change.on) for uuid in change.zones]
    return {
        "duty": change.duty.code,
        "on": change.on.isoformat(),
        "zones": zones,
        **figures(change.duty, change.difference),
    }


def _feature(connection: Connection, name: str) -> dict[str, Any]:
    return features.zone_feature(connection, name, today(connection))
