"""Random edits of a town through its API, and whether what is told of them is true."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine

from faults import asset_edits, people_edits, zone_edits
from faults.desk import FIGURES, Asker, Desk
from faults.planner import PASSWORD, Planner
from faults.service import service
from faults.tally import IsOver, Tally, never
from geo_hygiene.accounts import store
from geo_hygiene.accounts.store import Grant
from geo_hygiene.coverage.rebuild import rebuild
from geo_hygiene.database import engine
from geo_hygiene.files.writing.export import export
from geo_hygiene.layers import LAYERS
from geo_hygiene.permissions import Role
from geo_hygiene.sample import load_into_empty
from tests.coverage.test_rebuild import kept_hashes
from tests.independent.cover import KINDS, recompute

GROUP = "Random edits of zones, targets and people over HTTP"
EMAIL = "planner@office.example"
ACTS = (*zone_edits.ACTS, *asset_edits.ACTS, *people_edits.ACTS)
NEAREST_METRE = 0.002
"""Metres by which sums of figures that were rounded each may differ."""
LARGEST_DIFFERENCE = 1e-6
"""Share of the total by which the independent computation may differ: it does not round to millimetres."""
COMPARED_EVERY = 100
"""Edits after which everything is computed anew."""
FILES = (
    *(f"{kind}.geojson" for kind in dict.fromkeys(KINDS.values())),
    "duty-zones.geojson",
    "zone-segments.csv",
    "assignments.csv",
)


class Edits:
    """Random edits of a town, drawn from a seed, each of which is held to what the town says before and after.

    Parameters
    ----------
    town
        Connections to its database, which are read only.
    """

    def __init__(self, asker: Asker, town: Engine, seed: int) -> None:
        self._asker = asker
        self._town = town
        self._desk = Desk(asker, town, seed)
        self._number = 0
        self.tallies = {act.name: Tally(GROUP, act.name, seeds=[seed]) for act in ACTS}
        self.compared = Tally(GROUP, "computed anew", seeds=[seed], how="figures of a duty on a day; kept answers")

    def edit(self) -> None:
        """Do one random thing."""
        self._number += 1
        (act,) = self._desk.dice.choices(ACTS, [act.weight for act in ACTS])
        tally, begun = self.tallies[act.name], time.monotonic()
        self._desk.turn(self._number, comes=act.comes)
        before = self._figures()
        answer = act.do(self._desk)
        tally.tried += 1
        tally.seconds += time.monotonic() - begun
        if answer.status == HTTPStatus.OK:
            tally.accepted += 1
            tally.lost += act.is_late
            self._hold(tally, answer.told, before)
        elif answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            tally.server_errors += 1
            tally.tell(f"edit {self._number} was answered with {answer.status}: {answer.told}")
        else:
            tally.refused += 1
            tally.counts[f"answered {answer.status}"] += 1
            if self._figures() != before:
                tally.accepted_wrongly += 1
                tally.tell(f"edit {self._number} was refused, and the figures changed")

    def _figures(self) -> dict[str, float]:
        told = self._asker.read(f"/cover?duty={self._desk.duty}&on={self._desk.day}").told
        return {name: told[name] for name in FIGURES}

    def _hold(self, tally: Tally, told: Mapping[str, Any], before: Mapping[str, float]) -> None:
        """Compare what an edit says that it stored with what is read, and what it makes with the figures."""
        for path, record in _records(told).items():
            tally.counts["records read again"] += 1
            read = self._asker.read(path).told
            if read != record:
                tally.lost += 1
                tally.tell(f"edit {self._number} told {record}, and {path} tells {read}")
        if told.get("on") != self._desk.day or "makes" not in told:
            return
        after = self._figures()
        tally.counts["figures compared"] += len(FIGURES)
        differing = {
            name: (told["makes"][name], after[name] - before[name])
            for name in FIGURES
            if abs(told["makes"][name] - (after[name] - before[name])) > NEAREST_METRE
        }
        if differing:
            tally.accepted_wrongly += 1
            words = f"edit {self._number} of {self._desk.duty} on {self._desk.day} tells other figures: {differing}"
            tally.tell(words)

    def compare(self) -> None:
        """Compare what is told and kept with a rebuild, and with a computation that reads exported files alone."""
        begun = time.monotonic()
        with self._town.connect() as connection, tempfile.TemporaryDirectory(prefix="geo-hygiene-faults-") as folder:
            self._compare_files(connection, Path(folder))
            connection.rollback()
            self._compare_rebuild(connection)
            connection.rollback()
        self.compared.seconds += time.monotonic() - begun

    def _compare_files(self, connection: Connection, folder: Path) -> None:
        for name in FILES:
            export(connection, LAYERS[name.partition(".")[0]], folder / name, every_period=True)
        on = self._desk.a_day()
        for duty in KINDS:
            told = self._asker.read(f"/cover?duty={duty}&on={on.isoformat()}").told
            found = recompute(folder, duty, on)
            worst = max(abs(told[name] - value) / found["total"] for name, value in found.items())
            self._count(worst <= LARGEST_DIFFERENCE, f"cover of {duty} on {on} differs by {worst}: {told}, {found}")
            known = float(self.compared.figures.get("worst relative difference", 0))
            self.compared.figures["worst relative difference"] = max(known, float(f"{worst:.2g}"))

    def _compare_rebuild(self, connection: Connection) -> None:
        before = kept_hashes(connection)
        rebuild(connection)
        after = kept_hashes(connection)
        differing = [name for name, found in after.items() if found != before[name]]
        self._count(not differing, f"kept answers differ from a rebuild after edit {self._number}: {differing}")

    def _count(self, is_good: bool, words: str) -> None:  # noqa: FBT001 - counts one thing or the other
        self.compared.tried += 1
        self.compared.accepted += is_good
        if not is_good:
            self.compared.accepted_wrongly += 1
            self.compared.tell(words)


def _records(told: Mapping[str, Any]) -> dict[str, Any]:
    """Return the records of an answer, by the path under which each is read again."""
    on = told.get("on")
    found = {f"/zones/{one['id']}?on={on}": one for one in told.get("zones", ()) if "properties" in one}
    found |= {f"/targets/{told['kind']}/{one['id']}": one for one in told.get("targets", ())}
    if person := told.get("person"):
        found[f"/people/{person['code']}"] = person
    if "maker" in told:
        found[f"/drafts/{told['id']}"] = {name: value for name, value in told.items() if name != "makes"}
    return found


def measure(edits: int, seed: int, is_over: IsOver = never) -> Iterator[Tally]:
    """Edit the sample so many times, or until the time is over; count what became of it."""
    with service() as running:
        running.wait()
        url = running.cluster.url("service")
        load_into_empty(url)
        town = engine(url)
        with town.begin() as connection:
            grants = [Grant(Role.PLANNER)]
            store.add(connection, actor="faults", email=EMAIL, name="Planner", grants=grants, password=PASSWORD)
        planner = Planner(running.port, EMAIL)
        made = Edits(planner, town, seed)
        for number in range(edits):
            if is_over():
                break
            made.edit()
            if number % COMPARED_EVERY == COMPARED_EVERY - 1 or number == edits - 1:
                made.compare()
        town.dispose()
    made.compared.told_to_wait = planner.waited
    yield from made.tallies.values()
    yield made.compared
