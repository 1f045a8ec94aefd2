"""A draft becomes the plan from a day on, in one transaction; before that day it can be taken back."""

from __future__ import annotations

import hashlib
import json
import uuid as uuid_module
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import Connection, text

from geo_hygiene.coverage.duties import today
from geo_hygiene.coverage.holders import assignments_changed
from geo_hygiene.coverage.locks import lock_duties, lock_everything
from geo_hygiene.coverage.periods import NEVER, written
from geo_hygiene.coverage.writing import (
    NewZone,
    Stretch,
    add_zones,
    claims_corrected,
    end_claims,
    keep_zones,
    lists_of_sources,
)
from geo_hygiene.database import write_rows
from geo_hygiene.i18n import gettext as _
from geo_hygiene.permissions import EVERYWHERE
from geo_hygiene.zoning.drafts import (
    DraftRecord,
    DraftZoneRecord,
    changed,
    demand_base_within,
    demand_draft_within,
    demand_open,
    draft_to_change,
    zones_of,
)
from geo_hygiene.zoning.editing import demand_free_code
from geo_hygiene.zoning.holding import Holding, demand_there, holdings_of, replaced, write_holdings
from geo_hygiene.zoning.mistakes import UnseenChangesError, WrongZoneError
from geo_hygiene.zoning.records import Editor, ZoneRecord, open_day, zones_of_day

MOST_LISTED = 500

ENDED = """
select target.uuid, target.valid_to::text as day, array_agg(distinct draft_zone.code order by draft_zone.code) as zones
from draft_zone
join cover using (source_id)
join target on target.id = cover.target_id
where draft_zone.draft_id = :draft and target.valid_from <= :plan_on and :plan_on < target.valid_to
    and not (target.valid_from <= :on and :on < target.valid_to)
group by target.id
order by target.uuid
"""
"""Targets over which the draft was drawn and that are not there on the day of its publication."""

BEGUN = """
select target.uuid, target.valid_from::text as day
from duty_target
join target on target.id = duty_target.target_id
where duty_target.duty_id = :duty and duty_target.valid_from <= :on and :on < duty_target.valid_to
    and (target.recorded_at > :began_at or not (target.valid_from <= :plan_on and :plan_on < target.valid_to))
order by target.uuid
"""
"""Targets of the day that were not there when the draft was drawn, or not on its day."""

MET = """
select distinct duty_zone.code
from draft_zone
join cover as mine using (source_id)
join cover as theirs on theirs.target_id = mine.target_id and theirs.duty_id = :duty
    and theirs.from_mm < mine.to_mm and mine.from_mm < theirs.to_mm
join claim on claim.source_id = theirs.source_id and claim.valid_from <= :on and :on < claim.valid_to
    and claim.recorded_at > :began_at
    and (claim.shift = draft_zone.shift or 'all-day' in (claim.shift, draft_zone.shift))
join duty_zone on duty_zone.id = claim.id
where draft_zone.draft_id = :draft
    and not exists (select from draft_zone as drawn where drawn.draft_id = :draft and drawn.code = duty_zone.code)
order by duty_zone.code
"""
"""Zones that are none of the draft's and were given ground of it since it was begun."""

LIVING = "select id from target where id = any(:ids) and valid_to > :on"

DRAWN_OVER_AGAIN = """
update draft_zone set
    base_version = (select claim.version from claim where claim.uuid = base_uuid),
    began_uuid = null, base_to = null, holders_before = null
where draft_id = :draft
"""

BY_UUID = """
select claim.id, claim.uuid, claim.version, claim.valid_from, claim.valid_to from claim
where claim.uuid = any(cast(:uuids as uuid[]))
"""

BEFORE_PUBLICATION = """
select distinct on (record) record, version, content ->> 'source_id' as source_id, content ->> 'name' as name,
    content ->> 'shift' as shift, content ->> 'code' as code, content ->> 'valid_from' as valid_from,
    content ->> 'valid_to' as valid_to,
    ST_AsBinary(ST_SetSRID(ST_GeomFromGeoJSON(nullif(content ->> 'geometry', 'null')), 4326)) as picture
from record_history
where layer = 'duty-zones' and record = any(cast(:uuids as uuid[]))
order by record, version desc, id desc
"""


def changes_since(connection: Connection, draft: DraftRecord, on: date) -> dict[str, Any]:
    """Return what changed under a draft that would be published from a day: zones, and targets that ended or began.

    ``seen`` names this state of all of them: whoever was shown it says so when the draft is published.
    """
    zones = zones_of(connection, draft)
    now = zones_of_day(connection, draft.duty_id, on, [zone.code for zone in zones])
    asked = {
        "draft": draft.id,
        "duty": draft.duty_id,
        "on": on,
        "plan_on": draft.plan_on,
        "began_at": draft.began_at,
    }
    ended = connection.execute(text(ENDED), asked)
    begun = connection.execute(text(BEGUN), asked)
    found: dict[str, list[dict[str, Any]]] = {
        "zones": [
            {"zone": zone.code, "change": change}
            for zone in zones
            if (change := _change_of(zone, now.get(zone.code))) is not None
        ]
        + [{"zone": code, "change": "overlaps"} for code in connection.scalars(text(MET), asked)],
        "ended": [{"segment": str(row.uuid), "day": row.day, "zones": list(row.zones)} for row in ended],
        "begun": [{"segment": str(row.uuid), "day": _day(row.day)} for row in begun],
    }
    is_quiet = not any(found.values())
    seal = hashlib.sha256(json.dumps(found, sort_keys=True).encode()).hexdigest()[:24]
    listed = {name: rows[:MOST_LISTED] for name, rows in found.items()}
    counts = {f"{name}_in_all": len(rows) for name, rows in found.items()}
    return {**listed, **counts, "seen": None if is_quiet else seal}


def _day(day: str) -> str | None:
    return None if day == "-infinity" else day


def _change_of(zone: DraftZoneRecord, now: ZoneRecord | None) -> str | None:
    """Return how a zone of the plan differs from the one that the draft was drawn over."""
    if now is None:
        return None if zone.base_uuid is None else "ended"
    if zone.base_uuid is None:
        return "made"
    return None if (zone.base_uuid, zone.base_version) == (now.uuid, now.version) else "changed"


def publish(
    connection: Connection, editor: Editor, name: str, *, version: int, start: date, seen: str | None
) -> DraftRecord:
    """Let a draft be the plan of its duty from a day on.

    Raises
    ------
    UnknownRecordError, StaleVersionError, OutsideAreasError
        If there is no such draft, somebody else has changed or published it, or it is not the editor's to publish.
    UnseenChangesError
        If it meets changes that the editor has not said to have seen.
    WrongZoneError
        If the day is past, nothing differs, or a zone can not be.
    """
    lock_duties(connection, [*connection.scalars(text("select id from duty"))])
    draft = draft_to_change(connection, name, version=version)
    demand_open(draft)
    zones = zones_of(connection, draft)
    demand_draft_within(connection, draft, zones, editor)
    if start < today(connection):
        raise WrongZoneError("from", _("A plan is published from today on, or from a later day."))
    if not zones:
        raise WrongZoneError("draft", _("The draft “%(name)s” differs in nothing.", name=draft.name))
    changes = changes_since(connection, draft, start)
    if changes["seen"] is not None and changes["seen"] != seen:
        raise UnseenChangesError(
            _("Zones or streets changed since the draft “%(name)s” was drawn: look at them first.", name=draft.name),
            changes=changes,
        )
    ids = {zone.code: uuid_module.uuid4() for zone in zones}
    written_zones = _write(connection, editor, draft, zones, start, ids)
    connection.execute(
        text("update draft set published_from = :day, published_at = now() where id = :id"),
        {"day": start, "id": draft.id},
    )
    after = {"from": start.isoformat(), "zones": written_zones, "changes": changes}
    return changed(connection, editor, "draft.publish", draft, after)


def as_if_published(connection: Connection, draft: DraftRecord, start: date) -> None:
    """Let a draft be the plan of its duty from a day on, in a transaction that the caller rolls back.

    Raises
    ------
    WrongZoneError
        If a zone can not be.
    """
    lock_everything(connection)
    zones = zones_of(connection, draft)
    ids = {zone.code: uuid_module.uuid5(draft.uuid, zone.code) for zone in zones}
    _write(connection, Editor(draft.maker, EVERYWHERE), draft, zones, start, ids)


def _write(
    connection: Connection,
    editor: Editor,
    draft: DraftRecord,
    zones: Sequence[DraftZoneRecord],
    start: date,
    ids: Mapping[str, uuid_module.UUID],
) -> list[dict[str, Any]]:
    """Write the zones of a draft by the engine's one way, all at once; return what ended and what began, by code.

    Parameters
    ----------
    ids
        Of the zones that begin, by code.
    """
    bases = zones_of_day(connection, draft.duty_id, start, [zone.code for zone in zones])
    for replaced_zone in bases.values():
        demand_base_within(connection, replaced_zone, editor)
    keep_zones(connection, [base.id for base in bases.values()])
    end_claims(connection, [base.id for base in bases.values()], start)
    lists = _living_lists(connection, zones, start)
    new = []
    for zone in zones:
        base = bases.get(zone.code)
        end = NEVER if base is None else base.valid_to
        if zone.source_id is None:
            continue
        if base is None:
            demand_free_code(connection, zone.code, start, end)
        if not lists[zone.source_id]:
            raise WrongZoneError(
                "draft", _("Nothing of the zone “%(code)s” is there on that day any more.", code=zone.code)
            )
        new.append(
            NewZone(
                uuid=ids[zone.code],
                code=zone.code,
                name=zone.name,
                duty_id=draft.duty_id,
                shift=zone.shift,
                stretches=lists[zone.source_id],
                valid_from=start,
                valid_to=open_day(end),
                picture=zone.picture,
            )
        )
    add_zones(connection, new, follow=True)
    _give(connection, draft, zones, bases, start)
    begun = {zone.code: zone.uuid for zone in new}
    write_rows(
        connection,
        "update draft_zone set began_uuid = given.began::uuid, base_uuid = given.base::uuid,"
        " base_version = given.version::int, base_to = given.until::date"
        " from (values %s) as given (draft, code, began, base, version, until)"
        " where draft_id = given.draft and draft_zone.code = given.code",
        [_remembered(draft, zone, bases.get(zone.code), begun.get(zone.code)) for zone in zones],
    )
    return [_as_audited(zone.code, bases.get(zone.code), begun.get(zone.code)) for zone in zones]


def _as_audited(code: str, base: ZoneRecord | None, begun: uuid_module.UUID | None) -> dict[str, Any]:
    """Return which record of a zone gave way to which: the history keeps what they hold."""
    return {
        "zone": code,
        "ended": None if base is None else {"id": str(base.uuid), "version": base.version},
        "began": None if begun is None else str(begun),
    }


def _remembered(
    draft: DraftRecord, zone: DraftZoneRecord, base: ZoneRecord | None, begun: uuid_module.UUID | None
) -> tuple[Any, ...]:
    return (
        draft.id,
        zone.code,
        None if begun is None else str(begun),
        None if base is None else str(base.uuid),
        None if base is None else base.version,
        None if base is None else written(base.valid_to),
    )


def _living_lists(connection: Connection, zones: Sequence[DraftZoneRecord], start: date) -> dict[int, list[Stretch]]:
    """Return the lists of a draft without what has ended by a day: what began in its place is in them already."""
    lists = lists_of_sources(connection, [zone.source_id for zone in zones if zone.source_id is not None])
    ids = sorted({item.target_id for stretches in lists.values() for item in stretches})
    living = set(connection.scalars(text(LIVING), {"ids": ids, "on": start}))
    return {
        source_id: [item for item in stretches if item.target_id in living] for source_id, stretches in lists.items()
    }


def _give(
    connection: Connection,
    draft: DraftRecord,
    zones: Sequence[DraftZoneRecord],
    bases: Mapping[str, ZoneRecord],
    start: date,
) -> None:
    """Let the holders that a draft names hold its zones; who held them before is remembered."""
    given = [zone for zone in zones if zone.person_ids is not None]
    for zone in given:
        before = holdings_of(connection, zone.code)
        base = bases.get(zone.code)
        end = NEVER if base is None else base.valid_to
        after = _given(before, zone, start, end)
        demand_there(connection, [one for one in after if one not in before], "draft")
        write_holdings(connection, zone.code, before, after)
        connection.execute(
            text(
                "update draft_zone set holders_before = cast(:holders as jsonb)"
                " where draft_id = :draft and code = :code"
            ),
            {"holders": json.dumps([_as_json(item) for item in before]), "draft": draft.id, "code": zone.code},
        )
    if given:
        assignments_changed(connection, [zone.code for zone in given])


def _given(before: Sequence[Holding], zone: DraftZoneRecord, start: date, end: date) -> list[Holding]:
    """Return who holds a zone when those whom a draft names hold it from a day on; who stands in for one still does."""
    persons = zone.person_ids or ()
    standing_in = [
        one
        for one in before
        if one.stands_in_for in persons and one.person_id not in persons and one.shift in ("all-day", zone.shift)
        if one.meets("all-day", start, end)
    ]
    mine = [Holding(person_id, "all-day", start, end) for person_id in persons]
    for one in standing_in:
        mine = [
            part
            for holding in mine
            for part in (holding.without(one.start, one.end) if holding.person_id == one.stands_in_for else [holding])
        ]
    others = [one for one in before if one not in standing_in]
    return [*replaced(others, None, "all-day", start, end), *standing_in, *mine]


def _as_json(holding: Holding) -> list[Any]:
    period = (holding.start.isoformat(), holding.end.isoformat())
    return [holding.person_id, holding.shift, *period, holding.stands_in_for]


def _as_holding(kept: Sequence[Any]) -> Holding:
    return Holding(kept[0], kept[1], date.fromisoformat(kept[2]), date.fromisoformat(kept[3]), *kept[4:])


def take_back(connection: Connection, editor: Editor, name: str, *, version: int) -> DraftRecord:
    """Let the plan be as it was before a draft was published whose day has not come yet; the draft is open again.

    Raises
    ------
    UnknownRecordError, StaleVersionError, OutsideAreasError
        As for :func:`publish`.
    WrongZoneError
        If it is not published, has begun, or a zone that it wrote was changed since.
    """
    lock_duties(connection, [*connection.scalars(text("select id from duty"))])
    draft = draft_to_change(connection, name, version=version)
    zones = zones_of(connection, draft)
    demand_draft_within(connection, draft, zones, editor)
    start = draft.published_from
    if start is None:
        raise WrongZoneError("draft", _("The draft “%(name)s” is not published.", name=draft.name))
    if start <= today(connection):
        raise WrongZoneError(
            "draft", _("The plan holds since %(day)s and can not be taken back.", day=start.isoformat())
        )
    _demand_untouched(connection, zones, start)
    began = [row.id for row in _claims(connection, [zone.began_uuid for zone in zones])]
    keep_zones(connection, began)
    end_claims(connection, began, start)
    _restore(connection, draft, zones)
    connection.execute(
        text("update draft set published_from = null, published_at = null where id = :id"), {"id": draft.id}
    )
    connection.execute(text(DRAWN_OVER_AGAIN), {"draft": draft.id})
    return changed(connection, editor, "draft.take-back", draft, {"from": start.isoformat()})


def _claims(connection: Connection, uuids: Sequence[uuid_module.UUID | None]) -> list[Any]:
    wanted = [str(uuid) for uuid in uuids if uuid is not None]
    return list(connection.execute(text(BY_UUID), {"uuids": wanted}))


def _demand_untouched(connection: Connection, zones: Sequence[DraftZoneRecord], start: date) -> None:
    """Refuse to take back what others have built upon since."""
    named = [uuid for zone in zones for uuid in (zone.began_uuid, zone.base_uuid)]
    claims = {row.uuid: row for row in _claims(connection, named)}
    for zone in zones:
        began, base = claims.get(zone.began_uuid), claims.get(zone.base_uuid)
        is_as_written = zone.began_uuid is None or (began is not None and began.version == 1)
        if zone.base_uuid is not None and base is not None:
            is_as_written &= base.valid_to == start and base.version == (zone.base_version or 0) + 1
        if zone.holders_before is not None:
            before = [_as_holding(kept) for kept in zone.holders_before]
            given = _given(before, zone, start, zone.base_to or NEVER)
            is_as_written &= set(holdings_of(connection, zone.code)) == set(given)
        if not is_as_written:
            raise WrongZoneError(
                "draft", _("The zone “%(code)s” was changed after the plan was published.", code=zone.code)
            )


def _restore(connection: Connection, draft: DraftRecord, zones: Sequence[DraftZoneRecord]) -> None:
    """Let the zones that a publication ended hold as long as before, and be held by whom they were."""
    replaced_zones = [zone for zone in zones if zone.base_uuid is not None]
    there = {row.uuid: row.id for row in _claims(connection, [zone.base_uuid for zone in replaced_zones])}
    longer = [
        (there[zone.base_uuid], written(zone.base_to or NEVER)) for zone in replaced_zones if zone.base_uuid in there
    ]
    keep_zones(connection, [claim_id for claim_id, _end in longer])
    write_rows(
        connection,
        "update claim set valid_to = given.until::date from (values %s) as given (id, until) where claim.id = given.id",
        longer,
    )
    claims_corrected(connection, [claim_id for claim_id, _end in longer])
    _make_again(connection, draft, [zone for zone in replaced_zones if zone.base_uuid not in there])
    held = [zone for zone in zones if zone.holders_before is not None]
    for zone in held:
        before = [_as_holding(kept) for kept in zone.holders_before or ()]
        now = holdings_of(connection, zone.code)
        demand_there(connection, [one for one in before if one not in now], "draft")
        write_holdings(connection, zone.code, now, before)
    if held:
        assignments_changed(connection, [zone.code for zone in held])


def _make_again(connection: Connection, draft: DraftRecord, zones: Sequence[DraftZoneRecord]) -> None:
    """Write zones again that a publication of their first day deleted, as the history knows them."""
    uuids = [str(zone.base_uuid) for zone in zones]
    kept = {row.record: row for row in connection.execute(text(BEFORE_PUBLICATION), {"uuids": uuids})}
    lists = lists_of_sources(connection, [int(row.source_id) for row in kept.values()])
    new = [
        NewZone(
            uuid=row.record,
            code=row.code,
            name=row.name,
            duty_id=draft.duty_id,
            shift=row.shift,
            stretches=lists[int(row.source_id)],
            valid_from=date.fromisoformat(row.valid_from),
            valid_to=None if row.valid_to == "infinity" else date.fromisoformat(row.valid_to),
            picture=None if row.picture is None else bytes(row.picture),
        )
        for row in kept.values()
    ]
    ids = add_zones(connection, new, follow=True)
    write_rows(
        connection,
        "update claim set version = given.version from (values %s) as given (id, version) where claim.id = given.id",
        [(claim_id, row.version + 1) for claim_id, row in zip(ids, kept.values(), strict=True)],
    )
