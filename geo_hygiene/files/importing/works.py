"""Work on places: when it was done, and on which target, along which lane or drain, or at which place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import shapely
from sqlalchemy import Connection, text

from geo_hygiene.coverage.circles import circles
from geo_hygiene.coverage.duties import in_office, office_timezone
from geo_hygiene.coverage.lane_lines import LaneLine, lane_lines
from geo_hygiene.coverage.work import DONE
from geo_hygiene.coverage.writing import NewWork
from geo_hygiene.files.findings import Code, Finding
from geo_hygiene.files.importing.batch import Batch
from geo_hygiene.files.importing.instants import WrongRowError, check_instant, instant_of
from geo_hygiene.files.importing.lane_names import LaneNames
from geo_hygiene.files.importing.report import Stored
from geo_hygiene.files.importing.work_rows import (
    SLIP_MM,
    STRETCHES,
    WorkRow,
    WorkStore,
    is_on,
    is_placed,
    is_said,
    read_rows,
    store_changed,
    stretch_of,
    targets_named,
    with_stored,
)
from geo_hygiene.i18n import N_
from geo_hygiene.layers import layer_of
from geo_hygiene.layers.works import DISORDERS, HAVE_PLACES, KINDS, WORKED_ON
from geo_hygiene.works.recording import A_MOMENT
from geo_hygiene.works.writing import DETAILS, NewWorkOnPlace, add_works, digest, remove_works

TITLES = {choice.value: choice.title for choice in (*KINDS, *DISORDERS)}

PRESENT = f"""
select
    source_key, claim.id, claim.uuid, claim.done_at, ST_AsBinary(work.geom) as place, extra, {", ".join(DETAILS)},
    (select array_agg(digest) from advert_number where work_id = work.id) as digests,
    {STRETCHES} as stretches
from work
join claim using (id)
"""  # noqa: S608 - constants

EMPTIED = """
select claim_stretch.target_id, claim.id, claim.done_at
from work
join claim using (id)
join claim_stretch using (source_id)
where work.work_kind = 'emptying' and claim_stretch.target_id = any(:targets)
order by claim.done_at
"""

TURNS = "select valid_from from target union select valid_to from target"


@dataclass(slots=True)
class _Row(WorkRow):
    """A piece of work as the file says it; ``line`` is the lane or drain along which it was done."""

    line: LaneLine | None = None


class _Known:
    """What rows refer to."""

    def __init__(self, connection: Connection, batch: Batch) -> None:
        self._connection = connection
        self._lines: dict[tuple[str, date], LaneNames] = {}
        self.targets = targets_named(connection, batch)
        self.zone: ZoneInfo = office_timezone(connection)
        self.now = datetime.now(UTC)

    @cached_property
    def _days(self) -> list[date]:
        """The days on which targets began or ended: between two of them lanes are the same."""
        return list(self._connection.scalars(text(TURNS)))

    def names(self, kind: str, day: date) -> LaneNames:
        """Return the lanes or drains of a day."""
        since = max((one for one in self._days if one <= day), default=day)
        if (kind, since) not in self._lines:
            self._lines[kind, since] = LaneNames(lane_lines(self._connection, layer_of(kind), day))
        return self._lines[kind, since]


def store(connection: Connection, batch: Batch) -> Stored:
    """Write the work that is new or differs; a row with an error is told and left out."""
    stored = Stored()
    known = _Known(connection, batch)
    rows = read_rows(batch, stored, lambda index: _read(batch, index, known))
    emptied = {stretch.target_id for row in rows if row.values["kind"] == "emptying" for stretch in row.stretches}
    times = connection.execute(text(EMPTIED), {"targets": sorted(emptied)}).all()
    store_changed(
        connection,
        batch,
        rows,
        stored,
        WorkStore(
            stored=PRESENT,
            refuse=lambda olds, read: _at_once(olds, read, times, known.zone),
            remove=remove_works,
            says_so=_says_what_is_stored,
            write=_write,
        ),
    )
    return stored


def _read(batch: Batch, index: int, known: _Known) -> _Row:
    values, number = batch.clean.row(index), int(batch.numbers[index])
    done_at = instant_of(values["done_at"], values["time"] or time(), known.zone, number)
    check_instant(done_at, known.now, number, "done_at")
    day = done_at.astimezone(known.zone).date()
    row = _Row(index, number, values, done_at, day, batch.geometries[index])
    kind = values["kind"]
    if values["phones"] and kind != "adverts":
        words = N_("Telephone numbers belong to adverts; this is: %(kind)s.")
        raise WrongRowError(Finding(Code.VALUE_INVALID, words, number, "phones", words={"kind": TITLES[kind]}))
    if values["segment"]:
        _on_target(row, known)
    elif (named := _named(values)) is not None:
        _along(row, named, known)
    elif row.shape is None or kind not in HAVE_PLACES:
        words = N_("The row does not say where: a segment or tank, a lane or drain, or longitude and latitude.")
        if row.shape is not None:
            words = N_("“%(kind)s” is done on a target: name its segment, tank, lane or drain; a place is not enough.")
        raise WrongRowError(Finding(Code.GEOMETRY_EMPTY, words, number, words={"kind": TITLES[kind]}))
    return row


def _on_target(row: _Row, known: _Known) -> None:
    """Let a row be work on the segment, tank or facility that it names."""
    values, number = row.values, row.number
    wanted = WORKED_ON.get(values["kind"])
    kinds = {wanted} if wanted else {"street-segments"}
    stretch = stretch_of(values, kinds, row.day, known.targets, number)
    target = next(one for one in known.targets[str(values["segment"])] if one.id == stretch.target_id)
    if wanted is not None and target.kind != wanted:
        words = N_("“%(value)s” is not among: %(layer)s.")
        told = {"value": values["segment"]}
        titles = {"layer": layer_of(wanted).title}
        finding = Finding(
            Code.UNKNOWN_CODE, words, number, "segment", str(values["segment"]), values=told, words=titles
        )
        raise WrongRowError(finding)
    row.stretches = (stretch,)
    row.shape = None
    values["lane"] = values["from_m"] = values["to_m"] = None


def _named(values: Mapping[str, Any]) -> str | None:
    """Return the lane or drain along which work was done; a drain may stand in either column."""
    named: str | None = values["drain"] if values["kind"] == "dredging" else None
    return named or values["lane"]


def _along(row: _Row, named: str, known: _Known) -> None:
    """Let a row be work along the lane or drain that it names, from metre to metre."""
    values, number = row.values, row.number
    kind = WORKED_ON.get(values["kind"], "street-segments")
    if layer_of(kind).grouping is None:
        words = N_("“%(kind)s” is done on a target: name its segment, tank, lane or drain; a place is not enough.")
        finding = Finding(Code.VALUE_MISSING, words, number, "segment", words={"kind": TITLES[values["kind"]]})
        raise WrongRowError(finding)
    names = known.names(kind, row.day)
    lanes = names.find(named, None)
    if len(lanes) != 1:
        place = "drain" if values["kind"] == "dredging" and values["drain"] else "lane"
        raise WrongRowError(replace(names.unknown(named, number, len(lanes)), field=place))
    (line,) = lanes
    begin = 0 if values["from_m"] is None else round(values["from_m"] * 1000)
    end = line.length_mm if values["to_m"] is None else round(values["to_m"] * 1000)
    if not 0 <= begin < min(end, line.length_mm) or end > line.length_mm + SLIP_MM:
        words = N_("From %(begin)s m to %(end)s m is no stretch of “%(lane)s”, which is %(length)s m long.")
        told = {"begin": begin / 1000, "end": end / 1000, "length": line.length_mm / 1000, "lane": named}
        raise WrongRowError(Finding(Code.VALUE_INVALID, words, number, "to_m", str(end / 1000), values=told))
    row.stretches = tuple(line.stretches(begin, min(end, line.length_mm)))
    values["lane"] = line.code
    row.line = line
    if row.values["kind"] not in HAVE_PLACES:
        row.shape = None


def _at_once(olds: Sequence[Any], rows: Sequence[_Row], stored: Sequence[Any], zone: ZoneInfo) -> list[Finding]:
    """Return an error for each tank that would be emptied twice within a moment, in the time of the office."""
    emptied: dict[int, list[datetime]] = {}
    replaced = {old.id for old in olds if old is not None}
    for one in stored:
        if one.id not in replaced:
            emptied.setdefault(one.target_id, []).append(one.done_at)
    found = []
    for row in sorted(rows, key=lambda one: (one.done_at, one.number)):
        if row.values["kind"] != "emptying":
            continue
        times = emptied.setdefault(row.stretches[0].target_id, [])
        near = next((at for at in times if abs(at - row.done_at) < A_MOMENT), None)
        times.append(row.done_at)
        if near is not None:
            words = N_("The tank “%(value)s” was emptied at %(at)s already.")
            hint = N_("Leave the row out, or say the time of day of both.")
            told = {"value": row.values["segment"], "at": in_office(near, zone)}
            found.append(
                Finding(Code.DUPLICATE_KEY, words, row.number, "done_at", str(row.values["segment"]), hint, told)
            )
    return found


def _write(connection: Connection, batch: Batch, rows: Sequence[tuple[str, _Row]], olds: Mapping[str, Any]) -> None:
    add_works(
        connection,
        [
            NewWorkOnPlace(
                work=NewWork(
                    kind=batch.layer.key,
                    day=row.day,
                    done_at=row.done_at,
                    result=DONE,
                    shape=_ground(row),
                    stretches=row.stretches,
                    uuid=olds[key].uuid if key in olds else row.values["id"],
                ),
                source_key=key,
                place=None if row.shape is None else shapely.to_wkb(row.shape),
                details=_details(batch, row, olds.get(key)),
                extra=with_stored(batch.clean.extra[row.index], olds.get(key)),
                digests=_digests(batch, row, olds.get(key)),
            )
            for key, row in rows
        ],
        import_id=batch.import_id,
    )


def _says_what_is_stored(batch: Batch, row: _Row, old: Any) -> bool:
    said = {"done_at": row.done_at, "extra": with_stored(batch.clean.extra[row.index], old)}
    return (
        is_placed(row.shape, old.place)
        and is_on(row.stretches, old.stretches)
        and _digests(batch, row, old) == {bytes(one) for one in old.digests or ()}
        and is_said(said | _details(batch, row, old), old)
    )


def _details(batch: Batch, row: _Row, old: Any) -> dict[str, Any]:
    """Return what a row says of its work; where the file has no such column, what is stored of it stays."""
    said = row.values | {"work_kind": row.values["kind"]}
    if old is None:
        return said
    places = {"work_kind", "lane", "from_m", "to_m"}
    return {name: said[name] if name in places | batch.given else getattr(old, name) for name in DETAILS}


def _digests(batch: Batch, row: _Row, old: Any) -> frozenset[bytes]:
    """Return the hashes of the numbers that a row brings; an export never tells them, so that they stay without it."""
    if "phones" not in batch.given:
        return frozenset(bytes(one) for one in old.digests or ()) if old is not None else frozenset()
    return frozenset(digest(batch.options.secret(), number) for number in row.values["phones"] or ())


def _ground(row: _Row) -> bytes | None:
    """Return the ground around a place that was disinfected; other places have none."""
    if row.values["kind"] != "disinfection" or row.shape is None or row.stretches or not row.values["radius_m"]:
        return None
    lon, lat, radius = (np.array([value]) for value in (row.shape.x, row.shape.y, float(row.values["radius_m"])))
    (circle,) = circles(lon, lat, radius)
    wkb: bytes = shapely.to_wkb(circle)
    return wkb
