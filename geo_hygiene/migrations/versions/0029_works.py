"""Work on places, and the numbers of removed adverts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from geoalchemy2 import Geometry
from sqlalchemy.dialects import postgresql

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_geospatial_table(
        "work",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("work_kind", sa.Text(), nullable=False),
        sa.Column("source_key", sa.Text(), nullable=False, comment="external_id, else a hash of the row"),
        sa.Column("external_id", sa.Text(), nullable=True),
        sa.Column("lane", sa.Text(), nullable=True, comment="Code of the lane or drain along which it was done"),
        sa.Column("from_m", sa.Numeric(12, 3), nullable=True, comment="Along this lane"),
        sa.Column("to_m", sa.Numeric(12, 3), nullable=True),
        sa.Column(
            "geom",
            Geometry(geometry_type="POINT", srid=4326, dimension=2, spatial_index=False, name="geometry"),
            nullable=True,
        ),
        sa.Column("radius_m", sa.Numeric(8, 2), nullable=True, comment="Ground that was disinfected"),
        sa.Column("disorder", sa.Text(), nullable=True),
        sa.Column("volume_m3", sa.Numeric(10, 2), nullable=True),
        sa.Column("pieces", sa.Integer(), nullable=True),
        sa.Column("area_m2", sa.Numeric(12, 2), nullable=True),
        sa.Column("team", sa.Text(), nullable=True),
        sa.Column("truck", sa.Text(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("extra", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.CheckConstraint(
            "volume_m3 >= 0 and pieces >= 0 and area_m2 >= 0 and radius_m > 0", name=op.f("ck_work_amounts")
        ),
        sa.CheckConstraint("from_m < to_m", name=op.f("ck_work_stretch")),
        sa.ForeignKeyConstraint(["id"], ["claim.id"], name=op.f("fk_work_id_claim"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_work")),
        sa.UniqueConstraint("source_key", name=op.f("uq_work_source_key")),
    )
    op.create_geospatial_index("idx_work_geom", "work", ["geom"], unique=False, postgresql_using="gist")
    op.create_index("ix_work_work_kind", "work", ["work_kind"], unique=False)
    op.create_table(
        "advert_number",
        sa.Column("work_id", sa.Integer(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False, comment="HMAC-SHA-256 of its digits"),
        sa.ForeignKeyConstraint(
            ["work_id"], ["work.id"], name=op.f("fk_advert_number_work_id_work"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("work_id", "digest", name=op.f("pk_advert_number")),
    )
    op.create_index("ix_advert_number_digest", "advert_number", ["digest"], unique=False)


def downgrade() -> None:
    op.drop_table("advert_number")
    op.execute(
        "with gone as (delete from claim where kind = 'works' returning source_id)"
        " delete from claim_source using gone where claim_source.id = gone.source_id"
    )
    op.drop_geospatial_table("work")
