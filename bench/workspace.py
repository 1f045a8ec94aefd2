"""A private database of the benchmark's own, copies of it, and the program's commands run on them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, make_url, text

from bench.memory import watching
from geo_hygiene.cluster import Cluster
from geo_hygiene.cluster.server import DATABASE
from geo_hygiene.database import engine, migrate

COMMAND = [sys.executable, "-c", "from geo_hygiene.cli import main; main()"]


@dataclass(frozen=True, slots=True)
class Database:
    """SQLAlchemy addresses of one database."""

    name: str
    owner_url: str
    service_url: str

    @property
    def environment(self) -> dict[str, str]:
        """Return what lets a command use this database."""
        return {"GEO_HYGIENE_DATABASE_URL": self.owner_url, "GEO_HYGIENE_SERVICE_URL": self.service_url}

    @property
    def ogr_name(self) -> str:
        """Return the address as GDAL writes it, for the owner."""
        url = make_url(self.owner_url)
        return f"PG:host={url.query['host']} port={url.query['port']} user={url.username} dbname={url.database}"

    @contextmanager
    def connect(self) -> Iterator[Connection]:
        """Give a connection of the service role in a transaction that is kept."""
        connections = engine(self.service_url)
        try:
            with connections.begin() as connection:
                yield connection
        finally:
            connections.dispose()


@dataclass(frozen=True, slots=True)
class Run:
    """A command that ended well."""

    seconds: float
    peak_mb: float
    output: str

    @property
    def answer(self) -> dict[str, Any]:
        """Return what it printed with ``--json``."""
        found: dict[str, Any] = json.loads(self.output)
        return found


SAMPLE = "sample"
"""Name of the database that holds the sample."""


class Workspace:
    """A folder with a cluster; its database ``geo_hygiene`` is migrated and stays empty, to be copied.

    Parameters
    ----------
    size
        Of the sample that is measured: S, M or L.
    has_sample
        Whether a database with it is there.
    streets
        Files of streets to try beside the sample.
    """

    def __init__(
        self, folder: Path, cluster: Cluster, *, size: str, has_sample: bool, streets: Sequence[Path] = ()
    ) -> None:
        self.folder = folder
        self.cluster = cluster
        self.size = size
        self.streets = streets
        self._count = 0
        self._has_sample = has_sample

    @property
    def empty(self) -> Database:
        """Return the database without records."""
        return self._database(DATABASE)

    def _database(self, name: str) -> Database:
        return Database(name, self.cluster.url("owner", database=name), self.cluster.url("service", database=name))

    def copy(self, template: Database | None = None, name: str | None = None) -> Database:
        """Return a copy of a database that nobody is connected to."""
        self._count += 1
        name = name or f"copy_{self._count}"
        source = (template or self.empty).name
        made = f'create database "{name}" template "{source}" owner geo_hygiene_owner'
        administer(self.cluster, f"{made} strategy file_copy")  # a large one would all pass through the log otherwise
        return self._database(name)

    @contextmanager
    def copied(self, template: Database | None = None) -> Iterator[Database]:
        """Give a copy that is dropped afterwards."""
        database = self.copy(template)
        try:
            yield database
        finally:
            self.drop(database)

    def drop(self, database: Database) -> None:
        """Remove a copy."""
        administer(self.cluster, f'drop database "{database.name}" with (force)')

    def settle(self, database: Database) -> None:
        """Gather statistics, as the server itself does after a while, so that plans are those of a running town."""
        owner = engine(database.owner_url, isolation_level="AUTOCOMMIT")
        with owner.connect() as connection:
            connection.execute(text("vacuum analyze"))
        owner.dispose()

    def run(self, database: Database, *arguments: str) -> Run:
        """Run ``geo-hygiene`` on a database, and measure time and memory of all its processes.

        Raises
        ------
        RuntimeError
            If the command refuses or fails.
        """
        return run([*COMMAND, *arguments], database.environment | {"GEO_HYGIENE_HOME": str(self.folder)})

    def sample(self) -> Database:
        """Return a database with the sample, made once; copy it to write in it."""
        if not self._has_sample:
            size = () if self.size == "S" else ("--size", self.size)
            self.run(self.copy(name=SAMPLE), "sample", "load", *size)
            self.settle(self._database(SAMPLE))
            self._has_sample = True
        return self._database(SAMPLE)


def run(command: list[str], environment: Mapping[str, str]) -> Run:
    """Run a command to its end.

    Raises
    ------
    RuntimeError
        If it does not end with 0; the message is what it said.
    """
    start = time.perf_counter()
    process = subprocess.Popen(  # noqa: S603 - our own command
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=os.environ | environment, text=True
    )
    with watching(process.pid) as peak:
        output, messages = process.communicate()
    seconds = time.perf_counter() - start
    if process.returncode:
        raise RuntimeError(f"{' '.join(command[-8:])} ended with {process.returncode}: {output}{messages}")
    return Run(seconds, peak.megabytes, output)


@contextmanager
def workspace(size: str = "S", home: Path | None = None, streets: Sequence[Path] = ()) -> Iterator[Workspace]:
    """Make a workspace, and remove it afterwards with all its databases.

    Parameters
    ----------
    size
        Of the sample that is measured.
    home
        Holds this sample, in a database that is stopped: its copy saves loading the sample.
    streets
        Files of streets to try beside the sample.

    Raises
    ------
    RuntimeError
        If the database of the home runs.
    """
    folder = Path(tempfile.mkdtemp(prefix="geo-hygiene-bench-"))
    folder.chmod(0o755)  # the user that the database runs as must enter it
    cluster = Cluster(folder)
    try:
        if home is not None:
            source = Cluster(home)
            if source.status().pid is not None:
                raise RuntimeError(f"the database of {home} runs")
            run(["cp", "--archive", "--reflink=auto", str(source.folder), str(cluster.folder)], {})
        with cluster.lease():
            if home is not None:
                migrate(cluster.url("owner"))
                administer(cluster, f'alter database "{DATABASE}" rename to "{SAMPLE}"')
        with cluster.lease():  # a cluster without its database gets an empty one
            migrate(cluster.url("owner"))
            yield Workspace(folder, cluster, size=size, has_sample=home is not None, streets=streets)
    finally:
        shutil.rmtree(cluster.folder, ignore_errors=True)
        shutil.rmtree(folder, ignore_errors=True)


def administer(cluster: Cluster, statement: str) -> None:
    """Run a statement about whole databases."""
    administrator = engine(cluster.superuser_url("postgres"), isolation_level="AUTOCOMMIT")
    with administrator.connect() as connection:
        connection.execute(text(statement))
    administrator.dispose()
