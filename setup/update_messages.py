"""Bring the messages of the program into its translations: new ones empty, those that nothing says any more removed.

They stand in the order of their texts, which no change of another message or place moves.
"""

from __future__ import annotations

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po
from check_translations import gather

from geo_hygiene.i18n import DIRECTORY, LOCALES


def update(locale: str, messages: Catalog) -> None:
    """Write the translation of a language anew, with what was translated so far."""
    file = DIRECTORY / locale / "LC_MESSAGES" / "messages.po"
    translated = Catalog(locale=locale)
    if file.exists():
        with file.open("rb") as lines:
            translated = read_po(lines, locale=locale)
    translated.update(messages, no_fuzzy_matching=True, update_creation_date=False)
    translated.obsolete.clear()
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("wb") as lines:
        write_po(lines, translated, width=120, sort_output=True, include_lineno=False)


if __name__ == "__main__":
    for name in LOCALES:
        if name != "en":
            update(name, gather())
