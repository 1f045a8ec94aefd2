"""Read the file of an import, for a layer or to find out for which."""

from __future__ import annotations

from pathlib import Path

import shapely
from sqlalchemy import Connection, Engine

from geo_hygiene.files.importing.batch import Progress
from geo_hygiene.files.importing.extent import office_extent
from geo_hygiene.files.importing.options import ImportOptions
from geo_hygiene.files.reading import SourceTable, read
from geo_hygiene.layerspec import MapLayer


def open_file(
    bind: Engine | Connection,
    path: Path,
    options: ImportOptions,
    progress: Progress,
    *,
    layer: MapLayer | None,
) -> SourceTable:
    """Return the rows of a file, checked for a layer; without one any geometry is taken, and none."""
    progress("read", 0, None)
    family = None if layer is None or layer.geometry is None else layer.geometry.value
    return read(
        path,
        crs=options.crs,
        encoding=options.encoding,
        layer="any" if layer is not None and layer.any_geometry else family,
        table=options.table,
        extent=_office_box(bind),
        needs_shapes=layer is not None and not layer.places_by_coordinates,
        limits=options.limits,
        scratch=options.scratch,
        progress=lambda done, total: progress("read", done, total),
    )


def _office_box(bind: Engine | Connection) -> tuple[float, float, float, float] | None:
    """Return the box of the extent, which sharpens the reader's guesses."""
    if isinstance(bind, Engine):
        with bind.connect() as connection:
            extent = office_extent(connection)
    else:
        extent = office_extent(bind)
    if extent is None:
        return None
    west, south, east, north = shapely.bounds(extent).tolist()
    return west, south, east, north
