"""Drafts of plans hold the zones that differ."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from geoalchemy2 import Geometry
from sqlalchemy.dialects import postgresql

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "draft",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("uuid", sa.UUID(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("duty_id", sa.SmallInteger(), nullable=False),
        sa.Column("plan_on", sa.Date(), nullable=False, comment="Day whose zones and targets it was drawn over"),
        sa.Column("maker", sa.Text(), nullable=False, comment="E-mail address of the account"),
        sa.Column("began_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("published_from", sa.Date(), nullable=True),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.CheckConstraint("(published_from is null) = (published_at is null)", name=op.f("ck_draft_published")),
        sa.ForeignKeyConstraint(["duty_id"], ["duty.id"], name=op.f("fk_draft_duty_id_duty")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_draft")),
        sa.UniqueConstraint("name", name=op.f("uq_draft_name")),
        sa.UniqueConstraint("uuid", name=op.f("uq_draft_uuid")),
    )
    op.create_table(
        "draft_zone",
        sa.Column("draft_id", sa.Integer(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("source_id", sa.Integer(), nullable=True),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("shift", sa.Text(), server_default="all-day", nullable=False),
        sa.Column("geom", Geometry("MULTIPOLYGON", srid=4326, dimension=2, spatial_index=False), nullable=True),
        sa.Column("tint", sa.SmallInteger(), server_default="0", nullable=False, comment="Colour, as of a zone"),
        sa.Column("person_ids", postgresql.ARRAY(sa.Integer()), nullable=True, comment="Holders; null: as they are"),
        sa.Column("base_uuid", sa.UUID(), nullable=True),
        sa.Column("base_version", sa.Integer(), nullable=True),
        sa.Column("base_to", sa.Date(), nullable=True, comment="End of the base before it was published"),
        sa.Column("began_uuid", sa.UUID(), nullable=True, comment="The zone that began when it was published"),
        sa.Column(
            "holders_before",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=True,
            comment="Before it was published",
        ),
        sa.CheckConstraint("shift in ('all-day', 'morning', 'afternoon', 'night')", name=op.f("ck_draft_zone_shift")),
        sa.CheckConstraint("(base_uuid is null) = (base_version is null)", name=op.f("ck_draft_zone_base")),
        sa.ForeignKeyConstraint(
            ["draft_id"], ["draft.id"], name=op.f("fk_draft_zone_draft_id_draft"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["source_id"], ["claim_source.id"], name=op.f("fk_draft_zone_source_id_claim_source")),
        sa.PrimaryKeyConstraint("draft_id", "code", name=op.f("pk_draft_zone")),
    )
    op.create_index(op.f("ix_draft_zone_source_id"), "draft_zone", ["source_id"], unique=False)


def downgrade() -> None:
    op.drop_table("draft_zone")
    op.drop_table("draft")
