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
from geo_hygiene.files.importing.noding.junctions import (
    Cuts,
    attach_ends,
    clusters,
    distinct,
    find_nodes,
    join_ends,
    passing_lines,
)
from geo_hygiene.files.importing.noding.lines import NODE_M, Booleans, Integers, Lines, lines_of, together
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
    """Cut lines until none is led from its course any more; return the pieces and the line of each."""
    pieces, parent = lines, np.arange(len(lines), dtype=np.int64)
    chosen = parent
    for _ in range(ROUNDS):
        made, owner, bent = _cut_once(pieces.select(chosen))
        rest = np.setdiff1d(np.arange(len(pieces)), chosen)
        # what was cut takes the place of the piece that it was
        place = np.concatenate((rest, chosen[owner]))
        order = np.argsort(place, kind="stable")
        parent = parent[place[order]]
        pieces = together(pieces.select(rest), made).select(order)
        if not bent.any():
            break
        led = np.concatenate((np.zeros(len(rest), dtype=bool), bent))[order]
        chosen = _around(pieces, led)
    return pieces, parent


def _cut_once(lines: Lines) -> tuple[Lines, Integers, Booleans]:
    """Bring ends together and cut lines where they meet; return pieces, their lines, and which left their course."""
    joined = lines.at(join_ends(lines))
    index = EdgeIndex(joined, reach=4 * NODE_M)
    coords, at_ends = attach_ends(joined, index)
    index.lines = joined = joined.at(coords)
    cuts = Cuts.joined([at_ends, crossings(joined, index)])
    cuts = Cuts.joined([cuts, passing_lines(joined, index, cuts, find_nodes(joined, cuts))])
    return cut(joined, cuts, find_nodes(joined, cuts), lines.coords)


def _around(pieces: Lines, led: Booleans) -> Integers:
    """Return the pieces that may meet one of those that were led from their course."""
    boxes = pieces.boxes(4 * NODE_M)
    near = shapely.STRtree(boxes[led]).query(boxes)[0]
    return np.unique(near).astype(np.int64)


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
