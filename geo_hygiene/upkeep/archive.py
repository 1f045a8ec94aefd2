"""The file of a backup: a ZIP whose every byte is held by a hash.

Any unzip program opens it. The last member, ``manifest.json``, tells the size and the SHA-256 of each other one; the
comment at the end of the ZIP is the SHA-256 of everything before it, so that no byte can change unseen, not even one of
the ZIP's own. It is written to ``FILE.part``, brought to the disk, and gets its name when it is whole.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import io
import json
import os
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, BinaryIO, cast
from zipfile import ZIP_DEFLATED, BadZipFile, ZipFile

from geo_hygiene.errors import GeoHygieneError
from geo_hygiene.i18n import N_, _

FORMAT = 1
"""Number of the form that this program writes; it reads this one and all before."""

MANIFEST = "manifest.json"
SEAL = b"geo_hygiene sha256 "
"""What the comment begins with; the hexadecimal digest follows."""
DIGEST_LENGTH = 64

LEVEL = 1
"""Of compression."""

CHUNK = 1 << 20

LARGEST_MANIFEST = 100_000_000
"""Bytes, so that a foreign file can not fill the memory."""

DAMAGE = (BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, KeyError, ValueError, OSError)
"""How a ZIP that is not as it was written shows."""

KINDS = {"backup": N_("a backup"), "keys": N_("a file of keys")}

Counter = Callable[[int], None]
"""Is told how many bytes more are done."""


class BackupNotWrittenError(GeoHygieneError):
    """The backup can not be written where the user wants it."""


class BackupUnreadableError(GeoHygieneError):
    """The file is no backup, or not of the kind that is asked for."""


class BackupDamagedError(GeoHygieneError):
    """The backup is not as it was written; the message names what is damaged."""


class NewerBackupError(GeoHygieneError):
    """The backup was made by a newer program."""


@dataclass(frozen=True)
class Member:
    """What the manifest tells of one file of the archive."""

    bytes: int
    sha256: str


def uncounted(_bytes: int) -> None:
    """Tell nobody."""


class _Measured(io.RawIOBase):
    """Counts and hashes what passes."""

    def __init__(self, counted: Counter) -> None:
        self._counted = counted
        self._hash = hashlib.sha256()
        self._bytes = 0

    def _count(self, data: bytes) -> None:
        self._hash.update(data)
        self._bytes += len(data)
        self._counted(len(data))

    @property
    def measured(self) -> Member:
        """What has passed so far."""
        return Member(self._bytes, self._hash.hexdigest())


class Measuring(_Measured):
    """Counts and hashes what is written, and passes it on to a file where one is given."""

    def __init__(self, counted: Counter = uncounted, inner: IO[bytes] | None = None) -> None:
        super().__init__(counted)
        self._inner = inner

    def writable(self) -> bool:
        """Return that it is."""
        return True

    def write(self, data: Any) -> int:
        """Write and count."""
        if self._inner is not None:
            self._inner.write(data)
        self._count(data)
        return len(data)


class _Read(_Measured):
    """A member that is read; its end is reached only when it is what the manifest tells."""

    def __init__(self, inner: IO[bytes], counted: Counter, expected: Member, damaged: BackupDamagedError) -> None:
        super().__init__(counted)
        self._inner = inner
        self._expected = expected
        self._damaged = damaged

    def readable(self) -> bool:
        """Return that it is."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read, count, and compare at the end."""
        try:
            data = self._inner.read(len(buffer))
        except DAMAGE as error:
            raise self._damaged from error
        self._count(data)
        if self._bytes > self._expected.bytes or (not data and self.measured != self._expected):
            raise self._damaged
        buffer[: len(data)] = data
        return len(data)


class ArchiveWriter:
    """An archive while it is written; ``members`` is what it holds so far."""

    def __init__(self, zip_file: ZipFile) -> None:
        self._zip = zip_file
        self.members: dict[str, Member] = {}

    @contextmanager
    def member(self, name: str, counted: Counter = uncounted) -> Iterator[BinaryIO]:
        """Give a file to write a member to."""
        with self._zip.open(name, "w", force_zip64=True) as inner:
            written = Measuring(counted, inner)
            buffered = io.BufferedWriter(written, CHUNK)
            yield cast("BinaryIO", buffered)
            buffered.flush()
            self.members[name] = written.measured

    def finish(self, facts: Mapping[str, Any]) -> None:
        """Write the manifest: what the caller tells, and the members."""
        members = {name: {"bytes": one.bytes, "sha256": one.sha256} for name, one in self.members.items()}
        manifest = {"format": FORMAT, **facts, "members": members}
        self._zip.writestr(MANIFEST, json.dumps(manifest, ensure_ascii=False, indent=1))


@contextmanager
def write_archive(path: Path, *, overwrite: bool = False) -> Iterator[ArchiveWriter]:
    """Give an archive to write; it gets its name when the block ends well, and leaves nothing when it does not.

    Raises
    ------
    BackupNotWrittenError
        If the file exists and is not to be overwritten, another process writes it, or the disk refuses; the message
        says which.
    """
    part = path.with_name(f"{path.name}.part")
    with _disk(path):
        _refuse_existing(path, overwrite=overwrite)
        with _open_alone(part) as file:
            try:
                with ZipFile(file, "w", ZIP_DEFLATED, compresslevel=LEVEL) as zip_file:
                    zip_file.comment = SEAL + b"0" * DIGEST_LENGTH
                    yield ArchiveWriter(zip_file)
                _seal(file)
                file.flush()
                os.fsync(file.fileno())
                _refuse_existing(path, overwrite=overwrite)
                part.replace(path)
                _sync_folder(path.parent)
            except BaseException:
                part.unlink(missing_ok=True)
                raise


def _refuse_existing(path: Path, *, overwrite: bool) -> None:
    if path.exists() and not overwrite:
        raise BackupNotWrittenError(
            _("%(file)s exists already: choose another name, or replace it with --overwrite.", file=path)
        )


@contextmanager
def _open_alone(part: Path) -> Iterator[BinaryIO]:
    """Open the unfinished file, empty, for nobody but its owner and no other process."""
    with os.fdopen(os.open(part, os.O_RDWR | os.O_CREAT, 0o600), "r+b") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # Whoever finished between the opening and the lock has given it its name.
            is_ours = part.exists() and os.path.samestat(part.stat(), os.fstat(file.fileno()))
        except BlockingIOError:
            is_ours = False
        if not is_ours:
            raise BackupNotWrittenError(_("Another command is writing %(file)s.", file=part))
        file.truncate(0)
        yield file


@contextmanager
def _disk(path: Path) -> Iterator[None]:
    """Tell an error of the file system as what it means for a backup."""
    try:
        yield
    except OSError as error:
        number = error.errno or errno.EIO
        reason = _("the disk is full") if number in (errno.ENOSPC, errno.EDQUOT) else os.strerror(number)
        raise BackupNotWrittenError(
            _("The backup can not be written to %(file)s: %(reason)s. Nothing was saved.", file=path, reason=reason)
        ) from error


def _seal(file: BinaryIO) -> None:
    """Put the digest of everything before it into the comment."""
    size = file.seek(0, os.SEEK_END)
    digest = _digest(file, size - DIGEST_LENGTH)
    file.seek(size - DIGEST_LENGTH)
    file.write(digest)


def _digest(file: BinaryIO, size: int) -> bytes:
    found = hashlib.sha256()
    file.seek(0)
    while size > 0 and (chunk := file.read(min(CHUNK, size))):
        found.update(chunk)
        size -= len(chunk)
    return found.hexdigest().encode()


def _sync_folder(folder: Path) -> None:
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    except OSError as error:  # some file systems of a network can not bring a folder to the disk
        if error.errno != errno.EINVAL:
            raise
    finally:
        os.close(opened)


class Archive:
    """An archive that is read; ``manifest`` is what its writer told."""

    def __init__(self, path: Path, file: BinaryIO, zip_file: ZipFile, manifest: Mapping[str, Any]) -> None:
        self.path = path
        self.manifest = manifest
        self._file = file
        self._zip = zip_file
        self.members = {name: Member(**told) for name, told in manifest["members"].items()}

    @property
    def content_bytes(self) -> int:
        """Bytes of all members together."""
        return sum(member.bytes for member in self.members.values())

    def verify(self, counted: Counter = uncounted) -> None:
        """Read everything and compare it with its hashes.

        Raises
        ------
        BackupDamagedError
            Naming the first damaged member, else the table of contents.
        """
        listed = {info.filename for info in self._zip.infolist()} - {MANIFEST}
        if wrong := listed ^ set(self.members):
            raise self._damaged(min(wrong))
        for name in self.members:
            with self.open(name, counted) as content:
                while content.read(CHUNK):
                    pass
        if not self._is_sealed():
            raise self._damaged(_("its table of contents"))

    @contextmanager
    def open(self, name: str, counted: Counter = uncounted) -> Iterator[BinaryIO]:
        """Give a member to read; reading it to its end fails when it is not what the manifest tells.

        Raises
        ------
        BackupDamagedError
            If it is not as it was written.
        """
        damaged = self._damaged(name)
        try:
            inner = self._zip.open(name)
        except DAMAGE as error:
            raise damaged from error
        with inner:
            yield io.BufferedReader(_Read(inner, counted, self.members[name], damaged), CHUNK)

    def _is_sealed(self) -> bool:
        size = self._file.seek(0, os.SEEK_END)
        self._file.seek(-DIGEST_LENGTH - len(SEAL), os.SEEK_END)
        return self._file.read() == SEAL + _digest(self._file, size - DIGEST_LENGTH)

    def _damaged(self, name: str) -> BackupDamagedError:
        return BackupDamagedError(
            _(
                "%(file)s is damaged: %(member)s is not as it was written. Nothing was changed; take another backup.",
                file=self.path,
                member=name,
            )
        )


@contextmanager
def read_archive(path: Path, kind: str) -> Iterator[Archive]:
    """Open an archive of a kind; its manifest is read, and nothing verified yet.

    Raises
    ------
    BackupUnreadableError
        If the file can not be read or is none of ours.
    BackupDamagedError
        If its end or its manifest is damaged.
    NewerBackupError
        If a newer program wrote it in a form that this one does not know.
    """
    with ExitStack() as stack:
        try:
            file = stack.enter_context(path.open("rb"))
        except OSError as error:
            reason = os.strerror(error.errno or errno.EIO)
            raise BackupUnreadableError(_("%(file)s can not be read: %(reason)s.", file=path, reason=reason)) from error
        try:
            zip_file = stack.enter_context(ZipFile(file))
            if zip_file.getinfo(MANIFEST).file_size > LARGEST_MANIFEST:
                raise BadZipFile
            manifest: dict[str, Any] = json.loads(zip_file.read(MANIFEST))
            archive = Archive(path, file, zip_file, manifest)
            form, found = int(manifest["format"]), str(manifest["kind"])
        except (*DAMAGE, TypeError, AttributeError):
            raise _not_whole(path) from None
        if form > FORMAT:
            raise newer(path, manifest)
        if found != kind:
            names = {name: _(title) for name, title in KINDS.items()}
            told = {"file": path, "found": names.get(found, found), "wanted": names[kind]}
            raise BackupUnreadableError(_("%(file)s is %(found)s, not %(wanted)s.", **told))
        yield archive


def newer(path: Path, manifest: Mapping[str, Any]) -> NewerBackupError:
    """Return the mistake of a backup that only a newer program understands."""
    return NewerBackupError(
        _(
            "%(file)s was made by a newer program (version %(version)s, schema %(schema)s): install that one first.",
            file=path,
            version=manifest.get("program", "?"),
            schema=manifest.get("migration", "?"),
        )
    )


def _not_whole(path: Path) -> GeoHygieneError:
    """Return the mistake of a file whose contents can not be listed."""
    with suppress(OSError), path.open("rb") as file:
        if file.read(2) == b"PK":
            return BackupDamagedError(
                _(
                    "%(file)s is damaged or cut short: its table of contents can not be read. Nothing was changed; "
                    "take another backup.",
                    file=path,
                )
            )
    return BackupUnreadableError(_("%(file)s is no backup of this program.", file=path))
