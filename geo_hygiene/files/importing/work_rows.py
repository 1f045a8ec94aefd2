"""What rows of treatments, work on places and activities have in common: when and where, and what is new of them."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Generic, TypeVar

import numpy as np
import shapely
from sqlalchemy import Connection, text

from geo_hygiene.coverage.writing import Stretch
from geo_hygiene.files.findings import Code, Finding
from geo_hygiene.files.importing.batch import Batch
from geo_hygiene.files.importing.instants import WrongRowError
from geo_hygiene.files.importing.keys import attribute_hashes, doubled_keys, geometry_hashes
from geo_hygiene.files.importing.measure import end_mm
from geo_hygiene.files.importing.report import Stored
from geo_hygiene.files.importing.staging import Known, forget_rows, known_rows, remember_rows, stage_rows
from geo_hygiene.i18n import N_

SAME_DEGREES = 2e-9
"""An export tells a place with nine decimals: a tenth of a millimetre."""

SLIP_MM = 2
"""A stretch may pass the end of its segment by as much as two roundings."""

STRETCHES = """(
    select array_agg(array[target_id, from_mm, to_mm])
    from claim_stretch join target on target.id = target_id
    where claim_stretch.source_id = claim.source_id
        and target.valid_from <= claim.valid_from and claim.valid_from < target.valid_to
)"""
"""What the list of work says of the targets of its day; what was handed down to later ones is not said of it."""

TARGETS = """
select named.given, target.id, target.kind, target.extent_mm, target.valid_from, target.valid_to
from (
    select given, cast(given as uuid) as uuid
    from unnest(cast(:given as text[])) as given
    where given ~* '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'
) as named
join target using (uuid)
union all
select own.code, target.id, target.kind, target.extent_mm, target.valid_from, target.valid_to
from (
    select id, code from street_segment union all select id, code from drain_segment
    union all select id, code from septic_tank union all select id, code from facility
) as own
join target using (id)
where own.code = any(:given)
"""


@dataclass(slots=True)
class WorkRow:
    """Work, or an activity, as the file says it."""

    index: int
    number: int
    values: dict[str, Any]
    done_at: datetime
    day: date
    shape: Any
    stretches: tuple[Stretch, ...] = ()


R = TypeVar("R", bound=WorkRow)


@dataclass(frozen=True, kw_only=True)
class WorkStore(Generic[R]):
    """How one layer of work or activities keeps its records.

    Attributes
    ----------
    stored
        Selects ``id``, ``uuid`` and ``source_key`` of what is stored, and whatever else the other two need.
    refuse
        Returns errors of rows, beside what each would replace.
    says_so
        Tells whether a row says nothing else than what is stored.
    write
        Called with the rows that are new or differ, by key, and what each replaces.
    """

    stored: str
    refuse: Callable[[Sequence[Any], Sequence[R]], Iterable[Finding]]
    remove: Callable[[Connection, Iterable[int]], None]
    says_so: Callable[[Batch, R, Any], bool]
    write: Callable[[Connection, Batch, Sequence[tuple[str, R]], Mapping[str, Any]], None]

    def by_ids(self, connection: Connection, ids: Collection[str]) -> dict[str, Any]:
        """Return what is stored under these ids."""
        return {str(row.uuid): row for row in self._found(connection, "uuid = any(cast(:given as uuid[]))", ids)}

    def by_keys(self, connection: Connection, keys: Collection[str]) -> dict[str, Any]:
        """Return what is stored under these keys."""
        return {str(row.source_key): row for row in self._found(connection, "source_key = any(:given)", keys)}

    def _found(self, connection: Connection, condition: str, given: Collection[str]) -> Sequence[Any]:
        statement = f"select * from ({self.stored}) as stored where {condition}"  # noqa: S608 - constants
        return connection.execute(text(statement), {"given": sorted(given)}).all()


def read_rows(batch: Batch, stored: Stored, read: Callable[[int], R]) -> list[R]:
    """Return the rows that can be read; the others are told."""
    rows = []
    for index in batch.rows:
        try:
            rows.append(read(index))
        except WrongRowError as wrong:
            stored.findings.append(wrong.finding)
    return rows


def targets_named(connection: Connection, batch: Batch) -> Mapping[str, Sequence[Any]]:
    """Return the targets of every day that the rows name, by id or code."""
    given = {str(batch.values("segment")[index]) for index in batch.rows if batch.values("segment")[index]}
    targets = defaultdict(list)
    for row in connection.execute(text(TARGETS), {"given": sorted(given)}):
        targets[row.given].append(row)
    return targets


def stretch_of(
    values: Mapping[str, Any],
    kinds: Collection[str],
    day: date,
    targets: Mapping[str, Sequence[Any]],
    number: int,
) -> Stretch:
    """Return the stretch that a row names by segment and metres; of several with the code, that of the wanted kinds.

    Raises
    ------
    WrongRowError
        With the finding.
    """
    given = str(values["segment"])
    then = [one for one in targets.get(given, ()) if one.valid_from <= day < one.valid_to]
    # a street and a tank may bear one code: what is worked on is meant
    meant = [one for one in then if one.kind in kinds] or then
    told = {"day": day.isoformat(), "value": given}
    if not meant:
        words = N_("On %(day)s there is no segment, tank or place with the code “%(value)s”.")
        raise WrongRowError(Finding(Code.UNKNOWN_CODE, words, number, "segment", given, values=told))
    if len(meant) > 1:
        words = N_("On %(day)s several segments, tanks or places have the code “%(value)s”.")
        hint = N_("Write the id instead of the code; an export says it.")
        raise WrongRowError(Finding(Code.UNKNOWN_CODE, words, number, "segment", given, hint, told))
    target = meant[0]
    begin = 0 if values["from_m"] is None else round(values["from_m"] * 1000)
    end = end_mm(values["to_m"], target.extent_mm)
    if not 0 <= begin < min(end, target.extent_mm) or end > target.extent_mm + SLIP_MM:
        words = N_("From %(begin)s m to %(end)s m is no stretch of a segment of %(length)s m.")
        metres = {"begin": begin / 1000, "end": end / 1000, "length": target.extent_mm / 1000}
        raise WrongRowError(Finding(Code.VALUE_INVALID, words, number, "to_m", str(end / 1000), values=metres))
    return Stretch(target.id, begin, min(end, target.extent_mm))


def store_changed(connection: Connection, batch: Batch, rows: Sequence[R], stored: Stored, store: WorkStore[R]) -> None:
    """Write the rows that are new or differ from what is stored; what they replace goes."""
    by_id = store.by_ids(connection, {str(row.values["id"]) for row in rows if row.values["id"]})
    keys, hashes, attributes = _keys(batch, rows, {one: row.source_key for one, row in by_id.items()})
    by_key = store.by_keys(connection, set(keys))
    olds = [by_id.get(str(row.values["id"])) or by_key.get(key) for key, row in zip(keys, rows, strict=True)]
    refused = [*_doubled(keys, olds, rows), *store.refuse(olds, rows)]
    stored.findings += refused
    wrong_rows = {finding.row for finding in refused}
    kept = [at for at, row in enumerate(rows) if row.number not in wrong_rows]
    stage_rows(
        connection, kept, [keys[at] for at in kept], [hashes[at] for at in kept], [attributes[at] for at in kept]
    )
    before = known_rows(connection, batch.layer.key, len(kept))
    changed = [
        at
        for at in kept
        if not _is_same(keys[at], olds[at], before.get(at))
        and not (olds[at] is not None and store.says_so(batch, rows[at], olds[at]))
    ]
    replaced = {keys[at]: old for at in changed if (old := olds[at]) is not None}
    stored.unchanged, stored.updated = len(kept) - len(changed), len(replaced)
    stored.created = len(changed) - stored.updated
    store.remove(connection, [old.id for old in replaced.values()])
    forget_rows(connection, batch.layer.key, [old.source_key for key, old in replaced.items() if old.source_key != key])
    store.write(connection, batch, [(keys[at], rows[at]) for at in changed], replaced)
    remember_rows(connection, batch.layer.key, batch.import_id)


def _is_same(key: str, old: Any, was: Known | None) -> bool:
    """Tell whether a row says of stored work what the last import did."""
    if old is None or old.source_key != key or was is None:
        return False
    return was.same_geometry and was.same_attributes


def is_said(said: Mapping[str, Any], stored: Any) -> bool:
    """Tell whether values are those of a stored row; numbers are compared as a file tells them."""
    return all(_told(value) == _told(getattr(stored, name)) for name, value in said.items())


def _told(value: Any) -> Any:
    return float(value) if isinstance(value, Decimal) else value


def is_placed(shape: Any, stored: bytes | None) -> bool:
    """Tell whether a place is the stored one, as exactly as an export tells it."""
    if shape is None or stored is None:
        return shape is None and stored is None
    return bool(shapely.equals_exact(shape, shapely.from_wkb(bytes(stored)), SAME_DEGREES))


def is_on(stretches: Iterable[Stretch], stored: Iterable[Sequence[int]] | None) -> bool:
    """Tell whether stretches are the stored ones."""
    return {(one.target_id, one.from_mm, one.to_mm) for one in stretches} == {tuple(one) for one in stored or ()}


def with_stored(extra: Mapping[str, Any], stored: Any) -> dict[str, Any]:
    """Return what a row says beside the fields of its layer; what the file has no column for stays."""
    return {**(stored.extra if stored is not None else {}), **extra}


def _keys(
    batch: Batch, rows: Sequence[WorkRow], present: Mapping[str, str]
) -> tuple[list[str], list[bytes | None], list[bytes]]:
    """Return keys, hashes of the places and of what else is said.

    A row without a number is known by the id of stored work (``present``: keys by ids), else by its content.
    """
    indexes = [row.index for row in rows]
    places = geometry_hashes(np.array([row.shape for row in rows], dtype=object))
    attributes = attribute_hashes(batch.clean, sorted(batch.given), indexes)
    keys = [
        str(
            row.values["external_id"]
            or present.get(str(row.values["id"]))
            or hashlib.sha256((place or b"") + said).hexdigest()
        )
        for row, place, said in zip(rows, places, attributes, strict=True)
    ]
    return keys, list(places), attributes


def _doubled(keys: Sequence[str], olds: Sequence[Any], rows: Sequence[WorkRow]) -> list[Finding]:
    """Return an error for each row that says what an earlier one said, or bears its number or id."""
    numbers = [row.number for row in rows]
    numbered = {row.number for row in rows if row.values["external_id"]}
    ids = [
        str(old.uuid if old is not None else row.values["id"] or f"row {row.number}")
        for old, row in zip(olds, rows, strict=True)
    ]
    found = {finding.row: finding for finding in doubled_keys(ids, numbers, range(len(rows)))}
    for finding in doubled_keys(keys, numbers, range(len(rows))):
        same = replace(finding, text=N_("The row says the same as row %(earlier)s."), value=None)
        found[finding.row] = finding if finding.row in numbered else same
    return [found[number] for number in sorted(found, key=str)]
