"""An office keeps its own Word template of the annual report, one for each language.

Revision ID: 0034
Revises: 0033
"""

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "report_template",
        sa.Column("language", sa.Text(), nullable=False, comment="Locale of the report"),
        sa.Column("file", sa.Text(), nullable=False, comment="What the file was called"),
        sa.Column("content", sa.LargeBinary(), nullable=False, comment="A .docx file whose fields are all known"),
        sa.Column("actor", sa.Text(), nullable=False, comment="E-mail address of the account that brought it"),
        sa.Column("stored_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("language", name=op.f("pk_report_template")),
    )


def downgrade() -> None:
    """Forget the templates."""
    op.drop_table("report_template")
