"""``geo-hygiene user``: who may sign in, and as what."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from geo_hygiene.accounts import store
from geo_hygiene.accounts.audit import COMMAND
from geo_hygiene.accounts.store import Grant, granted
from geo_hygiene.cli.context import home_option, open_home, say
from geo_hygiene.i18n import N_, _
from geo_hygiene.permissions import ROLE_TITLES, Role

role_option = click.option(
    "--role",
    "roles",
    multiple=True,
    required=True,
    type=click.Choice([role.value for role in Role]),
    help=N_("What somebody is; give it again for another role."),
)
area_option = click.option(
    "--area",
    metavar="CODE",
    help=N_(
        "Complaints, the counts of them and the records of people only of this area and below it; streets, zones, "
        "campaigns and cover are the same for all. [default: everywhere]"
    ),
)


@click.group(help=N_("Say who may sign in. Before the first account, this machine's own user sees everything."))
def user() -> None:
    """Group the commands on accounts."""


@user.command(
    help=N_(
        "Make an account. The password is asked for at a terminal, else read from the first line of the input; with "
        "--generate it is made up, printed, and changed at the first sign-in."
    ),
    epilog=N_("Example: geo-hygiene user add zhang@office.example --role planner --generate"),
)
@click.argument("email")
@role_option
@area_option
@click.option("--name", metavar="NAME", help=N_("What pages call the person. [default: the e-mail address]"))
@click.option("--generate", is_flag=True, help=N_("Make up the password."))
@home_option
def add(
    email: str, roles: tuple[str, ...], area: str | None, name: str | None, *, generate: bool, home: Path | None
) -> None:
    """Make an account."""
    password = None if generate else _password()
    with open_home(home) as opened, opened.connections.begin() as connection:
        made = store.add(
            connection, actor=COMMAND, email=email, name=name or email, grants=_grants(roles, area), password=password
        )
    say(_("%(email)s may sign in.", email=email), err=True)
    if made is not None:
        click.echo(made)


@user.command("list", help=N_("List the accounts."), epilog=N_("Example: geo-hygiene user list --json"))
@click.option("--json", "as_json", is_flag=True, help=N_("Answer with one JSON object."))
@home_option
def list_(*, as_json: bool, home: Path | None) -> None:
    """List the accounts with their roles."""
    with open_home(home) as opened, opened.connections.connect() as connection:
        accounts = store.everybody(connection)
    if as_json:
        told = [
            {"email": account.email, "name": account.name, "open": account.is_open, "roles": account.grants}
            for account in accounts
        ]
        click.echo(json.dumps({"accounts": told}, ensure_ascii=False))
        return
    for account in accounts:
        roles = ", ".join(_told(grant) for grant in account.grants)
        say("  ".join(filter(None, (account.email, account.name, roles, "" if account.is_open else _("closed")))))


@user.command(
    help=N_("Give an account these roles and no others."),
    epilog=N_("Example: geo-hygiene user roles zhang@office.example --role clerk --area C01"),
)
@click.argument("email")
@role_option
@area_option
@home_option
def roles(email: str, roles: tuple[str, ...], area: str | None, home: Path | None) -> None:
    """Give an account other roles."""
    with open_home(home) as opened, opened.connections.begin() as connection:
        store.change_roles(connection, actor=COMMAND, email=email, grants=_grants(roles, area))


@user.command(
    help=N_("Close an account: whoever is signed in with it is out at once. Nothing that was done with it is lost."),
    epilog=N_("Example: geo-hygiene user close zhang@office.example"),
)
@click.argument("email")
@home_option
def close(email: str, home: Path | None) -> None:
    """Close an account."""
    with open_home(home) as opened, opened.connections.begin() as connection:
        store.set_open(connection, actor=COMMAND, email=email, is_open=False)


@user.command("open", help=N_("Open a closed account again."))
@click.argument("email")
@home_option
def open_(email: str, home: Path | None) -> None:
    """Open an account again."""
    with open_home(home) as opened, opened.connections.begin() as connection:
        store.set_open(connection, actor=COMMAND, email=email, is_open=True)


@user.command(help=N_("Make up a new password for an account and print it; it is changed at the next sign-in."))
@click.argument("email")
@home_option
def password(email: str, home: Path | None) -> None:
    """Make up a new password."""
    with open_home(home) as opened, opened.connections.begin() as connection:
        made = store.give_new_password(connection, actor=COMMAND, email=email)
    click.echo(made)


def _grants(roles: tuple[str, ...], area: str | None) -> tuple[Grant, ...]:
    return granted(map(Role, roles), area)


def _told(grant: Grant) -> str:
    title = _(ROLE_TITLES[grant.role])
    return title if grant.area is None else f"{title} ({grant.area})"


def _password() -> str:
    if sys.stdin.isatty():
        return str(click.prompt(_("Password"), hide_input=True, confirmation_prompt=True)).strip()
    return sys.stdin.readline().strip()
