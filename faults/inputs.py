"""Formats as one run of bytes, which is what a fuzzer of bytes can change, and back."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from faults.cases import FAMILIES, Case

BETWEEN_PARTS = b"\xff--part--\xff"
PARTS = ("shp", "shx", "dbf", "prj", "cpg")
CRS = (None, "EPSG:4326", "EPSG:4523", "EPSG:32648")
ENCODINGS = (None, "GBK", "UTF-8", "CP1252")
NEEDS_SHAPES_BELOW = 128
"""Of the 256 values of the last byte."""
MOST_SHAPES = 1000

Files = Mapping[str, bytes]


@dataclass(frozen=True)
class Target:
    """A format.

    Attributes
    ----------
    kind
        Its name among the strategies, of which the first inputs are drawn.
    main
        The file that is imported.
    files, content
        Make the files of an input, and an input of the files.
    """

    kind: str
    main: str
    files: Callable[[bytes], Files]
    content: Callable[[Files], bytes]

    def case(self, said: bytes) -> Case:
        """Return the files of an input, whose last byte stands for what a user says of them."""
        content, told = said[:-1], said[-1] if said else 0
        return Case(
            self.files(content),
            self.main,
            family=FAMILIES[told % len(FAMILIES)],
            crs=CRS[told // 5 % len(CRS)],
            encoding=ENCODINGS[told // 20 % len(ENCODINGS)],
            needs_shapes=told < NEEDS_SHAPES_BELOW,
        )


def whole(kind: str, ending: str) -> Target:
    """Return the format whose files are one each."""
    main = f"town.{ending}"
    return Target(kind, main, lambda content: {main: content}, lambda files: files[main])


def _shapefile(content: bytes) -> Files:
    parts = zip(PARTS, content.split(BETWEEN_PARTS), strict=False)
    return {f"town.{ending}": part for ending, part in parts if part or ending == "shp"}


def _parts(files: Files) -> bytes:
    return BETWEEN_PARTS.join(files.get(f"town.{ending}", b"") for ending in PARTS)


def _table(content: bytes) -> Files:
    """Return a table beside as many shapes as it says that it has rows."""
    rows = min(int.from_bytes(content[4:8], "little"), MOST_SHAPES)
    record = b"\x00\x00\x00\x01\x00\x00\x00\x02\x00\x00\x00\x00"
    header = bytearray(100)
    header[:4], header[28:32] = b"\x00\x00\x27\x0a", (1000).to_bytes(4, "little")
    header[24:28] = ((100 + 12 * rows) // 2).to_bytes(4, "big")
    return {"town.shp": bytes(header) + record * rows, "town.dbf": content, "town.prj": b""}


KINDS = "http://schemas.openxmlformats.org/package/2006"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
BOOK = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
AROUND_A_SHEET = {
    "[Content_Types].xml": f'<Types xmlns="{KINDS}/content-types"/>',
    "_rels/.rels": f'<Relationships xmlns="{KINDS}/relationships"><Relationship Id="a" Target="xl/workbook.xml" '
    f'Type="{OFFICE}/officeDocument"/></Relationships>',
    "xl/workbook.xml": f'<workbook xmlns="{BOOK}" xmlns:r="{OFFICE}"><sheets><sheet name="1" sheetId="1" '
    'r:id="b"/></sheets></workbook>',
    "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{KINDS}/relationships"><Relationship Id="b" '
    f'Target="worksheets/sheet1.xml" Type="{OFFICE}/worksheet"/><Relationship Id="c" Target="sharedStrings.xml" '
    f'Type="{OFFICE}/sharedStrings"/></Relationships>',
}
OPEN_MANIFEST = "urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"
AROUND_AN_OPEN_SHEET = {
    "mimetype": "application/vnd.oasis.opendocument.spreadsheet",
    "META-INF/manifest.xml": f'<manifest:manifest xmlns:manifest="{OPEN_MANIFEST}"/>',
}


def packed(kind: str, main: str, around: Mapping[str, str], members: tuple[str, ...]) -> Target:
    """Return the format of archives whose other members are the same each time."""

    def files(content: bytes) -> Files:
        written = io.BytesIO()
        with zipfile.ZipFile(written, "w") as archive:
            for name, text in around.items():
                archive.writestr(name, text)
            for name, part in zip(members, content.split(BETWEEN_PARTS), strict=False):
                archive.writestr(name, part)
        return {main: written.getvalue()}

    def content(files: Files) -> bytes:
        with zipfile.ZipFile(io.BytesIO(files[main])) as archive:
            there = set(archive.namelist())
            return BETWEEN_PARTS.join(archive.read(name) if name in there else b"" for name in members)

    return Target(kind, main, files, content)


TARGETS: Mapping[str, Target] = {
    "GeoJSON": whole("GeoJSON", "geojson"),
    "shapefile": Target("shapefile", "town.shp", _shapefile, _parts),
    "dBase table": Target("shapefile", "town.shp", _table, lambda files: files.get("town.dbf", b"")),
    "CSV": whole("CSV", "csv"),
    "GeoPackage": whole("GeoPackage", "gpkg"),
    "sheet of a workbook": packed(
        "workbook", "town.xlsx", AROUND_A_SHEET, ("xl/worksheets/sheet1.xml", "xl/sharedStrings.xml")
    ),
    "OpenDocument sheet": packed("OpenDocument sheet", "town.ods", AROUND_AN_OPEN_SHEET, ("content.xml",)),
    "archive": whole("archive", "zip"),
}
"""What is fuzzed, by its name in the report."""
