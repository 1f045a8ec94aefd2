"""Fuzz the readers of foreign files format by format, guided by the code that an input reaches."""

from __future__ import annotations

import base64
import json
import random
import re
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

from faults.batch import draw
from faults.batches import MEMORY, ROOT, confined_environment, refuses
from faults.cases import Case
from faults.counts import Counts
from faults.inputs import TARGETS, Target
from faults.made_files import strategy_of
from faults.tally import IsOver, Tally

GROUP = "Files that a fuzzer finds, guided by the code that they reach"
HOW = "the Python code of the readers is watched, not the libraries below it"
ATHERIS = "atheris==3.0.0"
"""Installed for a run only: it is there for some processors and versions of Python, and nothing else needs it."""
FIRST_INPUTS = 60
LONGEST_INPUT = 70_000
PATIENCE_SECONDS = 60
MOST_MEGABYTES = 2048
FEWEST_SECONDS = 5
"""A process needs two seconds before its first input."""
REACHED = re.compile(r"cov: (\d+) ft: \d+ corp: (\d+)/")


def measure(minutes: float, seed: int, kept: Path, is_over: IsOver) -> Iterator[Tally]:
    """Fuzz each format for its share of the time; `kept` has the inputs of earlier runs, and gets those of this one."""
    with tempfile.TemporaryDirectory(prefix="geo-hygiene-faults-", dir=MEMORY if MEMORY.is_dir() else None) as made:
        folder = Path(made)
        tools = folder / "tools"
        install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(tools), ATHERIS]
        subprocess.run(install, check=True)  # noqa: S603 - this interpreter, a pinned name
        for name, target in TARGETS.items():
            if is_over():
                return
            place = folder / name
            place.mkdir()
            tally = Tally(GROUP, name, how=HOW, seeds=[seed])
            corpus = kept.resolve() / name
            begun = time.perf_counter()
            _begin(corpus, target, seed)
            _fuzz(tally, place, corpus, tools, begun + 60 * minutes / len(TARGETS), is_over)
            tally.seconds = time.perf_counter() - begun
            yield tally


def _begin(corpus: Path, target: Target, seed: int) -> None:
    """Put made files into the folder of inputs; the last byte is what a user says of them."""
    corpus.mkdir(parents=True, exist_ok=True)
    chosen = random.Random(seed)  # noqa: S311 - the same each time

    def keep(case: Case) -> None:
        with suppress(zipfile.BadZipFile):
            content = target.content(case.files) + chosen.randbytes(1)
            (corpus / sha256(content).hexdigest()).write_bytes(content)

    draw(strategy_of(target.kind), FIRST_INPUTS, seed, keep)


def _fuzz(tally: Tally, place: Path, corpus: Path, tools: Path, end: float, is_over: IsOver) -> None:
    """Fuzz one format until its time is over; a process that an input ends is followed by another one."""
    counts, told, log = place / "counts", place / "wrong", place / "log"
    seed = tally.seeds[0]
    while (left := int(end - time.perf_counter())) >= FEWEST_SECONDS and not is_over():
        words = [
            *(tally.name, counts, told, corpus),
            f"-max_total_time={left}",
            f"-timeout={PATIENCE_SECONDS}",
            f"-rss_limit_mb={MOST_MEGABYTES}",
            f"-max_len={LONGEST_INPUT}",
            f"-seed={seed}",
            f"-artifact_prefix={place}/",
        ]
        with log.open("ab") as file:
            process = subprocess.Popen(  # noqa: S603 - this interpreter, a module of this program
                [sys.executable, "-X", "utf8", "-m", "faults.coverage_guided", *map(str, words)],
                cwd=place,
                env={**confined_environment(place), "PYTHONPATH": f"{tools}:{ROOT}"},
                stdout=file,
                stderr=file,
            )
            _wait(process, is_over)
        seed += 1
        _leave_out(corpus, {ended.read_bytes() for ended in _endings(place)})
    Counts(counts).give(tally)
    for line in told.read_text("utf-8").splitlines() if told.exists() else ():
        found = json.loads(line)
        tally.accepted_wrongly += found["accepted"]
        tally.deaths += not found["accepted"]
        content = base64.b64decode(found["input"])
        ended = corpus.parent / f"wrong-{sha256(content).hexdigest()[:16]}"
        ended.write_bytes(content)
        tally.tell(f"{tally.name}, input {ended.name}: {found['wrong']}")
    for ended in _endings(place):
        _judge(tally, ended, place)
    reached = REACHED.findall(log.read_text("utf-8", errors="replace"))
    if reached:
        tally.figures |= {"places in the code": int(reached[-1][0]), "inputs kept": int(reached[-1][1])}


def _wait(process: subprocess.Popen[bytes], is_over: IsOver) -> None:
    while process.poll() is None:
        if is_over():
            process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(1)


def _endings(place: Path) -> list[Path]:
    """Return the inputs that ended their reader, as libFuzzer leaves them."""
    return [file for what in ("crash", "oom", "timeout", "leak") for file in sorted(place.glob(f"{what}-*"))]


def _leave_out(corpus: Path, inputs: set[bytes]) -> None:
    """Take inputs away with which the next reader would begin, and end."""
    for file in corpus.iterdir():
        if file.read_bytes() in inputs:
            file.unlink()


def _judge(tally: Tally, ended: Path, place: Path) -> None:
    """Count an input that ended its reader, and see that the program itself refuses it."""
    case = TARGETS[tally.name].case(ended.read_bytes())
    tally.tried += 1
    tally.refused += 1
    tally.reader_deaths += 1
    tally.counts[ended.name.split("-")[0]] += 1
    if not refuses(case, place):
        tally.tell(f"ended its reader, and the program accepts it or leaves something behind: {case}")
