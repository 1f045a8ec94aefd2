"""Count the connected parts of a network."""

from __future__ import annotations

import numpy as np

from geo_hygiene.files.importing.noding.junctions import clusters, connected
from geo_hygiene.files.importing.noding.lines import NODE_M, Floats, Integers


def nodes_of(starts: Floats, ends: Floats) -> Integers:
    """Return the number of the node of each start, then of each end; those within a centimetre are one.

    Parameters
    ----------
    starts, ends
        (m, 2) ends of each part of a line, EPSG:4326.
    """
    return clusters(np.concatenate((starts, ends)), NODE_M)


def count_components(node: Integers, line: Integers | None = None) -> int:
    """Return the number of connected parts of lines whose ends share nodes.

    Parameters
    ----------
    node
        (2 m) of each part of a line, see :func:`nodes_of`.
    line
        (m) the line of each part, where parts of one line belong together.
    """
    count = len(node) // 2
    if count == 0:
        return 0
    first_of_node = np.full(int(node.max()) + 1, -1, dtype=np.int64)
    part = np.tile(np.arange(count, dtype=np.int64), 2)
    first_of_node[node[::-1]] = part[::-1]
    one, other = part, first_of_node[node]
    if line is not None:
        first_of_line = np.full(int(line.max()) + 1, -1, dtype=np.int64)
        first_of_line[line[::-1]] = np.arange(count)[::-1]
        one = np.concatenate((one, np.arange(count)))
        other = np.concatenate((other, first_of_line[line]))
    return len(np.unique(connected(one, other, count)))


def count_crossings(node: Integers, line: Integers) -> int:
    """Return the number of nodes at which a line goes on as another segment because something else meets it there.

    Parameters
    ----------
    node
        (2 m) of each segment, see :func:`nodes_of`.
    line
        (m) number of the line that each segment was cut from.
    """
    if len(line) == 0:
        return 0
    meeting = np.bincount(node) > 2  # noqa: PLR2004 - where nothing else meets, a line has two ends
    span = np.int64(line.max()) + 1
    spots, counts = np.unique(node * span + np.tile(line, 2), return_counts=True)
    return int(np.count_nonzero(meeting[np.unique(spots[counts > 1] // span)]))
