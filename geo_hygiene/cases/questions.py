"""Which cases there are, and what is known of one of them."""

from __future__ import annotations

import uuid as uuid_module
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Row, text

from geo_hygiene.cases.counting import Counts, DatabaseCounts
from geo_hygiene.cases.filters import CHOSEN, WITHIN, CaseFilter
from geo_hygiene.coverage.chain import posts_over, who_covers
from geo_hygiene.coverage.duties import office_timezone
from geo_hygiene.coverage.within import bound
from geo_hygiene.errors import UnknownRecordError
from geo_hygiene.i18n import gettext as _
from geo_hygiene.layers import layer_of
from geo_hygiene.layers.cases import KINDS, STATUSES
from geo_hygiene.layerspec import PLACE_ACCURACY
from geo_hygiene.permissions import Areas

SELECT = """
select
    it.uuid, it.source, it.external_id, it.kind, it.channel, it.status, it.status_at, it.reported_at, it.closed_at,
    it.description, it.lane, it.house_number, it.version, it.recorded_at,
    case jsonb_typeof(it.extra -> :accuracy) when 'number' then it.extra -> :accuracy end as place_accuracy_m,
    it.target_id, it.target_mm, it.distance_m, ST_X(it.geom) as lon, ST_Y(it.geom) as lat,
    area_tree.group_id, area_tree.community_id, area_tree.office_id,
    community.code as community, community.name as community_name,
    area_group.code as area_group, area_group.name as group_name,
    target.uuid as segment, target.kind as segment_kind
from reported_case as it
left join area_tree on area_tree.id = it.area_id
left join area as community on community.id = area_tree.community_id
left join area as area_group on area_group.id = area_tree.group_id
left join target on target.id = it.target_id
"""

PAGE = f"""
{SELECT}
where {CHOSEN}
    and (cast(:ids as int[]) is null or it.id = any(:ids))
    and (cast(:before as timestamptz) is null or (it.reported_at, it.id) < (:before, :before_id))
order by it.reported_at desc, it.id desc
limit :limit
"""

LISTED = f"select it.reported_at, it.id from reported_case as it where it.uuid = :uuid and {WITHIN}"  # noqa: S608 - constants

EVENTS = """
select event.status, event.at, event.known, event.recorded_at
from case_event as event
join reported_case as it on it.id = event.case_id
where it.uuid = :uuid
order by event.at, event.status = it.status and event.at = it.status_at, event.id
"""
"""Of several statuses of one instant the one that holds is the last."""

DUTIES_HERE = """
select duty.code
from duty_target join duty on duty.id = duty_target.duty_id
where duty_target.target_id = :target and duty_target.valid_from <= :on and :on < duty_target.valid_to
order by duty.id
"""

NAMED = f"""
with recursive system (source) as (
    select min(source) from reported_case
    union all
    select (select min(source) from reported_case where source > system.source) from system where source is not null
)
select
    it.uuid, it.source, it.external_id, it.kind, it.status, it.reported_at, ST_X(it.geom) as lon, ST_Y(it.geom) as lat
from system
join reported_case as it
    on it.source = system.source
    and it.external_id = any(array[
        :named,
        case when starts_with(:named, system.source || ':') then substr(:named, length(system.source) + 2) end
    ])
where {WITHIN}
order by it.source, it.external_id
"""  # noqa: S608 - constants
"""A system and the number of a case in it are an index; of systems there are few, and each is looked up in it."""

OFFICE = "select code, name from area where id = :id"

DAYS = f"""
select
    cast(min(it.reported_at) at time zone :zone as date) as first_day,
    cast(max(it.reported_at) at time zone :zone as date) as last_day
from reported_case as it
where {WITHIN}
"""  # noqa: S608 - constants

BOX = f"""
select ST_XMin(box) as west, ST_YMin(box) as south, ST_XMax(box) as east, ST_YMax(box) as north
from (select ST_Extent(it.geom) as box from reported_case as it where {WITHIN}) as everywhere
where box is not null
"""  # noqa: S608 - constants


TITLES = {choice.value: choice.title for choice in (*KINDS, *STATUSES)}


@dataclass(frozen=True, slots=True)
class CasePage:
    """Some cases, how many there are in all, and where the next page begins."""

    total: int
    without_place: int
    rows: Sequence[dict[str, Any]]
    next: str | None


def list_cases(
    connection: Connection,
    wanted: CaseFilter,
    *,
    counts: Counts | None = None,
    limit: int | None = None,
    after: uuid_module.UUID | None = None,
) -> CasePage:
    """Return cases, the newest first; all of them without a limit.

    Parameters
    ----------
    counts
        Who counts the cases: the database, if nobody is named or words are looked for.
    after
        Id of the last case of the page before.
    """
    asked = DatabaseCounts(connection) if counts is None or wanted.words is not None else counts
    zone = office_timezone(connection)
    total = asked.total(wanted)
    if not total.cases:
        return CasePage(0, 0, [], None)
    values: dict[str, Any] = {"limit": None, "before": None, "before_id": None, "ids": None, "accuracy": PLACE_ACCURACY}
    if after is not None:
        last = connection.execute(text(LISTED), {"uuid": after, **bound(wanted.within)}).one_or_none()
        if last is None:
            return CasePage(total.cases, total.without_place, [], None)
        values |= {"before": last.reported_at, "before_id": last.id}
    if limit is not None:
        until = values["before"] and values["before"].astimezone(zone).date()
        ids = asked.newest(wanted, limit + 1, until)
        values |= {"limit": limit + 1, "ids": None if ids is None else list(ids)}
    found = connection.execute(text(PAGE), wanted.values(zone) | values).all()
    rows = [_public(row, zone) for row in found[:limit]]
    following = rows[-1]["id"] if limit is not None and len(found) > limit else None
    return CasePage(total.cases, total.without_place, rows, following)


def identity_of(connection: Connection, named: str, *, within: Areas) -> uuid_module.UUID:
    """Return the id of the case that an id or a number names, with its source before it where others have the number.

    Parameters
    ----------
    within
        The areas to which the asker's role is limited; here and below.

    Raises
    ------
    UnknownRecordError
        When there is none, or more than one.
    """
    try:
        return uuid_module.UUID(named)
    except ValueError:
        found = connection.execute(text(NAMED), {"named": named, **bound(within)}).all()
    if len(found) > 1:
        several = ", ".join(f"{row.source}:{row.external_id}" for row in found)
        raise UnknownRecordError(_("Several complaints have this number: %(several)s.", several=several))
    if not found:
        raise UnknownRecordError(_("There is no complaint “%(id)s”.", id=named))
    identity: uuid_module.UUID = found[0].uuid
    return identity


def cases_numbered(connection: Connection, number: str, *, within: Areas) -> list[dict[str, Any]]:
    """Return the cases that have a number, as a search tells of what it found."""
    rows = connection.execute(text(NAMED), {"named": number, **bound(within)}).all()
    zone = office_timezone(connection) if rows else None
    return [
        {
            "type": "case",
            "id": str(row.uuid),
            "code": row.external_id,
            "name": None,
            "kind": None,
            "detail": f"{_(TITLES[row.kind])} · {_(TITLES[row.status])} · {row.reported_at.astimezone(zone):%Y-%m-%d}",
            "zones": [],
            "center": None if row.lon is None else [row.lon, row.lat],
            "bbox": None if row.lon is None else [row.lon, row.lat, row.lon, row.lat],
        }
        for row in rows
    ]


def case_of(connection: Connection, identity: uuid_module.UUID, *, within: Areas) -> dict[str, Any]:
    """Return a case with its history, and who answers for its place on the day on which it was reported.

    Raises
    ------
    UnknownRecordError
        When there is none.
    """
    zone = office_timezone(connection)
    row = _found(connection, identity, within)
    on = row.reported_at.astimezone(zone).date()
    office = connection.execute(text(OFFICE), {"id": row.office_id}).one_or_none()
    events = _events(connection, identity, zone)
    return {
        **_public(row, zone),
        "status_known": events[-1]["known"],
        "version": row.version,
        "recorded_at": _instant(row.recorded_at, zone),
        "on": on.isoformat(),
        "office": None if office is None else office.code,
        "office_name": None if office is None else office.name,
        "above": _above(connection, row, on),
        **_who_answers(connection, row, on),
        "events": events,
    }


def _above(connection: Connection, row: Row[Any], on: date) -> list[dict[str, Any]]:
    """Return who answers for the area of a case, whether somebody looks after the street or not."""
    areas = (row.group_id, row.community_id, row.office_id)
    return [] if row.office_id is None else posts_over(connection, areas, on)


def _who_answers(connection: Connection, row: Row[Any], on: date) -> dict[str, Any]:
    """Return the target of a case, the zones that hold its place, and the duties that have none there."""
    if row.target_id is None:
        nothing = ("at_m", "segment_code", "segment_name", "segment_lane", "segment_lane_code", "segment_length_m")
        return {**dict.fromkeys(nothing), "gap": None, "gaps": [], "duties": []}
    target = who_covers(connection, layer_of(row.segment_kind), row.segment, on)
    here = list(_here(target["cover"], row.target_mm))
    due = list(connection.scalars(text(DUTIES_HERE), {"target": row.target_id, "on": on}))
    gaps = [code for code in due if code not in {stretch["duty"] for stretch in here}]
    return {
        "at_m": row.target_mm / 1000,
        "segment_code": target["code"],
        "segment_name": target["name"],
        "segment_lane": target["lane"],
        "segment_lane_code": target["lane_code"],
        "segment_length_m": target["length_m"],
        "gap": not here if due or here else None,
        "gaps": gaps,
        "duties": here,
    }


def events_of(connection: Connection, identity: uuid_module.UUID, *, within: Areas) -> dict[str, Any]:
    """Return the statuses that a case had, the first one first.

    Raises
    ------
    UnknownRecordError
        When there is no such case.
    """
    zone = office_timezone(connection)
    row = _found(connection, identity, within)
    return {"case": str(row.uuid), "events": _events(connection, identity, zone)}


def _events(connection: Connection, identity: uuid_module.UUID, zone: ZoneInfo) -> list[dict[str, Any]]:
    return [
        {
            "status": event.status,
            "at": _instant(event.at, zone),
            "known": event.known,
            "recorded_at": _instant(event.recorded_at, zone),
        }
        for event in connection.execute(text(EVENTS), {"uuid": identity})
    ]


def _found(connection: Connection, identity: uuid_module.UUID, within: Areas) -> Row[Any]:
    statement = text(f"{SELECT} where it.uuid = :uuid and {WITHIN}")
    row = connection.execute(statement, {"uuid": identity, "accuracy": PLACE_ACCURACY, **bound(within)}).one_or_none()
    if row is None:
        raise UnknownRecordError(_("There is no complaint “%(id)s”.", id=identity))
    return row


def _here(cover: Sequence[dict[str, Any]], position_mm: int) -> Iterator[dict[str, Any]]:
    """Yield the stretches of zones that hold a position."""
    for stretch in cover:
        if stretch["from_m"] * 1000 <= position_mm < stretch["to_m"] * 1000:
            yield stretch


def _public(row: Row[Any], zone: ZoneInfo) -> dict[str, Any]:
    return {
        "id": str(row.uuid),
        "source": row.source,
        "external_id": row.external_id,
        "kind": row.kind,
        "channel": row.channel,
        "status": row.status,
        "status_at": _instant(row.status_at, zone),
        "reported_at": _instant(row.reported_at, zone),
        "has_time": row.reported_at.astimezone(zone).time() != time(),
        "closed_at": None if row.closed_at is None else _instant(row.closed_at, zone),
        "description": row.description,
        "lane": row.lane,
        "house_number": row.house_number,
        "place": None if row.lon is None else [row.lon, row.lat],
        "place_accuracy_m": None if row.lon is None else row.place_accuracy_m,
        "community": row.community,
        "community_name": row.community_name,
        "group": row.area_group,
        "group_name": row.group_name,
        "segment": None if row.segment is None else str(row.segment),
        "segment_kind": row.segment_kind,
        "distance_m": None if row.distance_m is None else float(row.distance_m),
    }


def _instant(at: datetime, zone: ZoneInfo) -> str:
    return at.astimezone(zone).isoformat()


def days_of_cases(connection: Connection, *, within: Areas) -> tuple[date, date] | None:
    """Return the first and the last day on which a case was reported, ``None`` without cases."""
    row = connection.execute(text(DAYS), {"zone": str(office_timezone(connection)), **bound(within)}).one()
    return None if row.first_day is None else (row.first_day, row.last_day)


def box_of_cases(connection: Connection, *, within: Areas) -> tuple[float, float, float, float] | None:
    """Return west, south, east and north of the places of all cases, in degrees, ``None`` without places."""
    row = connection.execute(text(BOX), bound(within)).one_or_none()
    return None if row is None else (row.west, row.south, row.east, row.north)


def count_by_kind(counts: Counts, wanted: CaseFilter, since: date) -> list[tuple[str, int, int]]:
    """Return how many cases there are of each kind since a day and before it, the most since then first."""
    begun = max(since, wanted.begin or since)
    after = counts.breakdown(replace(wanted, begin=begun)).get("kind", {})
    before = counts.breakdown(replace(wanted, end=since)).get("kind", {})
    kinds = sorted({kind for kind in (*after, *before) if kind is not None})
    found = [(kind, after.get(kind, 0), before.get(kind, 0)) for kind in kinds]
    return sorted(found, key=lambda row: -row[1])
