"""The three formats behind one face: a system, an encoding, fields, and batches of rows."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Protocol

import pyarrow as pa

from geo_hygiene.files.findings import Code, Finding
from geo_hygiene.files.reading.geometry import Geometries, Rows
from geo_hygiene.files.reading.locate import refuse
from geo_hygiene.files.reading.systems import System
from geo_hygiene.i18n import N_

FORMAT_ENCODING = {"used": "UTF-8", "from": "format"}
#: A table with more fields is a mistake, or an attack on the memory.
MOST_FIELDS = 1000
#: Control characters, and halves of characters that JSON can write: no database stores them.
_NOT_STORED = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]+")


class FieldNames:
    """The names under which fields are handed on: without control characters, none empty, each once.

    Parameters
    ----------
    findings
        Takes what is said of names that stand there twice.
    """

    def __init__(self, findings: list[Finding]) -> None:
        self._findings = findings
        self._taken: set[str] = set()

    def add(self, written: str) -> str:
        """Return the name of the next field.

        Raises
        ------
        RefusedError
            If there are too many.
        """
        if len(self._taken) == MOST_FIELDS:
            raise refuse(Code.FILE_TOO_BIG, N_("The file has more than %(most)s different fields."), most=MOST_FIELDS)
        name = own = _NOT_STORED.sub(" ", written).strip() or f"field{len(self._taken) + 1}"
        copy = 1
        while name in self._taken:
            copy += 1
            name = f"{own}_{copy}"
        if copy > 1:
            text = N_("The file has the field %(name)s more than once; this one is read as %(renamed)s.")
            self._findings.append(Finding(Code.FIELD_RENAMED, text, field=own, values={"name": own, "renamed": name}))
        self._taken.add(name)
        return name


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
