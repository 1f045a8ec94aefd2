"""Complaints: where they gather, their list and their pages, at the sizes of a town, a county and a prefecture."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import partial
from http import HTTPStatus
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from flask.testing import FlaskClient
from sqlalchemy import Connection, Engine, text

from bench.figures import Candidate, Figure, Spread, interleave, milliseconds_of, repeat, timing, without
from bench.workspace import Database, Workspace, run
from geo_hygiene.cases.column_counting import ColumnCounts
from geo_hygiene.cases.columns import Columns, open_columns, write_columns
from geo_hygiene.cases.counting import Box, Counts, DatabaseCounts, Level, Step
from geo_hygiene.cases.density import cell_size
from geo_hygiene.cases.filters import CaseFilter
from geo_hygiene.cases.heat import heat
from geo_hygiene.cases.keeping import LEAST_CASES
from geo_hygiene.crs import TILE_CIRCUMFERENCE_M
from geo_hygiene.database import engine
from geo_hygiene.settings import Settings
from geo_hygiene.web import create_app
from geo_hygiene.web.connections import Connections

DAY = date(2025, 12, 31)
GROUP = "heat"
ZOOM, FAR = 11, 8
RUNS = 15
H3_RESOLUTION = 6
METRES_OF_DEGREE = TILE_CIRCUMFERENCE_M / 360
FLOOR = "150 ms for any filter at 5 000 000"

FILTERS: Mapping[str, CaseFilter] = {
    "all": CaseFilter(),
    "one kind": CaseFilter(kinds={"rodent"}),
    "30 days": CaseFilter(begin=date(2025, 6, 1), end=date(2025, 7, 1)),
    "nights of weekends": CaseFilter(weekdays={6, 7}, hours={22, 23, 0, 1, 2, 3, 4, 5}),
    "open, by the hotline": CaseFilter(statuses={"filed", "dispatched", "handled"}, channels={"hotline"}),
}

SNAPPED = """
select ST_SnapToGrid(ST_Transform(geom, 3857), :cell) as cell, count(*) from reported_case
where geom is not null group by 1
"""

PAGES = {
    "Start page": "/",
    "List of complaints": "/cases?until=2025-12-31",
    "List of a rare kind at night": "/cases?kind=toilet&hour=3",
    "Map of complaints, the page": "/cases/heat",
    "Map of complaints, its data from afar by month": f"/api/v1/cases/heat?zoom={FAR}&by=community&step=month",
    "100 complaints as JSON": "/api/v1/cases?limit=100",
}

ASKED = """
import logging
from geo_hygiene.settings import Settings
from geo_hygiene.web import create_app
client = create_app(Settings.load()).test_client()
logging.disable()
for _round in range(3):
    for path in {paths!r}:
        client.get(path)
"""


@dataclass(frozen=True, slots=True)
class Complaints:
    """The complaints of a sample, and how they are told of."""

    connections: Engine
    data: str
    count: int
    town: Box

    def figure(self, name: str, unit: str, spread: Spread, **more: Any) -> Figure:
        """Return a row about them."""
        return Figure(group=GROUP, name=name, unit=unit, spread=spread, data=self.data, **more)


def measure(workspace: Workspace, rounds: int) -> Iterator[Figure]:
    """Measure the complaints of the sample."""
    database = workspace.sample()
    connections = engine(database.service_url, isolation_level="REPEATABLE READ")
    folder = workspace.folder / "cache" / "cases"
    folder.mkdir(parents=True, exist_ok=True)
    with connections.connect() as connection:
        complaints = _complaints(workspace, connection, connections)
        yield from _heat(complaints, connection, folder, rounds)
    yield from _pages(complaints, workspace, database)
    connections.dispose()


def _complaints(workspace: Workspace, connection: Connection, connections: Engine) -> Complaints:
    count: int = connection.execute(text("select count(*) from reported_case")).scalar_one()
    west, south = connection.execute(
        text("select ST_XMin(box), ST_YMax(box) - 0.1 from (select ST_Extent(geom) as box from area) as whole")
    ).one()
    town = (float(west), float(south), float(west) + 0.1, float(south) + 0.1)
    return Complaints(connections, f"sample {workspace.size}: {count:,} complaints", count, town)


def _heat(complaints: Complaints, connection: Connection, folder: Path, rounds: int) -> Iterator[Figure]:
    in_database = DatabaseCounts(connection)
    with timing() as watch:
        named = write_columns(connection, folder)
    columns = open_columns(named)
    if columns is None:
        raise RuntimeError(f"{named} can not be opened")
    megabytes = sum(file.stat().st_size for file in named.iterdir()) / 1e6
    yield complaints.figure("Columns of all complaints made anew", "s", Spread((watch.seconds,)))
    yield complaints.figure("Columns of all complaints in files", "MB", Spread((megabytes,)))

    def by_columns(wanted: CaseFilter, box: Box | None, zoom: int, step: Step | None = None) -> float:
        counts = ColumnCounts(connection, columns)
        return milliseconds_of(lambda: counts.density(wanted, box, zoom, step).shown())

    ours = "ours"
    candidates = {
        ours: lambda: Spread(tuple(by_columns(CaseFilter(), None, ZOOM) for _run in range(RUNS))).median,
        "the same by the database, on kept places": lambda: milliseconds_of(
            lambda: in_database.density(CaseFilter(), None, ZOOM).shown()
        ),
        "ST_SnapToGrid(ST_Transform)": lambda: milliseconds_of(
            lambda: connection.execute(text(SNAPPED), {"cell": cell_size(ZOOM)}).all()
        ),
        **_in_memory(columns),
    }
    spreads = interleave(candidates, rounds)
    yield complaints.figure(
        f"Cells of all complaints, zoom {ZOOM}",
        "ms",
        spreads[ours],
        peers=without(spreads, ours),
        floor="50 x ST_SnapToGrid at 5 000 000",
        note="Ours merges cells of fewer than five as well; pandas and h3 hold the places in memory already.",
    )
    for name, wanted in FILTERS.items():
        spread = Spread(
            tuple(by_columns(wanted, box, zoom) for box in (None, complaints.town) for zoom in (FAR, ZOOM, 14)) * 2
        )
        yield complaints.figure(
            f"Cells, zooms {FAR} to 14, everywhere and in a town: {name}", "ms", spread, floor=FLOOR
        )
    frames = repeat(partial(by_columns, CaseFilter(), None, FAR, Step.MONTH), RUNS)
    yield complaints.figure(f"Cells of all complaints by month, zoom {FAR}", "ms", frames, floor=FLOOR)
    for level in (Level.COMMUNITY, Level.GROUP):
        yield _whole_answer(complaints, connection, ColumnCounts(connection, columns), in_database, level)


def _in_memory(columns: Columns) -> Mapping[str, Candidate]:
    """Return what groups places that a program holds in memory, in degrees of about the same size."""
    lon, lat = columns.lon[: columns.placed], columns.lat[: columns.placed]
    frame = pd.DataFrame({"lon": lon, "lat": lat})
    degrees = cell_size(ZOOM) / METRES_OF_DEGREE

    def by_pandas() -> object:
        return frame.groupby([np.floor(frame.lon / degrees), np.floor(frame.lat / degrees)]).size()

    found: dict[str, Candidate] = {"pandas groupby": lambda: milliseconds_of(by_pandas)}
    if find_spec("h3") is not None:
        h3: Any = import_module("h3")
        places = list(zip(lat.tolist(), lon.tolist(), strict=True))
        found["h3"] = lambda: milliseconds_of(
            lambda: pd.Series([h3.latlng_to_cell(*place, H3_RESOLUTION) for place in places]).value_counts()
        )
    return found


def _whole_answer(
    complaints: Complaints, connection: Connection, columns: Counts, in_database: Counts, level: Level
) -> Figure:
    def answer(counts: Counts) -> float:
        return milliseconds_of(
            lambda: heat(
                connection, CaseFilter(), DAY, counts=counts, box=complaints.town, zoom=14, level=level, most=200
            )
        )

    by_database = Spread((answer(in_database),))
    return complaints.figure(
        f"The whole answer of a town's map: cells, figures, rates by {level.value}",
        "ms",
        repeat(partial(answer, columns), RUNS),
        peers={"the same by the database": by_database},
        note=f"The figures are of all complaints. Up to {LEAST_CASES:,} the database answers.",
    )


def _pages(complaints: Complaints, workspace: Workspace, database: Database) -> Iterator[Figure]:
    settings = Settings(home=workspace.folder, service_url=database.service_url, locale="en", _env_file=None)
    asked = Connections(settings.service_url)
    client = create_app(settings, connections=asked).test_client()
    logging.disable()
    with complaints.connections.connect() as connection:
        oldest = connection.scalar(text("select uuid from reported_case order by reported_at, id limit 1 offset 1000"))
    pages = PAGES | {
        "Last page of the list": f"/cases?after={oldest}",
        "One complaint": f"/cases/{oldest}",
        "Map of complaints, its data in a town": "/api/v1/cases/heat?zoom=14&by=community&bbox="
        + ",".join(f"{degrees:.4f}" for degrees in complaints.town),
    }
    for name, path in pages.items():
        sizes: list[int] = []
        spread = repeat(partial(ask, client, path, sizes), RUNS)
        yield complaints.figure(name, "ms", spread, floor="200 ms")
        yield complaints.figure(f"{name}, its bytes", "kB", Spread((sizes[-1] / 1000,)))
    logging.disable(logging.NOTSET)
    asked.close()
    environment = database.environment | {"GEO_HYGIENE_HOME": str(workspace.folder)}
    command = _command([path for path in pages.values() if path != "/"])
    yield complaints.figure(
        "Memory of a web server's process that answered these", "MB", Spread((run(command, environment).peak_mb,))
    )


def _command(paths: list[str]) -> list[str]:
    return [sys.executable, "-c", ASKED.format(paths=paths)]


def ask(client: FlaskClient, path: str, sizes: list[int]) -> float:
    """Return milliseconds of a page, and note its bytes.

    Raises
    ------
    RuntimeError
        If it is an error.
    """
    with timing() as watch:
        answer = client.get(path)
    sizes.append(len(answer.data))
    if answer.status_code != HTTPStatus.OK:
        raise RuntimeError(f"{path}: {answer.status_code} {answer.text[:300]}")
    return watch.milliseconds
