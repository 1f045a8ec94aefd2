"""What somebody held, holds and will hold, and the posts of all times."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import Connection, text

from geo_hygiene.coverage.periods import EVER, NEVER

ASSIGNMENTS = """
select
    assignment.zone as code, zone.name, zone.duty, assignment.shift, assignment.valid_from, assignment.valid_to,
    case when assignment.person_id <> :person then holder.code end as substitute,
    case when assignment.person_id <> :person then holder.name end as substitute_name,
    case when assignment.person_id = :person then absent.code end as stands_in_for,
    case when assignment.person_id = :person then absent.name end as stands_in_for_name
from assignment
join person as holder on holder.id = assignment.person_id
left join person as absent on absent.id = assignment.stands_in_for
left join lateral (
    select duty_zone.name, duty.code as duty
    from duty_zone join claim using (id) join duty on duty.id = claim.duty_id
    where duty_zone.code = assignment.zone
    order by claim.valid_from desc
    limit 1
) as zone on true
where :person in (assignment.person_id, assignment.stands_in_for)
order by assignment.valid_from desc, assignment.zone, assignment.id
"""

POSTS = """
select area.code, area.name, area.level, post.kind, post.valid_from, post.valid_to
from post join area on area.id = post.area_id
where post.person_id = :person
order by post.valid_from desc, area.code, post.kind, post.id
"""


def timeline(connection: Connection, person_id: int, on: date) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return assignments and posts of all times, the newest first; each is ``past``, ``now`` or ``later``."""
    asked = {"person": person_id}
    assignments, posts = (
        [_dated(row, on) for row in connection.execute(text(statement), asked)] for statement in (ASSIGNMENTS, POSTS)
    )
    return assignments, posts


def _dated(row: Any, on: date) -> dict[str, Any]:
    start, end = row.valid_from, row.valid_to
    when = "later" if on < start else "now" if on < end else "past"
    period = {"valid_from": None if start == EVER else start, "valid_to": None if end == NEVER else end}
    return {**row._mapping, **period, "when": when}
