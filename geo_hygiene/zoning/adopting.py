"""Put a proposal into a draft, where a planner can change it before it becomes the plan."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

import shapely
from sqlalchemy import Connection, text

from geo_hygiene.coverage.duties import DutyRecord
from geo_hygiene.coverage.intervals import Interval
from geo_hygiene.coverage.locks import lock_duties
from geo_hygiene.zoning import drafts
from geo_hygiene.zoning.editing import ZoneWords
from geo_hygiene.zoning.lists import SaidStretch
from geo_hygiene.zoning.records import Editor, ZoneRecord, zones_of_day

LISTS = """
select duty_zone.code, target.uuid, cover.from_mm, cover.to_mm, target.extent_mm
from claim
join duty_zone using (id)
join cover using (source_id)
join target on target.id = cover.target_id
where claim.duty_id = :duty and claim.valid_from <= :on and :on < claim.valid_to
order by duty_zone.code, target.uuid, cover.from_mm
"""


@dataclass(frozen=True, slots=True)
class Proposed:
    """What a proposal would store.

    Attributes
    ----------
    lists
        Targets of each zone by its code; all of its ground together.
    pictures
        Of each zone (EPSG:4326).
    locked
        Zones that stay as they are, and with them what others hold of their targets.
    """

    duty: DutyRecord
    on: date
    lists: Mapping[str, Sequence[UUID]]
    pictures: Mapping[str, shapely.Geometry]
    locked: Collection[str] = ()


def adopt(connection: Connection, editor: Editor, proposed: Proposed, name: str) -> drafts.DraftRecord:
    """Begin a draft with the zones that a proposal changes, over the plan of its day.

    What zones hold outside the ground of the proposal stays with them, and so does every target of which a locked zone
    has a part; a zone that would hold nothing ends.

    Raises
    ------
    WrongZoneError, OutsideAreasError
        If a draft of the name exists, or a zone is not the editor's to change.
    """
    lock_duties(connection, [proposed.duty.id])  # or a zone would be edited between its list is read and its version
    ground = {segment for segments in proposed.lists.values() for segment in segments}
    outside: dict[str, list[SaidStretch]] = defaultdict(list)
    inside: dict[str, dict[UUID, list[Interval]]] = defaultdict(lambda: defaultdict(list))
    extents = {}
    for row in connection.execute(text(LISTS), {"duty": proposed.duty.id, "on": proposed.on}):
        extents[row.uuid] = [(0, row.extent_mm)]
        if row.uuid in ground:
            inside[row.code][row.uuid].append((row.from_mm, row.to_mm))
        else:
            outside[row.code].append(SaidStretch(row.uuid, row.from_mm / 1000, row.to_mm / 1000))
    now = zones_of_day(connection, proposed.duty.id, proposed.on, [code for code in proposed.lists if outside[code]])
    said = {}
    stays = {segment for code in proposed.locked for segment in (*inside[code], *proposed.lists.get(code, ()))}
    for code in sorted({*inside, *proposed.lists} - set(proposed.locked)):
        wanted: dict[UUID, Sequence[Interval] | None] = {
            segment: extents.get(segment) for segment in proposed.lists.get(code, ()) if segment not in stays
        }
        wanted |= {segment: spans for segment, spans in inside[code].items() if segment in stays}
        if inside[code] == wanted:
            continue
        stretches = [*outside[code], *(part for one in wanted.items() for part in _said(*one))]
        picture = _picture(proposed.pictures, code, now.get(code))
        said[code] = (
            drafts.DraftWords(words=ZoneWords(segments=stretches, picture=picture))
            if stretches
            else drafts.DraftWords(ends=True)
        )
    draft = drafts.begin(connection, editor, name=name, duty=proposed.duty, plan_on=proposed.on)
    return drafts.put_zones(connection, editor, name, said, version=draft.version) if said else draft


def _said(segment: UUID, spans: Sequence[Interval] | None) -> list[SaidStretch]:
    """Return parts of a target as they are told; one that nobody holds is told whole."""
    if spans is None:
        return [SaidStretch(segment)]
    return [SaidStretch(segment, start / 1000, end / 1000) for start, end in spans]


def _picture(pictures: Mapping[str, shapely.Geometry], code: str, now: ZoneRecord | None) -> bytes | None:
    """Return the picture of a zone as WKB, with what it has of the ground that the proposal leaves alone."""
    own: shapely.Geometry | None = pictures.get(code)
    if now is not None and now.picture is not None:
        rest = shapely.difference(shapely.from_wkb(now.picture), shapely.union_all(list(pictures.values())))
        own = rest if own is None else shapely.union(own, rest)
    faces = [face for face in shapely.get_parts(own).tolist() if face.geom_type == "Polygon"] if own else []
    return shapely.to_wkb(shapely.MultiPolygon(faces)) if faces else None
