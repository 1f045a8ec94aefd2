"""The report of a run, for people: ``docs/benchmarks.md`` is made from the JSON file and from nothing else."""

from __future__ import annotations

from typing import Any

from bench.figures import TIE

TITLES = {
    "cover": "The coverage engine on the sample",
    "rebuild": "Cover from nothing on the sample",
    "web": "The web server on the sample",
    "heat": "Complaints: where they gather, and their pages",
    "campaigns": "Campaigns: what they reached, and what is added to them",
    "plans": "Plans: zones saved and drawn, drafts, publications",
    "year": "A year: how much was done, the annual report, pages of lists",
    "share": "Zones proposed, and their walks",
    "others": "Zones proposed on other streets, and their walks",
    "start": "Starts",
    "import": "Import without splitting",
    "streets": "A county: raw streets, zones and cover",
    "backup": "Backup, restore and check",
}

WITHOUT_UNIT = frozenset({"ratio", "share", "count"})
"""What a number says without a word behind it."""

SIZES = ("", "S", "M", "L")
"""Of the sample, the smallest first; empty where it is not measured on the sample."""

INTRODUCTION = """# Benchmarks

Made by `make bench` from [benchmarks.json](benchmarks.json); figures are medians, in brackets the smallest and the
largest. Ours and its peers run in turns within one run of the program, so that a slow moment of the machine falls on
all. A ratio over 1 says how many times better ours is; between {least:.2f} and {most:.1f} is a tie.
"""


def document(runs: list[dict[str, Any]]) -> str:
    """Return the report of some runs in Markdown."""
    parts = [INTRODUCTION.format(least=1 / TIE, most=TIE), *map(_machine, runs)]
    figures = [figure for run in runs for figure in run["figures"]]
    for group, title in TITLES.items():
        measured = sorted(
            (figure for figure in figures if figure["group"] == group), key=lambda figure: SIZES.index(figure["size"])
        )
        parts += [_group(title, measured)] if measured else []
    return "\n".join(parts)


def _machine(run: dict[str, Any]) -> str:
    machine, versions = run["machine"], run["versions"]
    groups = dict.fromkeys(f"{figure['group']} {figure['size']}".strip() for figure in run["figures"])
    return (
        f"Measured on {run['measured_at'][:10]} in {run['rounds']} rounds on {machine['cores']} cores of"
        f" {machine['cpu']}, {machine['memory_gib']} GiB, load {machine['load']} before, {machine['system']}:"
        f" {', '.join(f'{name} {version}' for name, version in versions.items())}. Groups: {', '.join(groups)}.\n"
    )


def _group(title: str, figures: list[dict[str, Any]]) -> str:
    sizes = list(dict.fromkeys(figure["size"] for figure in figures))
    lines = [f"## {title}\n", *(_rows(figures) if len(sizes) == 1 else _rows_by_size(figures, sizes)), ""]
    data = dict.fromkeys(figure["data"] for figure in figures)
    lines += [f"Data: {'; '.join(data)}.\n"]
    lines += dict.fromkeys(f"- {figure['name']}: {figure['note']}" for figure in figures if figure["note"])
    return "\n".join(lines) + "\n"


def _rows(figures: list[dict[str, Any]]) -> list[str]:
    return [
        "| what | ours | runs | peer, ratio | floor |",
        "|---|---|---|---|---|",
        *(
            f"| {figure['name']} | {_amount(figure, figure['unit'])} | {figure['runs']} | {_peers(figure)} |"
            f" {figure['floor']} |"
            for figure in figures
        ),
    ]


def _rows_by_size(figures: list[dict[str, Any]], sizes: list[str]) -> list[str]:
    """Return one row for what was measured on several sizes, so that one sees what grows with the town."""
    rows: dict[str, dict[str, dict[str, Any]]] = {}
    for figure in figures:
        rows.setdefault(figure["name"], {})[figure["size"]] = figure
    return [
        f"| what | {' | '.join(sizes)} | floor |",
        f"|---|{'---|' * len(sizes)}---|",
        *(
            f"| {name} | {' | '.join(_cell(found.get(size)) for size in sizes)} |"
            f" {next(iter(found.values()))['floor']} |"
            for name, found in rows.items()
        ),
    ]


def _cell(figure: dict[str, Any] | None) -> str:
    if figure is None:
        return ""
    return "; ".join(filter(None, (_amount(figure, figure["unit"]), _peers(figure))))


def _peers(figure: dict[str, Any]) -> str:
    missing = [f"{name} {why}" for name, why in figure.get("missing", {}).items()]
    return "; ".join([*(f"{peer['name']} {_beside(peer, figure['unit'])}" for peer in figure["peers"]), *missing])


def _beside(peer: dict[str, Any], unit: str) -> str:
    amount = _amount(peer, unit)
    return amount if peer["ratio"] is None else f"{amount}, **{_rounded(peer['ratio'])} x**"


def _amount(spread: dict[str, Any], unit: str) -> str:
    if spread["runs"] == 1:
        return _with_unit(spread["median"], unit)
    text = f"{_with_unit(spread['median'], unit)} ({_told(spread['min'], unit)}-{_told(spread['max'], unit)})"
    return f"{text}, p95 {_told(spread['p95'], unit)}" if spread["runs"] >= 20 else text  # noqa: PLR2004 - enough for it


def _with_unit(value: float, unit: str) -> str:
    return _told(value, unit) if unit in WITHOUT_UNIT else f"{_told(value, unit)} {unit}"


def _told(value: float, unit: str) -> str:
    if unit == "count":
        return f"{value:,.0f}"
    return f"{value:.3f}" if unit in WITHOUT_UNIT else _rounded(value)


def _rounded(value: float) -> str:
    """Return three significant digits."""
    if value >= 100:  # noqa: PLR2004 - three digits before the point
        return f"{value:,.0f}"
    return f"{value:.2g}" if value < 0.1 else f"{value:.3g}"  # noqa: PLR2004 - two are enough there
