"""TiPg, which cuts tiles from any table, as somebody would use it: in an environment of its own, with two workers."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from sqlalchemy import make_url, text

from bench.workspace import Database, Workspace, run
from geo_hygiene.database import engine

PACKAGES = ("tipg==1.6.1", "uvicorn==0.54.0")
WORKERS = 2
START_SECONDS = 120
PATH = "/collections/peer.street_segments/tiles/WebMercatorQuad/{z}/{x}/{y}"

STREETS = """
create schema peer;
create table peer.street_segments as
    select
        target.id, target.uuid::text as uuid, target.category, street_segment.level,
        ST_Force2D(target.geom)::geometry(linestring, 4326) as geom
    from target join street_segment using (id);
alter table peer.street_segments add primary key (id);
create index on peer.street_segments using gist (geom);
analyze peer.street_segments;
grant usage on schema peer to public;
grant select on peer.street_segments to public;
"""
"""The street segments alone, with what our tiles carry: TiPg can not choose rows or join tables."""


def _python(workspace: Workspace) -> Path:
    """Return the interpreter of an environment with TiPg, made once in the workspace."""
    folder = workspace.folder / "tipg"
    python = folder / "bin" / "python"
    if not python.exists():
        run([sys.executable, "-m", "venv", str(folder)], {})
        run([str(python), "-m", "pip", "install", "--quiet", *PACKAGES], {})
    return python


@contextmanager
def streets(database: Database) -> Iterator[None]:
    """Give the database a table of its street segments for TiPg."""
    owner = engine(database.owner_url)
    with owner.begin() as connection:
        connection.execute(text(STREETS))
    try:
        yield
    finally:
        with owner.begin() as connection:
            connection.execute(text("drop schema peer cascade"))
        owner.dispose()


@contextmanager
def tipg(workspace: Workspace, database: Database) -> Iterator[str]:
    """Serve the street segments of a database with TiPg, and give its address."""
    python = _python(workspace)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    url = make_url(database.service_url)
    environment = os.environ | {
        "DATABASE_URL": f"postgresql://{url.username}@{quote(str(url.query['host']), safe='')}"
        f":{url.query['port']}/{url.database}",
        "TIPG_DB_SCHEMAS": '["peer"]',
        "TIPG_MAX_FEATURES_PER_TILE": "2000000",
    }
    command = ["-m", "uvicorn", "tipg.main:app", "--port", str(port), "--workers", str(WORKERS)]
    with (workspace.folder / "tipg.log").open("wb") as log, streets(database):
        server = subprocess.Popen(  # noqa: S603 - our own command
            [str(python), *command, "--log-level", "warning"], env=environment, stdout=log, stderr=log
        )
        try:
            _wait(f"http://127.0.0.1:{port}/collections", server)
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()
            server.wait(60)


def _wait(address: str, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and server.poll() is None:
        try:
            with urllib.request.urlopen(address, timeout=10):  # noqa: S310 - our own address
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    raise RuntimeError("TiPg does not answer")
