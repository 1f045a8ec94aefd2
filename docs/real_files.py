"""Which layer fits each of the real files that may lie beside the checkout, and what is known of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parents[2] / "shared" / "data"
"""Where the real files lie on machines that have them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RealFile:
    """A file and how it is imported.

    Attributes
    ----------
    layer
        ``None`` where no layer fits; ``remark`` then says why.
    before
        Layers and tables that are imported into the same home before it.
    name
        A text that stands in the file and must be stored as it is here.
    remark
        What is odd about it; where rows are refused, why that is right.
    """

    path: str
    layer: str | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    before: Mapping[str, str] = field(default_factory=dict)
    name: str = ""
    remark: str = ""


CAMPAIGNS = {
    "campaigns": "code,title,pest,valid_from,valid_to,scope\n"
    "wnv,Spraying,mosquito,2011-01-01,2014-01-01,street-segments\n"
}
WUHAN, TIANJIN, CUG = "a1-wuhan-campus-roads-toilets", "a5-tianjin-bus-gbk", "a9-cug-campus-bins"
NORFOLK, ROTTERDAM, JOHNSON = "b2-norfolk-storm", "b3-rotterdam-sewer", "b4-johnson-vt-storm"

GOOD = (
    RealFile(path=f"{WUHAN}/road-adjusted.shp", layer="street-segments", name="珞喻路", remark="“珞 喻 路” closed up"),
    RealFile(path=f"{WUHAN}/road_Topology.shp", layer="street-segments", name="珞喻路", remark="as above, cut before"),
    RealFile(
        path=f"{WUHAN}/公共厕所.shp",
        layer="facilities",
        options={"constants": {"kind": "public_toilet"}},
        name="信息学部1教",
        remark="13 names end in a line break",
    ),
    RealFile(path=f"{WUHAN}/交通站点.shp", layer="facilities", name="广阜屯K出口"),
    RealFile(
        path=f"{TIANJIN}/河西线路.shp",
        layer="street-segments",
        name="826路(合肥道--大寺新家园公交站)",
        remark="heights dropped; bus lines run over each other: what is there twice is stored once",
    ),
    RealFile(path=f"{TIANJIN}/河西站点.shp", layer="facilities", name="学苑路"),
    RealFile(path=f"{CUG}/R.shp", layer="street-segments"),
    RealFile(path=f"{CUG}/垃圾桶.shp", layer="facilities", options={"constants": {"kind": "bin"}}, name="D1"),
    RealFile(path=f"{CUG}/ex_building.shp", layer="buildings", name="崇信楼（经管学院）"),
    RealFile(
        path=f"{CUG}/ex_road.shp",
        layer="green-spaces",
        remark="right: the one outline touches itself at 114.616, 30.459",
    ),
    RealFile(
        path=f"{NORFOLK}/nodes_sel.shp", layer="drain-nodes", remark="no .dbf: the attributes are a CSV beside it"
    ),
    RealFile(path=f"{NORFOLK}/pipes_sel.shp", layer="drain-segments", remark="as above"),
    RealFile(path=f"{NORFOLK}/mycons_prj.shp", layer="drain-segments", name="F15741"),
    RealFile(path=f"{NORFOLK}/flooded_points.shp", layer="cases", options={"fields": {"reported_at": "Date"}}),
    RealFile(
        path=f"{NORFOLK}/waze_reports_area_data.csv",
        layer="cases",
        options={
            "fields": {"reported_at": "datetime", "lon": "Location (", "lat": "Location_1", "external_id": "uuid"},
            "skip_rejected": True,
        },
        name="6592c92c-b867-3d8d-aa91-8b7203a86355",
        remark="right: 329 rows tell of 10 reports, once for each minute",
    ),
    RealFile(path=f"{ROTTERDAM}/manholes.shp", layer="drain-nodes", name="Knooppunt Riolering"),
    RealFile(path=f"{ROTTERDAM}/sewer_lines.shp", layer="drain-segments", name="Kaardebolstraat HVT"),
    RealFile(path=f"{JOHNSON}/storm_lines.shp", layer="drain-segments", name="E-UTIL-STRM-CULVERTS"),
    RealFile(path=f"{JOHNSON}/storm_pts.shp", layer="drain-nodes", remark="a foreign class “2.0” is kept beside"),
    RealFile(
        path="c1-chicago-wnv/Chicago77.shp",
        layer="areas",
        options={"crs": "EPSG:3435", "constants": {"level": "community"}, "fields": {"name": "COMMUNITY"}},
        name="ROGERS PARK",
        remark="no .prj; the guess is refused until somebody says it",
    ),
    RealFile(
        path="c1-chicago-wnv/spray.csv",
        layer="treatments",
        options={
            "constants": {"campaign": "wnv", "time": "20:00", "radius_m": "30"},
            "skip_rejected": True,
        },
        before=CAMPAIGNS,
        remark="right: the same second and place as an earlier row",
    ),
    RealFile(path="c1-chicago-wnv/train.csv", remark="trap surveys: there is no layer for them yet"),
    RealFile(path="c3-nyc-rats/rats.csv", layer="cases", name="EAST 218 STREET", remark="21 complaints have no place"),
    RealFile(path="e1-bubenec/bubenec.gpkg", layer="street-segments", remark="Mercator metres are 1.56 times too long"),
    RealFile(path="e1-bubenec/bubenec.gpkg", layer="buildings", options={"table": "buildings"}),
    RealFile(path="e1-bubenec/bubenec.gpkg", layer="estates", options={"table": "plots"}, name="2402108101"),
    RealFile(path="e1-bubenec/bubenec.gpkg", layer="estates", options={"table": "tessellation"}),
    RealFile(path="e2-geodanet/streets.shp", layer="street-segments"),
    RealFile(path="e2-geodanet/crimes.shp", layer="facilities", remark="93 at places of others"),
    RealFile(path="e2-geodanet/schools.shp", layer="facilities", options={"constants": {"kind": "school"}}),
    RealFile(
        path="e3-trackit-links/modifiedConn_link.shp",
        layer="street-segments",
        name="神舟大道",
        remark="directed links; no two are one street in both directions",
    ),
    RealFile(path="e3-trackit-links/modifiedConn_node.shp", layer="drain-nodes", remark="nodes of streets, for trying"),
)


def bad(folder: Path) -> Iterator[RealFile]:
    """Yield every broken file, with the layer of its family; where its system is missing also with the one it fits."""
    for path, layer, crs in BAD:
        yield RealFile(path=f"malformed/{path}", layer=layer)
        if crs:
            yield RealFile(path=f"malformed/{path}", layer=layer, options={"crs": crs})
    named = {path.partition("/")[0] for path, _layer, _crs in BAD}
    missing = sorted({one.name for one in (folder / "malformed").iterdir()} - named)
    if missing:
        raise ValueError(f"of these folders nothing is tried: {missing}")


FACES, LINES, POINTS = "buildings", "street-segments", "facilities"
DEGREES = "EPSG:4326"
BAD = (
    ("cgcs2000-empty-layer/QSJX_Buffer.shp", FACES, ""),
    ("cgcs2000-zone35-prefixed-easting/Road_Buffer100km.shp", FACES, ""),
    ("csv-cr-only-line-ends/weather.csv", POINTS, ""),
    ("dbf-chinese-ldid-nocpg/chinese.shp", POINTS, ""),
    *((f"dbf-cpg-encodings/{name}.dbf", POINTS, "") for name in ("euckr", "koi8r", "latin2", "shiftjis")),
    *((f"dbf-cpg-encodings/{name}.dbf", POINTS, "") for name in ("utf16", "win1251", "win874")),
    ("dbf-cpg-encodings/big5.shp", POINTS, "EPSG:3826"),
    ("geotools-bad-state/state.shp", FACES, ""),
    ("geotools-chinese-poly/chinese_poly.shp", FACES, ""),
    ("geotools-deleted-records/archsites.shp", POINTS, ""),
    ("geotools-duplicate-column/dup_column.shp", FACES, ""),
    ("geotools-empty-shapefile/empty-shapefile.shp", LINES, ""),
    ("geotools-gzipped-parts/gzipped.shp.gz", FACES, ""),
    ("geotools-missing-sidecars/aaa1.shp", FACES, ""),
    ("geotools-missing-sidecars/aaa2.shp", FACES, ""),
    ("geotools-one-point-line/lsOnePoint.shp", LINES, ""),
    ("mapshaper-518-data-corruption/data_corruption_error.shp", LINES, ""),
    ("mapshaper-519-max-callstack/max_callstack_error.shp", LINES, ""),
    ("mapshaper-68-shp-only/cell1.shp", FACES, DEGREES),
    ("mapshaper-68-shp-only/clipper.shp", FACES, DEGREES),
    ("mapshaper-point-import-error/points.shp", POINTS, DEGREES),
    ("pyshp-corrupt-too-long/corrupt_too_long.shp", LINES, DEGREES),
    ("pyshp-empty-zip/empty_zipfile.zip", FACES, ""),
    ("pyshp-rel-zip/REL.zip", FACES, ""),
    ("shapelib-CoHI/CoHI_GCS12.shp", FACES, ""),
    ("xian80-wrong-origin/DLTB.shp", FACES, ""),
    ("xian80-wrong-origin/Road.shp", LINES, ""),
)
"""Files of the folder of broken ones, the layer that fits their family, and the system where they do not say it."""
