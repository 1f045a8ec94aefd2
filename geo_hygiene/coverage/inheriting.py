"""Lists are handed on: what stretches of targets that ended are on the targets that began in their place.

The stretches of the parents stay, so that a past day is told as it was; work done on a lane stays done on what the lane
was cut into.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import shapely
from sqlalchemy import Connection, Row, text

from geo_hygiene.coverage.intervals import Interval, union
from geo_hygiene.coverage.measured import MeasuredLine
from geo_hygiene.coverage.projection import REACH_M, Course, left_over, shared_course
from geo_hygiene.crs import GEOD
from geo_hygiene.database import write_rows

FAMILIES = """
select
    parent.id as parent_id, ST_AsBinary(parent.geom) as parent_geom,
    child.id as child_id, ST_AsBinary(child.geom) as child_geom,
    (select count(*) > 1 from target_parent as other where other.parent_id = parent.id) as is_cut,
    (select count(*) > 1 from target_parent as other where other.child_id = child.id) as is_joined
from target_parent
join target as child on child.id = child_id
join target as parent on parent.id = parent_id
where child_id = any(:ids)
order by parent.id, child.id
"""

HELD = """
select source_id, target_id, from_mm, to_mm
from claim_stretch
where target_id = any(:ids) and (
    source_id = any(:sources)
    or cast(:sources as int[]) is null and (
        exists (select from claim where claim.source_id = claim_stretch.source_id)
        or exists (select from draft_zone where draft_zone.source_id = claim_stretch.source_id)
    )
)
order by source_id, target_id
"""
"""A list that was replaced is nobody's any more."""

CHILDREN = """
select distinct child_id from target_parent
join claim_stretch on claim_stretch.target_id = parent_id
where source_id = any(:sources) and parent_id = any(:ids)
"""

Held = dict[int, dict[int, list[Interval]]]
"""Stretches by target and source."""


@dataclass(frozen=True, slots=True)
class Unprojected:
    """A stretch of a list that found no place on the children of its target."""

    source_id: int
    target_id: int
    stretch: Interval


def hand_on(connection: Connection, child_ids: Iterable[int]) -> list[Unprojected]:
    """Give new targets, whose cover is yet to be written, the lists of their parents.

    Returns
    -------
    What no child could take over.
    """
    inherited, lost = _inherited(connection, child_ids, None)
    _write(connection, "claim_stretch", inherited)
    _write(connection, "unprojected_stretch", _rows(lost))
    return lost


def inherited(connection: Connection, child_ids: Iterable[int]) -> set[tuple[int, int, int, int]]:
    """Return stretches (source, child, from, to) that targets have from their parents, as long as these list theirs."""
    rows, _lost = _inherited(connection, child_ids, None)
    return set(rows)


def hand_down(connection: Connection, source_ids: Iterable[int], target_ids: Iterable[int]) -> None:
    """Give new lists, whose cover is yet to be written, to the targets that began where theirs had ended already."""
    sources, parents = sorted(source_ids), sorted(set(target_ids))
    while parents:
        children = list(connection.scalars(text(CHILDREN), {"sources": sources, "ids": parents}))
        inherited, lost = _inherited(connection, children, sources)
        _write(connection, "claim_stretch", inherited)
        _write(connection, "unprojected_stretch", _rows(lost))
        parents = children


def _inherited(
    connection: Connection, child_ids: Iterable[int], source_ids: list[int] | None
) -> tuple[list[tuple[int, int, int, int]], list[Unprojected]]:
    """Return stretches (source, child, from, to) in the order of the sources, and what no child could take over."""
    courses = _courses(connection, child_ids)
    inherited: dict[tuple[int, int], list[Interval]] = defaultdict(list)
    lost: list[Unprojected] = []
    for parent_id, by_source in _held(connection, courses, source_ids).items():
        spoken_for = union(course.on_parent for course in courses[parent_id].values())
        for source_id, stretches in by_source.items():
            for child_id, course in courses[parent_id].items():
                inherited[source_id, child_id] += course.carry(stretches)
            lost += [Unprojected(source_id, parent_id, span) for span in left_over(stretches, spoken_for)]
    rows = [(*key, start, end) for key, spans in sorted(inherited.items()) for start, end in union(spans)]
    return rows, lost


def _courses(connection: Connection, child_ids: Iterable[int]) -> dict[int, dict[int, Course]]:
    """Return by parent and child where they run side by side; a parent without such children has none."""
    courses: dict[int, dict[int, Course]] = defaultdict(dict)
    for row in connection.execute(text(FAMILIES), {"ids": sorted(child_ids)}):
        course = _course(row)
        courses[row.parent_id].update({} if course is None else {row.child_id: course})
    return courses


def _course(family: Row[Any]) -> Course | None:
    shapes: list[Any] = [shapely.from_wkb(bytes(geom)) for geom in (family.parent_geom, family.child_geom)]
    parent, child = shapes
    if "Point" in (parent.geom_type, child.geom_type):
        moved = GEOD.inv(parent.x, parent.y, child.x, child.y)[2]
        return Course.of_points() if moved <= REACH_M else None
    lines = (MeasuredLine(shapely.get_coordinates(line, include_m=True)) for line in shapes)
    return shared_course(*lines, is_cut=family.is_cut, is_joined=family.is_joined)


def _held(connection: Connection, parents: Mapping[int, Any], source_ids: list[int] | None) -> Held:
    held: Held = defaultdict(lambda: defaultdict(list))
    for row in connection.execute(text(HELD), {"ids": sorted(parents), "sources": source_ids}):
        held[row.target_id][row.source_id].append((row.from_mm, row.to_mm))
    return held


def _write(connection: Connection, table: str, rows: list[tuple[int, int, int, int]]) -> None:
    write_rows(
        connection,
        f"insert into {table} (source_id, target_id, from_mm, to_mm) values %s",  # noqa: S608 - constants
        rows,
    )


def _rows(lost: Iterable[Unprojected]) -> list[tuple[int, int, int, int]]:
    return [(item.source_id, item.target_id, *item.stretch) for item in lost]
