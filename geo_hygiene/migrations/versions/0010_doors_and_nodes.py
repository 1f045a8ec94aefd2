"""Nodes of drains, frontages, units and estates."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from geoalchemy2 import Geometry
from sqlalchemy.dialects import postgresql

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

ADDRESSED = ("frontage", "unit")


def upgrade() -> None:
    op.create_table(
        "drain_node",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.Text(), nullable=True),
        sa.Column("depth_m", sa.Numeric(precision=6, scale=2, asdecimal=False), nullable=True),
        sa.ForeignKeyConstraint(["id"], ["target.id"], name=op.f("fk_drain_node_id_target"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_drain_node")),
    )
    op.create_index(op.f("ix_drain_node_code"), "drain_node", ["code"], unique=False)
    for table in ADDRESSED:
        op.create_table(
            table,
            sa.Column("id", sa.Integer(), nullable=False),
            sa.Column("code", sa.Text(), nullable=True),
            sa.Column("name", sa.Text(), nullable=True),
            sa.Column("lane", sa.Text(), nullable=True),
            sa.Column("house_number", sa.Text(), nullable=True),
            sa.ForeignKeyConstraint(["id"], ["target.id"], name=op.f(f"fk_{table}_id_target"), ondelete="CASCADE"),
            sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        )
        op.create_index(op.f(f"ix_{table}_code"), table, ["code"], unique=False)
    _create_estates()


def _create_estates() -> None:
    op.create_geospatial_table(
        "estate",
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("households", sa.Integer(), nullable=True),
        sa.Column("residents", sa.Integer(), nullable=True),
        sa.Column("manager", sa.Text(), nullable=True, comment="Company that manages it"),
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
        sa.ForeignKeyConstraint(["import_id"], ["import_run.id"], name=op.f("fk_estate_import_id_import_run")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_estate")),
        sa.UniqueConstraint("uuid", name=op.f("uq_estate_uuid")),
    )
    for column in ("geom", "geom_3857"):
        op.create_geospatial_index(
            f"idx_estate_{column}", "estate", [column], unique=False, postgresql_using="gist", postgresql_ops={}
        )
    op.create_index(op.f("ix_estate_code"), "estate", ["code"], unique=False)
    op.create_index(op.f("ix_estate_source_key"), "estate", ["source_key"], unique=False)


def downgrade() -> None:
    op.drop_geospatial_table("estate")
    for table in (*ADDRESSED, "drain_node"):
        op.execute(f"delete from target using {table} where target.id = {table}.id")  # noqa: S608 - constants
        op.drop_table(table)
