"""People, duties, claims, and the answers kept from them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from geoalchemy2 import Geometry
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_geospatial_table(
        "claim_source",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column(
            "geom",
            Geometry(geometry_type="MULTIPOLYGON", srid=4326, dimension=2, spatial_index=False, name="geometry"),
            nullable=True,
        ),
        sa.CheckConstraint("(basis = 'shape') = (geom is not null)", name=op.f("ck_claim_source_shape")),
        sa.CheckConstraint("basis in ('list', 'shape')", name=op.f("ck_claim_source_basis")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_claim_source")),
    )
    op.create_geospatial_index(
        "idx_claim_source_geom", "claim_source", ["geom"], unique=False, postgresql_using="gist", postgresql_ops={}
    )
    op.create_table(
        "duty",
        sa.Column("id", sa.SmallInteger(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("target_kind", sa.Text(), nullable=False, comment="Layer key"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_duty")),
        sa.UniqueConstraint("code", name=op.f("uq_duty_code")),
    )
    op.create_table(
        "ledger",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("duty_id", sa.SmallInteger(), nullable=False),
        sa.Column("area_id", sa.Integer(), nullable=True),
        sa.Column("day", sa.Date(), server_default=sa.text("'-infinity'"), nullable=False),
        sa.Column("total_mm", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("covered_mm", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("overlap_mm", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("vacant_mm", sa.BigInteger(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger")),
    )
    op.create_index(
        "uq_ledger_duty_area_day",
        "ledger",
        ["duty_id", "area_id", "day"],
        unique=True,
        postgresql_nulls_not_distinct=True,
    )
    op.create_table(
        "claim",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("uuid", sa.UUID(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False, comment="Key of its layer"),
        sa.Column("source_id", sa.Integer(), nullable=False),
        sa.Column("duty_id", sa.SmallInteger(), nullable=True),
        sa.Column("shift", sa.Text(), server_default="all-day", nullable=False),
        sa.Column("valid_from", sa.Date(), server_default=sa.text("'-infinity'"), nullable=False),
        sa.Column("valid_to", sa.Date(), server_default=sa.text("'infinity'"), nullable=False),
        sa.Column("import_id", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("shift in ('all-day', 'morning', 'afternoon', 'night')", name=op.f("ck_claim_shift")),
        sa.CheckConstraint("valid_from < valid_to", name=op.f("ck_claim_period")),
        sa.ForeignKeyConstraint(["duty_id"], ["duty.id"], name=op.f("fk_claim_duty_id_duty")),
        sa.ForeignKeyConstraint(["import_id"], ["import_run.id"], name=op.f("fk_claim_import_id_import_run")),
        sa.ForeignKeyConstraint(["source_id"], ["claim_source.id"], name=op.f("fk_claim_source_id_claim_source")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_claim")),
        sa.UniqueConstraint("uuid", name=op.f("uq_claim_uuid")),
    )
    op.create_index("ix_claim_duty_id", "claim", ["duty_id"], unique=False)
    op.create_index(op.f("ix_claim_source_id"), "claim", ["source_id"], unique=False)
    op.create_table(
        "person",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("uuid", sa.UUID(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("employment", sa.Text(), nullable=True),
        sa.Column("community", sa.Text(), nullable=True, comment="Code of the community that the person belongs to"),
        sa.Column("phone", sa.Text(), nullable=True, comment="Masked: 138****1234"),
        sa.Column("import_id", sa.Integer(), nullable=True),
        sa.Column("extra", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.ForeignKeyConstraint(["import_id"], ["import_run.id"], name=op.f("fk_person_import_id_import_run")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person")),
        sa.UniqueConstraint("code", name=op.f("uq_person_code")),
        sa.UniqueConstraint("uuid", name=op.f("uq_person_uuid")),
    )
    op.create_table(
        "scope",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("duty_id", sa.SmallInteger(), nullable=False),
        sa.Column("zone_classes", postgresql.ARRAY(sa.Text()), nullable=True, comment="Null: all"),
        sa.Column(
            "area_ids", postgresql.ARRAY(sa.Integer()), nullable=True, comment="Areas with all below them; null: all"
        ),
        sa.Column("categories", postgresql.ARRAY(sa.Text()), nullable=True, comment="Lane classes; null: all"),
        sa.Column("valid_from", sa.Date(), server_default=sa.text("'-infinity'"), nullable=False),
        sa.Column("valid_to", sa.Date(), server_default=sa.text("'infinity'"), nullable=False),
        sa.ForeignKeyConstraint(["duty_id"], ["duty.id"], name=op.f("fk_scope_duty_id_duty")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scope")),
    )
    op.create_table(
        "assignment",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("zone", sa.Text(), nullable=False),
        sa.Column("shift", sa.Text(), server_default="all-day", nullable=False),
        sa.Column("valid_from", sa.Date(), server_default=sa.text("'-infinity'"), nullable=False),
        sa.Column("valid_to", sa.Date(), server_default=sa.text("'infinity'"), nullable=False),
        sa.Column("import_id", sa.Integer(), nullable=True),
        sa.CheckConstraint("shift in ('all-day', 'morning', 'afternoon', 'night')", name=op.f("ck_assignment_shift")),
        sa.CheckConstraint("valid_from < valid_to", name=op.f("ck_assignment_period")),
        sa.ForeignKeyConstraint(["import_id"], ["import_run.id"], name=op.f("fk_assignment_import_id_import_run")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_assignment_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assignment")),
        sa.UniqueConstraint(
            "person_id", "zone", "shift", "valid_from", name=op.f("uq_assignment_person_id_zone_shift_valid_from")
        ),
    )
    op.create_index(op.f("ix_assignment_zone"), "assignment", ["zone"], unique=False)
    op.create_geospatial_table(
        "duty_zone",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column(
            "tint",
            sa.SmallInteger(),
            server_default="0",
            nullable=False,
            comment="Colour 0 to 7, unlike its neighbours'",
        ),
        sa.Column(
            "geom",
            Geometry(geometry_type="MULTIPOLYGON", srid=4326, dimension=2, spatial_index=False, name="geometry"),
            nullable=True,
        ),
        sa.Column(
            "geom_3857",
            Geometry(geometry_type="MULTIPOLYGON", srid=3857, dimension=2, spatial_index=False, name="geometry"),
            sa.Computed("ST_Transform(geom, 3857)", persisted=True),
            nullable=True,
        ),
        sa.ForeignKeyConstraint(["id"], ["claim.id"], name=op.f("fk_duty_zone_id_claim"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_duty_zone")),
    )
    op.create_geospatial_index(
        "idx_duty_zone_geom", "duty_zone", ["geom"], unique=False, postgresql_using="gist", postgresql_ops={}
    )
    op.create_geospatial_index(
        "idx_duty_zone_geom_3857", "duty_zone", ["geom_3857"], unique=False, postgresql_using="gist", postgresql_ops={}
    )
    op.create_index(op.f("ix_duty_zone_code"), "duty_zone", ["code"], unique=False)
    op.create_table(
        "post",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("area_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("valid_from", sa.Date(), server_default=sa.text("'-infinity'"), nullable=False),
        sa.Column("valid_to", sa.Date(), server_default=sa.text("'infinity'"), nullable=False),
        sa.Column("import_id", sa.Integer(), nullable=True),
        sa.CheckConstraint("valid_from < valid_to", name=op.f("ck_post_period")),
        sa.ForeignKeyConstraint(["area_id"], ["area.id"], name=op.f("fk_post_area_id_area")),
        sa.ForeignKeyConstraint(["import_id"], ["import_run.id"], name=op.f("fk_post_import_id_import_run")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_post_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_post")),
        sa.UniqueConstraint(
            "person_id", "area_id", "kind", "valid_from", name=op.f("uq_post_person_id_area_id_kind_valid_from")
        ),
    )
    op.create_table(
        "claim_stretch",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("source_id", sa.Integer(), nullable=False),
        sa.Column("target_id", sa.Integer(), nullable=False),
        sa.Column("from_mm", sa.Integer(), nullable=False),
        sa.Column("to_mm", sa.Integer(), nullable=False),
        sa.CheckConstraint("0 <= from_mm and from_mm < to_mm", name=op.f("ck_claim_stretch_stretch")),
        sa.ForeignKeyConstraint(
            ["source_id"], ["claim_source.id"], name=op.f("fk_claim_stretch_source_id_claim_source"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["target_id"], ["target.id"], name=op.f("fk_claim_stretch_target_id_target"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_claim_stretch")),
    )
    op.create_index(op.f("ix_claim_stretch_source_id"), "claim_stretch", ["source_id"], unique=False)
    op.create_index(op.f("ix_claim_stretch_target_id"), "claim_stretch", ["target_id"], unique=False)
    op.create_table(
        "cover",
        sa.Column("target_id", sa.Integer(), nullable=False),
        sa.Column("source_id", sa.Integer(), nullable=False),
        sa.Column("from_mm", sa.Integer(), nullable=False),
        sa.Column("to_mm", sa.Integer(), nullable=False),
        sa.CheckConstraint("0 <= from_mm and from_mm < to_mm", name=op.f("ck_cover_stretch")),
        sa.ForeignKeyConstraint(
            ["source_id"], ["claim_source.id"], name=op.f("fk_cover_source_id_claim_source"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["target_id"], ["target.id"], name=op.f("fk_cover_target_id_target"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("target_id", "source_id", "from_mm", name=op.f("pk_cover")),
    )
    op.create_index("ix_cover_source_id", "cover", ["source_id"], unique=False)
    op.create_table(
        "state",
        sa.Column("duty_id", sa.SmallInteger(), nullable=False),
        sa.Column("target_id", sa.Integer(), nullable=False),
        sa.Column("valid_from", sa.Date(), server_default=sa.text("'-infinity'"), nullable=False),
        sa.Column("valid_to", sa.Date(), server_default=sa.text("'infinity'"), nullable=False),
        sa.Column("area_id", sa.Integer(), nullable=True),
        sa.Column("covered_mm", sa.Integer(), nullable=False),
        sa.Column("overlap_mm", sa.Integer(), nullable=False),
        sa.Column("gap_max_mm", sa.Integer(), nullable=False),
        sa.Column("gaps", postgresql.INT4MULTIRANGE(), nullable=False),
        sa.ForeignKeyConstraint(
            ["target_id"], ["target.id"], name=op.f("fk_state_target_id_target"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("duty_id", "target_id", "valid_from", name=op.f("pk_state")),
    )
    op.create_index("ix_state_gap", "state", ["duty_id", "gap_max_mm"], unique=False, postgresql_where="gap_max_mm > 0")
    op.create_index("ix_state_target_id", "state", ["target_id"], unique=False)
    op.create_table(
        "unprojected_stretch",
        sa.Column("source_id", sa.Integer(), nullable=False),
        sa.Column("target_id", sa.Integer(), nullable=False),
        sa.Column("from_mm", sa.Integer(), nullable=False),
        sa.Column("to_mm", sa.Integer(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["source_id"],
            ["claim_source.id"],
            name=op.f("fk_unprojected_stretch_source_id_claim_source"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["target_id"], ["target.id"], name=op.f("fk_unprojected_stretch_target_id_target"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("source_id", "target_id", "from_mm", name=op.f("pk_unprojected_stretch")),
    )
    op.create_table(
        "vacancy",
        sa.Column("duty_id", sa.SmallInteger(), nullable=False),
        sa.Column("target_id", sa.Integer(), nullable=False),
        sa.Column("valid_from", sa.Date(), server_default=sa.text("'-infinity'"), nullable=False),
        sa.Column("valid_to", sa.Date(), server_default=sa.text("'infinity'"), nullable=False),
        sa.Column("area_id", sa.Integer(), nullable=True),
        sa.Column("vacant_mm", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["target_id"], ["target.id"], name=op.f("fk_vacancy_target_id_target"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("duty_id", "target_id", "valid_from", name=op.f("pk_vacancy")),
    )
    op.create_index("ix_vacancy_target_id", "vacancy", ["target_id"], unique=False)


def downgrade() -> None:
    op.drop_table("vacancy")
    op.drop_table("unprojected_stretch")
    op.drop_table("state")
    op.drop_table("cover")
    op.drop_table("claim_stretch")
    op.drop_table("post")
    op.drop_geospatial_table("duty_zone")
    op.drop_table("assignment")
    op.drop_table("scope")
    op.drop_table("person")
    op.drop_table("claim")
    op.drop_table("ledger")
    op.drop_table("duty")
    op.drop_geospatial_table("claim_source")
