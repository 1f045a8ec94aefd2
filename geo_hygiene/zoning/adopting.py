"""Put a proposal into a draft, where a planner can change it before it becomes the plan."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import shapely
from sqlalchemy import Connection, text

from geo_hygiene.coverage.intervals import Interval
from geo_hygiene.zoning import drafts
from geo_hygiene.zoning.editing import ZoneWords
from geo_hygiene.zoning.lists import SaidStretch
from geo_hygiene.zoning.proposing import Proposal
from geo_hygiene.zoning.records import Editor

AROUND_M = 14
"""The picture of a zone is the ground so far around what it holds."""

LISTS = """
select duty_zone.code, target.uuid, cover.from_mm, cover.to_mm, target.extent_mm
from claim
join duty_zone using (id)
join cover using (source_id)
join target on target.id = cover.target_id
where claim.duty_id = :duty and claim.valid_from <= :on and :on < claim.valid_to
order by duty_zone.code, target.uuid, cover.from_mm
"""


def adopt(connection: Connection, editor: Editor, proposal: Proposal, name: str) -> drafts.DraftRecord:
    """Begin a draft with the zones that a proposal changes, over the plan of its day.

    What zones hold outside the ground of the proposal stays with them; a zone that would hold nothing ends.

    Raises
    ------
    WrongZoneError, OutsideAreasError
        If a draft of the name exists, or a zone is not the editor's to change.
    """
    ground = {piece.uuid: number for number, piece in enumerate(proposal.ground.pieces)}
    now: dict[str, list[SaidStretch]] = defaultdict(list)
    inside: dict[str, dict[int, list[Interval]]] = defaultdict(lambda: defaultdict(list))
    asked = {"duty": proposal.duty.id, "on": proposal.on}
    for row in connection.execute(text(LISTS), asked):
        if row.uuid in ground:
            inside[row.code][ground[row.uuid]].append((row.from_mm, row.to_mm))
        else:
            now[row.code].append(SaidStretch(row.uuid, row.from_mm / 1000, row.to_mm / 1000))
    proposed = {zone.code: zone.members for zone in proposal.zones}
    extents = [[(0, piece.extent_mm)] for piece in proposal.ground.pieces]
    said = {}
    for code in sorted({*inside, *proposed}):
        members = proposed.get(code, ())
        if inside[code] == {member: extents[member] for member in members}:
            continue
        picture = _picture(proposal, members) if members and not now[code] else None
        stretches = [*now[code], *(SaidStretch(proposal.ground.pieces[member].uuid) for member in members)]
        said[code] = (
            drafts.DraftWords(words=ZoneWords(segments=stretches, picture=picture))
            if stretches
            else drafts.DraftWords(ends=True)
        )
    draft = drafts.begin(connection, editor, name=name, duty=proposal.duty, plan_on=proposal.on)
    return drafts.put_zones(connection, editor, name, said, version=draft.version) if said else draft


def _picture(proposal: Proposal, members: Sequence[int]) -> bytes:
    """Return the ground around some pieces as WKB (EPSG:4326)."""
    shapes = [proposal.ground.pieces[member].shape for member in members]
    around = shapely.union_all(shapely.buffer(shapes, AROUND_M, quad_segs=3))
    picture: bytes = shapely.to_wkb(proposal.ground.plane.in_degrees(around))
    return picture
