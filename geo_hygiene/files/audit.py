"""What each import changed: which records it made, which it changed and how, and which it ended."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, text

from geo_hygiene.errors import UnknownRecordError
from geo_hygiene.files.importing.history import own_table, stored_content, stored_source
from geo_hygiene.i18n import gettext as _
from geo_hygiene.layers import LAYERS
from geo_hygiene.layers.tables import ASSIGNMENTS
from geo_hygiene.layerspec import MapLayer
from geo_hygiene.records.claims import Claim

BOOKKEEPING = frozenset({"id", "uuid", "version", "recorded_at", "import_id", "source_key", "extent_mm", "geom_3857"})
"""Columns that are no news to anybody."""

SHAPE = "geom"
ENDLESS = "infinity"

RUNS = """
select id, uuid, layer, file, origin, recorded_at, taken_back_at, report
from import_run
where cast(:number as int) is null and origin <> 'hand' or id = :number
order by id desc
limit :limit
"""

FIND = "select id from import_run where cast(id as text) = :words or cast(uuid as text) = :words"

TOUCHED = "select distinct layer from record_history where import_id = :id"

BEFORE = """
select record, content
from (
    select distinct on (record) record, content
    from record_history
    where import_id = :id and layer = :layer
    order by record, version
) as first
where content ->> 'import_id' is distinct from cast(:id as text)
order by record
limit :most
"""
"""What an import changed of records that it had not brought itself."""

AFTER = """
select distinct on (later.record) later.record, later.content
from record_history as first
join record_history as later
    on later.layer = first.layer and later.record = first.record and later.version > first.version
    and later.import_id is distinct from first.import_id
where first.import_id = :id and first.layer = :layer and first.record = any(cast(:uuids as uuid[]))
order by later.record, later.version
"""

NOW = (
    "select {table}.uuid as record, {content} as content from {source} where {table}.uuid = any(cast(:uuids as uuid[]))"
)

CREATED = """
select {table}.uuid as record, {content} as content
from {source}
where {table}.id in (select id from {table} where import_id = :id {kind} order by id limit :most)
"""

FIRST = """
select distinct on (record) record, content
from record_history
where layer = :layer and record = any(cast(:uuids as uuid[]))
order by record, version
"""
"""What records that changed later were at first."""

ZONES = """
select
    claim.uuid as record, duty_zone.code, duty_zone.name, claim.valid_from,
    before.uuid as was, before.name as old_name, coalesce(sums.mm, 0) as mm, coalesce(old_sums.mm, 0) as old_mm,
    coalesce(holders.names, '') as holders, coalesce(old_holders.names, '') as old_holders
from claim
join duty_zone using (id)
left join lateral (
    select older.id, older.uuid, older.source_id, older.valid_from, older.import_id, same.name
    from claim as older join duty_zone as same using (id)
    where same.code = duty_zone.code and older.duty_id = claim.duty_id and older.valid_to = claim.valid_from
    limit 1
) as before on true
left join lateral (
    select sum(to_mm - from_mm) as mm, array_agg((target_id, from_mm, to_mm) order by target_id, from_mm) as list
    from cover where source_id = claim.source_id
) as sums on true
left join lateral (
    select sum(to_mm - from_mm) as mm, array_agg((target_id, from_mm, to_mm) order by target_id, from_mm) as list
    from cover where source_id = before.source_id
) as old_sums on true
left join lateral (
    select string_agg(person.code, ';' order by person.code) as names
    from assignment join person on person.id = person_id
    where zone = duty_zone.code and assignment.valid_from <= claim.valid_from and claim.valid_from < assignment.valid_to
) as holders on true
left join lateral (
    select string_agg(person.code, ';' order by person.code) as names
    from assignment join person on person.id = person_id
    where before.id is not null and zone = duty_zone.code
        and assignment.valid_from < claim.valid_from and claim.valid_from <= assignment.valid_to
) as old_holders on true
where claim.import_id = :id and (
    before.id is null
    or before.import_id is distinct from claim.import_id and (
        before.name is distinct from duty_zone.name
        or sums.list is distinct from old_sums.list
        or :with_holders and holders.names is distinct from old_holders.names
    )
)
order by duty_zone.code, claim.valid_from
limit :most
"""
"""A zone that takes the place of another from its first day on is that zone, changed, if it says something else."""

HOLDERS = """
select assignment.zone, person.code as person, assignment.valid_from,
    (
        select string_agg(other.code, ';' order by other.code)
        from assignment as older join person as other on other.id = older.person_id
        where older.zone = assignment.zone and older.valid_to = assignment.valid_from
    ) as before
from assignment
join person on person.id = assignment.person_id
where assignment.import_id = :id
    and not exists (
        select from claim join duty_zone using (id)
        where claim.import_id = :id and duty_zone.code = assignment.zone and not exists (
            select from claim as older join duty_zone as same using (id)
            where same.code = duty_zone.code
                and older.import_id is distinct from claim.import_id and older.valid_from < claim.valid_from
        )
    )
order by 1, 2
limit :most
"""
"""Who holds zones since an import, those left out that it brought itself."""


@dataclass(frozen=True, slots=True)
class RecordChange:
    """What an import did to one record.

    Attributes
    ----------
    action
        ``created``, ``changed`` or ``ended``.
    fields
        Before and after of each field that differs; of a shape only that it differs.
    """

    action: str
    layer: str
    record: str | None
    code: str | None
    name: str | None
    fields: Mapping[str, tuple[Any, Any]] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """Return the public form."""
        fields = {name: {"before": before, "after": after} for name, (before, after) in self.fields.items()}
        return {
            "action": self.action,
            "layer": self.layer,
            "record": self.record,
            "code": self.code,
            "name": self.name,
            "fields": fields,
        }


def list_imports(connection: Connection, limit: int, number: int | None = None) -> list[dict[str, Any]]:
    """Return the files that were stored, the newest first."""
    runs = connection.execute(text(RUNS), {"limit": limit, "number": number})
    return [
        {
            "number": run.id,
            "id": str(run.uuid),
            "layer": run.layer,
            "file": run.file,
            "origin": run.origin,
            "recorded_at": run.recorded_at.isoformat(),
            "taken_back_at": None if run.taken_back_at is None else run.taken_back_at.isoformat(),
            "taken_back": run.report.get("taken_back"),
            "rows": run.report.get("rows"),
            "records": run.report.get("records"),
            "encoding": run.report.get("encoding"),
            "crs": run.report.get("crs"),
        }
        for run in runs
    ]


def why_no_changes(run: Mapping[str, Any]) -> str:
    """Return why no change of an import is told."""
    if run["taken_back_at"] is not None:
        return _("Nothing of this import is left.")
    if any((run["records"] or {}).get(name) for name in ("created", "updated", "ended")):
        return _("No list is kept of what this import changed.")
    return _("This import changed nothing.")


def number_of(connection: Connection, words: str) -> int:
    """Return the number of an import from its number or id.

    Raises
    ------
    UnknownRecordError
        When there is none.
    """
    number: int | None = connection.scalar(text(FIND), {"words": words})
    if number is None:
        raise UnknownRecordError(_("There is no import “%(words)s”.", words=words))
    return number


def changes_of(
    connection: Connection, number: int, *, layers: Collection[str] | None = None, most: int | None = None
) -> Iterator[RecordChange]:
    """Yield what an import did, layer by layer: changed and ended records before those that it made.

    Parameters
    ----------
    layers
        Keys of those whose records are told; ``None`` for all.
    most
        So many of each sort and layer at least, for a caller who takes no more than that of all.
    """
    told = [layer for layer in LAYERS.values() if layers is None or layer.key in layers]
    touched = set(connection.scalars(text(TOUCHED), {"id": number}))
    for layer in told:
        if layer.model.__table__ is not None and _keeps_versions(layer):
            known = _known(connection, layer, number, most) if layer.key in touched else {}
            if known:
                yield from _changed(connection, layer, number, known)
            yield from _created(connection, layer, number, known, most)
    if any(issubclass(layer.model, Claim) for layer in told):
        yield from _zones(connection, number, most, with_holders=ASSIGNMENTS in told)


def _keeps_versions(layer: MapLayer) -> bool:
    columns = own_table(layer).c
    return {"uuid", "import_id"} <= set(columns.keys()) and not issubclass(layer.model, Claim)


def _known(connection: Connection, layer: MapLayer, number: int, most: int | None) -> dict[str, Any]:
    """Return what records said before an import changed them."""
    rows = connection.execute(text(BEFORE), {"id": number, "layer": layer.key, "most": most})
    return {str(row.record): row.content for row in rows}


def _changed(connection: Connection, layer: MapLayer, number: int, known: Mapping[str, Any]) -> Iterator[RecordChange]:
    values = {"id": number, "layer": layer.key, "uuids": list(known)}
    later = {str(row.record): row.content for row in connection.execute(text(AFTER), values)}
    statement = NOW.format(table=own_table(layer).name, content=stored_content(layer), source=stored_source(layer))
    missing = [record for record in known if record not in later]
    now = {str(row.record): row.content for row in connection.execute(text(statement), {"uuids": missing})}
    for record, was in sorted(known.items(), key=lambda item: str(item[1].get("code") or item[0])):
        became = later.get(record) or now.get(record) or {}
        fields = _differing(was, became)
        if not fields:
            continue
        is_ended = was.get("valid_to") == ENDLESS and became.get("valid_to", ENDLESS) != ENDLESS
        yield _of(layer, "ended" if is_ended else "changed", record, became or was, fields)


def _created(
    connection: Connection, layer: MapLayer, number: int, known: Mapping[str, Any], most: int | None
) -> Iterator[RecordChange]:
    kind = "and kind = :kind" if layer.is_target else ""
    statement = CREATED.format(
        table=own_table(layer).name, content=stored_content(layer), source=stored_source(layer), kind=kind
    )
    rows = connection.execute(text(statement), {"id": number, "kind": layer.key, "most": most}).all()
    made = {str(row.record): row.content for row in rows if str(row.record) not in known}
    values = {"layer": layer.key, "uuids": list(made)}
    made |= {str(row.record): row.content for row in connection.execute(text(FIRST), values)}
    for record, content in sorted(made.items(), key=lambda item: (str(item[1].get("code") or ""), item[0])):
        yield _of(layer, "created", record, content, {})


def _of(
    layer: MapLayer, action: str, record: str, content: Mapping[str, Any], fields: Mapping[str, tuple[Any, Any]]
) -> RecordChange:
    return RecordChange(action, layer.key, record, content.get("code"), content.get("name"), fields)


def _differing(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    names = [name for name in before if name not in BOOKKEEPING and before[name] != after.get(name)]
    return {name: (None, None) if name == SHAPE else (before[name], after.get(name)) for name in names}


def _zones(connection: Connection, number: int, most: int | None, *, with_holders: bool) -> Iterator[RecordChange]:
    told = set()
    asked = {"id": number, "most": most}
    for row in connection.execute(text(ZONES), asked | {"with_holders": with_holders}):
        told.add((row.code, row.valid_from))
        names = {"name": (row.old_name, row.name)} if row.old_name != row.name else {}
        metres = {"metres": (row.old_mm / 1000, row.mm / 1000)} if row.old_mm != row.mm else {}
        is_other = with_holders and row.old_holders != row.holders
        holders = {"holders": (row.old_holders, row.holders)} if is_other else {}
        action, fields = ("created", {}) if row.was is None else ("changed", {**names, **metres, **holders})
        yield RecordChange(action, "duty-zones", str(row.record), row.code, row.name, fields)
    if not with_holders:
        return
    for row in connection.execute(text(HOLDERS), asked):
        if (row.zone, row.valid_from) not in told:
            fields = {"holders": (row.before, row.person)}
            yield RecordChange("changed", "duty-zones", None, row.zone, None, fields)
