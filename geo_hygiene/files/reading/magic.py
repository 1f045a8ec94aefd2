"""Compare the first bytes of a file with what its name says."""

from pathlib import Path

from geo_hygiene.files.findings import Code
from geo_hygiene.files.reading import geopackages, shapefile_records
from geo_hygiene.files.reading.locate import JSON_ENDINGS, Located, RefusedError, refuse
from geo_hygiene.i18n import N_

_START = 512
#: Heads of what document security programs in offices write over every file; the content is then not there.
_ENCRYPTED = (b"%TSD-Header", b"\x00\x00\x00\x00%TSD", b"\x03\x10ESafeNet", b"b\x14#e")
_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
_COMPOUND = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
"""Old workbooks, and new ones behind a password."""
_BYTE_ORDER_MARKS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")


def check_content(located: Located) -> None:
    """Make sure that the content is of the kind that the ending says, before anything tries to read it.

    Raises
    ------
    RefusedError
        With file-encrypted or file-type.
    """
    for ending, path in located.parts.items():
        start = _first_bytes(path)
        if start.startswith(_ENCRYPTED):
            raise refuse(
                Code.FILE_ENCRYPTED,
                N_("%(name)s was encrypted by the office's document security."),
                hint=N_("Have it decrypted there and bring it again."),
                name=_shown(located, ending, path),
            )
        if not _fits(ending, start):
            raise _wrong_type(located, ending, path, start)


def _fits(ending: str, start: bytes) -> bool:
    if ending == "shp":
        return start.startswith(shapefile_records.MAGIC)
    if ending in {"zip", "ods"}:
        return start.startswith(_ZIP)
    if ending in {"xlsx", "xls"}:
        return start.startswith((*_ZIP, _COMPOUND))
    if ending == "gpkg":
        return start.startswith(geopackages.MAGIC)
    if ending in JSON_ENDINGS:
        for mark in _BYTE_ORDER_MARKS:
            start = start.removeprefix(mark)
        return start.replace(b"\x00", b"").lstrip().startswith(b"{")
    return True


def _wrong_type(located: Located, ending: str, path: Path, start: bytes) -> RefusedError:
    name = _shown(located, ending, path)
    if not start.strip(b"\x00 \r\n\t"):
        return refuse(Code.FILE_TYPE, N_("%(name)s is empty."), name=name)
    if start.lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"<"):
        return refuse(Code.FILE_TYPE, N_("%(name)s holds XML, not what its ending says."), name=name)
    return refuse(Code.FILE_TYPE, N_("%(name)s is not what its ending says."), name=name)


def _shown(located: Located, ending: str, path: Path) -> str:
    # Members of an archive are unpacked under names of our own.
    return path.name if path.stem == located.name else f"{located.name}.{ending}"


def _first_bytes(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(_START)
