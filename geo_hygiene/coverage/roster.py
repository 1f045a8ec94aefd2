"""The duty roster of a day: who looks after which stretch of which lane, row by row as people write it down."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, text

from geo_hygiene.coverage.duties import DutyRecord, all_duties
from geo_hygiene.coverage.intervals import Interval
from geo_hygiene.coverage.lane_lines import LaneLine, lane_lines

HELD = """
select
    duty_zone.code as zone, claim.id as claim_id, claim.shift, claim.valid_from as zone_from, claim.valid_to as zone_to,
    person.code as person, person.name, person.role, person.phone,
    coalesce(assignment.valid_from, claim.valid_from) as valid_from,
    coalesce(assignment.valid_to, claim.valid_to) as valid_to
from duty_zone
join claim on claim.id = duty_zone.id and claim.valid_from <= :on and :on < claim.valid_to
left join assignment on assignment.zone = duty_zone.code and assignment.valid_from <= :on and :on < assignment.valid_to
left join person on person.id = assignment.person_id
where claim.duty_id = :duty
order by duty_zone.code collate "C", person.code collate "C", assignment.valid_from
"""

LISTS = """
select claim.id as claim_id, cover.target_id, cover.from_mm, cover.to_mm
from claim
join cover using (source_id)
where claim.duty_id = :duty and claim.valid_from <= :on and :on < claim.valid_to
"""


@dataclass(frozen=True, slots=True)
class RosterRow:
    """One stretch of one zone and one of its holders; all of the person is ``None`` where nobody holds it."""

    zone: str
    claim_id: int
    duty: DutyRecord
    shift: str
    person: str | None
    name: str | None
    role: str | None
    phone: str | None
    valid_from: date
    valid_to: date
    line: LaneLine
    span: Interval

    def as_columns(self) -> dict[str, Any]:
        """Return the row as it goes into a file."""
        line, (begin, end) = self.line, self.span
        return {
            "zone": self.zone,
            "person": self.person,
            "name": self.name,
            "post": self.role,
            "duty": self.duty.code,
            "lane": line.name or line.code,
            "lane_code": line.code,
            "from": line.said(begin, end),
            "to": line.said(end, begin),
            "shift": self.shift,
            "phone": self.phone,
            "valid_from": None if self.valid_from == date.min else self.valid_from,
            "valid_to": None if self.valid_to == date.max else self.valid_to,
        }


def roster_lines(connection: Connection, on: date) -> dict[str, list[LaneLine]]:
    """Return the lanes and drains of a day by the kind of target of the duties that look after them."""
    kinds = {duty.target_kind: duty.layer for duty in all_duties(connection) if duty.layer.grouping is not None}
    return {kind: lane_lines(connection, layer, on) for kind, layer in kinds.items()}


def roster(connection: Connection, on: date, lines: Mapping[str, Sequence[LaneLine]]) -> Iterator[RosterRow]:
    """Yield the roster of a day by zone, holder and lane."""
    for duty in all_duties(connection):
        if duty.target_kind not in lines:
            continue
        of_target = {target_id: at for at, line in enumerate(lines[duty.target_kind]) for target_id in line.target_ids}
        listed: dict[int, dict[int, dict[int, list[Interval]]]] = defaultdict(
            lambda: defaultdict(lambda: defaultdict(list))
        )
        for row in connection.execute(text(LISTS), {"duty": duty.id, "on": on}):
            listed[row.claim_id][of_target[row.target_id]][row.target_id].append((row.from_mm, row.to_mm))
        for held in connection.execute(text(HELD), {"duty": duty.id, "on": on}).all():
            for at, stretches in sorted(listed[held.claim_id].items()):
                line = lines[duty.target_kind][at]
                for span in line.runs(stretches):
                    yield RosterRow(
                        zone=held.zone,
                        claim_id=held.claim_id,
                        duty=duty,
                        shift=held.shift,
                        person=held.person,
                        name=held.name,
                        role=held.role,
                        phone=held.phone,
                        valid_from=held.valid_from,
                        valid_to=held.valid_to,
                        line=line,
                        span=span,
                    )
