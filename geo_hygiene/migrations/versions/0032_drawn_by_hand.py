"""What somebody draws by hand is kept as an import of its own origin.

Revision ID: 0032
Revises: 0031
"""

from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Say that there is a third origin."""
    op.execute("comment on column import_run.origin is '''file'', ''sample'' or ''hand'''")


def downgrade() -> None:
    """Say so no longer."""
    op.execute("comment on column import_run.origin is '''file'' or ''sample'''")
