"""What the system gives to a cluster: an installed PostgreSQL with PostGIS, and the user to run it as."""

from __future__ import annotations

import os
import pwd
import re
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

from geo_hygiene.cluster.errors import BinariesMissingError, OtherVersionError
from geo_hygiene.i18n import _

OLDEST_POSTGRESQL = 15
OLDEST_POSTGIS = (3, 3)

PROGRAMS = Path("/usr/lib/postgresql")
"""Where Debian and Ubuntu keep the programs of each major version."""
SHARE = Path("/usr/share/postgresql")
"""Where they keep the extensions of each."""


@dataclass(frozen=True)
class Binaries:
    """The programs of one installed PostgreSQL that has PostGIS."""

    folder: Path
    major: int

    @classmethod
    def installed(cls) -> list[Binaries]:
        """Return the usable installations of this system, the newest first."""
        folders = set(PROGRAMS.glob("*/bin"))
        if initdb := shutil.which("initdb"):
            folders.add(Path(initdb).resolve().parent)
        found = [cls(folder, major) for folder in folders if (major := _usable_major(folder))]
        return sorted(found, key=lambda binaries: binaries.major, reverse=True)

    @classmethod
    def newest(cls) -> Binaries:
        """Return the newest installation.

        Raises
        ------
        BinariesMissingError
            If there is none.
        """
        for binaries in cls.installed():
            return binaries
        raise BinariesMissingError(
            _(
                "PostgreSQL %(postgresql)s or newer with PostGIS %(postgis)s or newer is not installed. "
                "Install it with: sudo apt-get install postgresql postgresql-postgis",
                postgresql=OLDEST_POSTGRESQL,
                postgis=".".join(map(str, OLDEST_POSTGIS)),
            )
        )

    @classmethod
    def that_made(cls, data: Path) -> Binaries:
        """Return the installation of the major version that made a data folder.

        Raises
        ------
        OtherVersionError
            If the system has other versions only.
        BinariesMissingError
            If it has none.
        """
        made_by = int((data / "PG_VERSION").read_text())
        newest = cls.newest()
        for binaries in cls.installed():
            if binaries.major == made_by:
                return binaries
        raise OtherVersionError(
            _(
                "The database in %(folder)s was made by PostgreSQL %(made_by)s, and this system has %(newest)s: "
                "install postgresql-%(made_by)s-postgis-3 beside it, make a backup (`geo-hygiene db backup FILE`), and "
                "restore it into a new home (`geo-hygiene db restore FILE --home DIR`).",
                folder=data,
                made_by=made_by,
                newest=newest.major,
            )
        )


def _usable_major(folder: Path) -> int | None:
    """Return the major version of the PostgreSQL in a folder, or ``None`` when it or its PostGIS is too old."""
    if not all((folder / program).is_file() for program in ("initdb", "postgres")):
        return None
    told = subprocess.run(  # noqa: S603 - a program of the system's
        [folder / "postgres", "--version"], capture_output=True, text=True, check=False
    )
    version = re.search(r"\d+", told.stdout)
    if version is None or int(version.group()) < OLDEST_POSTGRESQL:
        return None
    major = int(version.group())
    shares = (SHARE / str(major), folder.parent / "share", folder.parent / "share" / "postgresql")
    for control in (share / "extension" / "postgis.control" for share in shares):
        if control.is_file():
            postgis = re.search(r"default_version\s*=\s*'(\d+)\.(\d+)", control.read_text())
            if postgis and tuple(map(int, postgis.groups())) >= OLDEST_POSTGIS:
                return major
    return None


class _Identity(TypedDict, total=False):
    user: int
    group: int
    extra_groups: Sequence[int]


@dataclass(frozen=True)
class ServerUser:
    """The system user that a server runs as."""

    name: str
    uid: int
    gid: int

    @classmethod
    def find(cls) -> ServerUser:
        """Return the user that runs this program, or ``postgres`` when that is root, whom PostgreSQL refuses."""
        try:
            entry = pwd.getpwnam("postgres") if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())
        except KeyError:
            Binaries.newest()  # their packages bring the user postgres: when they are absent, that is the sentence
            raise BinariesMissingError(
                _("There is no system user that the database can run as: run this command as an ordinary user.")
            ) from None
        return cls(entry.pw_name, entry.pw_uid, entry.pw_gid)

    @property
    def is_other(self) -> bool:
        """Whether this is not the user that runs the program."""
        return self.uid != os.geteuid()

    def run(self, command: Sequence[str | Path]) -> subprocess.CompletedProcess[str]:
        """Run a program as this user, in a session of its own and without the caller's PostgreSQL settings."""
        environment = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
        identity = _Identity(user=self.uid, group=self.gid, extra_groups=[]) if self.is_other else _Identity()
        return subprocess.run(  # noqa: S603 - programs of PostgreSQL and of the system, without a shell's quoting
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            cwd="/",
            env=environment | {"LC_ALL": "C.UTF-8"},
            umask=0o077,
            start_new_session=True,
            **identity,
        )

    def can_enter(self, folder: Path) -> bool:
        """Tell whether this user can reach what is in a folder."""
        return not self.is_other or self.run(["/usr/bin/test", "-x", folder]).returncode == 0

    def give(self, path: Path) -> None:
        """Make this user the owner of a file or folder that the program made."""
        if self.is_other:
            os.chown(path, self.uid, self.gid)
