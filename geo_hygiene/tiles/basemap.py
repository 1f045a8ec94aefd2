"""Pictures under the map: tiles that an office has as MBTiles files on its own machine.

MBTiles is a SQLite file with one row for each picture, its rows counted from the south. Files are opened read-only for
each picture, so that one that is replaced is read anew.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from geo_hygiene.errors import GeoHygieneError
from geo_hygiene.i18n import _

MEDIA_TYPES = {b"\x89PNG": "image/png", b"\xff\xd8\xff": "image/jpeg", b"RIFF": "image/webp"}
"""By the first bytes of a picture."""
NOTHING = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360606060000000050001a5f64540"
    "0000000049454e44ae426082"
)
"""A transparent picture, for where there is none: browsers write a line about each one that is missing."""


class BaseMapUnreadableError(GeoHygieneError):
    """The files of the base map are not there, or hold no pictures."""


@dataclass(frozen=True)
class Picture:
    """A tile of the base map."""

    content: bytes
    media_type: str


@dataclass(frozen=True)
class BaseMap:
    """MBTiles files; where several hold a tile, the first by name gives it."""

    files: tuple[Path, ...]
    least_zoom: int
    most_zoom: int

    @classmethod
    def opened(cls, path: Path) -> BaseMap:
        """Return the base map of a file, or of all MBTiles files of a folder.

        Raises
        ------
        BaseMapUnreadableError
            If there is none, or one of them is no MBTiles file with pictures.
        """
        files = tuple(sorted(path.glob("*.mbtiles"))) if path.is_dir() else (path,)
        if not files or not all(file.is_file() for file in files):
            raise BaseMapUnreadableError(_("The base map %(path)s is not there.", path=path.name))
        zooms = [zoom for file in files for zoom in _zooms(file)]
        return cls(files, min(zooms), max(zooms))

    def picture(self, z: int, x: int, y: int) -> Picture:
        """Return a tile as addresses count them, from the north; a transparent one where no file holds it."""
        for file in self.files:
            rows = _rows(
                file,
                "select tile_data from tiles where zoom_level = ? and tile_column = ? and tile_row = ?",
                (z, x, 2**z - 1 - y),
            )
            for (content,) in rows:
                return Picture(content, _media_type(file, content))
        return Picture(NOTHING, "image/png")


def _zooms(file: Path) -> tuple[int, int]:
    least, most = next(_rows(file, "select min(zoom_level), max(zoom_level) from tiles"))
    for (content,) in _rows(file, "select tile_data from tiles limit 1"):
        _media_type(file, content)
        return least, most
    raise BaseMapUnreadableError(_("The base map %(path)s holds no tiles.", path=file.name))


def _media_type(file: Path, content: bytes) -> str:
    for start, media_type in MEDIA_TYPES.items():
        if content.startswith(start):
            return media_type
    raise BaseMapUnreadableError(
        _("The tiles of the base map %(path)s are no PNG, JPEG or WebP pictures.", path=file.name)
    )


def _rows(file: Path, query: str, values: tuple[Any, ...] = ()) -> Iterator[Any]:
    try:
        with closing(sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True)) as tiles:
            yield from tiles.execute(query, values).fetchall()
    except sqlite3.Error as error:
        said = _(
            "The base map %(path)s can not be read as MBTiles; GIS programs make such files from a GeoTIFF.",
            path=file.name,
        )
        raise BaseMapUnreadableError(said) from error
