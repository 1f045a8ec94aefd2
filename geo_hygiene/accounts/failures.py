"""Close the door for a while after too many failed sign-ins, whether the account exists or not."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import Connection, text

from geo_hygiene.accounts import audit
from geo_hygiene.accounts.addresses import normalized

PERIOD = timedelta(minutes=15)
MOST_OF_ACCOUNT = 5
MOST_OF_MACHINE = 30
"""Failures within the period; an office may share one network address."""

LONGEST_NOTED = 100
"""Characters that the audit keeps of what somebody typed for an address."""


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
    if tries.of_account >= MOST_OF_ACCOUNT:
        _note_lock(connection, "account.locked", normalized(email), machine)
        return None
    if tries.of_machine >= MOST_OF_MACHINE:
        _note_lock(connection, "machine.locked", machine, machine)
        return None
    number: int = connection.execute(
        text("insert into failed_sign_in (account, machine) values (:account, :machine) returning id"),
        {"account": _digest(email), "machine": machine},
    ).scalar_one()
    return number


def _note_lock(connection: Connection, action: str, subject: str, machine: str) -> None:
    """Write down once that the door was closed, whether the account exists or not; an address may be anything."""
    subject = "".join(character if character.isprintable() else "?" for character in subject[:LONGEST_NOTED])
    known = text(
        "select exists (select from audit_entry where action = :action and subject = :subject and at > now() - :period)"
    )
    if not connection.scalar(known, {"action": action, "subject": subject, "period": PERIOD}):
        audit.record(connection, actor=machine, action=action, subject=subject)


def locked(connection: Connection, emails: Iterable[str]) -> dict[str, datetime]:
    """Return the accounts that nobody can sign in with for now, and until when."""
    rows = connection.execute(
        text(
            "select account, (array_agg(at order by at desc))[:most] + :period as until from failed_sign_in"
            " where at >= now() - :period group by account having count(*) >= :most"
        ),
        {"most": MOST_OF_ACCOUNT, "period": PERIOD},
    )
    until = {bytes(row.account): row.until for row in rows}
    return {email: until[digest] for email in emails if (digest := _digest(email)) in until}


def take_back(connection: Connection, number: int) -> None:
    """Let a try not count that we could not answer."""
    connection.execute(text("delete from failed_sign_in where id = :number"), {"number": number})


def forget(connection: Connection, *, email: str) -> None:
    """Forget the failures of an account, after its owner gave the right password or got another."""
    connection.execute(text("delete from failed_sign_in where account = :account"), {"account": _digest(email)})
