"""Memory of processes while they work, as the kernel's proportional set size: shared pages count once in a sum."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PROC = Path("/proc")
PERIOD_SECONDS = 0.05


class Peak:
    """The most that a tree of processes held at once; 0 where the kernel does not tell."""

    bytes = 0

    @property
    def megabytes(self) -> float:
        """Return the peak in MB."""
        return self.bytes / 1e6


@contextmanager
def watching(pid: int) -> Iterator[Peak]:
    """Measure a process and all below it until the block ends."""
    peak, over = Peak(), threading.Event()

    def watch() -> None:
        while not over.wait(PERIOD_SECONDS):
            peak.bytes = max(peak.bytes, tree_bytes(pid))

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield peak
    finally:
        over.set()
        thread.join()


def tree_bytes(pid: int) -> int:
    """Return what a process and all below it hold now."""
    children = defaultdict(list)
    for folder in PROC.iterdir():
        if folder.name.isdigit() and (parent := _parent(folder)) is not None:
            children[parent].append(int(folder.name))
    total, waiting = 0, [pid]
    while waiting:
        process = waiting.pop()
        total += _bytes(PROC / str(process))
        waiting += children[process]
    return total


def _parent(folder: Path) -> int | None:
    try:
        # The command's name stands in brackets and may hold anything.
        return int((folder / "stat").read_text().rpartition(")")[2].split()[1])
    except (OSError, IndexError, ValueError):
        return None  # it ended meanwhile


def _bytes(folder: Path) -> int:
    try:
        lines = (folder / "smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:")), 0)
