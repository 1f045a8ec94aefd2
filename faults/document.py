"""The report of a run, for people: ``docs/faults.md`` is made from the JSON file and from nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from faults.tally import span, together, totals

INTRODUCTION = """# Faults

Made by `make faults` from [faults.json](faults.json). Files, geometries, rows, requests and forms are drawn by
Hypothesis from the seeds that stand there, so that the same seed draws the same cases; processes are killed with
`kill -9` at random moments; the ground is taken away; atheris, a fuzzer, changes files by the code that they reach, for
a time. Everything happens on homes and databases of its own, and talks to this machine only. The program adds up the
runs of a group that have different seeds.

- **accepted wrongly**: something was stored, or told, that must not be
- **refused wrongly**: something was not stored that must be, where the trial knows what that is
- **5xx**: answers of the server that are neither good, nor a refusal, nor 503 with `Retry-After`
- **deaths**: programs that ended by themselves in a way that is no answer: an import with a fault of the program, a
  web worker. The process that reads a foreign file is not among them: it is confined and may die (**readers**), and the
  file is then refused
- **lost**: records that were acknowledged and are gone, or that are there by half
"""

COLUMNS = {
    "tried": "tried",
    "accepted": "accepted",
    "refused": "refused",
    "accepted_wrongly": "accepted wrongly",
    "refused_wrongly": "refused wrongly",
    "server_errors": "5xx",
    "told_to_wait": "503",
    "deaths": "deaths",
    "reader_deaths": "readers",
    "lost": "lost",
}
HEADS = ("class", *COLUMNS.values(), "s")
Runs = Sequence[Mapping[str, Any]]


def document(results: Mapping[str, Runs]) -> str:
    """Return the report in Markdown; the results are the runs of each group of the program."""
    return "\n".join([INTRODUCTION, *(_group(runs) for runs in results.values())])


def _group(runs: Runs) -> str:
    kept = [tally for run in runs for tally in run["tallies"]]
    names = dict.fromkeys(tally["name"] for tally in kept)
    tallies = [together([tally for tally in kept if tally["name"] == name]) for name in names]
    lines = [f"## {kept[-1]['group']}\n", _ground(runs), _row(HEADS), "|---|" + "---:|" * (len(HEADS) - 1)]
    lines += [
        _row([tally["name"], *(_number(tally[count]) for count in COLUMNS), f"{tally['seconds']:,.0f}"])
        for tally in tallies
    ]
    sums = totals(tallies)
    lines.append(_row(["**all**", *(f"**{_number(sums[count])}**" for count in COLUMNS), f"{sums['seconds']:,.0f}"]))
    return "\n".join([*lines, "", *(note for tally in tallies if (note := _note(tally)))]) + "\n"


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _number(count: int | None) -> str:
    return "-" if count is None else f"{count:,}"


def _ground(runs: Runs) -> str:
    """Return when and on what was tried; the machine and the versions are those of the last run."""
    machine, versions = runs[-1]["machine"], runs[-1]["versions"]
    days = span([run["tried_at"][:10] for run in runs])
    loads = span([run["machine"]["load"] for run in runs])
    return (
        f"Tried on {days} in {len(runs)} run{'s' * (len(runs) > 1)} on {machine['cores']} cores of {machine['cpu']},"
        f" {machine['memory_gib']} GiB, load {loads} before, {machine['system']}:"
        f" {', '.join(f'{name} {version}' for name, version in versions.items())}.\n"
    )


def _note(tally: Mapping[str, Any]) -> str:
    told = [tally["how"]] if tally["how"] else []
    told += [f"{name} {value}" for name, value in tally["figures"].items()]
    told += [f"{name} {value:,}" for name, value in tally["counts"].items()]
    told += [f"seed{'s' * (len(tally['seeds']) > 1)} {', '.join(map(str, tally['seeds']))}"] if tally["seeds"] else []
    if tally["codes"]:
        told.append("answered " + ", ".join(f"{code} {count:,}" for code, count in list(tally["codes"].items())[:8]))
    if tally["wrong"]:
        told.append(f"**{len(tally['wrong'])} things went wrong**, told in the JSON file")
    return f"- {tally['name']}: {'; '.join(told)}" if told else ""
