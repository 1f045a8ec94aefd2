"""A planner who is signed in, and asks a running server as the pages of the browser do."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from http.cookiejar import CookieJar
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, OpenerDirector, Request, build_opener

from bench.figures import timing
from bench.workspace import Database
from geo_hygiene.accounts import store
from geo_hygiene.accounts.store import Grant
from geo_hygiene.permissions import Role

EMAIL, PASSWORD = "planner@office.example", "seven-lanes-and-a-canal"
FIELD = re.compile(r'name="csrf_token" value="([^"]+)"')
META = re.compile(r'name="csrf-token" content="([^"]+)"')


class Desk:
    """Asks one server, signed in."""

    def __init__(self, address: str, database: Database) -> None:
        with database.connect() as connection:
            grants = [Grant(Role.PLANNER)]
            store.add(connection, actor="bench", email=EMAIL, name="Bench", grants=grants, password=PASSWORD)
        self.address = address
        self._opener: OpenerDirector = build_opener(HTTPCookieProcessor(CookieJar()))
        form = {"csrf_token": self._token(FIELD, "/sign-in"), "email": EMAIL, "password": PASSWORD}
        self._open(Request(f"{address}/sign-in", urlencode(form).encode()))  # noqa: S310 - our own server
        self._proof = self._token(META, "/zones")

    def _token(self, pattern: re.Pattern[str], page: str) -> str:
        found = pattern.search(self._open(Request(f"{self.address}{page}")).decode())  # noqa: S310 - our own server
        if found is None:
            raise RuntimeError(f"{page} has no token")
        return found[1]

    def ask(self, path: str, body: Mapping[str, Any] | None = None) -> float:
        """Return the milliseconds of an answer; with a body it is posted.

        Raises
        ------
        RuntimeError
            If it is an error.
        """
        data = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json", "X-CSRFToken": self._proof}
        with timing() as watch:
            self._open(Request(f"{self.address}{path}", data, headers))  # noqa: S310 - our own server
        return watch.milliseconds

    def _open(self, request: Request) -> bytes:
        try:
            with self._opener.open(request, timeout=60) as answer:
                content: bytes = answer.read()
        except HTTPError as error:
            raise RuntimeError(f"{request.full_url}: {error.code} {error.read()[:300]!r}") from error
        return content
