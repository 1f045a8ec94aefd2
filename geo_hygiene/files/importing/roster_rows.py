"""What the rows of a duty roster say, of rows and of zones."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from geo_hygiene.coverage.duties import DutyRecord
from geo_hygiene.coverage.intervals import Interval, union
from geo_hygiene.coverage.lane_lines import LaneLine
from geo_hygiene.coverage.roster import RosterRow
from geo_hygiene.coverage.writing import Stretch


@dataclass(slots=True)
class SaidRow:
    """A row of the file whose lane, stretch and duty are known."""

    number: int
    zone: str
    duty: DutyRecord
    shift: str
    person: str | None
    line: LaneLine
    span: Interval
    valid_from: date | None
    valid_to: date | None

    @property
    def place(self) -> tuple[str, str | None, int, Interval]:
        """Return where who is."""
        return self.zone, self.person, self.line.id, self.span

    def repeats(self, held: RosterRow) -> bool:
        """Whether it says nothing new of a row of the same place; days are those of a holder."""
        days = ((self.valid_from, held.valid_from), (self.valid_to, held.valid_to))
        return (self.duty.id, self.shift) == (held.duty.id, held.shift) and (
            self.person is None or all(said in {None, stands} for said, stands in days)
        )


@dataclass(slots=True)
class SaidZone:
    """What the file says of one zone."""

    duty: DutyRecord
    shift: str
    rows: list[SaidRow] = field(default_factory=list)

    def stretches(self) -> list[Stretch]:
        """Return the list of the zone, each stretch once."""
        spans: dict[int, tuple[LaneLine, list[Interval]]] = {}
        for row in self.rows:
            spans.setdefault(row.line.id, (row.line, []))[1].append(row.span)
        return [stretch for line, parts in spans.values() for span in union(parts) for stretch in line.stretches(*span)]

    def holders(self) -> dict[str, tuple[date | None, date | None]]:
        """Return from and until when who holds it."""
        return {row.person: (row.valid_from, row.valid_to) for row in self.rows if row.person is not None}
