"""How gunicorn serves the application: on a socket that it is given, or on the one that ``--bind`` names."""

from __future__ import annotations

import gc
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


def on_starting(_arbiter: Arbiter) -> None:
    """Wait, with the application loaded, until standard input ends: ``up`` closes it when the database is ready."""
    if not sys.stdin.isatty():
        sys.stdin.read()
    # The application stays until the end: no collection needs to look through it, least of all that of each process
    # at its end, which takes longer than all else in a stop.
    gc.freeze()
