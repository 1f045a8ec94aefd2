"""Fail when a message of the program has no translation, or a translation no message.

Messages are gathered from the code and the templates as ``pybabel extract`` does it.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.pofile import read_po

import geo_hygiene
from geo_hygiene.i18n import DIRECTORY, LOCALES

PACKAGE = Path(geo_hygiene.__file__).parent
KEYWORDS = {"_": None, "gettext": None, "N_": None, "ngettext": (1, 2), "NN_": (1, 2)}


def gather() -> Catalog:
    """Return the messages of the program, each with the places where it stands."""
    with Path(__file__).with_name("babel.cfg").open() as mapping:
        methods, options = parse_mapping_cfg(mapping)  # type: ignore[no-untyped-call]
    catalog = Catalog()
    for file, line, message, comments, context in extract_from_dir(PACKAGE, methods, options, KEYWORDS):
        catalog.add(message, locations=[(file, line)], auto_comments=comments, context=context)
    return catalog


def find_faults(file: Path, wanted: Catalog) -> Iterator[str]:
    """Yield what a translation lacks, has too much, or has with other places to fill than the message."""
    if not file.exists():
        yield f"{file} is missing: make messages"
        return
    with file.open("rb") as lines:
        translated = read_po(lines)
    for message in wanted:
        known = translated.get(message.id, message.context) if message.id else None
        if message.id and (known is None or known.fuzzy or not all(_texts(known.string))):
            path, line = message.locations[0]
            yield f"{path}:{line}: not translated in {file.parent.parent.name}: {message.id!r}"
        elif known is not None:
            yield from (f"{file.name}:{known.lineno}: {fault}" for fault in known.check(translated))
    for message in translated:
        if message.id and wanted.get(message.id, message.context) is None:
            yield f"{file}:{message.lineno}: nothing says {message.id!r} any more"
    if list(translated) != sorted(translated):
        yield f"{file} is not in the order of its texts: make messages"


def _texts(string: str | Sequence[str] | None) -> Sequence[str]:
    return (string or "",) if isinstance(string, str) or string is None else string


if __name__ == "__main__":
    messages = gather()
    files = [DIRECTORY / locale / "LC_MESSAGES" / "messages.po" for locale in LOCALES if locale != "en"]
    if found := [fault for file in files for fault in find_faults(file, messages)]:
        sys.exit("\n".join(found))
