"""Responsibility letters: each is one signing of a frontage or unit, and holds within one year."""

from __future__ import annotations

import uuid as uuid_module
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from psycopg2.extras import Json
from sqlalchemy import Connection, text

from geo_hygiene.copying import copy_rows
from geo_hygiene.coverage.duties import today
from geo_hygiene.coverage.versions import bump
from geo_hygiene.database import write_rows
from geo_hygiene.files.findings import Code, Finding
from geo_hygiene.files.importing.batch import Batch
from geo_hygiene.files.importing.instants import WrongRowError, check_day
from geo_hygiene.files.importing.report import Stored
from geo_hygiene.files.importing.standing import SIGNERS, Standing
from geo_hygiene.files.importing.work_rows import with_stored
from geo_hygiene.i18n import N_

PRESENT = """
select id, uuid, target_id, year, signed_on, valid_to, extra
from letter
where target_id = any(:targets) or uuid = any(cast(:ids as uuid[]))
"""

UPDATE = """
update letter set
    target_id = said.target_id::int, year = said.year::int, signed_on = said.signed_on::date,
    valid_to = said.valid_to::date, extra = said.extra::jsonb
from (values %s) as said (id, target_id, year, signed_on, valid_to, extra)
where letter.id = said.id
"""

CREATED = ("uuid", "target_id", "year", "signed_on", "valid_to", "extra", "import_id")


class _Signing(NamedTuple):
    """What tells letters apart."""

    target_id: int
    year: int
    signed_on: date


@dataclass(frozen=True, slots=True)
class _Row:
    """A letter as the file says it."""

    number: int
    id: str | None
    signing: _Signing
    valid_to: date
    extra: dict[str, Any]


def store(connection: Connection, batch: Batch) -> Stored:
    """Write the letters that are new or differ; a row with an error is told and left out."""
    stored = Stored()
    rows = _without_doubles(_read_rows(connection, batch, stored), stored)
    asked = {
        "targets": sorted({row.signing.target_id for row in rows}),
        "ids": sorted({row.id for row in rows if row.id}),
    }
    present = connection.execute(text(PRESENT), asked).all()
    by_id = {str(old.uuid): old for old in present}
    by_signing = {_Signing(old.target_id, old.year, old.signed_on): old for old in present}
    created, updated = [], []
    for row in rows:
        old = by_signing.get(row.signing) or (by_id.get(row.id) if row.id else None)
        if old is None:
            created.append((row.id or str(uuid_module.uuid4()), *row.signing, row.valid_to, row.extra, batch.import_id))
            continue
        extra = with_stored(row.extra, old)
        if (old.target_id, old.year, old.signed_on, old.valid_to, old.extra) != (*row.signing, row.valid_to, extra):
            updated.append((old.id, *row.signing, row.valid_to, Json(extra)))
    if created:
        copy_rows(connection, "letter", dict(zip(CREATED, zip(*created, strict=True), strict=True)))
    write_rows(connection, UPDATE, updated)
    stored.created, stored.updated = len(created), len(updated)
    stored.unchanged = len(rows) - len(created) - len(updated)
    if stored.changed:
        bump(connection, [batch.layer.key])
    return stored


def _read_rows(connection: Connection, batch: Batch, stored: Stored) -> list[_Row]:
    targets = batch.values("target")
    signers = Standing(connection, SIGNERS, (targets[row] for row in batch.rows))
    last_day = batch.options.today or today(connection)
    rows = []
    for index in batch.rows:
        try:
            rows.append(_read(batch, index, signers, last_day))
        except WrongRowError as wrong:
            stored.findings.append(wrong.finding)
    return rows


def _read(batch: Batch, index: int, signers: Standing, last_day: date) -> _Row:
    values, number = batch.clean.row(index), int(batch.numbers[index])
    signed_on: date = values["signed_on"]
    check_day(signed_on, last_day, number, "signed_on")
    year = values["year"] or signed_on.year
    begins, ends = date(year, 1, 1), date(year + 1, 1, 1)
    if not date(year - 1, 1, 1) <= signed_on < ends:
        words = N_("A letter for %(year)s is not signed on %(day)s.")
        told = {"year": year, "day": signed_on.isoformat()}
        raise WrongRowError(Finding(Code.VALUE_INVALID, words, number, "year", str(year), values=told))
    valid_to = values["valid_to"] or ends
    if not max(begins, signed_on) < valid_to <= ends:
        words = N_("A letter for %(year)s ends within that year: the day after its last is at most %(ends)s.")
        hint = N_("A letter covers one year; write one row for each.")
        told = {"year": year, "ends": ends.isoformat()}
        raise WrongRowError(Finding(Code.VALUE_INVALID, words, number, "valid_to", valid_to.isoformat(), hint, told))
    target = signers.on(str(values["target"]), signed_on, number, "target")
    signing = _Signing(target.id, year, signed_on)
    given = None if values["id"] is None else str(values["id"])
    return _Row(number, given, signing, valid_to, batch.clean.extra[index])


def _without_doubles(rows: Sequence[_Row], stored: Stored) -> list[_Row]:
    """Return the rows of which none says what an earlier one said; the others are told."""
    first: dict[_Signing | str, int] = {}
    kept = []
    for row in rows:
        keys: list[_Signing | str] = [row.signing, *([row.id] if row.id else [])]
        earlier = next((first[key] for key in keys if key in first), None)
        if earlier is not None:
            words = N_("The row says the same as row %(first)s.")
            stored.findings.append(Finding(Code.DUPLICATE_KEY, words, row.number, values={"first": earlier}))
            continue
        first |= dict.fromkeys(keys, row.number)
        kept.append(row)
    return kept
