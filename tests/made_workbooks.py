"""Workbooks as spreadsheet programs write them."""

from __future__ import annotations

import zipfile
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import xlsxwriter

Sheets = dict[str, list[list[Any]]]


def workbook(path: Path, sheets: Sheets, hidden: tuple[str, ...] = ()) -> Path:
    """Write sheets as a spreadsheet program would, from their lines of cells."""
    with xlsxwriter.Workbook(path) as book:
        day, minute = book.add_format({"num_format": "yyyy-mm-dd"}), book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
        for name, lines in sheets.items():
            sheet = book.add_worksheet(name)
            if name in hidden:
                sheet.hide()
            for row, line in enumerate(lines):
                for column, value in enumerate(line):
                    if isinstance(value, date | time):
                        sheet.write_datetime(row, column, value, minute if isinstance(value, datetime) else day)
                    elif value is not None:
                        sheet.write(row, column, value)
    return path


OPEN = "urn:oasis:names:tc:opendocument:xmlns"
OPEN_TYPE = "application/vnd.oasis.opendocument.spreadsheet"


def open_document(path: Path, rows: str, *, lost: str = "") -> Path:
    """Write an OpenDocument workbook of one sheet, from its rows as they stand in the file, that may lack something."""
    spaces = "".join(f' xmlns:{name}="{OPEN}:{name}:1.0"' for name in ("office", "table", "text"))
    sheet = f'<office:spreadsheet><table:table table:name="a">{rows}</table:table></office:spreadsheet>'
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", OPEN_TYPE, zipfile.ZIP_STORED)
        archive.writestr("META-INF/manifest.xml", f'<manifest:manifest xmlns:manifest="{OPEN}:manifest:1.0"/>')
        content = f"<office:document-content{spaces}><office:body>{sheet}</office:body></office:document-content>"
        archive.writestr("content.xml", content.replace(lost, ""))
    return path


def open_row(*texts: str, repeated: int = 1, empty: int = 0) -> str:
    """Return a row of an OpenDocument sheet with so many empty cells behind its texts."""
    cells = "".join(
        f'<table:table-cell office:value-type="string"><text:p>{text}</text:p></table:table-cell>' for text in texts
    )
    if empty:
        cells += f'<table:table-cell table:number-columns-repeated="{empty}"/>'
    return f'<table:table-row table:number-rows-repeated="{repeated}">{cells}</table:table-row>'
