"""Values of a GeoPackage that are not of the type of their column.

SQLite keeps any value in any column, and GDAL makes something else of those that do not fit, in silence: no date is the
first of January 1970, “1,5” is 1, 30 February is 2 March. A field that holds such a value is handed on as text, as it
stands in the file, so that nothing is lost and the import says what is wrong with it.
"""

import sqlite3
from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa

_DAY = "[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]"
_NORMAL = "+0 days"
"""What lets SQLite make 2 March of 30 February, which shows that it is no day."""
_FIRST_DAY = "0001-01-01"
_FIRST_INSTANT, _LAST_INSTANT = "0001-01-02", "9999-12-31"
"""Python knows the years 1 to 9999; whatever the time zone, an instant between these days is one of them."""


def quoted(name: str) -> str:
    """Return a name as SQL writes it."""
    escaped = name.replace('"', '""')
    return f'"{escaped}"'


def misfits(database: sqlite3.Connection, layer: str, types: Mapping[str, pa.DataType]) -> list[str]:
    """Return the fields of these that hold a value which is not of their type."""
    rules = {name: rule for name, kind in types.items() if (rule := _rule(quoted(name), kind))}
    if not rules:
        return []
    wrong = ", ".join(f"max({quoted(name)} is not null and not coalesce({rule}, 0))" for name, rule in rules.items())
    (found,) = database.execute(f"select {wrong} from {quoted(layer)}")  # noqa: S608 - quoted
    return [name for name, is_wrong in zip(rules, found, strict=True) if is_wrong]


def _rule(column: str, kind: pa.DataType) -> str | None:
    """Return the condition that a value fits, or None where every value does."""
    if pa.types.is_boolean(kind):
        return f"typeof({column}) = 'integer' and {column} in (0, 1)"
    if pa.types.is_integer(kind):
        bounds = np.iinfo(kind.to_pandas_dtype())
        return f"typeof({column}) = 'integer' and {column} between {bounds.min} and {bounds.max}"
    if pa.types.is_floating(kind):
        most = np.finfo(kind.to_pandas_dtype()).max
        return f"typeof({column}) in ('integer', 'real') and abs({column}) <= {float(most)!r}"
    if pa.types.is_date(kind):
        return f"{column} glob '{_DAY}' and date({column}, '{_NORMAL}') = {column} and {column} >= '{_FIRST_DAY}'"
    if pa.types.is_timestamp(kind):
        clock = f"replace(substr({column}, 1, 19), ' ', 'T')"
        return (
            f"{column} glob '{_DAY}[T ]*' and strftime('%Y-%m-%dT%H:%M:%S', {clock}, '{_NORMAL}') = {clock}"
            f" and julianday({column}) is not null and {column} between '{_FIRST_INSTANT}' and '{_LAST_INSTANT}'"
        )
    return None


class Texts:
    """The values of some fields of a layer as texts, in the order of the file."""

    def __init__(self, database: sqlite3.Connection, layer: str, fields: Sequence[str]) -> None:
        self._fields = fields
        # with all columns behind them, so that no index of the fields gives the rows in an order of its own
        names = "".join(f"{quoted(name)}, " for name in fields)
        self._cursor = database.execute(f"select {names}* from {quoted(layer)}") if fields else None  # noqa: S608 - quoted

    def of_next(self, count: int) -> dict[str, pa.Array]:
        """Return the values of the next rows by the names of the fields.

        Raises
        ------
        sqlite3.DataError
            If there are not so many rows.
        """
        if self._cursor is None:
            return {}
        rows = self._cursor.fetchmany(count)
        if len(rows) < count:
            raise sqlite3.DataError
        return {name: pa.array([_text(row[at]) for row in rows], pa.string()) for at, name in enumerate(self._fields)}


def _text(value: object) -> str | None:
    if value is None:
        return None
    return value.decode("utf-8", errors="backslashreplace") if isinstance(value, bytes) else str(value)
