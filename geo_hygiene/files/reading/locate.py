"""Find which files belong to the path that a user named, without opening any of them."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from geo_hygiene.files.findings import Code, Finding
from geo_hygiene.files.reading import foreign
from geo_hygiene.i18n import N_

#: The endings of a shapefile's parts that are read; the others (spatial indexes, metadata) are left alone.
SHAPEFILE_PARTS = ("shp", "shx", "dbf", "prj", "cpg")
JSON_ENDINGS = ("geojson", "json")
READABLE = ("shp", "zip", "gpkg", *JSON_ENDINGS)
TEXT_ENDINGS = ("csv", "txt", "tsv")
WORKBOOK_ENDINGS = ("xlsx", "xls", "ods", "xlsm", "xlsb", "et")
TABLE_ENDINGS = (*TEXT_ENDINGS, *WORKBOOK_ENDINGS)
PACKED_TABLES = tuple(ending for ending in TABLE_ENDINGS if ending != "txt")
"""Tables that a folder or an archive may hold; a text there is what somebody wrote about the others."""
#: Side files of a GeoPackage that was not closed: newer rows may stand there.
WRITE_AHEAD = ("gpkg-wal", "gpkg-shm")


@dataclass(frozen=True)
class Located:
    """The files of one source: the ending that says how to read it, its name, and each part by ending."""

    ending: str
    name: str
    parts: dict[str, Path]


class RefusedError(Exception):
    """The file can not be read at all; the finding says why."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.code)
        self.finding = finding


def refuse(code: Code, text: str, *, hint: str | None = None, row: int | None = None, **values: object) -> RefusedError:
    """Return the exception that ends the reading with one finding."""
    return RefusedError(Finding(code, text, row=row, hint=hint, values=values))


def locate(path: Path) -> Located:
    """Return the files that belong to a path: a file, a folder that holds one source, a shapefile without its ending.

    Raises
    ------
    RefusedError
        If there is no such file, or not exactly one.
    """
    ending = path.suffix.lower().removeprefix(".")
    if path.is_dir():
        if foreign.by_ending(ending) is not None:
            raise _not_read(path, ending)
        return _only_one(path)
    if not path.exists() and path.with_name(path.name + ".shp").exists():
        path, ending = path.with_name(path.name + ".shp"), "shp"
    if not path.is_file():
        raise refuse(Code.FILE_UNREADABLE, N_("There is no file %(name)s."), name=path.name)
    if ending in SHAPEFILE_PARTS and ending != "shp":
        return _shapefile(path, needs_shapes=True)
    if ending == "shp":
        return _shapefile(path)
    if ending not in {*READABLE, *TABLE_ENDINGS}:
        raise _not_read(path, ending)
    extra = {part: beside for part in WRITE_AHEAD if (beside := path.with_suffix(f".{part}")).is_file()}
    return Located(ending, path.stem, {ending: path, **(extra if ending == "gpkg" else {})})


def _not_read(path: Path, ending: str) -> RefusedError:
    kind = foreign.by_ending(ending)
    if kind is not None:
        return RefusedError(foreign.told(kind, path.name))
    return refuse(
        Code.FILE_TYPE,
        N_("Files with the ending %(ending)s are not read."),
        hint=N_(
            "Bring a shapefile (.shp, a folder or a .zip), a GeoPackage (.gpkg), GeoJSON (.geojson), or a table "
            "(.csv, .xlsx)."
        ),
        ending=f".{ending}" if ending else "—",
    )


def parts_of(stem: str, files: Iterable[Path]) -> dict[str, Path]:
    """Return the parts of a shapefile by ending, without regard to case, as the file systems of offices do."""
    parts: dict[str, Path] = {}
    for file in sorted(files):
        ending = file.suffix.lower().removeprefix(".")
        if file.stem == stem and ending in SHAPEFILE_PARTS:
            parts.setdefault(ending, file)
    return parts


def _shapefile(path: Path, *, needs_shapes: bool = False) -> Located:
    parts = parts_of(path.stem, path.parent.iterdir())
    if needs_shapes and "shp" not in parts:
        raise refuse(
            Code.FILE_UNREADABLE,
            N_("The shapes are missing: there is no %(missing)s beside %(name)s."),
            missing=f"{path.stem}.shp",
            name=path.name,
        )
    if path.suffix.lower() == ".shp":
        parts["shp"] = path
    return Located("shp", path.stem, parts)


def _only_one(folder: Path) -> Located:
    files = sorted(file for file in folder.iterdir() if not file.name.startswith((".", "~$")) and file.is_file())

    def ending_in(endings: Iterable[str]) -> list[Path]:
        return [file for file in files if file.suffix.lower().removeprefix(".") in endings]

    candidates = ending_in(["shp"]) or ending_in(READABLE) or ending_in(PACKED_TABLES)
    if not candidates:
        raise refuse(
            Code.FILE_UNREADABLE,
            N_("The folder %(name)s holds no shapefile, GeoPackage, GeoJSON or table."),
            name=folder.name,
        )
    if len(candidates) > 1:
        raise refuse(
            Code.FILE_UNREADABLE,
            N_("The folder %(name)s holds more than one file: %(names)s."),
            hint=N_("Name the one that you mean."),
            name=folder.name,
            names=listed(file.name for file in candidates),
        )
    return locate(candidates[0])


def listed(names: Iterable[str], *, most: int = 20) -> str:
    """Return the names as one text, not more than `most` of them."""
    every = list(names)
    return ", ".join(every[:most]) + (" …" if len(every) > most else "")
