"""Strategies of workbooks, which are archives of XML: odd cells, days that there are not, bombs."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from xml.sax.saxutils import escape

from hypothesis import strategies as st

from faults.made_archives import ZEROS, has_zeros
from faults.made_values import DAYS, texts

KINDS = "http://schemas.openxmlformats.org/package/2006"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
BOOK = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
HEADS = (
    *("",) * 27,
    '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">'
    + "".join(f'<!ENTITY {chr(98 + at)} "{f"&{chr(97 + at)};" * 10}">' for at in range(8))
    + "]>",
    '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>',
    '<!DOCTYPE x SYSTEM "http://127.0.0.1:9/x.dtd">',
)
PLACES = ("A{row}", "B{row}", "C{row}", "XFD1048576", "A1048576", "A0", "ZZZZZZ9", "", "A99999999999", "路", "a1")
TEXT_CELL = '<c r="{at}" t="inlineStr"><is><t>{text}</t></is></c>'
CELLS = (
    TEXT_CELL,
    TEXT_CELL,
    '<c r="{at}"><v>{number}</v></c>',
    '<c r="{at}" s="{style}"><v>{number}</v></c>',
    '<c r="{at}" s="{style}"><v>{number}</v></c>',
    '<c r="{at}" t="d"><v>{day}</v></c>',
    '<c r="{at}" t="b"><v>1</v></c>',
    '<c r="{at}" t="e"><v>#N/A</v></c>',
    '<c r="{at}" t="str"><f>{text}</f><v>{text}</v></c>',
    '<c r="{at}"/>',
)
ODD_CELLS = (
    '<c r="{at}" t="s"><v>{number}</v></c>',
    '<c r="{at}" t="b"><v>{number}</v></c>',
    '<c r="{at}" t="inlineStr"><is><t>&h;&a;</t></is></c>',
    '<c r="{at}" t="x"><v>{text}</v></c>',
)
STYLES = (0, 14, 21, 22, 46)
"""Numbers of formats: plain, a day, a time, both, and hours without end."""
sheet_numbers = st.one_of(
    st.sampled_from(("0", "1", "-1", "45000", "45000.75", "13912345678", "60", "0.99999999999")),
    st.sampled_from(("1e999", "-1e999", "NaN", "-1e308", "99999999999999999999", "-1e12", "1e12", "")),
    st.sampled_from(("2958465", "2958465.9999999", "2958466", "999999999", "1000000000", "-999999999.5", "-693594")),
    st.floats().map(repr),
)


@st.composite
def workbooks(draw: st.DrawFn) -> Mapping[str, bytes]:
    """Draw a workbook of one or two sheets."""
    kinds = [(TEXT_CELL,), *[CELLS * 8 + ODD_CELLS] * draw(st.integers(0, 4))]
    rows = []
    for row, kind in enumerate(kinds, start=1):
        cells = [
            draw(st.sampled_from(kind)).format(
                at=draw(st.sampled_from((PLACES[at],) * 200 + PLACES)).format(row=row),
                text=escape(draw(texts).replace("\x00", "")),
                day=draw(st.sampled_from(DAYS)),
                number=draw(sheet_numbers),
                style=draw(st.integers(0, len(STYLES))),
            )
            for at in range(draw(st.sampled_from((3, 3, 3, 0, 1, 2))))
        ]
        rows.append(f'<row r="{row}">{"".join(cells)}</row>')
    head = draw(st.sampled_from(HEADS))
    size = draw(st.sampled_from(("A1:C5",) * 40 + ("A1:XFD1048576", "C5:A1", "x", "")))
    merged = draw(st.sampled_from(("",) * 20 + ('<mergeCells><mergeCell ref="A1:XFD1048576"/></mergeCells>',)))
    body = f'<dimension ref="{size}"/><sheetData>{"".join(rows)}</sheetData>{merged}'
    sheet = f'{head}<worksheet xmlns="{BOOK}">{body}</worksheet>'
    shared = "".join(f"<si><t>{escape(text)}</t></si>" for text in draw(st.lists(texts, max_size=3)))
    state = draw(st.sampled_from(("visible",) * 20 + ("hidden", "x")))
    first_day = f'<workbookPr date1904="{draw(st.sampled_from((0, 0, 1)))}"/>'
    sheets = draw(st.sampled_from((("town",),) * 24 + (("1", "2"), ("1", "1"), (), ("\u202e",))))
    listed = "".join(
        f'<sheet name="{name}" sheetId="{at + 1}" state="{state}" r:id="b{at}"/>' for at, name in enumerate(sheets)
    )
    pointers = "".join(
        f'<Relationship Id="b{at}" Target="worksheets/sheet1.xml" Type="{OFFICE}/worksheet"/>'
        for at in range(len(sheets))
    )
    formats = "".join(f'<xf numFmtId="{number}"/>' for number in STYLES)
    members = {
        "[Content_Types].xml": f'<Types xmlns="{KINDS}/content-types"/>',
        "_rels/.rels": f'<Relationships xmlns="{KINDS}/relationships"><Relationship Id="a" Target="xl/workbook.xml" '
        f'Type="{OFFICE}/officeDocument"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{BOOK}" xmlns:r="{OFFICE}">{first_day}<sheets>{listed}</sheets>'
        "</workbook>",
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{KINDS}/relationships">{pointers}<Relationship Id="s" '
        f'Target="sharedStrings.xml" Type="{OFFICE}/sharedStrings"/><Relationship Id="t" Target="styles.xml" '
        f'Type="{OFFICE}/styles"/></Relationships>',
        "xl/worksheets/sheet1.xml": sheet,
        "xl/sharedStrings.xml": f'{head}<sst xmlns="{BOOK}">{shared}</sst>',
        "xl/styles.xml": f'<styleSheet xmlns="{BOOK}"><cellXfs>{formats}</cellXfs></styleSheet>',
    }
    return {"town.xlsx": draw(packed(members))}


@st.composite
def packed(draw: st.DrawFn, members: Mapping[str, str]) -> bytes:
    """Draw an archive of these members, one of which may be lacking."""
    lost = draw(st.sampled_from(("",) * 60 + tuple(members)))
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in members.items():
            if name != lost:
                archive.writestr(name, text.encode("utf-8", errors="replace"))
        if draw(has_zeros):
            archive.writestr("media/zeros.bin", ZEROS)
    return written.getvalue()


# OpenDocument

OPEN = "urn:oasis:names:tc:opendocument:xmlns"
OPEN_TYPE = "application/vnd.oasis.opendocument.spreadsheet"
SPACES = "".join(f' xmlns:{name}="{OPEN}:{name}:1.0"' for name in ("office", "table", "text", "manifest"))
OPEN_CELLS = (
    'office:value-type="string"',
    'office:value-type="string"',
    'office:value-type="float" office:value="{number}"',
    'office:value-type="percentage" office:value="{number}"',
    'office:value-type="date" office:date-value="{day}"',
    'office:value-type="time" office:time-value="{day}"',
    'office:value-type="boolean" office:boolean-value="true"',
    "",
)
ODD_OPEN_CELLS = ('office:value-type="boolean" office:boolean-value="{text}"', 'office:value-type="x"')
REPEATED = (*("",) * 250, *("2",) * 40, "0", "-1", "1000", "16384", "1048576", "99999999999", "x")


@st.composite
def open_documents(draw: st.DrawFn) -> Mapping[str, bytes]:
    """Draw a workbook in the format of OpenDocument."""
    kinds = [OPEN_CELLS[:1], *[OPEN_CELLS * 8 + ODD_OPEN_CELLS] * draw(st.integers(0, 4))]
    rows = []
    for kind in kinds:
        cells = [draw(open_cells(kind)) for _ in range(draw(st.sampled_from((3, 3, 3, 0, 1, 2))))]
        rows.append(f"<table:table-row{draw(repeated('rows'))}>{''.join(cells)}</table:table-row>")
    sheets = draw(st.sampled_from((("town",),) * 24 + (("1", "2"), ("1", "1"), (), ("\u202e",))))
    tables = "".join(f'<table:table table:name="{name}">{"".join(rows)}</table:table>' for name in sheets)
    body = f"<office:body><office:spreadsheet>{tables}</office:spreadsheet></office:body>"
    members = {
        "mimetype": OPEN_TYPE,
        "META-INF/manifest.xml": f"<manifest:manifest{SPACES}>"
        f'<manifest:file-entry manifest:full-path="/" manifest:media-type="{OPEN_TYPE}"/></manifest:manifest>',
        "content.xml": f"{draw(st.sampled_from(HEADS))}<office:document-content{SPACES}>{body}"
        "</office:document-content>",
    }
    return {"town.ods": draw(packed(members))}


@st.composite
def open_cells(draw: st.DrawFn, kinds: tuple[str, ...]) -> str:
    """Draw a cell of one of some kinds."""
    text = escape(draw(texts).replace("\x00", ""), {'"': "&quot;"})
    said = draw(st.sampled_from(kinds)).format(text=text, day=draw(st.sampled_from(DAYS)), number=draw(sheet_numbers))
    return f"<table:table-cell {said}{draw(repeated('columns'))}><text:p>{text}</text:p></table:table-cell>"


def repeated(what: str) -> st.SearchStrategy[str]:
    """Return the strategy of how often a row or cell stands there."""
    return st.sampled_from(REPEATED).map(lambda count: count and f' table:number-{what}-repeated="{count}"')
