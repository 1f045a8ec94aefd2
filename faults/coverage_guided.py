"""Fuzz the readers of one format with atheris, which looks for inputs that reach code that no other reached.

Runs in the process that `guided` starts, with the name of the format, the files of the counts and of what went wrong,
and the words for libFuzzer.
"""

from __future__ import annotations

import base64
import json
import os
import sys
import tempfile
from pathlib import Path

import atheris

from geo_hygiene.files.reading import drivers

os.environ.update(drivers.environment())

with atheris.instrument_imports(include=["geo_hygiene.files"]):
    from faults.counts import Counts
    from faults.inputs import TARGETS
    from faults.reading import examine, quiet

MOST_TOLD = 200


def main() -> None:
    """Fuzz the format that is named first."""
    name, counted, told = (sys.argv.pop(1) for _ in range(3))
    target, counts, wrong = TARGETS[name], Counts(Path(counted)), Path(told)
    root = Path(tempfile.mkdtemp())
    left = MOST_TOLD

    def read(content: bytes) -> None:
        nonlocal left
        outcome = examine(target.case(content), root)
        counts.add(outcome)
        if outcome.wrong is not None and left:
            left -= 1
            line = {
                "accepted": outcome.accepted,
                "wrong": outcome.wrong,
                "input": base64.b64encode(content).decode("ascii"),
            }
            with wrong.open("a", encoding="utf-8") as file:
                file.write(json.dumps(line) + "\n")

    atheris.Setup(sys.argv, read)
    quiet()
    atheris.Fuzz()


if __name__ == "__main__":
    main()
