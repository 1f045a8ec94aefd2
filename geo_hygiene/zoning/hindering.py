"""Why a part of a division keeps more than it may have: what it could give, and what stands against that."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from geo_hygiene.zoning.balancing import Division


class Reason(StrEnum):
    """What stands against giving something away."""

    APART = "apart"
    """What hangs together has more work in all than its parts may have."""
    SINGLE = "single"
    """One member alone is more than a part may have."""
    HOLDING = "holding"
    """Each member at the border of the part holds it together."""
    FULL = "full"
    """Whatever the part could give would be too much for the neighbour."""
    TRIED = "tried"
    """A neighbour could take something, but not within what may change hands, or not found in the tries made."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hindrance:
    """Why a part keeps more than it may have.

    Attributes
    ----------
    load
        Work of the part.
    smallest
        The least work that it could give away and stay whole, where there is such.
    neighbours
        Members of the parts that could be given something, one of each.
    whole
        Work of all that hangs together, and how many parts share it, where that is the reason.
    """

    reason: Reason
    load: int
    smallest: int | None = None
    neighbours: tuple[int, ...] = ()
    whole: tuple[int, int] | None = None


def hindrances(division: Division, high: float) -> dict[int, Hindrance]:
    """Return for each part of a connected division that has more than ``high`` why it keeps that."""
    return {part: _hindrance(division, part, high) for part, load in enumerate(division.load) if load > high}


def _hindrance(division: Division, part: int, high: float) -> Hindrance:
    load, work = division.load[part], division.network.work
    if max(work[member] for member in division.members[part]) > high:
        return Hindrance(reason=Reason.SINGLE, load=load)
    if sum(division.load) > high * division.count:
        return Hindrance(reason=Reason.APART, load=load, whole=(sum(division.load), division.count))
    given = [(member, to) for member, to in division.givable(part) if division.holds_without(member)]
    if not given:
        return Hindrance(reason=Reason.HOLDING, load=load)
    fits = any(division.load[to] + work[member] <= high for member, to in given)
    return Hindrance(
        reason=Reason.TRIED if fits else Reason.FULL,
        load=load,
        smallest=min(work[member] for member, _to in given),
        neighbours=tuple(min(division.members[to]) for to in sorted({to for _member, to in given})),
    )
