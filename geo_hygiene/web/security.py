"""What every request must keep to and every answer carries: hosts, methods, lengths, headers."""

from __future__ import annotations

import ipaddress
import secrets
from dataclasses import dataclass
from functools import partial
from urllib.parse import urlsplit

from flask import Flask, Response, g, request
from werkzeug.exceptions import NotFound

from geo_hygiene.errors import GeoHygieneError
from geo_hygiene.files.uploads import LARGEST
from geo_hygiene.i18n import _
from geo_hygiene.settings import Settings

#: What watches over the program asks these, and asks of this machine.
HEALTH_PATHS = ("/healthz", "/readyz", "/version")
#: Addresses that programs ask; the others are pages for people.
MACHINE_PATHS = ("/api/v1", "/tiles/", "/basemap/", "/openapi.json", *HEALTH_PATHS)
READING_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
LONGEST_QUERY = 2048
LONGEST_PATH = 1024
LARGEST_BODY = 64 * 1024
LARGEST_LISTS = 4 * 1024 * 1024
"""Bytes of the lists and borders of zones, and of lines."""
WHOLE_BODY = "application/octet-stream"
LISTS = "application/json"
LARGE_BODIES = {
    "assets.change": (LISTS, LARGEST_LISTS),
    "assets.create": (LISTS, LARGEST_LISTS),
    "uploads.bring": (WHOLE_BODY, LARGEST),
    "drafts.put_zones": (LISTS, LARGEST_LISTS),
    "zone_drawing.cut": (LISTS, LARGEST_LISTS),
    "zone_drawing.join": (LISTS, LARGEST_LISTS),
    "zone_drawing.previewed": (LISTS, LARGEST_LISTS),
    "zone_editing.change": (LISTS, LARGEST_LISTS),
    "zone_editing.create": (LISTS, LARGEST_LISTS),
}
"""The only bodies that may be large: their views read them, once they know who sends them; forms are read before."""

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


class PlainHTTPError(GeoHygieneError):
    """Somebody reaches an application for others over plain HTTP."""


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


@dataclass(frozen=True)
class Hosts:
    """The Host headers that are answered: a page of somebody else can not reach us by a name of its own.

    Attributes
    ----------
    listen
        Address that the application listens on; when that is every address, the name of a host must be one of
        ``names``, and an address, which nobody can lead elsewhere, may be any.
    """

    listen: ipaddress.IPv4Address | ipaddress.IPv6Address
    names: frozenset[str]

    @classmethod
    def of(cls, settings: Settings) -> Hosts:
        """Return those of a deployment."""
        return cls(ipaddress.ip_address(settings.listen), settings.host_names | {"localhost"})

    def serve(self, host: str) -> bool:
        """Tell whether a Host header, with or without a port, is one of them."""
        try:
            name = urlsplit(f"//{host}").hostname or ""
            _port = urlsplit(f"//{host}").port
        except ValueError:
            return False
        if "@" in host or "/" in host or "\\" in host:
            return False
        if name in self.names:
            return True
        try:
            address = ipaddress.ip_address(name)
        except ValueError:
            return False
        return address.is_loopback or address == self.listen or self.listen.is_unspecified


def _where_it_is_served(settings: Settings) -> str:
    if settings.is_for_others:
        return _("This address is not served: open the machine's own, or start the program with --host and this name.")
    return _("This address is not served: open the application as http://localhost or http://127.0.0.1 with its port.")


def _refuse(hosts: Hosts, settings: Settings) -> None:
    sort, largest = LARGE_BODIES.get(request.endpoint or "", ("", LARGEST_BODY))
    request.max_content_length = largest if request.mimetype == sort else LARGEST_BODY
    if not hosts.serve(request.environ.get("HTTP_HOST", "")):
        raise ForeignHostError(_where_it_is_served(settings))
    if settings.is_https and not request.is_secure and request.path not in HEALTH_PATHS:
        raise PlainHTTPError(_("This address is served over HTTPS only."))
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


def guard(app: Flask, settings: Settings) -> None:
    """Check every request and put the headers on every answer."""
    app.config["MAX_CONTENT_LENGTH"] = LARGEST_BODY
    app.before_request(partial(_refuse, Hosts.of(settings), settings))

    @app.after_request
    def protect(response: Response) -> Response:
        headers = response.headers
        headers["Content-Security-Policy"] = content_security_policy(nonce(), settings.basemap_url)
        headers.update(HEADERS)
        headers.setdefault("Cache-Control", "private, no-store")
        return response
