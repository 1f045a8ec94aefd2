"""Cases with the history of their status."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from geoalchemy2 import Geometry
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_geospatial_table(
        "reported_case",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("uuid", sa.UUID(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("source", sa.Text(), server_default="file", nullable=False, comment="System that it came from"),
        sa.Column("external_id", sa.Text(), nullable=True),
        sa.Column("source_key", sa.Text(), nullable=False, comment="source and external_id, else a hash of the row"),
        sa.Column("kind", sa.Text(), server_default="other", nullable=False),
        sa.Column("channel", sa.Text(), nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("status_at", sa.DateTime(timezone=True), nullable=False, comment="Since when it has the status"),
        sa.Column("reported_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("description", sa.Text(), nullable=True, comment="Telephone numbers masked"),
        sa.Column("lane", sa.Text(), nullable=True),
        sa.Column("house_number", sa.Text(), nullable=True),
        sa.Column(
            "geom",
            Geometry(geometry_type="POINT", srid=4326, dimension=2, spatial_index=False, name="geometry"),
            nullable=True,
        ),
        sa.Column(
            "geom_3857",
            Geometry(geometry_type="POINT", srid=3857, dimension=2, spatial_index=False, name="geometry"),
            sa.Computed("ST_Transform(geom, 3857)", persisted=True),
            nullable=True,
        ),
        sa.Column("area_id", sa.Integer(), nullable=True, comment="Deepest area that held the place on the day"),
        sa.Column("target_id", sa.Integer(), nullable=True, comment="Nearest target on the day, within 100 m"),
        sa.Column("target_mm", sa.Integer(), nullable=True, comment="Where on the target"),
        sa.Column("distance_m", sa.Numeric(6, 2), nullable=True),
        sa.Column("extra", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("import_id", sa.Integer(), nullable=True),
        sa.CheckConstraint("closed_at >= reported_at", name=op.f("ck_reported_case_closed_at")),
        sa.CheckConstraint("ST_IsValid(geom) and not ST_IsEmpty(geom)", name=op.f("ck_reported_case_geometry")),
        sa.ForeignKeyConstraint(
            ["area_id"], ["area.id"], name=op.f("fk_reported_case_area_id_area"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["target_id"], ["target.id"], name=op.f("fk_reported_case_target_id_target"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(["import_id"], ["import_run.id"], name=op.f("fk_reported_case_import_id_import_run")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reported_case")),
        sa.UniqueConstraint("uuid", name=op.f("uq_reported_case_uuid")),
        sa.UniqueConstraint("source_key", name=op.f("uq_reported_case_source_key")),
        sa.UniqueConstraint("source", "external_id", name=op.f("uq_reported_case_source_external_id")),
    )
    for column in ("geom", "geom_3857"):
        op.create_geospatial_index(
            f"idx_reported_case_{column}", "reported_case", [column], unique=False, postgresql_using="gist"
        )
    for column in ("area_id", "reported_at", "target_id"):
        op.create_index(op.f(f"ix_reported_case_{column}"), "reported_case", [column], unique=False)
    op.create_table(
        "case_event",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("import_id", sa.Integer(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["case_id"], ["reported_case.id"], name=op.f("fk_case_event_case_id_reported_case"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["import_id"], ["import_run.id"], name=op.f("fk_case_event_import_id_import_run")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_event")),
        sa.UniqueConstraint("case_id", "at", "status", name=op.f("uq_case_event_case_id_at_status")),
    )
    op.execute("revoke update, delete on case_event from geo_hygiene_service")


def downgrade() -> None:
    op.drop_table("case_event")
    op.drop_geospatial_table("reported_case")
