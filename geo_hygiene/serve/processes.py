"""The processes that ``up`` runs beside the database: the web server, and the worker that does the jobs."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import closing
from typing import TYPE_CHECKING, BinaryIO

from geo_hygiene.cluster.errors import writing
from geo_hygiene.ending import die_with
from geo_hygiene.errors import GeoHygieneError
from geo_hygiene.i18n import _
from geo_hygiene.settings import Settings

if TYPE_CHECKING:
    from geo_hygiene.certificates import Certificate

WEB_SERVER = "python:geo_hygiene.web.gunicorn_conf"
"""The configuration of gunicorn, which names the application."""

READY_SECONDS = 60.0
POLL_SECONDS = 0.02
STOP_SECONDS = 10.0
SHORTEST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 2.0, 60.0
"""From one start of a worker to the next: each time twice as long, until one lives longer than the longest."""
LARGEST_LOG = 10_000_000
"""Bytes of a log after which a start begins a new one and keeps the one before."""


class WebServerFailedError(GeoHygieneError):
    """The web server did not become ready."""


class Process:
    """A process that serves a home, with a log in its ``logs``; it ends with this one, however that ends.

    Parameters
    ----------
    settings
        The home, and who reaches the application.
    service_url
        The database, for the service role.
    name
        Of its log.
    """

    def __init__(self, settings: Settings, service_url: str, name: str) -> None:
        self.log = settings.home / "logs" / f"{name}.log"
        self._settings = settings
        self._service_url = service_url
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def has_died(self) -> bool:
        """Whether it was started and runs no more."""
        return self._process is not None and self._process.poll() is not None

    def _start(self, command: Sequence[str], *, pass_fds: Sequence[int] = ()) -> None:
        """Start it; its standard input is a pipe from here."""
        # It knows the service's address only.
        environment = {name: value for name, value in os.environ.items() if name != "GEO_HYGIENE_DATABASE_URL"}
        environment |= {
            "GEO_HYGIENE_HOME": str(self._settings.home),
            "GEO_HYGIENE_SERVICE_URL": self._service_url,
            "GEO_HYGIENE_LISTEN": self._settings.listen,
            "GEO_HYGIENE_HOSTS": self._settings.hosts,
            "GEO_HYGIENE_TLS_CERTIFICATE": str(self._settings.tls_certificate or ""),
            "GEO_HYGIENE_BEHIND_PROXY": str(self._settings.behind_proxy),
        }
        parent = os.getpid()

        def die_with_parent() -> None:
            # Ignored by whoever starts in the background, it would be lost until a handler stands.
            signal.signal(signal.SIGQUIT, signal.SIG_DFL)
            die_with(parent, signal.SIGQUIT)

        with self._open_log() as log:
            self._process = subprocess.Popen(  # noqa: S603 - our own interpreter
                command,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                env=environment,
                pass_fds=pass_fds,
                start_new_session=True,
                # Killed with -9, this process can stop nobody: the kernel then does it.
                preexec_fn=die_with_parent,  # noqa: PLW1509 - one thread
            )

    def close(self) -> None:
        """Stop it: what it is doing is ended, if that takes no longer than a few seconds."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        if self._process.stdin is not None:
            self._process.stdin.close()
        self._process = None

    def _open_log(self) -> BinaryIO:
        with writing(self.log.parent):
            self.log.parent.mkdir(exist_ok=True)
            if self.log.exists() and self.log.stat().st_size > LARGEST_LOG:
                self.log.replace(self.log.with_suffix(".log.1"))
            return self.log.open("ab")


class JobWorker(Process):
    """The worker: it does one job at a time, in a process that it can end."""

    def __init__(self, settings: Settings, service_url: str) -> None:
        super().__init__(settings, service_url, "worker")
        self._started_at = self._seen_at = 0.0
        self._pause = 0.0

    def start(self) -> None:
        """Start it; it waits for its database by itself."""
        self._started_at = self._seen_at = time.monotonic()
        self._start([sys.executable, "-m", "geo_hygiene.worker"])

    def revive(self) -> bool:
        """Start it again when it died and its pause is over; tell whether that is news.

        One that dies again and again, because its database lacks a table or nothing else is left for it, is not.
        """
        now = time.monotonic()
        if not self.has_died:
            self._seen_at = now
            return False
        if now - self._started_at < self._pause:
            return False
        is_news = self._pause == 0 or self._seen_at - self._started_at > LONGEST_PAUSE_SECONDS
        self._pause = SHORTEST_PAUSE_SECONDS if is_news else min(2 * self._pause, LONGEST_PAUSE_SECONDS)
        self.start()
        return is_news


class WebServer(Process):
    """Gunicorn on a bound socket, which keeps connections waiting while gunicorn is started again.

    Parameters
    ----------
    settings
        The home, in whose ``logs`` its log is kept, and who reaches the application.
    service_url
        The database of the application, for the service role.
    bound
        Socket that it listens on.
    certificate
        For HTTPS; without one it speaks plain HTTP.
    """

    def __init__(
        self, settings: Settings, service_url: str, bound: socket.socket, certificate: Certificate | None = None
    ) -> None:
        super().__init__(settings, service_url, "web")
        self._bound = bound
        self._certificate = certificate

    def load(self) -> None:
        """Start it; it loads the application and waits for ``serve``."""
        command = [sys.executable, "-m", "gunicorn", "--config", WEB_SERVER, "--bind", f"fd://{self._bound.fileno()}"]
        if self._certificate is not None:
            command += ["--certfile", str(self._certificate.chain), "--keyfile", str(self._certificate.key)]
        self._start(command, pass_fds=[self._bound.fileno()])

    def serve(self) -> None:
        """Let it take connections; return when it is ready.

        Raises
        ------
        WebServerFailedError
            If it ends instead, or is not ready in a minute; the message says why.
        """
        if self._process is None or self._process.stdin is None:
            raise ValueError("the web server is not loaded")
        self._process.stdin.close()
        reason = _("it does not answer")
        deadline = time.monotonic() + READY_SECONDS
        while not self.has_died and time.monotonic() < deadline:
            if (refusal := self._ask_readiness()) is None:
                return
            reason = refusal or reason
            time.sleep(POLL_SECONDS)
        if self.has_died:
            reason = _("it ended with exit code %(code)s", code=self._process.returncode)
        raise WebServerFailedError(
            _("The web server did not start: %(reason)s (its log is %(log)s)", reason=reason, log=self.log)
        )

    def _connection(self) -> http.client.HTTPConnection:
        host, port = self._bound.getsockname()[:2]
        if self._certificate is None:
            return http.client.HTTPConnection(host, port, timeout=5)
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE  # who answers on a socket that we hold is known
        return http.client.HTTPSConnection(host, port, timeout=5, context=context)

    def _ask_readiness(self) -> str | None:
        """Return ``None`` when it is ready, else why not, empty while it does not answer at all."""
        with closing(self._connection()) as connection:
            try:
                connection.request("GET", "/readyz", headers={"Connection": "close"})
                answer = connection.getresponse()
                return None if answer.status == http.client.OK else answer.read(1000).decode(errors="replace")
            except (OSError, http.client.HTTPException):
                return ""
