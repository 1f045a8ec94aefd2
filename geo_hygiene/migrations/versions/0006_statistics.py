"""The service role may refresh the planner's statistics after a bulk change, inside its transaction."""

from __future__ import annotations

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

UPGRADE = """
create function refresh_statistics() returns void
    language plpgsql security definer set search_path = public
    as $$ begin
        analyze target, claim_source, claim, claim_stretch, cover, duty_zone, assignment, area;
    end $$;
revoke all on function refresh_statistics() from public;
grant execute on function refresh_statistics() to geo_hygiene_service;
"""


def upgrade() -> None:
    op.execute(UPGRADE)


def downgrade() -> None:
    op.execute("drop function refresh_statistics()")
