"""One lane or drain from its one end to its other: which stretch is whose, in the order in which one walks."""

from __future__ import annotations

import math
import uuid as uuid_module
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, Row, text

from geo_hygiene.coverage import questions
from geo_hygiene.coverage.duties import DutyRecord
from geo_hygiene.coverage.junctions import meeting
from geo_hygiene.coverage.summary import summarize_bundle
from geo_hygiene.errors import UnknownRecordError
from geo_hygiene.i18n import gettext as _
from geo_hygiene.layerspec import Grouping

NODE_DIGITS = 7
"""Decimals of a degree to which ends are one junction: a centimetre, as the import joins them."""
PAGE = 1000

BUNDLE = "select id, uuid, code, name, category from {bundle} where code = :words or uuid::text = :words limit 1"

SEGMENTS = """
select
    target.uuid, target.extent_mm,
    ST_X(ST_StartPoint(target.geom)) as from_x, ST_Y(ST_StartPoint(target.geom)) as from_y,
    ST_X(ST_EndPoint(target.geom)) as to_x, ST_Y(ST_EndPoint(target.geom)) as to_y,
    {meeting}
from {segment} as segment
join target using (id)
where segment.{reference} = :bundle and target.valid_from <= :on and :on < target.valid_to
order by target.uuid
"""
Node = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Step:
    """A segment in the order of the walk; ``section`` counts the parts that do not follow one from another."""

    uuid: uuid_module.UUID
    extent_mm: int
    is_backwards: bool
    start_mm: int
    section: int
    start: str | None
    end: str | None


def along(connection: Connection, duty: DutyRecord, on: date, words: str) -> dict[str, Any]:
    """Return a lane or drain, by its code or id, with its figures and its stretches in order.

    Raises
    ------
    UnknownRecordError
        When the duty looks after no lanes or drains, or none of this name.
    """
    grouping = duty.layer.grouping
    table = grouping.model.__tablename__ if grouping is not None else None
    found = table and connection.execute(text(BUNDLE.format(bundle=table)), {"words": words}).one_or_none()
    if grouping is None or not found:
        raise UnknownRecordError(_("There is no %(title)s “%(id)s”.", title=_(duty.layer.title), id=words))
    segments = connection.execute(text(_segments(duty, grouping)), {"bundle": found.id, "on": on}).all()
    pieces = defaultdict(list)
    for piece in _all_pieces(connection, duty, on, str(found.uuid)):
        pieces[piece["segment"]].append(piece)
    return {
        "duty": duty.code,
        "on": on.isoformat(),
        "id": str(found.uuid),
        "code": found.code,
        "name": found.name,
        "category": found.category,
        **summarize_bundle(connection, duty, on, found.id).amounts(duty),
        "pieces": [placed for step in walk(segments) for placed in _placed(step, pieces[str(step.uuid)])],
    }


def _segments(duty: DutyRecord, grouping: Grouping) -> str:
    return SEGMENTS.format(
        segment=duty.layer.model.__tablename__, reference=grouping.reference.key, meeting=meeting(duty.layer, grouping)
    )


def _all_pieces(connection: Connection, duty: DutyRecord, on: date, bundle: str) -> Iterator[dict[str, Any]]:
    wanted, after = questions.PieceFilter(lane=bundle), None
    while True:
        page = questions.pieces(
            connection, duty, on, wanted=wanted, order=questions.Order.LANE, limit=PAGE, after=after
        )
        yield from page.rows
        if (after := page.next) is None:
            return


def _placed(step: Step, pieces: Sequence[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Return the pieces of a segment as one meets them, with where they lie on the whole."""
    for piece in reversed(pieces) if step.is_backwards else pieces:
        begin, end = round(piece["from_m"] * 1000), round(piece["to_m"] * 1000)
        if step.is_backwards:
            begin, end = step.extent_mm - end, step.extent_mm - begin
        yield piece | {
            "section": step.section,
            "along_from_m": (step.start_mm + begin) / 1000,
            "along_to_m": (step.start_mm + end) / 1000,
            "start": step.start if begin == 0 else None,
            "end": step.end if end == step.extent_mm else None,
        }


def walk(segments: Sequence[Row[Any]]) -> list[Step]:
    """Return segments in the order in which one walks them, from the western of the loose ends, straight ahead."""
    left = dict(enumerate(segments))
    steps: list[Step] = []
    start_mm = section = 0
    while left:
        here, heading = _loose_end(left), None
        while (choice := _straightest(left, here, heading)) is not None:
            row = left.pop(choice)
            first, last = _nodes(row)
            is_backwards = first != here
            ends = (row.crossed_at_start, row.crossed_at_end)
            start, end = ends[::-1] if is_backwards else ends
            steps.append(Step(row.uuid, row.extent_mm, is_backwards, start_mm, section, start, end))
            start_mm += row.extent_mm
            before, here = here, first if is_backwards else last
            heading = _bearing(before, here)
        section += 1
    return steps


def _nodes(row: Row[Any]) -> tuple[Node, Node]:
    def node(x: float, y: float) -> Node:
        return round(x, NODE_DIGITS), round(y, NODE_DIGITS)

    return node(row.from_x, row.from_y), node(row.to_x, row.to_y)


def _loose_end(left: dict[int, Row[Any]]) -> Node:
    """Return where to begin: the western node of an odd number of segments, else the western node of all."""
    meeting: dict[Node, int] = defaultdict(int)
    for row in left.values():
        for node in _nodes(row):
            meeting[node] += 1
    loose = [node for node, count in meeting.items() if count == 1]
    odd = [node for node, count in meeting.items() if count % 2]
    return min(loose or odd or meeting)


def _straightest(left: dict[int, Row[Any]], here: Node, heading: float | None) -> int | None:
    """Return which of the segments at a node goes on most straightly."""

    def turn(index: int) -> float:
        first, last = _nodes(left[index])
        bearing = _bearing(here, last if first == here else first)
        return abs(math.remainder(bearing - (heading or 0), math.tau)) if heading is not None else bearing

    return min((index for index, row in left.items() if here in _nodes(row)), key=turn, default=None)


def _bearing(start: Node, end: Node) -> float:
    stretch = math.cos(math.radians(start[1]))
    return math.atan2(end[1] - start[1], (end[0] - start[0]) * stretch)
