"""Work is told by hand: a driver on a phone, a clerk at a desk; each has an id that its maker gave."""

from __future__ import annotations

import uuid as uuid_module
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, text

from geo_hygiene.accounts import audit
from geo_hygiene.coverage.duties import in_office, office_timezone
from geo_hygiene.coverage.locks import lock_work
from geo_hygiene.coverage.within import AREAS_WITHIN, bound
from geo_hygiene.coverage.work import DONE
from geo_hygiene.coverage.writing import NewWork, Stretch
from geo_hygiene.errors import GeoHygieneError, UnknownRecordError
from geo_hygiene.i18n import gettext as _
from geo_hygiene.layers import layer_of
from geo_hygiene.layers.works import WORKED_ON
from geo_hygiene.permissions import Areas
from geo_hygiene.works.writing import NewWorkOnPlace, add_works, remove_works

A_MOMENT = timedelta(minutes=10)
"""Nobody empties one tank twice within it, and clocks of phones may be ahead by it."""

PLACE_LOCK = 4_326_006
"""First key of the advisory locks that order those who tell of one place; the second is the target's id."""

TARGET = f"""
select target.id, target.kind, target.extent_mm, target.valid_from, target.valid_to
from target
where target.uuid = :uuid and (cast(:within as text[]) is null or target.area_id in ({AREAS_WITHIN}))
"""  # noqa: S608 - constants

TWICE = """
select claim.done_at
from work
join claim using (id)
join claim_stretch using (source_id)
where work.work_kind = 'emptying' and claim_stretch.target_id = :target_id
    and claim.done_at > :at - cast(:moment as interval) and claim.done_at < :at + cast(:moment as interval)
order by claim.done_at
limit 1
"""

KNOWN = "select exists (select from claim where uuid = :uuid)"

OWN = """
select claim.id, work.work_kind, work.source_key, claim.done_at, claim.import_id
from work join claim using (id)
where claim.uuid = :uuid
"""


class WrongWorkError(GeoHygieneError):
    """Something said of a piece of work can not be; ``place`` is where it was said."""

    def __init__(self, place: str, message: str) -> None:
        super().__init__(message)
        self.place = place


@dataclass(frozen=True, slots=True, kw_only=True)
class SaidWork:
    """What somebody tells of a piece of work on a target; metres along it, ``None`` for its whole."""

    uuid: uuid_module.UUID
    kind: str
    target: uuid_module.UUID
    done_at: datetime
    from_m: float | None = None
    to_m: float | None = None
    volume_m3: float | None = None
    truck: str | None = None
    team: str | None = None
    note: str | None = None


def record_work(connection: Connection, actor: str, within: Areas, said: SaidWork) -> bool:
    """Store work that was told; return whether it is new: sent twice it is stored once.

    Raises
    ------
    UnknownRecordError
        If there is no such target, or it lies outside ``within``.
    WrongWorkError
        If what is said can not be.
    """
    lock_work(connection)
    target = connection.execute(text(TARGET), {"uuid": said.target, **bound(within)}).one_or_none()
    if target is None or target.kind != WORKED_ON.get(said.kind):
        raise UnknownRecordError(_("There is no place “%(id)s” on which this work is done.", id=said.target))
    # a phone that sends again before it is answered, or two drivers at one tank
    connection.execute(text("select pg_advisory_xact_lock(:lock, :place)"), {"lock": PLACE_LOCK, "place": target.id})
    if connection.scalar(text(KNOWN), {"uuid": said.uuid}):
        return False
    zone = office_timezone(connection)
    day = said.done_at.astimezone(zone).date()
    if said.done_at > datetime.now(UTC) + A_MOMENT:
        raise WrongWorkError("done_at", _("“%(value)s” has not come yet.", value=in_office(said.done_at, zone)))
    if not target.valid_from <= day < target.valid_to:
        raise WrongWorkError(
            "target", _("On %(day)s this place did not exist, or existed no longer.", day=day.isoformat())
        )
    _refuse_twice(connection, said, target.id)
    add_works(
        connection,
        [
            NewWorkOnPlace(
                work=NewWork(
                    kind="works",
                    day=day,
                    done_at=said.done_at,
                    result=DONE,
                    stretches=(_stretch(said, target),),
                    uuid=said.uuid,
                ),
                source_key=str(said.uuid),
                details={
                    "work_kind": said.kind,
                    "volume_m3": said.volume_m3,
                    "truck": said.truck,
                    "team": said.team,
                    "note": said.note,
                },
            )
        ],
    )
    after = {"kind": said.kind, "target": str(said.target), "done_at": said.done_at.isoformat()}
    audit.record(connection, actor=actor, action="work.record", subject=str(said.uuid), after=after)
    return True


def take_back(connection: Connection, actor: str, within: Areas, uuid: uuid_module.UUID) -> None:
    """Remove work that was told by hand by mistake.

    Raises
    ------
    UnknownRecordError
        If nothing of the kind was told, or elsewhere.
    WrongWorkError
        If it came from a file: then the import is taken back, or corrected by another file.
    """
    lock_work(connection)
    found = connection.execute(text(OWN), {"uuid": uuid}).one_or_none()
    if found is None or not _lies_within(connection, found.id, within):
        raise UnknownRecordError(_("There is no work “%(id)s”.", id=uuid))
    if found.import_id is not None:
        raise WrongWorkError("id", _("This work came from a file: take the import back, or correct it by a file."))
    remove_works(connection, [found.id])
    before: dict[str, Any] = {"kind": found.work_kind, "done_at": found.done_at.isoformat()}
    audit.record(connection, actor=actor, action="work.take-back", subject=str(uuid), before=before)


def _stretch(said: SaidWork, target: Any) -> Stretch:
    layer = layer_of(target.kind)
    begin = 0 if said.from_m is None else round(said.from_m * 1000)
    end = target.extent_mm if said.to_m is None else round(said.to_m * 1000)
    if layer.unit == "count" or 0 <= begin < end <= target.extent_mm:
        return Stretch(target.id, 0, target.extent_mm) if layer.unit == "count" else Stretch(target.id, begin, end)
    words = _(
        "From %(begin)s m to %(end)s m is no stretch of a segment of %(length)s m.",
        begin=begin / 1000,
        end=end / 1000,
        length=target.extent_mm / 1000,
    )
    raise WrongWorkError("to_m", words)


def _refuse_twice(connection: Connection, said: SaidWork, target_id: int) -> None:
    if said.kind != "emptying":
        return
    values = {"target_id": target_id, "at": said.done_at, "moment": A_MOMENT}
    before = connection.scalar(text(TWICE), values)
    if before is not None:
        at = in_office(before, office_timezone(connection))
        raise WrongWorkError("done_at", _("This tank was emptied at %(at)s already.", at=at))


def _lies_within(connection: Connection, claim_id: int, within: Areas) -> bool:
    """Tell whether all targets of a claim lie in the areas."""
    statement = f"""
        select coalesce(bool_and(target.area_id in ({AREAS_WITHIN})), false)
        from claim join claim_stretch using (source_id) join target on target.id = claim_stretch.target_id
        where claim.id = :claim_id
    """  # noqa: S608 - constants
    return within is None or bool(connection.scalar(text(statement), {"claim_id": claim_id, **bound(within)}))
