"""Lists of stretches of one state: gaps longest first, and all pieces of a day."""

from __future__ import annotations

import uuid as uuid_module
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row, text

from geo_hygiene.coverage.duties import DutyRecord
from geo_hygiene.coverage.pieces import pieces_statement
from geo_hygiene.coverage.typed import bundles_typed, persons_typed, zones_typed
from geo_hygiene.errors import UnknownRecordError
from geo_hygiene.i18n import gettext as _
from geo_hygiene.layerspec import MapLayer
from geo_hygiene.permissions import EVERYWHERE, Areas

LISTED_MM = 1_000
"""Gaps and overlaps shorter than a metre count but are not listed."""

STATES = ("gap", "overlap", "vacant", "covered")
"""The states of a piece, in the order in which they win."""

WANTED = """
select state.target_id
from state
join target on target.id = state.target_id
join {segment} as segment on segment.id = state.target_id
{grouping}
left join area_tree on area_tree.id = state.area_id
left join area as community on community.id = area_tree.community_id
left join area as area_group on area_group.id = area_tree.group_id
where state.duty_id = :duty_id and state.valid_from <= :on and :on < state.valid_to
    and (cast(:community as text) is null or community.code = :community)
    and (cast(:area_group as text) is null or area_group.code = :area_group)
    and (cast(:lane as text) is null or {lane})
    {kept}
    and (cast(:zones as text[]) is null and cast(:persons as int[]) is null or state.target_id in (
        select cover.target_id
        from duty_zone
        join claim using (id)
        join cover on cover.source_id = claim.source_id
        where claim.duty_id = :duty_id and claim.valid_from <= :on and :on < claim.valid_to
            and (cast(:zones as text[]) is null or duty_zone.code = any(:zones))
            and (cast(:persons as int[]) is null or duty_zone.code in (
                select assignment.zone from assignment
                where assignment.person_id = any(:persons)
                    and assignment.valid_from <= :on and :on < assignment.valid_to
            ))
    ))
    {first}
"""
"""Only targets that can have a wanted piece are cut into pieces."""

KEPT = {
    "gap": "and state.gap_max_mm >= :listed",
    "overlap": "and state.overlap_mm >= :listed",
    "vacant": """
        and exists (
            select from vacancy
            where vacancy.duty_id = state.duty_id and vacancy.target_id = state.target_id
                and vacancy.valid_from <= :on and :on < vacancy.valid_to
        )
    """,
}
"""What the kept answers say of a target that has a piece of a state; any may have a covered one."""

ROWS = """
select
    piece.*, {name}
    (
        select json_agg(json_build_object('code', code, 'name', name) order by code)
        from (
            select distinct person.code, person.name from assignment
            join person on person.id = assignment.person_id
            where assignment.zone = any(piece.zones) and assignment.valid_from <= :on and :on < assignment.valid_to
        ) as holder
    ) as held_by,
    (
        select json_agg(json_build_object('code', duty_zone.code, 'name', duty_zone.name) order by duty_zone.code)
        from duty_zone join claim using (id)
        where duty_zone.code = any(piece.zones) and claim.duty_id = :duty_id
            and claim.valid_from <= :on and :on < claim.valid_to
    ) as in_zones,
    community.code as community, community.name as community_name,
    area_group.code as area_group, area_group.name as group_name,
    ST_Force2D(
        case when piece.is_line then ST_LocateBetween(piece.geom, piece.from_mm / 1000.0, piece.to_mm / 1000.0)
        else piece.geom end
    ) as shape
from {pieces} as piece
join {segment} as segment on segment.id = piece.target_id
{grouping}
left join area_tree on area_tree.id = piece.area_id
left join area as community on community.id = area_tree.community_id
left join area as area_group on area_group.id = area_tree.group_id
where piece.to_mm - piece.from_mm >= :listed
    and (cast(:state as text) is null or piece.state = :state)
    and (cast(:zones as text[]) is null or cast(:zones as text[]) && piece.zones)
    and (
        cast(:persons as int[]) is null
        or exists (
            select from assignment
            where assignment.person_id = any(:persons) and assignment.zone = any(piece.zones)
                and assignment.valid_from <= :on and :on < assignment.valid_to
        )
    )
    and (cast(:after_uuid as uuid) is null or {after})
order by {order}
limit :limit
"""

LONGEST_FIRST = "piece.from_mm - piece.to_mm, piece.uuid, piece.from_mm"
AFTER_LENGTH = """
(piece.from_mm - piece.to_mm, piece.uuid, piece.from_mm)
    > (-cast(:after_mm as int), cast(:after_uuid as uuid), cast(:after_from as int))
"""
BY_LANE = "coalesce({title}, ''), coalesce({number}, ''), piece.uuid, piece.from_mm"
AFTER_LANE = """
(coalesce({title}, ''), coalesce({number}, ''), piece.uuid, piece.from_mm) > (
    select coalesce({title}, ''), coalesce({number}, ''), target.uuid, cast(:after_from as int)
    from target join {segment} as segment using (id) {grouping} where target.uuid = cast(:after_uuid as uuid)
)
"""

GAPS = """(
    select
        target.uuid, target.id as target_id, target.kind, target.area_id, target.geom,
        GeometryType(target.geom) <> 'POINTM' as is_line,
        lower(gap) as from_mm, upper(gap) as to_mm, 'gap' as state, null::text[] as zones
    from (
        select * from state
        where duty_id = :duty_id and gap_max_mm >= greatest(:listed, cast(:after_mm as int))
            and valid_from <= :on and :on < valid_to and cast(:after_mm as int) is not null
        union all (
            select * from state
            where duty_id = :duty_id and gap_max_mm >= :listed
                and valid_from <= :on and :on < valid_to
                and (cast(:after_mm as int) is null or gap_max_mm < cast(:after_mm as int))
            order by gap_max_mm desc
            fetch first (:limit) rows with ties
        )
    ) as state
    join target on target.id = state.target_id
    cross join lateral unnest(state.gaps) as gap
)"""
"""A page's gaps are among those of the targets with the longest gaps: each of them brings at least one."""

HOW_MANY_GAPS = """
select count(*)
from state cross join lateral unnest(state.gaps) as gap
where state.duty_id = :duty_id and state.valid_from <= :on and :on < state.valid_to
    and state.gap_max_mm >= :listed and upper(gap) - lower(gap) >= :listed
"""

FIRST_LONGEST = "order by target.extent_mm desc fetch first (:first) rows with ties"
"""No target beyond these has a piece longer than the shortest of them."""
FIRST_BY_LANE = """
    and (
        cast(:after_uuid as uuid) is null
        or (coalesce({title}, ''), coalesce({number}, ''), target.uuid) >= (
            select coalesce({title}, ''), coalesce({number}, ''), target.uuid
            from target join {segment} as segment using (id) {grouping}
            where target.uuid = cast(:after_uuid as uuid)
        )
    )
order by coalesce({title}, ''), coalesce({number}, ''), target.uuid
fetch first (:first) rows only
"""
"""Each target has a piece, so that these fill a page, unless some are shorter than what is listed."""

KNOWN_OF_ASKED = ", (select count(*) from asked) as asked, (select min(extent_mm) from asked) as least_extent"
FIRST_FACTOR = 2
"""Targets that are cut for a row of a page that shows everything."""

MOST_COUNTED = 5_000
"""Targets that are cut into pieces only to be counted."""
EVERY_ROW = 1_000_000_000
AT_ONCE = 1_000
HOW_MANY = "select count(*) from ({rows}) as piece"

PIECE_ROWS = """(
    select piece.*, GeometryType(piece.geom) <> 'POINTM' as is_line from piece
)"""


class Order(StrEnum):
    """The order of a list of stretches."""

    LENGTH = "length"
    """Longest first."""
    LANE = "lane"
    """By the name of the lane or drain, then along each of its targets; points by their code."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PieceFilter:
    """Which stretches are wanted; ``None`` for all. Zone, person and lane are codes or parts of names.

    ``within`` are the areas to whose people the asker's role is limited: nobody else is found by ``person``, and
    without one they do not matter.
    """

    state: str | None = None
    zone: str | None = None
    person: str | None = None
    community: str | None = None
    group: str | None = None
    lane: str | None = None
    within: Areas = field(default=EVERYWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Page:
    """Rows in their public form, and the key after which the next page begins (``None`` at the end).

    ``total`` counts the rows of all pages, where the question tells it.
    """

    rows: list[dict[str, Any]] = field(default_factory=list)
    next: str | None = None
    total: int | None = None


def gaps(connection: Connection, duty: DutyRecord, on: date, *, limit: int = 100, after: str | None = None) -> Page:
    """Return what nobody covers on a day, one row a stretch: lines longest first, points by their code."""
    statement = text(_listed(duty.layer, GAPS, _fitting(Order.LENGTH, duty)))
    values = _values(connection, duty, on, PieceFilter(), limit, after)
    return _page(connection.execute(statement, values).all(), duty, limit)


def gap_count(connection: Connection, duty: DutyRecord, on: date) -> int:
    """Return how many rows all pages of :func:`gaps` have."""
    values = {"duty_id": duty.id, "on": on, "listed": _listed_mm(duty)}
    return int(connection.execute(text(HOW_MANY_GAPS), values).scalar_one())


def piece_count(connection: Connection, duty: DutyRecord, on: date, wanted: PieceFilter) -> int | None:
    """Return how many rows all pages of :func:`pieces` have; ``None`` where it takes long to tell."""
    if wanted == PieceFilter(state="gap"):
        return gap_count(connection, duty, on)
    values = _values(connection, duty, on, wanted, EVERY_ROW, None) | {"first": MOST_COUNTED + 1}
    kept = KEPT.get(wanted.state or "", "")
    targets = _named(WANTED, duty.layer, first="limit :first", kept=kept)
    if connection.execute(text(HOW_MANY.format(rows=targets)), values).scalar_one() > MOST_COUNTED:
        return None
    rows = HOW_MANY.format(rows=_ordered(duty.layer, PIECE_ROWS, _fitting(Order.LENGTH, duty)))
    statement = pieces_statement(_named(WANTED, duty.layer, first="", kept=kept), rows)
    return int(connection.execute(statement, values).scalar_one())


def every_piece(
    connection: Connection, duty: DutyRecord, on: date, wanted: PieceFilter, order: Order
) -> Iterator[dict[str, Any]]:
    """Yield the rows of all pages of :func:`pieces`, as the database gives them."""
    order = _fitting(order, duty)
    values = _values(connection, duty, on, wanted, EVERY_ROW, None)
    if wanted == PieceFilter(state="gap") and order is Order.LENGTH:
        statement = text(_listed(duty.layer, GAPS, order))
    else:
        targets = _named(WANTED, duty.layer, first="", kept=KEPT.get(wanted.state or "", ""))
        statement = pieces_statement(targets, _listed(duty.layer, PIECE_ROWS, order))
    streamed = connection.execution_options(yield_per=AT_ONCE)
    for row in streamed.execute(statement, values):
        yield _public(row, duty)


def pieces(
    connection: Connection,
    duty: DutyRecord,
    on: date,
    *,
    wanted: PieceFilter | None = None,
    order: Order = Order.LENGTH,
    limit: int = 100,
    after: str | None = None,
) -> Page:
    """Return the stretches of one state each on a day, points by their code; a page's key fits every order."""
    order = _fitting(order, duty)
    chosen = wanted or PieceFilter()
    if chosen == PieceFilter(state="gap") and order is Order.LENGTH:
        return gaps(connection, duty, on, limit=limit, after=after)
    values = _values(connection, duty, on, chosen, limit, after)
    if chosen == PieceFilter() and (order is Order.LANE or after is None):
        rows = _first_pieces(connection, duty, order, values)
        if rows is not None:
            return _page(rows, duty, limit)
    statement = pieces_statement(
        _named(WANTED, duty.layer, first="", kept=KEPT.get(chosen.state or "", "")),
        _listed(duty.layer, PIECE_ROWS, order),
    )
    return _page(connection.execute(statement, values).all(), duty, limit)


def _fitting(order: Order, duty: DutyRecord) -> Order:
    """Return an order that the targets of a duty can have: a point has no length."""
    return Order.LANE if duty.unit == "count" else order


def _first_pieces(
    connection: Connection, duty: DutyRecord, order: Order, values: dict[str, Any]
) -> Sequence[Row[Any]] | None:
    """Return a page's rows from the targets that come first, ``None`` where those do not suffice.

    Without a filter the whole duty is asked for, of which a page shows little.
    """
    first = _named(FIRST_BY_LANE, duty.layer) if order is Order.LANE else FIRST_LONGEST
    wanted = _named(WANTED, duty.layer, first=first, kept="")
    statement = pieces_statement(wanted, _listed(duty.layer, PIECE_ROWS, order, KNOWN_OF_ASKED))
    asked = FIRST_FACTOR * values["limit"]
    rows = connection.execute(statement, values | {"first": asked}).all()
    if not rows or rows[0].asked < asked:
        return rows
    if len(rows) < values["limit"]:
        return None
    shortest = rows[-1].to_mm - rows[-1].from_mm
    return rows if order is Order.LANE or shortest >= rows[-1].least_extent else None


def _listed(layer: MapLayer, source: str, order: Order, known: str = "") -> str:
    """Return the statement of a list; ``known`` are further columns."""
    columns = "uuid, kind, code, name, lane, lane_code, from_mm, to_mm, state, zones, in_zones, held_by, community,"
    return (
        f"select {columns} community_name, area_group, group_name,"  # noqa: S608 - constants and declared names
        " ST_X(ST_PointOnSurface(shape)) as lon, ST_Y(ST_PointOnSurface(shape)) as lat,"
        " ST_XMin(shape) as west, ST_YMin(shape) as south, ST_XMax(shape) as east, ST_YMax(shape) as north"
        f" {known} from ({_ordered(layer, source, order)}) as piece"
        f" order by {LONGEST_FIRST if order is Order.LENGTH else _listed_by_lane(layer)}"
    )


def _page(rows: Sequence[Row[Any]], duty: DutyRecord, limit: int) -> Page:
    following = rows[limit - 1] if len(rows) > limit else None
    return Page([_public(row, duty) for row in rows[:limit]], _key(following) if following else None)


def _listed_mm(duty: DutyRecord) -> int:
    return 1 if duty.unit == "count" else LISTED_MM


def _values(
    connection: Connection, duty: DutyRecord, on: date, wanted: PieceFilter, limit: int, after: str | None
) -> dict[str, Any]:
    after_mm, after_uuid, after_from = read_key(after)
    return {
        "duty_id": duty.id,
        "on": on,
        "listed": _listed_mm(duty),
        "state": wanted.state,
        "zones": zones_typed(connection, duty, on, wanted.zone),
        "persons": persons_typed(connection, wanted.person, wanted.within),
        "community": wanted.community,
        "area_group": wanted.group,
        "lane": wanted.lane,
        "bundles": bundles_typed(connection, duty, wanted.lane),
        "after_mm": after_mm,
        "after_uuid": after_uuid,
        "after_from": after_from,
        "limit": limit + 1,
    }


def _ordered(layer: MapLayer, source: str, order: Order) -> str:
    """Return the statement of a list in an order, from the key of the page before."""
    by_lane = order is Order.LANE
    ordered = _named(BY_LANE, layer) if by_lane else LONGEST_FIRST
    after = _named(AFTER_LANE, layer) if by_lane else AFTER_LENGTH
    return _named(ROWS, layer, pieces=source, order=ordered, after=after)


def _listed_by_lane(layer: MapLayer) -> str:
    if layer.grouping is None:
        return BY_LANE.format(title="piece.code", number="piece.code")
    return BY_LANE.format(title="piece.lane", number="piece.lane_code")


def _named(template: str, layer: MapLayer, **parts: str) -> str:
    """Return a statement for the layer's tables; names come from the declaration."""
    grouping = layer.grouping
    join, title, number, lane = "", "segment.code", "segment.code", "segment.code = :lane"
    own = "segment.name" if any(attribute.name == "name" for attribute in layer.attributes) else "null::text"
    name = f"segment.code, {own} as name, null::text as lane, null::text as lane_code,"
    if grouping is not None:
        join = f"left join {grouping.model.__tablename__} as bundle on bundle.id = segment.{grouping.reference.key}"
        title, number = "bundle.name", "bundle.code"
        name = "segment.code, null::text as name, bundle.name as lane, bundle.code as lane_code,"
        lane = "bundle.id = any(:bundles)"
    words = {"segment": layer.model.__tablename__, "grouping": join, "title": title, "number": number}
    return template.format(name=name, lane=lane, **words, **parts)


def _public(row: Row[Any], duty: DutyRecord) -> dict[str, Any]:
    return {
        "segment": str(row.uuid),
        "kind": row.kind,
        "code": row.code,
        "name": row.name,
        "lane": row.lane,
        "lane_code": row.lane_code,
        "from_m": row.from_mm / 1000,
        "to_m": row.to_mm / 1000,
        "length_m": duty.amount(row.to_mm - row.from_mm),
        "state": row.state,
        "zones": list(row.zones or ()),
        "in_zones": list(row.in_zones or ()),
        "holders": [holder["code"] for holder in row.held_by or ()],
        "held_by": list(row.held_by or ()),
        "community": row.community,
        "community_name": row.community_name,
        "group": row.area_group,
        "group_name": row.group_name,
        "center": [row.lon, row.lat],
        "bbox": [row.west, row.south, row.east, row.north],
    }


def _key(row: Row[Any]) -> str:
    return f"{row.to_mm - row.from_mm}.{row.uuid}.{row.from_mm}"


def read_key(key: str | None) -> tuple[int | None, str | None, int | None]:
    """Return length, id and start of the stretch after which a page begins; ``None`` for the first page."""
    if key is None:
        return None, None, None
    try:
        extent, identity, start = key.split(".")
        return int(extent), str(uuid_module.UUID(identity)), int(start)
    except ValueError:
        raise UnknownRecordError(_("“%(key)s” is not the key of a page.", key=key)) from None


def plan_days(connection: Connection, duty: DutyRecord) -> list[date]:
    """Return the days on which zones of a duty begin: the starts of its plans."""
    return list(
        connection.scalars(
            text(
                "select distinct valid_from from claim"
                " where duty_id = :duty and valid_from > '-infinity' order by valid_from"
            ),
            {"duty": duty.id},
        )
    )
