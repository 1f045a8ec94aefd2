"""Many editors change one zone over HTTP at the same time: nobody loses what was acknowledged."""

from __future__ import annotations

import json
import re
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from http.cookiejar import CookieJar
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import Engine, text

from faults.service import Service, service
from faults.tally import Tally
from geo_hygiene.accounts import store
from geo_hygiene.accounts.store import Grant
from geo_hygiene.coverage.writing import NewZone, Stretch, add_zones
from geo_hygiene.database import engine
from geo_hygiene.permissions import Role
from tests.coverage.towns import grid_town

GROUP = "HTTP"
ZONE = "Z1"
DAY = "2025-03-01"
PASSWORD = "lantern orchid gravel tuesday"  # noqa: S105 - of a home that is thrown away
ANSWER_SECONDS = 60
TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')
COUNTED = """
select
    (select max(version) from claim join duty_zone using (id) where code = :zone) as version,
    (select count(*) from record_history where layer = 'duty-zones' and content ->> 'code' = :zone) as history,
    (select count(*) from audit_entry where action = 'zone.change') as audited,
    (select name from duty_zone where code = :zone) as name
"""


class Editor:
    """Somebody who is signed in and changes the zone again and again."""

    def __init__(self, port: int, number: int) -> None:
        self._origin = f"http://127.0.0.1:{port}"
        self._open = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar())).open
        self.number = number
        self.waited = 0
        page = self._ask("/sign-in")[1].decode()
        form = {"csrf_token": _token(page), "email": email(number), "password": PASSWORD, "next": "/account"}
        self._proof = _token(self._ask("/sign-in", urlencode(form).encode())[1].decode())

    def _ask(self, path: str, content: bytes | None = None, **headers: str) -> tuple[int, bytes, str]:
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

    def edit(self, segments: list[str], edits: int) -> list[tuple[int, int, str]]:
        """Change the zone; return status, version and name of each try."""
        tried = []
        for turn in range(edits):
            _status, _zone, tag = self._ask(f"/api/v1/zones/{ZONE}?on={DAY}")
            name = f"{self.number}/{turn}"
            segment = segments[(self.number + turn) % len(segments)]
            body = {"correct": True, "name": name, "segments": [{"segment": segment}]}
            headers = {"Content-Type": "application/json", "X-CSRFToken": self._proof, "If-Match": tag}
            status, content, _tag = self._ask(f"/api/v1/zones/{ZONE}", json.dumps(body).encode(), **headers)
            told: Any = json.loads(content)
            version = told["zones"][0]["properties"]["version"] if status == HTTPStatus.OK else 0
            tried.append((status, version, name))
        return tried


def _token(page: str) -> str:
    found = TOKEN.search(page)
    if found is None:
        raise ValueError("the page has no token")
    return found[1]


def email(number: int) -> str:
    """Return the address of an account."""
    return f"planner{number}@office.example"


def measure(editors: int, edits: int, seed: int) -> Iterator[Tally]:
    """Let editors change one zone, each some times, and count what became of it."""
    tally = Tally(GROUP, "Editors of one zone", f"{editors} editors change one zone {edits} times each", seeds=[seed])
    begun = time.monotonic()
    with service() as running:
        running.wait()
        database = engine(running.cluster.url("service"))
        segments = _prepare(database, editors)
        tried, waited = _let_edit(running, segments, editors, edits)
        _count(tally, tried, database)
        database.dispose()
    tally.told_to_wait = waited
    tally.seconds = time.monotonic() - begun
    yield tally


def _prepare(database: Engine, editors: int) -> list[str]:

    with database.begin() as connection:
        town = grid_town(connection)
        target_id, extent = next(iter(town.extents.items()))
        add_zones(connection, [NewZone(code=ZONE, duty_id=1, stretches=[Stretch(target_id, 0, extent)])])
        for number in range(editors):
            store.add(
                connection,
                actor="faults",
                email=email(number),
                name=f"Planner {number}",
                grants=[Grant(Role.PLANNER)],
                password=PASSWORD,
            )
        return list(connection.scalars(text("select uuid::text from target order by id")))


def _let_edit(
    running: Service, segments: list[str], editors: int, edits: int
) -> tuple[list[tuple[int, int, str]], int]:
    signed_in = [Editor(running.port, number) for number in range(editors)]
    start = threading.Barrier(editors)

    def edit(editor: Editor) -> list[tuple[int, int, str]]:
        start.wait()
        return editor.edit(segments, edits)

    with ThreadPoolExecutor(editors) as pool:
        tried = [one for done in pool.map(edit, signed_in) for one in done]
    return tried, sum(editor.waited for editor in signed_in)


def _count(tally: Tally, tried: list[tuple[int, int, str]], database: Engine) -> None:
    """Compare what was acknowledged with what is stored."""
    acknowledged = sorted((version, name) for status, version, name in tried if status == HTTPStatus.OK)
    tally.tried = len(tried)
    tally.accepted = len(acknowledged)
    tally.refused = sum(status == HTTPStatus.PRECONDITION_FAILED for status, _version, _name in tried)
    tally.server_errors = sum(status >= HTTPStatus.INTERNAL_SERVER_ERROR for status, _version, _name in tried)
    with database.connect() as connection:
        kept = connection.execute(text(COUNTED), {"zone": ZONE}).one()
    versions = {version for version, _name in acknowledged}
    tally.lost = len(acknowledged) - len(versions) + abs(kept.version - 1 - len(acknowledged))
    tally.lost += abs(kept.history - len(acknowledged)) + abs(kept.audited - len(acknowledged))
    if acknowledged and kept.name != acknowledged[-1][1]:
        tally.lost += 1
    tally.figures |= {"version": kept.version, "history": kept.history, "audited": kept.audited}
    if tally.accepted + tally.refused != tally.tried:
        tally.tell(f"{tally.tried - tally.accepted - tally.refused} were neither stored nor refused as late")
