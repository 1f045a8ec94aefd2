"""Sessions of people who are signed in, kept by Flask-Security over our own accounts."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import Flask
from flask_security import RoleMixin, Security, UserDatastore, UserMixin
from flask_wtf import CSRFProtect

from geo_hygiene import keys
from geo_hygiene.accounts import store
from geo_hygiene.accounts.store import AccountRecord
from geo_hygiene.settings import Settings
from geo_hygiene.web.connections import connections

COOKIE = "geo_hygiene"


class SignedIn(UserMixin):
    """An open account as Flask-Security sees it."""

    fs_uniquifier = ""
    """The key of this session: a session that was ended belongs to nobody."""

    def __init__(self, account: AccountRecord, key: str) -> None:
        self.account = account
        self.id = account.id
        self.email = account.email
        self.password = account.password
        self.active = account.is_open
        self.fs_uniquifier = key
        self.roles: list[RoleMixin] = []


class AccountStore(UserDatastore):
    """Where Flask-Security finds the account of a session."""

    def __init__(self) -> None:
        super().__init__(SignedIn, RoleMixin)

    def find_user(self, case_insensitive: bool = False, **words: Any) -> SignedIn | None:  # noqa: ARG002, FBT001, FBT002 - as declared there
        """Return the account of a session key."""
        key = words["fs_uniquifier"]
        account = connections().who(store.of_session, key)
        return None if account is None else SignedIn(account, key)


def keep_sessions(app: Flask, settings: Settings) -> None:
    """Keep sessions in signed cookies, which end with their account or its password; guard every write against others.

    The key that cookies are signed with is one of the home.
    """
    app.config.update(
        SECRET_KEY=keys.key(settings.home, "session"),
        # a browser takes a cookie of this name from nobody but the very host, over HTTPS
        SESSION_COOKIE_NAME=f"__Host-{COOKIE}" if settings.is_https else COOKIE,
        SESSION_COOKIE_SECURE=settings.is_https,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_REFRESH_EACH_REQUEST=False,
        PERMANENT_SESSION_LIFETIME=store.SESSION_LENGTH,
        WTF_CSRF_TIME_LIMIT=None,
        SECURITY_PASSWORD_SINGLE_HASH={"argon2"},
        SECURITY_PASSWORD_SCHEMES=["argon2"],
        SECURITY_FRESHNESS=timedelta(seconds=-1),
        SECURITY_CLI_USERS_NAME=None,
        SECURITY_CLI_ROLES_NAME=None,
    )
    CSRFProtect(app)
    security = Security(app, AccountStore(), register_blueprint=False)
    # It would ask for the account at every request, files included; `access` asks when a view needs it.
    security.principal.identity_loaders.clear()
