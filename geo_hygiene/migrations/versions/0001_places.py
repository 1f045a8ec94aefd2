"""The area tree, the backgrounds, and what came in from which file."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from geoalchemy2 import Geometry
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


ROLES = """
do $$ begin
    if not exists (select from pg_roles where rolname = 'geo_hygiene_service') then
        create role geo_hygiene_service login;
    end if;
end $$;
grant select on alembic_version to geo_hygiene_service;
alter default privileges in schema public grant select, insert, update, delete on tables to geo_hygiene_service;
alter default privileges in schema public grant usage on sequences to geo_hygiene_service;
"""


def upgrade() -> None:
    op.execute("create extension if not exists postgis")
    op.execute(ROLES)
    op.create_table(
        "data_version",
        sa.Column("subject", sa.Text(), nullable=False, comment="Layer key, or duty:<code>"),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        sa.PrimaryKeyConstraint("subject", name=op.f("pk_data_version")),
    )
    op.create_table(
        "import_run",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("uuid", sa.UUID(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("layer", sa.Text(), nullable=False),
        sa.Column("file", sa.Text(), nullable=False, comment="Base name as the user gave it"),
        sa.Column("origin", sa.Text(), server_default="file", nullable=False, comment="'file' or 'sample'"),
        sa.Column("report", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_run")),
        sa.UniqueConstraint("uuid", name=op.f("uq_import_run_uuid")),
    )
    op.create_table(
        "record_history",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("layer", sa.Text(), nullable=False),
        sa.Column("record", sa.UUID(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("content", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("import_id", sa.Integer(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_record_history")),
    )
    op.create_index("ix_record_history_record", "record_history", ["record", "version"], unique=False)
    op.create_geospatial_table(
        "area",
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("parent_id", sa.Integer(), nullable=True),
        sa.Column("zone_class", sa.Text(), nullable=True, comment="Null: that of the area above"),
        sa.Column("population", sa.Integer(), nullable=True),
        sa.Column("timezone", sa.Text(), server_default="Asia/Shanghai", nullable=False),
        sa.Column(
            "geom",
            Geometry(geometry_type="MULTIPOLYGON", srid=4326, dimension=2, spatial_index=False, name="geometry"),
            nullable=False,
        ),
        sa.Column(
            "geom_3857",
            Geometry(geometry_type="MULTIPOLYGON", srid=3857, dimension=2, spatial_index=False, name="geometry"),
            sa.Computed("ST_Transform(geom, 3857)", persisted=True),
            nullable=True,
        ),
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
        sa.CheckConstraint("level in ('office', 'community', 'group')", name=op.f("ck_area_level")),
        sa.CheckConstraint("ST_IsValid(geom) and not ST_IsEmpty(geom)", name=op.f("ck_area_geometry")),
        sa.CheckConstraint("population >= 0", name=op.f("ck_area_population")),
        sa.CheckConstraint("valid_from < valid_to", name=op.f("ck_area_period")),
        sa.ForeignKeyConstraint(["import_id"], ["import_run.id"], name=op.f("fk_area_import_id_import_run")),
        sa.ForeignKeyConstraint(["parent_id"], ["area.id"], name=op.f("fk_area_parent_id_area")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_area")),
        sa.UniqueConstraint("uuid", name=op.f("uq_area_uuid")),
    )
    op.create_geospatial_index(
        "idx_area_geom", "area", ["geom"], unique=False, postgresql_using="gist", postgresql_ops={}
    )
    op.create_geospatial_index(
        "idx_area_geom_3857", "area", ["geom_3857"], unique=False, postgresql_using="gist", postgresql_ops={}
    )
    op.create_index(op.f("ix_area_code"), "area", ["code"], unique=False)
    op.create_index(op.f("ix_area_parent_id"), "area", ["parent_id"], unique=False)
    op.create_index(op.f("ix_area_source_key"), "area", ["source_key"], unique=False)
    op.create_geospatial_table(
        "building",
        sa.Column("category", sa.Text(), nullable=True),
        sa.Column("storeys", sa.Integer(), nullable=True),
        sa.Column(
            "geom",
            Geometry(geometry_type="MULTIPOLYGON", srid=4326, dimension=2, spatial_index=False, name="geometry"),
            nullable=False,
        ),
        sa.Column(
            "geom_3857",
            Geometry(geometry_type="MULTIPOLYGON", srid=3857, dimension=2, spatial_index=False, name="geometry"),
            sa.Computed("ST_Transform(geom, 3857)", persisted=True),
            nullable=True,
        ),
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
        sa.ForeignKeyConstraint(["import_id"], ["import_run.id"], name=op.f("fk_building_import_id_import_run")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_building")),
        sa.UniqueConstraint("uuid", name=op.f("uq_building_uuid")),
    )
    op.create_geospatial_index(
        "idx_building_geom", "building", ["geom"], unique=False, postgresql_using="gist", postgresql_ops={}
    )
    op.create_geospatial_index(
        "idx_building_geom_3857", "building", ["geom_3857"], unique=False, postgresql_using="gist", postgresql_ops={}
    )
    op.create_index(op.f("ix_building_code"), "building", ["code"], unique=False)
    op.create_index(op.f("ix_building_source_key"), "building", ["source_key"], unique=False)
    op.create_geospatial_table(
        "green_space",
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("category", sa.Text(), nullable=True),
        sa.Column(
            "geom",
            Geometry(geometry_type="MULTIPOLYGON", srid=4326, dimension=2, spatial_index=False, name="geometry"),
            nullable=False,
        ),
        sa.Column(
            "geom_3857",
            Geometry(geometry_type="MULTIPOLYGON", srid=3857, dimension=2, spatial_index=False, name="geometry"),
            sa.Computed("ST_Transform(geom, 3857)", persisted=True),
            nullable=True,
        ),
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
        sa.ForeignKeyConstraint(["import_id"], ["import_run.id"], name=op.f("fk_green_space_import_id_import_run")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_green_space")),
        sa.UniqueConstraint("uuid", name=op.f("uq_green_space_uuid")),
    )
    op.create_geospatial_index(
        "idx_green_space_geom", "green_space", ["geom"], unique=False, postgresql_using="gist", postgresql_ops={}
    )
    op.create_geospatial_index(
        "idx_green_space_geom_3857",
        "green_space",
        ["geom_3857"],
        unique=False,
        postgresql_using="gist",
        postgresql_ops={},
    )
    op.create_index(op.f("ix_green_space_code"), "green_space", ["code"], unique=False)
    op.create_index(op.f("ix_green_space_source_key"), "green_space", ["source_key"], unique=False)
    op.create_table(
        "source_row",
        sa.Column("layer", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("geometry_hash", sa.LargeBinary(), nullable=True, comment="SHA-256 of the WKB in EPSG:4326"),
        sa.Column("attributes_hash", sa.LargeBinary(), nullable=False),
        sa.Column("import_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["import_id"], ["import_run.id"], name=op.f("fk_source_row_import_id_import_run")),
        sa.PrimaryKeyConstraint("layer", "key", name=op.f("pk_source_row")),
    )
    op.create_geospatial_table(
        "water_body",
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("category", sa.Text(), nullable=True),
        sa.Column(
            "geom",
            Geometry(geometry_type="MULTIPOLYGON", srid=4326, dimension=2, spatial_index=False, name="geometry"),
            nullable=False,
        ),
        sa.Column(
            "geom_3857",
            Geometry(geometry_type="MULTIPOLYGON", srid=3857, dimension=2, spatial_index=False, name="geometry"),
            sa.Computed("ST_Transform(geom, 3857)", persisted=True),
            nullable=True,
        ),
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
        sa.ForeignKeyConstraint(["import_id"], ["import_run.id"], name=op.f("fk_water_body_import_id_import_run")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_water_body")),
        sa.UniqueConstraint("uuid", name=op.f("uq_water_body_uuid")),
    )
    op.create_geospatial_index(
        "idx_water_body_geom", "water_body", ["geom"], unique=False, postgresql_using="gist", postgresql_ops={}
    )
    op.create_geospatial_index(
        "idx_water_body_geom_3857",
        "water_body",
        ["geom_3857"],
        unique=False,
        postgresql_using="gist",
        postgresql_ops={},
    )
    op.create_index(op.f("ix_water_body_code"), "water_body", ["code"], unique=False)
    op.create_index(op.f("ix_water_body_source_key"), "water_body", ["source_key"], unique=False)
    op.execute("revoke update, delete on record_history from geo_hygiene_service")


def downgrade() -> None:
    op.drop_geospatial_table("water_body")
    op.drop_table("source_row")
    op.drop_geospatial_table("green_space")
    op.drop_geospatial_table("building")
    op.drop_geospatial_table("area")
    op.drop_table("record_history")
    op.drop_table("import_run")
    op.drop_table("data_version")
    op.execute(
        "alter default privileges in schema public revoke all on tables from geo_hygiene_service;"
        "alter default privileges in schema public revoke all on sequences from geo_hygiene_service;"
        "revoke all on alembic_version from geo_hygiene_service"
    )
