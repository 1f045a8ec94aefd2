"""Zones are given to people, for good or for a while."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
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

PERSON = f"select id, left_on from person where code = :code and {PERSON_WITHIN}"  # noqa: S608 - constants

GONE = """
select person.code, person.left_on
from unnest(cast(:ids as int[]), cast(:ends as date[])) as held (id, until)
join person on person.id = held.id and person.left_on < held.until
order by person.code
limit 1
"""

HOLDINGS = """
select zone, person_id, shift, valid_from, valid_to, stands_in_for from assignment
where zone = any(:zones) order by zone, valid_from, id
"""

CLAIMS = """
select claim.id from unnest(cast(:zones as text[]), cast(:starts as date[]), cast(:ends as date[]))
    as one (zone, start, until)
join duty_zone on duty_zone.code = one.zone
join claim on claim.id = duty_zone.id and claim.valid_from < one.until and one.start < claim.valid_to
"""

TOLD = """
select
    zone, person.code as person, assignment.shift, assignment.valid_from::text, assignment.valid_to::text,
    absent.code as stands_in_for
from assignment
join person on person.id = person_id
left join person as absent on absent.id = stands_in_for
where zone = any(:zones)
order by zone, assignment.valid_from, person.code
"""


@dataclass(frozen=True, slots=True)
class Holding:
    """Somebody holds a zone in a shift from a day until before another."""

    person_id: int
    shift: str
    start: date
    end: date
    stands_in_for: int | None = None

    def meets(self, shift: str, start: date, end: date) -> bool:
        """Tell whether it is of a time and shift; all-day meets every shift."""
        return self.start < end and start < self.end and (self.shift == shift or "all-day" in {self.shift, shift})

    def is_like(self, other: Holding) -> bool:
        """Tell whether it is of the same person in the same shift, in the place of the same one."""
        mine, theirs = ((one.person_id, one.shift, one.stands_in_for) for one in (self, other))
        return mine == theirs

    def without(self, start: date, end: date) -> list[Holding]:
        """Return what is left of it outside a time."""
        left = [replace(self, end=min(self.end, start)), replace(self, start=max(self.start, end))]
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
    person_id = None if person is None else person_of(connection, person, editor.within, until=end or NEVER)
    now = lists_of(connection, [zone.id]).get(zone.id, [])
    before = told_holders(connection, [zone.code])[zone.code]
    holdings = holdings_of(connection, zone.code)
    other = replaced(holdings, person_id, shift, start, end or NEVER)
    is_held = any(holding.start <= start < holding.end for holding in other)
    then = OtherZone(code=zone.code, stretches=now, shift=zone.shift, is_held=is_held)
    difference = otherwise(connection, duty.id, start, [then])
    store_holdings(connection, {zone.code: (holdings, other)})
    audit.record(
        connection,
        actor=editor.actor,
        action="zone.assign",
        subject=f"{duty.code} {zone.code}",
        before={"holders": before},
        after={"holders": told_holders(connection, [zone.code])[zone.code]},
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
    return with_one(left, Holding(person_id, shift, start, end))


def with_one(holdings: Iterable[Holding], one: Holding) -> list[Holding]:
    """Return holdings and one more, joined with those of the same person that it goes on from or into."""
    left = []
    for other in sorted(holdings, key=lambda holding: holding.start):
        if other.is_like(one) and other.start <= one.end and one.start <= other.end:
            one = replace(one, start=min(other.start, one.start), end=max(other.end, one.end))
        else:
            left.append(other)
    return [*left, one]


def person_of(connection: Connection, code: str, within: Areas, *, until: date | None = None) -> int:
    """Return the id of a person of some areas, who is there until a day.

    Raises
    ------
    WrongZoneError
        If nobody there has the code, or the person leaves before.
    """
    found = connection.execute(text(PERSON), {"code": code, **bound(within)}).one_or_none()
    if found is None:
        raise WrongZoneError("person", _("There is no person with the code “%(value)s”.", value=code))
    if until is not None and found.left_on is not None and found.left_on < until:
        raise gone("person", code, found.left_on)
    return int(found.id)


def demand_there(connection: Connection, holdings: Collection[Holding], place: str) -> None:
    """Refuse what somebody is to hold who is gone before it ends.

    Raises
    ------
    WrongZoneError
        If there is such a person.
    """
    asked = {"ids": [one.person_id for one in holdings], "ends": [written(one.end) for one in holdings]}
    found = connection.execute(text(GONE), asked).one_or_none()
    if found is not None:
        raise gone(place, found.code, found.left_on)


def gone(place: str, code: str, day: date) -> WrongZoneError:
    """Return the mistake that somebody is named who is gone from a day on."""
    return WrongZoneError(place, _("“%(value)s” is no longer there from %(day)s on.", value=code, day=day.isoformat()))


def holdings_of(connection: Connection, zone: str) -> list[Holding]:
    """Return who holds, held and will hold a zone."""
    return holdings_of_zones(connection, [zone])[zone]


def holdings_of_zones(connection: Connection, zones: Collection[str]) -> dict[str, list[Holding]]:
    """Return who holds, held and will hold each of some zones."""
    found: dict[str, list[Holding]] = {zone: [] for zone in zones}
    for row in connection.execute(text(HOLDINGS), {"zones": sorted(zones)}):
        found[row.zone].append(Holding(row.person_id, row.shift, row.valid_from, row.valid_to, row.stands_in_for))
    return found


def told_holders(connection: Connection, zones: Collection[str]) -> dict[str, list[dict[str, Any]]]:
    """Return who holds each of some zones when, as it is told and audited."""
    told: dict[str, list[dict[str, Any]]] = {zone: [] for zone in zones}
    for row in connection.execute(text(TOLD), {"zones": sorted(zones)}):
        told[row.zone].append({name: value for name, value in row._mapping.items() if name != "zone"})
    return told


def store_holdings(connection: Connection, changes: Mapping[str, tuple[Sequence[Holding], Sequence[Holding]]]) -> None:
    """Let zones be held by others: by code, who held them and who holds them now.

    Zones and people whom it concerns get another version; the caller holds the locks of all duties.
    """
    differing = {zone: set(before) ^ set(after) for zone, (before, after) in changes.items()}
    differing = {zone: holdings for zone, holdings in differing.items() if holdings}
    for zone in differing:
        write_holdings(connection, zone, *changes[zone])
    claims = list(
        connection.scalars(
            text(CLAIMS),
            {
                "zones": list(differing),
                "starts": [written(min(one.start for one in holdings)) for holdings in differing.values()],
                "ends": [written(max(one.end for one in holdings)) for holdings in differing.values()],
            },
        )
    )
    keep_zones(connection, claims)
    connection.execute(text("update claim set version = version + 1 where id = any(:ids)"), {"ids": claims})
    concerned = [one for holdings in differing.values() for one in holdings]
    people = {one.person_id for one in concerned} | {one.stands_in_for for one in concerned if one.stands_in_for}
    connection.execute(text("update person set version = version + 1 where id = any(:ids)"), {"ids": sorted(people)})
    assignments_changed(connection, differing)


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
        "insert into assignment (zone, person_id, shift, valid_from, valid_to, stands_in_for)"
        " select zone, person, shift, start::date, until::date, absent::int"
        " from (values %s) as given (zone, person, shift, start, until, absent)",
        [
            (zone, item.person_id, item.shift, written(item.start), written(item.end), item.stands_in_for)
            for item in after
            if item not in before
        ],
    )
