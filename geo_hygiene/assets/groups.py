"""Lanes and drains: what they are called. Their course is that of their segments."""

from __future__ import annotations

import uuid as uuid_module
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import Connection, select, text

from geo_hygiene.accounts import audit
from geo_hygiene.assets.mistakes import WrongAssetError
from geo_hygiene.assets.records import are_outside, demand_assets_within
from geo_hygiene.coverage.versions import bump
from geo_hygiene.errors import UnknownRecordError
from geo_hygiene.files.drawn import lock_drawing, rename_drawn
from geo_hygiene.i18n import gettext as _
from geo_hygiene.layers import LAYERS, layer_of
from geo_hygiene.layerspec import Grouping, MapLayer
from geo_hygiene.permissions import EVERYWHERE, Areas
from geo_hygiene.records.imports import RecordHistory
from geo_hygiene.zoning.mistakes import StaleVersionError
from geo_hygiene.zoning.records import Editor


@dataclass(frozen=True, slots=True)
class GroupRecord:
    """A lane or drain; ``kind`` is the layer of its segments."""

    id: int
    uuid: uuid_module.UUID
    layer: MapLayer
    kind: str
    code: str | None
    name: str | None
    category: str | None
    version: int

    def as_json(self) -> dict[str, Any]:
        """Return the public form."""
        said = {name: getattr(self, name) for name in ("code", "name", "category", "version")}
        return {"id": str(self.uuid), "kind": self.layer.key, **said}


class Renamed(NamedTuple):
    """A lane or drain after it was renamed, and the number under which that is undone; ``None``: nothing changed."""

    group: GroupRecord
    number: int | None


def find_group(connection: Connection, key: str, name: str, within: Areas = EVERYWHERE) -> GroupRecord:
    """Return a lane or drain by its id or code.

    Raises
    ------
    UnknownRecordError
        If there is none, or part of it lies elsewhere than ``within``.
    """
    layer = layer_of(key)
    segments = next((one for one in LAYERS.values() if layer.made_by == one.key), None)
    if segments is None or segments.grouping is None or segments.grouping.model is not layer.model:
        raise UnknownRecordError(_("“%(title)s” are not made of segments.", title=_(layer.title)))
    table: Any = layer.model.__table__
    category = table.c.category if "category" in table.c else text("null as category")
    statement = select(table.c.id, table.c.uuid, table.c.code, table.c.name, table.c.version, category)
    row = connection.execute(statement.where(_is_named(table, name)).order_by(table.c.id.desc())).first()
    if row is None or are_outside(connection, _members(connection, segments.grouping, row.id), within):
        raise UnknownRecordError(_("There is no %(title)s “%(id)s”.", title=_(layer.title), id=name))
    return GroupRecord(row.id, row.uuid, layer, segments.key, row.code, row.name, row.category, row.version)


def _is_named(table: Any, name: str) -> Any:
    try:
        return table.c.uuid == uuid_module.UUID(name)
    except ValueError:
        return table.c.code == name


def _members(connection: Connection, grouping: Grouping, group_id: int) -> list[int]:
    reference: Any = grouping.reference
    own: Any = grouping.reference.class_.__table__
    return list(connection.scalars(select(own.c.id).where(own.c[reference.key] == group_id)))


def demand_groups_within(connection: Connection, layer: MapLayer, number: int, within: Areas) -> None:
    """Refuse an act by hand on segments that renames a lane or drain of which part lies beyond areas.

    Raises
    ------
    OutsideAreasError
        If it does.
    """
    if within is None or layer.grouping is None:
        return
    table: Any = layer.grouping.model.__table__
    changed = select(RecordHistory.record).where(RecordHistory.import_id == number)
    for group in connection.scalars(select(table.c.id).where(table.c.uuid.in_(changed))).all():
        demand_assets_within(connection, _members(connection, layer.grouping, group), within)


def rename(connection: Connection, editor: Editor, key: str, name: str, *, version: int, to: str) -> Renamed:
    """Give a lane or drain another name; one that it has already changes nothing.

    Raises
    ------
    UnknownRecordError, StaleVersionError, WrongAssetError
        If there is none within the editor's areas, somebody else has changed it, or the name is empty.
    """
    lock_drawing(connection)
    group = find_group(connection, key, name, editor.within)
    if group.version != version:
        raise StaleVersionError(
            _("Somebody else has changed “%(name)s” since you opened it.", name=group.name or group.code),
            current=group.version,
        )
    called = " ".join(to.split())
    if not called:
        raise WrongAssetError("name", _("A lane or drain has a name."))
    if called == group.name:
        return Renamed(group, None)
    number = rename_drawn(connection, group.layer, group.id, called, actor=editor.actor)
    bump(connection, [group.layer.key, group.kind])
    renamed = find_group(connection, key, str(group.uuid))
    audit.record(
        connection,
        actor=editor.actor,
        action="asset.rename",
        subject=f"{key} {group.code}",
        before=group.as_json(),
        after=renamed.as_json(),
    )
    return Renamed(renamed, number)
