"""Read a sheet of a workbook (.xlsx, .xls, .ods) as a table of text, as somebody would read it off the screen."""

import zipfile
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from itertools import islice
from pathlib import Path

import python_calamine

from geo_hygiene.files.findings import Code
from geo_hygiene.files.reading.archives import check_sizes
from geo_hygiene.files.reading.limits import Limits
from geo_hygiene.files.reading.locate import Located, RefusedError, listed, refuse
from geo_hygiene.files.reading.sources import FORMAT_ENCODING
from geo_hygiene.files.reading.text_tables import Line, TextTable
from geo_hygiene.i18n import N_

ENDINGS = ("xlsx", "xls", "ods")
FEWEST_HEADINGS = 2
"""A line with fewer values, above others with more, is a title."""
_WHOLE_NUMBERS_END = 2**53

Cell = str | float | bool | date | datetime | time | timedelta


class Workbook(TextTable):
    """One sheet.

    Lines above the headings that hold one value are titles. What a formula gave when the file was saved counts.

    Parameters
    ----------
    table
        Name of the sheet; else the only one that holds something and is not hidden.
    has_shapes, needs_shapes
        As of every table.
    """

    format = "XLSX"
    encoding = FORMAT_ENCODING

    def __init__(
        self, located: Located, limits: Limits, *, table: str | None, has_shapes: bool, needs_shapes: bool
    ) -> None:
        ((ending, path),) = located.parts.items()
        self.format = ending.upper()
        self._sheet = _sheet(path, limits, located.name, table)
        self._heading_row, headings = _headings(self._sheet)
        super().__init__(located.name, headings, [], has_shapes=has_shapes, needs_shapes=needs_shapes)
        self._pass_over(0, self._heading_row - 1)

    def _lines(self) -> Iterator[Line]:
        for cells in islice(self._sheet.iter_rows(), self._heading_row, None):
            yield [_shown(cell) for cell in cells]


def _sheet(path: Path, limits: Limits, name: str, wanted: str | None) -> python_calamine.CalamineSheet:
    book = _opened(path, limits, name)
    visible = [
        sheet.name
        for sheet in book.sheets_metadata
        if sheet.typ is python_calamine.SheetTypeEnum.WorkSheet
        and sheet.visible is python_calamine.SheetVisibleEnum.Visible
    ]
    if wanted is not None and wanted not in book.sheet_names:
        raise refuse(
            Code.FILE_UNREADABLE,
            N_("The workbook has no sheet %(wanted)s; it has %(names)s."),
            wanted=wanted,
            names=listed(visible),
        )
    try:
        sheets = [book.get_sheet_by_name(sheet) for sheet in ([wanted] if wanted is not None else visible)]
    except python_calamine.CalamineError as problem:
        raise _damaged(name) from problem
    filled = [sheet for sheet in sheets if sheet.height]
    if not filled:
        raise refuse(Code.FILE_UNREADABLE, N_("The workbook %(name)s is empty."), name=name)
    if len(filled) > 1:
        raise refuse(
            Code.FILE_UNREADABLE,
            N_("The workbook %(name)s has more than one sheet: %(names)s."),
            hint=N_("Say which one with --table NAME."),
            name=name,
            names=listed(sheet.name for sheet in filled),
        )
    return filled[0]


def _opened(path: Path, limits: Limits, name: str) -> python_calamine.CalamineWorkbook:
    try:
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                check_sizes(archive.infolist(), limits)
        return python_calamine.CalamineWorkbook.from_path(path)
    except python_calamine.PasswordError as problem:
        raise refuse(
            Code.FILE_ENCRYPTED,
            N_("%(name)s is protected by a password."),
            hint=N_("Save it without a password and bring it again."),
            name=name,
        ) from problem
    except (python_calamine.CalamineError, zipfile.BadZipFile, UnicodeDecodeError) as problem:
        raise _damaged(name) from problem


def _damaged(name: str) -> RefusedError:
    return refuse(
        Code.FILE_UNREADABLE,
        N_("The workbook %(name)s is damaged."),
        hint=N_("Open it in a spreadsheet, save it again as .xlsx, and bring that."),
        name=name,
    )


def _headings(sheet: python_calamine.CalamineSheet) -> tuple[int, Sequence[str]]:
    """Return the number of the line of headings, and what it says."""
    wide = sheet.width >= FEWEST_HEADINGS
    for number, cells in enumerate(sheet.iter_rows(), 1):
        texts = [_shown(cell) for cell in cells]
        if sum(map(bool, texts)) >= (FEWEST_HEADINGS if wide else 1):
            while not texts[-1]:
                texts.pop()
            return number, texts
    return 0, []


def _shown(cell: Cell) -> str:
    """Return the text of a cell: whole numbers without a point, days and times as ISO has them."""
    if isinstance(cell, bool):
        return str(cell).lower()
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < _WHOLE_NUMBERS_END else repr(cell)
    if isinstance(cell, datetime):
        return cell.isoformat(" ")
    if isinstance(cell, date | time):
        return cell.isoformat()
    return str(cell).strip()
