"""Mistakes that a user can make or meet; each message says what happened and what to do."""

from __future__ import annotations

from typing import ClassVar


class GeoHygieneError(Exception):
    """A refusal that is told to the user as it stands."""

    exit_code: ClassVar[int] = 1


class UnknownRecordError(GeoHygieneError):
    """A code or id that names nothing."""


class UnknownDutyError(UnknownRecordError):
    """A duty that does not exist."""


class UnknownLayerError(UnknownRecordError):
    """A layer that does not exist."""
