"""``geo-hygiene sample``: the synthetic town as files, into a home, and out again."""

from __future__ import annotations

from pathlib import Path

import click

from geo_hygiene.cli.context import home_option, open_home
from geo_hygiene.i18n import N_, _, ngettext
from geo_hygiene.sample import clear as clear_sample
from geo_hygiene.sample import load as load_sample
from geo_hygiene.sample import write as write_sample
from geo_hygiene.sample.parameters import SIZES


def tell(message: str) -> None:
    """Say on stderr what goes on."""
    click.echo(message, err=True)


@click.group(
    help=N_(
        "The sample town: 6 communities, 81 resident groups and 52 000 people who do not exist.\n\n"
        "Its lanes, people and zones are made up. Its sweeping duty covers all streets: cleaners sweep the fringe, and "
        "the cleaners of the estates the core, which is an assumption of the sample."
    ),
    epilog=N_("Example: geo-hygiene sample write town"),
)
def sample() -> None:
    """Group the commands of the sample town."""


@sample.command(
    help=N_("Write the sample town to the folder DIR, as shapefiles (GBK) and CSV tables that an import reads."),
    epilog=N_("Example: geo-hygiene sample write town --seed 7"),
)
@click.argument("directory", metavar="DIR", type=click.Path(file_okay=False, path_type=Path))
@click.option(
    "--size", type=click.Choice(list(SIZES)), default="S", help=N_("How large; S is a subdistrict. [default: S]")
)
@click.option(
    "--seed", type=click.IntRange(min=0), default=1, help=N_("Another number makes another town. [default: 1]")
)
def write(directory: Path, size: str, seed: int) -> None:
    """Write the files."""
    write_sample(directory, seed=seed, size=size)
    tell(_("The sample town is in %(folder)s", folder=directory))


@sample.command(
    help=N_("Load the sample town, from the folder DIR if one is given, into the home: all of it, or nothing."),
    epilog=N_("Example: geo-hygiene sample load --home ~/trial"),
)
@click.argument("directory", metavar="[DIR]", required=False, type=click.Path(exists=True, path_type=Path))
@home_option
def load(directory: Path | None, home: Path | None) -> None:
    """Load the town and say how much came in."""
    with open_home(home) as opened:
        reports = load_sample(opened.connections, directory, tell=tell)
    created = sum(report.stored.created for report in reports)
    tell(
        ngettext(
            "The sample town is there: %(count)s record is new.",
            "The sample town is there: %(count)s records are new.",
            created,
        )
    )


@sample.command(
    help=N_("Remove the sample town and nothing else. Refused while records of yours rest on it."),
    epilog=N_("Example: geo-hygiene sample clear"),
)
@home_option
def clear(home: Path | None) -> None:
    """Remove the town and say how much went."""
    with open_home(home) as opened:
        removed = clear_sample(opened.connections)
    tell(
        ngettext(
            "The sample town is gone: %(count)s record was removed.",
            "The sample town is gone: %(count)s records were removed.",
            removed,
        )
    )
