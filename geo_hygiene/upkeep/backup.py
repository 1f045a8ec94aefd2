"""A backup: the records of a home and the files that belong to them, in one file, while the program runs.

All tables are read in one transaction that sees one state of the data, whoever writes meanwhile. The files of the home
are read after it began: a file is there before the record that names it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, BinaryIO

from sqlalchemy import Connection, text

from geo_hygiene.database import Base, current_revision, engine
from geo_hygiene.keys import FOLDER as KEYS
from geo_hygiene.upkeep.archive import CHUNK, ArchiveWriter, Counter, uncounted, write_archive
from geo_hygiene.upkeep.checks import Ground, Result, Subject, run_checks
from geo_hygiene.upkeep.figures import cover_today, database_bytes, offices, server_versions
from geo_hygiene.upkeep.home import FILES, LastBackup, belonging_files, key_files, note_backup
from geo_hygiene.upkeep.tables import Table, copy_out, sequences_of, tables_of

Progress = Callable[[str, int, "int | None"], None]
"""Is told a step, how much of it is done, and of how much if that is known."""

ROWS = "select greatest(sum(reltuples), 0) from pg_class where relname = any(:tables) and relkind = 'r'"


@dataclass(frozen=True)
class Backup:
    """What was saved.

    Attributes
    ----------
    manifest
        What the file tells of itself.
    results
        What the checks of the records found in the state that was saved.
    left_out
        Tables of somebody else.
    """

    path: Path
    manifest: dict[str, Any]
    results: tuple[Result, ...]
    left_out: tuple[str, ...]

    @property
    def rows(self) -> int:
        """Rows of all tables."""
        return sum(table["rows"] for table in self.manifest["tables"])


def unwatched(_step: str, _done: int, _total: int | None) -> None:
    """Tell nobody."""


def member_of(table: str) -> str:
    """Return the name under which a table stands in the archive."""
    return f"tables/{table}.copy"


def member_of_file(path: str) -> str:
    """Return the name under which a file of the home stands in the archive."""
    return f"{FILES}/{path}"


@contextmanager
def snapshot(owner_url: str) -> Iterator[Connection]:
    """Give a connection of the owner that sees one state of the data and changes nothing."""
    owner = engine(owner_url)
    try:
        with owner.connect() as connection, connection.begin():
            connection.execute(text("set transaction isolation level repeatable read, read only"))
            yield connection
    finally:
        owner.dispose()


def write_backup(
    path: Path, owner_url: str, home: Path, *, overwrite: bool = False, progress: Progress = unwatched
) -> Backup:
    """Save the records and files of a home.

    Raises
    ------
    BackupNotWrittenError
        If the file can not be written; nothing stands under its name then.
    """
    made_at = datetime.now(UTC)
    with write_archive(path, overwrite=overwrite) as archive, snapshot(owner_url) as connection:
        ours, left_out = _tables(connection)
        progress("check", 0, None)
        ground = Ground(connection, home, None)
        results = tuple(run_checks(ground, subjects=[Subject.RECORDS]))
        tables = _write_tables(archive, connection, ours, progress)
        sequences = sequences_of(connection, ours)
        _write_files(archive, home, progress)
        manifest: dict[str, Any] = {
            "kind": "backup",
            "program": version("geo_hygiene"),
            "migration": current_revision(connection),
            **server_versions(connection),
            "made_at": made_at.isoformat(timespec="seconds"),
            "offices": offices(connection),
            "database_bytes": database_bytes(connection),
            "tables": tables,
            "sequences": sequences,
            "cover": cover_today(connection),
            "checks": {result.check.key: result.found.count for result in results},
            "keys": {key.name: fingerprint(key.read_bytes()) for key in key_files(home)},
        }
        archive.finish(manifest)
    note_backup(home, LastBackup(str(path), manifest["made_at"]))
    return Backup(path, manifest, results, left_out)


def _tables(connection: Connection) -> tuple[list[Table], tuple[str, ...]]:
    """Return the program's tables, and the names of others."""
    found = tables_of(connection)
    ours = [table for table in found if table.name in Base.metadata.tables]
    return ours, tuple(table.name for table in found if table not in ours)


def _write_tables(
    archive: ArchiveWriter, connection: Connection, tables: list[Table], progress: Progress
) -> list[dict[str, Any]]:
    names = [table.name for table in tables]
    about = int(connection.execute(text(ROWS), {"tables": names}).scalar_one())
    written, told = 0, []
    for table in tables:
        progress("save", written, max(about, written))
        with archive.member(member_of(table.name)) as file:
            rows = copy_out(connection, table, file)
        written += rows
        told.append({"name": table.name, "columns": table.columns, "rows": rows})
    return told


def _write_files(archive: ArchiveWriter, home: Path, progress: Progress) -> None:
    files = belonging_files(home)
    for done, path in enumerate(files):
        progress("files", done, len(files))
        with archive.member(member_of_file(path.relative_to(home).as_posix())) as file, path.open("rb") as content:
            pour(content, file)


def pour(source: BinaryIO, target: BinaryIO, counted: Counter = uncounted) -> None:
    """Copy a file to another."""
    while chunk := source.read(CHUNK):
        target.write(chunk)
        counted(len(chunk))


def write_keys(path: Path, home: Path, *, overwrite: bool = False) -> list[str]:
    """Save the secrets of a home in a file of their own; return their names, and write none where there are none.

    Raises
    ------
    BackupNotWrittenError
        If the file can not be written.
    """
    keys = key_files(home)
    if not keys:
        return []
    with write_archive(path, overwrite=overwrite) as archive:
        for key in keys:
            with archive.member(f"{KEYS}/{key.name}") as file:
                file.write(key.read_bytes())
        made_at = datetime.now(UTC).isoformat(timespec="seconds")
        archive.finish({"kind": "keys", "program": version("geo_hygiene"), "made_at": made_at})
    return [key.name for key in keys]


def fingerprint(key: bytes) -> str:
    """Return what tells a key from another one without telling the key, which is long and random."""
    return hashlib.sha256(b"geo_hygiene key " + key).hexdigest()[:16]
