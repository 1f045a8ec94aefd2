"""The private PostgreSQL + PostGIS cluster of a home, made, run and stopped by the program itself.

It is reached through a unix socket only, by the system user that runs the program (peer authentication), without
password or port. As root the server itself runs as the user ``postgres``. Commands that need it hold a lease: the
first starts the server, the last to leave stops it, and a lease ends with its process however that ends.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import pwd
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from geo_hygiene.cluster.errors import (
    BinariesMissingError,
    ClusterError,
    ClusterInUseError,
    DiskFullError,
    HomeUnusableError,
    OtherVersionError,
    ServerFailedError,
    writing,
)
from geo_hygiene.cluster.server import DATABASE, OWNER, SERVICE, SUPERUSER, Server
from geo_hygiene.cluster.system import OLDEST_POSTGIS, OLDEST_POSTGRESQL, ServerUser
from geo_hygiene.i18n import _

__all__ = [
    "OLDEST_POSTGIS",
    "OLDEST_POSTGRESQL",
    "BinariesMissingError",
    "Cluster",
    "ClusterError",
    "ClusterInUseError",
    "DiskFullError",
    "HomeUnusableError",
    "OtherVersionError",
    "ServerFailedError",
    "Status",
]

SHARED_FOLDER = Path("/var/lib/geo-hygiene")
"""Where root keeps the clusters of homes that the server's user can not enter."""


@dataclass(frozen=True)
class Status:
    """What a cluster does at a moment.

    Attributes
    ----------
    folder
        Where its data and its log are.
    exists
        Whether its data folder was made.
    pid
        The server's process, ``None`` while it is stopped.
    in_use
        Whether commands hold a lease.
    """

    folder: Path
    exists: bool
    pid: int | None
    in_use: bool


class Cluster:
    """The cluster of one home.

    Parameters
    ----------
    home
        Folder of everything that the program keeps. The cluster lives in ``database`` in it or, where root runs the
        program and the user ``postgres`` can not enter the home, in ``/var/lib/geo-hygiene``.
    """

    def __init__(self, home: Path) -> None:
        self.home = home.resolve()
        self._user = ServerUser.find()
        self.folder = self._place()
        self._server = Server(self.folder, self._user)

    def _place(self) -> Path:
        inside = self.home / "database"
        if not self._user.is_other:
            return inside
        shared = SHARED_FOLDER / hashlib.sha256(os.fsencode(self.home)).hexdigest()[:16]
        if shared.exists() or inside.exists():
            return shared if shared.exists() else inside
        nearest = next(folder for folder in (self.home, *self.home.parents) if folder.exists())
        return inside if self._user.can_enter(nearest) else shared

    def url(self, role: Literal["service", "owner"] = "service", *, database: str = DATABASE) -> str:
        """Return the SQLAlchemy address of a database for a role: the owner, or the service without DDL."""
        return self._url(OWNER if role == "owner" else SERVICE, database)

    def superuser_url(self, database: str = DATABASE) -> str:
        """Return the SQLAlchemy address of a database for the cluster's superuser."""
        return self._url(SUPERUSER, database)

    def _url(self, user: str, database: str) -> str:
        return f"postgresql+psycopg2://{user}@/{database}?host={self._server.socket_folder}&port=5432"

    def start(self) -> None:
        """Start the server, which then runs until ``stop``; return when it answers."""
        with self._changing():
            self._start()
            with writing(self.folder):
                self._kept.touch()

    def stop(self) -> None:
        """Stop the server.

        Raises
        ------
        ClusterInUseError
            If commands use it: it then stops when the last of them leaves.
        """
        if not self.status().exists:
            return
        with self._changing():
            self._kept.unlink(missing_ok=True)
            if self._is_in_use():
                raise ClusterInUseError(
                    _("The database of %(home)s is in use; it stops when the last command leaves it.", home=self.home)
                )
            self._server.stop()

    def status(self) -> Status:
        """Return what the cluster does at this moment."""
        with writing(self.folder):
            if self.folder.exists():
                self._check_folder()
        return Status(self.folder, self._server.exists, self._server.pid(), self._is_in_use())

    @contextmanager
    def lease(self) -> Iterator[None]:
        """Use the server: start it when needed, and stop it when nobody uses it any more."""
        with self._changing():
            users = self._open_users()
            fcntl.fcntl(users, fcntl.F_OFD_SETLKW, _file_lock(fcntl.F_RDLCK))
            try:
                self._start()
            except BaseException:
                os.close(users)
                raise
        try:
            yield
        finally:
            with self._changing():
                # Unlocked, not only closed: a forked child may have a copy of the descriptor.
                fcntl.fcntl(users, fcntl.F_OFD_SETLK, _file_lock(fcntl.F_UNLCK))
                os.close(users)
                if not self._kept.exists() and not self._is_in_use():
                    self._server.stop()

    def revive(self) -> bool:
        """Start the server again if it died under a lease; return whether it had."""
        if self._server.pid() is not None:
            return False
        with self._changing():
            self._server.start()
        return True

    @property
    def _kept(self) -> Path:
        """File that says that the server was started to run on without leases."""
        return self.folder / "kept"

    def _start(self) -> None:
        if self._server.pid() is None:
            self._kept.unlink(missing_ok=True)
        self._server.start()

    @contextmanager
    def _changing(self) -> Iterator[None]:
        """Hold the right to start and stop the server; a second command waits here for the first."""
        with writing(self.home):
            self.home.mkdir(parents=True, exist_ok=True)
        with writing(self.folder):
            if not self.folder.exists():
                self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                self._user.give(self.folder)
            self._check_folder()
            lock = (self.folder / "change.lock").open("a")
        with lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _check_folder(self) -> None:
        """Refuse a folder that is another user's or that the server's user can not enter."""
        owner = self.folder.stat().st_uid
        if owner != self._user.uid:
            raise HomeUnusableError(
                _(
                    "%(folder)s belongs to the user %(owner)s, not to %(user)s: run this command as the user who made "
                    "it, or choose another home with --home.",
                    folder=self.folder,
                    owner=_user_name(owner),
                    user=self._user.name,
                )
            )
        if not self._user.can_enter(self.folder):
            raise HomeUnusableError(
                _(
                    "The user %(user)s, as whom the database runs, can not enter %(folder)s: give it the right to "
                    "(chmod o+x on the folders above), or choose another home with --home.",
                    user=self._user.name,
                    folder=self.folder,
                )
            )

    def _open_users(self) -> int:
        with writing(self.folder):
            return os.open(self.folder / "users.lock", os.O_RDWR | os.O_CREAT, 0o600)

    def _is_in_use(self) -> bool:
        """Tell whether a living process holds a lease; the kernel ends the locks of dead ones."""
        if not (self.folder / "users.lock").exists():
            return False
        users = self._open_users()
        try:
            # Only asked for: a lock that is taken to try it would look like a lease to whoever asks at the same moment.
            hinders = fcntl.fcntl(users, fcntl.F_OFD_GETLK, _file_lock(fcntl.F_WRLCK))
        finally:
            os.close(users)
        return bool(struct.unpack(_FILE_LOCK, hinders)[0] != fcntl.F_UNLCK)


_FILE_LOCK = "hhqqi"
"""The kernel's struct flock, https://man7.org/linux/man-pages/man2/fcntl_locking.2.html."""


def _file_lock(kind: int) -> bytes:
    """Return what asks for a lock of a kind on a whole file; it belongs to the open file, like those of flock."""
    return struct.pack(_FILE_LOCK, kind, os.SEEK_SET, 0, 0, 0)


def _user_name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
