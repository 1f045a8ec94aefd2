"""The claims of duties are found by their source among many more of work."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

NAME = "ix_claim_source_id_of_duties"


def upgrade() -> None:
    op.create_index(NAME, "claim", ["source_id"], unique=False, postgresql_where=sa.text("duty_id is not null"))


def downgrade() -> None:
    op.drop_index(NAME, table_name="claim")
