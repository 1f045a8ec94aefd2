"""What a deployment may choose, read from the environment and from a file ``.env``."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field
from pydantic_settings import BaseSettings, SettingsConfigDict

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
        raise ValueError("a database address begins with postgresql://")
    return f"postgresql+psycopg2://{rest}"


def _absolute(path: Path) -> Path:
    return path.expanduser().resolve()


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
        Port of the web server on the loopback address; 0 takes a free one.
    locale
        Language of the terminal and the first language of the pages, such as ``zh_Hans``.
    basemap_url
        Template of background tiles with ``{z}``, ``{x}`` and ``{y}``.
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
    locale: str | None = None
    basemap_url: str | None = None
    tile_cache_mb: int = Field(default=1000, ge=0)

    @classmethod
    def load(cls, home: Path | None = None) -> Settings:
        """Return the settings of the environment, for another home if one is given.

        Raises
        ------
        pydantic.ValidationError
            If a value of the environment can not be used.
        """
        return cls() if home is None else cls(home=home)
