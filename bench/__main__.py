"""``make bench``: measure, write JSON, and after a whole run the report in ``docs/``."""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from bench import campaigns, complaints, covering, importing, planning, saving, serving, sharing, starting, yearly
from bench.document import document
from bench.figures import Figure
from bench.machine import machine, versions
from bench.workspace import Workspace, workspace
from geo_hygiene.sample.county import SIZES

ROOT = Path(__file__).parent.parent
RESULTS = ROOT / "bench" / "results"
DOCUMENTS = ROOT / "docs"

TERMINATED = 128 + signal.SIGTERM

GROUPS: dict[str, Callable[[Workspace, int], Iterator[Figure]]] = {
    "cover": covering.measure,
    "rebuild": covering.measure_rebuild,
    "web": serving.measure,
    "heat": complaints.measure,
    "campaigns": campaigns.measure,
    "plans": planning.measure,
    "year": yearly.measure,
    "share": sharing.measure,
    "others": sharing.measure_others,
    "start": starting.measure,
    "import": importing.measure_buildings,
    "streets": importing.measure_streets,
    "backup": saving.measure,
}

ON_THE_SAMPLE = frozenset({"cover", "rebuild", "web", "heat", "campaigns", "plans", "year", "share", "backup"})
"""Groups that are measured on each size of the sample; the others make their own data."""


class Homes(click.ParamType[tuple[str, Path]]):
    """A size of the sample and the home that holds it, as ``M=DIR``."""

    name = "size=dir"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, Path]:
        """Read one of them."""
        size, _sign, folder = value.partition("=")
        if size not in SIZES or not Path(folder).is_dir():
            self.fail(f"“{value}” is not a size of the sample and a folder: write M=DIR.", param, ctx)
        return size, Path(folder)


@click.command(epilog=f"Example: make bench ARGS='cover web --size S --size M'. Groups: {', '.join(GROUPS)}.")
@click.argument("groups", nargs=-1, type=click.Choice(list(GROUPS)))
@click.option("--rounds", default=3, show_default=True, type=click.IntRange(min=1), help="Rounds of each comparison.")
@click.option(
    "--size", "sizes", multiple=True, default=("S",), type=click.Choice(list(SIZES)), help="Sizes of the sample. [S]"
)
@click.option("--home", "homes", multiple=True, type=Homes(), help="A home with a sample, whose copy saves loading it.")
@click.option(
    "--streets",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A file of streets that the group “others” shares out.",
)
@click.option("--document", "documented", is_flag=True, help="Write the report of chosen groups too.")
@click.option(
    "--add", "added", is_flag=True, help="Keep in the report what earlier runs measured of other groups and sizes."
)
def main(
    groups: tuple[str, ...],
    rounds: int,
    sizes: tuple[str, ...],
    homes: tuple[tuple[str, Path], ...],
    streets: tuple[Path, ...],
    *,
    documented: bool,
    added: bool,
) -> None:
    """Measure GROUPS, or all of them, on a private database, and write JSON with machine, versions and figures.

    A run of all groups also writes the report: docs/benchmarks.json and docs/benchmarks.md. What was measured is
    written after each group.
    """
    signal.signal(signal.SIGTERM, lambda *_told: sys.exit(TERMINATED))  # so that no database is left behind
    chosen = [name for name in GROUPS if name in groups or not groups]
    earlier = json.loads((DOCUMENTS / "benchmarks.json").read_text())["runs"] if added else []
    run: dict[str, Any] = {
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "rounds": rounds,
        "machine": machine(),
        "versions": {},
        "figures": [],
    }
    for at, size in enumerate(sizes):
        here = [group for group in chosen if at == 0 or group in ON_THE_SAMPLE]
        if not here:
            continue
        with workspace(size, dict(homes).get(size), streets) as place:
            with place.empty.connect() as connection:
                run["versions"] = versions(connection)
            for group in here:
                run["figures"] += [figure.as_json() for figure in _measure(place, group, rounds)]
                _write([*without(earlier, run), run], documented=documented or not groups)


def _measure(place: Workspace, group: str, rounds: int) -> Iterator[Figure]:
    click.echo(f"{group} {place.size if group in ON_THE_SAMPLE else ''}...", err=True)
    for figure in GROUPS[group](place, rounds):
        click.echo(_line(figure))
        yield replace(figure, size=place.size) if group in ON_THE_SAMPLE else figure


def without(runs: list[dict[str, Any]], newer: dict[str, Any]) -> list[dict[str, Any]]:
    """Return runs with the figures alone whose group and size another run did not measure."""
    measured = {(figure["group"], figure["size"]) for figure in newer["figures"]}
    kept = [
        run | {"figures": [figure for figure in run["figures"] if (figure["group"], figure["size"]) not in measured]}
        for run in runs
    ]
    return [run for run in kept if run["figures"]]


def _line(figure: Figure) -> str:
    peers = "".join(f"; {name} {spread.median:.4g}" for name, spread in figure.peers.items())
    peers += "".join(f"; {name} {why}" for name, why in figure.missing.items())
    return f"  {figure.name}: {figure.spread.median:.4g} {figure.unit}{peers}"


def _write(runs: list[dict[str, Any]], *, documented: bool) -> None:
    RESULTS.mkdir(exist_ok=True)
    name = runs[-1]["measured_at"].replace(":", "")
    files = {RESULTS / f"{name}.json": json.dumps(runs[-1], ensure_ascii=False, indent=1) + "\n"}
    if documented:
        text = json.dumps({"runs": runs}, ensure_ascii=False, indent=1) + "\n"
        files |= {DOCUMENTS / "benchmarks.json": text, DOCUMENTS / "benchmarks.md": document(runs)}
    for file, content in files.items():
        file.write_text(content)
        click.echo(f"{file.relative_to(ROOT)} written", err=True)


if __name__ == "__main__":
    main()
