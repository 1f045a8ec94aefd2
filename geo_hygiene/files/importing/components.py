"""Count the connected parts of a network."""

from __future__ import annotations

import numpy as np

from geo_hygiene.files.importing.noding.junctions import clusters, connected
from geo_hygiene.files.importing.noding.lines import NODE_M, Floats, Integers


def count_components(starts: Floats, ends: Floats, line: Integers | None = None) -> int:
    """Return the number of connected parts of lines whose ends, within a centimetre, are one node.

    Parameters
    ----------
    starts, ends
        (m, 2) ends of each part of a line, EPSG:4326.
    line
        (m) the line of each part, where parts of one line belong together.
    """
    count = len(starts)
    if count == 0:
        return 0
    node = clusters(np.concatenate((starts, ends)), NODE_M)
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


def count_crossings(starts: Floats, ends: Floats, line: Integers) -> int:
    """Return the number of nodes at which a line goes on as another segment because something else meets it there.

    Parameters
    ----------
    starts, ends
        (m, 2) ends of each segment, EPSG:4326.
    line
        (m) number of the line that each segment was cut from.
    """
    if len(starts) == 0:
        return 0
    node = clusters(np.concatenate((starts, ends)), NODE_M)
    meeting = np.bincount(node) > 2  # noqa: PLR2004 - where nothing else meets, a line has two ends
    span = np.int64(line.max()) + 1
    spots, counts = np.unique(node * span + np.tile(line, 2), return_counts=True)
    return int(np.count_nonzero(meeting[np.unique(spots[counts > 1] // span)]))
