"""Tables without a place: people, posts, assignments, work rules, each row told apart by its model's unique columns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import Connection, Table, UniqueConstraint, bindparam, delete, insert, select, text, update

from geo_hygiene.campaigns.writing import campaigns_changed
from geo_hygiene.coverage.holders import assignments_changed
from geo_hygiene.coverage.versions import bump
from geo_hygiene.files.findings import Code, Finding
from geo_hygiene.files.importing.batch import SPECIAL, column_of, default_of
from geo_hygiene.files.importing.cleaning import CleanRows
from geo_hygiene.files.importing.history import keep_history
from geo_hygiene.files.importing.options import ImportOptions
from geo_hygiene.files.importing.report import LACKING_SHOWN, Stored
from geo_hygiene.files.importing.work import overlap_findings
from geo_hygiene.i18n import N_
from geo_hygiene.layerspec import Attribute, MapLayer, Role
from geo_hygiene.records.campaigns import Campaign
from geo_hygiene.records.people import Assignment
from geo_hygiene.records.work_rules import WorkRule

Row = dict[str, Any]
Key = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class _Reference:
    """Where a code of another table is looked up, and the column that keeps what is found."""

    column: str
    query: str


REFERENCES = {
    Role.PERSON: _Reference("person_id", "select code, id from person"),
    Role.ABSENT: _Reference("stands_in_for", "select code, id from person"),
    Role.AREA: _Reference("area_id", "select code, id from area where valid_to = 'infinity'"),
    Role.ZONE: _Reference("zone", "select distinct code, code as id from duty_zone"),
}


def store(
    connection: Connection,
    layer: MapLayer,
    clean: CleanRows,
    rows: Sequence[int],
    row_numbers: Sequence[int],
    options: ImportOptions,
    import_id: int,
) -> Stored:
    """Write the rows (by index) that are new or differ; a row with an error is told and left out."""
    table = cast(Table, layer.model.__table__)
    stored = Stored()
    wanted, numbers = _wanted(connection, layer, clean, rows, row_numbers, stored)
    keep = _key_columns(table)
    if layer.model is Assignment:
        stored.ended = _let_zone_file_give_way(connection, wanted)
    present = {_key(row, keep): row for row in _present(connection, table)}
    _keep_extra(wanted, present)
    created, updated = [], []
    for key, row in wanted.items():
        old = present.get(key)
        if old is None:
            created.append({**row, "import_id": import_id})
        elif any(old[name] != value for name, value in row.items()):
            updated.append({**row, "id_": old["id"]})
        else:
            stored.unchanged += 1
    if "version" in table.c:
        keep_history(connection, layer, [row["id_"] for row in updated], import_id)
    _write(connection, table, created, updated)
    stored.created, stored.updated = len(created), len(updated)
    lacking = [present[key] for key in present if key not in wanted]
    changed = [*created, *updated]
    if options.replace and "valid_to" in table.c:
        stored.ended += _end(connection, table, lacking, options)
        changed += lacking
    elif not layer.is_event:
        _list_lacking(stored, lacking, keep)
    if changed:
        _follow(connection, layer, changed)
    if layer.model is WorkRule:
        known = {_key(row, keep): row["id"] for row in _present(connection, table)}
        stored.findings += overlap_findings(connection, {known[key]: number for key, number in numbers.items()})
    return stored


def _keep_extra(wanted: Mapping[Key, Row], present: Mapping[Key, Row]) -> None:
    """Let what is stored beside the fields of the layer stay where the file has no column for it."""
    for key in wanted.keys() & present.keys():
        if "extra" in wanted[key]:
            wanted[key]["extra"] = {**present[key]["extra"], **wanted[key]["extra"]}


def _follow(connection: Connection, layer: MapLayer, changed: Sequence[Row]) -> None:
    """Let what is kept follow rows that changed."""
    bump(connection, [layer.key])
    if layer.model is Assignment:
        assignments_changed(connection, {row["zone"] for row in changed})
    if layer.model is Campaign:
        campaigns_changed(connection, {row["code"] for row in changed})


def _key_columns(table: Table) -> list[str]:
    constraints = [item for item in table.constraints if isinstance(item, UniqueConstraint)]
    widest = max(constraints, key=lambda item: (len(item.columns), "uuid" not in item.columns))
    return [column.name for column in widest.columns]


def _key(row: Mapping[str, Any], columns: Iterable[str]) -> Key:
    return tuple(row[name] for name in columns)


def _present(connection: Connection, table: Table) -> list[Row]:
    return [dict(row._mapping) for row in connection.execute(select(table).order_by(table.c.id))]


def _wanted(
    connection: Connection,
    layer: MapLayer,
    clean: CleanRows,
    rows: Sequence[int],
    row_numbers: Sequence[int],
    stored: Stored,
) -> tuple[dict[Key, Row], dict[Key, int]]:
    """Return the rows of the file as columns of the table, and their numbers, by their keys."""
    known: dict[Role, dict[str, Any]] = {
        attribute.role: {row[0]: row[1] for row in connection.execute(text(REFERENCES[attribute.role].query))}
        for attribute in layer
        if attribute.role is not None and attribute.role in REFERENCES
    }
    keep = _key_columns(cast(Table, layer.model.__table__))
    wanted: dict[Key, Row] = {}
    first: dict[Key, int] = {}
    for index in rows:
        number = int(row_numbers[index])
        row = _columns(layer, clean, index, number, known, stored)
        if row is None:
            continue
        key = _key(row, keep)
        if key in first:
            values = {"first": first[key]}
            stored.findings.append(
                Finding(Code.DUPLICATE_KEY, N_("The row says the same as row %(first)s."), number, values=values)
            )
            continue
        first[key] = number
        wanted[key] = row
    return wanted, first


def _columns(
    layer: MapLayer, clean: CleanRows, index: int, number: int, known: Mapping[Any, Mapping[str, Any]], stored: Stored
) -> Row | None:
    row: Row = {}
    for attribute in layer:
        value = clean.values[attribute.name][index]
        if attribute.role in REFERENCES:
            if value is None and not attribute.required:
                row[REFERENCES[attribute.role].column] = None
                continue
            if value not in known[attribute.role]:
                stored.findings.append(_unknown(attribute, value, number))
                return None
            row[REFERENCES[attribute.role].column] = known[attribute.role][value]
        elif attribute.column is not None:
            missing = value is None and attribute.role not in SPECIAL
            row[attribute.column.key] = default_of(column_of(attribute)) if missing else value
    if "extra" in layer.model.__table__.c:
        row["extra"] = clean.extra[index]
    return row


def _unknown(attribute: Attribute, value: Any, number: int) -> Finding:
    return Finding(
        Code.UNKNOWN_CODE,
        N_("There is no “%(kind)s” with the code “%(value)s”."),
        row=number,
        field=attribute.name,
        value=None if value is None else str(value),
        hint=N_("Import what it names first."),
        values={"value": value},
        words={"kind": attribute.title},
    )


def _write(connection: Connection, table: Table, created: Sequence[Row], updated: Sequence[Row]) -> None:
    if created:
        connection.execute(insert(table), created)
    if updated:
        names = [name for name in updated[0] if name != "id_"]
        values: dict[str, Any] = {name: bindparam(name) for name in names}
        if "version" in table.c:
            values["version"] = table.c.version + 1
        connection.execute(update(table).where(table.c.id == bindparam("id_")).values(values), updated)


def _list_lacking(stored: Stored, lacking: Sequence[Row], keep: Sequence[str]) -> None:
    stored.lacking_count = len(lacking)
    stored.lacking = [
        " ".join(str(row[name]) for name in keep if row[name] is not None) for row in lacking[:LACKING_SHOWN]
    ]


def _end(connection: Connection, table: Table, lacking: Sequence[Row], options: ImportOptions) -> int:
    """Let rows that the file lacks end on the day of the change; what had not begun is taken back."""
    ids = [row["id"] for row in lacking]
    day = options.changes_on
    gone = connection.execute(delete(table).where(table.c.id.in_(ids), table.c.valid_from >= day)).rowcount
    ended = connection.execute(
        update(table).where(table.c.id.in_(ids), table.c.valid_to > day).values(valid_to=day)
    ).rowcount
    return gone + ended


def _let_zone_file_give_way(connection: Connection, wanted: Mapping[Key, Row]) -> int:
    """Drop the holders that a zone file named where this file says who holds these zones; return how many."""
    zones = sorted({row["zone"] for row in wanted.values()})
    keys = {(row["person_id"], row["zone"], row["shift"], row["valid_from"]) for row in wanted.values()}
    named = connection.execute(
        select(Assignment.id, Assignment.person_id, Assignment.zone, Assignment.shift, Assignment.valid_from).where(
            Assignment.zone.in_(zones),
            Assignment.import_id.in_(text("select id from import_run where layer = 'duty-zones'")),
        )
    ).all()
    gone = [row.id for row in named if tuple(row)[1:] not in keys]
    connection.execute(delete(Assignment).where(Assignment.id.in_(gone)))
    assignments_changed(connection, {row.zone for row in named})
    return len(gone)
