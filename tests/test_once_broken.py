"""Files and rows that were found by fuzzing to break the program: each is refused in words."""

from __future__ import annotations

import errno
import json
import sqlite3
import struct
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import geopandas
import pytest
import shapely

from geo_hygiene.files.findings import Code
from geo_hygiene.files.reading import SourceTable, read
from geo_hygiene.files.reading.gdal import refusing
from geo_hygiene.files.reading.geojson import typed
from geo_hygiene.files.reading.locate import RefusedError, refuse
from tests.made_files import LANE, POLYGON, SQUARE, geojson, shapefile, zipped


def told(table: SourceTable) -> list[tuple[int | None, Code]]:
    return [(finding.row, finding.code) for finding in table.findings]


def test_parts_without_coordinates_and_uneven_lists_name_their_row(tmp_path: Path) -> None:
    shapes: list[tuple[str, object]] = [
        ("MultiPoint", [[]]),
        ("MultiPoint", [[105, [105, 31]]]),
        ("MultiLineString", [[], LANE]),
        ("MultiPolygon", [[]]),
        ("Polygon", [SQUARE, []]),
        ("LineString", [[[105], 31], [105, 31, 5]]),
        ("LineString", [[105, 31], 31]),
    ]
    path = geojson(tmp_path / "x.geojson", *({"type": kind, "coordinates": found} for kind, found in shapes))
    assert told(read(path)) == [(row, Code.GEOMETRY_INVALID) for row in range(1, len(shapes) + 1)]


def test_an_area_without_a_ring_is_a_row_without_a_place(tmp_path: Path) -> None:
    path = geojson(tmp_path / "x.geojson", *({"type": "Polygon", "coordinates": rings} for rings in ([], [[]])))
    assert told(read(path)) == [(1, Code.GEOMETRY_EMPTY), (2, Code.GEOMETRY_EMPTY)]


def test_whole_numbers_beyond_every_number_beside_fractions_are_text() -> None:
    assert typed([1.5, 10**400]) is None


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ('{"type":{"a":1},"features":7}', Code.FILE_TYPE),
        ('{"type":"FeatureCollection","features":[],"a":' + '{"a":' * 1500 + "1" + "}" * 1501, Code.FILE_UNREADABLE),
    ],
)
def test_json_that_is_nested_where_nothing_should_be(tmp_path: Path, text: str, code: Code) -> None:
    path = tmp_path / "x.geojson"
    path.write_text(text)
    assert told(read(path))[-1][1] is code


def with_names_that_are_no_text(path: Path) -> None:
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("update gpkg_geometry_columns set column_name = x'ff'")


def without_a_column_of_shapes(path: Path) -> None:
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("update gpkg_geometry_columns set column_name = x'ff', geometry_type_name = ''")


def with_a_chain_of_pages_that_leads_nowhere(path: Path) -> None:
    content = bytearray(path.read_bytes())
    size = int.from_bytes(content[16:18], "big")
    with closing(sqlite3.connect(path)) as database:
        query = "select pageno from dbstat where name = 'x' and pagetype = 'overflow' limit 1"
        at = (database.execute(query).fetchone()[0] - 1) * size
    content[at : at + 4] = b"\xff" * 4
    path.write_bytes(content)


@pytest.mark.parametrize(
    "damage", [with_names_that_are_no_text, without_a_column_of_shapes, with_a_chain_of_pages_that_leads_nowhere]
)
def test_databases_that_are_damaged_within(tmp_path: Path, damage: Callable[[Path], None]) -> None:
    path = tmp_path / "x.gpkg"
    lines = [shapely.LineString(LANE)] * 2
    geopandas.GeoDataFrame({"a": ["x" * 20_000] * len(lines), "b": 1}, geometry=lines, crs=4326).to_file(path)
    damage(path)
    table = read(path)
    assert table.refused
    assert {code for _, code in told(table)} == {Code.FILE_UNREADABLE}
    assert json.dumps([finding.as_json() for finding in table.findings])


def test_archives_with_names_that_are_none(tmp_path: Path) -> None:
    source = geojson(tmp_path / "x.geojson", list(LANE))
    packed = zipped(tmp_path / "x.zip", {"x.geojson": source, "路.txt": b""})
    whole = packed.read_bytes()
    packed.write_bytes(whole.replace("路".encode(), b"\xff\xff\xff"))
    assert told(read(packed)) == [(None, Code.FILE_UNREADABLE)]
    packed.write_bytes(whole.replace("路.txt".encode(), b"\x00" * 7))
    assert [code for _, code in told(read(packed))] in ([Code.ARCHIVE_UNSAFE], [])


def test_holes_that_are_none_name_their_row_and_leave_the_others(tmp_path: Path) -> None:
    hole = [(105.082, 31.092), (105.085, 31.092), (105.085, 31.095), (105.082, 31.092)]
    holes = [hole, hole[:2], hole[:3], [*hole[:3], (105.083, 31.094)], [(float("nan"), 31.0), *hole[1:]]]
    path = shapefile(tmp_path / "x.shp", POLYGON, [[SQUARE, one] for one in holes])
    assert told(read(path)) == [(row, Code.GEOMETRY_INVALID) for row in (2, 3, 4, 5)]


ARC = bytes.fromhex("010800000003000000") + struct.pack("<6d", 105.08, 31.09, 105.081, 31.091, 105.082, 31.09)


def test_arcs_name_their_row_and_leave_the_others(tmp_path: Path) -> None:
    path = tmp_path / "x.gpkg"
    geopandas.GeoDataFrame({"a": [1, 2]}, geometry=[shapely.LineString(LANE)] * 2, crs=4326).to_file(path)
    with closing(sqlite3.connect(path)) as database, database:
        for (trigger,) in database.execute("select name from sqlite_master where type = 'trigger'").fetchall():
            database.execute(f'drop trigger "{trigger}"')
        database.execute("update x set geom = ? where a = 2", [struct.pack("<2sBBi", b"GP", 0, 1, 4326) + ARC])
    assert told(read(path)) == [(2, Code.GEOMETRY_TYPE)]
    table = tmp_path / "x.csv"
    table.write_text('wkt\n"POINT(105.08 31.09)"\n"CIRCULARSTRING(105.08 31.09,105.081 31.091,105.082 31.09)"\n')
    assert told(read(table, layer="any")) == [(2, Code.GEOMETRY_INVALID)]


def test_headings_as_long_as_a_text_are_told_in_a_sentence_that_can_be_read(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(f"{'路' * 3000},{'路' * 3000}\n1,2\n", encoding="utf-8")
    (finding,) = read(path).findings
    assert finding.code is Code.FIELD_RENAMED
    assert len(finding.message()) < 1200


def test_a_failing_library_is_a_refusal_and_a_failing_machine_is_not() -> None:
    refusal = refuse(Code.FILE_UNREADABLE, "The file can not be read.")
    with pytest.raises(RefusedError), refusing(refusal):
        raise OSError("database disk image is malformed")
    with pytest.raises(OSError, match="No space left"), refusing(refusal):
        raise OSError(errno.ENOSPC, "No space left on device")
