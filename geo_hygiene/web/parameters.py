"""Parameters that addresses may carry; anything else in an address is refused by name."""

from __future__ import annotations

import re
from datetime import date
from functools import cache
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from geo_hygiene.i18n import N_, _

ISO_DAY = re.compile(r"(?a:\d{4}-\d{2}-\d{2})")
WIDE_SPACES = re.compile(r"[\u00a0\u3000]")
FIRST_YEAR, LAST_YEAR = 1900, 2199
MOST_ROWS = 1000


def _iso_day(value: object) -> object:
    """Let only whole ISO days through: pydantic alone would read a number as seconds since 1970."""
    if isinstance(value, str) and not ISO_DAY.fullmatch(value):
        raise ValueError(_("must be a day as YYYY-MM-DD"))
    return value


def _near(day: date) -> date:
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise ValueError(_("must be a day between %(first)s and %(last)s", first=FIRST_YEAR, last=LAST_YEAR))
    return day


def _printable(value: str) -> str:
    """Refuse characters that no name holds; a NUL can not even be asked for. The wide space of Chinese is a space."""
    value = " ".join(WIDE_SPACES.split(value))
    if not value.isprintable():
        raise ValueError(_("must not hold control characters"))
    return value


Day = Annotated[date, BeforeValidator(_iso_day), AfterValidator(_near)]
Text = Annotated[str, Field(max_length=100), AfterValidator(_printable)]
Word = Annotated[str, Field(max_length=60, pattern=r"^[a-z0-9][a-z0-9-]*$")]
Limit = Annotated[int, Field(ge=1, le=MOST_ROWS)]
RowNumber = Annotated[int, Field(ge=1, le=1_000_000_000)]
"""Number in the whole list of the first row of a page: only told, rows come by the key of the page."""
State = Literal["gap", "overlap", "vacant", "covered"]
PageKey = Annotated[str, Field(max_length=80, pattern=r"^\d{1,9}\.[0-9a-f-]{36}\.\d{1,9}$")]
"""Key after which a page of stretches begins: length, id and start of the last one."""


#: What the forms of the pages call the words of an address.
TITLES = {
    "area": N_("Area"),
    "at": N_("Through time"),
    "by": N_("Areas"),
    "category": N_("Class"),
    "channel": N_("Channel"),
    "community": N_("Community"),
    "days": N_("In so many days"),
    "draft": N_("Draft"),
    "duty": N_("Duty"),
    "from": N_("First day"),
    "group": N_("Group"),
    "hour": N_("Time of day"),
    "kind": N_("Kind"),
    "lane": N_("Lane"),
    "layers": N_("Layers"),
    "minutes": N_("Minutes each time"),
    "on": N_("Day"),
    "person": N_("Person"),
    "reason": N_("Reason"),
    "sort": N_("Order"),
    "state": N_("State"),
    "status": N_("Status"),
    "subject": N_("Kind of target"),
    "times": N_("Times"),
    "to": N_("Last day"),
    "until": N_("Last day"),
    "valid_from": N_("Valid from"),
    "valid_to": N_("Valid until (exclusive)"),
    "weekday": N_("Day of the week"),
    "width_from_m": N_("Width from"),
    "width_to_m": N_("Width below"),
    "within": N_("Area"),
    "year": N_("Year"),
    "zone": N_("Zone"),
    "zone_class": N_("Zone class"),
}


def title_of(word: str) -> str:
    """Return what people know a word of an address as."""
    return _(TITLES[word]) if word in TITLES else word


class Parameters(BaseModel):
    """Base of all parameters: unknown ones are refused, empty ones are as if they were not there."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)

    @model_validator(mode="before")
    @classmethod
    def _drop_empty(cls, values: Any) -> Any:
        return {name: value for name, value in values.items() if value != ""} if isinstance(values, dict) else values

    @classmethod
    @cache
    def _schema(cls) -> dict[str, Any]:
        return super().model_json_schema()

    @classmethod
    def model_json_schema(cls, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Return the JSON schema; flask-openapi3 asks for it again at every request, so the plain one is kept."""
        return super().model_json_schema(*args, **kwargs) if args or kwargs else cls._schema()


class Spoken(Parameters):
    """Parameters of an address that answers in words."""

    lang: Text | None = Field(None, description="Language of titles: en or zh-Hans")


class OnDay(Spoken):
    """A day; without one it is today in the office's time zone."""

    on: Day | None = Field(None, description="Day (ISO); today in the office's time zone when missing")


class DutyAndDay(OnDay):
    """A duty on a day."""

    duty: Word = Field(description="Code of the duty: sweeping, supervision, drains, tanks")


class Language(Parameters, extra="ignore"):
    """A language to speak from now on, and the page to go back to."""

    to: Literal["en", "zh-Hans"]
    next: Annotated[str, Field(max_length=1500)] = "/"
