"""Where the bars of a distribution lie in its drawing, which the page writes as SVG."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

from geo_hygiene.zoning.workloads import Distribution, bins_of

WIDTH, HEIGHT = 460, 230
LEFT, RIGHT, TOP, BOTTOM = 38, 14, 34, 40
LEAST_LABEL = 34
"""Units between two labels of the axis at least."""
TICKS = 4


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar; ``former`` is the height of the one that it replaces, as it is in the plan."""

    x: float
    width: float
    low: float
    high: float
    count: int
    height: float
    former_count: int | None
    former: float


@dataclass(frozen=True, slots=True)
class Mark:
    """A value on one of the axes."""

    at: float
    value: float


@dataclass(frozen=True, slots=True)
class Chart:
    """A drawing of how minutes are spread; all is in units of its box."""

    bars: Sequence[Bar]
    across: Sequence[Mark]
    up: Sequence[Mark]
    mean: Mark | None
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = WIDTH - RIGHT
    top: int = TOP
    base: int = HEIGHT - BOTTOM


def chart_of(spread: Distribution, published: Distribution | None) -> Chart | None:
    """Return the drawing, beside a draft with what is published; nothing where there is nobody."""
    bins, (counts, *others) = bins_of(spread, *([published] if published is not None else []))
    if not bins:
        return None
    former: Sequence[int | None] = others[0] if others else [None] * len(bins)
    step = ceil(max([*counts, *(count or 0 for count in former)]) / TICKS)
    most = step * TICKS
    tall, each = HEIGHT - TOP - BOTTOM, (WIDTH - LEFT - RIGHT) / len(bins)
    low, high = bins[0][0], bins[-1][1]
    bars = [
        Bar(
            LEFT + each * at,
            each,
            *ends,
            count,
            tall * count / most,
            before,
            tall * (before or 0) / most,
        )
        for at, (ends, count, before) in enumerate(zip(bins, counts, former, strict=True))
    ]
    every = ceil(LEAST_LABEL / each)
    edges = [start for start, _end in bins] + [high]
    across = [Mark(LEFT + each * at, edge) for at, edge in enumerate(edges) if at % every == 0]
    up = [Mark(HEIGHT - BOTTOM - tall * tick / TICKS, tick * step) for tick in range(TICKS + 1)]
    mean = spread.mean
    shown = None if mean is None else Mark(LEFT + (mean - low) / (high - low) * (WIDTH - LEFT - RIGHT), mean)
    return Chart(bars, across, up, shown)
