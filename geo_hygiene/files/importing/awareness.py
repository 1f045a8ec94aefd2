"""What rows of surveys of awareness must say: an area that was there, and not more aware than asked."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from sqlalchemy import Connection

from geo_hygiene.coverage.duties import today
from geo_hygiene.files.findings import Code, Finding
from geo_hygiene.files.importing.batch import Batch
from geo_hygiene.files.importing.instants import WrongRowError, check_day
from geo_hygiene.files.importing.standing import AREAS, Standing
from geo_hygiene.i18n import N_
from geo_hygiene.records.years import AwarenessSurvey


def survey_findings(connection: Connection, batch: Batch) -> list[Finding]:
    """Return an error for each row of a survey that can not be true."""
    if batch.layer.model is not AwarenessSurvey:
        return []
    rows = [(batch.clean.row(row), int(batch.numbers[row])) for row in batch.complete]
    areas = Standing(connection, AREAS, (values["area"] for values, _number in rows))
    last_day = batch.options.today or today(connection)
    found = []
    for values, number in rows:
        try:
            _check(values, number, areas, last_day)
        except WrongRowError as wrong:
            found.append(wrong.finding)
    return found


def _check(values: Mapping[str, Any], number: int, areas: Standing, last_day: date) -> None:
    check_day(values["held_on"], last_day, number, "held_on")
    areas.on(values["area"], values["held_on"], number, "area")
    if values["aware"] > values["asked"]:
        words = N_("%(aware)s of %(asked)s people can not be aware.")
        told = {"aware": values["aware"], "asked": values["asked"]}
        raise WrongRowError(Finding(Code.VALUE_INVALID, words, number, "aware", str(values["aware"]), values=told))
