"""Backup, restore and check of a home, beside PostgreSQL's own dump of the same database."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import make_url

from bench.figures import Candidate, Figure, Spread, interleave, without
from bench.workspace import Database, Workspace, run

OURS = "geo-hygiene db backup"
MB = 1_000_000


def measure(workspace: Workspace, rounds: int) -> Iterator[Figure]:
    """Measure how long everything takes, and how large the file is."""
    town = workspace.sample()
    file, dump = workspace.folder / "town.zip", workspace.folder / "town.dump"
    has_peer = shutil.which("pg_dump") is not None
    saving: dict[str, Candidate] = {OURS: lambda: _save(workspace, town, file)}
    if has_peer:
        saving["pg_dump"] = lambda: _pg_dump(town, dump)
    saved = interleave(saving, rounds)
    answer = workspace.run(town, "db", "backup", str(file), "--overwrite", "--json").answer
    data = f"the sample town, {answer['rows']:,} rows"
    yield Figure(
        group="backup",
        name="Backup of a home",
        unit="s",
        spread=saved[OURS],
        data=data,
        peers=without(saved, OURS),
        note="The whole command, with hashes of everything and the checks of the records; pg_dump -Fc does neither.",
    )
    sizes = {"pg_dump": Spread((dump.stat().st_size / MB,))} if has_peer else {}
    yield Figure(
        group="backup",
        name="Backup of a home: size of the file",
        unit="MB",
        spread=Spread((file.stat().st_size / MB,)),
        data=data,
        peers=sizes,
    )
    others = interleave(
        {
            "Restore into an empty database": lambda: _restore(workspace, file),
            "Check": lambda: workspace.run(town, "db", "check").seconds,
            "Thorough check": lambda: workspace.run(town, "db", "check", "--thorough").seconds,
        },
        rounds,
    )
    for name, spread in others.items():
        yield Figure(group="backup", name=name, unit="s", spread=spread, data=data)


def _save(workspace: Workspace, town: Database, file: Path) -> float:
    return workspace.run(town, "db", "backup", str(file), "--overwrite").seconds


def _restore(workspace: Workspace, file: Path) -> float:
    with workspace.copied() as database:
        return workspace.run(database, "db", "restore", str(file)).seconds


def _address(database: Database) -> str:
    url = make_url(database.owner_url)
    return f"host={url.query['host']} port={url.query['port']} user={url.username} dbname={url.database}"


def _pg_dump(town: Database, dump: Path) -> float:
    return run(["pg_dump", "-Fc", "--schema=public", f"--file={dump}", f"--dbname={_address(town)}"], {}).seconds
