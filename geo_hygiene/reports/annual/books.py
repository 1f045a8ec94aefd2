"""What an office has on record of a period: lists of records, each with how many there are and what they come to.

Every figure of the annual report is a sum of one of these lists, and so are the answers of the API and the heads of the
pages that show the records: they can not differ.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

from sqlalchemy import Connection

from geo_hygiene.campaigns.catalogue import CampaignRecord, all_campaigns
from geo_hygiene.campaigns.cover import KindCover, kinds_within
from geo_hygiene.coverage.duties import today
from geo_hygiene.coverage.work import work_in_period
from geo_hygiene.layers import layer_of
from geo_hygiene.layers.works import DISORDERS, WORKED_ON
from geo_hygiene.people.listing import Wanted, people
from geo_hygiene.works.activities import Held, activities, summed
from geo_hygiene.works.amenities import EVERY_COMMUNITY_HAS, Had, facilities_had
from geo_hygiene.works.asked import Asked
from geo_hygiene.works.awareness import Survey, by_day, change, share_of, surveys
from geo_hygiene.works.honours import STATEMENTS, Holder, State, counted, holders
from geo_hygiene.works.inhabited import SMALLEST, Inhabited, inhabited
from geo_hygiene.works.letters import SIGNERS, LetterSums, all_letters, letters
from geo_hygiene.works.listing import WorkFilter
from geo_hygiene.works.reach import reach
from geo_hygiene.works.recurrence import recurrence
from geo_hygiene.works.sums import work_sums

Number = float | int
Sums = Mapping[str, Number | None]

HAPPENED = ("activities", "works", "letters", "campaigns", "awareness-surveys", "honours")
"""Lists of what happened, where the others tell what is there at the end."""

MOST_HOLDERS = 1_000_000
"""Of one honour: all of them."""


@dataclass(frozen=True, slots=True)
class Counted:
    """How many records there are, and what they come to by the names of the sums; ``None``: nobody said it."""

    records: int
    sums: Sums


class Books:
    """Answers of one period and area, each asked for once.

    Parameters
    ----------
    connection
        In a transaction that sees one state of the data.
    """

    def __init__(self, connection: Connection, asked: Asked) -> None:
        self.connection = connection
        self.asked = asked
        self._counted: dict[tuple[str, str | None], Counted] = {}

    def counted(self, key: str, kind: str | None) -> Counted:
        """Return how many records of a list and kind there are, and what they come to."""
        if (key, kind) not in self._counted:
            self._counted[key, kind] = COUNTS[key](self, kind)
        return self._counted[key, kind]

    @cached_property
    def is_silent(self) -> bool:
        """Whether nothing at all that happened in the period is on record.

        Areas, people and facilities may be on record without a beginning, which says nothing of such a time.
        """
        return not any(self.counted(key, None).records for key in HAPPENED)

    @cached_property
    def _held(self) -> list[Held]:
        return activities(self.connection, self.asked)

    def held(self, kind: str | None) -> list[Held]:
        """Return the activities of a kind, or all of them."""
        return [one for one in self._held if kind is None or one.kind == kind]

    @cached_property
    def letters(self) -> list[LetterSums]:
        """The letters by kind of signer and community."""
        return letters(self.connection, self.asked)

    @cached_property
    def surveys(self) -> list[Survey]:
        """The surveys, by day."""
        return surveys(self.connection, self.asked)

    def holders(self, kind: str | None) -> list[Holder]:
        """Return who got an honour, could not get it or lost it: those of whom there is a record."""
        return [
            one
            for each in ((kind,) if kind else STATEMENTS)
            for state in (State.GRANTED, State.VETOED, State.WITHDRAWN)
            for one in holders(self.connection, each, self.asked, state, limit=MOST_HOLDERS)
        ]

    def areas(self, level: str | None) -> list[Inhabited]:
        """Return the areas of a level on the last day, or the smallest ones."""
        return inhabited(self.connection, self.asked, level or SMALLEST)

    def facilities(self, kind: str | None) -> list[Had]:
        """Return what each community has of a kind of facility, or of all that each must have."""
        return facilities_had(self.connection, self.asked, (kind,) if kind else EVERY_COMMUNITY_HAS)

    def campaigns(self, pest: str | None) -> list[CampaignRecord]:
        """Return the campaigns that began in the period and have ground in the area, the first one first."""
        return [one for one in self._campaigns if pest in (None, one.pest)]

    @cached_property
    def today(self) -> date:
        """The current day in the office's time zone."""
        return today(self.connection)

    @cached_property
    def _campaigns(self) -> list[CampaignRecord]:
        begun = [
            one
            for one in reversed(all_campaigns(self.connection))
            if self.asked.begin <= one.start < self.asked.end and one.start <= self.today
        ]
        if self.asked.areas is None:
            return begun
        return [one for one in begun if any(kind.on_ground for kind in self.treated(one))]

    def treated(self, campaign: CampaignRecord) -> tuple[KindCover, ...]:
        """Return what a campaign found and treated in the area up to its end."""
        return kinds_within(self.connection, campaign, campaign.last_day, self.asked.areas)


def _activities(books: Books, kind: str | None) -> Counted:
    held = books.held(kind)
    sums = summed(held)
    told: dict[str, Number | None] = {
        "person_times": sums.person_times,
        "people": sums.people,
        "quantity": sums.quantity,
        "cost": None if sums.cost is None else float(sums.cost),
        **dict.fromkeys(("communities", "communities_never_reached", "residents_never_reached")),
    }
    if held:
        reached = reach(books.connection, books.asked, None if kind is None else (kind,))
        communities = [one for one in reached if one.code is not None]
        told |= {
            "communities": len(communities),
            "communities_never_reached": sum(not one.is_reached for one in communities),
            "residents_never_reached": sum(one.never_residents for one in reached),
        }
    return Counted(len(held), told)


def _letters(books: Books, kind: str | None) -> Counted:
    sums = [all_letters(books.letters, one) for one in ((kind,) if kind else SIGNERS)]
    registered, with_letter = sum(one.registered for one in sums), sum(one.holders for one in sums)
    signings = sum(one.signings for one in sums)
    return Counted(
        signings,
        {
            "signings": signings,
            "signers": sum(one.signers for one in sums),
            "registered": registered,
            "holders": with_letter,
            "share": with_letter / registered if registered else None,
        },
    )


def _surveys(books: Books, _kind: str | None) -> Counted:
    share = share_of(books.surveys)
    if share is None:
        return Counted(0, {"asked": None, "aware": None, "share": None, "low": None, "high": None, "rise": None})
    days = list(by_day(books.surveys).values())
    low, high = share.interval
    rise = change(days[0], days[-1]).value if len(days) > 1 else None
    sums = {"asked": share.asked, "aware": share.aware, "share": share.value, "low": low, "high": high, "rise": rise}
    return Counted(len(books.surveys), sums)


def _honours(books: Books, kind: str | None) -> Counted:
    found = dict.fromkeys(State, 0)
    for each in (kind,) if kind else STATEMENTS:
        for state, number in counted(books.connection, each, books.asked).items():
            found[state] += number
    records = found[State.GRANTED] + found[State.VETOED] + found[State.WITHDRAWN]
    return Counted(records, {state.value: found[state] for state in State})


def _works(books: Books, kind: str | None) -> Counted:
    asked = books.asked
    wanted = WorkFilter(kind=kind, begin=asked.begin, end=asked.end, area=asked.area, within=asked.within)
    sums = work_sums(books.connection, wanted)
    told: dict[str, Number | None] = {
        "lanes": sums.lanes,
        "pieces": sums.pieces,
        "area_m2": sums.area_m2,
        "volume_m3": sums.volume_m3,
        "numbers": sums.numbers,
    }
    if kind is not None and kind in WORKED_ON:
        layer = layer_of(WORKED_ON[kind])
        within = asked.within if asked.area is None else frozenset({asked.area})
        once, plain = work_in_period(books.connection, kind, asked.begin, asked.end, within).get(layer.key, (0, 0))
        told |= {"distinct": layer.amount(once), "plain": layer.amount(plain)}
    if kind == "blackspot":
        found = recurrence(books.connection, asked.begin, asked.end, asked.area, within=asked.within)
        told |= {"again": len(found.again)}
    if kind == "disorder":
        told |= {"removed": sum(sums.disorders.values())}
        told |= {f"removed_{one.value}": sums.disorders.get(one.value) for one in DISORDERS}
    return Counted(sums.works, told)


def _areas(books: Books, level: str | None) -> Counted:
    found = books.areas(level)
    populations = [one.population for one in found if one.population is not None]
    return Counted(len(found), {"areas": len(found), "people": sum(populations) if populations else None})


def _facilities(books: Books, kind: str | None) -> Counted:
    found = books.facilities(kind)
    return Counted(
        sum(len(one.records) for one in found),
        {
            "facilities": sum(len(one.records) for one in found),
            "communities_with": sum(bool(one.records) for one in found),
            "communities_without": sum(not one.records for one in found),
        },
    )


def _people(books: Books, role: str | None) -> Counted:
    wanted = Wanted(on=books.asked.last_day, within=books.asked.within, area=books.asked.area)
    total = people(books.connection, wanted, role=role, limit=1).total
    return Counted(total, {"people": total})


def _campaigns(books: Books, pest: str | None) -> Counted:
    found = books.campaigns(pest)
    ended = [one for one in found if one.end <= books.today]
    shares = _known(kind.effectiveness for one in ended for kind in books.treated(one))
    return Counted(len(found), {"campaigns": len(found), "least_effectiveness": min(shares, default=None)})


def _known(values: Iterable[float | None]) -> list[float]:
    return [value for value in values if value is not None]


COUNTS: Mapping[str, Callable[[Books, str | None], Counted]] = {
    "areas": _areas,
    "people": _people,
    "works": _works,
    "activities": _activities,
    "letters": _letters,
    "awareness-surveys": _surveys,
    "honours": _honours,
    "facilities": _facilities,
    "campaigns": _campaigns,
}
"""What is counted of the records of a layer, and of which kind."""


def year_of(connection: Connection, year: int, **asked: Any) -> Books:
    """Return the books of a calendar year."""
    return Books(connection, Asked(begin=date(year, 1, 1), end=date(year + 1, 1, 1), **asked))
