"""Keys in the addresses of tiles: who got one from a page sees the tiles of one view, for an hour or two, unasked.

A key is ``view.area.until.seal``; the seal is an HMAC over the rest with a secret of the home. What a view shows of an
area is decided where pages are answered; here it is only a name, which also names the folder of the kept tiles.
"""

from __future__ import annotations

import base64
import hmac
import re
from dataclasses import dataclass

KEY_SECONDS = 3600
"""Least time for which a key is good. Keys of one hour are the same, so that browsers know the tiles that they hold."""
NAME = re.compile(r"[a-z0-9-]{1,40}")
SEAL_BYTES = 16


@dataclass(frozen=True, slots=True)
class TileRights:
    """Which tiles somebody may see: those of a view, of an area of the tree.

    Raises
    ------
    ValueError
        If a name could not name a folder.
    """

    view: str
    area: str

    def __post_init__(self) -> None:
        for name in (self.view, self.area):
            if not NAME.fullmatch(name):
                raise ValueError(f"view and area need plain names, not {name!r}")


class TileKeys:
    """Gives keys, and knows those that it gave.

    Parameters
    ----------
    secret
        Of the home; one for all processes.
    """

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def give(self, rights: TileRights, now: float) -> str:
        """Return a key for these rights, good for an hour at least."""
        until = (int(now) // KEY_SECONDS + 2) * KEY_SECONDS
        said = f"{rights.view}.{rights.area}.{until}"
        return f"{said}.{self._seal(said)}"

    def read(self, key: str, now: float) -> TileRights | None:
        """Return what a key opens, ``None`` if it was not given here or its time is over."""
        said, _dot, seal = key.rpartition(".")
        if not key.isascii() or not hmac.compare_digest(seal, self._seal(said)):
            return None
        view, area, until = said.split(".")
        return TileRights(view, area) if now < int(until) else None

    def _seal(self, said: str) -> str:
        digest = hmac.digest(self._secret, said.encode(), "sha256")[:SEAL_BYTES]
        return base64.urlsafe_b64encode(digest).decode().rstrip("=")
