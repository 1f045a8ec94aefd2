"""Proposals beside plain METIS and spopt, and walks beside ``networkx.eulerize``, on the streets of the sample."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import networkx as nx
import pymetis
import shapely
from sqlalchemy import Connection, text

from bench.figures import Figure, Spread
from bench.workspace import Workspace, run
from geo_hygiene.coverage.duties import duty_of
from geo_hygiene.zoning.balancing import Network
from geo_hygiene.zoning.ground import Ground, ground_of
from geo_hygiene.zoning.proposing import propose
from geo_hygiene.zoning.routes import Route, route_of
from geo_hygiene.zoning.sharing import Borders, Wishes, beside

DUTY, ON = "sweeping", date(2025, 11, 30)
COUNTS = {"S": 130, "M": 2000, "L": 2000}
PACKAGES = ("spopt==0.7.0",)
PEER = Path(__file__).parent / "spopt_peer.py"
METHODS = ("skater", "max-p")
PEER_MOST = "S"
"""The only size at which spopt ends within minutes."""

WALKED = 130
"""Zones whose walks are measured."""


@dataclass(frozen=True, slots=True)
class Shared:
    """How somebody shared out a network: in which time, how evenly, and how many zones fall apart."""

    seconds: float
    count: int
    most: float
    broken: int

    @classmethod
    def of(cls, network: Network, parts: Sequence[int], seconds: float) -> Shared:
        """Return it of the part of each member."""
        groups: dict[int, list[int]] = {}
        for member, part in enumerate(parts):
            groups.setdefault(part, []).append(member)
        works = [network.load(group) for group in groups.values()]
        broken = sum(len(network.pieces(group)) > 1 for group in groups.values())
        return cls(seconds, len(groups), max(works) * len(works) / sum(works), broken)


def measure(workspace: Workspace, rounds: int) -> Iterator[Figure]:
    """Share the sample's streets out, and walk its zones, beside others that do it."""
    count = COUNTS[workspace.size]
    with workspace.sample().connect() as connection:
        ground = ground_of(connection, duty_of(connection, DUTY), ON, None)
        network = Network([piece.work for piece in ground.pieces], beside(len(ground.pieces), ground.joined))
        ways: dict[str, Callable[[], Shared]] = {
            "ours": lambda: _ours(connection, network, count),
            "pymetis": lambda: _metis(network, count),
        }
        if workspace.size == PEER_MOST:
            python = _python(workspace)
            for method in METHODS:
                ways[f"spopt {method}"] = _spopt(workspace, python, method, ground, network, count)
        found = {name: [way() for _round in range(rounds)] for name, way in ways.items()}
        yield from _figures(workspace, found, count, len(ground.pieces))
        yield from _walks(workspace, connection)


def _ours(connection: Connection, network: Network, count: int) -> Shared:
    """Return the whole of a proposal: the reading of its ground is in its seconds."""
    begun = time.perf_counter()
    proposal = propose(connection, duty_of(connection, DUTY), ON, Wishes(count=count, borders=Borders.NONE))
    seconds = time.perf_counter() - begun
    part = {member: number for number, zone in enumerate(proposal.zones) for member in zone.members}
    return Shared.of(network, [part[member] for member in range(len(network.work))], seconds)


def _metis(network: Network, count: int) -> Shared:
    begun = time.perf_counter()
    _cut, parts = pymetis.part_graph(
        count, adjacency=network.beside, vweights=[max(1, work // 1000) for work in network.work], recursive=False
    )
    return Shared.of(network, parts, time.perf_counter() - begun)


def _python(workspace: Workspace) -> Path:
    """Return the interpreter of an environment with spopt, made once in the workspace."""
    folder = workspace.folder / "spopt"
    python = folder / "bin" / "python"
    if not python.exists():
        run([sys.executable, "-m", "venv", str(folder)], {})
        run([str(python), "-m", "pip", "install", "--quiet", *PACKAGES], {})
    return python


def _spopt(
    workspace: Workspace, python: Path, method: str, ground: Ground, network: Network, count: int
) -> Callable[[], Shared]:
    asked = workspace.folder / f"spopt-{method}.json"
    places = shapely.get_coordinates(shapely.centroid([piece.shape for piece in ground.pieces])).tolist()
    asked.write_text(
        json.dumps({"method": method, "count": count, "work": network.work, "beside": network.beside, "places": places})
    )

    def once() -> Shared:
        answer = json.loads(run([str(python), str(PEER), str(asked)], {}).output.splitlines()[-1])
        return Shared.of(network, answer["parts"], answer["seconds"])

    return once


def _figures(workspace: Workspace, found: dict[str, list[Shared]], count: int, targets: int) -> Iterator[Figure]:
    data = f"{targets:,} street segments of the sample, {count:,} zones wished"
    got = ", ".join(f"{name} made {shared[0].count:,}" for name, shared in found.items())
    rows: list[tuple[str, str, Callable[[Shared], float], str]] = [
        ("zones proposed", "s", lambda one: one.seconds, f"ours with reading the ground, peers without; {got}"),
        ("work of the zone with most, over the mean", "ratio", lambda one: one.most, ""),
        ("zones that fall apart", "count", lambda one: float(one.broken), ""),
    ]
    for name, unit, value, note in rows:
        spreads = {who: Spread(tuple(map(value, shared))) for who, shared in found.items()}
        yield Figure(
            group="share",
            name=name,
            unit=unit,
            data=data,
            size=workspace.size,
            spread=spreads.pop("ours"),
            peers=spreads,
            note=note,
        )


def _walks(workspace: Workspace, connection: Connection) -> Iterator[Figure]:
    """Compare what is walked twice with what eulerize walks twice, on zones that hang together."""
    statement = (
        "select duty_zone.code from duty_zone join claim using (id) join duty on duty.id = claim.duty_id"
        " where duty.code = :duty and valid_from <= :on and :on < valid_to order by duty_zone.code limit :most"
    )
    ours = peers = 0.0
    walked = 0
    for code in connection.scalars(text(statement), {"duty": DUTY, "on": ON, "most": WALKED}).all():
        route = route_of(connection, code, ON)
        repeated = _eulerized(route)
        if repeated is not None:
            ours, peers, walked = ours + route.walked_m, peers + repeated, walked + 1
    yield Figure(
        group="share",
        name="metres that are only walked",
        unit="m",
        data=f"{walked:,} zones of the sample whose streets hang together",
        size=workspace.size,
        spread=Spread((ours,)),
        peers={"nx.eulerize": Spread((peers,))},
        note="Ours may go by streets of others and ends where it ends best; eulerize comes back to where it began",
    )


def _eulerized(route: Route) -> float | None:
    """Return the metres that eulerize walks again; nothing where it knows no way."""
    graph: nx.MultiGraph[tuple[float, float]] = nx.MultiGraph()
    for step in route.steps:
        if step.sweeps:
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
