"""Broken ground: no room, no lock, no connection, no database, and clients and workers at their limits."""

from __future__ import annotations

import ctypes
import http.client
import json
import os
import resource
import signal
import socket
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from typing import Any

import psycopg2
from sqlalchemy import text

from bench.workspace import COMMAND
from faults.kills import ROWS, Writer, places
from faults.requests import NORMAL, fill
from faults.service import Askers, Service, service
from faults.tally import Tally
from geo_hygiene.database import engine

GROUP = "Broken ground"
LOCK_SECONDS = 60
SOON_SECONDS = 3
DISK = "size=420m"
LEFT_ON_DISK = 3_000_000
CLONE_NEWNS, MS_PRIVATE_EVERYWHERE = 0x20000, 0x44000
ZONES, MAP = "/api/v1/zones", "/map"


@dataclass(frozen=True)
class Command:
    """What a command said and how it ended."""

    code: int
    answer: dict[str, Any]
    told: str


def import_places(asked: Service, prefix: str, rows: int = ROWS) -> Command:
    """Import places by the command."""
    file = Path(tempfile.mkdtemp(prefix="geo-hygiene-faults-")) / "places.geojson"
    file.write_text(json.dumps(places(prefix, 1, rows)), encoding="utf-8")
    done = subprocess.run(  # noqa: S603 - our own command
        [*COMMAND, "import", "facilities", str(file), "--json"],
        env=asked.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    file.unlink()
    file.parent.rmdir()
    return Command(done.returncode, json.loads(done.stdout) if done.stdout else {}, done.stderr)


def count(asked: Service, prefix: str) -> int:
    """Return how many of these places are stored."""
    connections = engine(asked.cluster.url("service"))
    with connections.connect() as connection:
        found: int = connection.scalar(
            text("select count(*) from facility where code like :prefix || '%'"), {"prefix": prefix}
        )
    connections.dispose()
    return found


def take(tally: Tally, askers: Askers) -> None:
    """Count what askers were answered."""
    tally.tried += sum(askers.statuses.values())
    tally.accepted += sum(found for status, found in askers.statuses.items() if 200 <= status < 400)  # noqa: PLR2004
    tally.told_to_wait += askers.statuses[503]
    tally.server_errors += sum(askers.faults.values())
    tally.counts["no answer"] += askers.statuses[0]
    if askers.faults:
        tally.tell(str(dict(askers.faults)))


def lock_held(asked: Service, tally: Tally) -> None:
    """Hold a table for a minute: what needs it is told to wait within three seconds, and the map reads on."""
    owner = engine(asked.cluster.url("owner"))
    slowest = 0.0
    with owner.connect() as connection:
        connection.execute(text("lock table assignment in access exclusive mode"))
        end = time.monotonic() + LOCK_SECONDS
        while time.monotonic() < end:
            for path, wanted in ((ZONES, 503), (MAP, 200), ("/tiles/areas/14/12974/6701.mvt", 200)):
                begun = time.monotonic()
                status, _ = asked.ask(path)
                slowest = max(slowest, time.monotonic() - begun)
                _expect(tally, path, status, wanted)
            time.sleep(1)
        connection.rollback()
    owner.dispose()
    _expect(tally, "after the lock", asked.ask(ZONES)[0], 200)
    tally.figures["slowest s"] = round(slowest, 2)


def _expect(tally: Tally, what: str, found: int, wanted: int) -> None:
    tally.tried += 1
    tally.told_to_wait += found == http.client.SERVICE_UNAVAILABLE
    tally.accepted += found == http.client.OK
    if found != wanted:
        tally.server_errors += found >= 500 and found != 503  # noqa: PLR2004
        tally.tell(f"{found} and not {wanted}: {what}")


def connections_used_up(asked: Service, tally: Tally) -> None:
    """Take every connection: readyz says why, a superuser still gets in, and all is well when they are free again."""
    url = asked.cluster.url("service").replace("postgresql+psycopg2", "postgresql")
    guests = []
    os.kill(asked.web()[0], signal.SIGHUP)  # new workers, which hold no connection yet
    time.sleep(SOON_SECONDS)
    while True:
        try:
            guests.append(psycopg2.connect(url))
        except psycopg2.OperationalError:
            break
    tally.figures["guests"] = len(guests)
    _expect(tally, "readyz without a connection", asked.ask("/readyz")[0], 503)
    psycopg2.connect(asked.cluster.superuser_url().replace("postgresql+psycopg2", "postgresql")).close()
    for guest in guests:
        guest.close()
    _expect(tally, "readyz afterwards", asked.ask("/readyz")[0], 200)


def database_restarts(asked: Service, tally: Tally) -> None:
    """Stop the database under readers, as a crash does, ten times: reads are answered or told to wait."""
    with Askers(asked, NORMAL) as askers:
        for _ in range(10):
            os.kill(asked.database()[0], signal.SIGQUIT)
            time.sleep(0.5)
            asked.wait()
            time.sleep(0.5)
    take(tally, askers)
    for path in NORMAL:
        _expect(tally, f"{path} afterwards", asked.ask(path)[0], 200)


def database_stands_still(asked: Service, tally: Tally) -> None:
    """Let the database not move for ten seconds, and go on."""
    processes = asked.database()
    for process in processes:
        os.kill(process, signal.SIGSTOP)
    time.sleep(10)
    _expect(tally, "healthz meanwhile", asked.ask("/healthz")[0], 200)
    for process in processes:
        os.kill(process, signal.SIGCONT)
    for path in NORMAL:
        _expect(tally, f"{path} afterwards", asked.ask(path)[0], 200)


def half_open_clients(asked: Service, tally: Tally) -> None:
    """Begin sixty requests and do not go on: the others are answered within seconds."""
    with ExitStack() as stack:
        for _ in range(60):
            client = stack.enter_context(socket.create_connection(("127.0.0.1", asked.port)))
            client.sendall(b"GET /map HTTP/1.1\r\nHost: localhost\r\nX: ")
        begun = time.monotonic()
        for _ in range(10):
            _expect(tally, "beside half-open clients", asked.ask("/healthz", 60)[0], 200)
        tally.figures["first answers s"] = round(time.monotonic() - begun, 1)


def workers_at_their_limits(asked: Service, tally: Tally) -> None:
    """Take memory or files from one worker: it fails alone, and is replaced when it dies."""
    for limit, amount in ((resource.RLIMIT_NOFILE, 12), (resource.RLIMIT_AS, 300_000_000)):
        worker = asked.web()[1]
        resource.prlimit(worker, limit, (amount, amount))
        with Askers(asked, NORMAL) as askers:
            time.sleep(5)
        take(tally, askers)
        with suppress(ProcessLookupError):  # it may have died of it
            os.kill(worker, signal.SIGKILL)
        asked.wait()
    for path in NORMAL:
        _expect(tally, f"{path} afterwards", asked.ask(path)[0], 200)


def home_can_not_be_written(asked: Service, tally: Tally) -> None:
    """Put a file where the scratch folder of imports is: an import says so in a sentence."""
    (asked.home / "tmp").rmdir() if (asked.home / "tmp").exists() else None
    (asked.home / "tmp").touch()
    said = import_places(asked, "N-")
    (asked.home / "tmp").unlink()
    tally.tried += 1
    tally.refused += said.code != 0
    if said.code != 1:
        tally.deaths += 1
        tally.tell(f"the import ended with {said.code}: {said.told}")


def database_lost_by_a_command(asked: Service, tally: Tally) -> None:
    """Cut the connection of a running import: it says so in a sentence, and nothing is stored."""
    owner = engine(asked.cluster.url("owner"))
    superuser = engine(asked.cluster.superuser_url(), isolation_level="AUTOCOMMIT")
    with owner.connect() as holding, superuser.connect() as cutting:
        holding.execute(text("lock table facility in access exclusive mode"))
        said = _import_beside(asked, lambda: _cut_waiting(cutting))
        holding.rollback()
    owner.dispose()
    superuser.dispose()
    tally.tried += 1
    tally.refused += said.code != 0
    tally.lost += count(asked, "L-") != 0
    if said.code != 1:
        tally.deaths += 1
        tally.tell(f"the import ended with {said.code}: {said.told}")


def _import_beside(asked: Service, act: Callable[[], bool]) -> Command:
    answers: list[Command] = []
    thread = Thread(target=lambda: answers.append(import_places(asked, "L-")))
    thread.start()
    while thread.is_alive() and not act():
        time.sleep(0.1)
    thread.join()
    return answers[0]


def _cut_waiting(cutting: Any) -> bool:
    cut = cutting.execute(
        text(
            "select pg_terminate_backend(pid) from pg_stat_activity"
            " where wait_event_type = 'Lock' and usename = 'geo_hygiene_service' and application_name = ''"
        )
    )
    return bool(cut.rowcount)


CONDITIONS: dict[str, Callable[[Service, Tally], None]] = {
    "a lock held for a minute": lock_held,
    "every connection taken": connections_used_up,
    "the database crashes under readers": database_restarts,
    "the database stands still for ten seconds": database_stands_still,
    "sixty half-open clients": half_open_clients,
    "a worker without memory or files": workers_at_their_limits,
    "a scratch folder that can not be written": home_can_not_be_written,
    "an import whose connection is cut": database_lost_by_a_command,
}


def measure(seed: int) -> Iterator[Tally]:
    """Yield what came of each condition, one after the other on one home."""
    with service() as asked:
        fill(asked, seed)
        for name, act in CONDITIONS.items():
            tally = Tally(GROUP, name, how=_sentence(act))
            begun = time.perf_counter()
            act(asked, tally)
            tally.seconds = time.perf_counter() - begun
            yield tally
    yield disk_full()


def _sentence(act: Callable[..., object]) -> str:
    return (act.__doc__ or "").split("\n")[0].rstrip(".")


def disk_full() -> Tally:
    """Import on a disk with three megabytes left, claim zones on one with none, import again with room."""
    tally = Tally(GROUP, "a full disk", how=_sentence(disk_full))
    begun = time.perf_counter()
    if os.geteuid() != 0:
        tally.how = "not tried: only root can make a small disk"
        return tally
    reading, writing = os.pipe()
    folder = Path(tempfile.mkdtemp(prefix="geo-hygiene-faults-"))
    child = os.fork()
    if child == 0:
        try:
            _on_a_small_disk(folder, tally)
        except BaseException as error:
            tally.tell(f"{type(error).__name__}: {error}")
        os.write(writing, json.dumps(tally.as_json()).encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as told:
        figures = json.load(told)
    os.waitpid(child, 0)
    folder.rmdir()  # the disk was the child's, and went with it
    found = Tally(**{**figures, "codes": Counter(figures["codes"]), "counts": Counter(figures["counts"])})
    found.seconds = time.perf_counter() - begun
    return found


def fill_up(file: Path) -> None:
    """Write into a file until there is no room left."""
    with file.open("ab", buffering=0) as filler, suppress(OSError):
        while filler.write(bytes(65_536)):
            pass


def check_claims(asked: Service, tally: Tally, acknowledged: set[str]) -> None:
    """See that every claim is stored whose writer was told so."""
    connections = engine(asked.cluster.url("service"))
    with connections.connect() as connection:
        lost = acknowledged - set(connection.scalars(text("select code from duty_zone")))
    connections.dispose()
    tally.counts["claims acknowledged"] = len(acknowledged)
    tally.lost += len(lost)
    if lost or not acknowledged:
        tally.tell(f"{len(lost)} of {len(acknowledged)} acknowledged claims are gone")


def _on_a_small_disk(disk: Path, tally: Tally) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNS) or libc.mount(b"none", b"/", None, MS_PRIVATE_EVERYWHERE, None):
        raise OSError(ctypes.get_errno(), "no namespace of our own")
    if libc.mount(b"tmpfs", os.fsencode(disk), b"tmpfs", 0, DISK.encode()):
        raise OSError(ctypes.get_errno(), "no small disk")
    home = disk / "home"
    home.mkdir(mode=0o755)
    disk.chmod(0o755)
    asked = Service(home)
    asked.start()
    fill(asked, 1)
    filler = disk / "filler"
    with filler.open("wb") as file:
        file.write(bytes(os.statvfs(disk).f_bavail * os.statvfs(disk).f_frsize - LEFT_ON_DISK))
    full = import_places(asked, "D-", 20_000)
    tally.tried, tally.refused = 1, int(full.code != 0)
    if full.code != 1:
        tally.deaths += 1
        tally.tell(f"the import ended with {full.code}: {full.told}")
    fill_up(filler)
    writer = Writer(asked.cluster.url("service"), "D", 1)
    with Askers(asked, NORMAL) as askers:
        time.sleep(10)
    take(tally, askers)
    filler.unlink()
    asked.wait()
    begun = time.monotonic()
    while not writer.acknowledged and time.monotonic() - begun < LOCK_SECONDS:
        time.sleep(0.1)
    writer.stop()
    check_claims(asked, tally, writer.acknowledged)
    tally.lost += count(asked, "D-") not in {0, 20_000}
    again = import_places(asked, "D-", 2_000)
    tally.tried += 1
    tally.accepted += again.code == 0
    if again.code or count(asked, "D-") != 2_000:  # noqa: PLR2004 - as many as were imported
        tally.tell(f"with room again: {again.code} {again.told}")
    asked.stop()
