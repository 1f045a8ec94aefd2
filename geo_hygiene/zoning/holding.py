"""Zones are given to people, for good or for a while."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, text

from geo_hygiene.accounts import audit
from geo_hygiene.coverage.holders import assignments_changed
from geo_hygiene.coverage.otherwise import OtherZone, otherwise
from geo_hygiene.coverage.periods import NEVER, written
from geo_hygiene.coverage.within import PERSON_WITHIN, bound
from geo_hygiene.coverage.writing import keep_zones, lists_of
from geo_hygiene.database import write_rows
from geo_hygiene.i18n import gettext as _
from geo_hygiene.permissions import Areas
from geo_hygiene.zoning.editing import Change
from geo_hygiene.zoning.mistakes import WrongZoneError
from geo_hygiene.zoning.records import Editor, day_within, duty_by_id, zone_to_change

PERSON = f"select id from person where code = :code and {PERSON_WITHIN}"  # noqa: S608 - constants

HOLDINGS = (
    "select id, person_id, shift, valid_from, valid_to from assignment where zone = :zone order by valid_from, id"
)

CLAIMS = """
select claim.id from duty_zone join claim using (id)
where duty_zone.code = :zone and claim.valid_from < :end and :start < claim.valid_to
"""

TOLD = """
select person.code as person, assignment.shift, assignment.valid_from::text, assignment.valid_to::text
from assignment join person on person.id = person_id
where zone = :zone
order by assignment.valid_from, person.code
"""


@dataclass(frozen=True, slots=True)
class Holding:
    """Somebody holds a zone in a shift from a day until before another."""

    person_id: int
    shift: str
    start: date
    end: date

    def meets(self, shift: str, start: date, end: date) -> bool:
        """Tell whether it is of a time and shift; all-day meets every shift."""
        return self.start < end and start < self.end and (self.shift == shift or "all-day" in {self.shift, shift})

    def without(self, start: date, end: date) -> list[Holding]:
        """Return what is left of it outside a time."""
        left = [
            Holding(self.person_id, self.shift, self.start, min(self.end, start)),
            Holding(self.person_id, self.shift, max(self.start, end), self.end),
        ]
        return [holding for holding in left if holding.start < holding.end]


def assign(
    connection: Connection,
    editor: Editor,
    name: str,
    *,
    version: int,
    person: str | None,
    start: date,
    end: date | None,
    shift: str,
) -> Change:
    """Let somebody (or nobody) hold a zone in a time; who held it then holds it before and after.

    Raises
    ------
    UnknownRecordError, OutsideAreasError, StaleVersionError, WrongZoneError
        As for :func:`geo_hygiene.zoning.editing.change`, and if there is no such person or the time is none.
    """
    if end is not None and end <= start:
        raise WrongZoneError("to", _("A time ends after the day on which it begins."))
    zone = zone_to_change(connection, editor, name, version=version, on=start, lock_all=True)
    duty = duty_by_id(connection, zone.duty_id)
    day_within(zone, start, "from")
    person_id = None if person is None else person_of(connection, person, editor.within)
    now = lists_of(connection, [zone.id]).get(zone.id, [])
    before = _told(connection, zone.code)
    holdings = holdings_of(connection, zone.code)
    other = replaced(holdings, person_id, shift, start, end or NEVER)
    is_held = any(holding.start <= start < holding.end for holding in other)
    then = OtherZone(code=zone.code, stretches=now, shift=zone.shift, is_held=is_held)
    difference = otherwise(connection, duty.id, start, [then])
    write_holdings(connection, zone.code, holdings, other)
    claims = list(connection.scalars(text(CLAIMS), {"zone": zone.code, "start": start, "end": written(end or NEVER)}))
    keep_zones(connection, claims)
    connection.execute(text("update claim set version = version + 1 where id = any(:ids)"), {"ids": claims})
    assignments_changed(connection, [zone.code])
    audit.record(
        connection,
        actor=editor.actor,
        action="zone.assign",
        subject=f"{duty.code} {zone.code}",
        before={"holders": before},
        after={"holders": _told(connection, zone.code)},
    )
    return Change(duty=duty, on=start, zones=(zone.uuid,), difference=difference)


def replaced(holdings: Sequence[Holding], person_id: int | None, shift: str, start: date, end: date) -> list[Holding]:
    """Return who holds a zone when somebody, or nobody, holds it in a time."""
    left = [
        part
        for holding in holdings
        for part in (holding.without(start, end) if holding.meets(shift, start, end) else [holding])
    ]
    if person_id is None:
        return left
    mine = Holding(person_id, shift, start, end)
    for part in sorted(left, key=lambda holding: holding.start):
        if (part.person_id, part.shift) == (person_id, shift) and part.start <= mine.end and mine.start <= part.end:
            mine = Holding(person_id, shift, min(part.start, mine.start), max(part.end, mine.end))
            left.remove(part)
    return [*left, mine]


def person_of(connection: Connection, code: str, within: Areas) -> int:
    """Return the id of a person of some areas.

    Raises
    ------
    WrongZoneError
        If nobody there has the code.
    """
    found: int | None = connection.scalar(text(PERSON), {"code": code, **bound(within)})
    if found is None:
        raise WrongZoneError("person", _("There is no person with the code “%(value)s”.", value=code))
    return found


def holdings_of(connection: Connection, zone: str) -> list[Holding]:
    """Return who holds, held and will hold a zone."""
    rows = connection.execute(text(HOLDINGS), {"zone": zone})
    return [Holding(row.person_id, row.shift, row.valid_from, row.valid_to) for row in rows]


def _told(connection: Connection, zone: str) -> list[dict[str, Any]]:
    return [dict(row._mapping) for row in connection.execute(text(TOLD), {"zone": zone})]


def write_holdings(connection: Connection, zone: str, before: Sequence[Holding], after: Sequence[Holding]) -> None:
    """Write what differs: rows that stay keep what they came with."""
    write_rows(
        connection,
        "delete from assignment using (values %s) as gone (zone, person, shift, start)"
        " where assignment.zone = gone.zone and person_id = gone.person and assignment.shift = gone.shift"
        " and valid_from = gone.start::date",
        [(zone, item.person_id, item.shift, written(item.start)) for item in before if item not in after],
    )
    write_rows(
        connection,
        "insert into assignment (zone, person_id, shift, valid_from, valid_to) values %s",
        [
            (zone, item.person_id, item.shift, written(item.start), written(item.end))
            for item in after
            if item not in before
        ],
    )
