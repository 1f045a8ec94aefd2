"""The lists of zones as a table: zone, segment, from, to."""

from __future__ import annotations

import uuid as uuid_module
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import Connection, text

from geo_hygiene.coverage.intervals import Interval, union
from geo_hygiene.coverage.writing import Stretch, lists_of, replace_lists
from geo_hygiene.files.findings import Code, Finding
from geo_hygiene.files.importing.cleaning import CleanRows
from geo_hygiene.files.importing.measure import end_mm
from geo_hygiene.files.importing.report import Stored
from geo_hygiene.i18n import N_

SLIP_MM = 2
"""A stretch may pass the end of its segment by as much as two roundings."""

ZONES = """
select duty_zone.code, claim.id, claim.source_id, claim.valid_from, claim.valid_to, duty.target_kind
from duty_zone join claim using (id) join duty on duty.id = claim.duty_id
"""

Lists = dict[int, dict[int, list[Interval]]]
"""Intervals by claim and target."""


@dataclass(slots=True)
class _Zones:
    by_code: dict[str, list[Any]] = field(default_factory=lambda: defaultdict(list))

    def find(self, code: str, start: date | None, end: date | None) -> list[Any]:
        """Return the zones of a code in a period; without one, all of them."""
        begins, ends = start or date.min, end or date.max
        return [
            zone
            for zone in self.by_code.get(code, [])
            if (start is None and end is None) or (zone.valid_from <= begins < zone.valid_to and ends <= zone.valid_to)
        ]


def store(connection: Connection, clean: CleanRows, rows: Sequence[int], row_numbers: Sequence[int]) -> Stored:
    """Give each zone that the file names the list that the file says; other zones keep theirs."""
    stored = Stored()
    zones = _Zones()
    for row in connection.execute(text(ZONES)):
        zones.by_code[row.code].append(row)
    targets = _read_targets(connection, clean, rows)
    wanted: Lists = defaultdict(lambda: defaultdict(list))
    for index in rows:
        found = _stretch(clean.row(index), int(row_numbers[index]), zones, targets)
        if isinstance(found, Finding):
            stored.findings.append(found)
        else:
            claim_id, target_id, span = found
            wanted[claim_id][target_id].append(span)
    present = _present(connection, wanted)
    changed: dict[int, list[Stretch]] = {}
    for claim_id, lists in wanted.items():
        said = {target_id: union(spans) for target_id, spans in sorted(lists.items())}
        _count(stored, said, present.get(claim_id, {}))
        if said != present.get(claim_id, {}):
            changed[claim_id] = [Stretch(target_id, *span) for target_id, spans in said.items() for span in spans]
    if changed:
        replace_lists(connection, changed)
    return stored


def _count(stored: Stored, said: dict[int, list[Interval]], had: dict[int, list[Interval]]) -> None:
    stored.created += len(said.keys() - had.keys())
    stored.ended += len(had.keys() - said.keys())
    same = {target_id for target_id in said.keys() & had.keys() if said[target_id] == had[target_id]}
    stored.unchanged += len(same)
    stored.updated += len((said.keys() & had.keys()) - same)


def _read_targets(connection: Connection, clean: CleanRows, rows: Sequence[int]) -> dict[uuid_module.UUID, Any]:
    wanted = {clean.values["segment"][index] for index in rows}
    found = connection.execute(
        text("select uuid, id, kind, extent_mm from target where uuid = any(:uuids)"),
        {"uuids": [identity for identity in wanted if identity is not None]},
    )
    return {row.uuid: row for row in found}


def _present(connection: Connection, wanted: Lists) -> dict[int, dict[int, list[Interval]]]:
    """Return the lists that the zones have, as the intervals that are covered."""
    present: dict[int, dict[int, list[Interval]]] = defaultdict(lambda: defaultdict(list))
    for claim_id, stretches in lists_of(connection, wanted).items():
        for one in stretches:
            present[claim_id][one.target_id].append((one.from_mm, one.to_mm))
    return present


def _stretch(
    row: dict[str, Any], number: int, zones: _Zones, targets: dict[uuid_module.UUID, Any]
) -> tuple[int, int, Interval] | Finding:
    here = zones.find(row["zone"], row["valid_from"], row["valid_to"])
    if len(here) != 1:
        words = (
            N_("There is no zone “%(value)s” in this period.")
            if not here
            else N_("There are several zones “%(value)s”; say which with valid_from.")
        )
        return Finding(Code.UNKNOWN_CODE, words, number, "zone", row["zone"], values={"value": row["zone"]})
    target = targets.get(row["segment"])
    if target is None or target.kind != here[0].target_kind:
        words = N_("There is no segment “%(value)s” that this duty looks after.")
        value = str(row["segment"])
        return Finding(Code.UNKNOWN_CODE, words, number, "segment", value, values={"value": value})
    return _span(row, number, here[0].id, target)


def _span(row: dict[str, Any], number: int, claim_id: int, target: Any) -> tuple[int, int, Interval] | Finding:
    start = 0 if row["from_m"] is None else round(row["from_m"] * 1000)
    end = end_mm(row["to_m"], target.extent_mm)
    if target.extent_mm == 1:
        start, end = 0, 1
    if end > target.extent_mm + SLIP_MM:
        words = N_("The stretch ends past the end of its segment, which is %(length)s m long.")
        values = {"length": target.extent_mm / 1000}
        return Finding(Code.VALUE_INVALID, words, number, "to_m", str(row["to_m"]), values=values)
    end = min(end, target.extent_mm)
    if start >= end:
        words = N_("The stretch ends where it begins or before.")
        return Finding(Code.VALUE_INVALID, words, number, "to_m", str(row["to_m"]))
    return claim_id, target.id, (start, end)
