"""Accounts: found at a sign-in and at every request, made and changed by an administrator or at the terminal."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Connection, text

from geo_hygiene.accounts import audit, failures, passwords
from geo_hygiene.accounts.addresses import EMAIL, normalized
from geo_hygiene.errors import GeoHygieneError, UnknownRecordError
from geo_hygiene.i18n import _
from geo_hygiene.permissions import GRANTED, OFFICE_WIDE, Areas, Permission, Role

LONGEST_NAME = 100
SESSION_LENGTH = timedelta(hours=12)


class AccountExistsError(GeoHygieneError):
    """There is an account with this e-mail address."""


class UnknownAccountError(UnknownRecordError):
    """No account has this e-mail address."""


class WrongAccountError(GeoHygieneError):
    """Something given for an account can not be used."""


class ChangedAccountError(GeoHygieneError):
    """An account is closed or has another password than when it was read."""

    def __init__(self) -> None:
        super().__init__(_("The account was changed meanwhile. Sign in again."))


class Grant(NamedTuple):
    """A role, everywhere or in the area with a code."""

    role: Role
    area: str | None = None

    @property
    def permissions(self) -> frozenset[Permission]:
        """Return what it lets somebody do."""
        return GRANTED[self.role] if self.area is None else GRANTED[self.role] - OFFICE_WIDE


def granted(roles: Iterable[Role], area: str | None) -> tuple[Grant, ...]:
    """Return the roles in an area; it limits all but the administrator's."""
    return tuple(Grant(role, None if role is Role.ADMIN else area) for role in roles)


@dataclass(frozen=True, kw_only=True)
class AccountRecord:
    """An account as the program uses it; ``password`` is the hash."""

    id: int
    email: str
    name: str
    password: str = field(repr=False)
    is_temporary: bool
    is_open: bool
    created_at: datetime
    signed_in_at: datetime | None
    grants: tuple[Grant, ...]

    @property
    def permissions(self) -> frozenset[Permission]:
        """Return what its roles let it do, each somewhere at least."""
        return frozenset(permission for grant in self.grants for permission in grant.permissions)

    def areas_of(self, permission: Permission) -> Areas:
        """Return the areas in which it has a permission."""
        areas = {grant.area for grant in self.grants if permission in grant.permissions}
        return None if None in areas else frozenset(area for area in areas if area is not None)

    def as_audited(self) -> dict[str, Any]:
        """Return what the audit keeps of it: no secret."""
        return {"name": self.name, "open": self.is_open, "roles": [list(grant) for grant in self.grants]}


ACCOUNTS = """
select account.id, email, name, password, is_temporary, is_open, created_at, signed_in_at,
    coalesce(
        (select json_agg(json_build_array(role, nullif(area, '')) order by role, area)
         from account_role where account_id = account.id), '[]'
    ) as grants
from account
"""


def _record(row: Any) -> AccountRecord:
    values = dict(row._mapping)
    grants = tuple(Grant(Role(role), area) for role, area in values.pop("grants"))
    return AccountRecord(grants=grants, **values)


def find(connection: Connection, email: str) -> AccountRecord | None:
    """Return the account with an e-mail address, open or closed."""
    row = connection.execute(text(ACCOUNTS + "where email = :email"), {"email": normalized(email)}).first()
    return None if row is None else _record(row)


def of_session(connection: Connection, key: str) -> AccountRecord | None:
    """Return the open account that a session belongs to; ``None`` when it was ended or is too old."""
    row = connection.execute(
        text(
            ACCOUNTS + "join account_session on account_id = account.id"
            " where digest = :digest and began_at > now() - :length and is_open"
        ),
        {"digest": _digest(key), "length": SESSION_LENGTH},
    ).first()
    return None if row is None else _record(row)


def begin_session(connection: Connection, account: AccountRecord) -> str:
    """Return the key of a new session."""
    key = secrets.token_urlsafe(24)
    connection.execute(text("delete from account_session where began_at < now() - :length"), {"length": SESSION_LENGTH})
    connection.execute(
        text("insert into account_session (digest, account_id) values (:digest, :account)"),
        {"digest": _digest(key), "account": account.id},
    )
    return key


def end_session(connection: Connection, key: str) -> None:
    """End a session, whoever else holds a copy of its key."""
    connection.execute(text("delete from account_session where digest = :digest"), {"digest": _digest(key)})


def _end_sessions(connection: Connection, account: AccountRecord) -> None:
    connection.execute(text("delete from account_session where account_id = :id"), {"id": account.id})


def _digest(key: str) -> bytes:
    return hashlib.sha256(key.encode()).digest()


def everybody(connection: Connection) -> list[AccountRecord]:
    """Return all accounts by e-mail address."""
    return [_record(row) for row in connection.execute(text(ACCOUNTS + "order by email"))]


def are_there_any(connection: Connection) -> bool:
    """Tell whether somebody can sign in at all; before that, this machine's own user may look at everything."""
    return bool(connection.scalar(text("select exists (select from account)")))


def _get(connection: Connection, email: str) -> AccountRecord:
    found = find(connection, email)
    if found is None:
        raise UnknownAccountError(_("No account has the e-mail address %(email)s.", email=email))
    return found


def add(
    connection: Connection, *, actor: str, email: str, name: str, grants: Iterable[Grant], password: str | None = None
) -> str | None:
    """Make an account; without a password one is made up and returned, to be changed at the first sign-in.

    Raises
    ------
    AccountExistsError
        If the e-mail address has an account.
    WrongAccountError, WeakPasswordError, UnknownRecordError
        If the address, the name, the password or an area of a role can not be used.
    """
    email, name = normalized(email), " ".join(name.split())
    if not EMAIL.fullmatch(email):
        raise WrongAccountError(_("“%(email)s” is not an e-mail address.", email=email))
    if not 0 < len(name) <= LONGEST_NAME or not name.isprintable():
        raise WrongAccountError(_("A name has between 1 and %(longest)s characters.", longest=LONGEST_NAME))
    if find(connection, email) is not None:
        raise AccountExistsError(_("The e-mail address %(email)s has an account already.", email=email))
    made = passwords.made_up() if password is None else None
    if password is not None:
        passwords.check_strength(password, about=(email, name))
    connection.execute(
        text("insert into account (email, name, password, is_temporary) values (:email, :name, :password, :temporary)"),
        {
            "email": email,
            "name": name,
            "password": passwords.hashed(password or made or ""),
            "temporary": made is not None,
        },
    )
    account = _get(connection, email)
    _write_grants(connection, account.id, tuple(grants))
    audit.record(
        connection, actor=actor, action="account.add", subject=email, after=_get(connection, email).as_audited()
    )
    return made


def change_roles(connection: Connection, *, actor: str, email: str, grants: Iterable[Grant]) -> None:
    """Give an account these roles and no others.

    Raises
    ------
    UnknownAccountError, UnknownRecordError, WrongAccountError
        If the account or an area does not exist, or nobody would be left to look after the accounts.
    """
    _lock_roles(connection)
    account = _get(connection, email)
    _write_grants(connection, account.id, tuple(grants))
    _keep_an_administrator(connection, account)
    changed = _get(connection, email)
    audit.record(
        connection,
        actor=actor,
        action="account.roles",
        subject=account.email,
        before=account.as_audited(),
        after=changed.as_audited(),
    )


def set_open(connection: Connection, *, actor: str, email: str, is_open: bool) -> None:
    """Close an account, with all its sessions, or open it again.

    Raises
    ------
    UnknownAccountError, WrongAccountError
        If there is no such account, or nobody would be left to look after the accounts.
    """
    _lock_roles(connection)
    account = _get(connection, email)
    connection.execute(text("update account set is_open = :open where id = :id"), {"open": is_open, "id": account.id})
    _end_sessions(connection, account)
    _keep_an_administrator(connection, account)
    action = "account.open" if is_open else "account.close"
    audit.record(
        connection,
        actor=actor,
        action=action,
        subject=account.email,
        before=account.as_audited(),
        after=_get(connection, email).as_audited(),
    )


def give_new_password(connection: Connection, *, actor: str, email: str) -> str:
    """Make up a password that must be changed at the next sign-in, and end the sessions of the account.

    Raises
    ------
    UnknownAccountError
        If there is no such account.
    """
    account = _get(connection, email)
    made = passwords.made_up()
    _write_password(connection, account, passwords.hashed(made), is_temporary=True)
    failures.forget(connection, email=account.email)
    audit.record(connection, actor=actor, action="account.new-password", subject=account.email)
    return made


def change_password(connection: Connection, account: AccountRecord, *, password_hash: str) -> str:
    """Keep the password that the owner of an account chose; return the key of the only session that goes on.

    Raises
    ------
    ChangedAccountError
        If the account was closed or got another password since it was read.
    """
    _hold(connection, account)
    _write_password(connection, account, password_hash, is_temporary=False)
    failures.forget(connection, email=account.email)
    key = begin_session(connection, account)
    audit.record(connection, actor=account.email, action="account.password", subject=account.email)
    return key


def come_in(connection: Connection, account: AccountRecord) -> str:
    """Remember that somebody came in; return the key of the session.

    Raises
    ------
    ChangedAccountError
        If the account is closed or got another password since it was read.
    """
    _hold(connection, account)
    connection.execute(text("update account set signed_in_at = now() where id = :id"), {"id": account.id})
    failures.forget(connection, email=account.email)
    key = begin_session(connection, account)
    audit.record(connection, actor=account.email, action="account.sign-in", subject=account.email)
    return key


def _hold(connection: Connection, account: AccountRecord) -> None:
    """Keep an account open and with the password that was compared, until the end of the transaction."""
    held = connection.scalar(
        text("select id from account where id = :id and password = :password and is_open for no key update"),
        {"id": account.id, "password": account.password},
    )
    if held is None:
        raise ChangedAccountError


def _write_password(connection: Connection, account: AccountRecord, password_hash: str, *, is_temporary: bool) -> None:
    """Write another password, which ends every session."""
    connection.execute(
        text("update account set password = :password, is_temporary = :temporary where id = :id"),
        {"password": password_hash, "temporary": is_temporary, "id": account.id},
    )
    _end_sessions(connection, account)


def _write_grants(connection: Connection, account_id: int, grants: tuple[Grant, ...]) -> None:
    areas = sorted({grant.area for grant in grants if grant.area is not None})
    known = set(connection.scalars(text("select code from area where code = any(:codes)"), {"codes": areas}))
    for area in areas:
        if area not in known:
            raise UnknownRecordError(_("There is no area with the code %(code)s.", code=area))
    if any(grant.role is Role.ADMIN and grant.area is not None for grant in grants):
        raise WrongAccountError(_("An administrator looks after all accounts and is not limited to an area."))
    connection.execute(text("delete from account_role where account_id = :id"), {"id": account_id})
    for grant in dict.fromkeys(grants):
        connection.execute(
            text("insert into account_role (account_id, role, area) values (:id, :role, :area)"),
            {"id": account_id, "role": grant.role.value, "area": grant.area or ""},
        )


def _lock_roles(connection: Connection) -> None:
    """Let nobody else change roles or close accounts, before anything is read that the change relies on."""
    connection.execute(text("lock table account_role in share row exclusive mode"))


def _keep_an_administrator(connection: Connection, before: AccountRecord) -> None:
    """Refuse a change of an administrator after which nobody can look after the accounts."""
    if Permission.ACCOUNTS_WRITE not in before.permissions:
        return
    left = connection.scalar(
        text(
            "select exists (select from account join account_role on account_id = account.id"
            " where is_open and role = :admin)"
        ),
        {"admin": Role.ADMIN.value},
    )
    if not left:
        raise WrongAccountError(_("One open account must stay an administrator."))
