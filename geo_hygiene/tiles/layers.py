"""The parts of a declared layer's tile: its features, and where the declaration names them, labels and borders."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Date, Integer, Select, Text, bindparam, case, cast, func, literal, or_, select, true
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.sql.elements import ColumnElement

from geo_hygiene.crs import TILE_SRID
from geo_hygiene.layers import layer_of
from geo_hygiene.layerspec import Attribute, FieldType, GeometryKind, MapLayer, Role
from geo_hygiene.records.drafts import DraftZone
from geo_hygiene.records.people import Assignment
from geo_hygiene.tiles.grid import (
    COARSE_EXTENT,
    FINE_EXTENT,
    MARGIN,
    OUTLINE_MARGIN,
    encoded_geometry,
    encoded_layer,
    envelope,
    pixel,
)

LABELLED_PIXELS = 60
"""Width and height of a polygon together, in pixels, below which it has no label and no border."""
SEEN_PIXELS = 4
"""The same below which it is not in a tile at all."""
FINE_BORDERS_FROM = 14
"""Zoom from which the borders of the lower levels are in tiles."""
LEAST_WIDTH = 0.3
"""Pixels under which a line is left out of merged features."""
FIRST_WIDTH_ZOOM, WIDTH_STEP = 12, 1.6
"""Zoom of a style's first width, and how much wider lines are drawn from zoom to zoom."""
SLICES = 24
"""Cuts across a polygon that is lettered along itself; the line through their middles carries its label."""


def needs_duty(layer: MapLayer) -> bool:
    """Tell whether the features of a layer belong to a duty, so that a tile shows one duty's."""
    return layer.with_role(Role.DUTY) is not None


def subjects(layer: MapLayer) -> set[str]:
    """Return the subjects whose data versions a tile of the layer depends on."""
    return {layer.key} | ({layer.draws} if layer.draws else set())


def layer_parts(layer: MapLayer, zoom: int) -> list[ColumnElement[Any]]:
    """Return the encoded parts of a layer's tile at a zoom, none where it is not shown."""
    if layer.style is None or zoom < layer.style.min_zoom:
        return []
    if layer.draws:
        return [_grouped_lines(layer, layer_of(layer.draws), zoom)]
    if zoom < layer.style.merge_below and layer.category is not None:
        return [_merged(layer, zoom)]
    parts = [_features(layer, zoom)]
    if layer.style.borders and layer.category is not None:
        parts.append(_borders(layer, layer.style.borders, zoom))
    if layer.style.labels:
        parts.append(_labels(layer, layer.style.labels, zoom))
    return parts


def _shown(layer: MapLayer) -> list[ColumnElement[bool]]:
    """Return the conditions under which a feature of the layer is on the tile on the day, for the duty.

    With a draft, what it changes is left out: who draws it has the newest of that.
    """
    model: Any = layer.model
    on = bindparam("on", type_=Date)
    conditions = [
        model.geom_3857.op("&&")(envelope(_margin(layer))),
        model.valid_from <= on,
        model.valid_to > on,
    ]
    duty = layer.with_role(Role.DUTY)
    if duty is not None and duty.column is not None:
        conditions.append(duty.column == bindparam("duty_id", type_=Integer))
        drawn = select(DraftZone.code).where(DraftZone.draft_id == bindparam("draft_id", type_=Integer))
        conditions.append(model.code.not_in(drawn))
    return conditions


def _margin(layer: MapLayer) -> float:
    return OUTLINE_MARGIN if layer.style is not None and layer.style.borders is not None else MARGIN


def _property(attribute: Attribute) -> ColumnElement[Any]:
    column: Any = attribute.column
    return (cast(column, Text) if attribute.type is FieldType.UUID else column).label(attribute.name)


def _properties(layer: MapLayer, zoom: int) -> list[ColumnElement[Any]]:
    """Return the columns that the declaration shows at a zoom."""
    return [
        _property(attribute)
        for attribute in layer.attributes
        if attribute.column is not None and attribute.from_zoom is not None and attribute.from_zoom <= zoom
    ] + _holding(layer)


def _holding(layer: MapLayer) -> list[ColumnElement[Any]]:
    """Return colour number and vacancy of features that people hold; the people themselves stay out of tiles."""
    columns: list[ColumnElement[Any]] = [] if layer.tint is None else [layer.tint.label("tint")]
    code = layer.with_role(Role.CODE)
    if layer.with_role(Role.HOLDERS) is not None and code is not None:
        on = bindparam("on", type_=Date)
        held = select(Assignment.id).where(
            Assignment.zone == code.column, Assignment.valid_from <= on, Assignment.valid_to > on
        )
        columns.append((~held.exists()).label("vacant"))
    return columns


def _features(layer: MapLayer, zoom: int) -> ColumnElement[Any]:
    model: Any = layer.model
    large = [_large_enough(model.geom_3857, zoom, SEEN_PIXELS)] if layer.geometry is GeometryKind.POLYGON else []
    rows = (
        select(*_properties(layer, zoom), encoded_geometry(model.geom_3857, FINE_EXTENT, _margin(layer)))
        .where(*_shown(layer), *large)
        .subquery(f"rows_of_{model.__tablename__}")
    )
    return encoded_layer(layer.key, rows, FINE_EXTENT)


def unseen(layer: MapLayer, zoom: int) -> list[str]:
    """Return the categories of a layer whose lines would be thinner at a zoom than anybody sees."""
    shrunk = WIDTH_STEP ** (zoom - FIRST_WIDTH_ZOOM)
    widths = layer.style.widths if layer.style is not None else {}
    return [category for category, widths in widths.items() if category and widths[0] * shrunk < LEAST_WIDTH]


def _merged(layer: MapLayer, zoom: int) -> ColumnElement[Any]:
    """Return the features as one geometry for each colour: few bytes, no identities, nothing that nobody sees."""
    model: Any = layer.model
    seen: list[ColumnElement[bool]] = [
        layer.category.is_distinct_from(category) for category in unseen(layer, zoom) if layer.category is not None
    ]
    collected = (
        select(layer.category.label("colour"), func.ST_Collect(model.geom_3857).label("whole"))  # type: ignore[union-attr]
        .where(*_shown(layer), *seen)
        .group_by(layer.category)
        .subquery("collected")
    )
    rows = select(
        collected.c.colour.label(layer.category_name), encoded_geometry(collected.c.whole, COARSE_EXTENT)
    ).subquery(f"merged_{model.__tablename__}")
    return encoded_layer(layer.key, rows, COARSE_EXTENT)


def _grouped_lines(layer: MapLayer, drawn: MapLayer, zoom: int) -> ColumnElement[Any]:
    """Return lanes or drains as lines joined from their segments, so that a name runs through junctions."""
    group: Any = layer.model
    segment: Any = drawn.model
    if drawn.grouping is None:
        raise ValueError(f"layer {drawn.key} declares no grouping")
    whole = func.ST_LineMerge(func.ST_Collect(func.ST_Force2D(segment.geom_3857)))
    joined = (
        select(group.id.label("group_id"), whole.label("line"))
        .select_from(segment)
        .join(group, group.id == drawn.grouping.reference)
        .where(*_shown(drawn))
        .group_by(group.id)
        .subquery("joined")
    )
    rows = (
        select(*_properties(layer, zoom), encoded_geometry(joined.c.line, FINE_EXTENT))
        .join_from(joined, group, group.id == joined.c.group_id)
        .subquery(f"rows_of_{group.__tablename__}")
    )
    return encoded_layer(layer.key, rows, FINE_EXTENT)


def _large_enough(geometry: ColumnElement[Any], zoom: int, pixels: int = LABELLED_PIXELS) -> ColumnElement[bool]:
    size = func.ST_XMax(geometry) - func.ST_XMin(geometry) + func.ST_YMax(geometry) - func.ST_YMin(geometry)
    return size >= pixels * pixel(zoom)


def _borders(layer: MapLayer, name: str, zoom: int) -> ColumnElement[Any]:
    """Return each border once, as part of the highest level that it bounds.

    Polygon outlines would draw shared borders twice. The union snaps to the tile's units, so that borders that differ
    by less become one.
    """
    model: Any = layer.model
    levels = _levels(layer)
    if zoom < FINE_BORDERS_FROM and layer.style is not None and layer.style.main_borders:
        levels = [level for level in levels if level in layer.style.main_borders]
    clipped = (
        select(
            layer.category.label("level"),  # type: ignore[union-attr]
            func.ST_SnapToGrid(
                func.ST_ClipByBox2D(func.ST_Boundary(model.geom_3857), envelope(2 * MARGIN)), pixel(zoom) / 2
            ).label("line"),
        )
        .where(*_shown(layer), _large_enough(model.geom_3857, zoom), _is_one_of(layer.category, levels))
        .cte("clipped")
    )
    unit = pixel(zoom) / 2
    union = (
        select(clipped.c.level, func.ST_UnaryUnion(func.ST_Collect(clipped.c.line), unit).label("lines"))
        .group_by(clipped.c.level)
        .cte("union_of_level")
        .prefix_with("materialized", dialect="postgresql")
    )
    drawn: list[Select[Any]] = []
    for rank, level in enumerate(levels):
        own: ColumnElement[Any] = union.c.lines
        if rank:
            above = union.alias(f"above_{rank}")
            higher = select(func.ST_CollectionExtract(func.ST_Collect(above.c.lines), 2)).where(
                _is_one_of(above.c.level, levels[:rank])
            )
            own = func.coalesce(func.ST_Difference(own, higher.scalar_subquery(), unit), own)
        merged = encoded_geometry(func.ST_LineMerge(func.ST_CollectionExtract(own, 2)), FINE_EXTENT)
        drawn.append(select(literal(level, Text).label(layer.category_name), merged).where(union.c.level == level))
    rows = drawn[0].union_all(*drawn[1:]).subquery("borders")
    return encoded_layer(name, rows, FINE_EXTENT)


def _is_one_of(column: Any, values: Sequence[str]) -> ColumnElement[bool]:
    """Return a condition without a list parameter, which a kept plan could not hold."""
    conditions: list[ColumnElement[bool]] = [column == value for value in values]
    return or_(*conditions)


def _levels(layer: MapLayer) -> Sequence[str]:
    """Return the values of a layer's category from the highest to the lowest, as they are declared."""
    return [choice.value for choice in layer.category_choices]


def _labels(layer: MapLayer, name: str, zoom: int) -> ColumnElement[Any]:
    """Return a place for the label of each polygon that is large enough: a point, or a line along a river."""
    model: Any = layer.model
    polygon = model.geom_3857
    lettering = layer.style.lettering if layer.style is not None else {}
    along: list[ColumnElement[bool]] = [
        layer.category == category
        for category, letters in lettering.items()
        if layer.category is not None and letters.along_line and category
    ]
    point = func.ST_PointOnSurface(polygon)
    place = case((or_(*along), _axis(model)), else_=point) if along else point
    rows = (
        select(*_properties(layer, zoom), encoded_geometry(place, FINE_EXTENT))
        .where(*_shown(layer), _large_enough(polygon, zoom))
        .subquery("labels")
    )
    return encoded_layer(name, rows, FINE_EXTENT)


def _axis(model: Any) -> ColumnElement[Any]:
    """Return a smooth line along a polygon through the middles of cuts across its longer side."""
    polygon = model.geom_3857
    west, south, east, north = (corner(polygon) for corner in (func.ST_XMin, func.ST_YMin, func.ST_XMax, func.ST_YMax))
    step = func.generate_series(1, SLICES - 1).table_valued("number").render_derived("step")
    share = cast(step.c.number, Integer) / float(SLICES)
    x, y = west + (east - west) * share, south + (north - south) * share
    across = case(
        (
            east - west >= north - south,
            func.ST_MakeLine(func.ST_Point(x, south - 1, TILE_SRID), func.ST_Point(x, north + 1, TILE_SRID)),
        ),
        else_=func.ST_MakeLine(func.ST_Point(west - 1, y, TILE_SRID), func.ST_Point(east + 1, y, TILE_SRID)),
    )
    cut = func.ST_CollectionExtract(func.ST_Intersection(polygon, across), 2)
    piece = func.ST_Dump(cut).table_valued("path", "geom").lateral("piece")
    longest = (
        select(func.ST_LineInterpolatePoint(piece.c.geom, 0.5).label("middle"))
        .order_by(func.ST_Length(piece.c.geom).desc())
        .limit(1)
        .correlate(model.__table__, step)
        .lateral("longest")
    )
    ordered = func.array_agg(aggregate_order_by(longest.c.middle, step.c.number))
    return (
        select(func.ST_ChaikinSmoothing(func.ST_MakeLine(ordered), 2))
        .select_from(step.join(longest, true()))
        .correlate(model.__table__)
        .scalar_subquery()
    )
