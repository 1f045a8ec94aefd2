"""The people of an office, their posts on areas, and the zones they hold."""

from __future__ import annotations

import uuid as uuid_module
from datetime import date

from sqlalchemy import CheckConstraint, Date, ForeignKey, Identity, Integer, Text, UniqueConstraint, func, text
from sqlalchemy.dialects.postgresql import JSONB, UUID
from sqlalchemy.orm import Mapped, mapped_column

from geo_hygiene.database import Base, import_column, valid_from_column, valid_to_column


class Person(Base):
    """Somebody who leads, answers for an area, or cleans."""

    __tablename__ = "person"

    id: Mapped[int] = mapped_column(Integer, Identity(), primary_key=True)
    uuid: Mapped[uuid_module.UUID] = mapped_column(
        UUID(as_uuid=True), unique=True, server_default=func.gen_random_uuid()
    )
    code: Mapped[str] = mapped_column(Text, unique=True)
    name: Mapped[str] = mapped_column(Text)
    role: Mapped[str] = mapped_column(Text)
    employment: Mapped[str | None] = mapped_column(Text)
    community: Mapped[str | None] = mapped_column(Text, comment="Code of the community that the person belongs to")
    phone: Mapped[str | None] = mapped_column(Text, comment="Masked: 138****1234")
    left_on: Mapped[date | None] = mapped_column(Date, comment="First day on which the person is no longer there")
    import_id: Mapped[int | None] = import_column()
    extra: Mapped[dict[str, object]] = mapped_column(JSONB, server_default=text("'{}'"))
    version: Mapped[int] = mapped_column(Integer, server_default=text("1"))


class Post(Base):
    """A leader or cadre answers for an area in a period."""

    __tablename__ = "post"

    id: Mapped[int] = mapped_column(Integer, Identity(), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    area_id: Mapped[int] = mapped_column(ForeignKey("area.id"), index=True)
    kind: Mapped[str] = mapped_column(Text)
    valid_from: Mapped[date | None] = valid_from_column()
    valid_to: Mapped[date | None] = valid_to_column()
    import_id: Mapped[int | None] = import_column()

    __table_args__ = (
        CheckConstraint("valid_from < valid_to", name="period"),
        UniqueConstraint("person_id", "area_id", "kind", "valid_from"),
    )


class Assignment(Base):
    """A person holds a zone in a period; the zone is named by its code, which outlives its versions."""

    __tablename__ = "assignment"

    id: Mapped[int] = mapped_column(Integer, Identity(), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    zone: Mapped[str] = mapped_column(Text, index=True)
    shift: Mapped[str] = mapped_column(Text, server_default="all-day")
    valid_from: Mapped[date | None] = valid_from_column()
    valid_to: Mapped[date | None] = valid_to_column()
    stands_in_for: Mapped[int | None] = mapped_column(
        ForeignKey("person.id"), index=True, comment="Who holds the zone otherwise, and goes on with it afterwards"
    )
    import_id: Mapped[int | None] = import_column()

    __table_args__ = (
        CheckConstraint("valid_from < valid_to", name="period"),
        CheckConstraint("stands_in_for <> person_id", name="stands_in"),
        CheckConstraint("shift in ('all-day', 'morning', 'afternoon', 'night')", name="shift"),
        UniqueConstraint("person_id", "zone", "shift", "valid_from"),
    )
