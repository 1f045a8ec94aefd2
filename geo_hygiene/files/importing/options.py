"""What a user can ask of an import."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path

from geo_hygiene.files.reading.limits import COMMAND_LINE, Limits


def no_secret() -> bytes:
    """Refuse to hash numbers by a key that is none."""
    raise ValueError("an import that brings the numbers of adverts needs the key of its home")


@dataclass(frozen=True, kw_only=True)
class ImportOptions:
    """How a file is read and stored.

    Attributes
    ----------
    crs, encoding
        Of the file, where it does not say them or says them wrong.
    table
        Name of the table in a file that holds several.
    fields
        Our field name to the file's, before any guess.
    constants
        Value of a field for the rows that say none.
    key
        The file's field that tells rows apart; by default the layer's key field, else the source geometry.
    date_order
        ``mdy``, ``dmy`` or ``ymd`` for dates that are not ISO.
    skip_rejected
        Store the good rows although others have errors.
    rejected
        Where the rows with errors are written, with their reasons.
    replace
        Records that the file lacks end.
    anywhere
        A place outside the extent of the offices is no error.
    dry_run
        Tell what would happen and store nothing.
    correct
        Changes correct what was recorded: they hold from the beginning of the record.
    duty
        Duty of zones that name none.
    day
        First day on which changes hold; ``None`` is today.
    today
        The current day in the office's time zone; ``None`` is that of UTC.
    origin
        ``file``, ``sample`` for the synthetic town, or ``hand`` for what somebody drew.
    in_place_of
        Of one row that somebody drew: the ids of the targets whose place it takes, none for a new one. ``None``: rows
        of a file, which are told by their keys.
    scratch
        Folder for what must be unpacked while reading; ``None`` is the system's.
    secret
        Returns the key by which the numbers on adverts are hashed.
    limits
        What reading the file may cost.
    """

    crs: str | None = None
    encoding: str | None = None
    table: str | None = None
    fields: Mapping[str, str] = field(default_factory=dict)
    constants: Mapping[str, str] = field(default_factory=dict)
    key: str | None = None
    date_order: str | None = None
    skip_rejected: bool = False
    rejected: Path | None = None
    replace: bool = False
    anywhere: bool = False
    dry_run: bool = False
    correct: bool = False
    duty: str = "sweeping"
    day: date | None = None
    today: date | None = None
    origin: str = "file"
    in_place_of: Sequence[int] | None = None
    scratch: Path | None = None
    secret: Callable[[], bytes] = no_secret
    limits: Limits = COMMAND_LINE

    @property
    def changes_on(self) -> date:
        """First day on which changes hold."""
        return self.day or self.today or datetime.now(UTC).date()
