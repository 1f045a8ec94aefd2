"""Tanks, streets and drains are changed by hand: a change names its version and is answered with what it does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from flask import Response, jsonify
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag
from pydantic import BaseModel, Field
from sqlalchemy import Connection

from geo_hygiene.assets import acts, groups, undoing
from geo_hygiene.assets.acts import AssetChange
from geo_hygiene.assets.outcome import DutyOutcome
from geo_hygiene.assets.records import asset_layer, assets_around, features_of, find_asset, name_read
from geo_hygiene.coverage.duties import today
from geo_hygiene.permissions import Permission
from geo_hygiene.web.access import areas_of, asker, needs
from geo_hygiene.web.answers import not_modified, tagged, unchanged
from geo_hygiene.web.api.asset_answers import (
    AssetConflict,
    AssetFeature,
    AssetsAround,
    AssetsChanged,
    GroupAnswer,
    GroupChanged,
    UndoneAnswer,
)
from geo_hygiene.web.api.asset_bodies import (
    AssetBody,
    EndAssetBody,
    JoinAssetBody,
    NewAssetBody,
    RenameBody,
    SplitAssetBody,
)
from geo_hygiene.web.api.zone_bodies import Latitude, Longitude
from geo_hygiene.web.connections import connections
from geo_hygiene.web.errors import PROBLEMS, problem
from geo_hygiene.web.parameters import OnDay, Parameters, Text, Word
from geo_hygiene.web.preconditions import target_read, target_tag, version_read
from geo_hygiene.zoning.mistakes import StaleVersionError
from geo_hygiene.zoning.records import Editor

ANSWERS: dict[int | str, Any] = {200: AssetsChanged, 412: AssetConflict}

FIGURES = ("total", "covered", "gap", "overlap", "vacant")

blueprint = APIBlueprint(
    "assets", __name__, url_prefix="/api/v1", abp_tags=[Tag(name="targets")], abp_responses=PROBLEMS
)


class KindPath(Parameters):
    """The key of a layer of what is looked after."""

    kind: Word


class AssetPath(KindPath):
    """One record of a layer by its id or code."""

    id: Text


class GroupPath(Parameters):
    """A lane or drain by its id or code."""

    groups: Word
    group: Text


class NumberPath(Parameters):
    """A change by its number."""

    number: Annotated[int, Field(ge=1, le=2**31 - 1)]


class BoxParameters(OnDay):
    """A part of the map on a day."""

    west: Longitude
    south: Latitude
    east: Longitude
    north: Latitude


def editor() -> Editor:
    """Return who changes what is looked after."""
    return Editor(asker().email, areas_of(Permission.ASSETS_WRITE))


@blueprint.get("/targets/<kind>", summary="Targets in a part of the map", responses={200: AssetsAround})
@needs(Permission.ASSETS_WRITE)
def around(path: KindPath, query: BoxParameters) -> Response:
    """Return what lies in a part of the map, with all that may be changed of it."""
    return jsonify(connections().read(_around, path, query))


def _around(connection: Connection, path: KindPath, query: BoxParameters) -> dict[str, Any]:
    box = (query.west, query.south, query.east, query.north)
    found, more = assets_around(connection, asset_layer(path.kind), query.on or today(connection), box)
    return {"type": "FeatureCollection", "features": features_of(connection, found), "whole": not more}


@blueprint.get("/targets/<kind>/<id>", summary="One target", responses={200: AssetFeature})
@needs(Permission.ASSETS_WRITE)
def target(path: AssetPath, query: OnDay) -> Response:
    """Return a target with all that may be changed of it; its ETag names version and id."""
    feature = connections().read(_feature, path, query.on)
    return _versioned(feature, target_tag(feature))


def _versioned(answer: dict[str, Any], tag: str) -> Response:
    return not_modified(tag, weak=False) if unchanged(tag) else tagged(jsonify(answer), tag, weak=False)


def _feature(connection: Connection, path: AssetPath, on: Any = None) -> dict[str, Any]:
    found = find_asset(connection, asset_layer(path.kind), path.id, on or today(connection))
    return features_of(connection, [found])[0]


@blueprint.post("/targets/<kind>", summary="Make a target", responses={200: AssetsChanged})
@needs(Permission.ASSETS_WRITE)
def create(path: KindPath, body: NewAssetBody) -> Response:
    """Make a tank, a street, a drain …; one that is sent twice is made once. Streets that it crosses are split."""
    return _stored(
        lambda connection: acts.create(
            connection,
            editor(),
            asset_layer(path.kind),
            shape=body.geometry.read(),
            fields=body.fields,
            day=body.start(),
            uuid=body.id,
        ),
        dry_run=body.dry_run,
    )


@blueprint.post("/targets/<kind>/<id>", summary="Change a target", responses=ANSWERS)
@needs(Permission.ASSETS_WRITE)
def change(path: AssetPath, body: AssetBody) -> Response:
    """Move a target or change what is said of it; the version is named in If-Match."""
    return _changed(
        path,
        body,
        lambda connection, name, version: acts.change(
            connection,
            editor(),
            asset_layer(path.kind),
            name,
            version=version,
            day=body.start(),
            shape=None if body.geometry is None else body.geometry.read(),
            fields=body.fields,
        ),
        dry_run=body.dry_run,
    )


@blueprint.post("/targets/<kind>/<id>/end", summary="End a target", responses=ANSWERS)
@needs(Permission.ASSETS_WRITE)
def end(path: AssetPath, body: EndAssetBody) -> Response:
    """Let a target be no more from a day on."""
    return _changed(
        path,
        body,
        lambda connection, name, version: acts.end(
            connection, editor(), asset_layer(path.kind), name, version=version, day=body.begin
        ),
        dry_run=body.dry_run,
    )


@blueprint.post("/targets/<kind>/<id>/split", summary="Split a line", responses=ANSWERS)
@needs(Permission.ASSETS_WRITE)
def split(path: AssetPath, body: SplitAssetBody) -> Response:
    """Split a line at metres from its start, or at a place."""
    return _changed(
        path,
        body,
        lambda connection, name, version: acts.split(
            connection,
            editor(),
            asset_layer(path.kind),
            name,
            version=version,
            day=body.start(),
            at=body.place(),
        ),
        dry_run=body.dry_run,
    )


@blueprint.post("/targets/<kind>/<id>/join", summary="Join two lines", responses=ANSWERS)
@needs(Permission.ASSETS_WRITE)
def join(path: AssetPath, body: JoinAssetBody) -> Response:
    """Join a line with another that meets it, and nothing else, at one end."""
    return _changed(
        path,
        body,
        lambda connection, name, version: acts.join(
            connection,
            editor(),
            asset_layer(path.kind),
            name,
            version=version,
            other=str(body.other),
            other_version=body.version,
            day=body.start(),
            fields=body.fields,
        ),
        dry_run=body.dry_run,
    )


@blueprint.post("/changes/<number>/undo", summary="Undo a change", responses={200: UndoneAnswer})
@needs(Permission.ASSETS_WRITE)
def undo(path: NumberPath) -> Response:
    """Undo a change by hand on its day, while nothing rests on it."""
    came = connections().write(lambda connection: undoing.undo(connection, editor(), path.number))
    return jsonify(change=path.number, **came._asdict())


@blueprint.get("/groups/<groups>/<group>", summary="A lane or drain", responses={200: GroupAnswer})
@needs(Permission.ASSETS_WRITE)
def group_named(path: GroupPath) -> Response:
    """Return what a lane or drain is called; its ETag is its version."""
    found = connections().read(_group, path)
    return _versioned(found, str(found["version"]))


def _group(connection: Connection, path: GroupPath) -> dict[str, Any]:
    return groups.find_group(connection, path.groups, path.group).as_json()


@blueprint.post(
    "/groups/<groups>/<group>", summary="Rename a lane or drain", responses={200: GroupChanged, 412: AssetConflict}
)
@needs(Permission.ASSETS_WRITE)
def rename(path: GroupPath, body: RenameBody) -> Response:
    """Give a lane or drain another name; the version is named in If-Match."""
    version = version_read()
    try:
        renamed = connections().write(
            lambda connection: groups.rename(
                connection, editor(), path.groups, path.group, version=version, to=body.name
            )
        )
    except StaleVersionError as error:
        return _conflict(error, connections().read(_group, path), version, body)
    answer = {**renamed.group.as_json(), "change": renamed.number}
    return tagged(jsonify(answer), str(renamed.group.version), weak=False)


def _changed(
    path: AssetPath, body: BaseModel, act: Callable[[Connection, str, int], AssetChange], *, dry_run: bool
) -> Response:
    """Store a change of the version that the asker read; where that is no longer the newest, answer with both."""
    version, uuid = target_read()

    def named(connection: Connection) -> AssetChange:
        return act(connection, name_read(connection, asset_layer(path.kind), path.id, uuid), version)

    try:
        return _stored(named, dry_run=dry_run)
    except StaleVersionError as error:
        return _conflict(error, connections().read(_feature, path), version, body)


def _conflict(error: StaleVersionError, current: dict[str, Any], version: int, body: BaseModel) -> Response:
    yours = {"version": version, **body.model_dump(mode="json", by_alias=True, exclude_none=True)}
    return problem(412, str(error), more={"current": current, "yours": yours})


def _stored(act: Callable[[Connection], AssetChange], *, dry_run: bool) -> Response:
    """Store a change, or try it; the answer's tag names its first target."""
    answer = connections().write(_tried if dry_run else _told, act)
    response = jsonify(answer)
    if answer["stored"] and answer["targets"]:
        return tagged(response, target_tag(answer["targets"][0]), weak=False)
    return response


def _tried(connection: Connection, act: Callable[[Connection], AssetChange]) -> dict[str, Any]:
    step = connection.begin_nested()
    try:
        return _told(connection, act) | {"stored": False, "change": None}
    finally:
        step.rollback()


def _told(connection: Connection, act: Callable[[Connection], AssetChange]) -> dict[str, Any]:
    change = act(connection)
    layer = change.layer
    return {
        "kind": layer.key,
        "unit": layer.unit,
        "on": change.on.isoformat(),
        "stored": change.number is not None,
        "change": change.number,
        "targets": features_of(connection, change.targets),
        "ended": features_of(connection, change.ended),
        "duties": [_figures(outcome) for outcome in change.duties],
        "held": [{"duty": one.duty, "zone": one.zone, "amount": layer.amount(one.extent)} for one in change.held],
        "lost": [
            {"duty": one.duty, "zone": one.zone, "kind": one.kind, "amount": layer.amount(one.extent)}
            for one in change.lost
        ],
        "findings": [
            {"level": str(finding.weight()), "code": str(finding.code), "message": finding.message()}
            for finding in change.findings
        ],
    }


def _figures(outcome: DutyOutcome) -> dict[str, Any]:
    before, after = outcome.before.amounts(outcome.duty), outcome.after.amounts(outcome.duty)
    makes = {name: round(after[name] - before[name], 3) for name in FIGURES}
    return {"duty": outcome.duty.code, "before": before, "after": after, "makes": makes}
