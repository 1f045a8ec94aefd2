"""What is due again: targets on which nothing was done for as long as the work model says.

How often work is done is a rule of the work model, applied when this is asked. A drain is due for those of its metres
that are; how long ago something was done is told by the newest work on each metre, wherever its target was cut since.
What no work is known of is due too, and told apart: that nothing is on record does not say that nothing was done.
"""

from __future__ import annotations

import uuid as uuid_module
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection

from geo_hygiene.coverage.within import AREAS_WITHIN, bound
from geo_hygiene.coverage.work import work_statement
from geo_hygiene.layers import layer_of
from geo_hygiene.layers.works import WORKED_ON
from geo_hygiene.permissions import EVERYWHERE, Areas

STATES = ("due", "soon", "never", "later")

AHEAD_DAYS = 30
"""What is due within so many days is due soon."""

SHORTEST_MM = 1_000
"""Shorter parts of lines are not listed, as gaps are not."""

WANTED = f"""
select target.id as target_id
from target
where target.kind = :target_kind and target.valid_from <= :on and :on < target.valid_to
    and (cast(:within as text[]) is null or target.area_id = any(array({AREAS_WITHIN})))
    and (cast(:area as text[]) is null or target.area_id = any(array({AREAS_WITHIN.replace(":within", ":area")})))
    and (cast(:target as uuid) is null or target.uuid = :target)
"""  # noqa: S608 - constants

WORK = """
select wanted.target_id, cover.from_mm, cover.to_mm, claim.valid_from as day, claim.result
from wanted
join cover on cover.target_id = wanted.target_id and cover.duty_id is null
join claim using (source_id)
join work on work.id = claim.id and work.work_kind = :kind
where claim.valid_from <= :on and (cast(:told_before as timestamptz) is null or claim.recorded_at < :told_before)
"""

AGED = """
, ruled as materialized (
    select category, zone_class, cast(greatest(round(1 / work.passes), 1) as int) as days
    from (
        select distinct target.category, area_tree.zone_class
        from wanted
        join target on target.id = target_id
        left join area_tree on area_tree.id = target.area_id
    ) as kind
    cross join lateral daily_work(:target_kind, category, zone_class, null::numeric, :on) as work
),
aged as (
    select piece.target_id, piece.to_mm - piece.from_mm as extent, piece.day, piece.day + ruled.days as due_on
    from piece
    left join area_tree on area_tree.id = piece.area_id
    left join ruled on ruled.category is not distinct from piece.category
        and ruled.zone_class is not distinct from area_tree.zone_class
),
owed as materialized (
    select
        target_id, max(day) as last_on, min(due_on) as due_on, sum(extent) as extent,
        coalesce(sum(extent) filter (where day is null), 0) as never,
        coalesce(sum(extent) filter (where due_on <= :on), 0) as due,
        coalesce(sum(extent) filter (where due_on <= cast(:on as date) + :ahead), 0) as soon
    from aged
    group by target_id
),
stated as materialized (
    select *, case
        when due >= least(:shortest, extent) then 'due'
        when soon >= least(:shortest, extent) then 'soon'
        when never >= least(:shortest, extent) then 'never'
        else 'later'
    end as state
    from owed
)
"""

SUMS = """
select state, count(*) as targets, sum(due) as due, sum(soon) as soon, sum(never) as never, sum(volume_m3) as volume_m3
from stated left join septic_tank on septic_tank.id = target_id
group by state
"""

PAGE = """
, placed as (
    select
        stated.*, target.uuid, target.kind, target.area_id, coalesce(stated.due_on, 'infinity') as first_due,
        coalesce(tank.code, drain_segment.code, '') as code, coalesce(tank.name, drain.name) as name,
        drain.code as lane, tank.volume_m3,
        case ST_Dimension(target.geom)
            when 1 then ST_LineInterpolatePoint(ST_Force2D(target.geom), 0.5) else ST_Force2D(target.geom)
        end as spot
    from stated
    join target on target.id = target_id
    left join septic_tank as tank on tank.id = target.id
    left join drain_segment on drain_segment.id = target.id
    left join drain on drain.id = drain_segment.drain_id
)
select
    placed.*, ST_X(spot) as lon, ST_Y(spot) as lat, grouped.code as group_code, grouped.name as group_name,
    community.code as community_code, community.name as community_name
from placed
left join area_tree on area_tree.id = placed.area_id
left join area as grouped on grouped.id = area_tree.group_id
left join area as community on community.id = area_tree.community_id
where placed.state = any(:states)
    and (
        cast(:after as uuid) is null
        or (placed.first_due, placed.code, placed.uuid)
            > (select last.first_due, last.code, last.uuid from placed as last where last.uuid = :after)
    )
order by placed.first_due, placed.code, placed.uuid
limit :limit
"""
"""The longest overdue first; what nothing is known of comes behind what is."""


@dataclass(frozen=True, slots=True)
class Due:
    """A target that is due, or will be.

    Attributes
    ----------
    state
        ``due``, ``soon``, ``never`` (no work on record) or ``later``.
    due_on
        When the part of it that was done longest ago is due again.
    amount
        Metres or counts that are due, or will be soon, with those that nothing is known of.
    """

    uuid: uuid_module.UUID
    code: str | None
    name: str | None
    lane: str | None
    group: str | None
    group_name: str | None
    community: str | None
    community_name: str | None
    state: str
    last_on: date | None
    due_on: date | None
    amount: float | int
    volume_m3: float | None
    lon: float
    lat: float

    def as_json(self, on: date) -> dict[str, Any]:
        """Return the public form."""
        return {
            "id": str(self.uuid),
            "code": self.code,
            "name": self.name,
            "lane": self.lane,
            "group": self.group,
            "group_name": self.group_name,
            "community": self.community,
            "community_name": self.community_name,
            "state": self.state,
            "last_on": None if self.last_on is None else self.last_on.isoformat(),
            "due_on": None if self.due_on is None else self.due_on.isoformat(),
            "days_overdue": None if self.due_on is None else (on - self.due_on).days,
            "amount": self.amount,
            "volume_m3": self.volume_m3,
            "center": [self.lon, self.lat],
        }


@dataclass(frozen=True, kw_only=True)
class DueFilter:
    """What is asked: a kind of work on a day, in an area or on one target, by states.

    Attributes
    ----------
    told_before
        Work that was told at this instant or since does not count, so that a plan made then stays what it was.
    """

    kind: str
    on: date
    area: str | None = None
    within: Areas = EVERYWHERE
    states: tuple[str, ...] = ("due", "never")
    told_before: datetime | None = None
    target: uuid_module.UUID | None = None

    @property
    def target_kind(self) -> str:
        """Return the layer key of what the work is done on."""
        return WORKED_ON[self.kind]

    def values(self) -> dict[str, Any]:
        """Return what the statements bind."""
        return {
            "kind": self.kind,
            "target_kind": self.target_kind,
            "on": self.on,
            "area": None if self.area is None else [self.area],
            **bound(self.within),
            "shortest": SHORTEST_MM if layer_of(self.target_kind).unit == "m" else 1,
            "states": list(self.states),
            "ahead": AHEAD_DAYS,
            "told_before": self.told_before,
            "target": self.target,
        }


def due_sums(connection: Connection, asked: DueFilter) -> dict[str, dict[str, Any]]:
    """Return by state how many targets are in it, how much of them is due, and the volume of tanks."""
    layer = layer_of(asked.target_kind)
    rows = connection.execute(work_statement(WANTED, WORK, AGED + SUMS), asked.values())
    found = {row.state: row for row in rows}
    return {
        state: {
            "targets": found[state].targets if state in found else 0,
            "amount": layer.amount(_amount(state, found[state])) if state in found else layer.amount(0),
            "volume_m3": float(found[state].volume_m3 or 0) if state in found else 0.0,
        }
        for state in STATES
    }


def due_targets(
    connection: Connection, asked: DueFilter, *, limit: int = 100, after: uuid_module.UUID | None = None
) -> tuple[list[Due], uuid_module.UUID | None]:
    """Return a page of what is due, the longest overdue first, and the key of the next one: its last id."""
    layer = layer_of(asked.target_kind)
    values = asked.values() | {"limit": limit + 1, "after": after}
    rows = connection.execute(work_statement(WANTED, WORK, AGED + PAGE), values).all()
    page = [
        Due(
            uuid=row.uuid,
            code=row.code or None,
            name=row.name,
            lane=row.lane,
            group=row.group_code,
            group_name=row.group_name,
            community=row.community_code,
            community_name=row.community_name,
            state=row.state,
            last_on=row.last_on,
            due_on=row.due_on,
            amount=layer.amount(_amount(row.state, row)),
            volume_m3=None if row.volume_m3 is None else float(row.volume_m3),
            lon=row.lon,
            lat=row.lat,
        )
        for row in rows[:limit]
    ]
    return page, page[-1].uuid if len(rows) > limit else None


def _amount(state: str, row: Any) -> int:
    """Return how much is to be done: of what is due also that which nothing is known of."""
    known = {"due": row.due, "soon": row.soon, "never": 0}
    return int(known[state]) + int(row.never) if state in known else 0
