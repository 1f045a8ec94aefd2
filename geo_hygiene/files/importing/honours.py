"""What rows of honours must say: a holder of the right kind, a day of granting or a veto with its reason."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date
from typing import Any

from sqlalchemy import Connection

from geo_hygiene.coverage.duties import today
from geo_hygiene.files.findings import Code, Finding
from geo_hygiene.files.importing.batch import Batch
from geo_hygiene.files.importing.instants import WrongRowError, check_day
from geo_hygiene.files.importing.standing import AREAS, ESTATES, FRONTAGES, Standing
from geo_hygiene.i18n import N_
from geo_hygiene.records.years import Honour

HELD_BY: Mapping[str, tuple[str, Collection[str]]] = {
    "civilized-community": (AREAS, ("community",)),
    "civilized-estate": (ESTATES, ()),
    "model-household": (FRONTAGES, ()),
}
"""Where the holders of each kind are found, and which of them can hold it."""


def honour_findings(connection: Connection, batch: Batch) -> list[Finding]:
    """Return an error for each row of an honour that can not be true."""
    if batch.layer.model is not Honour:
        return []
    rows = [(batch.clean.row(row), int(batch.numbers[row])) for row in batch.complete]
    holders = {
        kind: Standing(connection, records, (values["holder"] for values, _number in rows if values["kind"] == kind))
        for kind, (records, _kinds) in HELD_BY.items()
    }
    last_day = batch.options.today or today(connection)
    found = []
    for values, number in rows:
        try:
            _check(values, number, holders[values["kind"]], last_day)
        except WrongRowError as wrong:
            found.append(wrong.finding)
    return found


def _check(values: Mapping[str, Any], number: int, holders: Standing, last_day: date) -> None:
    granted, vetoed = values["granted_on"], values["vetoed_on"]
    if granted is None and vetoed is None:
        words = N_("The row says neither when the honour was granted nor when it was vetoed.")
        raise WrongRowError(Finding(Code.VALUE_MISSING, words, number, "granted_on"))
    if (vetoed is None) != (values["reason"] is None):
        words = N_("A veto has a day and a reason.")
        raise WrongRowError(
            Finding(Code.VALUE_MISSING, words, number, "reason" if values["reason"] is None else "vetoed_on")
        )
    if granted is not None and vetoed is not None and vetoed <= granted:
        words = N_("The honour was vetoed on %(vetoed)s and can not be granted on %(granted)s.")
        told = {"vetoed": vetoed.isoformat(), "granted": granted.isoformat()}
        raise WrongRowError(Finding(Code.VALUE_INVALID, words, number, "granted_on", granted.isoformat(), values=told))
    for field, day in (("granted_on", granted), ("vetoed_on", vetoed)):
        if day is not None:
            check_day(day, last_day, number, field)
    holders.on(values["holder"], granted or vetoed, number, "holder", HELD_BY[values["kind"]][1])
