"""Days as offices write them."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Any


class AmbiguousDateError(ValueError):
    """A date that has two readings, or whose order nobody said."""


_YEAR_FIRST = re.compile(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?(?:[T ].*)?")
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})")
_YEAR_LAST = re.compile(r"(\d{1,2})[-/.](\d{1,2})[-/.](\d{4})(?:[T ].*)?")


def read_day(value: Any, order: str | None) -> date:
    """Return a calendar day; ``order`` is ``mdy``, ``dmy``, ``ymd`` or not known.

    Raises
    ------
    AmbiguousDateError
        If day and month can be told apart only by an order that was not given.
    ValueError
        If it is no day.
    """
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    written = str(value).strip()
    if found := _YEAR_FIRST.fullmatch(written) or _COMPACT.fullmatch(written):
        year, month, day = (int(part) for part in found.groups())
        return date(year, month, day)
    if found := _YEAR_LAST.fullmatch(written):
        if order not in {"mdy", "dmy"}:
            raise AmbiguousDateError(written)
        first, second, year = (int(part) for part in found.groups())
        month, day = (first, second) if order == "mdy" else (second, first)
        return date(year, month, day)
    raise ValueError(written)
