"""The list of a duty that somebody takes along: every stretch that fits the filters of the table."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from itertools import islice
from typing import IO, Any

from sqlalchemy import Connection

from geo_hygiene.coverage import questions
from geo_hygiene.coverage.duties import DutyRecord, duty_of, today
from geo_hygiene.coverage.junctions import with_lanes
from geo_hygiene.i18n import N_, _
from geo_hygiene.layerspec import Attribute, FieldType
from geo_hygiene.maps import STATES
from geo_hygiene.permissions import Areas
from geo_hygiene.web.list_file import list_file
from geo_hygiene.web.page_data import TableParameters

AT_ONCE = 1_000
COLUMNS = (
    Attribute(name="state", title=N_("State")),
    Attribute(name="lane", title=N_("Lane")),
    Attribute(name="name", title=N_("Name")),
    Attribute(name="code", title=N_("Code")),
    Attribute(name="from_lane", title=N_("From lane")),
    Attribute(name="to_lane", title=N_("To lane")),
    Attribute(name="from_m", title=N_("From metre"), type=FieldType.NUMBER, unit="m"),
    Attribute(name="to_m", title=N_("To metre"), type=FieldType.NUMBER, unit="m"),
    Attribute(name="length_m", title=N_("Length"), type=FieldType.NUMBER, unit="m"),
    Attribute(name="community_name", title=N_("Community")),
    Attribute(name="group_name", title=N_("Resident group")),
    Attribute(name="in_zones", title=N_("Zone")),
    Attribute(name="held_by", title=N_("Holders")),
)
OF_LINES = {"lane", "from_lane", "to_lane", "from_m", "to_m", "length_m"}


def duty_list(connection: Connection, asked: TableParameters, within: Areas) -> tuple[str, IO[bytes]]:
    """Return the name of the file and the file; people are looked for within some areas."""
    duty, on = duty_of(connection, asked.duty), asked.on or today(connection)
    columns = [column for column in COLUMNS if duty.unit == "m" or column.name not in OF_LINES]
    told = {"state": {ink.state: _(ink.title) for ink in STATES}}
    name = "-".join(filter(None, (duty.code, asked.state, on.isoformat())))
    rows = questions.every_piece(connection, duty, on, asked.wanted(within), asked.sort)
    return f"{name}.csv", list_file(columns, _told(connection, duty, on, rows), told)


def _told(
    connection: Connection, duty: DutyRecord, on: date, rows: Iterable[dict[str, Any]]
) -> Iterator[dict[str, Any]]:
    left = iter(rows)
    while some := list(islice(left, AT_ONCE)):
        for row in with_lanes(connection, duty.layer, on, some):
            areas = {name: row[f"{name}_name"] or row[name] for name in ("community", "group")}
            people = {name: _(", ").join(map(_named, row[name])) for name in ("in_zones", "held_by")}
            yield row | {f"{name}_name": value for name, value in areas.items()} | people


def _named(one: dict[str, str | None]) -> str:
    """Return name and code of a zone or person, as the table has them."""
    if one["name"] and one["name"] != one["code"]:
        return _("%(name)s (%(code)s)", name=one["name"], code=one["code"])
    return str(one["code"])
