"""A list that people take along: CSV as spreadsheets read it, in the reader's words."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from tempfile import SpooledTemporaryFile
from typing import IO, Any

from geo_hygiene.files.formulas import guarded
from geo_hygiene.i18n import _
from geo_hygiene.layerspec import Attribute

IN_MEMORY = 1_000_000
"""Bytes of a list beyond which it lies on the disk until it was sent."""


def list_file(
    columns: Sequence[Attribute], rows: Iterable[Mapping[str, Any]], told: Mapping[str, Mapping[str, str]]
) -> IO[bytes]:
    """Return the file of a list, open at its beginning: UTF-8 with a byte order mark, written row by row.

    Parameters
    ----------
    told
        By column the words for its values.
    """
    file = SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115 - the answer closes it when it was sent
    lines = io.TextIOWrapper(file, "utf-8-sig", newline="")
    writer = csv.writer(lines)
    writer.writerow([f"{_(column.title)} ({column.unit})" if column.unit else _(column.title) for column in columns])
    for row in rows:
        writer.writerow(list(_cells(row, columns, told)))
    lines.detach()
    file.seek(0)
    return file


def _cells(
    row: Mapping[str, Any], columns: Sequence[Attribute], told: Mapping[str, Mapping[str, str]]
) -> Iterator[str | int | float]:
    for column in columns:
        value = row[column.name]
        if value is None:
            yield ""
        elif isinstance(value, int | float):
            yield value
        else:
            yield guarded(told.get(column.name, {}).get(str(value), str(value)))
