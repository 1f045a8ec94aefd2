"""Accounts with their roles, failed sign-ins, and the audit, which can only grow."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

SEAL = """
create function audit_seal(
    seal_before bytea, id bigint, at timestamptz, actor text, action text, subject text, before jsonb, after jsonb
) returns bytea language sql immutable as $$
    select sha256(
        coalesce(seal_before, '') || convert_to(
            jsonb_build_array(id, extract(epoch from at), actor, action, subject, before, after)::text, 'UTF8'
        )
    )
$$;
create function seal_audit_entry() returns trigger language plpgsql as $$
begin
    if new.seal <> '' then
        return new; -- a backup that is restored brings its seals along, which a check compares
    end if;
    -- one writer at a time: each entry is sealed with the one before, which must be there to be seen
    perform pg_advisory_xact_lock(4326002);
    new.at := clock_timestamp();
    new.seal := audit_seal(
        (select seal from audit_entry order by id desc limit 1),
        new.id, new.at, new.actor, new.action, new.subject, new.before, new.after
    );
    return new;
end $$;
create trigger seal before insert on audit_entry for each row execute function seal_audit_entry();
"""


def upgrade() -> None:
    op.create_table(
        "account",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("uuid", sa.UUID(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("email", sa.Text(), nullable=False, comment="In small letters"),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("password", sa.Text(), nullable=False, comment="Argon2id"),
        sa.Column(
            "is_temporary",
            sa.Boolean(),
            nullable=False,
            comment="The password must be changed at the next sign-in",
        ),
        sa.Column("is_open", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("signed_in_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("email = lower(email)", name=op.f("ck_account_email")),
        sa.CheckConstraint("password like '$argon2id$%'", name=op.f("ck_account_password")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account")),
        sa.UniqueConstraint("email", name=op.f("uq_account_email")),
        sa.UniqueConstraint("uuid", name=op.f("uq_account_uuid")),
    )
    op.create_table(
        "account_role",
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("area", sa.Text(), nullable=False, comment="Code of an area; empty: everywhere"),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_account_role_account_id_account")),
        sa.PrimaryKeyConstraint("account_id", "role", "area", name=op.f("pk_account_role")),
    )
    op.create_table(
        "account_session",
        sa.Column("digest", sa.LargeBinary(), nullable=False, comment="SHA-256 of the key in the cookie"),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_account_session_account_id_account")),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_account_session")),
    )
    op.create_index(op.f("ix_account_session_account_id"), "account_session", ["account_id"], unique=False)
    op.create_table(
        "failed_sign_in",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column(
            "account",
            sa.LargeBinary(),
            nullable=False,
            comment="SHA-256 of what was given as the e-mail address",
        ),
        sa.Column("machine", sa.Text(), nullable=False, comment="Network address"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_failed_sign_in")),
    )
    op.create_index("ix_failed_sign_in_at", "failed_sign_in", ["at"], unique=False)
    op.create_table(
        "audit_entry",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False, comment="E-mail address of an account, or 'command'"),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False, comment="What was changed: kind and name"),
        sa.Column("before", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("after", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column(
            "seal",
            sa.LargeBinary(),
            server_default=sa.text("''"),
            nullable=False,
            comment="SHA-256 of the seal before and of this entry",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_entry")),
    )
    op.create_index("ix_audit_entry_subject", "audit_entry", ["subject", "id"], unique=False)
    op.execute(SEAL)
    op.execute("revoke update, delete on audit_entry from geo_hygiene_service")


def downgrade() -> None:
    op.drop_table("audit_entry")
    op.execute("drop function seal_audit_entry")
    op.execute("drop function audit_seal")
    op.drop_table("failed_sign_in")
    op.drop_table("account_session")
    op.drop_table("account_role")
    op.drop_table("account")
