"""``geo-hygiene activities``: what was done with people in a period, and whom it reached."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import click

from geo_hygiene.cli.columns import print_columns
from geo_hygiene.cli.context import home_option, open_home
from geo_hygiene.cli.cover import Day
from geo_hygiene.i18n import N_, _
from geo_hygiene.layers.activities import KINDS
from geo_hygiene.works.activities import Sums, activities, by_community, by_kind
from geo_hygiene.works.asked import Asked

TITLES = {choice.value: choice.title for choice in KINDS}


@click.command(
    "activities",
    help=N_("Show clean-up days, publicity and training of a period by kind, or by community."),
    epilog=N_("Example: geo-hygiene activities --from 2025-01-01 --to 2026-01-01 --by community"),
)
@home_option
@click.option("--from", "begin", type=Day(), required=True, help=N_("First day of the period."))
@click.option("--to", "end", type=Day(), required=True, help=N_("Day after the last of the period."))
@click.option("--kind", type=click.Choice(tuple(TITLES)), help=N_("Only activities of this kind."))
@click.option("--by", type=click.Choice(["community"]), help=N_("Break the sums down."))
@click.option("--json", "as_json", is_flag=True, help=N_("Print one JSON object."))
def activities_(home: Path | None, begin: date, end: date, kind: str | None, by: str | None, *, as_json: bool) -> None:
    """Print the sums of a period."""
    if begin >= end:
        raise click.UsageError(_("The period ends before it begins; --to is the day after the last."))
    asked = Asked(begin=begin, end=end)
    with open_home(home) as opened, opened.connections.connect() as connection:
        held = activities(connection, asked, None if kind is None else (kind,))
        rows = by_community(connection, asked, held) if by else []
    kinds = by_kind(held)
    if as_json:
        answer = {
            "from": begin.isoformat(),
            "to": end.isoformat(),
            "kinds": [{"kind": key, **sums.as_json()} for key, sums in kinds.items()],
            "by_level": by,
            "by": [row.as_json() for row in rows],
        }
        click.echo(json.dumps(answer, ensure_ascii=False))
        return
    head = (_("Activities"), _("Person-times"), _("People"), _("Quantity"), _("Cost"))
    print_columns(
        [(_("Kind"), *head), *((_(TITLES[key]), *_figures(sums)) for key, sums in kinds.items())], texts=1, indent="  "
    )
    if by:
        click.echo()
        names = ((row.code or "-", row.name or _("(none or several)"), *_figures(row.sums)) for row in rows)
        print_columns([(_("Code"), _("Community or village"), *head), *names], texts=2, indent="  ")


def _figures(sums: Sums) -> tuple[str, ...]:
    amounts = (sums.activities, sums.person_times, sums.people, sums.quantity)
    cost = "–" if sums.cost is None else f"{sums.cost:,.2f}"
    return (*("–" if amount is None else f"{amount:,}" for amount in amounts), cost)
