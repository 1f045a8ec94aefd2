"""People at a terminal: the same acts, whole or not at all."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import Engine, event

from geo_hygiene.database import engine
from tests.conftest import TestDatabase
from tests.web.towns import web_town
from tests.zoning.test_commands import Run, run

__all__ = ["run"]


def test_a_substitute_and_a_departure_at_the_terminal(run: Run, database: TestDatabase) -> None:
    writer = engine(database.service_url)
    with writer.begin() as connection:
        web_town(connection)
    writer.dispose()
    wrong = run("people", "substitute", "P1", "P1", "--from", "2025-05-01", "--to", "2025-05-08")
    assert (wrong.exit_code, "Nobody stands in for himself" in wrong.output) == (1, True)
    words = ("--from", "2025-05-01", "--to", "2025-05-08", "--zone", "Z1", "--json")
    made = json.loads(run("people", "substitute", "P1", "P2", *words).stdout)
    assert [one["stands_in_for"] for one in made["zones"][0]["holders"]] == [None, "P1", None]
    asked: list[str] = []

    def ask(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        asked.append(statement)

    event.listen(Engine, "before_cursor_execute", ask)
    left = run("people", "leave", "P1", "--from", "2025-06-01", "--hand-over", "Z1=P2")
    event.remove(Engine, "before_cursor_execute", ask)
    locks = [statement for statement in asked if "pg_advisory_xact_lock" in statement or "for update" in statement]
    assert "pg_advisory_xact_lock" in locks[0], "duties are locked before people, as by all other writers"
    assert left.exit_code == 0, left.output
    listed = json.loads(run("people", "list", "--on", "2025-06-01", "--json").stdout)["people"]
    held = {row["code"]: [zone["code"] for zone in row["zones"]] for row in listed}
    assert held == {"CD": [], "LD": [], "P2": ["Z1", "Z3", "K1"]}
    assert "P2" in run("people", "list", "--on", "2025-06-01").stdout
    broken = json.loads(run("people", "chain", "--by", "group", "--broken", "--on", "2025-06-01", "--json").stdout)
    assert [area["code"] for area in broken["areas"]] == ["C1G1", "C1G2", "C2G1", "C2G2"]
    assert run("people", "leave", "P2", "--from", "2025-07-01", "--hand-over", "Z1").exit_code == 2
