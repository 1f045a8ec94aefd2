"""The server keeps what it acknowledged, the roles may what they should, and there is room and a backup."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from sqlalchemy import text

from geo_hygiene.database import risky_settings
from geo_hygiene.i18n import N_, _, ngettext
from geo_hygiene.upkeep.checks.check import Check, Difference, Ground, Subject, each, rows
from geo_hygiene.upkeep.home import last_backup

SERVICE = "geo_hygiene_service"
INSERT_ONLY = ("record_history", "case_event", "audit_entry")
"""Histories: the service adds to them, and changes nothing."""

LEAST_FREE = 1_000_000_000
"""Bytes of the disk that a change of many records may need."""

BACKUP_AGE = timedelta(days=7)
"""A backup should not be older than that."""

ROLE = """
select role.rolname as place, trait.name as found, null as expected
from pg_roles as role
cross join lateral (values
    ('superuser', rolsuper), ('createdb', rolcreatedb), ('createrole', rolcreaterole),
    ('create in public', has_schema_privilege(role.oid, 'public', 'create')),
    ('owns tables', exists (
        select from pg_class where relowner = role.oid and relnamespace = 'public'::regnamespace
    ))
) as trait (name, has)
where role.rolname = :service and trait.has
union all
select class.relname, 'may not ' || need.act, null
from pg_class as class
cross join (values ('select'), ('insert')) as need (act)
where class.relnamespace = 'public'::regnamespace and class.relkind = 'r' and class.relname <> 'alembic_version'
    and not exists (select from pg_depend where objid = class.oid and deptype = 'e')
    and not has_table_privilege(cast(:service as text), class.oid, need.act)
union all
select class.relname, 'may ' || excess.act, null
from pg_class as class
cross join (values ('update'), ('delete'), ('truncate')) as excess (act)
where class.relnamespace = 'public'::regnamespace
    and (class.relname = any(:insert_only) or excess.act = 'truncate' and class.relkind = 'r')
    and not exists (select from pg_depend where objid = class.oid and deptype = 'e')
    and has_table_privilege(cast(:service as text), class.oid, excess.act)
"""

PAGES = """
select datname::text as place, checksum_failures::text as found, '0' as expected
from pg_stat_database where datname = current_database() and checksum_failures > 0
"""

OWN_RECORDS = "select exists (select from import_run where origin <> 'sample')"


def _settings(ground: Ground) -> Iterator[Difference]:
    """Yield settings with which a crash could lose what was acknowledged."""
    for name, value in risky_settings(ground.connection).items():
        yield Difference(name, value, "on")


def _disk(ground: Ground) -> Iterator[Difference]:
    """Yield a disk with little room."""
    folder = ground.folder or ground.home
    if folder.exists() and (free := shutil.disk_usage(folder).free) < LEAST_FREE:
        yield Difference(str(folder), f"{free // 1_000_000} MB", f"≥ {LEAST_FREE // 1_000_000} MB")


def _backup(ground: Ground) -> Iterator[Difference]:
    """Yield a backup that is old or was never made; the sample town needs none."""
    if not ground.connection.execute(text(OWN_RECORDS)).scalar_one():
        return
    newest = last_backup(ground.home)
    if newest is None:
        yield Difference(str(ground.home), _("none yet"))
        return
    age = datetime.now(UTC) - datetime.fromisoformat(newest.made_at)
    if age > BACKUP_AGE:
        yield Difference(newest.file, ngettext("%(count)s day old", "%(count)s days old", age.days))


CHECKS = (
    Check(
        "durable",
        N_("A record that was acknowledged survives a crash of the machine"),
        N_(
            "Switch these settings of PostgreSQL on (ALTER SYSTEM RESET, or postgresql.conf), and restart it. The map "
            "is refused meanwhile."
        ),
        each(_settings),
        Subject.MACHINE,
    ),
    Check(
        "rights",
        N_("The role that serves the map can not change tables or histories"),
        N_("Grant and revoke as the migrations do, or restore a backup into a new home, which sets the rights anew."),
        rows(ROLE, service=SERVICE, insert_only=list(INSERT_ONLY)),
        Subject.MACHINE,
    ),
    Check(
        "pages",
        N_("The disk gave back what was written to it"),
        N_("The disk is failing: make a backup on another one now, and restore it on another machine."),
        rows(PAGES),
        Subject.MACHINE,
    ),
    Check(
        "disk",
        N_("There is room on the disk"),
        N_("Free some space before it is needed."),
        each(_disk),
        Subject.MACHINE,
        is_warning=True,
    ),
    Check(
        "backup",
        N_("There is a backup of the last seven days"),
        N_("Run `geo-hygiene db backup FILE`, best every night by itself; docs/backup.md tells how."),
        each(_backup),
        Subject.MACHINE,
        is_warning=True,
    ),
)
