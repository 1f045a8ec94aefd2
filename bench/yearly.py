"""A year of an office: how much was done, each metre once, and the annual report with all its records."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any

from sqlalchemy import Connection, text

from bench.complaints import ask
from bench.county_year import write_county_year
from bench.figures import Figure, Spread, milliseconds_of, repeat, timing
from bench.workspace import Database, Workspace
from geo_hygiene.coverage.work import work_in_period
from geo_hygiene.database import engine
from geo_hygiene.layers.works import WORKED_ON
from geo_hygiene.reports.annual import answer
from geo_hygiene.sample.county import SIZES
from geo_hygiene.settings import Settings
from geo_hygiene.web import create_app
from geo_hygiene.web.connections import Connections

YEAR = 2025
BEGIN, END = date(YEAR, 1, 1), date(YEAR + 1, 1, 1)
RUNS = 7
PERIOD = f"from={BEGIN}&to={END}"

PAGES = {
    "Work that was done": "/works/done",
    "Work that was done in an office": "/works/done?area={office}",
    "Tanks that are due": "/works",
    "Tanks that are due in an office": "/works?area={office}",
    "Rounds of a truck in an office": "/works/rounds?area={office}",
    "Activities of a year": f"/records/activities?{PERIOD}",
    "Activities of an office": f"/records/activities?{PERIOD}&area={{office}}",
    "Facilities": f"/records/facilities?{PERIOD}",
    "Work of sweepers": "/workload?duty=sweeping",
    "Who answers for each resident group": "/chain?by=group",
    "Zones that nobody holds": "/holders?vacant=1",
}

COUNTS = """
select (select count(*) from work) as works, (select count(*) from activity) as activities,
    (select count(*) from letter) as letters,
    (select count(*) from area where level = 'office' and valid_to = 'infinity') as offices,
    (select min(code) from area where level = 'office' and valid_to = 'infinity') as office
"""


@dataclass(frozen=True, slots=True)
class Year:
    """The year of a sample."""

    data: str
    office: str

    def figure(self, name: str, unit: str, spread: Spread, **more: Any) -> Figure:
        """Return a row about it."""
        return Figure(group="year", name=name, unit=unit, spread=spread, data=self.data, **more)


def measure(workspace: Workspace, rounds: int) -> Iterator[Figure]:
    """Measure the year of the sample; a county is given the year of its first town in all towns."""
    with workspace.copied(workspace.sample()) as database:
        imported = _import_year(workspace, database) if SIZES[workspace.size].is_county else None
        workspace.settle(database)
        connections = engine(database.service_url, isolation_level="REPEATABLE READ")
        with connections.connect() as connection:
            year = _year(workspace, connection)
            if imported is not None:
                yield year.figure("Import of the works of a year", "s", Spread((imported,)))
            yield from _metres(year, connection)
            yield from _reports(year, connection, rounds)
        connections.dispose()
        yield from _pages(year, workspace, database)


def _import_year(workspace: Workspace, database: Database) -> float:
    """Import the year; return how long the works took."""
    seconds = {}
    for key, file in write_county_year(workspace.folder, workspace.size).items():
        done = workspace.run(database, "import", key, str(file), "--json")
        if done.answer["status"] != "imported":
            raise RuntimeError(f"the {key} of the year were refused: {done.output[:300]}")
        seconds[key] = done.seconds
    return seconds["works"]


def _year(workspace: Workspace, connection: Connection) -> Year:
    found = connection.execute(text(COUNTS)).one()
    data = (
        f"year of sample {workspace.size}: {found.works:,} works, {found.activities:,} activities,"
        f" {found.letters:,} letters, {found.offices:,} offices"
    )
    return Year(data, found.office)


def _metres(year: Year, connection: Connection) -> Iterator[Figure]:
    for kind in WORKED_ON:
        question = partial(work_in_period, connection, kind, BEGIN, END)
        yield year.figure(
            f"How much was done in a year, each stretch once: {kind}",
            "ms",
            repeat(partial(milliseconds_of, question), RUNS),
            floor="1 000 ms at 100 000 segments",
        )


def _reports(year: Year, connection: Connection, rounds: int) -> Iterator[Figure]:
    for name, area in (("all offices", None), ("one office", year.office)):
        spread = Spread(tuple(_report(connection, area) for _round in range(rounds)))
        floor = "2 s of a town, 60 s of a county"
        yield year.figure(f"Annual report as JSON, {name}", "s", spread, floor=floor)


def _report(connection: Connection, area: str | None) -> float:
    with timing() as watch:
        json.dumps(answer(connection, YEAR, area).as_json())
    return watch.seconds


def _pages(year: Year, workspace: Workspace, database: Database) -> Iterator[Figure]:
    settings = Settings(home=workspace.folder, service_url=database.service_url, locale="en", _env_file=None)
    asked = Connections(settings.service_url)
    client = create_app(settings, connections=asked).test_client()
    logging.disable()
    for name, path in PAGES.items():
        sizes: list[int] = []
        spread = repeat(partial(ask, client, path.format(office=year.office), sizes), RUNS)
        yield year.figure(f"Page: {name}", "ms", spread, floor="200 ms", note=f"{sizes[-1] / 1000:,.0f} kB.")
    logging.disable(logging.NOTSET)
    asked.close()
