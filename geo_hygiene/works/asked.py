"""For which days and which part of the office a figure is asked, and how areas stand in its answer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from geo_hygiene.coverage.within import bound
from geo_hygiene.permissions import EVERYWHERE, Areas


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A half-open period and an area.

    Attributes
    ----------
    begin, end
        The first day, and the day after the last.
    area
        Code of an office, community or resident group; ``None`` for all.
    within
        Areas to which the asker's role is limited.
    """

    begin: date
    end: date
    area: str | None = None
    within: Areas = EVERYWHERE

    def __post_init__(self) -> None:
        if self.end <= self.begin:
            raise ValueError("a period ends after it begins: end is the day after the last")

    @property
    def last_day(self) -> date:
        """The last day, whose areas are told."""
        return self.end - timedelta(days=1)

    @property
    def areas(self) -> Areas:
        """The area that is asked for, else those of the role; an area lies within these."""
        return self.within if self.area is None else frozenset({self.area})

    def values(self) -> dict[str, Any]:
        """Return what statements bind."""
        return {
            **bound(self.within),
            "begin": self.begin,
            "end": self.end,
            "last_day": self.last_day,
            "area": self.area,
        }


EVERYTHING = "(cast(:area as text) is null and cast(:within as text[]) is null)"
"""Whether no area was asked for, so that what lies in none counts too."""

SUCCESSOR = """
successor as materialized (
    select former.id as former_id, child.id
    from target_parent
    join target as child on child.id = child_id
    join target as former on former.id = parent_id and former.source_key = child.source_key
    where child.kind in ('frontages', 'units', 'facilities')
)
"""
"""Goes on with what began in the place of doors and facilities; of neighbours that moved together each has its own."""

PLACE = f"""
place as materialized (
    select named.*, {EVERYTHING} or (
        (cast(:area as text) is null or :area = any(codes))
        and (cast(:within as text[]) is null or codes && cast(:within as text[]))
    ) as is_wanted
    from (
        select
            area.id, area.code, community.code as community, coalesce(community.name, community.code) as community_name,
            array_remove(array[area.code, community.code, office.code], null) as codes
        from area
        join area_tree using (id)
        left join area as community on community.id = area_tree.community_id
        left join area as office on office.id = area_tree.office_id
    ) as named
)
"""  # noqa: S608 - constants
"""Begins a statement after ``with``: areas of every level and day, the codes of each and of those above it."""

GROUND = f"""
{PLACE},
ground as materialized (
    select place.*, coalesce(leaf.name, leaf.code) as name, leaf.population
    from place
    join area as leaf using (id)
    where leaf.valid_from <= :last_day and :last_day < leaf.valid_to
        and not exists (
            select from area as part
            where part.parent_id = leaf.id and part.valid_from <= :last_day and :last_day < part.valid_to
        )
)
"""  # noqa: S608 - constants
"""Goes on with the smallest areas of the last day."""
