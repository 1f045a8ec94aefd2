"""Rows in columns on a terminal, where a Chinese character is two columns wide."""

from __future__ import annotations

from collections.abc import Sequence
from unicodedata import east_asian_width

from geo_hygiene.cli.context import say


def print_columns(rows: Sequence[Sequence[str]], *, texts: int, indent: str = "") -> None:
    """Write rows in columns: so many of text on the left, then numbers, set to the right."""
    widths = [max(map(_width, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        gaps = [" " * (width - _width(cell)) for cell, width in zip(row, widths, strict=True)]
        cells = [cell + gap if at < texts else gap + cell for at, (cell, gap) in enumerate(zip(row, gaps, strict=True))]
        say(indent + "  ".join(cells).rstrip())


def _width(cell: str) -> int:
    """Return the columns of a terminal that a text takes: two for a Chinese character."""
    return sum(2 if east_asian_width(character) in "WF" else 1 for character in cell)
