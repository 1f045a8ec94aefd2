"""Strategies of files: each format with shapes and values that are wrong or odd, forged heads, and changed bytes."""

from __future__ import annotations

import csv
import io
import json
import sqlite3
import struct
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from faults.cases import FAMILIES, Case
from faults.made_archives import archives
from faults.made_shapes import ORIGIN, Shape, as_geojson, as_wkb, as_wkt, good_shapes, good_shapes_of, shapes
from faults.made_values import DAYS, json_values, names, texts
from faults.made_workbooks import open_documents, workbooks
from tests.made_files import LINE, POINT, POLYGON, dbf, prj, shp

SAMPLE = Path(__file__).parent.parent / "data" / "shapefiles"
EXTENT = (ORIGIN[0] - 0.2, ORIGIN[1] - 0.2, ORIGIN[0] + 0.2, ORIGIN[1] + 0.2)
SYSTEMS = (None,) * 16 + ("EPSG:4326", "EPSG:4326", "EPSG:4490", "EPSG:4523", "4547", "EPSG:3857", "EPSG:0", "路", "")
ENCODINGS = (None,) * 20 + ("GBK", "GBK", "UTF-8", "CP1252", "UTF-16", "big5", "路", "\x00")
TABLES = (None,) * 20 + ("town", "路", 'a"b', "")


def cases(files: st.SearchStrategy[Mapping[str, bytes]], main: str) -> st.SearchStrategy[Case]:
    """Return the strategy of cases of some files, with what a user may say of them."""
    return st.builds(
        Case,
        files=files,
        main=st.just(main),
        family=st.sampled_from(FAMILIES),
        crs=st.sampled_from(SYSTEMS),
        encoding=st.sampled_from(ENCODINGS),
        table=st.sampled_from(TABLES),
        extent=st.sampled_from((None, EXTENT)),
        needs_shapes=st.booleans(),
    )


# GeoJSON

CRS_MEMBERS: tuple[Any, ...] = (
    None,
    {"type": "name", "properties": {"name": "urn:ogc:def:crs:OGC:1.3:CRS84"}},
    {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::4523"}},
    {"type": "name", "properties": {"name": "EPSG:\ud800"}},
    {"type": "name", "properties": {"name": "EPSG:99999999999999999999"}},
    {"type": "EPSG", "properties": {"code": 4326}},
    {"type": "name", "properties": []},
    {"type": "link", "properties": {"href": "http://127.0.0.1/"}},
    [],
    "EPSG:4326",
)
odd_geometries = st.one_of(
    shapes.map(as_geojson),
    shapes.map(as_geojson),
    good_shapes.map(as_geojson),
    st.none(),
    st.builds(
        lambda kind, coordinates: {"type": kind, "coordinates": coordinates},
        st.one_of(st.sampled_from(("Point", "LineString", "Polygon", "MultiPolygon")), json_values),
        st.recursive(json_values, lambda inner: st.lists(inner, max_size=4), max_leaves=12),
    ),
    json_values,
)
features = st.one_of(
    st.builds(
        lambda geometry, properties, more: {"type": "Feature", "geometry": geometry, "properties": properties, **more},
        odd_geometries,
        st.dictionaries(names, json_values, max_size=4),
        st.one_of(st.just({}), json_values.map(lambda value: {"id": value})),
    ),
    st.builds(lambda geometry: {"type": "Feature", "geometry": geometry, "properties": {}}, odd_geometries),
    st.builds(lambda properties: {"type": "Feature", "geometry": None, "properties": properties}, json_values),
)


@st.composite
def geojson(draw: st.DrawFn) -> Mapping[str, bytes]:
    """Draw a collection of features, most of them readable."""
    collection: Any = {"type": "FeatureCollection"}
    system = draw(st.sampled_from((None,) * 12 + CRS_MEMBERS))
    listed = draw(st.lists(features, max_size=4))
    if not draw(st.integers(0, 19)):
        listed.append(draw(json_values))
    behind = draw(st.booleans())
    if system is not None and not behind:
        collection["crs"] = system
    collection["features"] = listed
    if system is not None and behind:
        collection["crs"] = system
    if not draw(st.integers(0, 19)):
        collection = draw(st.one_of(features, odd_geometries))
    text = json.dumps(collection)
    depth = draw(st.sampled_from((0,) * 20 + (30, 900, 1500)))
    if depth:
        opening, closing_ = draw(st.sampled_from((("[", "]"), ('{"a":', "}"))))
        text = text[:-1] + f',"x":{opening * depth}1{closing_ * depth}}}'
    text = text.replace("Infinity", draw(st.sampled_from(("Infinity", "1e999"))))
    return {"town.geojson": text.encode(draw(st.sampled_from(("utf-8",) * 6 + ("utf-8-sig", "utf-16"))))}


# Shapefiles

FIELD_TYPES = ("C", "C", "C", "N", "F", "D", "L", "M", "B", "@", "\x00")


def field(letter: str, width: int, decimals: int) -> tuple[str, int, int]:
    """Return a field of a dbf table that has room in a byte each."""
    return letter, width % 256, decimals % 256


dbf_fields: st.SearchStrategy[dict[str | bytes, tuple[str, int, int]]] = st.dictionaries(
    names.map(lambda name: name.encode("utf-8", errors="ignore").replace(b"\x00", b"")[:11]),
    st.builds(
        field,
        st.sampled_from(FIELD_TYPES),
        st.one_of(st.sampled_from((0, 1, 8, 10, 20, 254)), st.integers(0, 255)),
        st.sampled_from((0, 0, 2, 255)),
    ),
    min_size=1,
    max_size=4,
)


def in_bytes(text: str, encoding: str) -> bytes:
    """Return a text in an encoding that may lack some of its characters."""
    return text.encode(encoding, errors="replace")


def parts(shape: Shape) -> Any:
    """Return the shape as the writer of shapefiles wants it: a list of points, or one for each part."""
    if shape.kind == 1:
        return [tuple(shape.coordinates[:2])] if len(shape.coordinates) > 1 else None
    lines = [shape.coordinates] if shape.kind == 2 else shape.coordinates if shape.kind in {3, 5} else []  # noqa: PLR2004
    found = [[tuple(point[:2]) for point in line] for line in lines if line]
    return found or None


@st.composite
def shapefiles(draw: st.DrawFn) -> Mapping[str, bytes]:
    """Draw a shapefile whose parts may be missing or of different lengths."""
    kind = draw(st.sampled_from((POINT, LINE, POLYGON)))
    wanted = {POINT: {1}, LINE: {2, 5}, POLYGON: {3}}[kind]
    good = good_shapes_of[{POINT: "point", LINE: "line", POLYGON: "polygon"}[kind]]
    drawn = draw(st.lists(st.one_of(shapes, shapes, good), max_size=5))
    found = [parts(shape) for shape in drawn if shape.kind in wanted]
    main, index = shp(kind, found)
    fields = draw(dbf_fields)
    encoding = draw(st.sampled_from(("utf-8", "gb18030", "gbk", "cp1252", "big5")))
    count = draw(st.sampled_from((len(found),) * 9 + (len(found) + 1,)))
    table = dbf(
        fields,
        [[in_bytes(draw(texts), encoding) for _ in fields] for _ in range(count)],
        language_id=draw(st.sampled_from((0, 0x4D, 0x57, 0x7A, 0x13, 0xFF))),
        deleted=draw(st.lists(st.integers(1, 5), max_size=1)),
    )
    files = {"town.shp": main, "town.shx": index, "town.dbf": table, "town.prj": draw(prjs).encode()}
    label = draw(st.sampled_from((None, None, "GBK", "UTF-8", "936", "\x00", "路")))
    if label is not None:
        files["town.cpg"] = label.encode()
    for lost in draw(st.sampled_from(((),) * 5 + (("town.shx",), ("town.dbf",), ("town.prj",)))):
        del files[lost]
    return files


KNOWN_PRJS = (prj(4326), prj(4523), prj(3857), prj(4490))
prjs = st.one_of(
    st.just(KNOWN_PRJS[0]),
    st.just(KNOWN_PRJS[0]),
    st.sampled_from(KNOWN_PRJS),
    st.sampled_from(
        ("", "EPSG:4326", "LOCAL_CS", 'GEOGCS["x"', "[" * 5000, 'PROJCS["a",GEOGCS["b"]]', "\x00", "路" * 3000)
    ),
)


# GeoPackages

PLAIN_TYPES = ("TEXT", "INTEGER", "REAL", "BLOB", "DATE", "DATETIME", "BOOLEAN", "MEDIUMINT", "GEOMETRY", "", "x y")
KINDS = ("GEOMETRY", "POINT", "LINESTRING", "POLYGON", "MULTIPOLYGON", "CIRCULARSTRING", "x", "")
SCHEMA = """
    create table gpkg_spatial_ref_sys (srs_name text, srs_id integer primary key, organization text,
        organization_coordsys_id integer, definition text, description text);
    create table gpkg_contents (table_name text primary key, data_type text, identifier text, description text,
        last_change text, min_x double, min_y double, max_x double, max_y double, srs_id integer);
    create table gpkg_geometry_columns (table_name text, column_name text, geometry_type_name text, srs_id integer,
        z tinyint, m tinyint);
"""
HOSTILE = (
    "create view town as select * from nothing",
    "create view v as with recursive n(i) as (select 1 union all select i + 1 from n) select i from n",
    "create virtual table secret using fts5(x)",
    "create trigger t after insert on town begin delete from town; end",
    "update gpkg_contents set table_name = 7",
    "update gpkg_contents set table_name = x'ff00'",
    "update gpkg_contents set table_name = null",
    "update gpkg_geometry_columns set geometry_type_name = null",
    "update gpkg_geometry_columns set column_name = 'fid'",
    "update gpkg_geometry_columns set column_name = x'ff'",
    "update gpkg_contents set srs_id = 12345",
    "update gpkg_contents set data_type = 'attributes'",
    "update gpkg_spatial_ref_sys set definition = 'undefined'",
    "update gpkg_spatial_ref_sys set definition = x'ff', organization = 7",
    "delete from gpkg_spatial_ref_sys",
    "drop table gpkg_geometry_columns",
    "insert into gpkg_contents (table_name, data_type) values ('other', 'features')",
    "insert into gpkg_geometry_columns values ('town', 'geom', 'POINT', 4326, 0, 0)",
    "pragma user_version = -1",
    "pragma encoding = 'UTF-16'",
)


def quoted(name: str) -> str:
    """Return a name as SQL writes it; SQLite ends it at a NUL."""
    return '"' + name.replace("\x00", "").replace('"', '""') + '"'


gpkg_heads = st.sampled_from(
    (struct.pack("<2sBBi", b"GP", 0, 1, 4326),) * 8
    + (
        struct.pack("<2sBBi4d", b"GP", 0, 3, 4326, 1, 2, 3, 4),
        struct.pack("<2sBBi", b"GP", 0, 0xFF, 4326),
        struct.pack("<2sBBi", b"GP", 9, 0x11, -1),
        b"GP",
        b"XX\x00\x01",
        b"",
    )
)
blobs = st.one_of(
    st.builds(lambda head, shape: head + as_wkb(shape), gpkg_heads, st.one_of(shapes, good_shapes)),
    st.builds(lambda head, rest: head + rest, gpkg_heads, st.binary(max_size=60)),
    st.builds(
        lambda head, kind, count: head + struct.pack("<BII", 1, kind, count),
        gpkg_heads,
        st.sampled_from((2, 3, 4, 5, 6, 7, 8, 9, 10, 13, 17, 1002, 3003, 2**31, 0x80000003)),
        st.sampled_from((0, 1, 10**6, 2**31, 2**32 - 1)),
    ),
    st.none(),
)
cells = st.one_of(
    json_values.filter(lambda value: isinstance(value, int | float | str | None)),
    st.sampled_from(DAYS),
    st.binary(max_size=8),
)


def cell(value: Any) -> Any:
    """Return a value as SQLite can store it."""
    if isinstance(value, int) and not -(2**63) <= value < 2**63:
        return float(min(abs(value), 10**300))
    if isinstance(value, str) and any("\ud800" <= letter <= "\udfff" for letter in value):
        return value.encode("utf-8", errors="surrogatepass")
    return value


@st.composite
def geopackages(draw: st.DrawFn) -> Mapping[str, bytes]:
    """Draw a database that looks like a GeoPackage."""
    layer = draw(st.sampled_from(("town",) * 6 + ("路", 'a"b', "a;b", "select", " ")))
    fields = list(dict.fromkeys(draw(st.lists(names.map(lambda name: name.replace("\x00", "") or "x"), max_size=3))))
    with closing(sqlite3.connect(":memory:")) as database:
        database.executescript(SCHEMA)
        database.execute("insert into gpkg_spatial_ref_sys values ('a', 4326, 'EPSG', 4326, ?, '')", [draw(prjs)])
        srs = draw(st.sampled_from((4326,) * 20 + (0, -1, 4523, 99999)))
        database.execute(
            "insert into gpkg_contents (table_name, data_type, srs_id) values (?, 'features', ?)", [layer, srs]
        )
        database.execute(
            "insert into gpkg_geometry_columns values (?, 'geom', ?, ?, 0, 0)",
            [layer, draw(st.sampled_from(KINDS)), srs],
        )
        columns = "".join(f", {quoted(name)} {draw(st.sampled_from(PLAIN_TYPES))}" for name in fields)
        try:
            database.execute(f"create table {quoted(layer)} (fid integer primary key, geom blob{columns})")
        except sqlite3.Error:
            fields = []  # two names that differ in case only
            database.execute(f"create table {quoted(layer)} (fid integer primary key, geom blob)")
        for _ in range(draw(st.sampled_from((0, 1, 2, 2, 3, 4)))):
            values = [draw(blobs), *(cell(draw(cells)) for _ in fields)]
            marks = ", ".join("?" * len(values))
            database.execute(f"insert into {quoted(layer)} values (null, {marks})", values)  # noqa: S608 - quoted
        for statement in draw(st.sampled_from(((),) * 3 + tuple((told,) for told in HOSTILE))):
            try:
                database.execute(statement)
            except sqlite3.Error:
                continue
        database.commit()
        return {"town.gpkg": database.serialize()}


# CSV

wkts = st.one_of(
    shapes.map(as_wkt), good_shapes.map(as_wkt), texts, st.sampled_from(("POINT(nan 1)", "GEOMETRYCOLLECTION(" * 5000))
)


@st.composite
def csvs(draw: st.DrawFn) -> Mapping[str, bytes]:
    """Draw a table with a column of shapes."""
    heads = draw(st.lists(names, max_size=4))
    if draw(st.booleans()):
        heads = [*heads, "wkt"]
    written = io.StringIO()
    writer = csv.writer(
        written, delimiter=draw(st.sampled_from(",;\t")), lineterminator=draw(st.sampled_from(("\n", "\r\n", "\r")))
    )
    lines = [heads]
    for _ in range(draw(st.integers(0, 4))):
        lines.append(
            [draw(wkts) if head == "wkt" else draw(texts) for head in heads]
            + draw(st.sampled_from(([],) * 6 + (["x"], [""])))
        )
    for line in lines:
        try:
            writer.writerow(line)
        except csv.Error:
            writer.writerow([])
    text = written.getvalue() + draw(st.sampled_from(("",) * 8 + ('"', '"a" b', "\x00")))
    encoding = draw(st.sampled_from(("utf-8",) * 4 + ("utf-8-sig", "gb18030", "utf-16", "cp1252")))
    return {"town.csv": in_bytes(text, encoding)}


# Changed bytes

NUMBERS = (0, 1, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)
Change = Callable[[bytes], bytes]


def change(what: str, share: float, number: int, length: int) -> Change:
    """Return a change of a file at a share of its length."""
    other = NUMBERS[number % len(NUMBERS)]

    def act(content: bytes) -> bytes:
        at = int(share * len(content))
        before, behind = content[:at], content[at:]
        return {
            "flip": before + bytes(byte ^ (1 << number % 8) for byte in behind[:1]) + behind[1:],
            "cut": before,
            "drop": before + behind[length:],
            "repeat": before + behind[:length] + behind,
            "big": before + struct.pack(">I", other) + behind[4:],
            "little": before + struct.pack("<I", other) + behind[4:],
            "insert": before + bytes([number]) * length + behind,
        }[what]

    return act


#: Heads are where forged numbers hurt: the fourth power draws near to them.
shares = st.builds(
    lambda share, power: (share / 9999) ** power, st.integers(0, 9999), st.sampled_from((1, 1, 1, 1, 2, 4))
)
changes = st.lists(
    st.builds(
        change,
        st.sampled_from(("flip", "flip", "flip", "cut", "drop", "repeat", "big", "little", "insert")),
        shares,
        st.integers(0, 255),
        st.integers(1, 64),
    ),
    min_size=1,
    max_size=4,
)


@st.composite
def changed(draw: st.DrawFn, whole: Sequence[Case]) -> Case:
    """Draw one of these cases with other bytes in one of its files."""
    case = draw(st.sampled_from(whole))
    files = dict(case.files)
    victim = draw(st.sampled_from(sorted(files)))
    for act in draw(changes):
        files[victim] = act(files[victim])
    return replace(case, files=files)


@cache
def sample(name: str) -> Mapping[str, bytes]:
    """Return the parts of a shapefile of the sample town."""
    return {
        f"town{part.suffix}": part.read_bytes() for part in sorted(SAMPLE.glob(f"{name}.*")) if part.suffix != ".csv"
    }


SAMPLES = ("areas", "green-spaces", "facilities", "drain-segments", "septic-tanks")

STRATEGIES: Mapping[str, st.SearchStrategy[Case]] = {
    "GeoJSON": cases(geojson(), "town.geojson"),
    "CSV": cases(csvs(), "town.csv"),
    "GeoPackage": cases(geopackages(), "town.gpkg"),
    "shapefile": cases(shapefiles(), "town.shp"),
    "shapefile of the sample": cases(st.sampled_from(SAMPLES).map(sample), "town.shp"),
    "archive": cases(archives(st.one_of(shapefiles(), geojson(), geopackages())), "town.zip"),
    "workbook": cases(workbooks(), "town.xlsx"),
    "OpenDocument sheet": cases(open_documents(), "town.ods"),
}
"""What is made, by its name in the report."""
ANY = "any format"


def strategy_of(kind: str) -> st.SearchStrategy[Case]:
    """Return the strategy of a name of the report, or of all of them together."""
    return st.one_of(*STRATEGIES.values()) if kind == ANY else STRATEGIES[kind]
