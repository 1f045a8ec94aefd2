"""The records behind a figure, page by page: which of them, in which fields, and in whose words."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, inspect, text

from geo_hygiene.coverage.duties import office_timezone
from geo_hygiene.errors import UnknownRecordError
from geo_hygiene.files.writing.query import layer_rows
from geo_hygiene.i18n import N_, _
from geo_hygiene.layers import layer_of
from geo_hygiene.layers.activities import KINDS as ACTIVITIES
from geo_hygiene.layers.facilities import FACILITY_KINDS
from geo_hygiene.layers.years import HONOUR_KINDS
from geo_hygiene.layerspec import Attribute, FieldType, MapLayer, Role
from geo_hygiene.reports.annual.books import Books
from geo_hygiene.works.amenities import EVERY_COMMUNITY_HAS
from geo_hygiene.works.inhabited import SMALLEST
from geo_hygiene.works.letters import letter_records

Some = tuple[list[UUID], int | None]
"""Ids of a page, and what goes on with the next one."""

PLACES = """
select target.uuid, coalesce(door.code, '') as code, coalesce(door.name, concat(door.lane, door.house_number)) as name
from target
join (
    select id, code, name, lane, house_number from frontage
    union all
    select id, code, name, lane, house_number from unit
    union all
    select id, code, name, null, null from facility
) as door using (id)
where target.uuid = any(cast(:ids as uuid[]))
"""

NAMES = """
select distinct on (code) code, name
from (
    select code, name, valid_from from area
    union all
    select code, name, valid_from from estate
    union all
    select code, name, valid_from from lane
) as named
where code = any(:codes)
order by code, valid_from desc
"""


@dataclass(frozen=True, kw_only=True)
class RecordList:
    """Records of one layer, as people look through them.

    Attributes
    ----------
    kinds
        What the kinds are called among which one chooses.
    fields
        What is shown of a record.
    coded
        Those of the fields that hold codes of areas, estates or lanes, which are told by their names.
    some
        The ids of a page: those after a number, at most so many.
    """

    key: str
    kinds: Mapping[str, str]
    fields: tuple[str, ...]
    coded: tuple[str, ...] = ()
    some: Callable[[Books, str | None, int, int], Some]

    @property
    def layer(self) -> MapLayer:
        """The layer of the records."""
        return layer_of(self.key)

    @property
    def columns(self) -> tuple[Attribute, ...]:
        """The declarations of the fields."""
        return tuple(self.layer.attribute(name) for name in self.fields)


def _part(ids: Sequence[UUID], after: int, limit: int) -> Some:
    return list(ids[after : after + limit]), after + limit if len(ids) > after + limit else None


def _held(books: Books, kind: str | None, after: int, limit: int) -> Some:
    return _part([one.id for one in books.held(kind)], after, limit)


def _signed(books: Books, kind: str | None, after: int, limit: int) -> Some:
    found = letter_records(books.connection, books.asked, kind, limit=limit + 1, after=after)
    return [letter for _number, letter in found[:limit]], found[limit - 1][0] if len(found) > limit else None


def _surveyed(books: Books, _kind: str | None, after: int, limit: int) -> Some:
    return _part([one.id for one in books.surveys], after, limit)


def _honoured(books: Books, kind: str | None, after: int, limit: int) -> Some:
    return _part([one.record for one in books.holders(kind) if one.record is not None], after, limit)


def _inhabited(books: Books, kind: str | None, after: int, limit: int) -> Some:
    return _part([one.id for one in books.areas(kind)], after, limit)


def _standing(books: Books, kind: str | None, after: int, limit: int) -> Some:
    return _part([record for one in books.facilities(kind) for record in one.records], after, limit)


def _begun(books: Books, kind: str | None, after: int, limit: int) -> Some:
    return _part([one.uuid for one in books.campaigns(kind)], after, limit)


RECORD_LISTS: Mapping[str, RecordList] = {
    one.key: one
    for one in (
        RecordList(
            key="activities",
            kinds={choice.value: choice.title for choice in ACTIVITIES},
            fields=(
                *("held_at", "kind", "theme", "title", "areas", "venue", "person_times", "people", "quantity"),
                *("cost", "participants", "lanes", "facility", "note"),
            ),
            coded=("areas", "lanes"),
            some=_held,
        ),
        RecordList(
            key="letters",
            kinds={"frontages": N_("Frontages"), "units": N_("Units")},
            fields=("signed_on", "target", "year", "valid_to"),
            some=_signed,
        ),
        RecordList(
            key="awareness-surveys",
            kinds={},
            fields=("held_on", "area", "topic", "asked", "aware"),
            coded=("area",),
            some=_surveyed,
        ),
        RecordList(
            key="honours",
            kinds={choice.value: choice.title for choice in HONOUR_KINDS},
            fields=("kind", "holder", "year", "granted_on", "vetoed_on", "reason"),
            coded=("holder",),
            some=_honoured,
        ),
        RecordList(
            key="areas",
            kinds={
                "office": N_("Offices"),
                "community": N_("Communities"),
                "group": N_("Resident groups"),
                SMALLEST: N_("Smallest areas"),
            },
            fields=("code", "name", "level", "parent", "zone_class", "population"),
            coded=("parent",),
            some=_inhabited,
        ),
        RecordList(
            key="facilities",
            kinds={choice.value: choice.title for choice in FACILITY_KINDS if choice.value in EVERY_COMMUNITY_HAS},
            fields=("code", "name", "kind", "community", "group"),
            coded=("community", "group"),
            some=_standing,
        ),
        RecordList(
            key="campaigns",
            kinds={choice.value: choice.title for choice in layer_of("campaigns").attribute("pest").choices},
            fields=("code", "title", "pest", "season", "valid_from", "valid_to"),
            some=_begun,
        ),
    )
}
"""What the annual report rests on and has no page of its own, as work and people have."""

SUM_TITLES: Mapping[str, str] = {
    "person_times": N_("Person-times"),
    "people": N_("People"),
    "quantity": N_("Quantity"),
    "cost": N_("Cost"),
    "communities_never_reached": N_("Communities never reached"),
    "residents_never_reached": N_("Residents never reached"),
    "signers": N_("Signers"),
    "registered": N_("Registered on the last day"),
    "holders": N_("Of these with a letter that holds"),
    "share": N_("Share"),
    "rise": N_("Rise"),
    "asked": N_("People asked"),
    "aware": N_("Of these aware"),
    "granted": N_("Granted"),
    "vetoed": N_("Vetoed"),
    "withdrawn": N_("Withdrawn"),
    "communities_with": N_("Communities that have one"),
    "communities_without": N_("Communities without"),
    "least_effectiveness": N_("Least effectiveness"),
}
"""What the sums of a list are called, in the order in which they are told."""

SUM_UNITS = {"cost": "CNY", "share": "share", "least_effectiveness": "share", "rise": "share-change"}
"""Of sums that are no counts."""


def record_list(key: str) -> RecordList:
    """Return a list by the key of its layer.

    Raises
    ------
    UnknownRecordError
        With the keys that exist.
    """
    if key not in RECORD_LISTS:
        known = ", ".join(RECORD_LISTS)
        raise UnknownRecordError(_("There is no list of “%(key)s”. Lists: %(known)s.", key=key, known=known))
    return RECORD_LISTS[key]


def records_of(
    listed: RecordList, books: Books, kind: str | None, *, limit: int, after: int = 0
) -> tuple[list[dict[str, Any]], int | None]:
    """Return a page of records by the names of their fields, and what goes on with the next page.

    Instants are in the office's time zone.
    """
    ids, key = listed.some(books, kind, after, limit)
    return _rows(books.connection, listed, ids), key


def _rows(connection: Connection, listed: RecordList, ids: Sequence[UUID]) -> list[dict[str, Any]]:
    """Return the records with these ids, in their order."""
    own = inspect(listed.layer.model).columns["uuid"]
    statement = layer_rows(listed.layer, None)
    fields = [column for column in statement.selected_columns if column.name in listed.fields]
    zone = office_timezone(connection)
    chosen = statement.with_only_columns(own.label("record_id"), *fields, maintain_column_froms=True)
    found = {
        row["record_id"]: {
            name: value.astimezone(zone) if isinstance(value, datetime) else value
            for name, value in row.items()
            if name != "record_id"
        }
        for row in connection.execute(chosen.where(own.in_(ids)).order_by(None)).mappings()
    }
    return [{"id": record, **found[record]} for record in ids]


def in_words(connection: Connection, listed: RecordList, rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return records as people read them: places and areas by their names, choices and days in the reader's words."""
    told = [dict(row) for row in rows]
    names = dict.fromkeys(listed.coded, _names(connection, listed, told))
    names |= {name: _places(connection, told, name) for name in _place_fields(listed)}
    for column in listed.columns:
        words = {**names.get(column.name, {}), **{choice.value: _(choice.title) for choice in column.choices}}
        for row in told:
            row[column.name] = _told(column, row[column.name], words)
    return told


def _told(column: Attribute, value: Any, words: Mapping[str, str]) -> Any:
    if value is None or value == "" or isinstance(value, int | float):
        return None if value == "" else value
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d" if value.time() == time.min else "%Y-%m-%d %H:%M")
    if column.type is FieldType.NUMBER:
        return float(value)
    if column.type is FieldType.CODES:
        return _(", ").join(words.get(part, part) for part in str(value).split(";"))
    return words.get(str(value), str(value))


def _place_fields(listed: RecordList) -> Sequence[str]:
    """Return the field that holds ids of doors or facilities, where there is one."""
    field = listed.layer.with_role(Role.SEGMENT)
    return [] if field is None or field.name not in listed.fields else [field.name]


def _places(connection: Connection, rows: Iterable[Mapping[str, Any]], field: str) -> dict[str, str]:
    """Return what the doors and facilities of records are called, by their ids."""
    ids = sorted({str(row[field]) for row in rows if row[field] is not None})
    found = connection.execute(text(PLACES), {"ids": ids})
    return {str(row.uuid): _named(row.code, row.name) for row in found}


def _names(connection: Connection, listed: RecordList, rows: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Return what the areas, estates and lanes of records are called, by their codes."""
    said = {code for row in rows for name in listed.coded for code in str(row[name] or "").split(";")}
    return {row.code: row.name or row.code for row in connection.execute(text(NAMES), {"codes": sorted(said)})}


def _named(code: str, name: str | None) -> str:
    return f"{code} {name}".strip() if name != code else code
