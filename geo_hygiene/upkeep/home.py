"""What of a home belongs to a backup, and the notes that backup and restore leave in it."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from geo_hygiene.errors import GeoHygieneError
from geo_hygiene.i18n import N_, _
from geo_hygiene.keys import FOLDER as KEYS

FOLDERS = ("photos", "uploads")
"""Folders of a home whose files belong to its records and go into a backup.

Everything else is made again (caches), tells of one machine (logs, sockets, the database's own files), or is secret.
"""

FILES = "home"
"""Folder of the archive that holds them."""

KEY_USES = {
    "tiles": N_("a new one is made, and maps that are open are loaded once more"),
    "session": N_("a new one is made, and everybody signs in again"),
}
"""What it means that a key is missing, by its name. Keys never go into a backup: who steals one gets none with it."""

OTHER_KEY = N_("what was encrypted or signed with it can not be read")

RESTORING = "restore.unfinished"
"""File that stands in a home while a restore into it is not finished, and what it restores from."""

LAST_BACKUP = "last-backup.json"


class RestoreUnfinishedError(GeoHygieneError):
    """The home is being restored, or a restore of it was broken off."""


def belonging_files(home: Path) -> list[Path]:
    """Return the files of a home that go into a backup, in order; a link could lead anywhere and is none."""
    found = (path for folder in FOLDERS for path in (home / folder).rglob("*"))
    return sorted(path for path in found if path.is_file() and not path.is_symlink())


def key_files(home: Path) -> list[Path]:
    """Return the secrets of a home, in order; a name with a dot is one that is being made."""
    return sorted(path for path in (home / KEYS).glob("*") if path.is_file() and not path.suffix)


def key_use(name: str) -> str:
    """Return in the user's language what it means that a key is missing."""
    return _(KEY_USES.get(name, OTHER_KEY))


@dataclass(frozen=True)
class LastBackup:
    """The newest backup of a home, as an ISO instant and where it was written."""

    file: str
    made_at: str


def note_backup(home: Path, backup: LastBackup) -> None:
    """Remember a backup that was written, for the check to tell its age."""
    new = home / f"{LAST_BACKUP}.new"
    new.write_text(json.dumps(asdict(backup)))
    new.replace(home / LAST_BACKUP)


def last_backup(home: Path) -> LastBackup | None:
    """Return the newest backup that this home remembers."""
    try:
        return LastBackup(**json.loads((home / LAST_BACKUP).read_text()))
    except (OSError, ValueError, TypeError):
        return None


def refuse_unfinished(home: Path) -> None:
    """Refuse a home into which a restore goes on, or was broken off.

    Raises
    ------
    RestoreUnfinishedError
        With the command that finishes it.
    """
    try:
        with (home / RESTORING).open() as note:
            file = note.read().strip()
            if _is_held(note.fileno()):
                raise RestoreUnfinishedError(_("%(home)s is being restored from %(file)s.", home=home, file=file))
    except OSError:
        return
    raise RestoreUnfinishedError(
        _(
            "The restore of %(home)s was broken off, and nothing is in it yet: run "
            "`geo-hygiene db restore %(file)s --home %(home)s` again.",
            home=home,
            file=file,
        )
    )


@contextmanager
def restoring(home: Path, file: Path) -> Iterator[None]:
    """Keep everybody else out of a home until ``finish_restoring``; an error or a kill leaves the note in it.

    Raises
    ------
    RestoreUnfinishedError
        If another process restores it.
    """
    with (home / RESTORING).open("a+") as note:
        try:
            fcntl.flock(note, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            note.seek(0)
            raise RestoreUnfinishedError(
                _("%(home)s is being restored from %(file)s.", home=home, file=note.read().strip())
            ) from None
        note.truncate(0)
        note.write(str(file))
        note.flush()
        os.fsync(note.fileno())
        yield


def finish_restoring(home: Path) -> None:
    """Open a home to everybody."""
    (home / RESTORING).unlink(missing_ok=True)
    folder = os.open(home, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _is_held(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    return False
