"""What a row names by code must be there on the day that the row tells of."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import date
from typing import Any

from sqlalchemy import Connection, text

from geo_hygiene.files.findings import Code, Finding
from geo_hygiene.files.importing.instants import WrongRowError
from geo_hygiene.i18n import N_

AREAS = "select id, code as given, code, level as kind, valid_from, valid_to from area where code = any(:given)"

LANES = """
select given, lane.id, lane.code, 'lane' as kind, target.valid_from, target.valid_to
from unnest(cast(:given as text[])) as given
join lane on lane.code = given or lane.name = given
join street_segment as segment on segment.lane_id = lane.id
join target on target.id = segment.id
group by given, lane.id, lane.code, target.valid_from, target.valid_to
"""
"""A lane is there as long as one of its segments is."""

ESTATES = """
select
    given, estate.id, coalesce(estate.code, cast(estate.uuid as text)) as code, 'estate' as kind, valid_from, valid_to
from unnest(cast(:given as text[])) as given
join estate on estate.code = given or cast(estate.uuid as text) = given
"""

DOORS = """
select named.given, target.id, coalesce(door.code, cast(target.uuid as text)) as code,
    coalesce(target.category, '') as kind, target.valid_from, target.valid_to
from (
    select given, cast(given as uuid) as uuid
    from unnest(cast(:given as text[])) as given
    where given ~* '^[0-9a-f]{{8}}(-[0-9a-f]{{4}}){{3}}-[0-9a-f]{{12}}$'
) as named
join target using (uuid)
join ({doors}) as door on door.id = target.id
union all
select given, target.id, given, coalesce(target.category, ''), target.valid_from, target.valid_to
from unnest(cast(:given as text[])) as given
join ({doors}) as door on door.code = given
join target on target.id = door.id
"""

SIGNERS = DOORS.format(doors="select id, code from frontage union all select id, code from unit")
FRONTAGES = DOORS.format(doors="select id, code from frontage")
FACILITIES = DOORS.format(doors="select id, code from facility")

NOT_THEN = {
    AREAS: N_("On %(day)s there is no area with the code “%(value)s”."),
    LANES: N_("On %(day)s there is no lane “%(value)s”."),
    ESTATES: N_("On %(day)s there is no estate with the code “%(value)s”."),
    SIGNERS: N_("On %(day)s there is no frontage or unit with the code “%(value)s”."),
    FRONTAGES: N_("On %(day)s there is no frontage with the code “%(value)s”."),
    FACILITIES: N_("On %(day)s there is no facility with the code “%(value)s”."),
}
SEVERAL = N_("On %(day)s several records have the code “%(value)s”.")


class Standing:
    """The records of one kind that rows name, of every day.

    Parameters
    ----------
    records
        One of the questions of this module.
    """

    def __init__(self, connection: Connection, records: str, given: Iterable[str | None]) -> None:
        self._words = NOT_THEN[records]
        self._found: dict[str, list[Any]] = defaultdict(list)
        wanted = sorted({one for one in given if one is not None})
        for row in connection.execute(text(records), {"given": wanted}) if wanted else ():
            self._found[row.given].append(row)

    def on(self, code: str, day: date, number: int, field: str, kinds: Collection[str] = ()) -> Any:
        """Return the record that a code or id names on a day, if wanted only one of some kinds.

        Raises
        ------
        WrongRowError
            With the finding for the row of this number.
        """
        of_kinds = [one for one in self._found.get(code, ()) if not kinds or one.kind in kinds]
        then = {one.id: one for one in of_kinds if one.valid_from <= day < one.valid_to}
        told = {"day": day.isoformat(), "value": code}
        if not then:
            hint = N_("Import what it names first.")
            if of_kinds:
                hint = N_("It is there at other times: %(periods)s.")
                told["periods"] = _periods(of_kinds)
            raise WrongRowError(Finding(Code.UNKNOWN_CODE, self._words, number, field, code, hint, told))
        if len(then) > 1:
            hint = N_("Write the id instead of the code; an export says it.")
            raise WrongRowError(Finding(Code.UNKNOWN_CODE, SEVERAL, number, field, code, hint, told))
        return next(iter(then.values()))


def _periods(records: Sequence[Any]) -> str:
    """Return when records were there; a period without beginning or end is open on that side."""
    periods = sorted({(one.valid_from, one.valid_to) for one in records})
    return ", ".join(
        " – ".join("…" if day in (date.min, date.max) else day.isoformat() for day in one) for one in periods
    )
