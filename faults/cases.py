"""One bad or odd file with what the user says of it, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

FAMILIES = (None, "any", "point", "line", "polygon")


@dataclass(frozen=True)
class Case:
    """Files as bytes by name, the one of them that is imported, and what the user says of it."""

    files: Mapping[str, bytes]
    main: str
    family: str | None = None
    crs: str | None = None
    encoding: str | None = None
    table: str | None = None
    extent: tuple[float, float, float, float] | None = None
    needs_shapes: bool = True

    def write(self, folder: Path) -> Path:
        """Write the files into an empty folder, and return the path to import."""
        for name, content in self.files.items():
            (folder / name).write_bytes(content)
        return folder / self.main


@dataclass(frozen=True)
class Outcome:
    """What came of a case.

    Attributes
    ----------
    accepted
        Whether rows came out.
    codes
        Codes of the errors.
    wrong
        What should not have been; None where all was as it must be.
    """

    accepted: bool
    codes: frozenset[str] = field(default_factory=frozenset)
    wrong: str | None = None
