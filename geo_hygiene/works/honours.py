"""Honours of a year: who holds one, who can get one, and who can not and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Connection, text

from geo_hygiene.works.asked import EVERYTHING, PLACE, Asked

_CANDIDATES = {
    "civilized-community": """
        select place.id, area.uuid, place.code, area.name, place.community
        from place join area using (id)
        where area.level = 'community' and is_wanted and area.valid_from <= :last_day and :last_day < area.valid_to
    """,
    "civilized-estate": """
        select estate.id, estate.uuid, estate.code, estate.name, place.community
        from estate
        left join lateral (
            select place.* from place join area using (id)
            where area.level = 'community' and area.valid_from <= :last_day and :last_day < area.valid_to
                and ST_Covers(area.geom, ST_PointOnSurface(estate.geom))
            order by place.code limit 1
        ) as place on true
        where estate.valid_from <= :last_day and :last_day < estate.valid_to
            and (place.is_wanted or {everything})
    """,
    "model-household": """
        select target.id, target.uuid, frontage.code, coalesce(frontage.name, frontage.lane || frontage.house_number),
            place.community
        from frontage
        join target using (id)
        left join place on place.id = target.area_id
        where coalesce(target.category, 'household') = 'household'
            and target.valid_from <= :last_day and :last_day < target.valid_to
            and (place.is_wanted or {everything})
    """,
}
"""Who can hold each kind: communities, estates, and frontages that are households or do not say what they are."""


class State(StrEnum):
    """How somebody stands with an honour of a year."""

    GRANTED = "granted"
    ELIGIBLE = "eligible"
    """Nothing keeps it away."""
    VETOED = "vetoed"
    WITHDRAWN = "withdrawn"
    """It was granted, and vetoed later."""


STANDING = """
with {place},
candidate (id, uuid, code, name, community) as ({candidates}),
standing as (
    select
        candidate.id, candidate.uuid, candidate.code, candidate.name, candidate.community, honour.uuid as record,
        honour.granted_on, honour.vetoed_on, honour.reason,
        case
            when honour.vetoed_on is not null and honour.granted_on is not null then 'withdrawn'
            when honour.vetoed_on is not null then 'vetoed'
            when honour.granted_on is not null then 'granted'
            else 'eligible'
        end as state
    from candidate
    left join honour as by_code on by_code.kind = :kind and by_code.year = :year and by_code.holder = candidate.code
    left join honour as by_id
        on by_id.kind = :kind and by_id.year = :year and by_id.holder = cast(candidate.uuid as text)
    left join honour on honour.id = coalesce(by_code.id, by_id.id)
)
"""

STATEMENTS: Mapping[str, str] = {
    kind: STANDING.format(place=PLACE, candidates=candidates.format(everything=EVERYTHING))
    for kind, candidates in _CANDIDATES.items()
}

COUNTS = "select state, count(*) as number from standing group by state"

PAGE = """
select id as number, uuid as id, code, name, community, state, record, granted_on, vetoed_on, reason
from standing
where state = :state and id > :after
order by id
limit :limit
"""


@dataclass(frozen=True, slots=True)
class Holder:
    """Somebody who holds an honour, can get it, or can not.

    Attributes
    ----------
    number
        Goes on with a list.
    record
        Id of the record that says so; ``None`` where there is none.
    reason
        Why it was vetoed.
    """

    number: int
    id: UUID
    code: str | None
    name: str | None
    community: str | None
    state: State
    record: UUID | None
    granted_on: date | None
    vetoed_on: date | None
    reason: str | None


def counted(connection: Connection, kind: str, asked: Asked) -> dict[State, int]:
    """Return how many stand how with an honour of the year in which the period ends."""
    rows = connection.execute(text(STATEMENTS[kind] + COUNTS), _bound(kind, asked))
    return dict.fromkeys(State, 0) | {State(row.state): row.number for row in rows}


def holders(
    connection: Connection, kind: str, asked: Asked, state: State, *, limit: int, after: int = 0
) -> list[Holder]:
    """Return who stands so with an honour, a page of them: those after a number."""
    values = _bound(kind, asked) | {"state": state.value, "limit": limit, "after": after}
    rows = connection.execute(text(STATEMENTS[kind] + PAGE), values)
    return [Holder(**{**row._mapping, "state": State(row.state)}) for row in rows]


def _bound(kind: str, asked: Asked) -> dict[str, object]:
    return asked.values() | {"kind": kind, "year": asked.last_day.year}
