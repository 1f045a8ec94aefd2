"""Long work: taken one after the other, ended by a cancel or a kill whole or not at all, and told so."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, text

from geo_hygiene.database import engine
from geo_hygiene.errors import GeoHygieneError
from geo_hygiene.jobs import store
from geo_hygiene.jobs.store import Job, JobState, NewJob
from geo_hygiene.jobs.worker import Handler, Progress
from tests.conftest import TestDatabase
from tests.working import wait_for, work_off, working


class NoSuchPlaceError(GeoHygieneError):
    """A mistake of a user."""


def write(connection: Connection, job: Job, progress: Progress) -> Mapping[str, Any]:
    progress("write", 1, 2)
    note(connection, "written")
    return {"written": job.parameters["words"]}


def linger(connection: Connection, job: Job, progress: Progress) -> Mapping[str, Any]:
    note(connection, "lingering")
    progress("linger", 3, None)
    connection.execute(text("select pg_sleep(600)"))
    return {}


def refuse(connection: Connection, job: Job, progress: Progress) -> Mapping[str, Any]:
    note(connection, "refused")
    raise NoSuchPlaceError("There is no such place.")


def break_down(connection: Connection, job: Job, progress: Progress) -> Mapping[str, Any]:
    note(connection, "broken")
    raise RuntimeError("138 0000 1234")


def divide(connection: Connection, job: Job, progress: Progress) -> Mapping[str, Any]:
    """Make a mistake of our own that the database finds."""
    connection.execute(text("select 1 / 0"))
    return {}


def cross(connection: Connection, job: Job, progress: Progress) -> Mapping[str, Any]:
    """Be the one that the database ends where two wait for each other, as often as is asked."""
    note(connection, "crossed")
    if job.parameters["times"] > len(CROSSED):
        CROSSED.append(job.id)
        connection.execute(text("do $$ begin raise exception 'deadlock' using errcode = '40P01'; end $$"))
    return {}


CROSSED: list[int] = []
"""Of the process that does the job."""


def kill_itself(connection: Connection, job: Job, progress: Progress) -> Mapping[str, Any]:
    note(connection, "killed")
    os.kill(os.getpid(), signal.SIGKILL)
    return {}


def count_up(connection: Connection, job: Job, progress: Progress) -> Mapping[str, Any]:
    """Write a hundred rows and be killed at any moment by whoever watches."""
    for number in range(100):
        note(connection, f"row {number}")
    return {"rows": 100}


HANDLERS: Mapping[str, Handler] = {
    "write": write,
    "linger": linger,
    "refuse": refuse,
    "break": break_down,
    "divide": divide,
    "cross": cross,
    "kill": kill_itself,
    "count": count_up,
}


def note(connection: Connection, what: str) -> None:
    connection.execute(
        text("insert into import_run (layer, file, origin) values ('people', :what, 'file')"), {"what": what}
    )


@pytest.fixture
def office(database: TestDatabase) -> Iterator[Engine]:
    opened = engine(database.service_url)
    yield opened
    opened.dispose()


def ask(office: Engine, kind: str, **parameters: Any) -> Job:
    with office.begin() as connection:
        return store.add(connection, NewJob(kind=kind, parameters=parameters, actor="planner@office.example"))


def now(office: Engine, job: Job) -> Job:
    with office.connect() as connection:
        return store.find(connection, job.uuid)


def notes(office: Engine) -> list[str]:
    with office.connect() as connection:
        return list(connection.scalars(text("select file from import_run order by id")))


def sessions(office: Engine) -> int:
    with office.connect() as connection:
        counted = (
            "select count(*) from pg_stat_activity"
            " where datname = current_database() and application_name like 'geo_hygiene job%'"
        )
        return connection.execute(text(counted)).scalar_one()


def test_jobs_are_done_in_their_order_and_told_how_they_ended(office: Engine, database: TestDatabase) -> None:
    asked = [ask(office, kind, words=kind) for kind in ("write", "refuse", "break", "kill", "write")]
    assert [now(office, job).state for job in asked] == [JobState.WAITING] * 5
    assert work_off(database.service_url, HANDLERS) == 5
    ended = [now(office, job) for job in asked]
    assert [job.state for job in ended] == [
        JobState.DONE,
        JobState.FAILED,
        JobState.FAILED,
        JobState.DIED,
        JobState.DONE,
    ]
    assert ended[0].result == {"written": "write"}
    assert (ended[0].step, ended[0].done, ended[0].total) == ("write", 1, 2)
    assert ended[1].reason == "There is no such place."
    assert "our own fault" in (ended[2].reason or "")
    assert "138" not in (ended[2].reason or "")
    assert "The machine ended this" in (ended[3].reason or "")
    assert all(job.ended_at is not None and job.result is None for job in ended[1:4])
    assert notes(office) == ["written", "written"]


def test_what_the_database_refuses_is_told_as_our_own_fault(office: Engine, database: TestDatabase) -> None:
    job = ask(office, "divide")
    work_off(database.service_url, HANDLERS)
    assert now(office, job).state is JobState.FAILED
    assert "our own fault" in (now(office, job).reason or "")


def test_a_job_that_waited_for_another_and_that_for_it_is_done_again_once(
    office: Engine, database: TestDatabase
) -> None:
    once, twice = ask(office, "cross", times=1), ask(office, "cross", times=2)
    work_off(database.service_url, HANDLERS)
    assert now(office, once).state is JobState.DONE
    assert now(office, twice).state is JobState.FAILED
    assert notes(office) == ["crossed"]


def test_a_worker_goes_on_where_something_can_not_be_tidied_up(office: Engine, database: TestDatabase) -> None:
    def fail(_connection: Connection) -> None:
        raise PermissionError("a folder of somebody else")

    asked = [ask(office, "write", words="") for _number in range(2)]
    assert work_off(database.service_url, HANDLERS, fail) == 2
    assert [now(office, job).state for job in asked] == [JobState.DONE] * 2


def test_a_running_job_is_cancelled_with_its_statement(office: Engine, database: TestDatabase) -> None:
    job = ask(office, "linger")
    with working(database.service_url, HANDLERS):
        wait_for(lambda: now(office, job).step == "linger")
        assert sessions(office) == 2
        with office.begin() as connection:
            assert store.ask_to_cancel(connection, job.uuid).cancel_asked_at is not None
        wait_for(lambda: not now(office, job).is_open)
        assert now(office, job).state is JobState.CANCELLED
        assert sessions(office) == 0
        after = ask(office, "write", words="after")
        wait_for(lambda: not now(office, after).is_open)
    assert now(office, after).state is JobState.DONE
    assert notes(office) == ["written"]


def test_a_job_that_waits_is_cancelled_at_once_and_one_that_ended_stays(office: Engine, database: TestDatabase) -> None:
    waiting, done = ask(office, "write", words=""), ask(office, "write", words="")
    with office.begin() as connection:
        assert store.ask_to_cancel(connection, waiting.uuid).state is JobState.CANCELLED
    work_off(database.service_url, HANDLERS)
    with office.begin() as connection:
        assert store.ask_to_cancel(connection, done.uuid).state is JobState.DONE
    assert notes(office) == ["written"]


def test_a_killed_worker_takes_its_job_along_and_the_next_one_says_so(office: Engine, database: TestDatabase) -> None:
    job = ask(office, "linger")
    with working(database.service_url, HANDLERS) as first:
        wait_for(lambda: now(office, job).step == "linger")
        with working(database.service_url, HANDLERS):
            os.kill(first, signal.SIGKILL)
            wait_for(lambda: not now(office, job).is_open)
            assert now(office, job).state is JobState.DIED
            assert "The program ended while this ran" in (now(office, job).reason or "")
            wait_for(lambda: sessions(office) == 0)
            with office.begin() as connection:
                again = store.again(connection, job.uuid, actor="planner@office.example")
            wait_for(lambda: now(office, again).step == "linger")
    assert "The program was stopped" in (now(office, again).reason or "")
    assert notes(office) == []


def test_a_worker_outlives_its_database(office: Engine, database: TestDatabase) -> None:
    with working(database.service_url, HANDLERS):
        first = ask(office, "write", words="")
        wait_for(lambda: now(office, first).state is JobState.DONE)
        administrator = engine(database.superuser_url, isolation_level="AUTOCOMMIT")
        with administrator.connect() as connection:
            connection.execute(
                text(
                    "select pg_terminate_backend(pid) from pg_stat_activity"
                    " where datname = current_database() and pid <> pg_backend_pid()"
                )
            )
        administrator.dispose()
        second = ask(office, "write", words="")
        wait_for(lambda: now(office, second).state is JobState.DONE)


@pytest.mark.parametrize("delay", [0.0, 0.01, 0.02, 0.03, 0.05, 0.08])
def test_whenever_a_job_is_killed_all_of_it_is_there_or_nothing(
    office: Engine, database: TestDatabase, delay: float
) -> None:
    job = ask(office, "count")
    threading.Timer(delay, lambda: kill_sessions(database)).start()
    work_off(database.service_url, HANDLERS)
    ended = now(office, job)
    assert len(notes(office)) == (100 if ended.state is JobState.DONE else 0)
    assert (ended.result == {"rows": 100}) is (ended.state is JobState.DONE)
    assert not ended.is_open


def kill_sessions(database: TestDatabase) -> None:
    administrator = engine(database.superuser_url, isolation_level="AUTOCOMMIT")
    with administrator.connect() as connection:
        connection.execute(
            text(
                "select pg_terminate_backend(pid) from pg_stat_activity"
                " where datname = current_database() and application_name like 'geo_hygiene job%'"
            )
        )
    administrator.dispose()


def test_nobody_fills_the_queue(office: Engine) -> None:
    for _number in range(store.MOST_WAITING):
        ask(office, "write", words="")
    with pytest.raises(store.TooManyJobsError, match="20 of your jobs wait"):
        ask(office, "write", words="")


def test_only_what_came_to_nothing_is_started_again(office: Engine, database: TestDatabase) -> None:
    done, failed = ask(office, "write", words=""), ask(office, "refuse")
    work_off(database.service_url, HANDLERS)
    with office.begin() as connection:
        with pytest.raises(store.JobStateError):
            store.again(connection, done.uuid, actor="x")
        assert store.again(connection, failed.uuid, actor="x").state is JobState.WAITING
