"""The newest work is found from an index: a county has as much of it in a year as a town in sixty."""

from __future__ import annotations

from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("create index ix_claim_done_at_of_works on claim (done_at, uuid) where kind = 'works'")


def downgrade() -> None:
    op.execute("drop index ix_claim_done_at_of_works")
