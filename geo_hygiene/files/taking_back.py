"""Take an import back: what it brought is removed, as if it had never been stored.

That is done on the day of the import, while no past day used its records; afterwards they change by ending, as
everything does. Records that it changed or ended are as they were before, as a new version. How much of that can be had
of the imports of a layer is declared with the layer (:class:`~geo_hygiene.layerspec.Undo`); any other import stays.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

from sqlalchemy import Connection, Table, func, literal, select, text
from sqlalchemy.exc import IntegrityError

from geo_hygiene.accounts import audit
from geo_hygiene.cases.places import place_cases, place_cases_of_targets
from geo_hygiene.coverage.duties import office_timezone, today
from geo_hygiene.coverage.locks import lock_everything
from geo_hygiene.coverage.targets import areas_changed, targets_changed
from geo_hygiene.coverage.versions import bump
from geo_hygiene.database import Base
from geo_hygiene.errors import GeoHygieneError
from geo_hygiene.files.audit import number_of
from geo_hygiene.files.importing.groups import settle_groups
from geo_hygiene.files.importing.history import keep_history, own_table, stored_content, stored_source
from geo_hygiene.files.importing.run import IMPORT_LOCK
from geo_hygiene.files.removal import Removal
from geo_hygiene.i18n import _, ngettext
from geo_hygiene.layers import LAYERS
from geo_hygiene.layerspec import Undo
from geo_hygiene.records.imports import HAND, SAMPLE, ImportRun

NAMED = 8
"""Records that a refusal names one by one."""

CHANGED = """
select layer, array_agg(distinct record) as records from record_history where import_id = :number group by layer
"""

THERE = """
select count(*)
from (
    select distinct on (record) record, content from record_history
    where import_id = :number and layer = :layer
    order by record, version
) as before
join {table} on {table}.uuid = before.record and {table}.id = cast(before.content ->> 'id' as int)
"""
"""Records that were changed and are still there; one that was replaced on its first day has another id."""

TOUCHED = """
select distinct layer from record_history where import_id = :number or content ->> 'import_id' = cast(:number as text)
"""

CHANGED_LATER = """
with left_so as (
    select distinct on (later.record) later.record, later.content
    from record_history as later
    where later.layer = :layer and later.import_id is distinct from :number
        and (
            later.content ->> 'import_id' = cast(:number as text)
            or exists (
                select from record_history as own
                where own.import_id = :number and own.record = later.record and own.version < later.version
            )
        )
    order by later.record, later.version
)
select coalesce(left_so.content ->> 'code', left_so.content ->> 'name', cast(left_so.record as text)) as name
from left_so
left join (select {table}.uuid as record, {content} as content from {source}) as now using (record)
where (now.content - cast(:bookkeeping as text[])) is distinct from (left_so.content - cast(:bookkeeping as text[]))
order by name
"""
"""Records that the import made or changed, and that say something else now than when it ended."""

PUT_BACK = """
update {table} set {assignments}
from (
    select distinct on (record) record, (jsonb_populate_record(cast(null as {table}), content)).*
    from record_history
    where import_id = :number and layer = :layer
    order by record, version
) as before
where {match}
"""

PUT_BACK_TARGETS = """
select distinct target.id from target join record_history as kept on kept.record = target.uuid
where kept.import_id = :number and target.import_id is distinct from :number
"""

NOTE = """
update import_run
set taken_back_at = now(), report = report || jsonb_build_object('taken_back', cast(:came as jsonb))
where id = :number
"""

OWN = frozenset({"id", "uuid", "version", "recorded_at", "geom_3857"})
"""Columns that tell of the record itself and not of what it says."""

VERSIONS = ("version", "recorded_at")
"""Columns that differ after a change that was taken back."""


class TakenBack(NamedTuple):
    """What came of it: how many records went, and how many that were changed are as they were before."""

    removed: int
    put_back: int


def outcome(removed: int, put_back: int) -> str:
    """Return in sentences what came of taking an import back."""
    said = [ngettext("%(count)s record went.", "%(count)s records went.", removed)]
    if put_back:
        said.append(
            ngettext(
                "%(count)s record that it had changed is as before.",
                "%(count)s records that it had changed are as before.",
                put_back,
            )
        )
    return " ".join(said)


class NotTakenBackError(GeoHygieneError):
    """The import stays as it is; the message says why."""


def take_back(connection: Connection, words: str, *, actor: str) -> TakenBack:
    """Remove what an import brought, in the caller's transaction; return what came of it.

    Parameters
    ----------
    words
        Number or id of the import.

    Raises
    ------
    UnknownRecordError
        When there is none.
    NotTakenBackError
        If a past day used its records, it changed others, or something rests on it.
    """
    number = number_of(connection, words)
    connection.execute(select(func.pg_advisory_xact_lock(IMPORT_LOCK)))
    lock_everything(connection)
    run = connection.execute(select(ImportRun).where(ImportRun.id == number)).one()
    brought = Removal(select(literal(number)))
    _refuse(connection, run, brought)
    put_back = _put_back(connection, number)
    by_hand = run.origin == HAND
    gone = _withdraw(connection, number) if by_hand else 0
    came = TakenBack(brought.remove(connection) + gone, put_back)
    grouping = LAYERS[run.layer].grouping
    if grouping is not None:
        groups = connection.scalars(select(Base.metadata.tables[grouping.model.__tablename__].c.id))
        settle_groups(connection, grouping, list(groups))
    if by_hand:
        place_cases_of_targets(connection)
    else:
        areas_changed(connection)
        place_cases(connection)
    bump(connection, LAYERS)
    connection.execute(text(NOTE), {"number": number, "came": json.dumps(came._asdict())})
    audit.record(
        connection,
        actor=actor,
        action="data import taken back",
        subject=f"import {number}",
        before={"layer": run.layer, "file": run.file, "records": came.removed, "put_back": came.put_back},
    )
    return came


def _withdraw(connection: Connection, number: int) -> int:
    """Remove the few targets that an act by hand brought, and bring in line those that it changed; return how many."""
    values = {"number": number}
    gone = list(connection.scalars(text("select id from target where import_id = :number"), values))
    targets_changed(connection, changed=connection.scalars(text(PUT_BACK_TARGETS), values), removed=gone)
    return len(gone)


def _refuse(connection: Connection, run: Any, brought: Removal) -> None:
    """Refuse what can not be undone without a loss."""
    if run.taken_back_at is not None:
        raise NotTakenBackError(_("Import %(number)s was taken back already.", number=run.id))
    if run.origin == SAMPLE:
        raise NotTakenBackError(_("The sample town goes as a whole: geo-hygiene sample clear"))
    day = run.recorded_at.astimezone(office_timezone(connection)).date()
    if day != today(connection):
        raise NotTakenBackError(
            _(
                "Import %(number)s is of %(day)s. Days that have passed used what it brought: end or correct its "
                "records with another file.",
                number=run.id,
                day=day.isoformat(),
            )
        )
    _refuse_if_it_changed_others(connection, run)
    found = [*_changed_later(connection, run.id), *brought.resting(connection)]
    if found:
        names = ", ".join(dict.fromkeys(map(str, found[:NAMED]))) + (" …" if len(found) > NAMED else "")
        raise NotTakenBackError(
            ngettext(
                "The import stays, because %(count)s record rests on it or was changed later: %(names)s",
                "The import stays, because %(count)s records rest on it or were changed later: %(names)s",
                len(found),
                names=names,
            )
        )


def _refuse_if_it_changed_others(connection: Connection, run: Any) -> None:
    """Refuse an import that changed what can not be put back as it was."""
    layer = LAYERS[run.layer]
    if layer.undo is Undo.NOTHING:
        raise NotTakenBackError(
            _(
                "Imports of “%(layer)s” change zones that are there, and are not taken back: import the earlier file "
                "again.",
                layer=_(layer.title),
            )
        )
    records = run.report.get("records") or {}
    told = int(records.get("updated", 0)) + int(records.get("ended", 0))
    kept = {row.layer: len(row.records) for row in connection.execute(text(CHANGED), {"number": run.id})}
    there = {key: _there(connection, key, run.id) for key in kept} if layer.undo is Undo.ALL else {}
    if there != kept or there.get(run.layer, 0) < told:
        raise NotTakenBackError(
            ngettext(
                "The import stays, because it changed or ended %(count)s record that can not be put back as it was: "
                "put it right with another file.",
                "The import stays, because it changed or ended %(count)s records that can not all be put back as they "
                "were: put them right with another file.",
                max(told, sum(kept.values())),
            )
        )


def _there(connection: Connection, key: str, number: int) -> int:
    """Return how many of the records of a layer that an import changed are still there."""
    statement = THERE.format(table=own_table(LAYERS[key]).name)
    there: int = connection.execute(text(statement), {"number": number, "layer": key}).scalar_one()
    return there


def _changed_later(connection: Connection, number: int) -> Iterator[str]:
    """Yield the names of records that something else changed after the import; what was taken back changed nothing."""
    for key in connection.scalars(text(TOUCHED), {"number": number}).all():
        layer = LAYERS[key]
        words = {"table": own_table(layer).name, "content": stored_content(layer), "source": stored_source(layer)}
        values = {"number": number, "layer": key, "bookkeeping": list(VERSIONS)}
        yield from connection.scalars(text(CHANGED_LATER.format(**words)), values)


def _put_back(connection: Connection, number: int) -> int:
    """Let the records that an import changed say again what they said before; return how many."""
    try:
        with connection.begin_nested():
            changed = connection.execute(text(CHANGED), {"number": number}).all()
            for row in changed:
                _put_back_records(connection, number, row.layer, row.records)
    except IntegrityError as error:
        raise NotTakenBackError(
            _("The import stays, because records that it changed named others before, and these are gone.")
        ) from error
    return sum(len(row.records) for row in changed)


def _put_back_records(connection: Connection, number: int, key: str, records: list[Any]) -> None:
    layer = LAYERS[key]
    shared = own_table(layer)
    ids = list(connection.scalars(select(shared.c.id).where(shared.c.uuid.in_(records))))
    keep_history(connection, layer, ids, None)
    values = {"number": number, "layer": key}
    connection.execute(text(_statement(shared, f"{shared.name}.uuid = before.record", raises=True)), values)
    if layer.is_target:  # what no child could take over when they ended is theirs again
        connection.execute(text("delete from unprojected_stretch where target_id = any(:ids)"), {"ids": ids})
    own = Base.metadata.tables[layer.model.__tablename__]
    if own is not shared:
        connection.execute(text(_statement(own, f"{own.name}.id = before.id", raises=False)), values)


def _statement(table: Table, match: str, *, raises: bool) -> str:
    names = [column.name for column in table.c if column.name not in OWN]
    assignments = [f"{name} = before.{name}" for name in names]
    if raises:
        assignments.append(f"version = {table.name}.version + 1")
        assignments += ["recorded_at = now()"] if "recorded_at" in table.c else []
    return PUT_BACK.format(table=table.name, assignments=", ".join(assignments), match=match)
