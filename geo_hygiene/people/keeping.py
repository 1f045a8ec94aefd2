"""People are added and changed by hand, version by version."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, text

from geo_hygiene.accounts import audit
from geo_hygiene.coverage.versions import bump
from geo_hygiene.errors import GeoHygieneError
from geo_hygiene.i18n import gettext as _
from geo_hygiene.people.records import (
    demand_area_within,
    demand_person_within,
    keep_person,
    person_now,
    person_to_change,
)
from geo_hygiene.zoning.mistakes import OutsideAreasError
from geo_hygiene.zoning.records import Editor

WORDS = ("name", "role", "employment", "community", "phone")
"""What may be said of a person; a telephone only masked."""

ADD = """
insert into person (code, name, role, employment, community, phone)
values (:code, :name, :role, :employment, :community, :phone)
on conflict (code) do nothing
returning id
"""

CHANGE = """
update person set name = :name, role = :role, employment = :employment, community = :community, phone = :phone,
    version = version + 1
where id = :id
"""


class KnownPersonError(GeoHygieneError):
    """The code of a new person is that of somebody else."""


def add(connection: Connection, editor: Editor, code: str, words: Mapping[str, Any]) -> None:
    """Add a person.

    Raises
    ------
    KnownPersonError
        If the code is somebody's already, whoever may see that one: people are told by it alone.
    OutsideAreasError, WrongZoneError
        If the community is missing or not the editor's.
    """
    said = {name: words.get(name) for name in WORDS}
    _demand_community(connection, editor, said["community"])
    if connection.scalar(text(ADD), {"code": code, **said}) is None:
        raise KnownPersonError(_("The code “%(code)s” is somebody's already.", code=code))
    person = person_now(connection, editor, code)
    bump(connection, ["people"])
    audit.record(connection, actor=editor.actor, action="people.add", subject=code, after=person.as_audited())


def change(connection: Connection, editor: Editor, name: str, *, version: int, words: Mapping[str, Any]) -> None:
    """Change what is said of a person; what is not said stays.

    Raises
    ------
    UnknownRecordError, OutsideAreasError, StaleVersionError, WrongZoneError
        If the person is missing or belongs elsewhere, changed since, or the community is not the editor's.
    """
    before = person_to_change(connection, editor, name, version=version)
    demand_person_within(connection, editor, before)
    said = {key: words.get(key, getattr(before, key)) for key in WORDS}
    if said["community"] != before.community:
        _demand_community(connection, editor, said["community"])
    keep_person(connection, before)
    connection.execute(text(CHANGE), {"id": before.id, **said})
    after = person_now(connection, editor, str(before.uuid))
    bump(connection, ["people"])
    audit.record(
        connection,
        actor=editor.actor,
        action="people.change",
        subject=before.code,
        before=before.as_audited(),
        after=after.as_audited(),
    )


def _demand_community(connection: Connection, editor: Editor, community: str | None) -> None:
    """Refuse a community that is not the editor's; one who is limited to areas must name one of them."""
    if community is not None:
        demand_area_within(connection, editor, community, "community")
    elif editor.within is not None:
        raise OutsideAreasError(_("Name a community of the areas to which your role is limited."))
