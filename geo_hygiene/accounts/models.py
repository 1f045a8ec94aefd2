"""Tables of accounts, their roles, failed sign-ins and the audit."""

from __future__ import annotations

import uuid as uuid_module
from datetime import datetime

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    Text,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, UUID
from sqlalchemy.orm import Mapped, mapped_column

from geo_hygiene.database import Base


class Account(Base):
    """Somebody who may sign in; never deleted, only closed, because the audit names it."""

    __tablename__ = "account"

    id: Mapped[int] = mapped_column(Integer, Identity(), primary_key=True)
    uuid: Mapped[uuid_module.UUID] = mapped_column(
        UUID(as_uuid=True), unique=True, server_default=func.gen_random_uuid()
    )
    email: Mapped[str] = mapped_column(Text, unique=True, comment="In small letters")
    name: Mapped[str] = mapped_column(Text)
    password: Mapped[str] = mapped_column(Text, comment="Argon2id")
    is_temporary: Mapped[bool] = mapped_column(Boolean, comment="The password must be changed at the next sign-in")
    is_open: Mapped[bool] = mapped_column(Boolean, server_default=text("true"))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    signed_in_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))

    __table_args__ = (
        CheckConstraint("email = lower(email)", name="email"),
        CheckConstraint("password like '$argon2id$%'", name="password"),
    )


class AccountRole(Base):
    """A role of an account, everywhere or in an area, which is named by its code: that outlives its versions."""

    __tablename__ = "account_role"

    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), primary_key=True)
    role: Mapped[str] = mapped_column(Text, primary_key=True)
    area: Mapped[str] = mapped_column(Text, primary_key=True, comment="Code of an area; empty: everywhere")


class AccountSession(Base):
    """Somebody who is signed in, once for each browser; the row goes at a sign-out, and all with the account."""

    __tablename__ = "account_session"

    digest: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True, comment="SHA-256 of the key in the cookie")
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    began_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())


class FailedSignIn(Base):
    """A sign-in that failed: too many for one account or from one machine close the door for a while."""

    __tablename__ = "failed_sign_in"

    id: Mapped[int] = mapped_column(Integer, Identity(), primary_key=True)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    account: Mapped[bytes] = mapped_column(LargeBinary, comment="SHA-256 of what was given as the e-mail address")
    machine: Mapped[str] = mapped_column(Text, comment="Network address")

    __table_args__ = (Index("ix_failed_sign_in_at", "at"),)


class AuditEntry(Base):
    """What somebody changed; insert only, each entry sealed with the one before."""

    __tablename__ = "audit_entry"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.clock_timestamp())
    actor: Mapped[str] = mapped_column(Text, comment="E-mail address of an account, or 'command'")
    action: Mapped[str] = mapped_column(Text)
    subject: Mapped[str] = mapped_column(Text, comment="What was changed: kind and name")
    before: Mapped[dict[str, object] | None] = mapped_column(JSONB)
    after: Mapped[dict[str, object] | None] = mapped_column(JSONB)
    seal: Mapped[bytes] = mapped_column(
        LargeBinary, server_default=text("''"), comment="SHA-256 of the seal before and of this entry"
    )

    __table_args__ = (Index("ix_audit_entry_subject", "subject", "id"),)
