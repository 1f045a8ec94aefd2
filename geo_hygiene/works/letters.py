"""Responsibility letters: how many were signed, by how many frontages and units, and which of them have none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Connection, text

from geo_hygiene.works.asked import EVERYTHING, PLACE, SUCCESSOR, Asked

SIGNERS = ("frontages", "units")
"""Kinds of targets that sign."""

HOLDING = f"""
{SUCCESSOR},
holding (target_id) as (
    select target_id from letter
    where year = extract(year from cast(:last_day as date)) and signed_on <= :last_day and :last_day < valid_to
    union
    select successor.id from holding join successor on former_id = target_id
)
"""  # noqa: S608 - constants
"""Who has a letter that holds on the last day, or began in the place of who signed one."""

SUMS = f"""
with recursive {PLACE}, {HOLDING},
signed as materialized (
    select target_id, count(*) as letters from letter
    where signed_on >= :begin and signed_on < :end
    group by target_id
)
select
    target.kind, place.community, place.community_name,
    coalesce(sum(signed.letters), 0) as signings,
    count(signed.target_id) as signers,
    count(*) filter (where is_there) as registered,
    count(holding.target_id) filter (where is_there) as holders
from target
cross join lateral (select target.valid_from <= :last_day and :last_day < target.valid_to as is_there) as standing
left join place on place.id = target.area_id
left join signed on signed.target_id = target.id
left join holding on holding.target_id = target.id
where target.kind = any(:kinds) and (is_there or signed.target_id is not null) and (place.is_wanted or {EVERYTHING})
group by 1, 2, 3
order by 1, 2
"""  # noqa: S608 - constants

RECORDS = f"""
with {PLACE}
select letter.id, letter.uuid
from letter
join target on target.id = letter.target_id
left join place on place.id = target.area_id
where letter.signed_on >= :begin and letter.signed_on < :end and target.kind = any(:kinds)
    and (place.is_wanted or {EVERYTHING}) and letter.id > :after
order by letter.id
limit :limit
"""  # noqa: S608 - constants

WITHOUT = f"""
with recursive {PLACE}, {HOLDING}
select target.id, target.uuid, target.kind, door.code, door.name, door.lane, door.house_number, place.community
from target
join (
    select id, code, name, lane, house_number from frontage
    union all
    select id, code, name, lane, house_number from unit
) as door using (id)
left join place on place.id = target.area_id
where target.kind = any(:kinds) and target.valid_from <= :last_day and :last_day < target.valid_to
    and (place.is_wanted or {EVERYTHING}) and target.id > :after
    and not exists (select from holding where holding.target_id = target.id)
order by target.id
limit :limit
"""  # noqa: S608 - constants


@dataclass(frozen=True, slots=True)
class LetterSums:
    """The letters of one kind of signer in one community.

    Attributes
    ----------
    signings
        Letters that were signed in the period, also by who signed before.
    signers
        Frontages or units that signed at least one of them.
    registered
        Those that are there on the last day.
    holders
        Those of them that have a letter which holds on that day.
    """

    kind: str
    code: str | None
    name: str | None
    signings: int
    signers: int
    registered: int
    holders: int

    @property
    def share(self) -> float | None:
        """The share of the registered with a letter that holds; ``None`` where none is registered."""
        return self.holders / self.registered if self.registered else None


@dataclass(frozen=True, slots=True)
class Unsigned:
    """A frontage or unit without a letter that holds; ``number`` goes on with a list."""

    number: int
    id: UUID
    kind: str
    code: str | None
    name: str | None
    lane: str | None
    house_number: str | None
    community: str | None


def letters(connection: Connection, asked: Asked, kinds: Sequence[str] = SIGNERS) -> list[LetterSums]:
    """Return the letters of a period by kind of signer and community."""
    rows = connection.execute(text(SUMS), asked.values() | {"kinds": list(kinds)})
    return [LetterSums(row.kind, row.community, row.community_name, *map(int, row[3:])) for row in rows]


def all_letters(sums: Sequence[LetterSums], kind: str) -> LetterSums:
    """Return the letters of a kind of signer in all communities together: nobody lies in two of them."""
    own = [one for one in sums if one.kind == kind]
    return LetterSums(
        kind=kind,
        code=None,
        name=None,
        signings=sum(one.signings for one in own),
        signers=sum(one.signers for one in own),
        registered=sum(one.registered for one in own),
        holders=sum(one.holders for one in own),
    )


def letter_records(
    connection: Connection, asked: Asked, kind: str | None, *, limit: int, after: int = 0
) -> list[tuple[int, UUID]]:
    """Return number and id of the letters of a period, a page of them: those after a number; of one kind or of all."""
    kinds = list(SIGNERS) if kind is None else [kind]
    values = asked.values() | {"kinds": kinds, "limit": limit, "after": after}
    return [(row.id, row.uuid) for row in connection.execute(text(RECORDS), values)]


def without_letter(
    connection: Connection, asked: Asked, kinds: Sequence[str] = SIGNERS, *, limit: int, after: int = 0
) -> list[Unsigned]:
    """Return who has no letter that holds on the last day, a page of them: those after a number."""
    values = asked.values() | {"kinds": list(kinds), "limit": limit, "after": after}
    return [Unsigned(*row) for row in connection.execute(text(WITHOUT), values)]
