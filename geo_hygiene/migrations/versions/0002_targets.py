"""Targets: lanes and drains with their segments, tanks, facilities."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from geoalchemy2 import Geometry
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "drain",
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("uuid", sa.UUID(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("code", sa.Text(), nullable=True),
        sa.Column("source_key", sa.Text(), nullable=True, comment="Key of the file row it was made from"),
        sa.Column("extra", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("valid_from", sa.Date(), server_default=sa.text("'-infinity'"), nullable=False),
        sa.Column("valid_to", sa.Date(), server_default=sa.text("'infinity'"), nullable=False),
        sa.Column("import_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["import_id"], ["import_run.id"], name=op.f("fk_drain_import_id_import_run")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_drain")),
        sa.UniqueConstraint("uuid", name=op.f("uq_drain_uuid")),
    )
    op.create_index(op.f("ix_drain_code"), "drain", ["code"], unique=False)
    op.create_index(op.f("ix_drain_name"), "drain", ["name"], unique=False)
    op.create_index(op.f("ix_drain_source_key"), "drain", ["source_key"], unique=False)
    op.create_table(
        "lane",
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("category", sa.Text(), nullable=True),
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("uuid", sa.UUID(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("code", sa.Text(), nullable=True),
        sa.Column("source_key", sa.Text(), nullable=True, comment="Key of the file row it was made from"),
        sa.Column("extra", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("valid_from", sa.Date(), server_default=sa.text("'-infinity'"), nullable=False),
        sa.Column("valid_to", sa.Date(), server_default=sa.text("'infinity'"), nullable=False),
        sa.Column("import_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["import_id"], ["import_run.id"], name=op.f("fk_lane_import_id_import_run")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lane")),
        sa.UniqueConstraint("uuid", name=op.f("uq_lane_uuid")),
    )
    op.create_index(op.f("ix_lane_code"), "lane", ["code"], unique=False)
    op.create_index(op.f("ix_lane_name"), "lane", ["name"], unique=False)
    op.create_index(op.f("ix_lane_source_key"), "lane", ["source_key"], unique=False)
    op.create_geospatial_table(
        "target",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("uuid", sa.UUID(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False, comment="Key of its layer"),
        sa.Column("category", sa.Text(), nullable=True, comment="Class that scopes and styles read"),
        sa.Column("area_id", sa.Integer(), nullable=True, comment="Area that holds most of it"),
        sa.Column("area_by_hand", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("extent_mm", sa.Integer(), nullable=False, comment="Geodesic length in mm; 1 for a point"),
        sa.Column(
            "geom",
            Geometry(geometry_type="GEOMETRYM", srid=4326, dimension=3, spatial_index=False, name="geometry"),
            nullable=False,
        ),
        sa.Column(
            "geom_3857",
            Geometry(geometry_type="GEOMETRYM", srid=3857, dimension=3, spatial_index=False, name="geometry"),
            sa.Computed("ST_Transform(geom, 3857)", persisted=True),
            nullable=True,
        ),
        sa.Column("valid_from", sa.Date(), server_default=sa.text("'-infinity'"), nullable=False),
        sa.Column("valid_to", sa.Date(), server_default=sa.text("'infinity'"), nullable=False),
        sa.Column("source_key", sa.Text(), nullable=True, comment="Key of the file row that it was made from"),
        sa.Column("import_id", sa.Integer(), nullable=True),
        sa.Column("extra", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("extent_mm > 0", name=op.f("ck_target_extent")),
        sa.CheckConstraint(
            "not ST_IsEmpty(geom) and ST_NPoints(geom) <= 100000 and ST_IsValid(geom)"
            " and ST_XMin(geom) >= -180 and ST_XMax(geom) <= 180 and ST_YMin(geom) >= -90 and ST_YMax(geom) <= 90",
            name=op.f("ck_target_geometry"),
        ),
        sa.CheckConstraint("valid_from < valid_to", name=op.f("ck_target_period")),
        sa.ForeignKeyConstraint(["area_id"], ["area.id"], name=op.f("fk_target_area_id_area")),
        sa.ForeignKeyConstraint(["import_id"], ["import_run.id"], name=op.f("fk_target_import_id_import_run")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_target")),
        sa.UniqueConstraint("uuid", name=op.f("uq_target_uuid")),
    )
    op.create_geospatial_index(
        "idx_target_geom", "target", ["geom"], unique=False, postgresql_using="gist", postgresql_ops={}
    )
    op.create_geospatial_index(
        "idx_target_geom_3857", "target", ["geom_3857"], unique=False, postgresql_using="gist", postgresql_ops={}
    )
    op.create_index("ix_target_area_id", "target", ["area_id"], unique=False)
    op.create_index("ix_target_kind_source_key", "target", ["kind", "source_key"], unique=False)
    op.create_table(
        "drain_segment",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.Text(), nullable=True),
        sa.Column("drain_id", sa.Integer(), nullable=True),
        sa.Column("from_node", sa.Text(), nullable=True),
        sa.Column("to_node", sa.Text(), nullable=True),
        sa.Column("width_mm", sa.Integer(), nullable=True),
        sa.Column("depth_mm", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["drain_id"], ["drain.id"], name=op.f("fk_drain_segment_drain_id_drain")),
        sa.ForeignKeyConstraint(["id"], ["target.id"], name=op.f("fk_drain_segment_id_target"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_drain_segment")),
    )
    op.create_index(op.f("ix_drain_segment_code"), "drain_segment", ["code"], unique=False)
    op.create_index(op.f("ix_drain_segment_drain_id"), "drain_segment", ["drain_id"], unique=False)
    op.create_table(
        "facility",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["id"], ["target.id"], name=op.f("fk_facility_id_target"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_facility")),
    )
    op.create_index(op.f("ix_facility_code"), "facility", ["code"], unique=False)
    op.create_table(
        "septic_tank",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("volume_m3", sa.Numeric(precision=8, scale=2, asdecimal=False), nullable=True),
        sa.Column("households", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["id"], ["target.id"], name=op.f("fk_septic_tank_id_target"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_septic_tank")),
    )
    op.create_index(op.f("ix_septic_tank_code"), "septic_tank", ["code"], unique=False)
    op.create_table(
        "street_segment",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.Text(), nullable=True),
        sa.Column("lane_id", sa.Integer(), nullable=True),
        sa.Column(
            "level", sa.SmallInteger(), server_default=sa.text("0"), nullable=False, comment="Bridge 1, tunnel -1"
        ),
        sa.Column("width_m", sa.Numeric(precision=6, scale=2, asdecimal=False), nullable=True),
        sa.ForeignKeyConstraint(["id"], ["target.id"], name=op.f("fk_street_segment_id_target"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["lane_id"], ["lane.id"], name=op.f("fk_street_segment_lane_id_lane")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_street_segment")),
    )
    op.create_index(op.f("ix_street_segment_code"), "street_segment", ["code"], unique=False)
    op.create_index(op.f("ix_street_segment_lane_id"), "street_segment", ["lane_id"], unique=False)
    op.create_table(
        "target_parent",
        sa.Column("child_id", sa.Integer(), nullable=False),
        sa.Column("parent_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["child_id"], ["target.id"], name=op.f("fk_target_parent_child_id_target"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["parent_id"], ["target.id"], name=op.f("fk_target_parent_parent_id_target"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("child_id", "parent_id", name=op.f("pk_target_parent")),
    )
    op.create_index(op.f("ix_target_parent_parent_id"), "target_parent", ["parent_id"], unique=False)


def downgrade() -> None:
    op.drop_table("target_parent")
    op.drop_table("street_segment")
    op.drop_table("septic_tank")
    op.drop_table("facility")
    op.drop_table("drain_segment")
    op.drop_geospatial_table("target")
    op.drop_table("lane")
    op.drop_table("drain")
