"""Routes of the sample's zones sweep all of a list, and walk no more besides than those of another library."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from datetime import date
from itertools import pairwise
from pathlib import Path

import networkx as nx
import pytest
from click.testing import CliRunner
from sqlalchemy import Connection, text

from geo_hygiene.cli import main
from geo_hygiene.database import engine
from geo_hygiene.errors import UnknownRecordError
from geo_hygiene.zoning.routes import NoRouteError, Route, route_of
from tests.conftest import TestDatabase

ON = date(2025, 11, 30)

LISTED = """
select target.uuid, sum(cover.to_mm - cover.from_mm) as extent
from duty_zone
join claim using (id)
join cover using (source_id)
join target on target.id = cover.target_id
where duty_zone.code = :code and claim.valid_from <= :on and :on < claim.valid_to
group by target.uuid
"""

CODES = """
select code from duty_zone join claim using (id)
where claim.duty_id = 1 and valid_from <= :on and :on < valid_to order by code
"""


@pytest.fixture(scope="module")
def town(sample_database: TestDatabase) -> Iterator[Connection]:
    connections = engine(sample_database.service_url)
    with connections.connect() as connection:
        yield connection
    connections.dispose()


def eulerized(route: Route) -> float | None:
    """Return the metres that another library walks again to come back to where it began, where it can."""
    graph: nx.MultiGraph = nx.MultiGraph()
    for step in route.steps:
        if step.sweeps:
            graph.add_edge(step.way.start, step.way.end, metres=step.way.metres)
    if not nx.is_connected(graph):
        return None
    twice = nx.eulerize(graph)
    again = 0.0
    for one, other in {tuple(sorted(edge[:2])) for edge in graph.edges}:
        more = twice.number_of_edges(one, other) - graph.number_of_edges(one, other)
        again += more * min(traits["metres"] for traits in graph[one][other].values())
    return again


def test_every_zone_is_swept_whole_with_no_more_walking_than_another_library_s(town: Connection) -> None:
    codes = town.scalars(text(CODES), {"on": ON}).all()[::4]
    compared = 0
    for code in codes:
        route = route_of(town, code, ON)
        swept: dict[str, int] = {}
        for step in route.as_json()["steps"]:
            if step["sweeps"]:
                metres = abs(step["to_m"] - step["from_m"])
                swept[step["segment"]] = swept.get(step["segment"], 0) + round(metres * 1000)
        listed = {str(row.uuid): row.extent for row in town.execute(text(LISTED), {"code": code, "on": ON})}
        assert swept == listed
        for one, other in pairwise(route.steps):
            here = one.way.end if one.is_forward else one.way.start
            assert here == (other.way.start if other.is_forward else other.way.end)
        again = eulerized(route)
        if again is not None:
            compared += 1
            assert route.walked_m <= again + 0.001
    assert compared > 0.7 * len(codes)


def test_it_begins_where_somebody_sets_out(town: Connection) -> None:
    free = route_of(town, "SW001", ON)
    ends = sorted({end for step in free.steps if step.sweeps for end in (step.way.start, step.way.end)})
    for end in (ends[0], ends[-1]):
        route = route_of(town, "SW001", ON, start=(end[0] + 1e-6, end[1]))
        assert route.track[0] == end
        assert route.walked_m >= free.walked_m - 0.001
    told = free.as_json()
    assert told["length_m"] == pytest.approx(told["swept_m"] + told["repeated_m"], abs=0.002)
    assert told["minutes"] > 0


def test_what_has_no_route_says_why(town: Connection) -> None:
    with pytest.raises(UnknownRecordError):
        route_of(town, "SW001", date(2020, 1, 1))
    with pytest.raises(NoRouteError):
        route_of(town, "TK01", ON)


def test_the_command_tells_the_lanes_and_writes_a_track(sample_database: TestDatabase, tmp_path: Path) -> None:
    environment = {"GEO_HYGIENE_DATABASE_URL": sample_database.owner_url}

    def run(*words: str) -> tuple[int, str]:
        result = CliRunner().invoke(main, ["zones", "route", *words, "--on", ON.isoformat()], env=environment)
        return result.exit_code, result.stdout

    file = tmp_path / "walk.gpx"
    code, told = run("SW001", str(file), "--json")
    assert code == 0
    points = ET.parse(file).getroot().iter("{http://www.topografix.com/GPX/1/1}trkpt")
    track = [[float(point.attrib["lon"]), float(point.attrib["lat"])] for point in points]
    assert track == json.loads(told)["track"]
    assert all(one != other for one, other in pairwise(track))
    assert "SW001" in run("SW001")[1]
    assert run("SW001", "walk.kml")[0] == 2
    assert run("SW001", "--start", "somewhere")[0] == 2
    assert run("SW001", str(tmp_path / "nowhere" / "walk.gpx"))[0] == 1
