"""Targets change by ending: what that does to lists, areas and the kept answers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, text

from geo_hygiene.coverage import rebuild
from geo_hygiene.coverage.answers import refresh, withdraw
from geo_hygiene.coverage.areas import assign_new, reassign_all
from geo_hygiene.coverage.inheriting import Unprojected, hand_on
from geo_hygiene.coverage.locks import lock_duties, lock_targets
from geo_hygiene.coverage.reached import rebuild_reached, refresh_reached, withdraw_reached
from geo_hygiene.coverage.versions import bump, bump_duties


def areas_changed(connection: Connection) -> int:
    """Follow a change of the area tree: reassign every target not assigned by hand, and what scopes say of it.

    Returns how many targets lie in another area than before.
    """
    changed = reassign_all(connection)
    lock_duties(connection, connection.scalars(text("select id from duty order by id")))
    lock_targets(connection)
    rebuild.rebuild_answers(connection)
    rebuild_reached(connection)
    subjects = connection.scalars(
        text("select key from (select distinct kind as key from target) as kinds order by key")
    )
    bump(connection, ["areas", *subjects])
    bump_duties(connection, connection.scalars(text("select id from duty")))
    return changed


def lock_kind(connection: Connection, kind: str) -> None:
    """Let nobody else write targets of a kind, nor claims and work on them.

    Called before the ids of targets change: what others write names these rows, and each would wait for the other.
    """
    lock_duties(connection, connection.scalars(text("select id from duty where target_kind = :kind"), {"kind": kind}))
    lock_targets(connection)


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
        New targets: covered by shapes, given the lists of their parents, and put into areas where they are in none.
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
    unprojected = hand_on(connection, begun_ids)
    rebuild.write_cover_of_targets(connection, begun_ids)
    assign_new(connection, begun_ids)
    _delete_targets(connection, removed_ids)
    refresh(connection, duty_ids, touched)
    refresh_reached(connection, touched)
    bump(
        connection, connection.scalars(text("select distinct kind from target where id = any(:ids)"), {"ids": touched})
    )
    return unprojected


def _delete_targets(connection: Connection, target_ids: Sequence[int]) -> None:
    """Take targets out of the kept sums and delete them."""
    if target_ids:
        withdraw(connection, target_ids)
        withdraw_reached(connection, target_ids)
        connection.execute(text("delete from target where id = any(:ids)"), {"ids": target_ids})
