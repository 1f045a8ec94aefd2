"""Zones, search and layers."""

from __future__ import annotations

from collections.abc import Collection
from typing import Annotated, Any

from flask import Response, jsonify
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag
from pydantic import Field, StringConstraints
from sqlalchemy import Connection

from geo_hygiene import features
from geo_hygiene.cases.questions import cases_numbered
from geo_hygiene.coverage.duties import duty_of, today
from geo_hygiene.layers import LAYERS
from geo_hygiene.permissions import EVERYWHERE, NOWHERE, Areas, Permission
from geo_hygiene.web.access import areas_of, needs
from geo_hygiene.web.answers import not_modified, tagged, unchanged
from geo_hygiene.web.api.answer_models import (
    AreaAnswer,
    LayersAnswer,
    SearchAnswer,
    ZoneFeature,
    ZonesAnswer,
)
from geo_hygiene.web.connections import connections
from geo_hygiene.web.errors import PROBLEMS
from geo_hygiene.web.parameters import DutyAndDay, Limit, OnDay, Parameters, Text, Word
from geo_hygiene.web.preconditions import zone_tag

MOST_FOUND = 50

blueprint = APIBlueprint(
    "records", __name__, url_prefix="/api/v1", abp_tags=[Tag(name="records")], abp_responses=PROBLEMS
)


class ZonesParameters(OnDay):
    """A page of the zones of a duty, or of all."""

    duty: Word | None = None
    limit: Limit = 500
    after: Text | None = Field(None, description="`next` of the page before")


class ZonePath(Parameters):
    """A zone by its id or code."""

    zone: Text


class AreaPath(Parameters):
    """An area by its id or code."""

    area: Text


class SearchParameters(OnDay):
    """A text to look for."""

    q: Annotated[Text, StringConstraints(min_length=1)] = Field(
        description="Part of a name, a code, or the number of a complaint"
    )
    limit: int = Field(10, ge=1, le=MOST_FOUND)


@blueprint.get("/zones", summary="Duty zones", responses={200: ZonesAnswer})
@needs(Permission.MAP_READ)
def zones(query: ZonesParameters) -> Response:
    """Return the zones that hold on a day, by code."""
    return jsonify(connections().read(_zones, query))


def _zones(connection: Connection, query: ZonesParameters) -> dict[str, Any]:
    duty = duty_of(connection, query.duty).code if query.duty else None
    on = query.on or today(connection)
    page = features.zones(connection, on, duty=duty, limit=query.limit, after=query.after)
    return {"zones": page.zones, "next": page.next}


@blueprint.get("/zones/<zone>", summary="One duty zone", responses={200: ZoneFeature})
@needs(Permission.MAP_READ)
def zone(path: ZonePath, query: OnDay) -> Response:
    """Return a zone as a GeoJSON feature; its ETag begins with its version."""
    feature = connections().read(_zone, path, query)
    tag = zone_tag(feature)
    if unchanged(tag):
        return not_modified(tag, weak=False)
    return tagged(jsonify(feature), tag, weak=False)


def _zone(connection: Connection, path: ZonePath, query: OnDay) -> dict[str, Any]:
    return features.zone_feature(connection, path.zone, query.on or today(connection))


@blueprint.get("/areas/<area>", summary="One area", responses={200: AreaAnswer})
@needs(Permission.MAP_READ)
def area(path: AreaPath, query: DutyAndDay) -> Response:
    """Return who answers for an area, its figures and those of the areas that it is made of."""
    return jsonify(connections().read(_area, path, query))


def _area(connection: Connection, path: AreaPath, query: DutyAndDay) -> dict[str, Any]:
    duty, on = duty_of(connection, query.duty), query.on or today(connection)
    return features.area(connection, path.area, duty, on)


@blueprint.get(
    "/search",
    summary="Find lanes, people, zones, areas, targets and complaints by their numbers",
    responses={200: SearchAnswer},
)
@needs(Permission.MAP_READ)
def search(query: SearchParameters) -> Response:
    """Return what fits a text, best first."""
    found = connections().read(_search, query, areas_of(Permission.PEOPLE_READ), areas_of(Permission.CASES_READ))
    return jsonify(results=found.results, more=found.more)


def _search(connection: Connection, query: SearchParameters, within: Areas, cases_within: Areas) -> features.Found:
    found = features.search(connection, query.q, query.on or today(connection), within=within, limit=query.limit)
    numbered = [] if cases_within == NOWHERE else cases_numbered(connection, query.q, within=cases_within)
    results = [*numbered, *found.results]
    shown = results[: query.limit]
    return features.Found(shown, found.more + len(results) - len(shown))


@blueprint.get("/layers", summary="Layers with their fields", responses={200: LayersAnswer})
@needs(Permission.MAP_READ)
def layers(query: OnDay) -> Response:
    """Return every layer with its fields and the number of its records on a day, where one may see them all."""
    uncounted = {
        layer.key
        for layer in LAYERS.values()
        if layer.needs is not Permission.MAP_READ and areas_of(layer.needs) is not EVERYWHERE
    }
    return jsonify(connections().read(_layers, query, uncounted))


def _layers(connection: Connection, query: OnDay, uncounted: Collection[str]) -> dict[str, Any]:
    return features.describe_layers(connection, query.on or today(connection), uncounted=uncounted)
