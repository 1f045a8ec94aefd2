"""Hostile forms to every address that takes one, sent by an administrator who is signed in."""

from __future__ import annotations

import re
import subprocess
import time
from collections.abc import Iterator, Mapping
from http.cookiejar import CookieJar
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, HTTPRedirectHandler, build_opener

from hypothesis import strategies as st
from sqlalchemy import text

from bench.workspace import COMMAND
from faults.batch import draw
from faults.made_values import letters
from faults.requests import GROUP, Request, fill, judge, measure_crowd, measure_hostile, words
from faults.service import Service, service
from faults.tally import Tally, percentile
from geo_hygiene.database import engine
from geo_hygiene.web import create_app

ADMINISTRATOR, PASSWORD = "admin@office.example", "a broom in every lane of 2025"
ACCOUNTS = {ADMINISTRATOR: "admin", "clerk@office.example": "clerk", "planner@office.example": "planner"}
OTHERS = ("clerk@office.example", "CLERK@OFFICE.EXAMPLE", "planner@office.example")
FIELDS = ("email", "name", "roles", "area", "password", "again", "current", "next", "code", "csrf_token", "x")
ROLES = ("planner", "pest", "leader", "clerk", "worker", "inspector", "admin")
PROOF = re.compile(r'name="csrf_token" value="([^"]+)"')
EMAIL = re.compile(r"[^\s\x00-\x1f@]+@[^\s\x00-\x1f@]+")


class Stay(HTTPRedirectHandler):
    """Follows no redirection."""

    def redirect_request(self, *_told: Any) -> None:
        """Return nothing to follow."""


class Administrator:
    """A browser with the session of an administrator."""

    def __init__(self, asked: Service) -> None:
        self._address = f"http://127.0.0.1:{asked.port}"
        self._opener = build_opener(HTTPCookieProcessor(CookieJar()), Stay())
        self._proof = ""

    def send(self, path: str, fields: Mapping[str, str] | None = None) -> tuple[int, dict[str, str], str]:
        """Send a form, or ask for a page; return status, headers and content of the answer."""
        content = None if fields is None else urlencode({"csrf_token": self._proof, **fields}).encode()
        try:
            with self._opener.open(self._address + path, content, timeout=30) as answer:
                return answer.status, dict(answer.headers), answer.read().decode(errors="replace")
        except HTTPError as answer:
            return answer.code, dict(answer.headers), answer.read().decode(errors="replace")
        except OSError:
            return 0, {}, ""

    def come_in(self) -> int:
        """Sign in, and return the status of the page that only an administrator sees."""
        self._proof = self._proof_of("/sign-in")
        self.send("/sign-in", {"email": ADMINISTRATOR, "password": PASSWORD})
        self._proof = self._proof_of("/admin")
        return self.send("/admin")[0]

    def _proof_of(self, page: str) -> str:
        found = PROOF.search(self.send(page)[2])
        return "" if found is None else found[1]


def addresses() -> list[str]:
    """Return every address that takes a form, but the one that ends the session."""
    rules = create_app().url_map.iter_rules()
    return sorted({rule.rule for rule in rules if "POST" in (rule.methods or ())} - {"/sign-out"})


locals_ = st.one_of(st.text("abz0.-+_'", min_size=1, max_size=8), st.text(letters, max_size=8))
emails = st.one_of(st.sampled_from(OTHERS), words, locals_.map(lambda local: f"{local}@office.example"))
values = {"email": emails, "roles": st.one_of(st.sampled_from(ROLES), st.sampled_from(ROLES), words)}


@st.composite
def forms(draw_from: st.DrawFn, every: list[str]) -> tuple[str, dict[str, str]]:
    """Draw a form for one of the addresses."""
    more = draw_from(st.lists(st.sampled_from(FIELDS), max_size=4))
    names = dict.fromkeys([*draw_from(st.sampled_from((FIELDS[:3],) * 5 + ((),))), *more])
    fields = {name: draw_from(values.get(name, words)).encode("utf-8", errors="replace").decode() for name in names}
    return draw_from(st.sampled_from([*every, *["/admin/accounts"] * 4])), fields


def measure_forms(asked: Service, cases: int, seed: int) -> Tally:
    """Send hostile forms, one after the other."""
    tally = Tally(GROUP, "hostile forms of an administrator", seeds=[seed])
    for email, role in ACCOUNTS.items():
        _command(asked, "user", "add", email, "--role", role)
    browser, every = Administrator(asked), addresses()
    tally.figures["addresses"] = len(every)
    seconds: list[float] = []
    begun = time.perf_counter()
    if browser.come_in() != 200:  # noqa: PLR2004 - as HTTP numbers it
        tally.tell("the administrator can not come in")

    def attempt(form: tuple[str, dict[str, str]]) -> None:
        path, fields = form
        started = time.perf_counter()
        answer = browser.send(path, fields)
        seconds.append(time.perf_counter() - started)
        judge(tally, Request(path, "POST", f"{path} {fields}", {}), *answer, seconds[-1])

    draw(forms(every), cases, seed, attempt)
    tally.seconds = time.perf_counter() - begun
    tally.figures |= {
        "p50 ms": round(1000 * percentile(seconds, 0.5)),
        "p99 ms": round(1000 * percentile(seconds, 0.99)),
    }
    _check_accounts(asked, tally, browser)
    return tally


def _command(asked: Service, *told: str) -> None:
    subprocess.run(  # noqa: S603 - our own command
        [*COMMAND, *told], input=PASSWORD, env=asked.environment, check=True, capture_output=True, text=True
    )


def _check_accounts(asked: Service, tally: Tally, browser: Administrator) -> None:
    """See that every account has an address that can be written to, and that the administrator still comes in."""
    connections = engine(asked.cluster.url("service"))
    with connections.connect() as connection:
        stored = list(connection.scalars(text("select email from account")))
    connections.dispose()
    tally.counts["accounts made"] = len(stored) - len(ACCOUNTS)
    wrong = [email for email in stored if not EMAIL.fullmatch(email)]
    tally.accepted_wrongly += len(wrong)
    if wrong or browser.send("/admin")[0] != 200:  # noqa: PLR2004 - as HTTP numbers it
        tally.tell(f"accounts {wrong}, and the administrator sees {browser.send('/admin')[0]}")


def measure(cases: int, seed: int) -> Iterator[Tally]:
    """Yield what came of hostile requests, of the crowd, and of hostile forms, a fifth as many."""
    with service() as asked:
        fill(asked, seed)
        yield measure_hostile(asked, cases, seed)
        yield measure_crowd(asked, 30)
        yield measure_forms(asked, max(1, cases // 5), seed)
