"""The rows of a file while they are imported; empty whenever no import runs."""

from __future__ import annotations

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

UPGRADE = """
create unlogged table staging_row (
    position int not null,
    key text not null,
    geometry_hash bytea,
    attributes_hash bytea not null,
    geom geometry(Geometry, 4326)
);
comment on table staging_row is 'Rows of the file that is being imported; written and emptied in one transaction';
create index ix_staging_row_key on staging_row (key);
"""


def upgrade() -> None:
    op.execute(UPGRADE)


def downgrade() -> None:
    op.execute("drop table staging_row")
