"""How gunicorn serves the application: on a socket that it is given, or on the one that ``--bind`` names."""

from __future__ import annotations

import gc
import socket
import struct
import sys

from gunicorn.arbiter import Arbiter

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


def on_starting(_arbiter: Arbiter) -> None:
    """Wait, with the application loaded, until standard input ends: ``up`` closes it when the database is ready."""
    if not sys.stdin.isatty():
        sys.stdin.read()
    # The application stays until the end: no collection needs to look through it, least of all that of each process
    # at its end, which takes longer than all else in a stop.
    gc.freeze()


def when_ready(arbiter: Arbiter) -> None:
    """Let no client keep a thread that sends half a request, or takes half an answer, and waits.

    gunicorn knows no such limit; connections take it over from the socket that they come in by.
    """
    pauses = {socket.SO_RCVTIMEO: REQUEST_PAUSE_SECONDS, socket.SO_SNDTIMEO: ANSWER_PAUSE_SECONDS}
    for listener in arbiter.LISTENERS:
        for option, seconds in pauses.items():
            listener.sock.setsockopt(socket.SOL_SOCKET, option, struct.pack("@ll", seconds, 0))
