"""Which layers there are, how much is in them, and where the map begins."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import Any

from sqlalchemy import Connection, Select, func, literal, select, text, union_all

from geo_hygiene.i18n import gettext as _
from geo_hygiene.layers import LAYERS
from geo_hygiene.layerspec import Attribute, MapLayer

Extent = tuple[float, float, float, float]
"""West, south, east, north in degrees, EPSG:4326."""


def _count_of(layer: MapLayer, on: date) -> Select[str, int]:
    """Return the number of a layer's records that hold on a day; of events and windows of work it is that of all."""
    model: Any = layer.model
    count = select(literal(layer.key).label("key"), func.count().label("number")).select_from(model)
    if hasattr(model, "valid_from") and not (layer.is_event or layer.has_windows):
        count = count.where(model.valid_from <= on, model.valid_to > on)
    return count


def describe_layers(connection: Connection, on: date, *, uncounted: Collection[str] = ()) -> dict[str, Any]:
    """Return every layer with its fields and the number of its records on a day: ``layers --json``.

    The number is ``None`` for layers whose keys are in ``uncounted``.
    """
    counts = union_all(*(_count_of(layer, on) for layer in LAYERS.values() if layer.key not in uncounted))
    numbers = {row.key: row.number for row in connection.execute(counts)}
    return {"layers": [_described(layer, numbers.get(layer.key)) for layer in LAYERS.values()]}


def _described(layer: MapLayer, count: int | None) -> dict[str, Any]:
    return {
        "key": layer.key,
        "title": _(layer.title),
        "geometry": layer.geometry.value if layer.geometry else None,
        "count": count,
        "import": layer.imports,
        "export": layer.exports,
        "map": layer.on_map,
        "key_field": layer.key_field,
        "fields": [_field(attribute) for attribute in layer.attributes],
    }


def _field(attribute: Attribute) -> dict[str, Any]:
    return {
        "name": attribute.name,
        "title": _(attribute.title),
        "type": attribute.type.value,
        "unit": attribute.unit,
        "aliases": list(attribute.aliases),
        "required": attribute.required,
        "choices": [{"value": choice.value, "title": _(choice.title)} for choice in attribute.choices],
    }


EXTENT = """
select ST_XMin(box), ST_YMin(box), ST_XMax(box), ST_YMax(box)
from (
    select coalesce(
        (select ST_Extent(geom) from area where level = 'office' and valid_from <= :on and :on < valid_to),
        (select ST_Extent(geom) from area where valid_from <= :on and :on < valid_to),
        (select ST_Extent(geom) from target where valid_from <= :on and :on < valid_to)
    ) as box
) as whole
where box is not null
"""


def extent(connection: Connection, on: date) -> Extent | None:
    """Return the box of the offices, else of all areas, else of all targets; ``None`` when there is nothing."""
    row = connection.execute(text(EXTENT), {"on": on}).one_or_none()
    return None if row is None else (row[0], row[1], row[2], row[3])


def is_sample_loaded(connection: Connection) -> bool:
    """Tell whether records of the sample town are there."""
    return bool(connection.scalar(text("select exists (select from import_run where origin = 'sample')")))
