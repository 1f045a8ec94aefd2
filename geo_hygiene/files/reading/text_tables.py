"""Tables: a line of headings, then rows of text; the shape may stand in a column as well-known text."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import pyarrow as pa
import shapely
from numpy.typing import NDArray

from geo_hygiene.crs import STORAGE_SRID
from geo_hygiene.files.findings import Code, Finding
from geo_hygiene.files.reading.geometry import INVALID_HINT, parsed
from geo_hygiene.files.reading.locate import refuse
from geo_hygiene.files.reading.sources import FieldNames, RawBatch
from geo_hygiene.files.reading.systems import System, from_option
from geo_hygiene.i18n import N_

ROWS_IN_BATCH = 20_000
SHAPE_COLUMN = "wkt"
REASON_COLUMNS = ("row", "codes", "reasons")
"""What a file of refused rows has before the columns of the rows; the shape stands behind them."""

Line = Sequence[str]
"""The values of a line."""

MOST_TITLES = 20
"""Lines above the headings that may hold a title, a date, or nothing."""
FEWEST_HEADINGS, SHARE_OF_HEADINGS = 2, 0.6
"""A line with fewer values, or fewer than this share of those of the fullest line, is a title."""
_PADDING = " \t\r\n\x00\x1a\u3000\ufeff"


def headings_of(lines: Sequence[Line]) -> tuple[int, Line]:
    """Return how many of the first lines of a table stand above the headings, and the headings."""
    filled = [sum(not says_nothing(value) for value in line) for line in lines]
    fewest = max(1, min(max(FEWEST_HEADINGS, SHARE_OF_HEADINGS * max(filled, default=0)), max(filled, default=0)))
    at = next((number for number, values in enumerate(filled) if values >= fewest), None)
    if at is None:
        return 0, []
    headings = lines[at]
    if at + 1 < len(lines) and (parts := _grouped(headings, lines[at + 1])):
        at, headings = at + 1, parts
    last = max(place for place, value in enumerate(headings) if value.strip())
    return at, headings[: last + 1]


def says_nothing(value: str) -> bool:
    """Tell whether a value is empty, or what programs put behind the end of a text."""
    return not value.strip(_PADDING).strip()


def _grouped(upper: Line, lower: Line) -> Line:
    """Return the headings of two lines where the upper one names groups of columns, as merged cells do; else nothing.

    The lower line then says something in every column of every group, and nothing elsewhere.
    """
    width = max(len(upper), len(lower))
    above, below = ([*line, *[""] * (width - len(line))] for line in (upper, lower))
    starts = [at for at in range(width) if above[at].strip()]
    grouped = set()
    for start, end in zip(starts, [*starts[1:], width], strict=True):
        if end - start > 1 and below[start].strip():
            grouped |= {at for at in range(start, end) if below[at].strip()}
    said = {at for at in range(width) if below[at].strip()}
    if not grouped or said != grouped or any(not above[at].strip() and at not in said for at in range(max(said))):
        return []
    return [low if low.strip() else high for high, low in zip(above, below, strict=True)]


class TextTable(ABC):
    """A table with one line of headings; every value is text, empty ones are null.

    Parameters
    ----------
    headings
        What stands in the line of headings, one for each column.
    has_shapes
        Whether a layer is wanted, whose shapes stand in the column `wkt`; else the rows have no geometry.
    needs_shapes
        Whether a layer without that column is refused; else its rows say otherwise where they are.

    Raises
    ------
    RefusedError
        If there are no headings, or no shapes where they are needed.
    """

    format: str
    total: int | None = None
    encoding: dict[str, str]

    def __init__(
        self, name: str, headings: Sequence[str], findings: list[Finding], *, has_shapes: bool, needs_shapes: bool
    ) -> None:
        self.name = name
        self.findings = findings
        if not any(heading.strip() for heading in headings):
            raise refuse(Code.FILE_UNREADABLE, N_("The first line of %(name)s holds no headings."), name=name)
        names = FieldNames(findings)
        self._names = [names.add(heading) for heading in headings]
        self.blank_lines: list[list[int]] = []
        self._skipped = self._own_columns(has_shapes=has_shapes)
        self._shape_at = self._names.index(SHAPE_COLUMN) if has_shapes and SHAPE_COLUMN in self._names else None
        self.system: System | None = (
            None if self._shape_at is None else replace(from_option(f"EPSG:{STORAGE_SRID}"), origin="format")
        )
        if has_shapes and needs_shapes and self._shape_at is None:
            raise refuse(
                Code.FILE_TYPE,
                N_("A table has no shapes: the layer needs a shapefile, GeoPackage or GeoJSON, or a column %(name)s."),
                name=SHAPE_COLUMN,
            )

    @property
    def schema(self) -> pa.Schema | None:
        """Names of the fields; all are text."""
        return pa.schema([(self._names[at], pa.string()) for at in self._fields()])

    def batches(self) -> Iterator[RawBatch]:
        """Yield the rows behind the headings; empty lines do not count as rows."""
        row = 0
        lines: list[Line] = []
        for line in self._lines():
            if any(line) and not all(map(says_nothing, line)):
                lines.append(line)
            else:
                self._pass_over(row + len(lines))
            if len(lines) == ROWS_IN_BATCH:
                yield self._batch(row, lines)
                row, lines = row + len(lines), []
        yield self._batch(row, lines)

    @abstractmethod
    def _lines(self) -> Iterator[Line]:
        """Yield the lines behind the headings."""

    def _fields(self) -> list[int]:
        return [at for at in range(len(self._names)) if at != self._shape_at and at not in self._skipped]

    def _own_columns(self, *, has_shapes: bool) -> frozenset[int]:
        """Return the columns that this program wrote into a file of refused rows, and that are no part of the rows."""
        first, last = tuple(self._names[: len(REASON_COLUMNS)]), len(self._names) - 1
        if first != REASON_COLUMNS or self._names[last] != SHAPE_COLUMN:
            return frozenset()
        return frozenset(range(len(REASON_COLUMNS))) | (frozenset() if has_shapes else {last})

    def _pass_over(self, rows: int, lines: int = 1) -> None:
        """Count lines behind so many rows that hold none."""
        if self.blank_lines and self.blank_lines[-1][0] == rows:
            self.blank_lines[-1][1] += lines
        elif lines:
            self.blank_lines.append([rows, lines])

    def _batch(self, before: int, lines: Sequence[Line]) -> RawBatch:
        rows = np.arange(before + 1, before + len(lines) + 1, dtype=np.int64)
        width = len(self._names)
        for row, line in zip(rows.tolist(), lines, strict=True):
            if len(line) > width and any(line[width:]):
                text = N_("The row has %(found)s values, and there are %(wanted)s headings.")
                values = {"found": len(line), "wanted": width}
                self.findings.append(Finding(Code.FILE_UNREADABLE, text, row=row, values=values))
        columns = {at: [line[at] or None if at < len(line) else None for line in lines] for at in range(width)}
        geometries: NDArray[np.object_] = np.full(len(rows), None, dtype=object)
        problems: dict[int, Finding] = {}
        if self._shape_at is not None:
            shapes = columns[self._shape_at]
            geometries = parsed(shapely.from_wkt, np.array(shapes, dtype=object))
            problems = {
                int(row): Finding(Code.GEOMETRY_INVALID, row=int(row), value=shape, hint=INVALID_HINT)
                for row, shape, geometry in zip(rows, shapes, geometries, strict=True)
                if shape is not None and geometry is None
            }
        fields = [pa.array(columns[at], pa.string()) for at in self._fields()]
        return RawBatch(rows, geometries, fields, problems)
