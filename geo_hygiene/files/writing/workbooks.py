"""Write rows as a workbook (.xlsx) that people edit and an import reads again."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import xlsxwriter

from geo_hygiene.files.writing.rows import ExportError, Rows
from geo_hygiene.files.writing.shapes import SHAPE_COLUMN, well_known_text
from geo_hygiene.i18n import _

if TYPE_CHECKING:
    from xlsxwriter.format import Format
    from xlsxwriter.worksheet import Worksheet

LONGEST_TEXT = 32_767
"""Characters of a cell."""
MOST_ROWS = 1_048_575
"""Rows of a sheet below the headings."""
_WIDTH = 16
_AS_IT_IS = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}


def write_workbook(rows: Rows, path: Path, encoding: str | None) -> int:  # noqa: ARG001 - one form for all formats
    """Write one sheet, named by the layer's key, with the headings in bold and kept in sight; return the row count.

    Text stands as text, never as a formula or link. A layer's shapes are well-known text in `wkt`.

    Raises
    ------
    ExportError
        If there are more rows, or a text is longer, than a sheet holds: nothing is cut.
    """
    names = [attribute.name for attribute in rows.attributes]
    has_shapes = rows.geometry_type is not None
    count = 0
    with xlsxwriter.Workbook(path, _AS_IT_IS) as book:
        sheet = book.add_worksheet(rows.name)
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        headings = [*names, SHAPE_COLUMN] if has_shapes else names
        sheet.set_column(0, len(headings) - 1, _WIDTH)
        sheet.freeze_panes(1, 0)
        sheet.write_row(0, 0, headings, book.add_format({"bold": True}))
        for columns, shapes in rows.batches:
            values = [column.to_pylist() for column in columns]
            if has_shapes:
                values.append(well_known_text(shapes))
            for line in zip(*values, strict=True):
                count += 1
                _write(sheet, count, line, day)
    return count


def _write(sheet: Worksheet, row: int, line: tuple[object, ...], day: Format) -> None:
    if row > MOST_ROWS:
        raise ExportError(
            _("A sheet holds %(most)s rows, and there are more. Write a GeoPackage or CSV instead.", most=MOST_ROWS)
        )
    for column, value in enumerate(line):
        if isinstance(value, str) and value:
            if len(value) > LONGEST_TEXT:
                raise ExportError(
                    _(
                        "Row %(row)s has a text of %(length)s characters, and a cell holds %(most)s. Write a "
                        "GeoPackage or CSV instead.",
                        row=row,
                        length=len(value),
                        most=LONGEST_TEXT,
                    )
                )
            sheet.write_string(row, column, value)
        elif isinstance(value, date):
            sheet.write_datetime(row, column, value, day)
        elif isinstance(value, int | float):
            sheet.write_number(row, column, value)
