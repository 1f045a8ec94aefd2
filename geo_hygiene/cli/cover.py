"""``geo-hygiene cover``: what of a duty is covered on a day, and the rebuild of what is kept."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import click
from sqlalchemy import Connection, text

from geo_hygiene.cli.columns import print_columns
from geo_hygiene.cli.context import home_option, open_home
from geo_hygiene.coverage import rebuild as rebuilding
from geo_hygiene.coverage.duties import duty_of, today
from geo_hygiene.coverage.locks import lock_duties, lock_everything, lock_targets
from geo_hygiene.coverage.summary import Level, Summary, summarize
from geo_hygiene.coverage.work import work_in_period
from geo_hygiene.i18n import N_, _
from geo_hygiene.layers import LAYERS, layer_of
from geo_hygiene.layers.works import KINDS
from geo_hygiene.records.claims import Claim
from geo_hygiene.zoning.drafts import draft_of_duty, find_draft
from geo_hygiene.zoning.summing import summarize_draft

WORKS = {
    **{choice.value: choice.title for choice in KINDS},
    **{layer.key: layer.title for layer in LAYERS.values() if issubclass(layer.model, Claim) and layer.is_event},
}
"""What is told of a period: kinds of work on places, and layers of claims that happened, where duties hold."""


class Day(click.ParamType[date]):
    """A calendar day as 2025-12-31."""

    name = "day"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        """Read an ISO date."""
        if isinstance(value, date):
            return value
        try:
            return date.fromisoformat(value)
        except ValueError:
            self.fail(_("“%(value)s” is not a day; write it as 2025-12-31.", value=value), param, ctx)


@click.group(
    invoke_without_command=True,
    help=N_("Show how much of a duty is covered on a day, what is nobody's, twice covered, or held by nobody."),
    epilog=N_("Example: geo-hygiene cover --duty sweeping --on 2025-03-01 --by community --json"),
)
@home_option
@click.option("--duty", help=N_("sweeping, supervision, drains or tanks."))
@click.option("--on", type=Day(), help=N_("Day. [default: today in the office's time zone]"))
@click.option("--by", type=click.Choice([level.value for level in Level]), help=N_("Break the sums down."))
@click.option("--draft", metavar="NAME", help=N_("As it would be with this draft of a plan."))
@click.option("--work", type=click.Choice(tuple(WORKS)), help=N_("Show instead what work was done in a period."))
@click.option("--from", "begin", type=Day(), help=N_("First day of the period."))
@click.option("--to", "end", type=Day(), help=N_("Day after the last of the period."))
@click.option("--json", "as_json", is_flag=True, help=N_("Print one JSON object."))
@click.pass_context
def cover(
    ctx: click.Context,
    /,
    home: Path | None,
    duty: str | None,
    on: date | None,
    by: str | None,
    draft: str | None,
    *,
    as_json: bool,
    **period: Any,
) -> None:
    """Answer the question, unless a subcommand was called."""
    if ctx.invoked_subcommand is not None:
        ctx.obj = home
        return
    if any(period.values()):
        if duty or on or by or draft:
            raise click.UsageError(_("Ask either for a duty on a day, or for work in a period."))
        _tell_work(home, **period, as_json=as_json)
        return
    if duty is None and draft is None:
        raise click.UsageError(_("Say which duty: --duty sweeping, supervision, drains or tanks."))
    with open_home(home) as opened, opened.connections.connect() as connection:
        summary = _summary(connection, duty, on, Level(by) if by else None, draft)
    if as_json:
        click.echo(json.dumps(summary.as_json(), ensure_ascii=False))
    else:
        _print(summary)


def _summary(connection: Connection, duty: str | None, on: date | None, by: Level | None, draft: str | None) -> Summary:
    """Return the figures of the plan, or those with a draft of it."""
    if draft is None:
        return summarize(connection, duty_of(connection, duty or ""), on or today(connection), by)
    record = find_draft(connection, draft)
    if duty is not None:
        draft_of_duty(connection, duty_of(connection, duty), draft)
    return summarize_draft(connection, record, on or record.plan_on, by)


def _tell_work(home: Path | None, *, work: str | None, begin: date | None, end: date | None, as_json: bool) -> None:
    """Print the metres and counts of a period: each once, and as often as work was done on it."""
    if work is None or begin is None or end is None or begin >= end:
        raise click.UsageError(_("Say which work in which period: --work dredging --from 2025-01-01 --to 2026-01-01"))
    with open_home(home) as opened, opened.connections.connect() as connection:
        found = work_in_period(connection, work, begin, end)
    kinds = [
        {
            "kind": layer.key,
            "unit": layer.unit,
            "distinct": layer.amount(found[layer.key][0]),
            "plain": layer.amount(found[layer.key][1]),
        }
        for layer in LAYERS.values()
        if layer.key in found
    ]
    if as_json:
        answer = {"work": work, "from": begin.isoformat(), "to": end.isoformat(), "kinds": kinds}
        click.echo(json.dumps(answer, ensure_ascii=False))
        return
    click.echo(f"{_(WORKS[work])} · {begin.isoformat()} – {end.isoformat()}")
    head = (_("Kind"), _("Each once"), _("All together"))
    rows = []
    for kind in kinds:
        written = "{:,.1f} m".format if kind["unit"] == "m" else "{:,}".format
        rows.append((_(layer_of(str(kind["kind"])).title), written(kind["distinct"]), written(kind["plain"])))
    print_columns([head, *rows], texts=1, indent="  ")


@cover.command(
    help=N_("Make cover and all kept answers again from zones, targets and assignments; nothing should change."),
    epilog=N_("Example: geo-hygiene cover rebuild"),
)
@home_option
@click.option("--duty", "code", help=N_("Only of this duty, and nothing of campaigns."))
@click.pass_context
def rebuild(ctx: click.Context, home: Path | None, code: str | None) -> None:
    """Rebuild in one transaction."""
    with open_home(home or ctx.obj) as opened, opened.connections.begin() as connection:
        if code is None:
            lock_everything(connection)
            rebuilding.rebuild(connection)
            rows = connection.scalar(text("select count(*) from cover"))
            said = _("Rebuilt the cover of all duties: %(rows)s stretches.", rows=rows)
        else:
            duty = duty_of(connection, code)
            lock_duties(connection, [duty.id])
            lock_targets(connection)
            rebuilding.rebuild_duty(connection, duty.id)
            rows = connection.scalar(text("select count(*) from cover where duty_id = :duty"), {"duty": duty.id})
            said = _("Rebuilt the cover of %(duty)s: %(rows)s stretches.", duty=duty.title, rows=rows)
    click.echo(said, err=True)


LABELS = {
    "total": N_("To be covered"),
    "covered": N_("Covered"),
    "vacant": N_("of that vacant"),
    "gap": N_("Gap"),
    "overlap": N_("Overlap"),
}
"""What the amounts of a summary are called."""


def _print(summary: Summary) -> None:
    amounts = summary.as_json()
    written = "{:,.1f} m".format if summary.duty.unit == "m" else "{:,}".format
    click.echo(f"{summary.duty.title} · {summary.on.isoformat()}")
    shares = (f"{amounts[key] / amounts['total']:.1%}" if amounts["total"] else "" for key in LABELS)
    print_columns(
        [(_(label), written(amounts[key]), share) for (key, label), share in zip(LABELS.items(), shares, strict=True)],
        texts=1,
        indent="  ",
    )
    if amounts["by"]:
        click.echo()
        head = ("", "", *map(_, LABELS.values()))
        rows = [
            (row["code"] or "-", row["name"] or _("(none)"), *(written(row[key]) for key in LABELS))
            for row in amounts["by"]
        ]
        print_columns([head, *rows], texts=2, indent="  ")
    for row in amounts["outside_scope"]:
        click.echo(
            _("Outside the scope: zone %(zone)s, %(targets)s targets", zone=row["zone"], targets=row["targets"]),
            err=True,
        )
