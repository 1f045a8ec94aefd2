"""The declared form of the answers about cases."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from geo_hygiene.web.api.answer_models import Answer, Box, Link, Place


class Case(Answer):
    """A complaint; ``community`` and ``group`` are codes, ``segment`` the nearest target of its day within 100 m."""

    id: UUID
    source: str
    external_id: str | None
    kind: str
    channel: str | None
    status: str
    status_at: datetime
    reported_at: datetime
    has_time: bool = Field(description="Whether more than the day of the report is known")
    closed_at: datetime | None
    description: str | None
    lane: str | None
    house_number: str | None
    place: Place | None
    place_accuracy_m: float | None = Field(
        description="By how much the place may be off that was found by lane and house number; null: it was given"
    )
    community: str | None
    community_name: str | None
    group: str | None
    group_name: str | None
    segment: UUID | None
    segment_kind: str | None
    distance_m: float | None


class CasesAnswer(Answer):
    """Cases, the newest first; ``total`` counts all pages, ``next`` is the ``after`` of the next one."""

    total: int
    without_place: int
    cases: list[Case]
    next: UUID | None


class DutyHere(Answer):
    """A zone that holds the place of a case, and its chain from the leader down."""

    duty: str
    from_m: float
    to_m: float
    zone: str | None
    zone_name: str | None
    shift: str
    since: date | None
    chain: list[Link]


Known = Annotated[
    Literal["time", "day", "file", "report"],
    Field(
        description="What is known of when a status began: its time, its day, that it stood in a file of that day, or "
        "no more than that it was not before"
    ),
]


class CaseEvent(Answer):
    """A status, the instant from which a case had it, and when we heard of it."""

    status: str
    at: datetime
    known: Known
    recorded_at: datetime


class CaseAnswer(Case):
    """A case with who answered for its place on its day, and its history, the newest last.

    ``above`` answer for its area, also where nobody looks after the street.
    """

    status_known: Known
    version: int
    recorded_at: datetime
    on: date
    office: str | None
    office_name: str | None
    above: list[Link]
    at_m: float | None
    segment_code: str | None
    segment_name: str | None
    segment_lane: str | None
    segment_lane_code: str | None
    segment_length_m: float | None
    gap: bool | None = Field(description="Whether nobody looks after the place; null: no target, or in no duty's scope")
    gaps: list[str] = Field(description="Codes of the duties whose scope holds the place and that have no zone there")
    duties: list[DutyHere]
    events: list[CaseEvent]


class CaseEventsAnswer(Answer):
    """The statuses of a case, the first one first."""

    case: UUID
    events: list[CaseEvent]


class Density(Answer):
    """Cases on a grid; total = without_place + outside + hidden + the sum of the cells."""

    total: int
    without_place: int
    outside: int = Field(description="With a place outside the box")
    hidden: int = Field(description="Fewer than five even in the widest cells, which are not shown")
    cells: list[tuple[float, float, int, float]] = Field(
        description="Longitude and latitude of the middle, the cases that no smaller cell shows, side in metres of "
        "the plane of the tiles (EPSG:3857)"
    )


class Frame(Density):
    """The cases of one step of time; ``to`` is the day after its last."""

    begin: date = Field(alias="from")
    to: date


class AreaRate(Answer):
    """The cases of an area, and how many these are for each 1 000 residents."""

    code: str | None
    name: str | None
    residents: int | None
    count: int
    rate: float | None
    interval: tuple[float, float] | None = Field(description="Exact 95 % interval of the rate, the count being Poisson")
    is_uncertain: bool = Field(description="The rate rests on fewer than 20 cases or 1 000 residents")
    place: Place | None
    bbox: Box | None


class AreasLeft(Answer):
    """Areas with cases that are not told of, and their cases; with those of ``areas`` they are the total."""

    areas: int
    count: int


class HeatAnswer(Density):
    """Where cases gather."""

    zoom: int
    cell_px: int
    cell: float = Field(
        description="Side of the smallest cells in metres of the plane of the tiles (EPSG:3857), counted from 0; "
        "others are 2, 4, 8, 16 and 32 times as wide"
    )
    by_level: Literal["office", "community", "group"]
    areas: list[AreaRate]
    areas_left: AreasLeft
    kinds: dict[str, int]
    channels: dict[str, int]
    statuses: dict[str, int]
    weekdays: list[int] = Field(description="Monday first")
    hours: list[int]
    without_time: int = Field(description="Without a time of day, in no hour: midnight to the second")
    frames: list[Frame]
    frame_cell: float = Field(description="Side of the smallest cells of the frames")
