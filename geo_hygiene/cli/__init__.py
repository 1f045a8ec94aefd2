"""The command ``geo-hygiene``: data on stdout, messages on stderr; exit 0 good, 1 refused, 2 usage, 3 our fault."""

from __future__ import annotations

import click

from geo_hygiene.cli.context import Commands
from geo_hygiene.i18n import N_


@click.command(
    cls=Commands,
    subcommands={
        "up": "geo_hygiene.cli.up:up",
        "db": "geo_hygiene.cli.database:db",
        "layers": "geo_hygiene.cli.files:layers",
        "import": "geo_hygiene.cli.files:import_",
        "imports": "geo_hygiene.cli.imports:imports",
        "export": "geo_hygiene.cli.export:export",
        "cover": "geo_hygiene.cli.cover:cover",
        "zones": "geo_hygiene.cli.zones:zones",
        "workload": "geo_hygiene.cli.workload:workload",
        "people": "geo_hygiene.cli.people:people",
        "campaign": "geo_hygiene.cli.campaign:campaign",
        "case": "geo_hygiene.cli.case:case",
        "activities": "geo_hygiene.cli.activities:activities_",
        "report": "geo_hygiene.cli.report:report",
        "sample": "geo_hygiene.cli.sample:sample",
        "user": "geo_hygiene.cli.user:user",
    },
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    help=N_("Who looks after each metre of lane and drain, and what nobody does."),
    epilog=N_("Example: geo-hygiene cover --duty sweeping --by community"),
)
@click.version_option(package_name="geo_hygiene")
def main() -> None:
    """Run a command."""
