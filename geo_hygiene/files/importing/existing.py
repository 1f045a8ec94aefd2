"""Compare rows with the records that they are about, and write what differs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from psycopg2.extras import Json
from sqlalchemy import Column, Connection, Integer, Table, any_, func, literal, null, select
from sqlalchemy.dialects import postgresql

from geo_hygiene.database import write_rows
from geo_hygiene.files.importing.batch import Batch, column_of, default_of
from geo_hygiene.files.importing.history import keep_history
from geo_hygiene.layerspec import Attribute, MapLayer, Role
from geo_hygiene.records.targets import Target

PERIOD = ("valid_from", "valid_to")


@dataclass(frozen=True, slots=True)
class Existing:
    """A stored record.

    Attributes
    ----------
    values
        Of the plain fields, by public name.
    group
        Code and name of its lane or drain.
    """

    id: int
    uuid: UUID
    version: int
    valid_from: date | None
    valid_to: date | None
    code: str | None
    extra: dict[str, Any]
    values: dict[str, Any]
    group: tuple[str | None, str | None]


@dataclass(frozen=True, slots=True)
class Change:
    """What a row changes of a record, by column name; ``regroup`` when it names another lane or drain."""

    record: Existing
    row: int
    columns: dict[str, Any] = field(default_factory=dict)
    regroup: bool = False

    @property
    def any(self) -> bool:
        """Whether anything differs."""
        return bool(self.columns) or self.regroup


def tables_of(layer: MapLayer) -> tuple[Table, Table]:
    """Return the table with identity and period of a layer's records, and that of its own columns."""
    own: Any = layer.model.__table__
    shared: Any = Target.__table__ if issubclass(layer.model, Target) else own
    return shared, own


def plain_columns(layer: MapLayer, attributes: Sequence[Attribute]) -> dict[str, Column[Any]]:
    """Return the columns of plain fields by public name."""
    shared, own = tables_of(layer)
    found = {attribute.name: column_of(attribute) for attribute in attributes}
    return {name: column for name, column in found.items() if column.table in (shared, own)}


def read_existing(connection: Connection, batch: Batch, ids: Sequence[int]) -> dict[int, Existing]:
    """Return stored records by id."""
    layer = batch.layer
    shared, own = tables_of(layer)
    source: Any = shared if shared is own else shared.join(own, own.c.id == shared.c.id)
    columns = plain_columns(layer, batch.plain())
    code: Any = own.c.code if "code" in own.c else null()
    group: tuple[Any, Any] = (null(), null())
    if layer.grouping is not None:
        bundle: Any = layer.grouping.model.__table__
        source = source.outerjoin(bundle, bundle.c.id == own.c[layer.grouping.reference.key])
        group = (bundle.c.code, bundle.c.name)
    identity = (shared.c.id, shared.c.uuid, shared.c.version, shared.c.valid_from, shared.c.valid_to)
    statement = (
        select(*identity, code, shared.c.extra, *group, *columns.values())
        .select_from(source)
        .where(shared.c.id == any_(literal(list(ids), postgresql.ARRAY(Integer))))
    )
    return {
        row[0]: Existing(
            row[0],
            row[1],
            row[2],
            row[3],
            row[4],
            row[5],
            row[6],
            dict(zip(columns, row[9:], strict=True)),
            (row[7], row[8]),
        )
        for row in connection.execute(statement)
    }


def compare(batch: Batch, row: int, record: Existing, place: tuple[int, int]) -> Change:
    """Return what a row changes of a record.

    Parameters
    ----------
    place
        The record's number among the pieces of the row, from 0, and how many pieces there are.
    """
    columns: dict[str, Any] = {}
    for attribute in batch.plain():
        if attribute.name in batch.given:
            column = column_of(attribute)
            value = batch.values(attribute.name)[row]
            value = default_of(column) if value is None else value
            if attribute.name in record.values and value != record.values[attribute.name]:
                columns[column.name] = value
    code = batch.role(Role.CODE)[row]
    by_hand = batch.options.in_place_of is not None
    if code is None:
        if by_hand and batch.brings(Role.CODE) and record.code is not None:
            columns["code"] = None
    elif code != record.code and (by_hand or not _is_code_of(record.code, code)):
        columns["code"] = piece_code(code, *place)
    for name, role in (("valid_from", Role.VALID_FROM), ("valid_to", Role.VALID_TO)):
        said = batch.role(role)[row]
        if said is not None and said != getattr(record, name):
            columns[name] = said
    extra = batch.clean.extra[row]
    if any(record.extra.get(key) != value for key, value in extra.items()):
        columns["extra"] = {**record.extra, **extra}
    return Change(record, row, columns, _names_other_group(batch, row, record))


def _is_code_of(stored: str | None, said: str) -> bool:
    return stored is not None and (stored == said or stored.startswith(f"{said}-"))


def piece_code(code: str | None, number: int, count: int) -> str | None:
    """Return the code of a piece of a row: the row's own when it is the only one."""
    return code if code is None or count == 1 else f"{code}-{number + 1}"


def _names_other_group(batch: Batch, row: int, record: Existing) -> bool:
    code, name = batch.role(Role.GROUP_CODE)[row], batch.role(Role.GROUP_NAME)[row]
    if batch.options.in_place_of is not None and code is None and name is None:
        return record.group != (None, None) and (batch.brings(Role.GROUP_CODE) or batch.brings(Role.GROUP_NAME))
    if code is not None:
        return bool(code != record.group[0] or (name is not None and name != record.group[1]))
    return bool(name is not None and name != record.group[1])


def write_changes(connection: Connection, batch: Batch, changes: Sequence[Change]) -> None:
    """Write the columns that differ: the next version, the old one in the history."""
    written = [change for change in changes if change.columns]
    if not written:
        return
    shared, own = tables_of(batch.layer)
    ids = [change.record.id for change in changes if change.any]
    keep_history(connection, batch.layer, ids, batch.import_id)
    for table in {shared.name: shared, own.name: own}.values():
        names = sorted({name for change in written for name in change.columns if name in table.c})
        for name in names:
            _write_column(connection, table, name, [change for change in written if name in change.columns])


def _write_column(connection: Connection, table: Table, name: str, changes: Sequence[Change]) -> None:
    column = table.c[name]
    kind = column.type.compile(dialect=postgresql.dialect())  # type: ignore[no-untyped-call]
    rows = [(change.record.id, _bound(column, change.columns[name])) for change in changes]
    write_rows(
        connection,
        f"update {table.name} as stored set {name} = said.value::{kind}"  # noqa: S608 - names of the declaration
        " from (values %s) as said (id, value) where stored.id = said.id",
        rows,
    )


def _bound(column: Column[Any], value: Any) -> Any:
    if isinstance(value, dict):
        return Json(value)
    processor: Any = column.type
    return processor.process_bind_param(value, None) if hasattr(processor, "infinity") else value


def raise_versions(connection: Connection, batch: Batch, ids: Sequence[int]) -> None:
    """Count the new state of records that changed."""
    shared, _own = tables_of(batch.layer)
    connection.execute(
        shared.update()
        .where(shared.c.id == any_(literal(list(ids), postgresql.ARRAY(Integer))))
        .values(version=shared.c.version + 1, recorded_at=func.now())
    )


def values_for(batch: Batch, rows: Sequence[int], columns: Mapping[str, Column[Any]]) -> dict[str, list[Any]]:
    """Return, by column name, the values of plain fields for new records made from rows."""
    answer = {}
    for name, column in columns.items():
        values, default = batch.values(name), default_of(column)
        answer[column.name] = [default if values[row] is None else values[row] for row in rows]
    return answer
