"""Proposals beside plain METIS and spopt, and walks beside ``networkx.eulerize``, on the sample or other streets."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pymetis
import shapely
from sqlalchemy import Connection, text

from bench.figures import Figure, Spread
from bench.walks import walks
from bench.workspace import Database, Workspace, run
from geo_hygiene.coverage.duties import DutyRecord, duty_of, today
from geo_hygiene.zoning.balancing import Network
from geo_hygiene.zoning.ground import Ground, ground_of
from geo_hygiene.zoning.proposing import propose
from geo_hygiene.zoning.sharing import Borders, Wishes, beside

DUTY, ON = "sweeping", date(2025, 11, 30)
WISHED = {"S": 130, "M": 2_000, "L": 20_000}
"""Zones that are asked of a sample; a county's cleaners are fewer than its zones."""
STREETS_A_ZONE = 11.5
"""Of other streets as in the sample town: 130 zones of 1 500 segments."""

PACKAGES = ("spopt==0.7.0",)
PEER = Path(__file__).parent / "spopt_peer.py"
METHODS = ("WardSpatial", "Skater", "MaxP", "AZP")
PEER_SECONDS = 60
"""After which a peer's process is ended."""

KEPT = 0.8


@dataclass(frozen=True, slots=True, kw_only=True)
class Streets:
    """Streets of a day to share out; ``of`` and ``named`` are what figures say of them."""

    connection: Connection
    duty: DutyRecord
    on: date
    ground: Ground
    network: Network
    count: int
    of: Mapping[str, Any]
    named: str = ""

    @classmethod
    def read(cls, connection: Connection, on: date, count: int | None = None, **said: Any) -> Streets:
        """Return the streets of a day, of which so many zones are asked."""
        duty = duty_of(connection, DUTY)
        ground = ground_of(connection, duty, on, None)
        pieces = ground.pieces
        network = Network([piece.work for piece in pieces], beside(len(pieces), ground.joined))
        count = count or max(1, round(len(pieces) / STREETS_A_ZONE))
        return cls(connection=connection, duty=duty, on=on, ground=ground, network=network, count=count, **said)

    def figure(self, name: str, unit: str, spread: Spread, **more: Any) -> Figure:
        """Return a row about them."""
        data = f"{self.of['data']}, {self.count:,} zones wished"
        return Figure(name=f"{self.named}{name}", unit=unit, spread=spread, **{**self.of, "data": data}, **more)


@dataclass(frozen=True, slots=True)
class Shared:
    """How somebody shared out a network: in which time, how evenly, and how many zones fall apart."""

    seconds: float
    count: int
    most: float
    broken: int
    left_out: int = 0
    stays: float | None = None

    @classmethod
    def of(cls, network: Network, parts: Sequence[int], seconds: float) -> Shared:
        """Return it of the part of each member."""
        groups: dict[int, list[int]] = {}
        for member, part in enumerate(parts):
            groups.setdefault(part, []).append(member)
        return cls._of_groups(network, list(groups.values()), seconds)

    @classmethod
    def _of_groups(cls, network: Network, groups: Sequence[Sequence[int]], seconds: float) -> Shared:
        works = [network.load(group) for group in groups]
        broken = sum(len(network.pieces(group)) > 1 for group in groups)
        left_out = len(network.work) - len({member for group in groups for member in group})
        return cls(seconds, len(groups), max(works) * len(works) / sum(works), broken, left_out)

    @classmethod
    def told(cls, streets: Streets, answer: Mapping[str, Any], seconds: float) -> Shared:
        """Return it of an answer of ours, worked out anew from its lists of segments alone."""
        pieces = streets.ground.pieces
        number = {str(piece.uuid): member for member, piece in enumerate(pieces)}
        groups = {zone["code"]: [number[segment] for segment in zone["segments"]] for zone in answer["zones"]}
        shared = cls._of_groups(streets.network, list(groups.values()), seconds)
        held = sum(piece.extent_mm for piece in pieces if piece.zone is not None)
        stays = sum(
            pieces[member].extent_mm
            for code, group in groups.items()
            for member in group
            if pieces[member].zone == code
        )
        return cls(
            shared.seconds, shared.count, shared.most, shared.broken, shared.left_out, stays / held if held else None
        )


def measure(workspace: Workspace, rounds: int) -> Iterator[Figure]:
    """Share the sample's streets out, and walk its zones, beside others that do it."""
    with workspace.sample().connect() as connection:
        of = {"group": "share", "size": workspace.size, "data": f"streets of sample {workspace.size}"}
        streets = Streets.read(connection, ON, WISHED[workspace.size], of=of)
        yield from _proposals(workspace, streets, rounds)
        yield _kept(streets)
        yield from walks(connection, DUTY, ON, named="", **of)


def measure_others(workspace: Workspace, rounds: int) -> Iterator[Figure]:
    """Share the streets of the files out that were named, let the shares be the plan, and walk them."""
    for file in workspace.streets:
        with workspace.copied() as database:
            workspace.run(database, "import", "street-segments", str(file), "--json")
            with database.connect() as connection:
                of = {"group": "others", "data": f"{_segments(connection):,} segments of {file.name}"}
                streets = Streets.read(connection, today(connection), of=of, named=f"{file.stem}: ")
                yield from _proposals(workspace, streets, rounds)
            _publish(workspace, database, streets)
            with database.connect() as connection:
                yield from walks(connection, DUTY, streets.on, named=streets.named, **of)


def _segments(connection: Connection) -> int:
    return int(connection.scalar(text("select count(*) from street_segment")) or 0)


def _publish(workspace: Workspace, database: Database, streets: Streets) -> None:
    wished = ("--count", str(streets.count), "--borders", Borders.NONE.value, "--on", streets.on.isoformat())
    workspace.run(database, "zones", "propose", "--duty", DUTY, *wished, "--draft", "shared")
    workspace.run(database, "zones", "publish", "shared", "--from", streets.on.isoformat())


def _proposals(workspace: Workspace, streets: Streets, rounds: int) -> Iterator[Figure]:
    found: dict[str, list[Shared]] = {"ours": [], "pymetis": []}
    for _round in range(rounds):
        found["ours"].append(_ours(streets))
        found["pymetis"].append(_metis(streets))
    missing: dict[str, str] = {}
    python = _python(workspace)
    for method in METHODS:
        answered = _spopt(workspace, python, method, streets)
        if isinstance(answered, Shared):
            found[f"spopt {method}"] = [answered]
        else:
            missing[f"spopt {method}"] = answered
    yield from _figures(streets, found, missing)


def _ours(streets: Streets, count: int | None = None, keep: float | None = None) -> Shared:
    """Return the whole of a proposal: the reading of its ground is in its seconds."""
    wishes = Wishes(count=count or streets.count, borders=Borders.NONE, keep=keep)
    begun = time.perf_counter()
    proposal = propose(streets.connection, streets.duty, streets.on, wishes)
    return Shared.told(streets, proposal.as_json(), time.perf_counter() - begun)


def _metis(streets: Streets) -> Shared:
    network = streets.network
    begun = time.perf_counter()
    _cut, parts = pymetis.part_graph(
        streets.count,
        adjacency=network.beside,
        vweights=[max(1, work // 1000) for work in network.work],
        recursive=False,
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


def _spopt(workspace: Workspace, python: Path, method: str, streets: Streets) -> Shared | str:
    """Return what a method made of the streets in a process of its own, or why it made nothing."""
    network, asked = streets.network, workspace.folder / "spopt.json"
    places = shapely.get_coordinates(shapely.centroid([piece.shape for piece in streets.ground.pieces])).tolist()
    told = {"count": streets.count, "work": network.work, "beside": network.beside, "places": places}
    asked.write_text(json.dumps(told))
    try:
        done = subprocess.run(  # noqa: S603 - our own command
            [str(python), str(PEER), str(asked), method],
            capture_output=True,
            text=True,
            timeout=PEER_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"not done in {PEER_SECONDS} s"
    if done.returncode:
        return f"failed ({(done.stderr.strip().splitlines() or ['killed'])[-1].rpartition('._')[2][:60]})"
    answer = json.loads(done.stdout.splitlines()[-1])
    return Shared.of(network, answer["parts"], answer["seconds"])


def _figures(streets: Streets, found: Mapping[str, list[Shared]], missing: Mapping[str, str]) -> Iterator[Figure]:
    """Yield what was found, of ours as it was worked out anew from the lists of segments."""
    work = streets.network.work
    notes = {
        "seconds": "Ours with reading the ground and telling all, peers without; each of these in one process.",
        "most": f"The longest piece alone has {max(work) * streets.count / sum(work):.3f} of the mean.",
        "broken": f"The streets themselves are in {len(streets.network.pieces()):,} parts.",
    }
    rows = (
        ("zones proposed", "s", "seconds", "2 s at 1 500 segments, 60 s at 100 000"),
        ("zones proposed: how many", "count", "count", "as many as wished"),
        ("work of the zone with most, over the mean", "ratio", "most", "1.05"),
        ("zones that fall apart", "count", "broken", "0"),
        ("segments in no zone", "count", "left_out", "0"),
    )
    for name, unit, field, floor in rows:
        spreads = {who: Spread(tuple(float(getattr(one, field)) for one in shared)) for who, shared in found.items()}
        yield streets.figure(
            name, unit, spreads.pop("ours"), peers=spreads, missing=missing, floor=floor, note=notes.get(field, "")
        )


def _kept(streets: Streets) -> Figure:
    """Propose as many zones as there are, so that most of the ground stays with them."""
    there = len({piece.zone for piece in streets.ground.pieces} - {None})
    kept = _ours(streets, there, KEPT)
    return streets.figure(
        f"ground that stays with its zone where {KEPT:.0%} are to stay",
        "share",
        Spread((kept.stays or 0.0,)),
        floor=f"{KEPT}",
        note=f"{there:,} zones, as many as there are. The zone with most has {kept.most:.3f} of the mean, {kept.broken}"
        f" fall apart, {kept.seconds:.1f} s.",
    )
