"""Files that came through the browser and wait in the home until they are imported, for a day at most."""

from __future__ import annotations

import errno
import shutil
import time
import uuid as uuid_module
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from geo_hygiene.errors import GeoHygieneError, UnknownRecordError
from geo_hygiene.files.reading.limits import BROWSER_UPLOAD, MEBIBYTE
from geo_hygiene.files.reading.locate import SHAPEFILE_PARTS
from geo_hygiene.i18n import _

FOLDER = "incoming"
KEPT_SECONDS = 24 * 3600
LARGEST = BROWSER_UPLOAD.file_bytes or 0
"""Bytes of a file with its side files."""
MOST_KEPT = 1024 * MEBIBYTE
"""Bytes of all files that wait."""
IDLE_SECONDS = 3600
"""Age at which an upload gives way to new ones where there is no room for both, and at which a file that is not whole
yet is one that never will be."""
CHECKED = 16 * MEBIBYTE
"""Bytes of a file that comes in between two looks at what room there is: others come in beside it."""
SPARE = 256 * MEBIBYTE
"""Bytes of the disk that uploads leave to the database."""
LONGEST_NAME = 200
PART, REJECTED = ".part-", ".rejected-"
"""What the names of files begin with that came in half, and of those that tell of rejected rows; no upload has such."""
FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


class UploadTooBigError(GeoHygieneError):
    """The file is bigger than what the browser may bring."""


class UploadRefusedError(GeoHygieneError):
    """The file has a name that can not be kept, or does not belong to the others."""


class NoRoomError(GeoHygieneError):
    """The disk has no room for the file."""


class UnknownUploadError(UnknownRecordError):
    """The file was never there, or is gone."""


class Uploads:
    """The files of a home that wait for their import, each upload in a folder of its own.

    Parameters
    ----------
    home
        The home; its folder ``incoming`` holds them.
    """

    def __init__(self, home: Path) -> None:
        self.folder = home / FOLDER

    def keep(
        self, name: str, chunks: Iterable[bytes], *, size: int | None = None, upload: uuid_module.UUID | None = None
    ) -> uuid_module.UUID:
        """Store a file as it comes, whole or not at all; return the number of its upload.

        Parameters
        ----------
        size
            Bytes that are announced, to refuse at once what will not fit.
        upload
            An upload to which the file belongs: another part of a shapefile.

        Raises
        ------
        GeoHygieneError
            If it is too big, there is no room, or its name can not be kept.
        """
        self._check_name(name)
        number = upload or uuid_module.uuid4()
        folder = self.folder / str(number)
        there = _bytes_in(folder)
        if upload is not None:
            self._check_part(folder, name)
        self._check_room(size or 0, there)
        with _told_when_full():
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        part = folder / f"{PART}{uuid_module.uuid4()}"
        try:
            with _told_when_full(), part.open("wb") as file:
                for chunk in self._bounded(chunks, LARGEST - there):
                    file.write(chunk)
            part.replace(folder / name)
        except BaseException:
            part.unlink(missing_ok=True)
            if not any(folder.iterdir()):
                folder.rmdir()
            raise
        return number

    def file(self, upload: str) -> Path:
        """Return the file of an upload, of a shapefile the one with the shapes.

        Raises
        ------
        UnknownUploadError
            If it is not there.
        """
        files = _files_in(self.folder / str(uuid_module.UUID(upload)))
        if not files:
            raise UnknownUploadError(_("The file is no longer there: uploads are kept for a day. Bring it again."))
        return next((file for file in files if file.suffix.lower() == ".shp"), files[0])

    def rejected(self, upload: str, job: uuid_module.UUID) -> Path:
        """Return where the rows of an upload are written that a job rejected; they go with it."""
        return self.folder / str(uuid_module.UUID(upload)) / f"{REJECTED}{job}.csv"

    def has(self, upload: str) -> bool:
        """Tell whether the file of an upload is still there."""
        return bool(_files_in(self.folder / str(uuid_module.UUID(upload))))

    def discard(self, upload: str) -> None:
        """Remove an upload, if it is there, with the rows of it that were rejected."""
        shutil.rmtree(self.folder / str(uuid_module.UUID(upload)), ignore_errors=True)

    def remove_source(self, upload: str) -> None:
        """Remove the file of an upload that was imported; the rows of it that were rejected stay for their day."""
        folder = self.folder / str(uuid_module.UUID(upload))
        for file in _files_in(folder):
            file.unlink(missing_ok=True)
        with suppress(OSError):  # there are rejected rows, or it is gone
            folder.rmdir()

    def sweep(self) -> None:
        """Remove uploads that nobody imported in a day, and what is left of those that broke off."""
        for folder in self._folders():
            if _age(folder) > KEPT_SECONDS:
                shutil.rmtree(folder, ignore_errors=True)
            else:
                for part in folder.glob(f"{PART}*"):
                    if _age(part) > IDLE_SECONDS:
                        part.unlink(missing_ok=True)

    def _folders(self) -> list[Path]:
        return list(self.folder.iterdir()) if self.folder.is_dir() else []

    def _check_name(self, name: str) -> None:
        if (
            not name
            or len(name.encode(errors="replace")) > LONGEST_NAME
            or name.startswith(".")
            or not name.isprintable()
            or set(name) & set("/\\")
        ):
            raise UploadRefusedError(_("A file with this name can not be taken. Rename it and bring it again."))

    def _check_part(self, folder: Path, name: str) -> None:
        files, new = _files_in(folder), Path(name)
        if not files:
            raise UnknownUploadError(_("The file is no longer there: uploads are kept for a day. Bring it again."))
        if {new.stem} != {file.stem for file in files} or new.suffix.lower()[1:] not in SHAPEFILE_PARTS:
            raise UploadRefusedError(
                _("Bring one file at a time, or the parts of one shapefile: .shp, .shx, .dbf, .prj and .cpg.")
            )

    def _check_room(self, size: int, there: int) -> None:
        if size + there > LARGEST:
            raise too_big()
        if self._kept() + size > MOST_KEPT:
            self._give_way(size)
        root = next(one for one in (self.folder, *self.folder.parents) if one.exists())
        if shutil.disk_usage(root).free < size + SPARE:
            raise _no_room()

    def _kept(self) -> int:
        return sum(_bytes_in(folder) for folder in self._folders())

    def _give_way(self, size: int) -> None:
        """Remove the oldest uploads that nobody touches until there is room for so many bytes."""
        for folder in sorted(self._folders(), key=_age, reverse=True):
            if _age(folder) < IDLE_SECONDS:
                break
            shutil.rmtree(folder, ignore_errors=True)
            if self._kept() + size <= MOST_KEPT:
                return
        raise NoRoomError(_("Too many files wait for their import. Import or discard some first, or wait an hour."))

    def _bounded(self, chunks: Iterable[bytes], most: int) -> Iterator[bytes]:
        """Yield the parts of a file as long as there is room for them: what was announced can be wrong."""
        came, looked = 0, 0
        for chunk in chunks:
            came += len(chunk)
            if came > most:
                raise too_big()
            if came - looked > CHECKED:
                looked = came
                self._check_room(len(chunk), 0)
            yield chunk


def _age(path: Path) -> float:
    """Return the seconds since a file was written, or since a folder was; 0 where it is gone."""
    try:
        return time.time() - path.stat().st_mtime
    except FileNotFoundError:
        return 0


def _files_in(folder: Path) -> list[Path]:
    return sorted(file for file in folder.iterdir() if not file.name.startswith(".")) if folder.is_dir() else []


def _bytes_in(folder: Path) -> int:
    """Return the bytes of a folder's files, those on their way included."""
    found = 0
    with suppress(FileNotFoundError):
        for file in folder.iterdir():
            found += file.stat().st_size
    return found


def too_big() -> UploadTooBigError:
    """Return the refusal of a file that is bigger than what the browser may bring."""
    return UploadTooBigError(
        _(
            "The file is bigger than %(size)s MB, the most that a browser may bring. Import it at the terminal: "
            "geo-hygiene import LAYER FILE",
            size=LARGEST // MEBIBYTE,
        )
    )


def _no_room() -> NoRoomError:
    return NoRoomError(_("The disk is full: there is no room for the file. Nothing of it was kept."))


@contextmanager
def _told_when_full() -> Iterator[None]:
    """Tell a full disk in words."""
    try:
        yield
    except OSError as error:
        if error.errno in FULL:
            raise _no_room() from error
        raise
