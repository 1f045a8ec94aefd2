"""Tiles kept on disk, packed once: a file for each address within a folder for each view that people may have.

A file says of which data version of which layers and duties its tile is. Who takes it compares them with those of now;
a tile of another version is cut anew and takes the file's place, so that old versions need no cleaning. Files are
replaced whole: a reader meets the old one or the new one, and what a killed process leaves behind is swept away.
"""

from __future__ import annotations

import fcntl
import gzip
import hashlib
import json
import logging
import os
import secrets
import threading
import time
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

from geo_hygiene.tiles.tile import Tile

LOG = logging.getLogger("geo_hygiene.tiles")
PACKAGE = Path(__file__).parent.parent

WORTH_PACKING = 600
"""Bytes above which a tile is kept and sent compressed."""
PACKING_LEVEL = 6
DRAFT = ".draft"
DRAFT_SECONDS = 60
"""Age from which what was being written belongs to a process that is dead."""
SWEEP_AFTER = 1 / 20
"""Share of the limit that a process writes before it looks for what is too much."""
SWEPT = 0.8
"""Share of the limit that is left when there was too much."""
AGE_STEP = 60
"""Seconds between the ages that the sweep tells apart."""
TELL_AGAIN_SECONDS = 3600


@dataclass(frozen=True, kw_only=True)
class KeptTile:
    """A tile with what tells whether it is still that of its address.

    Attributes
    ----------
    tag
        Names its version to the browser.
    versions
        Of the layers and duties that it was cut from.
    until
        Instant (seconds since 1970) at which its address begins to mean another day; ``None`` where it names one.
    is_packed
        Whether the content is compressed with gzip.
    """

    tag: str
    versions: Mapping[str, int]
    until: float | None
    is_packed: bool
    content: bytes

    @classmethod
    def of(cls, tile: Tile) -> KeptTile:
        """Pack a tile."""
        content = tile.content or b""
        is_packed = len(content) > WORTH_PACKING
        return cls(
            tag=tile.tag,
            versions=tile.versions,
            until=tile.until,
            is_packed=is_packed,
            content=gzip.compress(content, PACKING_LEVEL, mtime=0) if is_packed else content,
        )

    def body(self, *, packed: bool) -> bytes:
        """Return the content for a reader who takes gzip, or for one who does not."""
        return self.content if packed or not self.is_packed else gzip.decompress(self.content)

    def is_current(self, versions: Mapping[str, int], now: float) -> bool:
        """Tell whether it is the tile of its address at an instant; a layer that was never changed has version 0."""
        if self.until is not None and now >= self.until:
            return False
        return all(versions.get(subject, 0) == version for subject, version in self.versions.items())

    def as_file(self) -> bytes:
        """Return what is written: a line of JSON, then the content."""
        head = asdict(self) | {"check": zlib.crc32(self.content)}
        del head["content"]
        return json.dumps(head).encode() + b"\n" + self.content

    @classmethod
    def from_file(cls, written: bytes) -> KeptTile | None:
        """Return what was written, or ``None`` if the machine lost a part of it."""
        head, _line, content = written.partition(b"\n")
        try:
            values = json.loads(head)
            check = values.pop("check")
            tile = cls(content=content, **values)
        except (ValueError, KeyError, TypeError, AttributeError):
            return None
        return tile if check == zlib.crc32(content) else None


@cache
def program() -> str:
    """Return a fingerprint of this program: another one may cut other tiles from the same data."""
    content = hashlib.sha256()
    for file in sorted(PACKAGE.rglob("*.py")):
        content.update(file.read_bytes())
    return content.hexdigest()


class Shelf:
    """The folder of kept tiles; several processes and threads use it at once.

    Parameters
    ----------
    folder
        Made when the first tile is kept.
    data
        Names the database that the tiles are cut from.
    most_bytes
        Size on disk above which the oldest are thrown away.
    """

    def __init__(self, folder: Path, data: str, most_bytes: int) -> None:
        self._folder = folder
        self._prefix = hashlib.sha256(f"{program()}\n{data}\n".encode())
        self._most_bytes = most_bytes
        self._written = 0
        self._told_at = float("-inf")
        self._sweeping = threading.Lock()

    def place(self, view: str, area: str, address: str) -> Path:
        """Return where the tile of an address is kept for those who have a view of an area."""
        name = self._prefix.copy()
        name.update(address.encode())
        digest = name.hexdigest()
        return self._folder / view / area / digest[:2] / digest

    def find(self, place: Path) -> KeptTile | None:
        """Return what is kept at a place, of whatever version."""
        try:
            return KeptTile.from_file(place.read_bytes())
        except OSError:
            return None

    def keep(self, place: Path, tile: KeptTile) -> None:
        """Keep a tile; on a full disk it is not kept, and the log says so."""
        written = tile.as_file()
        draft = place.with_name(f"{place.name}.{secrets.token_hex(8)}{DRAFT}")
        try:
            try:
                draft.write_bytes(written)
            except FileNotFoundError:
                draft.parent.mkdir(parents=True, exist_ok=True)
                draft.write_bytes(written)
            draft.replace(place)
        except OSError as error:
            with suppress(OSError):
                draft.unlink(missing_ok=True)
            self._tell(error)
            return
        self._written += len(written)
        if self._written > self._most_bytes * SWEEP_AFTER and self._sweeping.acquire(blocking=False):
            self._written = 0
            threading.Thread(target=self._sweep_once, daemon=True).start()

    def _tell(self, error: OSError) -> None:
        if time.monotonic() - self._told_at > TELL_AGAIN_SECONDS:
            self._told_at = time.monotonic()
            LOG.warning("tiles can not be kept", extra={"fields": {"reason": error.strerror}})

    def _sweep_once(self) -> None:
        try:
            self.sweep()
        except FileNotFoundError:
            pass  # somebody cleared the folder
        except OSError as error:
            self._tell(error)
        finally:
            self._sweeping.release()

    def sweep(self) -> None:
        """Throw away the oldest tiles above the limit, and what killed processes left."""
        with self._alone() as is_alone:
            if not is_alone:
                return
            sizes: Counter[int] = Counter()
            now = time.time()
            for file, size, age in self._files(now):
                if file.suffix == DRAFT and age > DRAFT_SECONDS:
                    file.unlink(missing_ok=True)
                else:
                    sizes[int(age / AGE_STEP)] += size
            if sizes.total() <= self._most_bytes:
                return
            oldest = _kept_ages(sizes, self._most_bytes * SWEPT)
            for file, _size, age in self._files(now):
                if int(age / AGE_STEP) >= oldest:
                    file.unlink(missing_ok=True)

    @contextmanager
    def _alone(self) -> Iterator[bool]:
        """Tell whether no other process sweeps."""
        with (self._folder / "sweep.lock").open("ab") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
            else:
                yield True

    def _files(self, now: float) -> Iterator[tuple[Path, int, float]]:
        """Yield every file with its size on disk and its age in seconds."""
        for folder in self._folder.glob("*/*/*"):
            with suppress(FileNotFoundError), os.scandir(folder) as entries:
                for entry in entries:
                    found = entry.stat()
                    yield Path(entry.path), found.st_blocks * 512, max(now - found.st_mtime, 0)


def _kept_ages(sizes: Mapping[int, int], most_bytes: float) -> int:
    """Return the age from which files have no room beside the younger ones; the youngest may go too."""
    total = 0
    for age in sorted(sizes):
        total += sizes[age]
        if total > most_bytes:
            return age
    return max(sizes, default=0) + 1
