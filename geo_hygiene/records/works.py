"""The numbers that stood on removed adverts."""

from __future__ import annotations

from sqlalchemy import ForeignKey, Index, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.schema import SchemaItem

from geo_hygiene.database import Base


class AdvertNumber(Base):
    """A telephone number that stood on removed adverts: only a keyed hash of it, by which it counts once."""

    __tablename__ = "advert_number"

    work_id: Mapped[int] = mapped_column(ForeignKey("work.id", ondelete="CASCADE"), primary_key=True)
    digest: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True, comment="HMAC-SHA-256 of its digits")

    __table_args__: tuple[SchemaItem, ...] = (Index("ix_advert_number_digest", "digest"),)
