"""Which lane or drain a segment belongs to.

Segments with one code are one lane. Without a code, segments of one name are one lane as far as they touch or come
within 200 m of one another; two far-apart lanes of one name stay two. A stored lane is taken up again by the same
rules.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from sqlalchemy import Connection, text

from geo_hygiene.crs import metres_per_degree
from geo_hygiene.database import write_rows
from geo_hygiene.files.importing.history import keep_history
from geo_hygiene.files.importing.noding.junctions import connected, distinct
from geo_hygiene.files.importing.noding.lines import Integers, Lines, lines_of, together
from geo_hygiene.layers import LAYERS
from geo_hygiene.layerspec import Grouping

SAME_LANE_M = 200.0
"""Segments of one name within this distance are one lane."""

APART_M = 1e7
"""Names are laid this far apart in the plane, so that one search finds neighbours of the same name only."""


@dataclass(frozen=True)
class Members:
    """Segments that look for their group.

    Attributes
    ----------
    lines
        Their geometry.
    names, codes
        What the file says; ``None`` where it says nothing.
    """

    lines: Lines
    names: Sequence[str | None]
    codes: Sequence[str | None]


def find_groups(connection: Connection, grouping: Grouping, members: Members, import_id: int) -> list[int | None]:
    """Return the group of each segment; groups that are not there yet are made.

    The caller calls :func:`settle_groups` when the segments are stored.
    """
    table = grouping.model.__tablename__
    found: list[int | None] = [None] * len(members.names)
    by_code = [at for at, code in enumerate(members.codes) if code]
    ids = _groups_by_code(connection, table, members, by_code, import_id)
    for at in by_code:
        found[at] = ids[members.codes[at] or ""]
    by_name = [at for at, name in enumerate(members.names) if name and not members.codes[at]]
    for at, group in zip(by_name, _groups_by_name(connection, grouping, members, by_name, import_id), strict=True):
        found[at] = group
    return found


def _groups_by_code(
    connection: Connection, table: str, members: Members, chosen: Sequence[int], import_id: int
) -> dict[str, int]:
    names: dict[str, str | None] = {}
    for at in chosen:
        code = members.codes[at] or ""
        names[code] = names.get(code) or members.names[at]
    stored = connection.execute(
        text(f"select id, code, name from {table} where code = any(:codes) order by id desc"),  # noqa: S608 - a constant
        {"codes": list(names)},
    ).all()
    ids = {row.code: row.id for row in stored}
    renamed = [
        (row.id, names[row.code])
        for row in stored
        if ids[row.code] == row.id and names[row.code] not in {None, row.name}
    ]
    rename_groups(connection, table, renamed, import_id)
    fresh = [(code, name) for code, name in names.items() if code not in ids]
    return ids | dict(zip((code for code, _name in fresh), _make(connection, table, fresh, import_id), strict=True))


def rename_groups(
    connection: Connection, table: str, renamed: Sequence[tuple[int, str | None]], import_id: int
) -> None:
    """Give groups other names; what they were is in the history."""
    layer = next(layer for layer in LAYERS.values() if layer.model.__tablename__ == table)
    keep_history(connection, layer, [group for group, _name in renamed], import_id)
    write_rows(
        connection,
        f"update {table} as stored set name = said.name, version = stored.version + 1, recorded_at = now()"  # noqa: S608
        " from (values %s) as said (id, name) where stored.id = said.id",
        renamed,
    )


def _make(connection: Connection, table: str, groups: Sequence[tuple[str, str | None]], import_id: int) -> list[int]:
    """Make groups from pairs of code and name; return their ids in that order."""
    if not groups:
        return []
    statement = text(
        f"insert into {table} (code, name, import_id)"  # noqa: S608 - a constant
        " select code, name, :import_id from unnest(cast(:codes as text[]), cast(:names as text[]))"
        " with ordinality as said (code, name, place) order by place returning id"
    )
    codes, names = [code for code, _ in groups], [name for _, name in groups]
    return sorted(connection.scalars(statement, {"codes": codes, "names": names, "import_id": import_id}))


STORED = """
select bundle.id as group_id, bundle.name, ST_AsBinary(ST_Force2D(target.geom)) as geom
from {table} as bundle
join {segments} as segment on segment.{reference} = bundle.id
join target on target.id = segment.id and target.valid_to = 'infinity'
where bundle.name = any(:names)
order by target.id
"""


def _groups_by_name(
    connection: Connection, grouping: Grouping, members: Members, chosen: Sequence[int], import_id: int
) -> list[int]:
    if not chosen:
        return []
    table = grouping.model.__tablename__
    names = [members.names[at] or "" for at in chosen]
    statement = STORED.format(
        table=table, segments=grouping.reference.class_.__tablename__, reference=grouping.reference.key
    )
    stored = connection.execute(text(statement), {"names": sorted(set(names))}).all()
    lines = members.lines.select(np.array(chosen, dtype=np.int64))
    if stored:
        shapes = shapely.from_wkb(np.array([bytes(row.geom) for row in stored], dtype=object))
        lines = together(lines, lines_of(shapes))
    bundle = _bundles(lines, [*names, *(row.name for row in stored)])
    group_of: dict[int, int] = {}
    for at, row in enumerate(stored):
        group_of.setdefault(int(bundle[len(chosen) + at]), row.group_id)
    fresh: dict[int, str] = {}
    for at, name in enumerate(names):
        if int(bundle[at]) not in group_of:
            fresh.setdefault(int(bundle[at]), name)
    codes = _next_codes(connection, table, len(fresh))
    made = _make(connection, table, list(zip(codes, fresh.values(), strict=True)), import_id)
    group_of |= dict(zip(fresh, made, strict=True))
    return [group_of[int(bundle[at])] for at in range(len(chosen))]


def _next_codes(connection: Connection, table: str, count: int) -> list[str]:
    """Return unused codes: the table's initial and a running number."""
    initial = table[0].upper()
    last = connection.scalar(
        text(f"select max(substring(code from 2)::bigint) from {table} where code ~ :pattern"),  # noqa: S608 - a constant
        {"pattern": f"^{initial}[0-9]{{1,15}}$"},
    )
    return [f"{initial}{(last or 0) + step:04d}" for step in range(1, count + 1)]


def _bundles(lines: Lines, names: Sequence[str]) -> Integers:
    """Return a number for each line; lines of one name that touch or are near share one."""
    count = len(lines)
    numbers: dict[str, int] = {}
    name = np.array([numbers.setdefault(one, len(numbers)) for one in names], dtype=np.int64)
    _, node, _ = distinct(lines.coords[np.concatenate((lines.first, lines.last))])
    # ends of equal names at one node
    _, spot = np.unique(node * len(numbers) + np.tile(name, 2), return_inverse=True)
    first = np.full(int(spot.max()) + 1, -1, dtype=np.int64)
    line = np.tile(np.arange(count, dtype=np.int64), 2)
    first[spot[::-1]] = line[::-1]
    touching = connected(line, first[spot], count)
    apart = np.unique(touching * len(numbers) + name) % len(numbers)
    several = np.flatnonzero(np.bincount(apart)[name] > 1)
    one, other = _near(lines.select(several), name[several])
    return connected(np.concatenate((line, several[one])), np.concatenate((first[spot], several[other])), count)


def _near(lines: Lines, name: Any) -> tuple[Integers, Integers]:
    if len(lines) == 0:
        empty = np.empty(0, dtype=np.int64)
        return empty, empty
    middle = np.zeros(int(name.max()) + 1)
    middle[name[::-1]] = lines.coords[lines.first, 1][::-1]
    vertex_name = np.repeat(name, np.diff(lines.offsets))
    per_longitude, per_latitude = metres_per_degree(middle[vertex_name])
    plane = np.column_stack(
        (lines.coords[:, 0] * per_longitude + vertex_name * APART_M * 10, lines.coords[:, 1] * per_latitude)
    )
    shapes = lines.at(plane).geometries()
    one, other = shapely.STRtree(shapes).query(shapes, predicate="dwithin", distance=SAME_LANE_M)
    return one, other


SETTLE = """
with share as (
    select segment.{reference} as group_id, target.category, sum(target.extent_mm) as extent
    from {segments} as segment join target on target.id = segment.id
    where segment.{reference} = any(:groups) and target.valid_to = 'infinity'
    group by 1, 2
),
best as (select distinct on (group_id) group_id, category from share order by group_id, extent desc, category)
update {table} as bundle set {category} = best.category
from best where best.group_id = bundle.id and bundle.{category} is distinct from best.category
"""

END = """
with period as (
    select bundle.id, max(target.valid_to) as valid_to
    from {table} as bundle
    left join {segments} as segment on segment.{reference} = bundle.id
    left join target on target.id = segment.id
    where bundle.id = any(:groups)
    group by 1
),
gone as (delete from {table} using period where {table}.id = period.id and period.valid_to is null)
update {table} as bundle set valid_to = period.valid_to
from period where bundle.id = period.id and bundle.valid_to <> period.valid_to
"""


def settle_groups(connection: Connection, grouping: Grouping, groups: Sequence[int]) -> None:
    """Give groups the category that most of their metres have, and the period of their segments."""
    words = {
        "table": grouping.model.__tablename__,
        "segments": grouping.reference.class_.__tablename__,
        "reference": grouping.reference.key,
    }
    if grouping.category is not None:
        statement = SETTLE.format(category=grouping.category.key, **words)
        connection.execute(text(statement), {"groups": list(groups)})
    connection.execute(text(END.format(**words)), {"groups": list(groups)})
