"""What a benchmark tells: a figure with its spread, and peers that were measured in the same rounds."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from math import ceil
from typing import Any

TIE = 1.2
"""Ratios between this and its inverse are a tie: the machine's noise is of that size."""

Candidate = Callable[[], float]
"""One run of something: it prepares, measures what matters, cleans up, and returns what it measured."""


@dataclass(frozen=True, slots=True)
class Spread:
    """Several runs of one thing, in the figure's unit."""

    values: tuple[float, ...]

    @property
    def median(self) -> float:
        """Return the middle value."""
        return statistics.median(self.values)

    def percentile(self, share: float) -> float:
        """Return the smallest value that at least this share of the runs do not exceed."""
        ordered = sorted(self.values)
        return ordered[max(ceil(share * len(ordered)) - 1, 0)]

    def as_json(self) -> dict[str, Any]:
        """Return median, extremes, 95th percentile and count."""
        return {
            "median": round(self.median, 4),
            "min": round(min(self.values), 4),
            "max": round(max(self.values), 4),
            "p95": round(self.percentile(0.95), 4),
            "runs": len(self.values),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One row of the report.

    Attributes
    ----------
    group
        Which benchmark it belongs to.
    name
        What was done, as a reader says it.
    unit
        ``s``, ``ms``, ``kB``, ``MB``, ``1/s``, ``m``, ``ratio``, ``share`` or ``count``.
    data
        On what it was done, with its size.
    peers
        What somebody would use instead, measured in the same rounds, in the same unit.
    missing
        Peers that gave no figure, and why.
    more_is_better
        For rates.
    floor
        What it must reach, in words; empty where nothing was promised.
    note
        What a reader must know to understand the figure.
    size
        Of the sample, S, M or L, where it was measured on the sample.
    """

    group: str
    name: str
    unit: str
    spread: Spread
    data: str
    peers: Mapping[str, Spread] = field(default_factory=dict)
    missing: Mapping[str, str] = field(default_factory=dict)
    more_is_better: bool = False
    floor: str = ""
    note: str = ""
    size: str = ""

    def ratio(self, peer: str) -> float | None:
        """Return how many times better than a peer this is; under 1 it is worse. Of nothing there is none."""
        ours, theirs = self.spread.median, self.peers[peer].median
        better, worse = (ours, theirs) if self.more_is_better else (theirs, ours)
        return better / worse if worse else None

    def as_json(self) -> dict[str, Any]:
        """Return the row as it stands in the JSON file."""
        return {
            "group": self.group,
            "name": self.name,
            "unit": self.unit,
            **self.spread.as_json(),
            "data": self.data,
            "floor": self.floor,
            "note": self.note,
            "size": self.size,
            "peers": [
                {"name": name, **spread.as_json(), "ratio": None if ratio is None else round(ratio, 3)}
                for name, spread in self.peers.items()
                for ratio in (self.ratio(name),)
            ],
            "missing": dict(self.missing),
        }


def interleave(candidates: Mapping[str, Candidate], rounds: int) -> dict[str, Spread]:
    """Run each candidate once a round, so that a slow moment of the machine falls on all of them."""
    values: dict[str, list[float]] = {name: [] for name in candidates}
    for _round in range(rounds):
        for name, candidate in candidates.items():
            values[name].append(candidate())
    return {name: Spread(tuple(found)) for name, found in values.items()}


def repeat(candidate: Candidate, runs: int) -> Spread:
    """Run one thing several times; the first run, which warms what is cold, does not count."""
    candidate()
    return Spread(tuple(candidate() for _run in range(runs)))


class Watch:
    """What :func:`timing` measured."""

    seconds = 0.0

    @property
    def milliseconds(self) -> float:
        """Return the time in ms."""
        return self.seconds * 1000


@contextmanager
def timing() -> Iterator[Watch]:
    """Measure the time of a block."""
    watch = Watch()
    start = time.perf_counter()
    try:
        yield watch
    finally:
        watch.seconds = time.perf_counter() - start


def milliseconds_of(action: Callable[[], object]) -> float:
    """Return how long an action takes."""
    with timing() as watch:
        action()
    return watch.milliseconds


def without(spreads: Mapping[str, Spread], ours: str) -> dict[str, Spread]:
    """Return the peers among spreads that were measured together."""
    return {name: spread for name, spread in spreads.items() if name != ours}
