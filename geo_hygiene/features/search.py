"""Find a lane, a person, a zone, an area or a target by a part of its name or by its code."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import (
    Connection,
    Row,
    Select,
    Text,
    and_,
    case,
    cast,
    func,
    literal,
    null,
    or_,
    select,
    text,
    union_all,
)
from sqlalchemy.sql.elements import ColumnElement

from geo_hygiene.i18n import gettext as _
from geo_hygiene.layers import LAYERS
from geo_hygiene.layers.areas import Area
from geo_hygiene.layers.duty_zones import DutyZone
from geo_hygiene.layers.tables import ROLES
from geo_hygiene.layerspec import Choice, MapLayer
from geo_hygiene.records.claims import DUTY_TITLES, Duty
from geo_hygiene.records.people import Person

RESULT_KINDS = ("lane", "drain", "community", "group", "office", "zone", "person", "target")
"""What a search finds, in the order in which equal hits are told."""

ESCAPE = "\\"


@dataclass(frozen=True)
class _Wanted:
    """What is looked for: a text in which no character has a meaning of its own, on a day."""

    words: str
    on: date

    def hit(self, *columns: Any) -> ColumnElement[bool]:
        escaped = "".join(ESCAPE + letter if letter in "%_\\" else letter for letter in self.words)
        hits: list[ColumnElement[bool]] = [column.ilike(f"%{escaped}%", escape=ESCAPE) for column in columns]
        return or_(*hits)

    def rank(self, *columns: Any) -> ColumnElement[int]:
        """Return 0 for the very name or code, 1 for a beginning, 2 for a part."""
        words = self.words.lower()
        same = or_(*(func.lower(column) == words for column in columns))
        begins = or_(*(func.starts_with(func.lower(column), words) for column in columns))
        return case((same, 0), (begins, 1), else_=2)


def search(connection: Connection, words: str, on: date, *, limit: int = 10) -> list[dict[str, Any]]:
    """Return what fits a text on a day, best first: the same name or code, then beginnings, then parts.

    Upper and lower case are the same, and every character stands for itself. Things without a place (a person without
    a zone) have no ``center``.
    """
    wanted = _Wanted(words.strip(), on)
    if not wanted.words:
        return []
    found = union_all(*_questions(wanted)).subquery("found")
    order = case({kind: index for index, kind in enumerate(RESULT_KINDS)}, value=found.c.type)
    rows = connection.execute(
        select(found).order_by(found.c.rank, order, func.length(found.c.name), found.c.name, found.c.code).limit(limit)
    ).all()
    places = _places(connection, rows, on)
    return [_public(row, places.get((row.type, row.id))) for row in rows]


def _questions(wanted: _Wanted) -> Iterable[Select[Any]]:
    for layer in LAYERS.values():
        if layer.grouping is not None:
            yield _grouping(layer, wanted)
        if layer.is_target:
            yield _targets(layer, wanted)
    yield _areas(wanted)
    yield _zones(wanted)
    yield _persons(wanted)


def _row(kind: Any, record: Any, name: Any, wanted: _Wanted, *, layer: Any = None, about: Any = None) -> Select[Any]:
    return select(
        cast(kind, Text).label("type"),
        record.id.label("id"),
        record.uuid.label("uuid"),
        record.code.label("code"),
        name.label("name"),
        cast(layer if layer is not None else null(), Text).label("layer"),
        cast(about if about is not None else null(), Text).label("about"),
        wanted.rank(name, record.code).label("rank"),
    ).where(wanted.hit(name, record.code))


def _now(record: Any, wanted: _Wanted) -> ColumnElement[bool]:
    return and_(record.valid_from <= wanted.on, record.valid_to > wanted.on)


def _grouping(layer: MapLayer, wanted: _Wanted) -> Select[Any]:
    """Return lanes or drains that have a segment on the day."""
    assert layer.grouping is not None  # noqa: S101 - the caller asked for it
    group: Any = layer.grouping.model
    segment: Any = layer.model
    used = select(segment.id).where(layer.grouping.reference == group.id, _now(segment, wanted))
    about = layer.grouping.category if layer.grouping.category is not None else null()
    kind = group.__tablename__
    return _row(literal(kind), group, group.name, wanted, layer=literal(layer.key), about=about).where(used.exists())


def _targets(layer: MapLayer, wanted: _Wanted) -> Select[Any]:
    target: Any = layer.model
    name = target.name if hasattr(target, "name") else target.code
    question = _row(literal("target"), target, name, wanted, layer=literal(layer.key), about=target.category)
    return question.where(_now(target, wanted))


def _areas(wanted: _Wanted) -> Select[Any]:
    above = select(Area.id.label("id"), Area.name.label("name")).subquery("above")
    question = _row(Area.level, Area, Area.name, wanted, about=above.c.name)
    return question.outerjoin_from(Area, above, above.c.id == Area.parent_id).where(_now(Area, wanted))


def _zones(wanted: _Wanted) -> Select[Any]:
    question = _row(literal("zone"), DutyZone, DutyZone.name, wanted, about=Duty.code)
    return question.join(Duty, Duty.id == DutyZone.duty_id).where(_now(DutyZone, wanted))


def _persons(wanted: _Wanted) -> Select[Any]:
    return _row(literal("person"), Person, Person.name, wanted, about=Person.role)


#: Boxes of what was found, and the zones that light it up. One question for each type that occurs.
PLACES = {
    "line": """
        select {reference} as id, ST_Extent(target.geom) as box, null::text[] as zones
        from target join {segment} as segment using (id)
        where {reference} = any(:ids) and target.valid_from <= :on and :on < target.valid_to
        group by {reference}
    """,
    "area": "select id, box2d(geom) as box, null::text[] as zones from area where id = any(:ids)",
    "target": "select id, box2d(geom) as box, null::text[] as zones from target where id = any(:ids)",
    "zone": """
        select duty_zone.id, coalesce(box2d(duty_zone.geom), (
            select ST_Extent(target.geom)
            from claim join cover using (source_id) join target on target.id = cover.target_id
            where claim.id = duty_zone.id and target.valid_from <= :on and :on < target.valid_to
        )) as box, array[code] as zones
        from duty_zone where id = any(:ids)
    """,
    "person": """
        select assignment.person_id as id, ST_Extent(target.geom) as box, array_agg(distinct duty_zone.code) as zones
        from assignment
        join duty_zone on duty_zone.code = assignment.zone
        join claim on claim.id = duty_zone.id and claim.valid_from <= :on and :on < claim.valid_to
        left join cover on cover.source_id = claim.source_id
        left join target on target.id = cover.target_id
            and target.valid_from <= :on and :on < target.valid_to
        where assignment.person_id = any(:ids) and assignment.valid_from <= :on and :on < assignment.valid_to
        group by assignment.person_id
    """,
}


def _place_statement(kind: str, layer_key: str | None) -> str:
    if kind in {"community", "group", "office"}:
        return PLACES["area"]
    if kind in PLACES:
        return PLACES[kind]
    layer = LAYERS[layer_key or ""]
    assert layer.grouping is not None  # noqa: S101 - found through it
    return PLACES["line"].format(reference=f"segment.{layer.grouping.reference.key}", segment=layer.model.__tablename__)


def _places(connection: Connection, rows: Sequence[Row[Any]], on: date) -> dict[tuple[str, int], Row[Any]]:
    kinds: dict[tuple[str, str | None], list[int]] = {}
    for row in rows:
        kinds.setdefault((row.type, None if row.type == "target" else row.layer), []).append(row.id)
    return {
        (kind, place.id): place
        for (kind, layer), ids in kinds.items()
        for place in connection.execute(
            text(
                "select id, zones, ST_XMin(box) as west, ST_YMin(box) as south, ST_XMax(box) as east,"  # noqa: S608
                f" ST_YMax(box) as north from ({_place_statement(kind, layer)}) as place"
            ),
            {"ids": ids, "on": on},
        )
    }


def _public(row: Row[Any], place: Row[Any] | None) -> dict[str, Any]:
    located = place is not None and place.west is not None
    box = _rounded(place.west, place.south, place.east, place.north) if place is not None and located else None
    return {
        "type": row.type,
        "id": str(row.uuid),
        "code": row.code,
        "name": row.name,
        "kind": row.layer if row.type == "target" else None,
        "detail": _detail(row),
        "zones": list(place.zones) if place is not None and place.zones else [],
        "center": _rounded((box[0] + box[2]) / 2, (box[1] + box[3]) / 2) if box else None,
        "bbox": box,
    }


def _rounded(*degrees: float) -> list[float]:
    """Return degrees to a centimetre, which is enough to look there."""
    return [round(degree, 7) for degree in degrees]


def _detail(row: Row[Any]) -> str:
    """Return what tells equal names apart, in the reader's language."""
    if row.type == "zone":
        return _(DUTY_TITLES.get(row.about, row.about))
    if row.type == "person":
        return _title_of(ROLES, row.about)
    if row.layer is not None:
        layer = LAYERS[row.layer]
        choices = [choice for attribute in layer for choice in attribute.choices if choice.value == row.about]
        return _title_of(choices, row.about) or _(layer.title)
    return row.about or ""


def _title_of(choices: Iterable[Choice], value: str | None) -> str:
    return next((_(choice.title) for choice in choices if choice.value == value), value or "")
