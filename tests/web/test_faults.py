"""A database that is restarted, locked, full of guests, too old or careless, and an application that says so."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg2
import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import OperationalError

from geo_hygiene.cluster import Cluster
from geo_hygiene.database import engine, migrate
from geo_hygiene.web import connections as web_connections
from geo_hygiene.web.connections import Connections
from geo_hygiene.web.errors import TABLE, meaning_of
from geo_hygiene.web.logs import JsonLines
from tests.conftest import TestDatabase
from tests.web.conftest import application
from tests.web.towns import SPRING

FIGURES = f"/api/v1/cover?duty=sweeping&on={SPRING}"
READS = ("/", "/map/table", FIGURES, "/tiles/areas/14/12974/6701.mvt", "/readyz")


@pytest.fixture
def copied(new_database: Callable[..., TestDatabase], town_database: TestDatabase) -> TestDatabase:
    """Return a copy of the town that a test may lock and break; the guests of the original leave first."""
    as_superuser(
        town_database,
        "select pg_terminate_backend(pid) from pg_stat_activity"
        " where datname = current_database() and pid <> pg_backend_pid()",
    )
    return new_database(town_database.name)


@pytest.fixture
def opened(copied: TestDatabase) -> Iterator[Connections]:
    connections = Connections(copied.service_url)
    yield connections
    connections.close()


def as_superuser(database: TestDatabase, statement: str) -> None:
    administrator = engine(database.superuser_url, isolation_level="AUTOCOMMIT")
    with administrator.connect() as connection:
        connection.execute(text(statement))
    administrator.dispose()


def test_reads_go_on_after_every_connection_was_cut(copied: TestDatabase, opened: Connections) -> None:
    client = application(None, connections=opened).test_client()
    before = {path: client.get(path).status_code for path in READS}
    for _ in range(5):
        as_superuser(
            copied,
            "select pg_terminate_backend(pid) from pg_stat_activity"
            " where usename = 'geo_hygiene_service' and datname = current_database()",
        )
        assert {path: client.get(path).status_code for path in READS} == before
    assert set(before.values()) <= {200, 204}


def test_a_connection_that_dies_during_a_question_is_replaced_once(opened: Connections) -> None:
    asked = []

    def question(connection: Connection) -> int:
        asked.append(connection.scalar(text("select pg_backend_pid()")))
        if len(asked) == 1:
            connection.execute(text("select pg_terminate_backend(pg_backend_pid())"))
        return 7

    assert opened.read(question) == 7
    assert len(set(asked)) == 2


def test_a_restarted_server_serves_again_and_is_missed_meanwhile() -> None:
    home = Path(tempfile.mkdtemp(prefix="gh-web-"))
    home.chmod(0o755)
    cluster = Cluster(home)
    try:
        with cluster.lease():
            migrate(cluster.url("owner"))
            opened = Connections(cluster.url("service"))
            client = application(None, connections=opened).test_client()
            assert client.get("/readyz").status_code == 200
            os.kill(cluster.status().pid, signal.SIGQUIT)
            while cluster.status().pid is not None:
                time.sleep(0.05)
            for path in READS:
                answer = client.get(path)
                assert answer.status_code == 503, path
                assert answer.headers["Retry-After"] == "2"
                assert "can not be reached" in answer.get_data(as_text=True)
            assert client.get("/healthz").status_code == 200
            cluster.revive()
            assert [client.get(path).status_code for path in READS] == [200, 200, 200, 204, 200]
            opened.close()
    finally:
        shutil.rmtree(cluster.folder, ignore_errors=True)
        shutil.rmtree(home, ignore_errors=True)


def test_a_lock_is_told_within_three_seconds_and_the_map_reads_on(copied: TestDatabase, opened: Connections) -> None:
    client = application(None, connections=opened).test_client()
    owner = engine(copied.owner_url)
    with owner.connect() as connection:
        connection.execute(text("lock table assignment in access exclusive mode"))
        began = time.monotonic()
        answer = client.get("/api/v1/zones")
        assert time.monotonic() - began < 3
        assert answer.status_code == 503
        assert answer.headers["Retry-After"]
        assert answer.json["detail"].startswith("A change is being stored")
        assert client.get("/map").status_code == 200
        assert client.get("/tiles/street-segments/14/12974/6701.mvt").status_code == 200
        connection.rollback()
    owner.dispose()
    assert client.get("/api/v1/zones").status_code == 200


def test_a_question_that_takes_too_long_is_stopped(opened: Connections, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(web_connections.READING, "statement_timeout", "200ms")
    with pytest.raises(OperationalError) as caught:
        opened.read(lambda connection: connection.scalar(text("select pg_sleep(5)")))
    assert meaning_of(caught.value).status == 503


def test_too_many_at_once_wait_and_are_then_sent_away(opened: Connections, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web_connections, "POOL_WAIT", 0.5)
    client = application(None, connections=opened).test_client()
    hold, held = threading.Event(), threading.Barrier(web_connections.POOL_SIZE + 1)

    def occupy(connection: Connection) -> None:
        held.wait()
        hold.wait()

    guests = [threading.Thread(target=opened.read, args=(occupy,)) for _ in range(web_connections.POOL_SIZE)]
    for guest in guests:
        guest.start()
    held.wait()
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json["detail"].startswith("All connections")
    assert client.get("/tiles/areas/14/12974/6701.mvt").status_code == 200
    hold.set()
    for guest in guests:
        guest.join()
    assert client.get("/readyz").status_code == 200


def test_http_can_not_write_even_where_the_program_would(opened: Connections) -> None:
    for statement in ("delete from assignment", "update area set name = 'x'", "create table t (i int)"):
        with pytest.raises(Exception, match="read-only transaction"):
            opened.read(lambda connection, statement=statement: connection.execute(text(statement)))


def test_one_answer_sees_one_state_of_the_data(copied: TestDatabase, opened: Connections) -> None:
    writer = engine(copied.service_url)

    def question(connection: Connection) -> tuple[int, int]:
        count = text("select count(*) from assignment")
        before = connection.scalar(count)
        with writer.begin() as other:
            other.execute(text("delete from assignment"))
        return before, connection.scalar(count)

    before, after = opened.read(question)
    assert before == after > 0
    writer.dispose()


def test_an_old_schema_is_not_ready(copied: TestDatabase, opened: Connections) -> None:
    client = application(None, connections=opened).test_client()
    as_superuser(copied, "update alembic_version set version_num = '0001'")
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert "0001" in answer.json["detail"]
    as_superuser(copied, "delete from alembic_version")
    assert client.get("/readyz").status_code == 503


def test_a_database_that_forgets_is_not_ready(copied: TestDatabase, opened: Connections) -> None:
    client = application(None, connections=opened).test_client()
    assert client.get("/readyz").json["status"] == "ready"
    opened.close()
    as_superuser(copied, f'alter database "{copied.name}" set synchronous_commit = off')
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert "synchronous_commit = off" in answer.json["detail"]


def test_no_database_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    client = application(None).test_client()
    for path in READS:
        answer = client.get(path)
        assert answer.status_code == 503, path
        assert "geo-hygiene up" in answer.get_data(as_text=True)
    assert client.get("/healthz").status_code == 200


def test_a_fault_of_our_own_is_recorded_and_not_shown(
    opened: Connections, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    app = application(None, connections=opened)
    monkeypatch.setattr("geo_hygiene.features.describe_layers", lambda *_args, **_more: 1 / 0)
    monkeypatch.setattr("geo_hygiene.web.start_page_data.start", lambda *_args: {}["张三"])
    for path in ("/api/v1/layers", "/"):
        answer = app.test_client().get(path)
        assert answer.status_code == 500
        shown = answer.get_data(as_text=True)
        assert answer.headers["X-Request-ID"] in shown
        assert "ZeroDivision" not in shown
        assert "Traceback" not in shown
        line = JsonLines().format(caplog.records[-2])
        assert answer.headers["X-Request-ID"] in line
        assert "Error" in line
        assert "test_faults.py" in line
        assert "张三" not in line


def test_numbers_that_are_none_and_nests_without_end_are_no_fault(
    opened: Connections, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = application(None, connections=opened)

    def endless(*args: object, **more: object) -> object:
        return endless(*args, **more)

    monkeypatch.setattr("geo_hygiene.features.describe_layers", endless)
    assert app.test_client().get("/api/v1/layers").status_code == 422
    with app.test_request_context(), pytest.raises(ValueError, match="not JSON compliant"):
        app.json.dumps({"share": float("nan")})


def test_every_process_has_connections_of_its_own(copied: TestDatabase, opened: Connections) -> None:
    def backend(connection: Connection) -> int:
        return connection.scalar(text("select pg_backend_pid()"))

    mine = opened.read(backend)
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writing, str(opened.read(backend)).encode())
        os._exit(0)
    os.waitpid(child, 0)
    assert int(os.read(reading, 20)) != mine
    assert opened.read(backend) == mine
    os.close(reading)
    os.close(writing)


def test_the_table_is_read_by_the_nearest_class() -> None:
    for kind, meaning in TABLE.items():
        if issubclass(kind, psycopg2.Error):
            assert meaning_of(kind()) == meaning
