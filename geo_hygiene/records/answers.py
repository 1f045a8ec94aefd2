"""What is kept so that no geometry is overlaid when a question is asked.

Every row follows from targets, claims, scopes and assignments, and ``cover rebuild`` makes the same rows again. It is
not checked when it is written whether its target and source exist: what deletes those deletes it too, by a trigger.
"""

from __future__ import annotations

from datetime import date

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Identity,
    Index,
    Integer,
    PrimaryKeyConstraint,
    SmallInteger,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import INT4MULTIRANGE
from sqlalchemy.orm import Mapped, mapped_column

from geo_hygiene.database import Base, valid_from_column, valid_to_column


class Cover(Base):
    """Where a source meets a target, whatever the periods."""

    __tablename__ = "cover"

    target_id: Mapped[int] = mapped_column(Integer, primary_key=True)
    source_id: Mapped[int] = mapped_column(Integer, primary_key=True)
    from_mm: Mapped[int] = mapped_column(Integer, primary_key=True)
    to_mm: Mapped[int] = mapped_column(Integer)
    duty_id: Mapped[int | None] = mapped_column(SmallInteger, comment="Of the source's claims; null: work, or none")

    __table_args__ = (
        CheckConstraint("0 <= from_mm and from_mm < to_mm", name="stretch"),
        Index("ix_cover_source_id", "source_id"),
        # a target meets a zone or two of a duty, and within some years a hundred works
        Index(
            "ix_cover_of_duties",
            *("target_id", "duty_id"),
            postgresql_include=["source_id", "from_mm", "to_mm"],
            postgresql_where=text("duty_id is not null"),
        ),
    )


class State(Base):
    """How much of a target a duty covers between two changes; periods are maximal."""

    __tablename__ = "state"

    duty_id: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    target_id: Mapped[int] = mapped_column(Integer, primary_key=True)
    valid_from: Mapped[date | None] = valid_from_column(primary_key=True)
    valid_to: Mapped[date | None] = valid_to_column()
    area_id: Mapped[int | None] = mapped_column(Integer)
    covered_mm: Mapped[int] = mapped_column(Integer)
    overlap_mm: Mapped[int] = mapped_column(Integer)
    gap_max_mm: Mapped[int] = mapped_column(Integer)
    gaps: Mapped[object] = mapped_column(INT4MULTIRANGE)

    __table_args__ = (
        Index("ix_state_gap", "duty_id", "gap_max_mm", "valid_from", "valid_to", postgresql_where="gap_max_mm > 0"),
        Index("ix_state_overlap", "duty_id", postgresql_where="overlap_mm > 0"),
        Index("ix_state_target_id", "target_id"),
    )


class Vacancy(Base):
    """How much of a target is covered only by zones that nobody holds."""

    __tablename__ = "vacancy"

    duty_id: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    target_id: Mapped[int] = mapped_column(Integer, primary_key=True)
    valid_from: Mapped[date | None] = valid_from_column(primary_key=True)
    valid_to: Mapped[date | None] = valid_to_column()
    area_id: Mapped[int | None] = mapped_column(Integer)
    vacant_mm: Mapped[int] = mapped_column(Integer)

    __table_args__ = (Index("ix_vacancy_target_id", "target_id"),)


class Ledger(Base):
    """Changes of the sums of an area by day; a day's figures are the sum of all changes up to it.

    They are kept for the areas that targets are assigned to (level ``own``), and added up to communities, to offices
    and to one row for ``all``, so that a question reads no more rows than it answers with.
    """

    __tablename__ = "ledger"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    duty_id: Mapped[int] = mapped_column(SmallInteger)
    level: Mapped[str] = mapped_column(Text)
    area_id: Mapped[int | None] = mapped_column(Integer)
    day: Mapped[date | None] = valid_from_column()
    total_mm: Mapped[int] = mapped_column(BigInteger, server_default="0")
    covered_mm: Mapped[int] = mapped_column(BigInteger, server_default="0")
    overlap_mm: Mapped[int] = mapped_column(BigInteger, server_default="0")
    vacant_mm: Mapped[int] = mapped_column(BigInteger, server_default="0")

    __table_args__ = (
        CheckConstraint("level in ('own', 'community', 'office', 'all')", name="level"),
        Index(
            "uq_ledger_duty_level_area_day",
            *("duty_id", "level", "area_id", "day"),
            unique=True,
            postgresql_nulls_not_distinct=True,
        ),
    )


class Reached(Base):
    """By how much what is known of a target in a campaign changes on a day.

    ``result`` and ``seen_on`` say of which work: the days of the one are those on which it is known, of the other those
    on which it was done. ``on-ground`` (and no day) is the target itself.
    """

    __tablename__ = "reached"

    campaign_id: Mapped[int] = mapped_column(Integer, primary_key=True)
    target_id: Mapped[int] = mapped_column(Integer, primary_key=True)
    day: Mapped[date | None] = valid_from_column(primary_key=True)
    result: Mapped[str] = mapped_column(Text, primary_key=True)
    seen_on: Mapped[date | None] = valid_from_column(primary_key=True)
    area_id: Mapped[int | None] = mapped_column(Integer)
    change_mm: Mapped[int] = mapped_column(Integer)

    __table_args__ = (
        PrimaryKeyConstraint(postgresql_include=["change_mm"]),
        Index("ix_reached_target_id", "target_id"),
    )


class ReachedSum(Base):
    """What is in ``reached`` added up by kind of target, to groups, communities, offices and to one row for ``all``."""

    __tablename__ = "reached_sum"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    campaign_id: Mapped[int] = mapped_column(Integer)
    level: Mapped[str] = mapped_column(Text)
    area_id: Mapped[int | None] = mapped_column(Integer)
    kind: Mapped[str] = mapped_column(Text, comment="Layer key")
    day: Mapped[date | None] = valid_from_column()
    result: Mapped[str] = mapped_column(Text)
    seen_on: Mapped[date | None] = valid_from_column()
    change_mm: Mapped[int] = mapped_column(BigInteger)

    __table_args__ = (
        CheckConstraint("level in ('group', 'community', 'office', 'all')", name="level"),
        Index(
            "uq_reached_sum",
            *("campaign_id", "level", "area_id", "kind", "result", "seen_on", "day"),
            unique=True,
            postgresql_include=["change_mm"],
            postgresql_nulls_not_distinct=True,
        ),
        Index("ix_reached_sum_nothing", "campaign_id", postgresql_where="change_mm = 0"),
    )


class DataVersion(Base):
    """A number that grows with every change of a layer or a duty; tiles and caches are named by it."""

    __tablename__ = "data_version"

    subject: Mapped[str] = mapped_column(Text, primary_key=True, comment="Layer key, or duty:<code>")
    version: Mapped[int] = mapped_column(BigInteger, server_default="1")
