"""The engine, the base of the models, and the migrations."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import date
from pathlib import Path
from typing import Any, TypeVar
from weakref import WeakSet

import psycopg2
import psycopg2.errors
from geoalchemy2 import Geometry
from psycopg2.extensions import (
    TRANSACTION_STATUS_ACTIVE,
    TRANSACTION_STATUS_INERROR,
    AsIs,
    adapters,
    register_adapter,
)
from psycopg2.extras import execute_values
from sqlalchemy import Computed, Connection, Date, Dialect, Engine, Integer, MetaData, Text, create_engine, event, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import DeclarativeBase, MappedColumn, mapped_column
from sqlalchemy.types import TypeDecorator

from geo_hygiene.crs import STORAGE_SRID, TILE_SRID
from geo_hygiene.errors import GeoHygieneError
from geo_hygiene.i18n import _

Answer = TypeVar("Answer")

MIGRATIONS = Path(__file__).parent / "migrations"

MIGRATION_LOCK = 4_326_001
"""Advisory lock that lets one process migrate at a time."""

DURABLE = {
    "fsync": {"on"},
    "full_page_writes": {"on"},
    "synchronous_commit": {"on", "local", "remote_write", "remote_apply"},
}
"""Settings without which an acknowledged record can be lost in a crash, with their safe values."""

_drivers: WeakSet[Any] = WeakSet()
"""The driver's connections of this process."""


LARGEST_INTEGER = 2**31 - 1

_any_list = adapters[list, psycopg2.extensions.ISQLQuote]


def _adapted(values: list[Any]) -> Any:
    """Return a list as the driver writes it into a statement: whole numbers as one constant.

    As an array of constants, the ids of a county's streets cost driver and server more than most of what is asked.
    """
    if set(map(type, values)) != {int}:
        return _any_list(values)
    kind = "int" if max(values) <= LARGEST_INTEGER and min(values) >= -LARGEST_INTEGER else "bigint"
    return AsIs(f"'{{{','.join(map(str, values))}}}'::{kind}[]")


register_adapter(list, _adapted)


class NewerDatabaseError(GeoHygieneError):
    """A newer version of the program has migrated the database."""


class Base(DeclarativeBase):
    """Base of every table; constraints get names that can be turned into sentences."""

    type_annotation_map = {str: Text}  # noqa: RUF012 - SQLAlchemy's own form
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_N_label)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class OpenDate(TypeDecorator[date]):
    """A day of a half-open period; ``None`` is the open end and stored as an infinite date."""

    impl = Date
    cache_ok = True

    def __init__(self, infinity: str) -> None:
        super().__init__()
        self.infinity = infinity

    def process_bind_param(self, value: date | None, dialect: Dialect) -> object:  # noqa: ARG002
        """Store an open end as an infinite date."""
        return self.infinity if value is None else value

    def process_result_value(self, value: date | None, dialect: Dialect) -> date | None:  # noqa: ARG002
        """Read an infinite date as an open end."""
        return None if value in (None, date.min, date.max) else value


def valid_from_column(*, primary_key: bool = False) -> MappedColumn[date | None]:
    """Return the first day of a period; open means "since ever"."""
    return mapped_column(
        OpenDate("-infinity"), nullable=False, server_default=text("'-infinity'"), primary_key=primary_key
    )


def valid_to_column() -> MappedColumn[date | None]:
    """Return the day after a period's last; open means "until further notice"."""
    return mapped_column(OpenDate("infinity"), nullable=False, server_default=text("'infinity'"))


def import_column() -> MappedColumn[int | None]:
    """Return the number of the import that brought a record.

    It is no foreign key: a check of each row cost a fifth of a large import, and only clearing the sample deletes
    imports, after their records.
    """
    return mapped_column(Integer, nullable=True)


def geometry_column(kind: str, *, nullable: bool = False, searched: bool = False) -> MappedColumn[object]:
    """Return a geometry column in EPSG:4326, x = longitude; with a spatial index where records are ``searched`` by it.

    Tiles search the copy in EPSG:3857.
    """
    dimension = 3 if kind.endswith("M") else 2
    return mapped_column(
        Geometry(kind, srid=STORAGE_SRID, dimension=dimension, nullable=nullable, spatial_index=searched),
        nullable=nullable,
    )


def tile_geometry_column(kind: str) -> MappedColumn[object]:
    """Return the kept EPSG:3857 copy of ``geom`` that tiles are cut from (measures stay with it)."""
    return mapped_column(
        Geometry(kind, srid=TILE_SRID, dimension=3 if kind.endswith("M") else 2),
        Computed(f"ST_Transform(geom, {TILE_SRID})", persisted=True),
        nullable=True,
    )


def engine(url: str, *, session: str | None = None, **options: object) -> Engine:
    """Return an engine whose sessions work in UTC and never wait long for a lost server.

    Parameters
    ----------
    session
        Name of the sessions of a process that may be killed: a statement that nobody waits for any more is given up.
    """
    settings = "-c timezone=UTC -c client_min_messages=warning"
    arguments: dict[str, object] = {"options": settings, "connect_timeout": 10}
    if session is not None:
        arguments |= {"options": f"{settings} -c client_connection_check_interval=1s", "application_name": session}
    made = create_engine(url, pool_pre_ping=True, connect_args=arguments, **options)
    event.listen(made, "connect", lambda driver, _record: _drivers.add(driver))
    return made


def cancel_statements() -> None:
    """Let the statements fail that run for this process at this moment; callable from any thread."""
    for driver in tuple(_drivers):
        with suppress(psycopg2.Error):
            driver.cancel()


def is_between_statements() -> bool:
    """Tell whether a signal handler may raise an exception.

    The driver prints what is raised while it words the failure of a statement, and goes on with that failure.
    """
    within = (TRANSACTION_STATUS_ACTIVE, TRANSACTION_STATUS_INERROR)
    return all(driver.info.transaction_status not in within for driver in tuple(_drivers))


def in_time(connection: Connection, seconds: float, question: Callable[[Connection], Answer]) -> Answer | None:
    """Answer a question that only reads, or give it up after some seconds and return ``None``."""
    step = connection.begin_nested()
    try:
        connection.execute(
            text("select set_config('statement_timeout', :time, true)"), {"time": f"{max(int(seconds * 1000), 1)}ms"}
        )
        return question(connection)
    except OperationalError as error:
        if not isinstance(error.orig, psycopg2.errors.QueryCanceled):
            raise
        return None
    finally:
        step.rollback()  # the limit goes with it


@contextmanager
def planned_without(connection: Connection, *ways: str) -> Iterator[None]:
    """Keep the planner from ways to join (``nestloop``, ``hashjoin``, ``mergejoin``) where it misjudges the rows."""
    for way in ways:
        connection.execute(text(f"set local enable_{way} = off"))
    yield
    for way in ways:
        connection.execute(text(f"set local enable_{way} = on"))


def write_rows(connection: Connection, statement: str, rows: Sequence[Sequence[object]]) -> None:
    """Run a statement with many rows at once; ``values %s`` in it becomes the rows, bound by the driver."""
    _run_with_rows(connection, statement, rows, fetch=False)


def write_rows_returning(
    connection: Connection, statement: str, rows: Sequence[Sequence[object]]
) -> list[tuple[Any, ...]]:
    """Do as :func:`write_rows`, and return what the statement returns."""
    return _run_with_rows(connection, statement, rows, fetch=True) or []


def _run_with_rows(connection: Connection, statement: str, rows: Sequence[Sequence[object]], *, fetch: bool) -> Any:
    if not rows:
        return None
    cursor: Any = connection.connection.cursor()
    with cursor:
        return execute_values(cursor, statement, rows, page_size=10_000, fetch=fetch)


def head_revision() -> str:
    """Return the newest revision that this program knows."""
    return known_revisions()[0]


def current_revision(connection: Connection) -> str | None:
    """Return the revision of a database, or ``None`` when it is empty."""
    if connection.scalar(text("select to_regclass('alembic_version')")) is None:
        return None
    revision: str | None = connection.scalar(text("select version_num from alembic_version"))
    return revision


def risky_settings(connection: Connection) -> dict[str, str]:
    """Return the settings of the server with which a crash could lose what was acknowledged."""
    found = {
        name: connection.execute(text("select current_setting(:name)"), {"name": name}).scalar_one() for name in DURABLE
    }
    return {name: value for name, value in found.items() if value not in DURABLE[name]}


def known_revisions() -> list[str]:
    """Return the revisions that this program has the migrations of, the newest first: they are numbered in order."""
    names = (file.name.partition("_")[0] for file in (MIGRATIONS / "versions").glob("[0-9]*_*.py"))
    return sorted(names, reverse=True)


def _newer(revision: str) -> NewerDatabaseError:
    return NewerDatabaseError(
        _(
            "The database has the schema %(revision)s, which this program does not know: install the newer version of "
            "the program that made it.",
            revision=revision,
        )
    )


def migrate(owner_url: str, revision: str = "head") -> None:
    """Bring a database to a revision, newer or older, as its owner; concurrent callers wait for one another.

    All of it is one transaction: a database is at the one revision or at the other, whatever happens on the way.

    Raises
    ------
    NewerDatabaseError
        If the database is at a revision that this program does not know.
    """
    owner = engine(owner_url)
    wanted = head_revision() if revision == "head" else revision
    with owner.connect() as connection:
        if current_revision(connection) != wanted:
            connection.rollback()
            with connection.begin():
                connection.execute(text("select pg_advisory_xact_lock(:lock)"), {"lock": MIGRATION_LOCK})
                known = known_revisions()
                current = current_revision(connection)
                if current is not None and current not in known:
                    raise _newer(current)
                is_newer = current is not None and known.index(current) < known.index(wanted)
                _run_migrations(connection, wanted, back=is_newer)
    owner.dispose()


def _run_migrations(connection: Connection, revision: str, *, back: bool) -> None:
    from alembic import command  # noqa: PLC0415 - a quarter of a second, and most starts have nothing to migrate
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    (command.downgrade if back else command.upgrade)(config, revision)
