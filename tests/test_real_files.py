"""The real files that lie beside the checkout are read right, where they do."""

from __future__ import annotations

from pathlib import Path

import pytest

from geo_hygiene.files.findings import shown
from geo_hygiene.files.reading import COMMAND_LINE, read
from tests.reading_files import errors

REAL = Path(__file__).parents[1].parent / "shared" / "data"


REAL_FILES = {
    "a1-wuhan-campus-roads-toilets/road-adjusted.shp": ("GBK", "EPSG:32650", 821, "Layer", "内部道路"),
    "a1-wuhan-campus-roads-toilets/road_Topology.shp": ("GBK", "EPSG:32650", 2034, "Name", "珞 喻 路"),
    "a1-wuhan-campus-roads-toilets/公共厕所.shp": ("GBK", "EPSG:32650", 76, "name", "信息学部3教"),
    "a5-tianjin-bus-gbk/河西线路.shp": ("GBK", "EPSG:4326", 236, "name", "826路(合肥道--大寺新家园公交站)"),
    "a9-cug-campus-bins/R.shp": ("UTF-8", "EPSG:4326", 274, "roadType", 0),
    "a9-cug-campus-bins/ex_building.shp": ("UTF-8", "EPSG:4326", 47, "Name", "崇信楼（经管学院）"),
    "b3-rotterdam-sewer/sewer_lines.shp": ("UTF-8", "EPSG:28992", 246, "STRAATNAAM", "Kaardebolstraat HVT"),
    "b4-johnson-vt-storm/storm_lines.shp": ("ISO-8859-1", "EPSG:32145", 35, "Comment", None),
    "e1-bubenec/bubenec.gpkg": ("UTF-8", "EPSG:3857", 35, None, None),
    "e2-geodanet/streets.shp": ("UTF-8", "ESRI:102649", 293, "ID", 1),
    "e3-trackit-links/modifiedConn_link.shp": ("GBK", "EPSG:4326", 9842, "road_name", "神舟大道"),
    "malformed/geotools-chinese-poly/chinese_poly.shp": ("GB18030", "EPSG:4326", 1, "NAME", "黑龙江省"),
    "malformed/cgcs2000-zone35-prefixed-easting/Road_Buffer100km.shp": ("GBK", "EPSG:4523", 1, "Id", 0),
    "malformed/pyshp-rel-zip/REL.zip": ("UTF-8", "EPSG:31287", 1, None, None),
}


@pytest.mark.parametrize("name", [name for name in REAL_FILES if (REAL / name).exists()])
def test_real_files_are_read_right(name: str) -> None:
    encoding, crs, rows, field, value = REAL_FILES[name]
    family = "line" if "gpkg" in name else None
    table = read(REAL / name, layer=family)
    assert (table.encoding["used"], table.crs["used"], table.rows_read) == (encoding, crs, rows)
    assert errors(table) == set()
    if field is not None and value is not None:
        assert value in table.rows[field].to_pylist()
    assert all(shape is not None and shape.is_valid for shape in table.geometry)


BROKEN = sorted(
    path
    for path in (REAL / "malformed").glob("*/*")
    if path.suffix in {".shp", ".zip", ".csv"} or path.name.endswith("shp.gz")
)


@pytest.mark.parametrize("path", BROKEN, ids=[path.stem for path in BROKEN])
def test_no_real_broken_file_breaks_the_reader(path: Path) -> None:
    table = read(path, limits=COMMAND_LINE)
    assert table.refused or len(table.row_numbers) == table.rows_read
    assert all(finding["message"] for finding in shown(table.findings))
