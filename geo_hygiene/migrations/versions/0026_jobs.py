"""Long work as rows, and imports that were taken back."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "job",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("uuid", sa.UUID(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("parameters", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False, comment="E-mail address of the account that asked for it"),
        sa.Column("locale", sa.Text(), nullable=False, comment="Language in which it speaks"),
        sa.Column(
            "state",
            sa.Text(),
            server_default="waiting",
            nullable=False,
            comment="waiting, running, done, failed, cancelled or died",
        ),
        sa.Column("step", sa.Text(), nullable=True, comment="What is done at the moment"),
        sa.Column("done", sa.BigInteger(), nullable=True, comment="How much of the step is done"),
        sa.Column("total", sa.BigInteger(), nullable=True, comment="How much the step has, where that is known"),
        sa.Column("result", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True, comment="Why it did not come to a result"),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cancel_asked_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state in ('waiting', 'running', 'done', 'failed', 'cancelled', 'died')", name=op.f("ck_job_state")
        ),
        sa.CheckConstraint("(state in ('waiting', 'running')) = (ended_at is null)", name=op.f("ck_job_ended")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job")),
        sa.UniqueConstraint("uuid", name=op.f("uq_job_uuid")),
    )
    op.create_index(
        "ix_job_open", "job", ["id"], unique=False, postgresql_where=sa.text("state in ('waiting', 'running')")
    )
    op.add_column(
        "import_run",
        sa.Column(
            "taken_back_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="When its records were removed again",
        ),
    )


def downgrade() -> None:
    op.drop_column("import_run", "taken_back_at")
    op.drop_table("job")
