"""Counts of outcomes in a file, which outlive the process that counts: what it reads may end it without a word."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from faults.cases import Outcome
from faults.tally import Tally
from geo_hygiene.files.findings import Code

CODES = tuple(map(str, Code))
REFUSED, ACCEPTED, FIRST_CODE = 0, 1, 2
PLACES = FIRST_CODE + len(CODES)


class Counts:
    """Numbers of files that were accepted and refused, and of the codes of their errors."""

    def __init__(self, file: Path) -> None:
        if not file.exists():
            file.write_bytes(bytes(PLACES * np.uint64().nbytes))
        self._places = np.memmap(file, dtype=np.uint64, mode="r+", shape=PLACES)

    def add(self, outcome: Outcome) -> None:
        """Count what came of a case."""
        self._places[ACCEPTED if outcome.accepted else REFUSED] += 1
        for code in outcome.codes:
            self._places[FIRST_CODE + CODES.index(code)] += 1

    def give(self, tally: Tally) -> None:
        """Add all to a tally."""
        refused, accepted, *codes = self._places.tolist()
        tally.tried += refused + accepted
        tally.refused += refused
        tally.accepted += accepted
        tally.codes.update({code: count for code, count in zip(CODES, codes, strict=True) if count})
