"""What can stand in the way of the private database, each with its sentence."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from geo_hygiene.errors import GeoHygieneError
from geo_hygiene.i18n import _

DISK_FULL = ("No space left on device", "Disk quota exceeded")
"""Words of the C library by which PostgreSQL tells that the disk is full."""

NO_SPACE = 1_000_000
"""Free bytes below which a failure is put down to the full disk."""


class ClusterError(GeoHygieneError):
    """The private database can not be used."""


class BinariesMissingError(ClusterError):
    """The system has no PostgreSQL with PostGIS that is new enough."""


class OtherVersionError(ClusterError):
    """The data folder belongs to a major version of PostgreSQL that the system does not have."""


class HomeUnusableError(ClusterError):
    """The home can not be written, or not entered by the server's user, or belongs to another user."""


class ClusterInUseError(ClusterError):
    """The database can not be stopped while other commands use it."""


class DiskFullError(ClusterError):
    """There is no space left for the database."""

    def __init__(self, folder: Path) -> None:
        super().__init__(
            _("The disk that holds %(folder)s is full: free some space, or choose another home.", folder=folder)
        )


class ServerFailedError(ClusterError):
    """PostgreSQL failed; its own last words are in the message."""

    def __init__(self, words: str, log: Path) -> None:
        super().__init__(_("The database did not start: %(words)s (its log is %(log)s)", words=words, log=log))


def failure(words: str, folder: Path, log: Path) -> ClusterError:
    """Return the mistake that the output of one of PostgreSQL's programs tells."""
    # On a full disk the server's own log may have had no room for a word.
    if any(sign in words for sign in DISK_FULL) or shutil.disk_usage(folder).free < NO_SPACE:
        return DiskFullError(folder)
    lines = [line.strip() for line in words.splitlines() if line.strip()]
    grave = [line for line in lines if any(level in line for level in ("FATAL:", "PANIC:", "error:", "ERROR:"))]
    return ServerFailedError((grave or lines or ["it said nothing"])[-1], log)


@contextmanager
def writing(folder: Path) -> Iterator[None]:
    """Tell an error of the file system as what it means for a folder of the home."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise DiskFullError(folder) from error
        raise HomeUnusableError(
            _(
                "%(folder)s can not be written (%(reason)s): give the user that runs this command the right to, "
                "or choose another home with --home or GEO_HYGIENE_HOME.",
                folder=folder,
                reason=os.strerror(error.errno or errno.EIO),
            )
        ) from error
