"""Treatments of campaigns: where and when a team worked, as ground or as stretches."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import shapely
from sqlalchemy import Connection, text

from geo_hygiene.campaigns.writing import DETAILS, NewTreatment, add_treatments, remove_treatments
from geo_hygiene.coverage.circles import circles, strip
from geo_hygiene.coverage.duties import office_timezone
from geo_hygiene.coverage.work import DONE
from geo_hygiene.coverage.writing import NewWork
from geo_hygiene.files.findings import Code, Finding
from geo_hygiene.files.importing.batch import Batch
from geo_hygiene.files.importing.campaigns import OTHER_CAMPAIGN
from geo_hygiene.files.importing.instants import WrongRowError, check_instant, instant_of
from geo_hygiene.files.importing.report import Stored
from geo_hygiene.files.importing.work_rows import (
    STRETCHES,
    WorkRow,
    WorkStore,
    is_on,
    is_placed,
    is_said,
    read_rows,
    store_changed,
    stretch_of,
    targets_named,
    with_stored,
)
from geo_hygiene.i18n import N_
from geo_hygiene.layers.tables import CAMPAIGNS as CAMPAIGN_LAYER

CAMPAIGNS = "select id, code, valid_from, valid_to, scope from campaign order by code"

GROUND = """
select campaign.id, ST_AsBinary(coalesce(
    (select ST_Union(geom) from campaign_area where campaign_area.campaign = campaign.code),
    (select ST_Union(geom) from area where area.code = any(campaign.areas) and area.valid_to = 'infinity')
)) as ground
from campaign where id = any(:ids)
"""

IN_SCOPE = """
select campaign_id, target_id from campaign_target
where campaign_id = any(:campaigns) and target_id = any(:targets)
"""

PRESENT = f"""
select
    treatment.source_key, treatment.campaign_id, campaign.code as campaign, claim.id, claim.uuid, claim.done_at,
    claim.result, ST_AsBinary(claim_source.geom) as ground, treatment.extra, {", ".join(DETAILS)},
    {STRETCHES} as stretches
from treatment
join claim using (id)
join claim_source on claim_source.id = claim.source_id
join campaign on campaign.id = treatment.campaign_id
"""  # noqa: S608 - constants


@dataclass(frozen=True, slots=True)
class _Known:
    """What rows refer to."""

    campaigns: Mapping[str, Any]
    targets: Mapping[str, Sequence[Any]]
    zone: ZoneInfo
    now: datetime


@dataclass(slots=True)
class _Row(WorkRow):
    """A treatment as the file says it."""

    campaign: Any = None


def store(connection: Connection, batch: Batch) -> Stored:
    """Write the treatments that are new or differ; a row with an error is told and left out."""
    stored = Stored()
    known = _known(connection, batch)
    rows = read_rows(batch, stored, lambda index: _read(batch, index, known))
    _widen(rows)
    rows = _inside(connection, rows, stored)
    store_changed(
        connection,
        batch,
        rows,
        stored,
        WorkStore(
            stored=PRESENT,
            refuse=_of_another_campaign,
            remove=remove_treatments,
            says_so=_says_what_is_stored,
            write=_write,
        ),
    )
    return stored


def _known(connection: Connection, batch: Batch) -> _Known:
    campaigns = {row.code: row for row in connection.execute(text(CAMPAIGNS))}
    return _Known(campaigns, targets_named(connection, batch), office_timezone(connection), datetime.now(UTC))


def _read(batch: Batch, index: int, known: _Known) -> _Row:
    values, number = batch.clean.row(index), int(batch.numbers[index])
    done_at = instant_of(values["done_at"], values["time"], known.zone, number)
    day = done_at.astimezone(known.zone).date()
    check_instant(done_at, known.now, number, "done_at")
    campaign = _campaign(values["campaign"], day, known.campaigns, number)
    shape = batch.geometries[index]
    row = _Row(index, number, values, done_at, day, shape, campaign=campaign)
    if values["segment"]:
        kinds = {part.partition(":")[0] for part in campaign.scope}
        row.stretches = (stretch_of(values, kinds, day, known.targets, number),)
        row.shape = None
    elif shape is None:
        words = N_("The row says no place: neither a shape, nor longitude and latitude, nor a segment.")
        raise WrongRowError(Finding(Code.GEOMETRY_EMPTY, words, number))
    elif "Polygon" not in shape.geom_type and not values["radius_m"]:
        words = N_("A point or a line needs a radius, to say how much ground was treated.")
        hint = N_("Give the rows that say none the same one: --set radius_m=50")
        raise WrongRowError(Finding(Code.VALUE_MISSING, words, number, "radius_m", hint=hint))
    return row


def _campaign(code: str | None, day: date, campaigns: Mapping[str, Any], number: int) -> Any:
    """Return the campaign that a row names, else the only one whose window holds its day."""
    if code is not None:
        campaign = campaigns.get(code)
        if campaign is None:
            words = N_("There is no campaign with the code “%(value)s”.")
            raise WrongRowError(
                Finding(Code.UNKNOWN_CODE, words, number, "campaign", code, OTHER_CAMPAIGN, {"value": code})
            )
        if not campaign.valid_from <= day < campaign.valid_to:
            words = N_("%(day)s lies outside the window of the campaign “%(campaign)s”.")
            told = {"day": day.isoformat(), "campaign": code}
            raise WrongRowError(Finding(Code.OUTSIDE_WINDOW, words, number, "done_at", day.isoformat(), values=told))
        return campaign
    open_then = [one for one in campaigns.values() if one.valid_from <= day < one.valid_to]
    if len(open_then) == 1:
        return open_then[0]
    if not campaigns:
        columns = ", ".join(one.name for one in CAMPAIGN_LAYER if one.required)
        words = N_("The row names no campaign, and there are none yet.")
        hint = N_("Import campaigns first, a CSV with the columns %(columns)s: geo-hygiene import campaigns FILE")
        raise WrongRowError(
            Finding(Code.UNKNOWN_CODE, words, number, "campaign", hint=hint, values={"columns": columns})
        )
    hint = N_("Name the campaign of these rows: --set campaign=CODE")
    if open_then:
        words = N_("The row names no campaign, and several were open on %(day)s: %(codes)s.")
        told = {"day": day.isoformat(), "codes": ", ".join(one.code for one in open_then)}
        raise WrongRowError(Finding(Code.UNKNOWN_CODE, words, number, "campaign", hint=hint, values=told))
    words = N_("The row names no campaign, and none was open on %(day)s.")
    told = {"day": day.isoformat()}
    raise WrongRowError(Finding(Code.OUTSIDE_WINDOW, words, number, "done_at", day.isoformat(), hint, told))


def _widen(rows: Sequence[_Row]) -> None:
    """Make ground of points and lines by their radii."""
    points = [row for row in rows if row.shape is not None and row.shape.geom_type == "Point"]
    if points:
        coordinates = shapely.get_coordinates(np.array([row.shape for row in points], dtype=object))
        radii = np.array([float(row.values["radius_m"]) for row in points])
        for row, circle in zip(points, circles(coordinates[:, 0], coordinates[:, 1], radii), strict=True):
            row.shape = circle
    for row in rows:
        if row.shape is not None and "Polygon" not in row.shape.geom_type:
            row.shape = strip(row.shape, float(row.values["radius_m"]))


def _inside(connection: Connection, rows: Sequence[_Row], stored: Stored) -> list[_Row]:
    """Return the rows that touch the ground of their campaigns, or what these treat; the others are told."""
    campaigns = sorted({row.campaign.id for row in rows})
    grounds = {
        one.id: shapely.from_wkb(bytes(one.ground))
        for one in connection.execute(text(GROUND), {"ids": campaigns})
        if one.ground is not None
    }
    shapely.prepare(list(grounds.values()))
    targets = sorted({stretch.target_id for row in rows for stretch in row.stretches})
    in_scope = {tuple(one) for one in connection.execute(text(IN_SCOPE), {"campaigns": campaigns, "targets": targets})}
    kept = []
    for row in rows:
        wrong = _out_of_scope(row, in_scope) if row.shape is None else _out_of_ground(row, grounds)
        if wrong is None:
            kept.append(row)
        else:
            stored.findings.append(wrong)
    return kept


def _out_of_scope(row: _Row, in_scope: Collection[tuple[int, int]]) -> Finding | None:
    if all((row.campaign.id, stretch.target_id) in in_scope for stretch in row.stretches):
        return None
    words = N_("“%(value)s” is not among what the campaign “%(campaign)s” treats.")
    told = {"value": row.values["segment"], "campaign": row.campaign.code}
    return Finding(Code.OUTSIDE_AREA, words, row.number, "segment", str(row.values["segment"]), values=told)


def _out_of_ground(row: _Row, grounds: Mapping[int, Any]) -> Finding | None:
    ground = grounds.get(row.campaign.id)
    if ground is None or shapely.intersects(ground, row.shape):
        return None
    words = N_("The place lies outside the areas of the campaign “%(campaign)s”.")
    place = shapely.point_on_surface(row.shape)
    told = {"campaign": row.campaign.code}
    return Finding(Code.OUTSIDE_AREA, words, row.number, value=f"{place.x:.5f}, {place.y:.5f}", values=told)


def _of_another_campaign(olds: Sequence[Any], rows: Sequence[_Row]) -> list[Finding]:
    """Return an error for each row that would take a treatment from its campaign by its number alone."""
    words = N_("The number “%(value)s” is that of a treatment of the campaign “%(campaign)s”.")
    hint = N_("Give each campaign numbers of its own, or leave them out; a row that names its id may change campaigns.")
    return [
        Finding(
            Code.DUPLICATE_KEY,
            words,
            row.number,
            "external_id",
            row.values["external_id"],
            hint,
            {"value": row.values["external_id"], "campaign": old.campaign},
        )
        for old, row in zip(olds, rows, strict=True)
        if row.values["external_id"]
        and old is not None
        and old.campaign_id != row.campaign.id
        and str(row.values["id"]) != str(old.uuid)
    ]


def _write(connection: Connection, batch: Batch, rows: Sequence[tuple[str, _Row]], olds: Mapping[str, Any]) -> None:
    treatments = [
        NewTreatment(
            work=NewWork(
                kind=batch.layer.key,
                day=row.day,
                done_at=row.done_at,
                result=_result(row),
                shape=None if row.shape is None else shapely.to_wkb(row.shape),
                stretches=row.stretches,
                uuid=olds[key].uuid if key in olds else row.values["id"],
            ),
            campaign_id=row.campaign.id,
            source_key=key,
            details=row.values,
            extra=with_stored(batch.clean.extra[row.index], olds.get(key)),
        )
        for key, row in rows
    ]
    add_treatments(connection, treatments, import_id=batch.import_id)


def _result(row: _Row) -> str:
    return row.values["result"] or DONE


def _says_what_is_stored(batch: Batch, row: _Row, old: Any) -> bool:
    ground = None if row.shape is None else shapely.multipolygons(shapely.get_parts(row.shape))
    said = {
        "campaign_id": row.campaign.id,
        "done_at": row.done_at,
        "result": _result(row),
        "extra": with_stored(batch.clean.extra[row.index], old),
        **{name: row.values.get(name) for name in DETAILS},
    }
    return is_placed(ground, old.ground) and is_on(row.stretches, old.stretches) and is_said(said, old)
