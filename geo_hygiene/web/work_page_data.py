"""What the pages about work on places show; no request is known here."""

from __future__ import annotations

import uuid as uuid_module
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

from pydantic import AwareDatetime, Field, model_validator
from sqlalchemy import Connection, func, select

from geo_hygiene import features
from geo_hygiene.coverage.duties import today
from geo_hygiene.coverage.within import demand_within, names
from geo_hygiene.errors import UnknownRecordError
from geo_hygiene.features.catalogue import Extent
from geo_hygiene.i18n import N_, _
from geo_hygiene.layers import layer_of
from geo_hygiene.layers.works import DISORDERS, KINDS, WORKED_ON
from geo_hygiene.permissions import Areas
from geo_hygiene.reports.annual.books import Books
from geo_hygiene.web.api.periods import asked_for
from geo_hygiene.web.api.work_answers import DueState
from geo_hygiene.web.api.works import USUAL_CAPACITY, DueKind, RoundsParameters, WorkKind
from geo_hygiene.web.language import format_amount
from geo_hygiene.web.page_data import titles, usual_layers
from geo_hygiene.web.parameters import Day, Limit, Parameters, Text
from geo_hygiene.works.batches import MOST_PLACES, Batch, batches
from geo_hygiene.works.due import Due, DueFilter, due_sums, due_targets
from geo_hygiene.works.listing import Told, WorkFilter, count_works, list_works, told_since, work_places

LISTED = 100
DRAWN = 1_000
"""Places on the map of what is due, of which the first are listed."""

SINCE_EVER = date(1900, 1, 1)

SUM_TITLES = {
    "distinct": N_("Each once"),
    "plain": N_("With repeats"),
    "lanes": N_("Lanes and drains"),
    "removed": N_("Disorders"),
    "again": N_("Of these came back"),
    "pieces": N_("Pieces"),
    "area_m2": N_("Surface"),
    "volume_m3": N_("Volume"),
    "numbers": N_("Telephone numbers"),
}
"""What the sums of a kind of work are called, in the order in which they are told."""

SUM_WORDS = {"area_m2": N_("%(volume)s m²"), "volume_m3": N_("%(volume)s m³")}
METRES = dict.fromkeys(("distinct", "plain"), N_("%(metres)s m"))

DUE_TITLES = {
    "due": N_("Due"),
    "soon": N_("Due within 30 days"),
    "never": N_("No work on record"),
    "later": N_("Not due yet"),
}
"""What the states of what comes again are called."""

LAST_DAY = date(2199, 12, 31)


def panel_words() -> dict[str, dict[str, str]]:
    """Return what the panel of the map needs to tell of the work on a target."""
    return {
        "kinds": titles(KINDS),
        "again": {WORKED_ON[kind]: kind for kind in _due_kinds()},
        "states": {key: _(title) for key, title in DUE_TITLES.items()},
    }


def _due_kinds() -> dict[str, str]:
    return {"emptying": _("Septic tanks to empty"), "dredging": _("Drains to dredge")}


class _Words(Parameters, extra="ignore"):
    """Words of an address that people may change by hand; others are left alone."""

    def words(self, **changes: Any) -> dict[str, str]:
        """Return what an address says of these parameters after changes; ``None`` takes a word out."""
        kept = self.model_dump(exclude_defaults=True, by_alias=True) | changes
        return {name: str(value) for name, value in kept.items() if value is not None}


class DueListParameters(_Words):
    """What is shown of what is due."""

    kind: DueKind = "emptying"
    on: Day | None = None
    area: Text | None = None
    state: DueState | None = None
    capacity: Annotated[float, Field(gt=0, le=1_000, allow_inf_nan=False)] = USUAL_CAPACITY
    limit: Limit = LISTED
    after: UUID | None = None

    def wanted(self, on: date, within: Areas) -> DueFilter:
        """Return the filter."""
        asked = RoundsParameters(kind=self.kind, area=self.area, state=self.state)
        return asked.wanted(on, within)


class RoundParameters(DueListParameters):
    """A round: what was told since it was begun leaves it as it was."""

    begun: AwareDatetime | None = None


class PeriodWords(_Words):
    """A half-open period and an area; people write the last day, ``until``."""

    begin: Day | None = Field(None, alias="from")
    end: Day | None = Field(None, alias="to")
    area: Text | None = None
    limit: Limit = LISTED
    until: Annotated[Day, Field(lt=LAST_DAY)] | None = Field(None, exclude=True)

    @model_validator(mode="before")
    @classmethod
    def _end_after_the_last_day(cls, values: Any) -> Any:
        try:
            last = date.fromisoformat(values["until"])
            return values | {"to": (last + timedelta(days=1)).isoformat()}
        except (KeyError, ValueError, OverflowError):
            return values

    @property
    def last_day(self) -> date | None:
        """Return the last day that is wanted."""
        return None if self.end is None else self.end - timedelta(days=1)


class DoneListParameters(PeriodWords):
    """What is shown of work that was done."""

    kind: WorkKind | None = None
    after: UUID | None = None

    def wanted(self, within: Areas) -> WorkFilter:
        """Return the filter."""
        return WorkFilter(kind=self.kind, begin=self.begin, end=self.end, area=self.area, within=within)


@dataclass(frozen=True, kw_only=True)
class InWords:
    """Areas among which one chooses, and what the kinds of work are called."""

    areas: dict[str, str]
    every_area: str
    kinds: dict[str, str] = field(default_factory=lambda: titles(KINDS))


@dataclass(frozen=True, kw_only=True)
class DueList(InWords):
    """What is due, and its places on a map."""

    on: date
    unit: str
    sums: dict[str, dict[str, Any]]
    rows: list[Due]
    next: uuid_module.UUID | None
    config: dict[str, Any]
    extent: Extent | None
    states: dict[str, str] = field(default_factory=lambda: {key: _(title) for key, title in DUE_TITLES.items()})
    due_kinds: dict[str, str] = field(default_factory=_due_kinds)

    def days(self, row: Due) -> int | None:
        """Return for how many days a target has been due."""
        return None if row.due_on is None else (self.on - row.due_on).days


@dataclass(frozen=True, kw_only=True)
class Rounds(InWords):
    """What is due in rounds of a truck, as it stood when they were begun."""

    on: date
    begun: datetime
    unit: str
    rounds: list[Batch]
    left_over: int
    due_kinds: dict[str, str] = field(default_factory=_due_kinds)


@dataclass(frozen=True, kw_only=True)
class Round:
    """One of the rounds, and what was told of its places since; each form brings an id for what it tells."""

    plan: Rounds
    number: int
    done: dict[uuid_module.UUID, Told]
    config: dict[str, Any]
    extent: Extent | None

    @property
    def batch(self) -> Batch:
        """Return its places in their order."""
        return self.plan.rounds[self.number - 1]

    @property
    def next(self) -> Due | None:
        """Return the first place of which nothing was told yet."""
        return next((place for place in self.batch.places if place.uuid not in self.done), None)

    @property
    def latest(self) -> Told | None:
        """Return what was done last."""
        return max(self.done.values(), key=lambda told: told.done_at, default=None)

    def place(self, told: Told) -> Due:
        """Return where something was done."""
        return next(place for place in self.batch.places if place.uuid == told.target)

    @staticmethod
    def new_id() -> uuid_module.UUID:
        """Return an id for work that is about to be told."""
        return uuid_module.uuid4()


@dataclass(frozen=True, kw_only=True)
class DoneList(InWords):
    """Work that was done, the newest first, on a map, and what all of a kind comes to."""

    total: int
    sums: list[tuple[str, str, str]]
    """Key, name, and value with its unit."""
    rows: list[dict[str, Any]]
    next: str | None
    config: dict[str, Any]
    extent: Extent | None
    drawn_of_all: bool
    disorders: dict[str, str] = field(default_factory=lambda: titles(DISORDERS))


def due_list(connection: Connection, asked: DueListParameters, within: Areas) -> DueList:
    """Return a page of what is due within the areas to which the asker's role is limited."""
    demand_within(connection, asked.area, within)
    on = asked.on or today(connection)
    wanted = asked.wanted(on, within)
    drawn, _key = due_targets(connection, wanted, limit=max(asked.limit, DRAWN), after=asked.after)
    rows = drawn[: asked.limit]
    config = {
        "usual": usual_layers(),
        "places": [
            {"code": row.code or "", "name": row.name or "", "state": row.state, "place": [row.lon, row.lat]}
            for row in drawn
        ],
        "states": {key: _(title) for key, title in DUE_TITLES.items()},
    }
    return DueList(
        **chosen_areas(connection, on, asked.area, within),
        on=on,
        unit=layer_of(WORKED_ON[asked.kind]).unit,
        sums=due_sums(connection, wanted),
        rows=rows,
        next=rows[-1].uuid if len(drawn) > len(rows) else None,
        config=config,
        extent=features.extent(connection, on),
    )


def rounds(connection: Connection, asked: RoundParameters, within: Areas) -> Rounds:
    """Return what is due in rounds of a truck."""
    demand_within(connection, asked.area, within)
    on = asked.on or today(connection)
    begun = asked.begun or connection.scalars(select(func.now())).one()
    wanted = replace(asked.wanted(on, within), told_before=begun)
    found, _key = due_targets(connection, wanted, limit=MOST_PLACES)
    sums = due_sums(connection, wanted)
    return Rounds(
        **chosen_areas(connection, on, asked.area, within),
        on=on,
        begun=begun,
        unit=layer_of(WORKED_ON[asked.kind]).unit,
        rounds=batches(found, asked.capacity),
        left_over=sum(sums[state]["targets"] for state in wanted.states) - len(found),
    )


def one_round(connection: Connection, number: int, asked: RoundParameters, within: Areas) -> Round:
    """Return one of the rounds with what was told of it since it was begun.

    Raises
    ------
    UnknownRecordError
        If there are not so many.
    """
    plan = rounds(connection, asked, within)
    if not 1 <= number <= len(plan.rounds):
        raise UnknownRecordError(_("There is no round %(number)s.", number=number))
    places = plan.rounds[number - 1].places
    done = told_since(connection, asked.kind, [place.uuid for place in places], plan.begun)
    stops = [
        {
            "words": " · ".join(filter(None, (str(at), place.code, place.name))),
            "done": place.uuid in done,
            "place": [place.lon, place.lat],
        }
        for at, place in enumerate(places, 1)
    ]
    config = {"usual": usual_layers(), "stops": stops}
    return Round(plan=plan, number=number, done=done, config=config, extent=features.extent(connection, plan.on))


def done_list(connection: Connection, asked: DoneListParameters, within: Areas) -> DoneList:
    """Return a page of work that was done."""
    demand_within(connection, asked.area, within)
    wanted = asked.wanted(within)
    rows, key = list_works(connection, wanted, limit=asked.limit, after=asked.after)
    places = work_places(connection, wanted, limit=DRAWN)
    on, total = today(connection), count_works(connection, wanted)
    return DoneList(
        **chosen_areas(connection, on, asked.area, within),
        total=total,
        sums=_sums(connection, asked, within),
        rows=rows,
        next=key,
        config={"usual": usual_layers(), "works": [_on_map(one) for one in places]},
        extent=features.extent(connection, on),
        drawn_of_all=total <= DRAWN,
    )


def _sums(connection: Connection, asked: DoneListParameters, within: Areas) -> list[tuple[str, str, str]]:
    if asked.kind is None:
        return []
    told = books_of(connection, asked, within).counted("works", asked.kind).sums
    is_metres = asked.kind in WORKED_ON and layer_of(WORKED_ON[asked.kind]).unit == "m"
    words = SUM_WORDS | METRES if is_metres else SUM_WORDS
    return [
        (
            key,
            _(title),
            _(words.get(key, "%(count)s"), **dict.fromkeys(("count", "metres", "volume"), format_amount(value))),
        )
        for key, title in SUM_TITLES.items()
        if (value := told.get(key))
    ]


def _on_map(work: dict[str, Any]) -> dict[str, Any]:
    words = (work["tank"], work["name"], titles(KINDS)[work["kind"]], work["day"])
    return {"words": " · ".join(filter(None, words)), "place": work["place"]}


def books_of(connection: Connection, asked: PeriodWords, within: Areas) -> Books:
    """Return the books of a period and area; without days it is everything up to today."""
    demand_within(connection, asked.area, within)
    end = asked.end or today(connection) + timedelta(days=1)
    return Books(connection, asked_for(asked.begin or min(SINCE_EVER, end), end, asked.area, within))


def chosen_areas(connection: Connection, on: date, area: str | None, within: Areas) -> dict[str, Any]:
    """Return the areas among which one chooses on a day, and what all of them are called."""
    named = names(connection, within)
    return {
        "areas": features.area_choices(connection, on, area, within=within),
        "every_area": _("All of %(areas)s", areas=_(", ").join(named)) if named else _("All areas"),
    }
