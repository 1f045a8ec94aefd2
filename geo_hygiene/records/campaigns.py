"""Campaigns against pests: what is to be treated, where, and in which window."""

from __future__ import annotations

import uuid as uuid_module
from datetime import date

from sqlalchemy import CheckConstraint, Identity, Integer, Text, func, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, UUID
from sqlalchemy.orm import Mapped, mapped_column

from geo_hygiene.database import Base, import_column, valid_from_column, valid_to_column


class Campaign(Base):
    """A season's work against one pest, in a window of days, on the targets that its scope names."""

    __tablename__ = "campaign"

    id: Mapped[int] = mapped_column(Integer, Identity(), primary_key=True)
    uuid: Mapped[uuid_module.UUID] = mapped_column(
        UUID(as_uuid=True), unique=True, server_default=func.gen_random_uuid()
    )
    code: Mapped[str] = mapped_column(Text, unique=True)
    title: Mapped[str] = mapped_column(Text)
    pest: Mapped[str] = mapped_column(Text)
    season: Mapped[str | None] = mapped_column(Text)
    valid_from: Mapped[date | None] = valid_from_column()
    valid_to: Mapped[date | None] = valid_to_column()
    scope: Mapped[list[str]] = mapped_column(ARRAY(Text), comment="Layer keys of targets, or layer key:category")
    zone_classes: Mapped[list[str] | None] = mapped_column(ARRAY(Text), comment="Null: all")
    areas: Mapped[list[str] | None] = mapped_column(ARRAY(Text), comment="Codes of areas with all below; null: all")
    limit_days: Mapped[int | None] = mapped_column(Integer, comment="Days after which what was seen is too long ago")
    import_id: Mapped[int | None] = import_column()
    extra: Mapped[dict[str, object]] = mapped_column(JSONB, server_default=text("'{}'"))
    version: Mapped[int] = mapped_column(Integer, server_default=text("1"))

    __table_args__ = (
        CheckConstraint("valid_from < valid_to", name="period"),
        CheckConstraint("limit_days > 0", name="limit_days"),
        CheckConstraint("cardinality(scope) > 0", name="scope"),
    )
