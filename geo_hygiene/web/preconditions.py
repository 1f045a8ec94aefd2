"""Which version of a record somebody read before changing it (``If-Match``)."""

from __future__ import annotations

import re
import uuid as uuid_module
from collections.abc import Mapping
from typing import Any

from flask import request

from geo_hygiene.errors import GeoHygieneError
from geo_hygiene.i18n import _
from geo_hygiene.web.answers import entity_tag

VERSION = re.compile(r"(?a:(\d{1,9}))")
TARGET = re.compile(r"(?a:(\d{1,9})-([0-9a-f]{32}))")
ZONE = re.compile(r"(?a:(\d{1,9})-([0-9a-f]{32})-[0-9a-f]+)")


class VersionMissingError(GeoHygieneError):
    """A change does not say which version it changes."""


def zone_tag(feature: Mapping[str, Any]) -> str:
    """Return the tag of a zone: its version, its id, and all that it says.

    The id is in it, because a zone that is otherwise from a day on is another one of the same code, whose versions
    begin anew.
    """
    return f"{feature['properties']['version']}-{uuid_module.UUID(feature['id']).hex}-{entity_tag(feature)}"


def target_tag(feature: Mapping[str, Any]) -> str:
    """Return the tag of a target: its version and its id, because what begins in its place has the same code."""
    return f"{feature['properties']['version']}-{uuid_module.UUID(feature['id']).hex}"


def target_read() -> tuple[int, uuid_module.UUID]:
    """Return version and id of the target that the asker read: those of the one tag in ``If-Match``.

    Raises
    ------
    VersionMissingError
        If there is none, or none of ours.
    """
    found = _read(TARGET)
    return int(found[1]), uuid_module.UUID(found[2])


def version_read() -> int:
    """Return the version that the asker read: the one tag in ``If-Match``.

    Raises
    ------
    VersionMissingError
        If there is none, or none of ours.
    """
    return int(_read(VERSION)[1])


def zone_read() -> tuple[int, uuid_module.UUID]:
    """Return version and id of the zone that the asker read: those of the one tag in ``If-Match``.

    Raises
    ------
    VersionMissingError
        If there is none, or none of ours.
    """
    found = _read(ZONE)
    return int(found[1]), uuid_module.UUID(found[2])


def _read(form: re.Pattern[str]) -> re.Match[str]:
    tags = request.if_match.as_set(include_weak=True)
    found = form.fullmatch(next(iter(tags))) if len(tags) == 1 else None
    if found is None:
        raise VersionMissingError(_("Say which version you change: If-Match with the ETag of the record."))
    return found
