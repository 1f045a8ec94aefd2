"""Cover knows its duty, so that who cuts a target at its zones does not read a year of work on it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

FILL = """
update cover set duty_id = claim.duty_id
from claim
where claim.source_id = cover.source_id and claim.duty_id is not null
"""


def upgrade() -> None:
    op.add_column(
        "cover",
        sa.Column("duty_id", sa.SmallInteger(), nullable=True, comment="Of the source's claims; null: work, or none"),
    )
    op.execute(FILL)
    op.create_index(
        "ix_cover_of_duties",
        "cover",
        ["target_id", "duty_id"],
        unique=False,
        postgresql_include=["source_id", "from_mm", "to_mm"],
        postgresql_where=sa.text("duty_id is not null"),
    )


def downgrade() -> None:
    op.drop_index("ix_cover_of_duties", "cover")
    op.drop_column("cover", "duty_id")
