"""Backup and restore: the same home again from one file, and never half of it."""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from sqlalchemy import Connection, text

from geo_hygiene.cluster import Cluster
from geo_hygiene.coverage.writing import end_claims
from geo_hygiene.database import engine, head_revision, migrate
from geo_hygiene.keys import key
from geo_hygiene.upkeep.archive import (
    BackupDamagedError,
    BackupNotWrittenError,
    BackupUnreadableError,
    read_archive,
    write_archive,
)
from geo_hygiene.upkeep.backup import write_backup
from geo_hygiene.upkeep.home import RESTORING
from geo_hygiene.upkeep.restore import restore
from geo_hygiene.upkeep.tables import tables_of
from tests.conftest import TestDatabase
from tests.telling import answer, rows_of, run, tiles_of, told_of

AS_ROOT = os.geteuid() == 0
CAN_MOUNT = AS_ROOT and subprocess.run(["unshare", "--mount", "true"], check=False, capture_output=True).returncode == 0
UNREADABLE = (BackupDamagedError, BackupUnreadableError)


@pytest.fixture
def folder() -> Iterator[Path]:
    """Return a folder that the database's user can enter; clusters in it are stopped and removed."""
    made = Path(tempfile.mkdtemp(prefix="gh-"))
    made.chmod(0o755)
    yield made
    for place in made.glob("*/database"):
        cluster = Cluster(place.parent)
        cluster.stop()
    shutil.rmtree(made)


@pytest.fixture(scope="module")
def saved(sample_database: TestDatabase) -> Iterator[Path]:
    """Return a folder with the home of the sample town, its backup and its keys."""
    place = Path(tempfile.mkdtemp(prefix="gh-"))
    home = place / "home"
    (home / "photos" / "2025").mkdir(parents=True)
    (home / "photos" / "2025" / "东街.jpg").write_bytes(bytes(range(256)) * 500)
    (home / "cache").mkdir()
    (home / "cache" / "tile").write_text("made again")
    (home / "photos" / "elsewhere").symlink_to("/etc/hostname")
    key(home, "tiles")
    key(home, "phones")
    run("db", "backup", place / "town.zip", "--home", home, "--keys", place / "keys.zip", database=sample_database)
    yield place
    shutil.rmtree(place)


def test_a_new_machine_gets_the_same_home_from_the_file_and_the_keys(
    saved: Path, folder: Path, sample_database: TestDatabase
) -> None:
    home = folder / "again"
    told = run("db", "restore", saved / "town.zip", "--keys", saved / "keys.zip", "--home", home)
    assert "missing" not in told.stderr
    run("db", "start", "--home", home)
    (folder / "before").mkdir()
    (folder / "after").mkdir()
    before = told_of(folder / "before", database=sample_database)
    assert told_of(folder / "after", "--home", home, database=None) == before
    cluster = Cluster(home)
    tiles = tiles_of(cluster.url("service"))
    assert tiles == tiles_of(sample_database.service_url)
    assert all(any(layer) for tile in tiles.values() for layer in tile.values())
    checked = answer("db", "check", "--thorough", "--home", home)
    assert checked["status"] == "good", checked
    assert (home / "photos" / "2025" / "东街.jpg").read_bytes() == bytes(range(256)) * 500
    assert not (home / "photos" / "elsewhere").exists()
    assert not (home / "cache").exists()
    assert key(home, "phones") == key(saved / "home", "phones")
    assert (home / "keys" / "phones").stat().st_mode & 0o777 == 0o600
    service = psycopg2.connect(cluster.url("service").replace("+psycopg2", ""))
    with service.cursor() as cursor, pytest.raises(psycopg2.errors.InsufficientPrivilege):
        cursor.execute("create table intruder (id int)")
    service.rollback()
    with service.cursor() as cursor, pytest.raises(psycopg2.errors.InsufficientPrivilege):
        cursor.execute("delete from case_event")
    service.close()
    assert "holds records already" in run("db", "restore", saved / "town.zip", "--home", home, code=1).stderr
    run("db", "stop", "--home", home)


def test_a_backup_holds_every_record_and_no_key(saved: Path, sample_database: TestDatabase) -> None:
    with zipfile.ZipFile(saved / "town.zip") as archive:
        names = set(archive.namelist())
        manifest = json.loads(archive.read("manifest.json"))
        everything = b"".join(archive.read(name) for name in names)
    assert manifest["migration"] == head_revision()
    assert manifest["postgresql"].startswith(("15", "16", "17"))
    assert manifest["offices"] == [{"code": "QJ", "name": "清江街道（示例）"}]
    counts = {table["name"]: table["rows"] for table in manifest["tables"]}
    assert rows_of(sample_database).items() <= counts.items()
    assert set(manifest["checks"].values()) == {0}
    assert {name for name in names if name.startswith("home/")} == {"home/photos/2025/东街.jpg"}
    for name in ("tiles", "phones"):
        assert key(saved / "home", name) not in everything
        assert key(saved / "home", name) in zipfile.ZipFile(saved / "keys.zip").read(f"keys/{name}")
    assert (saved / "town.zip").stat().st_mode & 0o777 == 0o600
    duties = {row["duty"]: row for row in manifest["cover"]}
    today = answer("cover", "--duty", "sweeping", "--on", duties["sweeping"]["on"], database=sample_database)
    assert duties["sweeping"].items() <= today.items()


def test_what_does_not_work_without_the_keys_is_said(saved: Path, folder: Path, database: TestDatabase) -> None:
    done = run("db", "restore", saved / "town.zip", "--home", folder / "again", "--json", database=database)
    assert json.loads(done.stdout)["missing_keys"] == ["phones", "tiles"]
    told = done.stderr
    assert "The key phones is missing: what was encrypted or signed with it can not be read." in told
    assert "The key tiles is missing: a new one is made" in told


def test_keys_of_another_home_are_refused(saved: Path, folder: Path, database: TestDatabase) -> None:
    key(folder / "other", "phones")
    run("db", "backup", folder / "b.zip", "--keys", folder / "k.zip", "--home", folder / "other", database=database)
    words = ("db", "restore", saved / "town.zip", "--keys", folder / "k.zip", "--home", folder / "again")
    assert "holds another phones than the home had" in run(*words, database=database, code=1).stderr
    assert rows_of(database) == {}
    words = ("db", "restore", saved / "town.zip", "--keys", saved / "town.zip", "--home", folder / "again")
    assert "is a backup, not a file of keys" in run(*words, database=database, code=1).stderr


def small_archive(path: Path) -> None:
    with write_archive(path) as archive:
        for name, content in (("tables/area.copy", b"1\tEast\n" * 9), ("home/photos/a.jpg", b"\xff\xd8 picture")):
            with archive.member(name) as file:
                file.write(content)
        archive.finish({"kind": "backup", "program": "1", "migration": "0001"})


def verify(path: Path) -> None:
    with read_archive(path, "backup") as archive:
        archive.verify()


def test_no_byte_can_change_and_none_be_missing(tmp_path: Path) -> None:
    file = tmp_path / "b.zip"
    small_archive(file)
    verify(file)
    whole = file.read_bytes()
    for place in range(len(whole)):
        for bit in (1, 128):
            file.write_bytes(whole[:place] + bytes([whole[place] ^ bit]) + whole[place + 1 :])
            with pytest.raises(UNREADABLE):
                verify(file)
    for length in range(len(whole)):
        file.write_bytes(whole[:length])
        with pytest.raises(UNREADABLE):
            verify(file)
    file.write_bytes(whole + b"\n")
    with pytest.raises(UNREADABLE):
        verify(file)


def test_the_damaged_member_is_named_before_the_database_is_touched(
    saved: Path, folder: Path, database: TestDatabase
) -> None:
    with zipfile.ZipFile(saved / "town.zip") as archive:
        places = {name: archive.getinfo(name).header_offset for name in archive.namelist()}
    whole = (saved / "town.zip").read_bytes()
    for name in ("tables/target.copy", "home/photos/2025/东街.jpg"):
        place = places[name] + 200
        (folder / "b.zip").write_bytes(whole[:place] + bytes([whole[place] ^ 4]) + whole[place + 1 :])
        refusal = run("db", "restore", folder / "b.zip", "--home", folder / "again", database=database, code=1).stderr
        assert f"{name} is not as it was written. Nothing was changed" in refusal
    (folder / "b.zip").write_bytes(whole[: len(whole) // 2])
    refusal = run("db", "check", "--backup", folder / "b.zip", code=1).stderr
    assert "is damaged or cut short" in refusal
    assert rows_of(database) == {}
    assert not (folder / "again").exists()
    assert "is whole" in run("db", "check", "--backup", saved / "town.zip").stdout


@pytest.mark.parametrize(
    ("made", "words"),
    [
        ({"kind": "backup", "program": "9", "migration": "9999"}, "newer program (version 9, schema 9999)"),
        ({"kind": "backup", "program": "9", "migration": "0001", "format": 2}, "newer program (version 9"),
    ],
)
def test_a_newer_backup_is_refused(folder: Path, database: TestDatabase, made: dict[str, Any], words: str) -> None:
    with write_archive(folder / "b.zip") as archive:
        archive.finish(made)
    refusal = run("db", "restore", folder / "b.zip", "--home", folder / "again", database=database, code=1).stderr
    assert words in refusal
    assert rows_of(database) == {}


def test_foreign_files_and_absent_ones_are_named(folder: Path, database: TestDatabase) -> None:
    (folder / "letter.txt").write_text("Dear office")
    with zipfile.ZipFile(folder / "other.zip", "w") as other:
        other.writestr("a.txt", "a")
    for name, words in (
        ("letter.txt", "is no backup of this program"),
        ("none.zip", "can not be read: No such file"),
        ("other.zip", "damaged or cut short"),
    ):
        refusal = run("db", "restore", folder / name, "--home", folder / "again", database=database, code=1).stderr
        assert words in refusal


def test_a_file_name_that_leads_out_of_the_home_is_refused(folder: Path, database: TestDatabase) -> None:
    for name in ("home/photos/../../out", "home/keys/tiles", "home/photos\\..\\out"):
        (folder / "b.zip").unlink(missing_ok=True)
        with write_archive(folder / "b.zip") as archive:
            with archive.member(name) as file:
                file.write(b"out")
            facts = {"kind": "backup", "program": "1", "migration": head_revision(), "made_at": "", "keys": {}}
            archive.finish(facts)
        refusal = run("db", "restore", folder / "b.zip", "--home", folder / "again", database=database, code=1).stderr
        assert "outside of the home" in refusal
    assert not (folder / "out").exists()


def test_an_older_backup_is_brought_to_the_schema_of_this_program(
    folder: Path, new_database: Callable[..., TestDatabase], sample_template: TestDatabase, database: TestDatabase
) -> None:
    old = new_database(sample_template.name)
    migrate(old.owner_url, "0014")
    backup = write_backup(folder / "old.zip", old.owner_url, folder)
    assert backup.manifest["migration"] == "0014"
    counts = rows_of(old)
    run("db", "restore", folder / "old.zip", "--home", folder / "again", database=database)
    assert rows_of(database).items() >= counts.items()
    assert answer("db", "check", "--home", folder / "again", database=database)["status"] == "good"
    words = ("cover", "--duty", "sweeping", "--on", "2025-09-01", "--by", "group")
    migrate(old.owner_url)
    assert answer(*words, database=database) == answer(*words, database=old)


def test_a_backup_while_others_write_is_one_state(
    folder: Path, new_database: Callable[..., TestDatabase], sample_template: TestDatabase
) -> None:
    town, done = new_database(sample_template.name), threading.Event()
    service = engine(town.service_url)
    ended: list[int] = []

    def write(seed: int) -> None:
        dice = random.Random(seed)
        while not done.is_set():
            with service.begin() as connection:
                claims = connection.scalars(text("select id from claim where duty_id is not null order by id")).all()
                end_claims(connection, dice.sample(claims, 3), date(2025, dice.randint(2, 12), 1))
            ended.append(seed)

    writers = [threading.Thread(target=write, args=(seed,)) for seed in (1, 2)]
    for writer in writers:
        writer.start()
    try:
        while not ended:
            time.sleep(0.01)
        backups = [write_backup(folder / f"{number}.zip", town.owner_url, folder) for number in range(2)]
    finally:
        done.set()
        for writer in writers:
            writer.join()
        service.dispose()
    assert len(ended) > 3
    for backup in backups:
        assert set(backup.manifest["checks"].values()) == {0}
        assert {result.status for result in backup.results} == {"good"}
    again = new_database()
    run("db", "restore", folder / "1.zip", "--home", folder / "again", database=again)
    assert answer("db", "check", "--thorough", "--home", folder / "again", database=again)["status"] == "good"


def test_a_name_that_is_taken_is_refused_unless_asked(folder: Path, database: TestDatabase) -> None:
    file = folder / "b.zip"
    file.write_text("precious")
    refusal = run("db", "backup", file, "--home", folder, database=database, code=1).stderr
    assert "exists already: choose another name, or replace it with --overwrite" in refusal
    assert file.read_text() == "precious"
    run("db", "backup", file, "--home", folder, "--overwrite", database=database)
    verify(file)
    assert [path.name for path in folder.iterdir() if path.suffix == ".part"] == []


def test_a_place_that_can_not_be_written_is_named(folder: Path, database: TestDatabase) -> None:
    (folder / "file").touch()
    for place, reason in ((folder / "none", "No such file"), (folder / "file", "Not a directory")):
        refusal = run("db", "backup", place / "b.zip", "--home", folder, database=database, code=1).stderr
        assert f"can not be written to {place}/b.zip: {reason}" in refusal
        assert "Nothing was saved" in refusal


def test_of_two_that_write_one_file_the_second_is_refused(tmp_path: Path) -> None:
    with write_archive(tmp_path / "b.zip") as archive:
        with (
            pytest.raises(BackupNotWrittenError, match="Another command is writing"),
            write_archive(tmp_path / "b.zip"),
        ):
            pass
        archive.finish({"kind": "backup", "program": "1", "migration": "0001"})
    verify(tmp_path / "b.zip")


FULL = """
import sys
from pathlib import Path
from geo_hygiene.errors import GeoHygieneError
from geo_hygiene.upkeep.backup import write_backup
from geo_hygiene.upkeep.tables import tables_of
try:
    write_backup(Path(sys.argv[1]) / "b.zip", sys.argv[2], Path("/nonexistent"))
except GeoHygieneError as error:
    print(error)
print(sorted(path.name for path in Path(sys.argv[1]).iterdir()))
"""


@pytest.mark.skipif(not CAN_MOUNT, reason="this system lets nobody mount a small disk")
def test_a_full_disk_leaves_nothing_and_is_told(tmp_path: Path, sample_database: TestDatabase) -> None:
    mounted = 'mount -t tmpfs -o size=1m small "$1" && exec "$0" -c "$2" "$1" "$3"'
    command = [
        "unshare",
        "--mount",
        "sh",
        "-c",
        mounted,
        sys.executable,
        str(tmp_path),
        FULL,
        sample_database.owner_url,
    ]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    assert told[0].endswith("b.zip: the disk is full. Nothing was saved.")
    assert told[1] == "[]"


STEPPING = """
import sys
from pathlib import Path
from geo_hygiene.upkeep.archive import read_archive
from geo_hygiene.upkeep.backup import write_backup
from geo_hygiene.upkeep.tables import tables_of
from geo_hygiene.upkeep.restore import restore
def tell(step, done, total):
    print(step, done, flush=True)
act, file, url, home = sys.argv[1:]
if act == "backup":
    write_backup(Path(file), url, Path(home), overwrite=True, progress=tell)
else:
    with read_archive(Path(file), "backup") as archive:
        restore(archive, url, Path(home), progress=tell)
"""


def kill_at(step: str, after: float, *words: object) -> bool:
    """Start a backup or a restore, kill it a moment after a step, and tell whether it had ended before."""
    process = subprocess.Popen(
        [sys.executable, "-c", STEPPING, *map(str, words)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert any(line.startswith(step) for line in process.stdout)
    time.sleep(after)
    process.kill()
    process.communicate()
    return process.returncode == 0


def test_a_backup_that_is_killed_leaves_no_file_of_that_name(
    folder: Path, sample_database: TestDatabase, saved: Path
) -> None:
    dice = random.Random(5)
    file = folder / "b.zip"
    for step in ("check", "save"):
        if not kill_at(step, dice.random() / 5, "backup", file, sample_database.owner_url, folder):
            assert not file.exists()
    shutil.copy(saved / "town.zip", file)
    if not kill_at("save", dice.random() / 5, "backup", file, sample_database.owner_url, folder):
        assert file.read_bytes() == (saved / "town.zip").read_bytes()  # the one before is still there
    write_backup(file, sample_database.owner_url, folder, overwrite=True)
    verify(file)
    assert not (folder / "b.zip.part").exists()


def test_a_restore_that_is_killed_leaves_nothing_and_can_be_run_again(
    saved: Path, folder: Path, database: TestDatabase, sample_database: TestDatabase
) -> None:
    home, dice = folder / "again", random.Random(3)
    home.mkdir()
    for step in ("files", "load", "index", "compare"):
        assert not kill_at(step, dice.random() / 20, "restore", saved / "town.zip", database.owner_url, home)
        wait_until_alone(database)
        assert rows_of(database) == {}, step
        assert (home / RESTORING).exists()
        refusal = run("cover", "--duty", "sweeping", "--home", home, database=database, code=1).stderr
        assert f"run `geo-hygiene db restore {saved / 'town.zip'} --home {home}` again" in refusal
    run("db", "restore", saved / "town.zip", "--home", home, database=database)
    assert rows_of(database) == rows_of(sample_database)
    assert answer("db", "check", "--home", home, database=database)["status"] == "good"


def wait_until_alone(database: TestDatabase) -> None:
    """Wait until the server has noticed that a client is dead."""
    owner = engine(database.superuser_url)
    others = "select count(*) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"
    with owner.connect() as connection:
        while connection.scalar(text(others)):
            connection.rollback()
            time.sleep(0.02)
    owner.dispose()


def test_a_home_that_is_being_restored_is_closed_to_others(saved: Path, folder: Path, database: TestDatabase) -> None:
    home = folder / "again"
    home.mkdir()
    refusals: list[str] = []

    def progress(step: str, _done: int, _total: int | None) -> None:
        if step == "load" and not refusals:
            for words in (("db", "check"), ("db", "restore", saved / "town.zip")):
                refusals.append(run(*words, "--home", home, database=database, code=1).stderr)

    with read_archive(saved / "town.zip", "backup") as archive:
        restore(archive, database.owner_url, home, progress=progress)
    assert len(refusals) == 2
    assert all(f"{home} is being restored from {saved / 'town.zip'}" in refusal for refusal in refusals)


def test_tables_of_others_are_left_out_and_named(folder: Path, database: TestDatabase) -> None:
    owner = engine(database.owner_url)
    with owner.begin() as connection:
        connection.execute(text("create table notes (id int primary key, said text)"))
    owner.dispose()
    told = run("db", "backup", folder / "b.zip", "--home", folder, database=database).stderr
    assert "Left out, because they are not tables of this program: notes" in told
    assert "tables/notes.copy" not in zipfile.ZipFile(folder / "b.zip").namelist()


def test_work_that_waits_is_not_begun_by_a_restore(connection: Connection) -> None:
    held = {table.name for table in tables_of(connection)}
    assert held & {"import_run", "job", "alembic_version"} == {"import_run"}


def test_a_command_that_migrates_nothing_knows_every_table(database: TestDatabase) -> None:
    known = "import geo_hygiene.upkeep.backup, geo_hygiene.database as d; print(*d.Base.metadata.tables)"
    told = subprocess.run([sys.executable, "-c", known], capture_output=True, text=True, check=True).stdout.split()
    owner = engine(database.owner_url)
    with owner.connect() as connection:
        there = connection.scalars(text("select tablename from pg_tables where schemaname = 'public'")).all()
    owner.dispose()
    assert set(there) - {"alembic_version", "spatial_ref_sys"} <= set(told)
