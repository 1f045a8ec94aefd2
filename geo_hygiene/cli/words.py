"""Words for the values of a field, as options take them: in the user's language, or as files write them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

from geo_hygiene.files.importing.mapping import fold
from geo_hygiene.i18n import _
from geo_hygiene.layerspec import Choice


class Word(click.ParamType[str]):
    """One of the choices of a field; of two that one word could mean, the first."""

    name = "word"

    def __init__(self, choices: Sequence[Choice]) -> None:
        self.choices = choices

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the value that a word stands for."""
        known: dict[str, str] = {}
        for choice in self.choices:
            for word in (choice.value, choice.title, _(choice.title), *choice.aliases):
                known.setdefault(fold(word), choice.value)
        found = known.get(fold(str(value)))
        if found is None:
            self.fail(_("“%(value)s” is none of: %(words)s.", value=value, words=self._listed(", ")), param, ctx)
        return found

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str:  # noqa: ARG002 - as click declares it
        """Return the choices for the help."""
        return f"[{self._listed('|')}]"

    def _listed(self, joined: str) -> str:
        """Return the choices in the user's language; in English they are the values themselves."""
        titles = ((choice.value, choice.title, _(choice.title)) for choice in self.choices)
        return joined.join(value if told == title else told for value, title, told in titles)
