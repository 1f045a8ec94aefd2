"""What the work of campaigns reached is kept as changes by day, of each target and added up."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

FORGET_TARGETS = """
create or replace function forget_targets() returns trigger language plpgsql as $$ begin
    delete from cover using gone where cover.target_id = gone.id;
    delete from state using gone where state.target_id = gone.id;
    delete from vacancy using gone where vacancy.target_id = gone.id;
    {more}
    return null;
end $$;
"""

FORGET_REACHED = "delete from reached using gone where reached.target_id = gone.id;"

FILL = """
insert into reached (campaign_id, target_id, day, result, seen_on, area_id, change_mm)
with wanted as materialized (
    select campaign_id, target_id, area_id, extent_mm, valid_from, valid_to
    from campaign_target
    where campaign_id = :campaign
),
met as (
    select
        wanted.campaign_id, wanted.target_id, wanted.area_id, wanted.valid_to,
        greatest(seen_on, wanted.valid_from) as day, result, seen_on, range_agg(int4range(from_mm, to_mm)) as ranges
    from (
        select
            treatment.campaign_id, cover.target_id, cover.from_mm, cover.to_mm, claim.result,
            claim.valid_from as seen_on
        from treatment
        join claim using (id)
        join cover using (source_id)
        where treatment.campaign_id = :campaign
        offset 0
    ) as found
    join wanted using (campaign_id, target_id)
    where seen_on < wanted.valid_to
    group by 1, 2, 3, 4, 5, 6, 7
),
numbered as (
    select
        *, count(*) over (partition by campaign_id, target_id) as times,
        row_number() over (partition by campaign_id, target_id, day) = 1 as is_step
    from met
),
lined as materialized (
    select
        *, case when times > 1 then array_agg(day) filter (where is_step) over (
            partition by campaign_id, target_id order by day desc
        ) end as steps
    from numbered
),
summed as (
    select
        campaign_id, target_id, area_id, valid_to, step.day, result, seen_on,
        multirange_length(range_agg(ranges) over line) as so_far
    from lined
    cross join unnest(lined.steps) as step (day)
    window line as (
        partition by campaign_id, target_id, step.day
        order by result <> 'done', seen_on desc, result rows unbounded preceding
    )
),
spoken as (
    select
        campaign_id, target_id, area_id, valid_to, day, result, seen_on,
        so_far - lag(so_far, 1, 0) over (
            partition by campaign_id, target_id, day order by result <> 'done', seen_on desc, result
        ) as extent
    from summed
),
change as materialized (
    select
        campaign_id, target_id, area_id, valid_to, valid_from as day, 'on-ground' as result,
        cast('-infinity' as date) as seen_on, extent_mm as change_mm
    from wanted
    union all
    select campaign_id, target_id, area_id, valid_to, day, result, seen_on, multirange_length(ranges)
    from lined where times = 1
    union all
    select
        campaign_id, target_id, area_id, valid_to, day, result, seen_on,
        extent - lag(extent, 1, 0) over (partition by campaign_id, target_id, result, seen_on order by day)
    from spoken
)
select campaign_id, target_id, day, result, seen_on, area_id, change_mm from change where change_mm <> 0
union all
select campaign_id, target_id, valid_to, result, seen_on, area_id, -sum(change_mm)
from change
where valid_to <> 'infinity'
group by campaign_id, target_id, valid_to, result, seen_on, area_id
having sum(change_mm) <> 0
"""

ADD_UP = """
insert into reached_sum (campaign_id, level, area_id, kind, day, result, seen_on, change_mm)
select
    reached.campaign_id, above.level, above.area_id, target.kind, reached.day, reached.result, reached.seen_on,
    sum(reached.change_mm)
from reached
join target on target.id = reached.target_id
left join area_tree on area_tree.id = reached.area_id
cross join lateral (
    values ('group', group_id), ('community', community_id), ('office', office_id), ('all', null)
) as above (level, area_id)
where reached.campaign_id = :campaign
group by 1, 2, 3, 4, 5, 6, 7
having sum(reached.change_mm) <> 0
"""


def upgrade() -> None:
    op.create_table(
        "reached",
        sa.Column("campaign_id", sa.Integer(), nullable=False),
        sa.Column("target_id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), server_default=sa.text("'-infinity'"), nullable=False),
        sa.Column("result", sa.Text(), nullable=False),
        sa.Column("seen_on", sa.Date(), server_default=sa.text("'-infinity'"), nullable=False),
        sa.Column("area_id", sa.Integer(), nullable=True),
        sa.Column("change_mm", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("campaign_id", "target_id", "day", "result", "seen_on", name=op.f("pk_reached")),
    )
    op.create_table(
        "reached_sum",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("campaign_id", sa.Integer(), nullable=False),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("area_id", sa.Integer(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False, comment="Layer key"),
        sa.Column("day", sa.Date(), server_default=sa.text("'-infinity'"), nullable=False),
        sa.Column("result", sa.Text(), nullable=False),
        sa.Column("seen_on", sa.Date(), server_default=sa.text("'-infinity'"), nullable=False),
        sa.Column("change_mm", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("level in ('group', 'community', 'office', 'all')", name=op.f("ck_reached_sum_level")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reached_sum")),
    )
    _fill()
    op.create_index("ix_reached_target_id", "reached", ["target_id"], unique=False)
    op.create_index(
        "uq_reached_sum",
        "reached_sum",
        ["campaign_id", "level", "area_id", "kind", "result", "seen_on", "day"],
        unique=True,
        postgresql_include=["change_mm"],
        postgresql_nulls_not_distinct=True,
    )
    op.create_index(
        "ix_reached_sum_nothing",
        "reached_sum",
        ["campaign_id"],
        unique=False,
        postgresql_where=sa.text("change_mm = 0"),
    )
    op.execute(FORGET_TARGETS.format(more=FORGET_REACHED))


def _fill() -> None:
    connection = op.get_bind()
    connection.execute(sa.text("set local enable_nestloop = off"))
    for campaign in list(connection.scalars(sa.text("select id from campaign order by id"))):
        for statement in (FILL, ADD_UP):
            connection.execute(sa.text(statement), {"campaign": campaign})
    connection.execute(sa.text("set local enable_nestloop = on"))


def downgrade() -> None:
    op.execute(FORGET_TARGETS.format(more=""))
    op.drop_table("reached_sum")
    op.drop_table("reached")
