"""Leaders and cadres answer for areas from a day on; who comes after another ends what that one had."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, text

from geo_hygiene.accounts import audit
from geo_hygiene.coverage.periods import NEVER, written
from geo_hygiene.coverage.versions import bump
from geo_hygiene.i18n import gettext as _
from geo_hygiene.people.giving import demand_time
from geo_hygiene.people.records import PersonRecord, demand_area_within, new_version, person_to_change
from geo_hygiene.zoning.holding import gone
from geo_hygiene.zoning.mistakes import WrongZoneError
from geo_hygiene.zoning.records import Editor

POSTS = """
select post.id, area.code as area, area.level, post.kind, post.valid_from, post.valid_to
from post join area on area.id = post.area_id
where post.person_id = :person
order by post.valid_from, area.code, post.kind
"""

AREA = """
select id from area where code = :code and valid_from <= :on and :on < valid_to order by id limit 1 for no key update
"""
"""Locked: of two who are appointed to one post at once, the second ends what the first was given."""

MEETING = """
select post.id, post.person_id, person.code as person, post.area_id, post.kind, post.valid_from, post.valid_to
from post
join person on person.id = post.person_id
join area on area.id = post.area_id
where area.code = :area and post.kind = :kind and post.valid_from < :end and :start < post.valid_to
order by post.id
for update of post
"""
"""By the area's code: it outlives the versions of its area."""

INSERT = """
insert into post (person_id, area_id, kind, valid_from, valid_to) values (:person, :area, :kind, :start, :end)
"""


@dataclass(frozen=True, slots=True)
class PostRecord:
    """An area for which somebody answers in a period."""

    id: int
    area: str
    level: str
    kind: str
    valid_from: date
    valid_to: date


def posts_of(connection: Connection, person_id: int) -> list[PostRecord]:
    """Return the posts that somebody has, had and will have."""
    return [PostRecord(**row._mapping) for row in connection.execute(text(POSTS), {"person": person_id})]


def demand_post_within(connection: Connection, editor: Editor, area: str) -> None:
    """Refuse the post of an area that is not the editor's."""
    demand_area_within(connection, editor, area, "area")


def appoint(
    connection: Connection,
    editor: Editor,
    name: str,
    *,
    version: int,
    area: str,
    kind: str,
    start: date,
    end: date | None = None,
) -> list[str]:
    """Let somebody answer for an area in a time; return who did until then, and does not now.

    Raises
    ------
    UnknownRecordError, OutsideAreasError, StaleVersionError, WrongZoneError
        If the person or area is missing or not the editor's, changed since, or the person has the post or is gone.
    """
    demand_time(start, end)
    person = person_to_change(connection, editor, name, version=version)
    if person.left_on is not None and person.left_on < (end or NEVER):
        raise gone("to", person.code, person.left_on)
    demand_post_within(connection, editor, area)
    area_id = connection.scalar(text(AREA), {"code": area, "on": start})
    if area_id is None:
        raise WrongZoneError("area", _("There is no area “%(name)s” on that day.", name=area))
    asked = {"area": area, "kind": kind, "start": start, "end": written(end or NEVER)}
    meeting = connection.execute(text(MEETING), asked).all()
    if any(one.person_id == person.id for one in meeting):
        raise WrongZoneError("area", _("“%(person)s” has this post in this time already.", person=person.code))
    for one in meeting:
        _give_way(connection, one, start, end or NEVER)
    connection.execute(text(INSERT), asked | {"person": person.id, "area": area_id})
    former = sorted({one.person for one in meeting})
    new_version(connection, [person.id, *(one.person_id for one in meeting)])
    _note(connection, editor, "people.appoint", person, area, kind, before={"holders": former}, after=asked)
    return former


def end_post(
    connection: Connection, editor: Editor, name: str, *, version: int, area: str, kind: str, day: date
) -> None:
    """Let somebody answer for an area no longer from a day on; a post that had not begun never was.

    Raises
    ------
    UnknownRecordError, OutsideAreasError, StaleVersionError, WrongZoneError
        As for :func:`appoint`, and if the person has no such post then.
    """
    person = person_to_change(connection, editor, name, version=version)
    demand_post_within(connection, editor, area)
    asked = {"area": area, "kind": kind, "start": day, "end": "infinity"}
    posts = [one for one in connection.execute(text(MEETING), asked) if one.person_id == person.id]
    if not posts:
        raise WrongZoneError("area", _("“%(person)s” has no such post from that day on.", person=person.code))
    for one in posts:
        _cut(connection, one, day)
    new_version(connection, [person.id])
    _note(connection, editor, "people.post-end", person, area, kind, after={"day": day.isoformat()})


def _give_way(connection: Connection, post: Any, start: date, end: date) -> None:
    """Take a time out of a post."""
    _cut(connection, post, start)
    if post.valid_to > end:
        asked = {"person": post.person_id, "area": post.area_id, "kind": post.kind}
        connection.execute(text(INSERT), asked | {"start": written(end), "end": written(post.valid_to)})


def _cut(connection: Connection, post: Any, day: date) -> None:
    if post.valid_from >= day:
        connection.execute(text("delete from post where id = :id"), {"id": post.id})
    else:
        connection.execute(text("update post set valid_to = :day where id = :id"), {"id": post.id, "day": day})


def _note(
    connection: Connection, editor: Editor, action: str, person: PersonRecord, area: str, kind: str, **told: Any
) -> None:
    bump(connection, ["posts"])
    audit.record(connection, actor=editor.actor, action=action, subject=f"{person.code} {area} {kind}", **told)
