"""What is asked and sent of people and of those who hold zones."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, field_validator

from geo_hygiene.files.importing.masking import mask_phone
from geo_hygiene.people.chains import By
from geo_hygiene.people.listing import Show, Sort
from geo_hygiene.web.api.zone_bodies import Code, DayBody, Shift
from geo_hygiene.web.parameters import Day, Limit, OnDay, Parameters, Text, Word

MOST_ZONES = 500
PersonRole = Literal["leader", "cadre", "cleaner", "supervisor", "estate_cleaner", "volunteer"]
Employment = Literal["full_time", "part_time", "public_post", "older_jobseeker", "low_income"]
PostKind = Literal["leader", "cadre"]
PageNumber = Annotated[int, Field(ge=1, le=100_000)]
Name = Annotated[Text, Field(min_length=1)]


class PeopleParameters(OnDay):
    """Which people, on which day, and which page of them."""

    q: Text | None = Field(None, description="Part of a code or name")
    area: Text | None = Field(None, description="Code: who belongs, has a post or holds a zone there")
    duty: Word | None = Field(None, description="Who holds a zone of it")
    role: PersonRole | None = None
    show: Show = Field(Show.HERE, description="without: no zone or post; away: somebody stands in; left: is gone")
    sort: Sort = Sort.CODE
    page: PageNumber = 1
    limit: Limit = 50


class HoldersParameters(OnDay):
    """Which zones with their holders."""

    q: Text | None = Field(None, description="Part of a code or name of a zone or of who holds it")
    area: Text | None = None
    duty: Word | None = None
    vacant: bool = Field(default=False, description="Only those that nobody holds")
    page: PageNumber = 1
    limit: Limit = 50


class ChainParameters(OnDay):
    """Which areas with those who answer for them."""

    by: By = By.COMMUNITY
    area: Text | None = None
    broken: bool = Field(default=False, description="Only where a level has nobody, or a zone")
    page: PageNumber = 1
    limit: Limit = 50


class PersonPath(Parameters):
    """A person by id or code."""

    person: Text


class PersonBody(Parameters):
    """What may be said of a person; what is not said stays, and null takes it away."""

    name: Name | None = None
    role: PersonRole | None = None
    employment: Employment | None = None
    community: Text | None = None
    phone: Text | None = Field(None, description="Only its ends are stored: 138****1234")

    @field_validator("phone")
    @classmethod
    def _masked(cls, phone: str | None) -> str | None:
        return None if phone is None else mask_phone(phone)

    def words(self) -> dict[str, Any]:
        """Return what was said; a person has a name and a role always."""
        said = self.model_dump(exclude_unset=True, exclude={"code"})
        return {name: value for name, value in said.items() if value is not None or name not in {"name", "role"}}


class NewPersonBody(PersonBody):
    """A new person."""

    code: Code
    name: Name
    role: PersonRole


class GiftBody(Parameters):
    """A zone and who holds it; nobody where the person is null."""

    zone: Text
    person: Text | None
    version: int | None = Field(None, ge=1, le=10**9, description="Of the zone, as you read it")


class GiveBody(DayBody):
    """Zones are given to people from a day on, or until before another."""

    zones: Annotated[list[GiftBody], Field(min_length=1, max_length=MOST_ZONES)]
    end: Day | None = Field(None, alias="to")
    shift: Shift | None = Field(None, description="That of each zone when missing")


Zones = Annotated[list[Text], Field(min_length=1, max_length=MOST_ZONES)]


class SubstituteBody(DayBody):
    """Somebody stands in for the person until before a day, on some zones or all."""

    person: Name
    end: Day = Field(alias="to")
    zones: Zones | None = None


class SubstituteEndBody(DayBody):
    """The person holds the zones again from a day on."""

    person: Text | None = Field(None, description="Only what this substitute holds")
    zones: Zones | None = None


class LeaveBody(DayBody):
    """Somebody is gone from a day on; zones go to those who are named for them, and are vacant else."""

    hand_over: Annotated[dict[Text, Name], Field(max_length=MOST_ZONES)] = Field(
        default_factory=dict, description="By zone the code of who takes it over"
    )


class ReturnBody(Parameters):
    """Nothing is said: the person is there again."""


class PostBody(DayBody):
    """Somebody answers for an area from a day on, or until before another."""

    area: Name
    kind: PostKind
    end: Day | None = Field(None, alias="to")


class PostEndBody(DayBody):
    """Somebody answers for an area no longer."""

    area: Name
    kind: PostKind
