"""The gaps of a day are counted from their index, which knew nothing of days and led to those of all plans."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

NAME = "ix_state_gap"
OPEN = sa.text("gap_max_mm > 0")


def upgrade() -> None:
    op.drop_index(NAME, "state")
    columns = ["duty_id", "gap_max_mm", "valid_from", "valid_to"]
    op.create_index(NAME, "state", columns, unique=False, postgresql_where=OPEN)


def downgrade() -> None:
    op.drop_index(NAME, "state")
    op.create_index(NAME, "state", ["duty_id", "gap_max_mm"], unique=False, postgresql_where=OPEN)
