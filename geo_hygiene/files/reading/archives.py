"""Take a shapefile, GeoPackage, GeoJSON or table out of an archive without trusting a word of what the archive says."""

import errno
import re
import stat
import zipfile
import zlib
from collections import defaultdict
from pathlib import Path, PurePosixPath

from geo_hygiene.files.findings import Code
from geo_hygiene.files.reading import encodings
from geo_hygiene.files.reading.limits import MEBIBYTE, Limits
from geo_hygiene.files.reading.locate import (
    JSON_ENDINGS,
    PACKED_TABLES,
    SHAPEFILE_PARTS,
    Located,
    RefusedError,
    listed,
    refuse,
)
from geo_hygiene.i18n import N_

MOST_MEMBERS = 20
#: Text padded with blanks shrinks to a hundredth; what shrinks more, and is not small, was made to hurt.
MOST_RATIO = 100
RATIO_COUNTS_FROM = 16 * MEBIBYTE
_LAYERS = frozenset({"shp", "gpkg", *JSON_ENDINGS})
_WANTED = frozenset({*SHAPEFILE_PARTS, *_LAYERS, *PACKED_TABLES})
_NESTED = frozenset({"zip", "7z", "rar", "gz", "tgz", "tar", "bz2", "xz", "zst", "kmz"})
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_UTF8_NAMES = 0x800
_ENCRYPTED = 0x1
_BLOCK = MEBIBYTE
DAMAGED = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, UnicodeDecodeError, OSError)
"""What the standard library raises over an archive that is none; names that say they are UTF-8 may not be."""


def unpack(path: Path, scratch: Path, limits: Limits, *, wanted: str | None = None) -> Located:
    """Write the one source of an archive into `scratch` under names of our own.

    Parameters
    ----------
    path
        A zip archive.
    scratch
        Folder of this import alone.
    wanted
        Name of the source, where the archive holds more than one.

    Raises
    ------
    RefusedError
        With archive-unsafe, file-encrypted, file-too-big or file-unreadable.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            names = {member_name(info): info for info in _checked(archive, limits)}
            ending, members = _choose(names, path.name, wanted)
            budget = limits.unpacked_bytes
            parts = {}
            for number, (part, name) in enumerate(sorted(members.items())):
                parts[part] = scratch / f"member{number}.{part}"
                budget -= _stream(archive, names[name], parts[part], budget)
    except DAMAGED as problem:
        if isinstance(problem, OSError) and problem.errno in {errno.ENOSPC, errno.EFBIG}:
            raise
        raise refuse(
            Code.FILE_UNREADABLE,
            N_("The archive is damaged."),
            hint=N_("The file was not copied whole; get it again."),
        ) from problem
    stem = PurePosixPath(next(iter(members.values()))).stem
    return Located(ending, stem, parts)


def is_encrypted(info: zipfile.ZipInfo) -> bool:
    """Tell whether a member needs a password."""
    return bool(info.flag_bits & _ENCRYPTED)


def member_name(info: zipfile.ZipInfo) -> str:
    """Return the name of a member; names that are not marked as UTF-8 are UTF-8 or GBK all the same in China."""
    if info.flag_bits & _UTF8_NAMES:
        return info.orig_filename
    return encodings.decoded(info.orig_filename.encode("cp437", errors="replace"))


def _checked(archive: zipfile.ZipFile, limits: Limits) -> list[zipfile.ZipInfo]:
    """Return the members that are files, after all of them were found harmless."""
    members = [info for info in archive.infolist() if not _is_rubbish(member_name(info))]
    for info in members:
        _check_name(member_name(info))
        if stat.S_ISLNK(info.external_attr >> 16):
            raise _unsafe(N_("The archive holds the link %(name)s."), member_name(info))
        if is_encrypted(info):
            raise refuse(
                Code.FILE_ENCRYPTED,
                N_("The archive is encrypted."),
                hint=N_("Unpack it, and import the files that it holds."),
            )
        if info.compress_type not in _METHODS:
            raise refuse(Code.FILE_UNREADABLE, N_("The archive is packed in a way that is not read; use plain zip."))
        if _ending(member_name(info)) in _NESTED:
            raise _unsafe(N_("The archive holds another archive, %(name)s."), member_name(info))
    files = [info for info in members if not info.filename.endswith("/")]
    if len(files) > MOST_MEMBERS:
        raise refuse(
            Code.ARCHIVE_UNSAFE,
            N_("The archive holds %(count)s files; not more than %(most)s are read."),
            hint=N_("Pack only the files of one layer."),
            count=len(files),
            most=MOST_MEMBERS,
        )
    check_sizes(files, limits)
    return files


def check_sizes(files: list[zipfile.ZipInfo], limits: Limits) -> None:
    """Refuse an archive that says of itself that it unpacks to more than may be, or than real files do."""
    unpacked = sum(info.file_size for info in files)
    packed = sum(info.compress_size for info in files)
    if unpacked > RATIO_COUNTS_FROM and unpacked > MOST_RATIO * max(packed, 1):
        raise refuse(
            Code.ARCHIVE_UNSAFE,
            N_("The archive unpacks to %(ratio)s times its size, as archives do that are made to fill a disk."),
            ratio=unpacked // max(packed, 1),
        )
    if unpacked > limits.unpacked_bytes:
        raise too_big(unpacked, limits.unpacked_bytes)


def too_big(size: int, most: int) -> RefusedError:
    """Return the refusal of a file, or an unpacked archive, of more bytes than are read."""
    return refuse(
        Code.FILE_TOO_BIG,
        N_("The file has %(size)s MB; not more than %(most)s MB are read."),
        size=f"{size / MEBIBYTE:.0f}",
        most=f"{most / MEBIBYTE:.0f}",
    )


def _check_name(name: str) -> None:
    path = name.replace("\\", "/")
    if (
        path.startswith("/")
        or ".." in path.split("/")
        or re.match(r"[A-Za-z]:", path)
        or any(ord(character) < ord(" ") for character in name)
    ):
        raise _unsafe(N_("The archive wants to write outside its folder: %(name)s."), name)


def _unsafe(text: str, name: str) -> RefusedError:
    return refuse(Code.ARCHIVE_UNSAFE, text, name=ascii(name)[1:-1] if not name.isprintable() else name)


def _is_rubbish(name: str) -> bool:
    # What macOS adds to every archive; its names look like parts of shapefiles.
    return name.startswith("__MACOSX/") or PurePosixPath(name).name in {".DS_Store", "Thumbs.db"}


def _ending(name: str) -> str:
    return PurePosixPath(name.replace("\\", "/")).suffix.lower().removeprefix(".")


def _choose(names: dict[str, zipfile.ZipInfo], archive: str, wanted: str | None) -> tuple[str, dict[str, str]]:
    """Return the ending of the source and its members by ending."""
    groups: dict[str, dict[str, str]] = defaultdict(dict)
    for name in names:
        ending = _ending(name)
        if ending not in _WANTED:
            continue
        # Parts of a shapefile belong together by name, and the other formats stand alone.
        key = name.replace("\\", "/").rpartition(".")[0].casefold() + (
            "" if ending in SHAPEFILE_PARTS else f".{ending}"
        )
        if ending in groups[key]:
            raise _unsafe(N_("The archive holds two files of the name %(name)s."), name)
        groups[key][ending] = name
    layers = {key: parts for key, parts in groups.items() if _LAYERS & parts.keys()}
    sources = layers or {key: parts for key, parts in groups.items() if parts.keys() & set(PACKED_TABLES)}
    if wanted is not None and len(sources) > 1:
        sources = {key: parts for key, parts in sources.items() if _stem(parts) == wanted} or sources
    if not sources:
        raise refuse(
            Code.FILE_UNREADABLE,
            N_("The archive %(name)s holds no shapefile, GeoPackage, GeoJSON or table."),
            name=archive,
        )
    if len(sources) > 1:
        raise refuse(
            Code.FILE_UNREADABLE,
            N_("The archive %(name)s holds more than one layer: %(names)s."),
            hint=N_("Say which one with --table NAME."),
            name=archive,
            names=listed(stems := sorted(_stem(parts) for parts in sources.values())),
            tables=stems,
        )
    parts = next(iter(sources.values()))
    return ("shp" if "shp" in parts else next(iter(parts))), parts


def _stem(parts: dict[str, str]) -> str:
    return PurePosixPath(next(iter(parts.values())).replace("\\", "/")).stem


def _stream(archive: zipfile.ZipFile, info: zipfile.ZipInfo, target: Path, budget: int) -> int:
    """Unpack one member, counting the bytes that come: the sizes in the archive may be lies."""
    written = 0
    with archive.open(info) as source, target.open("xb") as sink:
        while block := source.read(_BLOCK):
            written += len(block)
            if written > budget:
                raise too_big(written, budget)
            sink.write(block)
    return written
