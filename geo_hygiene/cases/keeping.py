"""Keeps the columns of all cases for a web server: finds those of the data that a request sees, or has them made.

They are made by a process of its own, one at a time for a folder, which holds a lock that ends with it. Until they are
there the database counts, and where that takes longer than making them, a request waits for them.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import IO

from sqlalchemy import Connection, text
from sqlalchemy.exc import SQLAlchemyError

from geo_hygiene.cases.column_counting import ColumnCounts
from geo_hygiene.cases.columns import Columns, name_of, open_columns, write_columns
from geo_hygiene.cases.counting import Counts, DatabaseCounts
from geo_hygiene.database import engine

LEAST_CASES = 50_000
"""Up to so many cases the database counts fast enough, and nothing is kept."""

CASES_TO_WAIT = 1_000_000
"""From so many on the columns are made sooner than the database has counted."""

WAIT_SECONDS = 10.0
"""Not longer: the transaction of a request that does nothing for 15 s is ended."""
POLL_SECONDS = 0.05
RETRY_SECONDS = 60.0
"""After columns could not be made, as on a full disk."""

ADDRESS = "GEO_HYGIENE_SERVICE_URL"
LOCK = "lock"

ABOUT_SO_MANY = "select coalesce(max(id), 0) from reported_case"
"""Counting them would take as long as what is to be saved; numbers that were never used do not matter."""


class KeptCounts:
    """Counts of cases by whatever answers sooner.

    Parameters
    ----------
    folder
        Where the columns are kept; it can be removed at any time.
    url
        Address of the database for the service role; without it nothing is kept.
    least
        Cases from which the columns are used.
    """

    def __init__(self, folder: Path, url: str | None, *, least: int = LEAST_CASES) -> None:
        self._folder = folder
        self._url = url
        self._least = least
        self._guard = threading.Lock()
        self._opened: tuple[str, Columns] | None = None
        self._retry_at = 0.0

    def of(self, connection: Connection) -> Counts:
        """Return counts of the cases as the transaction of a connection sees them."""
        count: int = connection.execute(text(ABOUT_SO_MANY)).scalar_one()
        if self._url is None or count < self._least:
            return DatabaseCounts(connection)
        name = name_of(connection)
        columns = self._open(name)
        if columns is None and self._have_made(self._url) and count >= CASES_TO_WAIT:
            columns = self._wait(name)
        return DatabaseCounts(connection) if columns is None else ColumnCounts(connection, columns)

    def _open(self, name: str) -> Columns | None:
        with self._guard:
            if self._opened is None or self._opened[0] != name:
                columns = open_columns(self._folder / name)
                if columns is None:
                    return None
                self._opened = name, columns
            return self._opened[1]

    def _have_made(self, url: str) -> bool:
        """Begin to make the columns unless somebody does already; tell whether they are being made."""
        if time.monotonic() < self._retry_at:
            return False
        try:
            lock = _locked(self._folder)
        except OSError:
            self._retry_at = time.monotonic() + RETRY_SECONDS
            return False
        if lock is not None:
            threading.Thread(target=self._make, args=(url, lock), daemon=True).start()
        return True

    def _make(self, url: str, lock: IO[bytes]) -> None:
        with lock:
            made = subprocess.run(  # noqa: S603 - our own interpreter
                [sys.executable, "-m", "geo_hygiene.cases.keeping", str(self._folder)],
                stdin=subprocess.DEVNULL,
                env=os.environ | {ADDRESS: url},
                pass_fds=[lock.fileno()],  # so that it stays locked until the process ends, whatever becomes of us
                check=False,
            )
        if made.returncode:
            self._retry_at = time.monotonic() + RETRY_SECONDS

    def _wait(self, name: str) -> Columns | None:
        deadline = time.monotonic() + WAIT_SECONDS
        is_made = True
        while is_made and time.monotonic() < deadline:
            time.sleep(POLL_SECONDS)
            is_made = _is_locked(self._folder)
            if (columns := self._open(name)) is not None:
                return columns
        return None


def _locked(folder: Path) -> IO[bytes] | None:
    """Return a file that is locked for who makes the columns, ``None`` when somebody does."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = (folder / LOCK).open("ab")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        return None
    return lock


def _is_locked(folder: Path) -> bool:
    lock = _locked(folder)
    if lock is not None:
        lock.close()
    return lock is None


def keep(url: str, folder: Path) -> None:
    """Make the columns of the data as they stand, unless they are there.

    Raises
    ------
    OSError, SQLAlchemyError
        If they can not be made; the folder is as before.
    """
    asking = engine(url, isolation_level="REPEATABLE READ")
    try:
        with asking.connect() as connection:
            named = folder / name_of(connection)
            if open_columns(named) is None:
                shutil.rmtree(named, ignore_errors=True)
                write_columns(connection, folder)
    finally:
        asking.dispose()


def main() -> int:
    """Make the columns for the folder and the database that the caller names."""
    try:
        keep(os.environ[ADDRESS], Path(sys.argv[1]))
    except (OSError, SQLAlchemyError) as error:
        sys.stderr.write(json.dumps({"level": "error", "message": f"complaints are counted by the database: {error}"}))
        sys.stderr.write("\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
