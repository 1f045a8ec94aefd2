"""What all commands share: the home, its database, the language, and the meaning of exit codes."""

from __future__ import annotations

import atexit
import gc
import logging
import os
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click
from pydantic import ValidationError

from geo_hygiene.cli.click_words import speak_through_click
from geo_hygiene.cli.ending import ending_gently
from geo_hygiene.cli.outside import failure_outside
from geo_hygiene.errors import GeoHygieneError
from geo_hygiene.files.findings import visible
from geo_hygiene.i18n import N_, _, use_locale
from geo_hygiene.serve import open_database
from geo_hygiene.settings import Settings

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails
    from sqlalchemy import Engine

OUR_FAULT = 3
"""Exit code of a failure that nobody foresaw; 0 is good, 1 refused, 2 wrong usage."""

ALLOCATED, SURVIVED = 50_000, 20
"""New objects, and rounds, after which a command looks for garbage again: files come as many rows without any."""

HOME = f"{__name__}.home"

Function = TypeVar("Function", bound=Callable[..., Any])


@dataclass(frozen=True)
class Home:
    """A home whose database runs and is migrated, and its connections for the service role."""

    settings: Settings
    connections: Engine


class LazyGroup(click.Group):
    """A group whose subcommands, or some of them, are imported when they are called.

    They are named by module and attribute: some need libraries that take a second to load.
    """

    def __init__(self, *args: Any, subcommands: Mapping[str, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.subcommands = subcommands

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order in which they are declared."""
        return [*super().list_commands(ctx), *self.subcommands]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command and put it into the user's language."""
        if cmd_name not in self.subcommands:
            return super().get_command(ctx, cmd_name)
        module, attribute = self.subcommands[cmd_name].split(":")
        command: click.Command = getattr(import_module(module), attribute)
        _translate(command)
        return command


class Commands(LazyGroup):
    """The whole command: speaks the user's language, and tells each mistake in one sentence with its exit code."""

    def main(self, *args: Any, **kwargs: Any) -> Any:
        """Choose the language before anything is said."""
        # A sixth of an import, and half a second at the end, would go into looking for garbage among modules and rows.
        gc.set_threshold(ALLOCATED, SURVIVED, SURVIVED)
        atexit.register(gc.freeze)
        use_locale(_wanted_locale())
        speak_through_click()
        # A pool prints what befell a connection that it puts away, a Ctrl-C too; the command tells that itself.
        logging.getLogger("sqlalchemy.pool").addHandler(logging.NullHandler())
        _translate(self)
        return super().main(*args, **kwargs)

    def invoke(self, ctx: click.Context) -> object:
        """Run a command and turn its mistakes into exit codes."""
        try:
            return super().invoke(ctx)
        except GeoHygieneError as error:
            say(_("Error: %(reason)s", reason=error), err=True)
            ctx.exit(error.exit_code)
        except (click.ClickException, click.Abort, click.exceptions.Exit, BrokenPipeError):
            raise
        except Exception as error:
            if (reason := failure_outside(error)) is not None:
                say(_("Error: %(reason)s", reason=reason), err=True)
                ctx.exit(GeoHygieneError.exit_code)
            say(_("Error: %(reason)s", reason=f"{type(error).__name__}: {error}"), err=True)
            log = _log_failure(ctx.meta.get(HOME))
            click.echo(_("This is a fault of the program itself. Its log is %(log)s", log=log), err=True)
            ctx.exit(OUR_FAULT)


def say(words: str, *, err: bool = False) -> None:
    """Write lines in which no foreign name or value can command the terminal."""
    click.echo("\n".join(visible(line) for line in words.split("\n")), err=err)


def tell_watcher(message: str) -> None:
    """Say what takes time to somebody at a terminal; files and pipes get the outcome only."""
    if sys.stderr.isatty():
        say(message, err=True)


def home_option(command: Function) -> Function:
    """Give a command the option ``--home``, passed to it as ``home: Path | None``."""

    def remember(ctx: click.Context, _option: click.Parameter, value: Path | None) -> Path | None:
        ctx.meta[HOME] = value
        return value

    return click.option(
        "--home",
        type=click.Path(path_type=Path, file_okay=False),
        metavar="DIR",
        callback=remember,
        help=N_("Folder of everything that the program keeps. [default: var in the checkout]"),
    )(command)


def load_settings(home: Path | None, **chosen: Any) -> Settings:
    """Return the settings of the environment, for another home if one is given, with what a command chose.

    Raises
    ------
    click.UsageError
        If a value can not be used; the message names the option or the variable of the environment that it is from.
    """
    try:
        return Settings.load(home, **chosen)
    except ValidationError as error:
        raise click.UsageError("\n".join(_told(part, chosen) for part in error.errors())) from None


def _told(part: ErrorDetails, chosen: Mapping[str, Any]) -> str:
    """Say what is wrong with one value, and where it is from, or what is wrong with several together."""
    reason = str(part.get("ctx", {}).get("error", part["msg"]))
    if not part["loc"]:
        return reason
    name = str(part["loc"][0])
    if name not in chosen:
        variable = f"GEO_HYGIENE_{name.upper()}"
        return _("The environment holds a value that can not be used: %(wrong)s", wrong=f"{variable}: {reason}")
    option = next(option for option in click.get_current_context().command.params if option.name == name)
    return _("%(option)s can not be used: %(reason)s", option=option.opts[0], reason=reason)


@contextmanager
def open_home(home: Path | None) -> Iterator[Home]:
    """Use a home with its database started and migrated; it stops afterwards if nobody else uses it."""
    settings = load_settings(home)
    with ending_gently() as interruption, open_database(settings, tell_watcher) as database:
        from geo_hygiene.database import engine  # noqa: PLC0415 - `up`, which does without, starts faster

        connections = engine(database.service_url)
        try:
            yield Home(settings, connections)
        finally:
            with interruption.held():
                connections.dispose()


def _wanted_locale() -> str:
    system = (os.environ.get(name) for name in ("GEO_HYGIENE_LOCALE", "LC_ALL", "LC_MESSAGES", "LANG"))
    return next(filter(None, system), "en")


def _translate(command: click.Command) -> None:
    """Put the help of a command and of all below it into the user's language."""
    command.help = _(command.help) if command.help else None
    command.epilog = _(command.epilog) if command.epilog else None
    for parameter in command.params:
        if isinstance(parameter, click.Option) and parameter.help:
            parameter.help = _(parameter.help)
    for below in command.commands.values() if isinstance(command, click.Group) else ():
        _translate(below)


def _log_failure(home: Path | None) -> Path:
    """Write down the exception that is being handled, and return where."""
    account = f"{datetime.now(UTC).isoformat()} {os.getpid()}\n{traceback.format_exc()}\n"
    try:
        folder = Settings.load(home).home / "logs"
        folder.mkdir(parents=True, exist_ok=True)
        log = folder / "failures.log"
        with log.open("a") as lines:
            lines.write(account)
    except (OSError, ValidationError):
        log = Path(tempfile.mkstemp(prefix="geo-hygiene-failure-", suffix=".log")[1])
        log.write_text(account)
    return log
