"""The table of jobs."""

from __future__ import annotations

import uuid as uuid_module
from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, DateTime, Identity, Index, Text, func, text
from sqlalchemy.dialects.postgresql import JSONB, UUID
from sqlalchemy.orm import Mapped, mapped_column

from geo_hygiene.database import Base


class JobRow(Base):
    """Long work that somebody asked for: who, what, how far it is, and what came of it."""

    __tablename__ = "job"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    uuid: Mapped[uuid_module.UUID] = mapped_column(
        UUID(as_uuid=True), unique=True, server_default=func.gen_random_uuid()
    )
    kind: Mapped[str] = mapped_column(Text)
    parameters: Mapped[dict[str, object]] = mapped_column(JSONB)
    actor: Mapped[str] = mapped_column(Text, comment="E-mail address of the account that asked for it")
    locale: Mapped[str] = mapped_column(Text, comment="Language in which it speaks")
    state: Mapped[str] = mapped_column(
        Text, server_default="waiting", comment="waiting, running, done, failed, cancelled or died"
    )
    step: Mapped[str | None] = mapped_column(Text, comment="What is done at the moment")
    done: Mapped[int | None] = mapped_column(BigInteger, comment="How much of the step is done")
    total: Mapped[int | None] = mapped_column(BigInteger, comment="How much the step has, where that is known")
    result: Mapped[dict[str, object] | None] = mapped_column(JSONB)
    reason: Mapped[str | None] = mapped_column(Text, comment="Why it did not come to a result")
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    began_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    ended_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    cancel_asked_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))

    __table_args__ = (
        CheckConstraint("state in ('waiting', 'running', 'done', 'failed', 'cancelled', 'died')", name="state"),
        CheckConstraint("(state in ('waiting', 'running')) = (ended_at is null)", name="ended"),
        Index("ix_job_open", "id", postgresql_where=text("state in ('waiting', 'running')")),
    )
