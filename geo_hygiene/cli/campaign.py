"""``geo-hygiene campaign``: the campaigns against pests, and what each of them reached."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import click
from sqlalchemy import Connection, exists, select

from geo_hygiene.campaigns.catalogue import STATUS_TITLES, CampaignRecord, all_campaigns, campaign_of
from geo_hygiene.campaigns.cover import SHARES, CampaignCover, Level, campaign_cover
from geo_hygiene.campaigns.gaps import MOP_UP, GapFilter, mop_up
from geo_hygiene.campaigns.pieces import REASONS, State
from geo_hygiene.cli.columns import print_columns
from geo_hygiene.cli.context import home_option, open_home, say
from geo_hygiene.cli.cover import Day
from geo_hygiene.coverage.duties import office_timezone, today
from geo_hygiene.errors import UnknownLayerError, UnknownRecordError
from geo_hygiene.files.writing.export import ENCODINGS, write
from geo_hygiene.files.writing.rows import MIXED, geometry_type_of, rows_of
from geo_hygiene.i18n import N_, _, ngettext
from geo_hygiene.layers import layer_of
from geo_hygiene.layers.areas import Area


@click.group(help=N_("Show campaigns against pests, what they reached, and what they missed."))
def campaign() -> None:
    """Hold the subcommands."""


@campaign.command(
    name="list",
    help=N_("List the campaigns, the newest first."),
    epilog=N_("Example: geo-hygiene campaign list --json"),
)
@home_option
@click.option("--json", "as_json", is_flag=True, help=N_("Print one JSON object."))
def list_(home: Path | None, *, as_json: bool) -> None:
    """Print every campaign."""
    with open_home(home) as opened, opened.connections.connect() as connection:
        on = today(connection)
        campaigns = all_campaigns(connection)
    if as_json:
        click.echo(json.dumps({"campaigns": [one.as_json(on) for one in campaigns]}, ensure_ascii=False))
        return
    head = (_("Code"), _("First day"), _("Last day"), _("Status"), _("Title"))
    rows = [
        (one.code, one.start.isoformat(), one.last_day.isoformat(), _(STATUS_TITLES[one.status(on)]), one.title)
        for one in campaigns
    ]
    print_columns([head, *rows], texts=len(head))


@campaign.command(
    help=N_(
        "Show what of a campaign's targets was found and treated up to a day.\n\n"
        "Found coverage is found of all on the ground; treatment coverage is treated of found; effectiveness is "
        "treated of all on the ground."
    ),
    epilog=N_("Example: geo-hygiene campaign cover spring-rodents --by community --json"),
)
@click.argument("code")
@home_option
@click.option("--on", type=Day(), help=N_("Day. [default: the last day of the campaign, or today]"))
@click.option("--by", type=click.Choice([level.value for level in Level]), help=N_("Break the sums down."))
@click.option("--json", "as_json", is_flag=True, help=N_("Print one JSON object."))
def cover(home: Path | None, code: str, on: date | None, by: str | None, *, as_json: bool) -> None:
    """Answer for one campaign."""
    with open_home(home) as opened, opened.connections.connect() as connection:
        record = campaign_of(connection, code)
        day = on or record.shown_on(today(connection))
        answer = campaign_cover(connection, record, day, Level(by) if by else None)
    if as_json:
        click.echo(json.dumps(answer.as_json(), ensure_ascii=False))
    else:
        _print(answer)


AMOUNTS = {
    "on_ground": N_("On the ground"),
    "found": N_("Found"),
    "treated": N_("Treated"),
    "not_visited": N_("Not visited"),
}
"""What the amounts of a kind are called."""


def _print(answer: CampaignCover) -> None:
    told = answer.as_json()
    say(f"{answer.campaign.title} · {answer.on.isoformat()}")
    head = (_("Kind"), *map(_, AMOUNTS.values()), *map(_, SHARES.values()))
    print_columns([head, *map(_figures, told["kinds"])], texts=1, indent="  ")
    if told["by"]:
        click.echo()
        rows = [
            (area["code"] or "-", area["name"] or _("(none)"), *_figures(kind))
            for area in told["by"]
            for kind in area["kinds"]
        ]
        print_columns([("", "", *head), *rows], texts=3, indent="  ")


def _figures(kind: dict[str, Any]) -> tuple[str, ...]:
    written = "{:,.1f} m".format if kind["unit"] == "m" else "{:,}".format
    return (
        _(layer_of(kind["kind"]).title),
        *(written(kind[key]) for key in AMOUNTS),
        *("–" if kind[key] is None else f"{kind[key]:.1%}" for key in SHARES),
    )


@campaign.command(
    help=N_(
        "Write what a campaign did not treat to FILE: .gpkg, .shp, .geojson or .csv; the longest stretches first, then "
        "places by their codes. A file that is there is replaced."
    ),
    epilog=N_("Example: geo-hygiene campaign gaps spring-rodents mop-up.gpkg --community 3"),
)
@click.argument("code")
@click.argument("file", type=click.Path(path_type=Path))
@home_option
@click.option("--on", type=Day(), help=N_("Day. [default: the last day of the campaign, or today]"))
@click.option("--kind", metavar="LAYER", help=N_("Only targets of this layer."))
@click.option("--state", type=click.Choice([state.value for state in State]), help=N_("Only what is in this state."))
@click.option("--reason", type=click.Choice(REASONS), help=N_("Only what was not treated for this reason."))
@click.option("--community", metavar="CODE", help=N_("Only what lies in this community."))
@click.option("--group", metavar="CODE", help=N_("Only what lies in this resident group."))
@click.option(
    "--encoding",
    type=click.Choice(ENCODINGS, case_sensitive=False),
    help=N_("Encoding of a shapefile's text; the .cpg says it. [default: gbk]"),
)
@click.option("--json", "as_json", is_flag=True, help=N_("Print one JSON object."))
def gaps(
    code: str, file: Path, home: Path | None, on: date | None, encoding: str | None, *, as_json: bool, **wanted: Any
) -> None:
    """Write the mop-up list of one campaign."""
    with (
        open_home(home) as opened,
        opened.connections.execution_options(isolation_level="REPEATABLE READ").connect() as connection,
    ):
        record = campaign_of(connection, code)
        day = on or record.shown_on(today(connection))
        _check_areas(connection, wanted["community"], wanted["group"])
        kinds = record.kinds if wanted["kind"] is None else (_asked_kind(record, wanted["kind"]),)
        shapes = {geometry_type_of(layer_of(kind)) for kind in kinds}
        rows = rows_of(
            f"gaps-{record.code}",
            MOP_UP,
            shapes.pop() if len(shapes) == 1 else MIXED,
            mop_up(connection, record, day, GapFilter(**wanted)),
            office_timezone(connection),
        )
        written = write(rows, file, encoding=encoding)
    if as_json:
        answer = {
            "campaign": record.code,
            "on": day.isoformat(),
            "rows": written.rows,
            "files": [str(part) for part in written.files],
        }
        click.echo(json.dumps(answer, ensure_ascii=False))
    else:
        message = ngettext(
            "Wrote %(count)s gap to %(file)s.", "Wrote %(count)s gaps to %(file)s.", written.rows, file=file
        )
        say(message, err=True)


def _check_areas(connection: Connection, *codes: str | None) -> None:
    """Refuse the code of no area, which would say that nothing is left there."""
    for code in codes:
        if code is not None and not connection.scalar(select(exists().where(Area.code == code))):
            raise UnknownRecordError(_("There is no area with the code “%(value)s”.", value=code))


def _asked_kind(record: CampaignRecord, kind: str) -> str:
    if kind not in record.kinds:
        raise UnknownLayerError(
            _("The campaign treats no “%(kind)s”. It treats: %(kinds)s.", kind=kind, kinds=", ".join(record.kinds))
        )
    return kind
