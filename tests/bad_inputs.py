"""Broken, hostile and misleading files, each with what an import of it must answer; docs/bad-files.md lists them."""

from __future__ import annotations

import os
import sqlite3
import stat
import struct
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import geopandas
import numpy as np
import shapely

from tests.made_files import (
    BOW_TIE,
    LANE,
    LINE,
    POINT,
    POLYGON,
    SQUARE,
    dbf,
    geojson,
    shapefile,
    shp,
    zipped,
    zipped_shapefile,
)
from tests.made_workbooks import workbook

PLACE = (105.08, 31.09)
IMPORTED = "imported"
COMPOUND = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
VRT = """<OGRVRTDataSource><OGRVRTLayer name="passwd"><SrcDataSource relativeToVRT="0">/etc/passwd</SrcDataSource>
</OGRVRTLayer></OGRVRTDataSource>"""
ZIP_SIZE = 24
"""Where an entry of a zip's directory says how long the member is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BadInput:
    """One file that is made, and its outcome.

    Attributes
    ----------
    make
        Writes the file into a folder and returns its path.
    outcome
        Code of the error, or :data:`IMPORTED`.
    row
        Row that the error names; ``None`` when it is about the file.
    rows
        Rows that are accepted.
    """

    name: str
    make: Callable[[Path], Path]
    layer: str = "facilities"
    options: Mapping[str, Any] = field(default_factory=dict)
    outcome: str = IMPORTED
    row: int | None = None
    rows: int = 0


def written(name: str, content: bytes | str) -> Callable[[Path], Path]:
    """Return what writes one file of this content."""

    def make(folder: Path) -> Path:
        path = folder / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return make


def points(**options: Any) -> Callable[[Path], Path]:
    """Return what writes a shapefile of points."""
    shapes = options.pop("shapes", [[PLACE]])
    return lambda folder: shapefile(folder / "x.shp", POINT, shapes, **options)


def lines(*shapes: Any, **options: Any) -> Callable[[Path], Path]:
    """Return what writes a shapefile of lines."""
    return lambda folder: shapefile(folder / "x.shp", LINE, list(shapes), **options)


def features(*geometries: Any) -> Callable[[Path], Path]:
    """Return what writes GeoJSON."""
    return lambda folder: geojson(folder / "x.geojson", *geometries)


def without(part: str, make: Callable[[Path], Path]) -> Callable[[Path], Path]:
    """Return what takes a part of a shapefile away."""

    def changed(folder: Path) -> Path:
        path = make(folder)
        path.with_suffix(f".{part}").unlink()
        return path.with_suffix(".dbf") if part == "shp" else path

    return changed


def cut(part: str, share: float, make: Callable[[Path], Path]) -> Callable[[Path], Path]:
    """Return what keeps only the beginning of a part."""

    def changed(folder: Path) -> Path:
        path = make(folder)
        file = path.with_suffix(f".{part}")
        content = file.read_bytes()
        file.write_bytes(content[: int(len(content) * share)])
        return path

    return changed


def circle(vertices: int) -> list[tuple[float, float]]:
    """Return a ring of so many vertices."""
    angle = np.linspace(0, 2 * np.pi, vertices - 1, endpoint=False)
    ring = list(zip((105 + np.cos(angle) / 9).tolist(), (31 + np.sin(angle) / 9).tolist(), strict=True))
    return [*ring, ring[0]]


def compound(stream: str) -> bytes:
    """Return as much of a compound file as tells what it is."""
    return COMPOUND + bytes(504) + stream.encode("utf-16-le").ljust(512, b"\0")


def _archive(members: Mapping[str, bytes | Path]) -> Callable[[Path], Path]:
    return lambda folder: zipped(folder / "x.zip", members)


def _lying_bomb(folder: Path) -> Path:
    path = zipped(folder / "x.zip", {"x.shp": bytes(200 * 1024 * 1024)})
    content = path.read_bytes()
    at = content.index(b"PK\x01\x02") + ZIP_SIZE
    forged = content[:at] + struct.pack("<I", 1000) + content[at + 4 :]
    path.write_bytes(forged[:22] + struct.pack("<I", 1000) + forged[26:])
    return path


def _locked_archive(folder: Path) -> Path:
    path = zipped(folder / "x.zip", {"x.shp": b"x" * 100})
    content = bytearray(path.read_bytes())
    content[6] |= 1
    content[content.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(content)
    return path


def _link(folder: Path) -> Path:
    info = zipfile.ZipInfo("x.shp")
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(folder / "x.zip", "w") as archive:
        archive.writestr(info, "/etc/passwd")
    return folder / "x.zip"


def _infinite(folder: Path) -> Path:
    return shapefile(folder / "x.shp", LINE, [LANE, [PLACE, (float("inf"), 31.0)]])


def _nan(folder: Path) -> Path:
    path = geojson(folder / "x.geojson", list(LANE), {"type": "LineString", "coordinates": "HERE"})
    path.write_text(path.read_text().replace('"HERE"', "[[105, 31], [NaN, 31]]"))
    return path


def _two_files(folder: Path) -> Path:
    path = shapefile(folder / "x.shp", POINT, [[PLACE]] * 5)
    path.with_suffix(".dbf").write_bytes(dbf({"a": ("C", 3, 0)}, [["x"]] * 7))
    return path


def _virtual_table(folder: Path) -> Path:
    path = folder / "x.gpkg"
    geopandas.GeoDataFrame({"a": [1]}, geometry=[shapely.Point(PLACE)], crs=4326).to_file(path)
    database = sqlite3.connect(path)
    database.execute("pragma writable_schema = on")
    database.execute(
        "insert into sqlite_master (type, name, tbl_name, rootpage, sql) values"
        " ('table', 'v', 'v', 0, 'CREATE VIRTUAL TABLE v USING VirtualOGR(''/etc/passwd'')')"
    )
    database.commit()
    database.close()
    return path


def _plain_database(folder: Path) -> Path:
    database = sqlite3.connect(folder / "x.gpkg")
    database.execute("create table a (b)")
    database.close()
    return folder / "x.gpkg"


def _swollen_workbook(folder: Path) -> Path:
    path = workbook(folder / "x.xlsx", {"a": [["x", "y"], [1, 2]]})
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/media/big.bin", bytes(200_000_000))
    return path


def _zipped_vrt(folder: Path) -> Path:
    return zipped(folder / "x.zip", {"x.shp": VRT.encode()})


def _packed(folder: Path) -> Path:
    (folder / "in").mkdir()
    return zipped_shapefile(folder / "x.zip", shapefile(folder / "in" / "街道.shp", POINT, [[PLACE]]))


def _geodatabase(folder: Path) -> Path:
    (folder / "city.gdb").mkdir()
    (folder / "city.gdb" / "a00000001.gdbtable").write_bytes(b"\x03")
    return folder / "city.gdb"


def _sheet(*rows: list[Any], **sheets: list[list[Any]]) -> Callable[[Path], Path]:
    return lambda folder: workbook(folder / "x.xlsx", {"a": list(rows), **sheets})


HEADINGS = ["编号", "名称", "经度", "纬度"]
CHINESE = "珞喻路", "㐂𠮷", "䶮巷"
MARKUP = ["<script>alert(1)</script>", "'; drop table area; --", "{{7*7}}", "=cmd|' /c calc'!A1"]


def _broken_shapefiles() -> Iterator[BadInput]:
    yield BadInput(name="no .prj", make=points(srid=None), outcome="crs-missing")
    yield BadInput(name="a .prj of no planet", make=_no_planet, outcome="crs-missing")
    yield BadInput(name="no .dbf", make=without("dbf", points()), rows=1)
    yield BadInput(name="no .shx", make=without("shx", points()), rows=1)
    yield BadInput(name="a .dbf alone", make=without("shp", points()), outcome="file-unreadable")
    whole = points(shapes=[[PLACE]] * 50)
    yield BadInput(name=".shp cut in the middle", make=cut("shp", 0.5, whole), outcome="file-unreadable", row=24)
    yield BadInput(name=".dbf cut in the middle", make=cut("dbf", 0.5, whole), outcome="file-unreadable", row=21)
    yield BadInput(name="parts of two shapefiles", make=_two_files, outcome="file-unreadable", row=6)
    yield BadInput(
        name="GBK without .cpg, rare characters",
        make=points(
            shapes=[[PLACE], [(105.081, 31.09)], [(105.082, 31.09)]],
            fields={"名称".encode("gbk"): ("C", 40, 0)},
            rows=[[word.encode("gb18030")] for word in CHINESE],
        ),
        rows=3,
    )
    yield BadInput(
        name="bytes of no encoding",
        make=points(
            shapes=[[PLACE]] * 3, fields={"name": ("C", 8, 0)}, rows=[["a"], [b"\xff\xfe"], ["b"]], cpg="UTF-8"
        ),
        outcome="text-undecodable",
        row=2,
    )
    yield BadInput(
        name="markup, SQL, formulas in values and names",
        make=points(
            shapes=[[(105.08 + at / 1000, 31.09)] for at in range(4)],
            fields={"name": ("C", 60, 0), 'a"; drop': ("C", 60, 0)},
            rows=[[word, word] for word in MARKUP],
        ),
        rows=4,
    )


def _no_planet(folder: Path) -> Path:
    path = shapefile(folder / "x.shp", POINT, [[PLACE]])
    path.with_suffix(".prj").write_text(
        'GEOGCS["unknown",DATUM["unknown",SPHEROID["x",57.3,0]],PRIMEM["u",0],UNIT["d",0.0174]]'
    )
    return path


def _disguises() -> Iterator[BadInput]:
    for name in ("x.geojson", "x.shp"):
        yield BadInput(name=f"a driver's text named {name}", make=written(name, VRT), outcome="file-type")
    yield BadInput(name="a driver's text in a .zip", make=_zipped_vrt, outcome="file-type")
    yield BadInput(name="a virtual table in a GeoPackage", make=_virtual_table, outcome="file-type")
    yield BadInput(name="a plain database named .gpkg", make=_plain_database, outcome="file-unreadable")
    contents = {
        "a PDF": ("scan.pdf", b"%PDF-1.7"),
        "a photo named .xlsx": ("scan.xlsx", b"\xff\xd8\xff\xe0JFIF"),
        "a text of Word": ("名单.doc", compound("WordDocument")),
        "a text of Word named .xls": ("名单.xls", compound("WordDocument")),
        "a drawing of AutoCAD": ("图.dwg", b"AC1032"),
        "an archive .rar": ("街道.rar", b"Rar!\x1a\x07\x01\x00"),
        "an archive .7z": ("街道.7z", b"7z\xbc\xaf\x27\x1c"),
        "a database of Access": ("a.mdb", b"\x00\x01\x00\x00Standard Jet DB"),
        "a KML of a web map": ("places.kml", b"<?xml version='1.0'?><kml></kml>"),
        "a layer of MapInfo": ("roads.tab", b"!table\r\n!version 300"),
        "a web page named .xls": ("export.xls", b"<html><table><tr><td>a</td></tr></table></html>"),
        "an empty file": ("empty.xlsx", b""),
    }
    for what, (name, content) in contents.items():
        yield BadInput(name=what, make=written(name, content), outcome="file-type")
    yield BadInput(name="4 kB of zeros named .csv", make=written("zeros.csv", bytes(4096)), outcome="file-unreadable")
    yield BadInput(name="a folder of a geodatabase", make=_geodatabase, outcome="file-type")


def _encryption() -> Iterator[BadInput]:
    tsd = b"%TSD-Header-###%" + bytes(600)
    for name in ("名单.xlsx", "名单.csv", "街道.shp", "街道.zip"):
        yield BadInput(name=f"{name} of the document security", make=written(name, tsd), outcome="file-encrypted")
    yield BadInput(
        name="a workbook behind a password",
        make=written("名单.xlsx", compound("EncryptedPackage")),
        outcome="file-encrypted",
    )
    yield BadInput(name="an archive behind a password", make=_locked_archive, outcome="file-encrypted")


def _archives() -> Iterator[BadInput]:
    main, index = shp(POINT, [[PLACE]])
    for name in ("../x.shp", "/etc/x.shp", "C:\\x.shp"):
        yield BadInput(name=f"{name} in a .zip", make=_archive({name: main}), outcome="archive-unsafe")
    yield BadInput(name="a link in a .zip", make=_link, outcome="archive-unsafe")
    yield BadInput(
        name="a .zip that unpacks to 200 MB", make=_archive({"x.shp": bytes(200 * 2**20)}), outcome="archive-unsafe"
    )
    yield BadInput(name="the same, lying about its size", make=_lying_bomb, outcome="file-unreadable")
    yield BadInput(name="an archive in a .zip", make=_archive({"y.7z": b"7z"}), outcome="archive-unsafe")
    both = {"a.shp": main, "a.shx": index, "b.shp": main, "b.shx": index}
    yield BadInput(name="two layers in a .zip", make=_archive(both), outcome="file-unreadable")
    yield BadInput(name="a workbook that unpacks to 200 MB", make=_swollen_workbook, outcome="archive-unsafe")
    yield BadInput(name="a damaged .zip", make=written("x.zip", b"PK\x03\x04" + bytes(90)), outcome="file-unreadable")
    yield BadInput(name="a .zip with Chinese names", make=_packed, rows=1)


def _coordinates() -> Iterator[BadInput]:
    streets = "street-segments"
    yield BadInput(name="NaN in GeoJSON", make=_nan, layer=streets, outcome="not-finite", row=2)
    yield BadInput(name="infinity in a shapefile", make=_infinite, layer=streets, outcome="not-finite", row=2)
    rings = [{"type": "Polygon", "coordinates": [ring]} for ring in (SQUARE, BOW_TIE)]
    yield BadInput(name="a bow-tie", make=features(*rings), layer="buildings", outcome="geometry-invalid", row=2)
    yield BadInput(
        name="1 000 000 vertices",
        make=lambda folder: shapefile(folder / "x.shp", POLYGON, [SQUARE, circle(1_000_000)]),
        layer="buildings",
        outcome="too-many-vertices",
        row=2,
    )
    swapped = [(lat, lon) for lon, lat in LANE]
    yield BadInput(name="latitude first", make=lines(swapped, swapped), layer=streets, outcome="looks-swapped")
    metres = [(35_507_633.5, 3_441_150.1), (35_507_733.5, 3_441_150.1)]
    yield BadInput(name="metres as degrees", make=lines(metres), layer=streets, outcome="looks-projected")
    yield BadInput(name="points for a layer of lines", make=points(), layer=streets, outcome="geometry-type", row=1)
    yield BadInput(name="a row without a shape", make=lines(LANE, None), layer=streets, outcome="geometry-empty", row=2)
    yield BadInput(
        name="GeoJSON cut in a feature",
        make=written("x.geojson", '{"type":"FeatureCollection","features":[{"type":"Feature","prop'),
        layer=streets,
        outcome="file-unreadable",
        row=1,
    )
    both_ways = [[*LANE], [*reversed(LANE)]]
    yield BadInput(name="a street once in each direction", make=lines(*both_ways), layer=streets, rows=2)


def _tables() -> Iterator[BadInput]:
    good = "编号,名称,经度,纬度\n1,东厕,105.08,31.09\n2,西厕,105.081,31.09\n"
    yield BadInput(name="a good CSV", make=written("x.csv", good), rows=2)
    yield BadInput(
        name="UTF-16, as “Unicode text” of Excel",
        make=written("x.txt", good.replace(",", "\t").encode("utf-16")),
        rows=2,
    )
    yield BadInput(
        name="semicolons, UTF-8 with a mark", make=written("x.csv", good.replace(",", ";").encode("utf-8-sig")), rows=2
    )
    yield BadInput(name="old Macintosh line ends", make=written("x.csv", good.replace("\n", "\r")), rows=2)
    yield BadInput(name="only headings", make=written("x.csv", good[:12]), outcome="file-unreadable")
    yield BadInput(
        name="no columns that say where", make=written("x.csv", "编号,名称\n1,东厕\n"), outcome="geometry-empty"
    )
    yield BadInput(
        name="quotes that do not match",
        make=written("x.csv", good + '3,"北厕,105,31\n'),
        outcome="file-unreadable",
        row=3,
    )
    yield BadInput(
        name="latitude in the column of longitude",
        make=written("x.csv", good.replace("31.09", "105.08").replace("105.08,105.08", "31.09,105.08")),
        outcome="value-invalid",
        row=1,
    )
    yield BadInput(
        name="a number twice",
        make=written("x.csv", good.replace("\n2", "\n1")),
        options={"key": "编号"},
        outcome="duplicate-key",
        row=2,
    )
    yield BadInput(
        name="a date that can be two",
        make=written("x.csv", "编号,经度,纬度,开始日期\n1,105.08,31.09,03/04/2025\n"),
        outcome="date-ambiguous",
        row=1,
    )
    yield BadInput(
        name="0, 0 for an unknown place",
        make=written("x.csv", good.replace("105.081,31.09", "0,0")),
        outcome="geometry-empty",
        row=2,
    )
    title = ["清江街道公共厕所一览表"]
    rows = [HEADINGS, ["007", "东厕", 105.08, "31.09"], [], ["８", "西厕", "１０５.０８１", 31.09], []]
    yield BadInput(
        name="a workbook with a title, full-width digits and empty lines", make=_sheet(title, [], *rows), rows=2
    )
    yield BadInput(
        name="two filled sheets",
        make=_sheet(HEADINGS, ["1", "东厕", 105, 31], b=[["x", "y"], [1, 2]]),
        outcome="file-unreadable",
    )
    yield BadInput(
        name="a damaged workbook", make=written("x.xlsx", b"PK\x03\x04" + os.urandom(90)), outcome="file-unreadable"
    )
    yield BadInput(
        name="more values than headings",
        make=_sheet(HEADINGS, ["1", "东厕", 105, 31, "?"]),
        outcome="file-unreadable",
        row=1,
    )


BAD_INPUTS = (
    *_broken_shapefiles(),
    *_disguises(),
    *_encryption(),
    *_archives(),
    *_coordinates(),
    *_tables(),
)
