"""Starts of ``geo-hygiene up``, as somebody at the terminal waits for them."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from bench.figures import Figure, Spread
from bench.workspace import COMMAND, Workspace, run

DATA = "a home of its own"


class Server:
    """A running ``up``."""

    def __init__(self, process: subprocess.Popen[str], address: str, seconds: float) -> None:
        self.process = process
        self.address = address
        self.seconds = seconds


@contextmanager
def up(home: Path, *options: str, environment: Mapping[str, str] | None = None) -> Iterator[Server]:
    """Run ``up`` on a free port until the block ends; ``seconds`` is the time until it said that it is ready."""
    start = time.perf_counter()
    process = subprocess.Popen(  # noqa: S603 - our own command
        [*COMMAND, "up", "--port", "0", "--home", str(home), *options],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | (environment or {}) | {"GEO_HYGIENE_LOCALE": "en"},
    )
    if process.stdout is None:
        raise RuntimeError("the output of `up` is lost")
    try:
        line = process.stdout.readline()
        seconds = time.perf_counter() - start
        if "http://" not in line:
            raise RuntimeError(f"`up` did not start: {line}")
        address = next(word for word in line.split() if word.startswith("http://"))
        yield Server(process, address.rstrip("/"), seconds)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)
        process.stdout.close()


def measure(_workspace: Workspace, rounds: int) -> Iterator[Figure]:
    """Measure first and later starts, and the stop."""
    times: dict[str, list[float]] = {}
    for _round in range(rounds):
        for name, seconds in _starts():
            times.setdefault(name, []).append(seconds)
    floors = {"second start": "5 s"}
    for name, values in times.items():
        yield Figure(
            group="start",
            name=f"`up`: {name}",
            unit="s",
            spread=Spread(tuple(values)),
            data=DATA,
            floor=floors.get(name, ""),
        )


def _starts() -> Iterator[tuple[str, float]]:
    folder = Path(tempfile.mkdtemp(prefix="geo-hygiene-bench-"))
    folder.chmod(0o755)
    try:
        with up(folder / "empty", "--no-sample") as server:
            yield "first start, empty", server.seconds
        with up(folder / "home") as server:
            yield "first start, with the sample town", server.seconds
        with up(folder / "home") as server:
            yield "second start", server.seconds
            stopping = time.perf_counter()
            server.process.send_signal(signal.SIGTERM)
            server.process.wait(60)
            yield "stop (SIGTERM)", time.perf_counter() - stopping
        environment = {"GEO_HYGIENE_HOME": str(folder / "home")}
        run([*COMMAND, "db", "start"], environment)
        with up(folder / "home") as server:
            yield "start while the database runs", server.seconds
        run([*COMMAND, "db", "stop"], environment)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
