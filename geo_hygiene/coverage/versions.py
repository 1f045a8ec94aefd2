"""Numbers that grow with every change, so that tiles and caches can be named by them."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection, text


def bump(connection: Connection, subjects: Iterable[str]) -> None:
    """Raise the data version of layers (their keys) and duties (``duty:<code>``)."""
    connection.execute(
        text(
            "insert into data_version (subject) select unnest(cast(:subjects as text[])) order by 1"
            " on conflict (subject) do update set version = data_version.version + 1"
        ),
        {"subjects": sorted(set(subjects))},
    )


def bump_duties(connection: Connection, duty_ids: Iterable[int]) -> None:
    """Raise the data version of duties by their ids."""
    codes = connection.scalars(
        text("select 'duty:' || code from duty where id = any(:ids) order by code"), {"ids": sorted(set(duty_ids))}
    )
    bump(connection, codes)


def current(connection: Connection, subjects: Iterable[str]) -> str:
    """Return a token that changes whenever one of the subjects does."""
    versions = connection.scalars(
        text(
            "select coalesce(version, 0) from unnest(cast(:subjects as text[])) as subject"
            " left join data_version using (subject) order by subject"
        ),
        {"subjects": sorted(set(subjects))},
    )
    return "-".join(str(version) for version in versions)
