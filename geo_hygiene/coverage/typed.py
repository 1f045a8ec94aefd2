"""What people type for a zone, a person or a lane: its code, or a part of its name; spaces and case do not matter."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import Connection, text

from geo_hygiene.coverage.duties import DutyRecord
from geo_hygiene.coverage.within import PERSON_WITHIN, bound
from geo_hygiene.permissions import Areas

SPACES = " \t\u00a0\u3000"
"""Spaces that names are written with, the wide one of Chinese text among them."""

FITTING = """
with known as ({known}),
exact as (select id from known where lower(code) = lower(:words) or uuid::text = :words)
select id from exact
union all
select id from known
where not exists (select from exact) and position(:folded in translate(lower(name), :spaces, '')) > 0
"""
"""A code or id means this one alone, also where it is a part of other names."""

ZONES = """
select duty_zone.code as id, claim.uuid, duty_zone.code, duty_zone.name
from duty_zone join claim using (id)
where claim.duty_id = :duty_id and claim.valid_from <= :on and :on < claim.valid_to
"""
PERSONS = f"select id, uuid, code, name from person where {PERSON_WITHIN}"  # noqa: S608 - constants
BUNDLES = "select id, uuid, code, name from {bundle}"


def folded(words: str) -> str:
    """Return a text as names are compared: in lower case and without spaces."""
    return "".join(words.lower().split())


def zones_typed(connection: Connection, duty: DutyRecord, on: date, words: str | None) -> list[str] | None:
    """Return the codes of a duty's zones on a day that fit; ``None`` where nothing was typed."""
    return _fitting(connection, ZONES, words, duty_id=duty.id, on=on)


def persons_typed(connection: Connection, words: str | None, within: Areas) -> list[int] | None:
    """Return the ids of the people of some areas that fit; ``None`` where nothing was typed."""
    return _fitting(connection, PERSONS, words, **bound(within))


def bundles_typed(connection: Connection, duty: DutyRecord, words: str | None) -> list[int] | None:
    """Return the ids of the lanes or drains of a duty's targets that fit; ``None`` where nothing was typed."""
    grouping = duty.layer.grouping
    if grouping is None:
        return None
    return _fitting(connection, BUNDLES.format(bundle=grouping.model.__tablename__), words)


def _fitting(connection: Connection, known: str, words: str | None, **values: object) -> list[Any] | None:
    if words is None:
        return None
    typed = {"words": words.strip(), "folded": folded(words), "spaces": SPACES}
    return list(connection.scalars(text(FITTING.format(known=known)), typed | values))
