"""The sums of communities, of offices and of everything are kept beside those of the single areas."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

ADD_UP = """
insert into ledger (duty_id, level, area_id, day, total_mm, covered_mm, overlap_mm, vacant_mm)
select
    duty_id, above.level, above.area_id, day, sum(total_mm), sum(covered_mm), sum(overlap_mm), sum(vacant_mm)
from ledger
left join area_tree on area_tree.id = ledger.area_id
cross join lateral (
    values ('community', community_id), ('office', office_id), ('all', null)
) as above (level, area_id)
group by duty_id, above.level, above.area_id, day
having sum(total_mm) <> 0 or sum(covered_mm) <> 0 or sum(overlap_mm) <> 0 or sum(vacant_mm) <> 0
"""


def upgrade() -> None:
    op.add_column("ledger", sa.Column("level", sa.Text(), server_default="own", nullable=False))
    op.alter_column("ledger", "level", server_default=None)
    op.create_check_constraint(op.f("ck_ledger_level"), "ledger", "level in ('own', 'community', 'office', 'all')")
    op.drop_index("uq_ledger_duty_area_day", "ledger")
    op.create_index(
        "uq_ledger_duty_level_area_day",
        "ledger",
        ["duty_id", "level", "area_id", "day"],
        unique=True,
        postgresql_nulls_not_distinct=True,
    )
    op.execute(ADD_UP)
    op.create_index("ix_state_overlap", "state", ["duty_id"], unique=False, postgresql_where="overlap_mm > 0")


def downgrade() -> None:
    op.drop_index("ix_state_overlap", "state")
    op.execute("delete from ledger where level <> 'own'")
    op.drop_index("uq_ledger_duty_level_area_day", "ledger")
    op.create_index(
        "uq_ledger_duty_area_day",
        "ledger",
        ["duty_id", "area_id", "day"],
        unique=True,
        postgresql_nulls_not_distinct=True,
    )
    op.drop_column("ledger", "level")
