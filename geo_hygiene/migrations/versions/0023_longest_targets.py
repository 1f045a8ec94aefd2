"""The longest targets are found by an index: the longest pieces of a campaign lie on them."""

from __future__ import annotations

from alembic import op

revision = "0023"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_target_extent_mm", "target", ["extent_mm"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_target_extent_mm", "target")
