"""Close the door for a while after too many failed sign-ins, whether the account exists or not."""

from __future__ import annotations

import hashlib
from datetime import timedelta

from sqlalchemy import Connection, text

from geo_hygiene.accounts.addresses import normalized

PERIOD = timedelta(minutes=15)
MOST_OF_ACCOUNT = 5
MOST_OF_MACHINE = 30
"""Failures within the period; an office may share one network address."""


def _digest(email: str) -> bytes:
    return hashlib.sha256(normalized(email).encode()).digest()


def admit(connection: Connection, *, email: str, machine: str) -> int | None:
    """Let somebody try to sign in, and return the number of the try, or ``None`` after too many.

    A try counts as failed until :func:`forget` or :func:`take_back` is called. Tries are counted before passwords are
    compared, one after the other, so that many at once are no way around.
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
        return None
    number: int = connection.execute(
        text("insert into failed_sign_in (account, machine) values (:account, :machine) returning id"),
        {"account": _digest(email), "machine": machine},
    ).scalar_one()
    return number


def take_back(connection: Connection, number: int) -> None:
    """Let a try not count that we could not answer."""
    connection.execute(text("delete from failed_sign_in where id = :number"), {"number": number})


def forget(connection: Connection, *, email: str) -> None:
    """Forget the failures of an account, after its owner gave the right password or got another."""
    connection.execute(text("delete from failed_sign_in where account = :account"), {"account": _digest(email)})
