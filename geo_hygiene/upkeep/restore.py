"""A restore: a backup into a home without records, all of it or nothing.

Every hash is compared before the database is touched. The files of the home come first, each whole; the records come in
one transaction, whose end is the moment at which the restore is done. Until then, whatever dies, the database is empty,
and a note in the home keeps every other command out until the restore is run again.
"""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO, cast

from psycopg2.errors import DiskFull
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from geo_hygiene.database import current_revision, engine, known_revisions, migrate
from geo_hygiene.errors import GeoHygieneError
from geo_hygiene.i18n import _
from geo_hygiene.keys import FOLDER as KEYS
from geo_hygiene.upkeep.archive import Archive, BackupUnreadableError, Measuring, newer
from geo_hygiene.upkeep.backup import Progress, fingerprint, member_of, pour, snapshot, unwatched
from geo_hygiene.upkeep.checks import Difference, Ground, Result, Subject, run_checks
from geo_hygiene.upkeep.figures import cover_of
from geo_hygiene.upkeep.home import FILES, FOLDERS, finish_restoring, restoring
from geo_hygiene.upkeep.tables import Table, copy_in, copy_out, set_sequences, tables_of, without_indexes

SEEDED = frozenset({"duty", "scope", "data_version", "work_rule"})
"""Tables that are filled before anybody has stored a record."""

NAMED = 5
"""Tables with records that a refusal names."""


class NotEmptyError(GeoHygieneError):
    """The home has records or files that a restore would lose."""


class OtherKeysError(GeoHygieneError):
    """The keys are not those of the backup."""


class RestoreFailedError(GeoHygieneError):
    """The records did not go in; the database is empty."""


@dataclass(frozen=True)
class Restored:
    """What came back.

    Attributes
    ----------
    results
        What the checks of the records found afterwards.
    differences
        Figures that are not those which the backup tells of itself.
    missing_keys
        Names of the keys that the home had and that were not given.
    """

    results: tuple[Result, ...]
    differences: tuple[Difference, ...]
    missing_keys: tuple[str, ...]


def refuse_newer(archive: Archive) -> None:
    """Refuse a backup with a schema that this program does not know.

    Raises
    ------
    NewerBackupError
        With the version that made it.
    """
    if archive.manifest["migration"] not in known_revisions():
        raise newer(archive.path, archive.manifest)


def refuse_other_keys(archive: Archive, keys: Archive) -> None:
    """Refuse keys that are not those of the home which the backup was made from.

    Raises
    ------
    OtherKeysError
        Naming the first that is another one.
    """
    for name, expected in archive.manifest["keys"].items():
        member = f"{KEYS}/{name}"
        if member in keys.members and fingerprint(_content(keys, member)) != expected:
            raise OtherKeysError(
                _(
                    "%(keys)s holds another %(name)s than the home had when %(file)s was made.",
                    keys=keys.path,
                    name=name,
                    file=archive.path,
                )
            )


def restore(
    archive: Archive, owner_url: str, home: Path, *, keys: Archive | None = None, progress: Progress = unwatched
) -> Restored:
    """Bring a verified backup into a home without records, and bring it to the schema of this program.

    Raises
    ------
    NotEmptyError
        If the home has records, or other files in their place; nothing is changed then.
    RestoreFailedError
        If the disk is full.
    """
    with restoring(home, archive.path):
        try:
            _refuse_other_files(archive, home)
            _refuse_records(owner_url, home)
        except GeoHygieneError:
            finish_restoring(home)
            raise
        migrate(owner_url, archive.manifest["migration"])
        _restore_files(archive, home, progress)
        given = _restore_keys(keys, home) if keys is not None else set()
        with _writing(owner_url) as connection:
            _load(connection, archive, home, progress)
            # The end of the transaction, which follows, is the end of the restore.
            finish_restoring(home)
    migrate(owner_url)
    missing = tuple(name for name in archive.manifest["keys"] if name not in given)
    return Restored(*_compare(archive.manifest, owner_url, home, progress), missing)


@contextmanager
def _writing(owner_url: str) -> Iterator[Connection]:
    owner = engine(owner_url)
    try:
        with owner.begin() as connection:
            yield connection
    except DBAPIError as error:
        if isinstance(error.orig, DiskFull):
            raise _full() from error
        raise
    except DiskFull as error:
        raise _full() from error
    finally:
        owner.dispose()


def _full() -> RestoreFailedError:
    return RestoreFailedError(
        _("The disk of the database is full, and nothing was restored: free some space, and run the command again.")
    )


def _refuse_records(owner_url: str, home: Path) -> None:
    with snapshot(owner_url) as connection:
        if current_revision(connection) is not None:
            _refuse_filled(connection, tables_of(connection), home)


def _refuse_filled(connection: Connection, tables: Sequence[Table], home: Path) -> None:
    filled = [
        table.name
        for table in tables
        if table.name not in SEEDED
        and connection.execute(text(f'select exists (select from "{table.name}")')).scalar_one()  # noqa: S608 - a name
    ]
    if filled:
        names = ", ".join(filled[:NAMED]) + (" …" if len(filled) > NAMED else "")
        raise NotEmptyError(
            _(
                "%(home)s holds records already (%(names)s), and a restore overwrites none: choose a new home with "
                "--home, or take the sample town away with `geo-hygiene sample clear`.",
                home=home,
                names=names,
            )
        )


def _files_of(archive: Archive) -> Iterator[tuple[str, Path]]:
    """Yield the files of the home with their names in the archive; a name that leads elsewhere is refused."""
    for member in archive.members:
        path = PurePosixPath(member)
        if path.parts[0] == FILES:
            inside = path.relative_to(FILES)
            if inside.parts[0] not in FOLDERS or ".." in inside.parts or "\\" in member or "\0" in member:
                raise BackupUnreadableError(
                    _("%(file)s names a file outside of the home: %(name)s.", file=archive.path, name=member)
                )
            yield member, Path(*inside.parts)


def _refuse_other_files(archive: Archive, home: Path) -> None:
    for member, inside in _files_of(archive):
        path = home / inside
        if path.exists() and not _is_same(path, archive.members[member].sha256):
            raise NotEmptyError(
                _("%(file)s is there already, with another content: choose a new home with --home.", file=path)
            )


def _is_same(path: Path, sha256: str) -> bool:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() == sha256


def _restore_files(archive: Archive, home: Path, progress: Progress) -> None:
    files = list(_files_of(archive))
    for done, (member, inside) in enumerate(files):
        progress("files", done, len(files))
        if not (home / inside).exists():
            _write_file(archive, member, home / inside)
    if files:
        os.sync()


def _write_file(archive: Archive, member: str, path: Path) -> None:
    """Write a file whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.part")
    with archive.open(member) as content, part.open("wb") as file:
        pour(content, file)
    part.replace(path)


def _content(archive: Archive, member: str) -> bytes:
    with archive.open(member) as file:
        return file.read()


def _restore_keys(keys: Archive, home: Path) -> set[str]:
    """Write the keys, for nobody but their owner to read; return their names."""
    folder = home / KEYS
    folder.mkdir(mode=0o700, exist_ok=True)
    names = set()
    for member in keys.members:
        name = PurePosixPath(member).name
        part = folder / f"{name}.part"
        part.touch(mode=0o600)
        part.write_bytes(_content(keys, member))
        part.replace(folder / name)
        names.add(name)
    return names


def _load(connection: Connection, archive: Archive, home: Path, progress: Progress) -> None:
    """Load all tables, and read them again to compare them with the backup."""
    tables = tables_of(connection)
    told = {table["name"]: table for table in archive.manifest["tables"]}
    if {table.name: list(table.columns) for table in tables} != {name: one["columns"] for name, one in told.items()}:
        raise BackupUnreadableError(
            _("%(file)s holds other tables than its schema %(schema)s has.", file=archive.path, schema=_schema(archive))
        )
    for table in tables:
        connection.execute(text(f'lock table "{table.name}" in access exclusive mode'))
    _refuse_filled(connection, tables, home)
    total, done = sum(one["rows"] for one in told.values()), 0
    with without_indexes(connection, tables, lambda made, of: progress("index", made, of)):
        for table in tables:
            progress("load", done, total)
            connection.execute(text(f'delete from "{table.name}"'))  # noqa: S608 - a name of the catalogue
            with archive.open(member_of(table.name)) as file:
                done += copy_in(connection, table, file)
    set_sequences(connection, tables, {name: tuple(last) for name, last in archive.manifest["sequences"].items()})
    done = 0
    for table in tables:
        progress("compare", done, total)
        done += _compare_table(connection, archive, table)
        connection.execute(text(f'analyze "{table.name}"'))


def _compare_table(connection: Connection, archive: Archive, table: Table) -> int:
    """Refuse a table that is not, row by row, what the backup holds; return its rows.

    Raises
    ------
    RestoreFailedError
        If the server understood something differently than the one that the backup was made from.
    """
    measuring = Measuring()
    buffered = io.BufferedWriter(measuring, 1 << 20)
    rows = copy_out(connection, table, cast("BinaryIO", buffered))
    buffered.flush()
    if measuring.measured != archive.members[member_of(table.name)]:
        raise RestoreFailedError(
            _("The table %(table)s came out otherwise than it went in, and nothing was restored.", table=table.name)
        )
    return rows


def _schema(archive: Archive) -> str:
    return str(archive.manifest["migration"])


def _compare(
    manifest: Mapping[str, Any], owner_url: str, home: Path, progress: Progress
) -> tuple[tuple[Result, ...], tuple[Difference, ...]]:
    """Make the checks, and compare what they find, and the sums, with what the backup tells of itself."""
    progress("check", 0, None)
    with snapshot(owner_url) as connection:
        results = tuple(run_checks(Ground(connection, home, None), subjects=[Subject.RECORDS]))
        found = cover_of(connection, manifest["cover"])
    differences = [
        Difference(result.check.key, str(result.found.count), str(manifest["checks"].get(result.check.key, 0)))
        for result in results
        if result.found.count > manifest["checks"].get(result.check.key, 0)
    ]
    for told, now in zip(manifest["cover"], found, strict=True):
        differences += [
            Difference(f"{told['duty']} · {told['on']} · {key}", str(now[key]), str(value))
            for key, value in told.items()
            if now[key] != value
        ]
    return results, tuple(differences)
