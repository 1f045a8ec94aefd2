"""The declaration of a layer, of its fields and of what they may say."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from geo_hygiene.layerspec.styles import Style
from geo_hygiene.layerspec.words import ADDRESS_ROLES, COMPUTED, IMPORT_ONLY, FieldType, GeometryKind, Role, Undo
from geo_hygiene.permissions import Permission

if TYPE_CHECKING:
    from sqlalchemy.orm import InstrumentedAttribute

    from geo_hygiene.database import Base


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
    exact
        A number with more decimals than its column keeps is an error, and not rounded.
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
    exact: bool = False
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
    width
        The column of the width in metres, by which work on a line may differ.
    any_geometry
        Files may bring points and lines too; a radius makes faces of them.
    has_windows
        The period of a record is a window for work, and the record is true before and after it.
    happened
        Its records happened on a day, and do not end, though no field is an instant.
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
    width: InstrumentedAttribute[Any] | None = None
    any_geometry: bool = False
    has_windows: bool = False
    happened: bool = False
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
        """Whether its records happened at an instant or on a day, so that no day is asked for when they are listed."""
        return self.happened or any(attribute.type is FieldType.INSTANT for attribute in self.attributes)

    @property
    def places_by_coordinates(self) -> bool:
        """Whether a row may bring its place as longitude and latitude instead of a geometry."""
        return self.with_role(Role.LATITUDE) is not None

    @property
    def on_map(self) -> bool:
        """Whether the layer has tiles."""
        return self.style is not None
