"""Drafts of plans: only what differs from the zones that hold."""

from __future__ import annotations

import uuid as uuid_module
from datetime import date, datetime

from sqlalchemy import CheckConstraint, Date, DateTime, ForeignKey, Identity, Integer, SmallInteger, Text, func, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, UUID
from sqlalchemy.orm import Mapped, mapped_column

from geo_hygiene.database import Base, geometry_column


class Draft(Base):
    """A plan of a duty that is not published yet, or was published from a day."""

    __tablename__ = "draft"

    id: Mapped[int] = mapped_column(Integer, Identity(), primary_key=True)
    uuid: Mapped[uuid_module.UUID] = mapped_column(
        UUID(as_uuid=True), unique=True, server_default=func.gen_random_uuid()
    )
    name: Mapped[str] = mapped_column(Text, unique=True)
    duty_id: Mapped[int] = mapped_column(ForeignKey("duty.id"))
    plan_on: Mapped[date] = mapped_column(Date, comment="Day whose zones and targets it was drawn over")
    maker: Mapped[str] = mapped_column(Text, comment="E-mail address of the account")
    began_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    published_from: Mapped[date | None] = mapped_column(Date)
    published_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    version: Mapped[int] = mapped_column(Integer, server_default=text("1"))

    __table_args__ = (CheckConstraint("(published_from is null) = (published_at is null)", name="published"),)


class DraftZone(Base):
    """A zone that is otherwise in a draft; without a source it ends there.

    ``base`` is the zone in whose place it is, in the version that was drawn over.
    """

    __tablename__ = "draft_zone"

    draft_id: Mapped[int] = mapped_column(ForeignKey("draft.id", ondelete="CASCADE"), primary_key=True)
    code: Mapped[str] = mapped_column(Text, primary_key=True)
    source_id: Mapped[int | None] = mapped_column(ForeignKey("claim_source.id"), index=True)
    name: Mapped[str | None] = mapped_column(Text)
    shift: Mapped[str] = mapped_column(Text, server_default="all-day")
    geom: Mapped[object | None] = geometry_column("MULTIPOLYGON", nullable=True)
    tint: Mapped[int] = mapped_column(SmallInteger, server_default="0", comment="Colour, as of a zone")
    person_ids: Mapped[list[int] | None] = mapped_column(ARRAY(Integer), comment="Holders; null: as they are")
    base_uuid: Mapped[uuid_module.UUID | None] = mapped_column(UUID(as_uuid=True))
    base_version: Mapped[int | None] = mapped_column(Integer)
    base_to: Mapped[date | None] = mapped_column(Date, comment="End of the base before it was published")
    began_uuid: Mapped[uuid_module.UUID | None] = mapped_column(
        UUID(as_uuid=True), comment="The zone that began when it was published"
    )
    holders_before: Mapped[list[object] | None] = mapped_column(JSONB, comment="Before it was published")

    __table_args__ = (
        CheckConstraint("shift in ('all-day', 'morning', 'afternoon', 'night')", name="shift"),
        CheckConstraint("(base_uuid is null) = (base_version is null)", name="base"),
    )
