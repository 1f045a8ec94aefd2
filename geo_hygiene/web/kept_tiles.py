"""Tiles that are kept on disk, answered before Flask is asked.

That is done only for an address with a good key, and only while the kept tile is of the newest data. Everything else
goes on to Flask: a missing or wrong key, a tile that is not kept, one that is older than the data. What Flask then cuts
for a good key is kept.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from flask import Flask, current_app
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.datastructures import Accept, Headers
from werkzeug.http import parse_accept_header, parse_etags, quote_etag

from geo_hygiene import keys
from geo_hygiene.coverage.versions import all_subjects
from geo_hygiene.errors import GeoHygieneError
from geo_hygiene.settings import Settings
from geo_hygiene.tiles import KeptTile, Shelf
from geo_hygiene.web.answers import REVALIDATE
from geo_hygiene.web.connections import Connections
from geo_hygiene.web.logs import tell_answer
from geo_hygiene.web.security import HEADERS, Hosts
from geo_hygiene.web.tile_keys import TileKeys, TileRights

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

FOLDER = Path("cache", "tiles")
"""Of a home: where tiles are kept; it may be removed at any time."""
MEGABYTE = 1_000_000
MEDIA_TYPE = "application/vnd.mapbox-vector-tile"
ADDRESS = re.compile(r"/tiles/[a-z,-]{1,200}/\d{1,2}/\d{1,7}/\d{1,7}\.mvt")
RULE = "/tiles/<layers>/<z>/<x>/<y>.mvt"
"""What the log says instead of the address, as for an answer of Flask."""
KEY = "key="
FRESH_SECONDS = 1.0
"""Age at which the data versions are asked for again: so long a tile may still be the one before a change."""
ASKED = "geo_hygiene.tile"
POLICY = "default-src 'none'; frame-ancestors 'none'"


class KnownVersions:
    """The data versions, asked for when a tile is wanted and they are a second old.

    Parameters
    ----------
    ask
        Returns them from the database.
    """

    def __init__(self, ask: Callable[[], Mapping[str, int]]) -> None:
        self._ask = ask
        self._lock = Lock()
        self._asked_at = float("-inf")
        self._known: Mapping[str, int] | None = None

    def now(self) -> Mapping[str, int] | None:
        """Return the versions; ``None`` while the database does not tell them."""
        with self._lock:
            if time.monotonic() - self._asked_at >= FRESH_SECONDS:
                try:
                    self._known = self._ask()
                except (SQLAlchemyError, GeoHygieneError):
                    self._known = None
                self._asked_at = time.monotonic()
            return self._known


@dataclass(frozen=True, slots=True)
class AskedTile:
    """A tile that was asked for with a good key, and where it is kept."""

    rights: TileRights
    place: Path
    shelf: Shelf

    def keep(self, tile: KeptTile, rights: TileRights) -> None:
        """Keep the tile that was cut for somebody with these rights, if they are those of the key."""
        if rights == self.rights:
            self.shelf.keep(self.place, tile)


@lru_cache(maxsize=100)
def takes_gzip(accepted: str) -> bool:
    """Tell whether a header ``Accept-Encoding`` allows gzip."""
    return parse_accept_header(accepted, Accept)["gzip"] > 0


@dataclass(frozen=True, kw_only=True)
class KeptTiles:
    """A WSGI application in front of another.

    Attributes
    ----------
    application
        Answers what this one does not.
    serves
        Tells whether a header ``Host`` names this machine.
    """

    application: WSGIApplication
    shelf: Shelf
    keys: TileKeys
    versions: KnownVersions
    serves: Callable[[str], bool]

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request."""
        began = time.perf_counter()
        environ.pop(ASKED, None)
        asked = self._asked(environ)
        if asked is None:
            return self.application(environ, start_response)
        kept = self.shelf.find(asked.place)
        known = self.versions.now() if kept is not None else None
        if kept is None or known is None or not kept.is_current(known, time.time()):
            environ[ASKED] = asked
            return self.application(environ, start_response)
        return _answer(kept, environ, start_response, began)

    def _asked(self, environ: WSGIEnvironment) -> AskedTile | None:
        """Return the tile that is asked for, if the address is that of a tile and carries a good key."""
        path = environ.get("PATH_INFO", "")
        if environ["REQUEST_METHOD"] != "GET" or not ADDRESS.fullmatch(path):
            return None
        words = environ.get("QUERY_STRING", "").split("&")
        given = [word for word in words if word.startswith(KEY)]
        if len(given) != 1 or not self.serves(environ.get("HTTP_HOST", "")):
            return None
        rights = self.keys.read(given[0].removeprefix(KEY), time.time())
        if rights is None:
            return None
        address = f"{path}?{'&'.join(word for word in words if word != given[0])}"
        return AskedTile(rights, self.shelf.place(rights.view, rights.area, address), self.shelf)


def _answer(kept: KeptTile, environ: WSGIEnvironment, start_response: StartResponse, began: float) -> Iterable[bytes]:
    headers = Headers(
        [
            ("ETag", quote_etag(kept.tag, weak=True)),
            ("Cache-Control", REVALIDATE),
            ("Vary", "Accept-Encoding, Cookie"),
            ("Content-Security-Policy", POLICY),
            *HEADERS.items(),
        ]
    )
    content = b""
    if parse_etags(environ.get("HTTP_IF_NONE_MATCH")).contains_weak(kept.tag):
        status = "304 NOT MODIFIED"
    elif not kept.content:
        status = "204 NO CONTENT"
    else:
        status = "200 OK"
        packed = takes_gzip(environ.get("HTTP_ACCEPT_ENCODING", ""))
        content = kept.body(packed=packed)
        headers.add("Content-Type", MEDIA_TYPE)
        headers.add("Content-Length", str(len(content)))
        if packed and kept.is_packed:
            headers.add("Content-Encoding", "gzip")
    headers.add("X-Request-ID", tell_answer("GET", RULE, int(status[:3]), began))
    start_response(status, headers.to_wsgi_list())
    return [content]


def serve(app: Flask, settings: Settings, connections: Connections) -> None:
    """Let an application give keys for tiles, and answer kept tiles before it."""
    tiles_of_home = TileKeys(keys.key(settings.home, "tiles"))
    app.extensions["geo_hygiene_tile_keys"] = tiles_of_home
    if settings.tile_cache_mb:
        app.wsgi_app = KeptTiles(  # type: ignore[method-assign] # as Flask's documentation wraps it
            application=app.wsgi_app,
            shelf=Shelf(settings.home / FOLDER, connections.database, settings.tile_cache_mb * MEGABYTE),
            keys=tiles_of_home,
            versions=KnownVersions(lambda: connections.read(all_subjects)),
            serves=Hosts.of(settings).serve,
        )


def tile_keys() -> TileKeys:
    """Return the keys of the current application."""
    found = current_app.extensions["geo_hygiene_tile_keys"]
    if not isinstance(found, TileKeys):
        raise TypeError("the application was not made by create_app")
    return found
