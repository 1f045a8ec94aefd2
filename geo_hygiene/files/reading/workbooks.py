"""Read a sheet of a workbook (.xlsx, .xls, .ods, .et) as a table of text, as somebody would read it off the screen."""

import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from itertools import islice
from pathlib import Path
from xml.parsers.expat import ExpatError

import python_calamine

from geo_hygiene.files.findings import Code, Finding
from geo_hygiene.files.reading.archives import DAMAGED, check_sizes
from geo_hygiene.files.reading.foreign import PASSWORD_HINT
from geo_hygiene.files.reading.limits import Limits
from geo_hygiene.files.reading.locate import Located, RefusedError, listed, refuse
from geo_hygiene.files.reading.open_sheets import check_content
from geo_hygiene.files.reading.sources import FORMAT_ENCODING
from geo_hygiene.files.reading.text_tables import (
    FEWEST_HEADINGS,
    MOST_TITLES,
    Line,
    TextTable,
    headings_of,
    says_nothing,
)
from geo_hygiene.i18n import N_

_WHOLE_NUMBERS_END = 2**53
_DIGITS_END = 1e15
_NOT_SHOWN = "####"
"""What a spreadsheet shows of a date that no calendar has."""

_NOT_SHOWN_HINT = N_("A spreadsheet shows it as ####: correct it, or empty the cell.")

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
        first = list(islice(_lines_of(self._sheet), MOST_TITLES + 1))
        titles, headings = headings_of([self._shown(cells) for cells in first])
        self._before = titles + 1
        if None in first[: self._before]:
            raise refuse(
                Code.FILE_UNREADABLE,
                N_("Line %(line)s of %(name)s holds a date or time that no calendar has, above or in the headings."),
                hint=_NOT_SHOWN_HINT,
                line=first.index(None) + 1,
                name=located.name,
            )
        super().__init__(located.name, headings, [], has_shapes=has_shapes, needs_shapes=needs_shapes)
        self._pass_over(0, titles)

    def _lines(self) -> Iterator[Line]:
        row = 0
        for cells in islice(_lines_of(self._sheet), self._before, None):
            line = self._shown(cells)
            row += not all(map(says_nothing, line))
            if cells is None:
                text = N_("The row holds a date or time that no calendar has, and can not be read.")
                self.findings.append(Finding(Code.VALUE_INVALID, text, row, hint=_NOT_SHOWN_HINT))
            else:
                self._tell_lost_digits(cells, row)
            yield line

    def _shown(self, cells: Sequence[Cell] | None) -> Line:
        return [_NOT_SHOWN] * self._sheet.width if cells is None else [_shown(cell) for cell in cells]

    def _tell_lost_digits(self, cells: Sequence[Cell], row: int) -> None:
        text = N_("A number of more than 15 digits lost its end in the spreadsheet.")
        hint = N_("Give the column the format “text”, and type the number again.")
        for name, cell in zip(self._names, cells, strict=False):
            if isinstance(cell, float) and abs(cell) >= _DIGITS_END:
                self.findings.append(Finding(Code.VALUE_CUT, text, row, name, _shown(cell), hint))


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
    with _refusing(name):
        sheets = [book.get_sheet_by_name(sheet) for sheet in ([wanted] if wanted is not None else visible)]
    filled = [sheet for sheet in sheets if sheet.height]
    wide = [sheet for sheet in filled if sheet.width >= FEWEST_HEADINGS]
    filled = wide if len(wide) == 1 else filled  # beside a table there is often a sheet of explanations
    if not filled:
        raise refuse(Code.FILE_UNREADABLE, N_("The workbook %(name)s is empty."), name=name)
    if len(filled) > 1:
        raise refuse(
            Code.FILE_UNREADABLE,
            N_("The workbook %(name)s has more than one sheet: %(names)s."),
            hint=N_("Say which one with --table NAME."),
            name=name,
            names=listed(sheet.name for sheet in filled),
            tables=[sheet.name for sheet in filled],
        )
    return filled[0]


def _opened(path: Path, limits: Limits, name: str) -> python_calamine.CalamineWorkbook:
    with _refusing(name):
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                check_sizes(archive.infolist(), limits)
                check_content(archive, name)
        with path.open("rb") as file:
            # by the content: what is called .xls is often something newer
            return python_calamine.CalamineWorkbook.from_filelike(file)


@contextmanager
def _refusing(name: str) -> Iterator[None]:
    """Refuse a workbook in which something can not be read."""
    try:
        yield
    except python_calamine.PasswordError as problem:
        raise refuse(
            Code.FILE_ENCRYPTED,
            N_("%(name)s is protected by a password."),
            hint=PASSWORD_HINT,
            name=name,
        ) from problem
    except (python_calamine.CalamineError, ExpatError, *DAMAGED) as problem:
        raise _damaged(name) from problem
    except BaseException as problem:
        if not _is_panic(problem):
            raise
        raise _damaged(name) from problem


def _is_panic(problem: BaseException) -> bool:
    """Tell whether a library in Rust broke down; what it raises then is no Exception, and its class has no module."""
    return type(problem).__module__ == "pyo3_runtime"


def _damaged(name: str) -> RefusedError:
    return refuse(
        Code.FILE_UNREADABLE,
        N_("The workbook %(name)s is damaged."),
        hint=N_("Open it in a spreadsheet, save it again as .xlsx, and bring that."),
        name=name,
    )


def _lines_of(sheet: python_calamine.CalamineSheet) -> Iterator[list[Cell] | None]:
    """Yield the cells of each line; None for one with a date or time that Python can not hold."""
    lines = sheet.iter_rows()
    while True:
        line: list[Cell] | None = None
        try:
            line = next(lines)
        except StopIteration:
            return
        except OverflowError:
            pass
        except BaseException as problem:
            if not _is_panic(problem):
                raise
        yield line


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
