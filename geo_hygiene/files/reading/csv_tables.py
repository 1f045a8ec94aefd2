"""Read a CSV table: people, posts, assignments, and layers whose shapes stand in a column as well-known text."""

import csv
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path

from geo_hygiene.files.findings import Code
from geo_hygiene.files.formulas import unguarded
from geo_hygiene.files.reading.limits import MEBIBYTE
from geo_hygiene.files.reading.locate import Located, refuse
from geo_hygiene.files.reading.text_tables import MOST_TITLES, Line, TextTable, headings_of, says_nothing
from geo_hygiene.files.reading.texts import Text
from geo_hygiene.i18n import N_

_DELIMITERS = ",;\t"
_LONGEST_VALUE = 16 * MEBIBYTE


class CsvTable(TextTable):
    """A file of lines; its rows are counted from the first one behind the headings, above which titles may stand.

    Parameters
    ----------
    encoding
        What the user says, if anything; else UTF-8, or GB18030 where it is no UTF-8.
    has_shapes, needs_shapes
        As of every table.
    """

    format = "CSV"

    def __init__(self, located: Located, encoding: str | None, *, has_shapes: bool, needs_shapes: bool = True) -> None:
        ((_ending, self._path),) = located.parts.items()
        text = Text(self._path, encoding)
        self.encoding = text.encoding
        self._codec = text.codec
        csv.field_size_limit(_LONGEST_VALUE)
        self._delimiter = _delimiter(self._path, text.codec)
        titles, headings = self._headings()
        self._before = titles + 1
        super().__init__(
            located.name,
            headings,
            [*text.findings],
            has_shapes=has_shapes,
            needs_shapes=needs_shapes,
        )
        self._pass_over(0, titles)

    def _headings(self) -> tuple[int, Line]:
        """Return the number of lines above the headings, and the headings."""
        first: list[Line] = []
        with self._path.open(encoding=self._codec, newline="") as file, suppress(csv.Error):
            # A heading may go over several lines; a broken row below it is told when it is read.
            first.extend(islice(csv.reader(file, delimiter=self._delimiter, strict=True), MOST_TITLES + 1))
        return headings_of(first)

    def _lines(self) -> Iterator[Line]:
        row = 0
        with self._path.open(encoding=self._codec, newline="") as file:
            reader = csv.reader(file, delimiter=self._delimiter, strict=True)
            try:
                for line in islice(reader, self._before, None):
                    row += not all(map(says_nothing, line))
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
    """Return what stands between the values of the first line that has several."""
    with path.open(encoding=codec, newline="") as file:
        for line in islice(iter(lambda: file.readline(_LONGEST_VALUE), ""), MOST_TITLES + 1):
            delimiter = max(_DELIMITERS, key=line.count)
            if delimiter in line:
                return delimiter
    return _DELIMITERS[0]
