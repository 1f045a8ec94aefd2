"""Accounts at the terminal and in the database: what they hold, what they refuse, and what the audit keeps."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg2.errors
import pytest
from argon2 import PasswordHasher
from click.testing import CliRunner
from sqlalchemy import Connection, Engine, event, text
from sqlalchemy.exc import ProgrammingError

import geo_hygiene
from geo_hygiene.accounts import audit, failures, passwords, store
from geo_hygiene.accounts.store import Grant
from geo_hygiene.cli import main
from geo_hygiene.database import engine
from geo_hygiene.errors import GeoHygieneError, UnknownRecordError
from geo_hygiene.permissions import GRANTED, ROLE_TITLES, Permission, Role
from tests.conftest import TestDatabase

GOOD = "lantern orchid gravel tuesday"


@pytest.fixture
def connection(service: Engine) -> Iterator[Connection]:
    with service.connect() as opened, opened.begin() as transaction:
        yield opened
        transaction.rollback()


def add(connection: Connection, email: str, *grants: Grant, password: str | None = GOOD) -> str | None:
    return store.add(connection, actor="test", email=email, name=email, grants=grants, password=password)


def broken(connection: Connection) -> list[str]:
    return list(connection.scalars(text(audit.BROKEN_SEALS)))


def test_every_role_has_a_title_and_grants_something() -> None:
    assert set(ROLE_TITLES) == set(GRANTED) == set(Role)
    assert all(GRANTED[role] for role in Role)
    assert {permission for granted in GRANTED.values() for permission in granted} == set(Permission)


def test_an_account_is_found_whatever_the_case_of_its_address(connection: Connection) -> None:
    add(connection, " Zhang@Office.Example ", Grant(Role.PLANNER), Grant(Role.CLERK))
    found = store.find(connection, "zhang@office.EXAMPLE")
    assert found is not None
    assert (found.email, found.grants) == ("zhang@office.example", (Grant(Role.CLERK), Grant(Role.PLANNER)))
    assert PasswordHasher().verify(found.password, GOOD)
    assert GOOD not in repr(found)
    assert found.password not in repr(found)


@pytest.mark.parametrize(
    ("email", "password"),
    [
        ("nobody", GOOD),
        ("a b@office.example", GOOD),
        ("a@office.example\n", "short"),
        ("a@office.example", "passwordpassword"),
        ("a@office.example", "a" * 200),
        ("a@office.example", ""),
        ("张@office.example", GOOD),
        ("lantern.orchid@office.example", "lantern.orchid"),
    ],
)
def test_what_can_not_be_an_account_is_refused(connection: Connection, email: str, password: str) -> None:
    with pytest.raises(GeoHygieneError):
        add(connection, email, Grant(Role.CLERK), password=password)
    assert not store.are_there_any(connection)


@pytest.mark.parametrize("typed", ["ADM\u0130N", "adm\u0131n", "admin\u3000", "ａｄｍｉｎ", "\u212aing"])
def test_no_way_to_type_an_address_has_tries_of_its_own(connection: Connection, typed: str) -> None:
    for name in ("admin", "king"):
        add(connection, f"{name}@office.example", Grant(Role.CLERK))
        for _try in range(failures.MOST_OF_ACCOUNT):
            failures.admit(connection, email=f"{name}@office.example", machine="10.0.0.1")
    email = f"{typed}@office.example".replace("\u3000@office.example", "@office.example\u3000")
    is_found = store.find(connection, email) is not None
    assert is_found == (failures.admit(connection, email=email, machine="10.0.0.2") is None)


def test_an_address_has_one_account(connection: Connection) -> None:
    add(connection, "a@office.example", Grant(Role.CLERK))
    with pytest.raises(store.AccountExistsError):
        add(connection, "A@office.example", Grant(Role.ADMIN))


def test_an_area_must_exist_and_never_limits_an_administrator(connection: Connection) -> None:
    with pytest.raises(UnknownRecordError):
        add(connection, "a@office.example", Grant(Role.CLERK, "nowhere"))
    connection.execute(
        text(
            "insert into area (code, name, level, source_key, geom) values ('C1', 'c', 'office', 'C1',"
            " ST_Multi(ST_MakeEnvelope(105, 31, 105.1, 31.1, 4326)))"
        )
    )
    with pytest.raises(store.WrongAccountError):
        add(connection, "b@office.example", Grant(Role.ADMIN, "C1"))


def test_a_permission_reaches_as_far_as_the_roles_that_grant_it(connection: Connection) -> None:
    connection.execute(
        text(
            "insert into area (code, name, level, source_key, geom) values ('C1', 'c', 'office', 'C1',"
            " ST_Multi(ST_MakeEnvelope(105, 31, 105.1, 31.1, 4326)))"
        )
    )
    add(connection, "a@office.example", Grant(Role.CLERK, "C1"), Grant(Role.WORKER))
    found = store.find(connection, "a@office.example")
    assert found is not None
    assert found.areas_of(Permission.CASES_READ) == {"C1"}
    assert found.areas_of(Permission.MAP_READ) is None
    assert found.areas_of(Permission.CAMPAIGNS_READ) == frozenset()


def test_a_made_up_password_is_told_once_and_must_be_changed(connection: Connection) -> None:
    made = add(connection, "a@office.example", Grant(Role.CLERK), password=None)
    found = store.find(connection, "a@office.example")
    assert found is not None
    assert made is not None
    assert found.is_temporary
    assert PasswordHasher().verify(found.password, made)
    before = store.come_in(connection, found)
    another = store.change_password(connection, found, password_hash=passwords.hashed(GOOD))
    changed = store.of_session(connection, another)
    assert changed is not None
    assert not changed.is_temporary
    assert store.of_session(connection, before) is None
    kept = json.dumps([entry._asdict() for entry in audit.newest(connection, limit=100)], default=str)
    assert made not in kept
    assert "argon2" not in kept
    assert another not in kept


@pytest.mark.parametrize("change", ["closed", "reset"])
def test_what_began_with_an_older_password_or_an_open_account_does_not_come_in(
    connection: Connection, change: str
) -> None:
    add(connection, "a@office.example", Grant(Role.CLERK))
    read = store.find(connection, "a@office.example")
    assert read is not None
    if change == "closed":
        store.set_open(connection, actor="test", email=read.email, is_open=False)
    else:
        store.give_new_password(connection, actor="test", email=read.email)
    with pytest.raises(store.ChangedAccountError):
        store.come_in(connection, read)
    with pytest.raises(store.ChangedAccountError):
        store.change_password(connection, read, password_hash=passwords.hashed(GOOD))
    assert connection.scalar(text("select count(*) from account_session")) == 0


def test_a_chosen_password_forgets_the_failures_before(connection: Connection) -> None:
    add(connection, "a@office.example", Grant(Role.CLERK))
    found = store.find(connection, "a@office.example")
    assert found is not None
    failures.admit(connection, email=found.email, machine="10.0.0.1")
    store.change_password(connection, found, password_hash=passwords.hashed(GOOD))
    assert connection.scalar(text("select count(*) from failed_sign_in")) == 0


def test_a_closed_account_has_no_session(connection: Connection) -> None:
    add(connection, "a@office.example", Grant(Role.CLERK))
    found = store.find(connection, "a@office.example")
    assert found is not None
    key = store.come_in(connection, found)
    assert store.of_session(connection, key) == store.find(connection, "a@office.example")
    store.set_open(connection, actor="test", email="a@office.example", is_open=False)
    assert store.of_session(connection, key) is None
    store.set_open(connection, actor="test", email="a@office.example", is_open=True)
    assert store.of_session(connection, key) is None


def test_a_session_ends_with_its_sign_out_and_with_its_age(connection: Connection) -> None:
    add(connection, "a@office.example", Grant(Role.CLERK))
    found = store.find(connection, "a@office.example")
    assert found is not None
    first, second = (store.come_in(connection, found) for _browser in range(2))
    store.end_session(connection, first)
    assert store.of_session(connection, first) is None
    assert store.of_session(connection, second) is not None
    assert store.of_session(connection, second + "x") is None
    connection.execute(text("update account_session set began_at = now() - interval '12 hours 1 second'"))
    assert store.of_session(connection, second) is None
    store.come_in(connection, found)
    assert connection.scalar(text("select count(*) from account_session")) == 1


def test_one_administrator_stays(connection: Connection) -> None:
    add(connection, "a@office.example", Grant(Role.ADMIN))
    add(connection, "b@office.example", Grant(Role.CLERK))
    store.change_roles(connection, actor="test", email="b@office.example", grants=[Grant(Role.PEST)])
    with pytest.raises(store.WrongAccountError), connection.begin_nested():
        store.change_roles(connection, actor="test", email="a@office.example", grants=[Grant(Role.CLERK)])
    with pytest.raises(store.WrongAccountError), connection.begin_nested():
        store.set_open(connection, actor="test", email="a@office.example", is_open=False)


@pytest.mark.parametrize(
    "change",
    [
        lambda connection, email: store.change_roles(connection, actor="test", email=email, grants=[Grant(Role.PEST)]),
        lambda connection, email: store.set_open(connection, actor="test", email=email, is_open=False),
    ],
)
def test_two_changes_of_administrators_wait_before_they_read_or_write(
    connection: Connection, change: Callable[[Connection, str], None]
) -> None:
    for email in ("a@office.example", "b@office.example"):
        add(connection, email, Grant(Role.ADMIN))
    sent: list[str] = []
    event.listen(connection, "before_cursor_execute", lambda _on, _cursor, statement, *_more: sent.append(statement))
    change(connection, "a@office.example")
    assert sent[0].startswith("lock table account_role")
    assert sum("lock table" in statement for statement in sent) == 1


def test_every_advisory_lock_has_a_key_of_its_own(connection: Connection) -> None:
    sources = [path.read_text() for path in Path(geo_hygiene.__file__).parent.rglob("*.py")]
    keys = [int(key) for source in sources for key in re.findall(r"(?m)^[A-Z_]+_LOCK = ([\d_]+)$", source)]
    for function in connection.scalars(text("select prosrc from pg_proc where prosrc ~ 'pg_advisory'")):
        keys += map(int, re.findall(r"pg_advisory\w+\((\d+)", function))
    assert len(keys) >= 4
    assert len(set(keys)) == len(keys)


def test_the_audit_tells_who_changed_what(connection: Connection) -> None:
    add(connection, "a@office.example", Grant(Role.CLERK))
    store.change_roles(connection, actor="boss@office.example", email="a@office.example", grants=[Grant(Role.PEST)])
    newest, first = audit.newest(connection, limit=10)
    assert (newest.actor, newest.action, newest.subject) == ("boss@office.example", "account.roles", "a@office.example")
    assert newest.before == {"name": "a@office.example", "open": True, "roles": [["clerk", None]]}
    assert newest.after == {"name": "a@office.example", "open": True, "roles": [["pest", None]]}
    assert first.before is None
    assert audit.newest(connection, limit=10, before=newest.id) == [first]
    assert broken(connection) == []


@pytest.mark.parametrize("statement", ["update audit_entry set actor = 'nobody'", "delete from audit_entry"])
def test_the_service_can_not_change_the_audit(connection: Connection, statement: str) -> None:
    with pytest.raises(ProgrammingError) as refusal:
        connection.execute(text(statement))
    assert isinstance(refusal.value.orig, psycopg2.errors.InsufficientPrivilege)


def test_a_changed_entry_breaks_its_seal(database: TestDatabase) -> None:
    service, owner = engine(database.service_url), engine(database.owner_url)
    with service.begin() as connection:
        for number in range(5):
            audit.record(connection, actor="test", action="try", subject=str(number), after={"number": number})
        assert broken(connection) == []
    with owner.begin() as connection:
        connection.execute(text("update audit_entry set actor = 'nobody' where subject = '2'"))
    with service.begin() as connection:
        assert broken(connection) == [connection.scalar(text("select id::text from audit_entry where subject = '2'"))]
    service.dispose()
    owner.dispose()


def test_an_entry_whose_number_was_drawn_before_it_had_to_wait_is_sealed_in_its_turn(connection: Connection) -> None:
    audit.record(connection, actor="test", action="try", subject="first")
    connection.execute(text("insert into audit_entry (id, actor, action, subject) values (0, 'test', 'try', 'late')"))
    audit.record(connection, actor="test", action="try", subject="last")
    assert [entry.subject for entry in audit.newest(connection, limit=10)] == ["last", "late", "first"]
    assert broken(connection) == []


def test_too_many_failures_close_the_door_to_an_account_and_to_a_machine(connection: Connection) -> None:
    def admit(email: str, machine: str) -> bool:
        return failures.admit(connection, email=email, machine=machine) is not None

    assert failures.locked(connection, ["a@office.example"]) == {}
    tries = [admit("A@office.example", "10.0.0.1") for _try in range(7)]
    locked = failures.locked(connection, ["a@office.example", "b@office.example"])
    assert locked == {"a@office.example": connection.scalar(text("select now()")) + failures.PERIOD}
    assert tries == [True] * failures.MOST_OF_ACCOUNT + [False] * 2
    assert admit("b@office.example", "10.0.0.1")
    failures.forget(connection, email="A@office.example")
    assert admit("a@office.example", "10.0.0.1")
    many = [admit(f"{n}@office.example", "10.0.0.2") for n in range(40)]
    assert many == [True] * failures.MOST_OF_MACHINE + [False] * 10
    noted = [(entry.actor, entry.action, entry.subject) for entry in audit.newest(connection, limit=10)]
    assert noted == [
        ("10.0.0.2", "machine.locked", "10.0.0.2"),
        ("10.0.0.1", "account.locked", "a@office.example"),
    ]
    assert failures.locked(connection, ["a@office.example"]) == {}
    connection.execute(text("update failed_sign_in set at = at - interval '16 minutes'"))
    assert admit("a@office.example", "10.0.0.2")


def test_accounts_are_made_and_closed_at_the_terminal(
    database: TestDatabase, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    monkeypatch.setenv("GEO_HYGIENE_DATABASE_URL", database.owner_url)
    monkeypatch.setenv("GEO_HYGIENE_SERVICE_URL", database.service_url)
    monkeypatch.setenv("GEO_HYGIENE_LOCALE", "en")
    runner = CliRunner()

    def run(*words: str, given: str | None = None) -> str:
        answer = runner.invoke(main, ["user", *words], input=given)
        assert answer.exit_code == 0, answer.output
        return answer.stdout

    assert run("add", "boss@office.example", "--role", "admin", given=f"{GOOD}\n") == ""
    made = run("add", "zhang@office.example", "--role", "planner", "--role", "clerk", "--generate").strip()
    assert len(made) == 19
    assert run("close", "zhang@office.example") == ""
    listed = json.loads(run("list", "--json"))["accounts"]
    assert [(account["email"], account["open"]) for account in listed] == [
        ("boss@office.example", True),
        ("zhang@office.example", False),
    ]
    assert listed[1]["roles"] == [["clerk", None], ["planner", None]]
    assert run("roles", "boss@office.example", "--role", "admin", "--area", "C1") == ""
    empty = runner.invoke(main, ["user", "add", "wang@office.example", "--role", "clerk"], input="\n")
    assert empty.exit_code == 1
    assert "between 12 and 128" in empty.stderr
    refused = runner.invoke(main, ["user", "close", "boss@office.example"])
    assert refused.exit_code == 1
    assert "administrator" in refused.stderr
