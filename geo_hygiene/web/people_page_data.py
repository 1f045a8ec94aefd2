"""What the pages of people show; no request is known here."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import Connection, text

from geo_hygiene import features
from geo_hygiene.coverage.duties import DutyRecord, all_duties, today
from geo_hygiene.coverage.within import demand_within
from geo_hygiene.layers.duty_zones import SHIFTS
from geo_hygiene.layers.tables import EMPLOYMENTS, ROLES
from geo_hygiene.people import chains, listing
from geo_hygiene.people.hand_over import ZoneToHandOver, zones_to_hand_over
from geo_hygiene.people.listing import Page, Wanted
from geo_hygiene.people.timeline import timeline
from geo_hygiene.permissions import Areas
from geo_hygiene.web.api.people import wanted
from geo_hygiene.web.api.people_bodies import ChainParameters, HoldersParameters, PeopleParameters
from geo_hygiene.web.page_data import titles
from geo_hygiene.web.parameters import OnDay

MOST_OFFERED = 200
"""People whose codes are offered where somebody names one."""


class _Words:
    """How an address tells what is asked of a page."""

    def words(self, **changes: Any) -> dict[str, str]:
        """Return what an address says of these parameters after changes; ``None`` takes a word out."""
        kept = self.model_dump(exclude_defaults=True, mode="json") | changes  # type: ignore[attr-defined]
        if "page" not in changes:
            kept.pop("page", None)
        return {name: "1" if value is True else str(value) for name, value in kept.items() if value is not None}


class PeopleAsked(_Words, PeopleParameters, extra="ignore"):
    """The filters of the people and the page of them; other words of an address are left alone."""


class HoldersAsked(_Words, HoldersParameters, extra="ignore"):
    """The filters of the zones and the page of them."""


class ChainAsked(_Words, ChainParameters, extra="ignore"):
    """The filters of the areas and the page of them."""


class DayAsked(OnDay, extra="ignore"):
    """A day."""


@dataclass(frozen=True, kw_only=True)
class InWords:
    """What is said of people in the reader's language."""

    on: date
    duties: dict[str, str]
    roles: dict[str, str] = field(default_factory=lambda: titles(ROLES))
    employments: dict[str, str] = field(default_factory=lambda: titles(EMPLOYMENTS))
    shifts: dict[str, str] = field(default_factory=lambda: titles(SHIFTS))

    @property
    def day(self) -> str:
        """Return the day as addresses have it."""
        return self.on.isoformat()


@dataclass(frozen=True, kw_only=True)
class Listed(InWords):
    """A page of a table, the areas among which one chooses, and people whose codes are offered."""

    page: Page
    areas: dict[str, str]
    offered: list[tuple[str, str]]


@dataclass(frozen=True, kw_only=True)
class PersonPage(InWords):
    """A person with the assignments and posts of all times."""

    person: dict[str, Any]
    assignments: list[dict[str, Any]]
    posts: list[dict[str, Any]]
    offered: list[tuple[str, str]]
    communities: dict[str, str]

    @property
    def lengths(self) -> dict[str, float]:
        """Return the metres of the zones that the person holds on the day."""
        return {zone["code"]: zone["length_m"] for zone in self.person["zones"]}

    @property
    def held(self) -> list[dict[str, Any]]:
        """Return what the person holds or would hold from the day on, once each zone."""
        left = {one["code"]: one for one in reversed(self.assignments) if one["when"] != "past"}
        return sorted(left.values(), key=lambda one: str(one["code"]))

    @property
    def substitutes(self) -> list[dict[str, Any]]:
        """Return who stands in, or will."""
        return [one for one in self.assignments if one["substitute"] and one["when"] != "past"]


@dataclass(frozen=True, kw_only=True)
class HandOverPage(InWords):
    """What somebody hands over."""

    person: dict[str, Any]
    zones: list[ZoneToHandOver]

    def total(self, duty: DutyRecord) -> float:
        """Return how much of a duty it is."""
        return round(sum(zone.amount for zone in self.zones if zone.duty == duty), 3)

    @property
    def sums(self) -> list[tuple[DutyRecord, float]]:
        """Return how much it is by duty."""
        return [(duty, self.total(duty)) for duty in dict.fromkeys(zone.duty for zone in self.zones)]


def _duty_titles(connection: Connection) -> dict[str, str]:
    return {duty.code: duty.title for duty in all_duties(connection)}


def _offered(connection: Connection, on: date, within: Areas, area: str | None) -> list[tuple[str, str]]:
    page = listing.people(connection, Wanted(on=on, within=within, area=area), limit=MOST_OFFERED)
    return [(row["code"], row["name"]) for row in page.rows]


def people_page(connection: Connection, asked: PeopleAsked, within: Areas) -> Listed:
    """Return a page of people."""
    question = wanted(connection, asked, within)
    page = listing.people(
        connection,
        question,
        show=asked.show,
        role=asked.role,
        sort=asked.sort,
        number=asked.page,
        limit=asked.limit,
    )
    areas = features.area_choices(connection, question.on, asked.area, within=within)
    return Listed(on=question.on, duties=_duty_titles(connection), page=page, areas=areas, offered=[])


def holders_page(connection: Connection, asked: HoldersAsked, within: Areas) -> Listed:
    """Return a page of zones with their holders."""
    question = wanted(connection, asked, within)
    return Listed(
        on=question.on,
        duties=_duty_titles(connection),
        page=listing.zones(connection, question, vacant=asked.vacant, number=asked.page, limit=asked.limit),
        areas=features.area_choices(connection, question.on, asked.area, within=within),
        offered=_offered(connection, question.on, within, asked.area),
    )


def chain_page(connection: Connection, asked: ChainAsked, within: Areas) -> Listed:
    """Return a page of areas with who answers for them."""
    demand_within(connection, asked.area, within)
    on = asked.on or today(connection)
    found = chains.chains(
        connection,
        on,
        by=asked.by,
        within=within,
        area=asked.area,
        broken=asked.broken,
        number=asked.page,
        limit=asked.limit,
    )
    return Listed(
        on=on,
        duties=_duty_titles(connection),
        page=Page(found.rows, found.total, asked.page, asked.limit),
        areas=features.area_choices(connection, on, asked.area, within=within),
        offered=[],
    )


def person_page(connection: Connection, name: str, asked: DayAsked, within: Areas) -> PersonPage:
    """Return a person of the asker's areas."""
    on = asked.on or today(connection)
    found = features.person(connection, name, on, within=within)
    assignments, posts = timeline(connection, _id(connection, found), on)
    return PersonPage(
        on=on,
        duties=_duty_titles(connection),
        person=found,
        assignments=assignments,
        posts=posts,
        offered=[one for one in _offered(connection, on, within, found["community"]) if one[0] != found["code"]],
        communities=features.area_choices(connection, on, found["community"], within=within),
    )


def hand_over_page(connection: Connection, name: str, asked: DayAsked, within: Areas) -> HandOverPage:
    """Return what a person of the asker's areas hands over on a day."""
    on = asked.on or today(connection)
    found = features.person(connection, name, on, within=within)
    zones = zones_to_hand_over(connection, _id(connection, found), on)
    return HandOverPage(on=on, duties=_duty_titles(connection), person=found, zones=zones)


def _id(connection: Connection, person: dict[str, Any]) -> int:
    found: int = connection.execute(
        text("select id from person where uuid = :uuid"), {"uuid": person["id"]}
    ).scalar_one()
    return found
