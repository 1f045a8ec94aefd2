"""Kill processes at random moments of imports, jobs and claims, and see what is left."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, closing
from typing import Any, NamedTuple

import numpy as np
from sqlalchemy import Connection, text

from faults.importers import Importer, ImportJobs, ImportProcess
from faults.made_shapes import ORIGIN
from faults.service import Askers, Service, children, kill, left_over, service
from faults.tally import IsOver, Tally, never, percentile
from geo_hygiene.coverage.rebuild import rebuild
from geo_hygiene.database import engine
from tests.coverage.test_rebuild import kept_hashes
from tests.coverage.towns import grid_town

GROUP = "kill -9 at random moments of imports, jobs and claims"
ROWS = 300
LONGEST_WAIT = 1.5
"""Seconds after the beginning of an import within which something is killed."""
COMPARED_EVERY = 20
"""Kills after which the kept answers are compared with a rebuild."""
PATHS = ("/readyz", "/api/v1/cover?duty=sweeping", "/map", "/tiles/cover/14/12974/6701.mvt?duty=sweeping")

HALF_WRITTEN = """
    select count(*) from duty_zone join claim using (id)
    where not exists (select from claim_stretch where source_id = claim.source_id)
       or not exists (select from cover where source_id = claim.source_id)
"""
HALF_TOLD = """
    select count(*) from job
    where result -> 'report' ->> 'status' = 'imported' and (
        not exists (select from import_run where id = cast(result ->> 'number' as bigint))
        or not exists (
            select from audit_entry where action = 'data import' and subject = 'import ' || (result ->> 'number')
        )
    )
"""
WITHOUT_RUN = "select count(*) from target where import_id is not null and import_id not in (select id from import_run)"


class Writer:
    """The process that writes claims, and the codes that it said are stored."""

    def __init__(self, address: str, name: str, seed: int) -> None:
        self.acknowledged: set[str] = set()
        self.process = subprocess.Popen(  # noqa: S603 - our own interpreter
            [sys.executable, "-m", "faults.writer", address, name, str(seed)],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self._reader = threading.Thread(target=self._listen, daemon=True)
        self._reader.start()

    def _listen(self) -> None:
        assert self.process.stdout is not None  # noqa: S101 - it is a pipe
        for line in self.process.stdout:
            self.acknowledged.add(line.strip())

    def stop(self) -> None:
        """Kill it, and take in what it said last."""
        self.process.kill()
        self.process.wait()
        self._reader.join()


def places(prefix: str, seed: int, rows: int = ROWS) -> dict[str, Any]:
    """Return points as GeoJSON."""
    dice = np.random.default_rng(seed)
    found = (np.array(ORIGIN) + dice.uniform(0, 0.004, size=(rows, 2))).tolist()
    features = [
        {
            "type": "Feature",
            "properties": {"code": f"{prefix}{at}", "kind": "toilet"},
            "geometry": {"type": "Point", "coordinates": place},
        }
        for at, place in enumerate(found)
    ]
    return {"type": "FeatureCollection", "features": features}


class Victim(NamedTuple):
    """What is killed, and whether a job imports meanwhile or the process of the command."""

    processes: Callable[[Ground], list[int]]
    by_job: bool = False


VICTIMS: Mapping[str, Victim] = {
    "web worker": Victim(lambda ground: ground.asked.web()[1:2]),
    "web server and workers": Victim(lambda ground: ground.asked.web()),
    "up, with its web server": Victim(lambda ground: [ground.asked.up, *ground.asked.web()]),
    "importing process": Victim(lambda ground: [ground.command.process.pid]),
    "reading process of an import": Victim(lambda ground: children(ground.command.process.pid)),
    "writer of claims": Victim(lambda ground: [ground.writer.process.pid]),
    "database, all its processes": Victim(lambda ground: ground.asked.database()),
    "database and up at once": Victim(
        lambda ground: [*ground.asked.database(), ground.asked.up, *ground.asked.web(), *ground.asked.worker()]
    ),
    "worker, during a job": Victim(lambda ground: ground.asked.worker()[:1], by_job=True),
    "process of a job": Victim(lambda ground: ground.asked.worker()[1:2], by_job=True),
    "reading process of a job": Victim(lambda ground: ground.asked.worker()[2:3], by_job=True),
    "database, during a job": Victim(lambda ground: ground.asked.database(), by_job=True),
    "database and up at once, during a job": Victim(
        lambda ground: [*ground.asked.database(), ground.asked.up, *ground.asked.web(), *ground.asked.worker()],
        by_job=True,
    ),
}
TURNS = (
    *("database, all its processes", "process of a job", "importing process", "worker, during a job") * 4,
    *("reading process of an import", "database, during a job", "writer of claims", "reading process of a job") * 4,
    *("web worker", "web worker", "web server and workers", "database and up at once", "up, with its web server"),
    "database and up at once, during a job",
)
"""Whose turn it is to die, again and again."""


class Ground:
    """A served town in which an import and a writer of claims work while something is killed."""

    asked: Service
    command: ImportProcess
    writer: Writer

    def __init__(self, asked: Service, seed: int) -> None:
        self.asked = asked
        self.dice = random.Random(seed)  # noqa: S311 - chooses moments
        self.tallies = {name: Tally(GROUP, name, seeds=[seed]) for name in VICTIMS}
        self.recoveries: dict[str, list[float]] = defaultdict(list)
        self.acknowledged: set[str] = set()
        self.address = asked.cluster.url("service")
        self.compared = 0
        self.file = asked.home / "places.geojson"
        self._connections = engine(self.address)
        with self.connect() as connection:
            grid_town(connection)
        self.writer = Writer(self.address, "W0", seed)
        self.command = ImportProcess(asked)
        self.jobs = ImportJobs(asked, self._connections)

    def connect(self) -> AbstractContextManager[Connection]:
        """Give a connection in a transaction that is kept."""
        return self._connections.begin()

    def strike(self, number: int, name: str) -> None:
        """Begin an import, kill at a random moment, and check everything."""
        tally, victim = self.tallies[name], VICTIMS[name]
        importer = self.jobs if victim.by_job else self.command
        begun = time.monotonic()
        prefix = f"F{number}-"
        self.file.write_text(json.dumps(places(prefix, number)), encoding="utf-8")
        importer.begin(self.file)
        time.sleep(self.dice.uniform(0, LONGEST_WAIT))
        struck = time.monotonic()
        while not kill(victim.processes(self)) and time.monotonic() - struck < LONGEST_WAIT:
            time.sleep(0.01)
        struck = time.monotonic()
        self.asked.wait()
        importer.settle()
        self.recoveries[name].append(time.monotonic() - struck)
        tally.tried += 1
        self._check_import(tally, prefix, importer)
        if self.writer.process.poll() is not None:
            self._take_over(number)
        self._check_claims(tally)
        tally.seconds += time.monotonic() - begun

    def _take_over(self, number: int) -> None:
        self.writer.stop()
        self.acknowledged |= self.writer.acknowledged
        self.writer = Writer(self.address, f"W{number}", number)

    def _check_import(self, tally: Tally, prefix: str, importer: Importer) -> None:
        told, stored = importer.answer(), self._count(prefix)
        silent = importer.is_sure and told != "imported" and stored
        if stored not in {0, ROWS} or (told == "imported" and stored != ROWS) or silent:
            tally.lost += 1
            tally.tell(f"{stored} of {ROWS} rows are stored after the import said {told}")
        tally.accepted += told == "imported"
        tally.refused += told != "imported"
        importer.begin(self.file)
        wanted, again = "unchanged" if stored else "imported", importer.answer()
        if again != wanted or self._count(prefix) != ROWS:
            tally.lost += 1
            tally.tell(f"imported again it is {again}, not {wanted}: {importer.last_words}")
        scratch = self.asked.home / "tmp"
        if left := list(scratch.iterdir()) if scratch.exists() else []:
            tally.tell(f"left behind: {left}")

    def _count(self, prefix: str) -> int:
        with self.connect() as connection:
            found: int = connection.scalar(
                text("select count(*) from facility where code like :prefix || '%'"), {"prefix": prefix}
            )
        return found

    def _check_claims(self, tally: Tally) -> None:
        acknowledged = self.acknowledged | self.writer.acknowledged
        with self.connect() as connection:
            stored = set(connection.scalars(text("select code from duty_zone")))
            half = connection.scalar(text(HALF_WRITTEN))
            orphans = connection.scalar(text(WITHOUT_RUN)) + connection.scalar(text(HALF_TOLD))
        lost = acknowledged - stored
        tally.lost += len(lost) + half + orphans
        if lost or half or orphans:
            tally.tell(f"{len(lost)} acknowledged zones are gone, {half} are half written, {orphans} imports half told")

    def compare(self, tally: Tally) -> None:
        """Compare the kept answers with those of a rebuild, which is undone."""
        self.writer.stop()
        self.acknowledged |= self.writer.acknowledged
        connection: Connection
        with self.connect() as connection:
            before = kept_hashes(connection)
            rebuild(connection)
            differing = [name for name, found in kept_hashes(connection).items() if found != before[name]]
            connection.rollback()
        self.compared += 1
        if differing:
            tally.lost += 1
            tally.tell(f"kept answers differ from a rebuild: {differing}")
        self.writer = Writer(self.address, f"R{self.compared}", self.compared)

    def close(self) -> None:
        """Stop the writers, and put the recovery times into the figures."""
        self.command.stop()
        self.writer.stop()
        self.acknowledged |= self.writer.acknowledged
        self._connections.dispose()
        for name, tally in self.tallies.items():
            if found := self.recoveries[name]:
                tally.figures["ready again p50 s"] = round(percentile(found, 0.5), 2)
                tally.figures["ready again p95 s"] = round(percentile(found, 0.95), 2)


def measure(kills: int, seed: int, is_over: IsOver = never) -> list[Tally]:
    """Kill so many times, one victim after the other, or until the time is over; return what came of each."""
    with service() as asked:
        with closing(Ground(asked, seed)) as ground, Askers(asked, PATHS) as askers:
            for number in range(kills):
                if is_over():
                    break
                name = TURNS[number % len(TURNS)]
                ground.strike(number, name)
                if number % COMPARED_EVERY == COMPARED_EVERY - 1:
                    ground.compare(ground.tallies[name])
        reads = _reads(askers, seed)
        reads.counts.update({"zones acknowledged": len(ground.acknowledged), "rebuilds compared": ground.compared})
        home = asked.home
        folder = asked.cluster.folder
    if processes := left_over(home) + left_over(folder):
        reads.deaths += len(processes)
        reads.tell(f"processes are left: {processes}")
    return [*ground.tallies.values(), reads]


def _reads(askers: Askers, seed: int) -> Tally:
    """Return what readers met meanwhile."""
    tally = Tally(GROUP, "reads meanwhile", seeds=[seed], how="four readers all the time; no answer is no 5xx")
    tally.tried = sum(askers.statuses.values())
    tally.accepted = sum(count for status, count in askers.statuses.items() if 200 <= status < 400)  # noqa: PLR2004
    tally.server_errors = sum(askers.faults.values())
    tally.told_to_wait = askers.statuses[503]
    tally.seconds = sum(askers.seconds) / max(len(askers.seconds), 1) * tally.tried
    tally.counts["no answer"] = askers.statuses[0]
    if askers.faults:
        tally.tell(str(dict(askers.faults)))
    return tally
