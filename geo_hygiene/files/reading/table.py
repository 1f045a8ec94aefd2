"""What a foreign file holds, as it is handed to the import."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa
import shapely
from numpy.typing import NDArray

from geo_hygiene.files.findings import Finding, has_errors, rejected_rows

GEOMETRY_COLUMN = 0
ROW_COLUMN = 1
FIRST_FIELD = 2


@dataclass(frozen=True)
class SourceTable:
    """The rows of a file, its geometries in EPSG:4326 (x = longitude, y = latitude, two dimensions), and the findings.

    Rows with errors are among the rows, so that they can be written out with their reasons; `rejected` tells which they
    are. A file that is refused as a whole has no rows.

    Parameters
    ----------
    name
        Name of the file, or of the layer in it.
    rows
        Attributes under the names that they have in the file (each once), in the order of the file: text, whole
        numbers, numbers, booleans, dates and instants. Text is as it stands in the file, without the blanks that fill
        a field.
    wkb
        Geometry of each row as WKB; null where the row has none that can be stored.
    row_numbers
        Number of each row as a person counts them: 1 is the first feature of the file. Records that are marked as
        deleted in a shapefile are counted, as other programs do, but are not among the rows.
    encoding, crs
        `used` and `from`; `crs` has `name` and `accuracy_m` (None when unknown) too. Null where it never came to it.
    findings
        Errors without a row refuse the file. They stand in the order of the rows, those on the whole file first.
    rows_read
        How many rows were read, rejected ones included.
    complete
        Whether the file was read to its end; if not, there are no rows and a finding says why.
    confined
        Which of the nets of the reading process held: network, files.
    blank_lines
        Of a table that people open in a spreadsheet: how many empty lines follow how many rows, in pairs. None for
        other files.
    """

    name: str
    format: str
    rows: pa.Table
    wkb: pa.ChunkedArray
    row_numbers: NDArray[np.int64]
    encoding: dict[str, Any]
    crs: dict[str, Any]
    findings: list[Finding]
    rows_read: int
    complete: bool
    confined: dict[str, bool]
    blank_lines: Sequence[Sequence[int]] | None = None

    @property
    def fields(self) -> list[str]:
        """Names of the attributes in the order of the file."""
        return list(self.rows.column_names)

    def line_of(self, row: int) -> int | None:
        """Return the line of the spreadsheet in which a row stands, the headings on line 1; None for other files."""
        if self.blank_lines is None:
            return None
        return row + 1 + sum(count for after, count in self.blank_lines if after < row)

    @property
    def refused(self) -> bool:
        """Whether the file as a whole is refused, so that `--skip-rejected` does not help."""
        return not self.complete or has_errors(finding for finding in self.findings if finding.row is None)

    @cached_property
    def geometry(self) -> NDArray[np.object_]:
        """Geometry of each row as a shapely geometry, or None."""
        geometries: NDArray[np.object_] = shapely.from_wkb(np.array(self.wkb.to_pylist(), dtype=object))
        return geometries

    @cached_property
    def rejected(self) -> NDArray[np.bool_]:
        """Tell for each row whether it has an error."""
        wrong: NDArray[np.bool_] = np.isin(self.row_numbers, list(rejected_rows(self.findings)))
        return wrong


def no_rows() -> tuple[pa.Table, pa.ChunkedArray, NDArray[np.int64]]:
    """Return attributes, WKB and row numbers of a file that was not read."""
    return pa.table({}), pa.chunked_array([], pa.binary()), np.empty(0, np.int64)


def refused_table(name: str, finding: Finding) -> SourceTable:
    """Return the table of a file that could not be read at all."""
    rows, wkb, numbers = no_rows()
    return SourceTable(
        name=name,
        format="",
        rows=rows,
        wkb=wkb,
        row_numbers=numbers,
        encoding={"used": None, "from": None},
        crs={"used": None, "from": None, "name": None, "accuracy_m": None},
        findings=[finding],
        rows_read=0,
        complete=False,
        confined={},
    )
