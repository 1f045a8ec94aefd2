"""Vector tiles over HTTP."""

from __future__ import annotations

import time
from typing import Annotated, Any

from flask import Response, request
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag
from pydantic import Field, StringConstraints, ValidationInfo, field_validator

from geo_hygiene import tiles
from geo_hygiene.i18n import _
from geo_hygiene.layers import LAYERS
from geo_hygiene.permissions import Permission
from geo_hygiene.web.access import demand, needs, tile_rights
from geo_hygiene.web.answers import not_modified, tagged, unchanged
from geo_hygiene.web.connections import connections
from geo_hygiene.web.errors import PROBLEMS
from geo_hygiene.web.kept_tiles import ASKED, MEDIA_TYPE, tile_keys
from geo_hygiene.web.parameters import Day, Parameters, Text, Word

MOST_LAYERS = 20
NEW_KEY = "Tile-Key"
"""Header of an answer to an address without a good key: it gives one for the next."""

blueprint = APIBlueprint("tiles", __name__, url_prefix="/tiles", abp_tags=[Tag(name="tiles")], abp_responses=PROBLEMS)

TILE: Any = {
    200: {"description": "Vector tile", "content": {MEDIA_TYPE: {"schema": {"type": "string", "format": "binary"}}}},
    204: None,
}


class TilePath(Parameters):
    """Which tile of which layers."""

    layers: Annotated[str, StringConstraints(max_length=200, pattern=r"^[a-z][a-z-]*(,[a-z][a-z-]*)*$")] = Field(
        description="Layer keys joined by commas; `cover` is the cover of a duty, `campaign` what a campaign reached"
    )
    z: int = Field(ge=0, le=tiles.MOST_ZOOM)
    x: int = Field(ge=0, le=2**tiles.MOST_ZOOM - 1)
    y: int = Field(ge=0, le=2**tiles.MOST_ZOOM - 1)

    @property
    def keys(self) -> tuple[str, ...]:
        """Return the layer keys, each once."""
        return tuple(dict.fromkeys(self.layers.split(",")))

    @field_validator("layers")
    @classmethod
    def _few(cls, layers: str) -> str:
        if layers.count(",") >= MOST_LAYERS:
            raise ValueError(_("at most %(count)s layers at once", count=MOST_LAYERS))
        return layers

    @field_validator("x", "y")
    @classmethod
    def _inside(cls, position: int, found: ValidationInfo) -> int:
        if position >= 2 ** found.data.get("z", 0):
            raise ValueError(_("there is no such tile at this zoom"))
        return position


class TileParameters(Parameters):
    """Whose cover, which campaign, on which day."""

    duty: Word | None = Field(None, description="Needed for cover and duty-zones")
    campaign: Text | None = Field(None, description="Code or id; needed for campaign")
    draft: Text | None = Field(None, description="Name or id of a draft: cover as it would be with it")
    version: int | None = Field(None, ge=1, le=10**9, description="Of what is shown, so that each has its own address")
    on: Day | None = Field(
        None, description="Day (ISO); when missing, that on which the campaign is shown, else today in the office"
    )
    key: Text | None = Field(None, description="From a page or a header Tile-Key: lets the tile come from the cache")


@blueprint.get("/<layers>/<z>/<x>/<y>.mvt", summary="A tile of one or more layers", responses=TILE)
@needs(Permission.MAP_READ)
def tile(path: TilePath, query: TileParameters) -> Response:
    """Return a Mapbox vector tile, 204 when it is empty, 304 when the asker holds its version."""
    if tiles.CAMPAIGN in path.keys:
        demand(Permission.CAMPAIGNS_READ)
    for key in LAYERS.keys() & path.keys:
        demand(LAYERS[key].needs)
    if query.draft is not None:
        demand(Permission.ZONES_WRITE)
    question = tiles.TileQuestion(
        keys=path.keys,
        z=path.z,
        x=path.x,
        y=path.y,
        on=query.on,
        duty=query.duty,
        campaign=query.campaign,
        draft=query.draft,
    )
    found = connections().tile(tiles.cut_tile, question, unchanged)
    asked = request.environ.get(ASKED)
    if found.content is None:
        answer = not_modified(found.tag)
    else:
        kept = tiles.KeptTile.of(found)
        if asked is not None and query.draft is None:
            asked.keep(kept, tile_rights())
        answer = tagged(_answer(kept), found.tag)
    if asked is None:
        answer.headers[NEW_KEY] = tile_keys().give(tile_rights(), time.time())
    return answer


def _answer(kept: tiles.KeptTile) -> Response:
    if not kept.content:
        return Response(status=204, mimetype=MEDIA_TYPE)
    packed = request.accept_encodings["gzip"] > 0
    response = Response(kept.body(packed=packed), mimetype=MEDIA_TYPE)
    if packed and kept.is_packed:
        response.headers["Content-Encoding"] = "gzip"
    response.vary.add("Accept-Encoding")
    return response
