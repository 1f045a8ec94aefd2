"""What is left of a campaign: pieces that are not treated, longest first, as a page of rows or as a list for a file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any

from sqlalchemy import Connection, Row

from geo_hygiene.campaigns.catalogue import CampaignRecord
from geo_hygiene.campaigns.first import first_targets
from geo_hygiene.campaigns.pieces import REASONS, TREATMENTS_HERE, State, asked, stated_pieces
from geo_hygiene.coverage.junctions import with_lanes
from geo_hygiene.coverage.questions import LISTED_MM, Page, read_key
from geo_hygiene.coverage.work import DONE
from geo_hygiene.database import planned_without
from geo_hygiene.i18n import N_
from geo_hygiene.layers import LAYERS, layer_of
from geo_hygiene.layerspec import Attribute, FieldType, MapLayer

NAMES_OF_KIND = """
select segment.id, segment.code, {label} as name, {lane} as lane, {lane_code} as lane_code
from {segment} as segment {grouping}
"""

LISTED = """,
listed as (
    select
        stated.*,
        case when is_line then '' else coalesce((select code from ({names}) as own where own.id = target_id), '') end
            as point_code
    from stated
    left join area_tree on area_tree.id = stated.area_id
    left join area as community on community.id = area_tree.community_id
    left join area as area_group on area_group.id = area_tree.group_id
    where (to_mm - from_mm >= :listed or not is_line)
        and case when cast(:state as text) is null then stated.state <> 'treated' else stated.state = :state end
        and (cast(:reason as text) is null or stated.reason = :reason)
        and (cast(:kind as text) is null or stated.kind = :kind)
        and (cast(:community as text) is null or community.code = :community)
        and (cast(:area_group as text) is null or area_group.code = :area_group)
        and (
            cast(:lane as text) is null
            or target_id in (select own.id from ({names}) as own where own.lane_code = :lane)
        )
),
kept as (
    select * from listed
    where cast(:after_uuid as uuid) is null or (from_mm - to_mm, point_code, uuid, from_mm) > (
        -cast(:after_mm as int),
        coalesce((select point_code from listed where uuid = cast(:after_uuid as uuid) limit 1), ''),
        cast(:after_uuid as uuid),
        cast(:after_from as int)
    )
    order by from_mm - to_mm, point_code, uuid, from_mm
    limit cast(:limit as int)
),
shaped as (
    select
        kept.*,
        case
            when not is_line or to_mm - from_mm = extent_mm then ST_Force2D(geom)
            else ST_GeometryN(ST_Force2D(ST_LocateBetween(geom, from_mm / 1000.0, to_mm / 1000.0)), 1)
        end as shape
    from kept
)
select
    shaped.uuid, shaped.kind, own.code, own.name, own.lane, own.lane_code, shaped.from_mm, shaped.to_mm, shaped.state,
    shaped.reason, shaped.day, shaped.days, shaped.is_line,
    office.code as office, community.code as community, community.name as community_name,
    area_group.code as area_group, area_group.name as group_name, (select count(*) from listed) as total, {place}
from shaped
left join lateral (select * from ({names}) as own where own.id = shaped.target_id {alone}) as own on true
left join area_tree on area_tree.id = shaped.area_id
left join area as office on office.id = area_tree.office_id
left join area as community on community.id = area_tree.community_id
left join area as area_group on area_group.id = area_tree.group_id
order by shaped.from_mm - shaped.to_mm, shaped.point_code, shaped.uuid, shaped.from_mm
"""
"""Points come after lines, by their codes: the length of a point is shorter than that of any line that is listed."""

ON_THE_MAP = """
    ST_X(ST_PointOnSurface(shape)) as lon, ST_Y(ST_PointOnSurface(shape)) as lat,
    ST_XMin(shape) as west, ST_YMin(shape) as south, ST_XMax(shape) as east, ST_YMax(shape) as north
"""

IN_A_FILE = "ST_AsBinary(shape) as geometry"

ALONE = "offset 0"
"""Lets names be looked up for each row of a page alone, which for a file would take longer than to read them all."""

CHOSEN = "select unnest(cast(:ids as int[])) as target_id"

MOP_UP = (
    Attribute(name="segment", title=N_("Segment"), type=FieldType.UUID),
    Attribute(name="kind", title=N_("Kind")),
    Attribute(name="code", title=N_("Code")),
    Attribute(name="name", title=N_("Name")),
    Attribute(name="lane", title=N_("Lane")),
    Attribute(name="lane_code", title=N_("Lane code")),
    Attribute(name="from_m", title=N_("From metre"), type=FieldType.NUMBER, unit="m"),
    Attribute(name="to_m", title=N_("To metre"), type=FieldType.NUMBER, unit="m"),
    Attribute(name="length_m", title=N_("Length"), type=FieldType.NUMBER, unit="m"),
    Attribute(name="state", title=N_("State")),
    Attribute(name="reason", title=N_("Reason")),
    Attribute(name="day", title=N_("Last seen on"), type=FieldType.DATE),
    Attribute(name="days", title=N_("Days ago"), type=FieldType.INTEGER, unit="d"),
    Attribute(name="office", title=N_("Office")),
    Attribute(name="community", title=N_("Community")),
    Attribute(name="community_name", title=N_("Name of the community"), short="comm_name"),
    Attribute(name="group", title=N_("Resident group")),
    Attribute(name="group_name", title=N_("Name of the resident group")),
)
"""The columns of the list that a team takes along; a point has no metres."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GapFilter:
    """Which pieces are wanted; ``None`` for all, for ``state`` all that are not treated."""

    state: str | None = None
    reason: str | None = None
    kind: str | None = None
    community: str | None = None
    group: str | None = None
    lane: str | None = None


def gaps(
    connection: Connection,
    campaign: CampaignRecord,
    on: date,
    *,
    wanted: GapFilter | None = None,
    limit: int = 100,
    after: str | None = None,
) -> Page:
    """Return a page of what a campaign did not treat up to a day: lines longest first, points by their codes.

    Its ``total`` is only told of a list that is short enough to be looked at as a whole.
    """
    wanted = wanted or GapFilter()
    values = _values(campaign, on, wanted, limit + 1, after)
    rows, are_all = _rows(connection, campaign, wanted, values)
    following = rows[limit - 1] if len(rows) > limit else None
    key = f"{following.to_mm - following.from_mm}.{following.uuid}.{following.from_mm}" if following else None
    total = (rows[0].total if rows else 0) if are_all else None
    return Page(_with_lanes(connection, on, [_public(row) for row in rows[:limit]]), key, total)


def _rows(
    connection: Connection, campaign: CampaignRecord, wanted: GapFilter, values: dict[str, Any]
) -> tuple[Sequence[Row[Any]], bool]:
    """Return a page and the row after it, and whether everything of the list was looked at for them."""
    kinds = [layer_of(key) for key in campaign.kinds if wanted.kind in {None, key}]
    if not kinds:
        return [], True
    statement = stated_pieces(_statement(ON_THE_MAP, ALONE), wanted=CHOSEN, work=TREATMENTS_HERE)
    for first in first_targets(connection, kinds, values | {"results": _results(wanted)}):
        if not (first.ids or first.are_all):
            continue
        with planned_without(connection, "hashjoin", "mergejoin"):
            rows = connection.execute(statement, values | {"ids": first.ids}).all()
        is_full = len(rows) == values["limit"]
        if first.are_all or (is_full and rows[-1].to_mm - rows[-1].from_mm >= first.least_mm):
            return rows, first.are_all
    return connection.execute(stated_pieces(_statement(ON_THE_MAP, ALONE)), values).all(), True


def _results(wanted: GapFilter) -> list[str] | None:
    """Return the results of which a target must have some to have a wanted piece; ``None`` for any or none."""
    if wanted.reason is not None:
        return [wanted.reason]
    found = {State.NOT_TREATED.value: list(REASONS), State.TREATED.value: [DONE]}
    return found.get(wanted.state) if wanted.state else None


def _with_lanes(connection: Connection, on: date, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the rows as they come, with the lanes that meet the ends of each."""
    told = {
        (row["segment"], row["from_m"]): row
        for kind in sorted({row["kind"] for row in rows})
        for row in with_lanes(connection, layer_of(kind), on, [row for row in rows if row["kind"] == kind])
    }
    return [told[row["segment"], row["from_m"]] for row in rows]


def mop_up(
    connection: Connection, campaign: CampaignRecord, on: date, wanted: GapFilter | None = None
) -> Iterator[dict[str, Any]]:
    """Yield everything that a campaign did not treat up to a day, as rows of :data:`MOP_UP` with ``geometry`` (WKB)."""
    values = _values(campaign, on, wanted or GapFilter(), None, None)
    streamed = connection.execution_options(yield_per=10_000)
    for row in streamed.execute(stated_pieces(_statement(IN_A_FILE, "")), values):
        yield _said(row) | {"geometry": row.geometry}


def _values(
    campaign: CampaignRecord, on: date, wanted: GapFilter, limit: int | None, after: str | None
) -> dict[str, Any]:
    after_mm, after_uuid, after_from = read_key(after)
    return asked(campaign, on) | {
        "listed": LISTED_MM,
        "state": wanted.state,
        "reason": wanted.reason,
        "kind": wanted.kind,
        "community": wanted.community,
        "area_group": wanted.group,
        "lane": wanted.lane,
        "after_mm": after_mm,
        "after_uuid": after_uuid,
        "after_from": after_from,
        "limit": limit,
    }


@cache
def _statement(place: str, alone: str) -> str:
    names = " union all ".join(_names_of_kind(layer) for layer in LAYERS.values() if layer.is_target)
    return LISTED.format(names=names, place=place, alone=alone)


def _names_of_kind(layer: MapLayer) -> str:
    grouping = layer.grouping
    join = ""
    if grouping is not None:
        join = f"left join {grouping.model.__tablename__} as bundle on bundle.id = segment.{grouping.reference.key}"
    return NAMES_OF_KIND.format(
        segment=layer.model.__tablename__,
        label="null::text" if layer.label is None else f"segment.{layer.label.key}",
        lane="bundle.name" if grouping else "null::text",
        lane_code="bundle.code" if grouping else "null::text",
        grouping=join,
    )


def _said(row: Row[Any]) -> dict[str, Any]:
    """Return what the row says beside its place."""
    return {
        "segment": str(row.uuid),
        "kind": row.kind,
        "code": row.code,
        "name": row.name,
        "lane": row.lane,
        "lane_code": row.lane_code,
        "from_m": row.from_mm / 1000 if row.is_line else None,
        "to_m": row.to_mm / 1000 if row.is_line else None,
        "length_m": (row.to_mm - row.from_mm) / 1000 if row.is_line else None,
        "state": row.state,
        "reason": row.reason,
        "day": row.day,
        "days": row.days,
        "office": row.office,
        "community": row.community,
        "community_name": row.community_name,
        "group": row.area_group,
        "group_name": row.group_name,
    }


def _public(row: Row[Any]) -> dict[str, Any]:
    return _said(row) | {
        "unit": layer_of(row.kind).unit,
        "from_m": row.from_mm / 1000,
        "to_m": row.to_mm / 1000,
        "length_m": layer_of(row.kind).amount(row.to_mm - row.from_mm),
        "day": row.day.isoformat() if row.day else None,
        "center": [row.lon, row.lat],
        "bbox": [row.west, row.south, row.east, row.north],
    }
