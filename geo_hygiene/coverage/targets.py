"""Targets change by ending: what that does to lists, areas and the kept answers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import shapely
from sqlalchemy import Connection, text

from geo_hygiene.coverage import rebuild
from geo_hygiene.coverage.answers import lock_duties, refresh, withdraw
from geo_hygiene.coverage.intervals import Interval, union
from geo_hygiene.coverage.measured import MeasuredLine
from geo_hygiene.coverage.projection import REACH_M, left_over, project
from geo_hygiene.coverage.versions import bump, bump_duties
from geo_hygiene.crs import GEOD
from geo_hygiene.database import write_rows

POINT_STRETCH = [(0, 1)]

ASSIGN = """
with wanted as (
    select target.id, target.geom from target
    where not target.area_by_hand and (cast(:targets as int[]) is null or target.id = any(:targets))
),
area_here as (
    select id, level, code, geom from area where valid_to = 'infinity'
),
share as (
    select
        wanted.id as target_id, area_here.id as area_id, area_here.level, area_here.code,
        ST_Covers(area_here.geom, wanted.geom) as whole, wanted.geom as target_geom, area_here.geom as area_geom
    from wanted
    join area_here on ST_Intersects(area_here.geom, wanted.geom)
),
best as (
    select distinct on (target_id) target_id, area_id
    from share
    order by
        target_id,
        array_position(array['group', 'community', 'office'], level),
        whole desc,
        case when not whole then
            ST_Length(ST_CollectionExtract(ST_Intersection(ST_Force2D(target_geom), area_geom), 2)::geography)
        end desc nulls last,
        code
),
changed as (
    update target set area_id = best.area_id
    from wanted left join best on best.target_id = wanted.id
    where target.id = wanted.id and target.area_id is distinct from best.area_id
    returning target.id
)
select id from changed
"""


@dataclass(frozen=True, slots=True)
class Unprojected:
    """A stretch of a list that found no place on the children of its target."""

    source_id: int
    target_id: int
    stretch: Interval


def areas_changed(connection: Connection) -> int:
    """Follow a change of the area tree: reassign every target not assigned by hand, and what scopes say of it.

    Returns how many targets lie in another area than before.
    """
    changed = _assign_areas(connection, None)
    lock_duties(connection, connection.scalars(text("select id from duty order by id")))
    rebuild.rebuild_answers(connection)
    subjects = connection.scalars(
        text("select key from (select distinct kind as key from target) as kinds order by key")
    )
    bump(connection, ["areas", *subjects])
    bump_duties(connection, connection.scalars(text("select id from duty")))
    return changed


def _assign_areas(connection: Connection, target_ids: Iterable[int] | None) -> int:
    """Give targets the deepest area that holds most of them, unless a hand did; return how many changed."""
    ids = None if target_ids is None else sorted(target_ids)
    return len(connection.execute(text(ASSIGN), {"targets": ids}).all())


def _duties_of(connection: Connection, target_ids: Iterable[int]) -> list[int]:
    """Return the ids of the duties that look after the kinds of targets."""
    kinds = "select distinct kind from target where id = any(:ids)"
    return list(
        connection.scalars(
            text(f"select id from duty where target_kind in ({kinds}) order by id"),  # noqa: S608 - a constant
            {"ids": list(target_ids)},
        )
    )


def targets_changed(
    connection: Connection,
    *,
    begun: Iterable[int] = (),
    ended: Iterable[int] = (),
    changed: Iterable[int] = (),
    removed: Iterable[int] = (),
) -> list[Unprojected]:
    """Follow targets after their rows of ``target`` and ``target_parent`` were written.

    Parameters
    ----------
    begun
        New targets: covered by shapes, given the lists of their parents, put into areas.
    ended
        Targets whose period became shorter.
    changed
        Targets of the same shape with another category or area.
    removed
        Targets that a correction replaces on their first day: their lists go to their children, then they are
        deleted with all that rests on them.

    Returns
    -------
    The stretches of lists that no child could take over; they are kept in ``unprojected_stretch``.
    """
    begun_ids, removed_ids = sorted(begun), sorted(removed)
    touched = sorted({*begun_ids, *ended, *changed})
    duty_ids = _duties_of(connection, [*touched, *removed_ids])
    # before anything is read: whoever writes a claim or a list now is met here when it is there to be seen
    lock_duties(connection, duty_ids)
    connection.execute(text(rebuild.COVER_OF_SHAPES), {"sources": None, "targets": begun_ids})
    unprojected = _project_lists(connection, begun_ids)
    _assign_areas(connection, begun_ids)
    _delete_targets(connection, removed_ids)
    refresh(connection, duty_ids, touched)
    bump(
        connection, connection.scalars(text("select distinct kind from target where id = any(:ids)"), {"ids": touched})
    )
    return unprojected


def _delete_targets(connection: Connection, target_ids: Sequence[int]) -> None:
    """Take targets out of the kept sums and delete them."""
    if target_ids:
        withdraw(connection, target_ids)
        connection.execute(text("delete from target where id = any(:ids)"), {"ids": target_ids})


def _project_lists(connection: Connection, child_ids: Sequence[int]) -> list[Unprojected]:
    """Hand the lists of duties on to children; work keeps its own line, and a replaced list is nobody's any more."""
    children: dict[int, dict[int, Any]] = defaultdict(dict)
    parents: dict[int, Any] = {}
    for row in connection.execute(
        text(
            "select parent.id as parent_id, ST_AsBinary(parent.geom) as parent_geom,"
            " child.id as child_id, ST_AsBinary(child.geom) as child_geom"
            " from target_parent join target as child on child.id = child_id"
            " join target as parent on parent.id = parent_id where child_id = any(:ids)"
        ),
        {"ids": child_ids},
    ):
        parents[row.parent_id] = shapely.from_wkb(bytes(row.parent_geom))
        children[row.parent_id][row.child_id] = shapely.from_wkb(bytes(row.child_geom))
    held: dict[tuple[int, int], list[Interval]] = defaultdict(list)
    for row in connection.execute(
        text(
            "select cover.source_id, cover.target_id, from_mm, to_mm from cover"
            " join claim_source as source on source.id = cover.source_id"
            " where source.basis = 'list' and cover.target_id = any(:ids)"
            " and exists (select from claim where claim.source_id = source.id and claim.duty_id is not null)"
        ),
        {"ids": sorted(parents)},
    ):
        held[row.source_id, row.target_id].append((row.from_mm, row.to_mm))
    inherited: dict[tuple[int, int], list[Interval]] = defaultdict(list)
    lost: list[Unprojected] = []
    for (source_id, parent_id), stretches in sorted(held.items()):
        spoken_for: list[Interval] = []
        for child_id, child in sorted(children[parent_id].items()):
            mapped, spoken = _project(parents[parent_id], child, stretches)
            inherited[source_id, child_id] += mapped
            spoken_for += spoken
        lost += [Unprojected(source_id, parent_id, span) for span in left_over(stretches, spoken_for)]
    _write_inherited(connection, inherited)
    _write_lost(connection, lost)
    return lost


def _project(parent: Any, child: Any, stretches: Sequence[Interval]) -> tuple[list[Interval], list[Interval]]:
    if "Point" in (parent.geom_type, child.geom_type):
        moved = GEOD.inv(parent.x, parent.y, child.x, child.y)[2]
        return (POINT_STRETCH, POINT_STRETCH) if moved <= REACH_M else ([], [])
    return project(_measured(parent), _measured(child), stretches)


def _measured(line: Any) -> MeasuredLine:
    return MeasuredLine(shapely.get_coordinates(line, include_m=True))


def _write_inherited(connection: Connection, inherited: dict[tuple[int, int], list[Interval]]) -> None:
    rows = [
        (source_id, child_id, start, end)
        for (source_id, child_id), spans in inherited.items()
        for start, end in union(spans)
    ]
    for table in ("claim_stretch", "cover"):
        write_rows(
            connection,
            f"insert into {table} (source_id, target_id, from_mm, to_mm) values %s",  # noqa: S608 - constants
            rows,
        )


def _write_lost(connection: Connection, lost: Sequence[Unprojected]) -> None:
    write_rows(
        connection,
        "insert into unprojected_stretch (source_id, target_id, from_mm, to_mm) values %s",
        [(item.source_id, item.target_id, *item.stretch) for item in lost],
    )
