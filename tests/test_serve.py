"""The processes of ``up`` and the commands on the database, as a user and a crash meet them."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from itertools import pairwise
from pathlib import Path
from urllib.error import URLError

import psycopg2
import pytest
from click.testing import CliRunner
from sqlalchemy import text

from geo_hygiene import serve
from geo_hygiene.cli import main
from geo_hygiene.cluster import Cluster
from geo_hygiene.database import current_revision, engine, head_revision
from geo_hygiene.serve import processes
from geo_hygiene.settings import Settings
from geo_hygiene.web.gunicorn_conf import threads, workers

COMMAND = Path(sys.executable).with_name("geo-hygiene")
ANY_CERTIFICATE = ssl.create_default_context()
ANY_CERTIFICATE.check_hostname = False
ANY_CERTIFICATE.verify_mode = ssl.CERT_NONE

LOSES_A_SIGNAL = """
import os, signal, sys
from pathlib import Path
from geo_hygiene.serve import up
from geo_hygiene.settings import Settings

class Finalized:
    def __del__(self):
        os.kill(os.getpid(), signal.SIGTERM)
        sum(range(1000))

def ready(address):
    Finalized()
    print("went on", flush=True)

up(Settings(home=Path(sys.argv[1]), port=0), prepare=lambda database: None, tell=print, when_ready=ready)
"""


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    for name in list(os.environ):
        if name.startswith("GEO_HYGIENE_"):
            monkeypatch.delenv(name)
    folder = Path(tempfile.mkdtemp(prefix="gh-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def up(home: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Return a function that starts ``up`` on the home and a free port."""
    started: list[subprocess.Popen[str]] = []

    def start(*options: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [COMMAND, "up", "--home", home, "--port", "0", "--no-sample", *options],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.terminate()
        process.communicate()


def address_of(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return next(word for word in process.stdout.readline().split() if word.startswith("http"))


def readiness(address: str) -> dict[str, str] | None:
    """Return what ``/readyz`` answers, ``None`` while the server does not answer or is not ready."""
    try:
        with urllib.request.urlopen(f"{address}readyz", timeout=10, context=ANY_CERTIFICATE) as answer:
            ready: dict[str, str] = json.load(answer)
            return ready
    except (URLError, OSError):
        return None


def children_of(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def web_server_of(pid: int) -> int:
    (found,) = (child for child in children_of(pid) if b"gunicorn" in Path(f"/proc/{child}/cmdline").read_bytes())
    return found


def worker_of(pid: int) -> int | None:
    found = (
        child for child in children_of(pid) if b"geo_hygiene.worker" in Path(f"/proc/{child}/cmdline").read_bytes()
    )
    return next(found, None)


def wait_for(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def is_gone(pid: int) -> bool:
    try:
        return "\nState:\tZ" in Path(f"/proc/{pid}/status").read_text()
    except FileNotFoundError:
        return True


def test_up_serves_survives_crashes_and_stops_everything_at_a_signal(
    home: Path, up: Callable[..., subprocess.Popen[str]]
) -> None:
    cluster = Cluster(home)
    first = up()
    address = address_of(first)
    good = {"status": "ready", "database": "ok", "migration": head_revision()}
    assert readiness(address) == good

    second = subprocess.run([COMMAND, "up", "--home", home], capture_output=True, text=True, check=False)
    assert second.returncode == 1
    assert second.stderr == f"Error: {home} is served already, at {address.rstrip('/')}.\n"

    postmaster = cluster.status().pid
    assert postmaster
    os.kill(postmaster, signal.SIGKILL)
    wait_for(lambda: cluster.status().pid not in (None, postmaster))
    wait_for(lambda: readiness(address) == good)

    gunicorn = web_server_of(first.pid)
    workers = children_of(gunicorn)
    os.kill(gunicorn, signal.SIGKILL)
    wait_for(lambda: all(is_gone(process) for process in (gunicorn, *workers)))
    assert readiness(address) == good  # the connection waited for the new one

    worker = worker_of(first.pid)
    assert worker
    os.kill(worker, signal.SIGKILL)
    wait_for(lambda: worker_of(first.pid) not in (None, worker))

    gunicorn, worker = web_server_of(first.pid), worker_of(first.pid)
    workers = children_of(gunicorn)
    first.kill()
    first.wait()
    wait_for(lambda: all(is_gone(process) for process in (gunicorn, *workers, worker)))
    assert cluster.status().pid  # nobody was left to stop it: the next takes it over

    third = up()
    address = address_of(third)
    assert readiness(address) == good
    third.send_signal(signal.SIGTERM)
    assert third.wait() == 0
    assert cluster.status().pid is None
    assert readiness(address) is None


def test_a_worker_that_dies_at_once_is_started_again_with_growing_pauses(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    starts: list[float] = []
    clock = [1000.0]

    def start(worker: processes.JobWorker, _command: object) -> None:
        starts.append(clock[0])
        worker._process = subprocess.Popen(["true"], stdin=subprocess.DEVNULL)

    monkeypatch.setattr(processes.JobWorker, "_start", start)
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    worker = processes.JobWorker(Settings(home=home), "postgresql:///nowhere")
    told = 0
    worker.start()
    for _look in range(400):
        wait_for(lambda: worker.has_died)
        told += worker.revive()
        clock[0] += 0.7
    pauses = [after - before for before, after in pairwise(starts)]
    for pause, wanted in zip(pauses, (0, 2, 4, 8, 16, 32, 60, 60), strict=False):
        assert wanted <= pause < wanted + 0.8
    assert told == 1


def test_a_stop_is_told_at_once_and_waits_little_for_idle_connections(
    up: Callable[..., subprocess.Popen[str]],
) -> None:
    process = up()
    port = int(address_of(process).rstrip("/").rpartition(":")[2])
    idle = [socket.create_connection((serve.LOOPBACK, port)) for _ in range(6)]
    time.sleep(0.5)  # the workers take them
    begun = time.monotonic()
    process.terminate()
    assert process.stderr is not None
    assert process.stderr.readline() == "Making the database…\n"
    assert process.stderr.readline() == "Stopping…\n"
    assert time.monotonic() - begun < 1
    assert process.wait() == 0
    assert time.monotonic() - begun < 5
    for connection in idle:
        connection.close()


def test_a_signal_is_heeded_where_the_exception_of_its_handler_is_lost(home: Path) -> None:
    """As in a finalizer that happens to run when the signal comes: what is raised in it goes nowhere."""
    ended = subprocess.run(
        [sys.executable, "-c", LOSES_A_SIGNAL, home], timeout=60, capture_output=True, text=True, check=True
    )
    assert "went on" in ended.stdout
    assert not Cluster(home).status().pid


def test_a_taken_port_is_told_in_one_sentence_and_leaves_no_home(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serve, "PORT_PATIENCE_SECONDS", 0)
    new = home / "office"
    with socket.create_server((serve.LOOPBACK, 0)) as other:
        port = other.getsockname()[1]
        told = CliRunner().invoke(main, ["up", "--home", str(new), "--port", str(port)])
    assert told.exit_code == 1
    reason = f"Port {port} can not be used (another program uses it)"
    assert told.stderr == f"Error: {reason}: choose another with --port or GEO_HYGIENE_PORT.\n"
    assert not new.exists()


def test_a_command_tells_a_watcher_that_it_starts_the_database(home: Path) -> None:
    def watched(*words: str) -> str:
        ours, theirs = os.openpty()
        subprocess.run([COMMAND, *words, "--home", home], stdout=subprocess.DEVNULL, stderr=theirs, check=True)
        os.close(theirs)
        said = os.read(ours, 10_000).decode()
        os.close(ours)
        return said

    assert watched("db", "start").startswith("Making the database…\r\n")
    CliRunner().invoke(main, ["db", "stop", "--home", str(home)])
    assert watched("cover", "--duty", "sweeping") == "Starting the database…\r\n"


def test_a_web_server_that_ends_is_told_with_its_log(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "WEB_SERVER", "python:geo_hygiene.no_such_module")
    with serve._bind(serve.LOOPBACK, 0) as bound:
        web = serve.WebServer(Settings(home=home), "postgresql+psycopg2://nobody@/nothing", bound)
        web.load()
        with pytest.raises(serve.WebServerFailedError, match=f"ended with exit code 1 .its log is {home}/logs/web.log"):
            web.serve()
        web.close()
    assert "no_such_module" in web.log.read_text()


def test_the_database_commands_start_name_tell_and_stop_it(home: Path) -> None:
    def run(*words: str) -> str:
        result = CliRunner().invoke(main, ["db", *words, "--home", str(home)])
        assert result.exit_code == 0, result.output
        return result.stdout

    assert json.loads(run("status", "--json"))["state"] == "absent"
    run("start")
    assert json.loads(run("status", "--json"))["state"] == "running"
    for words, role in ((["url"], "geo_hygiene_service"), (["url", "--owner"], "geo_hygiene_owner")):
        connection = psycopg2.connect(run(*words).strip())
        with connection.cursor() as cursor:
            cursor.execute("select current_user::text, (select version_num from alembic_version)")
            assert cursor.fetchone() == (role, head_revision())
        connection.close()
    run("stop")
    assert json.loads(run("status", "--json"))["state"] == "stopped"


def test_exit_codes_tell_whose_mistake_it_was(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def run(*words: str) -> tuple[int, str]:
        result = CliRunner().invoke(main, [*words, "--home", str(home)])
        return result.exit_code, result.stderr

    assert run("db", "stat")[0] == 2
    monkeypatch.setenv("GEO_HYGIENE_PORT", "eighty")
    code, said = run("db", "status")
    assert code == 2
    assert "GEO_HYGIENE_PORT" in said
    monkeypatch.delenv("GEO_HYGIENE_PORT")
    monkeypatch.setenv("GEO_HYGIENE_SERVICE_URL", "postgresql://somebody@/somewhere")
    code, said = run("db", "url")
    assert code == 1
    assert (
        said == "Error: GEO_HYGIENE_SERVICE_URL is set without GEO_HYGIENE_DATABASE_URL, the address for the owner.\n"
    )
    monkeypatch.delenv("GEO_HYGIENE_SERVICE_URL")
    monkeypatch.setattr(Cluster, "status", lambda _cluster: 1 / 0)
    code, said = run("db", "status")
    assert code == 3
    assert f"Its log is {home}/logs/failures.log" in said
    assert "ZeroDivisionError" in (home / "logs" / "failures.log").read_text()


@pytest.fixture
def foreign(cluster: Cluster) -> str:
    """Return the name of a database without PostGIS that an office made for its owner."""
    name = f"foreign_{uuid.uuid4().hex[:12]}"
    administrator = engine(cluster.superuser_url("postgres"), isolation_level="AUTOCOMMIT")
    with administrator.connect() as connection:
        connection.execute(text(f"create database {name} owner geo_hygiene_owner template template0"))
    administrator.dispose()
    return name


def test_a_database_of_the_environment_is_used_and_never_stopped(cluster: Cluster, foreign: str, home: Path) -> None:
    url = cluster.superuser_url(foreign)
    with serve.open_database(Settings(home=home, database_url=url)) as database:
        assert database == serve.Database(url, url, None)
        connections = engine(url)
        with connections.connect() as connection:
            assert current_revision(connection) == head_revision()
        connections.dispose()
    assert not (home / "database").exists()
    stop = CliRunner().invoke(main, ["db", "stop", "--home", str(home)], env={"GEO_HYGIENE_DATABASE_URL": url})
    assert stop.exit_code == 1
    assert "neither starts nor stops" in stop.stderr


def test_a_database_of_the_environment_that_does_not_fit_is_refused(
    cluster: Cluster, foreign: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(serve.DatabaseUnusableError, match=r"has no PostGIS .*: let a superuser run"):
        serve.check_versions(cluster.url("owner", database=foreign))
    with pytest.raises(serve.DatabaseUnusableError, match=r"gone \(127.0.0.1\) does not answer") as told:
        serve.check_versions("postgresql+psycopg2://somebody:secret@127.0.0.1:1/gone")
    assert "secret" not in str(told.value)
    monkeypatch.setattr(serve, "OLDEST_POSTGRESQL", 99)
    with pytest.raises(serve.DatabaseUnusableError, match=r"PostgreSQL 99 and PostGIS .* are the oldest"):
        serve.check_versions(cluster.superuser_url(foreign))


def test_clients_that_stop_in_the_middle_of_a_request_keep_nobody_out(up: Callable[..., subprocess.Popen[str]]) -> None:
    address = address_of(up())
    port = int(address.rstrip("/").rpartition(":")[2])
    with ExitStack() as open_connections:
        for _ in range(workers * threads):
            connection = open_connections.enter_context(socket.create_connection((serve.LOOPBACK, port)))
            connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: loc")
        wait_for(lambda: readiness(address))


def test_clients_that_stop_in_the_middle_of_a_handshake_or_a_request_over_tls_keep_nobody_out(
    home: Path, up: Callable[..., subprocess.Popen[str]]
) -> None:
    address = address_of(up("--listen", "0.0.0.0"))
    port = int(address.rstrip("/").rpartition(":")[2])
    with ExitStack() as open_connections:

        def connect() -> socket.socket:
            return open_connections.enter_context(socket.create_connection((serve.LOOPBACK, port), timeout=1))

        for _ in range(workers * threads):
            with suppress(OSError):  # the server is full, as it shall be
                connection = open_connections.enter_context(ANY_CERTIFICATE.wrap_socket(connect()))
                connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: loc")
        for beginning in (b"\x16\x03\x01", b"GET / HTTP/1.1\r\n\r\n"):
            for _ in range(workers * threads):
                connect().sendall(beginning)
        wait_for(lambda: readiness(address))
    assert "Traceback" not in (home / "logs" / "web.log").read_text()


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"listen": "0.0.0.0", "hosts": "hygiene.office.example,other.example"}, "https://hygiene.office.example:8080"),
        ({"listen": "192.0.2.7"}, "https://192.0.2.7:8080"),
        ({"hosts": "hygiene.office.example"}, "https://127.0.0.1:8080"),
    ],
)
def test_the_address_told_has_the_name_under_which_others_come(home: Path, settings: dict[str, str], told: str) -> None:
    assert serve.address_told(Settings(home=home, **settings), 8080, is_https=True) == told
