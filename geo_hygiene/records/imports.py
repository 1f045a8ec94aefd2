"""What came in from which file, and what records looked like before."""

from __future__ import annotations

import uuid as uuid_module
from datetime import datetime

from sqlalchemy import BigInteger, DateTime, Identity, Index, Integer, LargeBinary, Text, func, text
from sqlalchemy.dialects.postgresql import JSONB, UUID
from sqlalchemy.orm import Mapped, mapped_column

from geo_hygiene.database import Base, import_column

SAMPLE = "sample"
"""Origin of the imports that brought the sample town."""

HAND = "hand"
"""Origin of what somebody drew: each act is kept as an import of one row is, so that it can be taken back as one."""


class ImportRun(Base):
    """One file that was stored."""

    __tablename__ = "import_run"

    id: Mapped[int] = mapped_column(Integer, Identity(), primary_key=True)
    uuid: Mapped[uuid_module.UUID] = mapped_column(
        UUID(as_uuid=True), unique=True, server_default=func.gen_random_uuid()
    )
    layer: Mapped[str] = mapped_column(Text)
    file: Mapped[str] = mapped_column(Text, comment="Base name as the user gave it")
    origin: Mapped[str] = mapped_column(Text, server_default="file", comment="'file', 'sample' or 'hand'")
    report: Mapped[dict[str, object]] = mapped_column(JSONB, server_default=text("'{}'"))
    recorded_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    taken_back_at: Mapped[datetime | None] = mapped_column(
        DateTime(timezone=True), comment="When its records were removed again"
    )


class SourceRow(Base):
    """A row of a file as it came: tells an unchanged row from a changed one at the next import."""

    __tablename__ = "source_row"

    layer: Mapped[str] = mapped_column(Text, primary_key=True)
    key: Mapped[str] = mapped_column(Text, primary_key=True)
    geometry_hash: Mapped[bytes | None] = mapped_column(LargeBinary, comment="SHA-256 of the WKB in EPSG:4326")
    attributes_hash: Mapped[bytes] = mapped_column(LargeBinary)
    import_id: Mapped[int | None] = import_column()


class RecordHistory(Base):
    """A version of a record that was superseded; insert only."""

    __tablename__ = "record_history"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    layer: Mapped[str] = mapped_column(Text)
    record: Mapped[uuid_module.UUID] = mapped_column(UUID(as_uuid=True))
    version: Mapped[int] = mapped_column(Integer)
    content: Mapped[dict[str, object]] = mapped_column(JSONB)
    import_id: Mapped[int | None] = mapped_column(Integer)
    recorded_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())

    __table_args__ = (Index("ix_record_history_record", "record", "version"),)
