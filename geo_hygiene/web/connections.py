"""The service role's connections of one process: limited in time; questions are asked once more after a restart."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Any, Concatenate, ParamSpec, TypeVar

from flask import current_app
from sqlalchemy import Connection, Engine, event, make_url
from sqlalchemy.exc import DBAPIError

from geo_hygiene import database
from geo_hygiene.errors import GeoHygieneError
from geo_hygiene.i18n import _

Parameters = ParamSpec("Parameters")
Answer = TypeVar("Answer")

#: Session settings of connections that only read, so that the database refuses a write by mistake; one answer of
#: several queries sees one state of the data; JIT costs more than it gains here.
READING = {
    "statement_timeout": "5s",
    "lock_timeout": "2s",
    "idle_in_transaction_session_timeout": "15s",
    "default_transaction_read_only": "on",
    "default_transaction_isolation": "repeatable read",
    "jit": "off",
}
#: A tile is a small query of which many run at once: parallel workers would only wait for each other, and the plans
#: that a connection keeps for tiles are good from the first time.
TILES = READING | {"max_parallel_workers_per_gather": "0", "plan_cache_mode": "force_generic_plan"}

#: A writer sees what was stored before it got its locks.
WRITING = READING | {
    "statement_timeout": "30s",
    "default_transaction_read_only": "off",
    "default_transaction_isolation": "read committed",
}

POOL_SIZE = 4
"""Connections that each process keeps for each use: one for each thread of a worker."""
POOL_WAIT = 3
"""Seconds that a request waits for a free connection before it is answered with 503."""


class DatabaseNotNamedError(GeoHygieneError):
    """No address of a database was given to this process."""

    def __init__(self) -> None:
        super().__init__(_("No database is known. Start the application with `geo-hygiene up`."))


class Connections:
    """Questions to the database; each process that asks gets engines of its own, also after a fork.

    Parameters
    ----------
    url
        Address of the database for the service role; ``None`` when it is not known.
    """

    def __init__(self, url: str | None) -> None:
        self._url = url
        self._lock = Lock()
        self._process = os.getpid()
        self._engines: dict[str, Engine] = {}

    @property
    def database(self) -> str:
        """Return the address without its password; empty when it is not known."""
        return make_url(self._url).render_as_string(hide_password=True) if self._url else ""

    def read(
        self,
        question: Callable[Concatenate[Connection, Parameters], Answer],
        /,
        *args: Parameters.args,
        **kwargs: Parameters.kwargs,
    ) -> Answer:
        """Answer a question that only reads, once more when the database was restarted in between."""
        return self._ask("pages", READING, question, *args, **kwargs)

    def write(
        self,
        change: Callable[Concatenate[Connection, Parameters], Answer],
        /,
        *args: Parameters.args,
        **kwargs: Parameters.kwargs,
    ) -> Answer:
        """Make a change whole, or not at all; it is not tried again."""
        with self.connect("writers", WRITING) as connection, connection.begin():
            return change(connection, *args, **kwargs)

    def who(
        self,
        question: Callable[Concatenate[Connection, Parameters], Answer],
        /,
        *args: Parameters.args,
        **kwargs: Parameters.kwargs,
    ) -> Answer:
        """Answer who asks, whatever waits for pages and tiles."""
        return self._ask("accounts", READING, question, *args, **kwargs)

    def tile(
        self,
        question: Callable[Concatenate[Connection, Parameters], Answer],
        /,
        *args: Parameters.args,
        **kwargs: Parameters.kwargs,
    ) -> Answer:
        """Answer a question of a tile, without parallel workers."""
        return self._ask("tiles", TILES, question, *args, **kwargs)

    def _ask(
        self,
        name: str,
        settings: dict[str, str],
        question: Callable[Concatenate[Connection, Parameters], Answer],
        /,
        *args: Parameters.args,
        **kwargs: Parameters.kwargs,
    ) -> Answer:
        try:
            with self.connect(name, settings) as connection:
                return question(connection, *args, **kwargs)
        except DBAPIError as error:
            if not error.connection_invalidated:
                raise
        with self.connect(name, settings) as connection:
            return question(connection, *args, **kwargs)

    @contextmanager
    def connect(self, name: str, settings: dict[str, str]) -> Iterator[Connection]:
        """Give a connection with these session settings; what is not committed on it is not kept."""
        with self._engine(name, settings).connect() as connection:
            yield connection

    def _engine(self, name: str, settings: dict[str, str]) -> Engine:
        with self._lock:
            if self._process != os.getpid():
                for inherited in self._engines.values():
                    inherited.dispose(close=False)
                self._engines = {}
                self._process = os.getpid()
            if name not in self._engines:
                self._engines[name] = self._make_engine(settings)
            return self._engines[name]

    def _make_engine(self, settings: dict[str, str]) -> Engine:
        if self._url is None:
            raise DatabaseNotNamedError
        engine = database.engine(self._url, pool_size=POOL_SIZE, max_overflow=0, pool_timeout=POOL_WAIT)
        statement = "select " + ", ".join("set_config(%s, %s, false)" for _setting in settings)
        values = [part for setting in settings.items() for part in setting]

        @event.listens_for(engine, "connect")
        def apply_settings(connection: Any, _record: object) -> None:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute(statement, values)
            connection.autocommit = False

        return engine

    def close(self) -> None:
        """Close every connection of this process."""
        with self._lock:
            if self._process == os.getpid():
                for engine in self._engines.values():
                    engine.dispose()
            self._engines = {}


def connections() -> Connections:
    """Return the connections of the current application."""
    found = current_app.extensions["geo_hygiene"]
    if not isinstance(found, Connections):
        raise TypeError("the application was not made by create_app")
    return found
