"""``geo-hygiene workload``: how the work of a duty is spread over people or zones."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import click

from geo_hygiene.cli.columns import print_columns
from geo_hygiene.cli.context import home_option, open_home, say
from geo_hygiene.cli.cover import Day
from geo_hygiene.coverage.duties import duty_of
from geo_hygiene.i18n import N_, _
from geo_hygiene.records.claims import DUTY_TITLES
from geo_hygiene.zoning.drafts import draft_of_duty
from geo_hygiene.zoning.workloads import By, Distribution, Workload, loads_of_burdens, workloads

SHOWN = 20
"""Of those with most work."""


@click.command(
    help=N_("Show how many minutes a day each person or zone has to do by the work model, and how they are spread."),
    epilog=N_("Example: geo-hygiene workload --duty sweeping --within QJ01 --draft spring"),
)
@click.option("--duty", type=click.Choice(tuple(DUTY_TITLES)), required=True, help=N_("The duty."))
@click.option("--on", type=Day(), help=N_("Day. [default: that of the draft, else today in the office's time zone]"))
@click.option(
    "--by",
    type=click.Choice([one.value for one in By]),
    default=By.PERSON.value,
    show_default=True,
    help=N_("By those who hold zones, or by zones."),
)
@click.option("--within", "area", metavar="CODE", help=N_("Only those whose work is mostly within an area."))
@click.option("--draft", "name", metavar="NAME", help=N_("As it would be with this draft of a plan."))
@click.option("--json", "as_json", is_flag=True, help=N_("Print one JSON object."))
@home_option
def workload(
    home: Path | None, *, duty: str, on: date | None, by: str, area: str | None, name: str | None, as_json: bool
) -> None:
    """Print how work is spread; of JSON everybody, else those with most."""
    with open_home(home) as opened, opened.connections.connect() as connection:
        looked_at = duty_of(connection, duty)
        draft = None if name is None else draft_of_duty(connection, looked_at, name)
        found, published = workloads(connection, looked_at, on, By(by), draft=draft, area=area)
        rows = found.burdens if as_json else found.burdens[:SHOWN]
        loads = loads_of_burdens(connection, looked_at, found.on, rows)
    if as_json:
        click.echo(json.dumps(found.as_json(rows, loads, published), ensure_ascii=False))
        return
    _print(found, published)


def _print(found: Workload, published: Workload | None) -> None:
    say(f"{found.duty.title} · {found.on.isoformat()} · {found.plan}")
    columns = [(_("Minutes a day"), found.distribution)]
    if published is not None:
        columns.append((_("As in the plan"), published.distribution))
    told = [_figures(spread) for _title, spread in columns]
    names = (_("How many"), _("Mean"), _("Median"), _("Most"), _("Most / mean"))
    lines = [("", *(title for title, _spread in columns)), *zip(names, *told, strict=True)]
    print_columns(lines, texts=1, indent="  ")
    if found.vacant:
        say(_("Zones that nobody holds: %(minutes)s min a day", minutes=f"{found.vacant:,.0f}"))
    if found.unruled:
        say(_("No rule says how long %(count)s targets take.", count=f"{found.unruled:,}"), err=True)
    say("")
    head = ("", "", _("Minutes a day"), _("Of the working day"))
    rows = [
        (one.code, one.name or "", f"{one.minutes:,.0f}", "" if one.share is None else f"{one.share:.0%}")
        for one in found.burdens[:SHOWN]
    ]
    print_columns([head, *rows], texts=2, indent="  ")


def _figures(spread: Distribution) -> tuple[str, ...]:
    told = spread.as_json()
    minutes = ("–" if told[name] is None else f"{told[name]:,.0f}" for name in ("mean", "median", "max"))
    return (
        f"{told['count']:,}",
        *minutes,
        "–" if told["max_over_mean"] is None else f"{told['max_over_mean']:.2f}",
    )
