"""Audit entries are ordered by a lock of their own, and get their numbers in the order of their seals."""

from __future__ import annotations

from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

SEAL = """
create or replace function seal_audit_entry() returns trigger language plpgsql as $$
begin
    if new.seal <> '' then
        return new; -- a backup that is restored brings its seals along, which a check compares
    end if;
    -- one writer at a time: each entry is sealed with the one before, which must be there to be seen
    perform pg_advisory_xact_lock({lock});
    {number}
    new.at := clock_timestamp();
    new.seal := audit_seal(
        (select seal from audit_entry order by id desc limit 1),
        new.id, new.at, new.actor, new.action, new.subject, new.before, new.after
    );
    return new;
end $$;
"""

NUMBER = "new.id := nextval(pg_get_serial_sequence('audit_entry', 'id')); -- the default was drawn before the lock"


def upgrade() -> None:
    op.execute(SEAL.format(lock=4326004, number=NUMBER))


def downgrade() -> None:
    op.execute(SEAL.format(lock=4326002, number=""))
