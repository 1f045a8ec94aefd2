"""The process that does the jobs: one at a time, each in a child of its own that can be killed at any moment.

What a job changes, and that it is done, are one transaction: a kill leaves all of it or nothing, whatever it hits.
Cancelling is such a kill. Only one worker of a database works; another one waits until the first is gone.
"""

from __future__ import annotations

import logging
import os
import select
import signal
import time
import traceback
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import psycopg2.errors
from psycopg2.extensions import TransactionRollbackError
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.pool import NullPool

from geo_hygiene.database import engine
from geo_hygiene.ending import die_with
from geo_hygiene.errors import GeoHygieneError
from geo_hygiene.i18n import _, use_locale
from geo_hygiene.jobs import store
from geo_hygiene.jobs.store import Job, JobState

Progress = Callable[[str, int, int | None], None]
"""Called with the name of a step, how much of it is done, and how much there is (``None``: unknown)."""

Handler = Callable[[Connection, Job, Progress], Mapping[str, Any]]
"""Does a job in the transaction of a connection and returns its result; it does not commit."""

Tidy = Callable[[Connection], None]
"""Removes what nothing needs any more."""

WORKER_LOCK = 4_326_005
"""Advisory lock of the session that works: one of a database."""

LIKELY_VICTIM = "500"
"""When the machine runs out of memory, the kernel ends a job sooner than the database."""

IDLE_SECONDS = 10.0
WATCH_SECONDS = 0.1
RETRY_SECONDS = 1.0
PROGRESS_SECONDS = 0.3
TIDY_SECONDS = 600.0
GONE_SECONDS = 30.0
MOST_SECONDS = 3600.0
"""Time after which a job is ended: nobody waits that long for what the browser asks."""

SESSION = "geo_hygiene job"
"""Name of the sessions of jobs, by which a worker finds those that outlived their process."""

STRAYS = """
select pg_terminate_backend(pid) from pg_stat_activity
where application_name = :name and datname = current_database() and usename = current_user
"""
STRAYS_LEFT = """
select count(*) from pg_stat_activity
where application_name = :name and datname = current_database() and usename = current_user
"""

LOG = logging.getLogger("geo_hygiene.jobs")


class Worker:
    """Does jobs until it is told to stop.

    Parameters
    ----------
    url
        The database, for the service role.
    handlers
        What does each kind of job.
    tidy
        Called after each job, and now and then.
    """

    def __init__(self, url: str, handlers: Mapping[str, Handler], tidy: Tidy = lambda _connection: None) -> None:
        self._url = url
        self._handlers = handlers
        self._tidy = tidy
        self._tidied_at = float("-inf")
        self._is_told_to_stop = False
        self._heard, self._told = os.pipe()
        os.set_blocking(self._told, False)

    def stop(self, *_signal: object) -> None:
        """Stop now; a job that runs is broken off."""
        self._is_told_to_stop = True
        with suppress(BlockingIOError):
            os.write(self._told, b"!")

    def run(self) -> None:
        """Work until told to stop; a database that went away is waited for."""
        opened = engine(self._url, poolclass=NullPool)
        while not self._is_told_to_stop:
            try:
                with opened.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                    self._work(connection)
            except (OperationalError, InterfaceError) as error:
                LOG.warning("the database went away: %s", str(error.orig).strip().partition("\n")[0])
                self._wait(RETRY_SECONDS)

    def _wait(self, seconds: float, connection: Connection | None = None) -> bool:
        """Wait, no longer than until told to stop; tell whether the database told something before."""
        if connection is None:
            select.select([self._heard], [], [], seconds)
            return False
        driver: Any = connection.connection.driver_connection
        # what is told while a statement runs comes with its answer
        if not driver.notifies:
            readable, _writable, _wrong = select.select([self._heard, driver], [], [], seconds)
            if driver not in readable:
                return False
            _read_notices(driver)
        driver.notifies.clear()
        return True

    def _work(self, connection: Connection) -> None:
        if not self._begin(connection):
            self._wait(RETRY_SECONDS)
            return
        connection.execute(text(f"listen {store.CHANNEL}"))
        while not self._is_told_to_stop:
            self._do_all(connection)
            if time.monotonic() - self._tidied_at > TIDY_SECONDS:
                store.forget_old(connection)
                self._tidy_up(connection)
            self._wait(IDLE_SECONDS, connection)

    def _begin(self, connection: Connection) -> bool:
        """Be the only worker, and clear up after the one before; tell whether this one is."""
        if not connection.scalar(text("select pg_try_advisory_lock(:lock)"), {"lock": WORKER_LOCK}):
            return False
        self._end_leftovers(connection)
        return True

    def _do_all(self, connection: Connection) -> None:
        while not self._is_told_to_stop and (job := store.take(connection)) is not None:
            self._do(connection, job)

    def _end_leftovers(self, connection: Connection) -> None:
        """Say of jobs whose worker is gone that they were broken off, once nothing of them runs any more."""
        end_sessions(connection, f"{SESSION}%")
        for job in store.leftovers(connection):
            use_locale(job.locale)
            reason = _("The program ended while this ran. Nothing of it was stored.")
            store.end(connection, job.id, JobState.DIED, reason)

    def _do(self, connection: Connection, job: Job) -> None:
        """Do one job in a child, and watch over it."""
        parent = os.getpid()
        child = os.fork()
        if child == 0:
            _be_child(self._url, self._handlers, job, parent)
        use_locale(job.locale)
        state, reason = self._watch(connection, job, child)
        end_sessions(connection, f"{SESSION} {job.uuid}")
        # of a job that told its own end this changes nothing
        store.end(connection, job.id, state, reason)
        self._tidy_up(connection)

    def _tidy_up(self, connection: Connection) -> None:
        """Remove what nothing needs any more; what stays for now is no reason to do no more jobs."""
        self._tidied_at = time.monotonic()
        try:
            self._tidy(connection)
        except OSError as error:
            LOG.warning("not tidied up: %s", error)

    def _watch(self, connection: Connection, job: Job, child: int) -> tuple[JobState, str | None]:
        """Wait for the end of a child, or end it; return what is to be said of a job that did not say it itself."""
        began = time.monotonic()
        try:
            while True:
                ended, status = os.waitpid(child, os.WNOHANG)
                if ended:
                    child = 0
                    return JobState.DIED, _why(status)
                if self._is_told_to_stop:
                    return JobState.DIED, _("The program was stopped while this ran. Nothing of it was stored.")
                if time.monotonic() - began > MOST_SECONDS:
                    return JobState.FAILED, _("This took longer than an hour and was ended. Nothing of it was stored.")
                if self._wait(WATCH_SECONDS, connection) and store.is_cancel_asked(connection, job):
                    return JobState.CANCELLED, None
        finally:
            if child:
                os.kill(child, signal.SIGKILL)
                os.waitpid(child, 0)


def _read_notices(driver: Any) -> None:
    """Read what the database tells."""
    try:
        driver.poll()
    except psycopg2.OperationalError as error:
        raise OperationalError("listen", None, error) from error


def _why(status: int) -> str | None:
    """Return a sentence for the end of a child that told nothing of it."""
    if os.WIFSIGNALED(status):
        return _("The machine ended this, perhaps for lack of memory. Nothing of it was stored.")
    return _("The database was stopped while this ran. Nothing of it was stored.")


def end_sessions(connection: Connection, name: str) -> None:
    """End sessions of jobs whose process is gone, and return when nothing of them goes on.

    ``name`` ends in ``%`` for those of all jobs.
    """
    stray, left = STRAYS, STRAYS_LEFT
    if name.endswith("%"):
        stray, left = (one.replace("= :name", "like :name") for one in (STRAYS, STRAYS_LEFT))
    deadline = time.monotonic() + GONE_SECONDS
    while connection.execute(text(left), {"name": name}).scalar_one() and time.monotonic() < deadline:
        connection.execute(text(stray), {"name": name})
        time.sleep(WATCH_SECONDS / 2)


def _be_child(url: str, handlers: Mapping[str, Handler], job: Job, parent: int) -> None:
    """Do a job and end the process, without a look at what belongs to the worker."""
    status = 1
    try:
        die_with(parent)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)  # the worker ends it
        with suppress(OSError):
            Path("/proc/self/oom_score_adj").write_text(LIKELY_VICTIM)
        use_locale(job.locale)
        do(url, handlers, job)
        status = 0
    except BaseException as error:
        _log(job, error)
    finally:
        os._exit(status)


def do(url: str, handlers: Mapping[str, Handler], job: Job) -> None:
    """Do a job in this process; its result, or why there is none, stands in its row afterwards."""
    opened = engine(url, session=f"{SESSION} {job.uuid}", poolclass=NullPool)
    beside = opened.execution_options(isolation_level="AUTOCOMMIT")
    with beside.connect() as telling:
        try:
            _do_in_one(opened, handlers[job.kind], job, _Told(telling, job))
        except GeoHygieneError as error:
            store.end(telling, job.id, JobState.FAILED, str(error))
        except Exception as error:
            if isinstance(error, DBAPIError) and _is_gone(error):
                raise
            _log(job, error)
            store.end(telling, job.id, JobState.FAILED, _sentence(error))


def _do_in_one(opened: Engine, handler: Handler, job: Job, told: Progress) -> None:
    """Do a job and end it in one transaction; once more where that and another one waited for each other."""

    def attempt() -> None:
        with opened.begin() as connection:
            store.finish(connection, job, handler(connection, job, told))

    try:
        attempt()
    except DBAPIError as error:
        if not isinstance(error.orig, TransactionRollbackError):
            raise
        attempt()


def _is_gone(error: DBAPIError) -> bool:
    """Tell whether the database went away; whatever it refuses has a code."""
    is_of_database = isinstance(error, OperationalError | InterfaceError)
    return error.connection_invalidated or (is_of_database and getattr(error.orig, "pgcode", None) is None)


def _sentence(error: Exception) -> str:
    """Return what is said of a mistake that has no words of its own."""
    if isinstance(error, DBAPIError) and isinstance(error.orig, psycopg2.errors.DiskFull):
        return _("The disk of the database is full. Nothing was stored.")
    return _("This is our own fault. It was recorded in the log under this job.")


def _log(job: Job, error: BaseException) -> None:
    """Write down where something went wrong; the words of the error could repeat what stands in a file."""
    where = "".join(traceback.format_tb(error.__traceback__))
    LOG.error("job %s (%s): %s\n%s", job.uuid, job.kind, type(error).__qualname__, where)


class _Told:
    """Writes down how far a job is, now and then."""

    def __init__(self, connection: Connection, job: Job) -> None:
        self._connection = connection
        self._job = job
        self._step = ""
        self._told_at = 0.0

    def __call__(self, step: str, done: int, total: int | None) -> None:
        """Tell a step at once, and how far it is some times a second."""
        now = time.monotonic()
        if step != self._step or now - self._told_at > PROGRESS_SECONDS:
            self._step, self._told_at = step, now
            store.tell_progress(self._connection, self._job, step, done, total)
