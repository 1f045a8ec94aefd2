"""Migrations lead up and down with records in the database, and never stop between two versions."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable

import pytest
from sqlalchemy import text

from geo_hygiene.database import (
    NewerDatabaseError,
    current_revision,
    engine,
    head_revision,
    known_revisions,
    migrate,
)
from geo_hygiene.upkeep.backup import snapshot
from geo_hygiene.upkeep.figures import cover_of
from tests.conftest import LOCKS, TestDatabase

DUTIES = ("sweeping", "supervision", "drains", "tanks")
ASKED = [{"duty": duty, "on": on} for duty in DUTIES for on in ("2025-03-01", "2025-09-01")]

LOWEST = "0004"
"""Below it there are no duties to ask for."""

SUMS_OF_EVERY_LEVEL = "0014"
"""From this revision on the questions of this program can be asked."""

SHAPE = """
select 'column', table_name || '.' || column_name, data_type || is_nullable || coalesce(column_default, '')
from information_schema.columns where table_schema = 'public'
union all select 'index', indexname, indexdef from pg_indexes where schemaname = 'public'
union all select 'constraint', conrelid::regclass || '.' || conname, pg_get_constraintdef(oid)
from pg_constraint where connamespace = 'public'::regnamespace
union all select 'view', viewname, definition from pg_views where schemaname = 'public'
union all select 'right', relname, array_to_string(array(select unnest(relacl)::text order by 1), ' ')
from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'v')
order by 1, 2, 3
"""


def shape_of(database: TestDatabase) -> list[tuple[str, ...]]:
    """Return the schema: columns, indexes, constraints, views and rights."""
    with snapshot(database.owner_url) as connection:
        return [tuple(row) for row in connection.execute(text(SHAPE))]


def figures_of(database: TestDatabase) -> list[dict[str, object]]:
    with snapshot(database.owner_url) as connection:
        return cover_of(connection, ASKED)


def test_every_migration_leads_down_and_up_and_keeps_the_figures(
    new_database: Callable[..., TestDatabase], sample_template: TestDatabase
) -> None:
    town = new_database(sample_template.name)
    shape, figures = shape_of(town), figures_of(town)
    steps = [revision for revision in known_revisions() if revision >= LOWEST]
    assert steps[0] == head_revision()
    for revision in steps[1:]:
        migrate(town.owner_url, revision)
        with snapshot(town.owner_url) as connection:
            assert current_revision(connection) == revision
        if revision >= SUMS_OF_EVERY_LEVEL:
            assert figures_of(town) == figures, revision
    migrate(town.owner_url)
    assert figures_of(town) == figures
    assert shape_of(town) == shape


KEPT_OF_CAMPAIGNS = """
select 'reached', md5(string_agg(kept::text, ',' order by kept::text)) from reached as kept
union all
select 'reached_sum', md5(string_agg(sums, ',' order by sums)) from (
    select (campaign_id, level, area_id, kind, day, result, seen_on, change_mm)::text as sums from reached_sum
) as kept
"""


def test_what_campaigns_reached_is_made_for_the_treatments_that_are_there(
    new_database: Callable[..., TestDatabase], sample_template: TestDatabase
) -> None:
    town = new_database(sample_template.name)
    with snapshot(town.owner_url) as connection:
        before = connection.execute(text(KEPT_OF_CAMPAIGNS)).all()
    migrate(town.owner_url, "0017")
    migrate(town.owner_url)
    with snapshot(town.owner_url) as connection:
        assert connection.execute(text(KEPT_OF_CAMPAIGNS)).all() == before
    assert all(kept is not None for _table, kept in before)


MIGRATE = "import sys; from geo_hygiene.database import migrate; migrate(sys.argv[1])"


def test_a_migration_that_is_killed_half_way_leaves_the_old_schema(
    new_database: Callable[..., TestDatabase], sample_template: TestDatabase
) -> None:
    town = new_database(sample_template.name)
    migrate(town.owner_url, "0006")
    before = shape_of(town)
    owner, watcher = engine(town.owner_url), engine(town.superuser_url, isolation_level="AUTOCOMMIT")
    with owner.connect() as holder, watcher.connect() as watching:
        # Campaigns have their tables when the column of their claims must wait for this lock.
        holder.execute(text("lock table claim in share mode"))
        process = subprocess.Popen([sys.executable, "-c", MIGRATE, town.owner_url])
        waits = text(f"select pid from {LOCKS} where not granted and relation = 'claim'::regclass")
        while not (waiting := watching.scalars(waits).all()):
            assert process.poll() is None
            time.sleep(0.02)
        process.kill()
        process.wait()
        holder.rollback()
        while watching.scalar(text("select count(*) from pg_stat_activity where pid = any(:pids)"), {"pids": waiting}):
            time.sleep(0.02)
    owner.dispose()
    watcher.dispose()
    assert shape_of(town) == before
    with snapshot(town.owner_url) as connection:
        assert current_revision(connection) == "0006"
    migrate(town.owner_url)
    with snapshot(town.owner_url) as connection:
        assert current_revision(connection) == head_revision()


def test_a_database_of_a_newer_program_is_refused(database: TestDatabase) -> None:
    owner = engine(database.owner_url)
    with owner.begin() as connection:
        connection.execute(text("update alembic_version set version_num = '9999'"))
    owner.dispose()
    with pytest.raises(NewerDatabaseError, match="has the schema 9999, which this program does not know"):
        migrate(database.owner_url)
