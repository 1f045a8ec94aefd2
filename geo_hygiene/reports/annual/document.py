"""The annual report as a Word document: a template whose fields are filled, each number a link to its records."""

from __future__ import annotations

import copy
import io
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from babel.dates import format_date
from docx.document import Document
from docx.enum.style import WD_STYLE_TYPE
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.opc.part import XmlPart
from docx.oxml.ns import qn
from docx.oxml.parser import OxmlElement
from docx.oxml.text.paragraph import CT_P
from docx.shared import Mm, Pt, RGBColor
from docx.table import Table, _Cell
from docx.text.font import Font
from docx.text.paragraph import Paragraph

from geo_hygiene.i18n import _, current_locale
from geo_hygiene.reports.annual.figures import MECHANISMS
from geo_hygiene.reports.annual.outline import default_template
from geo_hygiene.reports.annual.pictures import Picture
from geo_hygiene.reports.annual.rasters import raster
from geo_hygiene.reports.annual.report import Figure, Report
from geo_hygiene.reports.annual.template import BLOCKS, FIELD, Field, letters, paragraphs, read_template, text_of
from geo_hygiene.reports.annual.writing import with_unit

LINK_COLOR, LINE_COLOR, BORDER_COLOR = "0B5CAD", "A9C4DE", "B9AE9A"
BEFORE_BRACKET = re.compile(r" ?[(（]$")
CELL, NUMBER = "Figure", "Figure number"
"""Styles of the table of all figures; the print knows the second one."""


@dataclass(frozen=True, slots=True)
class Told:
    """What stands in the place of a field; ``url`` and ``tip`` make it a link.

    An aside goes with the brackets around it.
    """

    words: str
    url: str | None = None
    tip: str = ""
    is_aside: bool = False


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
            _fill_paragraph(part, paragraph, lambda field: told_of(field, report, address))
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


def told_of(field: Field, report: Report, address: str) -> Told:
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
    return Told(written, is_aside=field.part == "compared" and figure.previous is None)


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
    for span, told in reversed(list(fields_told(text_of(paragraph), tell))):
        _put(part, paragraph, span, told)


def fields_told(whole: str, tell: Callable[[Field], Told]) -> Iterator[tuple[tuple[int, int], Told]]:
    """Yield where fields stand in a text and what stands in their place; an aside takes its brackets along."""
    for found in FIELD.finditer(whole):
        told = tell(Field.read(found[1]))
        brackets = BEFORE_BRACKET.search(whole[: found.start()]) if whole[found.end() :][:1] in {")", "）"} else None
        if told.is_aside and brackets is not None:
            yield (brackets.start(), found.end() + 1), Told("")
        else:
            yield found.span(), told


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
    looks = Font(run)
    looks.color.rgb, looks.underline = RGBColor.from_string(LINK_COLOR), True
    run.rPr.find(qn("w:u")).set(qn("w:color"), LINE_COLOR)
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
    for side in ("distT", "distB", "distL", "distR"):
        shape._inline.set(side, "0")
    shape._inline.docPr.set("descr", f"{picture.title}. {picture.told}")


def _put_table(document: Document, paragraph: CT_P, report: Report, address: str) -> None:
    """Put the table of all figures before an empty paragraph, which Word wants behind it."""
    for name, alignment in ((CELL, WD_ALIGN_PARAGRAPH.LEFT), (NUMBER, WD_ALIGN_PARAGRAPH.RIGHT)):
        _demand_style(document, name, alignment)
    head = (_("Figure"), str(report.year), str(report.year - 1), _("Records"), _("Definition"))
    table = document.add_table(rows=0, cols=len(head), style="Table Grid")
    table.autofit = False
    table._tblPr.find(qn("w:tblLayout")).addprevious(_borders())
    for column, width in zip(table.columns, (Mm(36), Mm(24), Mm(23), Mm(18), Mm(59)), strict=True):
        column.width = width
    _write_row(table, [Told(one) for one in head], bold=True)
    table.rows[0]._tr.get_or_add_trPr().append(OxmlElement("w:tblHeader"))
    for mechanism, figures in report.by_mechanism().items():
        row = _add_row(table)
        merged = row.cells[0].merge(row.cells[-1])
        _write_cell(merged, Told(_(MECHANISMS[mechanism])), bold=True)
        merged.paragraphs[0].paragraph_format.keep_with_next = True
        for figure in figures:
            _write_row(table, _cells(figure, address))
    paragraph.addprevious(table._tbl)


def _borders() -> Any:
    borders = OxmlElement("w:tblBorders")
    for side in ("top", "left", "bottom", "right", "insideH", "insideV"):
        border = OxmlElement(f"w:{side}")
        for name, value in (("val", "single"), ("sz", "4"), ("space", "0"), ("color", BORDER_COLOR)):
            border.set(qn(f"w:{name}"), value)
        borders.append(border)
    return borders


def _demand_style(document: Document, name: str, alignment: WD_ALIGN_PARAGRAPH) -> None:
    """Make a style of the table, unless the office's template has its own."""
    if name in document.styles:
        return
    style = document.styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH)
    style.base_style = document.styles["Normal"]
    style.font.size = Pt(8)
    style.paragraph_format.space_before = style.paragraph_format.space_after = Pt(1)
    style.paragraph_format.line_spacing = 1
    style.paragraph_format.alignment = alignment


def _add_row(table: Table) -> Any:
    """Add a row that is not torn between two pages."""
    row = table.add_row()  # type: ignore[no-untyped-call] # python-docx leaves this one out
    row._tr.get_or_add_trPr().append(OxmlElement("w:cantSplit"))
    return row


def _cells(figure: Figure, address: str) -> list[Told]:
    query = None if figure.query is None else f"{address}{figure.query.partition('#')[0]}"
    return [
        Told(figure.title),
        Told(with_unit(figure.value, figure.unit), None if figure.url is None else f"{address}{figure.url}"),
        Told(with_unit(figure.previous, figure.unit)),
        Told(f"{figure.records:,}", query, figure.query or ""),
        Told(figure.definition),
    ]


def _write_row(table: Table, cells: Iterable[Told], *, bold: bool = False) -> None:
    for at, (cell, words) in enumerate(zip(_add_row(table).cells, cells, strict=True)):
        _write_cell(cell, words, bold=bold, style=NUMBER if at in {1, 2, 3} else CELL)


def _write_cell(cell: _Cell, words: Told, *, bold: bool = False, style: str = CELL) -> None:
    paragraph = cell.paragraphs[0]
    paragraph.style = style
    run = paragraph.add_run(words.words)
    run.bold = bold
    if words.url is not None:
        element = run._r
        paragraph._p.append(_link(paragraph.part, element, words))
