"""``geo-hygiene imports``: which files were stored, and what each of them changed."""

from __future__ import annotations

import csv
import json
import sys
from collections import Counter
from itertools import islice
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import click

from geo_hygiene.accounts.audit import COMMAND
from geo_hygiene.cli.columns import print_columns
from geo_hygiene.cli.context import home_option, open_home, say
from geo_hygiene.coverage.duties import in_office, office_timezone
from geo_hygiene.files.audit import RecordChange, changes_of, list_imports, number_of, why_no_changes
from geo_hygiene.files.formulas import guarded
from geo_hygiene.files.taking_back import outcome, take_back
from geo_hygiene.i18n import N_, _, ngettext

SHOWN = 100
"""Changes that a terminal shows."""

ACTIONS = {"created": N_("new"), "changed": N_("changed"), "ended": N_("ended")}
HEADINGS = ("action", "layer", "record", "code", "name", "field", "before", "after")


@click.group(help=N_("Tell which files were imported, and what each of them changed."))
def imports() -> None:
    """Hold the subcommands."""


@imports.command(
    name="list",
    help=N_("List the imports, the newest first."),
    epilog=N_("Example: geo-hygiene imports list"),
)
@home_option
@click.option("--most", type=click.IntRange(min=1), default=50, help=N_("So many of them. [default: 50]"))
@click.option("--json", "as_json", is_flag=True, help=N_("Print one JSON object."))
def list_(home: Path | None, most: int, *, as_json: bool) -> None:
    """Print the files that were stored."""
    with open_home(home) as opened, opened.connections.connect() as connection:
        runs = list_imports(connection, most)
        zone = office_timezone(connection)
    if as_json:
        click.echo(json.dumps({"imports": runs}, ensure_ascii=False))
    elif runs:
        print_columns([_row(run, zone) for run in runs], texts=4)


def _row(run: dict[str, Any], zone: ZoneInfo) -> list[str]:
    counts = run["records"] or {}
    numbers = [f"{counts.get(name, 0):,}" for name in ("created", "updated", "ended")]
    signs = [f"{sign}{number}" for sign, number in zip("+~-", numbers, strict=True)]
    back = run["taken_back_at"]
    told = "" if back is None else " " + _("(taken back %(when)s)", when=in_office(back, zone))
    return [f"{run['number']}", in_office(run["recorded_at"], zone), run["layer"], run["file"] + told, *signs]


@imports.command(
    help=N_(
        "Show what one import changed: records that it made, changed and ended, with each field before and after.\n\n"
        "NUMBER is that of imports list, or the id of the import."
    ),
    epilog=N_("Examples: geo-hygiene imports show 12 · geo-hygiene imports show 12 --csv > changes.csv"),
)
@click.argument("number")
@home_option
@click.option("--json", "as_json", is_flag=True, help=N_("Print one JSON object."))
@click.option("--csv", "as_csv", is_flag=True, help=N_("Print a CSV with a line for each field."))
def show(number: str, home: Path | None, *, as_json: bool, as_csv: bool) -> None:
    """Print what became of the records."""
    with open_home(home) as opened, opened.connections.connect() as connection:
        found = number_of(connection, number)
        (run,) = list_imports(connection, 1, found)
        changes = list(changes_of(connection, found))
        zone = office_timezone(connection)
    if as_json:
        click.echo(json.dumps({"import": run, "changes": [one.as_json() for one in changes]}, ensure_ascii=False))
    elif as_csv:
        _print_csv(changes)
    else:
        _print(run, changes, zone)


@imports.command(
    name="take-back",
    help=N_(
        "Take an import back on its own day: what it brought is removed, and what it changed is as before.\n\n"
        "It stays, with a word why, when something rests on it or can not be put back.\n\n"
        "NUMBER is that of imports list, or the id of the import."
    ),
    epilog=N_("Example: geo-hygiene imports take-back 12"),
)
@click.argument("number")
@home_option
def take_back_(number: str, home: Path | None) -> None:
    """Remove the records of an import."""
    with open_home(home) as opened, opened.connections.begin() as connection:
        came = take_back(connection, number, actor=COMMAND)
    say(outcome(*came))


def _print_csv(changes: list[RecordChange]) -> None:
    writer = csv.writer(sys.stdout)
    writer.writerow(HEADINGS)
    for one in changes:
        identity = (one.action, one.layer, one.record or "", one.code or "", one.name or "")
        for name, (before, after) in (one.fields or {"": (None, None)}).items():
            writer.writerow([guarded(_text(cell)) for cell in (*identity, name, before, after)])


def _print(run: dict[str, Any], changes: list[RecordChange], zone: ZoneInfo) -> None:
    say(f"{run['number']}  {in_office(run['recorded_at'], zone)}  {run['file']} → {run['layer']}")
    if run["taken_back_at"] is not None:
        say(_("This import was taken back on %(when)s.", when=in_office(run["taken_back_at"], zone)))
        say(outcome(**run["taken_back"]) if run["taken_back"] else "")
    if not changes:
        say(why_no_changes(run), err=True)
        return
    for one in islice(changes, SHOWN):
        fields = "; ".join(
            name if before is None and after is None else f"{name}: {_text(before)} → {_text(after)}"
            for name, (before, after) in one.fields.items()
        )
        called = " ".join(filter(None, (one.code, one.name))) or one.record or ""
        say(f"  {_(ACTIONS[one.action])}  {one.layer}  {called}{'  ' if fields else ''}{fields}")
    counts = Counter((one.layer, one.action) for one in changes)
    told = ", ".join(f"{layer} {_(ACTIONS[action])} {count:,}" for (layer, action), count in counts.items())
    say(ngettext("%(count)s change: %(told)s", "%(count)s changes: %(told)s", len(changes), told=told), err=True)
    if len(changes) > SHOWN:
        say(_("The first %(most)s are shown; --json and --csv tell all.", most=SHOWN), err=True)


def _text(value: Any) -> str:
    if value is None:
        return "–"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
