"""Many editors change one zone over HTTP at the same time: nobody loses what was acknowledged."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus

from sqlalchemy import Engine, text

from faults.planner import PASSWORD, Planner
from faults.service import Service, service
from faults.tally import Tally
from geo_hygiene.accounts import store
from geo_hygiene.accounts.store import Grant
from geo_hygiene.coverage.writing import NewZone, Stretch, add_zones
from geo_hygiene.database import engine
from geo_hygiene.permissions import Role
from tests.coverage.towns import grid_town

GROUP = "One zone that many change over HTTP"
ZONE = "Z1"
DAY = "2025-03-01"
COUNTED = """
select
    (select max(version) from claim join duty_zone using (id) where code = :zone) as version,
    (select count(*) from record_history where layer = 'duty-zones' and content ->> 'code' = :zone) as history,
    (select count(*) from audit_entry where action = 'zone.change') as audited,
    (select name from duty_zone where code = :zone) as name
"""


def edit(planner: Planner, number: int, segments: list[str], edits: int) -> list[tuple[int, int, str]]:
    """Change the zone again and again; return status, version and name of each try."""
    tried = []
    for turn in range(edits):
        tag = planner.read(f"/zones/{ZONE}?on={DAY}").tag
        name = f"{number}/{turn}"
        body = {"correct": True, "name": name, "segments": [{"segment": segments[(number + turn) % len(segments)]}]}
        status, told, _tag = planner.send(f"/zones/{ZONE}", body, tag)
        version = told["zones"][0]["properties"]["version"] if status == HTTPStatus.OK else 0
        tried.append((status, version, name))
    return tried


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
    signed_in = [Planner(running.port, email(number)) for number in range(editors)]
    start = threading.Barrier(editors)

    def begin(number: int) -> list[tuple[int, int, str]]:
        start.wait()
        return edit(signed_in[number], number, segments, edits)

    with ThreadPoolExecutor(editors) as pool:
        tried = [one for done in pool.map(begin, range(editors)) for one in done]
    return tried, sum(planner.waited for planner in signed_in)


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
