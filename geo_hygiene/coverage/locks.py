"""Locks that order the writers of claims, targets and work, to the end of their transactions: always in this order."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection, text

DUTY_LOCK = 4_326_003
"""First key of the advisory locks that order the writers of a duty; the second is the duty's id."""

TARGETS_LOCK = 0
"""Second key of the lock that orders the writers of targets and of work; duties have ids above it, campaigns below."""


def lock_duties(connection: Connection, duty_ids: Iterable[int]) -> None:
    """Let one transaction at a time write claims of these duties; the order of locking is fixed."""
    for duty_id in sorted(set(duty_ids)):
        connection.execute(text("select pg_advisory_xact_lock(:lock, :duty)"), {"lock": DUTY_LOCK, "duty": duty_id})


def lock_targets(connection: Connection) -> None:
    """Let nobody else write targets or work, whose cover each meets the other's; after the locks of duties."""
    connection.execute(text("select pg_advisory_xact_lock(:lock, :key)"), {"lock": DUTY_LOCK, "key": TARGETS_LOCK})


def lock_work(connection: Connection) -> None:
    """Let nobody write targets while work on them is written; other work may be; after the locks of duties."""
    connection.execute(
        text("select pg_advisory_xact_lock_shared(:lock, :key)"), {"lock": DUTY_LOCK, "key": TARGETS_LOCK}
    )


def lock_campaigns(connection: Connection, campaign_ids: Iterable[int]) -> None:
    """Let one transaction at a time change what is kept of these campaigns; after the lock of targets or work."""
    for campaign_id in sorted(set(campaign_ids)):
        connection.execute(
            text("select pg_advisory_xact_lock(:lock, :key)"), {"lock": DUTY_LOCK, "key": -int(campaign_id)}
        )


def lock_everything(connection: Connection) -> None:
    """Let nobody else write claims, work or targets."""
    lock_duties(connection, connection.scalars(text("select id from duty")))
    lock_targets(connection)
