"""What the pages of records show, and the list that people take along; no request is known here."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Any

from sqlalchemy import Connection

from geo_hygiene.i18n import _
from geo_hygiene.layerspec import Attribute
from geo_hygiene.permissions import Areas
from geo_hygiene.reports.annual.books import Books, Counted
from geo_hygiene.reports.annual.record_lists import (
    RECORD_LISTS,
    SUM_TITLES,
    SUM_UNITS,
    RecordList,
    in_words,
    records_of,
)
from geo_hygiene.reports.annual.writing import with_unit
from geo_hygiene.web.list_file import list_file
from geo_hygiene.web.parameters import RowNumber, Text
from geo_hygiene.web.work_page_data import InWords, PeriodWords, books_of, chosen_areas

AT_ONCE = 1_000


class RecordParameters(PeriodWords):
    """What is shown of a list of records; without days it is everything up to today."""

    kind: Text | None = None
    after: RowNumber | None = None


@dataclass(frozen=True, kw_only=True)
class RecordPage(InWords):
    """A page of records, what all of them come to, and the other lists."""

    listed: RecordList
    kind: str | None
    counted: Counted
    rows: list[dict[str, Any]]
    next: int | None
    lists: list[RecordList]

    @property
    def sums(self) -> list[tuple[str, str, str]]:
        """Return key, name and value of what the records come to, as far as somebody said it.

        Quantities are of what their kind is about, so that those of all kinds come to nothing together.
        """
        told = self.counted.sums
        return [
            (key, _(title), with_unit(told[key], SUM_UNITS.get(key, "count")))
            for key, title in SUM_TITLES.items()
            if told.get(key) is not None and self.counted.records and (self.kind or key != "quantity")
        ]

    @property
    def columns(self) -> list[Attribute]:
        """Return the columns in which at least one record of the page says something."""
        return [one for one in self.listed.columns if any(row[one.name] is not None for row in self.rows)]


def record_page(connection: Connection, listed: RecordList, asked: RecordParameters, within: Areas) -> RecordPage:
    """Return a page of records within the areas to which the asker's role is limited."""
    books = books_of(connection, asked, within)
    rows, key = records_of(listed, books, asked.kind, limit=asked.limit, after=asked.after or 0)
    return RecordPage(
        **chosen_areas(connection, books.asked.last_day, asked.area, within),
        listed=listed,
        kind=asked.kind,
        counted=books.counted(listed.key, asked.kind),
        rows=in_words(connection, listed, rows),
        next=key,
        lists=list(RECORD_LISTS.values()),
    )


def record_file(
    connection: Connection, listed: RecordList, asked: RecordParameters, within: Areas
) -> tuple[str, IO[bytes]]:
    """Return the name of the file and the file: all records that fit, in the reader's words."""
    books = books_of(connection, asked, within)
    name = "-".join(filter(None, (listed.key, asked.kind, str(books.asked.last_day))))
    return f"{name}.csv", list_file(listed.columns, _every(listed, books, asked.kind), {})


def _every(listed: RecordList, books: Books, kind: str | None) -> Iterator[dict[str, Any]]:
    after: int | None = 0
    while after is not None:
        rows, after = records_of(listed, books, kind, limit=AT_ONCE, after=after)
        yield from in_words(books.connection, listed, rows)
