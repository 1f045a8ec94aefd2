"""Close the door for a while after too many failed sign-ins, whether the account exists or not."""

from __future__ import annotations

import hashlib
from datetime import timedelta

from sqlalchemy import Connection, text

PERIOD = timedelta(minutes=15)
MOST_OF_ACCOUNT = 5
MOST_OF_MACHINE = 30
"""Failures within the period; an office may share one network address."""


def _digest(email: str) -> bytes:
    return hashlib.sha256(email.strip().lower().encode()).digest()


def admit(connection: Connection, *, email: str, machine: str) -> bool:
    """Tell whether somebody may try to sign in, and count the try as failed until :func:`forget` is called.

    Tries are counted before passwords are compared, one after the other, so that many at once are no way around.
    """
    connection.execute(text("lock table failed_sign_in in share row exclusive mode"))
    connection.execute(text("delete from failed_sign_in where at < now() - :period"), {"period": PERIOD})
    tries = connection.execute(
        text(
            "select count(*) filter (where account = :account) as of_account,"
            " count(*) filter (where machine = :machine) as of_machine from failed_sign_in"
        ),
        {"account": _digest(email), "machine": machine},
    ).one()
    if tries.of_account >= MOST_OF_ACCOUNT or tries.of_machine >= MOST_OF_MACHINE:
        return False
    connection.execute(
        text("insert into failed_sign_in (account, machine) values (:account, :machine)"),
        {"account": _digest(email), "machine": machine},
    )
    return True


def forget(connection: Connection, *, email: str) -> None:
    """Forget the failures of an account, after its owner came in or got another password."""
    connection.execute(text("delete from failed_sign_in where account = :account"), {"account": _digest(email)})
