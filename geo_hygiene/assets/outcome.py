"""What a change of targets does: to the figures of the duties that look after them, and to the zones that hold them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, text

from geo_hygiene.coverage.duties import DutyRecord, all_duties
from geo_hygiene.coverage.inheriting import Unprojected
from geo_hygiene.coverage.summary import Sums, summarize
from geo_hygiene.layerspec import MapLayer

HELD = """
select duty.code as duty, duty_zone.code as zone, sum(cover.to_mm - cover.from_mm) as extent
from cover
join target on target.id = cover.target_id
join claim on claim.source_id = cover.source_id and claim.valid_from <= :on and :on < claim.valid_to
join duty on duty.id = claim.duty_id
join duty_zone on duty_zone.id = claim.id
where cover.target_id = any(:ids) and target.valid_from <= :on and :on < target.valid_to
group by 1, 2
order by 1, 2
"""

LOST = """
select duty.code as duty, duty_zone.code as zone, claim.kind
from claim
left join duty on duty.id = claim.duty_id
left join duty_zone on duty_zone.id = claim.id
where claim.source_id = :source
order by claim.valid_from desc
limit 1
"""


@dataclass(frozen=True, slots=True)
class Held:
    """What a zone of a duty holds of the targets after the change."""

    duty: str
    zone: str
    extent: int


@dataclass(frozen=True, slots=True)
class Lost:
    """A stretch that nothing which began takes over; ``zone`` is ``None`` for work, which stays with its own line."""

    duty: str | None
    zone: str | None
    kind: str
    extent: int


@dataclass(frozen=True, slots=True)
class DutyOutcome:
    """The figures of a duty on a day, as they were and as they are."""

    duty: DutyRecord
    before: Sums
    after: Sums


def duties_of(connection: Connection, layer: MapLayer) -> list[DutyRecord]:
    """Return the duties that look after targets of a layer."""
    return [duty for duty in all_duties(connection) if duty.target_kind == layer.key]


def sums_of(connection: Connection, duties: Sequence[DutyRecord], on: date) -> dict[int, Sums]:
    """Return the figures of duties on a day, by their ids."""
    return {duty.id: summarize(connection, duty, on, outside=False).sums for duty in duties}


def compared(
    duties: Sequence[DutyRecord], before: Mapping[int, Sums], after: Mapping[int, Sums]
) -> tuple[DutyOutcome, ...]:
    """Return figures side by side."""
    return tuple(DutyOutcome(duty, before[duty.id], after[duty.id]) for duty in duties)


def held(connection: Connection, ids: Sequence[int], on: date) -> tuple[Held, ...]:
    """Return the zones that hold targets on a day."""
    rows = connection.execute(text(HELD), {"ids": list(ids), "on": on})
    return tuple(Held(row.duty, row.zone, int(row.extent)) for row in rows)


def lost(connection: Connection, unprojected: Sequence[Unprojected]) -> tuple[Lost, ...]:
    """Return whose the stretches are that found no place."""
    found: list[Lost] = []
    for item in unprojected:
        row: Any = connection.execute(text(LOST), {"source": item.source_id}).one_or_none()
        if row is not None:
            found.append(Lost(row.duty, row.zone, row.kind, item.stretch[1] - item.stretch[0]))
    return tuple(found)
