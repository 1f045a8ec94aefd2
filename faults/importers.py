"""What imports files while something is killed: a process as the command's, and jobs as a browser asks for them."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from abc import ABC, abstractmethod
from contextlib import suppress
from pathlib import Path

from sqlalchemy import Engine

from faults.service import PATIENCE_SECONDS, POLL_SECONDS, Service
from geo_hygiene.files.import_jobs import STORE
from geo_hygiene.files.uploads import Uploads
from geo_hygiene.jobs import store
from geo_hygiene.jobs.store import Job, JobState, NewJob

SETTLE_SECONDS = 0.2
LAYER = "facilities"


class Importer(ABC):
    """Imports one file at a time.

    Attributes
    ----------
    is_sure
        Whether that something is stored, and that it is told so, are one: nothing can be killed between them.
    """

    is_sure = False

    @abstractmethod
    def begin(self, file: Path) -> None:
        """Let a file be imported."""

    @abstractmethod
    def settle(self) -> None:
        """Wait a moment for the end of what was killed."""

    @abstractmethod
    def answer(self) -> str | None:
        """Return what came of the file: a status, the class of a mistake, or None where nothing did."""

    @property
    @abstractmethod
    def last_words(self) -> str:
        """Return what was said last of a mistake."""


class ImportProcess(Importer):
    """The process that imports files of places."""

    def __init__(self, asked: Service) -> None:
        self._asked = asked
        self._log = (asked.home / "importer.log").open("ab")
        self.process = self._start()

    @property
    def last_words(self) -> str:
        """Return what it said last on standard error."""
        return (self._asked.home / "importer.log").read_text(errors="replace")[-1000:]

    def _start(self) -> subprocess.Popen[str]:
        return subprocess.Popen(  # noqa: S603 - our own interpreter
            [sys.executable, "-m", "faults.importer", str(self._asked.home)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
        )

    def begin(self, file: Path) -> None:
        """Let it import a file; it is started again where it is gone."""
        if self.process.poll() is not None:
            self.process = self._start()
        assert self.process.stdin is not None  # noqa: S101 - it is a pipe
        self.process.stdin.write(f"{file}\n")
        self.process.stdin.flush()

    def settle(self) -> None:
        """Give the kernel a moment to end it where it was killed: it could be written to until then."""
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(SETTLE_SECONDS)

    def answer(self) -> str | None:
        """Return what came of the file: a status, the class of a mistake, or None when the process died."""
        assert self.process.stdout is not None  # noqa: S101 - it is a pipe
        line = self.process.stdout.readline()
        if not line:
            self.process.wait()
            return None
        return str(json.loads(line))

    def stop(self) -> None:
        """End it."""
        self.process.kill()
        self.process.wait()
        self._log.close()


class ImportJobs(Importer):
    """The worker of a service, which imports what was brought to it."""

    is_sure = True

    def __init__(self, asked: Service, connections: Engine) -> None:
        self._uploads = Uploads(asked.home)
        self._connections = connections
        self._job: Job | None = None

    @property
    def job(self) -> Job:
        """The job that was asked for last, as it stands."""
        if self._job is None:
            raise ValueError("no file was brought")
        with self._connections.connect() as connection:
            return store.find(connection, self._job.uuid)

    @property
    def last_words(self) -> str:
        """Return how it ended."""
        return f"{self.job.state}, {self.job.reason}"

    def begin(self, file: Path) -> None:
        """Bring a file and ask for its import."""
        upload = self._uploads.keep(file.name, [file.read_bytes()])
        parameters = {"upload": str(upload), "file": file.name, "layer": LAYER}
        with self._connections.begin() as connection:
            self._job = store.add(connection, NewJob(kind=STORE, parameters=parameters, actor="planner@office.example"))

    def settle(self) -> None:
        """Wait until its row says how it ended, or until it hangs."""
        begun = time.monotonic()
        while self.job.is_open and time.monotonic() - begun < PATIENCE_SECONDS:
            time.sleep(POLL_SECONDS)

    def answer(self) -> str | None:
        """Return the status of the import, what the job is where it hangs, or None where it came to no result."""
        self.settle()
        job = self.job
        if job.state is JobState.DONE and job.result is not None:
            return str(job.result["report"]["status"])
        return job.state.value if job.is_open else None
