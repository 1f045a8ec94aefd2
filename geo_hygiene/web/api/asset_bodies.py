"""What somebody sends who changes tanks, streets and drains by hand."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal
from uuid import UUID

import shapely
from pydantic import Field, StrictFloat, StrictInt, StrictStr, model_validator

from geo_hygiene.assets.mistakes import WrongAssetError
from geo_hygiene.i18n import _
from geo_hygiene.web.api.zone_bodies import Metres, Position
from geo_hygiene.web.parameters import Day, Parameters, Text

MOST_FIELDS = 50
LONGEST_VALUE = 1000
MOST = 10**12
"""Of a number; what a field may be at most is declared with it."""

FieldName = Annotated[str, Field(max_length=60, pattern=r"^[a-z0-9_]+$")]
Finite = Annotated[StrictFloat, Field(allow_inf_nan=False)]
Whole = Annotated[StrictInt, Field(ge=-MOST, le=MOST)]
Value = Annotated[StrictStr, Field(max_length=LONGEST_VALUE)] | Whole | Finite | None
Fields = Annotated[dict[FieldName, Value], Field(max_length=MOST_FIELDS)]


class PointDrawn(Parameters):
    """A GeoJSON point, EPSG:4326."""

    type: Literal["Point"]
    coordinates: Position

    def read(self) -> Any:
        """Return it as a shape."""
        return shapely.Point(self.coordinates)


class LineDrawn(Parameters):
    """A GeoJSON line, EPSG:4326."""

    type: Literal["LineString"]
    coordinates: Annotated[list[Position], Field(min_length=2)]

    def read(self) -> Any:
        """Return it as a shape."""
        return shapely.LineString(self.coordinates)


Shape = Annotated[PointDrawn | LineDrawn, Field(discriminator="type")]


class ActBody(Parameters):
    """Something that is done from a day on, or for ever."""

    begin: Day | None = Field(None, alias="from", description="Day from which it holds")
    correct: Literal[True] | None = Field(None, description="It has always been so: a correction")
    dry_run: bool = Field(default=False, description="Tell what would be done, and do nothing")

    def start(self) -> date | None:
        """Return the day from which it holds; none where it corrects."""
        if (self.begin is None) != bool(self.correct):
            raise WrongAssetError("from", _("Say either from which day the change holds, or that it corrects."))
        return self.begin


class NewAssetBody(ActBody):
    """Something new."""

    id: UUID | None = Field(None, description="Made by the sender: what is sent twice is made once")
    geometry: Shape
    fields: Fields = Field(default_factory=dict, description="By the names that the layer declares")


class AssetBody(ActBody):
    """What is to be different; what is not said stays."""

    geometry: Shape | None = None
    fields: Fields = Field(default_factory=dict, description="By the names that the layer declares; null empties one")


class EndAssetBody(Parameters):
    """The day from which it is no more."""

    begin: Day = Field(alias="from")
    dry_run: bool = Field(default=False, description="Tell what would be done, and do nothing")


class SplitAssetBody(ActBody):
    """Where a line is split."""

    at_m: Metres | None = Field(None, description="Metres from its start")
    at: Position | None = Field(None, description="A place on it, or near")

    @model_validator(mode="after")
    def _one_place(self) -> SplitAssetBody:
        if (self.at_m is None) == (self.at is None):
            raise ValueError(_("Say either a place or metres from the start."))
        return self

    def place(self) -> float | tuple[float, float]:
        """Return the one that is said."""
        if self.at is not None:
            return self.at
        return self.at_m or 0.0


class JoinAssetBody(ActBody):
    """The line that goes on where this one ends."""

    other: UUID
    version: int = Field(ge=1, le=10**9, description="The version of that line that you read")
    fields: Fields = Field(default_factory=dict, description="What the one line says otherwise than this one: its lane")


class RenameBody(Parameters):
    """The other name of a lane or drain."""

    name: Annotated[Text, Field(min_length=1)]
