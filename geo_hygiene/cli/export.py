"""``geo-hygiene export``: a layer or table as a file."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import click

from geo_hygiene.cli.context import Home, home_option, open_home, say
from geo_hygiene.cli.cover import Day
from geo_hygiene.coverage.duties import today
from geo_hygiene.files.writing.export import ENCODINGS, Exported
from geo_hygiene.files.writing.export import export as write_file
from geo_hygiene.i18n import N_, _, ngettext
from geo_hygiene.layers import layer_of
from geo_hygiene.layerspec import MapLayer
from geo_hygiene.zoning.drafts import find_draft
from geo_hygiene.zoning.publishing import as_if_published


@click.command(
    help=N_(
        "Write the records of LAYER that hold on a day to FILE: .gpkg, .shp, .geojson or .csv. An import of the file "
        "gives the same records. A file that is there is replaced."
    ),
    epilog=N_("Example: geo-hygiene export street-segments streets.gpkg --on 2025-07-01"),
)
@click.argument("layer")
@click.argument("file", type=click.Path(path_type=Path))
@home_option
@click.option("--on", type=Day(), help=N_("Day. [default: today in the office's time zone]"))
@click.option("--draft", metavar="NAME", help=N_("As it would be if this draft of a plan were published from the day."))
@click.option("--all", "every_period", is_flag=True, help=N_("The records of every period, past and future ones too."))
@click.option(
    "--encoding",
    type=click.Choice(ENCODINGS, case_sensitive=False),
    help=N_("Encoding of a shapefile's text; the .cpg says it. [default: gbk]"),
)
@click.option("--json", "as_json", is_flag=True, help=N_("Print one JSON object."))
def export(
    layer: str,
    file: Path,
    home: Path | None,
    on: date | None,
    draft: str | None,
    encoding: str | None,
    *,
    every_period: bool,
    as_json: bool,
) -> None:
    """Write the file and say what is in it."""
    if on is not None and every_period:
        raise click.UsageError(_("Say either a day (--on) or --all."))
    if draft is not None and every_period:
        raise click.UsageError(_("A draft is written as of a day, without --all."))
    declared = layer_of(layer)
    with open_home(home) as opened:
        day: date | None
        if draft is not None:
            day, written = _with_draft(opened, declared, file, draft, on, encoding)
        else:
            with opened.connections.execution_options(isolation_level="REPEATABLE READ").connect() as connection:
                day = None if every_period else on or today(connection)
                written = write_file(connection, declared, file, on=day, every_period=every_period, encoding=encoding)
    if as_json:
        answer = {
            "layer": declared.key,
            "on": day.isoformat() if day else None,
            "rows": written.rows,
            "files": [str(part) for part in written.files],
        }
        click.echo(json.dumps(answer, ensure_ascii=False))
    else:
        message = ngettext(
            "Wrote %(count)s row of “%(layer)s” to %(file)s.",
            "Wrote %(count)s rows of “%(layer)s” to %(file)s.",
            written.rows,
            layer=_(declared.title),
            file=file,
        )
        say(message, err=True)


def _with_draft(
    opened: Home, layer: MapLayer, file: Path, draft: str, on: date | None, encoding: str | None
) -> tuple[date, Exported]:
    """Write what there would be: the draft is published in a transaction that is rolled back."""
    with opened.connections.connect() as connection:
        record = find_draft(connection, draft)
        day = on or record.plan_on
        as_if_published(connection, record, day)
        written = write_file(connection, layer, file, on=day, encoding=encoding, plan=record.name)
        connection.rollback()
    return day, written
