"""Fuzz the readers of foreign files with atheris, which looks for inputs that reach code that no other reached.

    pip install atheris   # in an environment of its own, which sees the packages of this one
    python -m faults.coverage_guided geojson CORPUS -max_total_time=600

A format is one of `TARGETS`; the folder CORPUS keeps what was found and begins with what is there. What the readers
raise beside a refusal ends the run, and the input is left as a file.
"""

from __future__ import annotations

import io
import os
import sys
import tempfile
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import atheris

from geo_hygiene.files.reading import drivers

os.environ.update(drivers.environment())

with atheris.instrument_imports(include=["geo_hygiene.files"]):
    from faults.cases import FAMILIES, Case
    from faults.reading import examine, quiet
    from geo_hygiene.files.reading import encodings

BETWEEN_PARTS = b"\xff--part--\xff"
PARTS = ("shp", "shx", "dbf", "prj", "cpg")
CRS = (None, "EPSG:4326", "EPSG:4523", "EPSG:32648")
ENCODINGS = (None, "GBK", "UTF-8", "CP1252")


def single(ending: str) -> Callable[[bytes], Mapping[str, bytes]]:
    """Return what makes a file of the whole input."""
    return lambda content: {f"town.{ending}": content}


def shapefile(content: bytes) -> Mapping[str, bytes]:
    """Return the parts of a shapefile, one behind the other in the input."""
    return {
        f"town.{ending}": part
        for ending, part in zip(PARTS, content.split(BETWEEN_PARTS), strict=False)
        if part or ending == "shp"
    }


def dbase(content: bytes) -> Mapping[str, bytes]:
    """Return a table beside as many shapes as it says that it has rows."""
    rows = min(int.from_bytes(content[4:8], "little"), 1000)
    record = b"\x00\x00\x00\x01\x00\x00\x00\x02\x00\x00\x00\x00"
    header = bytearray(100)
    header[:4], header[28:32] = b"\x00\x00\x27\x0a", (1000).to_bytes(4, "little")
    header[24:28] = ((100 + 12 * rows) // 2).to_bytes(4, "big")
    return {"town.shp": bytes(header) + record * rows, "town.dbf": content, "town.prj": b""}


def workbook(content: bytes) -> Mapping[str, bytes]:
    """Return a workbook whose sheet and texts are the input."""
    sheet, _, texts = content.partition(BETWEEN_PARTS)
    packed = io.BytesIO()
    kinds = "http://schemas.openxmlformats.org/package/2006"
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    book = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    members = {
        "[Content_Types].xml": f'<Types xmlns="{kinds}/content-types"/>',
        "_rels/.rels": f'<Relationships xmlns="{kinds}/relationships"><Relationship Id="a" Target="xl/workbook.xml" '
        f'Type="{office}/officeDocument"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{book}" xmlns:r="{office}"><sheets><sheet name="1" sheetId="1" '
        'r:id="b"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{kinds}/relationships"><Relationship Id="b" '
        f'Target="worksheets/sheet1.xml" Type="{office}/worksheet"/><Relationship Id="c" Target="sharedStrings.xml" '
        f'Type="{office}/sharedStrings"/></Relationships>',
    }
    with zipfile.ZipFile(packed, "w") as archive:
        for name, text in members.items():
            archive.writestr(name, text)
        archive.writestr("xl/worksheets/sheet1.xml", sheet)
        archive.writestr("xl/sharedStrings.xml", texts)
    return {"town.xlsx": packed.getvalue()}


TARGETS: Mapping[str, tuple[str, Callable[[bytes], Mapping[str, bytes]]]] = {
    "geojson": ("town.geojson", single("geojson")),
    "shapefile": ("town.shp", shapefile),
    "dbase": ("town.shp", dbase),
    "csv": ("town.csv", single("csv")),
    "geopackage": ("town.gpkg", single("gpkg")),
    "workbook": ("town.xlsx", workbook),
    "archive": ("town.zip", single("zip")),
}


def main() -> None:
    """Fuzz the format that is named first; the rest is for libFuzzer."""
    name = sys.argv.pop(1)
    root = Path(tempfile.mkdtemp(prefix="geo-hygiene-fuzz-"))
    main_file, files = TARGETS.get(name, ("", single("")))

    def read(content: bytes) -> None:
        told, content = (content[-1], content[:-1]) if content else (0, content)
        case = Case(
            files(content),
            main_file,
            family=FAMILIES[told % len(FAMILIES)],
            crs=CRS[told // 5 % len(CRS)],
            encoding=ENCODINGS[told // 20 % len(ENCODINGS)],
            needs_shapes=told < 128,  # noqa: PLR2004 - half of them
        )
        outcome = examine(case, root)
        if outcome.wrong is not None:
            raise RuntimeError(outcome.wrong)

    atheris.Setup(sys.argv, encodings.decoded if name == "encodings" else read)
    quiet()
    atheris.Fuzz()


if __name__ == "__main__":
    main()
