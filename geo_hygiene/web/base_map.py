"""The base map: what pages say of it, and its pictures where they lie on this machine."""

from __future__ import annotations

import logging
from typing import Any

from flask import Blueprint, Flask, Response, current_app

from geo_hygiene.i18n import _
from geo_hygiene.permissions import Permission
from geo_hygiene.settings import Settings
from geo_hygiene.tiles.basemap import BaseMap, BaseMapUnreadableError
from geo_hygiene.web.access import needs
from geo_hygiene.web.answers import entity_tag, not_modified, tagged, unchanged

KEY = "base-map"
"""Its key among the layers that a page can switch."""
LOCAL = "/basemap/{z}/{x}/{y}"

blueprint = Blueprint("base_map", __name__)
log = logging.getLogger(__name__)


def offer(app: Flask, settings: Settings) -> None:
    """Let pages show the base map of the settings; one that can not be read is said on them and in the log."""
    app.extensions["geo_hygiene_map_approval"] = settings.map_approval or ""
    app.extensions["geo_hygiene_base_map"] = None
    app.extensions["geo_hygiene_base_map_words"] = words = {
        "attribution": settings.basemap_attribution or "",
        "datum": settings.basemap_datum,
        "url": settings.basemap_url,
        "min_zoom": 0,
        "max_zoom": settings.basemap_max_zoom,
    }
    if settings.basemap is None:
        return
    try:
        base_map = BaseMap.opened(settings.basemap)
    except BaseMapUnreadableError as error:
        log.warning("%s", error)
        words |= {"url": None, "lacking": str(error)}
        return
    app.extensions["geo_hygiene_base_map"] = base_map
    words |= {"url": LOCAL, "min_zoom": base_map.least_zoom, "max_zoom": base_map.most_zoom}


def with_base_map(config: dict[str, Any]) -> dict[str, Any]:
    """Return what a page's scripts read, with the base map as the first of its layers where there is one."""
    words = current_app.extensions["geo_hygiene_base_map_words"]
    if not words["url"]:
        return config | {"base_map": None, "notice": config.get("notice") or words.get("lacking")}
    layer = {"key": KEY, "title": _("Base map"), "names": False}
    layers = [layer, *config.get("layers", [])]
    return config | {"base_map": words, "layers": layers, "usual": [KEY, *config["usual"]]}


def map_approval() -> str:
    """Return the number under which printed maps were approved, empty where the settings name none."""
    return str(current_app.extensions["geo_hygiene_map_approval"])


@blueprint.get("/basemap/<int:z>/<int:x>/<int:y>")
@needs(Permission.MAP_READ)
def picture(z: int, x: int, y: int) -> Response:
    """Return a picture of the base map, transparent where there is none."""
    base_map: BaseMap | None = current_app.extensions["geo_hygiene_base_map"]
    if base_map is None or z > base_map.most_zoom or max(x, y) >= 2**z:
        return Response(status=404)
    found = base_map.picture(z, x, y)
    tag = entity_tag(found.content.hex())
    if unchanged(tag):
        return not_modified(tag)
    return tagged(Response(found.content, mimetype=found.media_type), tag)
