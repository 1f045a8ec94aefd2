"""A proposal that is adopted while somebody edits the same zones."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import Engine, text

from geo_hygiene.coverage.duties import duty_of
from geo_hygiene.coverage.locks import lock_duties
from geo_hygiene.coverage.writing import lists_of_sources
from geo_hygiene.database import engine
from geo_hygiene.zoning import drafts, editing
from geo_hygiene.zoning.adopting import Proposed, adopt
from geo_hygiene.zoning.drafts import DraftRecord
from geo_hygiene.zoning.editing import ZoneWords
from geo_hygiene.zoning.lists import SaidStretch
from tests.conftest import TestDatabase
from tests.coverage.towns import START, grid_town
from tests.zoning.test_editing import DUTY, PLANNER

STREETS = "select id, uuid from target where kind = 'street-segments' order by id limit 4"

WAITS = """
select exists (
    select from pg_locks join pg_database on pg_database.oid = pg_locks.database
    where datname = current_database() and locktype = 'advisory' and not granted
)
"""


@pytest.fixture
def own(database: TestDatabase) -> Iterator[Engine]:
    connections = engine(database.service_url)
    yield connections
    connections.dispose()


def test_what_is_edited_while_a_proposal_is_adopted_stands_in_its_draft(own: Engine) -> None:
    with own.begin() as connection:
        grid_town(connection)
        duty = duty_of(connection, DUTY)
        ids, (first, second, before, after) = zip(*connection.execute(text(STREETS)).all(), strict=True)
        words = ZoneWords(segments=[SaidStretch(one) for one in (first, second, before)])
        editing.create(connection, PLANNER, duty=duty, code="A", valid_from=START, valid_to=None, words=words)
    proposed = Proposed(duty=duty, on=START, lists={"A": [first], "B": [second]}, pictures={})

    def adopted() -> DraftRecord:
        with own.begin() as connection:
            return adopt(connection, PLANNER, proposed, "plan")

    with own.connect() as edits, own.connect() as looks, ThreadPoolExecutor(1) as pool:
        lock_duties(edits, [duty.id])
        adopting = pool.submit(adopted)
        while not looks.scalar(text(WAITS)) and not adopting.done():
            looks.rollback()
            time.sleep(0.02)
        words = ZoneWords(segments=[SaidStretch(one) for one in (first, second, after)])
        editing.change(edits, PLANNER, "A", version=1, start=None, words=words)
        edits.commit()
        draft = adopting.result()
    with own.connect() as connection:
        zones = {zone.code: zone.source_id for zone in drafts.zones_of(connection, draft)}
        lists = lists_of_sources(connection, [source for source in zones.values() if source is not None])
    held = {code: {item.target_id for item in lists[source or 0]} for code, source in zones.items()}
    assert held == {"A": {ids[0], ids[3]}, "B": {ids[1]}}
