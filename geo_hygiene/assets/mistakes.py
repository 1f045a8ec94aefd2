"""Why a change of a tank, a street or a drain is refused."""

from __future__ import annotations

from collections.abc import Sequence

from geo_hygiene.errors import GeoHygieneError
from geo_hygiene.files.findings import Finding


class WrongAssetError(GeoHygieneError):
    """Something said of it can not be.

    Attributes
    ----------
    places
        Where it was said (parts joined by ``.``), what is wrong, and the code of the finding, if it has one.
    """

    def __init__(self, place: str, message: str, *, places: Sequence[tuple[str, str, str | None]] = ()) -> None:
        super().__init__(message)
        self.places = places or [(place, message, None)]

    @classmethod
    def of_findings(cls, findings: Sequence[Finding]) -> WrongAssetError:
        """Return it for what storing found."""
        wrong = [finding for finding in findings if finding.is_error()]
        places = [
            (f"fields.{finding.field}" if finding.field else "geometry", finding.message(), str(finding.code))
            for finding in wrong
        ]
        return cls(places[0][0], " ".join(message for _place, message, _code in places), places=places)


class KnownAssetError(GeoHygieneError):
    """The id of something new is that of another thing."""


class NotUndoneError(GeoHygieneError):
    """The change stays; the message says why."""
