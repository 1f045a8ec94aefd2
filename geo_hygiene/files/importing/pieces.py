"""Lines of a file become the segments that are stored, and what they cut of the stored ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import shapely
from numpy.typing import NDArray
from sqlalchemy import Connection, text

from geo_hygiene.files.importing.batch import Batch
from geo_hygiene.files.importing.noding import NODE_M, Noded, lines_of, node, together
from geo_hygiene.files.importing.noding.junctions import clusters, distinct
from geo_hygiene.files.importing.noding.lines import EVER, Integers, Lines

Period = tuple[date | None, date | None]


@dataclass(frozen=True)
class Neighbours:
    """Stored lines that the lines of the file may meet."""

    ids: Integers
    lines: Lines
    periods: Sequence[Period]

    @classmethod
    def none(cls) -> Neighbours:
        """Return no neighbours."""
        return cls(np.empty(0, dtype=np.int64), lines_of(np.empty(0, dtype=object)), [])


@dataclass(frozen=True)
class Pieces:
    """The segments that lines become.

    Attributes
    ----------
    lines
        Segments; ``source`` is the row, or the number of the neighbour.
    of_neighbour
        Whether the segment is a part of a stored line that was cut.
    doubled
        (k, 2) rows that run over other rows, in part or whole; the second is -1 - n for the neighbour n.
    lost_m
        Metres that are there once instead of twice.
    """

    lines: Lines
    of_neighbour: NDArray[np.bool_]
    doubled: Integers
    looped: Integers
    crossings: int
    lost_m: float

    def select(self, keep: NDArray[np.bool_]) -> Pieces:
        """Return some of the segments."""
        return replace(self, lines=self.lines.select(keep), of_neighbour=self.of_neighbour[keep])


def read_neighbours(connection: Connection, batch: Batch, rows: Sequence[int], leaving: Sequence[int]) -> Neighbours:
    """Return the stored lines near some rows, but for those that are about to end."""
    if batch.first or not batch.layer.nodes_crossings or not rows:
        return Neighbours.none()
    statement = text(NEAR.format(table=batch.layer.model.__tablename__))
    values = {"kind": batch.layer.key, "rows": list(rows), "leaving": list(leaving)}
    found = connection.execute(statement, values).all()
    if not found:
        return Neighbours.none()
    shapes = shapely.from_wkb(np.array([bytes(row.geom) for row in found], dtype=object))
    periods = [(_finite(row.valid_from), _finite(row.valid_to)) for row in found]
    begins, ends = day_numbers(periods)
    fixed = np.ones(len(found), dtype=bool)
    levels = np.array([row.level for row in found])
    lines = lines_of(shapes, group=levels, fixed=fixed, begins=begins, ends=ends)
    return Neighbours(np.array([row.id for row in found], dtype=np.int64), lines, periods)


NEAR = """
select distinct on (target.id)
    target.id, ST_AsBinary(ST_Force2D(target.geom)) as geom, segment.level, target.valid_from, target.valid_to
from staging_row as row
join target on target.geom && ST_Expand(row.geom, 0.00005) and target.kind = :kind
join {table} as segment on segment.id = target.id
where row.position = any(:rows) and target.id <> all(:leaving)
order by target.id
"""


def _finite(day: date) -> date | None:
    return None if day in (date.min, date.max) else day


def day_numbers(periods: Sequence[Period]) -> tuple[Integers, Integers]:
    """Return periods as day numbers; open ends are before and after all days."""
    begins = [-int(EVER) if begin is None else begin.toordinal() for begin, _end in periods]
    ends = [int(EVER) if end is None else end.toordinal() for _begin, end in periods]
    return np.array(begins, dtype=np.int64), np.array(ends, dtype=np.int64)


def split(batch: Batch, rows: Sequence[int], periods: Sequence[Period], neighbours: Neighbours) -> Pieces:
    """Return the segments of some rows, cut where they meet one another and stored lines."""
    begins, ends = day_numbers(periods)
    levels = np.array([batch.values("level")[row] or 0 for row in rows], dtype=np.int64)
    shapes = batch.geometries[np.array(rows, dtype=np.int64)]
    lines = lines_of(shapes, group=levels, begins=begins, ends=ends)
    if not batch.layer.nodes_crossings:
        return _as_pieces(_open_up(lines), rows, 0)
    stored = neighbours.lines.from_sources(neighbours.lines.source + len(rows))
    return _as_pieces(node(together(lines, stored)), rows, len(neighbours.ids))


def _open_up(lines: Lines) -> Noded:
    """Cut lines that close or cross themselves; lines are not compared with one another."""
    tips = clusters(lines.coords[np.concatenate((lines.first, lines.last))], NODE_M)
    wrong = (tips[: len(lines)] == tips[len(lines) :]) | ~shapely.is_simple(lines.geometries())
    alone = lines.select(wrong)
    noded = node(alone.in_groups(np.arange(len(alone), dtype=np.int64)))
    whole = lines.select(~wrong)
    both = together(whole.in_groups(np.zeros(len(whole), dtype=np.int64)), noded.pieces)
    order = np.argsort(both.source, kind="stable")
    return Noded(
        both.select(order), both.source[order], noded.looped, noded.doubled, noded.doubled_pieces, noded.crossings
    )


def _as_pieces(noded: Noded, rows: Sequence[int], neighbours: int) -> Pieces:
    lines, count = noded.pieces, len(rows)
    parts = np.bincount(lines.source, minlength=count + neighbours)
    of_neighbour = lines.source >= count
    keep = ~of_neighbour | (parts[lines.source] > 1)
    row_of = np.concatenate((np.array(rows, dtype=np.int64), np.arange(neighbours, dtype=np.int64)))
    doubled = noded.doubled[noded.doubled[:, 0] < count]
    other = np.where(doubled[:, 1] < count, row_of[doubled[:, 1]], count - 1 - doubled[:, 1])
    lost = noded.doubled_pieces
    lost_m = float(np.diff(lost.distances)[lost.edges.start].sum()) if len(lost) else 0.0
    return Pieces(
        lines=lines.from_sources(row_of[lines.source]).select(keep),
        of_neighbour=of_neighbour[keep],
        doubled=np.column_stack((row_of[doubled[:, 0]], other)),
        looped=row_of[noded.looped[noded.looped < count]],
        crossings=noded.crossings,
        lost_m=lost_m,
    )


def first_days(pieces: Pieces, neighbours: Neighbours) -> dict[int, date | None]:
    """Return, for each neighbour that was cut, the first day on which one of the lines that cut it is there."""
    lines = pieces.lines
    _, spot, _ = distinct(lines.coords[np.concatenate((lines.first, lines.last))])
    new = np.tile(~pieces.of_neighbour, 2)
    earliest = np.full(int(spot.max()) + 1 if len(spot) else 0, int(EVER), dtype=np.int64)
    np.minimum.at(earliest, spot[new], np.tile(lines.begins, 2)[new])
    answer: dict[int, date | None] = {}
    for number in np.unique(lines.source[pieces.of_neighbour]).tolist():
        mine = np.tile(pieces.of_neighbour & (lines.source == number), 2)
        day = int(earliest[spot[mine]].min())
        if day == int(EVER):  # cut a hair beside the end of the line that cuts it
            day = int(lines.begins[~pieces.of_neighbour].min())
        begin = neighbours.periods[number][0]
        answer[number] = begin if day <= _number(begin) else date.fromordinal(day)
    return answer


def _number(day: date | None) -> int:
    return -int(EVER) if day is None else day.toordinal()
