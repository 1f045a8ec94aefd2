"""Plans: a zone that is saved or dragged, a draft of many zones, its tiles and figures, and its publication."""

from __future__ import annotations

import json
import random
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from itertools import count
from typing import Any
from uuid import UUID

import shapely
from sqlalchemy import Engine, text

from bench.covering import CLAIM_RUNS, DUTY, NEAREST
from bench.desk import Desk
from bench.figures import Figure, Spread, repeat, timing
from bench.serving import SEED, TILES_A_ZOOM, tile_of
from bench.starting import up
from bench.workspace import Database, Workspace
from geo_hygiene.coverage.duties import DutyRecord, duty_of, today
from geo_hygiene.database import engine, in_time
from geo_hygiene.permissions import EVERYWHERE
from geo_hygiene.zoning import drafts, editing, publishing
from geo_hygiene.zoning.comparing import Plan, compare
from geo_hygiene.zoning.drafts import DraftRecord, DraftWords
from geo_hygiene.zoning.editing import ZoneWords
from geo_hygiene.zoning.lists import SaidStretch
from geo_hygiene.zoning.records import Editor

EDITOR = Editor("bench", EVERYWHERE)
ZONE_SEGMENTS = 100
CHANGED = 300
"""Zones of a draft; in a town all but a few."""

DRAGGED = 30
DRAGGED_BY = 0.0002
"""Degrees, some 20 m."""

ZOOM = 14
PLANS = (date(2025, 3, 1), date(2025, 9, 1))
"""Days of the two plans of the sample."""

RUNS = 5
MOST_SECONDS = 30
"""For the comparison of two plans."""

ZONES = """
select duty_zone.code, claim.id, claim.version, ST_AsBinary(duty_zone.geom) as picture,
    array_agg(array[target.uuid::text, cover.from_mm::text, cover.to_mm::text] order by target.uuid) as stretches
from duty_zone
join claim using (id)
join cover using (source_id)
join target on target.id = cover.target_id and target.valid_from <= :on and :on < target.valid_to
where claim.duty_id = :duty and claim.valid_from <= :on and :on < claim.valid_to
group by duty_zone.code, claim.id, claim.version, duty_zone.geom
having count(*) > 2
order by md5(duty_zone.code)
limit :most
"""

PLACES = """
select ST_X(spot), ST_Y(spot)
from (select ST_PointOnSurface(geom) as spot from draft_zone where draft_id = :draft order by code) as spots
"""


@dataclass(frozen=True, slots=True)
class Zone:
    """A zone of the plan with its list and its picture."""

    code: str
    id: int
    version: int
    picture: shapely.Geometry
    stretches: Sequence[SaidStretch]


@dataclass(frozen=True, slots=True)
class Town:
    """The plan of a duty in a database that may be written in."""

    connections: Engine
    desk: Desk
    duty: DutyRecord
    on: date
    zones: Sequence[Zone]
    data: str

    def figure(self, name: str, unit: str, spread: Spread, **more: Any) -> Figure:
        """Return a row about it."""
        return Figure(group="plans", name=name, unit=unit, spread=spread, data=self.data, **more)


def measure(workspace: Workspace, rounds: int) -> Iterator[Figure]:
    """Measure what planners wait for, on a copy of the sample."""
    with workspace.copied(workspace.sample()) as database:
        workspace.settle(database)
        with (
            up(workspace.folder / "planned", "--no-sample", environment=database.environment) as server,
            _town(workspace, database, Desk(server.address, database)) as town,
        ):
            yield _saved(town)
            yield _dragged(town, "A zone is dragged: its list and its figures", {})
            draft, seconds = _drawn(town)
            changed = f"{len(town.zones):,} zones differ."
            yield town.figure("Zones of a draft stored, one zone", "ms", Spread((seconds * 1000 / len(town.zones),)))
            beside = "A zone is dragged in a draft of many zones: its list and its figures"
            yield _dragged(town, beside, {"draft": draft.name}, note=changed)
            yield _tiles(town, draft, changed)
            yield from _compared(town, draft, changed)
            yield from _published(town, draft, rounds, changed)


@contextmanager
def _town(workspace: Workspace, database: Database, desk: Desk) -> Iterator[Town]:
    connections = engine(database.service_url)
    with connections.connect() as connection:
        duty, on = duty_of(connection, DUTY), today(connection)
        rows = connection.execute(text(ZONES), {"duty": duty.id, "on": on, "most": CHANGED}).all()
        segments = connection.scalar(text("select count(*) from street_segment"))
    zones = [
        Zone(row.code, row.id, row.version, shapely.from_wkb(bytes(row.picture)), _said(row.stretches)) for row in rows
    ]
    yield Town(connections, desk, duty, on, zones, f"sample {workspace.size}: {segments:,} street segments")
    connections.dispose()


def _said(stretches: Sequence[Sequence[str]]) -> list[SaidStretch]:
    return [SaidStretch(UUID(one), int(begin) / 1000, int(end) / 1000) for one, begin, end in stretches]


def _saved(town: Town) -> Figure:
    """Save a zone again and again: the segments round it, and the same without some of them."""
    zone = town.zones[0]
    with town.connections.connect() as connection:
        asked = {"zone": zone.id, "kind": town.duty.target_kind, "on": town.on, "count": ZONE_SEGMENTS}
        ids = [row.id for row in connection.execute(text(NEAREST), asked)]
        uuids = connection.scalars(text("select uuid from target where id = any(:ids) order by id"), {"ids": ids}).all()
    whole = [SaidStretch(one) for one in uuids]
    lists = [whole, whole[: -ZONE_SEGMENTS // 10]]
    versions = count(zone.version)

    def save() -> float:
        version = next(versions)
        words = ZoneWords(segments=lists[version % 2])
        with timing() as watch, town.connections.begin() as connection:
            editing.change(connection, EDITOR, zone.code, version=version, start=None, words=words)
        return watch.milliseconds

    return town.figure(
        f"A zone of {len(whole)} segments is saved",
        "ms",
        repeat(save, CLAIM_RUNS),
        floor="100 ms at 1 000 000 segments",
        note="With cover, kept answers, history, audit and what it does to the figures, to the end of the transaction.",
    )


def _dragged(town: Town, name: str, over: Mapping[str, Any], note: str = "") -> Figure:
    """Move a corner of the border of some zones, each its own."""
    bodies = [body for zone in town.zones[: DRAGGED + 1] if (body := _body(town, zone)) is not None]

    turn = iter(bodies)
    return town.figure(
        name,
        "ms",
        repeat(lambda: town.desk.ask("/api/v1/zones/preview", {**next(turn), **over}), len(bodies) - 1),
        floor="300 ms at 1 500 segments",
        note=note,
    )


def _body(town: Town, zone: Zone) -> dict[str, Any] | None:
    """Return what the page asks when a corner is moved; nothing where the border would cross itself."""
    ring = shapely.get_coordinates(shapely.get_exterior_ring(shapely.get_geometry(zone.picture, 0)))
    center = shapely.get_coordinates(shapely.centroid(zone.picture))[0]
    away = ring[0] - center
    ring[[0, -1]] = ring[0] + away / (away**2).sum() ** 0.5 * DRAGGED_BY
    moved = shapely.Polygon(ring)
    if not moved.is_valid:
        return None
    segments = [{"segment": str(one.segment), "from_m": one.from_m, "to_m": one.to_m} for one in zone.stretches]
    drawings = {"polygon": moved, "former": zone.picture}
    return {
        "duty": town.duty.code,
        "on": town.on.isoformat(),
        "zone": zone.code,
        "segments": segments,
        **{name: json.loads(shapely.to_geojson(shape)) for name, shape in drawings.items()},
    }


def _drawn(town: Town) -> tuple[DraftRecord, float]:
    """Store a draft in which each zone lacks its last stretch; return how long that took."""
    said = {zone.code: DraftWords(words=ZoneWords(segments=zone.stretches[:-1])) for zone in town.zones}
    with timing() as watch, town.connections.begin() as connection:
        draft = drafts.begin(connection, EDITOR, name="bench", duty=town.duty, plan_on=town.on)
        draft = drafts.put_zones(connection, EDITOR, draft.name, said, version=draft.version)
    return draft, watch.seconds


def _tiles(town: Town, draft: DraftRecord, note: str) -> Figure:
    with town.connections.connect() as connection:
        places = connection.execute(text(PLACES), {"draft": draft.id}).all()
    dice = random.Random(SEED)  # noqa: S311 - a fixed choice of tiles
    tiles = [tile_of(lon, lat, ZOOM) for lon, lat in dice.choices(places, k=TILES_A_ZOOM)]
    query = f"?duty={town.duty.code}&on={town.on}&draft={draft.name}"
    paths = [f"/tiles/cover/{z}/{x}/{y}.mvt{query}" for z, x, y in tiles]
    turn = iter([paths[0], *paths])
    return town.figure(
        f"A tile of the cover with a draft at z{ZOOM}",
        "ms",
        repeat(lambda: town.desk.ask(next(turn)), len(paths)),
        floor="300 ms p95 at 100 000 segments",
        note=note,
    )


def _compared(town: Town, draft: DraftRecord, note: str) -> Iterator[Figure]:
    """Compare as a page does what is near a draft, and without its limit of time all that two plans hold."""
    path = f"/api/v1/plans/compare?duty={town.duty.code}&on={town.on}&with_draft={draft.name}"
    beside = repeat(partial(town.desk.ask, path), RUNS)
    yield town.figure("A draft beside its plan: metres and minutes", "ms", beside, note=note)
    yield town.figure(
        "Two plans of other days: metres and minutes",
        "ms",
        Spread((_two_plans(town),)),
        note=f"Ended after {MOST_SECONDS} s at the latest; over HTTP after five.",
    )


def _two_plans(town: Town) -> float:
    """Return the milliseconds of a comparison of all that two plans hold, or those after which it was ended."""
    with town.connections.connect() as connection, timing() as watch:
        in_time(connection, MOST_SECONDS, lambda asked: compare(asked, town.duty, *map(Plan, PLANS)))
    return watch.milliseconds


def _published(town: Town, draft: DraftRecord, rounds: int, note: str) -> Iterator[Figure]:
    """Publish from tomorrow on and take back, again and again, while the map is read."""
    published, taken, reads = [], [], []
    start = town.on + timedelta(days=1)
    with _reading(town) as times:
        for _round in range(rounds):
            with timing() as watch, town.connections.begin() as connection:
                named = drafts.find_draft(connection, draft.name)
                publishing.publish(connection, EDITOR, draft.name, version=named.version, start=start, seen=None)
            published.append(watch.seconds)
            reads += times
            with timing() as watch, town.connections.begin() as connection:
                named = drafts.find_draft(connection, draft.name)
                publishing.take_back(connection, EDITOR, draft.name, version=named.version)
            taken.append(watch.seconds)
            times.clear()
    floor = "10 s at 100 000 segments"
    yield town.figure(
        "A draft is published while the map is read", "s", Spread(tuple(published)), floor=floor, note=note
    )
    yield town.figure("A publication is taken back while the map is read", "s", Spread(tuple(taken)), note=note)
    yield town.figure(
        "Reads of the map meanwhile",
        "ms",
        Spread(tuple(reads)),
        note="Tiles of today and the page, one after the other.",
    )


@contextmanager
def _reading(town: Town) -> Iterator[list[float]]:
    """Ask for tiles and the map in another thread until the block ends; give the milliseconds of the answers.

    Raises
    ------
    RuntimeError
        If one was an error.
    """
    centres = shapely.centroid([zone.picture for zone in town.zones])
    tiles = [tile_of(lon, lat, ZOOM) for lon, lat in shapely.get_coordinates(centres).tolist()]
    query = f"?duty={town.duty.code}&on={town.on}"
    paths = [f"/tiles/cover/{z}/{x}/{y}.mvt{query}" for z, x, y in tiles]
    times: list[float] = []
    is_over = threading.Event()
    wrong: list[BaseException] = []

    def read() -> None:
        turn = 0
        try:
            while not is_over.is_set():
                times.extend(map(town.desk.ask, (paths[turn % len(paths)], f"/map{query}")))
                turn += 1
        except (RuntimeError, OSError) as problem:
            wrong.append(problem)

    reader = threading.Thread(target=read)
    reader.start()
    try:
        yield times
    finally:
        is_over.set()
        reader.join()
    if wrong:
        raise RuntimeError("a read failed while a plan was published") from wrong[0]
