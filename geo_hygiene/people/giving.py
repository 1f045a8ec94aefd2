"""Zones are given to people, many at once, and people stand in for others for a while."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from sqlalchemy import Connection, text

from geo_hygiene.accounts import audit
from geo_hygiene.coverage.duties import all_duties
from geo_hygiene.coverage.periods import NEVER
from geo_hygiene.i18n import gettext as _
from geo_hygiene.layers.duty_zones import SHIFTS
from geo_hygiene.people.records import demand_zones_within, lock_all_duties, person_to_change
from geo_hygiene.zoning.holding import (
    Holding,
    holdings_of_zones,
    person_of,
    replaced,
    store_holdings,
    told_holders,
    with_one,
)
from geo_hygiene.zoning.mistakes import StaleVersionError, WrongZoneError
from geo_hygiene.zoning.records import Editor, ZoneRecord, day_within, demand_zone_within, find_zone

ALL_DAY = "all-day"
PART_TIME = "part_time"

OF_PERSON = """
select distinct zone from assignment
where (person_id = :person or stands_in_for = :person) and valid_from < :end and :start < valid_to
"""

VACANT = """
select duty.code, sum(vacancy.vacant_mm)::bigint as vacant
from vacancy
join duty on duty.id = vacancy.duty_id
where vacancy.valid_from <= :on and :on < vacancy.valid_to and (vacancy.duty_id, vacancy.target_id) in (
    select claim.duty_id, cover.target_id
    from duty_zone join claim using (id) join cover using (source_id)
    where duty_zone.code = any(:codes) and claim.valid_from <= :on and :on < claim.valid_to
)
group by duty.code
"""

Holders = dict[str, tuple[list[Holding], list[Holding]]]
"""By zone, who held it when and who does now."""


@dataclass(frozen=True, slots=True)
class Gift:
    """A zone and who is to hold it; nobody where the person is none. ``version`` is that of the zone that was read."""

    zone: str
    person: str | None
    version: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Handing:
    """What an act on holders made: who holds its zones when, what is vacant of their ground on its day, remarks."""

    on: date
    zones: Mapping[str, Sequence[Mapping[str, Any]]]
    before: Mapping[str, float]
    after: Mapping[str, float]
    remarks: Sequence[str] = ()

    def as_json(self) -> dict[str, Any]:
        """Return it in its public form."""
        return {
            "on": self.on.isoformat(),
            "zones": [
                {"code": code, "holders": [_open(holder) for holder in holders]} for code, holders in self.zones.items()
            ],
            "vacant": {"before": dict(self.before), "after": dict(self.after)},
            "remarks": list(self.remarks),
        }


def _open(holder: Mapping[str, Any]) -> dict[str, Any]:
    """Return a holding whose open ends are told as nothing."""
    return {name: None if value in ("infinity", "-infinity") else value for name, value in holder.items()}


def give(
    connection: Connection,
    editor: Editor,
    gifts: Sequence[Gift],
    *,
    start: date,
    end: date | None,
    shift: str | None = None,
) -> Handing:
    """Let people, or nobody, hold zones in a time; who held one then holds it before and after.

    Parameters
    ----------
    shift
        That of each zone when missing.

    Raises
    ------
    UnknownRecordError, OutsideAreasError, StaleVersionError, WrongZoneError
        If a zone or person is missing or not the editor's, somebody changed a zone since, or the time or shift is none.
    """
    demand_time(start, end)
    lock_all_duties(connection)
    zones = [_zone_given(connection, editor, gift, start) for gift in gifts]
    if len({zone.code for zone in zones}) < len(zones):
        raise WrongZoneError("zones", _("A zone is named twice."))
    held = holdings_of_zones(connection, [zone.code for zone in zones])
    named = {gift.person for gift in gifts if gift.person is not None}
    people = {code: person_of(connection, code, editor.within, until=end or NEVER) for code in sorted(named)}
    changes: Holders = {}
    for zone, gift in zip(zones, gifts, strict=True):
        person = None if gift.person is None else people[gift.person]
        before = held[zone.code]
        changes[zone.code] = (before, replaced(before, person, _shift_of(zone, shift), start, end or NEVER))
    return store(connection, editor, "people.give", _told_subject(changes), changes, start)


def substitute(
    connection: Connection,
    editor: Editor,
    name: str,
    *,
    version: int,
    person: str,
    start: date,
    end: date,
    zones: Collection[str] | None = None,
) -> Handing:
    """Let somebody stand in for a holder in a time, on some zones or on all that are held then.

    Raises
    ------
    UnknownRecordError, OutsideAreasError, StaleVersionError, WrongZoneError
        As for :func:`give`, and if the holder holds nothing then, somebody stands in already, or it is the same person.
    """
    demand_time(start, end)
    absent = person_to_change(connection, editor, name, version=version, holdings=True)
    other = person_of(connection, person, editor.within, until=end)
    if other == absent.id:
        raise WrongZoneError("person", _("Nobody stands in for himself or herself."))
    held = held_by(connection, absent.id, start, end)
    chosen = set(held) if zones is None else set(zones)
    if unknown := chosen - set(held):
        words = _("“%(person)s” does not hold the zone “%(zone)s” in this time.", person=absent.code, zone=min(unknown))
        raise WrongZoneError("zones", words)
    if not chosen:
        raise WrongZoneError("zones", _("“%(person)s” holds no zone in this time.", person=absent.code))
    demand_zones_within(connection, editor, chosen, start)
    changes = {zone: (held[zone], _stood_in(zone, held[zone], absent.id, other, start, end)) for zone in sorted(chosen)}
    return store(connection, editor, "people.substitute", f"{absent.code} {person}", changes, start)


def _stood_in(zone: str, holdings: Sequence[Holding], absent: int, other: int, start: date, end: date) -> list[Holding]:
    """Return who holds a zone when somebody stands in for a holder."""
    if any(one.stands_in_for == absent and one.start < end and start < one.end for one in holdings):
        raise WrongZoneError("from", _("Somebody stands in on the zone “%(zone)s” in this time already.", zone=zone))
    after: list[Holding] = []
    for one in holdings:
        if one.person_id != absent or not (one.start < end and start < one.end):
            after.append(one)
            continue
        if one.stands_in_for is not None:
            words = _("On the zone “%(zone)s” it is a substitute already; end that first.", zone=zone)
            raise WrongZoneError("zones", words)
        period = (max(one.start, start), min(one.end, end))
        if any(theirs.person_id == other and theirs.meets(one.shift, *period) for theirs in holdings):
            words = _("The substitute holds the zone “%(zone)s” in this time already.", zone=zone)
            raise WrongZoneError("person", words)
        after += one.without(start, end)
        after.append(Holding(other, one.shift, *period, stands_in_for=absent))
    return after


def end_substitution(
    connection: Connection,
    editor: Editor,
    name: str,
    *,
    version: int,
    day: date,
    person: str | None = None,
    zones: Collection[str] | None = None,
) -> Handing:
    """Let a holder hold his or her zones again from a day on, before a substitute's time is over.

    Raises
    ------
    UnknownRecordError, OutsideAreasError, StaleVersionError, WrongZoneError
        As for :func:`substitute`, and if nobody stands in from that day on.
    """
    absent = person_to_change(connection, editor, name, version=version, holdings=True)
    other = None if person is None else person_of(connection, person, editor.within)
    held = held_by(connection, absent.id, day, NEVER)
    changes: Holders = {}
    for zone, holdings in held.items():
        after: list[Holding] = list(holdings)
        for one in holdings:
            if (
                one.stands_in_for == absent.id
                and one.end > day
                and (zones is None or zone in zones)
                and other in (None, one.person_id)
            ):
                after.remove(one)
                after += one.without(day, NEVER)
                back = replace(one, person_id=absent.id, stands_in_for=None, start=max(one.start, day))
                after = with_one(after, back)
        if after != holdings:
            changes[zone] = (holdings, after)
    if not changes:
        raise WrongZoneError("from", _("Nobody stands in for “%(person)s” from that day on.", person=absent.code))
    demand_zones_within(connection, editor, changes, day)
    return store(connection, editor, "people.substitute-end", absent.code, changes, day)


def demand_time(start: date, end: date | None) -> None:
    """Refuse a time that ends before it begins.

    Raises
    ------
    WrongZoneError
        If it does.
    """
    if end is not None and end <= start:
        raise WrongZoneError("to", _("A time ends after the day on which it begins."))


def held_by(connection: Connection, person_id: int, start: date, end: date) -> dict[str, list[Holding]]:
    """Return everybody who holds the zones that somebody holds, or is stood in for, in a time."""
    asked = {"person": person_id, "start": start, "end": end}
    return holdings_of_zones(connection, list(connection.scalars(text(OF_PERSON), asked)))


def store(
    connection: Connection,
    editor: Editor,
    action: str,
    subject: str,
    changes: Holders,
    on: date,
    **audited: Any,
) -> Handing:
    """Store who holds zones now, write it down, and return what it makes."""
    before, was = told_holders(connection, changes), _vacant(connection, changes, on)
    store_holdings(connection, changes)
    after = told_holders(connection, changes)
    audit.record(
        connection,
        actor=editor.actor,
        action=action,
        subject=subject,
        before={"holders": before},
        after={"holders": after, "from": on.isoformat(), **audited},
    )
    return Handing(
        on=on, zones=after, before=was, after=_vacant(connection, changes, on), remarks=_remarks(connection, changes)
    )


def _vacant(connection: Connection, codes: Iterable[str], on: date) -> dict[str, float]:
    """Return what is vacant of the ground of zones on a day, by duty, in its unit."""
    vacant = {row.code: row.vacant for row in connection.execute(text(VACANT), {"codes": sorted(codes), "on": on})}
    return {duty.code: duty.amount(vacant[duty.code]) for duty in all_duties(connection) if duty.code in vacant}


def _zone_given(connection: Connection, editor: Editor, gift: Gift, start: date) -> ZoneRecord:
    zone = find_zone(connection, gift.zone, start)
    demand_zone_within(connection, zone, editor.within)
    if gift.version is not None and zone.version != gift.version:
        words = _("Somebody else changed the zone “%(code)s” meanwhile.", code=zone.code)
        raise StaleVersionError(words, current=zone.version)
    day_within(zone, start, "from")
    return zone


def _shift_of(zone: ZoneRecord, shift: str | None) -> str:
    """Return the shift in which somebody holds a zone: the zone's own, or any of one that is held all day."""
    if shift is None or zone.shift in (shift, ALL_DAY):
        return shift or zone.shift
    title = next(choice.title for choice in SHIFTS if choice.value == zone.shift)
    raise WrongZoneError(
        "shift", _("The zone “%(zone)s” is of another shift: %(shift)s.", zone=zone.code, shift=_(title))
    )


def _remarks(connection: Connection, changes: Holders) -> list[str]:
    """Return what somebody should know: who works part time and would hold a zone all day, alone."""
    new = [
        (zone, one)
        for zone, (before, after) in sorted(changes.items())
        for one in after
        if one not in before and one.shift == ALL_DAY and one.stands_in_for is None
        if not any(other.person_id != one.person_id and other.meets(ALL_DAY, one.start, one.end) for other in after)
    ]
    part = {
        row.id: row.code
        for row in connection.execute(
            text("select id, code from person where id = any(:ids) and employment = :part"),
            {"ids": sorted({one.person_id for _zone, one in new}), "part": PART_TIME},
        )
    }
    return [
        _("“%(person)s” works part time and holds the zone “%(zone)s” all day alone.", person=part[item], zone=zone)
        for zone, item in dict.fromkeys((zone, one.person_id) for zone, one in new)
        if item in part
    ]


def _told_subject(changes: Holders) -> str:
    codes = sorted(changes)
    return codes[0] if len(codes) == 1 else f"{codes[0]} … {codes[-1]} ({len(codes)})"
