"""Targets and their lanes as they are when somebody wants to change them, read as their layers declare them."""

from __future__ import annotations

import json
import uuid as uuid_module
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import shapely
from sqlalchemy import Connection, Select, any_, func, literal, select, text
from sqlalchemy.dialects.postgresql import ARRAY, INTEGER

from geo_hygiene.coverage.measured import MeasuredLine
from geo_hygiene.coverage.within import AREAS_WITHIN, bound
from geo_hygiene.errors import UnknownRecordError
from geo_hygiene.features.targets import target_identity
from geo_hygiene.i18n import gettext as _
from geo_hygiene.layers import LAYERS, layer_of
from geo_hygiene.layers.areas import Area
from geo_hygiene.layerspec import Attribute, GeometryKind, MapLayer, Role
from geo_hygiene.permissions import EVERYWHERE, Areas
from geo_hygiene.records.targets import Target
from geo_hygiene.zoning.mistakes import OutsideAreasError, StaleVersionError

GROUP_ROLES = frozenset({Role.GROUP_NAME, Role.GROUP_CODE})
NOT_SAID = frozenset({Role.UUID, Role.VALID_FROM, Role.VALID_TO})

MOST_AROUND = 3000
"""Features that a browser draws and snaps to at once."""

OUTSIDE = f"""
select count(*) from target
where id = any(:ids) and (area_id is null or area_id not in ({AREAS_WITHIN}))
"""  # noqa: S608 - constants

AROUND = """
select id from target
where kind = :kind and valid_from <= :on and :on < valid_to
    and geom && ST_MakeEnvelope(:west, :south, :east, :north, 4326)
order by id limit :limit
"""

FAMILY = """
select child.uuid as child, parent.uuid as parent
from target_parent
join target as child on child.id = child_id
join target as parent on parent.id = parent_id
where child_id = any(:ids) or parent_id = any(:ids)
order by child.id, parent.id
"""


@dataclass(frozen=True, slots=True)
class AssetRecord:
    """A target; ``values`` are those of the fields that a hand may change, by their public names."""

    id: int
    uuid: uuid_module.UUID
    layer: MapLayer
    code: str | None
    version: int
    valid_from: date | None
    valid_to: date | None
    extent_mm: int
    area: str | None
    shape: Any
    values: dict[str, Any]

    @property
    def called(self) -> str:
        """Return what people find it by."""
        return self.code or str(self.uuid)

    @property
    def line(self) -> MeasuredLine:
        """Return its course with its metres."""
        return MeasuredLine(shapely.get_coordinates(self.shape, include_m=True))


def asset_layers() -> list[MapLayer]:
    """Return the layers of what a hand may draw."""
    return [layer for layer in LAYERS.values() if layer.is_target and layer.imports]


def asset_layer(key: str) -> MapLayer:
    """Return a layer of what a hand may draw.

    Raises
    ------
    UnknownRecordError
        If there is none with this key.
    """
    layer = layer_of(key)
    if layer not in asset_layers():
        raise UnknownRecordError(_("Nothing is drawn by hand in “%(title)s”.", title=_(layer.title)))
    return layer


def hand_fields(layer: MapLayer) -> list[Attribute]:
    """Return the fields that a hand may change."""
    return [
        field
        for field in layer
        if field.importable and field.role not in NOT_SAID and (field.column is not None or field.role in GROUP_ROLES)
    ]


def _statement(layer: MapLayer) -> Select[Any]:
    shared: Any = Target.__table__
    own: Any = layer.model.__table__
    source: Any = shared.join(own, own.c.id == shared.c.id).outerjoin(Area, Area.id == shared.c.area_id)
    group: dict[Role | None, Any] = {}
    if layer.grouping is not None:
        bundle: Any = layer.grouping.model.__table__
        source = source.outerjoin(bundle, bundle.c.id == own.c[layer.grouping.reference.key])
        group = {Role.GROUP_NAME: bundle.c.name, Role.GROUP_CODE: bundle.c.code}
    columns: list[tuple[str, Any]] = [(field.name, group.get(field.role, field.column)) for field in hand_fields(layer)]
    said = [column.label(f"said_{name}") for name, column in columns]
    identity = [getattr(shared.c, name) for name in ("id", "uuid", "version", "valid_from", "valid_to", "extent_mm")]
    shape = func.ST_AsBinary(shared.c.geom).label("shape")
    return select(*identity, own.c.code, Area.code.label("area"), shape, *said).select_from(source)


def read_assets(connection: Connection, layer: MapLayer, ids: Iterable[int]) -> list[AssetRecord]:
    """Return targets of a layer by their ids, in the order of these."""
    wanted = literal(sorted(ids), ARRAY(INTEGER))
    statement = _statement(layer).where(Target.__table__.c.id == any_(wanted)).order_by(Target.__table__.c.id)
    fields = hand_fields(layer)
    return [
        AssetRecord(
            row.id,
            row.uuid,
            layer,
            row.code,
            row.version,
            row.valid_from,
            row.valid_to,
            row.extent_mm,
            row.area,
            shapely.from_wkb(bytes(row.shape)),
            {field.name: getattr(row, f"said_{field.name}") for field in fields},
        )
        for row in connection.execute(statement)
    ]


def find_asset(connection: Connection, layer: MapLayer, name: str, on: date, within: Areas = EVERYWHERE) -> AssetRecord:
    """Return a target by its id, or by the code that it has on a day.

    Raises
    ------
    UnknownRecordError
        If there is none, or it lies elsewhere than ``within``.
    """
    identity = target_identity(connection, layer, name, on)
    statement = text("select id from target where uuid = :uuid and kind = :kind")
    ids = connection.scalars(statement, {"uuid": identity, "kind": layer.key}).all()
    if not ids or are_outside(connection, ids, within):
        raise UnknownRecordError(_("There is no %(title)s “%(id)s”.", title=_(layer.title), id=name))
    return read_assets(connection, layer, ids)[0]


def name_read(connection: Connection, layer: MapLayer, name: str, uuid: uuid_module.UUID) -> str:
    """Return the id of the target that somebody read under an id or code, which may be another one's by now.

    Raises
    ------
    UnknownRecordError
        If that target never had this name.
    """
    own: Any = layer.model.__table__
    shared: Any = Target.__table__
    statement = select(own.c.code).join(shared, shared.c.id == own.c.id).where(shared.c.uuid == uuid)
    if name not in {str(uuid), *connection.scalars(statement)}:
        raise UnknownRecordError(_("There is no %(title)s “%(id)s”.", title=_(layer.title), id=name))
    return str(uuid)


def demand_version(asset: AssetRecord, version: int) -> None:
    """Refuse a change of another version than the newest.

    Raises
    ------
    StaleVersionError
        If somebody else changed it.
    """
    if asset.version != version:
        raise StaleVersionError(
            _("Somebody else has changed “%(name)s” since you opened it.", name=asset.called), current=asset.version
        )


def are_outside(connection: Connection, ids: Sequence[int], within: Areas) -> bool:
    """Tell whether any of some targets does not lie within areas."""
    if within is None:
        return False
    return bool(connection.scalar(text(OUTSIDE), {"ids": list(ids), **bound(within)}))


def demand_assets_within(connection: Connection, ids: Sequence[int], within: Areas) -> None:
    """Refuse a change that reaches beyond areas.

    Raises
    ------
    OutsideAreasError
        If it does.
    """
    if are_outside(connection, ids, within):
        raise OutsideAreasError(_("The change reaches beyond the areas to which your role is limited."))


def assets_around(
    connection: Connection, layer: MapLayer, on: date, box: tuple[float, float, float, float]
) -> tuple[list[AssetRecord], bool]:
    """Return the targets of a layer in a part of the map on a day, and whether there are more of them."""
    west, south, east, north = box
    values = {"west": west, "south": south, "east": east, "north": north}
    asked = {"kind": layer.key, "on": on, "limit": MOST_AROUND + 1, **values}
    ids = list(connection.scalars(text(AROUND), asked))
    return read_assets(connection, layer, ids[:MOST_AROUND]), len(ids) > MOST_AROUND


def features_of(connection: Connection, assets: Sequence[AssetRecord]) -> list[dict[str, Any]]:
    """Return targets as GeoJSON features, with what they came from and what came of them."""
    family = connection.execute(text(FAMILY), {"ids": [asset.id for asset in assets]}).all()
    return [
        _feature(
            asset,
            parents=[row.parent for row in family if row.child == asset.uuid],
            children=[row.child for row in family if row.parent == asset.uuid],
        )
        for asset in assets
    ]


def _feature(asset: AssetRecord, **family: Sequence[uuid_module.UUID]) -> dict[str, Any]:
    is_line = asset.layer.geometry is GeometryKind.LINE
    return {
        "type": "Feature",
        "id": str(asset.uuid),
        "geometry": json.loads(shapely.to_geojson(shapely.force_2d(asset.shape))),
        "properties": {
            "kind": asset.layer.key,
            "code": asset.code,
            "version": asset.version,
            "valid_from": None if asset.valid_from is None else asset.valid_from.isoformat(),
            "valid_to": None if asset.valid_to is None else asset.valid_to.isoformat(),
            "length_m": asset.extent_mm / 1000 if is_line else None,
            "area": asset.area,
            "fields": asset.values,
            **{name: [str(one) for one in ids] for name, ids in family.items()},
        },
    }


def as_audited(assets: Iterable[AssetRecord]) -> list[dict[str, Any]]:
    """Return what the audit keeps of targets."""
    return [
        {
            "id": asset.uuid,
            "version": asset.version,
            "valid_from": asset.valid_from,
            "valid_to": asset.valid_to,
            "shape": shapely.to_wkt(shapely.force_2d(asset.shape), rounding_precision=9),
            **asset.values,
        }
        for asset in assets
    ]
