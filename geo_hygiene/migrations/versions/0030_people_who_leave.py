"""People leave, and stand in for each other; posts are found by their area."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "person",
        sa.Column("left_on", sa.Date(), nullable=True, comment="First day on which the person is no longer there"),
    )
    op.add_column(
        "assignment",
        sa.Column(
            "stands_in_for",
            sa.Integer(),
            nullable=True,
            comment="Who holds the zone otherwise, and goes on with it afterwards",
        ),
    )
    op.create_foreign_key(op.f("fk_assignment_stands_in_for_person"), "assignment", "person", ["stands_in_for"], ["id"])
    op.create_check_constraint(op.f("ck_assignment_stands_in"), "assignment", "stands_in_for <> person_id")
    op.create_index(op.f("ix_assignment_stands_in_for"), "assignment", ["stands_in_for"])
    op.create_index(op.f("ix_post_area_id"), "post", ["area_id"])


def downgrade() -> None:
    op.drop_index(op.f("ix_post_area_id"), "post")
    op.drop_column("assignment", "stands_in_for")
    op.drop_column("person", "left_on")
