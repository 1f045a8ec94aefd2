"""What is counted of all cases, as columns in files beside the database.

A database reads a row to count it; here a count reads the few bytes that matter, which all processes share as pages of
one file. The columns are derived: whoever removes them loses nothing. A folder of them is of one state of the data and
named by it, is whole when it has its name, and never changes.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, text

from geo_hygiene.cases.density import cell_size
from geo_hygiene.coverage import versions
from geo_hygiene.coverage.duties import office_timezone
from geo_hygiene.layers.cases import CHANNELS, KINDS, STATUSES

FORM = 1
"""Raised when the columns of an earlier program can not be read."""

SUBJECTS = ("cases", "areas")
"""What the columns hold; the tree of areas and the office's time zone are among the areas."""

FINEST_ZOOM = 20
HALF_WAY = 1 << 30
"""Column and row of the finest cell at the middle of the plane: none is below 0."""

NOWHERE = np.uint64(2**64 - 1)
"""The key of a case without a place, behind all others."""

FIRST_DAY = date(1900, 1, 1)
HOURS = 25
"""Of a day, and one for cases without a time of day."""
MINUTES_OF_DAY = 24 * 60
NO_AREA = 0

CHOICES = {
    "kinds": [choice.value for choice in KINDS],
    "channels": [choice.value for choice in CHANNELS],
    "statuses": [choice.value for choice in STATUSES],
}
"""What a case is; 0 stands for none of them, 1 for the first."""

SIZES = tuple(len(choices) + 1 for choices in CHOICES.values())

STATE = """
select coalesce((select cast(uuid as text) from import_run order by id desc limit 1), '-')
"""
"""The last import has an id of its own: states of different databases, or of one that was restored, differ by it."""

ROWS = np.dtype(
    [
        ("fields", ">i2"),
        *(
            field
            for name, kind in (
                ("id", ">i4"),
                ("area", ">i4"),
                ("local", ">i8"),
                ("what", ">i2"),
                ("lon", ">f8"),
                ("lat", ">f8"),
                ("x", ">f8"),
                ("y", ">f8"),
            )
            for field in ((f"size of {name}", ">i4"), (name, kind))
        ),
    ]
)
"""A row as the database copies it in its binary form, since no field is ever null."""

HEAD_BYTES, TAIL_BYTES = 19, 2
ROWS_AT_A_TIME = 500_000

COPY = """
copy (
    select
        it.id, coalesce(it.area_id, 0), it.reported_at at time zone %(zone)s,
        cast(
            (coalesce(array_position(cast(%(kinds)s as text[]), it.kind), 0) * %(channel_size)s
            + coalesce(array_position(cast(%(channels)s as text[]), it.channel), 0)) * %(status_size)s
            + coalesce(array_position(cast(%(statuses)s as text[]), it.status), 0)
        as int2),
        coalesce(ST_X(it.geom), 'nan'), coalesce(ST_Y(it.geom), 'nan'),
        coalesce(ST_X(it.geom_3857), 'nan'), coalesce(ST_Y(it.geom_3857), 'nan')
    from reported_case as it
    where %(after)s < it.id and it.id <= %(last)s
) to stdout (format binary)
"""

TREE = "select id, group_id, community_id, office_id from area_tree order by id"

EPOCH_OF_DATABASE = date(2000, 1, 1)
MICROSECONDS_OF_HOUR = 3_600_000_000
MICROSECONDS_OF_DAY = 24 * MICROSECONDS_OF_HOUR


@dataclass(frozen=True)
class Columns:
    """The columns of all cases, in the order of a curve that fills the plane, so that a cell is one stretch of them.

    Attributes
    ----------
    placed
        How many cases have a place; those without one are the last.
    key
        Bits of column and row of the finest cell in turn: without its last two it is that of the cell twice as wide.
    lon, lat
        As stored, to be compared with a box.
    day
        Day of the report in the office's time zone, counted from ``FIRST_DAY``.
    moment
        Day of the week from 0 for Monday, times ``HOURS``, and the hour; the last hour stands for none.
    what
        Kind, channel and status as one number: see ``SIZES``.
    area
        Place in ``areas``; 0 is none.
    areas
        Columns of group, community and office that an area is or lies in, 0 for none, and of its own id.
    """

    placed: int
    id: NDArray[np.int32]
    key: NDArray[np.uint64]
    lon: NDArray[np.float64]
    lat: NDArray[np.float64]
    day: NDArray[np.uint16]
    moment: NDArray[np.uint8]
    what: NDArray[np.uint16]
    area: NDArray[np.int32]
    areas: NDArray[np.int64]


FILES = ("id", "key", "lon", "lat", "day", "moment", "what", "area", "areas")


def name_of(connection: Connection) -> str:
    """Return the name of the columns of the state of the data that a transaction sees."""
    state = (
        FORM,
        CHOICES,
        versions.current(connection, SUBJECTS),
        connection.scalar(text(STATE)),
        office_timezone(connection).key,
    )
    return hashlib.sha256(json.dumps(state).encode()).hexdigest()[:32]


def open_columns(folder: Path) -> Columns | None:
    """Return the columns that a folder keeps, ``None`` where there are none or they can not be used."""
    try:
        placed = json.loads((folder / "placed.json").read_text())
        columns = {name: np.asarray(np.load(folder / f"{name}.npy", mmap_mode="r")) for name in FILES}
    except (OSError, ValueError):
        return None
    return Columns(placed=int(placed), **columns)


def write_columns(connection: Connection, folder: Path) -> Path:
    """Write the columns of the state that a transaction sees into a folder of that state's name within ``folder``.

    Whatever else is in there goes. The transaction must see one state of the data in all its statements.

    Raises
    ------
    OSError
        If there is no room; nothing of it stays.
    """
    named = folder / name_of(connection)
    unfinished = folder / f"{named.name}.part"
    shutil.rmtree(unfinished, ignore_errors=True)
    try:
        unfinished.mkdir(mode=0o700)
        _write(unfinished, read_columns(connection))
        unfinished.rename(named)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    for other in folder.iterdir():
        if other.is_dir() and other != named:
            shutil.rmtree(other, ignore_errors=True)
    return named


def _write(folder: Path, columns: Columns) -> None:
    for name in FILES:
        with (folder / f"{name}.npy").open("wb") as file:
            np.save(file, getattr(columns, name))
            file.flush()
            os.fsync(file.fileno())
    with (folder / "placed.json").open("w") as file:
        json.dump(columns.placed, file)
        file.flush()
        os.fsync(file.fileno())


def read_columns(connection: Connection) -> Columns:
    """Return the columns from the database."""
    tree = np.array([tuple(row) for row in connection.execute(text(TREE))], dtype=np.float64).reshape(-1, 4)
    areas = np.nan_to_num(np.vstack((np.zeros(4), tree))).astype(np.int64)[:, [1, 2, 3, 0]]
    parts = [_columns_of(rows, areas[:, 3]) for rows in _rows(connection)]
    if not parts:
        parts = [_columns_of(np.zeros(0, dtype=ROWS), areas[:, 3])]
    whole = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    del parts
    order = np.argsort(whole["key"], kind="stable")
    return Columns(
        placed=int(np.count_nonzero(whole["key"] != NOWHERE)),
        areas=np.ascontiguousarray(areas.T),
        **{name: values[order] for name, values in whole.items()},
    )


def _rows(connection: Connection) -> Iterator[NDArray[Any]]:
    """Yield the rows that the database copies, a bounded number at a time."""
    values = {**CHOICES, "zone": office_timezone(connection).key, "channel_size": SIZES[1], "status_size": SIZES[2]}
    first, last = connection.execute(text("select min(id) - 1, max(id) from reported_case")).one()
    cursor: Any = connection.connection.cursor()
    with cursor:
        for after in range(first, last, ROWS_AT_A_TIME) if last is not None else ():
            copied = BytesIO()
            part = values | {"after": after, "last": after + ROWS_AT_A_TIME}
            cursor.copy_expert(cursor.mogrify(COPY, part), copied)
            yield np.frombuffer(copied.getbuffer()[HEAD_BYTES:-TAIL_BYTES], dtype=ROWS)


def _columns_of(rows: NDArray[Any], areas: NDArray[np.int64]) -> Mapping[str, NDArray[Any]]:
    """Return the columns of some rows, in the order of the rows."""
    local = rows["local"].astype(np.int64)
    day, in_day = np.divmod(local, MICROSECONDS_OF_DAY)
    hour = np.where(in_day == 0, HOURS - 1, in_day // MICROSECONDS_OF_HOUR)
    return {
        "id": rows["id"].astype(np.int32),
        "key": _keys(rows["x"].astype(np.float64), rows["y"].astype(np.float64)),
        "lon": rows["lon"].astype(np.float64),
        "lat": rows["lat"].astype(np.float64),
        "day": (day + (EPOCH_OF_DATABASE - FIRST_DAY).days).astype(np.uint16),
        "moment": ((day + EPOCH_OF_DATABASE.weekday()) % 7 * HOURS + hour).astype(np.uint8),
        "what": rows["what"].astype(np.uint16),
        "area": np.searchsorted(areas, rows["area"]).astype(np.int32),
    }


def _keys(x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.uint64]:
    cell = cell_size(FINEST_ZOOM)
    is_nowhere = np.isnan(x)
    across, up = (np.floor(np.where(is_nowhere, 0, values) / cell).astype(np.int64) for values in (x, y))
    return np.where(is_nowhere, NOWHERE, interleave(across + HALF_WAY, up + HALF_WAY))


SPREADS: Sequence[tuple[int, int]] = (
    (16, 0x0000FFFF0000FFFF),
    (8, 0x00FF00FF00FF00FF),
    (4, 0x0F0F0F0F0F0F0F0F),
    (2, 0x3333333333333333),
    (1, 0x5555555555555555),
)
WHOLE = 0x00000000FFFFFFFF


def interleave(across: NDArray[np.int64], up: NDArray[np.int64]) -> NDArray[np.uint64]:
    """Return numbers whose bits are those of two numbers below 2^32 in turn."""
    return _spread(across) | (_spread(up) << np.uint64(1))


def _spread(values: NDArray[np.int64]) -> NDArray[np.uint64]:
    spread = values.astype(np.uint64)
    for shift, mask in SPREADS:
        spread = (spread | (spread << np.uint64(shift))) & np.uint64(mask)
    return spread


def part(keys: NDArray[np.uint64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the two numbers that were interleaved."""
    return _gathered(keys), _gathered(keys >> np.uint64(1))


def _gathered(keys: NDArray[np.uint64]) -> NDArray[np.int64]:
    found = keys & np.uint64(SPREADS[-1][1])
    wider = [mask for _shift, mask in SPREADS][:-1]
    for (shift, _mask), mask in zip(reversed(SPREADS), [*reversed(wider), WHOLE], strict=True):
        found = (found | (found >> np.uint64(shift))) & np.uint64(mask)
    return found.astype(np.int64)


def days_since(day: date) -> int:
    """Return the number of a day in the columns."""
    return (day - FIRST_DAY) // timedelta(days=1)
