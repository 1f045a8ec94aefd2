"""What an editor asks while a zone is drawn: what it would do, how a line cuts it, what lies around."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date
from typing import Annotated, Any

import shapely
from flask import Response, jsonify
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag
from pydantic import Field
from sqlalchemy import Connection

from geo_hygiene.coverage.duties import DutyRecord, duty_of, today
from geo_hygiene.coverage.otherwise import OtherZone
from geo_hygiene.coverage.writing import Stretch
from geo_hygiene.permissions import Permission
from geo_hygiene.web.access import needs
from geo_hygiene.web.api.drawing_answers import AroundAnswer, PartsAnswer, PreviewAnswer
from geo_hygiene.web.api.zone_bodies import (
    CutBody,
    JoinBody,
    ListBody,
    MultiPolygon,
    OverPlanBody,
    Polygon,
    PreviewBody,
    read_drawing,
    said,
)
from geo_hygiene.web.api.zone_editing import figures
from geo_hygiene.web.connections import connections
from geo_hygiene.web.errors import PROBLEMS
from geo_hygiene.web.parameters import DutyAndDay, Text
from geo_hygiene.zoning import drafts
from geo_hygiene.zoning.cutting import cut_list
from geo_hygiene.zoning.lists import read_list, shown_list
from geo_hygiene.zoning.parting import joined
from geo_hygiene.zoning.previewing import Drawn, preview
from geo_hygiene.zoning.showing import around

Degrees = Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False)]

blueprint = APIBlueprint(
    "zone_drawing", __name__, url_prefix="/api/v1", abp_tags=[Tag(name="zones")], abp_responses=PROBLEMS
)


class AroundParameters(DutyAndDay):
    """A part of the map."""

    west: Degrees
    south: Degrees
    east: Degrees
    north: Degrees
    draft: Text | None = Field(None, description="Name or id of a draft whose zones are shown")


@blueprint.post("/zones/preview", summary="What a zone would do", responses={200: PreviewAnswer})
@needs(Permission.ZONES_WRITE)
def previewed(body: PreviewBody) -> Response:
    """Return the list that a polygon proposes, or a given one, with the figures that it would make."""
    return jsonify(connections().read(_preview, body))


def _preview(connection: Connection, body: PreviewBody) -> dict[str, Any]:
    duty, on = _over(connection, body)
    drawn = Drawn(
        said=said(body.segments),
        polygon=_shape(body.polygon, "polygon"),
        former=_shape(body.former, "former"),
        code=body.zone,
        shift=body.shift,
        is_held=body.held,
    )
    first = _beside(connection, duty, on, body)
    found = preview(connection, duty, on, drawn, first)
    shared = [(code, shown_list(connection, duty, stretches)) for code, stretches in found.shared.items()]
    return {
        "duty": duty.code,
        "on": on.isoformat(),
        "unit": duty.unit,
        "amount": _amount(duty, found.stretches),
        "targets": len({item.target_id for item in found.stretches}),
        "minutes": None if found.load.minutes is None else round(found.load.minutes, 2),
        "residents": found.load.residents,
        "tanks": found.load.tanks,
        "segments": shown_list(connection, duty, found.stretches),
        "border": [{"segment": one.segment, "lane": one.lane, "zones": list(one.zones)} for one in found.border],
        "shared": [
            {"zone": code, "amount": _amount(duty, found.shared[code]), "segments": listed} for code, listed in shared
        ],
        "left": {"amount": _amount(duty, found.left), "segments": shown_list(connection, duty, found.left)},
        **figures(duty, found.difference),
    }


def _over(connection: Connection, body: OverPlanBody) -> tuple[DutyRecord, date]:
    return duty_of(connection, body.duty), body.on or today(connection)


def _shape(drawing: Polygon | MultiPolygon | None, place: str) -> shapely.MultiPolygon | None:
    return None if drawing is None else read_drawing(drawing, place)


def _amount(duty: DutyRecord, stretches: Sequence[Stretch]) -> float:
    return duty.amount(sum(item.to_mm - item.from_mm for item in stretches))


def _beside(connection: Connection, duty: DutyRecord, on: date, body: PreviewBody) -> dict[str, OtherZone | None]:
    """Return the other zones that are not as in the plan: those of a draft, and those that are not stored."""
    drafted = (
        {} if body.draft is None else drafts.others_of(connection, drafts.draft_of_duty(connection, duty, body.draft))
    )
    for zone in body.beside:
        listed = said(zone.segments)
        stretches = None if listed is None else read_list(connection, duty, listed, on)
        drafted[zone.zone] = None
        if stretches is not None:
            drafted[zone.zone] = OtherZone(code=zone.zone, stretches=stretches, shift=zone.shift, is_held=zone.held)
    return {code: zone for code, zone in drafted.items() if code != body.zone}


@blueprint.post("/zones/cut", summary="How a line cuts a list", responses={200: PartsAnswer})
@needs(Permission.ZONES_WRITE)
def cut(body: CutBody) -> Response:
    """Return the parts into which a line cuts a list, the largest first."""
    return jsonify(parts=connections().read(_cut, body))


def _cut(connection: Connection, body: CutBody) -> list[dict[str, Any]]:
    duty, on = _over(connection, body)
    stretches, picture = _listed(connection, duty, on, body)
    parts = cut_list(connection, stretches, body.line.read("line"), picture)
    return [_part(connection, duty, part.stretches, part.picture) for part in parts]


@blueprint.post("/zones/join", summary="Lists as one", responses={200: PartsAnswer})
@needs(Permission.ZONES_WRITE)
def join(body: JoinBody) -> Response:
    """Return several lists and pictures as one."""
    return jsonify(parts=connections().read(_join, body))


def _join(connection: Connection, body: JoinBody) -> list[dict[str, Any]]:
    duty, on = _over(connection, body)
    return [_part(connection, duty, *joined([_listed(connection, duty, on, zone) for zone in body.zones]))]


def _listed(
    connection: Connection, duty: DutyRecord, on: date, body: ListBody
) -> tuple[Sequence[Stretch], bytes | None]:
    picture = _shape(body.picture, "picture")
    stretches = read_list(connection, duty, said(body.segments) or (), on)
    return stretches, None if picture is None else shapely.to_wkb(picture)


def _part(
    connection: Connection, duty: DutyRecord, stretches: Sequence[Stretch], picture: bytes | None
) -> dict[str, Any]:
    return {
        "amount": _amount(duty, stretches),
        "segments": shown_list(connection, duty, stretches),
        "picture": None if picture is None else json.loads(shapely.to_geojson(shapely.from_wkb(picture))),
    }


@blueprint.get("/plans/around", summary="Streets and zones to draw along", responses={200: AroundAnswer})
@needs(Permission.ZONES_WRITE)
def lies_around(query: AroundParameters) -> Response:
    """Return the lines of a part of the map that a drawing may follow: targets of the duty, and pictures of zones."""
    return jsonify(connections().read(_around, query))


def _around(connection: Connection, query: AroundParameters) -> dict[str, Any]:
    duty, on = duty_of(connection, query.duty), query.on or today(connection)
    draft = None if query.draft is None else drafts.draft_of_duty(connection, duty, query.draft)
    return around(connection, duty, on, draft, (query.west, query.south, query.east, query.north))
