"""What a tile is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Tile:
    """A tile and the version of the data that it was cut from, of one state of the database.

    Attributes
    ----------
    tag
        Of everything that the tile depends on.
    versions
        Of the layers and duties that it is cut from.
    until
        Instant (seconds since 1970) at which the office's day ends, where the question names no day.
    content
        ``None`` when the asker already holds this version.
    """

    tag: str
    versions: Mapping[str, int]
    until: float | None
    content: bytes | None
