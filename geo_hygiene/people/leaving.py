"""Somebody leaves on a day: posts and assignments end, and zones go to those who are named for them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date

from sqlalchemy import Connection, text

from geo_hygiene.accounts import audit
from geo_hygiene.coverage.periods import NEVER
from geo_hygiene.coverage.versions import bump
from geo_hygiene.i18n import gettext as _
from geo_hygiene.people.giving import Handing, Holders, held_by, store
from geo_hygiene.people.posts import demand_post_within, posts_of
from geo_hygiene.people.records import (
    PersonRecord,
    demand_person_within,
    demand_zones_within,
    keep_person,
    person_to_change,
)
from geo_hygiene.zoning.holding import Holding, person_of, with_one
from geo_hygiene.zoning.mistakes import WrongZoneError
from geo_hygiene.zoning.records import Editor

END_POSTS = "update post set valid_to = :day where person_id = :person and valid_to > :day"


def leave(
    connection: Connection,
    editor: Editor,
    name: str,
    *,
    version: int,
    day: date,
    hand_over: Mapping[str, str] | None = None,
) -> Handing:
    """Let somebody be gone from a day on; zones are vacant then, except those that are handed over.

    Parameters
    ----------
    hand_over
        By zone the person who holds it from that day on.

    Raises
    ------
    UnknownRecordError, OutsideAreasError, StaleVersionError, WrongZoneError
        If the person is missing or belongs elsewhere, changed since, has left already, is to begin something only on
        that day or later, or something is handed over that the person does not hold, or to somebody who is not there.
    """
    leaver = person_to_change(connection, editor, name, version=version, holdings=True)
    demand_person_within(connection, editor, leaver)
    if leaver.left_on is not None:
        words = _("“%(person)s” has left on %(day)s.", person=leaver.code, day=leaver.left_on.isoformat())
        raise WrongZoneError("from", words)
    held = held_by(connection, leaver.id, day, NEVER)
    _demand_nothing_begins(leaver, held, day)
    given = dict(hand_over or {})
    if unknown := set(given) - set(held):
        words = _("“%(person)s” does not hold the zone “%(zone)s” in this time.", person=leaver.code, zone=min(unknown))
        raise WrongZoneError("hand_over", words)
    demand_zones_within(connection, editor, held, day)
    receivers = {code: person_of(connection, code, editor.within, until=NEVER) for code in sorted(set(given.values()))}
    if leaver.id in receivers.values():
        raise WrongZoneError("hand_over", _("Who leaves can not take anything over."))
    changes: Holders = {
        zone: (holdings, _handed_over(holdings, leaver.id, receivers.get(given.get(zone, "")), day))
        for zone, holdings in held.items()
    }
    posts = _end_posts(connection, editor, leaver, day)
    keep_person(connection, leaver)
    connection.execute(
        text("update person set left_on = :day, version = version + 1 where id = :id"), {"day": day, "id": leaver.id}
    )
    bump(connection, ["people", "posts"])
    return store(connection, editor, "people.leave", leaver.code, changes, day, posts=posts, hand_over=given)


def come_back(connection: Connection, editor: Editor, name: str, *, version: int) -> None:
    """Let somebody who has left, or is about to, be there again; zones and posts are given anew.

    Raises
    ------
    UnknownRecordError, OutsideAreasError, StaleVersionError, WrongZoneError
        If the person is missing or belongs elsewhere, changed since, or has not left.
    """
    person = person_to_change(connection, editor, name, version=version)
    demand_person_within(connection, editor, person)
    if person.left_on is None:
        raise WrongZoneError("person", _("“%(person)s” has not left.", person=person.code))
    keep_person(connection, person)
    connection.execute(
        text("update person set left_on = null, version = version + 1 where id = :id"), {"id": person.id}
    )
    bump(connection, ["people"])
    audit.record(
        connection,
        actor=editor.actor,
        action="people.return",
        subject=person.code,
        before={"left_on": person.left_on.isoformat()},
    )


def _demand_nothing_begins(leaver: PersonRecord, held: Mapping[str, Sequence[Holding]], day: date) -> None:
    """Refuse a day before something begins that was promised: only what was begun can be left."""
    for zone, holdings in held.items():
        for one in _as_if_never_away(holdings, leaver.id):
            if one.end > day and one.start >= day:
                words = _(
                    "“%(person)s” is to hold the zone “%(zone)s” only from %(day)s on; end that first.",
                    person=leaver.code,
                    zone=zone,
                    day=one.start.isoformat(),
                )
                raise WrongZoneError("from", words)


def _as_if_never_away(holdings: Iterable[Holding], person_id: int) -> list[Holding]:
    """Return what somebody holds and would hold if nobody stood in: after a substitute nothing begins anew."""
    own: list[Holding] = []
    for one in holdings:
        if one.person_id == person_id:
            own = with_one(own, one)
        elif one.stands_in_for == person_id:
            own = with_one(own, replace(one, person_id=person_id, stands_in_for=None))
    return own


def _handed_over(holdings: Sequence[Holding], leaver: int, receiver: int | None, day: date) -> list[Holding]:
    """Return who holds a zone when somebody leaves it, and whoever stood in too; the rest of it is the receiver's."""
    kept: list[Holding] = []
    left: list[Holding] = []
    for one in holdings:
        if leaver not in (one.person_id, one.stands_in_for) or one.end <= day:
            kept.append(one)
            continue
        kept += one.without(day, NEVER)
        absent = one.stands_in_for if one.person_id == leaver and one.stands_in_for != receiver else None
        left.append(replace(one, start=max(one.start, day), stands_in_for=absent))
    if receiver is None:
        return kept
    for one in left:
        mine = replace(one, person_id=receiver)
        theirs = [other for other in kept if other.person_id == receiver and not other.is_like(mine)]
        for part in _outside(mine, theirs):
            kept = with_one(kept, part)
    return kept


def _outside(one: Holding, others: Iterable[Holding]) -> list[Holding]:
    """Return what of a holding is in no time of others of its shift."""
    parts = [one]
    for other in others:
        if other.meets(one.shift, one.start, one.end):
            parts = [left for part in parts for left in part.without(other.start, other.end)]
    return parts


def _end_posts(connection: Connection, editor: Editor, leaver: PersonRecord, day: date) -> list[str]:
    """End the posts of somebody who leaves; return the codes of their areas."""
    posts = [post for post in posts_of(connection, leaver.id) if post.valid_to > day]
    for post in posts:
        demand_post_within(connection, editor, post.area)
        if post.valid_from >= day:
            words = _(
                "“%(person)s” is to answer for “%(area)s” only from %(day)s on; end that first.",
                person=leaver.code,
                area=post.area,
                day=post.valid_from.isoformat(),
            )
            raise WrongZoneError("from", words)
    connection.execute(text(END_POSTS), {"day": day, "person": leaver.id})
    return [post.area for post in posts]
