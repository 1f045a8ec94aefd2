"""What a zone would hold and do, while it is drawn: nothing is stored."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

import shapely
from sqlalchemy import Connection, text

from geo_hygiene.coverage.duties import DutyRecord
from geo_hygiene.coverage.intervals import Interval, length, subtract, union
from geo_hygiene.coverage.otherwise import Difference, OtherZone, by_target, otherwise
from geo_hygiene.coverage.proposal import Proposal, propose_lists
from geo_hygiene.coverage.writing import Stretch
from geo_hygiene.i18n import gettext as _
from geo_hygiene.zoning.lists import PLACE, SaidStretch, read_list
from geo_hygiene.zoning.loads import Load, load_of
from geo_hygiene.zoning.mistakes import WrongZoneError

UNNAMED = ""
"""Code of a zone that has none yet."""

ALL_DAY = "all-day"

LEAST_MEANT = 100
"""Millimetres of a change that somebody can have meant by dragging a border."""

Spans = Mapping[int, Sequence[Interval]]

HOLDERS_OF_BORDERS = """
select target.uuid, array_agg(distinct duty_zone.code order by duty_zone.code) as zones
from target
join cover on cover.target_id = target.id and cover.duty_id = :duty_id
join claim on claim.source_id = cover.source_id and claim.valid_from <= :on and :on < claim.valid_to
join duty_zone on duty_zone.id = claim.id
where target.uuid = any(cast(:uuids as uuid[])) and duty_zone.code <> :code
group by target.uuid
"""

HELD = """
select duty_zone.code, claim.shift, cover.target_id, cover.from_mm, cover.to_mm
from cover
join claim on claim.source_id = cover.source_id and claim.valid_from <= :on and :on < claim.valid_to
join duty_zone on duty_zone.id = claim.id
where cover.duty_id = :duty_id and cover.target_id = any(:targets) and duty_zone.code <> all(cast(:besides as text[]))
"""

OF_ZONE = """
select cover.target_id, cover.from_mm, cover.to_mm
from duty_zone
join claim on claim.id = duty_zone.id and claim.duty_id = :duty_id
    and claim.valid_from <= :on and :on < claim.valid_to
join cover on cover.source_id = claim.source_id
where duty_zone.code = :code
"""


@dataclass(frozen=True, slots=True)
class BorderLane:
    """A segment along the edge of a drawing: it is in the list, and somebody must say whether it should be."""

    segment: str
    lane: str | None
    zones: tuple[str, ...]
    """Codes of the other zones that hold it now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """What was drawn: its list, or a polygon that proposes it.

    Attributes
    ----------
    said
        The list.
    polygon
        Proposes the list; where a list is said too, it proposes only what changes in it since ``former`` was drawn.
    shift
        Of the zone.
    is_held
        Whether somebody holds it; whoever holds the zones of its code, unless it is told.
    """

    said: Sequence[SaidStretch] | None = None
    polygon: shapely.MultiPolygon | None = None
    former: shapely.MultiPolygon | None = None
    code: str | None = None
    shift: str = ALL_DAY
    is_held: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """A list, what it would do to the figures of a day, and what is to be asked.

    Attributes
    ----------
    difference
        What all that is drawn would change of the plan where this zone is, or was.
    shared
        By the code of another zone, what that one holds of it in the same shift.
    left
        What the zone holds in the plan, and nobody would hold then.
    """

    stretches: Sequence[Stretch]
    difference: Difference
    load: Load
    border: Sequence[BorderLane] = ()
    shared: Mapping[str, Sequence[Stretch]] = field(default_factory=dict)
    left: Sequence[Stretch] = ()


def preview(
    connection: Connection, duty: DutyRecord, on: date, drawn: Drawn, first: Mapping[str, OtherZone | None]
) -> Preview:
    """Return what a list, or the one that a drawing proposes, would do as a new zone or in the place of one.

    Parameters
    ----------
    first
        Other zones that are not as in the plan of the day, by code; nothing where one is not there.

    Raises
    ------
    WrongZoneError
        If nothing is told, the list can not be, or the drawing holds nothing that the duty looks after.
    """
    code = drawn.code or UNNAMED
    stretches, border = _listed(connection, duty, on, drawn, code)
    zone = OtherZone(code=code, stretches=stretches, shift=drawn.shift, is_held=drawn.is_held)
    before = [Stretch(*row) for row in connection.execute(text(OF_ZONE), {"duty_id": duty.id, "on": on, "code": code})]
    mine, former = by_target(stretches), by_target(before)
    held = list(_held(connection, duty, on, zone, {*mine, *former}, first))
    drawn_zones = [other for other in {**first, code: zone}.values() if other is not None]
    difference = otherwise(connection, duty.id, on, drawn_zones, without=first)
    return Preview(
        stretches=stretches,
        difference=difference.within({*mine, *former}),
        load=load_of(connection, duty, on, stretches),
        border=border,
        shared=_shared(mine, held),
        left=_left(former, [mine, *(spans for _code, spans in held)]),
    )


def _listed(
    connection: Connection, duty: DutyRecord, on: date, drawn: Drawn, code: str
) -> tuple[list[Stretch], Sequence[BorderLane]]:
    if drawn.polygon is None:
        if drawn.said is None:
            raise WrongZoneError(PLACE, _("Tell the segments of a zone, or a polygon that proposes them."))
        return read_list(connection, duty, drawn.said, on), ()
    proposal = propose_lists(connection, duty, {code: drawn.polygon}, on)
    proposed = proposal.lists[code]
    border = _border(connection, duty, on, proposal, code)
    if drawn.said is None or drawn.former is None:
        if not proposed:
            raise WrongZoneError("polygon", _("The drawing holds nothing that this duty must look after."))
        return proposed, border
    was = propose_lists(connection, duty, {code: drawn.former}, on).lists[code]
    changed = _changed(read_list(connection, duty, drawn.said, on), was, proposed)
    if not changed:
        raise WrongZoneError("polygon", _("The drawing holds nothing that this duty must look after."))
    return changed, border


def _changed(now: Sequence[Stretch], was: Sequence[Stretch], becomes: Sequence[Stretch]) -> list[Stretch]:
    """Return a list with what a drawing gained, and without what it lost; what was chosen by hand stays."""
    listed, old, new = by_target(now), by_target(was), by_target(becomes)
    return [
        Stretch(target, *span)
        for target in sorted({*listed, *new})
        for span in union(
            [
                *subtract(listed.get(target, []), _meant(old.get(target, []), new.get(target, []))),
                *_meant(new.get(target, []), old.get(target, [])),
            ]
        )
    ]


def _meant(ground: Sequence[Interval], other: Sequence[Interval]) -> list[Interval]:
    """Return what is only in the first, without what no hand can mean."""
    return [span for span in subtract(ground, other) if length([span]) >= LEAST_MEANT or span in ground]


def _border(connection: Connection, duty: DutyRecord, on: date, proposal: Proposal[str], code: str) -> list[BorderLane]:
    asked = [remark for remark in proposal.remarks if remark.target is not None]
    rows = connection.execute(
        text(HOLDERS_OF_BORDERS),
        {"duty_id": duty.id, "on": on, "uuids": [str(remark.target) for remark in asked], "code": code},
    )
    zones = {row.uuid: tuple(row.zones) for row in rows}
    return [BorderLane(str(remark.target), remark.lane, zones.get(remark.target, ())) for remark in asked]


def _held(
    connection: Connection,
    duty: DutyRecord,
    on: date,
    zone: OtherZone,
    targets: set[int],
    first: Mapping[str, OtherZone | None],
) -> Iterator[tuple[str, Spans]]:
    """Yield what other zones hold of some targets in the shift of a zone."""
    spans: dict[str, dict[int, list[Interval]]] = defaultdict(lambda: defaultdict(list))
    asked = {"duty_id": duty.id, "on": on, "targets": sorted(targets), "besides": [*first, zone.code]}
    for row in connection.execute(text(HELD), asked):
        if _meets(row.shift, zone.shift):
            spans[row.code][row.target_id].append((row.from_mm, row.to_mm))
    for code, other in first.items():
        if other is not None and code != zone.code and _meets(other.shift, zone.shift):
            theirs = by_target(other.stretches)
            spans[code].update({target: theirs[target] for target in theirs.keys() & targets})
    for code in sorted(spans):
        yield code, spans[code]


def _meets(one: str, other: str) -> bool:
    return one == other or ALL_DAY in {one, other}


def _shared(mine: Spans, held: Sequence[tuple[str, Spans]]) -> dict[str, list[Stretch]]:
    shared = {
        code: [
            Stretch(target, *span)
            for target, ground in mine.items()
            if target in spans
            for span in subtract(ground, subtract(ground, union(spans[target])))
        ]
        for code, spans in held
    }
    return {code: stretches for code, stretches in shared.items() if stretches}


def _left(former: Spans, held: Sequence[Spans]) -> list[Stretch]:
    return [
        Stretch(target, *span)
        for target, ground in former.items()
        for span in subtract(ground, union(span for spans in held for span in spans.get(target, ())))
    ]
