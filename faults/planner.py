"""Somebody who is signed in at a served town and asks it over HTTP."""

from __future__ import annotations

import json
import re
import time
import urllib.error
import urllib.request
from http import HTTPStatus
from http.cookiejar import CookieJar
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode

PASSWORD = "lantern orchid gravel tuesday"  # noqa: S105 - of a home that is thrown away
ANSWER_SECONDS = 60
TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


class Answer(NamedTuple):
    """Status, JSON and tag of an answer."""

    status: int
    told: Any
    tag: str


class Planner:
    """Somebody who is signed in.

    Attributes
    ----------
    waited
        How often the server said that it has no time.
    """

    def __init__(self, port: int, email: str) -> None:
        self._origin = f"http://127.0.0.1:{port}"
        self._open = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar())).open
        self.waited = 0
        page = self._send("/sign-in")[1].decode()
        form = {"csrf_token": _token(page), "email": email, "password": PASSWORD, "next": "/account"}
        self._proof = _token(self._send("/sign-in", urlencode(form).encode())[1].decode())

    def read(self, path: str) -> Answer:
        """Read an address of the API."""
        return _answer(*self._send(_address(path)))

    def send(self, path: str, body: object, tag: str = "") -> Answer:
        """Send something to an address of the API, for the version that a tag names."""
        headers = {"Content-Type": "application/json", "X-CSRFToken": self._proof} | ({"If-Match": tag} if tag else {})
        return _answer(*self._send(_address(path), json.dumps(body).encode(), **headers))

    def _send(self, path: str, content: bytes | None = None, **headers: str) -> tuple[int, bytes, str]:
        """Return status, content and tag of an answer; one that says wait is asked again."""
        while True:
            asked = urllib.request.Request(self._origin + path, content, headers)  # noqa: S310 - our own server
            try:
                with self._open(asked, timeout=ANSWER_SECONDS) as answer:
                    return answer.status, answer.read(), answer.headers.get("ETag", "")
            except urllib.error.HTTPError as error:
                if error.code != HTTPStatus.SERVICE_UNAVAILABLE:
                    return error.code, error.read(), ""
            self.waited += 1
            time.sleep(0.05)


def _address(path: str) -> str:
    return "/api/v1" + quote(path, safe="/?&=,.-")


def _answer(status: int, content: bytes, tag: str) -> Answer:
    return Answer(status, json.loads(content), tag)


def _token(page: str) -> str:
    found = TOKEN.search(page)
    if found is None:
        raise ValueError("the page has no token")
    return found[1]
