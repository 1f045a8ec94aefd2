"""Read a CSV table: people, posts, assignments, and layers whose shapes stand in a column as well-known text."""

import csv
from collections.abc import Iterator
from pathlib import Path

from geo_hygiene.files.findings import Code
from geo_hygiene.files.formulas import unguarded
from geo_hygiene.files.reading.limits import MEBIBYTE
from geo_hygiene.files.reading.locate import Located, refuse
from geo_hygiene.files.reading.text_tables import Line, TextTable
from geo_hygiene.files.reading.texts import Text
from geo_hygiene.i18n import N_

_DELIMITERS = ",;\t"
_LONGEST_VALUE = 16 * MEBIBYTE


class CsvTable(TextTable):
    """A file of lines; its rows are counted from the first one behind the headings.

    Parameters
    ----------
    encoding
        What the user says, if anything; else UTF-8, or GB18030 where it is no UTF-8.
    has_shapes, needs_shapes
        As of every table.
    """

    format = "CSV"

    def __init__(self, located: Located, encoding: str | None, *, has_shapes: bool, needs_shapes: bool = True) -> None:
        self._path = located.parts["csv"]
        text = Text(self._path, encoding)
        self.encoding = text.encoding
        self._codec = text.codec
        csv.field_size_limit(_LONGEST_VALUE)
        self._delimiter = _delimiter(self._path, text.codec)
        super().__init__(
            located.name,
            self._headings(),
            [*text.findings],
            has_shapes=has_shapes,
            needs_shapes=needs_shapes,
        )

    def _headings(self) -> list[str]:
        with self._path.open(encoding=self._codec, newline="") as file:
            try:
                # A heading may go over several lines.
                return next(csv.reader(file, delimiter=self._delimiter, strict=True), [])
            except csv.Error:
                return []

    def _lines(self) -> Iterator[Line]:
        row = 0
        with self._path.open(encoding=self._codec, newline="") as file:
            reader = csv.reader(file, delimiter=self._delimiter, strict=True)
            next(reader)
            try:
                for line in reader:
                    row += any(line)
                    yield [unguarded(value) for value in line]
            except csv.Error as problem:
                at = row + 1
                raise refuse(
                    Code.FILE_UNREADABLE,
                    N_("Row %(at)s is no CSV: its quotes do not match, or it holds a value of over %(most)s MB."),
                    row=at,
                    hint=N_("Mend the row in a spreadsheet, and save it as CSV again."),
                    at=at,
                    most=_LONGEST_VALUE // MEBIBYTE,
                ) from problem


def _delimiter(path: Path, codec: str) -> str:
    with path.open(encoding=codec, newline="") as file:
        return max(_DELIMITERS, key=file.readline(_LONGEST_VALUE).count)
