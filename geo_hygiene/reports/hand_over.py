"""What somebody hands over, as a workbook: a row for each zone."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import date

import xlsxwriter

from geo_hygiene.i18n import gettext as _
from geo_hygiene.layers.duty_zones import SHIFTS
from geo_hygiene.people.hand_over import ZoneToHandOver

WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
AS_IT_IS = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
WIDTHS = (12, 18, 14, 10, 12, 12, 50, 10, 10, 12, 40, 16)


def hand_over_workbook(name: str, on: date, zones: Sequence[ZoneToHandOver]) -> io.BytesIO:
    """Return the workbook, open at its beginning; what comes from records is text, never a formula."""
    file = io.BytesIO()
    with xlsxwriter.Workbook(file, AS_IT_IS) as book:
        sheet = book.add_worksheet(_("Hand-over"))
        bold = book.add_format({"bold": True})
        wrapped = book.add_format({"text_wrap": True, "valign": "top"})
        sheet.write_string(0, 0, _("Hand-over of %(name)s on %(day)s", name=name, day=on.isoformat()), bold)
        for column, (title, width) in enumerate(zip(_titles(), WIDTHS, strict=True)):
            sheet.set_column(column, column, width)
            sheet.write_string(2, column, title, bold)
        for row, zone in enumerate(zones, start=3):
            for column, value in enumerate(_cells(zone)):
                if isinstance(value, str):
                    sheet.write_string(row, column, value, wrapped)
                elif value is not None:
                    sheet.write_number(row, column, value, wrapped)
        sheet.freeze_panes(3, 1)
        sheet.set_landscape()
        sheet.fit_to_pages(1, 0)
    file.seek(0)
    return file


def _titles() -> list[str]:
    return [
        _("Zone"),
        _("Name"),
        _("Duty"),
        _("Shift"),
        _("Amount (m or number)"),
        _("Work (min a day)"),
        _("Lanes"),
        _("Residents"),
        _("Tanks"),
        _("Households"),
        _("Zones beside it"),
        _("Goes to"),
    ]


def _cells(zone: ZoneToHandOver) -> list[str | float | None]:
    return [
        zone.code,
        zone.name or "",
        zone.duty.title,
        _(next((one.title for one in SHIFTS if one.value == zone.shift), zone.shift)),
        zone.amount,
        None if zone.minutes is None else round(zone.minutes, 1),
        "\n".join(f"{lane.name or '–'} {lane.amount:g}" for lane in zone.lanes),
        zone.residents,
        zone.tanks,
        zone.households,
        "\n".join(f"{one.code} {one.holders or '–'}" for one in zone.neighbours),
        "",
    ]
