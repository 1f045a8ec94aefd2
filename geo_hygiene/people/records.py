"""People as they are when somebody wants to change them."""

from __future__ import annotations

import uuid as uuid_module
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, text

from geo_hygiene.coverage.duties import all_duties
from geo_hygiene.coverage.locks import lock_duties
from geo_hygiene.coverage.within import AREAS_WITHIN, PERSON_WITHIN, bound
from geo_hygiene.errors import UnknownRecordError
from geo_hygiene.i18n import gettext as _
from geo_hygiene.zoning.mistakes import OutsideAreasError, StaleVersionError, WrongZoneError
from geo_hygiene.zoning.records import Editor, demand_zone_within, find_zone

PERSON = f"""
select id, uuid, code, name, role, employment, community, phone, left_on, version
from person
where (code = :name or uuid::text = :name) and {PERSON_WITHIN}
order by id
limit 1
for update of person
"""  # noqa: S608 - constants

KEEP = """
insert into record_history (layer, record, version, content)
select 'people', uuid, version, to_jsonb(person) from person where id = :id
"""

IS_WITHIN = f"select exists (select from area where code = :code and id in ({AREAS_WITHIN}))"  # noqa: S608 - constants


@dataclass(frozen=True, slots=True)
class PersonRecord:
    """Somebody of the office."""

    id: int
    uuid: uuid_module.UUID
    code: str
    name: str
    role: str
    employment: str | None
    community: str | None
    phone: str | None
    left_on: date | None
    version: int

    def as_audited(self) -> dict[str, Any]:
        """Return what the audit keeps of a person."""
        names = ("code", "name", "role", "employment", "community", "phone", "left_on", "version")
        return {name: getattr(self, name) for name in names}


def person_to_change(
    connection: Connection, editor: Editor, name: str, *, version: int, holdings: bool = False
) -> PersonRecord:
    """Return a person, by id or code, as nobody else can change it any more, in the version that the editor read.

    Parameters
    ----------
    holdings
        Whether zones are given to others: the writers of all duties are kept out first.

    Raises
    ------
    UnknownRecordError
        If there is nobody, or only in other areas than those of the editor.
    StaleVersionError
        If somebody else has changed the person, or what the person holds, since.
    """
    if holdings:
        lock_all_duties(connection)
    found = person_now(connection, editor, name)
    if found.version != version:
        raise StaleVersionError(
            _("Somebody else changed “%(code)s” meanwhile.", code=found.code), current=found.version
        )
    return found


def lock_all_duties(connection: Connection) -> None:
    """Keep out other writers: a holder is named by the zone's code in any duty."""
    lock_duties(connection, [duty.id for duty in all_duties(connection)])


def person_now(connection: Connection, editor: Editor, name: str) -> PersonRecord:
    """Return a person of the editor's areas, locked.

    Raises
    ------
    UnknownRecordError
        If there is nobody.
    """
    row = connection.execute(text(PERSON), {"name": name, **bound(editor.within)}).one_or_none()
    if row is None:
        raise UnknownRecordError(_("There is no person “%(name)s”.", name=name))
    return PersonRecord(**row._mapping)


def keep_person(connection: Connection, person: PersonRecord) -> None:
    """Copy a person to the history before a change."""
    connection.execute(text(KEEP), {"id": person.id})


def new_version(connection: Connection, person_ids: Iterable[int]) -> None:
    """Let whoever read these people before know that something of theirs is otherwise."""
    connection.execute(
        text("update person set version = version + 1 where id = any(:ids)"), {"ids": sorted(set(person_ids))}
    )


def demand_area_within(connection: Connection, editor: Editor, code: str, place: str) -> None:
    """Refuse an area that does not exist, or lies outside those of the editor.

    Raises
    ------
    WrongZoneError
        If there is no such area.
    OutsideAreasError
        If it lies elsewhere.
    """
    if not connection.scalar(text("select exists (select from area where code = :code)"), {"code": code}):
        raise WrongZoneError(place, _("There is no area “%(name)s”.", name=code))
    if editor.within is not None and not connection.scalar(text(IS_WITHIN), {"code": code, **bound(editor.within)}):
        raise OutsideAreasError(_("“%(code)s” lies beyond the areas to which your role is limited.", code=code))


def demand_person_within(connection: Connection, editor: Editor, person: PersonRecord) -> None:
    """Refuse to change somebody who belongs elsewhere, and only has a post or a zone in the editor's areas.

    Raises
    ------
    OutsideAreasError
        If the person's community lies beyond them.
    """
    if editor.within is None or person.community is None:
        return
    if not connection.scalar(text(IS_WITHIN), {"code": person.community, **bound(editor.within)}):
        raise OutsideAreasError(
            _("“%(code)s” belongs beyond the areas to which your role is limited.", code=person.code)
        )


def demand_zones_within(connection: Connection, editor: Editor, codes: Iterable[str], on: date) -> None:
    """Refuse zones that do not lie whole in the editor's areas.

    Raises
    ------
    UnknownRecordError, OutsideAreasError
        If one does not.
    """
    if editor.within is None:
        return
    for code in sorted(codes):
        demand_zone_within(connection, find_zone(connection, code, on), editor.within)
