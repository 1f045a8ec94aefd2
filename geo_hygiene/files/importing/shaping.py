"""Give rows the shapes in which targets are stored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection

from geo_hygiene.files.findings import Finding
from geo_hygiene.files.importing.batch import Batch
from geo_hygiene.files.importing.doubts import line_findings
from geo_hygiene.files.importing.keys import doubled_geometries
from geo_hygiene.files.importing.measure import measure, points_ewkb
from geo_hygiene.files.importing.noding import Lines
from geo_hygiene.files.importing.noding.lines import Integers
from geo_hygiene.files.importing.pieces import Period, first_days, read_neighbours, split
from geo_hygiene.records.targets import POINT_EXTENT

EMPTY = np.empty(0, dtype=np.int64)


@dataclass(frozen=True)
class NewTargets:
    """Targets that are about to begin.

    Attributes
    ----------
    lines
        Their course without measure; ``None`` for points.
    shapes
        The same, or the points, as shapely geometries.
    ewkb
        With measure, as hexadecimal EWKB.
    rows
        The row of the file that each is made from; -1 for a part of a stored one.
    inherits
        The stored target that each is a part of; 0 for those of the file.
    number, count
        Place among the parts of its row or stored target, from 0, and how many these are.
    """

    lines: Lines | None
    shapes: NDArray[np.object_]
    ewkb: Sequence[str]
    extent_mm: Integers
    rows: Integers
    inherits: Integers
    number: Integers
    count: Integers
    periods: Sequence[Period]

    def __len__(self) -> int:
        return len(self.rows)

    def without(self, dropped: NDArray[np.bool_]) -> NewTargets:
        """Return the targets that are not dropped; they keep their number among the parts."""
        keep = np.flatnonzero(~dropped)
        indexes: list[int] = keep.tolist()
        return NewTargets(
            lines=None if self.lines is None else self.lines.select(keep),
            shapes=self.shapes[keep],
            ewkb=[self.ewkb[at] for at in indexes],
            extent_mm=self.extent_mm[keep],
            rows=self.rows[keep],
            inherits=self.inherits[keep],
            number=self.number[keep],
            count=self.count[keep],
            periods=[self.periods[at] for at in indexes],
        )


@dataclass(frozen=True)
class Shaped:
    """What rows become.

    Attributes
    ----------
    cut
        Stored targets that lines of the file cut, with their first day and the day of the cut.
    """

    targets: NewTargets
    cut: dict[int, Period] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)


def shape_points(batch: Batch, rows: Sequence[int], periods: Sequence[Period]) -> Shaped:
    """Return one target for each point."""
    count = len(rows)
    shapes = batch.geometries[np.array(rows, dtype=np.int64)]
    ones = np.ones(count, dtype=np.int64)
    targets = NewTargets(
        None,
        shapes,
        points_ewkb(shapes) if count else [],
        ones * POINT_EXTENT,
        np.array(rows, dtype=np.int64),
        ones * 0,
        ones * 0,
        ones,
        periods,
    )
    return Shaped(targets, findings=doubled_geometries(batch.hashes, batch.numbers.tolist(), batch.rows))


def shape_lines(
    connection: Connection, batch: Batch, rows: Sequence[int], periods: Sequence[Period], leaving: Sequence[int]
) -> Shaped:
    """Return the segments of lines, and of the stored lines that they cut."""
    batch.progress("split", 0, len(rows))
    neighbours = read_neighbours(connection, batch, rows, leaving)
    pieces = split(batch, rows, periods, neighbours)
    batch.progress("measure", 0, len(pieces.lines))
    measured = measure(pieces.lines)
    keep = measured.extent_mm > 0
    if not keep.all():
        pieces = pieces.select(keep)
        measured = measure(pieces.lines)
    source, of_neighbour = pieces.lines.source, pieces.of_neighbour
    period_of_row = dict(zip(rows, periods, strict=True))
    days = first_days(pieces, neighbours)
    cut = {int(neighbours.ids[at]): (neighbours.periods[at][0], day) for at, day in days.items()}
    number, count = _numbered(source + of_neighbour * (int(source.max(initial=0)) + 1))
    dense = pieces.lines.with_vertices(measured.vertices[:, :2], measured.offsets)
    targets = NewTargets(
        lines=dense,
        shapes=dense.geometries(),
        ewkb=measured.ewkb(),
        extent_mm=measured.extent_mm,
        rows=np.where(of_neighbour, -1, source),
        inherits=np.where(of_neighbour, neighbours.ids[source * of_neighbour] if len(neighbours.ids) else 0, 0),
        number=number,
        count=count,
        periods=[
            (days[at], neighbours.periods[at][1]) if stored else period_of_row[at]
            for at, stored in zip(source.tolist(), of_neighbour.tolist(), strict=True)
        ],
    )
    findings = line_findings(pieces, measured, neighbours, batch.numbers)
    if not batch.layer.nodes_crossings:
        findings += doubled_geometries(batch.hashes, batch.numbers.tolist(), batch.rows)
    return Shaped(targets, cut, findings)


def _numbered(owner: Integers) -> tuple[Integers, Integers]:
    """Return the place of each part among those of its owner, and how many these are."""
    if len(owner) == 0:
        return EMPTY, EMPTY
    order = np.argsort(owner, kind="stable")
    begins = np.concatenate(([True], np.diff(owner[order]) != 0))
    start = np.maximum.accumulate(np.where(begins, np.arange(len(owner)), 0))
    number = np.empty(len(owner), dtype=np.int64)
    number[order] = np.arange(len(owner)) - start
    return number, np.bincount(owner)[owner].astype(np.int64)
