"""One zone is made, changed, ended or given to somebody; every change keeps what was, and says what it does."""

from __future__ import annotations

import uuid as uuid_module
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, text

from geo_hygiene.accounts import audit
from geo_hygiene.coverage.duties import DutyRecord, today
from geo_hygiene.coverage.locks import lock_duties
from geo_hygiene.coverage.otherwise import Difference, OtherZone, otherwise
from geo_hygiene.coverage.periods import NEVER, written
from geo_hygiene.coverage.writing import (
    NewZone,
    Stretch,
    add_zones,
    claims_corrected,
    end_claims,
    keep_zones,
    lists_of,
    replace_lists,
)
from geo_hygiene.errors import GeoHygieneError
from geo_hygiene.i18n import gettext as _
from geo_hygiene.zoning.lists import SaidStretch, demand_targets_within, read_list
from geo_hygiene.zoning.mistakes import WrongZoneError
from geo_hygiene.zoning.records import (
    Editor,
    ZoneRecord,
    as_audited,
    day_within,
    duty_by_id,
    open_day,
    zone_to_change,
)

SAME_CODE = """
select exists (
    select from duty_zone join claim using (id)
    where duty_zone.code = :code and claim.valid_from < :end and :start < claim.valid_to
        and claim.id <> all(cast(:besides as int[]))
)
"""

CODES = "select distinct code from duty_zone where starts_with(code, :beginning)"

KNOWN = "select duty_zone.id, duty_zone.code, claim.duty_id from duty_zone join claim using (id) where uuid = :uuid"

WORDS = """
update duty_zone set
    name = coalesce(:name, name),
    geom = coalesce(ST_Multi(ST_GeomFromWKB(cast(:picture as bytea), 4326)), geom)
where id = :id
"""

OF_OTHER_TIMES = """
select target.id from target
where target.id = any(:ids) and target.valid_to <= :on
"""


class KnownZoneError(GeoHygieneError):
    """The id of a new zone is that of another one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ZoneWords:
    """What is said of a zone; what is not said stays as it is."""

    segments: Sequence[SaidStretch] | None = None
    name: str | None = None
    shift: str | None = None
    picture: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What was stored: the zones that it is about, by id, and what it does to the duty's figures on a day."""

    duty: DutyRecord
    on: date
    zones: tuple[uuid_module.UUID, ...]
    difference: Difference


def create(
    connection: Connection,
    editor: Editor,
    *,
    duty: DutyRecord,
    valid_from: date,
    valid_to: date | None,
    words: ZoneWords,
    code: str | None = None,
    uuid: uuid_module.UUID | None = None,
) -> Change:
    """Make a zone; one that its maker sends twice is made once.

    Raises
    ------
    WrongZoneError, OutsideAreasError
        If something said can not be.
    KnownZoneError
        If the id is that of another zone.
    """
    if valid_to is not None and valid_to <= valid_from:
        raise WrongZoneError("valid_to", _("A zone ends after the day on which it begins."))
    lock_duties(connection, [duty.id])
    if uuid is not None and (known := connection.execute(text(KNOWN), {"uuid": uuid}).one_or_none()):
        if known.duty_id != duty.id or code not in {None, known.code}:
            raise KnownZoneError(_("The id is that of another zone, “%(code)s”.", code=known.code))
        return Change(duty=duty, on=valid_from, zones=(uuid,), difference=Difference({}))
    stretches = read_list(connection, duty, words.segments or (), valid_from)
    demand_targets_within(connection, stretches, editor.within)
    code = code or free_code(connection, duty.code)
    demand_free_code(connection, code, valid_from, valid_to or NEVER)
    shift = words.shift or "all-day"
    difference = otherwise(connection, duty.id, valid_from, [OtherZone(code=code, stretches=stretches, shift=shift)])
    new = NewZone(
        uuid=uuid,
        code=code,
        name=words.name,
        duty_id=duty.id,
        shift=shift,
        stretches=stretches,
        valid_from=valid_from,
        valid_to=valid_to,
        picture=words.picture,
    )
    made = add_zones(connection, [new], follow=True)
    note(connection, editor, "zone.create", duty, code, after=as_audited(connection, made))
    return Change(duty=duty, on=valid_from, zones=uuids_of(connection, made), difference=difference)


def change(
    connection: Connection, editor: Editor, name: str, *, version: int, start: date | None, words: ZoneWords
) -> Change:
    """Let a zone be otherwise from a day on, or correct it for its whole period where no day is told.

    Raises
    ------
    UnknownRecordError, OutsideAreasError, StaleVersionError, WrongZoneError
        If there is no such zone, it is not the editor's to change, somebody else has changed it since, or something
        said can not be.
    """
    zone = zone_to_change(connection, editor, name, version=version, on=start)
    duty = duty_by_id(connection, zone.duty_id)
    on = zone.nearest_day(today(connection)) if start is None else day_within(zone, start, "from")
    now = lists_of(connection, [zone.id]).get(zone.id, [])
    stretches = None
    if words.segments is not None:
        stretches = read_list(connection, duty, words.segments, on)
        demand_targets_within(connection, stretches, editor.within)
    other = OtherZone(code=zone.code, stretches=stretches or now, shift=words.shift or zone.shift)
    difference = otherwise(connection, duty.id, on, [other])
    before = as_audited(connection, [zone.id])
    changed = rewrite(connection, zone, start=start, on=on, stretches=stretches, words=words)
    note(connection, editor, "zone.change", duty, zone.code, before=before, after=as_audited(connection, changed))
    return Change(duty=duty, on=on, zones=uuids_of(connection, changed[-1:]), difference=difference)


def end(connection: Connection, editor: Editor, name: str, *, version: int, day: date) -> Change:
    """Let a zone hold no longer from a day on.

    Raises
    ------
    UnknownRecordError, OutsideAreasError, StaleVersionError, WrongZoneError
        As for :func:`change`.
    """
    zone = zone_to_change(connection, editor, name, version=version, on=day)
    day_within(zone, day, "from")
    duty = duty_by_id(connection, zone.duty_id)
    difference = otherwise(connection, duty.id, day, [], without=[zone.code])
    before = as_audited(connection, [zone.id])
    keep_zones(connection, [zone.id])
    end_claims(connection, [zone.id], day)
    note(connection, editor, "zone.end", duty, zone.code, before=before, after=as_audited(connection, [zone.id]))
    left = () if zone.valid_from == day else (zone.uuid,)
    return Change(duty=duty, on=day, zones=left, difference=difference)


def rewrite(
    connection: Connection,
    zone: ZoneRecord,
    *,
    start: date | None,
    on: date,
    stretches: Sequence[Stretch] | None,
    words: ZoneWords,
    follow: bool = True,
) -> list[int]:
    """Write a zone as it is from a day on, or for its whole period; return the ids of what it was and what it is.

    Parameters
    ----------
    on
        Day whose targets ``stretches`` name.
    stretches
        Its other list; ``None`` keeps the one that it has.
    follow
        Whether the other list goes on to what begins later in the place of its targets, or names all of that itself.
    """
    keep_zones(connection, [zone.id])
    if start is not None and start > zone.valid_from:
        listed = lists_of(connection, [zone.id]).get(zone.id, []) if stretches is None else stretches
        end_claims(connection, [zone.id], start)
        new = NewZone(
            code=zone.code,
            name=words.name or zone.name,
            duty_id=zone.duty_id,
            shift=words.shift or zone.shift,
            stretches=listed,
            valid_from=start,
            valid_to=open_day(zone.valid_to),
            picture=words.picture or zone.picture,
        )
        return [zone.id, *add_zones(connection, [new], follow=follow and stretches is not None)]
    connection.execute(text(WORDS), {"id": zone.id, "name": words.name, "picture": words.picture})
    if words.shift is not None:
        connection.execute(
            text("update claim set shift = :shift where id = :id"), {"shift": words.shift, "id": zone.id}
        )
    if stretches is None:
        claims_corrected(connection, [zone.id])
    else:
        former = of_former_targets(connection, lists_of(connection, [zone.id]).get(zone.id, []), on)
        replace_lists(connection, {zone.id: [*former, *stretches]}, follow=follow)
    return [zone.id]


def of_former_targets(connection: Connection, stretches: Sequence[Stretch], on: date) -> list[Stretch]:
    """Return what a list holds of targets that had ended on the day: nobody who looks at that day sees them."""
    ids = [item.target_id for item in stretches]
    gone = set(connection.scalars(text(OF_OTHER_TIMES), {"ids": ids, "on": on}))
    return [item for item in stretches if item.target_id in gone]


def demand_free_code(connection: Connection, code: str, start: date, end: date, *, besides: Iterable[int] = ()) -> None:
    """Refuse the code of a zone of the same time: people and holders are told by it alone.

    Raises
    ------
    WrongZoneError
        If there is one.
    """
    asked = {"code": code, "start": written(start), "end": written(end), "besides": sorted(besides)}
    if connection.scalar(text(SAME_CODE), asked):
        raise WrongZoneError("code", _("There is a zone “%(code)s” in this time already.", code=code))


def free_code(connection: Connection, beginning: str, *, taken: Iterable[str] = ()) -> str:
    """Return the first code with a number that no zone ever had."""
    known = {*connection.scalars(text(CODES), {"beginning": f"{beginning}-"}), *taken}
    number = 1
    while (code := f"{beginning}-{number:03d}") in known:
        number += 1
    return code


def note(
    connection: Connection,
    editor: Editor,
    action: str,
    duty: DutyRecord,
    code: str,
    *,
    before: Sequence[Mapping[str, Any]] = (),
    after: Sequence[Mapping[str, Any]] = (),
) -> None:
    """Write into the audit what zones were and what they are."""
    audit.record(
        connection,
        actor=editor.actor,
        action=action,
        subject=f"{duty.code} {code}",
        before={"zones": list(before)} if before else None,
        after={"zones": list(after)} if after else None,
    )


def uuids_of(connection: Connection, claim_ids: Sequence[int]) -> tuple[uuid_module.UUID, ...]:
    """Return the public ids of zones, in their order."""
    rows = connection.execute(text("select id, uuid from claim where id = any(:ids)"), {"ids": list(claim_ids)})
    known = {row.id: row.uuid for row in rows}
    return tuple(known[claim_id] for claim_id in claim_ids)
