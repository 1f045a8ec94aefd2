"""The processes behind a command: the database of a home, and the web server in front of it.

``open_database`` is what every command uses. ``up`` runs the web server until it is told to stop.
"""

from __future__ import annotations

import ctypes
import errno
import fcntl
import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from sqlalchemy import make_url, text
from sqlalchemy.exc import DBAPIError, OperationalError, ProgrammingError

from geo_hygiene.cluster import OLDEST_POSTGIS, OLDEST_POSTGRESQL, Cluster
from geo_hygiene.cluster.errors import writing
from geo_hygiene.database import engine, migrate
from geo_hygiene.errors import GeoHygieneError
from geo_hygiene.i18n import _
from geo_hygiene.settings import Settings

LOOPBACK = "127.0.0.1"
WEB_APPLICATION = "geo_hygiene.web:create_app()"
WORKERS = 2
THREADS = 4
"""Threads of each worker; a request that waits for the database keeps one."""
REQUEST_SECONDS = 30

PORT_PATIENCE_SECONDS = 1.0
"""Time in which the web server of a killed ``up`` lets go of its port."""
READY_SECONDS = 60.0
WATCH_SECONDS = 0.25
STOP_SECONDS = 10.0
LARGEST_LOG = 10_000_000
"""Bytes of the web server's log after which a start begins a new one and keeps the one before."""

PR_SET_PDEATHSIG = 1


class DatabaseUnusableError(GeoHygieneError):
    """The database of the environment does not answer, or is not one that this program can use."""


class PortTakenError(GeoHygieneError):
    """The port of the web server can not be had."""


class AlreadyUpError(GeoHygieneError):
    """The web server of this home runs already."""


class WebServerFailedError(GeoHygieneError):
    """The web server did not become ready."""


@dataclass(frozen=True)
class Database:
    """SQLAlchemy addresses of one database for its two roles.

    Attributes
    ----------
    owner_url
        For migrations.
    service_url
        For everything else: without the right to change the schema.
    cluster
        The private cluster that it lives in, ``None`` for one of the environment.
    """

    owner_url: str
    service_url: str
    cluster: Cluster | None


def find_database(settings: Settings) -> Database:
    """Return the database that the settings name, without starting it."""
    if settings.database_url is not None:
        return Database(settings.database_url, settings.service_url or settings.database_url, None)
    if settings.service_url is not None:
        raise DatabaseUnusableError(
            _("GEO_HYGIENE_SERVICE_URL is set without GEO_HYGIENE_DATABASE_URL, the address for the owner.")
        )
    cluster = Cluster(settings.home)
    return Database(cluster.url("owner"), cluster.url("service"), cluster)


@contextmanager
def open_database(settings: Settings) -> Iterator[Database]:
    """Use the database of the settings: started when needed, migrated, and stopped if nobody else uses it.

    Raises
    ------
    GeoHygieneError
        If it can not be started, or is too old.
    """
    database = find_database(settings)
    if database.cluster is None:
        check_versions(database.owner_url)
        migrate(database.owner_url)
        yield database
    else:
        with database.cluster.lease():
            migrate(database.owner_url)
            yield database


def check_versions(owner_url: str) -> None:
    """Refuse a database whose PostgreSQL or PostGIS is too old, and make the extension where it is missing.

    Raises
    ------
    DatabaseUnusableError
        If so, if it does not answer, or if the owner may not make the extension.
    """
    address = make_url(owner_url).render_as_string(hide_password=True)
    owner = engine(owner_url)
    try:
        with owner.begin() as connection:
            postgresql = int(connection.execute(text("show server_version_num")).scalar_one()) // 10_000
            connection.execute(text("create extension if not exists postgis"))
            extension = text("select extversion from pg_extension where extname = 'postgis'")
            postgis = tuple(int(part) for part in connection.execute(extension).scalar_one().split(".")[:2])
    except OperationalError as error:
        raise DatabaseUnusableError(
            _("The database %(address)s does not answer: %(reason)s", address=address, reason=_first_line(error))
        ) from error
    except ProgrammingError as error:
        raise DatabaseUnusableError(
            _(
                "PostGIS is missing in %(address)s (%(reason)s): let a superuser run `create extension postgis` there.",
                address=address,
                reason=_first_line(error),
            )
        ) from error
    finally:
        owner.dispose()
    if postgresql < OLDEST_POSTGRESQL or postgis < OLDEST_POSTGIS:
        raise DatabaseUnusableError(
            _(
                "%(address)s is PostgreSQL %(postgresql)s with PostGIS %(postgis)s; "
                "PostgreSQL %(oldest)s and PostGIS %(oldest_postgis)s are the oldest that can be used.",
                address=address,
                postgresql=postgresql,
                postgis=".".join(map(str, postgis)),
                oldest=OLDEST_POSTGRESQL,
                oldest_postgis=".".join(map(str, OLDEST_POSTGIS)),
            )
        )


def _first_line(error: DBAPIError) -> str:
    return str(error.orig).strip().splitlines()[0]


def up(
    settings: Settings,
    *,
    prepare: Callable[[Database], None],
    tell: Callable[[str], None],
    when_ready: Callable[[str], None],
) -> None:
    """Serve the home on the loopback address until SIGTERM, SIGINT or SIGHUP; then stop what was started.

    The web server and a private database that die are started again.

    Parameters
    ----------
    settings
        The home, its database and the port.
    prepare
        Called with the migrated database before the web server starts.
    tell
        Shows a message of progress to the user.
    when_ready
        Called with the address when it answers for the first time.

    Raises
    ------
    GeoHygieneError
        If the port is taken, the home is served already, or the database or the web server can not be started.
    """
    with suppress(_Told), _stopping_on_signals(), _alone(settings.home) as note, closing(_bind(settings.port)) as bound:
        address = f"http://{LOOPBACK}:{bound.getsockname()[1]}"
        with writing(settings.home):
            note(address)
        with open_database(settings) as database:
            prepare(database)
            _serve(settings.home, database, bound, lambda: when_ready(address), tell)


class _Told(BaseException):
    """The process was told to stop."""


@contextmanager
def _stopping_on_signals() -> Iterator[None]:
    """Raise ``_Told`` at the first signal to stop; later ones do not disturb the stopping."""
    signals = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)

    def stop(_number: int, _frame: FrameType | None) -> None:
        for number in signals:
            signal.signal(number, signal.SIG_IGN)
        raise _Told

    before = {number: signal.signal(number, stop) for number in signals}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _alone(home: Path) -> Iterator[Callable[[str], None]]:
    """Be the only ``up`` of a home; yields a function that notes its address for the others."""
    with writing(home):
        home.mkdir(parents=True, exist_ok=True)
        lock = (home / "up.lock").open("a+")
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            address = lock.read().strip() or _("an address that it is about to tell")
            raise AlreadyUpError(_("%(home)s is served already, at %(address)s.", home=home, address=address)) from None

        def note(address: str) -> None:
            lock.truncate(0)
            lock.write(address)
            lock.flush()

        yield note


def _bind(port: int) -> socket.socket:
    """Return a socket that holds a port of the loopback address; it does not listen yet."""
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    deadline = time.monotonic() + PORT_PATIENCE_SECONDS
    while True:
        try:
            bound.bind((LOOPBACK, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE and time.monotonic() < deadline:
                time.sleep(0.05)
                continue
            bound.close()
            raise PortTakenError(
                _(
                    "Port %(port)s can not be used (%(reason)s): choose another with --port or GEO_HYGIENE_PORT.",
                    port=port,
                    reason=os.strerror(error.errno or errno.EIO),
                )
            ) from error
        return bound


def _serve(
    home: Path, database: Database, bound: socket.socket, when_ready: Callable[[], None], tell: Callable[[str], None]
) -> None:
    """Run the web server for ever; one that had become ready is started again when it dies."""
    log = home / "logs" / "web.log"
    with _web_server(home, database, bound, log) as web:
        _wait_until_ready(web, bound, log)
        when_ready()
        _watch(web, database, tell)
    while True:
        tell(_("The web server died and is started again; its log is %(log)s.", log=log))
        with _web_server(home, database, bound, log) as web:
            _wait_until_ready(web, bound, log)
            _watch(web, database, tell)


@contextmanager
def _web_server(home: Path, database: Database, bound: socket.socket, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run gunicorn on a bound socket, which keeps waiting connections while gunicorn is started again."""
    options = {
        "bind": f"fd://{bound.fileno()}",
        "worker-class": "gthread",
        "workers": WORKERS,
        "threads": THREADS,
        "timeout": REQUEST_SECONDS,
        "graceful-timeout": 5,
        "limit-request-line": 8190,
        "log-level": "warning",
    }
    command = [sys.executable, "-m", "gunicorn", "--preload", "--no-control-socket"]
    command += [f"--{name}={value}" for name, value in options.items()]
    # The web server knows the service's address only.
    environment = {name: value for name, value in os.environ.items() if name != "GEO_HYGIENE_DATABASE_URL"}
    environment |= {"GEO_HYGIENE_HOME": str(home), "GEO_HYGIENE_SERVICE_URL": database.service_url}
    set_process_option = ctypes.CDLL(None).prctl
    with writing(log.parent):
        log.parent.mkdir(exist_ok=True)
        if log.exists() and log.stat().st_size > LARGEST_LOG:
            log.replace(log.with_suffix(".log.1"))
        output = log.open("ab")
    with output:
        web = subprocess.Popen(  # noqa: S603 - our own interpreter
            [*command, WEB_APPLICATION],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env=environment,
            pass_fds=[bound.fileno()],
            start_new_session=True,
            # Killed with -9, this process can stop nobody: the kernel then does it.
            preexec_fn=lambda: set_process_option(PR_SET_PDEATHSIG, signal.SIGQUIT),  # noqa: PLW1509 - one thread
        )
    try:
        yield web
    finally:
        web.terminate()
        try:
            web.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(web.pid, signal.SIGKILL)
            web.wait()


def _wait_until_ready(web: subprocess.Popen[bytes], bound: socket.socket, log: Path) -> None:
    host, port = bound.getsockname()
    reason = _("it does not answer")
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        if web.poll() is not None:
            reason = _("it ended with exit code %(code)s", code=web.returncode)
            break
        try:
            with closing(http.client.HTTPConnection(host, port, timeout=1)) as connection:
                connection.request("GET", "/readyz")
                answer = connection.getresponse()
                if answer.status == http.client.OK:
                    return
                reason = answer.read(1000).decode(errors="replace")
        except (OSError, http.client.HTTPException):
            pass  # not listening yet
        time.sleep(0.05)
    raise WebServerFailedError(
        _("The web server did not start: %(reason)s (its log is %(log)s)", reason=reason, log=log)
    )


def _watch(web: subprocess.Popen[bytes], database: Database, tell: Callable[[str], None]) -> None:
    """Return when the web server has died; a private database that died is started again here."""
    while web.poll() is None:
        time.sleep(WATCH_SECONDS)
        if database.cluster is not None and database.cluster.revive():
            tell(_("The database died and was started again; nothing that was saved is lost."))
