"""What somebody says that a zone holds, checked and turned into stretches."""

from __future__ import annotations

import json
import uuid as uuid_module
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, text

from geo_hygiene.coverage.bundles import with_bundle
from geo_hygiene.coverage.duties import DutyRecord
from geo_hygiene.coverage.intervals import Interval
from geo_hygiene.coverage.otherwise import disjoint
from geo_hygiene.coverage.within import AREAS_WITHIN, bound
from geo_hygiene.coverage.writing import Stretch
from geo_hygiene.i18n import gettext as _
from geo_hygiene.permissions import Areas
from geo_hygiene.zoning.mistakes import OutsideAreasError, WrongZoneError

SLIP_MM = 2
"""A stretch may pass the end of its segment by as much as two roundings."""

PLACE = "segments"

TARGETS = "select uuid, id, kind, extent_mm, valid_from, valid_to from target where uuid = any(cast(:uuids as uuid[]))"

OUTSIDE = f"""
select uuid from target
where id = any(:ids) and (area_id is null or area_id not in ({AREAS_WITHIN}))
order by uuid
limit 1
"""  # noqa: S608 - constants

SHOWN = """
select
    target.uuid, given.from_mm, given.to_mm, target.extent_mm, segment.code, {lane} as lane,
    ST_AsGeoJSON(
        ST_Force2D(
            case
                when GeometryType(target.geom) = 'POINTM' or (given.from_mm = 0 and given.to_mm = target.extent_mm)
                    then target.geom
                else ST_LocateBetween(target.geom, given.from_mm / 1000.0, given.to_mm / 1000.0)
            end
        ),
        :digits
    ) as shape
from unnest(cast(:ids as int[]), cast(:starts as int[]), cast(:ends as int[])) as given (id, from_mm, to_mm)
join target on target.id = given.id
join {table} as segment on segment.id = target.id
{join}
order by lane, segment.code, target.uuid, given.from_mm
"""

DIGITS = 7
"""Decimals of a degree: a centimetre."""

PUBLIC = """
select target.uuid, given.from_mm, given.to_mm
from unnest(cast(:ids as int[]), cast(:starts as int[]), cast(:ends as int[])) as given (id, from_mm, to_mm)
join target on target.id = given.id
order by target.uuid, given.from_mm
"""


@dataclass(frozen=True, slots=True)
class SaidStretch:
    """A stretch as people say it: metres along a segment, open at an end of it."""

    segment: uuid_module.UUID
    from_m: float | None = None
    to_m: float | None = None


def read_list(connection: Connection, duty: DutyRecord, said: Sequence[SaidStretch], on: date) -> list[Stretch]:
    """Return what is said as disjoint stretches of targets of a day, in their order.

    Raises
    ------
    WrongZoneError
        If nothing is said, or a stretch names nothing that the duty looks after on that day, or passes its end.
    """
    if not said:
        raise WrongZoneError(PLACE, _("A zone holds at least one stretch that its duty must look after."))
    uuids = sorted({str(one.segment) for one in said})
    known = {row.uuid: row for row in connection.execute(text(TARGETS), {"uuids": uuids})}
    stretches = []
    for one in said:
        target = known.get(one.segment)
        if target is None or target.kind != duty.target_kind:
            raise WrongZoneError(
                PLACE, _("There is no segment “%(value)s” that this duty looks after.", value=one.segment)
            )
        if not target.valid_from <= on < target.valid_to:
            raise WrongZoneError(
                PLACE, _("The segment “%(value)s” is not there on %(day)s.", value=one.segment, day=on.isoformat())
            )
        stretches.append(Stretch(target.id, *_span(one, target)))
    return disjoint(stretches)


def _span(one: SaidStretch, target: Any) -> Interval:
    extent: int = target.extent_mm
    if extent == 1:
        return 0, 1
    start = 0 if one.from_m is None else round(one.from_m * 1000)
    end = extent if one.to_m is None else round(one.to_m * 1000)
    if start < 0 or end > extent + SLIP_MM:
        words = _(
            "The stretch of “%(value)s” passes the end of its segment, which is %(length)s m long.",
            value=one.segment,
            length=extent / 1000,
        )
        raise WrongZoneError(PLACE, words)
    end = min(end, extent)
    if start >= end:
        raise WrongZoneError(PLACE, _("The stretch of “%(value)s” ends where it begins or before.", value=one.segment))
    return start, end


def demand_targets_within(connection: Connection, stretches: Iterable[Stretch], within: Areas) -> None:
    """Refuse a list that reaches beyond the areas of a role.

    Raises
    ------
    OutsideAreasError
        If a target lies elsewhere.
    """
    if within is None:
        return
    ids = sorted({item.target_id for item in stretches})
    outside = connection.scalar(text(OUTSIDE), {"ids": ids, **bound(within)})
    if outside is not None:
        raise OutsideAreasError(
            _("“%(segment)s” lies outside the areas to which your role is limited.", segment=outside)
        )


def public_list(connection: Connection, stretches: Sequence[Stretch]) -> list[dict[str, Any]]:
    """Return stretches in their public form: the segment's id, and metres along it."""
    rows = connection.execute(text(PUBLIC), _columns(stretches))
    return [{"segment": str(row.uuid), "from_m": row.from_mm / 1000, "to_m": row.to_mm / 1000} for row in rows]


def shown_list(connection: Connection, duty: DutyRecord, stretches: Sequence[Stretch]) -> list[dict[str, Any]]:
    """Return stretches as :func:`public_list` does, with what they are called and their shapes, along the lanes."""
    statement = with_bundle(SHOWN, duty.layer)
    return [
        {
            "segment": str(row.uuid),
            "code": row.code,
            "lane": row.lane,
            "from_m": row.from_mm / 1000,
            "to_m": row.to_mm / 1000,
            "extent_m": row.extent_mm / 1000,
            "geometry": json.loads(row.shape),
        }
        for row in connection.execute(text(statement), {**_columns(stretches), "digits": DIGITS})
    ]


def _columns(stretches: Sequence[Stretch]) -> dict[str, list[int]]:
    return {
        "ids": [item.target_id for item in stretches],
        "starts": [item.from_mm for item in stretches],
        "ends": [item.to_mm for item in stretches],
    }
