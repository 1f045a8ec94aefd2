"""Bring many rows to the database at once."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from psycopg2 import sql
from sqlalchemy import Connection

CHUNK = 5_000
"""Rows that are turned into text at once."""

_NULL = "\\N"
_SPECIAL = re.compile(r"[\\\t\n\r]")
_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


def as_copy_text(value: Any) -> str:
    """Return a value in the text form of COPY."""
    if isinstance(value, str):
        return value.translate(_ESCAPES)
    if isinstance(value, bytes):
        return "\\\\x" + value.hex()
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False).translate(_ESCAPES) if value else "{}"
    return _NULL if value is None else str(value)


def _texts(values: Sequence[Any]) -> Sequence[str]:
    """Return values in the text form of COPY; most columns are of one type and need little."""
    types = set(map(type, values))
    if types == {str} and not _SPECIAL.search("".join(values)):
        return values
    if types == {int}:
        return list(map(str, values))
    return list(map(as_copy_text, values))


def copy_rows(connection: Connection, table: str, columns: Mapping[str, Sequence[Any]]) -> None:
    """Write rows, given as columns of equal length, with COPY."""
    count = len(next(iter(columns.values())))
    if count == 0:
        return
    statement = sql.SQL("copy {} ({}) from stdin").format(
        sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, columns))
    )
    driver: Any = connection.connection
    with driver.cursor() as cursor:
        cursor.copy_expert(statement, _Stream(_chunks(list(columns.values()), count)))


def _chunks(columns: Sequence[Sequence[Any]], count: int) -> Iterator[bytes]:
    for begin in range(0, count, CHUNK):
        texts = [_texts(column[begin : begin + CHUNK]) for column in columns]
        yield ("\n".join(map("\t".join, zip(*texts, strict=True))) + "\n").encode()


class _Stream:
    """A file that COPY reads, made while it is read."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._rest = b""

    def read(self, size: int = -1) -> bytes:
        """Return the next bytes; nothing at the end."""
        while not self._rest:
            following = next(self._chunks, None)
            if following is None:
                return b""
            self._rest = following
        if size < 0:
            size = len(self._rest)
        part, self._rest = self._rest[:size], self._rest[size:]
        return part
