"""The words a map layer is declared in.

A layer file holds one model and one :class:`MapLayer`. Import schema, export columns, tiles, legend, popup and
field lists are read from that declaration; nothing else knows a layer by name.
"""

from geo_hygiene.layerspec.declarations import Attribute, Choice, Grouping, MapLayer
from geo_hygiene.layerspec.fields import (
    address_field,
    address_fields,
    coordinate_fields,
    identity_fields,
    period_fields,
    place_fields,
    work_field,
)
from geo_hygiene.layerspec.styles import Lettering, Style
from geo_hygiene.layerspec.words import (
    ADDRESS_ROLES,
    COMPUTED,
    IMPORT_ONLY,
    PLACE_ACCURACY,
    FieldType,
    GeometryKind,
    Role,
    Undo,
)

__all__ = [
    "ADDRESS_ROLES",
    "COMPUTED",
    "IMPORT_ONLY",
    "PLACE_ACCURACY",
    "Attribute",
    "Choice",
    "FieldType",
    "GeometryKind",
    "Grouping",
    "Lettering",
    "MapLayer",
    "Role",
    "Style",
    "Undo",
    "address_field",
    "address_fields",
    "coordinate_fields",
    "identity_fields",
    "period_fields",
    "place_fields",
    "work_field",
]
