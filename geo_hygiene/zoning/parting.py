"""A zone is split by a line, or takes over another one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import shapely
from sqlalchemy import Connection

from geo_hygiene.coverage.otherwise import OtherZone, disjoint, otherwise
from geo_hygiene.coverage.writing import NewZone, Stretch, add_zones, end_claims, keep_zones, lists_of
from geo_hygiene.i18n import gettext as _
from geo_hygiene.zoning.cutting import Part, cut_list
from geo_hygiene.zoning.editing import (
    Change,
    ZoneWords,
    demand_free_code,
    free_code,
    note,
    of_former_targets,
    rewrite,
    uuids_of,
)
from geo_hygiene.zoning.mistakes import WrongZoneError
from geo_hygiene.zoning.records import (
    Editor,
    ZoneRecord,
    as_audited,
    day_within,
    duty_by_id,
    find_zone,
    open_day,
    zone_to_change,
)


def split(
    connection: Connection,
    editor: Editor,
    name: str,
    *,
    version: int,
    start: date,
    line: shapely.LineString,
    codes: Sequence[str] = (),
) -> Change:
    """Cut a zone by a line from a day on: the largest part stays the zone, the others are zones that nobody holds yet.

    Parameters
    ----------
    codes
        Codes of the other parts, the largest first; what is missing is made up.

    Raises
    ------
    UnknownRecordError, OutsideAreasError, StaleVersionError, WrongZoneError
        As for :func:`geo_hygiene.zoning.editing.change`, and if the line does not cut the zone.
    """
    zone = zone_to_change(connection, editor, name, version=version, on=start)
    duty = duty_by_id(connection, zone.duty_id)
    day_within(zone, start, "from")
    now = _held_from(connection, zone, start)
    cut = cut_list(connection, now, line, zone.picture)
    if len(cut) < 2:  # noqa: PLR2004 - one part is no cut
        raise WrongZoneError("line", _("The line does not cut the zone “%(code)s” in two.", code=zone.code))
    first, *others = cut
    named = _codes(connection, zone, codes, len(others))
    parts = [
        OtherZone(code=code, stretches=part.stretches, shift=zone.shift)
        for code, part in zip([zone.code, *named], [first, *others], strict=True)
    ]
    difference = otherwise(connection, duty.id, start, parts)
    before = as_audited(connection, [zone.id])
    words = ZoneWords(picture=first.picture)
    kept = rewrite(connection, zone, start=start, on=start, stretches=first.stretches, words=words, follow=False)
    new = [_as_new(zone, start, code, part) for code, part in zip(named, others, strict=True)]
    made = add_zones(connection, new)
    note(connection, editor, "zone.split", duty, zone.code, before=before, after=as_audited(connection, [*kept, *made]))
    return Change(duty=duty, on=start, zones=uuids_of(connection, [kept[-1], *made]), difference=difference)


def _held_from(connection: Connection, zone: ZoneRecord, day: date) -> list[Stretch]:
    """Return what a zone holds of the targets of a day and of what begins later in their place: nothing follows."""
    listed = lists_of(connection, [zone.id]).get(zone.id, [])
    former = set(of_former_targets(connection, listed, day))
    return [item for item in listed if item not in former]


def _codes(connection: Connection, zone: ZoneRecord, codes: Sequence[str], count: int) -> list[str]:
    """Return the codes of new zones: those that were given, then made up ones."""
    named = list(codes[:count])
    if len(set(named)) < len(named):
        raise WrongZoneError("codes", _("Two of the codes are the same."))
    for code in named:
        demand_free_code(connection, code, zone.valid_from, zone.valid_to)
    while len(named) < count:
        named.append(free_code(connection, zone.code, taken=named))
    return named


def _as_new(zone: ZoneRecord, start: date, code: str, part: Part) -> NewZone:
    return NewZone(
        code=code,
        duty_id=zone.duty_id,
        shift=zone.shift,
        stretches=part.stretches,
        valid_from=start,
        valid_to=open_day(zone.valid_to),
        picture=part.picture,
    )


def merge(
    connection: Connection, editor: Editor, name: str, *, version: int, start: date, other: str, other_version: int
) -> Change:
    """Let a zone take over the ground of another one of its duty from a day on, on which that one ends.

    Raises
    ------
    UnknownRecordError, OutsideAreasError, StaleVersionError, WrongZoneError
        As for :func:`geo_hygiene.zoning.editing.change`, of both zones; also if they can not be one.
    """
    zone = zone_to_change(connection, editor, name, version=version, on=start)
    duty = duty_by_id(connection, zone.duty_id)
    day_within(zone, start, "from")
    if find_zone(connection, other, start).duty_id != zone.duty_id:  # before the lock of another duty is waited for
        raise _never_one()
    taken = zone_to_change(connection, editor, other, version=other_version, on=start)
    day_within(taken, start, "from")
    if taken.id == zone.id:
        raise WrongZoneError("zone", _("A zone can not take over itself."))
    if (taken.shift, taken.valid_to) != (zone.shift, zone.valid_to):
        raise _never_one()
    stretches, picture = joined([(_held_from(connection, one, start), one.picture) for one in (zone, taken)])
    both = OtherZone(code=zone.code, stretches=stretches, shift=zone.shift)
    difference = otherwise(connection, duty.id, start, [both], without=[taken.code])
    before = as_audited(connection, [zone.id, taken.id])
    keep_zones(connection, [taken.id])
    end_claims(connection, [taken.id], start)
    words = ZoneWords(picture=picture)
    changed = rewrite(connection, zone, start=start, on=start, stretches=stretches, words=words, follow=False)
    note(
        connection,
        editor,
        "zone.merge",
        duty,
        zone.code,
        before=before,
        after=as_audited(connection, [*changed, taken.id]),
    )
    return Change(duty=duty, on=start, zones=uuids_of(connection, changed[-1:]), difference=difference)


def _never_one() -> WrongZoneError:
    return WrongZoneError("zone", _("Zones become one if they are of one duty and shift and end on the same day."))


def joined(lists: Sequence[tuple[Sequence[Stretch], bytes | None]]) -> tuple[list[Stretch], bytes | None]:
    """Return lists as one, and the pictures that are shown for them as one."""
    stretches = disjoint(item for listed, _picture in lists for item in listed)
    drawn = [shapely.from_wkb(picture) for _listed, picture in lists if picture is not None]
    faces = [face for face in shapely.get_parts(shapely.union_all(drawn)).tolist() if face.geom_type == "Polygon"]
    return stretches, shapely.to_wkb(shapely.MultiPolygon(faces)) if faces else None
