"""Store rows that are targets: what is new begins, what changed its shape ends and has children."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from dataclasses import replace as dataclass_replace
from datetime import date
from typing import Any

import numpy as np
from sqlalchemy import Connection, text

from geo_hygiene.coverage.targets import lock_kind, targets_changed
from geo_hygiene.coverage.versions import bump
from geo_hygiene.files.importing.batch import Batch
from geo_hygiene.files.importing.components import count_components, count_crossings, nodes_of
from geo_hygiene.files.importing.existing import (
    Change,
    Existing,
    compare,
    raise_versions,
    read_existing,
    write_changes,
)
from geo_hygiene.files.importing.groups import find_groups, settle_groups
from geo_hygiene.files.importing.history import keep_history
from geo_hygiene.files.importing.keys import geometry_hashes
from geo_hygiene.files.importing.lineage import find_parents
from geo_hygiene.files.importing.matching import Plan, lacking_records, make_plan, plan_by_hand, read_shapes
from geo_hygiene.files.importing.newtargets import Identity, members_of, write_parents, write_targets
from geo_hygiene.files.importing.noding import lines_of
from geo_hygiene.files.importing.noding.lines import Integers
from geo_hygiene.files.importing.report import Stored
from geo_hygiene.files.importing.resting import nowhere_findings, resting_findings
from geo_hygiene.files.importing.shaping import NewTargets, Shaped, shape_lines, shape_points
from geo_hygiene.files.importing.staging import forget_rows, lacking_keys, remember_batch
from geo_hygiene.layers import LAYERS
from geo_hygiene.layerspec import GeometryKind, Grouping, Role

FORMER_PARENTS = """
with recursive line as (
    select child_id, parent_id from target_parent where parent_id = any(:removed)
    union
    select line.child_id, former.parent_id
    from line join target_parent as former on former.child_id = line.parent_id
    where line.parent_id = any(:removed)
)
select child_id, parent_id from line where not (child_id = any(:removed) or parent_id = any(:removed))
"""
"""What is removed may have come from what is removed beside it."""


@dataclass
class Leaving:
    """Targets that end.

    Attributes
    ----------
    days
        First day on which a target is no more, by id.
    removed
        Those that are replaced from their first day on.
    rows
        Row of the file that each belongs to, by id; -1 for none.
    """

    days: dict[int, date] = field(default_factory=dict)
    removed: set[int] = field(default_factory=set)
    rows: dict[int, int] = field(default_factory=dict)

    @property
    def ids(self) -> list[int]:
        """Return all that end."""
        return sorted(self.rows)

    def end(self, record: int, begin: date | None, day: date | None, row: int = -1) -> None:
        """Let a target end on a day; without a day, or when that is its first, it is replaced altogether."""
        if day is None or (begin is not None and begin >= day):
            self.removed.add(record)
        else:
            self.days[record] = day
        self.rows[record] = row

    def stay(self, records: Sequence[int]) -> None:
        """Let targets stay after all."""
        for record in records:
            self.days.pop(record, None)
            self.removed.discard(record)
            self.rows.pop(record, None)


@dataclass
class _Work:
    """What one import does to targets, step by step."""

    plan: Plan
    records: dict[int, Existing]
    leaving: Leaving = field(default_factory=Leaving)
    kept: dict[int, list[int]] = field(default_factory=dict)
    """Targets of rows whose shape changed elsewhere, by row."""


def store_targets(connection: Connection, batch: Batch) -> Stored:
    """Store the rows of a batch and bring everything that rests on targets in line."""
    if batch.options.in_place_of is not None:
        return _store_by_hand(connection, batch, batch.options.in_place_of)
    stored = Stored()
    plan = make_plan(connection, batch)
    lacking = lacking_records(batch, plan)
    ending = lacking.ids(connection) if batch.options.replace and not batch.first else []
    wanted = [one for ids in (*plan.same.values(), *plan.moved.values()) for one in ids]
    work = _Work(plan, read_existing(connection, batch, [*wanted, *ending]))
    begins, ends = batch.begins, batch.ends
    periods = {row: (begins[row], ends[row]) for row in plan.fresh}
    for row, ids in plan.moved.items():
        periods[row] = _follow(batch, row, [work.records[one] for one in ids], work.leaving)
    if batch.options.replace:
        _end_lacking(connection, batch, work, ending)
        stored.findings += resting_findings(connection, batch, ending, work.leaving.days)
    elif not batch.first:
        lacking.tell(connection, stored)
    if work.leaving.rows:
        # what a line ran over may be gone
        periods |= {row: (begins[row], ends[row]) for row in plan.silent}
    _carry_out(connection, batch, work, periods, stored)
    remember_batch(connection, batch)
    return stored


def _store_by_hand(connection: Connection, batch: Batch, replaced: Sequence[int]) -> Stored:
    """Store what somebody drew: no key of a file is looked up or remembered.

    Parameters
    ----------
    replaced
        Targets whose place it takes; what begins goes on under the key of the first.
    """
    stored = Stored()
    (row,) = batch.rows
    plan = plan_by_hand(connection, batch, replaced)
    work = _Work(plan, read_existing(connection, batch, replaced))
    periods: dict[int, Any] = {one: (batch.begins[one], batch.ends[one]) for one in plan.fresh}
    if replaced:
        first = work.records[replaced[0]]
        batch.clean.extra[row] = {**first.extra, **batch.clean.extra[row]}
        key = connection.scalar(text("select source_key from target where id = :id"), {"id": first.id})
        batch = dataclass_replace(batch, keys=[key or str(first.uuid)])
    for one, ids in plan.moved.items():
        periods[one] = _follow(batch, one, [work.records[each] for each in ids], work.leaving)
    _carry_out(connection, batch, work, periods, stored)
    return stored


def _carry_out(connection: Connection, batch: Batch, work: _Work, periods: Mapping[int, Any], stored: Stored) -> None:
    """Begin, end and change targets as planned, with all that follows from it."""
    plan = work.plan
    shaped = _shape(connection, batch, work, periods)
    stored.findings += shaped.findings
    _replace(connection, batch, work, shaped.targets, stored)
    _change(connection, batch, work, stored)
    staying = [*plan.untouched, *(one for ids in (*plan.same.values(), *work.kept.values()) for one in ids)]
    stored.unchanged = len(staying) - stored.updated
    if batch.layer.geometry is GeometryKind.LINE:
        _describe_network(connection, batch, staying, shaped.targets, stored)
    if stored.changed:
        bump(connection, [batch.layer.key, *(key for key, layer in LAYERS.items() if layer.made_by == batch.layer.key)])


def _follow(batch: Batch, row: int, olds: Sequence[Existing], leaving: Leaving) -> tuple[date | None, date | None]:
    """Let the targets of a row whose shape changed end; return the period of those that follow."""
    said = batch.role(Role.VALID_FROM)[row]
    begins = [old.valid_from for old in olds]
    first = None if None in begins else min(day for day in begins if day is not None)
    day: date | None = None
    if not batch.options.correct:
        day = said if said is not None and (first is None or said > first) else batch.options.changes_on
    for old in olds:
        leaving.end(old.id, old.valid_from, day, row)
    follows = day if any(old.id in leaving.days for old in olds) else first
    ends = [old.valid_to for old in olds]
    last = None if None in ends else max(day for day in ends if day is not None)
    return follows, batch.ends[row] or last


def _end_lacking(connection: Connection, batch: Batch, work: _Work, lacking: Sequence[int]) -> None:
    day = None if batch.options.correct else batch.options.changes_on
    for one in lacking:
        work.leaving.end(one, work.records[one].valid_from, day)
    forget_rows(connection, batch.layer.key, lacking_keys(connection, batch.layer.key))


def _shape(connection: Connection, batch: Batch, work: _Work, periods: Mapping[int, Any]) -> Shaped:
    """Shape new and changed rows; segments that are there already stay, stored ones that are cut end."""
    rows = sorted(periods)
    spans = [periods[row] for row in rows]
    if batch.layer.geometry is GeometryKind.POINT:
        return shape_points(batch, rows, spans)
    shaped = shape_lines(connection, batch, rows, spans, work.leaving.ids)
    targets = _without_same(connection, work, shaped.targets)
    for record, (begin, day) in shaped.cut.items():
        work.leaving.end(record, begin, day)
    return Shaped(targets, shaped.cut, shaped.findings)


def _without_same(connection: Connection, work: _Work, targets: NewTargets) -> NewTargets:
    """Leave out segments of changed rows that are stored exactly so."""
    rows = [row for row in work.plan.moved if row not in work.plan.restated]
    olds = [one for row in rows for one in work.plan.moved[row]]
    if not olds:
        return targets
    shapes = read_shapes(connection, olds)
    hashes = geometry_hashes(np.array(list(shapes.values()), dtype=object))
    there = {(work.leaving.rows[one], digest): one for one, digest in zip(shapes, hashes, strict=True)}
    dropped = np.zeros(len(targets), dtype=bool)
    for at in np.flatnonzero(np.isin(targets.rows, rows)).tolist():
        row = int(targets.rows[at])
        old = there.get((row, geometry_hashes(targets.shapes[at : at + 1])[0]))
        if old is not None:
            dropped[at] = True
            work.leaving.stay([old])
            work.kept.setdefault(row, []).append(old)
    return targets.without(dropped)


def _replace(connection: Connection, batch: Batch, work: _Work, targets: NewTargets, stored: Stored) -> None:
    """Write new targets, end the leaving ones, and hand on what rested on them."""
    leaving = work.leaving
    if leaving.removed:
        lock_kind(connection, batch.layer.key)
    ended_shapes = read_shapes(connection, leaving.ids)
    pairs = find_parents(
        targets.shapes,
        targets.rows,
        np.array(list(ended_shapes.values()), dtype=object),
        np.array([leaving.rows[one] for one in ended_shapes], dtype=np.int64),
    )
    parents = np.array(list(ended_shapes), dtype=np.int64)[pairs[:, 1]] if len(pairs) else pairs[:, 1]
    identities = _take_over(connection, batch, work, targets, pairs[:, 0], parents)
    old_groups = _groups_of(connection, batch.layer.grouping, leaving.ids)
    new_ids = write_targets(connection, batch, targets, identities)
    write_parents(connection, new_ids[pairs[:, 0]], parents)
    _hand_over(connection, leaving.removed)
    keep_history(connection, batch.layer, list(leaving.days), batch.import_id)
    _end(connection, leaving)
    stored.begun, stored.left = new_ids.tolist(), leaving.ids
    lineage = _former_parents(connection, leaving.removed)
    stored.unprojected = targets_changed(connection, begun=stored.begun, ended=leaving.days, removed=leaving.removed)
    stored.findings += nowhere_findings(connection, batch, stored.unprojected, leaving.rows)
    write_parents(connection, lineage[:, 0], lineage[:, 1])
    if batch.layer.grouping is not None:
        groups = [*old_groups, *_groups_of(connection, batch.layer.grouping, new_ids.tolist())]
        settle_groups(connection, batch.layer.grouping, sorted(set(groups)))
    stored.created, stored.ended = len(new_ids), len(leaving.rows)


def _take_over(
    connection: Connection, batch: Batch, work: _Work, targets: NewTargets, children: Integers, parents: Integers
) -> dict[int, Identity]:
    """Give a target that alone replaces another from its first day the id and the next version of that one."""
    removed = sorted(work.leaving.removed)
    keep_history(connection, batch.layer, removed, batch.import_id)
    lone_children = np.flatnonzero(np.bincount(children, minlength=len(targets)) == 1)
    counts = dict(zip(*np.unique(parents, return_counts=True), strict=True))
    identities: dict[int, Identity] = {}
    for child, parent in zip(children.tolist(), parents.tolist(), strict=True):
        replaces = parent in work.leaving.removed and parent in work.records and targets.rows[child] >= 0
        if replaces and counts[parent] == 1 and child in lone_children:
            old = work.records[parent]
            identities[child] = (old.uuid, old.version + 1)
    connection.execute(
        text("update target set uuid = gen_random_uuid() where id = any(:removed)"), {"removed": removed}
    )
    return identities


def _former_parents(connection: Connection, removed: Collection[int]) -> Integers:
    """Return (k, 2) pairs of ids: what replaces a target from its first day comes from what that one came from."""
    pairs = connection.execute(text(FORMER_PARENTS), {"removed": sorted(removed)}).all()
    return np.array([tuple(pair) for pair in pairs], dtype=np.int64).reshape(-1, 2)


def _hand_over(connection: Connection, removed: Collection[int]) -> None:
    """Let letters that a target signed, and activities at it, be those of what replaces it from its first day."""
    for table in ("letter", "activity"):
        connection.execute(
            text(
                f"update {table} set target_id = child.id"  # noqa: S608 - constants
                " from target_parent join target as child on child.id = child_id"
                " join target as former on former.id = parent_id and former.source_key = child.source_key"
                f" where former.id = {table}.target_id and former.id = any(:removed)"
            ),
            {"removed": sorted(removed)},
        )


def _end(connection: Connection, leaving: Leaving) -> None:
    connection.execute(
        text(
            "update target set valid_to = said.day, version = version + 1, recorded_at = now()"
            " from unnest(cast(:ids as int[]), cast(:days as date[])) as said (id, day) where target.id = said.id"
        ),
        {"ids": list(leaving.days), "days": list(leaving.days.values())},
    )


def _groups_of(connection: Connection, grouping: Grouping | None, ids: Sequence[int]) -> list[int]:
    if grouping is None:
        return []
    table, reference = grouping.reference.class_.__tablename__, grouping.reference.key
    statement = text(
        f"select distinct {reference} from {table} where id = any(:ids) and {reference} is not null"  # noqa: S608
    )
    return list(connection.scalars(statement, {"ids": list(ids)}))


def _change(connection: Connection, batch: Batch, work: _Work, stored: Stored) -> None:
    """Write what rows say differently about targets whose shape stays."""
    changes = []
    for row, ids in (*work.plan.same.items(), *work.kept.items()):
        for place, one in enumerate(sorted(ids)):
            change = compare(batch, row, work.records[one], (place, len(ids)))
            if change.any:
                changes.append(change)
    if not changes:
        return
    write_changes(connection, batch, changes)
    _regroup(connection, batch, [change for change in changes if change.regroup])
    raise_versions(connection, batch, [change.record.id for change in changes])
    ended = [change.record.id for change in changes if "valid_to" in change.columns]
    touched = [change.record.id for change in changes if {"valid_from", "category"} & change.columns.keys()]
    targets_changed(connection, ended=ended, changed=touched)
    if batch.layer.grouping is not None:
        ids = [change.record.id for change in changes]
        settle_groups(connection, batch.layer.grouping, _groups_of(connection, batch.layer.grouping, ids))
    stored.updated += len(changes)


def _regroup(connection: Connection, batch: Batch, changes: Sequence[Change]) -> None:
    """Put segments whose row names another lane or drain into that one."""
    grouping = batch.layer.grouping
    if grouping is None or not changes:
        return
    ids = [change.record.id for change in changes]
    left = _groups_of(connection, grouping, ids)
    shapes = read_shapes(connection, ids)
    lines = lines_of(np.array([shapes[one] for one in ids], dtype=object))
    table, reference = grouping.reference.class_.__tablename__, grouping.reference.key
    statement = text(
        f"update {table} set {reference} = said.group_id"  # noqa: S608 - names of the declaration
        f" from unnest(cast(:ids as int[]), cast(:groups as int[])) as said (id, group_id) where {table}.id = said.id"
    )
    members = members_of(batch, lines, [change.row for change in changes])
    groups = find_groups(connection, grouping, members, batch.import_id)
    connection.execute(statement, {"ids": ids, "groups": groups})
    settle_groups(connection, grouping, left)


NETWORK = """
select
    ST_X(ST_StartPoint(geom)), ST_Y(ST_StartPoint(geom)), ST_X(ST_EndPoint(geom)), ST_Y(ST_EndPoint(geom)),
    extent_mm, dense_rank() over (order by source_key)
from target where id = any(:ids)
"""


def _describe_network(
    connection: Connection, batch: Batch, ids: Sequence[int], new: NewTargets, stored: Stored
) -> None:
    """Say how long the lines of the file are as they are stored, and how they hang together."""
    found = [tuple(row) for row in connection.execute(text(NETWORK), {"ids": list(ids)})]
    there = np.array(found, dtype=np.float64).reshape(-1, 6)
    ours, lines = new.rows >= 0, new.lines
    assert lines is not None  # noqa: S101 - targets of lines are lines
    starts = np.concatenate((there[:, 0:2], lines.coords[lines.first[ours]]))
    ends = np.concatenate((there[:, 2:4], lines.coords[lines.last[ours]]))
    stored.length_m = float(there[:, 4].sum() + new.extent_mm[ours].sum()) / 1000
    node = nodes_of(starts, ends)
    stored.components_after = count_components(node)
    source = lines_of(batch.geometries[np.array(batch.rows, dtype=np.int64)])
    before = nodes_of(source.coords[source.first], source.coords[source.last])
    stored.components_before = count_components(before, source.source)
    if batch.layer.nodes_crossings:
        stored.pieces = len(starts)
        of_line = np.concatenate((there[:, 5].astype(np.int64), new.rows[ours] + len(there) + 1))
        stored.crossings = count_crossings(node, of_line)
