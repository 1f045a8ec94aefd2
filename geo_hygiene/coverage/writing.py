"""Claims are written here, with their cover and the kept answers, in the caller's transaction."""

from __future__ import annotations

import uuid as uuid_module
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, text

from geo_hygiene.copying import copy_rows
from geo_hygiene.coverage import rebuild
from geo_hygiene.coverage.answers import refresh
from geo_hygiene.coverage.inheriting import hand_down
from geo_hygiene.coverage.locks import lock_duties, lock_work
from geo_hygiene.coverage.versions import bump
from geo_hygiene.database import write_rows

TINTS = 8
"""Colours that tell neighbouring zones apart."""

NEIGHBOUR_REACH_M = 8
"""Zones this near (Web Mercator metres) are neighbours."""

NEIGHBOURS = """
with near as materialized (
    select zone.id, other.id as neighbour, other.tint
    from duty_zone as zone
    cross join lateral (
        select id, tint from duty_zone where ST_DWithin(geom_3857, zone.geom_3857, :reach) offset 0
    ) as other
    where zone.id = any(:ids) and other.id <> zone.id
)
select near.id, near.neighbour, near.tint
from near
join claim on claim.id = near.id
join claim as other_claim on other_claim.id = near.neighbour
    and other_claim.duty_id = claim.duty_id
    and other_claim.valid_from < claim.valid_to and claim.valid_from < other_claim.valid_to
"""
"""By place first: every two zones of a duty meet in time."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Part of a target, in whole millimetres from its start; a point target is [0, 1)."""

    target_id: int
    from_mm: int
    to_mm: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NewZone:
    """A duty zone to be written; ``picture`` is the WKB of a MultiPolygon in EPSG:4326."""

    code: str
    duty_id: int
    stretches: Sequence[Stretch]
    uuid: uuid_module.UUID | None = None
    name: str | None = None
    shift: str = "all-day"
    valid_from: date | None = None
    valid_to: date | None = None
    picture: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewWork:
    """Work to be written: a shape (WKB of a MultiPolygon in EPSG:4326), else stretches.

    ``day`` is that of ``done_at`` in the office's time zone; ``result`` is ``done`` or why nothing could be done.
    """

    kind: str
    day: date
    done_at: datetime
    result: str
    shape: bytes | None = None
    stretches: Sequence[Stretch] = ()
    uuid: uuid_module.UUID | None = None


def add_zones(
    connection: Connection, zones: Sequence[NewZone], *, import_id: int | None = None, follow: bool = False
) -> list[int]:
    """Write zones with their lists and cover; return the claims' ids in the order of the zones.

    With ``follow`` the lists name the targets of one day, and go on to what begins later in the place of these.
    """
    if not zones:
        return []
    duty_ids = {zone.duty_id for zone in zones}
    lock_duties(connection, duty_ids)
    source_ids, claim_ids = _new_lists(connection, len(zones)), _new_ids(connection, "claim", len(zones))
    _insert_zones(connection, list(zip(claim_ids, source_ids, zones, strict=True)), import_id)
    _write_stretches(
        connection,
        [(source_id, stretch) for source_id, zone in zip(source_ids, zones, strict=True) for stretch in zone.stretches],
    )
    listed = {stretch.target_id for zone in zones for stretch in zone.stretches}
    if follow:
        hand_down(connection, source_ids, listed)
    rebuild.write_cover(connection, source_ids)
    refresh(connection, duty_ids, _covered_targets(connection, claim_ids) if follow else listed)
    _tint(connection, claim_ids)
    bump(connection, ["duty-zones"])
    return claim_ids


def add_list(connection: Connection, stretches: Sequence[Stretch]) -> int:
    """Write a list that is no zone's yet, with its cover, and on what begins later in the place of its targets."""
    (source_id,) = _new_lists(connection, 1)
    _write_stretches(connection, [(source_id, item) for item in stretches])
    hand_down(connection, [source_id], {item.target_id for item in stretches})
    rebuild.write_cover(connection, [source_id])
    return source_id


def _tint(connection: Connection, claim_ids: Sequence[int]) -> None:
    """Give new zones the first colour that no zone of their duty beside them in their time has."""
    beside: dict[int, set[int]] = {claim_id: set() for claim_id in claim_ids}
    tints: dict[int, int] = {}
    for row in connection.execute(text(NEIGHBOURS), {"ids": list(claim_ids), "reach": NEIGHBOUR_REACH_M}):
        beside[row.id].add(row.neighbour)
        if row.neighbour not in beside:
            tints[row.neighbour] = row.tint
    for claim_id in claim_ids:
        taken = {tints.get(neighbour) for neighbour in beside[claim_id]}
        tints[claim_id] = next((tint for tint in range(TINTS) if tint not in taken), claim_id % TINTS)
    write_rows(
        connection,
        "update duty_zone set tint = given.tint from (values %s) as given (id, tint) where duty_zone.id = given.id",
        [(claim_id, tints[claim_id]) for claim_id in claim_ids],
    )


def _insert_zones(connection: Connection, zones: Sequence[tuple[int, int, NewZone]], import_id: int | None) -> None:
    """Write claims with the ids of their own and of their sources."""
    write_rows(
        connection,
        "insert into claim (id, uuid, kind, source_id, duty_id, shift, valid_from, valid_to, import_id)"
        " select given.id, coalesce(given.uuid::uuid, gen_random_uuid()), 'duty-zones', given.source_id, given.duty_id,"
        " given.shift, coalesce(given.valid_from::date, '-infinity'), coalesce(given.valid_to::date, 'infinity'),"
        " given.import_id::int"
        " from (values %s) as given (id, uuid, source_id, duty_id, shift, valid_from, valid_to, import_id)",
        [
            (
                claim_id,
                None if zone.uuid is None else str(zone.uuid),
                source_id,
                zone.duty_id,
                zone.shift,
                zone.valid_from,
                zone.valid_to,
                import_id,
            )
            for claim_id, source_id, zone in zones
        ],
    )
    write_rows(
        connection,
        "insert into duty_zone (id, code, name, geom)"
        " select given.id, given.code, given.name, ST_Multi(ST_GeomFromWKB(given.picture::bytea, 4326))"
        " from (values %s) as given (id, code, name, picture)",
        [(claim_id, zone.code, zone.name, zone.picture) for claim_id, _source_id, zone in zones],
    )


def _new_ids(connection: Connection, table: str, count: int) -> list[int]:
    return list(
        connection.scalars(
            text("select nextval(pg_get_serial_sequence(:table, 'id')) from generate_series(1, :count)"),
            {"table": table, "count": count},
        )
    )


def _new_lists(connection: Connection, count: int) -> list[int]:
    """Return the ids of new sources whose stretches are yet to be written."""
    source_ids = _new_ids(connection, "claim_source", count)
    write_rows(
        connection, "insert into claim_source (id, basis) values %s", [(source_id, "list") for source_id in source_ids]
    )
    return source_ids


def _write_stretches(connection: Connection, rows: Iterable[tuple[int, Stretch]]) -> None:
    written = [(source_id, stretch.target_id, stretch.from_mm, stretch.to_mm) for source_id, stretch in rows]
    if written:
        columns = zip(*written, strict=True)
        names = ("source_id", "target_id", "from_mm", "to_mm")
        copy_rows(connection, "claim_stretch", dict(zip(names, columns, strict=True)))


def add_work(connection: Connection, works: Sequence[NewWork], *, import_id: int | None = None) -> list[int]:
    """Write work with its cover; return the claims' ids in the order of the works.

    Work on a target that ended since, is work on what began in its place too.
    """
    if not works:
        return []
    lock_work(connection)
    source_ids, claim_ids = (_new_ids(connection, table, len(works)) for table in ("claim_source", "claim"))
    write_rows(
        connection,
        "insert into claim_source (id, basis, geom)"
        " select given.id, given.basis, ST_Multi(ST_GeomFromWKB(given.shape::bytea, 4326))"
        " from (values %s) as given (id, basis, shape)",
        [
            (source_id, "list" if work.shape is None else "shape", work.shape)
            for source_id, work in zip(source_ids, works, strict=True)
        ],
    )
    write_rows(
        connection,
        "insert into claim (id, uuid, kind, source_id, valid_from, valid_to, done_at, result, import_id)"
        " select given.id, coalesce(given.uuid::uuid, gen_random_uuid()), given.kind,"
        " given.source_id, given.day::date, given.day::date + 1, given.done_at::timestamptz, given.result,"
        " given.import_id::int from (values %s) as given (id, uuid, kind, source_id, day, done_at, result, import_id)",
        [
            (
                claim_id,
                None if work.uuid is None else str(work.uuid),
                work.kind,
                source_id,
                work.day,
                work.done_at,
                work.result,
                import_id,
            )
            for claim_id, source_id, work in zip(claim_ids, source_ids, works, strict=True)
        ],
    )
    _write_stretches(
        connection,
        [(source_id, item) for source_id, work in zip(source_ids, works, strict=True) for item in work.stretches],
    )
    hand_down(connection, source_ids, {item.target_id for work in works for item in work.stretches})
    rebuild.write_cover(connection, source_ids)
    bump(connection, {work.kind for work in works})
    return claim_ids


def remove_work(connection: Connection, claim_ids: Iterable[int]) -> None:
    """Delete work that is replaced by a correction, with its cover."""
    lock_work(connection)
    rows = connection.execute(
        text("delete from claim where id = any(:ids) and duty_id is null returning source_id, kind"),
        {"ids": sorted(claim_ids)},
    ).all()
    connection.execute(
        text("delete from claim_source where id = any(:ids)"), {"ids": sorted(row.source_id for row in rows)}
    )
    bump(connection, {row.kind for row in rows})


def replace_lists(connection: Connection, lists: Mapping[int, Sequence[Stretch]], *, follow: bool = False) -> None:
    """Give zones other lists for their whole periods, by claim id; the old lists stay as the sources of nothing.

    With ``follow`` the lists go on to what begins later in the place of their targets.
    """
    claim_ids = sorted(lists)
    duty_ids = _duties(connection, claim_ids)
    lock_duties(connection, duty_ids)
    touched = _covered_targets(connection, claim_ids)
    sources = dict(zip(claim_ids, _new_lists(connection, len(claim_ids)), strict=True))
    _write_stretches(connection, [(sources[claim_id], item) for claim_id in claim_ids for item in lists[claim_id]])
    write_rows(
        connection,
        "update claim set source_id = given.source_id, version = version + 1, recorded_at = now()"
        " from (values %s) as given (id, source_id) where claim.id = given.id",
        sorted(sources.items()),
    )
    listed = {item.target_id for stretches in lists.values() for item in stretches}
    if follow:
        hand_down(connection, sources.values(), listed)
    rebuild.write_cover(connection, sources.values())
    refresh(connection, duty_ids, touched | _covered_targets(connection, claim_ids) if follow else touched | listed)
    bump(connection, ["duty-zones"])


def change_duties(connection: Connection, duties: Mapping[int, int]) -> None:
    """Let claims be of other duties for their whole periods, by claim id.

    The answers of their former duties are right then; those of the new ones when their lists or periods are written.
    """
    ids = sorted(duties)
    former = _duties(connection, ids)
    lock_duties(connection, former | set(duties.values()))
    write_rows(
        connection,
        "update claim set duty_id = given.duty_id from (values %s) as given (id, duty_id) where claim.id = given.id",
        sorted(duties.items()),
    )
    connection.execute(
        text(
            "update cover set duty_id = claim.duty_id from claim"
            " where claim.id = any(:ids) and cover.source_id = claim.source_id"
        ),
        {"ids": ids},
    )
    refresh(connection, former, _covered_targets(connection, ids))


def claims_corrected(connection: Connection, claim_ids: Iterable[int]) -> None:
    """Bring the kept answers in line after the shift or period of claims was written, whose lists stay."""
    ids = sorted(claim_ids)
    duty_ids = _duties(connection, ids)
    lock_duties(connection, duty_ids)
    connection.execute(
        text("update claim set version = version + 1, recorded_at = now() where id = any(:ids)"), {"ids": ids}
    )
    refresh(connection, duty_ids, _covered_targets(connection, ids))
    bump(connection, ["duty-zones"])


def keep_zones(connection: Connection, claim_ids: Iterable[int], *, import_id: int | None = None) -> None:
    """Copy zones to the history before they change; their lists stay under the sources that it names."""
    connection.execute(
        text(
            "insert into record_history (layer, record, version, content, import_id)"
            " select 'duty-zones', uuid, version, to_jsonb(claim) || to_jsonb(duty_zone) - 'geom' - 'geom_3857'"
            " || jsonb_build_object('geometry', ST_AsGeoJSON(geom, 12)::jsonb), cast(:import as int)"
            " from claim join duty_zone using (id) where id = any(:ids)"
        ),
        {"ids": sorted(claim_ids), "import": import_id},
    )


def lists_of(connection: Connection, claim_ids: Iterable[int]) -> dict[int, list[Stretch]]:
    """Return what zones cover, by claim id, in the order of the targets."""
    lists: dict[int, list[Stretch]] = defaultdict(list)
    for row in connection.execute(
        text(
            "select claim.id, target_id, from_mm, to_mm from claim join cover using (source_id)"
            " where claim.id = any(:ids) order by claim.id, target_id, from_mm"
        ),
        {"ids": sorted(claim_ids)},
    ):
        lists[row.id].append(Stretch(row.target_id, row.from_mm, row.to_mm))
    return lists


def lists_of_sources(connection: Connection, source_ids: Iterable[int]) -> dict[int, list[Stretch]]:
    """Return what lists cover, by source, also those of drafts and of former versions."""
    lists: dict[int, list[Stretch]] = defaultdict(list)
    for row in connection.execute(
        text(
            "select source_id, target_id, from_mm, to_mm from cover where source_id = any(:ids)"
            " order by source_id, target_id, from_mm"
        ),
        {"ids": sorted(source_ids)},
    ):
        lists[row.source_id].append(Stretch(row.target_id, row.from_mm, row.to_mm))
    return lists


def end_claims(connection: Connection, claim_ids: Iterable[int], day: date) -> None:
    """Let claims hold no longer from a day on; a claim that would never hold is deleted."""
    ids = sorted(claim_ids)
    duty_ids = _duties(connection, ids)
    lock_duties(connection, duty_ids)
    touched = _covered_targets(connection, ids)
    connection.execute(text("delete from claim where id = any(:ids) and valid_from >= :day"), {"ids": ids, "day": day})
    connection.execute(
        text(
            "update claim set valid_to = :day, version = version + 1, recorded_at = now()"
            " where id = any(:ids) and valid_to > :day"
        ),
        {"ids": ids, "day": day},
    )
    refresh(connection, duty_ids, touched)
    bump(connection, ["duty-zones"])


def _covered_targets(connection: Connection, claim_ids: Iterable[int]) -> set[int]:
    """Return the ids of the targets that claims meet."""
    return set(
        connection.scalars(
            text("select distinct cover.target_id from claim join cover using (source_id) where claim.id = any(:ids)"),
            {"ids": sorted(claim_ids)},
        )
    )


def _duties(connection: Connection, claim_ids: Sequence[int]) -> set[int]:
    return set(
        connection.scalars(
            text("select distinct duty_id from claim where id = any(:ids) and duty_id is not null"), {"ids": claim_ids}
        )
    )
