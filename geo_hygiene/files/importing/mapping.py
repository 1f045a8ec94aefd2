"""Which column of a file is which field of a layer."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from unicodedata import normalize

from geo_hygiene.errors import GeoHygieneError
from geo_hygiene.i18n import _
from geo_hygiene.layerspec import Attribute, MapLayer


class UnknownFieldError(GeoHygieneError):
    """``--field`` or ``--key`` names a field that is not there."""


@dataclass(frozen=True, slots=True)
class FieldMap:
    """Public names of fields with their headings, and the headings that no field took."""

    columns: Mapping[str, str]
    unmapped: Sequence[str]


def fold(heading: str) -> str:
    """Return a heading without case, spaces, hyphens and underscores."""
    return re.sub(r"[\s_\-]", "", normalize("NFKC", heading)).casefold()


def bare(heading: str) -> str:
    """Return a folded heading without what forms put around it: a unit in brackets, a star, a colon."""
    return re.sub(r"\([^()]*\)|\[[^\[\]]*\]|【[^【】]*】|[*:★]", "", fold(heading))


def map_fields(
    layer: MapLayer, headings: Sequence[str], given: Mapping[str, str], constants: Iterable[str] = ()
) -> FieldMap:
    """Find the column of each field: as given, else by name, short name or alias, of several by the first of these.

    Parameters
    ----------
    constants
        Fields for which the user gives a value.

    Raises
    ------
    UnknownFieldError
        If a given pair names a field or a heading that does not exist.
    """
    _check_given(layer, headings, given, constants)
    columns = {name: heading for name, heading in given.items() if heading}
    free = [heading for heading in headings if heading not in columns.values()]
    fields = [attribute for attribute in layer if attribute.importable and attribute.name not in given]
    for wanted, spelt in ((_names, fold), (_aliases, fold), (_names, bare), (_aliases, bare)):
        for attribute in fields:
            words = [fold(word) for word in wanted(attribute)]
            found = next((heading for word in words for heading in free if spelt(heading) == word), None)
            if found is not None and attribute.name not in columns:
                columns[attribute.name] = found
                free.remove(found)
    known = {fold(word) for attribute in layer if not attribute.importable for word in _names(attribute)}
    return FieldMap(columns, [heading for heading in free if fold(heading) not in known])


def accepted(attribute: Attribute) -> list[str]:
    """Return the headings that are taken for a field."""
    return list(dict.fromkeys((attribute.name, *_aliases(attribute))))


def _names(attribute: Attribute) -> Iterable[str]:
    return attribute.name, attribute.short


def _aliases(attribute: Attribute) -> Iterable[str]:
    return attribute.title, *attribute.aliases


def _check_given(layer: MapLayer, headings: Sequence[str], given: Mapping[str, str], constants: Iterable[str]) -> None:
    ours = [attribute.name for attribute in layer if attribute.importable]
    for name in (*given, *constants):
        if name not in ours:
            raise UnknownFieldError(
                _("The layer has no field “%(name)s”. Fields: %(fields)s.", name=name, fields=", ".join(ours))
            )
    for heading in given.values():
        if heading and heading not in headings:
            raise UnknownFieldError(
                _(
                    "The file has no column “%(heading)s”. Columns: %(headings)s.",
                    heading=heading,
                    headings=", ".join(headings),
                )
            )
