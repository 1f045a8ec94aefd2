"""Random edits of zones, drafts and targets through the API of a town, and whether what is told of them is true."""

from __future__ import annotations

import random
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import date, timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Any, Protocol

from sqlalchemy import Connection, Engine, text

from faults.planner import PASSWORD, Answer, Planner
from faults.service import service
from faults.tally import IsOver, Tally, never
from geo_hygiene.accounts import store
from geo_hygiene.accounts.store import Grant
from geo_hygiene.coverage.rebuild import rebuild
from geo_hygiene.database import engine
from geo_hygiene.files.writing import export
from geo_hygiene.layers import LAYERS
from geo_hygiene.permissions import Role
from geo_hygiene.sample import load_into_empty
from tests.coverage.test_rebuild import kept_hashes
from tests.independent.cover import KINDS, recompute

GROUP = "Random edits of zones, drafts and targets over HTTP"
EMAIL = "planner@office.example"
FIGURES = ("covered", "gap", "overlap", "vacant")
FIRST_DAY = date(2025, 1, 1)
DAYS = 365
"""Days of the sample from which something is changed."""
COMING_DAYS = 60
"""Days to come from which a plan is published."""
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
TARGETS = """
    select target.kind, target.uuid::text as segment, target.extent_mm / 1000.0 as length,
        ST_X(ST_Centroid(geom)) as lon, ST_Y(ST_Centroid(geom)) as lat
    from target where valid_to = 'infinity' and kind = any(:kinds) order by target.uuid
"""


class Asker(Protocol):
    """Somebody who is signed in and may change zones."""

    def read(self, path: str) -> Answer:
        """Read an address of the API."""

    def send(self, path: str, body: object, tag: str = "") -> Answer:
        """Send something to an address of the API, for the version that a tag names."""


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
        self._dice = random.Random(seed)  # noqa: S311 - draws edits
        self._seed = seed
        self._number = 0
        self.tallies = {name: Tally(GROUP, name, seeds=[seed]) for name in ACTS}
        self.compared = Tally(GROUP, "computed anew", seeds=[seed], how="figures of a duty on a day; kept answers")
        self._changes: list[int] = []
        self._targets: dict[str, list[Any]] = {}
        self._look_at_targets()
        with town.connect() as connection:
            self._people = list(connection.scalars(text("select code from person order by code")))

    def _look_at_targets(self) -> None:
        with self._town.connect() as connection:
            rows = connection.execute(text(TARGETS), {"kinds": list(KINDS.values())}).all()
        self._targets = {kind: [row for row in rows if row.kind == kind] for kind in KINDS.values()}

    def edit(self) -> None:
        """Do one random thing."""
        self._number += 1
        name = self._dice.choice(list(ACTS))
        tally, begun = self.tallies[name], time.monotonic()
        self.duty = self._dice.choice(list(KINDS))
        self.day = (self._a_day_to_come() if name == PLAN else self._a_day()).isoformat()
        before = self._figures()
        answer = ACTS[name](self)
        tally.tried += 1
        tally.seconds += time.monotonic() - begun
        if answer.status == HTTPStatus.OK:
            tally.accepted += 1
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

    def _a_day(self) -> date:
        return FIRST_DAY + timedelta(days=self._dice.randrange(DAYS))

    def _a_day_to_come(self) -> date:
        return date.today() + timedelta(days=self._dice.randint(2, COMING_DAYS))  # noqa: DTZ011 - the office's is near

    def _figures(self) -> dict[str, float]:
        told = self._asker.read(f"/cover?duty={self.duty}&on={self.day}").told
        return {name: told[name] for name in FIGURES}

    def _hold(self, tally: Tally, told: Mapping[str, Any], before: Mapping[str, float]) -> None:
        """Compare what an edit says that it makes with the figures before and after."""
        if told.get("on") != self.day or "makes" not in told:
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
            tally.tell(f"edit {self._number} of {self.duty} on {self.day} tells other figures: {differing}")

    def a_zone(self) -> tuple[str, Answer]:
        """Return a zone of the duty and day with its path; where there is none, what is answered for no zone."""
        zones = self._asker.read(f"/zones?duty={self.duty}&on={self.day}").told["zones"]
        path = f"/zones/{self._dice.choice(zones)['code'] if zones else 'none'}"
        return path, self._asker.read(f"{path}?on={self.day}")

    def some_stretches(self, most: int = 6) -> list[dict[str, Any]]:
        """Return a random list of the duty: neighbours, some of them cut."""
        targets = self._targets[KINDS[self.duty]]
        middle = self._dice.choice(targets)
        near = sorted(targets, key=lambda one: (one.lon - middle.lon) ** 2 + (one.lat - middle.lat) ** 2)
        return [self._stretch(one) for one in near[: self._dice.randint(1, most)]]

    def _stretch(self, target: Any) -> dict[str, Any]:
        if self.duty == "tanks" or self._dice.random() < 0.7:  # noqa: PLR2004 - most are whole
            return {"segment": target.segment}
        ends = sorted(round(self._dice.uniform(0, float(target.length)), 3) for _end in range(2))
        return {"segment": target.segment, "from_m": ends[0], "to_m": ends[1]}

    def make(self) -> Answer:
        """Make a zone."""
        body = {"duty": self.duty, "valid_from": self.day, "segments": self.some_stretches()}
        if self._dice.random() < 0.5:  # noqa: PLR2004 - half of them end
            body["valid_to"] = self._later()
        return self._asker.send("/zones", body)

    def _later(self) -> str:
        return (date.fromisoformat(self.day) + timedelta(days=self._dice.randint(1, 200))).isoformat()

    def draw(self) -> Answer:
        """Make a zone of the list that a polygon proposes."""
        middle = self._dice.choice(self._targets[KINDS[self.duty]])
        width, height = (self._dice.uniform(0.001, 0.004) for _side in range(2))
        west, south = float(middle.lon) - width / 2, float(middle.lat) - height / 2
        ring = [[west, south], [west + width, south], [west + width, south + height], [west, south + height]]
        polygon = {"type": "Polygon", "coordinates": [[*ring, ring[0]]]}
        seen = self._asker.send("/zones/preview", {"duty": self.duty, "on": self.day, "polygon": polygon})
        if seen.status != HTTPStatus.OK:
            return seen
        segments = [{name: row[name] for name in ("segment", "from_m", "to_m")} for row in seen.told["segments"]]
        return self._asker.send(
            "/zones", {"duty": self.duty, "valid_from": self.day, "segments": segments, "picture": polygon}
        )

    def change(self) -> Answer:
        """Let a zone have another list from the day on, or correct it."""
        path, zone = self.a_zone()
        kept = self._dice.sample(self._list(zone), k=len(self._list(zone)) * 3 // 4)
        body: dict[str, Any] = {"segments": [*kept, *self.some_stretches(3)]}
        return self._asker.send(path, body | self._dice.choice(({"from": self.day}, {"correct": True})), zone.tag)

    def _list(self, zone: Answer) -> list[dict[str, Any]]:
        if zone.status != HTTPStatus.OK:
            return []
        rows = zone.told["properties"]["segments"]
        return [{name: row[name] for name in ("segment", "from_m", "to_m")} for row in rows]

    def split(self) -> Answer:
        """Cut a zone by a line through one of its targets."""
        path, zone = self.a_zone()
        names = {row["segment"] for row in self._list(zone)}
        places = [one for one in self._targets[KINDS[self.duty]] if one.segment in names]
        place = self._dice.choice(places or self._targets[KINDS[self.duty]])
        lean, lon, lat = self._dice.uniform(-0.02, 0.02), float(place.lon), float(place.lat)
        line = {"type": "LineString", "coordinates": [[lon - lean, lat - 0.02], [lon + lean, lat + 0.02]]}
        return self._asker.send(f"{path}/split", {"from": self.day, "line": line}, zone.tag)

    def merge(self) -> Answer:
        """Let a zone take over another."""
        path, zone = self.a_zone()
        other_path, other = self.a_zone()
        version = other.told["properties"]["version"] if other.status == HTTPStatus.OK else 1
        body = {"from": self.day, "zone": other_path.rpartition("/")[2], "version": version}
        return self._asker.send(f"{path}/merge", body, zone.tag)

    def assign(self) -> Answer:
        """Give a zone to somebody, or to nobody, for good or for a time."""
        path, zone = self.a_zone()
        body = {"from": self.day, "person": self._dice.choice([None, *self._dice.sample(self._people, 3)])}
        if self._dice.random() < 0.5:  # noqa: PLR2004 - half of them for a time
            body["to"] = self._later()
        return self._asker.send(f"{path}/assign", body, zone.tag)

    def end(self) -> Answer:
        """End a zone."""
        path, zone = self.a_zone()
        return self._asker.send(f"{path}/end", {"from": self.day}, zone.tag)

    def undo(self) -> Answer:
        """Let a zone be as it was in one of its versions."""
        path, zone = self.a_zone()
        known = self._asker.read(f"{path}/history").told.get("versions") or [{"version": 1}]
        return self._asker.send(f"{path}/undo", {"version": self._dice.choice(known)["version"]}, zone.tag)

    def late(self) -> Answer:
        """Change a zone for a version that is no longer the newest."""
        path, zone = self.a_zone()
        body = {"correct": True, "name": f"late {self._number}"}
        self._asker.send(path, body, zone.tag)
        answer = self._asker.send(path, body, zone.tag)
        self.tallies[LATE].lost += answer.status == HTTPStatus.OK
        return answer

    def plan(self) -> Answer:
        """Draft a plan, publish it from a day to come, and take it back or not."""
        name = f"plan-{self._seed}-{self._number}"
        begun = self._asker.send("/drafts", {"name": name, "duty": self.duty, "on": self.day})
        path, zone = self.a_zone()
        zones: list[dict[str, Any]] = [
            {"zone": f"N{self._seed}-{self._number}", "segments": self.some_stretches(), "person": None}
        ]
        if zone.status == HTTPStatus.OK:
            otherwise = self._dice.choice(({"ends": True}, {"segments": self.some_stretches()}))
            zones.append({"zone": path.rpartition("/")[2], **otherwise})
        put = self._asker.send(f"/drafts/{name}/zones", {"zones": zones}, begun.tag)
        if put.status != HTTPStatus.OK:
            return put
        makes = self._asker.read(f"/drafts/{name}/cover?on={self.day}").told["changed"]["makes"]
        answer = self._asker.send(f"/drafts/{name}/publish", {"from": self.day}, put.tag)
        if answer.status == HTTPStatus.OK and self._dice.random() < 0.5:  # noqa: PLR2004 - half of them
            answer = self._asker.send(f"/drafts/{name}/take-back", None, answer.tag)
            makes = dict.fromkeys(FIGURES, 0.0)
        return answer._replace(told={**answer.told, "makes": makes})

    def put(self) -> Answer:
        """Make a tank, a street or a drain near another."""
        near, number = self._dice.choice(self._targets[KINDS[self.duty]]), f"X{self._seed}-{self._number}"
        places = [[float(near.lon) + self._dice.uniform(0, 0.001), float(near.lat)] for _end in range(2)]
        if self.duty == "tanks":
            shape: dict[str, Any] = {"type": "Point", "coordinates": places[0]}
        else:
            places[1][1] += self._dice.uniform(0.0002, 0.001)
            shape = {"type": "LineString", "coordinates": places}
        body = {"geometry": shape, "fields": {"code": number}, "from": self.day}
        return self._changed(self._asker.send(f"/targets/{KINDS[self.duty]}", body))

    def move(self) -> Answer:
        """Draw a target elsewhere from the day on."""
        path, target = self._a_target()
        if target.status != HTTPStatus.OK:
            return target
        shape = target.told["geometry"]
        lines = [shape["coordinates"]] if shape["type"] == "Point" else shape["coordinates"]
        lean = self._dice.uniform(-0.0002, 0.0002)
        moved = [[lon + lean, lat] for lon, lat, *_more in lines]
        drawn = {"type": shape["type"], "coordinates": moved[0] if shape["type"] == "Point" else moved}
        return self._changed(self._asker.send(path, {"geometry": drawn, "from": self.day}, target.tag))

    def cut(self) -> Answer:
        """Split a line somewhere."""
        path, target = self._a_target()
        length = target.told["properties"]["length_m"] if target.status == HTTPStatus.OK else None
        body = {"at_m": round(self._dice.uniform(0, length or 1), 3), "from": self.day}
        return self._changed(self._asker.send(f"{path}/split", body, target.tag))

    def remove(self) -> Answer:
        """Let a target be no more from the day on."""
        path, target = self._a_target()
        return self._changed(self._asker.send(f"{path}/end", {"from": self.day}, target.tag))

    def take_back(self) -> Answer:
        """Undo one of the changes of targets."""
        number = self._dice.choice(self._changes or [1])
        answer = self._asker.send(f"/changes/{number}/undo", {})
        self._look_at_targets()
        return answer

    def _a_target(self) -> tuple[str, Answer]:
        kind = KINDS[self.duty]
        path = f"/targets/{kind}/{self._dice.choice(self._targets[kind]).segment}"
        return path, self._asker.read(f"{path}?on={self.day}")

    def _changed(self, answer: Answer) -> Answer:
        """Note a change of targets, and what it says that it makes of the duty."""
        if answer.status != HTTPStatus.OK:
            return answer
        self._changes.append(answer.told["change"])
        self._look_at_targets()
        makes = {one["duty"]: one["makes"] for one in answer.told["duties"]}
        return answer._replace(told={**answer.told, "makes": makes.get(self.duty, dict.fromkeys(FIGURES, 0.0))})

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
        on = self._a_day()
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


LATE = "a zone is changed too late"
PLAN = "a plan is drafted, published, taken back"
ACTS: dict[str, Callable[[Edits], Answer]] = {
    "a zone is made of a list": Edits.make,
    "a zone is drawn": Edits.draw,
    "a zone gets another list": Edits.change,
    "a zone is split": Edits.split,
    "zones are merged": Edits.merge,
    "a zone is given to somebody": Edits.assign,
    "a zone ends": Edits.end,
    "a zone is as it was": Edits.undo,
    LATE: Edits.late,
    PLAN: Edits.plan,
    "a target is made": Edits.put,
    "a target is moved": Edits.move,
    "a line is cut": Edits.cut,
    "a target ends": Edits.remove,
    "a change of a target is undone": Edits.take_back,
}


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
