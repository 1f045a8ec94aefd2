"""Look at a shapefile's bytes before GDAL does: is it whole, where does it end, which rows are damaged.

Layout: ESRI Shapefile Technical Description, July 1998, https://www.esri.com/content/dam/esrisite/sitecore-archive/
Files/Pdfs/library/whitepapers/pdfs/shapefile.pdf. Offsets and lengths are in 16-bit words, big-endian.
"""

import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from geo_hygiene.files.findings import Code
from geo_hygiene.files.reading.locate import RefusedError, refuse
from geo_hygiene.i18n import N_

HEADER = 100
RECORD_HEADER = 8
MAGIC = b"\x00\x00\x27\x0a"
NULL_SHAPE = 0
_NULL_BYTES = 4
#: Shape types with a count of points, and where it stands behind the record header.
_POINT_COUNT_AT = {3: 40, 5: 40, 13: 40, 15: 40, 23: 40, 25: 40, 31: 40, 8: 36, 18: 36, 28: 36}


@dataclass(frozen=True)
class Shapes:
    """What the bytes of a .shp say: one entry for each record, in the order of the file.

    Parameters
    ----------
    shape_types
        The type number of each record; 0 is a row without geometry.
    vertices
        How many points each record claims to have; 1 for a point.
    restored
        Whether the index was made anew from the .shp.
    """

    shape_types: NDArray[np.int32]
    vertices: NDArray[np.int64]
    restored: bool

    def __len__(self) -> int:
        return len(self.shape_types)


def inspect(shp: Path, shx: Path | None, index: Path, *, expected: int | None) -> Shapes:
    """Check a shapefile and write an index that fits it.

    Parameters
    ----------
    shp, shx
        The shapes, and their index if there is one.
    index
        Where an index is written when there is none, or when the one that there is does not fit.
    expected
        Number of rows that the attribute table says it has, if there is one.

    Raises
    ------
    RefusedError
        With file-type or file-unreadable; the latter names the row in which a truncated file ends.
    """
    size = shp.stat().st_size
    with shp.open("rb") as file:
        header = file.read(HEADER)
    if size < HEADER or not header.startswith(MAGIC):
        raise refuse(Code.FILE_TYPE, N_("%(name)s is not a shapefile."), name=shp.name)
    declared = struct.unpack(">i", header[24:28])[0] * 2
    offsets = None if shx is None else _read_index(shx)
    restored = offsets is None or not _fits(shp, offsets, size) or len(offsets) < (expected or 0)
    if offsets is None or restored:
        ends_at = None if offsets is None else _first_beyond(offsets, size)
        if ends_at is not None:
            raise _truncated(ends_at, expected)
        offsets = _scan(shp, size, struct.unpack("<i", header[32:36])[0])
        if declared > size:
            raise _truncated(len(offsets) + 1, expected)
        _write_index(index, header, offsets)
    types, vertices = _describe(shp, offsets)
    return Shapes(types, vertices, restored)


def _read_index(shx: Path) -> NDArray[np.int64] | None:
    """Return begin and content length of each record in bytes, or None when this is no index."""
    content = np.fromfile(shx, dtype=np.uint8)
    if len(content) < HEADER or bytes(content[:4]) != MAGIC:
        return None
    entries = content[HEADER : len(content) - (len(content) - HEADER) % RECORD_HEADER]
    return entries.view(">i4").reshape(-1, 2).astype(np.int64) * 2


def _first_beyond(offsets: NDArray[np.int64], size: int) -> int | None:
    beyond = np.flatnonzero(offsets[:, 0] + RECORD_HEADER + offsets[:, 1] > size)
    return int(beyond[0]) + 1 if len(beyond) else None


def _fits(shp: Path, offsets: NDArray[np.int64], size: int) -> bool:
    """Tell whether each entry of the index meets a record of its length; programs number the records as they like."""
    if not len(offsets):
        return size <= HEADER
    if offsets[:, 0].min() < HEADER or offsets[:, 1].min() < _NULL_BYTES or _first_beyond(offsets, size) is not None:
        return False
    found = _gather(shp, offsets[:, 0] + 4, 1, ">i4")
    return bool((found[:, 0] * 2 == offsets[:, 1]).all())


def _gather(shp: Path, positions: NDArray[np.int64], count: int, dtype: str) -> NDArray[np.int64]:
    """Return `count` numbers of four bytes at each position."""
    content = np.memmap(shp, dtype=np.uint8, mode="r")
    taken = content[positions[:, None] + np.arange(4 * count)]
    return np.ascontiguousarray(taken).view(dtype).reshape(-1, count).astype(np.int64)


def _scan(shp: Path, size: int, shape_type: int) -> NDArray[np.int64]:
    """Return begin and content length of each whole record, walking from one to the next."""
    found: list[tuple[int, int]] = []
    with shp.open("rb") as file:
        position = HEADER
        while position + RECORD_HEADER + _NULL_BYTES <= size:
            file.seek(position)
            _, words, own_type = struct.unpack(">ii", file.read(RECORD_HEADER)) + struct.unpack("<i", file.read(4))
            end = position + RECORD_HEADER + 2 * words
            if 2 * words < _NULL_BYTES or end > size or own_type not in {NULL_SHAPE, shape_type}:
                break
            found.append((position, 2 * words))
            position = end
    return np.array(found, dtype=np.int64).reshape(-1, 2)


def _write_index(index: Path, header: bytes, offsets: NDArray[np.int64]) -> None:
    length = (HEADER + RECORD_HEADER * len(offsets)) // 2
    entries = (offsets // 2).astype(">i4").tobytes()
    index.write_bytes(header[:24] + struct.pack(">i", length) + header[28:] + entries)


def _describe(shp: Path, offsets: NDArray[np.int64]) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    if not len(offsets):
        return np.empty(0, np.int32), np.empty(0, np.int64)
    begins = offsets[:, 0] + RECORD_HEADER
    types = _gather(shp, begins, 1, "<i4")[:, 0].astype(np.int32)
    vertices = np.ones(len(types), np.int64)
    for shape_type, at in _POINT_COUNT_AT.items():
        rows = np.flatnonzero((types == shape_type) & (offsets[:, 1] >= at + 4))
        if len(rows):
            vertices[rows] = _gather(shp, begins[rows] + at, 1, "<i4")[:, 0]
    return types, vertices


def _truncated(row: int, rows: int | None) -> RefusedError:
    hint = N_("The file was not copied whole; get it again.")
    if rows is None or rows < row:
        return refuse(
            Code.FILE_UNREADABLE, N_("The file ends in the middle of row %(at)s."), row=row, hint=hint, at=row
        )
    text = N_("The file ends in row %(at)s of %(rows)s.")
    return refuse(Code.FILE_UNREADABLE, text, row=row, hint=hint, at=row, rows=rows)
