"""Strategies of zip archives and of workbooks, which are archives of XML: bombs, slips, forged entries, odd cells."""

from __future__ import annotations

import io
import stat
import struct
import warnings
import zipfile
from collections.abc import Mapping
from xml.sax.saxutils import escape

from hypothesis import strategies as st

from faults.made_values import texts

NAMES = (
    "town",
    "TOWN",
    "路网",
    "../town",
    "..\\town",
    "/etc/town",
    "C:\\town",
    "a/../../town",
    "a/b/town",
    "__MACOSX/._town",
    "town\x00.txt",
    "town\n",
    "x" * 260,
    ".",
    "",
)
ZEROS = bytes(20 * 1024 * 1024)


@st.composite
def archives(draw: st.DrawFn, inside: st.SearchStrategy[Mapping[str, bytes]]) -> Mapping[str, bytes]:
    """Draw an archive of a source, whose names, flags and members may be hostile."""
    stem = draw(st.sampled_from(("town",) * 8 + NAMES))
    members = [(stem + name.removeprefix("town"), content) for name, content in draw(inside).items()]
    members += draw(
        st.sampled_from(
            ([],) * 8
            + (
                members[:1],
                [("again.shp", b"x"), ("other.gpkg", b"y")],
                [("inner.zip", b"PK\x05\x06" + b"\x00" * 18)],
                [(f"{number}.txt", b"") for number in range(25)],
                [("readme.txt", b"x"), ("folder/", b"")],
            )
        )
    )
    written = io.BytesIO()
    if not draw(st.integers(0, 99)):
        members.append(("bomb.prj", ZEROS))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # names that stand twice
        with zipfile.ZipFile(
            written, "w", draw(st.sampled_from((zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED)))
        ) as archive:
            for name, content in members:
                archive.writestr(
                    entry(name, draw(st.sampled_from(("plain",) * 20 + ("link", "bzip2", "lzma")))), content
                )
    forged = draw(st.sampled_from(("",) * 6 + ("encrypted", "sizes", "comment", "before", "offset")))
    return {"town.zip": forge(written.getvalue(), forged)}


def entry(name: str, kind: str) -> zipfile.ZipInfo:
    """Return the head of a member."""
    info = zipfile.ZipInfo(name or "x")
    info.compress_type = {"bzip2": zipfile.ZIP_BZIP2, "lzma": zipfile.ZIP_LZMA}.get(kind, zipfile.ZIP_DEFLATED)
    if kind == "link":
        info.external_attr = (stat.S_IFLNK | 0o777) << 16
    return info


def forge(content: bytes, how: str) -> bytes:
    """Return an archive whose directory says something else than its members."""
    at = content.find(b"PK\x01\x02")
    match how:
        case "encrypted":
            return content[: at + 8] + b"\x01" + content[at + 9 :]
        case "sizes":
            return content[: at + 24] + struct.pack("<I", 10) + content[at + 28 :]
        case "comment":
            return content + b"\x00" * 40
        case "before":
            return b"PK\x03\x04" + b"\x00" * 60 + content
        case "offset":
            return content[: at + 42] + b"\xff\xff\xff\x7f" + content[at + 46 :]
        case _:
            return content


# Workbooks

KINDS = "http://schemas.openxmlformats.org/package/2006"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
BOOK = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
HEADS = (
    "",
    "",
    "",
    '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">'
    + "".join(f'<!ENTITY {chr(98 + at)} "{f"&{chr(97 + at)};" * 10}">' for at in range(8))
    + "]>",
    '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>',
    '<!DOCTYPE x SYSTEM "http://127.0.0.1:9/x.dtd">',
)
PLACES = ("A{row}", "B{row}", "C{row}", "XFD1048576", "A1048576", "A0", "ZZZZZZ9", "", "A99999999999", "路", "a1")
CELLS = (
    '<c r="{at}" t="inlineStr"><is><t>{text}</t></is></c>',
    '<c r="{at}" t="inlineStr"><is><t>{text}</t></is></c>',
    '<c r="{at}" t="s"><v>{number}</v></c>',
    '<c r="{at}"><v>{number}</v></c>',
    '<c r="{at}" s="1"><v>{number}</v></c>',
    '<c r="{at}" t="b"><v>{number}</v></c>',
    '<c r="{at}" t="d"><v>{text}</v></c>',
    '<c r="{at}" t="e"><v>#N/A</v></c>',
    '<c r="{at}" t="str"><f>{text}</f><v>{text}</v></c>',
    '<c r="{at}" t="inlineStr"><is><t>&h;&a;</t></is></c>',
    '<c r="{at}" t="x"><v>{text}</v></c>',
    '<c r="{at}"/>',
)
sheet_numbers = st.one_of(
    st.sampled_from(
        ("0", "1", "-1", "1e999", "NaN", "45000", "45000.75", "-1e308", "99999999999999999999", "2958466", "")
    ),
    st.floats().map(repr),
)


@st.composite
def workbooks(draw: st.DrawFn) -> Mapping[str, bytes]:
    """Draw a workbook of one or two sheets."""
    rows = []
    for row in range(1, draw(st.integers(1, 5)) + 1):
        cells = [
            draw(st.sampled_from(CELLS)).format(
                at=draw(st.sampled_from(PLACES[:3] * 12 + PLACES)).format(row=row),
                text=escape(draw(texts).replace("\x00", "")),
                number=draw(sheet_numbers),
            )
            for _ in range(draw(st.integers(0, 3)))
        ]
        rows.append(f'<row r="{row}">{"".join(cells)}</row>')
    head = draw(st.sampled_from(HEADS))
    size = draw(st.sampled_from(("A1:C5",) * 8 + ("A1:XFD1048576", "C5:A1", "x", "")))
    merged = draw(st.sampled_from(("",) * 8 + ('<mergeCells><mergeCell ref="A1:XFD1048576"/></mergeCells>',)))
    body = f'<dimension ref="{size}"/><sheetData>{"".join(rows)}</sheetData>{merged}'
    sheet = f'{head}<worksheet xmlns="{BOOK}">{body}</worksheet>'
    shared = "".join(f"<si><t>{escape(text)}</t></si>" for text in draw(st.lists(texts, max_size=3)))
    state = draw(st.sampled_from(("visible",) * 8 + ("hidden", "x")))
    sheets = draw(st.sampled_from((("1",),) * 8 + (("1", "2"), ("1", "1"), (), ("\u202e",))))
    listed = "".join(
        f'<sheet name="{name}" sheetId="{at + 1}" state="{state}" r:id="b{at}"/>' for at, name in enumerate(sheets)
    )
    pointers = "".join(
        f'<Relationship Id="b{at}" Target="worksheets/sheet1.xml" Type="{OFFICE}/worksheet"/>'
        for at in range(len(sheets))
    )
    members = {
        "[Content_Types].xml": f'<Types xmlns="{KINDS}/content-types"/>',
        "_rels/.rels": f'<Relationships xmlns="{KINDS}/relationships"><Relationship Id="a" Target="xl/workbook.xml" '
        f'Type="{OFFICE}/officeDocument"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{BOOK}" xmlns:r="{OFFICE}"><sheets>{listed}</sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{KINDS}/relationships">{pointers}<Relationship Id="s" '
        f'Target="sharedStrings.xml" Type="{OFFICE}/sharedStrings"/><Relationship Id="t" Target="styles.xml" '
        f'Type="{OFFICE}/styles"/></Relationships>',
        "xl/worksheets/sheet1.xml": sheet,
        "xl/sharedStrings.xml": f'{head}<sst xmlns="{BOOK}">{shared}</sst>',
        "xl/styles.xml": f'<styleSheet xmlns="{BOOK}"><cellXfs><xf numFmtId="0"/><xf numFmtId="22"/></cellXfs>'
        "</styleSheet>",
    }
    for lost in draw(st.sampled_from(((),) * 12 + tuple((name,) for name in members))):
        del members[lost]
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in members.items():
            archive.writestr(name, text.encode("utf-8", errors="replace"))
        if not draw(st.integers(0, 99)):
            archive.writestr("xl/media/zeros.bin", ZEROS)
    return {"town.xlsx": written.getvalue()}
