"""``geo-hygiene case``: complaints in, and which there are."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import click

from geo_hygiene.cases.filters import CaseFilter
from geo_hygiene.cases.questions import TITLES, CasePage, case_of, identity_of, list_cases
from geo_hygiene.cli.case_account import minute, tell_case
from geo_hygiene.cli.columns import print_columns
from geo_hygiene.cli.context import home_option, open_home, say
from geo_hygiene.cli.cover import Day
from geo_hygiene.cli.files import import_options, run_import
from geo_hygiene.cli.words import Word
from geo_hygiene.i18n import N_, _, ngettext
from geo_hygiene.layers.cases import CHANNELS, KINDS, LAYER, OPEN, STATUSES
from geo_hygiene.layerspec import Choice
from geo_hygiene.permissions import EVERYWHERE

EVERY_OPEN = Choice(value="open", title=N_("All that are open"))

DAY_OF_FILE = N_(
    "Day on which the file was written, for statuses without a time of their own. [default: not known; of two exports "
    "without times the later import holds]"
)

_kinds, _statuses, _channels = Word(KINDS), Word((EVERY_OPEN, *STATUSES)), Word(CHANNELS)


@click.group(help=N_("Read complaints from files, list them, and show one."))
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
@import_options(DAY_OF_FILE)
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
    states = {*statuses, *OPEN} - {EVERY_OPEN.value} if EVERY_OPEN.value in statuses else set(statuses)
    wanted = CaseFilter(
        kinds=kinds or None, channels=channels or None, statuses=states or None, begin=begin, end=end, area=area
    )
    with open_home(home) as opened, opened.connections.connect() as connection:
        page = list_cases(connection, wanted)
    if as_json:
        answer = {"total": page.total, "without_place": page.without_place, "cases": page.rows}
        click.echo(json.dumps(answer, ensure_ascii=False))
    else:
        _print(page, wanted)


@case.command(
    help=N_(
        "Show one complaint: its place, its history, and who answered for the place on its day.\n\n"
        "NUMBER is its number, source:number where several sources have it, or its id."
    ),
    epilog=N_("Example: geo-hygiene case show 2025-00041"),
)
@click.argument("number")
@home_option
@click.option("--json", "as_json", is_flag=True, help=N_("Print one JSON object."))
def show(home: Path | None, number: str, *, as_json: bool) -> None:
    """Print what is known of one case."""
    with open_home(home) as opened, opened.connections.connect() as connection:
        found = case_of(connection, identity_of(connection, number, within=EVERYWHERE), within=EVERYWHERE)
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False))
    else:
        tell_case(found)


def _print(page: CasePage, wanted: CaseFilter) -> None:
    if page.rows:
        print_columns([_row(one) for one in page.rows], texts=6)
    counted = ngettext(
        "%(count)s complaint, %(without)s without a place",
        "%(count)s complaints, %(without)s without a place",
        page.total,
        without=f"{page.without_place:,}",
    )
    days = _days(page, wanted)
    say(counted if days is None else _("%(counted)s; %(first)s to %(last)s", counted=counted, **days), err=True)


def _row(one: Mapping[str, Any]) -> list[str]:
    kind, status = TITLES[one["kind"]], TITLES[one["status"]]
    return [
        minute(one["reported_at"], has_time=one["has_time"]),
        f"{one['source']}:{one['external_id']}" if one["external_id"] else one["id"],
        _(kind),
        _(status),
        one["group_name"] or one["community_name"] or "–",
        " ".join(part for part in (one["lane"], one["house_number"]) if part),
    ]


def _days(page: CasePage, wanted: CaseFilter) -> dict[str, str] | None:
    """Return the first and the last day that are listed: those that were asked for, else those of the complaints."""
    first = page.rows[-1]["reported_at"][:10] if page.rows else None
    last = page.rows[0]["reported_at"][:10] if page.rows else None
    first = first if wanted.begin is None else wanted.begin.isoformat()
    last = last if wanted.end is None else (wanted.end - timedelta(days=1)).isoformat()
    return None if first is None or last is None else {"first": first, "last": last}
