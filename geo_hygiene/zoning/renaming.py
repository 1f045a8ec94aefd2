"""Give a draft another name; its zones, version by version, and its id go on."""

from __future__ import annotations

from sqlalchemy import Connection, text
from sqlalchemy.exc import IntegrityError

from geo_hygiene.zoning import drafts
from geo_hygiene.zoning.drafts import DraftRecord
from geo_hygiene.zoning.records import Editor

RENAME = "update draft set name = :name where id = :id"


def rename(connection: Connection, editor: Editor, name: str, new: str, *, version: int) -> DraftRecord:
    """Give a draft that is not published another name.

    Raises
    ------
    UnknownRecordError, StaleVersionError, OutsideAreasError, WrongZoneError
        If there is no such draft, somebody else has changed it, it holds zones that are not the editor's to change, it
        is published, or it can not have the name.
    """
    draft = drafts.draft_to_change(connection, name, version=version)
    drafts.demand_open(draft)
    drafts.demand_draft_within(connection, draft, drafts.zones_of(connection, draft), editor)
    drafts.demand_name(connection, new)
    try:
        connection.execute(text(RENAME), {"id": draft.id, "name": new})
    except IntegrityError as error:  # somebody else took it since it was looked for
        raise drafts.name_taken(new) from error
    return drafts.changed(connection, editor, "draft.rename", draft, {"name": new})
