"""Why a change of zones is refused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from geo_hygiene.errors import GeoHygieneError


class WrongZoneError(GeoHygieneError):
    """Something said of a zone, a draft or a holder can not be; ``place`` is where it was said."""

    def __init__(self, place: str, message: str) -> None:
        super().__init__(message)
        self.place = place


class WrongRuleError(GeoHygieneError):
    """Something said of a rule of the work model can not be; ``place`` is the field."""

    def __init__(self, place: str, message: str) -> None:
        super().__init__(message)
        self.place = place


class OutsideAreasError(GeoHygieneError):
    """A change reaches beyond the areas to which the asker's role is limited."""


class StaleVersionError(GeoHygieneError):
    """Somebody else changed it since the asker read it.

    Attributes
    ----------
    current
        Its version now.
    """

    def __init__(self, message: str, *, current: int) -> None:
        super().__init__(message)
        self.current = current


class UnseenChangesError(GeoHygieneError):
    """A draft meets changes that its planner was not shown yet.

    Attributes
    ----------
    changes
        What changed, in its public form.
    """

    def __init__(self, message: str, *, changes: Mapping[str, Any]) -> None:
        super().__init__(message)
        self.changes = changes
