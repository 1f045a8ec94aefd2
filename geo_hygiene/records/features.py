"""What every map record that is not a target has."""

from __future__ import annotations

import uuid as uuid_module
from datetime import date, datetime

from sqlalchemy import DateTime, Identity, Integer, Text, func, text
from sqlalchemy.dialects.postgresql import JSONB, UUID
from sqlalchemy.orm import Mapped, declared_attr, mapped_column

from geo_hygiene.database import import_column, valid_from_column, valid_to_column


class FeatureColumns:
    """Identity, period and origin of a feature; its class adds ``geom`` and what it is about."""

    id: Mapped[int] = mapped_column(Integer, Identity(), primary_key=True)
    uuid: Mapped[uuid_module.UUID] = mapped_column(
        UUID(as_uuid=True), unique=True, server_default=func.gen_random_uuid()
    )
    code: Mapped[str | None] = mapped_column(Text, index=True)
    source_key: Mapped[str | None] = mapped_column(Text, index=True, comment="Key of the file row it was made from")
    extra: Mapped[dict[str, object]] = mapped_column(JSONB, server_default=text("'{}'"))
    version: Mapped[int] = mapped_column(Integer, server_default=text("1"))
    recorded_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())

    @declared_attr
    def valid_from(self) -> Mapped[date | None]:
        """First day."""
        return valid_from_column()

    @declared_attr
    def valid_to(self) -> Mapped[date | None]:
        """Day after the last."""
        return valid_to_column()

    @declared_attr
    def import_id(self) -> Mapped[int | None]:
        """Import that brought it."""
        return import_column()
