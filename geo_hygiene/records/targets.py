"""What must be looked after: stretches of lane and drain, tanks and other places."""

from __future__ import annotations

import uuid as uuid_module
from datetime import date, datetime

from sqlalchemy import CheckConstraint, DateTime, ForeignKey, Identity, Index, Integer, Text, func, text
from sqlalchemy.dialects.postgresql import JSONB, UUID
from sqlalchemy.orm import Mapped, mapped_column

from geo_hygiene.database import (
    Base,
    geometry_column,
    import_column,
    tile_geometry_column,
    valid_from_column,
    valid_to_column,
)

POINT_EXTENT = 1
"""A point target is the interval [0, 1)."""


class Target(Base):
    """One thing to look after; its shape never changes, an edit ends it and begins children.

    ``geom`` is a LINESTRING M whose M is geodesic metres from the start, or a POINT M with M = 0.
    """

    __tablename__ = "target"

    id: Mapped[int] = mapped_column(Integer, Identity(), primary_key=True)
    uuid: Mapped[uuid_module.UUID] = mapped_column(
        UUID(as_uuid=True), unique=True, server_default=func.gen_random_uuid()
    )
    kind: Mapped[str] = mapped_column(Text, comment="Key of its layer")
    category: Mapped[str | None] = mapped_column(Text, comment="Class that scopes and styles read")
    area_id: Mapped[int | None] = mapped_column(ForeignKey("area.id"), comment="Area that holds most of it")
    area_by_hand: Mapped[bool] = mapped_column(server_default=text("false"))
    extent_mm: Mapped[int] = mapped_column(Integer, comment="Geodesic length in mm; 1 for a point")
    geom: Mapped[object] = geometry_column("GEOMETRYM", searched=True)
    geom_3857: Mapped[object] = tile_geometry_column("GEOMETRYM")
    valid_from: Mapped[date | None] = valid_from_column()
    valid_to: Mapped[date | None] = valid_to_column()
    source_key: Mapped[str | None] = mapped_column(Text, comment="Key of the file row that it was made from")
    import_id: Mapped[int | None] = import_column()
    extra: Mapped[dict[str, object]] = mapped_column(JSONB, server_default=text("'{}'"))
    version: Mapped[int] = mapped_column(Integer, server_default=text("1"))
    recorded_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())

    __mapper_args__ = {"polymorphic_on": "kind"}  # noqa: RUF012 - SQLAlchemy's own form
    __table_args__ = (
        CheckConstraint("valid_from < valid_to", name="period"),
        CheckConstraint("extent_mm > 0", name="extent"),
        CheckConstraint(
            "not ST_IsEmpty(geom) and ST_NPoints(geom) <= 100000 and ST_IsValid(geom)"
            " and ST_XMin(geom) >= -180 and ST_XMax(geom) <= 180 and ST_YMin(geom) >= -90 and ST_YMax(geom) <= 90",
            name="geometry",
        ),
        Index("ix_target_kind_source_key", "kind", "source_key"),
        Index("ix_target_area_id", "area_id"),
        Index("ix_target_extent_mm", "extent_mm"),
    )


class TargetParent(Base):
    """A target that began when another one ended."""

    __tablename__ = "target_parent"

    child_id: Mapped[int] = mapped_column(ForeignKey("target.id", ondelete="CASCADE"), primary_key=True)
    parent_id: Mapped[int] = mapped_column(ForeignKey("target.id", ondelete="CASCADE"), primary_key=True, index=True)


class UnprojectedStretch(Base):
    """A stretch of a duty list that none of the children of its target could take over."""

    __tablename__ = "unprojected_stretch"

    source_id: Mapped[int] = mapped_column(ForeignKey("claim_source.id", ondelete="CASCADE"), primary_key=True)
    target_id: Mapped[int] = mapped_column(ForeignKey("target.id", ondelete="CASCADE"), primary_key=True)
    from_mm: Mapped[int] = mapped_column(Integer, primary_key=True)
    to_mm: Mapped[int] = mapped_column(Integer)
    recorded_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
