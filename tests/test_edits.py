"""A small part of the random edits of `make faults`, over the application instead of a server."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import Engine, text

from faults.edits import Edits
from faults.planner import Answer
from geo_hygiene.accounts import store
from geo_hygiene.accounts.store import Grant
from geo_hygiene.database import engine
from geo_hygiene.permissions import Role
from geo_hygiene.web.connections import Connections
from tests.conftest import TestDatabase
from tests.web.conftest import application
from tests.web.test_access import PASSWORD
from tests.web.test_zone_editing import Planner

EDITS = 40


class Asked:
    """The planner of the tests, as the edits ask."""

    def __init__(self, planner: Planner) -> None:
        self._planner = planner

    def read(self, path: str) -> Answer:
        answer = self._planner.client.get(f"/api/v1{path}")
        return Answer(answer.status_code, answer.json, answer.headers.get("ETag", ""))

    def send(self, path: str, body: object, tag: str = "") -> Answer:
        answer = self._planner.send(path, body, tag, to="/api/v1")
        return Answer(answer.status_code, answer.json, answer.headers.get("ETag", ""))


@pytest.fixture
def town(new_database: Callable[..., TestDatabase], sample_template: TestDatabase) -> Iterator[TestDatabase]:
    made = new_database(sample_template.name)
    writer = engine(made.service_url)
    with writer.begin() as connection:
        grants = [Grant(Role.PLANNER)]
        store.add(connection, actor="test", email="planner@office.example", name="x", grants=grants, password=PASSWORD)
    writer.dispose()
    return made


@pytest.fixture
def stored(town: TestDatabase) -> Iterator[Engine]:
    opened = engine(town.service_url)
    yield opened
    opened.dispose()


def test_random_edits_leave_what_a_rebuild_and_an_independent_computation_say(
    town: TestDatabase, stored: Engine
) -> None:
    opened = Connections(town.service_url)
    edits = Edits(Asked(Planner(application(None, connections=opened), "planner")), stored, seed=17)
    for _number in range(EDITS):
        edits.edit()
    edits.compare()
    tallies = [*edits.tallies.values(), edits.compared]
    assert [words for tally in tallies for words in tally.wrong] == []
    assert all(tally.is_clean for tally in tallies)
    assert sum(tally.tried for tally in edits.tallies.values()) == EDITS
    assert sum(tally.accepted for tally in edits.tallies.values()) > EDITS / 3
    assert edits.compared.figures["worst relative difference"] <= 1e-6

    with stored.begin() as connection:
        connection.execute(text("delete from state where target_id in (select target_id from state limit 1)"))
    edits.compare()
    assert edits.compared.accepted_wrongly, "an answer that is gone is noticed"
    opened.close()
