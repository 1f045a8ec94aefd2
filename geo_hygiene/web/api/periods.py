"""Half-open periods of days in addresses."""

from __future__ import annotations

from datetime import date

from pydantic import Field

from geo_hygiene.i18n import _
from geo_hygiene.permissions import Areas
from geo_hygiene.web.errors import InvalidParameterError
from geo_hygiene.web.parameters import Day, Spoken, Text
from geo_hygiene.works.asked import Asked


class PeriodParameters(Spoken):
    """A half-open period of days."""

    begin: Day | None = Field(None, alias="from", description="First day (ISO)")
    end: Day | None = Field(None, alias="to", description="Day after the last (ISO)")


class WholePeriodParameters(PeriodParameters):
    """A half-open period of days that must be named, and an area."""

    begin: Day = Field(alias="from", description="First day (ISO)")
    end: Day = Field(alias="to", description="Day after the last (ISO)")
    area: Text | None = Field(None, description="Code of an area; with all below it")


def asked_for(begin: date, end: date, area: str | None, within: Areas) -> Asked:
    """Return what is asked of a period.

    Raises
    ------
    InvalidParameterError
        If it ends before it begins.
    """
    if end <= begin:
        raise InvalidParameterError("to", _("The period ends before it begins."))
    return Asked(begin=begin, end=end, area=area, within=within)
