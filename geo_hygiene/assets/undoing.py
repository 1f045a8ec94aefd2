"""The last act by hand is undone, exactly or not at all, as an import is taken back."""

from __future__ import annotations

from sqlalchemy import Connection, text

from geo_hygiene.assets.mistakes import NotUndoneError
from geo_hygiene.errors import UnknownRecordError
from geo_hygiene.files.taking_back import NotTakenBackError, TakenBack, take_back
from geo_hygiene.i18n import gettext as _
from geo_hygiene.records.imports import HAND
from geo_hygiene.zoning.records import Editor

BY_HAND = """
select exists (select from import_run where id = :number and origin = :hand and (:all or report ->> 'by' = :actor))
"""


def undo(connection: Connection, editor: Editor, number: int) -> TakenBack:
    """Undo an act by its number, on its day, while nothing rests on it.

    Raises
    ------
    UnknownRecordError
        If there is no such act, or it is somebody else's and the editor's role is limited to areas.
    NotUndoneError
        If it stays.
    """
    asked = {"number": number, "hand": HAND, "all": editor.within is None, "actor": editor.actor}
    if not connection.scalar(text(BY_HAND), asked):
        raise UnknownRecordError(_("There is no change %(number)s.", number=number))
    try:
        return take_back(connection, str(number), actor=editor.actor)
    except NotTakenBackError as error:
        raise NotUndoneError(
            _(
                "The change stays. A change is undone on its day, while no later one rests on it, and unless it took "
                "the place of something from the first day of that on. Change it back by hand."
            )
        ) from error
