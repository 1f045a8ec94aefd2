"""The areas of the last day of a period, and how many people live there."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Connection, text

from geo_hygiene.works.asked import GROUND, Asked

SMALLEST = "smallest"
"""Stands for the areas that are made of no others, whatever their level."""

AREAS = f"""
with {GROUND}
select area.uuid, area.population
from place
join area using (id)
where is_wanted and area.valid_from <= :last_day and :last_day < area.valid_to
    and case when :level = '{SMALLEST}' then area.id in (select id from ground) else area.level = :level end
order by area.code, area.id
"""  # noqa: S608 - constants


@dataclass(frozen=True, slots=True)
class Inhabited:
    """An area; ``population`` is ``None`` where nobody counted."""

    id: UUID
    population: int | None


def inhabited(connection: Connection, asked: Asked, level: str) -> list[Inhabited]:
    """Return the areas of a level on the last day, or the smallest ones, by their codes."""
    return [Inhabited(*row) for row in connection.execute(text(AREAS), asked.values() | {"level": level})]
