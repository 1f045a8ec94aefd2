"""Who says that they look after what: duties, their scopes, and the claims made for them."""

from __future__ import annotations

import uuid as uuid_module
from datetime import date, datetime

from sqlalchemy import CheckConstraint, DateTime, ForeignKey, Identity, Index, Integer, SmallInteger, Text, func, text
from sqlalchemy.dialects.postgresql import ARRAY, UUID
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.schema import SchemaItem

from geo_hygiene.database import Base, geometry_column, import_column, valid_from_column, valid_to_column
from geo_hygiene.i18n import N_

DUTY_TITLES = {
    "sweeping": N_("Sweeping"),
    "supervision": N_("Supervision"),
    "drains": N_("Drains"),
    "tanks": N_("Septic tanks"),
}
"""What the duties of the table ``duty`` are called; every duty has a title here."""


class Duty(Base):
    """One duty looks after one kind of target."""

    __tablename__ = "duty"

    id: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    code: Mapped[str] = mapped_column(Text, unique=True)
    target_kind: Mapped[str] = mapped_column(Text, comment="Layer key")


class Scope(Base):
    """Which targets a duty must cover in a period; the periods of one duty do not overlap."""

    __tablename__ = "scope"

    id: Mapped[int] = mapped_column(Integer, Identity(), primary_key=True)
    duty_id: Mapped[int] = mapped_column(ForeignKey("duty.id"))
    zone_classes: Mapped[list[str] | None] = mapped_column(ARRAY(Text), comment="Null: all")
    area_ids: Mapped[list[int] | None] = mapped_column(ARRAY(Integer), comment="Areas with all below them; null: all")
    categories: Mapped[list[str] | None] = mapped_column(ARRAY(Text), comment="Lane classes; null: all")
    valid_from: Mapped[date | None] = valid_from_column()
    valid_to: Mapped[date | None] = valid_to_column()


class ClaimSource(Base):
    """What a claim covers: a list of stretches, or an immutable shape."""

    __tablename__ = "claim_source"

    id: Mapped[int] = mapped_column(Integer, Identity(), primary_key=True)
    basis: Mapped[str] = mapped_column(Text)
    geom: Mapped[object | None] = geometry_column("MULTIPOLYGON", nullable=True, searched=True)

    __table_args__ = (
        CheckConstraint("basis in ('list', 'shape')", name="basis"),
        CheckConstraint("(basis = 'shape') = (geom is not null)", name="shape"),
    )


class ClaimStretch(Base):
    """One stretch of a list, in whole millimetres from the start of its target."""

    __tablename__ = "claim_stretch"

    id: Mapped[int] = mapped_column(Integer, Identity(), primary_key=True)
    source_id: Mapped[int] = mapped_column(ForeignKey("claim_source.id", ondelete="CASCADE"), index=True)
    target_id: Mapped[int] = mapped_column(ForeignKey("target.id", ondelete="CASCADE"), index=True)
    from_mm: Mapped[int] = mapped_column(Integer)
    to_mm: Mapped[int] = mapped_column(Integer)

    __table_args__ = (CheckConstraint("0 <= from_mm and from_mm < to_mm", name="stretch"),)


class Claim(Base):
    """Somebody looks after something: a duty for a period, or work done on a day.

    The period of work is the day of ``done_at`` in the office's time zone.
    """

    __tablename__ = "claim"

    id: Mapped[int] = mapped_column(Integer, Identity(), primary_key=True)
    uuid: Mapped[uuid_module.UUID] = mapped_column(
        UUID(as_uuid=True), unique=True, server_default=func.gen_random_uuid()
    )
    kind: Mapped[str] = mapped_column(Text, comment="Key of its layer")
    source_id: Mapped[int] = mapped_column(ForeignKey("claim_source.id"), index=True)
    duty_id: Mapped[int | None] = mapped_column(ForeignKey("duty.id"))
    shift: Mapped[str] = mapped_column(Text, server_default="all-day")
    done_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True), comment="When work was done")
    result: Mapped[str | None] = mapped_column(Text, comment="done, or why work could not be done")
    valid_from: Mapped[date | None] = valid_from_column()
    valid_to: Mapped[date | None] = valid_to_column()
    import_id: Mapped[int | None] = import_column()
    version: Mapped[int] = mapped_column(Integer, server_default=text("1"))
    recorded_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())

    __mapper_args__ = {"polymorphic_on": "kind"}  # noqa: RUF012 - SQLAlchemy's own form
    __table_args__: tuple[SchemaItem, ...] = (
        CheckConstraint("valid_from < valid_to", name="period"),
        CheckConstraint("shift in ('all-day', 'morning', 'afternoon', 'night')", name="shift"),
        CheckConstraint("(duty_id is null) = (done_at is not null)", name="duty_or_work"),
        CheckConstraint("(done_at is null) = (result is null)", name="result"),
        Index("ix_claim_duty_id", "duty_id"),
        # who cuts targets at zones meets ten times as much work there, and must be told fast that it is none
        Index("ix_claim_source_id_of_duties", "source_id", postgresql_where=text("duty_id is not null")),
        # of work on places the newest is listed first
        Index("ix_claim_done_at_of_works", "done_at", "uuid", postgresql_where=text("kind = 'works'")),
    )
