"""Tie the pieces of a network that are too small for a zone of their own to what lies nearest."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import shapely

from geo_hygiene.zoning.balancing import Network
from geo_hygiene.zoning.ground import Piece
from geo_hygiene.zoning.meeting import Pair

NEAR_M = 250
"""So far the nearest is looked for among what lies around; beyond, among all."""


@dataclass(frozen=True, slots=True)
class Tie:
    """A small piece of the network, by its members, and the pair that ties it to the rest."""

    members: tuple[int, ...]
    pair: Pair
    across: str | None
    """What lies between the two, where they do share a junction."""


def tied(
    network: Network,
    ground: Sequence[Piece],
    parted: Mapping[str, Sequence[Pair]],
    *,
    most: int,
    is_too_small: Callable[[int], bool],
) -> list[Tie]:
    """Return ties after which no piece of a network has too little work, and at most ``most`` are left.

    Parameters
    ----------
    ground
        What the members are, for their places.
    parted
        Pairs that hang together, but were left out of the network, by what lies between.
    """
    ties: list[Tie] = []
    pieces = {min(piece): piece for piece in network.pieces()}
    piece_of = {member: first for first, piece in pieces.items() for member in piece}
    shapes = np.array([piece.shape for piece in ground], dtype=object)
    tree = shapely.STRtree(shapes)
    while len(pieces) > 1:
        first = min(pieces, key=lambda one: (network.load(pieces[one]), one))
        members = pieces[first]
        if len(pieces) <= most and not is_too_small(network.load(members)):
            break
        crossing = [
            (number, pair, between)
            for number, (between, pairs) in enumerate(parted.items())
            for pair in pairs
            if (piece_of[pair[0]] == first) != (piece_of[pair[1]] == first)
        ]
        _number, pair, between = min(crossing) if crossing else (0, _nearest(members, shapes, tree), None)
        other = piece_of[pair[0]] if piece_of[pair[0]] != first else piece_of[pair[1]]
        ties.append(Tie(tuple(members), pair, between))
        pieces[other] = sorted(pieces[other] + pieces.pop(first))
        piece_of.update(dict.fromkeys(members, other))
    return ties


def _nearest(
    members: Sequence[int], shapes: np.ndarray[tuple[int], np.dtype[np.object_]], tree: shapely.STRtree
) -> Pair:
    """Return which of some members and which of the others lie nearest to each other."""
    own = set(members)
    whole = shapely.union_all(shapes[list(members)])
    near = [int(one) for one in tree.query(whole, predicate="dwithin", distance=NEAR_M) if int(one) not in own]
    others = near or [one for one in range(len(shapes)) if one not in own]
    away = shapely.distance(shapes[others], whole)
    other = others[int(np.argmin(away))]
    mine = list(members)
    return mine[int(np.argmin(shapely.distance(shapes[mine], shapes[other])))], other
