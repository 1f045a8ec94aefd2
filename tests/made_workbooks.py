"""Workbooks as spreadsheet programs write them."""

from __future__ import annotations

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
