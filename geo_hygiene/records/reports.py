"""The Word templates of the annual report that an office brought."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import DateTime, LargeBinary, Text, func
from sqlalchemy.orm import Mapped, mapped_column

from geo_hygiene.database import Base


class ReportTemplate(Base):
    """What the annual report is written from in a language; without one it is the template of the program."""

    __tablename__ = "report_template"

    language: Mapped[str] = mapped_column(Text, primary_key=True, comment="Locale of the report")
    file: Mapped[str] = mapped_column(Text, comment="What the file was called")
    content: Mapped[bytes] = mapped_column(LargeBinary, comment="A .docx file whose fields are all known")
    actor: Mapped[str] = mapped_column(Text, comment="E-mail address of the account that brought it")
    stored_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
