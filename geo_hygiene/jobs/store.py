"""Jobs as rows: asked for, taken, told how far they are, ended."""

from __future__ import annotations

import json
import uuid as uuid_module
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, text

from geo_hygiene.errors import GeoHygieneError, UnknownRecordError
from geo_hygiene.i18n import N_, _, current_locale

CHANNEL = "job"
"""Where the worker hears that there is a new job, or that one is to be cancelled."""

KEPT = timedelta(days=30)
"""How long a job that ended is kept; what it did is told by the records and their audit."""

MOST_WAITING = 20
"""Jobs of one account that wait or run at a time."""


class UnknownJobError(UnknownRecordError):
    """There is no such job."""


class JobStateError(GeoHygieneError):
    """What is asked of a job does not fit its state."""


class TooManyJobsError(GeoHygieneError):
    """Somebody asks for more than can be done soon."""


class JobState(StrEnum):
    """How far a job is."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"
    DIED = "died"


OPEN = frozenset({JobState.WAITING, JobState.RUNNING})

STATE_TITLES: Mapping[JobState, str] = {
    JobState.WAITING: N_("waits"),
    JobState.RUNNING: N_("runs"),
    JobState.DONE: N_("done"),
    JobState.FAILED: N_("failed"),
    JobState.CANCELLED: N_("cancelled"),
    JobState.DIED: N_("broken off"),
}


@dataclass(frozen=True, kw_only=True)
class NewJob:
    """Work to be done, and for whom."""

    kind: str
    parameters: Mapping[str, Any]
    actor: str


@dataclass(frozen=True, kw_only=True)
class Job:
    """A job as it stands.

    Attributes
    ----------
    step, done, total
        How far it is; ``total`` is ``None`` where nobody knows.
    result
        What came of a job that is done.
    reason
        Why another did not come to a result, as a sentence.
    """

    id: int
    uuid: uuid_module.UUID
    kind: str
    parameters: Mapping[str, Any]
    actor: str
    locale: str
    state: JobState
    step: str | None
    done: int | None
    total: int | None
    result: Mapping[str, Any] | None = field(repr=False)
    reason: str | None
    created_at: datetime
    began_at: datetime | None
    ended_at: datetime | None
    cancel_asked_at: datetime | None

    @property
    def is_open(self) -> bool:
        """Tell whether it waits or runs."""
        return self.state in OPEN


ADD = """
insert into job (kind, parameters, actor, locale)
values (:kind, cast(:parameters as jsonb), :actor, :locale)
returning *
"""

NEWEST = """
select id, uuid, kind, parameters, actor, locale, state, step, done, total, cast(null as jsonb) as result, reason,
    created_at, began_at, ended_at, cancel_asked_at
from job
where kind = any(:kinds)
order by id desc
limit :limit
"""

TAKE = """
update job set state = 'running', began_at = now()
where id = (select id from job where state = 'waiting' order by id limit 1 for update skip locked)
returning *
"""


def _job(row: Any) -> Job:
    values = dict(row._mapping)
    return Job(state=JobState(values.pop("state")), **values)


def add(connection: Connection, new: NewJob) -> Job:
    """Ask for work in the caller's transaction; it is begun after the commit.

    Raises
    ------
    TooManyJobsError
        If the account has too many that wait.
    """
    waiting = connection.execute(
        text("select count(*) from job where actor = :actor and state in ('waiting', 'running')"), {"actor": new.actor}
    ).scalar_one()
    if waiting >= MOST_WAITING:
        raise TooManyJobsError(_("%(count)s of your jobs wait already: let them end first.", count=waiting))
    row = connection.execute(
        text(ADD),
        {
            "kind": new.kind,
            "parameters": json.dumps(new.parameters, ensure_ascii=False),
            "actor": new.actor,
            "locale": current_locale(),
        },
    ).one()
    _tell(connection)
    return _job(row)


def _tell(connection: Connection) -> None:
    connection.execute(text("select pg_notify(:channel, '')"), {"channel": CHANNEL})


def find(connection: Connection, job: uuid_module.UUID, kinds: Collection[str] | None = None) -> Job:
    """Return a job, of one of some kinds.

    Raises
    ------
    UnknownJobError
        If there is none.
    """
    row = connection.execute(text("select * from job where uuid = :job"), {"job": job}).first()
    if row is None or (kinds is not None and row.kind not in kinds):
        raise UnknownJobError(_("There is no such job."))
    return _job(row)


def newest(connection: Connection, kinds: Collection[str], limit: int) -> list[Job]:
    """Return jobs of some kinds, whoever asked for them, the newest first, without their results."""
    return [_job(row) for row in connection.execute(text(NEWEST), {"kinds": list(kinds), "limit": limit})]


def take(connection: Connection) -> Job | None:
    """Begin the job that waits longest, in the caller's transaction; ``None`` when none waits."""
    row = connection.execute(text(TAKE)).first()
    return None if row is None else _job(row)


def tell_progress(connection: Connection, job: Job, step: str, done: int, total: int | None) -> None:
    """Write down how far a job is."""
    connection.execute(
        text("update job set step = :step, done = :done, total = :total where id = :id and state = 'running'"),
        {"id": job.id, "step": step, "done": done, "total": total},
    )


def finish(connection: Connection, job: Job, result: Mapping[str, Any]) -> None:
    """End a job with its result, in the transaction that holds what the job did: both stay, or neither.

    Raises
    ------
    JobStateError
        If it runs no more.
    """
    changed = connection.execute(
        text(
            "update job set state = 'done', ended_at = clock_timestamp(), result = cast(:result as jsonb)"
            " where id = :id and state = 'running'"
        ),
        {"id": job.id, "result": json.dumps(result, ensure_ascii=False, default=str)},
    ).rowcount
    if not changed:
        raise JobStateError(_("The job was ended meanwhile."))


def end(connection: Connection, job_id: int, state: JobState, reason: str | None = None) -> bool:
    """End a job without a result, if it has not ended; tell whether it had not."""
    return bool(
        connection.execute(
            text(
                "update job set state = :state, ended_at = clock_timestamp(), reason = :reason"
                " where id = :id and state in ('waiting', 'running')"
            ),
            {"id": job_id, "state": state.value, "reason": reason},
        ).rowcount
    )


def ask_to_cancel(connection: Connection, job: uuid_module.UUID) -> Job:
    """Let a job end: at once when it waits, soon when it runs; one that ended stays as it is.

    Raises
    ------
    UnknownJobError
        If there is none.
    """
    found = find(connection, job)
    connection.execute(
        text(
            "update job set state = 'cancelled', ended_at = clock_timestamp(), cancel_asked_at = clock_timestamp()"
            " where id = :id and state = 'waiting'"
        ),
        {"id": found.id},
    )
    connection.execute(
        text(
            "update job set cancel_asked_at = coalesce(cancel_asked_at, clock_timestamp())"
            " where id = :id and state = 'running'"
        ),
        {"id": found.id},
    )
    _tell(connection)
    return find(connection, job)


def is_cancel_asked(connection: Connection, job: Job) -> bool:
    """Tell whether somebody wants a running job to end."""
    asked = connection.scalar(text("select cancel_asked_at is not null from job where id = :id"), {"id": job.id})
    return bool(asked)


def again(connection: Connection, job: uuid_module.UUID, *, actor: str) -> Job:
    """Ask once more for what did not come to a result.

    Raises
    ------
    UnknownJobError
        If there is none.
    JobStateError
        If it waits, runs or is done.
    """
    found = find(connection, job)
    if found.is_open or found.state is JobState.DONE:
        raise JobStateError(_("Only a job that came to no result can be started again."))
    return add(connection, NewJob(kind=found.kind, parameters=found.parameters, actor=actor))


def leftovers(connection: Connection) -> list[Job]:
    """Return the jobs that a worker began; for the next one these are jobs that no worker runs any more."""
    return [_job(row) for row in connection.execute(text("select * from job where state = 'running' order by id"))]


def forget_old(connection: Connection) -> None:
    """Remove jobs that ended long ago."""
    connection.execute(text("delete from job where ended_at < now() - :kept"), {"kept": KEPT})
