"""Order things so that what is near on the ground is near in the table."""

from __future__ import annotations

import numpy as np

from geo_hygiene.files.importing.noding.lines import Floats, Integers

BITS = 16
"""Cells along each side, as a power of two."""


def hilbert_order(points: Floats) -> Integers:
    """Return the indexes of points (n, 2) in the order of a Hilbert curve over their box."""
    if len(points) == 0:
        return np.empty(0, dtype=np.int64)
    low, high = points.min(axis=0), points.max(axis=0)
    side = float((high - low).max()) or 1.0
    cells = np.minimum((points - low) / side * 2**BITS, 2**BITS - 1).astype(np.int64)
    x, y = cells[:, 0].copy(), cells[:, 1].copy()
    distance = np.zeros(len(points), dtype=np.int64)
    half = 2 ** (BITS - 1)
    while half:
        right, upper = (x & half) > 0, (y & half) > 0
        distance += half * half * ((3 * right) ^ upper)
        # turn the quarter so that the curve goes on where the last one ended
        turned, flipped = ~upper, ~upper & right
        x[flipped], y[flipped] = half - 1 - x[flipped], half - 1 - y[flipped]
        x[turned], y[turned] = y[turned], x[turned].copy()
        half //= 2
    return np.argsort(distance, kind="stable")
