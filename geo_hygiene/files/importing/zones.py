"""Duty zones from polygons: each proposes its list, and the list is what is kept."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import shapely
from sqlalchemy import Connection, text

from geo_hygiene.coverage.duties import DutyRecord, all_duties
from geo_hygiene.coverage.holders import assignments_changed
from geo_hygiene.coverage.locks import lock_duties
from geo_hygiene.coverage.proposal import Remark, propose_lists
from geo_hygiene.coverage.writing import (
    NewZone,
    Stretch,
    add_zones,
    change_duties,
    claims_corrected,
    end_claims,
    keep_zones,
    lists_of,
    replace_lists,
)
from geo_hygiene.database import write_rows
from geo_hygiene.files.findings import Code, Finding
from geo_hygiene.files.importing.cleaning import CleanRows
from geo_hygiene.files.importing.options import ImportOptions
from geo_hygiene.files.importing.report import Stored
from geo_hygiene.i18n import N_

SAME_PLACE = 1e-9
"""Degrees by which the vertices of an unchanged polygon may differ: a file keeps that many decimals."""

PRESENT = """
select
    claim.id, claim.uuid, claim.duty_id, claim.shift, claim.valid_from, claim.valid_to,
    duty_zone.code, duty_zone.name, ST_AsBinary(duty_zone.geom) as picture, duty.target_kind
from duty_zone join claim using (id) join duty on duty.id = claim.duty_id
"""


@dataclass(slots=True)
class _ZoneRow:
    """A zone as the file says it."""

    number: int
    values: dict[str, Any]
    duty: DutyRecord
    shape: Any
    stretches: list[Stretch] = field(default_factory=list)

    @property
    def code(self) -> str:
        return str(self.values["code"])

    @property
    def shift(self) -> str:
        return self.values["shift"] or "all-day"

    def is_as(self, old: Any) -> bool:
        """Tell whether the file says what is stored; a period that it leaves open is not compared."""
        start, end = self.values["valid_from"] or old.valid_from, self.values["valid_to"] or old.valid_to
        return (
            (old.name, old.shift, old.duty_id) == (self.values["name"], self.shift, self.duty.id)
            and (old.valid_from, old.valid_to) == (start, end)
            and _is_same_place(old.picture, self.shape)
        )

    def keeps_list_of(self, old: Any) -> bool:
        """Tell whether a stored list goes on: the file proposes no other, and the duty looks after the same things."""
        return self.shape is None and bool(old.target_kind == self.duty.target_kind)

    def as_new(self, valid_from: date | None) -> NewZone:
        return NewZone(
            uuid=self.values["id"],
            code=self.code,
            name=self.values["name"],
            duty_id=self.duty.id,
            shift=self.shift,
            valid_from=valid_from,
            valid_to=self.values["valid_to"],
            picture=None if self.shape is None else shapely.to_wkb(self.shape),
            stretches=self.stretches,
        )


def store(
    connection: Connection,
    clean: CleanRows,
    shapes: Any,
    rows: Sequence[int],
    row_numbers: Sequence[int],
    options: ImportOptions,
    import_id: int,
) -> Stored:
    """Write the zones (by index) that are new or differ, with the lists that their polygons propose."""
    stored = Stored()
    zones = _read(connection, clean, shapes, rows, row_numbers, options, stored)
    by_uuid, by_code = _present(connection)
    same, added, corrected, moved = [], [], [], []
    for zone in zones:
        old = by_uuid.get(zone.values["id"]) or _same_period(by_code.get(zone.code, []), zone, options)
        if old is None:
            added.append(zone)
        elif zone.is_as(old):
            same.append(zone)
        elif options.correct or old.valid_from >= options.changes_on:
            corrected.append((old, zone))
        else:
            moved.append((old, zone))
    changed = [*added, *(zone for _old, zone in (*corrected, *moved))]
    _propose(connection, changed, options, stored)
    empty = {zone.number for zone in changed if zone.shape is not None and not zone.stretches}
    added = [zone for zone in added if zone.number not in empty]
    corrected, moved = ([pair for pair in pairs if pair[1].number not in empty] for pairs in (corrected, moved))
    newly_held = _assign(connection, [zone for zone in zones if zone.number not in empty], stored, import_id)
    _add(connection, [(zone, zone.values["valid_from"]) for zone in added], import_id)
    _correct(connection, corrected, import_id)
    lists = lists_of(connection, [old.id for old, zone in moved if zone.keeps_list_of(old)])
    end_claims(connection, [old.id for old, _zone in moved], options.changes_on)
    for old, zone in moved:
        zone.values["id"] = None
        zone.stretches = lists.get(old.id, zone.stretches)
    _add(connection, [(zone, options.changes_on) for _old, zone in moved], import_id)
    if newly_held:
        assignments_changed(connection, newly_held)
    only_held = sum(zone.code in newly_held for zone in same)
    stored.unchanged = len(same) - only_held
    stored.created, stored.updated = len(added), len(corrected) + len(moved) + only_held
    return stored


def _read(
    connection: Connection,
    clean: CleanRows,
    shapes: Any,
    rows: Sequence[int],
    row_numbers: Sequence[int],
    options: ImportOptions,
    stored: Stored,
) -> list[_ZoneRow]:
    duties = {duty.code: duty for duty in all_duties(connection)}
    titles = {duty.title: duty for duty in duties.values()}
    zones = []
    for index in rows:
        values, number = clean.row(index), int(row_numbers[index])
        said = values["duty"] or options.duty
        duty = duties.get(said) or titles.get(said)
        if duty is None:
            words = N_("There is no duty “%(value)s”. Duties: %(duties)s.")
            told = {"value": said, "duties": ", ".join(duties)}
            stored.findings.append(Finding(Code.UNKNOWN_CODE, words, number, "duty", said, values=told))
        else:
            values["code"] = values["code"] or f"{duty.code}-{number:03d}"
            zones.append(_ZoneRow(number, values, duty, shapes[index]))
    return zones


def _present(connection: Connection) -> tuple[dict[Any, Any], dict[str, list[Any]]]:
    rows = connection.execute(text(PRESENT)).all()
    by_code: dict[str, list[Any]] = defaultdict(list)
    for row in rows:
        by_code[row.code].append(row)
    return {row.uuid: row for row in rows}, by_code


def _is_same_place(picture: Any, shape: Any) -> bool:
    if picture is None or shape is None:
        return picture is shape
    return bool(shapely.equals_exact(_multi(shapely.from_wkb(bytes(picture))), _multi(shape), SAME_PLACE))


def _multi(shape: Any) -> Any:
    return shapely.multipolygons([shape]) if shape.geom_type == "Polygon" else shape


def _same_period(known: Sequence[Any], zone: _ZoneRow, options: ImportOptions) -> Any:
    """Return the zone of the code that holds when the file's begins, or on the day of the change."""
    if zone.values["id"] is not None:
        return None
    day = zone.values["valid_from"] or options.changes_on
    return next((old for old in known if old.valid_from <= day < old.valid_to), None)


def _propose(connection: Connection, zones: Sequence[_ZoneRow], options: ImportOptions, stored: Stored) -> None:
    """Fill the lists; zones of one duty and first day compete for the lanes along their borders."""
    together: dict[tuple[int, date], dict[int, _ZoneRow]] = defaultdict(dict)
    for zone in zones:
        if zone.shape is None:  # its list comes as a table
            continue
        day = zone.values["valid_from"] or options.changes_on
        together[zone.duty.id, day][zone.number] = zone
    for (_duty, day), competing in sorted(together.items()):
        duty = next(iter(competing.values())).duty
        proposal = propose_lists(connection, duty, {number: zone.shape for number, zone in competing.items()}, day)
        for number, zone in competing.items():
            zone.stretches = proposal.lists[number]
        stored.findings += [_remark(remark, competing) for remark in proposal.remarks]


def _remark(remark: Remark[int], zones: Mapping[int, _ZoneRow]) -> Finding:
    zone = zones[remark.zone]
    if remark.code == "no-targets":
        words = N_("The zone “%(zone)s” holds nothing that its duty must look after.")
        hint = N_("Import the streets, drains or tanks first, and see that the zone lies over them.")
        return Finding(Code.NO_TARGETS, words, zone.number, value=zone.code, hint=hint, values={"zone": zone.code})
    words = N_("A segment on the border with %(others)s was given to the zone “%(zone)s”.")
    if not remark.others:
        words = N_("A segment along the edge of the zone “%(zone)s” was given to it.")
    values = {"zone": zone.code, "others": ", ".join(f"“{zones[other].code}”" for other in remark.others)}
    about = remark.lane or str(remark.target)
    return Finding(Code.BORDER_LANE, words, zone.number, value=about, values=values)


def _add(connection: Connection, zones: Sequence[tuple[_ZoneRow, date | None]], import_id: int) -> None:
    add_zones(connection, [zone.as_new(day) for zone, day in zones], import_id=import_id)


def _correct(connection: Connection, pairs: Sequence[tuple[Any, _ZoneRow]], import_id: int) -> None:
    """Let the zones be as the file says for their whole periods; what they were goes into history."""
    if not pairs:
        return
    keep_zones(connection, [old.id for old, _zone in pairs], import_id=import_id)
    write_rows(
        connection,
        "update duty_zone set name = given.name, geom = ST_Multi(ST_GeomFromWKB(given.picture::bytea, 4326))"
        " from (values %s) as given (id, name, picture) where duty_zone.id = given.id",
        [(old.id, zone.values["name"], zone.as_new(None).picture) for old, zone in pairs],
    )
    write_rows(
        connection,
        "update claim set shift = given.shift,"
        " valid_from = coalesce(given.valid_from::date, claim.valid_from),"
        " valid_to = coalesce(given.valid_to::date, claim.valid_to)"
        " from (values %s) as given (id, shift, valid_from, valid_to) where claim.id = given.id",
        [(old.id, zone.shift, zone.values["valid_from"], zone.values["valid_to"]) for old, zone in pairs],
    )
    other_duty = {old.id: zone.duty.id for old, zone in pairs if zone.duty.id != old.duty_id}
    if other_duty:
        change_duties(connection, other_duty)
    replace_lists(connection, {old.id: zone.stretches for old, zone in pairs if not zone.keeps_list_of(old)})
    claims_corrected(connection, [old.id for old, zone in pairs if zone.keeps_list_of(old)])


ASSIGN = """
insert into assignment (person_id, zone, shift, valid_from, valid_to, import_id)
select given.person, given.zone, given.shift, given.valid_from, given.valid_to, :import_id
from unnest(
    cast(:people as int[]), cast(:zones as text[]), cast(:shifts as text[]), cast(:begins as date[]),
    cast(:ends as date[])
) as given (person, zone, shift, valid_from, valid_to)
where not exists (
    select from assignment
    where assignment.person_id = given.person and assignment.zone = given.zone
        and assignment.valid_from < given.valid_to and given.valid_from < assignment.valid_to
)
returning zone
"""


def _assign(connection: Connection, zones: Sequence[_ZoneRow], stored: Stored, import_id: int) -> set[str]:
    """Let the persons that a zone's row names hold it for its period, unless they do.

    Return the newly held zones that are there already: those that are yet to be written find who holds them.
    """
    people: dict[str, int] = {row.code: row.id for row in connection.execute(text("select code, id from person"))}
    named = []
    for zone in zones:
        for code in zone.values["holders"] or ():
            if code in people:
                period = (zone.values["valid_from"] or "-infinity", zone.values["valid_to"] or "infinity")
                named.append((people[code], zone.code, zone.shift, *map(str, period)))
            else:
                words, hint = N_("There is no person with the code “%(value)s”."), N_("Import the people first.")
                stored.findings.append(
                    Finding(Code.UNKNOWN_CODE, words, zone.number, "holders", code, hint, {"value": code})
                )
    if not named:
        return set()
    names = ("people", "zones", "shifts", "begins", "ends")
    columns = dict(zip(names, map(list, zip(*named, strict=True)), strict=True))
    # a zone of such a code may be on its way in any duty
    lock_duties(connection, [duty.id for duty in all_duties(connection)])
    held = set(connection.scalars(text(ASSIGN), {**columns, "import_id": import_id}))
    there = text("select distinct code from duty_zone where code = any(:codes)")
    return set(connection.scalars(there, {"codes": sorted(held)}))
