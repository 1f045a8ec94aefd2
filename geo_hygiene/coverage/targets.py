"""Targets change by ending: what that does to lists, areas and the kept answers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, text

from geo_hygiene.coverage import rebuild
from geo_hygiene.coverage.answers import lock_duties, lock_targets, refresh, withdraw
from geo_hygiene.coverage.inheriting import Unprojected, hand_on
from geo_hygiene.coverage.versions import bump, bump_duties

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
    lock_targets(connection)
    rebuild.write_cover_of_shapes(connection, begun_ids)
    unprojected = hand_on(connection, begun_ids)
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
