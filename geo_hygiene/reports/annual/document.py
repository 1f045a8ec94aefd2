"""The annual report as a Word document: a template whose fields are filled, each number a link to its records."""

from __future__ import annotations

import copy
import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from babel.dates import format_date
from docx.document import Document
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.opc.part import XmlPart
from docx.oxml.ns import qn
from docx.oxml.parser import OxmlElement
from docx.oxml.text.paragraph import CT_P
from docx.shared import Mm, Pt
from docx.table import Table, _Cell
from docx.text.paragraph import Paragraph

from geo_hygiene.i18n import _, current_locale
from geo_hygiene.reports.annual.figures import MECHANISMS
from geo_hygiene.reports.annual.outline import default_template
from geo_hygiene.reports.annual.pictures import Picture
from geo_hygiene.reports.annual.rasters import raster
from geo_hygiene.reports.annual.report import Figure, Report
from geo_hygiene.reports.annual.template import BLOCKS, FIELD, Field, letters, paragraphs, read_template, text_of
from geo_hygiene.reports.annual.writing import with_unit

LINK_COLOR = "0B5CAD"


@dataclass(frozen=True, slots=True)
class Told:
    """What stands in the place of a field; ``url`` and ``tip`` make it a link."""

    words: str
    url: str | None = None
    tip: str = ""


@dataclass(frozen=True, slots=True)
class Filled:
    """A document and the pictures in it, by the bytes of their rasters."""

    content: bytes
    drawings: Mapping[bytes, str]


def fill(report: Report, pictures: Sequence[Picture], address: str, template: bytes | None = None) -> Filled:
    """Return the report as a .docx file.

    Parameters
    ----------
    address
        Under which people open the pages, for the links.
    template
        A .docx file of the office; the program's own where there is none.

    Raises
    ------
    TemplateError
        If the template can not be filled; nothing is then.
    """
    document = read_template(default_template() if template is None else template)
    rasters = {one.key: (one, raster(one.svg)) for one in pictures if one.svg is not None}
    for part, paragraph in paragraphs(document):
        whole = text_of(paragraph)
        found = FIELD.search(whole)
        if found is None:
            continue
        name = Field.read(found[1]).name
        if name in BLOCKS:
            _empty(paragraph)
            if name == "table":
                _put_table(document, paragraph, report, address)
            else:
                _put_picture(document, paragraph, rasters.get(name))
        else:
            _fill_paragraph(part, paragraph, lambda field: _told(field, report, address))
    _describe(document, report)
    stream = io.BytesIO()
    document.save(stream)
    return Filled(stream.getvalue(), {content: one.svg or "" for one, content in rasters.values()})


def _describe(document: Document, report: Report) -> None:
    document.core_properties.title = _("Annual report %(year)s of %(office)s", year=report.year, office=report.office)
    document.core_properties.author = report.office
    document.core_properties.comments = ""


def day(value: date) -> str:
    """Return a day as an office writes it."""
    return format_date(value, "long", locale=current_locale())


def _told(field: Field, report: Report, address: str) -> Told:
    """Return what a field asks for."""
    words = {
        "year": str(report.year),
        "year-before": str(report.year - 1),
        "office": report.office,
        "first-day": day(date(report.year, 1, 1)),
        "last-day": day(date(report.year, 12, 31)),
        "made-on": day(report.made_at.date()),
    }
    if field.name in words:
        return Told(words[field.name])
    figure = report[field.name]
    written = {
        "value": lambda: _value(figure, figure.value, field.unit),
        "previous": lambda: _value(figure, figure.previous, field.unit),
        "compared": lambda: compared(figure),
        "records": lambda: f"{figure.records:,}",
        "definition": lambda: figure.definition,
    }[field.part]()
    if field.part in {"value", "records"} and figure.url is not None:
        return Told(written, f"{address}{figure.url}", figure.definition)
    return Told(written)


def _value(figure: Figure, value: float | None, unit: str) -> str:
    return with_unit(value, figure.unit) + (unit if value is not None else "")


def compared(figure: Figure) -> str:
    """Return in words how a figure stands beside the year before."""
    if figure.previous is None:
        return _("no record of the year before")
    if figure.value is None:
        return _("%(value)s in the year before", value=with_unit(figure.previous, figure.unit))
    change = figure.value - figure.previous
    if not change:
        return _("as in the year before")
    amount = (
        _("%(points)s points", points=f"{abs(change) * 100:.1f}")
        if figure.unit == "share"
        else (f"{abs(change) / figure.previous:.1%}" if figure.previous else with_unit(abs(change), figure.unit))
    )
    if change > 0:
        return _("%(amount)s more than the year before", amount=amount)
    return _("%(amount)s less than the year before", amount=amount)


def _fill_paragraph(part: XmlPart, paragraph: Any, tell: Callable[[Field], Told]) -> None:
    """Put words in the place of the fields of a paragraph, the last one first, so that places before them hold."""
    _one_child_each(paragraph)
    for found in reversed(list(FIELD.finditer(text_of(paragraph)))):
        _put(part, paragraph, found.span(), tell(Field.read(found[1])))


def _one_child_each(paragraph: Any) -> None:
    """Let every run with text hold one thing only, so that something can be put behind it."""
    for run in {one.getparent(): None for one in letters(paragraph)}:
        for child in reversed([one for one in run if one.tag != qn("w:rPr")][1:]):
            run.addnext(_like(run, child))


def _like(run: Any, child: Any) -> Any:
    """Return a run that looks like another one and holds a child."""
    made = OxmlElement("w:r")
    if run.rPr is not None:
        made.append(copy.deepcopy(run.rPr))
    made.append(child)
    return made


def _text(words: str) -> Any:
    made = OxmlElement("w:t")
    made.text = words
    made.set(qn("xml:space"), "preserve")
    return made


def _put(part: XmlPart, paragraph: Any, span: tuple[int, int], words: Told) -> None:
    """Put words in the place of some letters, in the looks of the first of them."""
    at = 0
    run: Any = None
    for piece in letters(paragraph):
        text = piece.text or ""
        begin, end = max(0, span[0] - at), min(len(text), span[1] - at)
        at += len(text)
        if begin >= end:
            continue
        here = piece.getparent()
        if run is None:
            run = here
            if end < len(text):
                run.addnext(_like(run, _text(text[end:])))
            piece.text = text[:begin]
        else:
            piece.text = text[end:]
        piece.set(qn("xml:space"), "preserve")
    made = _like(run, _text(words.words))
    run.addnext(_link(part, made, words) if words.url and run.getparent() is paragraph else made)


def _link(part: XmlPart, run: Any, words: Told) -> Any:
    """Return a run as a link with its tip."""
    link = OxmlElement("w:hyperlink")
    link.set(qn("r:id"), part.relate_to(words.url or "", RELATIONSHIP_TYPE.HYPERLINK, is_external=True))
    if words.tip:
        link.set(qn("w:tooltip"), words.tip[:255])
    color, line = OxmlElement("w:color"), OxmlElement("w:u")
    color.set(qn("w:val"), LINK_COLOR)
    line.set(qn("w:val"), "single")
    looks = run.get_or_add_rPr()
    for one in looks.findall(qn("w:color")) + looks.findall(qn("w:u")):
        looks.remove(one)
    looks.append(color)
    looks.append(line)
    link.append(run)
    return link


def _empty(paragraph: Any) -> None:
    for child in [one for one in paragraph if one.tag != qn("w:pPr")]:
        paragraph.remove(child)


def _put_picture(document: Document, paragraph: CT_P, found: tuple[Picture, bytes] | None) -> None:
    """Put a picture into an empty paragraph, or that there is no record."""
    place = Paragraph(paragraph, document._body)
    if found is None:
        place.add_run(_("no record")).italic = True
        return
    picture, content = found
    shape = place.add_run().add_picture(io.BytesIO(content), width=Mm(picture.width))
    shape._inline.docPr.set("descr", f"{picture.title}. {picture.told}")


def _put_table(document: Document, paragraph: CT_P, report: Report, address: str) -> None:
    """Put the table of all figures behind an empty paragraph."""
    head = (_("Figure"), _("Value"), _("Year before"), _("Records"), _("Definition"))
    widths = (Mm(34), Mm(24), Mm(24), Mm(16), Mm(62))
    table = document.add_table(rows=0, cols=len(head), style="Table Grid")
    table.autofit = False
    _write_row(table, widths, [Told(one) for one in head], bold=True)
    repeats = OxmlElement("w:tblHeader")
    table.rows[0]._tr.get_or_add_trPr().append(repeats)
    for mechanism, figures in report.by_mechanism().items():
        row = table.add_row()
        merged = row.cells[0].merge(row.cells[-1])
        _write_cell(merged, Told(_(MECHANISMS[mechanism])), bold=True)
        for figure in figures:
            _write_row(table, widths, _cells(figure, address))
    paragraph.addnext(table._tbl)


def _cells(figure: Figure, address: str) -> list[Told]:
    period = f"{figure.begin.isoformat()} – {figure.last_day.isoformat()}"
    query = None if figure.query is None else f"{address}{figure.query.partition('#')[0]}"
    return [
        Told(figure.title),
        Told(with_unit(figure.value, figure.unit), None if figure.url is None else f"{address}{figure.url}"),
        Told(with_unit(figure.previous, figure.unit)),
        Told(f"{figure.records:,}", query, figure.query or ""),
        Told(f"{figure.definition} {period}"),
    ]


def _write_row(table: Table, widths: Iterable[Any], cells: Iterable[Told], *, bold: bool = False) -> None:
    row = table.add_row()  # type: ignore[no-untyped-call] # python-docx leaves this one out
    for at, (cell, width, words) in enumerate(zip(row.cells, widths, cells, strict=True)):
        cell.width = width
        _write_cell(cell, words, bold=bold, is_number=at in {1, 2, 3})


def _write_cell(cell: _Cell, words: Told, *, bold: bool = False, is_number: bool = False) -> None:
    paragraph = cell.paragraphs[0]
    paragraph.paragraph_format.space_after = Pt(0)
    if is_number:
        paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT
    run = paragraph.add_run(words.words)
    run.font.size, run.bold = Pt(8), bold
    if words.url is not None:
        element = run._r
        paragraph._p.append(_link(paragraph.part, element, words))
