"""Split lines where they meet, so that every piece is simple and meets others only at its ends.

The rules are those of the design: lines of one group (streets: one level) are split where they cross or touch; ends
within a centimetre of one another or of another line's side are one node; a closed line is cut; of lines that run
over one another one stays. Noding what was noded changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely

from geo_hygiene.files.importing.noding.crossings import crossings
from geo_hygiene.files.importing.noding.cutting import cut, mend, open_loops, twice
from geo_hygiene.files.importing.noding.junctions import Cuts, attach_ends, clusters, distinct, join_ends
from geo_hygiene.files.importing.noding.lines import NODE_M, Integers, Lines, lines_of, together
from geo_hygiene.files.importing.noding.search import EdgeIndex

__all__ = ["NODE_M", "Lines", "Noded", "lines_of", "node", "together"]

EMPTY: Integers = np.empty(0, dtype=np.int64)

ROUNDS = 8
"""Moving an end by a centimetre can make it meet another line; three rounds settle real files."""


@dataclass(frozen=True)
class Noded:
    """What became of lines.

    Attributes
    ----------
    pieces
        The pieces in the order and direction of the given lines; ``source`` is theirs.
    line
        The given line of each piece.
    looped
        Sources that were closed, or crossed or touched themselves.
    doubled
        (k, 2) pairs of sources: the first runs over the second in part or whole, and that part stays once.
    doubled_pieces
        The pieces that were left out for it.
    crossings
        Number of places at which a line was cut.
    """

    pieces: Lines
    line: Integers
    looped: Integers
    doubled: Integers
    doubled_pieces: Lines
    crossings: int


def node(lines: Lines) -> Noded:
    """Split lines where they meet; see the module for the rules."""
    if lines.fixed.all():
        return Noded(lines, np.arange(len(lines)), EMPTY, EMPTY.reshape(0, 2), lines.select(EMPTY), 0)
    pieces, parent = _split(lines)
    doubled, original = twice(pieces)
    left_out = pieces.select(doubled)
    pairs = np.column_stack((pieces.source[doubled], pieces.source[original[doubled]]))
    kept, parent = mend(pieces.select(~doubled), parent[~doubled])
    meeting_places = _inner_nodes(kept, parent)
    looped = _touch_themselves(lines)
    kept, parent, closed = open_loops(kept, parent)
    return Noded(
        pieces=kept,
        line=parent,
        looped=np.union1d(looped, closed),
        doubled=np.unique(pairs, axis=0).reshape(-1, 2),
        doubled_pieces=left_out,
        crossings=meeting_places,
    )


def _split(lines: Lines) -> tuple[Lines, Integers]:
    """Cut lines until nothing moves and nothing is cut; return the pieces and the line of each."""
    pieces, parent = lines, np.arange(len(lines), dtype=np.int64)
    for _ in range(ROUNDS):
        joined, moved = join_ends(pieces.from_sources(np.arange(len(pieces), dtype=np.int64)))
        index = EdgeIndex(joined, reach=4 * NODE_M)
        coords, at_ends = attach_ends(joined, index)
        index.lines = joined = joined.at(coords)
        cuts = Cuts.joined([at_ends, crossings(joined, index, np.arange(len(joined.edges), dtype=np.int64))])
        made, owner = cut(joined, cuts)
        origin = joined.source[owner]
        settled = not moved and len(at_ends) == 0 and len(made) == len(pieces)
        parent, pieces = parent[origin], made.from_sources(pieces.source[origin])
        if settled:
            break
    return pieces, parent


def _inner_nodes(pieces: Lines, parent: Integers) -> int:
    """Return the number of places at which a line goes on as another piece."""
    goes_on = (parent[1:] == parent[:-1]) & (pieces.coords[pieces.first[1:]] == pieces.coords[pieces.last[:-1]]).all(
        axis=1
    )
    return len(distinct(pieces.coords[pieces.first[1:][goes_on]])[0])


def _touch_themselves(lines: Lines) -> Integers:
    """Return the sources of lines that are closed, or cross or touch themselves."""
    ends_apart = clusters(lines.coords[np.column_stack((lines.first, lines.last)).ravel()], NODE_M).reshape(-1, 2)
    itself = (ends_apart[:, 0] == ends_apart[:, 1]) | ~shapely.is_simple(lines.geometries())
    touching: Integers = np.unique(lines.source[itself & ~lines.fixed])
    return touching
