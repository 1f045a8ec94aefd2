"""When things happened, as the rows of a file say it."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from geo_hygiene.files.findings import Code, Finding
from geo_hygiene.i18n import N_

CLOCKS_APART = timedelta(minutes=10)
"""The clock of another system may be ahead of this one's."""

FIRST_YEAR = 2000
"""Instants before it are what programs write for an unknown one."""


class WrongRowError(ValueError):
    """A row that can not be stored; carries its finding."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.code)
        self.finding = finding


def instant_of(written: datetime | date, clock: time | None, zone: ZoneInfo, number: int) -> datetime:
    """Return when something happened, from a day with its time, or a day and a time; ``number`` is the row's."""
    if not isinstance(written, datetime):
        if clock is None:
            words = N_("The row says the day, but not the time of day.")
            hint = N_("Give the rows that say none the same one: --set time=12:00")
            raise WrongRowError(Finding(Code.VALUE_MISSING, words, number, "time", hint=hint))
        written = datetime.combine(written, clock)
    return in_zone(written, zone)


def in_zone(written: datetime, zone: ZoneInfo) -> datetime:
    """Return an instant; one that names no time zone is the office's."""
    return written if written.tzinfo is not None else written.replace(tzinfo=zone)


def check_instant(at: datetime, now: datetime, number: int, field: str) -> None:
    """Refuse the row whose instant has not come yet, or stands for an unknown one.

    Raises
    ------
    WrongRowError
        With the finding.
    """
    shown = at.isoformat(" ")
    if at > now + CLOCKS_APART:
        words = N_("“%(value)s” has not come yet.")
        raise WrongRowError(Finding(Code.VALUE_INVALID, words, number, field, shown, values={"value": shown}))
    if at.year < FIRST_YEAR:
        words = N_("“%(value)s” is what programs write when they do not know the day.")
        raise WrongRowError(Finding(Code.VALUE_INVALID, words, number, field, shown, values={"value": shown}))


def check_day(day: date, last_day: date, number: int, field: str) -> None:
    """Refuse the row whose day comes after the last one possible, or stands for an unknown one.

    Raises
    ------
    WrongRowError
        With the finding.
    """
    if day > last_day:
        words = N_("“%(value)s” has not come yet.")
    elif day.year < FIRST_YEAR:
        words = N_("“%(value)s” is what programs write when they do not know the day.")
    else:
        return
    shown = day.isoformat()
    raise WrongRowError(Finding(Code.VALUE_INVALID, words, number, field, shown, values={"value": shown}))
