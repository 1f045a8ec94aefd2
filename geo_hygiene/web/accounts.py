"""Signing in and out, one's own account, and the accounts of an office."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from http import HTTPStatus
from typing import Annotated

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError
from flask import Blueprint, Response, render_template, request, session, url_for
from flask_security import current_user
from flask_security.utils import login_user, logout_user
from pydantic import Field, field_validator
from sqlalchemy import Connection, text
from sqlalchemy.exc import SQLAlchemyError

from geo_hygiene.accounts import audit, failures, passwords, store
from geo_hygiene.accounts.store import AccountRecord, Grant, granted
from geo_hygiene.coverage.duties import in_office, office_timezone
from geo_hygiene.errors import GeoHygieneError
from geo_hygiene.i18n import _
from geo_hygiene.permissions import ROLE_TITLES, Permission, Role
from geo_hygiene.web.access import Door, asker, needs
from geo_hygiene.web.audit_words import actor, told
from geo_hygiene.web.connections import connections
from geo_hygiene.web.language import local_address
from geo_hygiene.web.parameters import Parameters, Text
from geo_hygiene.web.sessions import SignedIn

ENTRIES = 50
NOBODYS_PASSWORD = PasswordHasher().hash(secrets.token_urlsafe(24))
"""Compared where there is no account, so that the answer takes as long."""

Secret = Annotated[str, Field(max_length=passwords.LONGEST)]

blueprint = Blueprint("accounts", __name__)


class SignInForm(Parameters, extra="ignore"):
    """What somebody types to come in."""

    email: Annotated[str, Field(max_length=260)] = ""
    password: Secret = ""
    next: Annotated[str, Field(max_length=1500)] = "/"


class PasswordForm(Parameters, extra="ignore"):
    """A password of one's own."""

    current: Secret = ""
    password: Secret = ""
    again: Secret = ""
    next: Annotated[str, Field(max_length=1500)] = "/"


class AccountForm(Parameters, extra="ignore"):
    """A new account, or the roles of one."""

    email: Annotated[str, Field(max_length=260)]
    name: Text = ""
    roles: tuple[Role, ...] = ()
    area: Text | None = None

    @field_validator("roles", mode="before")
    @classmethod
    def _few(cls, roles: list[str]) -> list[str]:
        return list(dict.fromkeys(roles))

    @property
    def grants(self) -> tuple[Grant, ...]:
        """Return the roles where they hold."""
        return granted(self.roles, self.area)

    @classmethod
    def sent(cls) -> AccountForm:
        """Return what the current request brings."""
        return cls.model_validate({**request.form.to_dict(), "roles": request.form.getlist("roles")})


class AuditParameters(Parameters):
    """Which entries of the audit."""

    before: int | None = Field(None, ge=1)


@blueprint.get("/sign-in")
@needs(Door.OPEN)
def sign_in() -> str:
    """Show the form."""
    return _sign_in_page(SignInForm(next=local_address(request.args.get("next"))))


@blueprint.post("/sign-in")
@needs(Door.OPEN)
def come_in() -> Response | tuple[str, int]:
    """Let somebody in whose password is right."""
    form = SignInForm.model_validate(request.form.to_dict())
    number = connections().write(failures.admit, email=form.email, machine=request.remote_addr or "")
    if number is None:
        refusal = _("Too many attempts. Wait a quarter of an hour, or ask the administrator for a new password.")
        return _sign_in_page(form, refusal), HTTPStatus.TOO_MANY_REQUESTS
    with _taken_back(number):
        came_in = _came_in(form)
    if not came_in:
        return _sign_in_page(form, _("The e-mail address or the password is not right.")), HTTPStatus.FORBIDDEN
    return Response(status=303, headers={"Location": local_address(form.next)})


@contextmanager
def _taken_back(number: int) -> Iterator[None]:
    """Let a try not count that the database keeps us from answering: it is asked nothing after a wrong password."""
    try:
        yield
    except SQLAlchemyError:
        with suppress(SQLAlchemyError):
            connections().write(failures.take_back, number)
        raise


def _came_in(form: SignInForm) -> bool:
    account = connections().read(store.find, form.email)
    if not _fits(account, form.password) or account is None:
        return False
    try:
        _begin(account, connections().write(store.come_in, account))
    except store.ChangedAccountError:
        return False
    return True


def _begin(account: AccountRecord, key: str) -> None:
    """Let the browser go on in a new session."""
    session.clear()
    session.permanent = True
    login_user(SignedIn(account, key))


def _fits(account: AccountRecord | None, password: str) -> bool:
    try:
        return PasswordHasher().verify(NOBODYS_PASSWORD if account is None else account.password, password)
    except VerificationError:
        return False


def _sign_in_page(form: SignInForm, refusal: str | None = None) -> str:
    has_accounts = connections().read(store.are_there_any)
    return render_template("sign_in.html", page="sign-in", form=form, refusal=refusal, has_accounts=has_accounts)


@blueprint.post("/sign-out")
@needs(Door.SIGNED_IN)
def sign_out() -> Response:
    """End the session, also for whoever copied its cookie."""
    connections().write(store.end_session, current_user.fs_uniquifier)
    logout_user()
    session.clear()
    return Response(status=303, headers={"Location": url_for("accounts.sign_in")})


@blueprint.get("/account")
@needs(Door.SIGNED_IN)
def own_account() -> str:
    """Show who one is here, and the form for another password."""
    return _own_page(PasswordForm(next=local_address(request.args.get("next"))))


@blueprint.post("/account")
@needs(Door.SIGNED_IN)
def change_own_password() -> Response | tuple[str, int]:
    """Keep another password and end the other sessions."""
    form = PasswordForm.model_validate(request.form.to_dict())
    account = asker()
    if connections().write(failures.admit, email=account.email, machine=request.remote_addr or "") is None:
        return _own_page(form, _("Too many attempts. Wait a quarter of an hour.")), HTTPStatus.TOO_MANY_REQUESTS
    refusal: str | None = _("The present password is not right.")
    if _fits(account, form.current):
        connections().write(failures.forget, email=account.email)
        refusal = _refusal(account, form)
    if refusal is not None:
        return _own_page(form, refusal), HTTPStatus.UNPROCESSABLE_ENTITY
    _begin(account, connections().write(store.change_password, account, password_hash=passwords.hashed(form.password)))
    return Response(status=303, headers={"Location": local_address(form.next)})


def _refusal(account: AccountRecord, form: PasswordForm) -> str | None:
    if form.password != form.again:
        return _("The two new passwords differ.")
    try:
        passwords.check_strength(form.password, about=(account.email, account.name))
    except passwords.WeakPasswordError as error:
        return str(error)
    return None


def _own_page(form: PasswordForm, refusal: str | None = None) -> str:
    return render_template(
        "account.html", page="account", account=asker(), form=form, refusal=refusal, titles=ROLE_TITLES
    )


@blueprint.get("/admin")
@needs(Permission.ACCOUNTS_WRITE)
def accounts() -> str:
    """List the accounts."""
    return _accounts_page()


@blueprint.post("/admin/accounts")
@needs(Permission.ACCOUNTS_WRITE)
def add_account() -> str | tuple[str, int]:
    """Make an account; its first password is told once."""
    form = AccountForm.sent()
    return _changed(
        lambda connection: store.add(
            connection, actor=asker().email, email=form.email, name=form.name, grants=form.grants
        )
    )


@blueprint.post("/admin/accounts/roles")
@needs(Permission.ACCOUNTS_WRITE)
def change_roles() -> str | tuple[str, int]:
    """Give an account other roles."""
    form = AccountForm.sent()
    return _changed(
        lambda connection: store.change_roles(connection, actor=asker().email, email=form.email, grants=form.grants)
    )


@blueprint.post("/admin/accounts/close")
@needs(Permission.ACCOUNTS_WRITE)
def close_account() -> str | tuple[str, int]:
    """Close an account; whoever is signed in with it is out at once."""
    form = AccountForm.sent()
    return _changed(lambda connection: store.set_open(connection, actor=asker().email, email=form.email, is_open=False))


@blueprint.post("/admin/accounts/open")
@needs(Permission.ACCOUNTS_WRITE)
def open_account() -> str | tuple[str, int]:
    """Open a closed account again."""
    form = AccountForm.sent()
    return _changed(lambda connection: store.set_open(connection, actor=asker().email, email=form.email, is_open=True))


@blueprint.post("/admin/accounts/password")
@needs(Permission.ACCOUNTS_WRITE)
def give_new_password() -> str | tuple[str, int]:
    """Make up a password for somebody who forgot theirs; it is told once."""
    form = AccountForm.sent()
    return _changed(lambda connection: store.give_new_password(connection, actor=asker().email, email=form.email))


def _changed(change: Callable[[Connection], str | None]) -> str | tuple[str, int]:
    """Make a change and show the accounts as they are then; a password that was made up is told this once."""
    try:
        password = connections().write(change)
    except GeoHygieneError as error:
        return _accounts_page(refusal=str(error)), HTTPStatus.UNPROCESSABLE_ENTITY
    return _accounts_page(password=password)


def _accounts_page(*, password: str | None = None, refusal: str | None = None) -> str:
    listed = connections().read(store.everybody)
    return render_template(
        "accounts.html",
        page="admin",
        accounts=listed,
        locked=connections().read(failures.locked, [account.email for account in listed]),
        areas=connections().read(_areas),
        titles=ROLE_TITLES,
        password=password,
        refusal=refusal,
        subject=request.form.get("email", ""),
        moment=_moment(),
    )


def _moment() -> Callable[[datetime], str]:
    """Return how an instant is told in the time of the office."""
    zone = connections().read(office_timezone)
    return lambda instant: in_office(instant, zone)


def _areas(connection: Connection) -> list[tuple[str, str]]:
    return [
        (row.code, row.name or row.code)
        for row in connection.execute(
            text("select distinct on (code) code, name from area where code is not null order by code, valid_from desc")
        )
    ]


@blueprint.get("/admin/audit")
@needs(Permission.AUDIT_READ)
def audit_entries() -> str:
    """Show who changed what, the newest first."""
    asked = AuditParameters.model_validate(request.args.to_dict())
    entries = connections().read(audit.newest, limit=ENTRIES + 1, before=asked.before)
    return render_template(
        "audit.html",
        page="admin",
        entries=entries[:ENTRIES],
        has_more=len(entries) > ENTRIES,
        moment=_moment(),
        told=told,
        actor=actor,
    )
