"""Fields of Word itself: those that count pages or tell a title are harmless, others fetch or run something."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from docx.oxml.ns import qn

HARMLESS = frozenset(
    {
        "AUTHOR",
        "CREATEDATE",
        "DATE",
        "DOCPROPERTY",
        "EQ",
        "FILENAME",
        "FORMCHECKBOX",
        "FORMDROPDOWN",
        "FORMTEXT",
        "HYPERLINK",
        "IF",
        "INDEX",
        "KEYWORDS",
        "LASTSAVEDBY",
        "LISTNUM",
        "MERGEFIELD",
        "NOTEREF",
        "NUMPAGES",
        "NUMWORDS",
        "PAGE",
        "PAGEREF",
        "PRINTDATE",
        "QUOTE",
        "REF",
        "SAVEDATE",
        "SECTION",
        "SECTIONPAGES",
        "SEQ",
        "STYLEREF",
        "SUBJECT",
        "SYMBOL",
        "TC",
        "TIME",
        "TITLE",
        "TOC",
        "XE",
    }
)
"""Kinds that show what is in the document, or the day; the others may reach for files, addresses, programs."""


def other_fields(element: Any) -> Iterator[str]:
    """Yield the kinds of fields in a part of a document that are not harmless, in the order in which they end.

    Word cuts the words of a field in pieces as it likes, also from one paragraph to the next. The kind of a field that
    another one in it would tell is ``{}``.
    """
    words: list[str] = []
    for one in element.iter(qn("w:fldChar"), qn("w:instrText"), qn("w:fldSimple")):
        if one.tag == qn("w:fldSimple"):
            yield from _other(one.get(qn("w:instr")) or "")
        elif one.tag == qn("w:instrText"):
            words[-1:] = [(words[-1] if words else "") + (one.text or "")]
        elif one.get(qn("w:fldCharType")) == "begin":
            words[-1:] = [words[-1] + " {} "] if words else []
            words.append("")
        elif one.get(qn("w:fldCharType")) == "end" and words:
            yield from _other(words.pop())
    for left in reversed(words):
        yield from _other(left)


def _other(words: str) -> Iterator[str]:
    kind = (words.split() or [""])[0].upper()
    if kind and not kind.startswith("=") and kind not in HARMLESS:
        yield kind
