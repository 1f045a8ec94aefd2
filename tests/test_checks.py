"""Each check is good on the sample town, and finds the fault that it is there for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from geo_hygiene.database import engine
from geo_hygiene.upkeep import checks
from geo_hygiene.upkeep.backup import snapshot
from geo_hygiene.upkeep.checks import CHECKS, Difference, Found, Ground, machine, run_checks
from geo_hygiene.upkeep.checks.check import each
from geo_hygiene.upkeep.home import LastBackup, note_backup
from geo_hygiene.web.connections import Connections
from tests.conftest import TestDatabase
from tests.web.conftest import application

BY_KEY = {check.key: check for check in CHECKS}

ANY_LINE = "(select id from target where kind = 'street-segments' order by id limit 1)"
COVERED = f"(select target_id from cover where target_id = {ANY_LINE} limit 1)"
NO_PERIOD = "alter table claim drop constraint ck_claim_period;"
NO_CONSTRAINTS = "set local session_replication_role = replica;"

FAULTS = {
    "audit": (
        "insert into audit_entry (actor, action, subject) values ('a', 'b', 'c'); update audit_entry set actor = 'd'",
        (
            "insert into audit_entry (actor, action, subject) values ('a', 'b', 'c'), ('a', 'b', 'd');"
            " delete from audit_entry where subject = 'c'"
        ),
    ),
    "schema": ["alter table person drop column employment", "update alembic_version set version_num = '0001'"],
    "lengths": [
        f"update target set extent_mm = extent_mm + 3 where id = {ANY_LINE}",
        f"update target set geom = ST_Scale(geom, 0.99, 0.99) where id = {ANY_LINE}",
        "update target set extent_mm = 2 where id = (select id from septic_tank limit 1)",
    ],
    "positions": [
        f"update cover set to_mm = to_mm + 1000000 where target_id = {COVERED}",
        f"update claim_stretch set to_mm = to_mm + 1000000 where target_id = {COVERED}",
    ],
    "periods": [
        f"{NO_PERIOD} update claim set valid_to = valid_from where id = (select min(id) from claim)",
    ],
    "kinds": [
        f"{NO_CONSTRAINTS} delete from street_segment where id = {ANY_LINE}",
        f"update target set kind = 'drain-segments' where id = {ANY_LINE}",
    ],
    "references": [
        "update ledger set duty_id = 99 where id = (select min(id) from ledger)",
        "update scope set area_ids = '{999999}' where id = 1",
        "insert into scope (duty_id, valid_from) values (1, '2025-01-01')",
    ],
    "imports": ["update lane set import_id = 999999 where id = (select min(id) from lane)"],
    "work-rules": [
        "insert into work_rule (kind, minutes, valid_from) values ('septic-tanks', 20, '2025-01-01')",
        "update work_rule set category = 'lane' where category = 'alley'",
    ],
    "rules": [
        "alter table claim add constraint ck_claim_new check (shift <> '') not valid",
        "alter table claim disable trigger all",
    ],
    "numbers": ["select setval('person_id_seq', 1)"],
    "versions": ["delete from data_version where subject = 'duty:sweeping'"],
    "rules-kept": [
        f"{NO_CONSTRAINTS} delete from area where level = 'office'",
        "alter table claim add constraint ck_claim_new check (shift = 'night') not valid",
    ],
    "foreign-tables": ["create table notes (id int primary key)"],
    "cover-of-lists": [
        f"delete from cover where target_id = {COVERED}",
        f"update cover set to_mm = to_mm - 1 where target_id = {COVERED}",
    ],
    "states": [
        f"update state set covered_mm = covered_mm - 1 where target_id = {COVERED}",
        f"update state set area_id = null where target_id = {COVERED}",
        "update vacancy set vacant_mm = 0",
    ],
    "state-periods": [
        f"delete from state where target_id = {COVERED}",
        f"update state set valid_to = '2300-01-01' where target_id = {COVERED} and valid_to = 'infinity'",
    ],
    "ledger": [
        "update ledger set covered_mm = covered_mm + 1 where id = (select min(id) from ledger)",
        "delete from ledger where id = (select min(id) from ledger)",
    ],
    "reached-sums": [
        "update reached_sum set change_mm = change_mm + 1 where id = (select min(id) from reached_sum)",
        "delete from reached_sum where id = (select min(id) from reached_sum)",
    ],
    "cover-of-shapes": [
        "delete from cover using claim_source where claim_source.id = source_id and basis = 'shape'",
    ],
    "states-rebuilt": [
        f"update state set overlap_mm = least(covered_mm, overlap_mm + 1) where target_id = {COVERED}",
    ],
    "vacancies-rebuilt": ["delete from assignment"],
    "reached-rebuilt": [
        f"update reached set change_mm = change_mm + 1 where target_id = {ANY_LINE}",
        "delete from claim where id = (select min(id) from treatment)",
    ],
    "rights": [
        "grant create on schema public to geo_hygiene_service",
        "grant delete on case_event to geo_hygiene_service",
        "revoke insert on target from geo_hygiene_service",
    ],
}
"""Statements of a superuser that break what a check holds; all but the machine itself can be broken here."""

OF_THE_MACHINE = {"durable", "pages", "disk", "backup"}


@pytest.fixture(scope="module")
def superuser(new_database: Callable[..., TestDatabase], sample_template: TestDatabase) -> Iterator[Connection]:
    opened = engine(new_database(sample_template.name).superuser_url)
    with opened.connect() as connection:
        yield connection
    opened.dispose()


def test_every_check_is_broken_here_once() -> None:
    assert set(FAULTS) | OF_THE_MACHINE == set(BY_KEY)


@pytest.mark.parametrize(
    ("key", "fault"), [pytest.param(key, fault, id=key) for key, faults in FAULTS.items() for fault in faults]
)
def test_a_check_finds_its_fault(superuser: Connection, key: str, fault: str) -> None:
    check, ground = BY_KEY[key], Ground(superuser, Path("/nonexistent"), None)
    with superuser.begin() as transaction:
        assert check.find(ground).count == 0
        superuser.exec_driver_sql(fault)
        found = check.find(ground)
        transaction.rollback()
    assert found.count > 0
    assert found.differences[0].place


def test_all_is_good_in_the_sample_town(sample_database: TestDatabase, tmp_path: Path) -> None:
    with snapshot(sample_database.owner_url) as connection:
        results = list(run_checks(Ground(connection, tmp_path, tmp_path), thorough=True))
    assert {result.check.key: result.found for result in results if result.status == "different"} == {}
    assert {result.check.key for result in results} == set(BY_KEY)


def test_a_question_that_can_not_be_answered_is_a_finding(sample_database: TestDatabase) -> None:
    with snapshot(sample_database.owner_url) as connection:
        ground = Ground(connection, Path("/nonexistent"), None)

        def damaged(_ground: Ground) -> Iterator[Difference]:
            connection.execute(text("select 1 / 0"))
            yield from ()

        broken = replace(CHECKS[0], find=each(damaged))
        found = checks._find(broken, ground)
        assert connection.scalar(text("select 1")) == 1
    assert found == Found(1, (Difference("the question can not be answered", "division by zero"),))


def test_a_database_that_could_lose_records_is_told_and_not_served(database: TestDatabase, tmp_path: Path) -> None:
    owner = engine(database.superuser_url, isolation_level="AUTOCOMMIT")
    with owner.connect() as connection:
        connection.execute(text(f'alter database "{database.name}" set synchronous_commit = off'))
    owner.dispose()
    with snapshot(database.owner_url) as connection:
        found = BY_KEY["durable"].find(Ground(connection, tmp_path, None))
    assert found.differences == (Difference("synchronous_commit", "off", "on"),)
    opened = Connections(database.service_url)
    answer = application(None, connections=opened).test_client().get("/readyz")
    opened.close()
    assert answer.status_code == 503
    assert "synchronous_commit = off and could lose records" in answer.get_data(as_text=True)


def test_an_old_backup_and_none_are_told_when_there_are_own_records(database: TestDatabase, tmp_path: Path) -> None:
    owner = engine(database.owner_url)
    check = BY_KEY["backup"]
    with owner.begin() as connection:
        ground = Ground(connection, tmp_path, None)
        connection.execute(text("insert into import_run (layer, file, origin) values ('areas', 'a.shp', 'sample')"))
        assert check.find(ground).count == 0
        connection.execute(text("insert into import_run (layer, file) values ('areas', 'a.shp')"))
        assert check.find(ground).differences == (Difference(str(tmp_path), "none yet"),)
        now = datetime.now(UTC)
        note_backup(tmp_path, LastBackup("/media/b.zip", (now - timedelta(days=8, hours=1)).isoformat()))
        assert check.find(ground).differences == (Difference("/media/b.zip", "8 days old"),)
        note_backup(tmp_path, LastBackup("/media/b.zip", (now - timedelta(days=6)).isoformat()))
        assert check.find(ground).count == 0
    owner.dispose()


def test_little_room_is_told(sample_database: TestDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "LEAST_FREE", 10**18)
    with snapshot(sample_database.owner_url) as connection:
        assert BY_KEY["disk"].find(Ground(connection, tmp_path, tmp_path)).count == 1
