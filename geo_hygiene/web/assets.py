"""Files that pages need, under addresses that change with their content."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path

from flask import Flask, Response, request, url_for

from geo_hygiene.errors import GeoHygieneError
from geo_hygiene.i18n import _

STATIC = Path(__file__).parent / "static"
FOREVER = "public, max-age=31536000, immutable"


@lru_cache(maxsize=512)
def _fingerprint(path: Path, _modified: int) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12]


class AssetMissingError(GeoHygieneError):
    """A file of the pages is not there: the front-end packages were not set up."""


def asset(name: str) -> str:
    """Return the address of a file below ``static/``; it holds a fingerprint, so that browsers may keep the file.

    Raises
    ------
    AssetMissingError
        If there is no such file.
    """
    path = STATIC / name
    if not path.is_file():
        raise AssetMissingError(_("The file %(name)s of the pages is missing: run `make run` again.", name=name))
    return url_for("static", filename=name, v=_fingerprint(path, path.stat().st_mtime_ns))


MODULES = {
    "@mapbox/point-geometry": "vendor/point-geometry/point-geometry.js",
    "@mapbox/vector-tile": "vendor/vector-tile/vector-tile.js",
    "@maplibre/maplibre-gl-style-spec": "vendor/maplibre-gl-style-spec/style-spec.js",
    "pbf": "vendor/pbf/pbf.js",
}
"""Packages that scripts import by their name."""


def scripts() -> dict[str, str]:
    """Return the address of each script by the name under which other scripts import it."""
    names = sorted(file.relative_to(STATIC).as_posix() for file in (STATIC / "js").glob("*.js"))
    own = {url_for("static", filename=name): asset(name) for name in names}
    return own | {package: asset(file) for package, file in MODULES.items()}


def serve(app: Flask) -> None:
    """Let templates name files, and browsers keep those that are named by their content."""
    app.jinja_env.globals.update(asset=asset, scripts=scripts)

    @app.after_request
    def keep(response: Response) -> Response:
        # Flask answers OPTIONS without a look at the name, which may then be that of any file of the machine.
        is_file = request.endpoint == "static" and request.method in {"GET", "HEAD"}
        if is_file and response.status_code in {200, 206, 304}:
            name = (request.view_args or {}).get("filename", "")
            path = STATIC / name
            if request.args.get("v") == _fingerprint(path, path.stat().st_mtime_ns):
                response.headers["Cache-Control"] = FOREVER
        return response
