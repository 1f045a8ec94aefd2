"""``geo-hygiene up``: the web server of a home."""

from __future__ import annotations

import webbrowser
from pathlib import Path

import click

from geo_hygiene import serve
from geo_hygiene.cli.context import home_option, load_settings
from geo_hygiene.i18n import N_, _


@click.command(
    help=N_("Serve the map on this machine until Ctrl-C or SIGTERM, with the sample town in an empty home."),
    epilog=N_("Example: geo-hygiene up --port 8081 --home ~/our-office --no-sample"),
)
@home_option
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    help=N_("Port on the loopback address; 0 takes a free one. [default: GEO_HYGIENE_PORT or 8080]"),
)
@click.option("--no-sample", is_flag=True, help=N_("Leave an empty home empty."))
@click.option("--open", "open_browser", is_flag=True, help=N_("Open the map in the browser."))
def up(home: Path | None, port: int | None, *, no_sample: bool, open_browser: bool) -> None:
    """Serve the home until a signal says stop."""
    settings = load_settings(home)
    if port is not None:
        settings = settings.model_copy(update={"port": port})

    def prepare(database: serve.Database) -> None:
        if not no_sample:
            from geo_hygiene.sample import load_into_empty  # noqa: PLC0415 - slow to import, and needed once only

            load_into_empty(database.service_url, tell)

    def greet(address: str) -> None:
        click.echo(_("geo_hygiene is ready at %(address)s (Ctrl-C stops it)", address=f"{address}/"))
        if open_browser:
            webbrowser.open(f"{address}/map")

    def tell(message: str) -> None:
        click.echo(message, err=True)

    serve.up(settings, prepare=prepare, tell=tell, when_ready=greet)
