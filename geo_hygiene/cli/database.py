"""``geo-hygiene db``: the database of a home."""

from __future__ import annotations

import json
from pathlib import Path

import click

from geo_hygiene.cli.context import LazyGroup, home_option, load_settings, tell_watcher
from geo_hygiene.cluster import Cluster
from geo_hygiene.errors import GeoHygieneError
from geo_hygiene.i18n import N_, _
from geo_hygiene.serve import find_database, open_database


class NotPrivateError(GeoHygieneError):
    """The database of the environment is not this program's to start or stop."""

    def __init__(self) -> None:
        super().__init__(_("GEO_HYGIENE_DATABASE_URL names a database that this program neither starts nor stops."))


@click.group(
    cls=LazyGroup,
    subcommands={
        "backup": "geo_hygiene.cli.upkeep:backup",
        "restore": "geo_hygiene.cli.upkeep:restore",
        "check": "geo_hygiene.cli.upkeep:check",
    },
    help=N_("Look after the database of a home."),
)
def db() -> None:
    """Group the commands on the database."""


@db.command(
    help=N_("Print the address of the database for the service role."),
    epilog=N_('Example: psql "$(geo-hygiene db url --owner)"'),
)
@home_option
@click.option("--owner", is_flag=True, help=N_("The address for the owner, who may change the schema."))
def url(home: Path | None, *, owner: bool) -> None:
    """Print an address that every client of PostgreSQL understands."""
    database = find_database(load_settings(home))
    address = database.owner_url if owner else database.service_url
    click.echo(address.replace("postgresql+psycopg2://", "postgresql://", 1))
    if database.cluster is not None and database.cluster.status().pid is None:
        click.echo(_("The database is stopped: `geo-hygiene db start` starts it."), err=True)


@db.command(help=N_("Start the database and keep it running until `db stop`."))
@home_option
def start(home: Path | None) -> None:
    """Start and migrate the database, and leave it running."""
    settings = load_settings(home)
    cluster = _private(home)
    with open_database(settings, tell_watcher):
        cluster.start()
    click.echo(_("The database runs (process %(pid)s).", pid=cluster.status().pid), err=True)


@db.command(help=N_("Stop the database, unless other commands use it."))
@home_option
def stop(home: Path | None) -> None:
    """Stop a database that `db start` or a killed command left running."""
    _private(home).stop()
    click.echo(_("The database is stopped."), err=True)


@db.command(help=N_("Tell whether the database runs, whether commands use it, and where it is."))
@home_option
@click.option("--json", "as_json", is_flag=True, help=N_("Answer with one JSON object."))
def status(home: Path | None, *, as_json: bool) -> None:
    """Tell the state of the database without changing it."""
    found = _private(home).status()
    state = "running" if found.pid else "stopped" if found.exists else "absent"
    if as_json:
        answer = {"state": state, "pid": found.pid, "in_use": found.in_use, "folder": str(found.folder)}
        click.echo(json.dumps(answer))
        return
    sentence = {
        "running": _("The database in %(folder)s runs (process %(pid)s).", folder=found.folder, pid=found.pid),
        "stopped": _("The database in %(folder)s is stopped.", folder=found.folder),
        "absent": _("There is no database in %(folder)s yet.", folder=found.folder),
    }
    click.echo(sentence[state])
    if found.in_use:
        click.echo(_("Commands use it."))


def _private(home: Path | None) -> Cluster:
    cluster = find_database(load_settings(home)).cluster
    if cluster is None:
        raise NotPrivateError
    return cluster
