"""Indexes for large towns: areas of a level without reading their shapes, and cases in the order of their list."""

from __future__ import annotations

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        op.f("ix_area_level"),
        "area",
        ["level", "valid_from", "valid_to"],
        unique=False,
        postgresql_include=["id", "code", "population"],
    )
    op.drop_index(op.f("ix_reported_case_reported_at"), table_name="reported_case")
    op.create_index(op.f("ix_reported_case_reported_at"), "reported_case", ["reported_at", "id"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_reported_case_reported_at"), table_name="reported_case")
    op.create_index(op.f("ix_reported_case_reported_at"), "reported_case", ["reported_at"], unique=False)
    op.drop_index(op.f("ix_area_level"), table_name="area")
