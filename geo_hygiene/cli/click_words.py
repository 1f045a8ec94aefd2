"""What Click itself says, such as "Usage:" and "No such option", in the words of this program's catalogue.

Click asks Python's gettext, which looks for a catalogue named ``messages`` as ours is: it only has to be told where.
"""

from __future__ import annotations

import gettext
import os

from geo_hygiene.i18n import DIRECTORY, N_, current_locale


def NN_(singular: str, plural: str) -> tuple[str, str]:  # noqa: N802 - like the customary N_
    """Mark a message that counts something and that Click translates."""
    return singular, plural


WORDS = (
    N_("Usage:"),
    N_("Options"),
    N_("Positional arguments"),
    N_("Commands"),
    N_("Show this message and exit."),
    N_("Show the version and exit."),
    N_("Try '{command} {option}' for help."),
    N_("Error: {message}"),
    N_("Aborted!"),
    N_("default: {default}"),
    N_("Missing command."),
    N_("Missing argument"),
    N_("Missing option"),
    N_("No such option {name!r}."),
    N_("No such command {name!r}."),
    N_("Option {name!r} does not take a value."),
    N_("Invalid value: {message}"),
    N_("Invalid value for {param_hint}: {message}"),
    N_("Choose from:\n\t{choices}"),
    N_("{value!r} is not a valid {number_type}."),
    N_("{value} is not in the range {range}."),
    N_("file"),
    N_("directory"),
    N_("path"),
    N_("{name} {filename!r} does not exist."),
    N_("{name} {filename!r} is a file."),
    N_("{name} {filename!r} is a directory."),
    N_("{name} {filename!r} is not readable."),
    N_("{name} {filename!r} is not writable."),
)
"""Sentences of Click that can come up here."""

COUNTING_WORDS = (
    NN_("Got unexpected extra argument ({args})", "Got unexpected extra arguments ({args})"),
    NN_("Option {name!r} requires an argument.", "Option {name!r} requires {nargs} arguments."),
    NN_("Did you mean {possibility}?", "(Did you mean one of: {possibilities}?)"),
    NN_("{value!r} is not {choice}.", "{value!r} is not one of {choices}."),
)
"""The same, for those that count something."""


def speak_through_click() -> None:
    """Let Click speak the language of the current context from now on."""
    gettext.bindtextdomain("messages", str(DIRECTORY))
    os.environ["LANGUAGE"] = current_locale()
