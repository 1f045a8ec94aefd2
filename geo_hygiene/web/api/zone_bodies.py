"""What a zone editor sends."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

import shapely
from pydantic import Field

from geo_hygiene.i18n import _
from geo_hygiene.web.parameters import Day, Parameters, Text, Word
from geo_hygiene.zoning.drawings import read_line, read_polygons
from geo_hygiene.zoning.editing import ZoneWords
from geo_hygiene.zoning.lists import SaidStretch
from geo_hygiene.zoning.mistakes import WrongZoneError

MOST_STRETCHES = 20_000
LEAST_RING = 4

Longitude = Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False)]
Latitude = Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False)]
Position = tuple[Longitude, Latitude]
Ring = Annotated[list[Position], Field(min_length=LEAST_RING)]
Rings = Annotated[list[Ring], Field(min_length=1)]
Metres = Annotated[float, Field(ge=0, le=2_000_000, allow_inf_nan=False)]
Shift = Literal["all-day", "morning", "afternoon", "night"]
Code = Annotated[str, Field(min_length=1, max_length=60, pattern=r"^[^\s~;,/]+$")]


class Stretch(Parameters):
    """A stretch of a segment; without ends it is the whole of it."""

    segment: UUID
    from_m: Metres | None = None
    to_m: Metres | None = None


Stretches = Annotated[list[Stretch], Field(max_length=MOST_STRETCHES)]


class Polygon(Parameters):
    """A GeoJSON polygon, EPSG:4326."""

    type: Literal["Polygon"]
    coordinates: Rings


class MultiPolygon(Parameters):
    """A GeoJSON multipolygon, EPSG:4326."""

    type: Literal["MultiPolygon"]
    coordinates: Annotated[list[Rings], Field(min_length=1)]


class Line(Parameters):
    """A GeoJSON line, EPSG:4326."""

    type: Literal["LineString"]
    coordinates: Annotated[list[Position], Field(min_length=2)]

    def read(self, place: str) -> shapely.LineString:
        """Return it as a shape."""
        return read_line(self.coordinates, place)


Drawing = Annotated[Polygon | MultiPolygon, Field(discriminator="type")]


def read_drawing(drawing: Polygon | MultiPolygon, place: str) -> shapely.MultiPolygon:
    """Return what was drawn as one shape."""
    polygons = [drawing.coordinates] if isinstance(drawing, Polygon) else drawing.coordinates
    return read_polygons(polygons, place)


def said(stretches: list[Stretch] | None) -> list[SaidStretch] | None:
    """Return a list as it is checked below."""
    return None if stretches is None else [SaidStretch(one.segment, one.from_m, one.to_m) for one in stretches]


class ZoneBody(Parameters):
    """What may be said of a zone; what is not said stays as it is."""

    name: Text | None = None
    shift: Shift | None = None
    segments: Stretches | None = Field(None, description="The whole list of the zone")
    picture: Drawing | None = Field(
        None,
        description="The polygon that is shown for the list; a draft draws it from the list where it is missing",
    )

    def words(self) -> ZoneWords:
        """Return it as it is stored."""
        picture = None if self.picture is None else shapely.to_wkb(read_drawing(self.picture, "picture"))
        return ZoneWords(name=self.name, shift=self.shift, segments=said(self.segments), picture=picture)


class NewZoneBody(ZoneBody):
    """A new zone."""

    id: UUID | None = Field(None, description="Made by the sender: a zone that is sent twice is made once")
    duty: Word
    code: Code | None = Field(None, description="Made up when missing")
    valid_from: Day
    valid_to: Day | None = None


class ChangeBody(ZoneBody):
    """A change of a zone."""

    begin: Day | None = Field(None, alias="from", description="Day from which it holds")
    correct: Literal[True] | None = Field(None, description="It corrects the zone for its whole period instead")

    def start(self) -> date | None:
        """Return the day from which it holds; none where it corrects."""
        if (self.begin is None) != bool(self.correct):
            raise WrongZoneError("from", _("Say either from which day the change holds, or that it corrects."))
        return self.begin


class DayBody(Parameters):
    """The day from which something holds."""

    begin: Day = Field(alias="from")


class SplitBody(DayBody):
    """A line that cuts a zone."""

    line: Line
    codes: Annotated[list[Code], Field(max_length=20)] = Field(
        default_factory=list, description="Of the smaller parts, the largest of them first; made up when missing"
    )


class MergeBody(DayBody):
    """Another zone, which is taken over."""

    zone: Text = Field(description="Id or code")
    version: int = Field(ge=1, le=10**9, description="The version of that zone that you read")


class AssignBody(DayBody):
    """Who holds a zone from a day on, or until before another; nobody where the person is null."""

    person: Text | None = Field(description="Code; null for nobody")
    end: Day | None = Field(None, alias="to")
    shift: Shift = "all-day"


class UndoBody(Parameters):
    """The version that a zone becomes again."""

    version: int = Field(ge=1, le=10**9)


class ListBody(Parameters):
    """The list of a zone that is not stored, with the polygon that is shown for it."""

    segments: Stretches
    picture: Drawing | None = None


class BesideBody(Parameters):
    """Another zone that is otherwise than in the plan and in the draft."""

    zone: Code
    shift: Shift = "all-day"
    held: bool | None = Field(None, description="Whether somebody holds it; not said: as in the plan")
    segments: Stretches | None = Field(None, description="Its whole list; null: it is not there")


class OverPlanBody(Parameters):
    """A duty on a day, over which something is drawn."""

    duty: Word
    on: Day | None = Field(None, description="Today in the office when missing")


class PreviewBody(OverPlanBody):
    """A zone that is not stored: its list, or a polygon that proposes it, or what changes in it."""

    zone: Text | None = Field(None, description="Code of the zone in whose place it is")
    shift: Shift = "all-day"
    held: bool | None = Field(None, description="Whether somebody holds it; not said: as in the plan")
    segments: Stretches | None = None
    polygon: Drawing | None = None
    former: Drawing | None = Field(
        None, description="What was drawn before: only what changes since then is changed in the segments"
    )
    draft: Text | None = Field(None, description="Name or id of the draft that it is drawn in")
    beside: Annotated[list[BesideBody], Field(max_length=500)] = Field(
        default_factory=list, description="Other zones that are not stored either"
    )


class CutBody(OverPlanBody, ListBody):
    """A list and the line that cuts it."""

    line: Line


class JoinBody(OverPlanBody):
    """Lists that become one."""

    zones: Annotated[list[ListBody], Field(min_length=1, max_length=50)]
