"""A phone opens the pages by the address of the machine, over HTTPS, with a certificate that the home made."""

from __future__ import annotations

import hashlib
import os
import re
import socket
import ssl
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page

from geo_hygiene.accounts import store
from geo_hygiene.accounts.store import Grant
from geo_hygiene.database import engine
from geo_hygiene.permissions import Role
from geo_hygiene.serve import own_address
from tests.browser.conftest import PHONE, Open, until
from tests.conftest import TestDatabase
from tests.web.towns import web_town

COMMAND = Path(sys.executable).with_name("geo-hygiene")
EMAIL, PASSWORD = "li@office.example", "lantern orchid gravel tuesday"
IS_NOT_CUT = "document.documentElement.scrollWidth <= window.innerWidth"


@pytest.fixture(scope="module")
def office(
    new_database: Callable[..., TestDatabase], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, str]]:
    """Return the address by which others reach a home with one account, and what was told of its certificate."""
    address = own_address("0.0.0.0")
    if address.startswith("127."):
        pytest.skip("this machine has no address but the loopback's")
    database = new_database()
    writer = engine(database.service_url)
    with writer.begin() as connection:
        web_town(connection)
        grants = [Grant(Role.LEADER, "C1")]
        store.add(connection, actor="test", email=EMAIL, name="李领导", grants=grants, password=PASSWORD)
    writer.dispose()
    urls = {"GEO_HYGIENE_DATABASE_URL": database.owner_url, "GEO_HYGIENE_SERVICE_URL": database.service_url}
    home = tmp_path_factory.mktemp("office")
    server = subprocess.Popen(
        [COMMAND, "up", "--home", home, "--port", "0", "--no-sample", "--listen", address],
        env=os.environ | urls | {"GEO_HYGIENE_LOCALE": "en"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert server.stdout is not None
        assert server.stderr is not None
        told = server.stderr.readline()
        found = re.search(r"https://\S+", server.stdout.readline())
        assert found, told
        yield found[0].rstrip("/"), told
    finally:
        server.terminate()
        server.communicate()


def sign_in(page: Page) -> None:
    page.fill("#email", EMAIL)
    page.fill("#password", PASSWORD)
    page.click("main button[type=submit]")


def test_plain_http_is_not_spoken_and_the_fingerprint_is_that_of_the_certificate(office: tuple[str, str]) -> None:
    server, told = office
    door = urlsplit(server).hostname, urlsplit(server).port
    assert door[0] == own_address("0.0.0.0")
    certificate = ssl.PEM_cert_to_DER_cert(ssl.get_server_certificate(door))
    assert told.split()[-1].replace(":", "").lower() == hashlib.sha256(certificate).hexdigest()
    with socket.create_connection(door, timeout=10) as plain:
        plain.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert b"alive" not in plain.recv(1000)


def test_a_phone_signs_in_over_https_and_a_stolen_cookie_dies_with_the_session(
    office: tuple[str, str], open_page: Open, plain_chromium: Browser
) -> None:
    server, _told = office
    opened = open_page(server, phone=True)
    page = opened.page
    page.goto(f"{server}/map")
    assert urlsplit(page.url).path == "/sign-in"
    assert page.evaluate(IS_NOT_CUT)
    sign_in(page)
    page.locator("html[data-ready=true]").wait_for(state="attached")
    assert urlsplit(page.url).path == "/map"
    assert page.evaluate("window.isSecureContext && 'geolocation' in navigator")
    (cookie,) = [cookie for cookie in page.context.cookies() if cookie["name"] == "__Host-geo_hygiene"]
    assert (cookie["secure"], cookie["httpOnly"], cookie["sameSite"]) == (True, True, "Lax")

    thief = plain_chromium.new_context(viewport=PHONE, ignore_https_errors=True)
    thief.add_cookies([cookie])
    stolen = thief.new_page()
    stolen.goto(f"{server}/account")
    assert urlsplit(stolen.url).path == "/account"
    opened.leave()
    page.goto(f"{server}/account")
    assert page.evaluate(IS_NOT_CUT)
    page.click(".sign-out button")
    until(page, "() => location.pathname === '/sign-in'")
    stolen.goto(f"{server}/account")
    assert urlsplit(stolen.url).path == "/sign-in"
    thief.close()
