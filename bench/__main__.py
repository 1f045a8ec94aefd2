"""``make bench``: measure, write JSON, and after a whole run the report in ``docs/``."""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from bench import covering, importing, saving, serving, starting
from bench.document import document
from bench.figures import Figure
from bench.machine import machine, versions
from bench.workspace import Workspace, workspace

ROOT = Path(__file__).parent.parent
RESULTS = ROOT / "bench" / "results"
DOCUMENTS = ROOT / "docs"

TERMINATED = 128 + signal.SIGTERM

GROUPS: dict[str, Callable[[Workspace, int], Iterator[Figure]]] = {
    "cover": covering.measure,
    "web": serving.measure,
    "start": starting.measure,
    "import": importing.measure_buildings,
    "streets": importing.measure_streets,
    "backup": saving.measure,
}


@click.command(epilog=f"Example: make bench ARGS='cover web --rounds 5'. Groups: {', '.join(GROUPS)}.")
@click.argument("groups", nargs=-1, type=click.Choice(list(GROUPS)))
@click.option("--rounds", default=3, show_default=True, type=click.IntRange(min=1), help="Rounds of each comparison.")
@click.option("--document", "documented", is_flag=True, help="Write the report of chosen groups too.")
def main(groups: tuple[str, ...], rounds: int, *, documented: bool) -> None:
    """Measure GROUPS, or all of them, on a private database, and write JSON with machine, versions and figures.

    A run of all groups also writes the report: docs/benchmarks.json and docs/benchmarks.md.
    """
    signal.signal(signal.SIGTERM, lambda *_told: sys.exit(TERMINATED))  # so that no database is left behind
    chosen = [name for name in GROUPS if name in groups or not groups]
    figures: list[Figure] = []
    measured_on = machine()
    with workspace() as place:
        with place.empty.connect() as connection:
            found = versions(connection)
        for group in chosen:
            click.echo(f"{group}...", err=True)
            for figure in GROUPS[group](place, rounds):
                click.echo(_line(figure))
                figures.append(figure)
    results = {
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "rounds": rounds,
        "machine": measured_on,
        "versions": found,
        "figures": [figure.as_json() for figure in figures],
    }
    _write(results, documented=documented or not groups)


def _line(figure: Figure) -> str:
    peers = "".join(
        f"; {name} {spread.median:.4g}, {figure.ratio(name):.2f} x" for name, spread in figure.peers.items()
    )
    return f"  {figure.name}: {figure.spread.median:.4g} {figure.unit}{peers}"


def _write(results: dict[str, Any], *, documented: bool) -> None:
    RESULTS.mkdir(exist_ok=True)
    text = json.dumps(results, ensure_ascii=False, indent=1) + "\n"
    name = results["measured_at"].replace(":", "")
    files = {RESULTS / f"{name}.json": text}
    if documented:
        files |= {DOCUMENTS / "benchmarks.json": text, DOCUMENTS / "benchmarks.md": document(results)}
    for file, content in files.items():
        file.write_text(content)
        click.echo(f"{file.relative_to(ROOT)} written", err=True)


if __name__ == "__main__":
    main()
