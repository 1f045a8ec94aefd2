"""What a person sees of a file before it is stored: for which layer it is, its columns, and its places on a map."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import shapely
from numpy.typing import NDArray

from geo_hygiene.files.findings import rejected_rows, shorten, visible
from geo_hygiene.files.importing.mapping import fold, map_fields
from geo_hygiene.files.importing.masking import mask_numbers, mask_phone
from geo_hygiene.files.importing.report import ImportReport
from geo_hygiene.files.reading import SourceTable
from geo_hygiene.i18n import LOCALES, translated
from geo_hygiene.layers import LAYERS
from geo_hygiene.layerspec import GeometryKind, MapLayer, Role

MOST_FEATURES = 1000
MOST_VERTICES = 40_000
"""How much of a file is drawn."""

SAMPLES = 3
LOOKED_AT = 200
"""Rows in which samples of a column are looked for."""

GUESSES = 3
DEGREES = 1e-6
"""A tenth of a metre: nobody sees less on a preview."""

COMMON = frozenset({Role.UUID, Role.CODE, Role.VALID_FROM, Role.VALID_TO, Role.LONGITUDE, Role.LATITUDE})
NAME = "name"
"""Roles of fields that most layers have, and the one that nearly all of them have."""

PHONE_WORDS = ("phone", "mobile", "tel", "电话", "手机", "联系方式")

FAMILIES: Mapping[str, GeometryKind] = {
    "Point": GeometryKind.POINT,
    "MultiPoint": GeometryKind.POINT,
    "LineString": GeometryKind.LINE,
    "MultiLineString": GeometryKind.LINE,
    "Polygon": GeometryKind.POLYGON,
    "MultiPolygon": GeometryKind.POLYGON,
}


def family_of(shapes: NDArray[np.object_]) -> GeometryKind | None:
    """Return of which kind most shapes are; ``None`` where there are none."""
    kinds = [FAMILIES[shape.geom_type] for shape in shapes if shape is not None and shape.geom_type in FAMILIES]
    return max(set(kinds), key=kinds.count) if kinds else None


def guess_layers(table: SourceTable, file: str) -> list[str]:
    """Return the layers that a file is likely for, the likeliest first.

    It is told by the kind of its shapes, by the headings that a layer knows, and by its name.
    """
    family = family_of(table.geometry)
    told = fold(Path(file).stem)
    scored = [
        (score, layer.key)
        for layer in LAYERS.values()
        if layer.imports and _can_be(layer, family) and (score := _score(layer, table.fields, told)) > 0
    ]
    return [key for _score_of, key in sorted(scored, key=lambda one: -one[0])[:GUESSES]]


def _can_be(layer: MapLayer, family: GeometryKind | None) -> bool:
    if layer.any_geometry:
        return True
    if family is None:
        return layer.geometry is None or layer.places_by_coordinates
    return layer.geometry is family


def _score(layer: MapLayer, headings: Sequence[str], told: str) -> float:
    """Return how well a layer fits: headings that it alone knows count most, those that nobody takes against it."""
    mapping = map_fields(layer, headings, {})
    taken = [layer.attribute(name) for name in mapping.columns]
    own = sum(1.0 for field in taken if field.role not in COMMON)
    common = sum(0.1 for field in taken if field.role in COMMON)
    lacking = sum(2.0 for field in layer if field.required and field.importable and field.name not in mapping.columns)
    names = {fold(layer.key), *(fold(translated(layer.title, locale)) for locale in LOCALES)}
    named = 3.0 if any(name in told for name in names) else 0.0
    share = own / max(len(headings), 1)
    if not named and all(field.role in COMMON or field.name == NAME for field in taken):
        return 0.0
    return named + own + common + share - lacking - 0.2 * len(mapping.unmapped)


def columns_of(table: SourceTable) -> list[dict[str, Any]]:
    """Return the columns of a file with some of their values; numbers that name a person are masked."""
    return [
        {
            "name": name,
            "samples": _samples(name, table.rows[name].slice(0, LOOKED_AT)),
            "empty": table.rows[name].null_count == table.rows.num_rows,
        }
        for name in table.fields
    ]


def _samples(name: str, column: pa.ChunkedArray) -> list[str]:
    is_phone = any(word in name.lower() for word in PHONE_WORDS)
    values = dict.fromkeys(str(value) for value in column.to_pylist() if value not in (None, ""))
    masked = [mask_phone(value) if is_phone else mask_numbers(value) for value in list(values)[:SAMPLES]]
    return [shorten(visible(value)) for value in masked]


def preview_of(table: SourceTable, report: ImportReport | None = None) -> dict[str, Any]:
    """Return the places of a file for a map, those with errors first: bounded, and without a word of its rows.

    Without a report of its import, they are as they stand in the file.
    """
    shapes = table.geometry if report is None or not len(report.shapes) else report.shapes
    numbers = table.row_numbers.tolist()
    wrong = rejected_rows(table.findings if report is None else report.findings)
    there = [at for at in range(len(shapes)) if shapes[at] is not None and not shapely.is_empty(shapes[at])]
    good = [at for at in there if numbers[at] not in wrong]
    room = max(MOST_FEATURES // 2, MOST_FEATURES - len(good))
    mistaken = _spread([at for at in there if numbers[at] in wrong], room)
    chosen = [*mistaken, *_spread(good, MOST_FEATURES - len(mistaken))]
    drawn = _drawn(shapes[np.array(chosen, dtype=np.int64)]) if chosen else []
    features = [
        {
            "type": "Feature",
            "geometry": json.loads(shape),
            "properties": {"row": numbers[at], "wrong": numbers[at] in wrong},
        }
        for at, shape in zip(chosen, drawn, strict=False)
    ]
    return {
        "features": {"type": "FeatureCollection", "features": features},
        "shown": len(features),
        "of": len(there),
    }


def _spread(rows: Sequence[int], most: int) -> list[int]:
    """Return rows from the whole file, evenly."""
    if len(rows) <= most:
        return list(rows)
    return [rows[at] for at in np.linspace(0, len(rows) - 1, most).astype(int).tolist()]


def _drawn(shapes: NDArray[np.object_]) -> list[str]:
    """Return shapes as GeoJSON, as many as a browser draws at once; those of many vertices a little plainer."""
    finite = np.array([np.isfinite(shapely.get_coordinates(shape)).all() for shape in shapes])
    good = shapes.copy()
    good[~finite] = None
    plain = shapely.set_precision(good, DEGREES, mode="pointwise")
    if shapely.get_num_coordinates(plain).sum() > MOST_VERTICES:
        plain = shapely.simplify(plain, 10 * DEGREES, preserve_topology=False)
    counted = np.cumsum(shapely.get_num_coordinates(plain))
    return [
        text or '{"type":"GeometryCollection","geometries":[]}'
        for text in shapely.to_geojson(plain[counted <= MOST_VERTICES])
    ]
