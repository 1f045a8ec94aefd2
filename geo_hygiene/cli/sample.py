"""``geo-hygiene sample``: the synthetic town as files, into a home, and out again."""

from __future__ import annotations

from pathlib import Path

import click

from geo_hygiene.cli.context import home_option, open_home
from geo_hygiene.cli.files import Bar
from geo_hygiene.i18n import N_, _, ngettext
from geo_hygiene.layers import LAYERS
from geo_hygiene.sample import clear as clear_sample
from geo_hygiene.sample import load as load_sample
from geo_hygiene.sample import write as write_sample
from geo_hygiene.sample.county import SIZES, FirstTown
from geo_hygiene.sample.loading import ORDER, load_towns


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


SIZE_HELP = N_("How large: S is the town, M a county of 67 such towns, L a prefecture of 667. [default: S]")


class TownsOnTheWay(Bar):
    """How many towns of a county are written or loaded, as one line on a terminal."""

    def __call__(self, key: str, done: int, total: int | None) -> None:
        """Show a layer and for how many towns it is done."""
        self.show(_(LAYERS[key].title), done, total)


@sample.command(
    help=N_(
        "Write the sample to the folder DIR, as shapefiles (GBK) and CSV tables that an import reads.\n\n"
        "M takes a minute and 430 MB, L about eight minutes and 3 GB."
    ),
    epilog=N_("Example: geo-hygiene sample write town --seed 7"),
)
@click.argument("directory", metavar="DIR", type=click.Path(file_okay=False, path_type=Path))
@click.option("--size", type=click.Choice(list(SIZES)), default="S", help=SIZE_HELP)
@click.option(
    "--seed", type=click.IntRange(min=0), default=1, help=N_("Another number makes another town. [default: 1]")
)
def write(directory: Path, size: str, seed: int) -> None:
    """Write the files."""
    with TownsOnTheWay() as progress:
        write_sample(directory, seed=seed, size=size, progress=progress)
    tell(_("The sample town is in %(folder)s", folder=directory))


@sample.command(
    help=N_(
        "Load the sample town, from the folder DIR if one is given, into the home: all of it, or nothing.\n\n"
        "What its office did in 2025, with doors and letters, comes with the one town and not with counties.\n\n"
        "A county or prefecture goes into a home without records; the town is imported once, and copied to the "
        "others. M has 60 offices, 5 889 areas, 40 870 zones and 502 299 complaints; L has 593 offices, 58 622 areas, "
        "406 870 zones and 5 000 499 complaints, and buildings, water and treatments in 67 of its towns only. M takes "
        "five minutes and 2.2 GB."
    ),
    epilog=N_("Example: geo-hygiene sample load --home ~/trial"),
)
@click.argument("directory", metavar="[DIR]", required=False, type=click.Path(exists=True, path_type=Path))
@click.option("--size", type=click.Choice(list(SIZES)), help=SIZE_HELP)
@click.option(
    "--only",
    multiple=True,
    type=click.Choice(ORDER),
    metavar="LAYER",
    help=N_("Of a county or prefecture, load this layer or table and no other but those also named so."),
)
@home_option
def load(directory: Path | None, size: str | None, only: tuple[str, ...], home: Path | None) -> None:
    """Load the town and say how much came in."""
    asked = SIZES[size or "S"]
    if directory is not None and size is not None:
        raise click.UsageError(_("The files in DIR are of the size that they are; leave out --size."))
    if only and not asked.is_county:
        raise click.UsageError(_("--only goes with --size M or L."))
    with open_home(home) as opened:
        if asked.is_county:
            tell(_("Making the sample town"))
            with TownsOnTheWay() as progress:
                first = FirstTown.grown(asked, seed=1)
                created = load_towns(opened.connections, first, only=only or ORDER, tell=tell, progress=progress)
        else:
            created = sum(report.stored.created for report in load_sample(opened.connections, directory, tell=tell))
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
