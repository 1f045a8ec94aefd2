"""Walks that sweep zones, beside ``networkx.eulerize`` on the same streets."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

import networkx as nx
from sqlalchemy import Connection, text

from bench.figures import Figure, Spread, timing
from geo_hygiene.coverage.intervals import Interval, subtract, union
from geo_hygiene.zoning.routes import Route, Stretch, route_of

MOST_WALKED = 600
"""Zones whose walks are measured: all of a town, some from everywhere of a county."""

LISTS = """
select duty_zone.code, array_agg(array[target.uuid::text, cover.from_mm::text, cover.to_mm::text]) as stretches
from duty_zone
join claim using (id)
join duty on duty.id = claim.duty_id and duty.code = :duty
join cover using (source_id)
join target on target.id = cover.target_id and target.valid_from <= :on and :on < target.valid_to
where claim.valid_from <= :on and :on < claim.valid_to
group by duty_zone.code
order by duty_zone.code
"""


def walks(connection: Connection, duty: str, on: date, **of: Any) -> Iterator[Figure]:
    """Walk the zones of a day; ``of`` says of the figures what they are about."""
    zones = connection.execute(text(LISTS), {"duty": duty, "on": on}).all()
    chosen = zones[:: len(zones) // MOST_WALKED + 1]
    times: list[float] = []
    ours = peers = 0.0
    left_out = compared = worse = 0
    for zone in chosen:
        with timing() as watch:
            route = route_of(connection, zone.code, on)
        times.append(watch.milliseconds)
        left_out += _leaves_out(route, zone.stretches)
        repeated = _eulerized(route)
        if repeated is not None:
            ours, peers, compared = ours + route.walked_m, peers + repeated, compared + 1
            worse += route.walked_m > repeated + 0.001
    data = f"{of.pop('data')}, {len(chosen):,} of {len(zones):,} zones"
    named = of.pop("named")
    yield Figure(name=f"{named}walk of a zone", unit="ms", spread=Spread(tuple(times)), data=data, floor="100 ms", **of)
    yield Figure(
        name=f"{named}zones of which the walk leaves something out",
        unit="count",
        spread=Spread((float(left_out),)),
        data=data,
        floor="0",
        note="What is swept, from the answer, beside the list of the zone.",
        **of,
    )
    yield Figure(
        name=f"{named}metres that are only walked",
        unit="m",
        spread=Spread((ours,)),
        data=data,
        peers={"nx.eulerize": Spread((peers,))},
        floor="1 x nx.eulerize",
        note=f"Of the {compared:,} zones whose streets hang together; in {worse:,} of them ours walks more. Ours may go"
        " by streets of others and ends where it ends best; eulerize comes back to where it began.",
        **of,
    )


def _leaves_out(route: Route, stretches: list[list[str]]) -> bool:
    """Tell whether a walk does not sweep all of a zone."""
    swept: dict[str, list[Interval]] = defaultdict(list)
    for step in route.as_json()["steps"]:
        if step["sweeps"]:
            begin, end = sorted((step["from_m"], step["to_m"]))
            swept[step["segment"]].append((round(begin * 1000), round(end * 1000)))
    listed: Mapping[str, list[Interval]] = _by_segment(stretches)
    return any(list(subtract(union(spans), union(swept[segment]))) for segment, spans in listed.items())


def _by_segment(stretches: list[list[str]]) -> Mapping[str, list[Interval]]:
    found: dict[str, list[Interval]] = defaultdict(list)
    for segment, begin, end in stretches:
        found[segment].append((int(begin), int(end)))
    return found


def _eulerized(route: Route) -> float | None:
    """Return the metres that eulerize walks again; nothing where it knows no way."""
    graph: nx.MultiGraph[tuple[float, float]] = nx.MultiGraph()
    for step in route.steps:
        if step.sweeps and isinstance(step.way.key, Stretch):
            graph.add_edge(step.way.start, step.way.end, metres=step.way.metres)
    if not nx.is_connected(graph):
        return None
    whole = nx.eulerize(graph)
    shortest: dict[frozenset[tuple[float, float]], float] = {
        frozenset((one, other)): min(way["metres"] for way in graph[one][other].values())
        for one, other in set(graph.edges())
    }
    again = [(one, other) for one, other, told in whole.edges(data=True) if "metres" not in told]
    return sum(shortest[frozenset(edge)] for edge in again)
