"""``geo-hygiene sample``: the synthetic town, written, loaded, cleared."""

from __future__ import annotations

from pathlib import Path

import click

from geo_hygiene import sample as town
from geo_hygiene.cli.context import home_option, open_home
from geo_hygiene.database import engine
from geo_hygiene.i18n import N_, _


@click.group(help=N_("The sample town: made up, on a river, at the size of a subdistrict of 52 000 people."))
def sample() -> None:
    """Hold the commands of the sample town."""


@sample.command(
    help=N_("Write the town into a directory, as shapefiles and CSV tables that any import reads."),
    epilog=N_("Example: geo-hygiene sample write /tmp/town --seed 7"),
)
@click.argument("directory", type=click.Path(path_type=Path, file_okay=False), metavar="DIR")
@click.option("--size", type=click.Choice(["S"]), default="S", help=N_("S is the source's town. [default: S]"))
@click.option("--seed", type=click.IntRange(min=0), default=1, help=N_("Another seed makes another town. [default: 1]"))
def write(directory: Path, size: str, seed: int) -> None:
    """Write the files."""
    directory.mkdir(parents=True, exist_ok=True)
    town.write(directory, seed=seed, size=size)
    click.echo(_("The sample town stands in %(directory)s.", directory=directory), err=True)


@sample.command(
    help=N_(
        "Load the town into the database, whole or not at all; from a directory that “sample write” made, if given."
    ),
    epilog=N_("Example: geo-hygiene sample load"),
)
@click.argument(
    "directory", type=click.Path(path_type=Path, exists=True, file_okay=False), metavar="[DIR]", required=False
)
@home_option
def load(directory: Path | None, home: Path | None) -> None:
    """Load in one transaction."""
    with open_home(home) as opened:
        town.load(engine(opened.service_url), directory, tell=lambda message: click.echo(message, err=True))


@sample.command(
    help=N_("Remove the records of the town and nothing else."), epilog=N_("Example: geo-hygiene sample clear")
)
@home_option
def clear(home: Path | None) -> None:
    """Clear in one transaction."""
    with open_home(home) as opened, engine(opened.service_url).begin() as connection:
        imports = town.clear(connection)
    click.echo(
        _("The sample town is gone.") if imports else _("There is no sample town here."),
        err=True,
    )
