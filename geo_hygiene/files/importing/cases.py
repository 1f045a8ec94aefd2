"""Cases: complaints of other systems, and what newer exports of these say of them."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import numpy as np
import shapely
from psycopg2.extras import Json
from sqlalchemy import Connection, text

from geo_hygiene.cases.places import place_cases
from geo_hygiene.copying import copy_rows
from geo_hygiene.coverage.duties import office_timezone
from geo_hygiene.coverage.versions import bump
from geo_hygiene.crs import STORAGE_SRID
from geo_hygiene.database import write_rows
from geo_hygiene.files.findings import Code, Finding
from geo_hygiene.files.importing.batch import Batch
from geo_hygiene.files.importing.history import keep_history
from geo_hygiene.files.importing.instants import WrongRowError, check_instant, in_zone
from geo_hygiene.files.importing.keys import attribute_hashes, doubled_keys, geometry_hashes
from geo_hygiene.files.importing.report import Stored
from geo_hygiene.files.importing.staging import known_rows, remember_rows, stage_rows
from geo_hygiene.i18n import N_
from geo_hygiene.layers.cases import (
    CLOSED,
    DEFAULT_KIND,
    DEFAULT_SOURCE,
    LAYER,
    REOPENED,
    STATUSES,
    STEPS,
)
from geo_hygiene.layerspec import PLACE_ACCURACY, FieldType

PLAIN = ("external_id", "source", "kind", "channel", "reported_at", "closed_at", "description", "lane", "house_number")
"""Columns that are stored as the row says them."""

IDENTITY = ("source", "kind", "channel", "reported_at", "description", "lane", "house_number")
"""What tells complaints without a number apart: all that does not change while they are handled."""

AN_INSTANT = timedelta(microseconds=1)
"""What lists a status behind another whose time is all that is known of its own."""

TITLES = {choice.value: choice.title for choice in STATUSES}

PRESENT = """
select id, uuid, source_key, status, status_at, extra, ST_AsBinary(geom) as place, {columns}
from reported_case where source_key = any(:keys) or uuid = any(cast(:uuids as uuid[]))
"""

EVENTS = "select case_id, status, at, known from case_event where case_id = any(:ids)"

UPDATE = """
update reported_case as it set
    {columns}, source_key = said.source_key,
    status = said.status, status_at = cast(said.status_at as timestamptz), extra = cast(said.extra as jsonb),
    geom = cast(said.geom as geometry), version = it.version + 1, recorded_at = now()
from (values %s) as said (id, {names}, source_key, status, status_at, extra, geom)
where it.id = said.id
"""

ADD_EVENTS = "insert into case_event (case_id, status, at, known, import_id) values %s on conflict do nothing"


@dataclass(slots=True)
class _Row:
    """A case as the file says it.

    Attributes
    ----------
    known
        What is known of ``status_at``: see :data:`geo_hygiene.layers.cases.KNOWN`.
    is_reopened
        Whether the file says that the case was closed before.
    silent
        Fields of which the row says nothing, so that a case that is there keeps them.
    """

    index: int
    number: int
    values: dict[str, Any]
    silent: set[str]
    status: str
    status_at: datetime
    known: str
    is_reopened: bool
    shape: Any
    extra: dict[str, Any]
    uuid: UUID | None
    key: str = ""
    remarks: list[Finding] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Change:
    """What a row changes of a case that is there: its state, its history, or both."""

    row: _Row
    id: int
    is_state: bool
    is_event: bool


def store(connection: Connection, batch: Batch) -> Stored:
    """Write the cases that are new or differ; a row with an error is told and left out."""
    stored = Stored()
    rows, present = _matched(connection, _rows(connection, batch, stored), stored)
    stored.without_place = sum(row.shape is None for row in rows)
    hashes = geometry_hashes(np.array([row.shape for row in rows], dtype=object))
    said = attribute_hashes(batch.clean, sorted(batch.given), [row.index for row in rows])
    stage_rows(connection, range(len(rows)), [row.key for row in rows], hashes, said)
    before = known_rows(connection, batch.layer.key, len(rows))
    fresh = [row for row in rows if row.key not in present]
    # the same row says something else when the user says the day of its file
    as_before = {
        at for at, was in before.items() if batch.options.day is None and was.same_geometry and was.same_attributes
    }
    others = [(row, present[row.key]) for at, row in enumerate(rows) if row.key in present and at not in as_before]
    changes = _changes(connection, batch, others, stored)
    touched = _create(connection, batch, fresh) + _update(connection, batch, changes)
    if touched or changes:
        place_cases(connection, touched)
        bump(connection, [batch.layer.key])
    stored.created, stored.updated = len(fresh), len(changes)
    stored.unchanged = len(rows) - len(fresh) - len(changes)
    remember_rows(connection, batch.layer.key, batch.import_id)
    return stored


def _rows(connection: Connection, batch: Batch, stored: Stored) -> Iterator[_Row]:
    """Yield the rows that can be stored, each case once."""
    zone, now = office_timezone(connection), datetime.now(UTC)
    rows = []
    for index in batch.rows:
        try:
            rows.append(_read(batch, index, zone, now))
        except WrongRowError as wrong:
            stored.findings.append(wrong.finding)
    places = geometry_hashes(np.array([row.shape for row in rows], dtype=object))
    for row, place in zip(rows, places, strict=True):
        row.key = _key(row, place)
    doubled = doubled_keys([row.key for row in rows], [row.number for row in rows], range(len(rows)))
    stored.findings += [_told(finding) for finding in doubled]
    wrong_rows = {finding.row for finding in doubled}
    for row in rows:
        if row.number not in wrong_rows:
            stored.findings += row.remarks
            yield row


def _told(finding: Finding) -> Finding:
    words = N_("The row is about the same case as row %(earlier)s.")
    return Finding(finding.code, words, finding.row, values=finding.values)


def _key(row: _Row, place: bytes | None) -> str:
    """Return what names a case: the number in its system, else what was said of it first."""
    number = _number(row)
    if number is not None:
        return number
    said = "\x1f".join(str(row.values[name]) for name in IDENTITY)
    return f"{row.values['source']}:#{hashlib.sha256((place or b'') + said.encode()).hexdigest()}"


def _number(row: _Row) -> str | None:
    """Return the key of a case that has a number in its system."""
    number = row.values["external_id"]
    return None if number is None else f"{row.values['source']}:{number}"


def _read(batch: Batch, index: int, zone: ZoneInfo, now: datetime) -> _Row:
    said, number = batch.clean.row(index), int(batch.numbers[index])
    reported_at = _instant(said["reported_at"], zone, clock=said["time"]).astimezone(zone)
    check_instant(reported_at, now, number, "reported_at")
    closed_at = _not_before(said["closed_at"], reported_at, zone)
    status = said["status"] or ("collected" if closed_at is None else "closed")
    is_reopened = status == REOPENED
    status = "dispatched" if is_reopened else status
    remarks = []
    if closed_at is not None and status not in CLOSED:
        words = N_("The case is not closed, so that the time when it was is set aside.")
        remarks.append(Finding(Code.VALUE_CUT, words, number, "closed_at", closed_at.isoformat(" ")))
        said["closed_at"] = closed_at = None
    if closed_at is not None:
        _check_closed(closed_at, reported_at, now, number)
    status_at = _not_before(said["status_at"], reported_at, zone)
    if status_at is not None and not reported_at <= status_at <= max(now, reported_at):
        words = N_("The status can not date from then, and its time is set aside.")
        remarks.append(Finding(Code.VALUE_CUT, words, number, "status_at", status_at.isoformat(" ")))
        said["status_at"] = None
    silent = {"kind"} if said["kind"] is None else set()
    if said["status"] is None and closed_at is None:
        silent.add("status")
    values = {name: said[name] for name in PLAIN}
    values |= {
        "source": said["source"] or DEFAULT_SOURCE,
        "kind": said["kind"] or DEFAULT_KIND,
        "reported_at": reported_at,
        "closed_at": closed_at,
    }
    since, known = _since(said, status, reported_at, _day_of_file(batch, reported_at, zone), zone)
    return _Row(
        index=index,
        number=number,
        values=values,
        silent=silent,
        status=status,
        status_at=since,
        known=known,
        is_reopened=is_reopened,
        shape=batch.geometries[index],
        extra=batch.clean.extra[index],
        uuid=said["id"],
        remarks=remarks,
    )


def _since(
    said: Mapping[str, Any], status: str, reported_at: datetime, day_of_file: datetime | None, zone: ZoneInfo
) -> tuple[datetime, str]:
    """Return from when the row has its status, and what is known of that."""
    for name in ("status_at", "closed_at"):
        at = _not_before(said[name], reported_at, zone)
        if at is not None:
            return at, "day" if _is_day(said[name], zone) else "time"
    if day_of_file is not None:
        return day_of_file, "file"
    if status != "collected":
        return reported_at, "report"
    return reported_at, "day" if _is_day(reported_at, zone) else "time"


def _check_closed(closed_at: datetime, reported_at: datetime, now: datetime, number: int) -> None:
    check_instant(closed_at, max(now, reported_at), number, "closed_at")
    if closed_at < reported_at:
        words = N_("The case was closed before it was reported, on %(day)s.")
        day = reported_at.astimezone(closed_at.tzinfo).date().isoformat()
        shown = closed_at.isoformat(" ")
        raise WrongRowError(Finding(Code.VALUE_INVALID, words, number, "closed_at", shown, values={"day": day}))


def _instant(written: datetime | date, zone: ZoneInfo, *, clock: time | None = None) -> datetime:
    """Return an instant; a day without a time is its first moment."""
    if not isinstance(written, datetime):
        written = datetime.combine(written, clock or time())
    return in_zone(written, zone)


def _not_before(written: datetime | date | None, reported_at: datetime, zone: ZoneInfo) -> datetime | None:
    """Return when something that follows the report happened; a day alone is not before the report of that day."""
    if written is None:
        return None
    at = _instant(written, zone).astimezone(zone)
    return reported_at if _is_day(written, zone) and at.date() == reported_at.astimezone(zone).date() else at


def _is_day(written: datetime | date, zone: ZoneInfo) -> bool:
    """Tell whether only the day is known: programs write midnight for a day whose time they do not know."""
    return _instant(written, zone).astimezone(zone).time() == time()


def _day_of_file(batch: Batch, reported_at: datetime, zone: ZoneInfo) -> datetime | None:
    """Return the day from which the user says that the file holds, which is not before the report."""
    if batch.options.day is None:
        return None
    return max(reported_at, _instant(batch.options.day, zone))


def _matched(connection: Connection, rows: Iterable[_Row], stored: Stored) -> tuple[list[_Row], dict[str, Any]]:
    """Return the rows that can be stored and, by their keys, the cases that are there, found by key or id."""
    listed, kept, present = list(rows), [], {}
    uuids = [str(row.uuid) for row in listed if row.uuid is not None]
    statement = text(PRESENT.format(columns=", ".join(PLAIN)))
    found = connection.execute(statement, {"keys": [row.key for row in listed], "uuids": uuids}).all()
    by_key, by_uuid = {case.source_key: case for case in found}, {case.uuid: case for case in found}
    seen: set[UUID] = set()
    for row in listed:
        case, same_id = by_key.get(row.key), by_uuid.get(row.uuid)
        if row.uuid in seen or (case and same_id and case.id != same_id.id):
            words = N_("Another case has this id.")
            stored.findings.append(Finding(Code.DUPLICATE_KEY, words, row.number, "id", str(row.uuid)))
            continue
        # a case that is there is named by its id, also where the row knows it by its number
        if (there := case or same_id) is not None:
            if there.uuid in seen:
                words = N_("An earlier row is about the same case.")
                stored.findings.append(Finding(Code.DUPLICATE_KEY, words, row.number, "external_id"))
                continue
            present[row.key] = there
            seen.add(there.uuid)
        if row.uuid is not None:
            seen.add(row.uuid)
        kept.append(row)
    return kept, present


def _changes(connection: Connection, batch: Batch, pairs: Sequence[tuple[_Row, Any]], stored: Stored) -> list[_Change]:
    """Compare rows with the cases that they are about."""
    zone = office_timezone(connection)
    events: dict[int, dict[tuple[str, datetime], str]] = defaultdict(dict)
    for event in connection.execute(text(EVENTS), {"ids": [case.id for _row, case in pairs]}):
        events[event.case_id][event.status, event.at] = event.known
    brings_place = bool({"lon", "lat"} & batch.given) or any(row.shape is not None for row, _case in pairs)
    hashes = geometry_hashes(
        np.array([None if case.place is None else shapely.from_wkb(bytes(case.place)) for _row, case in pairs])
    )
    places = geometry_hashes(np.array([row.shape for row, _case in pairs], dtype=object))
    changes = []
    for (row, case), stored_place, place in zip(pairs, hashes, places, strict=True):
        if not brings_place:
            row.shape = None if case.place is None else shapely.from_wkb(bytes(case.place))
        is_moved = brings_place and stored_place != place
        _complete(row, case, batch.given, keeps_place=not brings_place)
        row.remarks = []
        is_newer = _settle(row, case, zone, events[case.id])
        change = _change(row, case, is_newer=is_newer, is_moved=is_moved, events=events[case.id])
        stored.findings += row.remarks
        if change is not None:
            changes.append(change)
    return changes


def _settle(row: _Row, case: Any, zone: ZoneInfo, events: Mapping[tuple[str, datetime], str]) -> bool:
    """Tell whether what a row says holds from now on; of two statuses the newer does.

    Where neither says when, the later import is the newer. Where only the row does not, or both have one time, a step
    forward is, and a case that is reopened. A day is not before a time on it, and what a case was before is older.
    """
    if row.status == case.status:
        if not _is_closed_again(row, case):
            row.status_at = case.status_at
        return True
    if row.known != "report" and (row.status, row.status_at) in events:
        row.remarks.append(_backwards(row, case, is_older=True))
        return False
    is_forward = STEPS[row.status] > STEPS[case.status]
    is_untimed = events.get((case.status, case.status_at)) == "report" or (row.is_reopened and case.status in CLOSED)
    is_later = row.known == "report" and (is_forward or is_untimed)
    is_same_day = row.status_at.astimezone(zone).date() == case.status_at.astimezone(zone).date()
    if (row.known in {"day", "file"} and is_same_day) or is_later:
        row.status_at = max(row.status_at, case.status_at)
    if is_later:
        row.status_at = _behind(row, is_forward=is_forward, events=events)
    is_newer = row.status_at > case.status_at or (
        row.status_at == case.status_at and (is_forward or row.known == "file")
    )
    if not is_newer or not is_forward:
        row.remarks.append(_backwards(row, case, is_older=not is_newer))
    return is_newer


def _behind(row: _Row, *, is_forward: bool, events: Mapping[tuple[str, datetime], str]) -> datetime:
    """Return from when a status of no known time is listed: not before the one that stands, and behind it."""
    at = row.status_at if is_forward else row.status_at + AN_INSTANT
    while (row.status, at) in events:
        at += AN_INSTANT
    return at


def _is_closed_again(row: _Row, case: Any) -> bool:
    """Tell whether a case that is closed was closed at a later time than is stored."""
    closed_at = row.values["closed_at"]
    is_later = closed_at is not None and (case.closed_at is None or closed_at > case.closed_at)
    return is_later and row.known in {"time", "day"} and row.status_at > case.status_at


def _change(
    row: _Row, case: Any, *, is_newer: bool, is_moved: bool, events: Mapping[tuple[str, datetime], str]
) -> _Change | None:
    """Return what a row changes; one that is older goes to the history only."""
    is_news = row.status != case.status or row.status_at != case.status_at
    is_event = is_news and (row.status, row.status_at) not in events
    differs = is_newer and (is_news or is_moved or row.extra != case.extra)
    differs = differs or (is_newer and any(row.values[name] != getattr(case, name) for name in PLAIN))
    return _Change(row, case.id, is_state=differs, is_event=is_event) if differs or is_event else None


def _complete(row: _Row, case: Any, given: frozenset[str], *, keeps_place: bool) -> None:
    """Let a row say what is stored where it says nothing; how far off a place was is nothing of another place."""
    kept = {name: value for name, value in case.extra.items() if keeps_place or name != PLACE_ACCURACY}
    row.extra = {**kept, **row.extra}
    for name in PLAIN:
        if name not in given or name in row.silent:
            row.values[name] = getattr(case, name)
    if "status" in row.silent:
        row.status, row.status_at, row.values["closed_at"] = case.status, case.status_at, case.closed_at
        row.known = "report"
    closed_at = row.values["closed_at"]
    if row.status not in CLOSED or (closed_at is not None and closed_at < row.values["reported_at"]):
        row.values["closed_at"] = None
    row.key = _number(row) or case.source_key


def _backwards(row: _Row, case: Any, *, is_older: bool) -> Finding:
    words = N_("The case goes back from “%(before)s” to “%(after)s”; the newer holds, and both are in its history.")
    hint = None
    if is_older:
        words = N_(
            "The row says “%(after)s”, and something newer is stored: “%(before)s”. It goes to the history only."
        )
        hint = N_("If the file is newer, say its day: --from 2025-12-31") if row.known == "report" else None
    told = {"before": TITLES[case.status], "after": TITLES[row.status]}
    return Finding(Code.STATUS_BACKWARDS, words, row.number, "status", row.values["external_id"], hint=hint, words=told)


def _create(connection: Connection, batch: Batch, rows: Sequence[_Row]) -> list[int]:
    """Write new cases with the first row of their history; return their ids."""
    if not rows:
        return []
    columns: dict[str, Sequence[Any]] = {name: [row.values[name] for row in rows] for name in PLAIN}
    columns |= {
        "source_key": [row.key for row in rows],
        "status": [row.status for row in rows],
        "status_at": [row.status_at for row in rows],
        "geom": _ewkb(rows),
        "extra": [row.extra for row in rows],
        "import_id": [batch.import_id] * len(rows),
    }
    named = [row.uuid is not None for row in rows]
    for has_uuid in (True, False):
        chosen = [at for at, one in enumerate(named) if one is has_uuid]
        part = {name: [values[at] for at in chosen] for name, values in columns.items()}
        if has_uuid:
            part["uuid"] = [str(rows[at].uuid) for at in chosen]
        copy_rows(connection, "reported_case", part)
    found = connection.execute(
        text("select source_key, id from reported_case where source_key = any(:keys)"), {"keys": columns["source_key"]}
    )
    ids = {row.source_key: row.id for row in found}
    _add_events(connection, batch, [(ids[row.key], row) for row in rows])
    return list(ids.values())


def _update(connection: Connection, batch: Batch, changes: Sequence[_Change]) -> list[int]:
    """Write new states of cases, the old ones into the history of records; return the ids of these cases."""
    states = [change for change in changes if change.is_state]
    ids = [change.id for change in states]
    keep_history(connection, batch.layer, ids, batch.import_id)
    instants = {attribute.name for attribute in LAYER if attribute.type is FieldType.INSTANT}
    columns = ", ".join(
        f"{name} = " + (f"cast(said.{name} as timestamptz)" if name in instants else f"said.{name}") for name in PLAIN
    )
    shapes = _ewkb([change.row for change in states])
    write_rows(
        connection,
        UPDATE.format(columns=columns, names=", ".join(PLAIN)),
        [
            (
                change.id,
                *(change.row.values[name] for name in PLAIN),
                change.row.key,
                change.row.status,
                change.row.status_at,
                Json(change.row.extra),
                shape,
            )
            for change, shape in zip(states, shapes, strict=True)
        ],
    )
    _add_events(connection, batch, [(change.id, change.row) for change in changes if change.is_event])
    return ids


def _add_events(connection: Connection, batch: Batch, rows: Sequence[tuple[int, _Row]]) -> None:
    events = [(case_id, row.status, row.status_at, row.known, batch.import_id) for case_id, row in rows]
    write_rows(connection, ADD_EVENTS, events)


def _ewkb(rows: Sequence[_Row]) -> list[str | None]:
    """Return places as hexadecimal EWKB."""
    shapes = shapely.set_srid(np.array([row.shape for row in rows], dtype=object), STORAGE_SRID)
    return list(shapely.to_wkb(shapes, hex=True, include_srid=True))
