"""What must hold in a database, as a list of named checks.

A check is a question for what differs, with what it means and what to do, in the user's words. To add one, declare it
in a module of this package, or in one above it that extends the list, and test it with a database in which it fails.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.exc import DBAPIError

from geo_hygiene.i18n import _
from geo_hygiene.upkeep.checks import cover, machine, records
from geo_hygiene.upkeep.checks.check import Check, Difference, Found, Ground, Subject

__all__ = ["CHECKS", "Check", "Difference", "Found", "Ground", "Result", "Subject", "run_checks"]

CHECKS: Sequence[Check] = (*records.CHECKS, *cover.CHECKS, *machine.CHECKS)

QUERY_CANCELED = "57014"


@dataclass(frozen=True)
class Result:
    """What a check found, and how long it took."""

    check: Check
    found: Found
    seconds: float

    @property
    def status(self) -> str:
        """``good``, ``warning`` or ``different``."""
        if not self.found.count:
            return "good"
        return "warning" if self.check.is_warning else "different"

    def as_json(self) -> dict[str, Any]:
        """Return the public form."""
        return {
            "key": self.check.key,
            "title": _(self.check.title),
            "status": self.status,
            "count": self.found.count,
            "differences": [
                {"place": one.place, "found": one.found, "expected": one.expected} for one in self.found.differences
            ],
            "advice": _(self.check.advice) if self.found.count else None,
            "seconds": round(self.seconds, 3),
        }


def silent(_check: Check, _done: int, _total: int) -> None:
    """Tell nobody which check is made."""


def run_checks(
    ground: Ground,
    *,
    subjects: Sequence[Subject] = tuple(Subject),
    thorough: bool = False,
    tell: Callable[[Check, int, int], None] = silent,
) -> Iterator[Result]:
    """Make the checks one after another, and yield what each found.

    Parameters
    ----------
    thorough
        Make those that take long, too.
    tell
        Called before each, with how many of how many are done.
    """
    chosen = [check for check in CHECKS if check.subject in subjects and (thorough or not check.is_thorough)]
    for done, check in enumerate(chosen):
        tell(check, done, len(chosen))
        begun = time.monotonic()
        yield Result(check, _find(check, ground), time.monotonic() - begun)


def _find(check: Check, ground: Ground) -> Found:
    """Ask; a page of the disk that can not be read is something found, not the end of the checks."""
    savepoint = ground.connection.begin_nested()
    try:
        found = check.find(ground)
    except DBAPIError as error:
        if error.connection_invalidated or getattr(error.orig, "pgcode", None) in (None, QUERY_CANCELED):
            raise
        savepoint.rollback()
        reason = str(error.orig).strip().splitlines()[0]
        return Found(1, (Difference(_("the question can not be answered"), reason),))
    savepoint.commit()
    return found
