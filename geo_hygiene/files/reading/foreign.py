"""What files are that are not read: by their first bytes, or by their endings, in words that say what to do instead."""

import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from geo_hygiene.files.findings import Code, Finding
from geo_hygiene.i18n import N_

START = 512
"""Bytes in which a file shows what it is."""
_DIRECTORY_BYTES = 4 * 1024 * 1024
"""Where the directory of a compound file is looked for."""

ZIP_HEADS = (b"PK\x03\x04", b"PK\x05\x06")
COMPOUND_HEAD = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
"""Old files of Office and WPS, and new ones behind a password."""
_WRAPPED = "EncryptedPackage"
_WORKBOOK_STREAMS = ("Workbook", "Book", "xl/workbook.xml", "xl/workbook.bin")
"""What a workbook holds, also one in which a text or presentation is embedded."""
ENCRYPTED_HEADS = (b"%TSD-Header", b"\x00\x00\x00\x00%TSD", b"\x03\x10ESafeNet", b"b\x14#e")
"""What document security programs in offices write over every file; the content is then not there."""

DECRYPT_HINT = N_(
    "Open it on a computer where the office's encryption program runs, save a decrypted copy there (or ask whoever "
    "looks after the computers for one), and bring that copy."
)
PASSWORD_HINT = N_(
    "Open it with its password, take the password off (File > Info > Protect, or 文件 > 文档加密), save it, and bring "
    "that."
)
FAR_CELL_HINT = N_(
    "Perhaps a value stands far away from the table: delete the empty rows below it and the empty columns beside it, "
    "and save it again."
)


@dataclass(frozen=True, slots=True)
class Foreign:
    """A kind of file that is not read.

    Attributes
    ----------
    what
        What it is called.
    hint
        What to bring instead.
    endings
        By which names end.
    heads
        First bytes of the content.
    streams
        Names in the directory of a compound file, or beginnings of names in an archive.
    """

    what: str
    hint: str
    endings: tuple[str, ...] = ()
    heads: tuple[bytes, ...] = ()
    streams: tuple[str, ...] = ()


_TABLE_HINT = N_(
    "Bring the table that it was made from, as .xlsx or .csv; from paper, somebody has to type it into a spreadsheet."
)
_MAP_HINT = N_("Save the layer as a shapefile or GeoPackage there, with its coordinate system, and bring that.")
_UNPACK_HINT = N_("Unpack it, and bring what it holds, or pack that as .zip.")

KINDS = (
    Foreign(N_("a PDF document"), _TABLE_HINT, ("pdf", "ofd"), (b"%PDF",)),
    Foreign(
        N_("a picture, such as a scan or a photo"),
        _TABLE_HINT,
        ("jpg", "jpeg", "png", "gif", "bmp", "tif", "tiff", "webp", "heic"),
        (b"\xff\xd8\xff", b"\x89PNG", b"GIF8", b"II*\x00", b"MM\x00*", b"RIFF", b"\x00\x00\x00\x18ftyp"),
    ),
    Foreign(
        N_("a text document of Word or WPS"),
        N_("Copy its table into a spreadsheet, save it as .xlsx, and bring that."),
        ("doc", "docx", "wps", "wpt", "rtf", "odt"),
        (b"{\\rtf",),
        ("WordDocument", "word/"),
    ),
    Foreign(
        N_("a presentation"),
        N_("Copy its table into a spreadsheet, save it as .xlsx, and bring that."),
        ("ppt", "pptx", "dps", "odp"),
        (),
        ("PowerPoint Document", "ppt/"),
    ),
    Foreign(
        N_("a CAD drawing"),
        N_("Have each layer exported as a shapefile or GeoPackage with its coordinate system, and bring that."),
        ("dwg", "dxf", "dgn"),
        (b"AC10", b"  0\r\nSECTION", b"  0\nSECTION", b"0\r\nSECTION", b"0\nSECTION", b"AutoCAD Binary DXF"),
    ),
    Foreign(
        N_("an archive that is no .zip"),
        _UNPACK_HINT,
        ("rar", "7z", "gz", "tgz", "tar", "bz2", "xz"),
        (b"Rar!\x1a\x07", b"7z\xbc\xaf\x27\x1c", b"\x1f\x8b", b"BZh", b"\xfd7zXZ"),
    ),
    Foreign(
        N_("a database of Access"),
        N_("Export its tables as .xlsx and its layers as shapefiles, and bring these."),
        ("mdb", "accdb"),
        (b"\x00\x01\x00\x00Standard Jet DB", b"\x00\x01\x00\x00Standard ACE DB"),
    ),
    Foreign(
        N_("a KML file of a web map or globe"),
        N_(
            "Open it in QGIS, save the layer as a GeoPackage, and bring that; places drawn on a web map may be shifted."
        ),
        ("kml", "kmz", "ovkml", "ovkmz", "ovobj"),
        (b"<kml",),
    ),
    Foreign(N_("a track of a GPS device"), _MAP_HINT, ("gpx",), (b"<gpx",)),
    Foreign(
        N_("a layer of MapInfo"),
        _MAP_HINT,
        ("tab", "mif", "mid", "map", "dat"),
        (b"!table", b"Version 300", b"Version 450", b"Version   300", b"VERSION 300"),
    ),
    Foreign(N_("a geodatabase of ArcGIS"), _MAP_HINT, ("gdb", "e00", "mpk", "lpk")),
    Foreign(
        N_("a map project, which only names the files of its layers"),
        _MAP_HINT,
        ("mxd", "aprx", "lyr", "lyrx", "qgs", "qgz", "qlr", "wor"),
    ),
    Foreign(
        N_("a page of the web, as other systems export tables"),
        N_("Open it in a spreadsheet, save it as .xlsx, and bring that."),
        ("htm", "html", "mht", "mhtml"),
        (b"<html", b"<!doctype html", b"<table", b"MIME-Version:", b"<meta", b"<style"),
    ),
    Foreign(
        N_("a table in the XML of a spreadsheet"),
        N_("Open it in a spreadsheet, save it as .xlsx, and bring that."),
        (),
        (b"<?mso-application",),
    ),
)


def by_ending(ending: str) -> Foreign | None:
    """Return the kind of files whose names end so."""
    return next((kind for kind in KINDS if ending in kind.endings), None)


def by_content(path: Path, start: bytes) -> Foreign | None:
    """Return the kind of a file by its content; ``start`` is its beginning."""
    plain = start.lstrip(b"\xef\xbb\xbf \r\n\t").lower()
    for kind in KINDS:
        if start.startswith(kind.heads) or (plain.startswith(b"<") and plain.startswith(kind.heads)):
            return kind
        if plain.startswith(b"<?xml") and any(head.startswith(b"<") and head in plain for head in kind.heads):
            return kind
    names = set(_names(path, start))
    if names & set(_WORKBOOK_STREAMS):
        return None
    return next((kind for kind in KINDS if any(name.startswith(kind.streams) for name in names)), None)


def has_password(path: Path, start: bytes) -> bool:
    """Tell whether a file of Office is wrapped in encryption."""
    return _WRAPPED in _names(path, start)


def told(kind: Foreign, name: str) -> Finding:
    """Return what is said of a file of a kind that is not read."""
    text = N_("%(name)s is %(what)s, which can not be read.")
    return Finding(Code.FILE_TYPE, text, hint=kind.hint, values={"name": name}, words={"what": kind.what})


def _names(path: Path, start: bytes) -> Iterator[str]:
    """Yield the names of what a compound file or an archive holds."""
    if start.startswith(COMPOUND_HEAD):
        with path.open("rb") as file:
            content = file.read(_DIRECTORY_BYTES)
        every = (_WRAPPED, *_WORKBOOK_STREAMS, *(stream for kind in KINDS for stream in kind.streams))
        for name in every:
            if name.encode("utf-16-le") in content:
                yield name
    elif start.startswith(ZIP_HEADS):
        try:
            with zipfile.ZipFile(path) as archive:
                yield from archive.namelist() if "[Content_Types].xml" in archive.namelist() else ()
        # A name that is none is a ValueError, and a version that is none is not implemented.
        except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
            return
