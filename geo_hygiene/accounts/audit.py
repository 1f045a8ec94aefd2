"""Write down who changed what; entries can be added, and neither changed nor taken away."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, text

COMMAND = "command"
"""Actor of what somebody does at the terminal of the machine."""


class Entry(NamedTuple):
    """One entry; ``before`` and ``after`` are what the subject looked like."""

    id: int
    at: datetime
    actor: str
    action: str
    subject: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None


def record(
    connection: Connection,
    *,
    actor: str,
    action: str,
    subject: str,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    """Add an entry in the caller's transaction; secrets do not belong into it."""
    connection.execute(
        text(
            "insert into audit_entry (actor, action, subject, before, after)"
            " values (:actor, :action, :subject, cast(:before as jsonb), cast(:after as jsonb))"
        ),
        {
            "actor": actor,
            "action": action,
            "subject": subject,
            "before": None if before is None else json.dumps(before, default=str),
            "after": None if after is None else json.dumps(after, default=str),
        },
    )


def newest(connection: Connection, *, limit: int, before: int | None = None) -> list[Entry]:
    """Return entries, the newest first, older than the one with an id when it is given."""
    rows = connection.execute(
        text(
            "select id, at, actor, action, subject, before, after from audit_entry"
            " where cast(:before as bigint) is null or id < :before order by id desc limit :limit"
        ),
        {"before": before, "limit": limit},
    )
    return [Entry(*row) for row in rows]


BROKEN_SEALS = """
select cast(id as text) as place, action as found, cast(null as text) as expected
from (select entry.*, lag(seal) over (order by id) as seal_before from audit_entry as entry) as entry
where seal <> audit_seal(seal_before, id, at, actor, action, subject, before, after)
"""
"""Entries whose seal does not fit: they were changed, or the one before them was changed or taken away."""
