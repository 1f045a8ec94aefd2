"""Complaints: which there are, who answers for their places, and where they gather."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import replace
from typing import Annotated, Any
from uuid import UUID

from flask import Response, jsonify
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag
from pydantic import AfterValidator, Field
from sqlalchemy import Connection

from geo_hygiene.cases import questions
from geo_hygiene.cases.counting import Box, Level, Step
from geo_hygiene.cases.filters import CaseFilter
from geo_hygiene.cases.heat import Rank, heat
from geo_hygiene.cases.keeping import KeptCounts
from geo_hygiene.coverage import versions
from geo_hygiene.coverage.duties import today
from geo_hygiene.coverage.within import demand_within
from geo_hygiene.i18n import _
from geo_hygiene.layers.cases import CHANNELS, KINDS, OPEN, STATUSES
from geo_hygiene.layerspec import Choice
from geo_hygiene.permissions import Areas, Permission
from geo_hygiene.web.access import areas_of, needs
from geo_hygiene.web.answers import entity_tag, not_modified, tagged, unchanged
from geo_hygiene.web.api.case_answers import CaseAnswer, CaseEventsAnswer, CasesAnswer, HeatAnswer
from geo_hygiene.web.case_counts import kept_counts
from geo_hygiene.web.connections import connections
from geo_hygiene.web.errors import PROBLEMS
from geo_hygiene.web.parameters import Day, Limit, OnDay, Parameters, Spoken, Text

EVERY_OPEN = "open"
"""Stands for all statuses of a case that is not closed."""

SUBJECTS = ("cases", "areas", "street-segments", "drain-segments", "septic-tanks")
"""What an answer about cases depends on."""

blueprint = APIBlueprint("cases", __name__, url_prefix="/api/v1", abp_tags=[Tag(name="cases")], abp_responses=PROBLEMS)


def _words(choices: tuple[Choice, ...], *more: str) -> AfterValidator:
    """Return a check that every word of a list is one of the choices."""
    known = [*(choice.value for choice in choices), *more]

    def check(value: str) -> str:
        if not set(value.split(",")) <= set(known):
            raise ValueError(_("must be one of: %(expected)s", expected=", ".join(known)))
        return value

    return AfterValidator(check)


def _numbers(first: int, last: int) -> AfterValidator:
    """Return a check that a list of numbers and ranges stays within bounds."""

    def check(value: str) -> str:
        if not all(first <= int(number) <= last for number in re.findall(r"\d+", value)):
            raise ValueError(_("must lie between %(first)s and %(last)s", first=first, last=last))
        return value

    return AfterValidator(check)


def _box(value: str) -> str:
    west, south, east, north = map(float, value.split(","))
    if not (-180 <= west < east <= 180 and -90 <= south < north <= 90):  # noqa: PLR2004 - degrees
        raise ValueError(_("must be west,south,east,north in degrees"))
    return value


LIST = r"^[a-z_]{1,20}(,[a-z_]{1,20}){0,19}$"
RANGES = r"^\d{1,2}(-\d{1,2})?(,\d{1,2}(-\d{1,2})?){0,23}$"
DEGREES = r"-?\d{1,3}(\.\d{1,15})?"


class CaseParameters(Spoken):
    """Which cases are wanted; words and numbers may be several, joined by commas."""

    kind: Annotated[str, Field(pattern=LIST), _words(KINDS)] | None = None
    channel: Annotated[str, Field(pattern=LIST), _words(CHANNELS)] | None = None
    status: Annotated[str, Field(pattern=LIST), _words(STATUSES, EVERY_OPEN)] | None = Field(
        None, description="`open` stands for all that are not closed"
    )
    begin: Day | None = Field(None, alias="from", description="First day on which they were reported")
    end: Day | None = Field(None, alias="to", description="Day after the last")
    weekday: Annotated[str, Field(pattern=RANGES), _numbers(1, 7)] | None = Field(
        None, description="1 is Monday; 6-7 is a weekend"
    )
    hour: Annotated[str, Field(pattern=RANGES), _numbers(0, 23)] | None = Field(
        None, description="0 to 23 in the office's time zone; 22-5 is a night. Cases without a time of day are in none"
    )
    area: Text | None = Field(None, description="Code of an area, with all below it")

    def wanted(self, within: Areas) -> CaseFilter:
        """Return the filter, within the areas to which the asker's role is limited."""
        statuses = _split(self.status)
        if statuses is not None and EVERY_OPEN in statuses:
            statuses = {*statuses, *OPEN} - {EVERY_OPEN}
        return CaseFilter(
            kinds=_split(self.kind),
            channels=_split(self.channel),
            statuses=statuses,
            begin=self.begin,
            end=self.end,
            weekdays=_ranged(self.weekday, 1, 7),
            hours=_ranged(self.hour, 0, 23),
            area=self.area,
            within=within,
        )


class ListParameters(CaseParameters):
    """A page of cases."""

    q: Text | None = Field(None, description="A part of the number, of what was told, or of lane and house number")
    limit: Limit = 100
    after: UUID | None = Field(None, description="`next` of the page before")

    def wanted(self, within: Areas) -> CaseFilter:
        """Return the filter, with the words that are looked for."""
        return replace(super().wanted(within), words=self.q)


class HeatParameters(CaseParameters, OnDay):
    """Where and how cases are counted; ``on`` is the day whose areas and residents are shown."""

    bbox: Annotated[str, Field(pattern=rf"^{DEGREES}(,{DEGREES}){{3}}$"), AfterValidator(_box)] | None = Field(
        None, description="west,south,east,north in degrees: where cells are wanted"
    )
    zoom: int = Field(14, ge=0, le=20, description="Leaflet zoom, by which the cells have their size")
    by: Level = Field(Level.GROUP, description="office, community or group")
    sort: Rank = Field(Rank.COUNT, description="Which areas are the foremost: those of the highest count, or rate")
    most: Limit = Field(200, description="So many areas at most; `areas_left` tells of the others")
    step: Step | None = Field(None, description="day, week or month: also a frame for each")

    def box(self) -> Box | None:
        """Return the box as numbers."""
        if self.bbox is None:
            return None
        west, south, east, north = map(float, self.bbox.split(","))
        return west, south, east, north


class CasePath(Parameters):
    """A case by its id, or by its number where no other has it."""

    case: Text


def _split(words: str | None) -> Collection[str] | None:
    return None if words is None else set(words.split(","))


def _ranged(written: str | None, first: int, last: int) -> Collection[int] | None:
    """Return the numbers of a list of ranges; one that ends before it begins goes over the end of the circle."""
    if written is None:
        return None
    numbers: set[int] = set()
    for part in written.split(","):
        begin, _dash, end = part.partition("-")
        low, high = int(begin), int(end or begin)
        numbers |= {*range(low, high + 1)} if low <= high else {*range(low, last + 1), *range(first, high + 1)}
    return numbers


@blueprint.get("/cases", summary="Complaints", responses={200: CasesAnswer})
@needs(Permission.CASES_READ)
def cases(query: ListParameters) -> Response:
    """Return the cases that fit, the newest first."""
    return jsonify(connections().read(_cases, query, kept_counts(), areas_of(Permission.CASES_READ)))


def _cases(connection: Connection, query: ListParameters, kept: KeptCounts, within: Areas) -> dict[str, Any]:
    demand_within(connection, query.area, within)
    page = questions.list_cases(
        connection, query.wanted(within), counts=kept.of(connection), limit=query.limit, after=query.after
    )
    return {"total": page.total, "without_place": page.without_place, "cases": page.rows, "next": page.next}


@blueprint.get("/cases/heat", summary="Where complaints gather", responses={200: HeatAnswer})
@needs(Permission.HEAT_READ)
def cases_heat(query: HeatParameters) -> Response:
    """Return cases on a grid, by area with rates, and in frames of time."""
    tag, answer = connections().read(_heat, query, kept_counts(), areas_of(Permission.HEAT_READ))
    return not_modified(tag) if answer is None else tagged(jsonify(answer), tag)


def _heat(
    connection: Connection, query: HeatParameters, kept: KeptCounts, within: Areas
) -> tuple[str, dict[str, Any] | None]:
    demand_within(connection, query.area, within)
    on = query.on or today(connection)
    seen = None if within is None else sorted(within)
    tag = entity_tag("heat", query.model_dump(mode="json"), on, versions.current(connection, SUBJECTS), seen)
    if unchanged(tag):
        return tag, None
    return tag, heat(
        connection,
        query.wanted(within),
        on,
        counts=kept.of(connection),
        box=query.box(),
        zoom=query.zoom,
        level=query.by,
        rank=query.sort,
        most=query.most,
        step=query.step,
    )


@blueprint.get("/cases/<case>", summary="One complaint", responses={200: CaseAnswer})
@needs(Permission.CASES_READ)
def case_(path: CasePath, query: Spoken) -> Response:  # noqa: ARG001 - the language is read from the address
    """Return a case with who answered for its place on its day."""
    return jsonify(connections().read(_named, questions.case_of, path.case, areas_of(Permission.CASES_READ)))


@blueprint.get("/cases/<case>/events", summary="History of a complaint", responses={200: CaseEventsAnswer})
@needs(Permission.CASES_READ)
def case_events(path: CasePath, query: Spoken) -> Response:  # noqa: ARG001 - the language is read from the address
    """Return the statuses that a case had."""
    return jsonify(connections().read(_named, questions.events_of, path.case, areas_of(Permission.CASES_READ)))


def _named(connection: Connection, asked: Callable[..., dict[str, Any]], named: str, within: Areas) -> dict[str, Any]:
    return asked(connection, questions.identity_of(connection, named, within=within), within=within)
