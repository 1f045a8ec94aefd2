"""A private PostGIS for the whole run, databases made from templates, connections that are rolled back."""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import tempfile
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine, text

from geo_hygiene.cluster import Cluster
from geo_hygiene.database import engine, migrate
from geo_hygiene.sample import load_into_empty
from geo_hygiene.sample.loading import ORDER

LOCKS = """(
    select pg_locks.* from pg_locks join pg_database on pg_database.oid = database where datname = current_database()
) as locks_here
"""
"""Locks in the database that is asked; other workers of the run hold locks in others of the same cluster."""

HOME = "TESTS_HOME"
"""Variable that names the home whose cluster the workers of a run share."""


@dataclass(frozen=True)
class TestDatabase:
    """Addresses of one database of the run's cluster."""

    __test__ = False

    name: str
    owner_url: str
    service_url: str
    superuser_url: str


@pytest.fixture(scope="session", autouse=True)
def _hears_signals() -> None:
    """What a shell starts in the background, or nohup, ignores signals, and so would every command of the tests."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        home = Path(tempfile.mkdtemp(prefix="geo-hygiene-test-"))
        home.chmod(0o755)
        os.environ[HOME] = str(home)


def pytest_unconfigure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        running = Cluster(Path(os.environ[HOME]))
        if server := running.status().pid:
            os.kill(server, signal.SIGQUIT)  # at once: to bring thousands of files to the disk would take a minute
        running.stop()
        shutil.rmtree(running.folder, ignore_errors=True)
        shutil.rmtree(running.home, ignore_errors=True)


@pytest.fixture(scope="session")
def cluster() -> Cluster:
    """Return the cluster that the workers of the run share.

    It brings nothing to the disk that need not be there, and cleans up in none of hundreds of short-lived databases.
    """
    shared = Cluster(Path(os.environ[HOME]))
    shared.start()
    administrator = engine(shared.superuser_url("postgres"), isolation_level="AUTOCOMMIT")
    with administrator.connect() as connection:
        for setting, value in (("checkpoint_timeout", "1h"), ("max_wal_size", "16GB"), ("autovacuum", "off")):
            connection.execute(text(f"alter system set {setting} = '{value}'"))
        connection.execute(text("select pg_reload_conf()"))
    administrator.dispose()
    return shared


@contextmanager
def one_worker_at_a_time(cluster: Cluster) -> Iterator[None]:
    """Let other workers of the run wait, which then find what was made."""
    with (cluster.home / "making.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def addresses(cluster: Cluster, name: str) -> TestDatabase:
    return TestDatabase(
        name, cluster.url("owner", database=name), cluster.url("service", database=name), cluster.superuser_url(name)
    )


@pytest.fixture(scope="session")
def new_database(cluster: Cluster, empty_database: TestDatabase) -> Callable[..., TestDatabase]:
    """Return a function that copies a database that nobody is connected to: the empty one, or the one named."""
    administrator = engine(cluster.superuser_url("postgres"), isolation_level="AUTOCOMMIT")

    def copy(template: str = empty_database.name) -> TestDatabase:
        name = f"copy_{uuid.uuid4().hex[:12]}"
        with administrator.connect() as connection:
            connection.execute(text(f'create database "{name}" template "{template}" owner geo_hygiene_owner'))
        return addresses(cluster, name)

    return copy


@pytest.fixture(scope="session")
def empty_database(cluster: Cluster) -> TestDatabase:
    """Return the migrated database without records; nothing commits to it."""
    database = addresses(cluster, "geo_hygiene")
    with one_worker_at_a_time(cluster):
        migrate(database.owner_url)
    return database


@pytest.fixture
def database(new_database: Callable[..., TestDatabase]) -> TestDatabase:
    """Return an empty database of this test's own, for tests that commit, kill, lock or drive a browser."""
    return new_database()


@pytest.fixture(scope="session")
def service(new_database: Callable[..., TestDatabase]) -> Iterator[Engine]:
    connections = engine(new_database().service_url)
    yield connections
    connections.dispose()


@pytest.fixture
def connection(service: Engine) -> Iterator[Connection]:
    """Return a connection of the service role in a transaction that is rolled back."""
    with service.connect() as opened:
        transaction = opened.begin()
        yield opened
        transaction.rollback()


@pytest.fixture(scope="session")
def sample_template(cluster: Cluster, new_database: Callable[..., TestDatabase]) -> TestDatabase:
    """Return a database that holds the sample town and that nobody connects to, so that it can be copied.

    What the office did in the year is not in it: the copies would be slower, and few tests ask for it.
    """
    administrator = engine(cluster.superuser_url("postgres"), isolation_level="AUTOCOMMIT")
    with one_worker_at_a_time(cluster), administrator.connect() as connection:
        if not connection.scalar(text("select exists (select from pg_database where datname = 'sample')")):
            made = new_database()
            load_into_empty(made.service_url, only=ORDER)
            connection.execute(text(f'alter database "{made.name}" rename to sample'))
    administrator.dispose()
    return addresses(cluster, "sample")


@pytest.fixture(scope="session")
def sample_database(new_database: Callable[..., TestDatabase], sample_template: TestDatabase) -> TestDatabase:
    """Return a database that holds the sample town, for tests that only read."""
    return new_database(sample_template.name)


@pytest.fixture
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Give the reader a folder of its own, which must be empty after every file."""
    folder = tmp_path / "scratch"
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("geo_hygiene.files.scratch.default_root", lambda: folder)
    yield folder
    assert not folder.exists() or list(folder.iterdir()) == []
