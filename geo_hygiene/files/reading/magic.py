"""Compare the first bytes of a file with what its name says."""

from pathlib import Path

from geo_hygiene.files.findings import Code
from geo_hygiene.files.reading import foreign, geopackages, shapefile_records
from geo_hygiene.files.reading.locate import (
    JSON_ENDINGS,
    SHAPEFILE_PARTS,
    WORKBOOK_ENDINGS,
    WRITE_AHEAD,
    Located,
    RefusedError,
    refuse,
)
from geo_hygiene.i18n import N_

_SIDE_FILES = frozenset({*SHAPEFILE_PARTS, *WRITE_AHEAD}) - {"shp"}
_BYTE_ORDER_MARKS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")


def check_content(located: Located) -> None:
    """Make sure that the content is of the kind that the ending says, before anything tries to read it.

    Raises
    ------
    RefusedError
        With file-encrypted or file-type.
    """
    for ending, path in located.parts.items():
        _check(ending, path, _shown(located, ending, path))


def _check(ending: str, path: Path, name: str) -> None:
    start = _first_bytes(path)
    if start.startswith(foreign.ENCRYPTED_HEADS):
        text = N_("%(name)s was encrypted by the office's document security.")
        raise refuse(Code.FILE_ENCRYPTED, text, hint=foreign.DECRYPT_HINT, name=name)
    if foreign.has_password(path, start):
        text = N_("%(name)s is protected by a password.")
        raise refuse(Code.FILE_ENCRYPTED, text, hint=foreign.PASSWORD_HINT, name=name)
    if ending not in _SIDE_FILES and (kind := foreign.by_content(path, start)) is not None:
        raise RefusedError(foreign.told(kind, name))
    if not _fits(ending, start):
        raise _wrong_type(name, start)


def _fits(ending: str, start: bytes) -> bool:
    if ending == "shp":
        return start.startswith(shapefile_records.MAGIC)
    if ending in {"zip", "ods"}:
        return start.startswith(foreign.ZIP_HEADS)
    if ending in WORKBOOK_ENDINGS:
        return start.startswith((*foreign.ZIP_HEADS, foreign.COMPOUND_HEAD))
    if ending == "gpkg":
        return start.startswith(geopackages.MAGIC)
    if ending in JSON_ENDINGS:
        for mark in _BYTE_ORDER_MARKS:
            start = start.removeprefix(mark)
        return start.replace(b"\x00", b"").lstrip().startswith(b"{")
    return True


def _wrong_type(name: str, start: bytes) -> RefusedError:
    if not start.strip(b"\x00 \r\n\t"):
        return refuse(Code.FILE_TYPE, N_("%(name)s is empty."), name=name)
    if start.lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"<"):
        return refuse(Code.FILE_TYPE, N_("%(name)s holds XML, not what its ending says."), name=name)
    return refuse(
        Code.FILE_TYPE,
        N_("%(name)s is not what its ending says."),
        hint=N_("Open it in the program that it comes from, save it again under another name, and bring that."),
        name=name,
    )


def _shown(located: Located, ending: str, path: Path) -> str:
    # Members of an archive are unpacked under names of our own.
    return path.name if path.stem == located.name else f"{located.name}.{ending}"


def _first_bytes(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(foreign.START)
