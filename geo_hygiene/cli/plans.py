"""Drafts of plans at a terminal: which there are, what one changes beside the plan, and another name for one."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import click

from geo_hygiene.accounts.audit import COMMAND
from geo_hygiene.cli.columns import print_columns
from geo_hygiene.cli.context import home_option, open_home, say
from geo_hygiene.cli.cover import Day
from geo_hygiene.coverage.duties import duty_of, today
from geo_hygiene.i18n import N_, _
from geo_hygiene.permissions import EVERYWHERE
from geo_hygiene.records.claims import DUTY_TITLES
from geo_hygiene.zoning import drafts
from geo_hygiene.zoning.comparing import Plan, compare
from geo_hygiene.zoning.records import Editor
from geo_hygiene.zoning.renaming import rename


@click.command(
    "drafts",
    help=N_("List the drafts of a duty, the newest first."),
    epilog=N_("Example: geo-hygiene zones drafts --duty sweeping"),
)
@click.option("--duty", type=click.Choice(tuple(DUTY_TITLES)), required=True, help=N_("The duty."))
@click.option("--json", "as_json", is_flag=True, help=N_("Print one JSON object."))
@home_option
def list_drafts(home: Path | None, *, duty: str, as_json: bool) -> None:
    """Print the drafts."""
    with open_home(home) as opened, opened.connections.connect() as connection:
        found = drafts.all_drafts(connection, duty_of(connection, duty))
    if as_json:
        click.echo(json.dumps({"drafts": [_public(draft) for draft in found]}, ensure_ascii=False))
        return
    rows = [
        (one.name, one.plan_on.isoformat(), one.published_from.isoformat() if one.published_from else "-", one.maker)
        for one in found
    ]
    print_columns([(_("Draft"), _("Drawn over"), _("The plan from"), _("Begun by")), *rows], texts=4)


def _public(draft: drafts.DraftRecord) -> dict[str, Any]:
    return {
        "id": str(draft.uuid),
        "name": draft.name,
        "on": draft.plan_on.isoformat(),
        "maker": draft.maker,
        "published_from": draft.published_from.isoformat() if draft.published_from else None,
        "version": draft.version,
    }


@click.command(
    "rename",
    help=N_("Give DRAFT, which is not published, the name NAME."),
    epilog=N_("Example: geo-hygiene zones rename spring plan-2027"),
)
@click.argument("draft")
@click.argument("name")
@home_option
def rename_draft(draft: str, name: str, home: Path | None) -> None:
    """Give a draft another name."""
    with open_home(home) as opened, opened.connections.begin() as connection:
        found = drafts.find_draft(connection, draft)
        rename(connection, Editor(COMMAND, EVERYWHERE), draft, name, version=found.version)
    say(_("“%(old)s” is called “%(name)s” now.", old=found.name, name=name), err=True)


@click.command(
    "compare",
    help=N_(
        "Tell who gains and who loses from one plan of a duty to another, in metres and in minutes a day: each plan is "
        "that of a day, or with a draft."
    ),
    epilog=N_("Example: geo-hygiene zones compare --duty sweeping --with-draft plan-2027"),
)
@click.option("--duty", type=click.Choice(tuple(DUTY_TITLES)), required=True, help=N_("The duty."))
@click.option("--on", type=Day(), help=N_("Day. [default: that of the draft, else today in the office's time zone]"))
@click.option("--draft", metavar="NAME", help=N_("Draft of the first plan. [default: what is published]"))
@click.option("--with-on", type=Day(), help=N_("Day of the other plan. [default: the same day]"))
@click.option("--with-draft", metavar="NAME", help=N_("Draft of the other plan. [default: what is published]"))
@click.option("--json", "as_json", is_flag=True, help=N_("Print one JSON object."))
@home_option
def compare_plans(
    home: Path | None,
    *,
    duty: str,
    on: date | None,
    draft: str | None,
    with_on: date | None,
    with_draft: str | None,
    as_json: bool,
) -> None:
    """Print two plans by difference."""
    with open_home(home) as opened, opened.connections.connect() as connection:
        record = duty_of(connection, duty)
        first, second = (
            None if name is None else drafts.draft_of_duty(connection, record, name) for name in (draft, with_draft)
        )
        begun = first or second
        day = on or (today(connection) if begun is None else begun.plan_on)
        found = compare(connection, record, Plan(day, first), Plan(with_on or day, second))
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False))
    else:
        _print(found)


def _print(found: dict[str, Any]) -> None:
    first, second = found["first"], found["second"]
    say(f"{first['on']} {first['plan']} → {second['on']} {second['plan']}")
    written = "{:,.0f} m".format if found["unit"] == "m" else "{:,}".format
    moved = {"amount": written(found["moved"]), "minutes": f"{found['moved_min']:,.0f}"}
    say(_("%(amount)s change hands, %(minutes)s min a day.", **moved))
    head = (_("Before"), _("After"), _("Gains"), _("Loses"))
    minutes = tuple(_("%(title)s, min a day", title=title) for title in head[:2])
    for title, rows in ((_("People"), found["people"]), (_("Zones"), found["zones"])):
        table = [
            (
                " ".join(filter(None, (row["code"], row.get("name")))),
                *(written(row[name]) for name in ("before", "after", "gains", "loses")),
                *(f"{row[name]:,.0f}" for name in ("before_min", "after_min")),
            )
            for row in rows
        ]
        if table:
            say("")
            print_columns([(title, *head, *minutes), *table], texts=1, indent="  ")
