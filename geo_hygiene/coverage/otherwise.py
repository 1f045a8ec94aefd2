"""What a duty's figures would be on a day with other zones: by differences, nothing is stored."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, text

from geo_hygiene.coverage.intervals import Interval, length, union
from geo_hygiene.coverage.periods import EVER, NEVER, Period, TargetClaim, overlap, vacant_length
from geo_hygiene.coverage.summary import Sums
from geo_hygiene.coverage.writing import Stretch

ALWAYS: Period = (EVER, NEVER)

TOUCHED = """
select distinct cover.target_id
from duty_zone
join claim using (id)
join cover using (source_id)
where duty_zone.code = any(:codes) and claim.duty_id = :duty_id and claim.valid_from <= :on and :on < claim.valid_to
"""

REQUIRED = """
select target_id, area_id, extent_mm from duty_target
where duty_id = :duty_id and target_id = any(:targets) and valid_from <= :on and :on < valid_to
"""

CLAIMED = """
select
    claim.id, duty_zone.code, claim.shift, cover.target_id, cover.from_mm, cover.to_mm,
    exists (
        select from assignment
        where assignment.zone = duty_zone.code and assignment.valid_from <= :on and :on < assignment.valid_to
    ) as is_held
from cover
join claim on claim.source_id = cover.source_id and claim.valid_from <= :on and :on < claim.valid_to
join duty_zone on duty_zone.id = claim.id
where cover.target_id = any(:targets) and cover.duty_id = :duty_id
"""

HELD = """
select distinct zone from assignment where zone = any(:codes) and valid_from <= :on and :on < valid_to
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherZone:
    """A zone as it would be; whoever holds the zones of its code holds it, unless ``is_held`` says otherwise."""

    code: str
    stretches: Sequence[Stretch]
    shift: str = "all-day"
    is_held: bool | None = None


@dataclass(frozen=True, slots=True)
class TargetDifference:
    """The sums of one target as they are and as they would be."""

    area_id: int | None
    before: Sums
    after: Sums


@dataclass(frozen=True, slots=True)
class Difference:
    """What other zones would change, target by target; a target outside the scope counts nowhere."""

    targets: dict[int, TargetDifference]

    @property
    def before(self) -> Sums:
        """Return the sums of these targets as they are."""
        return added(target.before for target in self.targets.values())

    @property
    def after(self) -> Sums:
        """Return the sums of these targets as they would be."""
        return added(target.after for target in self.targets.values())

    def within(self, targets: Collection[int]) -> Difference:
        """Return what it is on some targets alone."""
        return Difference({key: target for key, target in self.targets.items() if key in targets})


def added(sums: Iterable[Sums]) -> Sums:
    """Return what sums make together."""
    rows = [(one.total, one.covered, one.overlap, one.vacant) for one in sums]
    return Sums(*map(sum, zip(*rows, strict=True))) if rows else Sums()


def less(sums: Sums, taken: Sums) -> Sums:
    """Return what is left of sums without others."""
    return Sums(
        sums.total - taken.total,
        sums.covered - taken.covered,
        sums.overlap - taken.overlap,
        sums.vacant - taken.vacant,
    )


def otherwise(
    connection: Connection,
    duty_id: int,
    on: date,
    zones: Sequence[OtherZone],
    *,
    without: Collection[str] = (),
) -> Difference:
    """Return what would change on a day if some zones were as they are told here.

    Parameters
    ----------
    without
        Codes of zones of the duty that would not be there, beside those that ``zones`` name.
    """
    replaced = sorted({*without, *(zone.code for zone in zones)})
    asked = {"duty_id": duty_id, "on": on, "codes": replaced}
    touched = set(connection.scalars(text(TOUCHED), asked))
    touched |= {item.target_id for zone in zones for item in zone.stretches}
    asked["targets"] = sorted(touched)
    now = _claims(connection, asked)
    held = set(connection.scalars(text(HELD), asked))
    then: dict[int, list[TargetClaim]] = defaultdict(list)
    for zone in zones:
        is_held = zone.code in held if zone.is_held is None else zone.is_held
        for target_id, spans in by_target(zone.stretches).items():
            then[target_id].append(_claim(spans, zone.shift, is_held=is_held))
    differences = {}
    for row in connection.execute(text(REQUIRED), asked):
        before = [claim for _code, claim in now[row.target_id]]
        after = [claim for code, claim in now[row.target_id] if code not in replaced] + then[row.target_id]
        differences[row.target_id] = TargetDifference(
            row.area_id, _sums(row.extent_mm, before), _sums(row.extent_mm, after)
        )
    return Difference(differences)


def by_target(stretches: Iterable[Stretch]) -> dict[int, list[Interval]]:
    """Return the ground of a list by target, in disjoint intervals."""
    spans: dict[int, list[Interval]] = defaultdict(list)
    for item in stretches:
        spans[item.target_id].append((item.from_mm, item.to_mm))
    return {target_id: union(found) for target_id, found in spans.items()}


def disjoint(stretches: Iterable[Stretch]) -> list[Stretch]:
    """Return the ground of a list as disjoint stretches, in the order of the targets."""
    return [Stretch(target, *span) for target, spans in sorted(by_target(stretches).items()) for span in spans]


def _claims(connection: Connection, asked: dict[str, object]) -> dict[int, list[tuple[str, TargetClaim]]]:
    """Return the zones of the day over each target, with their codes."""
    spans: dict[tuple[int, int], list[Interval]] = defaultdict(list)
    zones = {}
    for row in connection.execute(text(CLAIMED), asked):
        spans[row.target_id, row.id].append((row.from_mm, row.to_mm))
        zones[row.target_id, row.id] = row
    claims: dict[int, list[tuple[str, TargetClaim]]] = defaultdict(list)
    for key, row in zones.items():
        claims[row.target_id].append((row.code, _claim(sorted(spans[key]), row.shift, is_held=row.is_held)))
    return claims


def _claim(spans: Sequence[Interval], shift: str, *, is_held: bool) -> TargetClaim:
    return TargetClaim(tuple(spans), ALWAYS, shift, (ALWAYS,) if is_held else ())


def _sums(extent_mm: int, claims: Sequence[TargetClaim]) -> Sums:
    covered = union(span for claim in claims for span in claim.stretches)
    return Sums(extent_mm, length(covered), overlap(claims), vacant_length(claims, EVER))
