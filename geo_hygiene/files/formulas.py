"""Keep spreadsheets from running text as a formula, in a way that an import undoes."""

import re

#: What begins a formula in one of the spreadsheet programs, behind blanks too, in narrow and in full-width form.
_BEGINS_FORMULA = re.compile(r"'*(?:[\t\r\n\x00]|\s*[=+\-@＝＋－＠])")


def guarded(text: str) -> str:
    """Return text that no spreadsheet takes for a formula: an apostrophe goes before it where that is needed."""
    return f"'{text}" if _BEGINS_FORMULA.match(text) else text


def unguarded(text: str) -> str:
    """Return the text that `guarded` was given."""
    return text[1:] if text.startswith("'") and _BEGINS_FORMULA.match(text, 1) else text
