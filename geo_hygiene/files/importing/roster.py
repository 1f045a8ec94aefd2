"""The duty roster: people, zones, lists and holders from one table, as offices keep it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from psycopg2.extras import Json
from sqlalchemy import Connection, text

from geo_hygiene.coverage.duties import DutyRecord, all_duties
from geo_hygiene.coverage.intervals import Interval, union
from geo_hygiene.coverage.lane_lines import LaneLine
from geo_hygiene.coverage.roster import RosterRow, roster, roster_lines
from geo_hygiene.coverage.versions import bump
from geo_hygiene.coverage.writing import NewZone, Stretch, add_zones, end_claims, replace_lists
from geo_hygiene.database import write_rows
from geo_hygiene.files.findings import Code, Finding
from geo_hygiene.files.importing.cleaning import CleanRows
from geo_hygiene.files.importing.history import keep_history
from geo_hygiene.files.importing.lane_names import LaneNames
from geo_hygiene.files.importing.options import ImportOptions
from geo_hygiene.files.importing.report import Stored
from geo_hygiene.files.importing.roster_holders import write_holders
from geo_hygiene.files.importing.roster_rows import SaidRow, SaidZone
from geo_hygiene.i18n import N_
from geo_hygiene.layers.tables import PEOPLE as PEOPLE_LAYER

DUTY_OF_POST = {"supervisor": "supervision"}
"""What people of a post do when the row does not say; the others sweep."""
USUAL_DUTY = "sweeping"
USUAL_POST = "cleaner"
ALL_DAY = "all-day"
SLIP_MM = 2
"""A stretch may pass the end of its lane by as much as two roundings."""

PEOPLE = "select id, code, name, role, phone, extra from person"
PERSON_FIELDS = ("name", "role", "phone")
FORMER = "before_roster"
"""Where it is kept what the last roster changed of a person."""


def store(
    connection: Connection,
    clean: CleanRows,
    rows: Sequence[int],
    numbers: Sequence[int],
    options: ImportOptions,
    import_id: int,
) -> Stored:
    """Let the zones that the file names be as it says from the day of the change on; other zones stay."""
    stored = Stored()
    day = options.changes_on
    lines = roster_lines(connection, day)
    people = _People(connection, stored)
    read, broken = _read(connection, clean, rows, numbers, lines, people, stored)
    said: dict[str, SaidZone] = {}
    for row in read:
        zone = said.setdefault(row.zone, SaidZone(row.duty, row.shift))
        if (zone.duty, zone.shift) != (row.duty, row.shift):
            words = N_("The zone “%(zone)s” has another duty or shift in row %(first)s.")
            values = {"zone": row.zone, "first": zone.rows[0].number}
            stored.findings.append(Finding(Code.VALUE_INVALID, words, row.number, "zone", row.zone, values=values))
            broken.setdefault(row.zone, row.number)
        else:
            zone.rows.append(row)
    if options.skip_rejected:
        _leave_alone(stored, said, broken)
    present: dict[str, list[RosterRow]] = defaultdict(list)
    for held in roster(connection, day, lines):
        if held.zone in said:
            present[held.zone].append(held)
    changed_people = people.write(import_id)
    _write_zones(connection, said, present, options, import_id)
    write_holders(connection, stored, said, present, day, import_id)
    _count(stored, said, present)
    stored.updated += changed_people
    return stored


def _leave_alone(stored: Stored, said: dict[str, SaidZone], broken: Mapping[str, int]) -> None:
    """Take out zones of which a row is wrong: without it, the others would say that the zone ends there."""
    for code in said.keys() & broken.keys():
        words = N_("Row %(first)s of the zone “%(zone)s” has an error; the zone stays as it is.")
        values = {"zone": code, "first": broken[code]}
        stored.findings += [
            Finding(Code.VALUE_INVALID, words, row.number, "zone", code, values=values) for row in said.pop(code).rows
        ]


def _count(stored: Stored, said: Mapping[str, SaidZone], present: Mapping[str, Sequence[RosterRow]]) -> None:
    """Count rows: the same, new, gone; a row of a zone and lane that is new beside one that is gone was changed."""
    for code, zone in said.items():
        had = {(row.zone, row.person, row.line.id, row.span): row for row in present.get(code, ())}
        has = {row.place: row for row in zone.rows}
        repeated = sum(row.repeats(had[place]) for place, row in has.items() if place in had)
        stored.unchanged += repeated
        created, gone = len(has.keys() - had.keys()), len(had.keys() - has.keys())
        changed = min(created, gone)
        stored.updated += changed + len(has.keys() & had.keys()) - repeated
        stored.created += created - changed
        stored.ended += gone - changed


def _read(
    connection: Connection,
    clean: CleanRows,
    rows: Sequence[int],
    numbers: Sequence[int],
    lines: Mapping[str, Sequence[LaneLine]],
    people: _People,
    stored: Stored,
) -> tuple[list[SaidRow], dict[str, int]]:
    """Return the rows that mean something, and by zone the first row that does not."""
    duties = {duty.code: duty for duty in all_duties(connection)}
    names = {kind: LaneNames(of_kind) for kind, of_kind in lines.items()}
    found: list[SaidRow] = []
    broken: dict[str, int] = {}
    for index in rows:
        values, number = clean.row(index), int(numbers[index])
        duty = duties[values["duty"] or DUTY_OF_POST.get(values["post"] or "", USUAL_DUTY)]
        place = _place(values, number, names[duty.target_kind])
        if isinstance(place, Finding):
            stored.findings.append(place)
            broken.setdefault(_zone_code(values, duty, people.code(values)) or "", number)
            continue
        person = people.named(values, number)
        zone = _zone_code(values, duty, person)
        if zone is None:
            words = N_("The row names neither a zone nor a person.")
            stored.findings.append(Finding(Code.VALUE_MISSING, words, number))
            continue
        line, span = place
        found.append(
            SaidRow(
                number,
                zone,
                duty,
                values["shift"] or ALL_DAY,
                person,
                line,
                span,
                values["valid_from"],
                values["valid_to"],
            )
        )
    return found, broken


def _zone_code(values: Mapping[str, Any], duty: DutyRecord, person: str | None) -> str | None:
    return values["zone"] or (f"{duty.code}-{person}" if person else None)


def _place(values: Mapping[str, Any], number: int, names: LaneNames) -> tuple[LaneLine, Interval] | Finding:
    """Return the lane and the stretch that a row means, or what is wrong with it."""
    lanes = names.find(values["lane"], values["lane_code"])
    if len(lanes) != 1:
        return names.unknown(values["lane"], number, len(lanes))
    (line,) = lanes
    for name in ("from", "to"):
        if values[name] is not None and not line.positions(values[name]):
            words = N_("“%(value)s” is no place on %(lane)s: say a lane that meets it, a house number, or metres.")
            told = {"value": values[name], "lane": values["lane"]}
            return Finding(Code.VALUE_INVALID, words, number, name, values[name], values=told)
    spans = line.between(values["from"], values["to"])
    if not spans:
        return Finding(Code.VALUE_INVALID, N_("The stretch ends where it begins."), number, "to", values["to"])
    if len(spans) > 1 and spans[0][1] - spans[0][0] == spans[1][1] - spans[1][0]:
        words = N_("The lane passes there more than once: say metres from its beginning.")
        return Finding(Code.VALUE_INVALID, words, number, "from", values["from"])
    begin, end = spans[0]
    if end > line.length_mm + SLIP_MM:
        words = N_("The stretch ends past the end of its lane, which is %(length)s m long.")
        told = {"length": line.length_mm / 1000}
        return Finding(Code.VALUE_INVALID, words, number, "to", values["to"], values=told)
    return line, (begin, min(end, line.length_mm))


class _People:
    """Those who are stored, and what the file says of them."""

    def __init__(self, connection: Connection, stored: Stored) -> None:
        self._connection = connection
        self._stored = stored
        self._known = {row.code: row for row in connection.execute(text(PEOPLE))}
        self._by_name: dict[str, list[str]] = defaultdict(list)
        for row in self._known.values():
            self._by_name[row.name].append(row.code)
        self._said: dict[str, dict[str, dict[Any, int]]] = defaultdict(lambda: defaultdict(dict))

    def code(self, values: Mapping[str, Any]) -> str | None:
        """Return the code of the person of a row; who is new and has none is called by the name."""
        code, name = values["person"], values["name"]
        return code or (self._by_name[name][0] if name in self._by_name else name)

    def named(self, values: Mapping[str, Any], number: int) -> str | None:
        """Return the code of the person of a row, and note what it says of them."""
        code, name = self.code(values), values["name"]
        if values["person"] is None and len(self._by_name.get(name, ())) > 1:
            words = N_("There are %(count)s people called “%(value)s”; say which by their code.")
            told = {"value": name, "count": len(self._by_name[name])}
            self._stored.findings.append(Finding(Code.UNKNOWN_CODE, words, number, "name", name, values=told))
            return None
        for field_name, value in (("name", name), ("role", values["post"]), ("phone", values["phone"])):
            if value is not None and code is not None:
                self._said[code][field_name].setdefault(value, number)
        return code

    def write(self, import_id: int) -> int:
        """Write who is new or changed; return how many were changed."""
        news = {code: {name: self._news(code, name) for name in PERSON_FIELDS} for code in self._said}
        fresh = [code for code in news if code not in self._known]
        changed = [code for code in news if code in self._known and any(news[code].values())]
        write_rows(
            self._connection,
            "insert into person (code, name, role, phone, import_id)"
            " select given.code, given.name, given.role, given.phone, given.import_id::int"
            " from (values %s) as given (code, name, role, phone, import_id)",
            [
                (code, news[code]["name"] or code, news[code]["role"] or USUAL_POST, news[code]["phone"], import_id)
                for code in fresh
            ],
        )
        keep_history(self._connection, PEOPLE_LAYER, [self._known[code].id for code in changed], import_id)
        write_rows(
            self._connection,
            "update person set name = coalesce(given.name, person.name), role = coalesce(given.role, person.role),"
            " phone = coalesce(given.phone, person.phone), version = version + 1, extra = extra || given.former::jsonb"
            " from (values %s) as given (code, name, role, phone, former) where person.code = given.code",
            [(code, *news[code].values(), self._former(code)) for code in changed],
        )
        if fresh or changed:
            bump(self._connection, ["people"])
        return len(changed)

    def _former(self, code: str) -> Json:
        known = self._known[code]
        return Json({FORMER: {name: getattr(known, name) for name in PERSON_FIELDS}})

    def _news(self, code: str, field_name: str) -> Any:
        """Return what the file says anew of a person.

        People change one row of somebody who has several. What the others say still, and what was changed so before,
        is nothing new; two new things contradict each other.
        """
        said, known = self._said[code][field_name], self._known.get(code)
        had = None if known is None else getattr(known, field_name)
        new = {value: number for value, number in said.items() if value != had}
        if len(said) > 1 and known is not None and had in said:
            new.pop(known.extra.get(FORMER, {}).get(field_name), None)
        if len(new) > 1:
            (first, *_others), number = sorted(new.values()), max(new.values())
            words = N_("Row %(first)s says something else of “%(person)s”.")
            told = {"first": first, "person": code}
            self._stored.findings.append(Finding(Code.VALUE_INVALID, words, number, field_name, code, values=told))
        return next(iter(new), None)


def _write_zones(
    connection: Connection,
    said: Mapping[str, SaidZone],
    present: Mapping[str, Sequence[RosterRow]],
    options: ImportOptions,
    import_id: int,
) -> None:
    """Write zones that are new or have other lists, duties or shifts; the older ones end on the day of the change."""
    day = options.changes_on
    claims = _claims(connection, said, day)
    added, ended, corrected = [], [], {}
    for code, zone in said.items():
        stretches = zone.stretches()
        old = claims.get(code)
        if old is None:
            starts = [row.valid_from for row in zone.rows]
            begin = None if None in starts else min(start for start in starts if start is not None)
            added.append(_as_new(code, zone, stretches, begin))
            continue
        same_kind = (old.duty_id, old.shift) == (zone.duty.id, zone.shift)
        if same_kind and _as_spans(stretches) == _as_spans(_listed(present.get(code, ()))):
            continue
        if same_kind and (options.correct or old.valid_from >= day):
            corrected[old.id] = stretches
        else:
            ended.append(old.id)
            added.append(_as_new(code, zone, stretches, day))
    if corrected:
        replace_lists(connection, corrected)
    if ended:
        end_claims(connection, ended, day)
    add_zones(connection, added, import_id=import_id)


def _as_new(code: str, zone: SaidZone, stretches: Sequence[Stretch], valid_from: date | None) -> NewZone:
    return NewZone(code=code, duty_id=zone.duty.id, shift=zone.shift, valid_from=valid_from, stretches=stretches)


def _claims(connection: Connection, codes: Iterable[str], day: date) -> dict[str, Any]:
    rows = connection.execute(
        text(
            "select duty_zone.code, claim.id, claim.duty_id, claim.shift, claim.valid_from"
            " from duty_zone join claim using (id)"
            " where duty_zone.code = any(:codes) and claim.valid_from <= :day and :day < claim.valid_to"
        ),
        {"codes": sorted(codes), "day": day},
    )
    return {row.code: row for row in rows}


def _listed(rows: Iterable[RosterRow]) -> list[Stretch]:
    return [stretch for row in rows for stretch in row.line.stretches(*row.span)]


def _as_spans(stretches: Iterable[Stretch]) -> dict[int, list[Interval]]:
    spans: dict[int, list[Interval]] = defaultdict(list)
    for stretch in stretches:
        spans[stretch.target_id].append((stretch.from_mm, stretch.to_mm))
    return {target_id: union(parts) for target_id, parts in spans.items()}
