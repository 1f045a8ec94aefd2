"""The processes behind a command: the database of a home, and the web server in front of it.

``open_database`` is what every command uses. ``up`` runs the web server until it is told to stop.
"""

from __future__ import annotations

import errno
import fcntl
import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, nullcontext, suppress
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, NoReturn

import psycopg2
from psycopg2.extensions import parse_dsn

from geo_hygiene.cluster import OLDEST_POSTGIS, OLDEST_POSTGRESQL, Cluster
from geo_hygiene.cluster.errors import writing
from geo_hygiene.errors import GeoHygieneError
from geo_hygiene.i18n import _
from geo_hygiene.serve.processes import JobWorker, WebServer
from geo_hygiene.serve.processes import WebServerFailedError as WebServerFailedError
from geo_hygiene.settings import Settings
from geo_hygiene.upkeep.home import refuse_unfinished

if TYPE_CHECKING:
    from geo_hygiene.certificates import Certificate

LOOPBACK = "127.0.0.1"
PORT_PATIENCE_SECONDS = 1.0
"""Time in which the web server of a killed ``up`` lets go of its port."""
WATCH_SECONDS = 0.25
SOMEWHERE = {4: "192.0.2.1", 6: "2001:db8::1"}
"""An address far away, by version: the way to it leads outwards. Nothing is sent there."""


class DatabaseUnusableError(GeoHygieneError):
    """The database of the environment does not answer, or is not one that this program can use."""


class PortTakenError(GeoHygieneError):
    """The port of the web server can not be had."""


class AlreadyUpError(GeoHygieneError):
    """The web server of this home runs already."""


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


def quiet(_message: str) -> None:
    """Tell nobody about the progress."""


@contextmanager
def open_database(settings: Settings, tell: Callable[[str], None] = quiet) -> Iterator[Database]:
    """Use the database of the settings: started when needed, migrated, and stopped if nobody else uses it.

    Parameters
    ----------
    tell
        Shows a message of progress to the user.

    Raises
    ------
    GeoHygieneError
        If it can not be started, or is too old.
    """
    refuse_unfinished(settings.home)
    with run_database(settings, tell) as database:
        from geo_hygiene.database import migrate  # noqa: PLC0415 - a second, in which `up` loads the web server

        migrate(database.owner_url)
        yield database


@contextmanager
def run_database(settings: Settings, tell: Callable[[str], None] = quiet) -> Iterator[Database]:
    """Use the database of the settings as it is: started when needed, of whatever schema, also while it is restored."""
    database = find_database(settings)
    if database.cluster is not None:
        _tell_start(database.cluster, tell)
    with database.cluster.lease() if database.cluster else nullcontext():
        if database.cluster is None:
            check_versions(database.owner_url)
        from geo_hygiene.database import cancel_statements  # noqa: PLC0415 - as above

        with _at_signals(cancel_statements):
            yield database


def _tell_start(cluster: Cluster, tell: Callable[[str], None]) -> None:
    """Say what takes the seconds that follow."""
    status = cluster.status()
    if not status.exists:
        tell(_("Making the database…"))
    elif status.pid is None:
        tell(_("Starting the database…"))


@contextmanager
def _at_signals(act: Callable[[], None]) -> Iterator[None]:
    """Call a function in a thread of its own at every signal that is handled.

    The main thread runs its handler only when a call of the database's driver returns, which may take minutes.
    """
    heard, told = os.pipe()
    os.set_blocking(told, False)
    before = signal.set_wakeup_fd(told)

    def listen() -> None:
        while os.read(heard, 1):
            act()

    listener = threading.Thread(target=listen, daemon=True)
    listener.start()
    try:
        yield
    finally:
        signal.set_wakeup_fd(before)
        os.close(told)
        listener.join()
        os.close(heard)


def check_versions(owner_url: str) -> None:
    """Refuse a database whose PostgreSQL or PostGIS is too old, and make the extension where it is missing.

    Raises
    ------
    DatabaseUnusableError
        If so, if it does not answer, or if the owner may not make the extension.
    """
    address = owner_url.replace("+psycopg2", "", 1)
    try:
        parts = parse_dsn(address)
        name = f"{parts.get('dbname', '')} ({parts.get('host', 'localhost')})"
        with closing(psycopg2.connect(address, connect_timeout=10)) as connection:
            postgresql = connection.server_version // 10_000
            with connection, connection.cursor() as cursor:
                cursor.execute("create extension if not exists postgis")
                cursor.execute("select extversion from pg_extension where extname = 'postgis'")
                (version,) = cursor.fetchall()[0]
                postgis = tuple(int(part) for part in version.split(".")[:2])
    except psycopg2.OperationalError as error:
        raise DatabaseUnusableError(
            _("The database %(name)s does not answer: %(reason)s", name=name, reason=_first_line(error))
        ) from error
    except psycopg2.ProgrammingError as error:
        raise DatabaseUnusableError(
            _(
                "The database %(name)s has no PostGIS (%(reason)s): let a superuser run `create extension postgis`.",
                name=name,
                reason=_first_line(error),
            )
        ) from error
    if postgresql < OLDEST_POSTGRESQL or postgis < OLDEST_POSTGIS:
        raise DatabaseUnusableError(
            _(
                "%(name)s is PostgreSQL %(postgresql)s with PostGIS %(postgis)s; "
                "PostgreSQL %(oldest)s and PostGIS %(oldest_postgis)s are the oldest that can be used.",
                name=name,
                postgresql=postgresql,
                postgis=_dotted(postgis),
                oldest=OLDEST_POSTGRESQL,
                oldest_postgis=_dotted(OLDEST_POSTGIS),
            )
        )


def _first_line(error: psycopg2.Error) -> str:
    return str(error).strip().partition("\n")[0]


def _dotted(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version))


def up(
    settings: Settings,
    *,
    prepare: Callable[[Database], None],
    tell: Callable[[str], None],
    when_ready: Callable[[str], None],
) -> None:
    """Serve the home until SIGTERM, SIGINT or SIGHUP; then stop what was started.

    The web server, the worker that does the jobs, and a private database that die are started again.

    Parameters
    ----------
    settings
        The home, its database, and where it listens: beyond the loopback address over HTTPS only.
    prepare
        Called with the migrated database before the web server starts.
    tell
        Shows a message of progress to the user.
    when_ready
        Called with the address when it answers for the first time.

    Raises
    ------
    GeoHygieneError
        If the port is taken, the home is served already, or the database, the web server or its certificate can not be
        had.
    """
    with (
        suppress(_Told),
        _stopping_on_signals() as stop,
        _alone(settings.home) as note,
        closing(_bind(settings.listen, settings.port)) as bound,
    ):
        certificate = _certificate(settings)
        address = address_told(settings, bound.getsockname()[1], is_https=certificate is not None)
        with writing(settings.home):
            note(address)
        if certificate is not None:
            tell(_("SHA-256 fingerprint of the certificate: %(fingerprint)s", fingerprint=certificate.fingerprint))
        # It loads the application while the database starts.
        with closing(WebServer(settings, find_database(settings).service_url, bound, certificate)) as web:
            web.load()
            worker = JobWorker(settings, find_database(settings).service_url)
            with open_database(settings, tell) as database, closing(worker), closing(web), _telling_the_stop(tell):
                prepare(database)
                web.serve()
                worker.start()
                when_ready(address)
                _watch(web, worker, database, tell, stop)


def _certificate(settings: Settings) -> Certificate | None:
    """Return the certificate for HTTPS; ``None`` where this machine alone comes, or a proxy on it speaks HTTPS."""
    if not settings.is_https:
        return None
    from geo_hygiene import certificates  # noqa: PLC0415 - slow to import, and needed by few

    if settings.tls_certificate is not None:
        return certificates.given(settings.tls_certificate, settings.tls_key or settings.tls_certificate)
    if settings.behind_proxy:
        return None
    names = [own_address(settings.listen), LOOPBACK, "localhost", *sorted(settings.host_names)]
    with writing(settings.home):
        return certificates.self_made(settings.home, names)


def own_address(listen: str) -> str:
    """Return the address by which others reach what listens on one; of several the one that leads outwards."""
    address = ip_address(listen)
    if not address.is_unspecified:
        return listen
    family, loopback = (socket.AF_INET, LOOPBACK) if address.version == 4 else (socket.AF_INET6, "::1")  # noqa: PLR2004
    with closing(socket.socket(family, socket.SOCK_DGRAM)) as unsent:
        try:
            unsent.connect((SOMEWHERE[address.version], 9))
        except OSError:
            return loopback
        return str(unsent.getsockname()[0])


def address_told(settings: Settings, port: int, *, is_https: bool) -> str:
    """Return the address to open: by the name under which others know this machine, where one was given."""
    named = settings.first_name if not ip_address(settings.listen).is_loopback else None
    host = named or own_address(settings.listen)
    return f"{'https' if is_https else 'http'}://{f'[{host}]' if ':' in host else host}:{port}"


def _watch(web: WebServer, worker: JobWorker, database: Database, tell: Callable[[str], None], stop: _Stop) -> NoReturn:
    """Start web server, worker and a private database again, whenever they die, until a signal says stop."""
    while True:
        time.sleep(WATCH_SECONDS)
        stop.heed()
        if database.cluster is not None and database.cluster.revive():
            tell(_("The database died and was started again; nothing that was saved is lost."))
        if web.has_died:
            tell(_("The web server died and is started again; its log is %(log)s.", log=web.log))
            web.load()
            web.serve()
        if worker.revive():
            tell(_("The worker died and is started again; its log is %(log)s.", log=worker.log))


class _Told(BaseException):
    """The process was told to stop."""


@dataclass
class _Stop:
    """Whether the process was told to stop."""

    is_told: bool = False

    def heed(self) -> None:
        """Raise ``_Told`` again where it was raised in a place that swallows exceptions, as a finalizer does."""
        if self.is_told:
            raise _Told


@contextmanager
def _stopping_on_signals() -> Iterator[_Stop]:
    """Raise ``_Told`` at the first signal to stop; later ones do not disturb the stopping."""
    signals = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
    stop = _Stop()

    def hear(_number: int, _frame: FrameType | None) -> None:
        for number in signals:
            signal.signal(number, signal.SIG_IGN)
        stop.is_told = True
        raise _Told

    before = {number: signal.signal(number, hear) for number in signals}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _telling_the_stop(tell: Callable[[str], None]) -> Iterator[None]:
    """Say that the stop is under way before it is."""
    try:
        yield
    except _Told:
        with suppress(OSError):  # a terminal that was closed hears nothing
            tell(_("Stopping…"))
        raise


@contextmanager
def _alone(home: Path) -> Iterator[Callable[[str], None]]:
    """Be the only ``up`` of a home; yields a function that notes its address for the others."""
    is_new = not home.exists()
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

        try:
            yield note
        except PortTakenError:
            if is_new:
                (home / "up.lock").unlink()
                home.rmdir()
            raise


def _bind(listen: str, port: int) -> socket.socket:
    """Return a socket that holds a port of an address of this machine; it does not listen yet."""
    bound = socket.socket(socket.AF_INET6 if ":" in listen else socket.AF_INET, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    deadline = time.monotonic() + PORT_PATIENCE_SECONDS
    while True:
        try:
            bound.bind((listen, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE and time.monotonic() < deadline:
                time.sleep(0.05)
                continue
            bound.close()
            number = error.errno or errno.EIO
            if number == errno.EADDRNOTAVAIL:
                raise PortTakenError(_("This machine has no address %(address)s.", address=listen)) from error
            reasons = {errno.EADDRINUSE: _("another program uses it"), errno.EACCES: _("this user may not")}
            raise PortTakenError(
                _(
                    "Port %(port)s can not be used (%(reason)s): choose another with --port or GEO_HYGIENE_PORT.",
                    port=port,
                    reason=reasons.get(number, os.strerror(number)),
                )
            ) from error
        return bound
