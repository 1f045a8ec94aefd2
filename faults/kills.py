"""Kill processes at random moments of imports and claims, and see what is left."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, closing, suppress
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy import Connection, text

from faults.made_shapes import ORIGIN
from faults.service import Askers, Service, children, kill, left_over, service
from faults.tally import IsOver, Tally, never, percentile
from geo_hygiene.coverage.rebuild import rebuild
from geo_hygiene.database import engine
from tests.coverage.test_rebuild import kept_hashes
from tests.coverage.towns import grid_town

GROUP = "kill -9 at random moments of imports and claims"
ROWS = 300
LONGEST_WAIT = 1.5
"""Seconds after the beginning of an import within which something is killed."""
SETTLE_SECONDS = 0.2
COMPARED_EVERY = 20
"""Kills after which the kept answers are compared with a rebuild."""
PATHS = ("/readyz", "/api/v1/cover?duty=sweeping", "/map", "/tiles/cover/14/12974/6701.mvt?duty=sweeping")

HALF_WRITTEN = """
    select count(*) from duty_zone join claim using (id)
    where not exists (select from claim_stretch where source_id = claim.source_id)
       or not exists (select from cover where source_id = claim.source_id)
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


class Importer:
    """The process that imports files of places."""

    def __init__(self, asked: Service) -> None:
        self._asked = asked
        self._log = (asked.home / "importer.log").open("ab")
        self.process = self._start()

    @property
    def last_words(self) -> str:
        """Return what it said last on standard error."""
        return (self._asked.home / "importer.log").read_text(errors="replace")[-1000:]

    def _start(self) -> subprocess.Popen[str]:
        return subprocess.Popen(  # noqa: S603 - our own interpreter
            [sys.executable, "-m", "faults.importer", str(self._asked.home)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
        )

    def begin(self, file: Path) -> None:
        """Let it import a file; it is started again where it is gone."""
        if self.process.poll() is not None:
            self.process = self._start()
        assert self.process.stdin is not None  # noqa: S101 - it is a pipe
        self.process.stdin.write(f"{file}\n")
        self.process.stdin.flush()

    def settle(self) -> None:
        """Give the kernel a moment to end it where it was killed: it could be written to until then."""
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(SETTLE_SECONDS)

    def answer(self) -> str | None:
        """Return what came of the file: a status, the class of a mistake, or None when the process died."""
        assert self.process.stdout is not None  # noqa: S101 - it is a pipe
        line = self.process.stdout.readline()
        if not line:
            self.process.wait()
            return None
        return str(json.loads(line))

    def stop(self) -> None:
        """End it."""
        self.process.kill()
        self.process.wait()
        self._log.close()


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


Victims = Callable[[Service, Importer, Writer], list[int]]

VICTIMS: Mapping[str, Victims] = {
    "web worker": lambda asked, _importer, _writer: asked.web()[1:2],
    "web server and workers": lambda asked, _importer, _writer: asked.web(),
    "up, with its web server": lambda asked, _importer, _writer: [asked.up, *asked.web()],
    "importing process": lambda _asked, importer, _writer: [importer.process.pid],
    "reading process of an import": lambda _asked, importer, _writer: children(importer.process.pid),
    "writer of claims": lambda _asked, _importer, writer: [writer.process.pid],
    "database, all its processes": lambda asked, _importer, _writer: asked.database(),
    "database and up at once": lambda asked, _importer, _writer: [*asked.database(), asked.up, *asked.web()],
}
TURNS = (
    *("database, all its processes", "importing process", "reading process of an import", "writer of claims") * 4,
    *("web worker", "web worker", "web server and workers", "database and up at once", "up, with its web server"),
)
"""Whose turn it is to die, again and again."""


class Ground:
    """A served town in which an import and a writer of claims work while something is killed."""

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
        self.importer = Importer(asked)

    def connect(self) -> AbstractContextManager[Connection]:
        """Give a connection in a transaction that is kept."""
        return self._connections.begin()

    def strike(self, number: int, name: str) -> None:
        """Begin an import, kill at a random moment, and check everything."""
        tally = self.tallies[name]
        begun = time.monotonic()
        prefix = f"F{number}-"
        self.file.write_text(json.dumps(places(prefix, number)), encoding="utf-8")
        self.importer.begin(self.file)
        time.sleep(self.dice.uniform(0, LONGEST_WAIT))
        struck = time.monotonic()
        while (
            not kill(VICTIMS[name](self.asked, self.importer, self.writer)) and time.monotonic() - struck < LONGEST_WAIT
        ):
            time.sleep(0.01)
        struck = time.monotonic()
        self.asked.wait()
        self.importer.settle()
        self.recoveries[name].append(time.monotonic() - struck)
        tally.tried += 1
        self._check_import(tally, prefix, self.importer.answer())
        if self.writer.process.poll() is not None:
            self._take_over(number)
        self._check_claims(tally)
        tally.seconds += time.monotonic() - begun

    def _take_over(self, number: int) -> None:
        self.writer.stop()
        self.acknowledged |= self.writer.acknowledged
        self.writer = Writer(self.address, f"W{number}", number)

    def _check_import(self, tally: Tally, prefix: str, told: str | None) -> None:
        stored = self._count(prefix)
        if stored not in {0, ROWS} or (told == "imported" and stored != ROWS):
            tally.lost += 1
            tally.tell(f"{stored} of {ROWS} rows are stored after the import said {told}")
        tally.accepted += told == "imported"
        tally.refused += told != "imported"
        self.importer.begin(self.file)
        wanted, again = "unchanged" if stored else "imported", self.importer.answer()
        if again != wanted or self._count(prefix) != ROWS:
            tally.lost += 1
            tally.tell(f"imported again it is {again}, not {wanted}: {self.importer.last_words}")
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
            orphans = connection.scalar(text(WITHOUT_RUN))
        lost = acknowledged - stored
        tally.lost += len(lost) + half + orphans
        if lost or half or orphans:
            tally.tell(f"{len(lost)} acknowledged zones are gone, {half} are half written, {orphans} without an import")

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
        self.importer.stop()
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
