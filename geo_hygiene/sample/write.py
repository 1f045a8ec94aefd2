"""Write the sample as the public files that any import reads: shapefiles in GBK, tables as CSV."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextvars import copy_context
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import shapely

from geo_hygiene.files.writing.formats import write_csv, write_shapefile
from geo_hygiene.files.writing.rows import Rows
from geo_hygiene.i18n import use_locale
from geo_hygiene.layers import LAYERS
from geo_hygiene.layerspec import Attribute, FieldType, GeometryKind, MapLayer
from geo_hygiene.sample.county import SIZES, FirstTown, Shapes, Town, TownTable
from geo_hygiene.sample.ground import Ground
from geo_hygiene.sample.parameters import TOWN
from geo_hygiene.sample.tables import tables
from geo_hygiene.sample.town import make_town
from geo_hygiene.sample.works import LAST_DAY
from geo_hygiene.sample.year_tables import year_tables

DBF_STAMP = bytes((125, 1, 1))
"""Year since 1900, month and day of change in a dbf header; fixed, so that the same town is the same bytes."""

GEOMETRY_TYPES = {GeometryKind.POINT: "Point", GeometryKind.LINE: "LineString", GeometryKind.POLYGON: "MultiPolygon"}

_ARROW = {FieldType.INTEGER: pa.int64(), FieldType.NUMBER: pa.float64(), FieldType.DATE: pa.date32()}

Progress = Callable[[str, int, int], None]
"""Called with the key of a layer or table, the towns that are done, and how many there are."""


def quiet(_key: str, _done: int, _towns: int) -> None:
    """Tell nobody."""


def write(directory: Path, *, seed: int = 1, size: str = "S", progress: Progress = quiet) -> None:
    """Write a sample into a directory.

    Parameters
    ----------
    directory
        Is made if needed; files of the same names are replaced.
    seed
        A whole number from 0; the same seed gives the same bytes.
    size
        A key of ``SIZES``.
    """
    asked = SIZES[size]
    if asked.is_county:
        write_towns(directory, FirstTown.grown(asked, seed), asked.all_towns, progress)
        return
    directory.mkdir(parents=True, exist_ok=True)
    for table in tables(make_town(TOWN, seed)):
        _write(directory, TownTable.of_rows(table), [TownTable.of_rows(table)])
    write_year(directory, directory)


def write_year(directory: Path, town: Path, *, until: date = LAST_DAY) -> None:
    """Write the year of a town into a directory.

    Parameters
    ----------
    town
        Folder with the files of the town, of which the year is made.
    until
        The last day of which work is told.
    """
    directory.mkdir(parents=True, exist_ok=True)
    for table in year_tables(Ground.of_folder(town), until):
        _write(directory, table, [table])


def write_towns(
    directory: Path, first: FirstTown, towns: Callable[[], Iterable[Town]], progress: Progress = quiet
) -> None:
    """Write towns of a county into a directory, one file of all for each layer and table."""
    directory.mkdir(parents=True, exist_ok=True)
    for table in first.tables.values():
        _write(directory, table, _of_towns(first, table, towns, progress))


def _of_towns(
    first: FirstTown, table: TownTable, towns: Callable[[], Iterable[Town]], progress: Progress
) -> Iterator[TownTable]:
    for town in towns():
        if first.size.has(table.key, town.number):
            progress(table.key, town.number, first.size.towns)
            yield first.table(table.key, town)


def _write(directory: Path, table: TownTable, parts: Iterable[TownTable]) -> None:
    # titles in the lists of fields are English whatever the user speaks
    copy_context().run(_write_table, directory, table, parts)


def file_of(folder: Path, key: str) -> Path:
    """Return the file that holds a layer or table."""
    return folder / f"{key}.{'csv' if _is_table(LAYERS[key]) else 'shp'}"


def _is_table(layer: MapLayer) -> bool:
    """Tell of which layers the file is a table: what happened comes as other systems export it."""
    return layer.geometry is None or layer.is_event


def _write_table(directory: Path, table: TownTable, parts: Iterable[TownTable]) -> None:
    use_locale("en")
    layer = LAYERS[table.key]
    attributes = tuple(one for one in layer if one.name in table.columns) if layer.is_event else layer.exported
    family = None if _is_table(layer) or layer.geometry is None else GEOMETRY_TYPES[layer.geometry]
    rows = Rows(layer.key, attributes, family, (_batch(part, attributes) for part in parts))
    if family is None:
        write_csv(rows, file_of(directory, table.key), None)
        return
    path = file_of(directory, table.key)
    write_shapefile(rows, path, "gbk")
    with path.with_suffix(".dbf").open("r+b") as file:
        file.seek(1)
        file.write(DBF_STAMP)


def _batch(table: TownTable, attributes: Iterable[Attribute]) -> tuple[list[pa.Array], Shapes]:
    count = len(table)
    columns = [
        pa.array(table.columns.get(one.name) or [None] * count, _ARROW.get(one.type, pa.string())) for one in attributes
    ]
    shapes = np.full(count, None, dtype=object)
    if table.shapes is not None:
        shapes[:] = shapely.to_wkb(table.shapes)
    return columns, shapes
