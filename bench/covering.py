"""The coverage engine: a rebuild, one more claim, and questions."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any

import geopandas
import shapely
from sqlalchemy import Connection, Engine, text

from bench.figures import Figure, Spread, interleave, milliseconds_of, repeat, timing
from bench.workspace import Database, Workspace
from geo_hygiene.coverage import chain, questions, rebuild, summary
from geo_hygiene.coverage.duties import DutyRecord, all_duties, duty_of
from geo_hygiene.coverage.locks import lock_duties
from geo_hygiene.coverage.writing import Stretch, replace_lists
from geo_hygiene.database import engine

DAY = date(2025, 9, 1)
DUTY = "sweeping"
CLAIM_SEGMENTS = 110
CLAIM_RUNS = 60
QUESTION_RUNS = 30
PAGE_ROWS = 100
FLOOR = "50 ms at 1 000 000 segments"
BROKEN_DOWN = {summary.Level.GROUP: "resident group", summary.Level.PERSON: "person"}

NEAREST = """
select target.id, target.extent_mm from target, duty_zone
where duty_zone.id = :zone and target.kind = :kind and target.valid_from <= :on and :on < target.valid_to
order by target.geom <-> ST_Centroid(duty_zone.geom), target.id
limit :count
"""


@dataclass(frozen=True, slots=True)
class Town:
    """A database with zones, and what the rows say of it."""

    group: str
    size: str
    duty: DutyRecord
    connections: Engine

    def figure(self, name: str, unit: str, spread: Spread, **more: Any) -> Figure:
        """Return a row of this town."""
        return Figure(group=self.group, name=name, unit=unit, spread=spread, data=self.size, **more)


def measure(workspace: Workspace, _rounds: int) -> Iterator[Figure]:
    """Measure questions and one change on the sample."""
    with workspace.copied(workspace.sample()) as database:
        workspace.settle(database)
        yield from measure_town(database, "cover", _data(workspace, database))


def measure_rebuild(workspace: Workspace, rounds: int) -> Iterator[Figure]:
    """Measure the cover of the sample from nothing."""
    with workspace.copied(workspace.sample()) as database:
        yield from rebuilt(database, "rebuild", _data(workspace, database), rounds)


def _data(workspace: Workspace, database: Database) -> str:
    with database.connect() as connection:
        found = connection.execute(
            text(
                "select (select count(*) from target) as targets, (select count(*) from street_segment) as segments,"
                " (select count(*) from duty_zone) as zones, (select count(*) from area) as areas"
            )
        ).one()
    return (
        f"sample {workspace.size}: {found.segments:,} street segments of {found.targets:,} targets, "
        f"{found.zones:,} zones, {found.areas} areas"
    )


def measure_town(database: Database, group: str, size: str) -> Iterator[Figure]:
    """Measure questions and one change on a database that may be written in."""
    with _town(database, group, size) as town:
        yield _one_more_claim(town)
        yield from _questions(town)


def rebuilt(database: Database, group: str, size: str, rounds: int) -> Iterator[Figure]:
    """Measure the cover from nothing on a database that may be written in."""
    ours, one, again, peer = "cover rebuild", "cover rebuild --duty", "the same again", "geopandas overlay"
    with _town(database, group, size) as town:
        ways = {
            ours: partial(_rebuild, town),
            one: partial(_rebuild_duty, town, from_nothing=True),
            again: partial(_rebuild_duty, town),
            peer: partial(_overlay, town),
        }
        spreads = interleave(ways, rounds)
    overlay = {peer: spreads[peer]}
    yield town.figure(
        "Cover and all kept answers from nothing",
        "s",
        spreads[ours],
        peers=overlay,
        floor="8 x geopandas overlay at 100 000 segments",
        note="All duties, campaigns, plans and days; the overlay knows one duty on one day, and stores nothing.",
    )
    yield town.figure(
        "Cover and kept answers of one duty from nothing",
        "s",
        spreads[one],
        peers=overlay,
        floor="8 x geopandas overlay at 100 000 segments",
        note="The duty of the overlay, with all its plans and days, and stored: two fifths of the time is the writing"
        " of rows and of their three and four indexes, which PostgreSQL does in one process.",
    )
    yield town.figure(
        "Cover and kept answers of one duty again, when all are right",
        "s",
        spreads[again],
        peers=overlay,
        note="Worked out in full and compared with what is stored, of which only what differs is written.",
    )


@contextmanager
def _town(database: Database, group: str, size: str) -> Iterator[Town]:
    connections = engine(database.service_url)
    with connections.connect() as connection:
        duty = duty_of(connection, DUTY)
    yield Town(group, size, duty, connections)
    connections.dispose()


def _forget(town: Town, duties: list[int]) -> None:
    with town.connections.begin() as connection:
        for table in ("cover", "state", "vacancy", "ledger"):
            connection.execute(text(f"delete from {table} where duty_id = any(:duties)"), {"duties": duties})  # noqa: S608


def _rebuild(town: Town) -> float:
    with town.connections.connect() as connection:
        _forget(town, [duty.id for duty in all_duties(connection)])
    with town.connections.begin() as connection, timing() as watch:
        lock_duties(connection, [duty.id for duty in all_duties(connection)])
        rebuild.rebuild(connection)
    return watch.seconds


def _rebuild_duty(town: Town, *, from_nothing: bool = False) -> float:
    if from_nothing:
        _forget(town, [town.duty.id])
    with town.connections.begin() as connection, timing() as watch:
        lock_duties(connection, [town.duty.id])
        rebuild.rebuild_duty(connection, town.duty.id)
    return watch.seconds


def _overlay(town: Town) -> float:
    """Overlay the streets with the zones of a day, as somebody would without the engine."""
    with town.connections.connect() as connection, timing() as watch:
        values = {"duty": town.duty.id, "kind": town.duty.target_kind, "on": DAY}
        zones = _frame(
            connection,
            "select duty_zone.id, ST_AsBinary(duty_zone.geom) as geometry from duty_zone join claim using (id)"
            " where claim.duty_id = :duty and valid_from <= :on and :on < valid_to",
            values,
        )
        streets = _frame(
            connection,
            "select id, ST_AsBinary(ST_Force2D(geom)) as geometry from target"
            " where kind = :kind and valid_from <= :on and :on < valid_to",
            values,
        )
        covered = geopandas.overlay(streets, zones, how="intersection", keep_geom_type=True)
        gaps = geopandas.overlay(streets, zones, how="difference", keep_geom_type=True)
        _metres = covered.to_crs(covered.estimate_utm_crs()).length.sum(), len(gaps)
    return watch.seconds


def _frame(connection: Connection, statement: str, values: dict[str, Any]) -> geopandas.GeoDataFrame:
    rows = connection.execute(text(statement), values).all()
    shapes = shapely.from_wkb([bytes(row.geometry) for row in rows])
    return geopandas.GeoDataFrame({"id": [row.id for row in rows]}, geometry=shapes, crs=4326)


def _one_more_claim(town: Town) -> Figure:
    """Give a zone another list, again and again: the segments round it, and the same without some of them."""
    with town.connections.connect() as connection:
        zone = connection.scalar(
            text(
                "select id from claim where duty_id = :duty and valid_from <= :on and :on < valid_to"
                " order by md5(uuid::text) limit 1"
            ),
            {"duty": town.duty.id, "on": DAY},
        )
        nearest = connection.execute(
            text(NEAREST), {"zone": zone, "kind": town.duty.target_kind, "on": DAY, "count": CLAIM_SEGMENTS}
        ).all()
    whole = [Stretch(row.id, 0, row.extent_mm) for row in nearest]
    lists = [whole, whole[: -CLAIM_SEGMENTS // 10]]
    turn = iter(range(CLAIM_RUNS + 1))

    def write() -> float:
        with timing() as watch, town.connections.begin() as connection:
            replace_lists(connection, {int(zone or 0): lists[next(turn) % 2]})
        return watch.milliseconds

    return town.figure(
        f"One more claim: a zone of {len(whole)} segments gets another list",
        "ms",
        repeat(write, CLAIM_RUNS),
        floor="50 ms at 1 000 000 segments, and 1/400 of a rebuild",
        note="Cover, state, vacancy and sums included, to the end of the transaction.",
    )


def _questions(town: Town) -> Iterator[Figure]:
    with town.connections.connect() as connection:
        segment = connection.scalar(
            text(
                "select target.uuid from target join state on state.target_id = target.id"
                " where duty_id = :duty and covered_mm > 0 and state.valid_from <= :on and :on < state.valid_to"
                " order by md5(target.uuid::text) limit 1"
            ),
            {"duty": town.duty.id, "on": DAY},
        )
        asked: dict[str, tuple[Callable[[], object], str]] = {
            "The 100 longest gaps": (lambda: questions.gaps(connection, town.duty, DAY, limit=PAGE_ROWS), FLOOR),
            "Who covers a segment": (lambda: chain.who_covers(connection, town.duty.layer, segment, DAY), ""),
        }
        for level, words in BROKEN_DOWN.items():
            yield from _summaries(town, connection, level, f"Cover of a duty by {words}")
        for name, (question, floor) in asked.items():
            yield town.figure(name, "ms", repeat(partial(milliseconds_of, question), QUESTION_RUNS), floor=floor)


def _summaries(town: Town, connection: Connection, level: summary.Level, name: str) -> Iterator[Figure]:
    """Ask for all rows at once, as a file of them needs it, and for a page from their middle, as people look at it."""
    ask = partial(summary.summarize, connection, town.duty, DAY, level)
    rows = ask().rows
    page = partial(ask, limit=PAGE_ROWS, after=rows[max(len(rows) - PAGE_ROWS, 0) // 2].code)
    for more, question, note in (
        ("all rows", ask, f"{len(rows):,} rows of {town.size.partition(':')[0]}."),
        (f"a page of {PAGE_ROWS}", page, "From the middle of the list."),
    ):
        spread = repeat(partial(milliseconds_of, question), QUESTION_RUNS)
        yield town.figure(f"{name}, {more}", "ms", spread, floor=FLOOR, note=note)
