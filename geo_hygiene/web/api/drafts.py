"""Drafts of plans: drawn, compared, published, and taken back before their day."""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal
from uuid import UUID

from flask import Response, jsonify
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag
from pydantic import Field, field_validator
from shapely import from_wkb, to_geojson
from sqlalchemy import Connection

from geo_hygiene.coverage.duties import DutyRecord, duty_of, today
from geo_hygiene.coverage.summary import Level
from geo_hygiene.coverage.writing import lists_of_sources
from geo_hygiene.i18n import _
from geo_hygiene.permissions import Permission
from geo_hygiene.web.access import needs
from geo_hygiene.web.answers import tagged
from geo_hygiene.web.api.draft_answers import (
    ChangesAnswer,
    CompareAnswer,
    Discarded,
    DraftAnswer,
    DraftConflict,
    DraftCoverAnswer,
    DraftPiecesAnswer,
    DraftsAnswer,
    UnseenChanges,
)
from geo_hygiene.web.api.zone_bodies import Code, DayBody, ZoneBody
from geo_hygiene.web.api.zone_editing import editor, figures
from geo_hygiene.web.connections import connections
from geo_hygiene.web.errors import PROBLEMS, problem
from geo_hygiene.web.parameters import Day, DutyAndDay, OnDay, Parameters, Text, Word
from geo_hygiene.web.preconditions import version_read
from geo_hygiene.zoning import drafts, publishing, renaming
from geo_hygiene.zoning.comparing import Plan, compare
from geo_hygiene.zoning.drafts import BaseRead, DraftRecord, DraftWords
from geo_hygiene.zoning.lists import public_list
from geo_hygiene.zoning.mistakes import StaleVersionError, UnseenChangesError
from geo_hygiene.zoning.records import duty_by_id
from geo_hygiene.zoning.showing import pieces_of
from geo_hygiene.zoning.summing import summarize_draft

ANSWERS: dict[int | str, Any] = {200: DraftAnswer, 412: DraftConflict}

blueprint = APIBlueprint(
    "drafts", __name__, url_prefix="/api/v1", abp_tags=[Tag(name="drafts")], abp_responses=PROBLEMS
)


class DraftsParameters(Parameters):
    """Whose drafts."""

    duty: Word


class DraftPath(Parameters):
    """A draft by its name or id."""

    draft: Text


class ChangesParameters(Parameters):
    """The day from which a draft would be published."""

    begin: Day = Field(alias="from")


class CompareParameters(DutyAndDay):
    """Two plans: the zones of a day, each as they are or with a draft."""

    draft: Text | None = Field(None, description="Name or id of a draft; without one what is published")
    with_on: Day | None = Field(None, description="Day of the other plan; the same when missing")
    with_draft: Text | None = Field(None, description="Draft of the other plan")
    everybody: bool = Field(default=False, description="List those too who neither gain nor lose")


class DraftCoverParameters(OnDay):
    """A day, and by what the figures are broken down."""

    by: Level | None = Field(None, description="office, community, group or lane")


class NewDraftBody(Parameters):
    """A new draft."""

    name: Text = Field(min_length=1)
    duty: Word
    on: Day = Field(description="Day over whose zones it is drawn")


class RenameBody(Parameters):
    """What a draft is to be called."""

    name: Text = Field(min_length=1)


class BaseBody(Parameters):
    """A zone of the plan, in the version that was read."""

    id: UUID
    version: int = Field(ge=1, le=10**9)


class DraftZoneBody(ZoneBody):
    """A zone as it is in a draft; what is not said stays as it is there, else as in the plan."""

    zone: Code
    ends: Literal[True] | None = Field(None, description="It ends in the draft")
    drop: Literal[True] | None = Field(None, description="It is in the draft as it is in the plan")
    person: Text | None = Field(None, description="Code of the holder; null for nobody; not said: as it is")
    base: BaseBody | None = Field(
        None,
        description="The zone of the plan over which it was drawn; null: it is new; not said: the one that holds now",
    )

    def said(self) -> DraftWords:
        """Return it as it is stored."""
        return DraftWords(
            words=self.words(),
            ends=bool(self.ends),
            drops=bool(self.drop),
            is_given="person" in self.model_fields_set,
            person=self.person,
            tells_base="base" in self.model_fields_set,
            base=None if self.base is None else BaseRead(self.base.id, self.base.version),
        )


class DraftZonesBody(Parameters):
    """Zones as they are in a draft: all are stored, or none."""

    zones: Annotated[list[DraftZoneBody], Field(min_length=1, max_length=500)]

    @field_validator("zones")
    @classmethod
    def _once(cls, zones: list[DraftZoneBody]) -> list[DraftZoneBody]:
        if len({zone.zone for zone in zones}) < len(zones):
            raise ValueError(_("Two of the codes are the same."))
        return zones


class PublishBody(DayBody):
    """From which day a draft is the plan."""

    seen: Word | None = Field(None, description="`seen` of the changes since the draft was drawn")


@blueprint.get("/drafts", summary="Drafts of a duty", responses={200: DraftsAnswer})
@needs(Permission.ZONES_WRITE)
def listed(query: DraftsParameters) -> Response:
    """Return the drafts of a duty, the newest first."""
    return jsonify(drafts=connections().read(_drafts, query.duty))


def _drafts(connection: Connection, code: str) -> list[dict[str, Any]]:
    duty = duty_of(connection, code)
    return [_public(duty, draft) for draft in drafts.all_drafts(connection, duty)]


@blueprint.post("/drafts", summary="Begin a draft", responses={200: DraftAnswer})
@needs(Permission.ZONES_WRITE)
def begin(body: NewDraftBody) -> Response:
    """Begin a draft over the zones of a day."""
    who = editor()

    def change(connection: Connection) -> DraftRecord:
        return drafts.begin(connection, who, name=body.name, duty=duty_of(connection, body.duty), plan_on=body.on)

    return _tagged(connections().write(lambda connection: _draft(connection, change(connection))))


@blueprint.get("/drafts/<draft>", summary="One draft", responses={200: DraftAnswer})
@needs(Permission.ZONES_WRITE)
def one(path: DraftPath) -> Response:
    """Return a draft with the zones that differ."""
    return _tagged(connections().read(lambda connection: _draft(connection, drafts.find_draft(connection, path.draft))))


@blueprint.post("/drafts/<draft>/zones", summary="Let zones be otherwise in a draft", responses=ANSWERS)
@needs(Permission.ZONES_WRITE)
def put_zones(path: DraftPath, body: DraftZonesBody) -> Response:
    """Let zones be otherwise in a draft, end there, or be as in the plan again; the draft's version is in If-Match."""
    said = {zone.zone: zone.said() for zone in body.zones}
    who = editor()
    return _changed(
        path, lambda connection, version: drafts.put_zones(connection, who, path.draft, said, version=version)
    )


@blueprint.get("/drafts/<draft>/cover", summary="The figures of a day with a draft", responses={200: DraftCoverAnswer})
@needs(Permission.ZONES_WRITE)
def cover(path: DraftPath, query: DraftCoverParameters) -> Response:
    """Return the figures of a day with a draft, and by how much they differ from what is published."""
    return jsonify(connections().read(_cover, path, query))


def _cover(connection: Connection, path: DraftPath, query: DraftCoverParameters) -> dict[str, Any]:
    draft = drafts.find_draft(connection, path.draft)
    on = query.on or draft.plan_on
    found = summarize_draft(connection, draft, on, query.by)
    return {**found.as_json(), "changed": figures(found.duty, drafts.difference_of(connection, draft, on))}


@blueprint.get("/drafts/<draft>/pieces", summary="What a draft touches", responses={200: DraftPiecesAnswer})
@needs(Permission.ZONES_WRITE)
def pieces(path: DraftPath, query: OnDay) -> Response:
    """Return the targets that a draft touches as GeoJSON, cut into pieces of one state each."""
    return jsonify(type="FeatureCollection", features=connections().read(_pieces, path, query))


def _pieces(connection: Connection, path: DraftPath, query: OnDay) -> list[dict[str, Any]]:
    draft = drafts.find_draft(connection, path.draft)
    return pieces_of(connection, draft, query.on or draft.plan_on)


@blueprint.get("/drafts/<draft>/changes", summary="What changed under a draft", responses={200: ChangesAnswer})
@needs(Permission.ZONES_WRITE)
def changes(path: DraftPath, query: ChangesParameters) -> Response:
    """Return the zones and targets that changed since a draft was drawn, up to the day of its publication."""
    return jsonify(
        connections().read(
            lambda connection: publishing.changes_since(
                connection, drafts.find_draft(connection, path.draft), query.begin
            )
        )
    )


@blueprint.post("/drafts/<draft>/publish", summary="Publish a draft", responses={**ANSWERS, 409: UnseenChanges})
@needs(Permission.ZONES_WRITE)
def publish(path: DraftPath, body: PublishBody) -> Response:
    """Let a draft be the plan from a day on."""
    who = editor()
    try:
        return _changed(
            path,
            lambda connection, version: publishing.publish(
                connection, who, path.draft, version=version, start=body.begin, seen=body.seen
            ),
        )
    except UnseenChangesError as error:
        return problem(409, str(error), more={"changes": error.changes})


@blueprint.post("/drafts/<draft>/take-back", summary="Take a publication back", responses=ANSWERS)
@needs(Permission.ZONES_WRITE)
def take_back(path: DraftPath) -> Response:
    """Let the plan be as before a draft was published whose day has not come yet."""
    who = editor()
    return _changed(
        path, lambda connection, version: publishing.take_back(connection, who, path.draft, version=version)
    )


@blueprint.post("/drafts/<draft>/rename", summary="Give a draft another name", responses=ANSWERS)
@needs(Permission.ZONES_WRITE)
def rename(path: DraftPath, body: RenameBody) -> Response:
    """Give a draft that is not published another name; its version is in If-Match."""
    who = editor()
    return _changed(
        path, lambda connection, version: renaming.rename(connection, who, path.draft, body.name, version=version)
    )


@blueprint.post("/drafts/<draft>/discard", summary="Delete a draft", responses={200: Discarded, 412: DraftConflict})
@needs(Permission.ZONES_WRITE)
def discard(path: DraftPath) -> Response:
    """Delete a draft that is not published; its version is in If-Match."""
    who, version = editor(), version_read()
    try:
        gone = connections().write(drafts.discard, who, path.draft, version=version)
    except StaleVersionError as error:
        return _stale(path, error, version)
    return jsonify(id=str(gone.uuid), name=gone.name)


@blueprint.get("/plans/compare", summary="Two plans by difference", responses={200: CompareAnswer})
@needs(Permission.ZONES_WRITE)
def compared(query: CompareParameters) -> Response:
    """Return who gains and who loses from one plan to another, and how many metres change hands."""
    return jsonify(connections().read(_compare, query))


def _compare(connection: Connection, query: CompareParameters) -> dict[str, Any]:
    duty, on = duty_of(connection, query.duty), query.on or today(connection)
    first, second = (
        Plan(day, None if name is None else drafts.draft_of_duty(connection, duty, name))
        for day, name in ((on, query.draft), (query.with_on or on, query.with_draft))
    )
    return compare(connection, duty, first, second, everybody=query.everybody)


def _changed(path: DraftPath, change: Any) -> Response:
    """Store a change of the version that the asker read; where that is no longer the newest, show that one."""
    version = version_read()
    try:
        return _tagged(connections().write(lambda connection: _draft(connection, change(connection, version))))
    except StaleVersionError as error:
        return _stale(path, error, version)


def _stale(path: DraftPath, error: StaleVersionError, version: int) -> Response:
    current = connections().read(lambda connection: _draft(connection, drafts.find_draft(connection, path.draft)))
    return problem(412, str(error), more={"current": current, "yours": {"version": version}})


def _tagged(answer: dict[str, Any]) -> Response:
    return tagged(jsonify(answer), str(answer["version"]), weak=False)


def _public(duty: DutyRecord, draft: DraftRecord) -> dict[str, Any]:
    return {
        "id": str(draft.uuid),
        "name": draft.name,
        "duty": duty.code,
        "on": draft.plan_on.isoformat(),
        "maker": draft.maker,
        "began_at": draft.began_at.isoformat(),
        "published_from": None if draft.published_from is None else draft.published_from.isoformat(),
        "version": draft.version,
    }


def _draft(connection: Connection, draft: DraftRecord) -> dict[str, Any]:
    duty = duty_by_id(connection, draft.duty_id)
    zones = drafts.zones_of(connection, draft)
    lists = lists_of_sources(connection, [zone.source_id for zone in zones if zone.source_id is not None])
    people = drafts.codes_of(connection, [person for zone in zones for person in zone.person_ids or ()])
    return {
        **_public(duty, draft),
        "zones": [
            {
                "code": zone.code,
                "name": zone.name,
                "shift": zone.shift,
                "ends": zone.source_id is None,
                "holders": None if zone.person_ids is None else [people[person] for person in zone.person_ids],
                "base": None if zone.base_uuid is None else str(zone.base_uuid),
                "base_version": zone.base_version,
                "picture": None if zone.picture is None else json.loads(to_geojson(from_wkb(zone.picture))),
                "segments": [] if zone.source_id is None else public_list(connection, lists[zone.source_id]),
            }
            for zone in zones
        ],
    }
