"""One PostgreSQL server and its data folder: made, configured, started, stopped, and taken over after a crash."""

from __future__ import annotations

import hashlib
import os
import pwd
import re
import shutil
import signal
import stat
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import psycopg2

from geo_hygiene.cluster.errors import DiskFullError, HomeUnusableError, failure, writing
from geo_hygiene.cluster.system import Binaries, ServerUser
from geo_hygiene.i18n import _

DATABASE = "geo_hygiene"
SUPERUSER = "postgres"
OWNER = "geo_hygiene_owner"
SERVICE = "geo_hygiene_service"
MAP = "geo_hygiene"
"""Name of the map from system users to roles."""

SOCKET_FOLDERS = Path("/tmp")  # noqa: S108 - every command must find the same folder; its owner and mode are checked
SOCKET = ".s.PGSQL.5432"
LONGEST_SOCKET_PATH = 100
"""Bytes; the kernel's own limit is 107."""

SMALLEST_FREE_SPACE = 200_000_000
"""Bytes that a new cluster (46 MB), its first log segments and the first records need."""
UNFINISHED = "data.new-"
"""Beginning of the name of a data folder that is being made."""
LARGEST_LOG = 10_000_000
"""Bytes of the server's log after which a start begins a new one and keeps the one before."""
POLL_SECONDS = 0.01
STOP_SECONDS = 60
"""Time that a server has to write its last checkpoint; after it, it is stopped as by a crash, which loses nothing."""

CONFIGURATION = """\
# Written by geo_hygiene before every start. ALTER SYSTEM overrides what stands here.
listen_addresses = ''
port = 5432
unix_socket_directories = '{socket_folder}'
unix_socket_permissions = 0700
cluster_name = '{name}'
max_connections = 100

# An acknowledged record survives any crash.
fsync = on
full_page_writes = on
synchronous_commit = on

shared_buffers = {shared_buffers}MB
effective_cache_size = {cache}MB
work_mem = 32MB
maintenance_work_mem = 256MB
max_wal_size = 2GB
wal_compression = lz4
random_page_cost = 1.1
jit = off

timezone = 'UTC'
lc_messages = 'C.UTF-8'
log_timezone = 'UTC'
log_line_prefix = '%m [%p] %q%u@%d '
log_checkpoints = off
"""


class Server:
    """The server of one cluster.

    Parameters
    ----------
    folder
        Absolute path of the cluster's folder, which holds ``data``, ``server.log`` and, when its path is short and
        plain, the socket's folder ``run``.
    user
        The system user that it runs as and that owns the folder.
    """

    def __init__(self, folder: Path, user: ServerUser) -> None:
        self.folder = folder
        self.data = folder / "data"
        self.log = folder / "server.log"
        self._user = user
        digest = hashlib.sha256(os.fsencode(self.data)).hexdigest()[:16]
        self._name = f"geo_hygiene-{digest}"  # stands in the title of each of its processes
        self.socket_folder = self._socket_folder()
        self._said_before = 0

    def _socket_folder(self) -> Path:
        inside = self.folder / "run"
        path = os.fsencode(inside / SOCKET)
        if len(path) <= LONGEST_SOCKET_PATH and re.fullmatch(rb"[A-Za-z0-9_./-]+", path):
            return inside
        return SOCKET_FOLDERS / f"{self._name}-{self._user.uid}"

    @property
    def exists(self) -> bool:
        """Whether the data folder was made."""
        return (self.data / "PG_VERSION").exists()

    def pid(self) -> int | None:
        """Return the server's process, or ``None`` when it does not run, whatever a stale file says."""
        first = self._told()[0]
        return int(first) if first.isdigit() and self._is_server(int(first)) else None

    def start(self) -> None:
        """Start the server unless it runs; return when it answers and holds the database and its roles.

        Raises
        ------
        ClusterError
            If that is not possible; the message says why and what to do.
        """
        with writing(self.folder):
            if (pid := self.pid()) is None:
                self._clear_remains()
                if not self.exists:
                    self._make()
                self._prepare()
                pid = self._launch()
        try:
            self._wait(pid)
            self._provide()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop the server; running statements are cancelled and rolled back."""
        for stop_signal in (signal.SIGINT, signal.SIGQUIT):
            pid = self.pid()
            if pid is None:
                break
            with suppress(ProcessLookupError):  # gone by itself meanwhile
                os.kill(pid, stop_signal)
            deadline = time.monotonic() + STOP_SECONDS
            while self._is_server(pid) and time.monotonic() < deadline:
                time.sleep(POLL_SECONDS)
        if self.socket_folder.parent == SOCKET_FOLDERS:
            with suppress(OSError):
                self.socket_folder.rmdir()

    def _told(self) -> list[str]:
        """Return the eight lines in which the server tells its process, its state and more; empty ones if it is not."""
        try:
            lines = (self.data / "postmaster.pid").read_text().split("\n")
        except FileNotFoundError:
            lines = []
        return [line.strip() for line in lines[:8]] + [""] * (8 - len(lines))

    def _is_server(self, pid: int) -> bool:
        """Tell whether a process is this server; the number may have gone to another process since a crash."""
        return os.fsencode(self.data) in _command_line(pid).split(b"\0")

    def _clear_remains(self) -> None:
        """Remove what a crash left: a half-made data folder, stale files, processes that outlived their server."""
        for unfinished in self.folder.glob(f"{UNFINISHED}*"):
            shutil.rmtree(unfinished, ignore_errors=True)
        title = f"postgres: {self._name}:".encode()
        orphans = [pid for pid in _processes() if _command_line(pid).startswith(title)]
        for pid in orphans:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        while any(_command_line(pid).startswith(title) for pid in orphans):
            time.sleep(POLL_SECONDS)
        # PostgreSQL refuses to start while the number in these files is that of any living process of its user.
        for name in (self.data / "postmaster.pid", self.socket_folder / SOCKET, self.socket_folder / f"{SOCKET}.lock"):
            name.unlink(missing_ok=True)

    def _make(self) -> None:
        """Make the data folder: beside its place, and moved there when it is complete and on the disk."""
        binaries = Binaries.newest()
        if shutil.disk_usage(self.folder).free < SMALLEST_FREE_SPACE:
            raise DiskFullError(self.folder)
        # A name of its own: the initdb of a command that was killed may still be writing.
        unfinished = self.folder / f"{UNFINISHED}{os.getpid()}"
        options = ("--auth=peer", "--encoding=UTF8", "--locale=C.UTF-8", "--data-checksums")
        made = self._user.run(
            [binaries.folder / "initdb", f"--pgdata={unfinished}", f"--username={SUPERUSER}", *options]
        )
        if made.returncode:
            shutil.rmtree(unfinished, ignore_errors=True)
            raise failure(made.stderr, self.folder, self.log)
        unfinished.rename(self.data)
        folder = os.open(self.folder, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def _prepare(self) -> None:
        """Write the configuration, who may connect, and the socket's folder."""
        memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2**20
        configuration = CONFIGURATION.format(
            socket_folder=self.socket_folder,
            name=self._name,
            shared_buffers=min(max(memory // 8, 128), 1024),
            cache=memory // 2,
        )
        users = sorted({self._user.name, pwd.getpwuid(os.geteuid()).pw_name})
        identities = [f'{MAP} "{user}" {role}\n' for user in users for role in (SUPERUSER, OWNER, SERVICE)]
        self._write(self.data / "postgresql.conf", configuration)
        self._write(self.data / "pg_hba.conf", f"local all all peer map={MAP}\n")
        self._write(self.data / "pg_ident.conf", "".join(identities))
        self.socket_folder.mkdir(mode=0o700, exist_ok=True)
        if self.socket_folder.stat().st_uid == os.geteuid():
            self._user.give(self.socket_folder)
        found = self.socket_folder.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != self._user.uid or found.st_mode & 0o077:
            raise HomeUnusableError(
                _(
                    "%(folder)s must be a folder that belongs to %(user)s alone: remove it, or choose another home.",
                    folder=self.socket_folder,
                    user=self._user.name,
                )
            )

    def _write(self, path: Path, content: str) -> None:
        """Write a file whole or not at all; one that is right already is left, also when the disk is full."""
        if path.read_text() != content:
            new = path.with_suffix(".new")
            new.write_text(content)
            new.chmod(0o600)
            self._user.give(new)
            new.replace(path)

    def _launch(self) -> int:
        """Start the server as a process that outlives this one, and return the process."""
        binaries = Binaries.that_made(self.data)
        if self._log_size() > LARGEST_LOG:
            self.log.replace(self.log.with_suffix(".log.1"))
        self._said_before = self._log_size()
        detach = 'log=$1; shift; "$@" >>"$log" 2>&1 </dev/null & echo $!'
        launched = self._user.run(
            ["/bin/sh", "-c", detach, "sh", self.log, binaries.folder / "postgres", "-D", self.data]
        )
        return int(launched.stdout)

    def _wait(self, pid: int) -> None:
        """Wait until the server answers, however long its recovery from a crash takes."""
        while self._told()[-1] != "ready" or self.pid() is None:
            if not _is_alive(pid):
                raise failure(self._last_words(), self.folder, self.log)
            time.sleep(POLL_SECONDS)

    def _log_size(self) -> int:
        return self.log.stat().st_size if self.log.exists() else 0

    def _last_words(self) -> str:
        """Return what the server wrote since it was launched here."""
        with self.log.open(errors="replace") as log:
            log.seek(self._said_before)
            return log.read()

    def _provide(self) -> None:
        """Make the roles, the database and its PostGIS, as far as they are missing."""
        try:
            with closing(self._connect("postgres")) as connection, connection.cursor() as cursor:
                for role in (OWNER, SERVICE):
                    cursor.execute("select from pg_roles where rolname = %s", [role])
                    if not cursor.rowcount:
                        cursor.execute(f"create role {role} login")
                cursor.execute("select from pg_database where datname = %s", [DATABASE])
                if not cursor.rowcount:
                    cursor.execute(f"create database {DATABASE} owner {OWNER}")
            with closing(self._connect(DATABASE)) as connection, connection.cursor() as cursor:
                cursor.execute("create extension if not exists postgis")
        except psycopg2.Error as error:
            raise failure(f"{self._last_words()}\nERROR: {error}", self.folder, self.log) from error

    def _connect(self, database: str) -> psycopg2.extensions.connection:
        connection = psycopg2.connect(host=str(self.socket_folder), port=5432, user=SUPERUSER, dbname=database)
        connection.autocommit = True
        return connection


def _command_line(pid: int) -> bytes:
    """Return the arguments of a process, empty when it is gone, a zombie, or about to become another program."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def _is_alive(pid: int) -> bool:
    """Tell whether a process runs; its command line may be empty while it changes from the shell to the server."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state not in "ZX"


def _processes() -> Iterator[int]:
    return (int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit())
