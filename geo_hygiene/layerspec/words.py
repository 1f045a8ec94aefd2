"""What kinds of geometry, field and role there are, and which roles belong together."""

from __future__ import annotations

from enum import StrEnum


class GeometryKind(StrEnum):
    """What the features of a layer are."""

    POINT = "point"
    LINE = "line"
    POLYGON = "polygon"


class Undo(StrEnum):
    """What is undone when an import of a layer is taken back."""

    ALL = "all"
    """Its records keep what they said before: what it brought goes, and what it changed is as it was."""
    NEW = "new"
    """What it brought goes; an import that changed what was there stays."""
    NOTHING = "nothing"
    """What it writes belongs to records of other imports."""


class FieldType(StrEnum):
    """How a field is read and written."""

    TEXT = "text"
    INTEGER = "integer"
    NUMBER = "number"
    DATE = "date"
    TIME = "time"
    INSTANT = "instant"
    """A day with its time; without a time zone it is the office's."""
    UUID = "uuid"
    CODES = "codes"
    """Several codes in one field, joined by ``;``."""


class Role(StrEnum):
    """What a field means to the machinery; a plain attribute has none."""

    UUID = "uuid"
    """The record's public id."""
    CODE = "code"
    """What people type for the record."""
    PARENT = "parent"
    """The code of the record above it in its tree."""
    GROUP_NAME = "group-name"
    """The name of the lane or drain that a segment belongs to."""
    GROUP_CODE = "group-code"
    """The code of that lane or drain."""
    LENGTH = "length"
    """Geodesic metres, computed."""
    OFFICE = "office"
    COMMUNITY = "community"
    RESIDENT_GROUP = "group"
    """Codes of the areas that the record lies in, computed."""
    VALID_FROM = "valid-from"
    VALID_TO = "valid-to"
    DUTY = "duty"
    HOLDERS = "holders"
    """Codes of the persons who hold a zone."""
    PLAN = "plan"
    BASIS = "basis"
    """Whether a zone is a list or a shape."""
    VERSION = "version"
    """Counts the states of a record; written by the program alone."""
    ZONE_CLASS = "zone-class"
    """The zone class of the area that a target lies in, computed."""
    PERSON = "person"
    """The code of a person."""
    ABSENT = "absent"
    """The code of the person for whom somebody stands in."""
    ZONE = "zone"
    """The code of a duty zone."""
    SEGMENT = "segment"
    """The id of a target."""
    AREA = "area"
    """The code of an area."""
    PHONE = "phone"
    """A telephone number, of which only the masked form is stored."""
    NUMBERS = "numbers"
    """Telephone numbers of which only keyed hashes are stored."""
    FREE_TEXT = "free-text"
    """What somebody wrote; telephone numbers in it are masked."""
    CAMPAIGN = "campaign"
    """The code of a campaign."""
    CASE = "case"
    """The id of a case."""
    LATITUDE = "latitude"
    LONGITUDE = "longitude"
    """Degrees (EPSG:4326) of a row without a geometry."""
    LANE = "lane"
    HOUSE_NUMBER = "house-number"
    """Where a row lies on the lanes that are stored, if it has neither a geometry nor coordinates."""
    ADDRESS = "address"
    """Words that may name a lane and a house number, where no field of their own does."""
    PLACE_ACCURACY = "place-accuracy"
    """Metres by which a place may be off that was found by an address; kept beside the fields of the record."""
    CLOCK = "clock"
    """The time of day, where it stands in a column of its own."""
    DRAIN = "drain"
    """The drain that a row names, where lanes have a column of their own."""
    FROM = "from"
    TO = "to"
    """Metres on the target that the field with the role ``SEGMENT`` names."""
    NAMED = "named"
    """Of another record that the row names, or may make."""
    WORK = "work"
    """Minutes a day by the work model, computed."""


PLACE_ACCURACY = "place_accuracy_m"
"""Under this name a record that was placed by its address keeps how far off its place may be."""

COMPUTED = frozenset(
    {
        Role.LENGTH,
        Role.OFFICE,
        Role.COMMUNITY,
        Role.RESIDENT_GROUP,
        Role.ZONE_CLASS,
        Role.PLAN,
        Role.BASIS,
        Role.VERSION,
        Role.WORK,
    }
)
"""Roles that an export writes and an import ignores."""

IMPORT_ONLY = frozenset({Role.LATITUDE, Role.LONGITUDE, Role.CLOCK, Role.DRAIN, Role.NUMBERS})
"""Roles that an import reads and an export leaves out: what they say stands in another field or in the geometry, or is
never told again."""

ADDRESS_ROLES = frozenset({Role.LANE, Role.HOUSE_NUMBER, Role.ADDRESS})
"""Roles of fields that tell where a row lies without coordinates."""
