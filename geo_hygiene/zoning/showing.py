"""What is shown of plans that are drawn: the targets that a draft touches, and what lies around a drawing."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

from sqlalchemy import Connection, text

from geo_hygiene.coverage.duties import DutyRecord
from geo_hygiene.coverage.pieces import DRAFTED, draft_pieces_statement
from geo_hygiene.zoning.drafts import DraftRecord
from geo_hygiene.zoning.lists import DIGITS

MOST_PIECES = 50_000

FEATURES = """
select
    piece.uuid, piece.state, piece.zones, piece.from_mm, piece.to_mm, piece.tint,
    ST_AsGeoJSON(
        ST_Force2D(
            case
                when GeometryType(piece.geom) = 'POINTM' then piece.geom
                else ST_LocateBetween(piece.geom, piece.from_mm / 1000.0, piece.to_mm / 1000.0)
            end
        ),
        :digits
    ) as shape
from piece
order by piece.uuid, piece.from_mm
limit :most
"""

MOST_AROUND = 4000

TARGETS_AROUND = """
select target.uuid, ST_AsGeoJSON(ST_Force2D(target.geom), :digits) as shape
from target
where target.kind = :kind and target.valid_from <= :on and :on < target.valid_to
    and target.geom && ST_MakeEnvelope(:west, :south, :east, :north, 4326)
order by target.id
limit :most
"""

ZONES_AROUND = """
select code, ST_AsGeoJSON(geom, :digits) as shape
from (
    select duty_zone.code, duty_zone.geom
    from duty_zone
    join claim using (id)
    where claim.duty_id = :duty_id and claim.valid_from <= :on and :on < claim.valid_to
        and not exists (
            select from draft_zone where draft_zone.draft_id = :draft_id and draft_zone.code = duty_zone.code
        )
    union all
    select code, geom from draft_zone where draft_id = :draft_id and source_id is not null
) as zone
where geom && ST_MakeEnvelope(:west, :south, :east, :north, 4326)
order by code
limit :most
"""

Box = tuple[float, float, float, float]
"""West, south, east, north (EPSG:4326)."""

STATEMENT = draft_pieces_statement(DRAFTED, FEATURES)


def pieces_of(connection: Connection, draft: DraftRecord, on: date) -> list[dict[str, Any]]:
    """Return the targets that a draft touches on a day as GeoJSON features, one for each piece of one state."""
    asked = {
        "draft_id": draft.id,
        "duty_id": draft.duty_id,
        "on": on,
        "digits": DIGITS,
        "most": MOST_PIECES,
    }
    return [
        {
            "type": "Feature",
            "geometry": json.loads(row.shape),
            "properties": {
                "segment": str(row.uuid),
                "state": row.state,
                "zones": list(row.zones or ()),
                "from_m": row.from_mm / 1000,
                "to_m": row.to_mm / 1000,
                "tint": row.tint,
            },
        }
        for row in connection.execute(STATEMENT, asked)
    ]


def around(connection: Connection, duty: DutyRecord, on: date, draft: DraftRecord | None, box: Box) -> dict[str, Any]:
    """Return what a drawing may follow in a box: the duty's targets of a day, and the pictures of its zones."""
    west, south, east, north = box
    asked = {
        "duty_id": duty.id,
        "kind": duty.target_kind,
        "on": on,
        "draft_id": None if draft is None else draft.id,
        "west": west,
        "south": south,
        "east": east,
        "north": north,
        "digits": DIGITS,
        "most": MOST_AROUND,
    }
    targets = connection.execute(text(TARGETS_AROUND), asked).all()
    zones = connection.execute(text(ZONES_AROUND), asked).all()
    return {
        "targets": [{"id": str(row.uuid), "geometry": json.loads(row.shape)} for row in targets],
        "zones": [{"code": row.code, "geometry": json.loads(row.shape)} for row in zones],
        "whole": max(len(targets), len(zones)) < MOST_AROUND,
    }
