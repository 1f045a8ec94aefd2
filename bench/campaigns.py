"""Campaigns: what they reached, their pages, one more treatment, and a file of them."""

from __future__ import annotations

import csv
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
import shapely
from sqlalchemy import Connection, Engine, text

from bench.complaints import ask
from bench.figures import Figure, Spread, milliseconds_of, repeat, timing
from bench.workspace import Database, Workspace
from geo_hygiene.campaigns.catalogue import CampaignRecord, campaign_of
from geo_hygiene.campaigns.cover import Level, campaign_cover
from geo_hygiene.campaigns.writing import NewTreatment, add_treatments
from geo_hygiene.coverage.circles import circles
from geo_hygiene.coverage.locks import lock_everything
from geo_hygiene.coverage.reached import rebuild_reached
from geo_hygiene.coverage.writing import NewWork
from geo_hygiene.database import engine
from geo_hygiene.settings import Settings
from geo_hygiene.web import create_app
from geo_hygiene.web.connections import Connections

GROUP = "campaigns"
CAMPAIGN = "2025-summer-mosquito"
RUNS = 30
PAGE_AREAS = 100
TREATMENTS = 15_000
RADIUS_M = 50
SEED = 20250101
FLOOR = "50 ms at 1 000 000 segments"

PAGES = {
    "Start page": "/",
    "Page of all campaigns": "/campaigns",
    "Map of a campaign, the page": f"/campaigns/{CAMPAIGN}",
    "What a campaign reached, as JSON": f"/api/v1/campaigns/{CAMPAIGN}/cover",
    "What a campaign reached in 100 communities, as JSON": f"/api/v1/campaigns/{CAMPAIGN}/cover?by=community&limit=100",
    "A campaign day by day, as JSON": f"/api/v1/campaigns/{CAMPAIGN}/days",
    "Table of a campaign": f"/campaigns/{CAMPAIGN}/table",
    "Table of a campaign, its places": f"/campaigns/{CAMPAIGN}/table?kind=septic-tanks",
    "100 stretches that are left of a campaign, as JSON": f"/api/v1/campaigns/{CAMPAIGN}/gaps",
    "What nobody visited, as JSON": f"/api/v1/campaigns/{CAMPAIGN}/gaps?kind=street-segments&state=not-visited",
}

BROKEN_DOWN = {Level.COMMUNITY: "community", Level.GROUP: "resident group"}

PLACES = """
select ST_X(place), ST_Y(place) from (
    select ST_LineInterpolatePoint(ST_Force2D(geom), 0.5) as place from target
    where kind = 'street-segments' and valid_from <= :on and :on < valid_to
    order by md5(uuid::text) limit :count
) as chosen
"""


@dataclass(frozen=True, slots=True)
class Reached:
    """A campaign of a sample that may be written in."""

    connections: Engine
    campaign: CampaignRecord
    data: str
    places: np.ndarray[Any, np.dtype[np.float64]]
    """Longitude and latitude of where teams go."""

    def figure(self, name: str, unit: str, spread: Spread, **more: Any) -> Figure:
        """Return a row about it."""
        return Figure(group=GROUP, name=name, unit=unit, spread=spread, data=self.data, **more)


def measure(workspace: Workspace, rounds: int) -> Iterator[Figure]:
    """Measure the campaigns of the sample."""
    with workspace.copied(workspace.sample()) as database:
        workspace.settle(database)
        connections = engine(database.service_url)
        with connections.connect() as connection:
            reached = _reached(workspace, connection, connections)
            yield from _summaries(reached, connection)
        yield from _pages(reached, workspace, database)
        yield _one_more_treatment(reached, rounds)
        connections.dispose()
    yield _a_file(reached, workspace, rounds)


def _reached(workspace: Workspace, connection: Connection, connections: Engine) -> Reached:
    campaign = campaign_of(connection, CAMPAIGN)
    counts = connection.execute(
        text(
            "select (select count(*) from treatment where campaign_id = :id) as treatments,"
            " (select count(*) from campaign_target where campaign_id = :id) as targets"
        ),
        {"id": campaign.id},
    ).one()
    places = connection.execute(text(PLACES), {"on": campaign.last_day, "count": TREATMENTS}).all()
    data = f"sample {workspace.size}: {counts.treatments:,} treatments of a campaign over {counts.targets:,} targets"
    return Reached(connections, campaign, data, np.array([tuple(row) for row in places]))


def _summaries(reached: Reached, connection: Connection) -> Iterator[Figure]:
    """Ask for all areas at once, as a file of them needs it, and for a page from their middle, as people look at it."""
    ask = partial(campaign_cover, connection, reached.campaign, reached.campaign.last_day)
    spread = repeat(partial(milliseconds_of, ask), RUNS)
    yield reached.figure("What a campaign reached", "ms", spread, floor=FLOOR)
    for level, words in BROKEN_DOWN.items():
        areas = ask(level).areas
        page = partial(ask, level, limit=PAGE_AREAS, after=areas[max(len(areas) - PAGE_AREAS, 0) // 2].code)
        for more, question, note in (
            ("all areas", partial(ask, level), f"{len(areas):,} areas of {reached.data.partition(':')[0]}."),
            (f"a page of {PAGE_AREAS}", page, "From the middle of the list."),
        ):
            spread = repeat(partial(milliseconds_of, question), RUNS)
            yield reached.figure(f"What a campaign reached by {words}, {more}", "ms", spread, floor=FLOOR, note=note)


def _pages(reached: Reached, workspace: Workspace, database: Database) -> Iterator[Figure]:
    settings = Settings(home=workspace.folder, service_url=database.service_url, locale="en", _env_file=None)
    asked = Connections(settings.service_url)
    client = create_app(settings, connections=asked).test_client()
    logging.disable()
    for name, path in PAGES.items():
        sizes: list[int] = []
        spread = repeat(partial(ask, client, path, sizes), RUNS)
        yield reached.figure(name, "ms", spread, floor="200 ms", note=f"{sizes[-1] / 1000:,.0f} kB.")
    logging.disable(logging.NOTSET)
    asked.close()


def _one_more_treatment(reached: Reached, rounds: int) -> Figure:
    """Treat ground around one place after the other."""
    day = reached.campaign.last_day
    grounds = circles(reached.places[:, 0], reached.places[:, 1], np.full(len(reached.places), float(RADIUS_M)))
    turn = iter(grounds)

    def write() -> float:
        work = NewWork(
            kind="treatments",
            day=day,
            done_at=datetime.combine(day, time(4), UTC),
            result="done",
            shape=shapely.to_wkb(shapely.MultiPolygon([next(turn)])),
        )
        treatment = NewTreatment(work=work, campaign_id=reached.campaign.id, source_key=str(uuid4()))
        with timing() as watch, reached.connections.begin() as connection:
            add_treatments(connection, [treatment])
        return watch.milliseconds

    return reached.figure(
        f"One more treatment of {RADIUS_M} m",
        "ms",
        repeat(write, RUNS),
        peers={"what all campaigns reached from nothing": repeat(partial(_rebuild, reached), rounds)},
        floor=FLOOR,
        note="Cover and sums of the campaign included, to the end of the transaction.",
    )


def _rebuild(reached: Reached) -> float:
    with timing() as watch, reached.connections.begin() as connection:
        lock_everything(connection)
        rebuild_reached(connection)
    return watch.milliseconds


def _a_file(reached: Reached, workspace: Workspace, rounds: int) -> Figure:
    file = workspace.folder / "treatments.csv"
    _write_file(file, reached)
    seconds, peaks = [], []
    for _round in range(rounds):
        with workspace.copied(workspace.sample()) as database:
            done = workspace.run(database, "import", "treatments", str(file), "--json")
        if done.answer["rows"]["accepted"] != TREATMENTS:
            raise RuntimeError(f"not all treatments were accepted: {done.output}")
        seconds.append(done.seconds)
        peaks.append(done.peak_mb)
    return reached.figure(
        f"Import of {TREATMENTS:,} treatments of {RADIUS_M} m",
        "s",
        Spread(tuple(seconds)),
        note=f"The whole command, with cover and sums; peak memory {max(peaks):.0f} MB.",
    )


def _write_file(file: Path, reached: Reached) -> None:
    """Write treatments round the places, each beside the place as often as there are too few of these."""
    dice = np.random.default_rng(SEED)
    chosen = reached.places[np.arange(TREATMENTS) % len(reached.places)]
    places = chosen + dice.uniform(-0.0002, 0.0002, chosen.shape)
    days = (reached.campaign.end - reached.campaign.start).days
    with file.open("w", newline="") as written:
        rows = csv.writer(written)
        rows.writerow(["external_id", "campaign", "done_at", "lon", "lat", "radius_m", "result"])
        for number, (lon, lat) in enumerate(places.tolist()):
            day = date.fromordinal(reached.campaign.start.toordinal() + number % days)
            row = [f"BENCH-{number}", CAMPAIGN, f"{day} 09:00", f"{lon:.7f}", f"{lat:.7f}", RADIUS_M]
            rows.writerow([*row, "done" if number % 8 else "refused"])
