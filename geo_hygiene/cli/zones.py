"""``geo-hygiene zones``: how a duty could be shared out, how a zone is walked, and plans that are published."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from math import nan
from pathlib import Path
from typing import Any

import click

from geo_hygiene.accounts.audit import COMMAND
from geo_hygiene.cli.columns import print_columns
from geo_hygiene.cli.context import home_option, open_home, say
from geo_hygiene.cli.cover import Day
from geo_hygiene.cli.plans import compare_plans, list_drafts, rename_draft
from geo_hygiene.coverage.duties import duty_of, today
from geo_hygiene.i18n import N_, _
from geo_hygiene.permissions import EVERYWHERE
from geo_hygiene.records.claims import DUTY_TITLES
from geo_hygiene.zoning import drafts, publishing
from geo_hygiene.zoning.adopting import Proposed, adopt
from geo_hygiene.zoning.barriers import Barrier
from geo_hygiene.zoning.mistakes import UnseenChangesError
from geo_hygiene.zoning.proposing import Proposal, propose
from geo_hygiene.zoning.records import Editor
from geo_hygiene.zoning.routes import Route, route_of
from geo_hygiene.zoning.sharing import Borders, Progress, Wishes
from geo_hygiene.zoning.walking import Node


@click.group(help=N_("Propose zones of a duty, tell how one is walked, and publish plans that were drawn as drafts."))
def zones() -> None:
    """Group the commands on plans."""


for _command in (list_drafts, rename_draft, compare_plans):
    zones.add_command(_command)


@zones.command(
    "propose",
    help=N_(
        "Share a duty out among so many zones: connected, of about equal work a day, within communities where that can "
        "be. Nothing is stored, unless it goes into a draft."
    ),
    epilog=N_("Example: geo-hygiene zones propose --duty sweeping --count 130 --keep 0.8"),
)
@click.option("--duty", type=click.Choice(tuple(DUTY_TITLES)), required=True, help=N_("The duty to share out."))
@click.option("--count", type=click.IntRange(min=1), required=True, help=N_("How many zones."))
@click.option("--within", "area", metavar="CODE", help=N_("Only within an area. [default: the whole town]"))
@click.option(
    "--tolerance",
    type=click.FloatRange(0, 1),
    default=0.05,
    show_default=True,
    help=N_("By what share of the mean a zone may have more to do."),
)
@click.option(
    "--borders",
    type=click.Choice([one.value for one in Borders]),
    default=Borders.SOFT.value,
    show_default=True,
    help=N_("Borders of communities: kept, kept where zones can be even, or not minded."),
)
@click.option(
    "--keep",
    type=click.FloatRange(0, 1),
    help=N_("Go out from the zones of the day: at least this share of what they hold stays with them."),
)
@click.option(
    "--lock", "locked", metavar="ZONE", multiple=True, help=N_("A zone that stays as it is; may be repeated.")
)
@click.option(
    "--barrier",
    "barriers",
    type=click.Choice([one.value for one in Barrier]),
    multiple=True,
    help=N_("What no zone reaches across; may be repeated."),
)
@click.option(
    "--draft", "name", metavar="NAME", help=N_("Put it into a new draft, to be looked at, changed and published.")
)
@click.option(
    "--on", type=Day(), help=N_("Day whose targets and zones count. [default: today in the office's time zone]")
)
@click.option("--json", "as_json", is_flag=True, help=N_("Print one JSON object."))
@home_option
def propose_zones(
    home: Path | None,
    *,
    duty: str,
    count: int,
    area: str | None,
    tolerance: float,
    borders: str,
    keep: float | None,
    locked: tuple[str, ...],
    barriers: tuple[str, ...],
    name: str | None,
    on: date | None,
    as_json: bool,
) -> None:
    """Print a proposal, and put it into a draft."""
    wishes = Wishes(
        count=count,
        tolerance=tolerance,
        area=area,
        borders=Borders(borders),
        keep=keep,
        locked=frozenset(locked),
        barriers=frozenset(map(Barrier, barriers)),
    )
    with open_home(home) as opened, opened.connections.begin() as connection:
        with _shown() as progress:
            proposal = propose(
                connection, duty_of(connection, duty), on or today(connection), wishes, progress=progress
            )
        if name is not None:
            proposed = Proposed(proposal.duty, proposal.on, proposal.lists, proposal.pictures(), wishes.locked)
            adopt(connection, Editor(COMMAND, EVERYWHERE), proposed, name)
    if as_json:
        click.echo(json.dumps(proposal.as_json() | {"draft": name}, ensure_ascii=False))
        return
    _print(proposal)
    if name is not None:
        say(_("The draft “%(name)s” has it: /zones shows it.", name=name), err=True)


class Place(click.ParamType[Node]):
    """Longitude and latitude as 105.0812,31.0903."""

    name = "lon,lat"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Node:
        """Read two degrees."""
        if isinstance(value, tuple):
            return value
        try:
            lon, lat = map(float, value.split(","))
        except ValueError:
            lon = lat = nan
        if not (abs(lon) <= 180 and abs(lat) <= 90):  # noqa: PLR2004 - degrees
            self.fail(_("“%(value)s” is no place; write it as 105.0812,31.0903.", value=value), param, ctx)
        return lon, lat


@zones.command(
    "route",
    help=N_(
        "Tell how the zone ZONE is walked so that every stretch is swept with the least walking besides; write it for "
        "a GPS device to FILE, if one is named."
    ),
    epilog=N_("Example: geo-hygiene zones route SW001 sw001.gpx --start 105.0812,31.0903"),
)
@click.argument("zone")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False), required=False)
@click.option("--start", type=Place(), help=N_("Where somebody sets out. [default: where the walk begins best]"))
@click.option("--on", type=Day(), help=N_("Day. [default: today in the office's time zone]"))
@click.option("--json", "as_json", is_flag=True, help=N_("Print one JSON object."))
@home_option
def route(
    zone: str, file: Path | None, home: Path | None, *, start: Node | None, on: date | None, as_json: bool
) -> None:
    """Print a route, or write it."""
    if file is not None and file.suffix.lower() != ".gpx":
        raise click.UsageError(_("A route is written to a file whose name ends in .gpx."))
    with open_home(home) as opened, opened.connections.connect() as connection:
        found = route_of(connection, zone, on or today(connection), start=start)
    if file is not None:
        from geo_hygiene.files.writing.gpx import write_gpx  # noqa: PLC0415 - it loads what other commands do not need

        write_gpx(found, file)
    if as_json:
        click.echo(json.dumps(found.as_json(), ensure_ascii=False))
    else:
        _print_route(found)


@zones.command(
    "sheets",
    help=N_("Write a sheet for each zone of a duty to FILE, a PDF: map, lanes, holder, route."),
    epilog=N_("Example: geo-hygiene zones sheets sweeping.pdf --duty sweeping --on 2025-09-01"),
)
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--duty", type=click.Choice(tuple(DUTY_TITLES)), required=True, help=N_("The duty of the zones."))
@click.option("--zone", "codes", metavar="ZONE", multiple=True, help=N_("Only this zone; may be repeated."))
@click.option("--on", type=Day(), help=N_("Day. [default: today in the office's time zone]"))
@click.option(
    "--paper", type=click.Choice(["A4", "A3"]), default="A4", show_default=True, help=N_("Size of the sheets.")
)
@click.option(
    "--address",
    metavar="URL",
    help=N_("Of the server, as phones reach it: a code on each sheet leads to its zone there."),
)
@home_option
def sheets(
    file: Path,
    home: Path | None,
    *,
    duty: str,
    codes: tuple[str, ...],
    on: date | None,
    paper: str,
    address: str | None,
) -> None:
    """Write the sheets."""
    from geo_hygiene.reports.duty_sheets import PAPERS, write_duty_sheets  # noqa: PLC0415 - loads what no other needs

    if file.suffix.lower() != ".pdf":
        raise click.UsageError(_("Sheets are written to a file whose name ends in .pdf."))
    with open_home(home) as opened, opened.connections.connect() as connection:
        count = write_duty_sheets(
            connection,
            duty_of(connection, duty),
            on or today(connection),
            file,
            codes=codes,
            paper=PAPERS[paper],
            address=address,
        )
    say(_("Sheets written to %(file)s: %(count)s", count=count, file=file), err=True)


def _print_route(found: Route) -> None:
    say(f"{found.zone} · {found.duty.title} · {found.on.isoformat()}")
    told = {
        "swept": f"{found.swept_m:,.0f}",
        "walked": f"{found.walked_m:,.0f}",
        "minutes": f"{found.minutes:,.0f}",
    }
    say(_("%(swept)s m swept and %(walked)s m only walked: %(minutes)s min in all", **told))
    rows = [
        (f"{number}", lane or "-", _("sweep") if sweeps else _("walk"), f"{metres:,.0f} m")
        for number, (lane, sweeps, metres) in enumerate(found.along_lanes(), start=1)
    ]
    print_columns(rows, texts=3, indent="  ")


@contextmanager
def _shown() -> Iterator[Progress]:
    """Show how far the work is, where somebody sees it."""
    if not sys.stderr.isatty():
        yield lambda _done, _all: None
        return
    with click.progressbar(length=1, label=_("Sharing out"), file=sys.stderr) as bar:

        def move(done: int, whole: int) -> None:
            bar.length = whole
            bar.update(done - bar.pos)

        yield move


def _print(proposal: Proposal) -> None:
    before, after = proposal.before, proposal.after
    say(f"{proposal.duty.title} · {proposal.on.isoformat()}")
    even = [
        (label, f"{one.zones:,}", f"{one.mean:,.1f}", *(f"{share or 0:.3f}" for share in (one.most, one.least)))
        for label, one in ((_("Zones of the day"), before), (_("Proposal"), after))
    ]
    head = ("", _("Zones"), _("Mean min a day"), _("Most / mean"), _("Least / mean"))
    print_columns([head, *even], texts=1, indent="  ")
    if proposal.work_of_nobody:
        words = _("%(minutes)s min a day are in no zone of the day.", minutes=f"{proposal.work_of_nobody:,.0f}")
        say(words)
    if proposal.share_kept is not None:
        say(_("Of what is held, %(share)s stays with its zone.", share=f"{proposal.share_kept:.1%}"))
    if proposal.is_met:
        say(_("No zone has more to do than is tolerated."))
    else:
        say(_("Some zones have more to do than is tolerated; this is the most even that was found."))
    for one in proposal.binding:
        say(f"  {one.text}")
    say("")
    written = "{:,.1f} m".format if proposal.duty.unit == "m" else "{:,}".format
    rows = [
        (
            zone["code"],
            zone["holder"] or "-",
            f"{zone['workload']:,.1f}",
            written(zone["length_m"]),
            f"{len(zone['segments']):,}",
        )
        for zone in proposal.as_json()["zones"]
    ]
    head = (_("Zone"), _("Holder"), _("Min a day"), _("Amount"), _("Targets"))
    print_columns([head, *rows], texts=2, indent="  ")


@zones.command(
    help=N_(
        "Let DRAFT be the plan of its duty from a day on. What changed since it was drawn is told first: then it is "
        "published only with --seen and the word that was told with the changes."
    ),
    epilog=N_("Example: geo-hygiene zones publish plan-2027 --from 2027-01-01"),
)
@click.argument("draft")
@click.option("--from", "begin", type=Day(), required=True, help=N_("First day of the plan."))
@click.option("--seen", metavar="WORD", help=N_("The word that was told with the changes."))
@click.option("--json", "as_json", is_flag=True, help=N_("Print one JSON object."))
@home_option
def publish(draft: str, begin: date, seen: str | None, home: Path | None, *, as_json: bool) -> None:
    """Publish a draft."""
    with open_home(home) as opened, opened.connections.begin() as connection:
        record = drafts.find_draft(connection, draft)
        try:
            published = publishing.publish(
                connection, Editor(COMMAND, EVERYWHERE), draft, version=record.version, start=begin, seen=seen
            )
        except UnseenChangesError as error:
            _tell_changes(error.changes, as_json=as_json)
            raise
        codes = [zone.code for zone in drafts.zones_of(connection, published)]
    if as_json:
        click.echo(json.dumps({"draft": published.name, "from": begin.isoformat(), "zones": codes}, ensure_ascii=False))
        return
    words = _("“%(name)s” is the plan from %(day)s.", name=published.name, day=begin.isoformat())
    say(words, err=True)


def _tell_changes(changes: Any, *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(changes, ensure_ascii=False))
        return
    for zone in changes["zones"]:
        click.echo(f"{zone['zone']}\t{zone['change']}")
    for target in (*changes["ended"], *changes["begun"]):
        click.echo(f"{target['segment']}\t{target['day'] or ''}")
    say(_("To publish it all the same: --seen %(word)s", word=changes["seen"]), err=True)
