"""A target is made, changed, ended, split or joined; each act keeps what was, and says what it does."""

from __future__ import annotations

import uuid as uuid_module
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import shapely
from sqlalchemy import Connection, text

from geo_hygiene.accounts import audit
from geo_hygiene.assets.groups import demand_groups_within
from geo_hygiene.assets.junctions import demand_one_lane, end_to_end
from geo_hygiene.assets.mistakes import KnownAssetError, WrongAssetError
from geo_hygiene.assets.outcome import DutyOutcome, Held, Lost, compared, duties_of, held, lost, sums_of
from geo_hygiene.assets.records import (
    GROUP_ROLES,
    AssetRecord,
    as_audited,
    demand_assets_within,
    demand_version,
    find_asset,
    hand_fields,
    read_assets,
)
from geo_hygiene.coverage.duties import today
from geo_hygiene.coverage.locks import lock_duties
from geo_hygiene.files.drawn import Drawn, lock_drawing, store_drawn
from geo_hygiene.files.findings import Finding
from geo_hygiene.i18n import gettext as _
from geo_hygiene.layerspec import GeometryKind, MapLayer, Role
from geo_hygiene.zoning.records import Editor

NEAR_M = 10.0
"""A place that is not on a line, and means the nearest one on it."""

LEAST_MM = 10
"""Of a part: ends within a centimetre are one."""

KNOWN = """
select id, kind from target where uuid = :uuid or kind = :kind and source_key = cast(:uuid as text) order by id
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetChange:
    """What was stored.

    Attributes
    ----------
    number
        Under which it can be undone; ``None``: nothing was different.
    on
        Day on which the figures are told.
    targets
        What begins or is changed.
    ended
        What ended, and what was replaced from its first day on.
    """

    layer: MapLayer
    number: int | None
    on: date
    targets: Sequence[AssetRecord]
    ended: Sequence[AssetRecord] = ()
    duties: tuple[DutyOutcome, ...] = ()
    held: tuple[Held, ...] = ()
    lost: tuple[Lost, ...] = ()
    findings: Sequence[Finding] = ()


def create(
    connection: Connection,
    editor: Editor,
    layer: MapLayer,
    *,
    shape: Any,
    fields: Mapping[str, Any],
    day: date | None,
    uuid: uuid_module.UUID | None = None,
) -> AssetChange:
    """Make a target from a day on, or as if it had always been there; one that its maker sends twice is made once.

    Raises
    ------
    WrongAssetError, OutsideAreasError
        If something said can not be.
    KnownAssetError
        If the id is that of something else.
    """
    lock_drawing(connection)
    _demand_fields(layer, fields)
    uuid = uuid or uuid_module.uuid4()
    known = connection.execute(text(KNOWN), {"uuid": uuid, "kind": layer.key}).all()
    if known:
        if any(row.kind != layer.key for row in known):
            raise KnownAssetError(_("The id is that of another record."))
        there = read_assets(connection, layer, [row.id for row in known])
        return AssetChange(layer=layer, number=None, on=today(connection), targets=there)
    empty = dict.fromkeys(field.name for field in hand_fields(layer))
    drawn = Drawn(shape=shape, values={"id": str(uuid), **empty, **fields}, day=day)
    return _store(connection, editor, layer, drawn, "create", on=day)


def change(
    connection: Connection,
    editor: Editor,
    layer: MapLayer,
    name: str,
    *,
    version: int,
    day: date | None,
    shape: Any = None,
    fields: Mapping[str, Any],
) -> AssetChange:
    """Let a target be otherwise from a day on, or correct it where no day is told; what is not said stays.

    Raises
    ------
    UnknownRecordError, OutsideAreasError, StaleVersionError, WrongAssetError
        If there is none, it is not the editor's to change, somebody else has changed it, or something said can not be.
    """
    asset = _to_change(connection, editor, layer, name, version, day)
    _demand_fields(layer, fields)
    said = {key: value for key, value in fields.items() if value != asset.values.get(key)}
    stays = shape is None or shapely.equals_exact(shape, shapely.force_2d(asset.shape), 1e-9)
    if stays and not said:
        return AssetChange(layer=layer, number=None, on=_on(connection, asset, day), targets=[asset])
    values = said if stays and day is None else _merged(layer, asset.values, said)
    drawn = Drawn(
        shape=shapely.force_2d(asset.shape) if stays else shape,
        values=values,
        in_place_of=[asset.id],
        day=day,
        is_there=stays,
    )
    act = "change" if stays else "move"
    return _store(connection, editor, layer, drawn, act, on=_on(connection, asset, day), before=[asset])


def end(connection: Connection, editor: Editor, layer: MapLayer, name: str, *, version: int, day: date) -> AssetChange:
    """Let a target be no more from a day on.

    Raises
    ------
    UnknownRecordError, OutsideAreasError, StaleVersionError, WrongAssetError
        As for :func:`change`.
    """
    asset = _to_change(connection, editor, layer, name, version, None)
    if asset.valid_from is not None and day <= asset.valid_from:
        begin = asset.valid_from.isoformat()
        raise WrongAssetError("from", _("“%(name)s” begins on %(day)s, and ends later.", name=asset.called, day=begin))
    field = next(field.name for field in layer if field.role is Role.VALID_TO)
    drawn = Drawn(
        shape=shapely.force_2d(asset.shape), values={field: day.isoformat()}, in_place_of=[asset.id], is_there=True
    )
    return _store(connection, editor, layer, drawn, "end", on=day, before=[asset])


def split(
    connection: Connection,
    editor: Editor,
    layer: MapLayer,
    name: str,
    *,
    version: int,
    day: date | None,
    at: float | tuple[float, float],
) -> AssetChange:
    """Split a line at metres from its start, or at the place on it that is nearest to another one.

    Raises
    ------
    UnknownRecordError, OutsideAreasError, StaleVersionError, WrongAssetError
        As for :func:`change`; also if the place is not on the line.
    """
    asset = _line_to_change(connection, editor, layer, name, version, day)
    line = asset.line
    at_mm = _at_mm(asset, at)
    parts = [line.between(0, at_mm), line.between(at_mm, asset.extent_mm)]
    drawn = Drawn(
        shape=shapely.MultiLineString([np.asarray(part)[:, :2] for part in parts]),
        values=asset.values,
        in_place_of=[asset.id],
        day=day,
        is_there=True,
    )
    return _store(connection, editor, layer, drawn, "split", on=_on(connection, asset, day), before=[asset])


def join(
    connection: Connection,
    editor: Editor,
    layer: MapLayer,
    name: str,
    *,
    version: int,
    other: str,
    other_version: int,
    day: date | None,
    fields: Mapping[str, Any],
) -> AssetChange:
    """Join a line with another that begins where it ends: it keeps its direction and what is said of it.

    Raises
    ------
    UnknownRecordError, OutsideAreasError, StaleVersionError, WrongAssetError
        As for :func:`change`; also if they do not meet, others meet them there, or they belong to different lanes and
        it is not said to which the one belongs.
    """
    asset = _line_to_change(connection, editor, layer, name, version, day)
    second = _line_to_change(connection, editor, layer, other, other_version, day)
    _demand_fields(layer, fields)
    on = _on(connection, asset, day)
    line = end_to_end(connection, asset, second, on)
    if not fields.keys() & {field.name for field in hand_fields(layer) if field.role in GROUP_ROLES}:
        demand_one_lane(asset, second)
    drawn = Drawn(
        shape=line,
        values=_merged(layer, asset.values, fields),
        in_place_of=[asset.id, second.id],
        day=day,
        is_there=True,
    )
    return _store(connection, editor, layer, drawn, "join", on=on, before=[asset, second])


def _to_change(
    connection: Connection, editor: Editor, layer: MapLayer, name: str, version: int, day: date | None
) -> AssetRecord:
    """Return a target that may be changed from a day on, and let nobody else change any."""
    lock_drawing(connection)
    asset = find_asset(connection, layer, name, day or today(connection), editor.within)
    demand_version(asset, version)
    if asset.valid_to is not None:
        ended = asset.valid_to.isoformat()
        raise WrongAssetError(
            "from", _("“%(name)s” ends on %(day)s and can not be changed.", name=asset.called, day=ended)
        )
    if day is not None and asset.valid_from is not None and day < asset.valid_from:
        begin = asset.valid_from.isoformat()
        raise WrongAssetError("from", _("“%(name)s” begins only on %(day)s.", name=asset.called, day=begin))
    return asset


def _line_to_change(
    connection: Connection, editor: Editor, layer: MapLayer, name: str, version: int, day: date | None
) -> AssetRecord:
    if layer.geometry is not GeometryKind.LINE:
        raise WrongAssetError("kind", _("Only lines are split and joined."))
    return _to_change(connection, editor, layer, name, version, day)


def _at_mm(asset: AssetRecord, at: float | tuple[float, float]) -> int:
    """Return where a line is split, in millimetres from its start."""
    if isinstance(at, tuple):
        at_mm, off_m = asset.line.locate(*at)
        if off_m > NEAR_M:
            raise WrongAssetError("at", _("The place is %(metres)s m from the line.", metres=f"{off_m:.1f}"))
    else:
        at_mm = round(at * 1000)
    if not LEAST_MM <= at_mm <= asset.extent_mm - LEAST_MM:
        length = f"{asset.extent_mm / 1000:.3f}"
        raise WrongAssetError("at", _("A split lies within the line: between 0 and %(length)s m.", length=length))
    return at_mm


def _on(connection: Connection, asset: AssetRecord, day: date | None) -> date:
    """Return the day on which a change is looked at: the one from which it holds, else the nearest to today."""
    if day is not None:
        return day
    now = today(connection)
    return now if asset.valid_from is None else max(now, asset.valid_from)


def _demand_fields(layer: MapLayer, fields: Mapping[str, Any]) -> None:
    known = {field.name for field in hand_fields(layer)}
    for name in fields:
        if name not in known:
            names = ", ".join(sorted(known))
            raise WrongAssetError(
                f"fields.{name}", _("There is no field “%(name)s”. Fields: %(names)s.", name=name, names=names)
            )


def _merged(layer: MapLayer, stored: Mapping[str, Any], said: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is stored with what is said; another code of a lane leaves its name out, and the other way round."""
    group = {field.name for field in hand_fields(layer) if field.role in GROUP_ROLES}
    kept = {name: value for name, value in stored.items() if not (name in group and group & said.keys())}
    return {**dict.fromkeys(stored), **kept, **said}


def _store(
    connection: Connection,
    editor: Editor,
    layer: MapLayer,
    drawn: Drawn,
    act: str,
    *,
    on: date | None,
    before: Sequence[AssetRecord] = (),
) -> AssetChange:
    """Store something, in one transaction with all that follows from it, and return what it did."""
    day = today(connection) if on is None else on
    duties = duties_of(connection, layer)
    lock_duties(connection, [duty.id for duty in duties])
    sums = sums_of(connection, duties, day)
    report = store_drawn(connection, layer, drawn, act=act, actor=editor.actor)
    if report.refused:
        raise WrongAssetError.of_findings(report.findings)
    stored = report.stored
    stays = [one.id for one in before if one.id not in stored.left]
    now = [*stays, *stored.begun] if drawn.in_place_of else stored.begun
    demand_assets_within(connection, [*now, *stored.left], editor.within)
    if report.number is not None:
        demand_groups_within(connection, layer, report.number, editor.within)
    targets = read_assets(connection, layer, now)
    there = {asset.id: asset for asset in (*before, *read_assets(connection, layer, stored.left))}
    audit.record(
        connection,
        actor=editor.actor,
        action=f"asset.{act}",
        subject=f"{layer.key} {', '.join(asset.called for asset in (before or targets))}",
        before={"targets": as_audited(before)} if before else None,
        after={"targets": as_audited(targets)},
    )
    return AssetChange(
        layer=layer,
        number=report.number,
        on=day,
        targets=targets,
        ended=[there[one] for one in stored.left if one in there],
        duties=compared(duties, sums, sums_of(connection, duties, day)),
        held=held(connection, now, day),
        lost=lost(connection, stored.unprojected),
        findings=report.findings,
    )
