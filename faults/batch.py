"""Draw cases and read them, in a process that gave up its rights as the reading process does.

Standard input brings the job; standard output gets a JSON line for each case. What kills this process is left in
`case.pickle`.
"""

from __future__ import annotations

import json
import math
import os
import pickle
import resource
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from geo_hygiene.files.reading import guard

OWN_FILES = frozenset({"case.pickle", ".hypothesis"})
DRAWN_TO_CHANGE = 50
CHANGED_FROM = 12
"""Files that are read without an error, whose bytes are then changed."""
PATIENCE_SECONDS = 60
"""Seconds of the clock for one case: it counts as a hang after that."""


def main() -> None:
    """Confine this process, then draw and read."""
    job = json.load(sys.stdin)
    nets = guard.confine(job)
    sys.meta_path.insert(0, guard.Absent())
    run(job, nets)


def run(job: dict[str, Any], nets: dict[str, bool]) -> None:
    """Draw and read as many cases as are asked for."""
    from faults import made_files, reading  # noqa: PLC0415 - after the rights are given up

    answers = os.fdopen(os.dup(1), "w")
    reading.quiet()
    remember_systems()
    scratch = Path(job["scratch"])
    answers.write(json.dumps({"nets": nets}) + "\n")
    strategy = made_files.strategy_of(job["kind"])
    if job["changed"]:
        strategy = made_files.changed(readable(strategy, job["seed"], scratch))

    known = set(OWN_FILES)

    def read_one(case: Any) -> None:
        (scratch / "case.pickle").write_bytes(pickle.dumps(case))
        begun = time.perf_counter()
        signal.alarm(PATIENCE_SECONDS)
        outcome = reading.examine(case, scratch)
        signal.alarm(0)
        left = {file.name for file in scratch.iterdir()} - known
        known.update(left)  # it is told of the case that left it, and of no other
        told = {
            "accepted": outcome.accepted,
            "codes": sorted(outcome.codes),
            "wrong": outcome.wrong or (f"left behind: {sorted(left)}" if left else None),
            "seconds": round(time.perf_counter() - begun, 4),
            "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        }
        answers.write(json.dumps(told) + "\n")
        answers.flush()

    draw(strategy, job["cases"], job["seed"], read_one)


def draw(strategy: Any, cases: int, number: int, act: Callable[[Any], None]) -> None:
    """Do something with so many cases of a strategy, the same ones for the same number."""
    from hypothesis import HealthCheck, Phase, given, seed, settings  # noqa: PLC0415 - as above

    once = settings(
        max_examples=cases,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )

    @seed(number)
    @once
    @given(strategy)
    def try_one(case: Any) -> None:
        act(case)

    try_one()


def readable(strategy: Any, number: int, scratch: Path) -> list[Any]:
    """Return some cases that are read without an error, to change their bytes; where there are none, refused ones."""
    from faults.reading import examine  # noqa: PLC0415 - as above

    found: dict[int, list[Any]] = {0: [], 1: []}

    def keep(case: Any) -> None:
        if len(found[0]) == CHANGED_FROM:
            return
        folder = Path(tempfile.mkdtemp(dir=scratch))
        child = os.fork()  # the case may kill its reader, which then leaves its folder behind
        if child == 0:
            outcome = examine(case, folder)
            os._exit(not outcome.accepted or bool(outcome.codes))
        found.setdefault(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), []).append(case)
        shutil.rmtree(folder)

    draw(strategy, DRAWN_TO_CHANGE, number, keep)
    return found[0] or found[1]


def remember_systems() -> None:
    """Let pyproj look up each system, and each way between two, once: a file is the only one of its process."""
    from pyproj import CRS, Transformer  # noqa: PLC0415 - as above
    from pyproj.aoi import AreaOfInterest  # noqa: PLC0415
    from pyproj.transformer import TransformerGroup  # noqa: PLC0415

    from geo_hygiene.files.reading import systems  # noqa: PLC0415

    for owner, name in ((CRS, "from_authority"), (CRS, "from_wkt"), (CRS, "from_epsg"), (Transformer, "from_crs")):
        setattr(owner, name, staticmethod(cache(getattr(owner, name))))

    @cache
    def ways(one: Any, other: int, bounds: tuple[int, ...] | None) -> Any:
        area: Any = bounds and AreaOfInterest(*bounds)
        return TransformerGroup(one, other, always_xy=True, area_of_interest=area)

    def ways_for_degrees(one: Any, other: int, *, always_xy: bool, area_of_interest: Any) -> Any:
        assert always_xy  # noqa: S101 - it always is
        return ways(one, other, area_of_interest and whole_degrees(area_of_interest))

    vars(systems)["TransformerGroup"] = ways_for_degrees


def whole_degrees(area: Any) -> tuple[int, ...]:
    """Return an area of interest as large as the degrees in which it lies, which many have in common."""
    west, south = math.floor(area.west_lon_degree), math.floor(area.south_lat_degree)
    return west, south, math.ceil(area.east_lon_degree), math.ceil(area.north_lat_degree)


if __name__ == "__main__":
    main()
