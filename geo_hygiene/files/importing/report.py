"""What an import says about what it did."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geo_hygiene.coverage.inheriting import Unprojected
from geo_hygiene.files.findings import Finding, shown


@dataclass
class Stored:
    """What became of the records of a layer.

    Attributes
    ----------
    created, updated, unchanged, ended
        Numbers of records.
    without_place
        Rows among these that do not say where.
    findings
        What was said on the way.
    lacking
        Keys, codes or ids of records that the file lacks and that stayed, the first of them.
    lacking_count
        How many these are.
    crossings, pieces
        Of lines that are split where they cross; ``None`` for others.
    components_before, components_after
        Connected parts of the network as it came and as it was stored; ``None`` where there is no network.
    length_m
        Geodesic metres of the lines of the file as they were stored.
    begun, left
        Ids of targets that began, and of those that ended or were replaced.
    unprojected
        Stretches of lists that nothing which began could take over.
    """

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    ended: int = 0
    without_place: int = 0
    findings: list[Finding] = field(default_factory=list)
    lacking: list[str] = field(default_factory=list)
    lacking_count: int = 0
    crossings: int | None = None
    pieces: int | None = None
    components_before: int | None = None
    components_after: int | None = None
    length_m: float | None = None
    begun: list[int] = field(default_factory=list)
    left: list[int] = field(default_factory=list)
    unprojected: list[Unprojected] = field(default_factory=list)

    @property
    def changed(self) -> bool:
        """Whether any record changed."""
        return bool(self.created or self.updated or self.ended)


LACKING_SHOWN = 50
"""Keys of lacking records that are told one by one."""


def no_line(_row: int) -> None:
    """Know of no lines."""


@dataclass(frozen=True, kw_only=True)
class ImportReport:
    """The answer of an import; :meth:`as_json` is its public form.

    ``number`` is that of the import that was stored. ``line_of`` tells the line of the spreadsheet in which a row
    stands, if people open the file in one; ``shapes`` are the places of all rows as they would be stored, EPSG:4326.
    """

    status: str
    layer: str
    file: str
    read: int
    accepted: int
    rejected: int
    stored: Stored
    findings: list[Finding]
    encoding: Mapping[str, str] | None = None
    crs: Mapping[str, Any] | None = None
    extent: tuple[float, float, float, float] | None = None
    rejected_file: str | None = None
    number: int | None = None
    line_of: Callable[[int], int | None] = no_line
    shapes: NDArray[np.object_] = field(default_factory=lambda: np.array([], dtype=object), repr=False)
    seconds: float = 0.0

    @property
    def refused(self) -> bool:
        """Whether nothing was stored because of errors."""
        return self.status == "refused"

    def as_json(self) -> dict[str, Any]:
        """Return the public form: metres to 0.001, missing = null."""
        stored = self.stored
        lines = stored.length_m is not None
        return {
            "status": self.status,
            "layer": self.layer,
            "file": self.file,
            "rows": {"read": self.read, "accepted": self.accepted, "rejected": self.rejected},
            "records": {
                "created": stored.created,
                "updated": stored.updated,
                "unchanged": stored.unchanged,
                "ended": stored.ended,
                "without_place": stored.without_place,
            },
            "encoding": self.encoding,
            "crs": self.crs,
            "extent": None if self.extent is None else [round(value, 9) for value in self.extent],
            "length_m": round(stored.length_m, 3) if stored.length_m is not None else None,
            "split": {"crossings": stored.crossings, "pieces": stored.pieces} if stored.pieces is not None else None,
            "components": {"before": stored.components_before, "after": stored.components_after} if lines else None,
            "lacking": {"count": stored.lacking_count, "keys": stored.lacking},
            "findings": shown(self.findings),
            "rejected_file": self.rejected_file,
            "seconds": round(self.seconds, 3),
        }
