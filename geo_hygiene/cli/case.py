"""``geo-hygiene case``: complaints in, and which there are."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import click

from geo_hygiene.cases.questions import CaseFilter, CasePage, list_cases
from geo_hygiene.cli.context import home_option, open_home, say
from geo_hygiene.cli.cover import Day
from geo_hygiene.cli.files import import_options, run_import
from geo_hygiene.i18n import N_, _, ngettext
from geo_hygiene.layers.cases import CHANNELS, KINDS, LAYER, STATUSES

TITLES = {choice.value: choice.title for choice in (*KINDS, *STATUSES)}

_kinds = click.Choice([choice.value for choice in KINDS])
_statuses = click.Choice([choice.value for choice in STATUSES])
_channels = click.Choice([choice.value for choice in CHANNELS])


@click.group(help=N_("Read complaints from files, and list them."))
def case() -> None:
    """Hold the subcommands."""


@case.command(
    name="import",
    help=N_(
        "Store the complaints of an export of another system.\n\n"
        "A complaint is known by its source and its number there: a newer export brings it up to date, and every "
        "status that it had is kept. A row without a place is stored and counted. A day without a time is its first "
        "moment."
    ),
    epilog=N_(
        "Examples: geo-hygiene case import 12345.csv --source 12345 · "
        "geo-hygiene case import rats.csv --source nyc311 --date-order mdy --skip-rejected --rejected wrong.csv"
    ),
)
@click.option("--source", metavar="NAME", help=N_("System that all rows come from, whatever a column says."))
@click.option("--kind", type=_kinds, help=N_("What all rows are about, whatever a column says."))
@import_options
def import_(
    file: Path,
    home: Path | None,
    fields: Sequence[tuple[str, str]],
    constants: Sequence[tuple[str, str]],
    source: str | None,
    kind: str | None,
    **asked: Any,
) -> None:
    """Import one file; exit code 1 when nothing was stored because of errors."""
    said = tuple((name, value) for name, value in (("source", source), ("kind", kind)) if value)
    # what is said of all rows stands above a column of the file: the field takes none
    unmapped = tuple((name, "") for name, _value in said)
    run_import(LAYER.key, file, home, fields=(*fields, *unmapped), constants=(*constants, *said), **asked)


@case.command(
    name="list",
    help=N_("List complaints, the newest first."),
    epilog=N_("Example: geo-hygiene case list --kind rodent --from 2025-06-01 --to 2025-09-01 --json"),
)
@home_option
@click.option("--status", "statuses", type=_statuses, multiple=True, help=N_("Only with this status; may be repeated."))
@click.option("--kind", "kinds", type=_kinds, multiple=True, help=N_("Only of this kind; may be repeated."))
@click.option("--channel", "channels", type=_channels, multiple=True, help=N_("Only by this channel; may be repeated."))
@click.option("--area", metavar="CODE", help=N_("Only in this area and what is below it."))
@click.option("--from", "begin", type=Day(), help=N_("First day on which they were reported."))
@click.option("--to", "end", type=Day(), help=N_("Day after the last."))
@click.option("--json", "as_json", is_flag=True, help=N_("Print one JSON object."))
def list_(
    home: Path | None,
    statuses: tuple[str, ...],
    kinds: tuple[str, ...],
    channels: tuple[str, ...],
    area: str | None,
    begin: date | None,
    end: date | None,
    *,
    as_json: bool,
) -> None:
    """Print every case that fits."""
    wanted = CaseFilter(
        kinds=kinds or None, channels=channels or None, statuses=statuses or None, begin=begin, end=end, area=area
    )
    with open_home(home) as opened, opened.connections.connect() as connection:
        page = list_cases(connection, wanted)
    if as_json:
        answer = {"total": page.total, "without_place": page.without_place, "cases": page.rows}
        click.echo(json.dumps(answer, ensure_ascii=False))
    else:
        _print(page)


def _print(page: CasePage) -> None:
    for one in page.rows:
        place = " ".join(part for part in (one["lane"], one["house_number"]) if part)
        reported = one["reported_at"].replace("T", " ")[: 16 if one["has_time"] else 10]
        say(
            f"{reported:<16}  {one['source']}:{one['external_id'] or '–'}  {_(TITLES[one['kind']])}  "
            f"{_(TITLES[one['status']])}  {one['group_name'] or one['community_name'] or ''}  {place}"
        )
    total = ngettext("%(count)s complaint", "%(count)s complaints", page.total)
    say(f"{total}, {_('%(count)s without a place', count=page.without_place)}", err=True)
