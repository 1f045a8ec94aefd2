"""The three formats behind one face: a system, an encoding, fields, and batches of rows."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Protocol

import pyarrow as pa

from geo_hygiene.files.findings import Finding
from geo_hygiene.files.reading.geometry import Geometries, Rows
from geo_hygiene.files.reading.systems import System

FORMAT_ENCODING = {"used": "UTF-8", "from": "format"}


@dataclass
class RawBatch:
    """Some rows as they stand in the file.

    Parameters
    ----------
    geometries
        shapely geometries in the system of the file; None where there is none or where it is damaged.
    columns
        One array for each field.
    problems
        What is wrong with geometries that could not even be made, by row number.
    """

    rows: Rows
    geometries: Geometries
    columns: list[pa.Array]
    problems: dict[int, Finding] = field(default_factory=dict)


class Source(Protocol):
    """A file that was opened and found to be what its name says."""

    format: str
    name: str
    system: System | None
    total: int | None
    """Number of rows, None when only reading to the end tells it."""
    findings: list[Finding]
    """What was found on opening; `batches` may add to it."""

    @property
    def encoding(self) -> dict[str, str]:
        """The encoding of the text, `used` and `from`."""

    @property
    def schema(self) -> pa.Schema | None:
        """Names and types of the fields, None when only reading to the end tells them."""

    def batches(self) -> Iterator[RawBatch]:
        """Yield the rows in the order of the file."""
