"""Write the rows that were refused, with their reasons, as a CSV that can be mended and imported."""

from __future__ import annotations

import csv
import errno
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import shapely

from geo_hygiene.errors import GeoHygieneError
from geo_hygiene.files.findings import Finding, rejected_rows
from geo_hygiene.files.formulas import guarded
from geo_hygiene.files.reading import SourceTable
from geo_hygiene.files.reading.text_tables import REASON_COLUMNS, SHAPE_COLUMN
from geo_hygiene.files.scratch import private_folder
from geo_hygiene.i18n import _


class RejectedFileError(GeoHygieneError):
    """The file for refused rows can not be written."""


def write_rejected(path: Path, table: SourceTable, findings: Sequence[Finding]) -> None:
    """Write the refused rows: number, reasons, the fields as they came, and the geometry as WKT.

    The file appears whole or not at all.

    Raises
    ------
    RejectedFileError
        If it can not be written.
    """
    reasons = rejected_rows(findings)
    positions = {int(number): at for at, number in enumerate(table.row_numbers.tolist())}
    folder = path.absolute().parent
    try:
        if not folder.is_dir():
            raise NotADirectoryError(errno.ENOTDIR, "")
        with private_folder(folder) as private:
            whole = private / path.name
            with whole.open("w", encoding="utf-8-sig", newline="") as file:
                _write(csv.writer(file), table, reasons, positions)
            whole.replace(path)
    except OSError as error:
        raise RejectedFileError(
            _(
                "The refused rows can not be written to %(path)s: %(reason)s",
                path=path,
                reason=os.strerror(error.errno or 0),
            )
        ) from error


def _write(writer: Any, table: SourceTable, reasons: dict[int, list[Finding]], positions: dict[int, int]) -> None:
    columns = [table.rows[name].to_pylist() for name in table.fields]
    writer.writerow([*REASON_COLUMNS, *map(guarded, table.fields), SHAPE_COLUMN])
    for number in sorted(reasons):
        at = positions.get(number)
        codes = ";".join(dict.fromkeys(str(finding.code) for finding in reasons[number]))
        said = " ".join(dict.fromkeys(finding.message() for finding in reasons[number]))
        values = [] if at is None else [_cell(column[at]) for column in columns]
        geometry = None if at is None else table.geometry[at]
        wkt = "" if geometry is None else shapely.to_wkt(geometry, rounding_precision=9)
        writer.writerow([number, codes, guarded(said), *values, wkt])


def _cell(value: Any) -> Any:
    if value is None:
        return ""
    return guarded(value) if isinstance(value, str) else value
