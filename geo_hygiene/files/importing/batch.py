"""The rows of one file on their way into one layer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Column

from geo_hygiene.files.importing.cleaning import CleanRows
from geo_hygiene.files.importing.options import ImportOptions
from geo_hygiene.i18n import N_
from geo_hygiene.layerspec import Attribute, MapLayer, Role

Progress = Callable[[str, int, int | None], None]
"""Called with the name of a step, how much of it is done, and how much there is (``None``: unknown)."""

STEP_TITLES: Mapping[str, str] = {
    "read": N_("Reading"),
    "check": N_("Checking"),
    "split": N_("Splitting at crossings"),
    "measure": N_("Measuring"),
    "lanes": N_("Finding lanes"),
    "write": N_("Storing"),
}
"""What the steps of an import are called."""

SPECIAL = frozenset(
    {Role.UUID, Role.CODE, Role.PARENT, Role.GROUP_NAME, Role.GROUP_CODE, Role.VALID_FROM, Role.VALID_TO}
)
"""Roles that are not stored as they stand."""


@dataclass(frozen=True, kw_only=True)
class Batch:
    """What is stored, row by row; every list is as long as the file.

    Attributes
    ----------
    given
        Names of the fields that the file brings.
    rows
        Indexes of the rows that may be stored.
    hashes
        Of the source geometries.
    first
        Whether the layer is empty.
    import_id
        The import that is under way.
    """

    layer: MapLayer
    options: ImportOptions
    clean: CleanRows
    given: frozenset[str]
    numbers: NDArray[np.int64]
    geometries: NDArray[np.object_]
    rows: Sequence[int]
    keys: Sequence[str]
    keyed_by_geometry: bool
    hashes: Sequence[bytes | None]
    attribute_hashes: Mapping[int, bytes]
    first: bool
    import_id: int
    progress: Progress = field(repr=False)

    @cached_property
    def nothing(self) -> Sequence[None]:
        """The values of a field that the layer does not have."""
        return [None] * len(self.numbers)

    @cached_property
    def by_role(self) -> dict[Role, Sequence[Any]]:
        """The values of the fields that have a role."""
        return {attribute.role: self.values(attribute.name) for attribute in self.layer if attribute.role is not None}

    @cached_property
    def complete(self) -> list[int]:
        """The rows that may be stored and say all that is required: a file may lack a column as a whole."""
        said = [self.values(field.name) for field in self.layer if field.required and field.importable]
        return [row for row in self.rows if all(values[row] is not None for values in said)]

    def values(self, name: str) -> Sequence[Any]:
        """Return the values of a field by its public name; none where the layer has no such field."""
        return self.clean.values.get(name) or self.nothing

    def role(self, role: Role) -> Sequence[Any]:
        """Return the values of the field that has a role."""
        return self.by_role.get(role, self.nothing)

    def brings(self, role: Role) -> bool:
        """Tell whether the file brings the field that has a role."""
        attribute = self.layer.with_role(role)
        return attribute is not None and attribute.name in self.given

    def plain(self) -> list[Attribute]:
        """Return the fields that are stored as they stand."""
        return [
            attribute
            for attribute in self.layer
            if attribute.importable and attribute.column is not None and attribute.role not in SPECIAL
        ]

    @cached_property
    def begins(self) -> Sequence[date | None]:
        """First days of new records: as the file says, open for the first of a layer, else the day asked."""
        day = self.options.day if self.first or self.options.correct else self.options.changes_on
        return [day if said is None else said for said in self.role(Role.VALID_FROM)]

    @property
    def ends(self) -> Sequence[date | None]:
        """Days after the last of new records."""
        return self.role(Role.VALID_TO)


def column_of(attribute: Attribute) -> Column[Any]:
    """Return the table column in which a field is stored."""
    assert attribute.column is not None  # noqa: S101 - plain fields have one
    column: Column[Any] = attribute.column.property.columns[0]
    return column


def default_of(column: Column[Any]) -> Any:
    """Return what a column that can not be empty keeps where a row says nothing."""
    if column.nullable or column.server_default is None:
        return None
    default: Any = column.server_default
    return column.type.python_type(str(default.arg))
