"""Days and times as offices write them."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta
from typing import Any
from unicodedata import normalize


class AmbiguousDateError(ValueError):
    """A date that has two readings, or whose order nobody said."""


_YEAR_FIRST = re.compile(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?(?:[T ].*)?")
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})")
_YEAR_LAST = re.compile(r"(\d{1,2})[-/.](\d{1,2})[-/.](\d{4})(?:[T ].*)?")


def proven_order(written: str) -> str | None:
    """Return the order of a date whose year is last, where one of its numbers is no month; ``None`` for all others."""
    found = _YEAR_LAST.fullmatch(normalize("NFKC", written).strip())
    if found is None:
        return None
    first, second, year = (int(part) for part in found.groups())
    orders = {"dmy": (second, first), "mdy": (first, second)}
    possible = [order for order, (month, day) in orders.items() if _is_day(year, month, day)]
    return possible[0] if len(possible) == 1 else None


def _is_day(year: int, month: int, day: int) -> bool:
    try:
        date(year, month, day)
    except ValueError:
        return False
    return True


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


_PART = "凌晨|早上|上午|中午|下午|傍晚|晚上"
_CLOCK = re.compile(
    rf"(?:(?P<part>{_PART})\s*)?(?P<hour>\d{{1,2}})"
    r"(?:[:时点](?P<minute>\d{1,2})(?:[:分](?P<second>\d{1,2})秒?)?分?(?:[.,]\d+)?|[时点]整?|(?=\s*[AaPp]\.?[Mm]))"
    r"\s*(?P<half>[AaPp]\.?[Mm]\.?)?"
)
_ISO_INSTANT = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?\s*(Z|[+-]\d{2}:?\d{2})?")
_COMPACT_INSTANT = re.compile(r"(\d{8})[T ]?(\d{2})(\d{2})(\d{2})?")
_BEHIND_DAY = re.compile(rf"(?:[T ]\s*|(?<=日)\s*)(?=(?:{_PART})?\s*\d{{1,2}}(?:[:时点]|\s*[AaPp]\.?[Mm]))")
_LOOSE_WORD = re.compile(
    rf"[\s(]*(?:(?:周|星期|礼拜)[一二三四五六日天]|(?i:mon|tue|wed|thu|fri|sat|sun)[a-z]*|{_PART})[\s)]*$"
)
"""A day of the week, or a part of the day that names no hour: nothing is lost without it."""
_DAY_ALONE = re.compile(r"\d{8}|\d+\D{1,3}\d+\D{1,3}\d+\s*日?")
_TWELVE_IS_MIDNIGHT = frozenset({"凌晨", "早上", "上午"})
_AFTERNOON = frozenset({"中午", "下午", "傍晚", "晚上"})
_NOON, _LATE_MORNING = "中午", 10
_EVENING = frozenset({"傍晚", "晚上"})
_HALF_DAY = 12


def read_time(value: Any) -> time:
    """Return a time of day, as 18:56:58, 6:56:58 PM or 下午6:56.

    Raises
    ------
    ValueError
        If it is none; twelve in the evening may be noon's clock or midnight's, and is none.
    """
    if isinstance(value, time):
        return value
    if isinstance(value, datetime):
        return value.timetz()
    written = normalize("NFKC", str(value)).strip()
    found = _CLOCK.fullmatch(written)
    if found is None:
        raise ValueError(written)
    hour, minute, second = int(found["hour"]), int(found["minute"] or 0), int(found["second"] or 0)
    half = (found["half"] or "").replace(".", "").lower()
    if half and not 1 <= hour <= _HALF_DAY:
        raise ValueError(written)
    if half:
        hour = hour % _HALF_DAY + (_HALF_DAY if half == "pm" else 0)
    return time(_hour(hour, found["part"], written), minute, second)


def _hour(hour: int, part: str | None, written: str) -> int:
    """Return an hour of 24 from one of twelve and the part of the day in which it lies."""
    if part in _EVENING and hour == _HALF_DAY:
        raise ValueError(written)
    if part in _TWELVE_IS_MIDNIGHT and hour == _HALF_DAY:
        return 0
    is_before_noon = part == _NOON and hour >= _LATE_MORNING
    return hour + _HALF_DAY if part in _AFTERNOON and hour < _HALF_DAY and not is_before_noon else hour


SURE_DAYS = date.min + timedelta(days=1), date.max - timedelta(days=1)
"""The first and the last day all of whose instants every time zone can write."""


def read_instant(value: Any, order: str | None) -> datetime | date:
    """Return a day with its time, or the day alone where no time is written; ``order`` as for :func:`read_day`.

    Raises
    ------
    AmbiguousDateError
        As :func:`read_day`.
    ValueError
        If it is no day, or something stands behind the day that is no time: a complaint would lie at midnight for it.
        Or if in another time zone it would be before the first year of the calendar, or after its last.
    """
    read = value if isinstance(value, date) else _read_instant(value, order)
    first, last = SURE_DAYS
    if isinstance(read, datetime) and not first <= read.date() <= last:
        raise ValueError(str(value))
    return read


def _read_instant(value: Any, order: str | None) -> datetime | date:
    written = normalize("NFKC", str(value)).strip()
    if _ISO_INSTANT.fullmatch(written):
        return datetime.fromisoformat(written.replace(" Z", "Z"))
    if found := _COMPACT_INSTANT.fullmatch(written):
        hour, minute, second = (int(part or 0) for part in found.groups()[1:])
        return datetime.combine(read_day(found[1], order), time(hour, minute, second))
    parts = _BEHIND_DAY.split(written, maxsplit=1)
    bare = _LOOSE_WORD.sub("", parts[0])
    day = read_day(bare, order)
    if not _DAY_ALONE.fullmatch(bare):
        raise ValueError(written)
    return datetime.combine(day, read_time(parts[1])) if len(parts) > 1 else day
