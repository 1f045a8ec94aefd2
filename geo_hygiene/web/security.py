"""What every request must keep to and every answer carries: hosts, methods, lengths, headers."""

from __future__ import annotations

import ipaddress
import secrets
from urllib.parse import urlsplit

from flask import Flask, Response, g, request
from werkzeug.exceptions import NotFound

from geo_hygiene.errors import GeoHygieneError
from geo_hygiene.i18n import _

#: Addresses that programs ask; the others are pages for people.
MACHINE_PATHS = ("/api/v1", "/tiles/", "/basemap/", "/openapi.json", "/healthz", "/readyz", "/version")
READING_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
LONGEST_QUERY = 2048
LONGEST_PATH = 1024
LARGEST_BODY = 64 * 1024


HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(self)",
}
"""What every answer carries beside its policy of content."""


class ForeignHostError(GeoHygieneError):
    """The request names a host that is not this machine."""


class AddressTooLongError(GeoHygieneError):
    """An address longer than any that the application makes."""


class RepeatedParameterError(GeoHygieneError):
    """One parameter is given twice, so that it has no single value."""

    def __init__(self, name: str) -> None:
        super().__init__(_("The parameter is given more than once."))
        self.name = name


def nonce() -> str:
    """Return the nonce that the scripts and styles of this answer carry."""
    if "csp_nonce" not in g:
        g.csp_nonce = secrets.token_urlsafe(18)
    return str(g.csp_nonce)


def is_loopback(host: str) -> bool:
    """Tell whether a Host header names this machine by a loopback name or address, with or without a port."""
    try:
        name = urlsplit(f"//{host}").hostname or ""
        _port = urlsplit(f"//{host}").port
    except ValueError:
        return False
    if "@" in host or "/" in host or "\\" in host:
        return False
    if name == "localhost":
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def _refuse() -> None:
    if not is_loopback(request.environ.get("HTTP_HOST", "")):
        raise ForeignHostError(
            _("This address is not served: open the application as http://localhost or http://127.0.0.1 with its port.")
        )
    if len(request.query_string) > LONGEST_QUERY or len(request.path) > LONGEST_PATH:
        raise AddressTooLongError(_("The address is too long."))
    if "\x00" in request.path:
        raise NotFound  # the name of no record, and the database can not even be asked for it
    if request.path.startswith(MACHINE_PATHS):
        for name, values in request.args.lists():
            if len(values) > 1:
                raise RepeatedParameterError(name)


def _origin(url: str | None) -> str:
    """Return `` scheme://host`` of a base map's address, or nothing."""
    parts = urlsplit(url or "")
    return f" {parts.scheme}://{parts.netloc}" if parts.scheme in {"http", "https"} and parts.netloc else ""


def content_security_policy(token: str, basemap_url: str | None) -> str:
    """Return the policy of an answer; a configured base map is the only foreign place that pictures may come from."""
    basemap = _origin(basemap_url)
    return "; ".join(
        (
            "default-src 'self'",
            f"script-src 'self' 'nonce-{token}'",
            f"style-src-elem 'self' 'nonce-{token}'",
            "style-src-attr 'unsafe-inline'",
            f"img-src 'self' data: blob:{basemap}",
            "connect-src 'self'",
            "worker-src 'self' blob:",
            "object-src 'none'",
            "base-uri 'none'",
            "form-action 'self'",
            "frame-ancestors 'none'",
        )
    )


def guard(app: Flask, *, basemap_url: str | None) -> None:
    """Check every request and put the headers on every answer."""
    app.config["MAX_CONTENT_LENGTH"] = LARGEST_BODY
    app.before_request(_refuse)

    @app.after_request
    def protect(response: Response) -> Response:
        headers = response.headers
        headers["Content-Security-Policy"] = content_security_policy(nonce(), basemap_url)
        headers.update(HEADERS)
        headers.setdefault("Cache-Control", "private, no-store")
        return response
