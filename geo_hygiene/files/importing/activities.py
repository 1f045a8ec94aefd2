"""Activities: when they were held, whom they reached, and that all of it was there on that day."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time
from itertools import chain
from typing import Any
from zoneinfo import ZoneInfo

import shapely
from psycopg2.extras import Json
from sqlalchemy import Connection, text

from geo_hygiene.coverage.duties import office_timezone
from geo_hygiene.coverage.versions import bump
from geo_hygiene.database import write_rows
from geo_hygiene.files.findings import Code, Finding
from geo_hygiene.files.importing.batch import Batch
from geo_hygiene.files.importing.instants import WrongRowError, check_instant, instant_of
from geo_hygiene.files.importing.report import Stored
from geo_hygiene.files.importing.standing import AREAS, FACILITIES, LANES, Standing
from geo_hygiene.files.importing.work_rows import (
    WorkRow,
    WorkStore,
    is_placed,
    is_said,
    read_rows,
    store_changed,
    with_stored,
)
from geo_hygiene.i18n import N_

DETAILS = (
    *("external_id", "kind", "theme", "title", "areas", "venue", "person_times", "people", "quantity", "cost"),
    *("participants", "lanes", "target_id", "note"),
)
"""The columns that are written as a row tells them."""

PRESENT = f"""
select source_key, id, uuid, held_at, ST_AsBinary(geom) as place, extra, {", ".join(DETAILS)} from activity
"""  # noqa: S608 - constants

INSERT = f"""
insert into activity (uuid, source_key, held_at, held_on, geom, extra, import_id, {", ".join(DETAILS)})
select
    coalesce(given.uuid::uuid, gen_random_uuid()), given.source_key, given.held_at::timestamptz, given.held_on::date,
    ST_GeomFromWKB(given.place::bytea, 4326), given.extra::jsonb, given.import_id::int,
    given.external_id, given.kind, given.theme, given.title, given.areas::text[], given.venue,
    given.person_times::int, given.people::int, given.quantity::int, given.cost::numeric,
    given.participants::text[], given.lanes::text[], given.target_id::int, given.note
from (values %s) as given (uuid, source_key, held_at, held_on, place, extra, import_id, {", ".join(DETAILS)})
"""  # noqa: S608 - constants

FIELD_OF = {"target_id": "facility"}
"""The fields of columns that are called otherwise."""


@dataclass(slots=True)
class _Row(WorkRow):
    """An activity as the file says it."""

    target_id: int | None = None


class _Known:
    """What rows refer to."""

    def __init__(self, connection: Connection, batch: Batch) -> None:
        def named(field: str) -> Iterable[str]:
            return chain.from_iterable(batch.values(field)[row] or () for row in batch.rows)

        self.areas = Standing(connection, AREAS, named("areas"))
        self.lanes = Standing(connection, LANES, named("lanes"))
        self.facilities = Standing(connection, FACILITIES, (batch.values("facility")[row] for row in batch.rows))
        self.zone: ZoneInfo = office_timezone(connection)
        self.now = datetime.now(UTC)


def store(connection: Connection, batch: Batch) -> Stored:
    """Write the activities that are new or differ; a row with an error is told and left out."""
    stored = Stored()
    known = _Known(connection, batch)
    rows = read_rows(batch, stored, lambda index: _read(batch, index, known))
    store_changed(
        connection,
        batch,
        rows,
        stored,
        WorkStore(
            stored=PRESENT, refuse=lambda _olds, _rows: (), remove=_remove, says_so=_says_what_is_stored, write=_write
        ),
    )
    if stored.changed:
        bump(connection, [batch.layer.key])
    return stored


def _read(batch: Batch, index: int, known: _Known) -> _Row:
    values, number = batch.clean.row(index), int(batch.numbers[index])
    held_at = instant_of(values["held_at"], values["time"] or time(), known.zone, number)
    check_instant(held_at, known.now, number, "held_at")
    day = held_at.astimezone(known.zone).date()
    row = _Row(index, number, values, held_at, day, batch.geometries[index])
    if values["kind"] == "exposure" and values["quantity"] is None:
        words = N_("How many of ours were exposed? Write 0 for none: an empty field would say that nobody knows.")
        raise WrongRowError(Finding(Code.VALUE_MISSING, words, number, "quantity"))
    for code in values["areas"] or ():
        known.areas.on(code, day, number, "areas")
    lanes = [known.lanes.on(lane, day, number, "lanes").code for lane in values["lanes"] or ()]
    values["lanes"] = list(dict.fromkeys(lanes)) or None
    if values["facility"] is not None:
        kinds = ("noticeboard",) if values["kind"] == "noticeboard" else ()
        row.target_id = known.facilities.on(str(values["facility"]), day, number, "facility", kinds).id
    return row


def _remove(connection: Connection, ids: Iterable[int]) -> None:
    connection.execute(text("delete from activity where id = any(:ids)"), {"ids": list(ids)})


def _write(connection: Connection, batch: Batch, rows: Sequence[tuple[str, _Row]], olds: Mapping[str, Any]) -> None:
    write_rows(
        connection,
        INSERT,
        [
            (
                str(olds[key].uuid if key in olds else row.values["id"] or "") or None,
                key,
                row.done_at,
                row.day,
                None if row.shape is None else shapely.to_wkb(row.shape),
                Json(with_stored(batch.clean.extra[row.index], olds.get(key))),
                batch.import_id,
                *_details(batch, row, olds.get(key)).values(),
            )
            for key, row in rows
        ],
    )


def _says_what_is_stored(batch: Batch, row: _Row, old: Any) -> bool:
    said = {"held_at": row.done_at, "extra": with_stored(batch.clean.extra[row.index], old)}
    return is_placed(row.shape, old.place) and is_said(said | _details(batch, row, old), old)


def _details(batch: Batch, row: _Row, old: Any) -> dict[str, Any]:
    """Return what a row says of its activity; where the file has no such column, what is stored of it stays."""
    said = row.values | {"target_id": row.target_id}
    return {
        name: said[name] if old is None or FIELD_OF.get(name, name) in batch.given else getattr(old, name)
        for name in DETAILS
    }
