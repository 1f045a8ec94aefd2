"""What a backup tells of the database that it was made from, and a restore compares."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from sqlalchemy import Connection, text

from geo_hygiene.coverage.duties import all_duties, duty_of, today
from geo_hygiene.coverage.summary import summarize

OFFICES = """
select code, name from area
where level = 'office' and valid_to = 'infinity' order by code nulls last, id limit :most
"""

OFFICES_NAMED = 20
"""A prefecture has hundreds."""


def server_versions(connection: Connection) -> dict[str, str]:
    """Return the versions of PostgreSQL and PostGIS."""
    row = connection.execute(
        text("select current_setting('server_version') as postgresql, postgis_lib_version() as postgis")
    ).one()
    return {"postgresql": row.postgresql.split()[0], "postgis": row.postgis}


def offices(connection: Connection) -> list[dict[str, str | None]]:
    """Return code and name of the offices."""
    rows = connection.execute(text(OFFICES), {"most": OFFICES_NAMED})
    return [{"code": row.code, "name": row.name} for row in rows]


def database_bytes(connection: Connection) -> int:
    """Return how much of the disk the database takes."""
    return int(connection.execute(text("select pg_database_size(current_database())")).scalar_one())


def cover_today(connection: Connection) -> list[dict[str, Any]]:
    """Return what of each duty is covered on this day in the office."""
    on = today(connection)
    return cover_of(connection, [{"duty": duty.code, "on": on.isoformat()} for duty in all_duties(connection)])


def cover_of(connection: Connection, asked: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return what of duties is covered on days, as ``cover --json`` tells it."""
    answers = []
    for question in asked:
        summary = summarize(connection, duty_of(connection, question["duty"]), date.fromisoformat(question["on"]))
        answers.append({"duty": question["duty"], "on": question["on"], **summary.sums.amounts(summary.duty)})
    return answers
