"""Cover tells zones from work, so that who cuts a target at its zones does not read a year of work on it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("cover", sa.Column("is_work", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.execute(
        "update cover set is_work = true from claim where claim.source_id = cover.source_id and claim.duty_id is null"
    )
    op.alter_column("cover", "is_work", server_default=None, comment="Whether the source is of work, or else of a duty")
    op.create_index(
        "ix_cover_target_id_of_duties",
        "cover",
        ["target_id"],
        unique=False,
        postgresql_include=["source_id", "from_mm", "to_mm"],
        postgresql_where=sa.text("not is_work"),
    )


def downgrade() -> None:
    op.drop_index("ix_cover_target_id_of_duties", "cover")
    op.drop_column("cover", "is_work")
