"""How long work takes is data: rules with periods, and the one function that applies them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

DAILY_WORK = """
create function daily_work(kind text, category text, zone_class text, width_m numeric, on_day date)
returns table (minutes numeric, passes numeric)
language sql stable parallel safe
as $$
    select rule.minutes * rule.times / rule.days, rule.times / rule.days
    from work_rule as rule
    where rule.kind = $1 and rule.valid_from <= $5 and $5 < rule.valid_to
        and (rule.category is null or rule.category = $2)
        and (rule.zone_class is null or rule.zone_class = $3)
        and (
            rule.width_from_m is null and rule.width_to_m is null
            or coalesce(rule.width_from_m, 0) <= $4 and $4 < coalesce(rule.width_to_m, 'infinity')
        )
    order by
        rule.category is null, rule.zone_class is null, rule.width_from_m is null and rule.width_to_m is null
    limit 1
$$
"""
"""Minutes a day of one metre or place, and how often a day it is done, by the rule that says most of it."""

USUAL = """
insert into work_rule (kind, category, minutes, times, days) values
    ('street-segments', 'arterial', 0.1, 2, 1),
    ('street-segments', 'street', 0.08, 2, 1),
    ('street-segments', 'lane', 0.12, 1, 1),
    ('street-segments', 'alley', 0.11, 1, 1),
    ('street-segments', null, 0.12, 1, 1),
    ('drain-segments', null, 7.3, 1, 365),
    ('septic-tanks', null, 45, 1, 180),
    ('facilities', 'bin', 2, 2, 1),
    ('facilities', 'public_toilet', 20, 2, 1),
    ('people', 'part_time', 240, 1, 1),
    ('people', null, 480, 1, 1)
"""
"""Assumptions of the program, which compare classes; they are no norm of any office."""


def upgrade() -> None:
    op.create_table(
        "work_rule",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("uuid", sa.UUID(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column(
            "kind",
            sa.Text(),
            nullable=False,
            comment="Key of a layer of targets, or people: then it is a working day",
        ),
        sa.Column("category", sa.Text(), nullable=True, comment="Class or employment; null: any other"),
        sa.Column("zone_class", sa.Text(), nullable=True, comment="Of the area; null: any other"),
        sa.Column("width_from_m", sa.Numeric(6, 2), nullable=True, comment="Inclusive"),
        sa.Column("width_to_m", sa.Numeric(6, 2), nullable=True, comment="Exclusive"),
        sa.Column(
            "minutes",
            sa.Numeric(10, 4),
            nullable=False,
            comment="Each time: for a metre of a line, for a place, or of a day",
        ),
        sa.Column("times", sa.Numeric(6, 2), server_default=sa.text("1"), nullable=False),
        sa.Column(
            "days",
            sa.Integer(),
            server_default=sa.text("1"),
            nullable=False,
            comment="In so many days it is done so often",
        ),
        sa.Column("valid_from", sa.Date(), server_default=sa.text("'-infinity'"), nullable=False),
        sa.Column("valid_to", sa.Date(), server_default=sa.text("'infinity'"), nullable=False),
        sa.Column("import_id", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.CheckConstraint("valid_from < valid_to", name=op.f("ck_work_rule_period")),
        sa.CheckConstraint("minutes >= 0 and minutes < 'infinity'", name=op.f("ck_work_rule_minutes")),
        sa.CheckConstraint("times > 0 and times < 'infinity' and days > 0", name=op.f("ck_work_rule_frequency")),
        sa.CheckConstraint(
            "width_from_m >= 0 and width_to_m > coalesce(width_from_m, 0)", name=op.f("ck_work_rule_width")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_work_rule")),
        sa.UniqueConstraint(
            *("kind", "category", "zone_class", "width_from_m", "width_to_m", "valid_from"),
            name=op.f("uq_work_rule_subject"),
        ),
        sa.UniqueConstraint("uuid", name=op.f("uq_work_rule_uuid")),
    )
    op.execute(DAILY_WORK)
    op.execute(USUAL)


def downgrade() -> None:
    op.execute("drop function daily_work(text, text, text, numeric, date)")
    op.drop_table("work_rule")
