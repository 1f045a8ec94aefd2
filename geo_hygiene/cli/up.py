"""``geo-hygiene up``: the web server of a home."""

from __future__ import annotations

import webbrowser
from pathlib import Path

import click

from geo_hygiene import serve
from geo_hygiene.cli.context import home_option, load_settings
from geo_hygiene.i18n import N_, _


@click.command(
    help=N_(
        "Serve the map on this machine until Ctrl-C or SIGTERM, with the sample town in an empty home.\n\n"
        "With --listen other machines reach it too, over HTTPS only and by those only who have an account."
    ),
    epilog=N_("Example: geo-hygiene up --port 8081 --home ~/our-office --no-sample"),
)
@home_option
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    help=N_("Port; 0 takes a free one. [default: GEO_HYGIENE_PORT or 8080]"),
)
@click.option(
    "--listen",
    metavar="ADDRESS",
    help=N_("Address of this machine to listen on, 0.0.0.0 for all. [default: GEO_HYGIENE_LISTEN or 127.0.0.1]"),
)
@click.option(
    "--host",
    "hosts",
    metavar="NAME",
    multiple=True,
    help=N_("Name under which others open it, beside its address; may be repeated."),
)
@click.option(
    "--tls",
    metavar="CERT KEY",
    nargs=2,
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help=N_("Certificate and key (PEM) for HTTPS. [default: the home makes a certificate of its own]"),
)
@click.option(
    "--behind-proxy",
    is_flag=True,
    help=N_("A proxy on this machine speaks HTTPS for it, and sets X-Forwarded-For and X-Forwarded-Proto."),
)
@click.option("--no-sample", is_flag=True, help=N_("Leave an empty home empty."))
@click.option("--open", "open_browser", is_flag=True, help=N_("Open the map in the browser."))
def up(
    home: Path | None,
    port: int | None,
    listen: str | None,
    hosts: tuple[str, ...],
    tls: tuple[Path, Path] | None,
    *,
    behind_proxy: bool,
    no_sample: bool,
    open_browser: bool,
) -> None:
    """Serve the home until a signal says stop."""
    certificate, key = tls or (None, None)
    chosen = {
        "port": port,
        "listen": listen,
        "hosts": ",".join(hosts) or None,
        "tls_certificate": certificate,
        "tls_key": key,
        "behind_proxy": behind_proxy or None,
    }
    settings = load_settings(home, **{name: value for name, value in chosen.items() if value is not None})
    if settings.behind_proxy and not settings.host_names:
        raise click.UsageError(_("Say with --host under which name the proxy is opened."))

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
