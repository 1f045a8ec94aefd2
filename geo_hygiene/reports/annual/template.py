"""A Word template from an office: taken without trusting it, and its fields found, also where Word cut them in pieces.

A field is a name in double braces: ``{{drain-metres-dredged}}``, ``{{cleanups.previous}}``, ``{{year}}``. What stands
behind a colon, ``{{people: residents}}``, follows a value that is there, and is left out beside "no record". There is
nothing to run in a template: a field is looked up, or is a finding.
"""

from __future__ import annotations

import difflib
import io
import re
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import docx
from docx.document import Document
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.opc.part import Part, XmlPart
from docx.oxml import parse_xml
from docx.oxml.ns import qn
from lxml import etree

from geo_hygiene.errors import GeoHygieneError
from geo_hygiene.files.reading.archives import DAMAGED, check_sizes, is_encrypted
from geo_hygiene.files.reading.limits import MEBIBYTE, Limits
from geo_hygiene.files.reading.locate import RefusedError
from geo_hygiene.i18n import _
from geo_hygiene.reports.annual.figures import FIGURES
from geo_hygiene.reports.annual.pictures import TITLES
from geo_hygiene.reports.annual.word_fields import other_fields

MOST_BYTES = 8 * MEBIBYTE
LIMITS = Limits(file_bytes=MOST_BYTES, unpacked_bytes=16 * MEBIBYTE)
"""Pictures hardly shrink in a file, and text takes 35 times its size in memory."""
MOST_MEMBERS = 500
MOST_PARAGRAPHS = 5_000
MOST_FINDINGS = 20
SHOWN = 60
"""Characters of a paragraph that a finding repeats."""

FIELD = re.compile(r"\{\{([^{}]*)\}\}")
BLOCKS = frozenset({"table", *TITLES})
"""Fields that have a paragraph of their own."""

WORDS = frozenset({"year", "year-before", "office", "first-day", "last-day", "made-on"})
PARTS = frozenset({"value", "previous", "compared", "records", "definition"})
"""What can be told of a figure; without a part it is the value."""

FIGURE_IDS = frozenset(one.id for one in FIGURES)

ATTACHED_TEMPLATE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/attachedTemplate"

MACROS = b"macroEnabled"
"""Stands in the types of a file that holds macros."""

EMBEDDED = frozenset(
    (RELATIONSHIP_TYPE.OLE_OBJECT, RELATIONSHIP_TYPE.PACKAGE, RELATIONSHIP_TYPE.A_F_CHUNK, RELATIONSHIP_TYPE.CONTROL)
)
"""What stands in a document as a file or a program of its own."""

HEADERS = (RELATIONSHIP_TYPE.HEADER, RELATIONSHIP_TYPE.FOOTER)


class TemplateError(GeoHygieneError):
    """A template can not be used.

    Attributes
    ----------
    findings
        A sentence for each thing that is wrong.
    """

    def __init__(self, findings: Sequence[str]) -> None:
        super().__init__(" ".join(findings))
        self.findings = tuple(findings)


@dataclass(frozen=True, slots=True)
class Field:
    """What a template asks for; ``unit`` are the words that follow a value."""

    name: str
    part: str
    unit: str

    @classmethod
    def read(cls, written: str) -> Field:
        """Return the field that stands between braces."""
        asked, colon, unit = written.partition(":") if ":" in written else written.partition("：")
        asked = asked.strip()
        if asked in BLOCKS:
            return cls(asked, "value", "")
        name, _dot, part = asked.partition(".")
        return cls(name, part or "value", unit.rstrip() if colon else "")

    @property
    def is_known(self) -> bool:
        """Whether there is such a thing."""
        if self.name in BLOCKS or self.name in WORDS:
            return self.part == "value"
        return self.name in FIGURE_IDS and self.part in PARTS


def read_template(content: bytes) -> Document:
    """Return a template whose fields are all known.

    Raises
    ------
    TemplateError
        If it is no Word document, is made to hurt, or asks for what there is not.
    """
    document = _opened(content)
    held = list(islice(paragraphs(document), MOST_PARAGRAPHS + 1))
    if len(held) > MOST_PARAGRAPHS:
        raise TemplateError([_("The template has more than %(most)s paragraphs.", most=MOST_PARAGRAPHS)])
    found = (finding for part, paragraph in held for finding in _findings(document, part, paragraph))
    findings = list(islice(found, MOST_FINDINGS + 1))
    if findings:
        raise TemplateError(findings[:MOST_FINDINGS] + ([_("and more")] if len(findings) > MOST_FINDINGS else []))
    return document


def damaged() -> TemplateError:
    """Return the refusal of what is no Word document, or no whole one."""
    return TemplateError([_("The template is no Word document (.docx), or is damaged.")])


def _opened(content: bytes) -> Document:
    _demand_harmless(content)
    try:
        document = docx.Document(io.BytesIO(content))
    except (ValueError, KeyError, etree.XMLSyntaxError, *DAMAGED) as problem:
        raise damaged() from problem
    for part in document.part.package.iter_parts():
        _forget_template(part)
        _demand_still(part)
    return document


def _demand_still(part: Part) -> None:
    """Refuse what reaches for something else when somebody opens the document."""
    for one in part.rels.values():
        if one.is_external and one.reltype != RELATIONSHIP_TYPE.HYPERLINK:
            message = _("The template shows what is not in the file: %(address)s.", address=one.target_ref[:SHOWN])
            raise TemplateError([message])
        if one.reltype in EMBEDDED:
            raise TemplateError([_("The template holds another file or a program; take it out.")])
    if isinstance(part, XmlPart) or part.content_type.endswith("xml"):
        element = part.element if isinstance(part, XmlPart) else _parsed(part)
        for kind in islice(other_fields(element), 1):
            raise TemplateError([_("The template holds a Word field “%(kind)s”; take it out.", kind=kind[:SHOWN])])


def _parsed(part: Part) -> Any:
    try:
        return parse_xml(part.blob)
    except (ValueError, etree.XMLSyntaxError) as problem:
        raise damaged() from problem


def _forget_template(part: Part) -> None:
    """Take out the template of Word with which a document was begun: every reader's Word would fetch it."""
    if isinstance(part, XmlPart):
        for key in [key for key, one in part.rels.items() if one.reltype == ATTACHED_TEMPLATE]:
            del part.rels[key]
        for element in list(part.element.iter(qn("w:attachedTemplate"))):
            element.getparent().remove(element)


def too_big() -> str:
    """Return what is said of a template that is bigger than any needs to be."""
    return _("The template has more than %(most)s MB.", most=f"{MOST_BYTES / MEBIBYTE:.0f}")


def _demand_harmless(content: bytes) -> None:
    if len(content) > MOST_BYTES:
        raise TemplateError([too_big()])
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = archive.infolist()
            check_sizes(members, LIMITS)
            has_macros = MACROS in archive.read("[Content_Types].xml")
    except RefusedError as refused:
        raise TemplateError([refused.finding.message()]) from refused
    except (KeyError, RuntimeError, *DAMAGED) as problem:
        raise damaged() from problem
    if has_macros:
        raise TemplateError([_("A template with macros is not taken: save it as .docx.")])
    if len(members) > MOST_MEMBERS or any(map(is_encrypted, members)):
        raise damaged()


def paragraphs(document: Document) -> Iterator[tuple[XmlPart, Any]]:
    """Yield every paragraph with the part that it is in: text, tables, boxes, headers and footers."""
    parts: dict[str, Any] = {str(document.part.partname): document.part}
    for one in document.part.rels.values():
        if one.reltype in HEADERS:
            parts[str(one.target_part.partname)] = one.target_part
    for part in parts.values():
        for paragraph in list(part.element.iter(qn("w:p"))):
            yield part, paragraph


def text_of(paragraph: Any) -> str:
    """Return the letters of a paragraph, without those of boxes in it."""
    return "".join(one.text or "" for one in letters(paragraph))


def letters(paragraph: Any) -> list[Any]:
    """Return the pieces of text of a paragraph, without those of boxes in it."""
    own = (one for one in paragraph.iter(qn("w:t")) if next(one.iterancestors(qn("w:p"))) is paragraph)
    return [one for one in own if one.getparent().tag == qn("w:r")]


def _findings(document: Document, part: XmlPart, paragraph: Any) -> Iterator[str]:
    """Yield a sentence for each thing in a paragraph that can not be filled."""
    whole = text_of(paragraph)
    where = whole.strip()[:SHOWN] + ("…" if len(whole.strip()) > SHOWN else "")
    for found in FIELD.finditer(whole):
        field = Field.read(found[1])
        if not field.is_known:
            yield _unknown(found[1].strip(), where)
        elif field.name in BLOCKS and (whole.strip() != found[0] or part is not document.part):
            yield _(
                "The field “%(field)s” needs a paragraph of its own in the text, not in “%(where)s”.",
                field=field.name,
                where=where,
            )
    if "{{" in FIELD.sub("", whole) or "}}" in FIELD.sub("", whole):
        yield _("In “%(where)s” a field is not closed: it is written {{name}}.", where=where)


def _unknown(written: str, where: str) -> str:
    asked = written.partition(":")[0].partition("：")[0].strip()
    known = sorted(FIGURE_IDS | WORDS | BLOCKS | {f"{one}.{part}" for one in FIGURE_IDS for part in PARTS})
    near = difflib.get_close_matches(asked, known, 1)
    if near:
        return _(
            "There is no field “%(field)s”, which stands in “%(where)s”. Is “%(near)s” meant?",
            field=asked,
            where=where,
            near=near[0],
        )
    return _("There is no field “%(field)s”, which stands in “%(where)s”.", field=asked, where=where)
