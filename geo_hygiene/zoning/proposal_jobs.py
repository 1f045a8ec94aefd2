"""Proposals as jobs: asked for, worked out with progress until somebody cancels, and put into a draft."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, text

from geo_hygiene.coverage.duties import DutyRecord, duty_of
from geo_hygiene.coverage.within import AREAS_WITHIN, bound, demand_within
from geo_hygiene.i18n import gettext as _
from geo_hygiene.jobs import store
from geo_hygiene.jobs.store import Job, JobState, NewJob, UnknownJobError
from geo_hygiene.jobs.worker import Handler, Progress
from geo_hygiene.permissions import Areas
from geo_hygiene.zoning import drafts
from geo_hygiene.zoning.adopting import Proposed, adopt
from geo_hygiene.zoning.barriers import Barrier
from geo_hygiene.zoning.ground import ground_of
from geo_hygiene.zoning.proposing import ImpossibleProposalError, demand_sense, pictures_of, propose
from geo_hygiene.zoning.records import Editor
from geo_hygiene.zoning.sharing import Borders, Wishes

PROPOSE = "zones-propose"
ADOPT = "zones-adopt"

KINDS = frozenset({PROPOSE, ADOPT})

MOST_TARGETS = 150_000
"""Of more than a county a browser asks in parts; the command knows no bound."""

TARGETS = f"""
select count(*)
from duty_target
join target on target.id = duty_target.target_id
where duty_target.duty_id = :duty and duty_target.valid_from <= :on and :on < duty_target.valid_to
    and (cast(:within as text[]) is null or target.area_id in ({AREAS_WITHIN}))
"""  # noqa: S608 - constants

THERE = f"""
select distinct duty_zone.code
from duty_zone
join claim using (id)
join cover using (source_id)
join target on target.id = cover.target_id
where duty_zone.code = any(:codes) and claim.duty_id = :duty and claim.valid_from <= :on and :on < claim.valid_to
    and (cast(:within as text[]) is null or target.area_id in ({AREAS_WITHIN}))
"""  # noqa: S608 - constants

AREAS = f"""
select code, coalesce(name, code) as name, level
from (
    select distinct on (area.code) area.code, area.name, area.level, office.code as office
    from area
    join area_tree on area_tree.id = area.id
    left join area as office on office.id = area_tree.office_id
    where area.level in ('office', 'community')
        and (cast(:within as text[]) is null or area.id in ({AREAS_WITHIN}))
    order by area.code, area.valid_from desc
) as newest
order by office, level <> 'office', code
"""  # noqa: S608 - constants


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What somebody asks of a proposal, as a job keeps it; ``within`` are the areas of their role."""

    duty: str
    on: str
    count: int
    tolerance: float
    area: str | None
    borders: str
    keep: float | None
    locked: Sequence[str]
    barriers: Sequence[str]
    within: Sequence[str] | None

    @property
    def wishes(self) -> Wishes:
        """Return what the proposal should be like."""
        return Wishes(
            count=self.count,
            tolerance=self.tolerance,
            area=self.area,
            borders=Borders(self.borders),
            keep=self.keep,
            locked=frozenset(self.locked),
            barriers=frozenset(map(Barrier, self.barriers)),
        )

    @property
    def day(self) -> date:
        """Return the day whose zones and targets count."""
        return date.fromisoformat(self.on)

    @property
    def areas(self) -> Areas:
        """Return the areas of the role."""
        return None if self.within is None else frozenset(self.within)


def areas_to_share(connection: Connection, within: Areas) -> list[dict[str, str]]:
    """Return the offices and communities of a role, each office before its communities."""
    return [dict(row._mapping) for row in connection.execute(text(AREAS), bound(within))]


def ask(connection: Connection, actor: str, duty: DutyRecord, on: date, wishes: Wishes, within: Areas) -> Job:
    """Ask for a proposal; what can not be is refused before anything is stored.

    Raises
    ------
    ImpossibleProposalError
        If it can not be, or is more than a browser may ask.
    UnknownRecordError
        If the area is not among those of the role.
    """
    _demand_possible(connection, duty, on, wishes, within)
    asked = Asked(
        duty=duty.code,
        on=on.isoformat(),
        count=wishes.count,
        tolerance=wishes.tolerance,
        area=wishes.area,
        borders=wishes.borders.value,
        keep=wishes.keep,
        locked=sorted(wishes.locked),
        barriers=sorted(wishes.barriers),
        within=None if within is None else sorted(within),
    )
    return store.add(connection, NewJob(kind=PROPOSE, parameters=asdict(asked), actor=actor))


def _demand_possible(connection: Connection, duty: DutyRecord, on: date, wishes: Wishes, within: Areas) -> None:
    if wishes.area is not None and not connection.scalar(
        text("select exists (select from area where code = :code)"), {"code": wishes.area}
    ):
        raise ImpossibleProposalError("within", _("There is no area “%(name)s”.", name=wishes.area))
    demand_within(connection, wishes.area, within)
    demand_sense(duty, wishes)
    asked = {"duty": duty.id, "on": on, **bound(within if wishes.area is None else frozenset({wishes.area}))}
    count = connection.scalar(text(TARGETS), asked) or 0
    if not count:
        raise ImpossibleProposalError("within", _("There is nothing here that this duty looks after."))
    if count > MOST_TARGETS:
        words = _(
            "Here are %(count)s targets, and at most %(most)s are shared out at a time: choose an area.",
            count=f"{count:,}",
            most=f"{MOST_TARGETS:,}",
        )
        raise ImpossibleProposalError("within", words)
    if wishes.count > count:
        words = _("Here are %(most)s targets, too few for %(count)s zones.", most=count, count=wishes.count)
        raise ImpossibleProposalError("count", words)
    there = set(connection.scalars(text(THERE), asked | {"codes": sorted(wishes.locked)})) if wishes.locked else set()
    for code in sorted(wishes.locked - there):
        raise ImpossibleProposalError("lock", _("The zone “%(code)s” holds nothing here.", code=code))


def ask_to_adopt(connection: Connection, actor: str, uuid: UUID, name: str, within: Areas) -> Job:
    """Ask for a draft that holds a proposal, within the areas that the role has now.

    Raises
    ------
    UnknownJobError
        If the proposal is not the actor's, or was not worked out.
    WrongZoneError
        If a draft can not have the name.
    """
    found = own(connection, actor, uuid)
    if found.kind != PROPOSE or found.state is not JobState.DONE:
        raise UnknownJobError(_("There is no such proposal."))
    drafts.demand_name(connection, name)
    parameters = {"proposal": str(uuid), "name": name, "within": None if within is None else sorted(within)}
    return store.add(connection, NewJob(kind=ADOPT, parameters=parameters, actor=actor))


def own(connection: Connection, actor: str, uuid: UUID) -> Job:
    """Return a job about proposals for whoever asked for it.

    Raises
    ------
    UnknownJobError
        If there is none of theirs.
    """
    found = store.find(connection, uuid, KINDS)
    if found.actor != actor:
        raise UnknownJobError(_("There is no such job."))
    return found


def newest(connection: Connection, actor: str, most: int) -> list[Job]:
    """Return the proposals that somebody asked for, the newest first."""
    return [job for job in store.newest(connection, [PROPOSE], 20 * most) if job.actor == actor][:most]


def work_out(connection: Connection, job: Job, progress: Progress) -> dict[str, Any]:
    """Return a proposal in its public form; store nothing."""
    asked = Asked(**job.parameters)
    progress("read", 0, None)
    found = propose(
        connection,
        duty_of(connection, asked.duty),
        asked.day,
        asked.wishes,
        within=asked.areas,
        progress=lambda done, total: progress("share", done, total),
    )
    return found.as_json()


def put_into_draft(connection: Connection, job: Job, progress: Progress) -> dict[str, Any]:
    """Begin a draft with the zones of a proposal."""
    progress("draw", 0, None)
    made = own(connection, job.actor, UUID(job.parameters["proposal"]))
    asked, result = Asked(**made.parameters), made.result or {}
    duty = duty_of(connection, asked.duty)
    lists = {zone["code"]: [UUID(segment) for segment in zone["segments"]] for zone in result["zones"]}
    pictures = pictures_of(ground_of(connection, duty, asked.day, asked.area, asked.areas), lists)
    progress("adopt", 0, None)
    proposed = Proposed(duty=duty, on=asked.day, lists=lists, pictures=pictures, locked=asked.locked)
    within = job.parameters["within"]
    editor = Editor(job.actor, None if within is None else frozenset(within))
    draft = adopt(connection, editor, proposed, job.parameters["name"])
    return {"draft": draft.name, "duty": asked.duty}


HANDLERS: Mapping[str, Handler] = {PROPOSE: work_out, ADOPT: put_into_draft}
