"""Who holds the zones of a duty roster: who is new, who is gone, and who stays in another shift or on other days."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from sqlalchemy import Connection, text

from geo_hygiene.coverage.holders import assignments_changed
from geo_hygiene.coverage.roster import RosterRow
from geo_hygiene.database import write_rows
from geo_hygiene.files.findings import Code, Finding
from geo_hygiene.files.importing.report import Stored
from geo_hygiene.files.importing.roster_rows import SaidRow, SaidZone
from geo_hygiene.i18n import N_

STANDING = """
select assignment.id, person.code as person, assignment.zone, assignment.valid_from, assignment.valid_to
from assignment join person on person.id = assignment.person_id
where assignment.zone = any(:codes) and assignment.valid_from <= :day and :day < assignment.valid_to
"""

END = """
update assignment set valid_to = given.day::date
from person, (values %s) as given (person, zone, day)
where person.id = assignment.person_id and person.code = given.person and assignment.zone = given.zone
    and assignment.valid_from < given.day::date and given.day::date < assignment.valid_to
"""

REMOVE = """
delete from assignment
using person, (values %s) as given (person, zone, day)
where person.id = assignment.person_id and person.code = given.person and assignment.zone = given.zone
    and assignment.valid_from >= given.day::date
"""

MAKE_ROOM = """
delete from assignment
using person, (values %s) as given (person, zone, shift, valid_from, valid_to)
where person.id = assignment.person_id and person.code = given.person and assignment.zone = given.zone
    and assignment.shift = given.shift
    and assignment.valid_from >= coalesce(given.valid_from::date, '-infinity')
    and assignment.valid_to <= coalesce(given.valid_to::date, 'infinity')
"""

ADD = """
insert into assignment (person_id, zone, shift, valid_from, valid_to, import_id)
select
    person.id, given.zone, given.shift, coalesce(given.valid_from::date, '-infinity'),
    coalesce(given.valid_to::date, 'infinity'), given.import_id::int
from (values %s) as given (person, zone, shift, valid_from, valid_to, import_id)
join person on person.code = given.person
"""

MAKE_ROOM_FOR_DAYS = """
delete from assignment
using assignment as own, (values %s) as given (id, valid_from, valid_to)
where own.id = given.id and assignment.id <> own.id and assignment.person_id = own.person_id
    and assignment.zone = own.zone and assignment.shift = own.shift
    and assignment.valid_from >= given.valid_from::date and assignment.valid_to <= given.valid_to::date
"""

CHANGE_DAYS = """
update assignment set valid_from = given.valid_from::date, valid_to = given.valid_to::date
from (values %s) as given (id, valid_from, valid_to)
where assignment.id = given.id
"""

GO_ON_IN_SHIFT = """
insert into assignment (person_id, zone, shift, valid_from, valid_to, stands_in_for, import_id)
select person_id, given.zone, given.shift, given.day::date, valid_to, stands_in_for, given.import_id
from (values %s) as given (zone, former, shift, day, import_id)
join assignment on assignment.zone = given.zone and assignment.shift = given.former
where valid_from < given.day::date and given.day::date < valid_to
on conflict do nothing
"""

END_FORMER_SHIFT = """
update assignment set valid_to = given.day::date
from (values %s) as given (zone, former, shift, day, import_id)
where assignment.zone = given.zone and assignment.shift = given.former
    and valid_from < given.day::date and given.day::date < valid_to
"""

CHANGE_SHIFT = """
update assignment set shift = given.shift
from (values %s) as given (zone, former, shift, day, import_id)
where assignment.zone = given.zone and assignment.shift = given.former and valid_from >= given.day::date
"""


def write_holders(
    connection: Connection,
    stored: Stored,
    said: Mapping[str, SaidZone],
    present: Mapping[str, Sequence[RosterRow]],
    day: date,
    import_id: int,
) -> None:
    """Let the persons of the file hold their zones, and nobody else from the day of the change on.

    Parameters
    ----------
    stored
        Takes what is found wrong.
    said, present
        What the file says of zones, and what stands, by the code of the zone.
    """
    new, gone = [], []
    for code, zone in said.items():
        had = {row.person for row in present.get(code, ()) if row.person is not None}
        holders = zone.holders()
        begins = day if present.get(code) else None
        new += [
            (person, code, zone.shift, start or begins, end)
            for person, (start, end) in holders.items()
            if person not in had
        ]
        gone += [(person, code, day.isoformat()) for person in had - holders.keys()]
    rescheduled = _change_days(connection, stored, said, day)
    write_rows(connection, END, gone)
    write_rows(connection, REMOVE, gone)
    moved = _change_shifts(connection, said, present, day, import_id)
    write_rows(connection, MAKE_ROOM, new)
    write_rows(connection, ADD, [(*row, import_id) for row in new])
    changed = {zone for _person, zone, *_ in new} | {zone for _person, zone, _day in gone}
    assignments_changed(connection, changed | rescheduled | moved)


def _change_days(connection: Connection, stored: Stored, said: Mapping[str, SaidZone], day: date) -> set[str]:
    """Let those who stay hold their zones from and until the days that the file says; return these zones."""
    changes, zones = [], set()
    for held in connection.execute(text(STANDING), {"codes": sorted(said), "day": day}):
        rows = [row for row in said[held.zone].rows if row.person == held.person]
        begin = _new_day(stored, rows, "valid_from", held.valid_from)
        end = _new_day(stored, rows, "valid_to", held.valid_to)
        if (begin, end) == (held.valid_from, held.valid_to):
            continue
        if end <= begin:
            words = N_("“%(person)s” can not hold “%(zone)s” until %(last)s and only from %(first)s on.")
            told = {"person": held.person, "zone": held.zone, "first": begin.isoformat(), "last": end.isoformat()}
            number = min(row.number for row in rows)
            stored.findings.append(Finding(Code.VALUE_INVALID, words, number, "valid_to", end.isoformat(), values=told))
            continue
        changes.append((held.id, _as_day(begin), _as_day(end)))
        zones.add(held.zone)
    write_rows(connection, MAKE_ROOM_FOR_DAYS, changes)
    write_rows(connection, CHANGE_DAYS, changes)
    return zones


def _as_day(day: date) -> str:
    return {date.min: "-infinity", date.max: "infinity"}.get(day, day.isoformat())


def _new_day(stored: Stored, rows: Iterable[SaidRow], name: str, stands: date) -> date:
    """Return the day that one of a holder's rows says anew, else the one that stands."""
    new: dict[date, int] = {said: row.number for row in rows if (said := getattr(row, name)) not in {None, stands}}
    if len(new) > 1:
        (first, _day), *_others, (number, other) = sorted((number, day) for day, number in new.items())
        words = N_("Row %(first)s says another day.")
        told = {"first": first}
        stored.findings.append(Finding(Code.VALUE_INVALID, words, number, name, other.isoformat(), values=told))
        return stands
    return next(iter(new), stands)


def _change_shifts(
    connection: Connection,
    said: Mapping[str, SaidZone],
    present: Mapping[str, Sequence[RosterRow]],
    day: date,
    import_id: int,
) -> set[str]:
    """Let the holders of zones whose shift changes go on in the new one; return these zones."""
    changed = [
        (code, present[code][0].shift, zone.shift, day.isoformat(), import_id)
        for code, zone in said.items()
        if present.get(code) and present[code][0].shift != zone.shift
    ]
    for statement in (GO_ON_IN_SHIFT, END_FORMER_SHIFT, CHANGE_SHIFT):
        write_rows(connection, statement, changed)
    return {code for code, *_ in changed}
