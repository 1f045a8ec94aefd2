"""What an office gathers over a year beside its work: signed letters, surveys of what people know, honours."""

from __future__ import annotations

import uuid as uuid_module
from datetime import date

from sqlalchemy import CheckConstraint, Date, ForeignKey, Identity, Index, Integer, Text, UniqueConstraint, func, text
from sqlalchemy.dialects.postgresql import JSONB, UUID
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.schema import SchemaItem

from geo_hygiene.database import Base, import_column


class Letter(Base):
    """A frontage or unit signed once for the ground before it (门前三包); it holds within one calendar year.

    Who signs twice in a year has two letters and is one signer.
    """

    __tablename__ = "letter"

    id: Mapped[int] = mapped_column(Integer, Identity(), primary_key=True)
    uuid: Mapped[uuid_module.UUID] = mapped_column(
        UUID(as_uuid=True), unique=True, server_default=func.gen_random_uuid()
    )
    target_id: Mapped[int] = mapped_column(ForeignKey("target.id", ondelete="CASCADE"))
    year: Mapped[int] = mapped_column(Integer)
    signed_on: Mapped[date] = mapped_column(Date, comment="May lie in the year before: then it holds from 1 January")
    valid_to: Mapped[date] = mapped_column(Date, comment="Day after the last")
    extra: Mapped[dict[str, object]] = mapped_column(JSONB, server_default=text("'{}'"))
    import_id: Mapped[int | None] = import_column()

    __table_args__: tuple[SchemaItem, ...] = (
        CheckConstraint(
            "signed_on < valid_to and signed_on >= make_date(year - 1, 1, 1)"
            " and valid_to > make_date(year, 1, 1) and valid_to <= make_date(year + 1, 1, 1)",
            name="year",
        ),
        UniqueConstraint("target_id", "year", "signed_on"),
        Index("ix_letter_signed_on", "signed_on"),
    )


class AwarenessSurvey(Base):
    """How many of those who were asked in an area on a day knew what they were asked about health."""

    __tablename__ = "awareness_survey"

    id: Mapped[int] = mapped_column(Integer, Identity(), primary_key=True)
    uuid: Mapped[uuid_module.UUID] = mapped_column(
        UUID(as_uuid=True), unique=True, server_default=func.gen_random_uuid()
    )
    held_on: Mapped[date] = mapped_column(Date)
    area: Mapped[str] = mapped_column(Text, comment="Code, which outlives the versions of the area")
    topic: Mapped[str] = mapped_column(Text, server_default="", comment="Empty: health knowledge in general")
    asked: Mapped[int] = mapped_column(Integer)
    aware: Mapped[int] = mapped_column(Integer)
    import_id: Mapped[int | None] = import_column()
    extra: Mapped[dict[str, object]] = mapped_column(JSONB, server_default=text("'{}'"))
    version: Mapped[int] = mapped_column(Integer, server_default=text("1"))

    __table_args__: tuple[SchemaItem, ...] = (
        CheckConstraint("asked > 0 and aware >= 0 and aware <= asked", name="aware"),
        UniqueConstraint("held_on", "area", "topic"),
    )


class Honour(Base):
    """A community, estate or household got an honour for a year, or can not get it, or lost it."""

    __tablename__ = "honour"

    id: Mapped[int] = mapped_column(Integer, Identity(), primary_key=True)
    uuid: Mapped[uuid_module.UUID] = mapped_column(
        UUID(as_uuid=True), unique=True, server_default=func.gen_random_uuid()
    )
    kind: Mapped[str] = mapped_column(Text)
    holder: Mapped[str] = mapped_column(Text, comment="Code of the community, estate or frontage, else its id")
    year: Mapped[int] = mapped_column(Integer)
    granted_on: Mapped[date | None] = mapped_column(Date)
    vetoed_on: Mapped[date | None] = mapped_column(Date)
    reason: Mapped[str | None] = mapped_column(Text, comment="Why it was vetoed")
    import_id: Mapped[int | None] = import_column()
    extra: Mapped[dict[str, object]] = mapped_column(JSONB, server_default=text("'{}'"))
    version: Mapped[int] = mapped_column(Integer, server_default=text("1"))

    __table_args__: tuple[SchemaItem, ...] = (
        CheckConstraint("granted_on is not null or vetoed_on is not null", name="said"),
        CheckConstraint("vetoed_on is null or reason is not null", name="reason"),
        CheckConstraint("granted_on < vetoed_on", name="veto"),
        UniqueConstraint("kind", "holder", "year"),
    )
