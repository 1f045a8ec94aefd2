"""Who is answered, where a person is led, and what is written down about them."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from geo_hygiene.settings import Settings
from geo_hygiene.web.language import local_address
from geo_hygiene.web.logs import JsonLines
from geo_hygiene.web.security import Hosts, content_security_policy
from tests.web.towns import NAMES, SPRING

PAYLOADS = (
    "' or '1'='1",
    "'; drop table person; --",
    '" or ""="',
    "1; select pg_sleep(10)",
    "1) union select phone from person --",
    "%(q)s",
    "%s %s",
    ":on",
    "{{7777*7777}}",
    "{% for x in ().__class__.__base__.__subclasses__() %}{% endfor %}",
    "${7777*7777}",
    "`",
    "\\",
    "%",
    "_",
    "<script>alert(1)</script>",
    "\u202etxt.exe",
    "𠮷",
    "ﷺ" * 20,
    "-1",
    "1e999",
    "NaN",
    "../../etc/passwd",
)


@pytest.mark.parametrize("host", ["localhost", "localhost:8080", "127.0.0.1", "127.8.9.1:5", "[::1]", "[::1]:8080"])
def test_this_machine_is_served(client: FlaskClient, host: str) -> None:
    assert client.get("/healthz", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "host",
    [
        "",
        "example.com",
        "localhost.example.com",
        "127.0.0.1.example.com",
        "localhost@example.com",
        "example.com@localhost",
        "example.com/localhost",
        "192.168.1.4:8080",
        "0.0.0.0",
        "[::]",
        "[::1",
        "localhost:port",
        "127.0.0.1:99999",
    ],
)
def test_another_host_is_refused_everywhere(client: FlaskClient, host: str) -> None:
    for path in ("/", "/map", "/api/v1/layers", "/tiles/areas/3/1/1.mvt", "/healthz", "/static/css/base.css", "/none"):
        answer = client.get(path, environ_overrides={"HTTP_HOST": host})
        assert answer.status_code == 421, path
        assert "localhost" in answer.get_data(as_text=True)
    assert not Hosts.of(Settings(_env_file=None)).serve(host)


def test_a_base_map_is_the_only_foreign_place() -> None:
    policy = content_security_policy("n", "https://tiles.example/{z}/{x}/{y}.png")
    assert "img-src 'self' data: blob: https://tiles.example;" in policy
    assert "connect-src 'self';" in policy
    assert "example" not in content_security_policy("n", "javascript:alert(1)//example")


@pytest.mark.parametrize("payload", PAYLOADS)
def test_what_is_asked_stays_text(client: FlaskClient, payload: str) -> None:
    """Nothing that is sent is SQL, a template or a path; what is not a good value is refused by name."""
    everything = client.get("/api/v1/search?q=L0").json
    questions = [
        ("/api/v1/search", {"q": payload}),
        ("/api/v1/search", {"q": "L0", "lang": payload}),
        *(
            ("/api/v1/cover/pieces", {"duty": "sweeping", name: payload})
            for name in ("lane", "zone", "person", "group")
        ),
        *(("/api/v1/cover", {"duty": "sweeping", name: payload}) for name in ("duty", "on", "by")),
        ("/api/v1/zones", {"after": payload}),
        ("/api/v1/cover/gaps", {"duty": "sweeping", "after": payload}),
        ("/tiles/cover/3/1/1.mvt", {"duty": payload}),
        ("/map", {"duty": payload, "on": payload, "layers": payload, "select": payload}),
        ("/map/table", {"lane": payload, "zone": payload, "person": payload}),
    ]
    for path, words in questions:
        answer = client.get(path, query_string=words)
        assert answer.status_code in {200, 204, 422}, (path, words, answer.get_data(as_text=True))
        if answer.mimetype == "text/html":
            assert "<script>alert" not in answer.get_data(as_text=True)
            assert str(7777 * 7777) not in answer.get_data(as_text=True)
    found = client.get("/api/v1/search", query_string={"q": payload})
    assert found.status_code == 422 or all(payload.lower() in str(row).lower() for row in found.json["results"])
    assert client.get("/api/v1/search?q=L0").json == everything


@pytest.mark.parametrize(
    "path",
    [
        "/static/../settings.py",
        "/static/%2e%2e/settings.py",
        "/static/..%2f..%2fsettings.py",
        "/static/css/%00",
        "/static//etc/passwd",
        "/%00",
        "/campaigns/%00",
        "/campaigns/%00/table",
        "/campaigns/%00/list.csv",
        "/map/%ff%fe",
        "/tiles/areas%00/1/1/1.mvt",
        "/api/v1/zones/%00",
        "/api/v1/zones/" + "z" * 900,
        "/api/v1/targets/street-segments/%0a/cover",
    ],
)
def test_odd_paths_are_refused(client: FlaskClient, path: str) -> None:
    assert client.get(path).status_code in {404, 422}


@pytest.mark.parametrize(
    "address",
    [
        "//evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "///evil.example",
        "/\\/evil.example",
        "https://evil.example",
        "https:/evil.example",
        "http:evil.example",
        "javascript:alert(1)",
        "data:text/html,x",
        "evil.example",
        " //evil.example",
        "/\t/evil.example",
        "/\n/evil.example",
        "/\r\nSet-Cookie: x=1",
        "%2f%2fevil.example",
        "@evil.example",
        "?next=//evil.example",
        "",
        None,
    ],
)
def test_the_switch_of_language_leads_nowhere_else(client: FlaskClient, address: str | None) -> None:
    assert local_address(address) == "/"
    answer = client.get("/language", query_string={"to": "en"} | ({"next": address} if address else {}))
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")


def test_the_switch_of_language_comes_back_to_the_page(client: FlaskClient) -> None:
    answer = client.get("/language", query_string={"to": "zh-Hans", "next": "/map?duty=tanks&on=2025-03-01"})
    assert answer.headers["Location"] == "/map?duty=tanks&on=2025-03-01"
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert 'lang="zh-Hans"' in client.get("/map/table").get_data(as_text=True)
    assert client.get("/language?to=klingon").status_code == 422


@pytest.mark.parametrize(
    ("address", "header", "spoken"),
    [
        ("/", None, "en"),
        ("/", "zh-CN,zh;q=0.9,en;q=0.8", "zh-Hans"),
        ("/", "de, zh;q=0.5", "zh-Hans"),
        ("/", "fr", "en"),
        ("/?lang=zh", "en", "zh-Hans"),
        ("/?lang=en-GB", "zh", "en"),
        ("/?lang=xx", "zh-TW", "zh-Hans"),
    ],
)
def test_the_language_is_that_of_the_address_then_of_the_browser(
    client: FlaskClient, address: str, header: str | None, spoken: str
) -> None:
    answer = client.get(address, headers={"Accept-Language": header} if header else {})
    assert answer.headers["Content-Language"] == spoken
    assert f'<html lang="{spoken}">' in answer.get_data(as_text=True)
    assert {"Accept-Language", "Cookie"} <= set(answer.vary)


def test_a_page_opened_in_a_language_is_followed_by_pages_and_answers_in_it(client: FlaskClient) -> None:
    assert client.get("/api/v1/search?q=P1&lang=zh").headers.get("Set-Cookie") is None
    assert client.get("/?lang=xx").headers.get("Set-Cookie") is None
    client.get("/map?lang=zh", headers={"Accept-Language": "en"})
    assert client.get("/map/table", headers={"Accept-Language": "en"}).headers["Content-Language"] == "zh-Hans"
    (found,) = client.get("/api/v1/search?q=P1", headers={"Accept-Language": "en"}).json["results"]
    assert found["detail"] == "保洁员"


def test_the_switch_is_offered_for_the_page_at_hand(client: FlaskClient) -> None:
    page = client.get("/map/table?duty=tanks&lang=zh").get_data(as_text=True)
    assert "/language?to=en&amp;next=%2Fmap%2Ftable%3Fduty%3Dtanks" in page


def test_names_of_records_are_text_in_the_table(client: FlaskClient) -> None:
    page = client.get(f"/map/table?on={SPRING}&lane=L3").get_data(as_text=True)
    assert NAMES[3] not in page
    assert "&lt;img src=x onerror=&#34;alert(1)&#34;&gt;" in page


def test_the_log_knows_requests_and_no_persons(client: FlaskClient, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger="geo_hygiene.access"):
        answer = client.get("/api/v1/search?q=张三", headers={"Cookie": "session=secret"})
        client.get("/张三")
    lines = [json.loads(JsonLines().format(record)) for record in caplog.records]
    assert lines[0] == {
        "at": lines[0]["at"],
        "level": "info",
        "logger": "geo_hygiene.access",
        "message": "answered",
        "request": answer.headers["X-Request-ID"],
        "method": "GET",
        "route": "/api/v1/search",
        "status": 200,
        "ms": lines[0]["ms"],
    }
    assert lines[1]["route"] is None
    assert not any(secret in str(line) for line in lines for secret in ("张三", "secret", "127.0.0.1"))


def test_assets_are_kept_under_the_name_of_their_content(client: FlaskClient) -> None:
    page = client.get("/map/table").get_data(as_text=True)
    start = page.index("/static/css/base.css?v=")
    address = page[start : page.index('"', start)]
    assert client.get(address).headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert client.get("/static/css/base.css?v=older").headers["Cache-Control"] == "no-cache"
    for name in Path("geo_hygiene/web/static").rglob("*.css"):
        assert "http" not in name.read_text() or "vendor" in name.parts, name


@pytest.mark.parametrize("name", ["none.css", "\x1d", "../settings.py"])
def test_what_can_be_done_with_a_file_is_told_without_opening_it(
    client: FlaskClient, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("geo_hygiene.web.assets._fingerprint", lambda *_given: pytest.fail("opened"))
    assert client.options(f"/static/{name}?v=1").status_code in {200, 404}
