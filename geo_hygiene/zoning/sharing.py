"""Share the ground of a duty out: town by town, within the borders of communities where that can be."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from geo_hygiene.zoning.balancing import NOBODY, Former, Network, divide, share_out
from geo_hygiene.zoning.barriers import Barrier
from geo_hygiene.zoning.ground import Ground
from geo_hygiene.zoning.hindering import Hindrance, hindrances
from geo_hygiene.zoning.meeting import Pair
from geo_hygiene.zoning.tying import Tie, tied

BORDER, BARRIER = "border", "barrier"
"""What pieces are parted by; what is too small for a zone is tied across the first rather than the second."""

Progress = Callable[[int, int], None]
"""Told how many members are shared out, and of how many; it may raise to end the work."""


class Borders(StrEnum):
    """What the borders of communities mean to a proposal."""

    HARD = "hard"
    """No zone reaches across one, unless what lies there is too little for a zone."""
    SOFT = "soft"
    """Zones reach across where they are not even otherwise."""
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What a proposal should be like.

    Attributes
    ----------
    count
        How many zones, the locked ones among them.
    tolerance
        Share of the mean by which a zone may have more to do.
    area
        Code of the area to share out; ``None`` is the whole town.
    keep
        Share of what somebody holds today that stays with them at least; ``None`` where it does not matter.
    locked
        Codes of zones that stay as they are.
    barriers
        What no zone reaches across, unless what lies there is too little for a zone.
    """

    count: int
    tolerance: float = 0.05
    area: str | None = None
    borders: Borders = Borders.SOFT
    keep: float | None = None
    locked: frozenset[str] = frozenset()
    barriers: frozenset[Barrier] = frozenset()


@dataclass(slots=True)
class Sharing:
    """How ground is shared out.

    Attributes
    ----------
    mean
        Work of a zone in the mean, in milliseconds a day.
    parts
        Of each part the numbers of its pieces.
    towns
        What hangs together, and into how many parts it was shared.
    ties
        What was tied to be shared out at all, by the numbers of pieces.
    bordered
        Pieces that were shared out within the borders of their communities.
    is_short
        Whether more would have to change hands than is wished.
    hindered
        Why parts, by their numbers, keep more than is tolerated; neighbours are numbers of pieces.
    """

    mean: float
    tolerance: float
    parts: list[list[int]] = field(default_factory=list)
    towns: list[tuple[list[int], int]] = field(default_factory=list)
    works: list[int] = field(default_factory=list)
    ties: list[Tie] = field(default_factory=list)
    bordered: set[int] = field(default_factory=set)
    hindered: dict[int, Hindrance] = field(default_factory=dict)
    is_short: bool = False
    spends_too_much: bool = False

    @property
    def most(self) -> float:
        """Return the work of the part that has most, as a share of the mean."""
        return max(self.works, default=0) / self.mean if self.mean else 0.0

    @property
    def is_even(self) -> bool:
        """Whether no part has more to do than is tolerated."""
        return self.most <= 1 + self.tolerance + 1e-9

    def add(self, other: Sharing) -> None:
        """Take in how other ground is shared out."""
        self.hindered |= {len(self.parts) + part: one for part, one in other.hindered.items()}
        self.parts += other.parts
        self.works += other.works
        self.ties += other.ties
        self.bordered |= other.bordered
        self.is_short |= other.is_short
        self.spends_too_much |= other.spends_too_much


def share(ground: Ground, free: Sequence[int], wishes: Wishes, progress: Progress) -> Sharing:
    """Return how some pieces of the ground are shared out.

    Parameters
    ----------
    free
        Numbers of the pieces.
    """
    count = wishes.count - len(wishes.locked)
    works = [ground.pieces[number].work for number in free]
    whole = Sharing(sum(works) / count if count else 0.0, wishes.tolerance)
    if not free:
        return whole
    pairs = _inner(ground.joined, free)
    parted = {BARRIER: _inner(ground.parted, free)}
    network, whole.ties = _tied(ground, free, pairs, parted, count, whole, is_strict=bool(ground.parted))
    towns = network.pieces()
    shares = share_out([network.load(town) for town in towns], [len(town) for town in towns], count)
    done = 0
    for town, own_count in zip(towns, shares, strict=True):
        members = [free[member] for member in town]
        apart = [tie.pair for tie in whole.ties]
        whole.towns.append((members, own_count))
        whole.add(_best(ground, members, own_count, wishes, whole.mean, apart))
        done += len(members)
        progress(done, len(free))
    return whole


def _best(
    ground: Ground, members: Sequence[int], count: int, wishes: Wishes, mean: float, apart: Sequence[Pair]
) -> Sharing:
    """Return how a town is shared out: across the borders of communities only where it is not even otherwise."""
    first, *others = {
        Borders.HARD: [True],
        Borders.SOFT: [True, False],
        Borders.NONE: [False],
    }[wishes.borders]
    best = _shared(ground, members, count, wishes, mean, apart, keeps_borders=first)
    for keeps_borders in others:
        if not best.is_even:
            other = _shared(ground, members, count, wishes, mean, apart, keeps_borders=keeps_borders)
            best = min(best, other, key=lambda one: (one.spends_too_much, max(one.most - 1 - one.tolerance, 0.0)))
    return best


def _shared(
    ground: Ground,
    members: Sequence[int],
    count: int,
    wishes: Wishes,
    mean: float,
    apart: Sequence[Pair],
    *,
    keeps_borders: bool,
) -> Sharing:
    """Return how a town is shared out; ``apart`` ties what hangs together with nothing."""
    sharing = Sharing(mean, wishes.tolerance, bordered=set(members) if keeps_borders else set())
    number = {piece: index for index, piece in enumerate(members)}
    tied_pairs = [(number[one], number[other]) for one, other in apart if one in number and other in number]
    pairs = _inner(ground.joined, members) + tied_pairs
    communities = [ground.pieces[piece].community for piece in members]
    inner = [pair for pair in pairs if not keeps_borders or communities[pair[0]] == communities[pair[1]]]
    parted = {BORDER: sorted(set(pairs) - set(inner)), BARRIER: _inner(ground.parted, members)}
    network, sharing.ties = _tied(ground, members, inner, parted, count, sharing, is_strict=False)
    former = _former(ground, members, wishes)
    spent = 0
    for town, division in divide(network, count, wishes.tolerance, mean=mean, former=former):
        for part, one in hindrances(division, mean * (1 + wishes.tolerance) + 1e-9 * mean).items():
            beyond = tuple(members[town[member]] for member in one.neighbours)
            sharing.hindered[len(sharing.parts) + part] = replace(one, neighbours=beyond)
        sharing.parts += [sorted(members[town[member]] for member in part) for part in division.members]
        sharing.works += division.load
        sharing.is_short |= division.is_short
        spent += division.spent
    sharing.spends_too_much = former is not None and spent > former.budget
    sharing.is_short |= sharing.spends_too_much
    return sharing


def _inner(pairs: Iterable[Pair], members: Sequence[int]) -> list[Pair]:
    """Return the pairs of some pieces, by their places among them."""
    number = {piece: index for index, piece in enumerate(members)}
    return [(number[one], number[other]) for one, other in pairs if one in number and other in number]


def _tied(
    ground: Ground,
    members: Sequence[int],
    pairs: Sequence[Pair],
    parted: Mapping[str, Sequence[Pair]],
    count: int,
    sharing: Sharing,
    *,
    is_strict: bool,
) -> tuple[Network, list[Tie]]:
    """Return the network of some pieces with what is too small tied to the rest, and the ties by numbers of pieces.

    Strictly only what is less than a zone is too small, not what fits no whole number of them.
    """
    pieces = [ground.pieces[piece] for piece in members]
    network = Network([piece.work for piece in pieces], beside(len(pieces), pairs))
    low, high = 1 - sharing.tolerance, 1 + sharing.tolerance

    def is_too_small(work: int) -> bool:
        """Tell whether work is too little for a zone, or too much for one and too little for two."""
        zones = work / sharing.mean
        return zones < low or (not is_strict and high < zones < 2 * low)

    ties = tied(network, pieces, parted, most=count, is_too_small=is_too_small)
    network = Network(network.work, beside(len(pieces), [*pairs, *(tie.pair for tie in ties)]))
    return network, [
        Tie(
            tuple(members[member] for member in tie.members),
            (members[tie.pair[0]], members[tie.pair[1]]),
            tie.across,
        )
        for tie in ties
    ]


def _former(ground: Ground, members: Sequence[int], wishes: Wishes) -> Former | None:
    """Return the zones of the day, where as much of them as can be is to be kept."""
    if wishes.keep is None:
        return None
    zones = [ground.pieces[piece].zone for piece in members]
    numbers = {zone: at for at, zone in enumerate(sorted({zone for zone in zones if zone is not None}))}
    part = [NOBODY if zone is None else numbers[zone] for zone in zones]
    costs = [ground.pieces[piece].extent_mm for piece in members]
    held = sum(cost for cost, own in zip(costs, part, strict=True) if own != NOBODY)
    return Former(part, costs, int((1 - wishes.keep) * held))


def beside(count: int, pairs: Iterable[Pair]) -> list[list[int]]:
    """Return for each of some members those that pairs put beside it."""
    near: list[set[int]] = [set() for _ in range(count)]
    for one, other in pairs:
        near[one].add(other)
        near[other].add(one)
    return [sorted(others) for others in near]
