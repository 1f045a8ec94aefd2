"""A home that is served, its processes, and who asks it all the time."""

from __future__ import annotations

import contextlib
import http.client
import os
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from bench.workspace import COMMAND
from geo_hygiene.cluster import Cluster

PATIENCE_SECONDS = 90
POLL_SECONDS = 0.02
PAUSE_SECONDS = 0.2
TIMES_ASKED = 4
"""Threads that ask while processes die."""


class Service:
    """``geo-hygiene up`` on a home of its own; it is started again whenever it is asked to be there and is not."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.cluster = Cluster(home)
        self.port = 0
        self._process: subprocess.Popen[str] | None = None

    @property
    def environment(self) -> dict[str, str]:
        """Return what lets a command use this home."""
        plain = {name: value for name, value in os.environ.items() if not name.startswith("GEO_HYGIENE_")}
        return plain | {"GEO_HYGIENE_HOME": str(self.home), "GEO_HYGIENE_LOCALE": "en"}

    def start(self) -> None:
        """Start it unless it runs, and wait until it says its address."""
        if self._process is not None and self._process.poll() is None:
            return
        self._process = subprocess.Popen(  # noqa: S603 - our own command
            [*COMMAND, "up", "--no-sample", "--port", str(self.port)],
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert self._process.stdout is not None  # noqa: S101 - it is a pipe
        words = self._process.stdout.readline().split()
        address = next(word for word in words if word.startswith("http"))
        self.port = int(address.rstrip("/").rpartition(":")[2])

    def stop(self) -> int:
        """Stop it as a user does, and return its exit code."""
        if self._process is None:
            return 0
        self._process.terminate()
        return self._process.wait(PATIENCE_SECONDS)

    @property
    def up(self) -> int:
        """Return the process of the command."""
        if self._process is None:
            raise ValueError("the service was not started")
        return self._process.pid

    def web(self) -> list[int]:
        """Return the process of the web server, then those of its workers."""
        server = self._beside("gunicorn")
        return [*server, *(process for one in server for process in children(one))]

    def worker(self) -> list[int]:
        """Return the process of the worker, that of the job that it does, and the one that reads the job's file."""
        found = self._beside("geo_hygiene.worker")
        while found and (below := children(found[-1])):
            found.append(below[0])
        return found

    def _beside(self, name: str) -> list[int]:
        """Return the process that `up` runs under a name, if it runs."""
        return [child for child in children(self.up) if name in command_of(child)][:1]

    def database(self) -> list[int]:
        """Return the process of the database server, then its helpers and connections."""
        server = self.cluster.status().pid
        return [] if server is None else [server, *children(server)]

    def ask(self, path: str, timeout: float = 30) -> tuple[int, dict[str, str]]:
        """Return status and headers of an answer; 0 where there was none."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            answer.read()
        except (OSError, http.client.HTTPException):
            return 0, {}
        else:
            return answer.status, dict(answer.getheaders())
        finally:
            connection.close()

    def wait(self) -> float:
        """Wait until it is ready, starting it again where it is gone; return the seconds."""
        begun = time.monotonic()
        while time.monotonic() - begun < PATIENCE_SECONDS:
            self.start()
            if self.ask("/readyz", 5)[0] == http.HTTPStatus.OK:
                return time.monotonic() - begun
            time.sleep(POLL_SECONDS)
        raise TimeoutError(f"not ready within {PATIENCE_SECONDS} s")


def children(pid: int) -> list[int]:
    """Return the child processes of a process."""
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def command_of(pid: int) -> str:
    """Return the command of a process; empty when it is gone."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_text()
    except OSError:
        return ""


def kill(processes: Sequence[int]) -> bool:
    """Kill processes in one breath; tell whether there was any."""
    killed = False
    for process in processes:
        with contextlib.suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)
            killed = True
    return killed


def left_over(home: Path) -> list[str]:
    """Return the command lines of processes that still work on a home."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            with contextlib.suppress(OSError):
                line = (entry / "cmdline").read_bytes()
                if os.fsencode(home) in line:
                    found.append(line.replace(b"\0", b" ").decode(errors="replace"))
    return found


@contextmanager
def service() -> Iterator[Service]:
    """Make a home, serve it, and remove it afterwards."""
    home = Path(tempfile.mkdtemp(prefix="geo-hygiene-faults-"))
    home.chmod(0o755)
    made = Service(home)
    try:
        made.start()
        yield made
    finally:
        made.stop()
        if made.cluster.status().exists:
            made.cluster.stop()
        shutil.rmtree(made.cluster.folder, ignore_errors=True)
        shutil.rmtree(home, ignore_errors=True)


class Askers:
    """Threads that ask a service the same questions again and again, and count the answers by status."""

    def __init__(self, asked: Service, paths: Sequence[str], threads: int = TIMES_ASKED) -> None:
        self._asked = asked
        self._paths = paths
        self._done = threading.Event()
        self._threads = [threading.Thread(target=self._ask, args=(at,), daemon=True) for at in range(threads)]
        self.statuses: Counter[int] = Counter()
        self.faults: Counter[str] = Counter()
        self.seconds: list[float] = []

    def __enter__(self) -> Askers:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_told: object) -> None:
        self._done.set()
        for thread in self._threads:
            thread.join()

    def _ask(self, at: int) -> None:
        while not self._done.is_set():
            path = self._paths[at % len(self._paths)]
            at += 1
            begun = time.perf_counter()
            status, headers = self._asked.ask(path)
            self.seconds.append(time.perf_counter() - begun)
            told = status != http.HTTPStatus.SERVICE_UNAVAILABLE or "Retry-After" in headers
            if status >= http.HTTPStatus.INTERNAL_SERVER_ERROR and (
                status != http.HTTPStatus.SERVICE_UNAVAILABLE or not told
            ):
                self.faults[f"{status} {path}"] += 1
            self.statuses[status] += 1
            time.sleep(PAUSE_SECONDS)
