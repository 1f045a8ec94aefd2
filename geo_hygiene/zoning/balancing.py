"""Share a network out into connected parts of about equal work.

METIS cuts each piece of the network into connected parts whose borders are short; what it leaves uneven is evened out
by moves of single members across a border and by chains of such moves, none of which breaks a part. Then borders are
made shorter where no part leaves the tolerance by it. A division can also go out from another one, and change as
little of it as evens it out.

Work and costs are whole numbers, so that the same network gives the same parts on every machine.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import pymetis

CUTS, TURNS = 2, 10
"""How many cuts METIS tries at a time, and how often it refines each."""

BEGINNINGS = tuple((uneven, seed) for uneven in (20, 50, 100) for seed in (1, 3))
"""By how many thousandths METIS may let a part be heavier than the mean, and its seed: of each the best is taken."""

WIDTHS = (12, 6, 4, 3, 3)
"""How many moves are tried at each step of a chain."""

ROUNDS, SHORTENINGS = 400, 10
"""Rounds through all parts, in which they are evened out, and their borders made shorter."""


@dataclass(frozen=True, slots=True)
class Effort:
    """How long it is tried to even out.

    Attributes
    ----------
    longest
        Moves of a chain.
    tries
        Steps that are tried at a time to relieve a part, after which it is left as it is.
    all_tries
        Steps that are tried for all parts together, for each of them.
    """

    longest: int
    tries: int
    all_tries: int


QUICK, THOROUGH = Effort(3, 200, 40), Effort(len(WIDTHS), 600, 150)
"""For each beginning, and for the best of them."""

METIS_MOST = 2**30
"""METIS counts in 32 bits."""

NOBODY = -1
"""Stands for the part of a member that had none."""


@dataclass(frozen=True, slots=True)
class Network:
    """What is shared out.

    Attributes
    ----------
    work
        Of each member, more than nothing.
    beside
        For each member those that it hangs together with; both know each other.
    """

    work: Sequence[int]
    beside: Sequence[Sequence[int]]

    def load(self, members: Iterable[int]) -> int:
        """Return the work of some members."""
        return sum(self.work[member] for member in members)

    def pieces(self, members: Iterable[int] | None = None) -> list[list[int]]:
        """Return the connected pieces of the network, or of some of its members."""
        left = set(range(len(self.work)) if members is None else members)
        pieces = []
        for start in sorted(left):
            if start not in left:
                continue
            left.discard(start)
            piece = [start]
            for member in piece:
                for other in self.beside[member]:
                    if other in left:
                        left.discard(other)
                        piece.append(other)
            pieces.append(sorted(piece))
        return pieces

    def only(self, members: Sequence[int]) -> Network:
        """Return the network of some members, numbered anew in their order."""
        number = {member: index for index, member in enumerate(members)}
        beside = [[number[other] for other in self.beside[member] if other in number] for member in members]
        return Network([self.work[member] for member in members], beside)


@dataclass(frozen=True, slots=True)
class Band:
    """What a part may have to do."""

    low: float
    high: float

    def strain(self, load: float) -> float:
        """Return how far a load is out of the band, squared."""
        out = max(load - self.high, self.low - load, 0.0)
        return out * out


@dataclass(frozen=True, slots=True)
class Former:
    """The division that another one goes out from.

    Attributes
    ----------
    part
        Of each member, or :data:`NOBODY`. A part may be in several pieces.
    costs
        What it costs when a member leaves its part.
    budget
        How much all of that may be.
    """

    part: Sequence[int]
    costs: Sequence[int]
    budget: int

    def only(self, members: Sequence[int], *, budget: int) -> Former:
        """Return what it is of some members, with another budget."""
        return Former([self.part[member] for member in members], [self.costs[member] for member in members], budget)


@dataclass(slots=True)
class Division:
    """Who of a network belongs to which part; it changes by moves.

    Attributes
    ----------
    home
        The part that each member should stay in, or :data:`NOBODY`.
    is_short
        Whether the budget kept a move from being made.
    """

    network: Network
    part: list[int]
    count: int
    home: Sequence[int] | None = None
    costs: Sequence[int] = ()
    budget: int = 0
    members: list[set[int]] = field(init=False)
    load: list[int] = field(init=False)
    spent: int = field(init=False, default=0)
    is_short: bool = field(init=False, default=False)

    def __post_init__(self) -> None:
        self.members = [set() for _ in range(self.count)]
        self.load = [0] * self.count
        for member, part in enumerate(self.part):
            self.members[part].add(member)
            self.load[part] += self.network.work[member]
            if self.home is not None and self.home[member] not in (NOBODY, part):
                self.spent += self.costs[member]

    def price(self, member: int, to: int) -> int:
        """Return by how much more is spent when a member goes to a part; less than nothing when it comes home."""
        if self.home is None or self.home[member] == NOBODY:
            return 0
        return self.costs[member] * ((to != self.home[member]) - (self.part[member] != self.home[member]))

    def move(self, member: int, to: int) -> None:
        """Give a member to another part."""
        self.spent += self.price(member, to)
        old, work = self.part[member], self.network.work[member]
        self.members[old].discard(member)
        self.members[to].add(member)
        self.load[old] -= work
        self.load[to] += work
        self.part[member] = to

    def try_to_move(self, member: int, to: int) -> bool:
        """Move a member unless that breaks its part, costs too much, or the other part does not reach it."""
        if not self.ties(member, to) or not self.holds_without(member):
            return False
        price = self.price(member, to)
        if price > 0 and self.spent + price > self.budget:
            self.is_short = True
            return False
        self.move(member, to)
        return True

    def holds_without(self, member: int) -> bool:
        """Tell whether its part stays in one piece, and more than nothing, without a member."""
        rest = self.members[self.part[member]]
        ends = {other for other in self.network.beside[member] if other in rest}
        if not ends:
            return False
        start = ends.pop()
        seen, stack = {member, start}, [start]
        while stack and ends:
            for other in self.network.beside[stack.pop()]:
                if other in rest and other not in seen:
                    seen.add(other)
                    stack.append(other)
                    ends.discard(other)
        return not ends

    def ties(self, member: int, part: int) -> int:
        """Return with how many of a part a member hangs together."""
        return sum(self.part[other] == part for other in self.network.beside[member])

    def givable(self, part: int) -> Iterator[tuple[int, int]]:
        """Yield the members of a part at its borders, each with a part that it could go to."""
        for member in sorted(self.members[part]):
            others = {self.part[other] for other in self.network.beside[member]} - {part}
            for other in sorted(others):
                yield member, other

    def takable(self, part: int) -> Iterator[tuple[int, int]]:
        """Yield the members of other parts that a part could take, each with the part."""
        around = {other for member in self.members[part] for other in self.network.beside[member]}
        for member in sorted(around - self.members[part]):
            yield member, part

    def border(self) -> int:
        """Return how many members hang together across a border."""
        return sum(self.part[one] != self.part[other] for one, near in enumerate(self.network.beside) for other in near)


def share_out(loads: Sequence[int], sizes: Sequence[int], count: int) -> list[int]:
    """Return how many of ``count`` parts each load gets, from one to its size, so that the largest part is smallest."""
    shares = [1] * len(loads)
    for _ in range(count - len(loads)):
        open_ones = (index for index in range(len(loads)) if shares[index] < sizes[index])
        shares[max(open_ones, key=lambda index: (loads[index] / shares[index], -index))] += 1
    return shares


def divide(
    network: Network, count: int, tolerance: float, *, mean: float | None = None, former: Former | None = None
) -> Iterator[tuple[list[int], Division]]:
    """Yield for each piece of a network its members, and how they are shared out.

    Parameters
    ----------
    count
        At least as many parts as the network has pieces, at most as many as it has members.
    tolerance
        Share of the mean by which a part may be heavier or lighter.
    mean
        That of more than this network, if it is part of one.
    former
        The division of the whole network to go out from, if any.
    """
    mean = network.load(range(len(network.work))) / count if mean is None else mean
    pieces = network.pieces()
    shares = share_out([network.load(piece) for piece in pieces], [len(piece) for piece in pieces], count)
    left = 0 if former is None else former.budget
    for piece, share in zip(pieces, shares, strict=True):
        inner = network.only(piece)
        band = _band(mean, network.load(piece) / share, tolerance)
        if former is None:
            yield piece, _anew(inner, share, band)
            continue
        division = _changed(inner, share, band, former.only(piece, budget=left))
        left -= division.spent
        yield piece, division


def _band(mean: float, own_mean: float, tolerance: float) -> Band:
    """Return the band around a mean; a piece whose own mean lies at its rim or beyond is evened out around that."""
    return Band(
        min(mean * (1 - tolerance), own_mean * (1 - tolerance / 2)),
        max(mean * (1 + tolerance), own_mean * (1 + tolerance / 2)),
    )


def _anew(network: Network, count: int, band: Band) -> Division:
    """Return the best of several divisions of a connected network."""
    divisions = []
    for uneven, seed in BEGINNINGS if count > 1 else BEGINNINGS[:1]:
        division = Division(network, _cut(network, count, uneven, seed), count)
        _Evening(division, band).relieve_all(QUICK)
        divisions.append(division)
    best = min(divisions, key=lambda division: (max(map(band.strain, division.load)), division.border()))
    evening = _Evening(best, band)
    evening.relieve_all(THOROUGH)
    evening.shorten_borders()
    return best


def _changed(network: Network, count: int, band: Band, former: Former) -> Division:
    """Return a division of a connected network that keeps to another one as far as it can."""
    order = {own: index for index, own in enumerate(sorted(set(former.part) - {NOBODY}))}
    home = [order.get(own, NOBODY) for own in former.part]
    division = Division(
        network, _made_whole(network, home, count), count, home=home, costs=former.costs, budget=former.budget
    )
    evening = _Evening(division, band)
    evening.relieve_all(QUICK)
    evening.relieve_all(THOROUGH)
    return division


def _cut(network: Network, count: int, uneven: int, seed: int) -> list[int]:
    """Return a connected part for each member of a connected network, as METIS cuts it."""
    if count == 1:
        return [0] * len(network.work)
    scale = sum(network.work) // METIS_MOST + 1
    _border, part = pymetis.part_graph(
        count,
        adjacency=network.beside,
        vweights=[max(1, work // scale) for work in network.work],
        options=pymetis.Options(contig=True, ufactor=uneven, ncuts=CUTS, niter=TURNS, seed=seed),
        recursive=False,  # which knows nothing of connected parts
    )
    return _made_whole(network, part, count)


def _made_whole(network: Network, part: Sequence[int], count: int) -> list[int]:
    """Return ``count`` connected parts of a connected network that are as alike to others as can be.

    Of a part in several pieces the heaviest stays; crumbs, and what had no part, join a neighbour. Of too many parts
    the lightest go, and of too few the heaviest are cut in two.
    """
    groups: dict[int, list[int]] = defaultdict(list)
    for member, own in enumerate(part):
        if own != NOBODY:
            groups[own].append(member)
    kept = {own: max(network.pieces(group), key=network.load) for own, group in groups.items()}
    if not kept:
        kept = {0: list(range(len(part)))}
    heaviest = sorted(kept, key=lambda own: (-network.load(kept[own]), own))[:count]
    kept = {own: kept[own] for own in sorted(heaviest)}
    joined = {member: own for own, group in kept.items() for member in group}
    _join_rest(network, joined, kept)
    free = [number for number in range(count) if number not in kept]
    late = {own: free.pop(0) for own in kept if own >= count}
    whole = [late.get(joined[member], joined[member]) for member in range(len(part))]
    for new in free:
        _split_heaviest(network, whole, new)
    return whole


def _join_rest(network: Network, joined: dict[int, int], kept: Mapping[int, Sequence[int]]) -> None:
    """Let each member without a part join the lightest beside it, from the borders inwards."""
    loads = {own: network.load(group) for own, group in kept.items()}
    left = [member for member in range(len(network.work)) if member not in joined]
    while left:
        later = []
        for member in left:
            near = {joined[other] for other in network.beside[member] if other in joined}
            if near:
                lightest = min(near, key=lambda own: (loads[own], own))
                joined[member] = lightest
                loads[lightest] += network.work[member]
            else:
                later.append(member)
        left = later


def _split_heaviest(network: Network, part: list[int], new: int) -> None:
    """Give half of the heaviest part of several members to a new one."""
    groups: dict[int, list[int]] = defaultdict(list)
    for member, own in enumerate(part):
        groups[own].append(member)
    several = (own for own, group in groups.items() if len(group) > 1)
    heaviest = max(several, key=lambda own: (network.load(groups[own]), -own))
    for member in _half(network, groups[heaviest]):
        part[member] = new


def _half(network: Network, members: Sequence[int]) -> set[int]:
    """Return about half of a connected part; both halves are connected.

    It is the branch of a search tree whose work is nearest to half.
    """
    inside, order, above = set(members), [members[0]], {members[0]: members[0]}
    for member in order:
        for other in network.beside[member]:
            if other in inside and other not in above:
                above[other] = member
                order.append(other)
    below = {member: network.work[member] for member in order}
    for member in reversed(order[1:]):
        below[above[member]] += below[member]
    root = min(order[1:], key=lambda member: (abs(below[order[0]] - 2 * below[member]), member))
    branch = {root}
    for member in order[1:]:
        if above[member] in branch:
            branch.add(member)
    return branch


@dataclass(slots=True)
class _Evening:
    """Moves that bring the loads of parts nearer to a band."""

    division: Division
    band: Band
    tries: int = 0
    least: float = 0.0
    """What a chain must gain at least, or moves would go on for next to nothing."""

    def relieve_all(self, effort: Effort) -> None:
        """Relieve the parts that are out of the band, the worst first, until none can be."""
        load, hopeless, left = self.division.load, set[int](), effort.all_tries * self.division.count
        smallest = self.band.strain(self.band.high + (self.band.high - self.band.low) / 100)
        for _round in range(ROUNDS):
            strained = [part for part in set(range(self.division.count)) - hopeless if self.band.strain(load[part])]
            for part in sorted(strained, key=lambda part: (-self.band.strain(load[part]), part)):
                self.tries = granted = min(effort.tries, left)
                self.least = min(smallest, self.band.strain(load[part]) / 2)
                if not any(self._chain(part, 0, length, 0.0) for length in range(effort.longest)):
                    hopeless.add(part)
                left -= granted - max(self.tries, 0)
            if left <= 0 or hopeless.issuperset(strained):
                return

    def _chain(self, part: int, step: int, last: int, gained: float) -> bool:
        """Let a part give or take a member, and the part on the other side go on, until all have gained."""
        for gain, member, to in self._steps(part)[: WIDTHS[step]]:
            self.tries -= 1
            if self.tries < 0 or (gained + gain <= self.least and step == last):
                return False
            home = self.division.part[member]
            if not self.division.try_to_move(member, to):
                continue
            following = (to if home == part else home, part)
            if gained + gain > self.least or any(self._chain(one, step + 1, last, gained + gain) for one in following):
                return True
            self.division.move(member, home)
        return False

    def _steps(self, part: int) -> list[tuple[float, int, int]]:
        """Return the moves that a part could make, with what each gains: the best first, then the most even."""
        division, load, work = self.division, self.division.load, self.division.network.work
        gives = load[part] > (self.band.low + self.band.high) / 2
        steps = []
        for member, to in division.givable(part) if gives else division.takable(part):
            giving, taking = load[division.part[member]], load[to]
            evener = work[member] * (giving - taking - work[member])
            steps.append((self._gain(giving, taking, work[member]), evener, member, to))
        steps.sort(key=lambda step: (-step[0], -step[1], step[2:]))
        return [(gain, member, to) for gain, _evener, member, to in steps]

    def _gain(self, giving: int, taking: int, work: int) -> float:
        """Return by how much less two parts strain when one gives work to the other."""
        strain = self.band.strain
        return strain(giving) + strain(taking) - strain(giving - work) - strain(taking + work)

    def shorten_borders(self) -> None:
        """Move members to the part that surrounds them most, where no part gets further out of the band by it."""
        for _round in range(SHORTENINGS):
            moves = [move for part in range(self.division.count) for move in self.division.givable(part)]
            moved = [self._shorten(member, to) for member, to in moves]
            if not any(moved):
                return

    def _shorten(self, member: int, to: int) -> bool:
        division, load = self.division, self.division.load
        home = division.part[member]
        if to == home or division.ties(member, to) <= division.ties(member, home):
            return False
        return self._gain(load[home], load[to], division.network.work[member]) >= 0 and division.try_to_move(member, to)
