"""Hostile requests to every address that the application has, and many greedy clients beside a few normal ones."""

from __future__ import annotations

import http.client
import random
import re
import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from hypothesis import strategies as st

from faults.batch import draw
from faults.made_values import TEXTS, letters
from faults.service import Askers, Service
from faults.tally import Tally, percentile
from geo_hygiene.database import engine
from geo_hygiene.web import create_app
from tests.coverage.towns import add_random_zones, grid_town

GROUP = "HTTP"
SLOW_SECONDS = 10
"""An answer that takes longer counts as a hang; the database stops a question after five."""

GOOD = (
    "sweeping",
    "drains",
    "2025-03-01",
    "14",
    "12974",
    "6701",
    "street-segments",
    "cover",
    "areas",
    "C0",
    "gap",
    "en",
)
HOSTILE = (
    "",
    "' or '1'='1",
    "'; drop table person; --",
    "1; select pg_sleep(10)",
    "1) union select phone from person --",
    "{{7777*7777}}",
    "${7777*7777}",
    "{% for x in ().__class__.__base__.__subclasses__() %}{% endfor %}",
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "javascript:alert(1)",
    "//evil.example/x",
    "/\\evil.example",
    "https://evil.example",
    "../../../../etc/passwd",
    "..%2f..%2fetc%2fpasswd",
    "%2e%2e/%2e%2e",
    "\\..\\..",
    "%00",
    "\x00",
    "\r\nSet-Cookie: a=b",
    "-1",
    "0",
    "99999999999999999999999",
    "1e999",
    "NaN",
    "2**31",
    "1900-01-01",
    "2199-12-31",
    "9999-12-31",
    "0001-01-01",
    "2025-13-45",
    "a" * 3000,
    "路" * 200,
    "\u202e",
    "[]",
    "{}",
    ",,,,",
    "a," * 90,
    "00000000-0000-0000-0000-000000000000",
    "1.00000000-0000-0000-0000-000000000000.1",
    "public.all.99999999999.AAAAAAAAAAAAAAAAAAAAAA",
    "public.all.99999999999.",
    "../../x.all.99999999999.AAAAAAAAAAAAAAAAAAAAAA",
    "....",
    "\xe9.\xe9.1.\xe9",
)
METHODS = ("GET",) * 16 + ("HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "X")
HEADERS: tuple[Mapping[str, str], ...] = (
    *({},) * 12,
    {"If-None-Match": '"x"'},
    {"If-None-Match": "*"},
    {"Accept-Encoding": "gzip;q=nan, br"},
    {"Accept-Language": "zz-" + "a" * 500},
    {"Cookie": "lang=%ff; a=b; " + "x" * 2000},
    {"Range": "bytes=0-1,5-999999999999"},
    {"Host": "evil.example"},
    {"Content-Length": "99999999999"},
    {"Content-Type": "application/json", "Content-Encoding": "gzip"},
    {"X-Forwarded-Host": "evil.example", "X-Forwarded-Prefix": "/../"},
    {"Expect": "100-continue"},
    {"Upgrade": "h2c", "Connection": "Upgrade, HTTP2-Settings", "HTTP2-Settings": "AAMAAABkAAQAAP__"},
)
HOLE = re.compile(r"<(?:\w+:)?(\w+)>|\{(\w+)\}")
PRODUCTS = ("60481729",)
"""What a template or a database would answer that worked on what it was sent."""
MARKUP = ("<script>alert(1)", "<img src=x onerror")


@dataclass(frozen=True)
class Route:
    """An address with holes, and the names of the parameters that it takes."""

    path: str
    parameters: tuple[str, ...]


def routes() -> list[Route]:
    """Return every address of the application that can be read, with what the description of the API says of it."""
    app = create_app()
    described: dict[str, Any] = app.api_doc["paths"]
    names = {parameter["name"] for item in described.values() for parameter in _query(item)}
    found = []
    for rule in app.url_map.iter_rules():
        path = HOLE.sub(lambda hole: "{" + (hole[1] or hole[2]) + "}", rule.rule)
        own = tuple(parameter["name"] for parameter in _query(described.get(path, {})))
        found.append(Route(path, own or tuple(sorted(names))))
    return sorted(set(found), key=lambda route: route.path)


def _query(item: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [parameter for parameter in item.get("get", {}).get("parameters", []) if parameter["in"] == "query"]


words = st.one_of(
    st.sampled_from(GOOD),
    st.sampled_from(GOOD),
    st.sampled_from(HOSTILE),
    st.sampled_from(TEXTS),
    st.text(letters, max_size=8),
)


@dataclass(frozen=True)
class Request:
    """One request, its address as it goes over the wire."""

    route: str
    method: str
    address: str
    headers: Mapping[str, str]


@st.composite
def requests(draw_from: st.DrawFn, every: Sequence[Route]) -> Request:
    """Draw a request to one of the addresses."""
    route = draw_from(st.sampled_from(every))
    keep = draw_from(st.sampled_from(("", "", "/%", "/.%")))
    path = HOLE.sub(lambda _hole: quote(_plain(draw_from(words))[:2000], safe=keep), route.path)
    pairs = [
        (draw_from(st.one_of(st.sampled_from(route.parameters), st.just("x"))), _plain(draw_from(words)))
        for _ in range(draw_from(st.integers(0, 5)))
    ]
    address = path + ("?" + urlencode(pairs) if pairs else "")
    return Request(route.path, draw_from(st.sampled_from(METHODS)), address, draw_from(st.sampled_from(HEADERS)))


def _plain(text: str) -> str:
    return text.encode("utf-8", errors="replace").decode()


def measure_hostile(asked: Service, cases: int, seed: int) -> Tally:
    """Send hostile requests, one after the other."""
    tally = Tally(GROUP, "hostile requests to every address", seeds=[seed])
    every = routes()
    tally.figures["addresses"] = len(every)
    seconds: list[float] = []
    workers = asked.web()
    begun = time.perf_counter()

    def attempt(request: Request) -> None:
        started = time.perf_counter()
        status, headers, body = _send(asked, request)
        seconds.append(time.perf_counter() - started)
        judge(tally, request, status, headers, body, seconds[-1])

    draw(requests(every), cases, seed, attempt)
    tally.seconds = time.perf_counter() - begun
    tally.deaths += len(set(workers) - set(asked.web()))
    tally.figures |= {
        "p50 ms": round(1000 * percentile(seconds, 0.5)),
        "p99 ms": round(1000 * percentile(seconds, 0.99)),
    }
    return tally


def _send(asked: Service, request: Request) -> tuple[int, dict[str, str], str]:
    with closing(http.client.HTTPConnection("127.0.0.1", asked.port, timeout=30)) as connection:
        try:
            connection.request(request.method, request.address or "/", headers=dict(request.headers))
            answer = connection.getresponse()
            body = answer.read()
        except (OSError, http.client.HTTPException, UnicodeEncodeError):
            return 0, {}, ""
        return answer.status, dict(answer.getheaders()), body.decode("utf-8", errors="replace")


def judge(tally: Tally, request: Request, status: int, headers: Mapping[str, str], body: str, seconds: float) -> None:
    """Count an answer, and tell what it must not be."""
    tally.tried += 1
    if status == 503 and "Retry-After" in headers:  # noqa: PLR2004 - as HTTP numbers it
        tally.told_to_wait += 1
    elif status >= 500 and not (status == 501 or request.method in {"TRACE", "X"}):  # noqa: PLR2004
        tally.server_errors += 1
        tally.tell(f"{status} to {request}: {body[:300]}")
    elif 200 <= status < 400:  # noqa: PLR2004
        tally.accepted += 1
    else:
        tally.refused += 1
    tally.codes[str(status)] += 1
    if wrong := _leaked(request, status, headers, body):
        tally.accepted_wrongly += 1
        tally.tell(f"{wrong}: {request}")
    if seconds > SLOW_SECONDS:
        tally.tell(f"{seconds:.1f} s for {request}")


def _leaked(request: Request, status: int, headers: Mapping[str, str], body: str) -> str:
    """Return what an answer shows that worked on what it was sent, or leads away from this machine."""
    if any(product in body for product in PRODUCTS):
        return "a template was run"
    if "html" in headers.get("Content-Type", "") and any(markup in body for markup in MARKUP):
        return "markup came back as markup"
    if "root:x:0" in body:
        return "a file of the machine was read"
    if headers.get("Location", "/")[:1] != "/" or headers.get("Location", "/")[1:2] in {"/", "\\"}:
        return f"leads to {headers['Location']}"
    if "Set-Cookie" in headers and "a=b" in headers["Set-Cookie"]:
        return "a header was smuggled in"
    return "" if status or request.headers else "no answer"


NORMAL = (
    "/map",
    "/api/v1/cover?duty=sweeping",
    "/tiles/cover/14/12974/6701.mvt?duty=sweeping",
    "/map/table",
    "/readyz",
)
HEAVY = (
    "/tiles/areas,street-segments,cover,duty-zones/10/810/418.mvt?duty=sweeping",
    "/api/v1/zones",
    "/api/v1/layers",
    "/map/table?duty=sweeping",
    "/api/v1/search?q=a",
    "/tiles/areas/0/0/0.mvt",
)


def measure_crowd(asked: Service, seconds: float, *, heavy: int = 100, normal: int = 20) -> Tally:
    """Let many greedy clients ask beside normal ones, and compare the normal ones' waiting with an idle server's."""
    tally = Tally(GROUP, f"{heavy} heavy clients beside {normal} normal ones")
    begun = time.perf_counter()
    with Askers(asked, NORMAL, normal) as idle:
        time.sleep(seconds / 3)
    with Askers(asked, HEAVY, heavy) as greedy, Askers(asked, NORMAL, normal) as beside:
        time.sleep(seconds)
    for askers in (greedy, beside):
        tally.tried += sum(askers.statuses.values())
        tally.accepted += sum(count for status, count in askers.statuses.items() if 200 <= status < 400)  # noqa: PLR2004
        tally.told_to_wait += askers.statuses[503]
        tally.server_errors += sum(askers.faults.values())
        tally.codes.update({str(status): count for status, count in askers.statuses.items()})
        if askers.faults:
            tally.tell(str(dict(askers.faults)))
    tally.figures |= {
        "normal p95 idle s": round(percentile(idle.seconds, 0.95), 3),
        "normal p95 beside s": round(percentile(beside.seconds, 0.95), 3),
    }
    tally.seconds = time.perf_counter() - begun
    return tally


def fill(asked: Service, seed: int) -> None:
    """Write a small town with zones."""
    connections = engine(asked.cluster.url("service"))
    dice = random.Random(seed)  # noqa: S311 - chooses zones
    with connections.begin() as connection:
        add_random_zones(connection, dice, grid_town(connection), 12)
    connections.dispose()
