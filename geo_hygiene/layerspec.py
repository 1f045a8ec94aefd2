"""The words a map layer is declared in.

A layer file holds one model and one :class:`MapLayer`. Import schema, export columns, tiles, legend, popup and
field lists are read from that declaration; nothing else knows a layer by name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from geo_hygiene.i18n import N_
from geo_hygiene.permissions import Permission

if TYPE_CHECKING:
    from sqlalchemy.orm import InstrumentedAttribute

    from geo_hygiene.database import Base


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
    ZONE = "zone"
    """The code of a duty zone."""
    SEGMENT = "segment"
    """The id of a target."""
    AREA = "area"
    """The code of an area."""
    PHONE = "phone"
    """A telephone number, of which only the masked form is stored."""
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
    FROM = "from"
    TO = "to"
    """Metres on the target that the field with the role ``SEGMENT`` names."""
    NAMED = "named"
    """Of another record that the row names, or may make."""
    PENDING = "pending"
    """Empty until the model that fills it exists."""


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
        Role.PENDING,
    }
)
"""Roles that an export writes and an import ignores."""

IMPORT_ONLY = frozenset({Role.LATITUDE, Role.LONGITUDE, Role.CLOCK})
"""Roles that an import reads and an export leaves out: what they say stands in another field or in the geometry."""

ADDRESS_ROLES = frozenset({Role.LANE, Role.HOUSE_NUMBER, Role.ADDRESS})
"""Roles of fields that tell where a row lies without coordinates."""


@dataclass(frozen=True, kw_only=True)
class Choice:
    """One allowed value of a field, with the words that files use for it."""

    value: str
    title: str
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Attribute:
    """One field of a layer, as files, tiles and people see it.

    Attributes
    ----------
    name
        Public name: the export's column, what ``--field`` maps to.
    column
        The model's column that stores it; ``None`` where ``role`` says how it is found.
    aliases
        Other headings under which files bring it, English and Chinese, compared without case and spaces.
    short
        Shapefile field name, at most 10 bytes; ``name`` where that fits.
    otherwise
        What is stored for a word that is none of the choices, as people are told it.
    from_zoom
        Leaflet zoom from which tiles carry it; ``None`` keeps it out of tiles.
    """

    name: str
    title: str
    column: InstrumentedAttribute[Any] | None = None
    role: Role | None = None
    type: FieldType = FieldType.TEXT
    unit: str | None = None
    aliases: tuple[str, ...] = ()
    choices: tuple[Choice, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    otherwise: str = ""
    required: bool = False
    short: str = ""
    from_zoom: int | None = None

    def __post_init__(self) -> None:
        if not self.short:
            object.__setattr__(self, "short", self.name[:10])

    @property
    def importable(self) -> bool:
        """Whether an import reads it."""
        return self.role not in COMPUTED

    @property
    def exportable(self) -> bool:
        """Whether an export writes it."""
        return self.role not in IMPORT_ONLY and not self.is_kept_beside

    @property
    def is_kept_beside(self) -> bool:
        """Whether the record has no column for it, so that what a file says is kept under its heading."""
        return self.role in ADDRESS_ROLES and self.column is None


@dataclass(frozen=True, kw_only=True)
class Grouping:
    """The record that segments make together: the lane of street segments, the drain of drain segments."""

    model: type[Base]
    reference: InstrumentedAttribute[Any]
    """The segment's column that points to it."""
    category: InstrumentedAttribute[Any] | None = None
    """The group's column that takes the segment's category."""


@dataclass(frozen=True, kw_only=True)
class Lettering:
    """How names are written on the map.

    Attributes
    ----------
    rank
        Importance: where two names meet, the one with the lower rank stays.
    from_zoom, until_zoom
        Zooms between which the names are shown.
    sizes
        Pixels at ``from_zoom`` and three zooms later.
    spacing
        Space between letters in em.
    every
        Pixels along a line after which its name is written again.
    """

    color: str
    rank: int
    from_zoom: float
    until_zoom: float | None = None
    sizes: tuple[float, float]
    spacing: float = 0.0
    along_line: bool = False
    every: int = 240
    halo: str = "#FFFDF9"


@dataclass(frozen=True, kw_only=True)
class Style:
    """How a layer is drawn before anybody chooses.

    Zooms are those of a tile's address, which are MapLibre's, one less than Leaflet's. A category is a value of the
    layer's ``category`` column.

    Attributes
    ----------
    order
        Place in the drawing order, low first.
    min_zoom
        Zoom below which its tiles are empty.
    merge_below
        Zoom below which features are merged by category, without their ids.
    fill, fills
        Colour of faces, dots and roadbeds, and by category where it differs.
    line, lines
        Colour of outlines, rims and casings, and by category where it differs.
    line_from
        Zoom from which outlines are drawn.
    signs
        Names of the glyphs of places, by category; ``""`` is any other category. Without them places are plain dots.
    widths
        Pixels of lines by category at the zooms 12, 14, 15.5, 17 and 19; ``""`` is any other category.
    borders
        Sub-layer of the tile that holds each shared border once; ``line`` is then the colour of these.
    borders_order
        Place of the borders in the drawing order.
    main_borders
        Categories whose borders are drawn as a band; the others are fine dots.
    labels
        Sub-layer of the tile that holds one place for each name; without it names follow the features.
    lettering
        How names are written, by category; ``""`` is any other category.
    switchable
        Whether a person may switch the layer on and off.
    """

    order: int
    min_zoom: int = 0
    merge_below: int = 0
    visible: bool = True
    fill: str | None = None
    fills: Mapping[str, str] = field(default_factory=dict)
    line: str | None = None
    lines: Mapping[str, str] = field(default_factory=dict)
    line_from: float = 0
    signs: Mapping[str, str] = field(default_factory=dict)
    widths: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    borders: str | None = None
    borders_order: int = 0
    main_borders: tuple[str, ...] = ()
    labels: str | None = None
    lettering: Mapping[str, Lettering] = field(default_factory=dict)
    switchable: bool = True


@dataclass(frozen=True, kw_only=True)
class MapLayer:
    """The declaration of a layer; see :class:`Attribute` for its fields.

    Attributes
    ----------
    geometry
        ``None`` for a table without a place (people, posts, assignments, zone-segments).
    category
        The column whose value colours and scopes the features.
    nodes_crossings
        Lines are split where they cross at the same ``level``.
    draws
        The layer whose features this one is drawn from (lanes are drawn from their segments).
    tint
        The column with a number of a feature's colour, unlike its neighbours'; tiles carry it as ``tint``.
    shape
        The column of the geometry, where it is not the model's ``geom``.
    any_geometry
        Files may bring points and lines too; a radius makes faces of them.
    has_windows
        The period of a record is a window for work, and the record is true before and after it.
    needs
        What somebody must be permitted to see its features, or how many there are.
    undo
        What is undone when an import is taken back.
    """

    key: str
    title: str
    model: type[Base]
    geometry: GeometryKind | None
    attributes: tuple[Attribute, ...]
    key_field: str
    style: Style | None = None
    category: InstrumentedAttribute[Any] | None = None
    label: InstrumentedAttribute[Any] | None = None
    grouping: Grouping | None = None
    nodes_crossings: bool = False
    is_target: bool = False
    imports: bool = True
    exports: bool = True
    draws: str | None = None
    tint: InstrumentedAttribute[Any] | None = None
    shape: InstrumentedAttribute[Any] | None = None
    any_geometry: bool = False
    has_windows: bool = False
    needs: Permission = Permission.MAP_READ
    undo: Undo = Undo.ALL
    made_by: str | None = field(default=None)
    """The layer whose import makes these records."""

    def __iter__(self) -> Iterator[Attribute]:
        return iter(self.attributes)

    @property
    def exported(self) -> tuple[Attribute, ...]:
        """Return the fields that an export writes."""
        return tuple(attribute for attribute in self.attributes if attribute.exportable)

    def attribute(self, name: str) -> Attribute:
        """Return a field by its public name; ``KeyError`` when there is none."""
        for attribute in self.attributes:
            if attribute.name == name:
                return attribute
        raise KeyError(name)

    def with_role(self, role: Role) -> Attribute | None:
        """Return the field that has a role, if any."""
        return next((attribute for attribute in self.attributes if attribute.role is role), None)

    @property
    def category_field(self) -> Attribute | None:
        """The field whose value colours the features."""
        return next((a for a in self.attributes if self.category is not None and a.column is self.category), None)

    @property
    def category_name(self) -> str:
        """The public name of that field, under which tiles carry it."""
        return self.category_field.name if self.category_field is not None else "category"

    @property
    def category_choices(self) -> tuple[Choice, ...]:
        """The values of that field, as they are declared."""
        return self.category_field.choices if self.category_field is not None else ()

    @property
    def unit(self) -> str:
        """Return in what its targets are summed up: ``count`` for points, else ``m``."""
        return "count" if self.geometry is GeometryKind.POINT else "m"

    def amount(self, extent: int | None) -> float | int:
        """Return millimetres of lines as metres, and points as they are counted."""
        return int(extent or 0) if self.unit == "count" else round(int(extent or 0) / 1000, 3)

    @property
    def is_event(self) -> bool:
        """Whether its records happened at an instant, so that no day is asked for when they are listed."""
        return any(attribute.type is FieldType.INSTANT for attribute in self.attributes)

    @property
    def places_by_coordinates(self) -> bool:
        """Whether a row may bring its place as longitude and latitude instead of a geometry."""
        return self.with_role(Role.LATITUDE) is not None

    @property
    def on_map(self) -> bool:
        """Whether the layer has tiles."""
        return self.style is not None


def identity_fields(
    model: Any, *, code_aliases: tuple[str, ...] = (), code_from_zoom: int | None = None
) -> tuple[Attribute, ...]:
    """Return the fields ``id`` and ``code`` that most layers begin with; ``code_from_zoom`` as ``from_zoom``."""
    return (
        Attribute(name="id", title=N_("Id"), column=model.uuid, role=Role.UUID, type=FieldType.UUID, from_zoom=14),
        Attribute(
            name="code",
            title=N_("Code"),
            column=model.code,
            role=Role.CODE,
            aliases=("编号", "编码", "代码", "number", "no", *code_aliases),
            from_zoom=code_from_zoom,
        ),
    )


def place_fields() -> tuple[Attribute, ...]:
    """Return the computed codes of the areas that a target lies in."""
    return (
        Attribute(name="office", title=N_("Office"), role=Role.OFFICE),
        Attribute(name="community", title=N_("Community"), role=Role.COMMUNITY),
        Attribute(name="group", title=N_("Resident group"), role=Role.RESIDENT_GROUP),
    )


def coordinate_fields() -> tuple[Attribute, ...]:
    """Return longitude and latitude of rows without a geometry."""
    return (
        Attribute(
            name="lon",
            title=N_("Longitude"),
            role=Role.LONGITUDE,
            type=FieldType.NUMBER,
            minimum=-180,
            maximum=180,
            aliases=("经度", "东经", "longitude", "lng", "x"),
        ),
        Attribute(
            name="lat",
            title=N_("Latitude"),
            role=Role.LATITUDE,
            type=FieldType.NUMBER,
            minimum=-90,
            maximum=90,
            aliases=("纬度", "北纬", "latitude", "y"),
        ),
    )


def address_fields(model: Any = None) -> tuple[Attribute, ...]:
    """Return lane and house number; without a ``model`` that stores them they only say where a row lies."""
    return (
        Attribute(
            name="lane",
            title=N_("Lane"),
            column=None if model is None else model.lane,
            role=Role.LANE,
            aliases=("街巷", "道路", "路名", "所在道路", "所在街巷", "street"),
        ),
        Attribute(
            name="house_number",
            title=N_("House number"),
            column=None if model is None else model.house_number,
            role=Role.HOUSE_NUMBER,
            aliases=("门牌号", "门牌", "housenumber"),
        ),
    )


def address_field() -> Attribute:
    """Return a field of words that name a lane and a house number in one."""
    return Attribute(
        name="address",
        title=N_("Address"),
        role=Role.ADDRESS,
        aliases=("地址", "详细地址", "经营地址", "所在地址", "位置"),
    )


def period_fields(model: Any) -> tuple[Attribute, ...]:
    """Return the half-open period of a record; ``valid_to`` is exclusive."""
    return (
        Attribute(
            name="valid_from",
            title=N_("Valid from"),
            column=model.valid_from,
            role=Role.VALID_FROM,
            type=FieldType.DATE,
            aliases=("起", "开始日期", "生效日期", "from", "start"),
        ),
        Attribute(
            name="valid_to",
            title=N_("Valid until (exclusive)"),
            column=model.valid_to,
            role=Role.VALID_TO,
            type=FieldType.DATE,
            aliases=("止", "结束日期", "失效日期", "to", "until", "end"),
        ),
    )
