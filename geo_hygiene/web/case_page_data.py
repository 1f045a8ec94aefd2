"""What the pages about complaints show; no request is known here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Annotated, Any

from pydantic import Field, model_validator
from sqlalchemy import Connection

from geo_hygiene import features
from geo_hygiene.cases import questions
from geo_hygiene.cases.keeping import KeptCounts
from geo_hygiene.cases.places import is_guessed, told_accuracy
from geo_hygiene.coverage.duties import DutyRecord, all_duties, today
from geo_hygiene.coverage.within import demand_within, names
from geo_hygiene.i18n import _
from geo_hygiene.layers.cases import CHANNELS, KINDS, STATUSES
from geo_hygiene.layers.duty_zones import SHIFTS
from geo_hygiene.layers.tables import ROLES
from geo_hygiene.maps import HEAT, HEAT_LEAST
from geo_hygiene.permissions import Areas
from geo_hygiene.web.api.cases import EVERY_OPEN, CaseParameters, ListParameters
from geo_hygiene.web.page_data import MapPage, readable, titles, usual_layers
from geo_hygiene.web.parameters import Day, Limit

LISTED = 50
LAST_DAY = date(2199, 12, 31)


class CaseListParameters(ListParameters, extra="ignore"):
    """The filters of the list and its place in it; other words of an address are left alone.

    People write the last day, ``until``; addresses tell the day after it, ``to``, as everywhere.
    """

    limit: Limit = LISTED
    until: Annotated[Day, Field(lt=LAST_DAY)] | None = Field(None, exclude=True)

    @model_validator(mode="before")
    @classmethod
    def _end_after_the_last_day(cls, values: Any) -> Any:
        """Read the last day as the day after it; what is no day is refused under its own name."""
        try:
            last = date.fromisoformat(values["until"])
            return values | {"to": (last + timedelta(days=1)).isoformat()}
        except (KeyError, ValueError, OverflowError):
            return values

    @property
    def last_day(self) -> date | None:
        """Return the last day that is wanted."""
        return None if self.end is None else self.end - timedelta(days=1)

    @property
    def is_backwards(self) -> bool:
        """Tell whether the first day lies after the last."""
        return self.begin is not None and self.end is not None and self.begin >= self.end

    def words(self, **changes: Any) -> dict[str, str]:
        """Return what an address says of these parameters after changes; ``None`` takes a word out."""
        kept = self.model_dump(exclude_defaults=True, by_alias=True) | changes
        return {name: str(value) for name, value in kept.items() if value is not None}


@dataclass(frozen=True, kw_only=True)
class _InWords:
    """What is said of complaints in the reader's language."""

    kinds: dict[str, str] = field(default_factory=lambda: titles(KINDS))
    channels: dict[str, str] = field(default_factory=lambda: titles(CHANNELS))
    statuses: dict[str, str] = field(default_factory=lambda: titles(STATUSES))

    @property
    def every_status(self) -> dict[str, str]:
        """Return the words for what may be asked of the status."""
        return {EVERY_OPEN: _("All that are open")} | self.statuses

    @staticmethod
    def when(instant: str, *, has_time: bool = True) -> str:
        """Return an instant to the minute, or its day where no time of day is known."""
        return datetime.fromisoformat(instant).strftime("%Y-%m-%d %H:%M" if has_time else "%Y-%m-%d")


@dataclass(frozen=True, kw_only=True)
class CaseList(_InWords):
    """Complaints in rows, the newest first, and the areas by which they can be chosen."""

    page: questions.CasePage
    areas: dict[str, str]
    every_area: str

    @staticmethod
    def told(choices: Mapping[str, str], given: str) -> str:
        """Return the words for several values that are joined by commas."""
        return _(", ").join(choices.get(word, word) for word in given.split(","))


def case_list(connection: Connection, asked: CaseListParameters, kept: KeptCounts, within: Areas) -> CaseList:
    """Return a page of the complaints that fit, within the areas to which the asker's role is limited."""
    demand_within(connection, asked.area, within)
    return CaseList(
        page=questions.list_cases(
            connection, asked.wanted(within), counts=kept.of(connection), limit=asked.limit, after=asked.after
        ),
        areas=features.area_choices(connection, today(connection), asked.area, within=within),
        every_area=_every_area(connection, within),
    )


def _every_area(connection: Connection, within: Areas) -> str:
    """Return the words for no choice among areas: nobody shall take the complaints of one for those of all."""
    named = names(connection, within)
    return _("All of %(areas)s", areas=_(", ").join(named)) if named else _("All areas")


@dataclass(frozen=True, kw_only=True)
class CasePage(_InWords):
    """A complaint, its history, and who answered for its place; ``config`` is of its map, ``None`` without a place."""

    case: dict[str, Any]
    duties: list[DutyRecord]
    config: dict[str, Any] | None
    roles: dict[str, str] = field(default_factory=lambda: titles(ROLES))
    shifts: dict[str, str] = field(default_factory=lambda: titles(SHIFTS))

    def since(self, event: Mapping[str, Any]) -> str:
        """Return since when the case had a status, as far as anybody said so."""
        day = self.when(event["at"], has_time=False)
        if event["known"] == "file":
            return _("by %(day)s", day=day)
        if event["known"] == "report":
            return _("not before %(day)s", day=day)
        return self.when(event["at"], has_time=event["known"] == "time")

    @property
    def closed(self) -> str | None:
        """Return when it was closed; midnight stands for a day alone."""
        closed = self.case["closed_at"]
        return closed and self.when(closed, has_time="T00:00:00" not in closed)

    @property
    def accuracy(self) -> str | None:
        """Return how its place was found and how far off it may be, ``None`` where somebody gave the place."""
        return told_accuracy(self.case)

    @property
    def is_guessed(self) -> bool:
        """Tell whether others may have answered for it than those of its place."""
        return is_guessed(self.case)

    @property
    def extent(self) -> tuple[float, float, float, float]:
        """Return where its map looks."""
        longitude, latitude = self.case["place"]
        return longitude, latitude, longitude, latitude

    def duty_title(self, code: str) -> str:
        """Return the name of a duty."""
        return next(duty.title for duty in self.duties if duty.code == code)

    @property
    def on_map(self) -> str:
        """Return the address of the map at the place on the day of the complaint, its target chosen."""
        longitude, latitude = self.case["place"]
        words = {"duty": self.config["duty"] if self.config else None, "on": self.case["on"]}
        words["select"] = self.case["segment"]
        asked = "&".join(f"{name}={word}" for name, word in words.items() if word)
        return f"/map?{asked}#map=18/{latitude:.6f}/{longitude:.6f}"


def case_page(connection: Connection, named: str, within: Areas) -> CasePage:
    """Return the page of the complaint that an id or a number names."""
    case = questions.case_of(connection, questions.identity_of(connection, named, within=within), within=within)
    duties = all_duties(connection)
    config = None
    if case["place"] is not None:
        kind = case["segment_kind"]
        duty = next((duty for duty in duties if duty.target_kind == kind), duties[0])
        config = {
            "place": case["place"],
            "accuracy_m": case["place_accuracy_m"] or 0,
            "segment": case["segment"],
            "duty": duty.code,
            "on": case["on"],
            "usual": usual_layers(),
        }
    return CasePage(case=case, duties=duties, config=config)


class _HeatWords(CaseParameters, extra="ignore"):
    """The words of the heat map's address that the server reads."""


def heat_page(connection: Connection, words: Mapping[str, str], within: Areas) -> MapPage:
    """Return the page of where complaints gather: its words, and the days between which there are some."""
    read, notice = readable(_HeatWords, words)
    on = today(connection)
    extent = features.extent(connection, on) or questions.box_of_cases(connection, within=within)
    days = questions.days_of_cases(connection, within=within)
    said = _InWords()
    config = {
        "extent": extent,
        "first": days[0].isoformat() if days else None,
        "last": days[1].isoformat() if days else None,
        "kinds": said.kinds,
        "channels": said.channels,
        "statuses": said.every_status,
        "areas": features.area_choices(connection, on, read.area, within=within),
        "every_area": _every_area(connection, within),
        "colors": list(HEAT.items()),
        "least": HEAT_LEAST,
        "usual": usual_layers(),
        "api": "/api/v1",
        "notice": notice,
    }
    return MapPage(extent=extent, config=config)
