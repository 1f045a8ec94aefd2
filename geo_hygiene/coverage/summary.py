"""How much of what must be covered is covered on a day: in all, by area, by lane, by person."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row, text

from geo_hygiene.coverage.duties import DutyRecord
from geo_hygiene.coverage.pieces import pieces_statement
from geo_hygiene.coverage.within import PERSON_WITHIN, bound
from geo_hygiene.database import planned_without
from geo_hygiene.errors import UnknownRecordError
from geo_hygiene.i18n import gettext as _
from geo_hygiene.permissions import EVERYWHERE, Areas


class Level(StrEnum):
    """By what a summary is broken down."""

    OFFICE = "office"
    COMMUNITY = "community"
    GROUP = "group"
    LANE = "lane"
    PERSON = "person"


BELOW = {Level.OFFICE: "community", Level.COMMUNITY: "group", Level.GROUP: "group"}
"""The level of the parts in which an area is told."""


@dataclass(frozen=True, slots=True)
class Sums:
    """Millimetres (or counts) that must be covered, and how they are; vacant is part of covered."""

    total: int = 0
    covered: int = 0
    overlap: int = 0
    vacant: int = 0

    @property
    def gap(self) -> int:
        """Return what nobody covers."""
        return self.total - self.covered

    def amounts(self, duty: DutyRecord) -> dict[str, float | int]:
        """Return the public form: metres to the millimetre, or counts."""
        return {
            "total": duty.amount(self.total),
            "covered": duty.amount(self.covered),
            "vacant": duty.amount(self.vacant),
            "gap": duty.amount(self.gap),
            "overlap": duty.amount(self.overlap),
        }


@dataclass(frozen=True, slots=True)
class SummaryRow:
    """One area, lane or person; ``code`` is ``None`` for what belongs to none."""

    code: str | None
    name: str | None
    sums: Sums


@dataclass(frozen=True, slots=True)
class OutsideScope:
    """A claim's ground that the duty need not cover: it counts nowhere and is listed."""

    zone: str | None
    targets: int
    extent: int


@dataclass(frozen=True, slots=True)
class Summary:
    """The answer of :func:`summarize`; ``next`` is the key of the page that follows."""

    duty: DutyRecord
    on: date
    sums: Sums
    level: Level | None
    rows: tuple[SummaryRow, ...]
    next: str | None
    outside_scope: tuple[OutsideScope, ...]
    plan: str = "published"

    def as_json(self) -> dict[str, Any]:
        """Return the public form: metres to the millimetre, or counts."""
        return {
            "duty": self.duty.code,
            "kind": self.duty.target_kind,
            "unit": self.duty.unit,
            "on": self.on.isoformat(),
            "plan": self.plan,
            **self.sums.amounts(self.duty),
            "by_level": self.level,
            "by": [{"code": row.code, "name": row.name, **row.sums.amounts(self.duty)} for row in self.rows],
            "next": self.next,
            "outside_scope": [
                {"zone": row.zone, "targets": row.targets, "extent": self.duty.amount(row.extent)}
                for row in self.outside_scope
            ],
        }


BY_AREA = """
select {columns} coalesce(sum(total_mm), 0) as total, coalesce(sum(covered_mm), 0) as covered,
    coalesce(sum(overlap_mm), 0) as overlap, coalesce(sum(vacant_mm), 0) as vacant
from ledger {joins}
where ledger.duty_id = :duty_id and ledger.level = :kept and ledger.day <= :on {grouping}
"""

AREAS_OF_PAGE = """
select area.code, area.name, sums.*
from area
cross join lateral (
    select sum(total_mm) as total, sum(covered_mm) as covered, sum(overlap_mm) as overlap, sum(vacant_mm) as vacant
    from ledger
    where ledger.duty_id = :duty_id and ledger.level = :kept and ledger.area_id = area.id and ledger.day <= :on
    having sum(total_mm) <> 0
) as sums
where area.level = :level and area.code > coalesce(:after, '')
order by area.code, area.id
limit :limit
"""
"""Each area is looked up alone, so that none after them is read."""

BELOW_AREA = """
ledger.area_id in (
    select id from area where :area in (id, parent_id)
    union all
    select area.id from area join area as parent on parent.id = area.parent_id where parent.parent_id = :area
)
"""
"""The area itself, what is in it, and what is in that."""

IN_TREE = "left join area_tree on area_tree.id = ledger.area_id"

KEPT_LEVELS = {Level.OFFICE: "office", Level.COMMUNITY: "community"}
"""Levels whose sums are kept; those of groups are sums of the areas that targets are assigned to."""

BY_GROUPING = """
select
    bundle.code, bundle.name, sum(state.covered_mm + multirange_length(state.gaps)) as total,
    sum(state.covered_mm) as covered,
    sum(state.overlap_mm) as overlap, coalesce(sum(vacancy.vacant_mm), 0) as vacant
from state
left join vacancy
    on vacancy.duty_id = state.duty_id and vacancy.target_id = state.target_id
    and vacancy.valid_from <= :on and :on < vacancy.valid_to
{joins}
where state.duty_id = :duty_id and state.valid_from <= :on and :on < state.valid_to {within}
group by {identity} bundle.code, bundle.name
order by bundle.name nulls last, bundle.code nulls last
"""

NO_GROUPING = "cross join (select null::text as code, null::text as name) as bundle"

HOLDINGS = """
assignment
join duty_zone on duty_zone.code = assignment.zone
join claim on claim.id = duty_zone.id and claim.duty_id = :duty_id
    and claim.valid_from <= :on and :on < claim.valid_to
"""

HOLDS = "assignment.valid_from <= :on and :on < assignment.valid_to"

HOLDERS = f"""
select person.id, person.code
from person
cross join lateral (
    select from {HOLDINGS} where assignment.person_id = person.id and {HOLDS} limit 1
) as holding
where (cast(:after as text) is null or person.code > :after) and {PERSON_WITHIN}
order by person.code
limit :limit
"""  # noqa: S608 - constants
"""Who is on a page; each is looked up alone, so that nobody after them is read."""

BY_PERSON = f"""
select person.code, person.name, held.total, held.total as covered, held.overlap, 0 as vacant
from (
    select person_id, sum(extent) as total, sum(doubled) as overlap
    from (
        select
            assignment.person_id, multirange_length(range_agg(int4range(cover.from_mm, cover.to_mm))) as extent,
            0 as doubled
        from {HOLDINGS}
        join cover on cover.source_id = claim.source_id
        join state on state.duty_id = :duty_id and state.target_id = cover.target_id
            and state.valid_from <= :on and :on < state.valid_to
        where {HOLDS} and (cast(:persons as int[]) is null or assignment.person_id = any(:persons))
        group by assignment.person_id, cover.target_id
        union all
        select person_id, 0, to_mm - from_mm
        from (
            select distinct assignment.person_id, piece.target_id, piece.from_mm, piece.to_mm
            from piece
            cross join unnest(piece.zones) as in_zone
            join assignment on assignment.zone = in_zone
            where piece.state = 'overlap' and {HOLDS}
                and (cast(:persons as int[]) is null or assignment.person_id = any(:persons))
        ) as twice
    ) as part
    group by person_id
) as held
join person on person.id = held.person_id
where {PERSON_WITHIN}
order by person.code
"""  # noqa: S608 - constants
"""A piece lies in each of its zones whole."""

OVERLAPPED = """
select target_id from state
where duty_id = :duty_id and overlap_mm > 0 and valid_from <= :on and :on < valid_to
"""

OVERLAPPED_OF_PERSONS = f"""
select distinct state.target_id from {HOLDINGS}
join cover on cover.source_id = claim.source_id
join state on state.duty_id = :duty_id and state.target_id = cover.target_id and state.overlap_mm > 0
    and state.valid_from <= :on and :on < state.valid_to
where {HOLDS} and assignment.person_id = any(:persons)
"""  # noqa: S608 - constants

HAS_WHOLE_SCOPE = """
select exists (
    select from scope
    where duty_id = :duty_id and valid_from <= :on and :on < valid_to
        and zone_classes is null and area_ids is null and categories is null
)
"""
"""A scope of everything leaves nothing outside."""

OUTSIDE_SCOPE = """
select duty_zone.code as zone, count(distinct cover.target_id) as targets, sum(cover.to_mm - cover.from_mm) as extent
from claim
join duty on duty.id = claim.duty_id
join duty_zone on duty_zone.id = claim.id
join cover on cover.source_id = claim.source_id
join target
    on target.id = cover.target_id and target.kind = duty.target_kind
    and target.valid_from <= :on and :on < target.valid_to
where claim.duty_id = :duty_id and claim.valid_from <= :on and :on < claim.valid_to
    and not exists (
        select from state
        where state.duty_id = :duty_id and state.target_id = cover.target_id
            and state.valid_from <= :on and :on < state.valid_to
    )
group by duty_zone.code
order by duty_zone.code
"""
"""Targets of other kinds that a shape meets are not asked of the duty."""


def summarize(
    connection: Connection,
    duty: DutyRecord,
    on: date,
    level: Level | None = None,
    *,
    outside: bool = True,
    within: Areas = EVERYWHERE,
    limit: int | None = None,
    after: str | None = None,
) -> Summary:
    """Return the sums of a duty on a day, broken down by a level where one is given.

    Rows of areas and lanes add up to the total; by person each holder counts whole, and the row without a code is
    what nobody holds. What lies ``outside`` the scope is looked for among all stretches of the duty's zones. Of people
    only those are told who belong ``within`` the areas to which the asker's role is limited.

    With a ``limit`` the rows are a page of at most so many, which begins ``after`` the code of the last row of the page
    before; rows without a code come on top of the last page.

    Raises
    ------
    UnknownRecordError
        If ``after`` is no code of a lane.
    """
    values = {"duty_id": duty.id, "on": on, "after": after, **bound(within)}
    whole = text(BY_AREA.format(columns="", joins="", grouping=""))
    sums = _sums(connection.execute(whole, values | {"kept": "all"}).one())
    rows, key = _rows(connection, duty, level, values, sums, limit)
    return Summary(duty, on, sums, level, rows, key, _outside_scope(connection, values) if outside else ())


def _outside_scope(connection: Connection, values: dict[str, Any]) -> tuple[OutsideScope, ...]:
    """Return what zones hold outside the scope; where that is everything, all their stretches need not be read."""
    if connection.scalar(text(HAS_WHOLE_SCOPE), values):
        return ()
    found = connection.execute(text(OUTSIDE_SCOPE), values)
    return tuple(OutsideScope(row.zone, row.targets, int(row.extent)) for row in found)


def summarize_within(
    connection: Connection, duty: DutyRecord, on: date, level: Level, area_id: int
) -> tuple[Sums, tuple[SummaryRow, ...]]:
    """Return the sums of an area of a level on a day, and those of the areas one level below it."""
    statement = BY_AREA.format(
        columns="part.code, part.name,",
        joins=f"{IN_TREE} left join area as part on part.id = area_tree.{BELOW[level]}_id",
        grouping=f"and {BELOW_AREA} group by part.id, part.code, part.name"
        " having sum(total_mm) <> 0 order by part.code nulls last",
    )
    values = {"duty_id": duty.id, "kept": "own", "on": on, "area": area_id}
    rows = _summary_rows(connection.execute(text(statement), values))
    return _added(rows), rows if level is not Level.GROUP else ()


def summarize_bundle(connection: Connection, duty: DutyRecord, on: date, bundle_id: int) -> Sums:
    """Return the sums of one lane or drain on a day."""
    values = {"duty_id": duty.id, "on": on, "bundle": bundle_id}
    statement = _by_grouping(duty, within="and bundle.id = :bundle")
    return _added(_summary_rows(connection.execute(text(statement), values)))


def _added(rows: Iterable[SummaryRow]) -> Sums:
    sums = [row.sums for row in rows]
    return Sums(
        sum(one.total for one in sums),
        sum(one.covered for one in sums),
        sum(one.overlap for one in sums),
        sum(one.vacant for one in sums),
    )


Rows = tuple[tuple[SummaryRow, ...], str | None]
"""A page, and the key of the one that follows."""


def _rows(
    connection: Connection, duty: DutyRecord, level: Level | None, values: dict[str, Any], sums: Sums, limit: int | None
) -> Rows:
    if level is None:
        return (), None
    if level is Level.PERSON:
        nobody = SummaryRow(None, None, Sums(sums.gap + sums.vacant, sums.vacant, 0, sums.vacant))
        held, key = _persons(connection, values, limit)
        return (*held, nobody) if nobody.sums.total and key is None else held, key
    if level is Level.LANE:
        return _lanes(_summary_rows(connection.execute(text(_by_grouping(duty)), values)), values["after"], limit)
    return _areas(connection, level, values, limit)


def _persons(connection: Connection, values: dict[str, Any], limit: int | None) -> Rows:
    """Return holders; of a page first who they are, then what they hold."""
    if limit is None:
        whole = pieces_statement(OVERLAPPED, BY_PERSON)
        with planned_without(connection, "nestloop"):
            return _summary_rows(connection.execute(whole, values | {"persons": None})), None
    holders = connection.execute(text(HOLDERS), values | {"limit": limit + 1}).all()
    page = pieces_statement(OVERLAPPED_OF_PERSONS, BY_PERSON)
    asked = values | {"persons": [row.id for row in holders[:limit]]}
    return _summary_rows(connection.execute(page, asked)), _key(holders, limit)


def _areas(connection: Connection, level: Level, values: dict[str, Any], limit: int | None) -> Rows:
    asked = values | {"level": level.value, "kept": KEPT_LEVELS.get(level, "own")}
    if limit is None:
        return _summary_rows(connection.execute(text(_by_area("")), asked)), None
    found = connection.execute(text(AREAS_OF_PAGE), asked | {"limit": limit + 1}).all()
    key = _key(found, limit)
    rows = _summary_rows(found[:limit])
    if key is None:
        rows += _summary_rows(connection.execute(text(_by_area("and area.code is null")), asked))
    return rows, key


def _lanes(rows: tuple[SummaryRow, ...], after: str | None, limit: int | None) -> Rows:
    """Return the lanes of a page; all of them have to be summed up to know any."""
    if limit is None:
        return rows, None
    coded = [row for row in rows if row.code is not None]
    begin = 0 if after is None else next((at for at, row in enumerate(coded, 1) if row.code == after), None)
    if begin is None:
        raise UnknownRecordError(_("“%(key)s” is not the key of a page.", key=after))
    page = coded[begin : begin + limit]
    if begin + limit < len(coded):
        return tuple(page), page[-1].code
    return (*page, *(row for row in rows if row.code is None)), None


def _key(rows: Sequence[Row[Any]], limit: int) -> str | None:
    """Return the code of the last row of a page that another follows."""
    return str(rows[limit - 1].code) if len(rows) > limit else None


def _by_area(wanted: str) -> str:
    return BY_AREA.format(
        columns="area.code, area.name,",
        joins="left join area on area.id = ledger.area_id and area.level = :level",
        grouping=f"{wanted} group by area.id, area.code, area.name having sum(total_mm) <> 0"
        " order by area.code nulls last",
    )


def _by_grouping(duty: DutyRecord, *, within: str = "") -> str:
    grouping = duty.layer.grouping
    if grouping is None:
        return BY_GROUPING.format(joins=NO_GROUPING, identity="", within=within)
    segment, reference = duty.layer.model.__tablename__, grouping.reference.key
    return BY_GROUPING.format(
        joins=f"join {segment} as segment on segment.id = state.target_id"
        f" left join {grouping.model.__tablename__} as bundle on bundle.id = segment.{reference}",
        identity="bundle.id,",
        within=within,
    )


def _summary_rows(rows: Iterable[Row[Any]]) -> tuple[SummaryRow, ...]:
    return tuple(SummaryRow(row.code, row.name, _sums(row)) for row in rows)


def _sums(row: Row[Any]) -> Sums:
    return Sums(int(row.total), int(row.covered), int(row.overlap), int(row.vacant))
