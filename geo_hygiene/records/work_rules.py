"""The work model: how many minutes a target takes, how often, and how long a working day is."""

from __future__ import annotations

import uuid as uuid_module
from datetime import date

from sqlalchemy import CheckConstraint, Identity, Integer, Numeric, Text, UniqueConstraint, func, text
from sqlalchemy.dialects.postgresql import UUID
from sqlalchemy.orm import Mapped, mapped_column

from geo_hygiene.database import Base, import_column, valid_from_column, valid_to_column


class WorkRule(Base):
    """How long the work on a kind of target takes and how often it is done, or a working day, in a period."""

    __tablename__ = "work_rule"

    id: Mapped[int] = mapped_column(Integer, Identity(), primary_key=True)
    uuid: Mapped[uuid_module.UUID] = mapped_column(
        UUID(as_uuid=True), unique=True, server_default=func.gen_random_uuid()
    )
    kind: Mapped[str] = mapped_column(Text, comment="Key of a layer of targets, or people: then it is a working day")
    category: Mapped[str | None] = mapped_column(Text, comment="Class or employment; null: any other")
    zone_class: Mapped[str | None] = mapped_column(Text, comment="Of the area; null: any other")
    width_from_m: Mapped[float | None] = mapped_column(Numeric(6, 2, asdecimal=False), comment="Inclusive")
    width_to_m: Mapped[float | None] = mapped_column(Numeric(6, 2, asdecimal=False), comment="Exclusive")
    minutes: Mapped[float] = mapped_column(
        Numeric(10, 4, asdecimal=False), comment="Each time: for a metre of a line, for a place, or of a day"
    )
    times: Mapped[float] = mapped_column(Numeric(6, 2, asdecimal=False), server_default=text("1"))
    days: Mapped[int] = mapped_column(Integer, server_default=text("1"), comment="In so many days it is done so often")
    valid_from: Mapped[date | None] = valid_from_column()
    valid_to: Mapped[date | None] = valid_to_column()
    import_id: Mapped[int | None] = import_column()
    version: Mapped[int] = mapped_column(Integer, server_default=text("1"))

    __table_args__ = (
        CheckConstraint("valid_from < valid_to", name="period"),
        CheckConstraint("minutes >= 0 and minutes < 'infinity'", name="minutes"),
        CheckConstraint("times > 0 and times < 'infinity' and days > 0", name="frequency"),
        CheckConstraint("width_from_m >= 0 and width_to_m > coalesce(width_from_m, 0)", name="width"),
        # tells the rows of files apart; that no two rules say two things is checked by whoever writes them
        UniqueConstraint(
            *("kind", "category", "zone_class", "width_from_m", "width_to_m", "valid_from"), name="uq_work_rule_subject"
        ),
    )
