"""Run migrations on the connection that :func:`geo_hygiene.database.migrate` hands over."""

from __future__ import annotations

from typing import Any

from alembic import context
from geoalchemy2 import alembic_helpers

from geo_hygiene import records  # noqa: F401 - declares the tables
from geo_hygiene.accounts import models  # noqa: F401 - declares the tables
from geo_hygiene.database import Base, OpenDate
from geo_hygiene.jobs import models as job_models  # noqa: F401 - declares the table
from geo_hygiene.layers import LAYERS  # noqa: F401 - declares the tables


def include_object(thing: Any, name: str | None, kind: str, reflected: bool, compare_to: Any) -> bool:  # noqa: FBT001
    """Leave PostGIS's own tables and its implicit indexes alone."""
    if name == "spatial_ref_sys":
        return False
    return bool(alembic_helpers.include_object(thing, name, kind, reflected, compare_to))


def render_item(kind: str, item: Any, autogenerate: Any) -> Any:
    """Write open dates as plain dates: a migration does not depend on the program's types."""
    if kind == "type" and isinstance(item, OpenDate):
        return "sa.Date()"
    return alembic_helpers.render_item(kind, item, autogenerate)


connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=Base.metadata,
    include_object=include_object,
    process_revision_directives=alembic_helpers.writer,
    render_item=render_item,
    compare_server_default=False,
)
with context.begin_transaction():
    context.run_migrations()
