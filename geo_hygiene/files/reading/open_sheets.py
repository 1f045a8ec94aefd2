"""Look over the sheets of an OpenDocument workbook before it is read: that they end, and how large they become.

Rows and cells that repeat are written once.
"""

import re
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from xml.parsers import expat

from geo_hygiene.files.findings import Code
from geo_hygiene.files.reading.archives import is_encrypted
from geo_hygiene.files.reading.foreign import FAR_CELL_HINT
from geo_hygiene.files.reading.limits import MEBIBYTE
from geo_hygiene.files.reading.locate import RefusedError, refuse
from geo_hygiene.i18n import N_

CONTENT = "content.xml"
#: Cells that a sheet may always have, and how many it may have for each that is written: programs write what follows
#: itself, and what is empty between two columns, only once.
_ALWAYS = 1_000_000
_FOR_EACH = 20
_LONGEST_TAG = MEBIBYTE
_TAG = re.compile(
    rb"""<table:(table|table-row|table-cell|covered-table-cell)(?=[\s/>])((?:[^<>"']|"[^"]*"|'[^']*')*)>"""
)
_REPEATED = re.compile(rb"""table:number-(?:rows|columns)-repeated\s*=\s*["']\+?([0-9]{1,18})["']""")
_FILLED = re.compile(rb"office:(?:value|string-value|date-value|time-value|boolean-value|value-type)|table:formula")


@dataclass
class _Sheet:
    """What was seen of a sheet: the cells that are written, and the area from the first to the last that holds one."""

    written: int = 0
    rows: int = 0
    columns: int = 0
    empty_rows: int = 0
    repeated: int = 0
    width: int = 0
    empty_cells: int = 0

    def begin_row(self, repeated: int) -> None:
        """Close the row before, and begin one that stands there so often; empty ones count once something follows."""
        if self.width:
            self.rows += self.empty_rows * bool(self.rows) + self.repeated
            self.columns = max(self.columns, self.width)
            self.empty_rows = 0
        else:
            self.empty_rows += self.repeated
        self.repeated, self.width, self.empty_cells = repeated, 0, 0

    def add_cell(self, repeated: int, *, is_filled: bool) -> None:
        """Add a cell that stands there so often; empty ones count once something follows."""
        self.written += 1
        if is_filled:
            self.width += self.empty_cells + repeated
            self.empty_cells = 0
        else:
            self.empty_cells += repeated

    def cells(self) -> int:
        """Return the cells of the area, with the row that is not closed."""
        rows = self.rows + (self.empty_rows * bool(self.rows) + self.repeated) * bool(self.width)
        return rows * max(self.columns, self.width)


def check_content(archive: zipfile.ZipFile, name: str) -> None:
    """Refuse an OpenDocument workbook that becomes much larger than it is written; other workbooks are passed over.

    Raises
    ------
    RefusedError
        With file-too-big.
    xml.parsers.expat.ExpatError
        If the content is no XML, such as one without an end: the library that reads it next would wait for it for ever.
    """
    if CONTENT not in archive.namelist() or is_encrypted(archive.getinfo(CONTENT)):
        return
    with archive.open(CONTENT) as content:
        sheet = _Sheet()
        for what, said in _tags(_well_formed(iter(lambda: content.read(MEBIBYTE), b""))):
            found = _REPEATED.search(said)
            repeated = int(found[1]) if found else 1
            if what == b"table":
                sheet = _Sheet()
            elif what == b"table-row":
                sheet.begin_row(repeated)
            else:
                sheet.add_cell(repeated, is_filled=_FILLED.search(said) is not None)
            if sheet.cells() > max(_ALWAYS, _FOR_EACH * sheet.written):
                raise _too_large(name)


def _too_large(name: str) -> RefusedError:
    text = N_("A sheet of %(name)s has few cells, and repeats them until there are more than %(most)s.")
    return refuse(Code.FILE_TOO_BIG, text, hint=FAR_CELL_HINT, name=name, most=_ALWAYS)


def _well_formed(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the blocks of a text, and raise where it stops being XML."""
    parser = expat.ParserCreate()
    for block in blocks:
        parser.Parse(block, False)  # noqa: FBT003 - its own signature
        yield block
    parser.Parse(b"", True)  # noqa: FBT003


def _tags(blocks: Iterable[bytes]) -> Iterator[tuple[bytes, bytes]]:
    """Yield what begins sheets, rows and cells, and what it says, of a text in blocks."""
    rest = b""
    for block in blocks:
        text = rest + block
        end = 0
        for tag in _TAG.finditer(text):
            yield tag[1], tag[2]
            end = tag.end()
        opened = text.rfind(b"<", end)
        rest = text[opened:] if opened >= 0 and len(text) - opened <= _LONGEST_TAG else b""
