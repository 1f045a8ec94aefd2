"""One committed town for all tests of the web, and the application over it as the service role sees it."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from geo_hygiene.database import engine
from geo_hygiene.settings import Settings
from geo_hygiene.web import create_app
from geo_hygiene.web.connections import Connections
from tests.conftest import TestDatabase
from tests.web.towns import web_town


@pytest.fixture(scope="session")
def town_database(new_database: Callable[..., TestDatabase]) -> TestDatabase:
    database = new_database()
    writer = engine(database.service_url)
    with writer.begin() as connection:
        web_town(connection)
    writer.dispose()
    return database


class WholeAnswers(FlaskClient):
    """Reads every answer to its end, files too."""

    def open(self, *args: Any, **options: Any) -> Any:
        options.setdefault("buffered", True)
        return super().open(*args, **options)


@cache
def a_home() -> Path:
    """Return a folder for the keys and tiles of applications that have no home of their own."""
    home = Path(tempfile.mkdtemp(prefix="geo-hygiene-test-web-"))
    atexit.register(shutil.rmtree, home, ignore_errors=True)
    return home


def application(service_url: str | None, *, home: Path | None = None, **options: object) -> Flask:
    settings = Settings(home=home or a_home(), service_url=service_url, locale="en", _env_file=None)
    app = create_app(settings, check_answers=True, **options)
    app.test_client_class = WholeAnswers
    return app


@pytest.fixture(scope="session")
def connections(town_database: TestDatabase) -> Iterator[Connections]:
    opened = Connections(town_database.service_url)
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def app(connections: Connections) -> Flask:
    """Return the application; every JSON answer is held to its declared form."""
    return application(None, connections=connections)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()
