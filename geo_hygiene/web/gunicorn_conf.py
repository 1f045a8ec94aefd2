"""How gunicorn serves the application: on a socket that it is given, or on the one that ``--bind`` names."""

from __future__ import annotations

import errno
import gc
import socket
import ssl
import struct
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from gunicorn.arbiter import Arbiter
from gunicorn.config import Config

wsgi_app = "geo_hygiene.web:create_app()"
worker_class = "gthread"
workers = 2
threads = 4  # requests of a worker at a time; one that waits for the database keeps its thread
timeout = 30
graceful_timeout = 2  # at a stop: a browser opens connections that it does not use, and a worker waits for them
limit_request_line = 8190
preload_app = True  # a worker that dies is replaced at once, without loading the application anew
control_socket_disable = True
loglevel = "warning"
forwarded_allow_ips = ""  # the application itself knows whether a proxy stands before it

REQUEST_PAUSE_SECONDS = 2
"""Time in which a client that began a request must go on with it."""
ANSWER_PAUSE_SECONDS = 10
"""Time in which a client that is answered must take more of it."""
TLS_RECORD = 16_384
"""Bytes that TLS encrypts as one: what is longer it sends as one piece, however slowly it is taken."""


def on_starting(_arbiter: Arbiter) -> None:
    """Wait, with the application loaded, until standard input ends: ``up`` closes it when the database is ready."""
    if not sys.stdin.isatty():
        sys.stdin.read()
    # The application stays until the end: no collection needs to look through it, least of all that of each process
    # at its end, which takes longer than all else in a stop.
    gc.freeze()


def when_ready(arbiter: Arbiter) -> None:
    """Let no client keep a thread that sends half a request, or takes half an answer, and waits.

    gunicorn knows no such limit; connections take it over from the socket that they come in by. Over TLS, which tries
    again what such a limit ends, they are each a ``PausingSocket``.
    """
    pauses = {socket.SO_RCVTIMEO: REQUEST_PAUSE_SECONDS, socket.SO_SNDTIMEO: ANSWER_PAUSE_SECONDS}
    for listener in arbiter.LISTENERS:
        for option, seconds in pauses.items():
            listener.sock.setsockopt(socket.SOL_SOCKET, option, struct.pack("@ll", seconds, 0))


class PausingSocket(ssl.SSLSocket):
    """A connection over TLS with the same limits, which hangs up when something fails on it.

    gunicorn then has nothing to log, and does not wait, in the thread that takes the connections, for the client to go.
    """

    def setblocking(self, flag: bool) -> None:  # noqa: FBT001 - as the socket has it
        """Wait for the client as long as for a request, or not at all."""
        self.settimeout(REQUEST_PAUSE_SECONDS if flag else 0)

    def do_handshake(self, block: bool = False) -> None:  # noqa: FBT001, FBT002 - as the socket has it
        """Agree with the client on keys, if it takes no longer than the pause in a request."""
        self.settimeout(REQUEST_PAUSE_SECONDS)
        with self._hanging_up():
            super().do_handshake(block)

    def recv(self, buflen: int = 1024, flags: int = 0) -> bytes:
        """Return what the client sends next."""
        with self._hanging_up():
            return super().recv(buflen, flags)

    def sendall(self, data: bytes, flags: int = 0) -> None:  # type: ignore[override] # gunicorn writes bytes alone
        """Send all of an answer, however long that takes, while the client goes on taking it."""
        pause = self.gettimeout()
        if pause:
            self.settimeout(ANSWER_PAUSE_SECONDS)
        with self._hanging_up():
            for start in range(0, len(data), TLS_RECORD):
                super().sendall(data[start : start + TLS_RECORD], flags)
        self.settimeout(pause)

    @contextmanager
    def _hanging_up(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            with suppress(OSError):
                self.shutdown(socket.SHUT_RDWR)
            raise OSError(errno.ENOTCONN, "the connection was ended") from error


def ssl_context(_config: Config, default: Callable[[], ssl.SSLContext]) -> ssl.SSLContext:
    """Return what connections over TLS are made from."""
    context = default()
    context.sslsocket_class = PausingSocket
    return context
