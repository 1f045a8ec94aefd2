"""The questions that are asked most reach the large tables by an index, so that their size does not matter."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import pytest
from sqlalchemy import Connection, event, text

from geo_hygiene.campaigns.catalogue import campaign_of
from geo_hygiene.campaigns.cover import Level, campaign_cover
from geo_hygiene.coverage.chain import who_covers
from geo_hygiene.coverage.duties import duty_of
from geo_hygiene.coverage.questions import gap_count, gaps
from geo_hygiene.coverage.summary import Level as SummaryLevel
from geo_hygiene.coverage.summary import summarize
from geo_hygiene.database import engine
from geo_hygiene.layers import layer_of
from geo_hygiene.tiles import TileQuestion, cut_tile
from tests.conftest import TestDatabase
from tests.web.tiles import position

DAY = date(2025, 9, 1)
STREETS, DUTY, CAMPAIGN = "street-segments", "sweeping", "2025-autumn-rodent"
ZOOM = 15
LARGE = {
    *("target", "street_segment", "claim", "claim_source", "claim_stretch", "cover", "treatment"),
    *("state", "vacancy", "ledger", "reached", "reached_sum"),
}
MIDDLE = """
select target.uuid, ST_X(place) as lon, ST_Y(place) as lat
from target cross join lateral (select ST_PointOnSurface(ST_Force2D(geom)) as place) as inside
where kind = 'street-segments' order by target.id limit 1
"""


@pytest.fixture(scope="module")
def indexed(sample_database: TestDatabase) -> Iterator[Connection]:
    """Return a connection that takes an index wherever there is one: the tables of a town are too small for it."""
    opened = engine(sample_database.service_url)
    with opened.connect() as connection:
        for way in ("seqscan", "hashjoin", "mergejoin"):
            connection.execute(text(f"set enable_{way} = off"))
        yield connection
    opened.dispose()


def tile_of(connection: Connection, key: str, **more: Any) -> None:
    middle = connection.execute(text(MIDDLE)).one()
    x, y = position(middle.lon, middle.lat, ZOOM)
    question = TileQuestion(keys=(key,), z=ZOOM, x=int(x), y=int(y), on=DAY, **more)
    assert cut_tile(connection, question, lambda _tag: False).content


def summary_of(connection: Connection, level: SummaryLevel | None = None) -> None:
    summarize(connection, duty_of(connection, DUTY), DAY, level, limit=10)


def segment(connection: Connection) -> None:
    who_covers(connection, layer_of(STREETS), connection.execute(text(MIDDLE)).one().uuid, DAY)


def campaign(connection: Connection, level: Level | None, **page: Any) -> None:
    record = campaign_of(connection, CAMPAIGN)
    campaign_cover(connection, record, record.last_day, level, **page)


QUESTIONS: dict[str, tuple[Callable[[Connection], object], set[str]]] = {
    "tile": (lambda asked: tile_of(asked, STREETS), {"idx_target_geom_3857"}),
    "tile of cover": (
        lambda asked: tile_of(asked, "cover", duty=DUTY),
        {"idx_target_geom_3857", "pk_state", "ix_cover_of_duties"},
    ),
    "tile of a campaign": (lambda asked: tile_of(asked, "campaign", campaign=CAMPAIGN), {"idx_target_geom_3857"}),
    "summary": (summary_of, {"uq_ledger_duty_level_area_day"}),
    "page of groups": (lambda asked: summary_of(asked, SummaryLevel.GROUP), {"uq_ledger_duty_level_area_day"}),
    "page of people": (
        lambda asked: summary_of(asked, SummaryLevel.PERSON),
        {"uq_assignment_person_id_zone_shift_valid_from", "ix_cover_source_id", "ix_cover_of_duties", "pk_state"},
    ),
    "gaps": (lambda asked: gaps(asked, duty_of(asked, DUTY), DAY), {"ix_state_gap"}),
    "count of gaps": (lambda asked: gap_count(asked, duty_of(asked, DUTY), DAY), {"ix_state_gap"}),
    "segment": (segment, {"ix_cover_of_duties"}),
    "campaign": (lambda asked: campaign(asked, None), {"uq_reached_sum"}),
    "campaign by community": (lambda asked: campaign(asked, Level.COMMUNITY), {"uq_reached_sum"}),
    "campaign, a page of groups": (lambda asked: campaign(asked, Level.GROUP, limit=10), {"uq_reached_sum"}),
    "campaign in one group": (lambda asked: campaign(asked, Level.GROUP, area="QJ0201"), {"uq_reached_sum"}),
}


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for below in plan.get("Plans", ()):
        yield from nodes(below)


@pytest.mark.parametrize("name", QUESTIONS)
def test_a_question_reads_no_large_table_from_end_to_end(indexed: Connection, name: str) -> None:
    question, expected = QUESTIONS[name]
    statements: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, values: Any, *_more: Any) -> None:
        if statement.split(maxsplit=1)[0].lower() in {"select", "with", "execute"} and MIDDLE not in statement:
            statements.append((statement, values))

    event.listen(indexed, "before_cursor_execute", note)
    question(indexed)
    event.remove(indexed, "before_cursor_execute", note)
    plans = [
        found if isinstance(found, list) else json.loads(found)
        for statement, values in statements
        for found in [indexed.exec_driver_sql(f"explain (format json) {statement}", values).scalar_one()]
    ]
    steps = [node for plan in plans for node in nodes(plan[0]["Plan"])]
    whole = [node["Relation Name"] for node in steps if node["Node Type"].endswith("Seq Scan")]
    assert not LARGE & set(whole)
    assert expected <= {node["Index Name"] for node in steps if "Index Cond" in node}
