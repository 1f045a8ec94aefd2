"""What a deployment may choose, read from the environment and from a file ``.env``."""

from __future__ import annotations

import os
import re
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from geo_hygiene.i18n import _

HOST_NAME = re.compile(r"(?=.{1,253}$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*")

CHECKOUT = Path(__file__).resolve().parent.parent
"""The folder above the package: a checkout when a ``pyproject.toml`` stands in it."""


def default_home() -> Path:
    """Return ``var`` in the checkout, else the folder for this program among the user's data."""
    if (CHECKOUT / "pyproject.toml").is_file():
        return CHECKOUT / "var"
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "geo-hygiene"


def _with_driver(url: str) -> str:
    """Return a PostgreSQL address that names psycopg2, the only driver."""
    scheme, separator, rest = url.partition("://")
    if not separator or scheme not in {"postgres", "postgresql", "postgresql+psycopg2"}:
        raise ValueError(_("a database address begins with postgresql://"))
    return f"postgresql+psycopg2://{rest}"


def _absolute(path: Path) -> Path:
    return path.expanduser().resolve()


def _with_places(template: str) -> str:
    """Return a template of addresses of tiles; its host is one name, as the content security policy must say it."""
    host = urlsplit(template)
    if host.scheme not in {"http", "https"} or not host.netloc or "{" in host.netloc:
        raise ValueError(_("a base map's address begins with http:// or https:// and the name of a host"))
    if not all(place in template for place in ("{z}", "{x}", "{y}")):
        raise ValueError(_("a base map's address holds {z}, {x} and {y}"))
    return template


def _address(value: str) -> str:
    try:
        return str(ip_address(value))
    except ValueError:
        raise ValueError(_("an address to listen on is that of a machine, such as 192.168.1.20 or 0.0.0.0")) from None


def _names(value: str) -> str:
    """Return names of hosts, joined by commas, as browsers send them."""
    names = [name.strip().lower() for name in value.split(",") if name.strip()]
    for name in names:
        if not HOST_NAME.fullmatch(name):
            raise ValueError(_("%(name)s is not the name of a host", name=name))
    return ",".join(names)


Address = Annotated[str, AfterValidator(_address)]
HostNames = Annotated[str, AfterValidator(_names)]
TileTemplate = Annotated[str, AfterValidator(_with_places)]
DatabaseURL = Annotated[str, AfterValidator(_with_driver)]
Folder = Annotated[Path, AfterValidator(_absolute)]


class Settings(BaseSettings):
    """Settings named ``GEO_HYGIENE_…`` in the environment; an empty value counts as none.

    Attributes
    ----------
    home
        Folder of everything that the program keeps, as an absolute path.
    database_url
        Address of another PostGIS for its owner; the private cluster of the home is used when missing.
    service_url
        Address of the same database for the service role.
    port
        Port of the web server; 0 takes a free one.
    listen
        Address of this machine that the web server listens on; beyond the loopback address it speaks HTTPS only.
    hosts
        Names, joined by commas, under which others open the application beside its address; they then come over HTTPS,
        also to the loopback address.
    tls_certificate, tls_key
        Files with the certificate and its key; without them a home makes a certificate of its own.
    behind_proxy
        Whether a proxy on this machine speaks HTTPS for the application, and tells who asks; nobody else may reach it.
    locale
        Language of the terminal and the first language of the pages, such as ``zh_Hans``.
    basemap
        MBTiles file, or folder of such files, that lies under the map; goes before ``basemap_url``.
    basemap_url
        Template of background tiles with ``{z}``, ``{x}`` and ``{y}``.
    basemap_attribution
        Whom the base map is from, as it must stand on the map.
    basemap_max_zoom
        Zoom beyond which tiles of ``basemap_url`` are enlarged.
    basemap_datum
        ``gcj02`` when the tiles are shifted as the law of China has it for web maps; they are put back, the data stay.
    map_approval
        Number under which printed maps were approved (审图号), for offices that publish them.
    tile_cache_mb
        Megabytes of disk that kept tiles of the map may take; 0 keeps none.
    """

    model_config = SettingsConfigDict(
        env_prefix="GEO_HYGIENE_", env_file=".env", env_ignore_empty=True, extra="ignore", frozen=True
    )

    home: Folder = Field(default_factory=default_home, validate_default=True)
    database_url: DatabaseURL | None = None
    service_url: DatabaseURL | None = None
    port: int = Field(default=8080, ge=0, le=65535)
    listen: Address = "127.0.0.1"
    hosts: HostNames = ""
    tls_certificate: Folder | None = None
    tls_key: Folder | None = None
    behind_proxy: bool = False
    locale: str | None = None
    basemap: Folder | None = None
    basemap_url: TileTemplate | None = None
    basemap_attribution: str | None = None
    basemap_max_zoom: int = Field(default=18, ge=1, le=22)
    basemap_datum: Literal["wgs84", "gcj02"] = "wgs84"
    map_approval: str | None = None
    tile_cache_mb: int = Field(default=1000, ge=0)

    @model_validator(mode="after")
    def _let_none_pass_the_proxy(self) -> Self:
        if self.behind_proxy and not ip_address(self.listen).is_loopback:
            raise ValueError(
                _(
                    "Behind a proxy (--behind-proxy, GEO_HYGIENE_BEHIND_PROXY) it listens on 127.0.0.1 only, not on "
                    "%(address)s: whoever passes the proxy by could claim any address.",
                    address=self.listen,
                )
            )
        return self

    @property
    def host_names(self) -> frozenset[str]:
        """Return the names under which others open the application."""
        return frozenset(filter(None, self.hosts.split(",")))

    @property
    def first_name(self) -> str | None:
        """Return the name of the application that was given first, if any was."""
        return next(filter(None, self.hosts.split(",")), None)

    @property
    def is_for_others(self) -> bool:
        """Whether other machines reach the application."""
        return self.behind_proxy or bool(self.host_names) or not ip_address(self.listen).is_loopback

    @property
    def is_https(self) -> bool:
        """Whether browsers reach the application over HTTPS, and over nothing else."""
        return self.is_for_others or self.tls_certificate is not None

    @classmethod
    def load(cls, home: Path | None = None, **chosen: Any) -> Settings:
        """Return the settings of the environment, for another home if one is given, with what somebody chose.

        Raises
        ------
        pydantic.ValidationError
            If one of these values, or what they are together, can not be used.
        """
        return cls(**chosen) if home is None else cls(home=home, **chosen)
