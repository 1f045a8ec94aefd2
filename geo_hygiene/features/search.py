"""Find a lane, a person, a zone, an area or a target by a part of its name or by its code."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any

from sqlalchemy import (
    Connection,
    Date,
    Integer,
    Row,
    Select,
    Text,
    and_,
    bindparam,
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

from geo_hygiene.coverage.typed import SPACES, folded
from geo_hygiene.coverage.within import PERSON_WITHIN, bound
from geo_hygiene.i18n import gettext as _
from geo_hygiene.layers import LAYERS
from geo_hygiene.layers.areas import Area
from geo_hygiene.layers.duty_zones import DutyZone
from geo_hygiene.layers.tables import ROLES
from geo_hygiene.layerspec import Choice, MapLayer
from geo_hygiene.permissions import Areas
from geo_hygiene.records.claims import DUTY_TITLES, Duty
from geo_hygiene.records.people import Person

RESULT_KINDS = ("lane", "community", "group", "office", "person", "zone", "drain", "target")
"""What a search finds, in the order in which equal hits are told."""

LEAST_OF_KIND = 3
KINDS_ON_A_PAGE = 4
"""So many kinds at least have room on a page: a hundred bins of one lane must not hide the lane's people."""


@dataclass(frozen=True)
class Found:
    """What a search shows, and how many others fit."""

    results: list[dict[str, Any]]
    more: int


@dataclass(frozen=True)
class _Wanted:
    """What is looked for: a text without spaces in which no character has a meaning of its own, on a day."""

    words: ColumnElement[str]
    on: ColumnElement[date]

    def hit(self, *columns: Any) -> ColumnElement[bool]:
        hits: list[ColumnElement[bool]] = [func.strpos(_folded(column), self.words) > 0 for column in columns]
        return or_(*hits)

    def rank(self, *columns: Any) -> ColumnElement[int]:
        """Return 0 for the very name or code, 1 for a beginning, 2 for a part; of columns as they are compared."""
        same = or_(*(column == self.words for column in columns))
        begins = or_(*(func.starts_with(column, self.words) for column in columns))
        return case((same, 0), (begins, 1), else_=2)


def _folded(column: Any) -> ColumnElement[str]:
    return func.translate(func.lower(column), SPACES, "")


def search(connection: Connection, words: str, on: date, *, within: Areas, limit: int = 10) -> Found:
    """Return what fits a text on a day: the very names and codes, then people and areas, then single places.

    Upper and lower case and spaces do not matter, and every other character stands for itself. Of several kinds a few
    each are shown. Things without a place (a person without a zone) have no ``center``. People are found ``within`` the
    areas to which the asker's role is limited.
    """
    sought = folded(words)
    if not sought:
        return Found([], 0)
    rows = connection.execute(_statement(), {"words": sought, "on": on, "limit": limit, **bound(within)}).all()
    fitting = {(row.type, row.layer): row.of_kind for row in rows}
    few = limit if len(fitting) == 1 else max(LEAST_OF_KIND, limit // KINDS_ON_A_PAGE)
    shown = sorted((row for row in rows if row.place <= few), key=_order)[:limit]
    places = _places(connection, shown, on)
    results = [_public(row, places.get((row.type, row.id))) for row in shown]
    return Found(results, sum(fitting.values()) - len(results))


@cache
def _statement() -> Select[Any]:
    """Return the question for the nearest of each kind; made once, since making it takes longer than answering it."""
    wanted = _Wanted(bindparam("words", type_=Text), bindparam("on", type_=Date))
    # what is compared is folded once and not for each comparison
    found = union_all(*_questions(wanted)).cte("found").prefix_with("materialized")
    ranked = select(found, wanted.rank(found.c.plain_name, found.c.plain_code).label("rank")).subquery("ranked")
    kind = (ranked.c.type, ranked.c.layer)
    nearest = (ranked.c.rank, func.length(ranked.c.name), ranked.c.name, ranked.c.code, ranked.c.id)
    placed = select(
        ranked,
        func.row_number().over(partition_by=kind, order_by=nearest).label("place"),
        func.count().over(partition_by=kind).label("of_kind"),
    ).subquery("placed")
    return select(placed).where(placed.c.place <= bindparam("limit", type_=Integer))


def _order(row: Row[Any]) -> tuple[Any, ...]:
    """Return the key by which what was found is told: what bears the very name, then single places last."""
    name, code = row.name or "", row.code or ""
    return row.rank > 0, row.type == "target", row.rank, RESULT_KINDS.index(row.type), len(name), name, code, row.id


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
        _folded(name).label("plain_name"),
        _folded(record.code).label("plain_code"),
    ).where(wanted.hit(*dict.fromkeys((name, record.code))))


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
    return _row(literal("person"), Person, Person.name, wanted, about=Person.role).where(text(PERSON_WITHIN))


#: Boxes of what was found, and the zones that light it up. One question for each type that occurs.
PLACES = {
    "line": """
        select {reference} as id, ST_Extent(target.geom) as box, null::text[] as zones, null::text as within
        from target join {segment} as segment using (id)
        where {reference} = any(:ids) and target.valid_from <= :on and :on < target.valid_to
        group by {reference}
    """,
    "area": "select id, box2d(geom) as box, null::text[] as zones, null::text as within from area where id = any(:ids)",
    "target": """
        select target.id, box2d(target.geom) as box, null::text[] as zones, coalesce(area.name, area.code) as within
        from target left join area on area.id = target.area_id
        where target.id = any(:ids)
    """,
    "zone": """
        select duty_zone.id, coalesce(box2d(duty_zone.geom), (
            select ST_Extent(target.geom)
            from claim join cover using (source_id) join target on target.id = cover.target_id
            where claim.id = duty_zone.id and target.valid_from <= :on and :on < target.valid_to
        )) as box, array[code] as zones, (
            select string_agg(distinct person.name, '、') from assignment
            join person on person.id = assignment.person_id
            where assignment.zone = duty_zone.code and assignment.valid_from <= :on and :on < assignment.valid_to
        ) as within
        from duty_zone where id = any(:ids)
    """,
    "person": """
        select assignment.person_id as id, ST_Extent(target.geom) as box, array_agg(distinct duty_zone.code) as zones,
            null::text as within
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
                "select id, zones, within, ST_XMin(box) as west, ST_YMin(box) as south, ST_XMax(box) as east,"  # noqa: S608
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
        "detail": " · ".join(filter(None, (_detail(row), place.within if place is not None else None))),
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
