"""The people of the sample town, their posts and the zones that they hold. All names are plain numbers."""

# ruff: noqa: PLR2004 - metres, degrees and shares that shape a synthetic town stand where they are used

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from geo_hygiene.sample.areas import AreaPlan
from geo_hygiene.sample.duties import Zone
from geo_hygiene.sample.parameters import PLAN_CHANGE, YEAR_FROM, Staff, Town

AWAY = timedelta(days=7)


@dataclass(frozen=True, kw_only=True)
class Person:
    """Somebody with a role; the name says the role and a number."""

    code: str
    name: str
    role: str
    employment: str
    community: str
    phone: str


@dataclass(frozen=True, kw_only=True)
class Post:
    """A leader or cadre answers for an area."""

    person: str
    area: str
    kind: str
    valid_from: date
    valid_to: date | None


@dataclass(frozen=True, kw_only=True)
class Assignment:
    """A person holds a zone."""

    person: str
    zone: str
    shift: str
    valid_from: date
    valid_to: date | None


class Roster:
    """Hires people and gives them zones and posts."""

    def __init__(self, town: Town, areas: AreaPlan, rng: np.random.Generator) -> None:
        self.town, self.areas, self.rng = town, areas, rng
        self.communities = [area.code for area in areas.level("community")]
        self.people: list[Person] = []
        self.posts: list[Post] = []
        self.assignments: list[Assignment] = []

    def hire(self, prefix: str, title: str, role: str, number: int, community: str, employment: str) -> str:
        """Add a person and return the code."""
        code = f"{prefix}{number:03d}"
        phone = f"199****{len(self.people) + 1:04d}"
        self.people.append(
            Person(
                code=code,
                name=f"{title} {number:03d}",
                role=role,
                employment=employment,
                community=community,
                phone=phone,
            )
        )
        return code

    def fill_posts(self) -> None:
        """Appoint the leaders of the office and its communities, the cadres of communities and groups."""
        office = self.areas.areas[0].code
        first = self.hire("LD", "街道领导", "leader", 1, office, "full_time")
        self._post(first, office, "leader", YEAR_FROM, None)
        for number, community in enumerate(self.communities, start=2):
            leader = self.hire("LD", "包片领导", "leader", number, office, "full_time")
            self._post(leader, community, "leader", YEAR_FROM, None)
        for number, community in enumerate(self.communities, start=1):
            cadre = self.hire("K", "包社区干部", "cadre", number, community, "full_time")
            self._post(cadre, community, "cadre", YEAR_FROM, None)
        self._fill_groups(len(self.communities) + 1)

    def _fill_groups(self, first: int) -> None:
        """Give each cadre about two neighbouring groups; in each half of the year a few have nobody."""
        groups = self.areas.level("group")
        empty = {int(i) for i in self.rng.choice(len(groups), 6, replace=False)}
        early = set(sorted(empty)[::2])
        cadre, held, home = "", 2, ""
        number = first
        for i, group in enumerate(groups):
            if held == 2 or group.parent != home:  # two groups each
                home, held = group.parent or "", 0
                cadre = self.hire("K", "包组干部", "cadre", number, home, "full_time")
                number += 1
            held += 1
            since = PLAN_CHANGE if i in early else YEAR_FROM
            until = PLAN_CHANGE if i in empty - early else None
            self._post(cadre, group.code, "cadre", since, until)

    def _post(self, person: str, area: str, kind: str, since: date, until: date | None) -> None:
        self.posts.append(Post(person=person, area=area, kind=kind, valid_from=since, valid_to=until))

    def staff(self, staff: Staff, zones: Sequence[Zone]) -> None:
        """Hire the people of a kind and let them hold its zones, with vacancies that differ in both plans."""
        first = {zone.code: zone for zone in zones if zone.valid_from == YEAR_FROM}
        codes = sorted(first)
        single = [code for code in codes if first[code].shift == "all-day"]
        picked = [str(code) for code in self.rng.permutation(single)]
        before, after = picked[: staff.vacant], picked[staff.vacant : 2 * staff.vacant]
        shared = picked[2 * staff.vacant : 2 * staff.vacant + staff.shared]
        hired = 0
        holder: dict[str, str] = {}
        for code in codes:
            if code in before:
                continue
            for _ in range(2 if code in shared else 1):
                hired += 1
                part = code in shared
                person = self._hire_staff(staff, hired, first[code].community, part=part)
                if part:
                    self._assign(person, first[code], YEAR_FROM, None)
                else:
                    holder[code] = person
        reserves = []
        while hired < staff.count:
            hired += 1
            reserves.append(self._hire_staff(staff, hired, self.communities[hired % 6], part=True))
        self._hold(holder, first, dict(zip(after, before, strict=True)), reserves)

    def _hire_staff(self, staff: Staff, number: int, community: str, *, part: bool) -> str:
        kinds = ["part_time"] if part else ["full_time", "full_time", "public_post", "older_jobseeker", "low_income"]
        return self.hire(
            staff.prefix, staff.title, staff.role, number, community, str(kinds[int(self.rng.integers(len(kinds)))])
        )

    def _hold(
        self, holder: dict[str, str], zones: dict[str, Zone], moves: dict[str, str], reserves: Sequence[str]
    ) -> None:
        """Write who holds which zone when: some change in July, some are away for a week, one leaves."""
        steady = [code for code in sorted(holder) if code not in moves]
        order = [str(code) for code in self.rng.permutation(steady)]
        away = dict(zip(order, reserves, strict=False))
        leaver = order[len(reserves)]
        swapped = order[len(reserves) + 1 : len(reserves) + 7]
        partner = dict(zip(swapped[::2], swapped[1::2], strict=True))
        partner.update({b: a for a, b in partner.items()})
        for code in sorted(holder):
            person, zone = holder[code], zones[code]
            if code in moves:
                self._assign(person, zone, YEAR_FROM, PLAN_CHANGE)
                self._assign(person, zones[moves[code]], PLAN_CHANGE, None)
            elif code in partner:
                self._assign(person, zone, YEAR_FROM, PLAN_CHANGE)
                self._assign(person, zones[partner[code]], PLAN_CHANGE, None)
            elif code == leaver:
                self._assign(person, zone, YEAR_FROM, date(2025, 10, 16))
            elif code in away:
                leave = YEAR_FROM + timedelta(days=int(self.rng.integers(20, 330)))
                self._assign(person, zone, YEAR_FROM, leave)
                self._assign(away[code], zone, leave, leave + AWAY)
                self._assign(person, zone, leave + AWAY, None)
            else:
                self._assign(person, zone, YEAR_FROM, None)

    def _assign(self, person: str, zone: Zone, since: date, until: date | None) -> None:
        self.assignments.append(
            Assignment(person=person, zone=zone.code, shift=zone.shift, valid_from=since, valid_to=until)
        )

    def second_duty(self, zones: Sequence[Zone]) -> None:
        """Let cleaners of the place hold the zones of drains or tanks as well; in each plan one is vacant."""
        codes = sorted({zone.code for zone in zones})
        first = {zone.code: zone for zone in zones if zone.valid_from == YEAR_FROM}
        small = sorted(codes, key=lambda code: len(first[code].stretches))[: max(2, len(codes) // 3)]
        vacant = [str(code) for code in self.rng.choice(small, 2, replace=False)]
        hands = [person for person in self.people if person.role in ("cleaner", "estate_cleaner")]
        hands.sort(key=lambda person: person.employment != "full_time")
        taken = {one.person for one in self.assignments if one.zone[:2] in ("DR", "TK")}
        for code in codes:
            near = [one.code for one in hands if one.community == first[code].community] or [one.code for one in hands]
            person = next((one for one in near if one not in taken), near[0])
            taken.add(person)
            since = PLAN_CHANGE if code == vacant[0] else YEAR_FROM
            self._assign(person, first[code], since, PLAN_CHANGE if code == vacant[1] else None)

    def enlist_volunteers(self) -> None:
        """Add the volunteers with the red armband; they hold no zone."""
        for number in range(1, self.town.volunteers + 1):
            self.hire("V", "红袖套监督员", "volunteer", number, self.communities[number % 6], "part_time")
