"""``make faults``: generate, kill and break, write JSON, and after a whole run the report in ``docs/``."""

from __future__ import annotations

import json
import math
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from bench.machine import machine, versions
from bench.workspace import workspace
from faults import access, batches, conditions, editors, edits, forms, geometries, guided, kills, storing
from faults.document import document
from faults.tally import IsOver, Tally

ROOT = Path(__file__).parent.parent
RESULTS = ROOT / "faults" / "results"
DOCUMENTS = ROOT / "docs"
FOLDER = click.Path(file_okay=False, path_type=Path)
TERMINATED = 128 + signal.SIGTERM


@dataclass(frozen=True)
class Sizes:
    """How much is tried of everything."""

    files: int
    geometries: int
    rows: int
    kills: int
    minutes: float
    requests: int
    editors: int
    edits: int
    random_edits: int
    seed: int
    processes: int
    results: Path


class Stop:
    """Tells when a group is over: after its time, or when SIGTERM asks for the end."""

    def __init__(self, minutes: float) -> None:
        self._minutes = minutes
        self._end = math.inf
        self.is_asked = False
        self.is_heeded = False

    def begin(self, group: str) -> None:
        """Begin the time of a group."""
        self._end = time.monotonic() + 60 * self._minutes
        self.is_heeded = group in STOPPABLE

    def ask(self, *_told: object) -> None:
        """Let the group come to its end and keep what it tried; when that was asked for already, end the program."""
        if self.is_asked or not self.is_heeded:
            sys.exit(TERMINATED)
        self.is_asked = True

    def is_over(self) -> bool:
        """Tell whether the group shall come to its end."""
        return self.is_asked or time.monotonic() > self._end


def _store(sizes: Sizes, _is_over: IsOver) -> Iterator[Tally]:
    with workspace() as place:
        yield from storing.measure(place, sizes.rows, sizes.seed)


def _shapes(sizes: Sizes, is_over: IsOver) -> Iterator[Tally]:
    with workspace() as place:
        yield from geometries.measure(place, sizes.geometries, sizes.seed, is_over)


GROUPS: dict[str, Callable[[Sizes, IsOver], Iterator[Tally]]] = {
    "files": lambda sizes, is_over: iter(batches.measure(sizes.files, sizes.seed, sizes.processes, is_over)),
    "atheris": lambda sizes, is_over: guided.measure(sizes.minutes, sizes.seed, sizes.results / "inputs", is_over),
    "geometries": _shapes,
    "rows": _store,
    "kills": lambda sizes, is_over: iter(kills.measure(sizes.kills, sizes.seed, is_over)),
    "ground": lambda sizes, _is_over: conditions.measure(sizes.seed),
    "access": lambda _sizes, _is_over: access.measure(),
    "edits": lambda sizes, is_over: edits.measure(sizes.random_edits, sizes.seed, is_over),
    "editors": lambda sizes, _is_over: editors.measure(sizes.editors, sizes.edits, sizes.seed),
    "web": lambda sizes, _is_over: forms.measure(sizes.requests, sizes.seed),
}
STOPPABLE = frozenset({"files", "atheris", "geometries", "kills", "edits"})


@click.command(epilog=f"Example: make faults ARGS='files web --files 5000'. Groups: {', '.join(GROUPS)}.")
@click.argument("groups", nargs=-1, type=click.Choice(list(GROUPS)))
@click.option("--files", default=100_000, show_default=True, type=click.IntRange(min=100), help="Made files to read.")
@click.option("--geometries", default=50_000, show_default=True, type=click.IntRange(min=10), help="Made geometries.")
@click.option("--rows", default=5_000, show_default=True, type=click.IntRange(min=10), help="Tries to store something.")
@click.option("--kills", default=200, show_default=True, type=click.IntRange(min=1), help="Processes to kill.")
@click.option("--minutes", default=90.0, show_default=True, help="Time for each group that can be stopped.")
@click.option("--requests", default=10_000, show_default=True, type=click.IntRange(min=10), help="Hostile requests.")
@click.option("--editors", default=200, show_default=True, type=click.IntRange(min=2), help="Editors of one zone.")
@click.option("--edits", default=50, show_default=True, type=click.IntRange(min=1), help="Changes that each sends.")
@click.option("--random-edits", default=1_000, show_default=True, type=click.IntRange(min=1), help="Edits of any kind.")
@click.option("--seed", default=2025, show_default=True, help="The same seed draws the same cases.")
@click.option("--processes", default=2, show_default=True, type=click.IntRange(min=1), help="Readers at a time.")
@click.option("--add", "added", is_flag=True, help="Keep earlier runs with other seeds, and do not repeat a seed.")
@click.option("--results", default=RESULTS, show_default="faults/results", help="Folder of the kept runs.", type=FOLDER)
@click.option("--document", "documented", is_flag=True, help="Write the report after chosen groups too.")
def main(groups: tuple[str, ...], *, added: bool, results: Path, documented: bool, **asked: Any) -> None:
    """Try GROUPS, or all of them, on databases and homes of their own; exit code 1 when anything went wrong.

    A run of all groups also writes the report, docs/faults.json and docs/faults.md, of the kept runs of each group: the
    last one, and those before it that it was added to. Files, atheris, geometries, kills and edits that are ended
    by SIGTERM keep what was tried so far; the results of the others are lost then.
    """
    sizes = Sizes(**asked, results=results)
    stop = Stop(sizes.minutes)
    signal.signal(signal.SIGTERM, stop.ask)
    results.mkdir(exist_ok=True)
    clean = True
    for group in [name for name in GROUPS if name in groups or not groups]:
        kept = results / f"{group}-{sizes.seed}.json"
        if added and kept.exists():
            click.echo(f"{group}: seed {sizes.seed} was tried already.", err=True)
            continue
        click.echo(f"{group}...", err=True)
        measured_on = machine()
        tallies = []
        stop.begin(group)
        for tally in GROUPS[group](sizes, stop.is_over):
            click.echo(_line(tally))
            tallies.append(tally)
            clean &= tally.is_clean
        if not added:
            for file in _runs(results, group):
                file.unlink()
        _keep(kept, measured_on, tallies)
        if stop.is_asked:
            break
    if documented or not groups:
        _write_report(results)
    sys.exit(not clean)


def _runs(folder: Path, group: str) -> list[Path]:
    """Return the kept runs of a group, the oldest first."""
    return sorted(folder.glob(f"{group}-*.json"), key=lambda file: file.stat().st_mtime)


def _keep(file: Path, measured_on: dict[str, Any], tallies: Sequence[Tally]) -> None:
    """Write what came of a run."""
    with workspace() as place, place.empty.connect() as connection:
        found = versions(connection)
    results = {
        "tried_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": measured_on,
        "versions": found,
        "tallies": [tally.as_json() for tally in tallies],
    }
    text = json.dumps(results, ensure_ascii=False, indent=1) + "\n"
    file.write_text(text, encoding="utf-8")


def _write_report(folder: Path) -> None:
    """Write the report of the kept runs of every group."""
    kept = {group: [json.loads(file.read_text("utf-8")) for file in _runs(folder, group)] for group in GROUPS}
    results = {group: runs for group, runs in kept.items() if runs}
    text = json.dumps(results, ensure_ascii=False, indent=1) + "\n"
    (DOCUMENTS / "faults.json").write_text(text, encoding="utf-8")
    (DOCUMENTS / "faults.md").write_text(document(results), encoding="utf-8")


def _line(tally: Tally) -> str:
    wrong = "".join(f"\n    {words}" for words in tally.wrong)
    return (
        f"  {tally.name}: {tally.tried} tried, {tally.accepted_wrongly} accepted wrongly, {tally.server_errors} 5xx,"
        f" {tally.deaths} deaths, {tally.lost} lost, {tally.seconds:.0f} s{wrong}"
    )


if __name__ == "__main__":
    main()
