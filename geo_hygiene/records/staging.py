"""The rows of a file while they are imported."""

from __future__ import annotations

from geoalchemy2 import Geometry
from sqlalchemy import Column, Integer, LargeBinary, Table, Text

from geo_hygiene.crs import STORAGE_SRID
from geo_hygiene.database import Base

STAGING_ROW = Table(
    "staging_row",
    Base.metadata,
    Column("position", Integer, nullable=False),
    Column("key", Text, nullable=False, index=True),
    Column("geometry_hash", LargeBinary),
    Column("attributes_hash", LargeBinary, nullable=False),
    Column("geom", Geometry("GEOMETRY", srid=STORAGE_SRID, spatial_index=False)),
    prefixes=["UNLOGGED"],
    comment="Rows of the file that is being imported; written and emptied in one transaction",
)
