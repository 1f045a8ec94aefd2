"""Where cases lie: in which area, and by which of the targets that somebody looks after."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Connection, text

from geo_hygiene.coverage.duties import office_timezone
from geo_hygiene.i18n import gettext as _

REACH_M = 100.0
"""A target farther away has nothing to do with a case."""

ROUGH_FROM_M = 100.0
"""A place by its address that may be farther off than this is a guess: the case may belong to another stretch."""

TARGET_KINDS = {"drain": "drain-segments", "septic_tank": "septic-tanks"}
"""What is looked after where a complaint is about it; everything else is a matter of the street."""

STREETS = "street-segments"

PLACE = """
with here as (
    select
        it.id, it.geom, it.geom_3857, cast(it.reported_at at time zone :zone as date) as day,
        cast(cast(:target_kinds as jsonb) ->> it.kind as text) as special,
        1 / cos(radians(ST_Y(it.geom))) as scale
    from reported_case as it
    where it.geom is not null and (cast(:cases as int[]) is null or it.id = any(:cases))
),
placed as (
    select here.id, area_here.id as area_id, near.id as target_id, near.metres, near.position_mm
    from here
    left join lateral (
        select area.id
        from area
        where ST_Covers(area.geom, here.geom) and here.day < area.valid_to
        order by
            array_position(array['group', 'community', 'office'], area.level),
            greatest(area.valid_from, here.day), area.code
        limit 1
    ) as area_here on true
    left join lateral (
        select
            target.id, ST_Distance(cast(target.geom as geography), cast(here.geom as geography)) as metres,
            case ST_Dimension(target.geom)
                when 1 then least(
                    round(1000 * ST_InterpolatePoint(target.geom_3857, here.geom_3857)), target.extent_mm - 1
                )
                else 0
            end as position_mm
        from target
        where target.kind = coalesce(here.special, :streets)
            and target.valid_from <= here.day and here.day < target.valid_to
            and ST_Expand(here.geom_3857, :reach * 1.05 * here.scale) && target.geom_3857
        order by target.geom_3857 <-> here.geom_3857, target.id
        limit 1
    ) as near on near.metres <= :reach
)
update reported_case as it
set area_id = placed.area_id, target_id = placed.target_id, target_mm = placed.position_mm,
    distance_m = cast(placed.metres as numeric)
from placed
where it.id = placed.id
    and (it.area_id, it.target_id, it.target_mm, it.distance_m) is distinct from
        (placed.area_id, placed.target_id, cast(placed.position_mm as int), round(cast(placed.metres as numeric), 2))
"""
"""Mercator is true to angles, so that what is nearest in it is nearest on the ground.

An area that was drawn later stands for the one that nobody had drawn on the day.
"""

FORGET = """
update reported_case set area_id = null, target_id = null, target_mm = null, distance_m = null
where geom is null and area_id is not null and (cast(:cases as int[]) is null or id = any(:cases))
"""


MOVED = """
select it.id
from reported_case as it
left join target on target.id = it.target_id
where it.distance_m is not null
    and (
        target.id is null
        or cast(it.reported_at at time zone :zone as date) < target.valid_from
        or cast(it.reported_at at time zone :zone as date) >= target.valid_to
    )
union
select it.id
from target
join reported_case as it
    on it.geom_3857 && ST_Expand(target.geom_3857, :reach * 1.05 / cos(radians(ST_YMax(target.geom))))
where target.recorded_at = now()
"""
"""Cases whose target is no longer the one of their day, or that lie near one that this transaction wrote."""


def place_cases_of_targets(connection: Connection) -> int:
    """Find the nearest target again for the cases that the targets written in this transaction concern."""
    values = {"zone": office_timezone(connection).key, "reach": REACH_M}
    moved = connection.scalars(text(MOVED), values).all()
    return place_cases(connection, moved) if moved else 0


def place_cases(connection: Connection, case_ids: Iterable[int] | None = None) -> int:
    """Find area and nearest target of cases on the day of each, of all when none are named; return how many changed."""
    cases = None if case_ids is None else sorted(case_ids)
    values = {
        "cases": cases,
        "zone": office_timezone(connection).key,
        "target_kinds": json.dumps(TARGET_KINDS),
        "streets": STREETS,
        "reach": REACH_M,
    }
    moved = connection.execute(text(PLACE), values).rowcount
    return moved + connection.execute(text(FORGET), {"cases": cases}).rowcount


def is_guessed(case: Mapping[str, Any]) -> bool:
    """Tell whether a case may belong to another stretch than the one that its place is on."""
    return (case["place_accuracy_m"] or 0) > ROUGH_FROM_M


def told_accuracy(case: Mapping[str, Any]) -> str | None:
    """Return how the place of a case was found and how far off it may be, ``None`` where somebody gave the place."""
    metres = case["place_accuracy_m"]
    if metres is None:
        return None
    if metres == 0:
        return _("placed by its address")
    far = f"{metres:,.0f}"
    if case["house_number"]:
        return _("placed by house number, ± %(metres)s m", metres=far)
    return _("placed by its address, ± %(metres)s m", metres=far)
