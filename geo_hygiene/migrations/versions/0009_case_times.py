"""What is known of when a case got a status."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "case_event",
        sa.Column(
            "known",
            sa.Text(),
            server_default="time",
            nullable=False,
            comment="time, day, file (by that day) or report (not before)",
        ),
    )
    op.create_check_constraint(op.f("ck_case_event_known"), "case_event", "known in ('time', 'day', 'file', 'report')")
    op.execute(
        """
        update case_event set known = 'report'
        from reported_case
        where reported_case.id = case_event.case_id and case_event.at = reported_case.reported_at
            and case_event.status <> 'collected' and reported_case.closed_at is distinct from case_event.at
        """
    )


def downgrade() -> None:
    op.drop_column("case_event", "known")
