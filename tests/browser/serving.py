"""A real server over a real database, in a process that begins with the program imported: that is most of its start."""

from __future__ import annotations

import os
import socket
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from multiprocessing import get_context
from multiprocessing.process import BaseProcess
from pathlib import Path

from gunicorn.app.wsgiapp import run

from tests.conftest import TestDatabase

_starter = get_context("forkserver")
_starter.set_forkserver_preload(["geo_hygiene.web", __name__])


def serve(database: TestDatabase, home: Path, **settings: str) -> Iterator[str]:
    """Yield the address of a server over a database; it stops when the fixture ends."""
    port = _free_port()
    environment = {
        "GEO_HYGIENE_SERVICE_URL": database.service_url,
        "GEO_HYGIENE_HOME": str(home),
        "GEO_HYGIENE_LOCALE": "en",
        **{f"GEO_HYGIENE_{name.upper()}": value for name, value in settings.items()},
    }
    server = _starter.Process(target=_be_server, args=(port, environment, home / "server.log"), daemon=True)
    server.start()
    try:
        _wait_until_alive(f"http://127.0.0.1:{port}", server)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.join(20)


def _be_server(port: int, environment: Mapping[str, str], log: Path) -> None:
    os.environ.update(environment)
    with log.open("wb") as told:
        os.dup2(told.fileno(), sys.stdout.fileno())
        os.dup2(told.fileno(), sys.stderr.fileno())
    sys.argv = ["gunicorn", "--bind", f"127.0.0.1:{port}", "--threads", "4", "geo_hygiene.web:create_app()"]
    run()


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def _wait_until_alive(address: str, server: BaseProcess) -> None:
    for _attempt in range(300):
        assert server.is_alive(), "the server ended"
        try:
            with urllib.request.urlopen(f"{address}/healthz", timeout=5):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise TimeoutError(address)
