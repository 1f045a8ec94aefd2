"""Write the annual report to a file of the format that its ending names."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path

import xlsxwriter

from geo_hygiene.errors import GeoHygieneError
from geo_hygiene.files.writing.completing import completing
from geo_hygiene.i18n import N_, _
from geo_hygiene.reports.annual.books import Number
from geo_hygiene.reports.annual.figures import MECHANISMS
from geo_hygiene.reports.annual.report import Figure, Report
from geo_hygiene.reports.hand_over import AS_IT_IS

COLUMNS: Mapping[str, tuple[str, int]] = {
    "mechanism": (N_("About"), 24),
    "title": (N_("Figure"), 34),
    "value": (N_("Value"), 14),
    "unit": (N_("Unit"), 8),
    "previous": (N_("Year before"), 14),
    "change": (N_("Change"), 12),
    "from": (N_("First day"), 12),
    "until": (N_("Last day"), 12),
    "records": (N_("Records"), 10),
    "definition": (N_("Definition"), 60),
    "url": (N_("Records on the page"), 50),
    "query": (N_("Query"), 50),
    "id": (N_("Id"), 30),
}
"""The columns of the table with their widths as a workbook."""

UNITS: Mapping[str, str] = {
    "count": "",
    "m": "m",
    "m²": N_("m²"),
    "CNY": N_("yuan"),
    "share": "",
    "share-change": N_("points"),
}
"""What stands behind a value."""

NUMBER_FORMATS: Mapping[str, str] = {
    "m": "#,##0.0",
    "m²": "#,##0.0",
    "CNY": "#,##0.00",
    "share": "0.0%",
    "share-change": "0.0",
}
"""Of a workbook, by the unit; all others are counts."""

Writer = Callable[[Report, Path, str], None]
"""Writes a report to a file, with links below an address."""


class UnknownFormatError(GeoHygieneError):
    """The report is not written in the format of the file's ending."""


def told(value: Number | None, unit: str) -> str:
    """Return a value as people read it, without its unit; ``None`` is "no record"."""
    if value is None:
        return _("no record")
    if unit == "share":
        return f"{value:.1%}"
    if unit == "share-change":
        return f"{value * 100:.1f}"
    decimals = {"m": 1, "m²": 1, "CNY": 2}.get(unit, 0)
    return f"{value:,.{decimals}f}"


def with_unit(value: Number | None, unit: str) -> str:
    """Return a value as people read it, with its unit."""
    if value is None or not UNITS[unit]:
        return told(value, unit)
    return _("%(value)s %(unit)s", value=told(value, unit), unit=_(UNITS[unit]))


def write_report(report: Report, file: Path, address: str, writers: Mapping[str, Writer] | None = None) -> None:
    """Write a report; a file that is there is replaced by the whole new one.

    Parameters
    ----------
    address
        Under which people open the pages, for the links.
    writers
        What writes further formats.

    Raises
    ------
    UnknownFormatError
        If the ending names no format.
    ExportError
        If the file can not be written.
    """
    ending = file.suffix.lower()
    known = {**WRITERS, **(writers or {})}
    if ending not in known:
        message = _(
            "The annual report is not written as “%(ending)s”; there are %(known)s.",
            ending=ending or "—",
            known=", ".join(known),
        )
        raise UnknownFormatError(message)
    with completing(file) as folder:
        known[ending](report, folder / file.name, address)


def _write_json(report: Report, file: Path, _address: str) -> None:
    file.write_text(json.dumps(report.as_json(), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def _write_markdown(report: Report, file: Path, address: str) -> None:
    lines = [f"# {_('Annual report %(year)s of %(office)s', year=report.year, office=_plain(report.office))}", ""]
    head = [_(COLUMNS[name][0]) for name in ("title", "value", "previous", "records", "definition")]
    for mechanism, figures in report.by_mechanism().items():
        lines += [f"## {_(MECHANISMS[mechanism])}", "", _line(head), "|---|---:|---:|---:|---|"]
        lines += [_line(_markdown_cells(one, address)) for one in figures]
        lines.append("")
    file.write_text("\n".join(lines), encoding="utf-8")


def _markdown_cells(figure: Figure, address: str) -> list[str]:
    value = with_unit(figure.value, figure.unit)
    return [
        figure.title,
        value if figure.url is None else f"[{value}]({address}{figure.url})",
        with_unit(figure.previous, figure.unit),
        f"{figure.records:,}",
        figure.definition,
    ]


def _line(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _plain(name: str) -> str:
    """Return a name of an office in which nothing is markup."""
    return "".join(f"\\{letter}" if letter in "\\`*_[]<>|#" else letter for letter in name)


def _write_workbook(report: Report, file: Path, address: str) -> None:
    """Write one sheet; what comes from records is text, never a formula."""
    with xlsxwriter.Workbook(file, AS_IT_IS) as book:
        sheet = book.add_worksheet(str(report.year))
        bold = book.add_format({"bold": True, "text_wrap": True, "valign": "top"})
        text = book.add_format({"text_wrap": True, "valign": "top"})
        link = book.add_format({"text_wrap": True, "valign": "top", "font_color": "#0B5CAD", "underline": 1})
        numbers = {
            unit: book.add_format({"num_format": form, "valign": "top"}) for unit, form in NUMBER_FORMATS.items()
        }
        count = book.add_format({"num_format": "#,##0", "valign": "top"})
        title = _("Annual report %(year)s of %(office)s", year=report.year, office=report.office)
        sheet.write_string(0, 0, title, book.add_format({"bold": True, "font_size": 14}))
        for column, (name, width) in enumerate(COLUMNS.values()):
            sheet.set_column(column, column, width)
            sheet.write_string(2, column, _(name), bold)
        for row, figure in enumerate(report.figures, start=3):
            for column, (name, cell) in enumerate(_cells(figure).items()):
                if name == "url" and cell:
                    sheet.write_url(row, column, f"{address}{cell}", link, str(cell))
                elif isinstance(cell, str):
                    sheet.write_string(row, column, cell, text)
                else:
                    is_amount = name in {"value", "previous", "change"}
                    sheet.write_number(row, column, cell, numbers.get(figure.unit, count) if is_amount else count)
        sheet.freeze_panes(3, 2)
        sheet.autofilter(2, 0, 2 + len(report.figures), len(COLUMNS) - 1)
        sheet.set_landscape()
        sheet.fit_to_pages(1, 0)


def _cells(figure: Figure) -> dict[str, str | Number]:
    change = None if figure.value is None or figure.previous is None else figure.value - figure.previous
    nothing = _("no record")
    per = 100 if figure.unit == "share-change" else 1
    return {
        "mechanism": _(MECHANISMS[figure.mechanism]),
        "title": figure.title,
        "value": nothing if figure.value is None else figure.value * per,
        "unit": _(UNITS[figure.unit]) if UNITS[figure.unit] else "",
        "previous": nothing if figure.previous is None else figure.previous * per,
        "change": "" if change is None else change * per,
        "from": figure.begin.isoformat(),
        "until": figure.last_day.isoformat(),
        "records": figure.records,
        "definition": figure.definition,
        "url": figure.url or "",
        "query": figure.query or "",
        "id": figure.id,
    }


WRITERS: Mapping[str, Writer] = {
    ".json": _write_json,
    ".md": _write_markdown,
    ".xlsx": _write_workbook,
}
"""By the ending of a file: report, file, and the address of the pages for its links."""
