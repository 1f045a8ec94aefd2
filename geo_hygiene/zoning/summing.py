"""The figures of a day with a draft, in all and broken down: those of the plan, and by how much the draft differs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from datetime import date

from sqlalchemy import Connection, text

from geo_hygiene.coverage.duties import DutyRecord
from geo_hygiene.coverage.otherwise import Difference, added, less
from geo_hygiene.coverage.summary import Level, OutsideScope, Summary, SummaryRow, Sums, summarize
from geo_hygiene.i18n import gettext as _
from geo_hygiene.zoning.drafts import DraftRecord, difference_of, zones_of
from geo_hygiene.zoning.mistakes import WrongZoneError
from geo_hygiene.zoning.records import duty_by_id

IN_AREA = """
select target.id, area.code, area.name
from target
left join area_tree on area_tree.id = target.area_id
left join area on area.id = area_tree.{level}_id
where target.id = any(:ids)
"""

IN_LANE = """
select segment.id, bundle.code, bundle.name
from {segment} as segment
left join {bundle} as bundle on bundle.id = segment.{reference}
where segment.id = any(:ids)
"""

OUTSIDE_SCOPE = """
select draft_zone.code as zone, count(distinct cover.target_id) as targets, sum(cover.to_mm - cover.from_mm) as extent
from draft_zone
join cover using (source_id)
join target on target.id = cover.target_id and target.kind = :kind
    and target.valid_from <= :on and :on < target.valid_to
where draft_zone.draft_id = :draft_id
    and not exists (
        select from duty_target
        where duty_target.duty_id = :duty_id and duty_target.target_id = target.id
            and duty_target.valid_from <= :on and :on < duty_target.valid_to
    )
group by draft_zone.code
order by draft_zone.code
"""

Place = tuple[str | None, str | None]
"""Code and name of an area or lane."""


def summarize_draft(connection: Connection, draft: DraftRecord, on: date, level: Level | None = None) -> Summary:
    """Return the sums of a day with a draft, broken down by a level where one is given.

    Raises
    ------
    WrongZoneError
        If they are asked by person: who gains and who loses is told by comparing plans.
    """
    if level is Level.PERSON:
        raise WrongZoneError("by", _("A draft is not summed up by person; compare it with the plan instead."))
    duty = duty_by_id(connection, draft.duty_id)
    plan = summarize(connection, duty, on, level)
    difference = difference_of(connection, draft, on)
    sums = added([less(plan.sums, difference.before), difference.after])
    rows = plan.rows if level is None else _rows(plan.rows, difference, _places(connection, duty, level, difference))
    outside = _outside(connection, duty, draft, on, plan.outside_scope)
    return replace(plan, sums=sums, rows=rows, outside_scope=outside, plan=draft.name)


def _places(connection: Connection, duty: DutyRecord, level: Level, difference: Difference) -> dict[int, Place]:
    """Return where each target that differs belongs."""
    grouping = duty.layer.grouping
    if level is not Level.LANE:
        statement = IN_AREA.format(level=level.value)
    elif grouping is None:
        return {}
    else:
        statement = IN_LANE.format(
            segment=duty.layer.model.__tablename__,
            bundle=grouping.model.__tablename__,
            reference=grouping.reference.key,
        )
    rows = connection.execute(text(statement), {"ids": sorted(difference.targets)})
    return {row.id: (row.code, row.name) for row in rows}


def _rows(rows: Iterable[SummaryRow], difference: Difference, places: dict[int, Place]) -> tuple[SummaryRow, ...]:
    """Return the rows of the plan as they are with a draft; what must be covered is the same."""
    changed: dict[Place, list[int]] = defaultdict(list)
    for target_id in difference.targets:
        changed[places.get(target_id, (None, None))].append(target_id)

    def other(row: SummaryRow) -> Sums:
        targets = [difference.targets[target_id] for target_id in changed.get((row.code, row.name), ())]
        return added([less(row.sums, added(one.before for one in targets)), *(one.after for one in targets)])

    return tuple(replace(row, sums=other(row)) for row in rows)


def _outside(
    connection: Connection, duty: DutyRecord, draft: DraftRecord, on: date, of_plan: Iterable[OutsideScope]
) -> tuple[OutsideScope, ...]:
    drawn = {zone.code for zone in zones_of(connection, draft)}
    asked = {"draft_id": draft.id, "duty_id": duty.id, "kind": duty.target_kind, "on": on}
    rows = connection.execute(text(OUTSIDE_SCOPE), asked)
    found = [OutsideScope(row.zone, row.targets, int(row.extent)) for row in rows]
    left = [one for one in of_plan if one.zone not in drawn]
    return tuple(sorted([*left, *found], key=lambda one: one.zone or ""))
