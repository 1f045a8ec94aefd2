"""Strategies of geometries for a layer, good, spoilt, odd and huge, and files with many of them."""

from __future__ import annotations

import csv
import io
import json
import sqlite3
import struct
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import closing
from copy import deepcopy
from dataclasses import dataclass, replace
from functools import cache
from itertools import pairwise

from hypothesis import strategies as st

from faults.made_files import SCHEMA, parts
from faults.made_shapes import (
    COLLECTION,
    EXTREMES,
    LINE,
    MULTI_LINE,
    NAMES,
    ORIGIN,
    POINT,
    POLYGON,
    Shape,
    as_geojson,
    as_wkb,
    as_wkt,
    chains,
    good_shapes_of,
    positions,
    ring,
    shapes,
)
from tests.made_files import LINE as SHP_LINE
from tests.made_files import POINT as SHP_POINT
from tests.made_files import POLYGON as SHP_POLYGON
from tests.made_files import dbf, prj, shp

PLACES_SPOILT = ("x", "y", "axes", "far", "same", "tiny")
LINES_SPOILT = ("double", "swap", "open", "cut", "spike", "reverse")
LETTERS = ("",) * 6 + ("Z", "M", "ZM")
SIZES = (99_999, 100_000, 100_001, 130_000)
DICE = 1000
HUGE = 617
"""The throw with which a geometry is huge; Hypothesis likes the first and the last number too much for that."""


@dataclass(frozen=True)
class Made:
    """A geometry, and the letters of what it has beside longitude and latitude."""

    shape: Shape
    letters: str = ""


def spoilt_places(shape: Shape, how: str, at: int, value: float) -> Shape:
    """Return a good shape with something wrong, or odd, about its positions."""
    shape = replace(shape, coordinates=deepcopy(shape.coordinates))
    places = positions(shape)
    one = places[at % len(places)]
    match how:
        case "x" | "y":
            one["xy".index(how)] = value
        case "axes":
            for place in places:
                place.reverse()
        case "far":
            for place in places:
                place[0] += value
        case "same":
            for place in places:
                place[:] = one
        case "tiny":
            for place in places:
                place[:] = [ORIGIN[axis] + (place[axis] - ORIGIN[axis]) * 1e-9 for axis in (0, 1)]
    return shape


def spoilt_lines(shape: Shape, how: str, at: int) -> Shape:
    """Return a good shape with something wrong, or odd, about one of its lines or rings."""
    shape = replace(shape, coordinates=deepcopy(shape.coordinates))
    for line in chains(shape)[:1]:
        begin = at % len(line)
        match how:
            case "double":
                line.insert(begin, list(line[begin]))
            case "swap":
                line[begin - 1], line[begin] = line[begin], line[begin - 1]
            case "open":
                del line[-1:]
            case "cut":
                del line[begin:]
            case "spike":
                line[begin:begin] = [list(line[begin]), [ORIGIN[0] + 0.03, ORIGIN[1] + 0.03]]
            case "reverse":
                line.reverse()
    return shape


@cache
def huge(family: str, count: int, step: int) -> Shape:
    """Return a line or an area with so many vertices; with a step over 1 the area is a star."""
    if family == "polygon":
        return Shape(POLYGON, [ring(count - 1, step)])
    line = [[ORIGIN[0] + at * 1e-7, ORIGIN[1] + (at % 2) * 1e-4] for at in range(count)]
    return Shape(LINE, line) if step == 1 else Shape(MULTI_LINE, [line[: count // 2], line[count // 2 :]])


def geometries(family: str, kinds: Collection[int] = NAMES) -> st.SearchStrategy[Made]:
    """Return the strategy of geometries of these kinds for the layers of a family."""
    good = good_shapes_of[family]
    values = st.one_of(st.sampled_from(EXTREMES), st.floats())
    wrong = st.one_of(
        st.builds(spoilt_places, good, st.sampled_from(PLACES_SPOILT), st.integers(0, 99), values),
        st.builds(spoilt_lines, good, st.sampled_from(LINES_SPOILT), st.integers(0, 99)),
    )
    large = st.builds(huge, st.just(family), st.sampled_from(SIZES), st.sampled_from((1, 1, 2, 49_999)))
    usual = st.one_of(good, good, wrong, wrong, shapes)
    some = st.integers(1, DICE).flatmap(lambda throw: large if throw == HUGE else usual)
    letters = st.sampled_from(LETTERS) if COLLECTION in kinds else st.just("")
    return st.builds(Made, some.filter(lambda shape: shape.kind in kinds), letters)


# Files: the code of a row is its number

Files = Mapping[str, bytes]


def geojson(rows: Sequence[Made]) -> Files:
    """Return a collection of features."""
    features = [
        {"type": "Feature", "properties": {"code": code}, "geometry": as_geojson(made.shape, made.letters)}
        for code, made in _coded(rows)
    ]
    return {"town.geojson": json.dumps({"type": "FeatureCollection", "features": features}).encode()}


def geopackage(rows: Sequence[Made]) -> Files:
    """Return a database with one layer."""
    head = struct.pack("<2sBBi", b"GP", 0, 1, 4326)
    with closing(sqlite3.connect(":memory:")) as database:
        database.executescript(SCHEMA)
        database.execute("insert into gpkg_spatial_ref_sys values ('a', 4326, 'EPSG', 4326, ?, '')", [prj(4326)])
        database.execute("insert into gpkg_contents (table_name, data_type, srs_id) values ('town', 'features', 4326)")
        database.execute("insert into gpkg_geometry_columns values ('town', 'geom', 'GEOMETRY', 4326, 2, 2)")
        database.execute("create table town (fid integer primary key, geom blob, code text)")
        database.executemany(
            "insert into town values (null, ?, ?)",
            [(head + as_wkb(made.shape, made.letters), code) for code, made in _coded(rows)],
        )
        database.commit()
        return {"town.gpkg": database.serialize()}


def text_table(rows: Sequence[Made]) -> Files:
    """Return a table with a column of well-known text."""
    written = io.StringIO()
    csv.writer(written).writerows(
        [("code", "wkt"), *((code, as_wkt(made.shape, made.letters)) for code, made in _coded(rows))]
    )
    return {"town.csv": written.getvalue().encode()}


SHP_KINDS = {POINT: SHP_POINT, LINE: SHP_LINE, MULTI_LINE: SHP_LINE, POLYGON: SHP_POLYGON}


def shapefile(rows: Sequence[Made]) -> Files:
    """Return the parts of a shapefile of the kind that its last row is, as all rows must be."""
    main, index = shp(SHP_KINDS[rows[-1].shape.kind], [parts(_turned(made.shape)) for made in rows])
    return {
        "town.shp": main,
        "town.shx": index,
        "town.dbf": dbf({"code": ("C", 8, 0)}, [[code] for code, _ in _coded(rows)]),
        "town.prj": prj(4326).encode(),
    }


def _turned(shape: Shape) -> Shape:
    """Return an area with its first ring clockwise and the others against it: a shapefile tells holes by that."""
    if shape.kind != POLYGON:
        return shape
    lines = [line if (_turn(line) < 0) == (at == 0) else line[::-1] for at, line in enumerate(shape.coordinates)]
    return replace(shape, coordinates=lines)


def _turn(line: Sequence[Sequence[float]]) -> float:
    """Return twice the area within a ring, below 0 where it runs clockwise."""
    return sum(
        (one[0] - ORIGIN[0]) * (other[1] - ORIGIN[1]) - (other[0] - ORIGIN[0]) * (one[1] - ORIGIN[1])
        for one, other in pairwise(line)
    )


def _coded(rows: Sequence[Made]) -> list[tuple[str, Made]]:
    return [(str(number), made) for number, made in enumerate(rows, start=1)]


FORMATS: Mapping[str, Callable[[Sequence[Made]], Files]] = {
    "GeoJSON": geojson,
    "GeoPackage": geopackage,
    "CSV": text_table,
    "shapefile": shapefile,
}
"""How a file is written, by its name in the report; its first part is the one to import."""


def kinds_of(written: str, family: str) -> Collection[int]:
    """Return the kinds of geometry that stand in a file of a format: those of one family only in a shapefile."""
    of_family = {"point": {POINT}, "line": {LINE, MULTI_LINE}, "polygon": {POLYGON}}
    return of_family[family] if written == "shapefile" else NAMES
