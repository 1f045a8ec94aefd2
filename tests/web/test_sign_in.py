"""Sign-in, sessions that end when they must, passwords of one's own, and accounts that somebody looks after."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from geo_hygiene.accounts import failures, store
from geo_hygiene.files.importing.run import IMPORT_LOCK
from geo_hygiene.web.connections import WRITING
from tests.web.test_access import PASSWORD, office, signed_in, token

__all__ = ["office"]

ANOTHER = "copper window thirteen meadow"


@pytest.fixture(autouse=True)
def no_failures(office: Flask) -> None:
    office.extensions["geo_hygiene"].write(lambda connection: connection.execute(text("delete from failed_sign_in")))


def write(office: Flask, change: Callable[..., object], **words: object) -> None:
    office.extensions["geo_hygiene"].write(change, actor="test", **words)


def test_sign_in_leads_back_to_a_page_of_ours_only(office: Flask) -> None:
    for wanted, led in (
        ("/map?duty=drains", "/map?duty=drains"),
        ("//evil.example", "/"),
        ("https://evil.example", "/"),
    ):
        client = office.test_client()
        form = {"csrf_token": token(client, "/sign-in"), "email": "clerk@office.example", "password": PASSWORD}
        assert client.post("/sign-in", data=form | {"next": wanted}).headers["Location"] == led


@pytest.mark.parametrize("email", ["clerk@office.example", "nobody@office.example"])
def test_a_wrong_password_and_a_wrong_address_are_told_alike_until_the_door_closes(office: Flask, email: str) -> None:
    client = office.test_client()
    form = {"csrf_token": token(client, "/sign-in"), "email": email, "password": "wrong"}
    answers = [client.post("/sign-in", data=form) for _try in range(failures.MOST_OF_ACCOUNT + 1)]
    assert [answer.status_code for answer in answers] == [403] * failures.MOST_OF_ACCOUNT + [429]
    assert "is not right" in answers[0].get_data(as_text=True)
    right = client.post("/sign-in", data=form | {"password": PASSWORD})
    assert right.status_code == 429
    admin = signed_in(office, "admin")
    assert ("locked until 20" in admin.get("/admin").get_data(as_text=True)) == email.startswith("clerk")
    assert f"Too many failed sign-ins as {email}" in admin.get("/admin/audit").get_data(as_text=True)
    office.extensions["geo_hygiene"].write(failures.forget, email=email)
    assert client.get("/account").status_code == 303


def tries_of(office: Flask) -> int:
    count = text("select count(*) from failed_sign_in")
    found: int = office.extensions["geo_hygiene"].read(lambda connection: connection.scalar(count))
    return found


def test_somebody_signs_in_while_an_import_runs(office: Flask) -> None:
    with office.extensions["geo_hygiene"].connect("writers", WRITING) as importing, importing.begin():
        importing.execute(text("select pg_advisory_xact_lock(:lock)"), {"lock": IMPORT_LOCK})
        signed_in(office, "clerk")


def test_a_sign_in_that_we_can_not_answer_does_not_count_as_failed(office: Flask) -> None:
    client = office.test_client()
    form = {"csrf_token": token(client, "/sign-in"), "email": "clerk@office.example", "password": PASSWORD}
    with office.extensions["geo_hygiene"].connect("writers", WRITING) as changing, changing.begin():
        changing.execute(text("lock table account_session in share mode"))
        assert client.post("/sign-in", data=form).status_code == 503
    assert tries_of(office) == 0
    client.post("/sign-in", data=form | {"password": "wrong"})
    assert tries_of(office) == 1


def test_a_session_ends_with_sign_out_with_the_account_and_with_the_password(office: Flask) -> None:
    def cookie(client: FlaskClient) -> str:
        found = client.get_cookie("geo_hygiene", domain="localhost")
        assert found is not None
        assert found.http_only
        assert found.same_site == "Lax"
        return found.value

    def works(value: str) -> bool:
        client = office.test_client()
        client.set_cookie("geo_hygiene", value, domain="localhost")
        return client.get("/account").status_code == 200

    client = signed_in(office, "pest")
    stolen = cookie(client)
    assert works(stolen)
    write(office, store.set_open, email="pest@office.example", is_open=False)
    assert not works(stolen)
    write(office, store.set_open, email="pest@office.example", is_open=True)
    assert not works(stolen)

    client, other = signed_in(office, "pest"), signed_in(office, "pest")
    stolen = cookie(other)
    form = {"csrf_token": token(client, "/account"), "current": PASSWORD, "password": ANOTHER, "again": ANOTHER}
    assert client.post("/account", data=form).status_code == 303
    assert client.get("/account").status_code == 200
    assert not works(stolen)
    stolen = cookie(client)
    assert works(stolen)
    assert not works(stolen[:-4] + "AAAA")
    assert client.post("/sign-out", data={"csrf_token": token(client, "/account")}).status_code == 303
    assert client.get("/account").status_code == 303
    assert not works(stolen)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ({"current": "wrong"}, "present password is not right"),
        ({"again": "something else entirely"}, "differ"),
        ({"password": "short", "again": "short"}, "between 12 and 128"),
        ({"password": "passwordpassword", "again": "passwordpassword"}, "easily guessed"),
    ],
)
def test_a_password_of_ones_own_is_refused_in_words(office: Flask, words: dict[str, str], told: str) -> None:
    client = signed_in(office, "inspector")
    form = {"csrf_token": token(client, "/account"), "current": PASSWORD, "password": ANOTHER, "again": ANOTHER}
    answer = client.post("/account", data=form | words)
    assert answer.status_code == 422
    assert told in answer.get_data(as_text=True)
    assert tries_of(office) == ("current" in words)
    signed_in(office, "inspector")


def test_an_administrator_looks_after_the_accounts(office: Flask) -> None:
    client = signed_in(office, "admin")
    proof = {"csrf_token": token(client, "/admin")}
    made = client.post(
        "/admin/accounts",
        data=proof | {"email": "New@office.example", "name": "<b>New</b>", "roles": ["clerk", "pest"], "area": "C1"},
    ).get_data(as_text=True)
    password = re.search(r'<code class="password">([^<]+)</code>', made)[1]
    assert "&lt;b&gt;New&lt;/b&gt;" in made
    assert "<b>New</b>" not in made

    new = signed_in(office, "new", password)
    assert new.get("/map").headers["Location"] == "/account?next=%2Fmap"
    assert new.get("/api/v1/layers").status_code == 403
    form = {"csrf_token": token(new, "/account"), "current": password, "password": ANOTHER, "again": ANOTHER}
    assert new.post("/account", data=form | {"next": "/map"}).headers["Location"] == "/map"
    assert new.get("/map").status_code == 200

    assert client.post("/admin/accounts/roles", data=proof | {"email": "new@office.example", "roles": "worker"})
    assert new.get("/cases").status_code == 403
    assert client.post("/admin/accounts/close", data=proof | {"email": "new@office.example"}).status_code == 200
    assert new.get("/map").status_code == 303
    refused = client.post("/admin/accounts/close", data=proof | {"email": "admin@office.example"})
    assert refused.status_code == 422
    assert "administrator" in refused.get_data(as_text=True)
    again = client.post("/admin/accounts", data=proof | {"email": "new@office.example", "name": "x", "roles": "clerk"})
    assert again.status_code == 422
    entries = client.get("/admin/audit").get_data(as_text=True)
    assert "Made the account new@office.example: Clerk in C1, Pest control in C1." in entries
    assert "Gave new@office.example other roles: Field worker. Before: Clerk in C1, Pest control in C1." in entries
    chinese = client.get("/admin/audit", headers={"Accept-Language": "zh-CN"}).get_data(as_text=True)
    assert "停用了账号 new@office.example。" in chinese
    for action in ("account.add", "account.sign-in", "account.password", "account.roles", "account.close"):
        assert action in entries
    assert password not in entries
    assert ANOTHER not in entries


def test_an_area_that_is_gone_stays_the_limit_until_another_is_chosen(office: Flask) -> None:
    opened, client = office.extensions["geo_hygiene"], signed_in(office, "admin")
    gone = text("update account_role set area = 'GONE' where area = 'C1' and role = 'pest'")
    back = text("update account_role set area = 'C1' where area = 'GONE'")
    opened.write(lambda connection: connection.execute(gone))
    page = client.get("/admin").get_data(as_text=True)
    assert '<option value="GONE" selected>GONE (no longer there)</option>' in page
    form = {"csrf_token": token(client, "/admin"), "email": "pest-c1@office.example", "roles": "pest", "area": "GONE"}
    answer = client.post("/admin/accounts/roles", data=form)
    assert answer.status_code == 422
    assert "no area with the code GONE" in answer.get_data(as_text=True)
    opened.write(lambda connection: connection.execute(back))
