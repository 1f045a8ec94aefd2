"""Small files with the properties of real ones, written byte by byte so that they can be wrong on purpose."""

from __future__ import annotations

import json
import struct
import zipfile
from collections.abc import Mapping, Sequence
from itertools import accumulate
from pathlib import Path
from typing import Any

from pyproj import CRS

POINT, LINE, POLYGON = 1, 3, 5
Coordinates = Sequence[tuple[float, float]]
#: A lane in the sample's town, longitude and latitude.
LANE: Coordinates = [(105.08, 31.09), (105.081, 31.0905), (105.082, 31.09)]
SQUARE: Coordinates = [(105.08, 31.09), (105.08, 31.1), (105.09, 31.1), (105.09, 31.09), (105.08, 31.09)]
BOW_TIE: Coordinates = [(105.08, 31.09), (105.09, 31.1), (105.09, 31.09), (105.08, 31.1), (105.08, 31.09)]


def prj(srid: int) -> str:
    """Return a system as the programs of Esri write it."""
    return CRS.from_epsg(srid).to_wkt("WKT1_ESRI")


def record(shape_type: int, shape: Coordinates | Sequence[Coordinates] | None) -> bytes:
    """Return the content of one record: a point, or one part for each list of points."""
    if shape is None:
        return struct.pack("<i", 0)
    if shape_type == POINT:
        return struct.pack("<i2d", POINT, *shape[0])  # type: ignore[misc]
    parts: Any = shape if isinstance(shape[0][0], (tuple, list)) else [shape]
    points = [point for part in parts for point in part]
    xs, ys = [x for x, _ in points], [y for _, y in points]
    starts = [0, *accumulate(len(part) for part in parts[:-1])]
    head = struct.pack("<i4d2i", shape_type, min(xs), min(ys), max(xs), max(ys), len(parts), len(points))
    return (
        head
        + struct.pack(f"<{len(parts)}i", *starts)
        + b"".join(struct.pack("<2d", float(x), float(y)) for x, y in points)
    )


def shp(shape_type: int, shapes: Sequence[Any]) -> tuple[bytes, bytes]:
    """Return the bytes of .shp and .shx."""
    body, index = b"", b""
    for number, shape in enumerate(shapes, start=1):
        content = record(shape_type, shape)
        index += struct.pack(">ii", (100 + len(body)) // 2, len(content) // 2)
        body += struct.pack(">ii", number, len(content) // 2) + content
    bounds = struct.pack("<8d", *[0.0] * 8)

    def header(size: int) -> bytes:
        return struct.pack(">7i", 9994, 0, 0, 0, 0, 0, size // 2) + struct.pack("<2i", 1000, shape_type) + bounds

    return header(100 + len(body)) + body, header(100 + len(index)) + index


def dbf(
    fields: Mapping[str | bytes, tuple[str, int, int]],
    rows: Sequence[Sequence[str | bytes]],
    *,
    encoding: str = "utf-8",
    language_id: int = 0,
    deleted: Sequence[int] = (),
) -> bytes:
    """Return the bytes of a table; each value is written as it is given, filled up with blanks."""
    record_length = 1 + sum(width for _, width, _ in fields.values())
    head = struct.pack("<B3BIHH20x", 3, 126, 1, 1, len(rows), 33 + 32 * len(fields), record_length)
    head = head[:29] + bytes([language_id]) + head[30:]
    for name, (kind, width, decimals) in fields.items():
        raw = name if isinstance(name, bytes) else name.encode(encoding)[:10]
        head += struct.pack("<11sc4xBB14x", raw, kind.encode(), width, decimals)
    body = b""
    for number, row in enumerate(rows, start=1):
        body += b"*" if number in deleted else b" "
        for value, (_, width, _) in zip(row, fields.values(), strict=True):
            raw = value if isinstance(value, bytes) else value.encode(encoding)
            body += raw[:width].ljust(width)
    return head + b"\r" + body + b"\x1a"


def shapefile(
    path: Path,
    shape_type: int,
    shapes: Sequence[Any],
    *,
    srid: int | None = 4326,
    fields: Mapping[str | bytes, tuple[str, int, int]] | None = None,
    rows: Sequence[Sequence[str | bytes]] | None = None,
    cpg: str | None = None,
    **table: Any,
) -> Path:
    """Write a shapefile and return its .shp; without `rows` there is one number for each shape."""
    main, index = shp(shape_type, shapes)
    path.write_bytes(main)
    path.with_suffix(".shx").write_bytes(index)
    fields = fields or {"no": ("N", 6, 0)}
    rows = rows if rows is not None else [[str(number)] for number in range(1, len(shapes) + 1)]
    path.with_suffix(".dbf").write_bytes(dbf(fields, rows, **table))
    if srid is not None:
        path.with_suffix(".prj").write_text(prj(srid))
    if cpg is not None:
        path.with_suffix(".cpg").write_text(cpg)
    return path


def geojson(path: Path, *geometries: Any, properties: Mapping[str, Any] | None = None, **members: Any) -> Path:
    """Write a collection of features; geometries are dicts, or lists of points for lines."""
    features = [
        {
            "type": "Feature",
            "properties": dict(properties or {}),
            "geometry": {"type": "LineString", "coordinates": geometry} if isinstance(geometry, list) else geometry,
        }
        for geometry in geometries
    ]
    path.write_text(json.dumps({"type": "FeatureCollection", **members, "features": features}), encoding="utf-8")
    return path


def zipped(path: Path, members: Mapping[str, bytes | Path], **options: Any) -> Path:
    """Write an archive of these members."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content.read_bytes() if isinstance(content, Path) else content, **options)
    return path


def zipped_shapefile(path: Path, main: Path, *, folder: str = "") -> Path:
    """Write an archive of all parts of a shapefile."""
    parts = [part for part in main.parent.iterdir() if part.stem == main.stem and part != path]
    return zipped(path, {folder + part.name: part for part in parts})
