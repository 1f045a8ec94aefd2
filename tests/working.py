"""A worker in a process of its own, as `up` runs it, for tests of what it does."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from sqlalchemy import text
from sqlalchemy.pool import NullPool

from geo_hygiene.database import engine
from geo_hygiene.jobs.worker import Handler, Tidy, Worker


def leave(_connection: object) -> None:
    """Tidy nothing up."""


@contextmanager
def working(url: str, handlers: Mapping[str, Handler], tidy: Tidy = leave) -> Iterator[int]:
    """Let a worker work; yields its number. What it does at the end ends it."""
    child = os.fork()
    if child == 0:
        worker = Worker(url, handlers, tidy)
        signal.signal(signal.SIGTERM, worker.stop)
        try:
            worker.run()
        finally:
            os._exit(0)
    try:
        yield child
    finally:
        os.kill(child, signal.SIGTERM)
        os.waitpid(child, 0)


def work_off(url: str, handlers: Mapping[str, Handler], tidy: Tidy = leave) -> int:
    """Let a worker do the jobs that wait; return how many there were."""
    is_open = text("select count(*) from job where state in ('waiting', 'running')")
    with engine(url, poolclass=NullPool).connect() as opened:
        connection = opened.execution_options(isolation_level="AUTOCOMMIT")
        waiting: int = connection.execute(is_open).scalar_one()
        with working(url, handlers, tidy):
            wait_for(lambda: connection.execute(is_open).scalar_one() == 0)
    return waiting


def wait_for(condition: Callable[[], object]) -> None:
    """Wait for what must come; a minute at most."""
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)
