"""How long a connection over TLS waits for its client."""

from __future__ import annotations

import errno
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest

from geo_hygiene.certificates import self_made
from geo_hygiene.web import gunicorn_conf

ANSWER = bytes(3_000_000)


@pytest.fixture
def ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[ssl.SSLSocket, ssl.SSLSocket]]:
    """Return the server's and the client's end of a connection over TLS."""
    monkeypatch.setattr(gunicorn_conf, "REQUEST_PAUSE_SECONDS", 0.2)
    monkeypatch.setattr(gunicorn_conf, "ANSWER_PAUSE_SECONDS", 1)
    certificate = self_made(tmp_path, ["localhost"])

    def make() -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate.chain)
        return context

    ours, theirs = socket.socketpair()
    trusting = ssl.create_default_context(cafile=str(certificate.chain))
    wrapped = gunicorn_conf.ssl_context(None, make).wrap_socket(ours, server_side=True, do_handshake_on_connect=False)
    client = trusting.wrap_socket(theirs, server_hostname="localhost", do_handshake_on_connect=False)
    greeting = threading.Thread(target=client.do_handshake)
    greeting.start()
    wrapped.do_handshake()
    greeting.join()
    with closing(wrapped), closing(client):
        yield wrapped, client


def test_a_client_that_takes_its_answer_slowly_gets_all_of_it(ends: tuple[ssl.SSLSocket, ssl.SSLSocket]) -> None:
    server, client = ends
    taken = 0

    def take() -> None:
        nonlocal taken
        while taken < len(ANSWER):
            time.sleep(0.01)
            taken += len(client.recv(16_384))

    taking = threading.Thread(target=take)
    taking.start()
    server.sendall(ANSWER)
    taking.join()
    assert taken == len(ANSWER)
    assert server.gettimeout() == gunicorn_conf.REQUEST_PAUSE_SECONDS


def test_a_client_that_says_nothing_is_hung_up_on(
    ends: tuple[ssl.SSLSocket, ssl.SSLSocket],
) -> None:
    server, client = ends
    with pytest.raises(OSError, match="was ended") as told:
        server.recv(100)
    assert told.value.errno == errno.ENOTCONN
    with suppress(ssl.SSLEOFError):
        assert client.recv(100) == b""


def test_a_client_that_takes_no_answer_is_hung_up_on(ends: tuple[ssl.SSLSocket, ssl.SSLSocket]) -> None:
    server, _client = ends
    with pytest.raises(OSError, match="was ended") as told:
        server.sendall(ANSWER)
    assert isinstance(told.value.__cause__, TimeoutError)
