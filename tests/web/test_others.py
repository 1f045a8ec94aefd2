"""An application that other machines reach: over HTTPS only, under its own names only, by those only who sign in."""

from __future__ import annotations

import ssl
import stat
from pathlib import Path

import pytest
from click.testing import CliRunner
from flask import Flask, request

from geo_hygiene import serve
from geo_hygiene.certificates import CertificateUnusableError, given, self_made
from geo_hygiene.cli import main
from geo_hygiene.settings import Settings
from geo_hygiene.web import create_app
from geo_hygiene.web.connections import Connections
from tests.web.conftest import a_home

NAME, ADDRESS = "hygiene.office.example", "192.0.2.7"


def served(connections: Connections, **settings: object) -> Flask:
    chosen = Settings(home=a_home(), locale="en", _env_file=None, **settings)
    return create_app(chosen, connections=connections)


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        (f"https://{ADDRESS}:8080/healthz", 200),
        (f"https://{NAME}/sign-in", 200),
        (f"https://{NAME.upper()}/sign-in", 200),
        (f"https://{NAME}/", 303),
        (f"https://{ADDRESS}/api/v1/layers", 401),
        (f"https://{ADDRESS}/api/v1/cases", 401),
        ("https://192.0.2.8/sign-in", 421),
        (f"https://{NAME}.evil.example/sign-in", 421),
        ("https://evil.example/healthz", 421),
        (f"http://{ADDRESS}/sign-in", 403),
        ("http://localhost/map", 403),
        (f"http://{ADDRESS}/healthz", 200),
    ],
)
def test_others_come_over_https_to_its_own_names_and_sign_in(connections: Connections, asked: str, status: int) -> None:
    client = served(connections, listen=ADDRESS, hosts=f"{NAME}, other.example").test_client()
    answer = client.get(asked, headers={"X-Forwarded-Proto": "https", "X-Forwarded-Host": NAME})
    assert answer.status_code == status, answer.get_data(as_text=True)


def test_where_it_listens_everywhere_any_address_is_its_own_and_no_name_is(connections: Connections) -> None:
    client = served(connections, listen="0.0.0.0").test_client()
    assert client.get("https://198.51.100.1/healthz").status_code == 200
    assert client.get(f"https://{NAME}/healthz").status_code == 421


def test_a_name_on_the_loopback_address_is_for_others_too(connections: Connections, tmp_path: Path) -> None:
    client = served(connections, hosts=NAME).test_client()
    assert client.get(f"https://{NAME}/").status_code == 303
    assert client.get("https://localhost/api/v1/layers").status_code == 401
    assert client.get(f"http://{NAME}/sign-in").status_code == 403
    assert serve._certificate(Settings(home=tmp_path, hosts=NAME))
    assert not serve._certificate(Settings(home=tmp_path, hosts=NAME, behind_proxy=True))


def test_cookies_of_others_are_sent_over_https_only(connections: Connections) -> None:
    app = served(connections, listen=ADDRESS)
    assert app.config["SESSION_COOKIE_SECURE"]
    assert app.config["SESSION_COOKIE_NAME"] == "__Host-geo_hygiene"
    assert "Secure" in app.test_client().get(f"https://{ADDRESS}/language?to=en").headers["Set-Cookie"]
    alone = served(connections)
    assert not alone.config["SESSION_COOKIE_SECURE"]
    assert "Secure" not in alone.test_client().get("/language?to=en").headers["Set-Cookie"]


def test_exactly_one_proxy_is_believed(connections: Connections) -> None:
    app = served(connections, behind_proxy=True, hosts=NAME)
    seen: list[str | None] = []

    @app.before_request
    def note() -> None:
        seen.append(request.remote_addr)

    client = app.test_client()
    told = {
        "X-Forwarded-For": "203.0.113.66, 10.1.1.1",
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Host": "evil.example",
    }
    assert client.get("/sign-in", headers={"Host": NAME, **told}).status_code == 200
    assert seen == ["10.1.1.1"]
    assert client.get("/sign-in", headers={"Host": NAME}).status_code == 403
    assert client.get("/sign-in", headers={"Host": NAME, **told, "X-Forwarded-Proto": "https, http"}).status_code == 403
    assert client.get("/sign-in", headers={"Host": "evil.example", **told, "X-Forwarded-Host": NAME}).status_code == 421
    assert client.get("/", headers={"Host": NAME, **told}).headers["Location"].startswith("/sign-in")


def test_a_home_makes_a_certificate_and_keeps_it(tmp_path: Path) -> None:
    first = self_made(tmp_path, [ADDRESS, NAME])
    assert stat.S_IMODE(first.key.stat().st_mode) == 0o600
    assert stat.S_IMODE(first.key.parent.stat().st_mode) == 0o700
    assert list(first.key.parent.iterdir()) == [first.key]
    ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(first.chain, first.key)
    fingerprint = first.fingerprint
    assert len(fingerprint.split(":")) == 32
    assert self_made(tmp_path, [NAME]).fingerprint == fingerprint
    assert self_made(tmp_path, [NAME, "192.0.2.8"]).fingerprint != fingerprint
    first.key.write_text("damaged")
    assert self_made(tmp_path, [NAME]).fingerprint != fingerprint


def test_a_certificate_that_does_not_fit_its_key_is_refused(tmp_path: Path) -> None:
    mine, other = (self_made(tmp_path / name, [NAME]) for name in ("mine", "other"))
    assert given(mine.chain, mine.key).fingerprint == mine.fingerprint
    foreign = tmp_path / "key.pem"
    foreign.write_bytes(other.key.read_bytes().partition(b"-----BEGIN CERT")[0])
    for key in (foreign, tmp_path / "no.pem", Path(__file__)):
        with pytest.raises(CertificateUnusableError, match="can not be used"):
            given(mine.chain, key)


@pytest.mark.parametrize(
    ("options", "code", "told"),
    [
        (["--behind-proxy"], 2, "--host"),
        (["--listen", "office"], 2, "Error: --listen can not be used: an address to listen on is that of a machine"),
        (["--host", "a b", "--listen", "0.0.0.0"], 2, "Error: --host can not be used: a b is not the name of a host"),
        (["--behind-proxy", "--host", NAME, "--listen", "0.0.0.0"], 2, "listens on 127.0.0.1 only, not on 0.0.0.0"),
        (["--listen", "203.0.113.9"], 1, "has no address 203.0.113.9"),
        (["--tls", __file__, __file__], 1, "can not be used"),
    ],
)
def test_what_can_not_be_served_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: list[str], code: int, told: str
) -> None:
    monkeypatch.setenv("GEO_HYGIENE_LOCALE", "en")
    result = CliRunner().invoke(main, ["up", "--home", str(tmp_path / "new"), "--port", "0", *options])
    assert result.exit_code == code, result.output
    assert told in result.output
