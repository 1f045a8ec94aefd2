"""The kept answers, changed by differences in the writer's transaction."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from operator import add
from typing import Any

from sqlalchemy import Connection, text

from geo_hygiene.coverage import rebuild
from geo_hygiene.coverage.periods import NEVER, Period, TargetClaim, target_states, target_vacancies, written
from geo_hygiene.coverage.versions import bump_duties
from geo_hygiene.database import write_rows, write_rows_returning

BULK = 5_000
"""Above this many targets the set-based way is quicker than the one by differences."""

Key = tuple[int, int]
"""Duty id and target id."""

StateRow = tuple[date, date, int | None, int, int, int, str]
VacancyRow = tuple[date, date, int | None, int]


@dataclass(slots=True)
class _Target:
    extent_mm: int
    area_id: int | None
    required: list[Period] = field(default_factory=list)
    claims: list[TargetClaim] = field(default_factory=list)


def refresh(connection: Connection, duty_ids: Iterable[int], target_ids: Iterable[int]) -> None:
    """Bring state, vacancy and ledger of these duties and targets in line with their claims."""
    scope = {"duties": sorted(set(duty_ids)), "targets": sorted(set(target_ids))}
    if not scope["duties"] or not scope["targets"]:
        return
    bump_duties(connection, scope["duties"])
    if len(scope["targets"]) > BULK:
        # a condition that names targets is gone through one by one, by the planner too
        are_most = 2 * len(scope["targets"]) > _count_targets(connection, scope["duties"])
        rebuild.rebuild_answers(connection, scope["duties"], None if are_most else scope["targets"])
        return
    _replace(connection, scope, _read_targets(connection, scope))


def _count_targets(connection: Connection, duty_ids: list[int]) -> int:
    """Return how many targets these duties look after."""
    kinds = "select target_kind from duty where id = any(:duties)"
    count: int = connection.execute(
        text(f"select count(*) from target where kind in ({kinds})"),  # noqa: S608 - a constant
        {"duties": duty_ids},
    ).scalar_one()
    return count


def withdraw(connection: Connection, target_ids: Iterable[int]) -> None:
    """Take targets out of state, vacancy and ledger, before they are deleted; the caller holds the duties' locks."""
    ids = sorted(target_ids)
    duty_ids = sorted(
        connection.scalars(text("select distinct duty_id from state where target_id = any(:ids)"), {"ids": ids})
    )
    bump_duties(connection, duty_ids)
    _replace(connection, {"duties": duty_ids, "targets": ids}, {})


def _replace(connection: Connection, scope: Mapping[str, list[int]], targets: Mapping[Key, _Target]) -> None:
    ledger = _Ledger()
    _replace_states(connection, scope, targets, ledger)
    _replace_vacancies(connection, scope, targets, ledger)
    ledger.write(connection)


def _read_targets(connection: Connection, scope: Mapping[str, list[int]]) -> dict[Key, _Target]:
    targets: dict[Key, _Target] = {}
    for row in connection.execute(
        text(
            "select duty_id, target_id, area_id, extent_mm, valid_from, valid_to from duty_target"
            " where duty_id = any(:duties) and target_id = any(:targets)"
        ),
        scope,
    ):
        target = targets.setdefault((row.duty_id, row.target_id), _Target(row.extent_mm, row.area_id))
        target.required.append((row.valid_from, row.valid_to))
    stretches: dict[tuple[int, int], list[tuple[int, int]]] = defaultdict(list)
    claims: dict[tuple[int, int], Any] = {}
    for row in connection.execute(
        text(
            "select claim.id as claim_id, claim.duty_id, claim.shift, claim.valid_from, claim.valid_to,"
            " duty_zone.code, cover.target_id, cover.from_mm, cover.to_mm"
            " from cover join claim on claim.source_id = cover.source_id"
            " left join duty_zone on duty_zone.id = claim.id"
            " where cover.target_id = any(:targets) and cover.duty_id = any(:duties)"
        ),
        scope,
    ):
        claims[row.claim_id, row.target_id] = row
        stretches[row.claim_id, row.target_id].append((row.from_mm, row.to_mm))
    held = _read_holders(connection, {row.code for row in claims.values() if row.code})
    for key, row in claims.items():
        if found := targets.get((row.duty_id, row.target_id)):  # claims outside the scope count nowhere
            period = (row.valid_from, row.valid_to)
            found.claims.append(TargetClaim(tuple(sorted(stretches[key])), period, row.shift, held.get(row.code, ())))
    return targets


def _read_holders(connection: Connection, zones: Iterable[str]) -> dict[str, tuple[Period, ...]]:
    held: dict[str, tuple[Period, ...]] = defaultdict(tuple)
    for row in connection.execute(
        text("select zone, valid_from, valid_to from assignment where zone = any(:zones)"),
        {"zones": sorted(zones)},
    ):
        held[row.zone] += ((row.valid_from, row.valid_to),)
    return held


class _Ledger:
    """Changes of the sums by duty, area and day, gathered before they are written at once."""

    def __init__(self) -> None:
        self.changes: dict[tuple[int, int | None, date], list[int]] = defaultdict(lambda: [0, 0, 0, 0])

    def add(self, duty_id: int, area_id: int | None, period: Period, sums: Sequence[int], sign: int) -> None:
        """Let the sums hold in a period (sign 1) or hold no more (sign -1)."""
        for day, direction in ((period[0], sign), (period[1], -sign)):
            if day != NEVER:
                row = self.changes[duty_id, area_id, day]
                for index, value in enumerate(sums):
                    row[index] += direction * value

    def write(self, connection: Connection) -> None:
        """Add what differs to the kept ledger and drop the days on which nothing changes any more."""
        written = write_rows_returning(
            connection,
            "insert into ledger as kept (duty_id, level, area_id, day, total_mm, covered_mm, overlap_mm, vacant_mm)"
            " values %s on conflict (duty_id, level, area_id, day) do update set"
            " total_mm = kept.total_mm + excluded.total_mm, covered_mm = kept.covered_mm + excluded.covered_mm,"
            " overlap_mm = kept.overlap_mm + excluded.overlap_mm, vacant_mm = kept.vacant_mm + excluded.vacant_mm"
            " returning id, total_mm, covered_mm, overlap_mm, vacant_mm",
            self._rows(connection),
        )
        connection.execute(
            text("delete from ledger where id = any(:ids)"), {"ids": [row[0] for row in written if not any(row[1:])]}
        )

    def _rows(self, connection: Connection) -> list[tuple[Any, ...]]:
        """Return the changes of the areas and, added up, of those above them."""
        changes = {key: sums for key, sums in self.changes.items() if any(sums)}
        above = {
            row.id: (("community", row.community_id), ("office", row.office_id))
            for row in connection.execute(
                text("select id, community_id, office_id from area_tree where id = any(:ids)"),
                {"ids": sorted({area_id for _duty, area_id, _on in changes if area_id is not None})},
            )
        }
        nowhere = (("community", None), ("office", None))
        added: dict[tuple[int, str, int | None, date], list[int]] = defaultdict(lambda: [0, 0, 0, 0])
        for (duty_id, area_id, day), sums in changes.items():
            for level, area in (("own", area_id), *above.get(area_id, nowhere), ("all", None)):
                row = added[duty_id, level, area, day]
                row[:] = map(add, row, sums)
        return [(*key[:3], written(key[3]), *sums) for key, sums in added.items() if any(sums)]


def _replace_states(
    connection: Connection, scope: Mapping[str, list[int]], targets: Mapping[Key, _Target], ledger: _Ledger
) -> None:
    old: dict[Key, set[StateRow]] = defaultdict(set)
    extents: dict[int, int] = {}
    for row in connection.execute(
        text(
            "select state.*, gaps::text as gap_text, target.extent_mm from state"
            " join target on target.id = target_id where duty_id = any(:duties) and target_id = any(:targets)"
        ),
        scope,
    ):
        extents[row.target_id] = row.extent_mm
        old[row.duty_id, row.target_id].add(
            (row.valid_from, row.valid_to, row.area_id, row.covered_mm, row.overlap_mm, row.gap_max_mm, row.gap_text)
        )
    new: dict[Key, set[StateRow]] = {}
    for key, target in targets.items():
        extents[key[1]] = target.extent_mm
        new[key] = {
            (
                *state.period,
                target.area_id,
                state.covered_mm,
                state.overlap_mm,
                state.gap_max_mm,
                "{" + ",".join(f"[{start},{end})" for start, end in state.gaps) + "}",
            )
            for state in target_states(target.extent_mm, target.required, target.claims)
        }

    def post(key: Key, row: StateRow, sign: int) -> None:
        ledger.add(key[0], row[2], (row[0], row[1]), (extents[key[1]], row[3], row[4], 0), sign)

    _apply(connection, "state", "area_id, covered_mm, overlap_mm, gap_max_mm, gaps", old, new, post)


def _replace_vacancies(
    connection: Connection, scope: Mapping[str, list[int]], targets: Mapping[Key, _Target], ledger: _Ledger
) -> None:
    old: dict[Key, set[VacancyRow]] = defaultdict(set)
    for row in connection.execute(
        text("select * from vacancy where duty_id = any(:duties) and target_id = any(:targets)"), scope
    ):
        old[row.duty_id, row.target_id].add((row.valid_from, row.valid_to, row.area_id, row.vacant_mm))
    new: dict[Key, set[VacancyRow]] = {
        key: {
            (*vacancy.period, target.area_id, vacancy.vacant_mm)
            for vacancy in target_vacancies(target.required, target.claims)
        }
        for key, target in targets.items()
    }

    def post(key: Key, row: VacancyRow, sign: int) -> None:
        ledger.add(key[0], row[2], (row[0], row[1]), (0, 0, 0, row[3]), sign)

    _apply(connection, "vacancy", "area_id, vacant_mm", old, new, post)


def _apply(
    connection: Connection,
    table: str,
    columns: str,
    old: Mapping[Key, set[Any]],
    new: Mapping[Key, set[Any]],
    post: Any,
) -> None:
    """Delete the rows that are no longer so, insert those that now are, and post both to the ledger."""
    gone = [(key, row) for key, rows in old.items() for row in rows - new.get(key, set())]
    come = [(key, row) for key, rows in new.items() for row in rows - old.get(key, set())]
    for sign, rows in ((-1, gone), (1, come)):
        for key, row in rows:
            post(key, row, sign)
    write_rows(
        connection,
        f"delete from {table} as kept using (values %s) as gone (duty_id, target_id, valid_from)"  # noqa: S608 - a constant
        " where kept.duty_id = gone.duty_id and kept.target_id = gone.target_id"
        " and kept.valid_from = gone.valid_from::date",
        [(*key, written(row[0])) for key, row in gone],
    )
    write_rows(
        connection,
        f"insert into {table} (duty_id, target_id, valid_from, valid_to, {columns}) values %s",  # noqa: S608 - constants
        [(*key, written(row[0]), written(row[1]), *row[2:]) for key, row in come],
    )
