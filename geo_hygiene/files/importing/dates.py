"""Days and times as offices write them."""

from __future__ import annotations

import re
from datetime import date, datetime, time
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


_CLOCK = re.compile(
    r"(?:(?P<part>上午|下午|晚上|凌晨)\s*)?(?P<hour>\d{1,2})[:时点](?P<minute>\d{1,2})(?:[:分](?P<second>\d{1,2})秒?)?分?"
    r"(?:\.\d+)?\s*(?P<half>[AaPp]\.?[Mm]\.?)?"
)
_ISO_INSTANT = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?\s*(Z|[+-]\d{2}:?\d{2})?")
_BEHIND_DAY = re.compile(r"(?:[T ]\s*|(?<=日)\s*)(?=(?:上午|下午|晚上|凌晨)?\s*\d{1,2}[:时点])")
_AFTERNOON = frozenset({"下午", "晚上"})
_HALF_DAY = 12


def read_time(value: Any) -> time:
    """Return a time of day, as 18:56:58, 6:56:58 PM or 下午6:56.

    Raises
    ------
    ValueError
        If it is none.
    """
    if isinstance(value, time):
        return value
    if isinstance(value, datetime):
        return value.timetz()
    written = str(value).strip()
    found = _CLOCK.fullmatch(written)
    if found is None:
        raise ValueError(written)
    hour, minute, second = int(found["hour"]), int(found["minute"]), int(found["second"] or 0)
    half = (found["half"] or "").replace(".", "").lower()
    if half and not 1 <= hour <= _HALF_DAY:
        raise ValueError(written)
    if half:
        hour = hour % _HALF_DAY + (_HALF_DAY if half == "pm" else 0)
    elif found["part"] in _AFTERNOON and hour < _HALF_DAY:
        hour += _HALF_DAY
    return time(hour, minute, second)


def read_instant(value: Any, order: str | None) -> datetime | date:
    """Return a day with its time, or the day alone where no time is written; ``order`` as for :func:`read_day`.

    Raises
    ------
    AmbiguousDateError, ValueError
        As :func:`read_day`.
    """
    if isinstance(value, datetime):
        return value
    written = str(value).strip()
    if _ISO_INSTANT.fullmatch(written):
        return datetime.fromisoformat(written.replace(" Z", "Z"))
    parts = _BEHIND_DAY.split(written, maxsplit=1)
    day = read_day(parts[0] if len(parts) > 1 else value, order)
    return datetime.combine(day, read_time(parts[1])) if len(parts) > 1 else day
