"""Drafts of a plan: only the zones that differ are kept, and no answers."""

from __future__ import annotations

import uuid as uuid_module
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, text

from geo_hygiene.accounts import audit
from geo_hygiene.coverage.duties import DutyRecord
from geo_hygiene.coverage.locks import lock_duties
from geo_hygiene.coverage.otherwise import Difference, OtherZone, added, less, otherwise
from geo_hygiene.coverage.periods import NEVER
from geo_hygiene.coverage.summary import Sums, summarize
from geo_hygiene.coverage.writing import TINTS, add_list, lists_of_sources
from geo_hygiene.errors import UnknownRecordError
from geo_hygiene.i18n import gettext as _
from geo_hygiene.zoning.editing import ZoneWords, demand_free_code
from geo_hygiene.zoning.holding import person_of
from geo_hygiene.zoning.lists import demand_targets_within, read_list
from geo_hygiene.zoning.local_picture import picture_of
from geo_hygiene.zoning.mistakes import OutsideAreasError, StaleVersionError, WrongZoneError
from geo_hygiene.zoning.records import Editor, ZoneRecord, demand_zone_within, duty_by_id, identity, zones_of_day

LONGEST_NAME = 100

DRAFTS = """
select draft.id, draft.uuid, name, duty_id, plan_on, maker, began_at, published_from, published_at, version
from draft
"""

ZONES = """
select code, source_id, name, shift, ST_AsBinary(geom) as picture, person_ids, base_uuid, base_version, base_to,
    began_uuid, holders_before
from draft_zone where draft_id = :draft order by code
"""

BEGIN = """
insert into draft (name, duty_id, plan_on, maker) values (:name, :duty, :on, :maker)
on conflict (name) do nothing
returning id
"""

PUT = """
insert into draft_zone (draft_id, code, source_id, name, shift, geom, person_ids, base_uuid, base_version)
values (
    :draft, :code, :source, :name, :shift, ST_Multi(ST_GeomFromWKB(cast(:picture as bytea), 4326)),
    cast(:persons as int[]), :base_uuid, :base_version
)
on conflict (draft_id, code) do update set
    source_id = excluded.source_id, name = excluded.name, shift = excluded.shift, geom = excluded.geom,
    person_ids = excluded.person_ids
"""

TINTED = """
update draft_zone set tint = coalesce(
    (select duty_zone.tint from duty_zone join claim using (id) where claim.uuid = draft_zone.base_uuid),
    (
        select min(tint) from generate_series(0, :tints - 1) as tint
        where tint not in (
            select duty_zone.tint from duty_zone join claim using (id)
            where claim.duty_id = :duty and claim.valid_from <= :on and :on < claim.valid_to
                and duty_zone.geom && ST_Expand(draft_zone.geom, :reach)
            union
            select other.tint from draft_zone as other
            where other.draft_id = :draft and other.code <> draft_zone.code
                and other.geom && ST_Expand(draft_zone.geom, :reach)
        )
    ),
    0
)
where draft_id = :draft and code = :code
"""
"""A zone has the colour of that in whose place it is; a new one the first that no zone beside it has."""

REACH = 0.0001
"""Degrees, some 10 m, within which zones lie side by side."""


@dataclass(frozen=True, slots=True)
class DraftRecord:
    """A draft; ``plan_on`` is the day over whose zones it was drawn."""

    id: int
    uuid: uuid_module.UUID
    name: str
    duty_id: int
    plan_on: date
    maker: str
    began_at: datetime
    published_from: date | None
    published_at: datetime | None
    version: int


@dataclass(frozen=True, slots=True)
class DraftZoneRecord:
    """A zone as it is in a draft; without a source it ends there, without persons it is held as before."""

    code: str
    source_id: int | None
    name: str | None
    shift: str
    picture: bytes | None
    person_ids: list[int] | None
    base_uuid: uuid_module.UUID | None
    base_version: int | None
    base_to: date | None
    began_uuid: uuid_module.UUID | None
    holders_before: list[Any] | None


@dataclass(frozen=True, slots=True)
class BaseRead:
    """A zone of the plan, in the version that somebody read."""

    uuid: uuid_module.UUID
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftWords:
    """What is said of a zone in a draft: that it ends, that it is as in the plan, or what it is.

    ``base`` is the zone of the plan in whose place it was drawn, in the version that was read, or nothing where it is a
    new zone; where that is not told, it is the one that holds now. ``person`` is the code of who holds it, or nobody,
    where it is given.
    """

    words: ZoneWords = field(default_factory=ZoneWords)
    tells_base: bool = False
    base: BaseRead | None = None
    ends: bool = False
    drops: bool = False
    is_given: bool = False
    person: str | None = None


def begin(connection: Connection, editor: Editor, *, name: str, duty: DutyRecord, plan_on: date) -> DraftRecord:
    """Begin a draft over the zones of a day.

    Raises
    ------
    WrongZoneError
        If another one has the name, or it can not stand in an address.
    """
    demand_name(connection, name)
    said = {"name": name, "duty": duty.id, "on": plan_on, "maker": editor.actor}
    if connection.scalar(text(BEGIN), said) is None:
        raise name_taken(name)
    draft = find_draft(connection, name)
    note(connection, editor, "draft.begin", draft, after={"duty": duty.code, "on": plan_on.isoformat()})
    return draft


def demand_name(connection: Connection, name: str) -> None:
    """Refuse a name that no new draft can have.

    Raises
    ------
    WrongZoneError
        If another one has it, or it can not stand in an address.
    """
    if not name.strip() or len(name) > LONGEST_NAME:
        raise WrongZoneError("name", _("The name of a draft has 1 to %(most)s letters.", most=LONGEST_NAME))
    if "/" in name or set(name) == {"."} or identity(name) is not None:
        raise WrongZoneError("name", _("The name of a draft is no id, and holds no “/”."))
    if connection.scalar(text("select exists (select from draft where name = :name)"), {"name": name}):
        raise name_taken(name)


def name_taken(name: str) -> WrongZoneError:
    """Return the refusal of a name that another draft has."""
    return WrongZoneError("name", _("There is a draft “%(name)s” already.", name=name))


def discard(connection: Connection, editor: Editor, name: str, *, version: int) -> DraftRecord:
    """Delete a draft that is not published.

    Raises
    ------
    UnknownRecordError, StaleVersionError, OutsideAreasError, WrongZoneError
        If there is no such draft, somebody else has changed it, it holds zones that are not the editor's to change, or
        it is published.
    """
    draft = draft_to_change(connection, name, version=version)
    demand_open(draft)
    zones = zones_of(connection, draft)
    demand_draft_within(connection, draft, zones, editor)
    connection.execute(text("delete from draft where id = :id"), {"id": draft.id})
    note(connection, editor, "draft.discard", draft, after={"zones": {zone.code: "discarded" for zone in zones}})
    return draft


def all_drafts(connection: Connection, duty: DutyRecord) -> list[DraftRecord]:
    """Return the drafts of a duty, the newest first."""
    rows = connection.execute(text(DRAFTS + "where duty_id = :duty order by id desc limit 500"), {"duty": duty.id})
    return [DraftRecord(*row) for row in rows]


def find_draft(connection: Connection, name: str) -> DraftRecord:
    """Return a draft by its name or id.

    Raises
    ------
    UnknownRecordError
        If there is none.
    """
    asked = {"uuid": identity(name), "name": name}
    row = connection.execute(
        text(DRAFTS + "where draft.uuid = cast(:uuid as uuid) or name = :name limit 1"), asked
    ).one_or_none()
    if row is None:
        raise UnknownRecordError(_("There is no draft “%(name)s”.", name=name))
    return DraftRecord(*row)


def draft_of_duty(connection: Connection, duty: DutyRecord, name: str) -> DraftRecord:
    """Return a draft of a duty.

    Raises
    ------
    UnknownRecordError, WrongZoneError
        If there is none, or it is of another duty.
    """
    draft = find_draft(connection, name)
    if draft.duty_id != duty.id:
        raise WrongZoneError("draft", _("The draft “%(name)s” is of another duty.", name=draft.name))
    return draft


def draft_to_change(connection: Connection, name: str, *, version: int) -> DraftRecord:
    """Return a draft as nobody else can change it any more, nor the zones of its duty.

    Raises
    ------
    UnknownRecordError, StaleVersionError
        If there is none, or somebody else has changed it since it was read.
    """
    found = find_draft(connection, name)
    lock_duties(connection, [found.duty_id])
    draft = find_draft(connection, str(found.uuid))
    if draft.version != version:
        raise StaleVersionError(
            _("Somebody else changed the draft “%(name)s” meanwhile.", name=draft.name), current=draft.version
        )
    return draft


def demand_open(draft: DraftRecord) -> None:
    """Refuse to change what is published.

    Raises
    ------
    WrongZoneError
        If it is.
    """
    if draft.published_from is not None:
        raise WrongZoneError(
            "draft",
            _("The draft “%(name)s” is published from %(day)s.", name=draft.name, day=draft.published_from.isoformat()),
        )


def zones_of(connection: Connection, draft: DraftRecord) -> list[DraftZoneRecord]:
    """Return the zones that differ, by code."""
    rows = connection.execute(text(ZONES), {"draft": draft.id}).all()
    return [
        DraftZoneRecord(**{**row._mapping, "picture": None if row.picture is None else bytes(row.picture)})
        for row in rows
    ]


def codes_of(connection: Connection, person_ids: Iterable[int]) -> dict[int, str]:
    """Return the codes of people by their ids."""
    rows = connection.execute(text("select id, code from person where id = any(:ids)"), {"ids": sorted(person_ids)})
    return {row.id: row.code for row in rows}


def put_zones(
    connection: Connection, editor: Editor, name: str, said: Mapping[str, DraftWords], *, version: int
) -> DraftRecord:
    """Let zones be otherwise in a draft, all or none; what is not said of one stays as there, else as in the plan.

    Parameters
    ----------
    said
        What is said of each zone, by code.

    Raises
    ------
    UnknownRecordError, StaleVersionError, OutsideAreasError, WrongZoneError
        If there is no such draft, somebody else has changed it, a zone is not the editor's to change, or something
        said can not be.
    """
    draft = draft_to_change(connection, name, version=version)
    demand_open(draft)
    duty = duty_by_id(connection, draft.duty_id)
    bases = zones_of_day(connection, duty.id, draft.plan_on, said)
    there = {zone.code: zone for zone in zones_of(connection, draft)}
    for code, words in said.items():
        if words.drops:
            _drop(connection, editor, draft, there.get(code), code)
        else:
            _put(connection, editor, duty, draft, code, bases.get(code), there.get(code), words)
            # one by one: each new zone sees the colours of those before it
            near = {"draft": draft.id, "duty": duty.id, "on": draft.plan_on, "code": code, "reach": REACH}
            connection.execute(text(TINTED), {**near, "tints": TINTS})
    return changed(connection, editor, "draft.zones", draft, {"zones": {code: _noted(said[code]) for code in said}})


def _noted(said: DraftWords) -> str:
    return "dropped" if said.drops else "ends" if said.ends else "changed"


def _put(
    connection: Connection,
    editor: Editor,
    duty: DutyRecord,
    draft: DraftRecord,
    code: str,
    base: ZoneRecord | None,
    there: DraftZoneRecord | None,
    said: DraftWords,
) -> None:
    if base is not None:
        demand_zone_within(connection, base, editor.within)
    if there is None and (base is None or (said.tells_base and said.base is None)):
        demand_free_code(connection, code, draft.plan_on, NEVER)
    source = None if said.ends else _source(connection, editor, duty, draft, base, there, said)
    if said.ends and base is None:
        raise WrongZoneError("ends", _("There is no zone “%(name)s”.", name=code))
    read = said.base if said.tells_base else BaseRead(base.uuid, base.version) if base else None
    now = there or base
    persons = None if there is None else there.person_ids
    if said.is_given:
        persons = [] if said.person is None else [person_of(connection, said.person, editor.within)]
    connection.execute(
        text(PUT),
        {
            "draft": draft.id,
            "code": code,
            "source": source,
            "name": said.words.name or (now.name if now else None),
            "shift": said.words.shift or (now.shift if now else "all-day"),
            "picture": _picture(connection, duty, draft, source, said.words, now),
            "persons": persons,
            "base_uuid": read.uuid if read else None,
            "base_version": read.version if read else None,
        },
    )


def _picture(
    connection: Connection,
    duty: DutyRecord,
    draft: DraftRecord,
    source: int | None,
    words: ZoneWords,
    now: ZoneRecord | DraftZoneRecord | None,
) -> bytes | None:
    """Return the picture that somebody drew, else that of a list that is told, else the one that the zone has."""
    if words.picture is None and words.segments is not None and source is not None:
        stretches = lists_of_sources(connection, [source])[source]
        return picture_of(connection, duty, draft.plan_on, stretches) or (now.picture if now else None)
    return words.picture or (now.picture if now else None)


def _source(
    connection: Connection,
    editor: Editor,
    duty: DutyRecord,
    draft: DraftRecord,
    base: ZoneRecord | None,
    there: DraftZoneRecord | None,
    said: DraftWords,
) -> int:
    """Return the list that a zone has in a draft: the one that is said, or the one that it has."""
    if said.words.segments is not None:
        stretches = read_list(connection, duty, said.words.segments, draft.plan_on)
        demand_targets_within(connection, stretches, editor.within)
        return add_list(connection, stretches)
    if there is not None and there.source_id is not None:
        demand_targets_within(
            connection, lists_of_sources(connection, [there.source_id])[there.source_id], editor.within
        )
        return there.source_id
    if base is None:
        raise WrongZoneError("segments", _("A zone holds at least one stretch that its duty must look after."))
    return base.source_id


def _drop(connection: Connection, editor: Editor, draft: DraftRecord, there: DraftZoneRecord | None, code: str) -> None:
    """Let a zone be in a draft as it is in the plan."""
    if there is None:
        raise UnknownRecordError(_("There is no zone “%(name)s”.", name=code))
    demand_draft_within(connection, draft, [there], editor)
    connection.execute(
        text("delete from draft_zone where draft_id = :draft and code = :code"), {"draft": draft.id, "code": code}
    )


def demand_draft_within(
    connection: Connection, draft: DraftRecord, zones: Sequence[DraftZoneRecord], editor: Editor
) -> None:
    """Refuse zones of a draft that reach beyond the areas of the editor, as they are there or as they were.

    Raises
    ------
    OutsideAreasError
        If one does.
    """
    if editor.within is None:
        return
    lists = lists_of_sources(connection, [zone.source_id for zone in zones if zone.source_id is not None])
    demand_targets_within(connection, [item for stretches in lists.values() for item in stretches], editor.within)
    for base in zones_of_day(connection, draft.duty_id, draft.plan_on, [zone.code for zone in zones]).values():
        demand_base_within(connection, base, editor)


def demand_base_within(connection: Connection, base: ZoneRecord, editor: Editor) -> None:
    """Refuse a draft that replaces a zone of other areas: as the draft can be seen, the zone is no secret.

    Raises
    ------
    OutsideAreasError
        If it reaches beyond those of the editor.
    """
    try:
        demand_zone_within(connection, base, editor.within)
    except UnknownRecordError as error:
        raise OutsideAreasError(str(error)) from error


def changed(
    connection: Connection, editor: Editor, action: str, draft: DraftRecord, after: dict[str, Any]
) -> DraftRecord:
    """Raise the version of a draft and write the change into the audit."""
    connection.execute(text("update draft set version = version + 1 where id = :id"), {"id": draft.id})
    note(connection, editor, action, draft, after=after)
    return find_draft(connection, str(draft.uuid))


def note(connection: Connection, editor: Editor, action: str, draft: DraftRecord, *, after: dict[str, Any]) -> None:
    """Write into the audit what was done to a draft."""
    audit.record(
        connection,
        actor=editor.actor,
        action=action,
        subject=draft.name,
        before={"version": draft.version},
        after=after,
    )


def others_of(connection: Connection, draft: DraftRecord) -> dict[str, OtherZone | None]:
    """Return the zones that differ, by code; nothing where one ends."""
    zones = zones_of(connection, draft)
    lists = lists_of_sources(connection, [zone.source_id for zone in zones if zone.source_id is not None])
    return {
        zone.code: None
        if zone.source_id is None
        else OtherZone(
            code=zone.code,
            stretches=lists[zone.source_id],
            shift=zone.shift,
            is_held=None if zone.person_ids is None else bool(zone.person_ids),
        )
        for zone in zones
    }


def difference_of(connection: Connection, draft: DraftRecord, on: date) -> Difference:
    """Return what the duty's figures of a day would be with a draft, target by target."""
    others = others_of(connection, draft)
    there = [zone for zone in others.values() if zone is not None]
    return otherwise(connection, draft.duty_id, on, there, without=others)


def sums_of(connection: Connection, draft: DraftRecord, on: date) -> Sums:
    """Return the figures of a day with a draft: those of the plan, less what it takes away, and what it brings."""
    plan = summarize(connection, duty_by_id(connection, draft.duty_id), on, outside=False).sums
    difference = difference_of(connection, draft, on)
    return added([less(plan, difference.before), difference.after])
