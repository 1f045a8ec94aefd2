"""What the page shows on which tanks, streets and drains are changed by hand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection

from geo_hygiene.assets.records import GROUP_ROLES, asset_layers, hand_fields
from geo_hygiene.i18n import _
from geo_hygiene.layers import LAYERS
from geo_hygiene.layerspec import Attribute, GeometryKind, MapLayer, Role
from geo_hygiene.web.page_data import MapPage, map_page


def asset_page(connection: Connection, words: Mapping[str, str]) -> MapPage:
    """Return the page for an address: the map, and what can be drawn on it. There may be nothing yet."""
    page = map_page(connection, words)
    kinds = [_kind_words(layer) for layer in asset_layers()]
    notice = page.config["notice"] if page.extent is not None else None
    return replace(page, config={**page.config, "kinds": kinds, "notice": notice})


def _kind_words(layer: MapLayer) -> dict[str, Any]:
    groups = next((one for one in LAYERS.values() if one.made_by == layer.key), None)
    group_code = layer.with_role(Role.GROUP_CODE)
    return {
        "key": layer.key,
        "title": _(layer.title),
        "line": layer.geometry is GeometryKind.LINE,
        "unit": layer.unit,
        "fields": [_field_words(field) for field in hand_fields(layer)],
        "groups": None if groups is None else {"key": groups.key, "title": _(groups.title)},
        "group_code": None if group_code is None else group_code.name,
    }


def _field_words(field: Attribute) -> dict[str, Any]:
    return {
        "name": field.name,
        "title": _(field.title),
        "type": str(field.type),
        "unit": field.unit,
        "minimum": field.minimum,
        "maximum": field.maximum,
        "group": field.role in GROUP_ROLES,
        "choices": [{"value": choice.value, "title": _(choice.title)} for choice in field.choices],
    }
