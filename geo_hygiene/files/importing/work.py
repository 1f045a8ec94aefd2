"""Rules of the work model: what of a row can not be, and which rows say two things of the same work."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection

from geo_hygiene.files.findings import Code, Finding
from geo_hygiene.files.importing.batch import Batch, column_of, default_of
from geo_hygiene.i18n import N_
from geo_hygiene.records.work_rules import WorkRule
from geo_hygiene.zoning.work_rules import Effort, Subject, mistakes_of, overlapping

SAYS_TWICE = N_("The rule and another one say two things of the same targets, widths and days.")
END_FIRST = N_("Let one end where the other begins: periods and widths are half-open.")


def rule_findings(batch: Batch) -> list[Finding]:
    """Return an error for each row of rules that can not be."""
    if batch.layer.model is not WorkRule:
        return []
    found = []
    for row in batch.rows:
        values = _whole(batch, row)
        subject = Subject(**{name: values[name] for name in Subject.__slots__})
        effort = Effort(**{name: values[name] for name in Effort.__slots__})
        for one in mistakes_of(subject, effort):
            value = None if values[one.field] is None else str(values[one.field])
            found.append(
                Finding(
                    Code.VALUE_INVALID, one.words, int(batch.numbers[row]), one.field, value, values=dict(one.values)
                )
            )
    return found


def _whole(batch: Batch, row: int) -> dict[str, Any]:
    """Return what a row says, with what is stored where it says nothing."""
    told = batch.clean.row(row)
    return {
        field.name: default_of(column_of(field)) if told[field.name] is None else told[field.name]
        for field in batch.plain()
    }


def overlap_findings(connection: Connection, rows: Mapping[int, int]) -> list[Finding]:
    """Return an error for each row after whose writing two rules say two things; ``rows`` are their numbers by id."""
    told = {max((rows[one] for one in pair if one in rows), default=None) for pair in overlapping(connection)}
    return [
        Finding(Code.VALUE_INVALID, SAYS_TWICE, row, "valid_from", hint=END_FIRST)
        for row in sorted(number for number in told if number is not None)
    ]
