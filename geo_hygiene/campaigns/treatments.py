"""The treatments of a campaign, and what they say of one target."""

from __future__ import annotations

import uuid as uuid_module
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Row, text

from geo_hygiene.campaigns.catalogue import CampaignRecord
from geo_hygiene.campaigns.pieces import TARGETS, TREATMENTS_HERE, asked, stated_pieces
from geo_hygiene.coverage.chain import who_covers
from geo_hygiene.coverage.duties import office_timezone
from geo_hygiene.coverage.questions import Page
from geo_hygiene.layerspec import MapLayer

COLUMNS = """
    claim.uuid, treatment.external_id, claim.valid_from as day, claim.done_at, claim.result,
    treatment.method, treatment.product, treatment.amount, treatment.unit, treatment.team
"""

PAGE = f"""
with page as (
    select {COLUMNS}, treatment.id, claim.source_id
    from treatment
    join claim using (id)
    where treatment.campaign_id = :campaign_id and claim.valid_from <= :on
        and (
            cast(:after as uuid) is null
            or (claim.done_at, claim.uuid) < (
                select last.done_at, last.uuid from claim as last where last.uuid = cast(:after as uuid)
            )
        )
    order by claim.done_at desc, claim.uuid desc
    limit :limit
),
placed as (
    select page.*, coalesce(
        claim_source.geom,
        (
            select ST_Collect(ST_Force2D(target.geom)) from claim_stretch
            join target on target.id = claim_stretch.target_id
            where claim_stretch.source_id = page.source_id
        )
    ) as shape
    from page
    join claim_source on claim_source.id = page.source_id
)
select
    placed.*, ST_X(ST_PointOnSurface(shape)) as lon, ST_Y(ST_PointOnSurface(shape)) as lat,
    ST_XMin(shape) as west, ST_YMin(shape) as south, ST_XMax(shape) as east, ST_YMax(shape) as north
from placed
order by done_at desc, uuid desc
"""  # noqa: S608 - constants
"""A treatment without ground of its own is where its segment is."""

TOTAL = """
select count(*) from treatment join claim using (id) where treatment.campaign_id = :campaign_id and valid_from <= :on
"""

ON_TARGET = f"""
select {COLUMNS}, cover.from_mm, cover.to_mm
from target
join cover on cover.target_id = target.id
join claim on claim.source_id = cover.source_id and claim.valid_from <= :on
join treatment on treatment.id = claim.id and treatment.campaign_id = :campaign_id
where target.uuid = :uuid
order by claim.done_at desc, claim.uuid desc, cover.from_mm
"""  # noqa: S608 - constants

THIS_TARGET = f"{TARGETS} and target_id = (select id from target where uuid = :uuid)"  # noqa: S608 - constants

ITS_PIECES = "select from_mm, to_mm, state, reason, day, days from stated order by from_mm"


def treatments(
    connection: Connection,
    campaign: CampaignRecord,
    on: date,
    *,
    limit: int = 100,
    after: uuid_module.UUID | None = None,
) -> tuple[int, Page]:
    """Return how many treatments there were up to a day, and a page of them, the newest first; its key is an id."""
    values = asked(campaign, on) | {"limit": limit + 1, "after": after}
    zone = office_timezone(connection)
    rows = connection.execute(text(PAGE), values).all()
    page = [
        _public(row, zone)
        | {
            "center": None if row.lon is None else [row.lon, row.lat],
            "bbox": None if row.lon is None else [row.west, row.south, row.east, row.north],
        }
        for row in rows[:limit]
    ]
    total = connection.scalar(text(TOTAL), values)
    return int(total or 0), Page(page, page[-1]["id"] if len(rows) > limit else None)


def campaign_target(
    connection: Connection, campaign: CampaignRecord, layer: MapLayer, identity: uuid_module.UUID, on: date
) -> dict[str, Any]:
    """Return a target with who looks after it, its pieces in the campaign, and the treatments on it, newest first.

    Raises
    ------
    UnknownRecordError
        When the layer has no such target.
    """
    values = asked(campaign, on) | {"uuid": identity}
    heading = who_covers(connection, layer, identity, on)
    statement = stated_pieces(ITS_PIECES, wanted=THIS_TARGET, work=TREATMENTS_HERE)
    pieces = connection.execute(statement, values).all()
    zone = office_timezone(connection)
    return heading | {
        "campaign": campaign.code,
        "in_scope": bool(pieces),
        "pieces": [
            {
                **_between(row),
                "state": row.state,
                "reason": row.reason,
                "day": row.day.isoformat() if row.day else None,
                "days": row.days,
            }
            for row in pieces
        ],
        "treatments": [_public(row, zone) | _between(row) for row in connection.execute(text(ON_TARGET), values)],
    }


def _between(row: Row[Any]) -> dict[str, float]:
    return {"from_m": row.from_mm / 1000, "to_m": row.to_mm / 1000}


def _public(row: Row[Any], zone: ZoneInfo) -> dict[str, Any]:
    return {
        "id": str(row.uuid),
        "external_id": row.external_id,
        "day": row.day.isoformat(),
        "done_at": row.done_at.astimezone(zone).isoformat(),
        "method": row.method,
        "product": row.product,
        "amount": None if row.amount is None else float(row.amount),
        "unit": row.unit,
        "team": row.team,
        "result": row.result,
    }
