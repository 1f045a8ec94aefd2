"""Read made files by the thousand in guarded processes, one batch after the other."""

from __future__ import annotations

import json
import math
import os
import pickle
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, replace
from pathlib import Path

from faults.cases import Case
from faults.made_files import STRATEGIES
from faults.tally import IsOver, Tally, never
from geo_hygiene.files.reading import COMMAND_LINE, drivers, read

ROOT = Path(__file__).parent.parent
GROUP = "Made files, read by the functions of the reading process"
CASES_IN_BATCH = 1000
"""A process needs two seconds before its first case: to start, and to find files whose bytes are then changed."""
SEEDS_APART = 1_000_000
"""Between the seeds of two runs: each batch, and each process that goes on where a file killed one, has its own."""
LIMITS = replace(COMMAND_LINE, seconds=3600)
"""A batch may take as long as many files."""
MEMORY = Path("/dev/shm")  # noqa: S108 - a private folder is made there
"""Where there is one, files stand in memory: to remove the folders of a case takes a disk longer than to read it."""

CLASSES = tuple(
    (kind, changed) for kind in STRATEGIES for changed in (False, True) if changed or kind != "shapefile of the sample"
)
"""What is made, as it was made and with changed bytes; the sample's files are good as they are."""


def killed_by_itself(code: int) -> bool:
    """Tell whether an exit code of the command is neither success, refusal nor wrong usage."""
    return code not in {0, 1, 2}


def measure(cases: int, seed: int, processes: int, is_over: IsOver = never) -> list[Tally]:
    """Read `cases` made files, or as many as there is time for, and return what came of each class.

    All classes get the same number, and the same number so far whenever the time is over.
    """
    tallies = {
        (kind, changed): Tally(GROUP, f"{kind}, changed bytes" if changed else kind, seeds=[seed])
        for kind, changed in CLASSES
    }
    each = math.ceil(cases / len(CLASSES))
    turns = [(one, begun) for begun in range(0, each, CASES_IN_BATCH) for one in CLASSES]
    with ThreadPoolExecutor(processes) as pool:

        def act(turn: tuple[tuple[str, bool], int]) -> None:
            (kind, changed), begun = turn
            count, own = min(CASES_IN_BATCH, each - begun), seed * SEEDS_APART + begun
            if not is_over():
                add_batch(tallies[kind, changed], kind, changed=changed, cases=count, seed=own, is_over=is_over)

        list(pool.map(act, turns))
    return list(tallies.values())


def add_batch(tally: Tally, kind: str, *, changed: bool, cases: int, seed: int, is_over: IsOver = never) -> None:
    """Read made files of one class; a process that a file kills is followed by another one."""
    begun = time.perf_counter()
    done = tally.tried + cases
    while tally.tried < done and not is_over():
        _run_batch(tally, {"kind": kind, "changed": changed, "cases": done - tally.tried, "seed": seed})
        seed += 1
    tally.seconds += time.perf_counter() - begun


def _run_batch(counted: Tally, asked: Mapping[str, object]) -> None:
    folder = Path(tempfile.mkdtemp(prefix="geo-hygiene-faults-", dir=MEMORY if MEMORY.is_dir() else None))
    job = {
        "parent": os.getpid(),
        "limits": asdict(LIMITS),
        "scratch": str(folder),
        "program": [str(ROOT / name) for name in ("geo_hygiene", "faults", "tests", "data")],
        "sources": [],
        **asked,
    }
    errors = folder.with_suffix(".stderr")
    with errors.open("wb") as log:
        with subprocess.Popen(
            [sys.executable, "-X", "utf8", "-m", "faults.batch"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            cwd=folder,
            env=confined_environment(folder),
            text=True,
        ) as batch:
            assert batch.stdin is not None  # noqa: S101 - it is a pipe
            assert batch.stdout is not None  # noqa: S101
            batch.stdin.write(json.dumps(job))
            batch.stdin.close()
            for line in batch.stdout:
                _count(counted, json.loads(line))
        code = batch.returncode
    if code:
        _autopsy(counted, code, folder, errors)
    shutil.rmtree(folder)
    errors.unlink()


def confined_environment(folder: Path) -> dict[str, str]:
    """Return the environment of a process that reads what was made."""
    return {
        "PATH": os.defpath,
        "LC_ALL": "C.UTF-8",
        "PYTHONPATH": str(ROOT),
        "HYPOTHESIS_STORAGE_DIRECTORY": str(folder / ".hypothesis"),
        "TMPDIR": str(folder),
        "OPENBLAS_NUM_THREADS": "1",
        "OMP_NUM_THREADS": "1",
        "MALLOC_ARENA_MAX": "1",
        "ARROW_DEFAULT_MEMORY_POOL": "system",
        **drivers.environment(),
    }


def _count(counted: Tally, told: dict[str, object]) -> None:
    if "nets" in told:
        counted.figures["nets"] = ", ".join(name for name, holds in dict(told["nets"]).items() if holds)  # type: ignore[call-overload]
        return
    counted.tried += 1
    counted.accepted += bool(told["accepted"])
    counted.refused += not told["accepted"]
    counted.codes.update(told["codes"])  # type: ignore[call-overload]
    counted.figures["longest s"] = max(float(str(told["seconds"])), float(counted.figures.get("longest s", 0)))
    counted.figures["peak MB"] = max(int(str(told["peak_mb"])), int(counted.figures.get("peak MB", 0)))
    if told["wrong"]:
        counted.accepted_wrongly += bool(told["accepted"])
        counted.deaths += not told["accepted"]
        counted.tell(str(told["wrong"]))


def _autopsy(counted: Tally, code: int, folder: Path, errors: Path) -> None:
    """Count a batch that died, and see that the program itself refuses the file that killed it."""
    killer = folder / "case.pickle"
    if not killer.exists() or code > 0:
        raise RuntimeError(f"a batch ended with {code}: {errors.read_text(errors='replace')[-2000:]}")
    counted.tried += 1
    counted.refused += 1
    case: Case = pickle.loads(killer.read_bytes())  # noqa: S301 - written by our own process
    if code == -signal.SIGALRM:
        counted.deaths += 1
        counted.tell(f"no answer within a minute: {case}")
        return
    counted.reader_deaths += 1
    if not refuses(case, folder):
        counted.tell(f"killed a batch with {code}, and the program accepts it or leaves something behind: {case}")


def refuses(case: Case, folder: Path) -> bool:
    """Tell whether the program itself refuses a case, and leaves nothing of it in its scratch folder."""
    source, scratch = Path(tempfile.mkdtemp(dir=folder)), Path(tempfile.mkdtemp(dir=folder))
    table = read(
        case.write(source),
        crs=case.crs,
        encoding=case.encoding,
        layer=case.family,
        table=case.table,
        extent=case.extent,
        needs_shapes=case.needs_shapes,
        scratch=scratch,
    )
    return table.refused and not any(scratch.iterdir())
