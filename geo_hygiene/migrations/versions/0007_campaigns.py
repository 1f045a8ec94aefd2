"""Campaigns, their areas and their treatments: work beside duties."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from geoalchemy2 import Geometry
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

UPGRADE = """
create view campaign_target as
select
    campaign.id as campaign_id,
    target.id as target_id,
    target.kind,
    target.area_id,
    target.extent_mm,
    target.valid_from,
    target.valid_to
from campaign
join target on target.kind = any(campaign.scope) or target.kind || ':' || target.category = any(campaign.scope)
left join area_tree on area_tree.id = target.area_id
where (campaign.zone_classes is null or area_tree.zone_class = any(campaign.zone_classes))
    and (
        campaign.areas is null
        or exists (
            select from area
            where area.code = any(campaign.areas)
                and area.id in (area_tree.group_id, area_tree.community_id, area_tree.office_id)
        )
    )
    and (
        not exists (select from campaign_area where campaign_area.campaign = campaign.code)
        or exists (
            select from campaign_area
            where campaign_area.campaign = campaign.code
                and ST_Intersects(
                    campaign_area.geom,
                    case ST_Dimension(target.geom)
                        when 1 then ST_LineInterpolatePoint(ST_Force2D(target.geom), 0.5)
                        else ST_Force2D(target.geom)
                    end
                )
        )
    );

grant select on campaign_target to geo_hygiene_service;
"""


def upgrade() -> None:
    op.create_table(
        "campaign",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("uuid", sa.UUID(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("pest", sa.Text(), nullable=False),
        sa.Column("season", sa.Text(), nullable=True),
        sa.Column("valid_from", sa.Date(), server_default=sa.text("'-infinity'"), nullable=False),
        sa.Column("valid_to", sa.Date(), server_default=sa.text("'infinity'"), nullable=False),
        sa.Column(
            "scope", postgresql.ARRAY(sa.Text()), nullable=False, comment="Layer keys of targets, or layer key:category"
        ),
        sa.Column("zone_classes", postgresql.ARRAY(sa.Text()), nullable=True, comment="Null: all"),
        sa.Column(
            "areas", postgresql.ARRAY(sa.Text()), nullable=True, comment="Codes of areas with all below; null: all"
        ),
        sa.Column("limit_days", sa.Integer(), nullable=True, comment="Days after which what was seen is too long ago"),
        sa.Column("import_id", sa.Integer(), nullable=True),
        sa.Column("extra", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.CheckConstraint("valid_from < valid_to", name=op.f("ck_campaign_period")),
        sa.CheckConstraint("limit_days > 0", name=op.f("ck_campaign_limit_days")),
        sa.CheckConstraint("cardinality(scope) > 0", name=op.f("ck_campaign_scope")),
        sa.ForeignKeyConstraint(["import_id"], ["import_run.id"], name=op.f("fk_campaign_import_id_import_run")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_campaign")),
        sa.UniqueConstraint("code", name=op.f("uq_campaign_code")),
        sa.UniqueConstraint("uuid", name=op.f("uq_campaign_uuid")),
    )
    op.create_geospatial_table(
        "campaign_area",
        sa.Column("campaign", sa.Text(), nullable=False, comment="Code of the campaign"),
        sa.Column("name", sa.Text(), nullable=True),
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
        sa.ForeignKeyConstraint(["import_id"], ["import_run.id"], name=op.f("fk_campaign_area_import_id_import_run")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_campaign_area")),
        sa.UniqueConstraint("uuid", name=op.f("uq_campaign_area_uuid")),
    )
    for column in ("geom", "geom_3857"):
        op.create_geospatial_index(
            f"idx_campaign_area_{column}", "campaign_area", [column], unique=False, postgresql_using="gist"
        )
    for column in ("campaign", "code", "source_key"):
        op.create_index(op.f(f"ix_campaign_area_{column}"), "campaign_area", [column], unique=False)
    op.add_column(
        "claim",
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True, comment="When work was done"),
    )
    op.add_column("claim", sa.Column("result", sa.Text(), nullable=True, comment="done, or why work could not be done"))
    op.create_check_constraint(op.f("ck_claim_duty_or_work"), "claim", "(duty_id is null) = (done_at is not null)")
    op.create_check_constraint(op.f("ck_claim_result"), "claim", "(done_at is null) = (result is null)")
    op.create_table(
        "treatment",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("campaign_id", sa.Integer(), nullable=False),
        sa.Column("source_key", sa.Text(), nullable=False, comment="external_id, else a hash of the row"),
        sa.Column("external_id", sa.Text(), nullable=True),
        sa.Column("method", sa.Text(), nullable=True),
        sa.Column("product", sa.Text(), nullable=True),
        sa.Column("amount", sa.Numeric(12, 3), nullable=True),
        sa.Column("unit", sa.Text(), nullable=True),
        sa.Column("team", sa.Text(), nullable=True),
        sa.Column("radius_m", sa.Numeric(8, 2), nullable=True, comment="Of a place that came as a point or line"),
        sa.Column("extra", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.CheckConstraint("amount >= 0", name=op.f("ck_treatment_amount")),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"], name=op.f("fk_treatment_campaign_id_campaign")),
        sa.ForeignKeyConstraint(["id"], ["claim.id"], name=op.f("fk_treatment_id_claim"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_treatment")),
        sa.UniqueConstraint("source_key", name=op.f("uq_treatment_source_key")),
    )
    op.create_index(op.f("ix_treatment_campaign_id"), "treatment", ["campaign_id"], unique=False)
    op.execute(UPGRADE)


def downgrade() -> None:
    op.execute("drop view campaign_target")
    op.execute("delete from claim where duty_id is null")
    op.drop_table("treatment")
    op.drop_constraint(op.f("ck_claim_result"), "claim", type_="check")
    op.drop_constraint(op.f("ck_claim_duty_or_work"), "claim", type_="check")
    op.drop_column("claim", "result")
    op.drop_column("claim", "done_at")
    op.drop_geospatial_table("campaign_area")
    op.drop_table("campaign")
