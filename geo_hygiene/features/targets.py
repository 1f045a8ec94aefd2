"""One target: who looks after it, and its bar of states."""

from __future__ import annotations

import uuid as uuid_module
from collections.abc import Iterator
from datetime import date
from typing import Any

from sqlalchemy import Connection, select

from geo_hygiene.coverage.chain import who_covers
from geo_hygiene.coverage.duties import DutyRecord, all_duties
from geo_hygiene.coverage.pieces import pieces_statement
from geo_hygiene.errors import UnknownRecordError
from geo_hygiene.i18n import gettext as _
from geo_hygiene.layerspec import MapLayer, Role

THIS_TARGET = "select id as target_id from target where uuid = :uuid"
ITS_PIECES = "select from_mm, to_mm, state, zones from piece order by from_mm"


def target_cover(connection: Connection, layer: MapLayer, name: str, on: date) -> dict[str, Any]:
    """Return a target, by id or by the code that holds on a day, with its chains and its pieces of one state.

    Raises
    ------
    UnknownRecordError
        When the layer has no targets, or none of this name.
    """
    identity = target_identity(connection, layer, name, on)
    answer = who_covers(connection, layer, identity, on)
    duties = (duty for duty in all_duties(connection) if duty.target_kind == layer.key)
    return answer | {"pieces": [piece for duty in duties for piece in _pieces(connection, duty, identity, on)]}


def target_identity(connection: Connection, layer: MapLayer, name: str, on: date) -> uuid_module.UUID:
    """Return the id that is given, or that of the target whose code it is on a day.

    Raises
    ------
    UnknownRecordError
        When the layer has no targets, or none with this code.
    """
    if not layer.is_target:
        raise UnknownRecordError(_("Nobody is asked to look after a record of “%(title)s”.", title=_(layer.title)))
    try:
        return uuid_module.UUID(name)
    except ValueError:
        pass
    code = layer.with_role(Role.CODE)
    model: Any = layer.model
    if code is not None:
        holds: list[Any] = [code.column == name, model.valid_from <= on, model.valid_to > on]
        found = connection.scalars(select(model.uuid).where(*holds).order_by(model.id).limit(1)).one_or_none()
        if isinstance(found, uuid_module.UUID):
            return found
    raise UnknownRecordError(_("There is no %(title)s “%(id)s”.", title=_(layer.title), id=name))


def _pieces(connection: Connection, duty: DutyRecord, identity: uuid_module.UUID, on: date) -> Iterator[dict[str, Any]]:
    values = {"uuid": identity, "duty_id": duty.id, "on": on}
    for row in connection.execute(pieces_statement(THIS_TARGET, ITS_PIECES), values):
        yield {
            "duty": duty.code,
            "state": row.state,
            "from_m": row.from_mm / 1000,
            "to_m": row.to_mm / 1000,
            "zones": list(row.zones or ()),
        }
