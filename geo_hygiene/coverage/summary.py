"""How much of what must be covered is covered on a day: in all, by area, by lane, by person."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row, text

from geo_hygiene.coverage.duties import DutyRecord
from geo_hygiene.coverage.pieces import pieces_statement
from geo_hygiene.coverage.within import PERSON_WITHIN, bound
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
    """The answer of :func:`summarize`."""

    duty: DutyRecord
    on: date
    sums: Sums
    level: Level | None
    rows: tuple[SummaryRow, ...]
    outside_scope: tuple[OutsideScope, ...]

    def as_json(self) -> dict[str, Any]:
        """Return the public form: metres to the millimetre, or counts."""
        return {
            "duty": self.duty.code,
            "kind": self.duty.target_kind,
            "unit": self.duty.unit,
            "on": self.on.isoformat(),
            "plan": "published",
            **self.sums.amounts(self.duty),
            "by_level": self.level,
            "by": [{"code": row.code, "name": row.name, **row.sums.amounts(self.duty)} for row in self.rows],
            "outside_scope": [
                {"zone": row.zone, "targets": row.targets, "extent": self.duty.amount(row.extent)}
                for row in self.outside_scope
            ],
        }


BY_AREA = """
select {columns} coalesce(sum(total_mm), 0) as total, coalesce(sum(covered_mm), 0) as covered,
    coalesce(sum(overlap_mm), 0) as overlap, coalesce(sum(vacant_mm), 0) as vacant
from ledger {joins}
where ledger.duty_id = :duty_id and ledger.level = :level and ledger.day <= :on {grouping}
"""

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

BY_PERSON = f"""
select person.code, person.name, held.total, held.total as covered, held.overlap, 0 as vacant
from (
    select
        mine.person_id, sum(multirange_length(mine.ranges)) as total,
        coalesce(sum(multirange_length(mine.ranges * doubled.ranges)), 0) as overlap
    from (
        select assignment.person_id, cover.target_id, range_agg(int4range(cover.from_mm, cover.to_mm)) as ranges
        from assignment
        join duty_zone on duty_zone.code = assignment.zone
        join claim on claim.id = duty_zone.id and claim.duty_id = :duty_id
            and claim.valid_from <= :on and :on < claim.valid_to
        join cover on cover.source_id = claim.source_id
        join state on state.duty_id = :duty_id and state.target_id = cover.target_id
            and state.valid_from <= :on and :on < state.valid_to
        where assignment.valid_from <= :on and :on < assignment.valid_to
        group by assignment.person_id, cover.target_id
    ) as mine
    left join (
        select target_id, range_agg(int4range(from_mm, to_mm)) as ranges
        from piece where state = 'overlap' group by target_id
    ) as doubled using (target_id)
    group by mine.person_id
) as held
join person on person.id = held.person_id
where {PERSON_WITHIN}
order by person.code
"""  # noqa: S608 - constants

OVERLAPPED = """
select target_id from state
where duty_id = :duty_id and overlap_mm > 0 and valid_from <= :on and :on < valid_to
"""

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
    and not exists (
        select from scope
        where scope.duty_id = :duty_id and scope.valid_from <= :on and :on < scope.valid_to
            and scope.zone_classes is null and scope.area_ids is null and scope.categories is null
    )
group by duty_zone.code
order by duty_zone.code
"""
"""Targets of other kinds that a shape meets are not asked of the duty; a scope of everything leaves nothing outside."""


def summarize(
    connection: Connection,
    duty: DutyRecord,
    on: date,
    level: Level | None = None,
    *,
    outside: bool = True,
    within: Areas = EVERYWHERE,
) -> Summary:
    """Return the sums of a duty on a day, broken down by a level where one is given.

    Rows of areas and lanes add up to the total; by person each holder counts whole, and the row without a code is
    what nobody holds. What lies ``outside`` the scope is looked for among all stretches of the duty's zones. Of people
    only those are told who belong ``within`` the areas to which the asker's role is limited.
    """
    values = {"duty_id": duty.id, "on": on, **bound(within)}
    whole = text(BY_AREA.format(columns="", joins="", grouping=""))
    total = connection.execute(whole, values | {"level": "all"}).one()
    sums = _sums(total)
    rows = _rows(connection, duty, level, values, sums)
    found = connection.execute(text(OUTSIDE_SCOPE), values) if outside else ()
    return Summary(
        duty, on, sums, level, rows, tuple(OutsideScope(row.zone, row.targets, int(row.extent)) for row in found)
    )


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
    values = {"duty_id": duty.id, "level": "own", "on": on, "area": area_id}
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


def _rows(
    connection: Connection, duty: DutyRecord, level: Level | None, values: dict[str, Any], sums: Sums
) -> tuple[SummaryRow, ...]:
    if level is None:
        return ()
    if level is Level.LANE:
        return _summary_rows(connection.execute(text(_by_grouping(duty)), values))
    if level is Level.PERSON:
        nobody = SummaryRow(None, None, Sums(sums.gap + sums.vacant, sums.vacant, 0, sums.vacant))
        held = _summary_rows(connection.execute(pieces_statement(OVERLAPPED, BY_PERSON), values))
        return (*held, nobody) if nobody.sums.total else held
    kept = KEPT_LEVELS.get(level, "own")
    return _summary_rows(connection.execute(text(_by_area(level)), values | {"level": kept}))


def _by_area(level: Level) -> str:
    return BY_AREA.format(
        columns="area.code, area.name,",
        joins=f"left join area on area.id = ledger.area_id and area.level = '{level.value}'",
        grouping="group by area.id, area.code, area.name having sum(total_mm) <> 0 order by area.code nulls last",
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
