"""The desk of somebody who edits a town at random: whom to ask, on which day, of which duty, and what there is."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from http import HTTPStatus
from typing import Any, Protocol

from sqlalchemy import Engine, text

from faults.planner import Answer
from tests.independent.cover import KINDS

FIGURES = ("covered", "gap", "overlap", "vacant")
UNCHANGED: Mapping[str, float] = dict.fromkeys(FIGURES, 0.0)
FIRST_DAY = date(2025, 1, 1)
DAYS = 365
"""Days of the sample from which something is changed."""
COMING_DAYS = 60
"""Days to come from which a plan is published."""
TARGETS = """
    select target.kind, target.uuid::text as segment, target.extent_mm / 1000.0 as length,
        ST_X(ST_Centroid(geom)) as lon, ST_Y(ST_Centroid(geom)) as lat
    from target where valid_to = 'infinity' and kind = any(:kinds) order by target.id
"""
PEOPLE = "select code from person order by code"
AREAS = "select code from area where level = any(:levels) and valid_to = 'infinity' order by code"


class Asker(Protocol):
    """Somebody who is signed in and may change zones, targets and people."""

    def read(self, path: str) -> Answer:
        """Read an address of the API."""

    def send(self, path: str, body: object, tag: str = "") -> Answer:
        """Send something to an address of the API, for the version that a tag names."""


class Desk:
    """What random edits are drawn from.

    Parameters
    ----------
    town
        Connections to its database, which are read only.

    Attributes
    ----------
    duty, day
        Of the next edit.
    mark
        What is made by the next edit is called so: nothing else is.
    """

    def __init__(self, asker: Asker, town: Engine, seed: int) -> None:
        self.asker = asker
        self.dice = random.Random(seed)  # noqa: S311 - draws edits
        self.mark = ""
        self._town = town
        self._seed = seed
        self._changes: list[int] = []
        self.look()
        self.communities = self._codes(AREAS, levels=["community"])
        self.areas = self._codes(AREAS, levels=["office", "community", "group"])

    def turn(self, number: int, *, comes: bool) -> None:
        """Go on to another edit, of a random duty and from a random day of the sample, or one to come."""
        self.mark = f"{self._seed}-{number}"
        self.duty = self.dice.choice(list(KINDS))
        self.day = (self._a_day_to_come() if comes else self.a_day()).isoformat()

    def a_day(self) -> date:
        """Return a day of the sample."""
        return FIRST_DAY + timedelta(days=self.dice.randrange(DAYS))

    def _a_day_to_come(self) -> date:
        return date.today() + timedelta(days=self.dice.randint(2, COMING_DAYS))  # noqa: DTZ011 - the office's is near

    def later(self) -> str:
        """Return a day after that of the edit."""
        return (date.fromisoformat(self.day) + timedelta(days=self.dice.randint(1, 200))).isoformat()

    def some_time(self) -> dict[str, str]:
        """Return the beginning of a time, and the end of every other one."""
        return {"from": self.day, **({"to": self.later()} if self.happens(0.5) else {})}

    def happens(self, share: float) -> bool:
        """Tell whether something is so that is so in a share of the edits."""
        return self.dice.random() < share

    def since(self) -> dict[str, Any]:
        """Return that a change holds from the day on, or that it corrects."""
        return self.dice.choice(({"from": self.day}, {"correct": True}))

    def look(self) -> None:
        """See which targets and people there are now."""
        with self._town.connect() as connection:
            rows = connection.execute(text(TARGETS), {"kinds": list(KINDS.values())}).all()
        self._targets = {kind: [row for row in rows if row.kind == kind] for kind in KINDS.values()}
        self.people = self._codes(PEOPLE)

    def _codes(self, statement: str, **asked: object) -> list[str]:
        with self._town.connect() as connection:
            return list(connection.scalars(text(statement), asked))

    @property
    def kind(self) -> str:
        """Return the layer of what the duty looks after."""
        return KINDS[self.duty]

    @property
    def targets(self) -> Sequence[Any]:
        """Return what the duty looks after."""
        return self._targets[self.kind]

    def a_zone(self) -> tuple[str, Answer]:
        """Return a zone of the duty and day with its path; where there is none, what is answered for no zone."""
        zones = self.asker.read(f"/zones?duty={self.duty}&on={self.day}").told["zones"]
        path = f"/zones/{self.dice.choice(zones)['code'] if zones else 'none'}"
        return path, self.asker.read(f"{path}?on={self.day}")

    def a_target(self) -> tuple[str, Answer]:
        """Return a target of the duty with its path."""
        path = f"/targets/{self.kind}/{self.dice.choice(self.targets).segment}"
        return path, self.asker.read(f"{path}?on={self.day}")

    def a_person(self, listed: str = "show=here") -> tuple[str, Answer]:
        """Return somebody of a list with the path; where nobody is in it, anybody."""
        rows = self.asker.read(f"/people?{listed}&on={self.day}&limit=500").told["people"]
        code = self.dice.choice([row["code"] for row in rows] or self.people)
        return f"/people/{code}", self.asker.read(f"/people/{code}?on={self.day}")

    def some_stretches(self, most: int = 6) -> list[dict[str, Any]]:
        """Return a random list of the duty: neighbours, some of them cut."""
        middle = self.dice.choice(self.targets)
        near = sorted(self.targets, key=lambda one: (one.lon - middle.lon) ** 2 + (one.lat - middle.lat) ** 2)
        return [self._stretch(one) for one in near[: self.dice.randint(1, most)]]

    def _stretch(self, target: Any) -> dict[str, Any]:
        if self.duty == "tanks" or self.happens(0.7):
            return {"segment": target.segment}
        ends = sorted(round(self.dice.uniform(0, float(target.length)), 3) for _end in range(2))
        return {"segment": target.segment, "from_m": ends[0], "to_m": ends[1]}

    def note(self, change: int | None) -> None:
        """Remember a change that may be undone."""
        if change is not None:
            self._changes.append(change)
        self.look()

    def a_change(self) -> int:
        """Return one of the changes that were noted."""
        return self.dice.choice(self._changes or [1])


@dataclass(frozen=True)
class Act:
    """Something that is done at a desk.

    Attributes
    ----------
    weight
        How often it is done, beside the others.
    comes
        It is done from a day to come.
    is_late
        It names a version that is no longer the newest: where it is accepted, what others did is lost.
    """

    name: str
    do: Callable[[Desk], Answer]
    weight: int = 1
    comes: bool = False
    is_late: bool = False


def done(desk: Desk, answer: Answer, makes: Mapping[str, float] = UNCHANGED) -> Answer:
    """Return an answer with what it says that it makes of the figures of the desk's duty and day."""
    if answer.status != HTTPStatus.OK:
        return answer
    return answer._replace(told={**answer.told, "on": desk.day, "makes": {**UNCHANGED, **makes}})
