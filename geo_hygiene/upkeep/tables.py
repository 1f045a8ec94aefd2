"""The tables of the database as text, out and in, in the form of PostgreSQL's COPY.

Only records are carried over: the schema with its roles, rights, extension and computed columns is made by the
migrations, on whatever PostgreSQL stands there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, BinaryIO

from psycopg2 import sql
from sqlalchemy import Connection, text

from geo_hygiene import layers, records  # noqa: F401 - declare their tables
from geo_hygiene.accounts import models as account_models  # noqa: F401 - declares the tables
from geo_hygiene.jobs import models as job_models  # noqa: F401 - declares the table

NOT_RECORDS = ("alembic_version", "job")
"""Tables that no backup holds: what the migrations keep for themselves, and work that nobody waits for any more."""

TABLES = """
select
    class.relname as name,
    array_agg(column_.attname::text order by column_.attnum) filter (where column_.attgenerated = '') as columns,
    (
        select array_agg(key.attname::text order by position.at)
        from pg_index as index
        cross join unnest(index.indkey::int[]) with ordinality as position (attnum, at)
        join pg_attribute as key on key.attrelid = class.oid and key.attnum = position.attnum
        where index.indrelid = class.oid and index.indisprimary
    ) as key
from pg_class as class
join pg_attribute as column_ on column_.attrelid = class.oid and column_.attnum > 0 and not column_.attisdropped
where class.relnamespace = 'public'::regnamespace and class.relkind = 'r' and class.relpersistence = 'p'
    and class.relname <> all(:not_records)
    and not exists (
        select from pg_depend where classid = 'pg_class'::regclass and objid = class.oid and deptype = 'e'
    )
group by class.oid, class.relname
order by class.relname
"""

STABLE_TEXT = """
set local timezone = 'UTC'; set local datestyle = 'ISO, YMD'; set local intervalstyle = 'iso_8601';
set local bytea_output = 'hex'; set local extra_float_digits = 1; set local client_encoding = 'UTF8'
"""
"""The same records give the same text, whatever the server's configuration."""

SEQUENCES = """
select class.relname || '.' || column_.attname as name,
    pg_get_serial_sequence(quote_ident(class.relname), column_.attname) as sequence
from pg_class as class
join pg_attribute as column_ on column_.attrelid = class.oid and column_.attnum > 0 and not column_.attisdropped
where class.relnamespace = 'public'::regnamespace and class.relname = any(:tables)
    and pg_get_serial_sequence(quote_ident(class.relname), column_.attname) is not null
order by 1
"""

REFERENCES = """
select conrelid::regclass::text as table, quote_ident(conname) as name, pg_get_constraintdef(oid) as definition
from pg_constraint
where contype = 'f' and conrelid::regclass::text = any(:tables)
order by 1, 2
"""

INDEXES = """
select indexrelid::regclass::text as name, pg_get_indexdef(indexrelid) as definition
from pg_index
where indrelid::regclass::text = any(:tables)
    and not exists (select from pg_constraint where conindid = indexrelid and contype in ('p', 'u', 'x'))
order by 1
"""


@dataclass(frozen=True)
class Table:
    """A table of records.

    Attributes
    ----------
    columns
        Those that are stored as they are, in their order; computed ones are left out.
    key
        Columns of the primary key, by which the rows are ordered.
    """

    name: str
    columns: tuple[str, ...]
    key: tuple[str, ...]


def tables_of(connection: Connection) -> list[Table]:
    """Return the tables of records: those of PostGIS, of the migrations, of jobs and of imports under way are none."""
    rows = connection.execute(text(TABLES), {"not_records": list(NOT_RECORDS)})
    return [Table(row.name, tuple(row.columns), tuple(row.key or ())) for row in rows]


def copy_out(connection: Connection, table: Table, file: BinaryIO) -> int:
    """Write the rows of a table in the order of its key; return how many they are."""
    connection.execute(text(STABLE_TEXT))
    statement = sql.SQL("copy (select {columns} from {table} order by {key}) to stdout").format(
        columns=_names(table.columns), table=sql.Identifier(table.name), key=_names(table.key or table.columns)
    )
    return _copy(connection, statement, file)


def copy_in(connection: Connection, table: Table, file: BinaryIO) -> int:
    """Read rows into a table; return how many they are."""
    connection.execute(text(STABLE_TEXT))
    statement = sql.SQL("copy {table} ({columns}) from stdin").format(
        table=sql.Identifier(table.name), columns=_names(table.columns)
    )
    return _copy(connection, statement, file)


def _names(names: Sequence[str]) -> sql.Composed:
    return sql.SQL(", ").join(map(sql.Identifier, names))


def _copy(connection: Connection, statement: sql.Composed, file: BinaryIO) -> int:
    cursor: Any = connection.connection.cursor()
    with cursor:
        cursor.copy_expert(statement, file, 1 << 20)
        return int(cursor.rowcount)


def sequences_of(connection: Connection, tables: Sequence[Table]) -> dict[str, tuple[int, bool]]:
    """Return by table and column the last number that was given, and whether it was."""
    found = {}
    for row in connection.execute(text(SEQUENCES), {"tables": [table.name for table in tables]}).all():
        told = connection.execute(text(f"select last_value, is_called from {row.sequence}")).one()  # noqa: S608 - a name
        found[row.name] = (told.last_value, told.is_called)
    return found


def set_sequences(connection: Connection, tables: Sequence[Table], last: dict[str, tuple[int, bool]]) -> None:
    """Let sequences go on where they stood."""
    for row in connection.execute(text(SEQUENCES), {"tables": [table.name for table in tables]}).all():
        value, is_called = last[row.name]
        connection.execute(
            text("select setval(cast(:sequence as regclass), :value, :is_called)"),
            {"sequence": row.sequence, "value": value, "is_called": is_called},
        )


@contextmanager
def without_indexes(
    connection: Connection, tables: Sequence[Table], step: Callable[[int, int], None]
) -> Iterator[None]:
    """Take references and indexes away while rows are loaded, and make and check them again in one go.

    Parameters
    ----------
    step
        Called with how many are made of how many.

    Raises
    ------
    RuntimeError
        If they are not the same afterwards.
    """
    names = {"tables": [table.name for table in tables]}
    references = connection.execute(text(REFERENCES), names).all()
    indexes = connection.execute(text(INDEXES), names).all()
    for reference in references:
        _run(connection, f"alter table {reference.table} drop constraint {reference.name}")
    for index in indexes:
        _run(connection, f"drop index {index.name}")
    yield
    total = len(indexes) + len(references)
    for done, index in enumerate(indexes):
        step(done, total)
        _run(connection, index.definition)
    for done, reference in enumerate(references, len(indexes)):
        step(done, total)
        _run(connection, f"alter table {reference.table} add constraint {reference.name} {reference.definition}")
    if connection.execute(text(REFERENCES), names).all() != references:
        raise RuntimeError("the references between the tables are not those of before")
    if connection.execute(text(INDEXES), names).all() != indexes:
        raise RuntimeError("the indexes are not those of before")


def _run(connection: Connection, statement: str) -> None:
    """Run a statement as it stands: no sign in it is a place for a value."""
    cursor: Any = connection.connection.cursor()
    with cursor:
        cursor.execute(statement)
