"""Activities, responsibility letters, surveys of awareness, honours."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from geoalchemy2 import Geometry
from sqlalchemy.dialects import postgresql

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_geospatial_table(
        "activity",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("uuid", sa.UUID(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("source_key", sa.Text(), nullable=False, comment="external_id, else a hash of the row"),
        sa.Column("external_id", sa.Text(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("theme", sa.Text(), nullable=True),
        sa.Column("title", sa.Text(), nullable=True),
        sa.Column("held_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("held_on", sa.Date(), nullable=False, comment="Its day in the office's time zone"),
        sa.Column(
            "areas",
            postgresql.ARRAY(sa.Text()),
            nullable=True,
            comment="Codes of areas that it reached as a whole",
        ),
        sa.Column("venue", sa.Text(), nullable=True),
        sa.Column("person_times", sa.Integer(), nullable=True),
        sa.Column("people", sa.Integer(), nullable=True),
        sa.Column("quantity", sa.Integer(), nullable=True, comment="Banners, leaflets, boards; exposed of ours"),
        sa.Column("cost", sa.Numeric(12, 2), nullable=True, comment="Yuan"),
        sa.Column("participants", postgresql.ARRAY(sa.Text()), nullable=True),
        sa.Column("lanes", postgresql.ARRAY(sa.Text()), nullable=True, comment="Codes of the lanes of its route"),
        sa.Column("target_id", sa.Integer(), nullable=True, comment="Facility"),
        sa.Column(
            "geom",
            Geometry(geometry_type="POINT", srid=4326, dimension=2, spatial_index=False, name="geometry"),
            nullable=True,
        ),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("extra", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("import_id", sa.Integer(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "person_times >= 0 and people >= 0 and quantity >= 0 and cost >= 0", name=op.f("ck_activity_amounts")
        ),
        sa.CheckConstraint("kind <> 'exposure' or quantity is not null", name=op.f("ck_activity_exposure")),
        sa.ForeignKeyConstraint(
            ["target_id"], ["target.id"], name=op.f("fk_activity_target_id_target"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_activity")),
        sa.UniqueConstraint("source_key", name=op.f("uq_activity_source_key")),
        sa.UniqueConstraint("uuid", name=op.f("uq_activity_uuid")),
    )
    op.create_index("ix_activity_held_on", "activity", ["held_on"], unique=False)
    op.create_index("ix_activity_target_id", "activity", ["target_id"], unique=False)
    op.create_table(
        "letter",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("uuid", sa.UUID(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("target_id", sa.Integer(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column(
            "signed_on",
            sa.Date(),
            nullable=False,
            comment="May lie in the year before: then it holds from 1 January",
        ),
        sa.Column("valid_to", sa.Date(), nullable=False, comment="Day after the last"),
        sa.Column("extra", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("import_id", sa.Integer(), nullable=True),
        sa.CheckConstraint(
            "signed_on < valid_to and signed_on >= make_date(year - 1, 1, 1)"
            " and valid_to > make_date(year, 1, 1) and valid_to <= make_date(year + 1, 1, 1)",
            name=op.f("ck_letter_year"),
        ),
        sa.ForeignKeyConstraint(
            ["target_id"], ["target.id"], name=op.f("fk_letter_target_id_target"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_letter")),
        sa.UniqueConstraint("target_id", "year", "signed_on", name=op.f("uq_letter_target_id_year_signed_on")),
        sa.UniqueConstraint("uuid", name=op.f("uq_letter_uuid")),
    )
    op.create_index("ix_letter_signed_on", "letter", ["signed_on"], unique=False)
    op.create_table(
        "awareness_survey",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("uuid", sa.UUID(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("held_on", sa.Date(), nullable=False),
        sa.Column("area", sa.Text(), nullable=False, comment="Code, which outlives the versions of the area"),
        sa.Column("topic", sa.Text(), server_default="", nullable=False, comment="Empty: health knowledge in general"),
        sa.Column("asked", sa.Integer(), nullable=False),
        sa.Column("aware", sa.Integer(), nullable=False),
        sa.Column("import_id", sa.Integer(), nullable=True),
        sa.Column("extra", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.CheckConstraint("asked > 0 and aware >= 0 and aware <= asked", name=op.f("ck_awareness_survey_aware")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_awareness_survey")),
        sa.UniqueConstraint("held_on", "area", "topic", name=op.f("uq_awareness_survey_held_on_area_topic")),
        sa.UniqueConstraint("uuid", name=op.f("uq_awareness_survey_uuid")),
    )
    op.create_table(
        "honour",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("uuid", sa.UUID(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column(
            "holder", sa.Text(), nullable=False, comment="Code of the community, estate or frontage, else its id"
        ),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("granted_on", sa.Date(), nullable=True),
        sa.Column("vetoed_on", sa.Date(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True, comment="Why it was vetoed"),
        sa.Column("import_id", sa.Integer(), nullable=True),
        sa.Column("extra", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.CheckConstraint("granted_on is not null or vetoed_on is not null", name=op.f("ck_honour_said")),
        sa.CheckConstraint("vetoed_on is null or reason is not null", name=op.f("ck_honour_reason")),
        sa.CheckConstraint("granted_on < vetoed_on", name=op.f("ck_honour_veto")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_honour")),
        sa.UniqueConstraint("kind", "holder", "year", name=op.f("uq_honour_kind_holder_year")),
        sa.UniqueConstraint("uuid", name=op.f("uq_honour_uuid")),
    )


def downgrade() -> None:
    op.drop_table("honour")
    op.drop_table("awareness_survey")
    op.drop_table("letter")
    op.drop_geospatial_table("activity")
