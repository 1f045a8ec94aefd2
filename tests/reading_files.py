"""What tests of the reader write and ask."""

from __future__ import annotations

from pathlib import Path

from pyproj import Transformer

from geo_hygiene.files.findings import Code
from geo_hygiene.files.reading import SourceTable
from tests.made_files import POINT, shapefile

LANDMARK = (105.0812345, 31.0954321)
"""A place in the sample's town, longitude and latitude."""


def only(table: SourceTable) -> Code:
    """Return the code of the one error of a table."""
    (finding,) = [finding for finding in table.findings if finding.is_error()]
    assert finding.message()
    return finding.code


def codes(table: SourceTable) -> set[Code]:
    return {finding.code for finding in table.findings}


def errors(table: SourceTable) -> set[Code]:
    return {finding.code for finding in table.findings if finding.is_error()}


def landmark_in(srid: int) -> tuple[float, float]:
    x, y = Transformer.from_crs(4326, srid, always_xy=True).transform(*LANDMARK)
    return x, y


def points(path: Path, *places: tuple[float, float], **options: object) -> Path:
    return shapefile(path, POINT, [[place] for place in places], **options)  # type: ignore[arg-type]
