"""Two plans of a duty side by side and by difference: who gains, who loses, how many metres change hands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from sqlalchemy import Connection, TextClause, text

from geo_hygiene.coverage.duties import DutyRecord
from geo_hygiene.coverage.summary import Sums, summarize
from geo_hygiene.database import planned_without
from geo_hygiene.layerspec import MapLayer
from geo_hygiene.zoning.drafts import DraftRecord, sums_of
from geo_hygiene.zoning.workload import MILLISECONDS, milliseconds, work_join

SIDE = """
    select held.zone, held.person_id, held.target_id, range_agg(int4range(held.from_mm, held.to_mm)) as ranges
    from (
        select duty_zone.code as zone, assignment.person_id, cover.target_id, cover.from_mm, cover.to_mm
        from duty_zone
        join claim on claim.id = duty_zone.id and claim.duty_id = :duty_id
            and claim.valid_from <= :{side}_on and :{side}_on < claim.valid_to
        join {cover} as cover using (source_id)
        left join assignment on assignment.zone = duty_zone.code
            and assignment.valid_from <= :{side}_on and :{side}_on < assignment.valid_to
        where not exists (
            select from draft_zone where draft_zone.draft_id = :{side}_draft and draft_zone.code = duty_zone.code
        )
        union all
        select draft_zone.code, holder.person_id, cover.target_id, cover.from_mm, cover.to_mm
        from draft_zone
        join {cover} as cover using (source_id)
        left join lateral (
            select unnest(draft_zone.person_ids) as person_id
            union
            select assignment.person_id from assignment
            where draft_zone.person_ids is null and assignment.zone = draft_zone.code
                and assignment.valid_from <= :{side}_on and :{side}_on < assignment.valid_to
        ) as holder on true
        where draft_zone.draft_id = :{side}_draft
    ) as held
    join duty_target on duty_target.duty_id = :duty_id and duty_target.target_id = held.target_id
        and duty_target.valid_from <= :{side}_on and :{side}_on < duty_target.valid_to
    group by held.zone, held.person_id, held.target_id
"""
"""What is held on one side: by zone, person and target; a zone that nobody holds has no person."""

TOUCHED = """
    select cover.target_id
    from draft_zone join cover using (source_id)
    where draft_zone.draft_id in (:first_draft, :second_draft)
    union
    select cover.target_id
    from draft_zone
    join duty_zone using (code)
    join claim on claim.id = duty_zone.id and claim.duty_id = :duty_id
        and claim.valid_from <= :first_on and :first_on < claim.valid_to
    join cover on cover.source_id = claim.source_id
    where draft_zone.draft_id in (:first_draft, :second_draft)
"""
"""The targets that drafts touch on a day: on all others both sides are alike."""

RATES = """
    select target.id as target_id, ({milliseconds})::float8 as rate
    from target
    join {table} as segment on segment.id = target.id
    left join area_tree on area_tree.id = target.area_id
    {work}
    where target.id in (select target_id from {held})
"""
"""Milliseconds a day for each millimetre or place of what is held on one side, by the work model of its day."""

HELD = """
    select 'person' as kind, person_id::text as holder, target_id, ranges from {side} where person_id is not null
    union all
    select 'zone', zone, target_id, ranges from {side}
"""

CHANGES = """
with touched as materialized ({touched}),
first as materialized ({first}),
second as materialized ({second}),
first_rate as materialized ({first_rates}),
second_rate as materialized ({second_rates}),
one as (select kind, holder, target_id, range_agg(ranges) as ranges from ({held_first}) as held group by 1, 2, 3),
other as (select kind, holder, target_id, range_agg(ranges) as ranges from ({held_second}) as held group by 1, 2, 3),
both_sides as materialized (
    select
        kind, holder, target_id, coalesce(one.ranges, '{{}}'::int4multirange) as before,
        coalesce(other.ranges, '{{}}'::int4multirange) as after
    from one full join other using (kind, holder, target_id)
),
summed as (
    select
        kind, holder,
        sum(multirange_length(before)) as before_mm, sum(multirange_length(after)) as after_mm,
        sum(multirange_length(after - before)) as gains_mm, sum(multirange_length(before - after)) as loses_mm,
        coalesce(sum(multirange_length(before) * first_rate.rate), 0) as before_ms,
        coalesce(sum(multirange_length(after) * second_rate.rate), 0) as after_ms,
        coalesce(sum(multirange_length(after - before) * second_rate.rate), 0) as gains_ms,
        coalesce(sum(multirange_length(before - after) * first_rate.rate), 0) as loses_ms
    from both_sides
    left join first_rate using (target_id)
    left join second_rate using (target_id)
    group by kind, holder
),
hands as (
    select target_id, range_agg((after - before) + (before - after)) as changed
    from both_sides where kind = 'person' group by target_id
)
select * from summed where gains_mm > 0 or loses_mm > 0 or :everybody
union all
select
    'moved', null, coalesce(sum(multirange_length(changed)), 0), count(*) filter (where not isempty(changed)), 0, 0,
    coalesce(sum(multirange_length(changed) * coalesce(second_rate.rate, first_rate.rate)), 0), 0, 0, 0
from hands
left join first_rate using (target_id)
left join second_rate using (target_id)
"""
"""Who gains and who loses, people and zones; in the row ``moved`` the ground whose holders are others, counted once."""

BEFORE = """
with held as materialized (
    select 'person' as kind, person_id::text as holder, target_id, range_agg(ranges) as before
    from ({first}) as first where person_id = any(:people) group by person_id, target_id
    union all
    select 'zone', zone, target_id, range_agg(ranges)
    from ({first}) as first where zone = any(:zones) group by zone, target_id
),
first_rate as materialized ({rates})
select
    kind, holder, sum(multirange_length(before)) as before_mm,
    coalesce(sum(multirange_length(before) * rate), 0) as before_ms
from held left join first_rate using (target_id)
group by kind, holder
"""
"""What some people and zones hold in all on the first side."""

UNTOUCHED = "select 0 as target_id where false"
NEAR = "(select cover.* from touched join cover using (target_id))"


def _rates(layer: MapLayer, side: str, held: str) -> str:
    return RATES.format(
        table=layer.model.__tablename__,
        milliseconds=milliseconds(layer),
        work=work_join(layer, on=f"{side}_on"),
        held=held,
    )


def _changes(layer: MapLayer, cover: str, touched: str) -> TextClause:
    sides = {side: SIDE.format(side=side, cover=cover) for side in ("first", "second")}
    held = {f"held_{side}": HELD.format(side=side) for side in sides}
    rates = {f"{side}_rates": _rates(layer, side, side) for side in sides}
    return text(CHANGES.format(touched=touched, **sides, **held, **rates))


def _before(layer: MapLayer) -> TextClause:
    return text(BEFORE.format(first=SIDE.format(side="first", cover="cover"), rates=_rates(layer, "first", "held")))


MOST_LISTED = 5000


@dataclass(frozen=True, slots=True)
class Plan:
    """The zones of a day, or those with a draft."""

    on: date
    draft: DraftRecord | None = None

    def as_json(self) -> dict[str, Any]:
        """Return which it is."""
        return {"on": self.on.isoformat(), "plan": "published" if self.draft is None else self.draft.name}


@dataclass(frozen=True, slots=True)
class _Row:
    """What one person or zone holds before and after, gains and loses, and how long the daily work on it takes.

    Sums come from the database as numerics.
    """

    kind: str
    holder: str
    before_mm: int
    after_mm: int
    gains_mm: int
    loses_mm: int
    before_ms: float
    after_ms: float
    gains_ms: float
    loses_ms: float

    def amounts(self, duty: DutyRecord) -> dict[str, float | int]:
        """Return its public form."""
        sums = {
            "before": self.before_mm,
            "after": self.after_mm,
            "gains": self.gains_mm,
            "loses": self.loses_mm,
        }
        works = {
            "before_min": self.before_ms,
            "after_min": self.after_ms,
            "gains_min": self.gains_ms,
            "loses_min": self.loses_ms,
        }
        return {name: duty.amount(int(value)) for name, value in sums.items()} | {
            name: _minutes(value) for name, value in works.items()
        }

    def with_all(self, before_mm: int, before_ms: float) -> _Row:
        """Return it with what is held in all before, and by that after."""
        return replace(
            self,
            before_mm=before_mm,
            after_mm=before_mm - self.loses_mm + self.gains_mm,
            before_ms=before_ms,
            after_ms=before_ms - self.loses_ms + self.gains_ms,
        )


def _minutes(milliseconds_a_day: float) -> float:
    return round(float(milliseconds_a_day) / MILLISECONDS, 2)


def compare(
    connection: Connection, duty: DutyRecord, first: Plan, second: Plan, *, everybody: bool = False
) -> dict[str, Any]:
    """Return two plans of a duty by difference, in their public form.

    Parameters
    ----------
    everybody
        Whether people and zones are listed that neither gain nor lose.
    """
    asked = {
        "duty_id": duty.id,
        "first_on": first.on,
        "first_draft": None if first.draft is None else first.draft.id,
        "second_on": second.on,
        "second_draft": None if second.draft is None else second.draft.id,
        "everybody": everybody,
    }
    if first.on == second.on and not everybody:
        rows = _near_changes(connection, duty.layer, asked)
    else:
        with planned_without(connection, "nestloop"):  # what a side holds is told to the planner by nobody
            rows = _read(connection, _changes(duty.layer, "cover", UNTOUCHED), asked)
    (moved,) = [row for row in rows if row.kind == "moved"]
    people, zones = ([row for row in rows if row.kind == kind] for kind in ("person", "zone"))
    names = _names(connection, people)
    listed = [{**names[row.holder], **row.amounts(duty)} for row in people]
    return {
        "duty": duty.code,
        "unit": duty.unit,
        "workload_unit": "min",
        "first": {**first.as_json(), **_sums(connection, duty, first).amounts(duty)},
        "second": {**second.as_json(), **_sums(connection, duty, second).amounts(duty)},
        "moved": duty.amount(int(moved.before_mm)),
        "moved_min": _minutes(moved.before_ms),
        "moved_targets": int(moved.after_mm),
        "people": sorted(listed, key=lambda person: str(person["code"]))[:MOST_LISTED],
        "zones": [
            {"code": row.holder, **row.amounts(duty)} for row in sorted(zones, key=lambda row: row.holder)[:MOST_LISTED]
        ],
    }


def _read(connection: Connection, statement: TextClause, asked: dict[str, Any]) -> list[_Row]:
    return [_Row(*row) for row in connection.execute(statement, asked)]


def _near_changes(connection: Connection, layer: MapLayer, asked: dict[str, Any]) -> list[_Row]:
    """Return the changes of one day, read only where drafts touch it; what somebody holds in all is asked for."""
    rows = _read(connection, _changes(layer, NEAR, TOUCHED), asked)
    listed = {
        "people": [int(row.holder) for row in rows if row.kind == "person"],
        "zones": [row.holder for row in rows if row.kind == "zone"],
    }
    before = {
        (row.kind, row.holder): (int(row.before_mm), float(row.before_ms))
        for row in connection.execute(_before(layer), {**asked, **listed})
    }
    return [row if row.kind == "moved" else row.with_all(*before.get((row.kind, row.holder), (0, 0.0))) for row in rows]


def _names(connection: Connection, people: Sequence[_Row]) -> dict[str, dict[str, str]]:
    ids = [int(row.holder) for row in people]
    rows = connection.execute(text("select id, code, name from person where id = any(:ids)"), {"ids": ids})
    return {str(row.id): {"code": row.code, "name": row.name} for row in rows}


def _sums(connection: Connection, duty: DutyRecord, plan: Plan) -> Sums:
    if plan.draft is not None:
        return sums_of(connection, plan.draft, plan.on)
    return summarize(connection, duty, plan.on).sums
