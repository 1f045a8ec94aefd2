"""``geo-hygiene people``: who is there, who stands in for whom, and who leaves."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import click
from sqlalchemy import Connection

from geo_hygiene.accounts.audit import COMMAND
from geo_hygiene.cli.columns import print_columns
from geo_hygiene.cli.context import home_option, open_home, say
from geo_hygiene.cli.cover import Day
from geo_hygiene.coverage.duties import today
from geo_hygiene.i18n import N_, _
from geo_hygiene.people import chains, giving, leaving, listing
from geo_hygiene.people.giving import Handing
from geo_hygiene.people.listing import Show, Wanted
from geo_hygiene.people.records import lock_all_duties, person_now
from geo_hygiene.permissions import EVERYWHERE
from geo_hygiene.records.claims import DUTY_TITLES
from geo_hygiene.zoning.records import Editor

TERMINAL = Editor(COMMAND, EVERYWHERE)
MOST = 100_000


class Pair(click.ParamType[tuple[str, str]]):
    """A zone and a person as SW011=C012."""

    name = "zone=person"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, str]:
        """Read two codes."""
        if isinstance(value, tuple):
            return value
        zone, _equals, person = value.partition("=")
        if not zone or not person:
            self.fail(_("“%(value)s” is no pair; write it as SW011=C012.", value=value), param, ctx)
        return zone, person


@click.group(help=N_("List people, let somebody stand in, and let somebody leave."))
def people() -> None:
    """Group the commands on people."""


@people.command(
    "list",
    help=N_("List people with the zones that they hold on a day."),
    epilog=N_("Example: geo-hygiene people list --show without --area QJ01"),
)
@click.option(
    "--show",
    type=click.Choice([one.value for one in Show]),
    default=Show.HERE.value,
    show_default=True,
    help=N_("Who is there, has no zone or post, is stood in for, or has left."),
)
@click.option("--duty", type=click.Choice(tuple(DUTY_TITLES)), help=N_("Only who holds a zone of this duty."))
@click.option("--area", metavar="CODE", help=N_("Only who belongs, has a post or holds a zone there."))
@click.option("--on", type=Day(), help=N_("Day. [default: today in the office's time zone]"))
@click.option("--json", "as_json", is_flag=True, help=N_("Print one JSON object."))
@home_option
def list_people(
    home: Path | None, *, show: str, duty: str | None, area: str | None, on: date | None, as_json: bool
) -> None:
    """Print people."""
    with open_home(home) as opened, opened.connections.connect() as connection:
        wanted = Wanted(on=on or today(connection), within=EVERYWHERE, area=area, duty=duty)
        page = listing.people(connection, wanted, show=Show(show), limit=MOST)
    if as_json:
        click.echo(json.dumps({"on": wanted.on.isoformat(), "people": page.rows}, ensure_ascii=False))
        return
    rows = [
        (
            row["code"],
            row["name"],
            row["role"],
            " ".join(zone["code"] for zone in row["zones"]) or "-",
            f"{row['length_m']:,.0f} m",
        )
        for row in page.rows
    ]
    print_columns([(_("Code"), _("Full name"), _("Role"), _("Zones"), _("Length")), *rows], texts=4)


@people.command(
    "chain",
    help=N_("List areas with who answers for them, or only those where a level has nobody."),
    epilog=N_("Example: geo-hygiene people chain --by group --broken"),
)
@click.option(
    "--by",
    type=click.Choice([one.value for one in chains.By]),
    default="community",
    show_default=True,
    help=N_("Which areas."),
)
@click.option("--broken", is_flag=True, help=N_("Only where a level has nobody, or a zone."))
@click.option("--on", type=Day(), help=N_("Day. [default: today in the office's time zone]"))
@click.option("--json", "as_json", is_flag=True, help=N_("Print one JSON object."))
@home_option
def chain(home: Path | None, *, by: str, broken: bool, on: date | None, as_json: bool) -> None:
    """Print who answers for areas."""
    with open_home(home) as opened, opened.connections.connect() as connection:
        day = on or today(connection)
        found = chains.chains(connection, day, by=chains.By(by), within=EVERYWHERE, broken=broken, limit=MOST)
    if as_json:
        click.echo(json.dumps({"on": day.isoformat(), "areas": found.rows}, ensure_ascii=False))
        return
    rows = [
        (
            row["code"],
            *((row[level] or {}).get("code", "-") for level in ("leader", "cadre", "group_cadre")),
            " ".join(f"{one['duty']} {one['vacant']:,}" for one in row["duties"] if one["vacant"]) or "-",
        )
        for row in found.rows
    ]
    print_columns([(_("Area"), _("Leader"), _("Community"), _("Resident group"), _("Vacant")), *rows], texts=5)


@people.command(
    "substitute",
    help=N_("Let PERSON stand in for HOLDER until before a day; the holder goes on afterwards."),
    epilog=N_("Example: geo-hygiene people substitute C010 C131 --from 2025-09-01 --to 2025-09-08"),
)
@click.argument("holder")
@click.argument("person")
@click.option("--from", "begin", type=Day(), required=True, help=N_("First day."))
@click.option("--to", "end", type=Day(), required=True, help=N_("The day after the last."))
@click.option("--zone", "zones", metavar="ZONE", multiple=True, help=N_("Only this zone; may be repeated."))
@click.option("--json", "as_json", is_flag=True, help=N_("Print one JSON object."))
@home_option
def substitute(
    holder: str, person: str, home: Path | None, *, begin: date, end: date, zones: tuple[str, ...], as_json: bool
) -> None:
    """Let somebody stand in."""
    with open_home(home) as opened, opened.connections.begin() as connection:
        made = giving.substitute(
            connection,
            TERMINAL,
            holder,
            version=_version(connection, holder),
            person=person,
            start=begin,
            end=end,
            zones=zones or None,
        )
    _tell(made, as_json=as_json)


@people.command(
    "leave",
    help=N_("Let PERSON be gone from a day on: posts and zones end, except those that are handed over."),
    epilog=N_("Example: geo-hygiene people leave C010 --from 2025-09-01 --hand-over SW011=C012"),
)
@click.argument("person")
@click.option("--from", "begin", type=Day(), required=True, help=N_("First day without the person."))
@click.option("--hand-over", "pairs", type=Pair(), multiple=True, help=N_("A zone and who takes it; may be repeated."))
@click.option("--json", "as_json", is_flag=True, help=N_("Print one JSON object."))
@home_option
def leave(person: str, home: Path | None, *, begin: date, pairs: tuple[tuple[str, str], ...], as_json: bool) -> None:
    """Let somebody leave."""
    with open_home(home) as opened, opened.connections.begin() as connection:
        version = _version(connection, person)
        made = leaving.leave(connection, TERMINAL, person, version=version, day=begin, hand_over=dict(pairs))
    _tell(made, as_json=as_json)


def _version(connection: Connection, name: str) -> int:
    """Return the version of somebody now: at the terminal nothing was read before.

    It is locked as by every act: the duties first.
    """
    lock_all_duties(connection)
    return person_now(connection, TERMINAL, name).version


def _tell(made: Handing, *, as_json: bool) -> None:
    told = made.as_json()
    if as_json:
        click.echo(json.dumps(told, ensure_ascii=False))
        return
    rows = [
        (zone["code"], one["person"], one["valid_from"] or "…", one["valid_to"] or "…", one["stands_in_for"] or "")
        for zone in told["zones"]
        for one in zone["holders"]
    ]
    if rows:
        print_columns(
            [(_("Zone"), _("Person"), _("Valid from"), _("Valid until (exclusive)"), _("Stands in for")), *rows],
            texts=5,
        )
    for remark in told["remarks"]:
        say(remark, err=True)
