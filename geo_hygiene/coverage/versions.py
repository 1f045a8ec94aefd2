"""Numbers that grow with every change, so that tiles and caches can be named by them."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection, text


def bump(connection: Connection, subjects: Iterable[str]) -> None:
    """Raise the data version of layers (their keys) and duties (``duty:<code>``).

    A version is the microsecond of the change, so that it does not come back with other data after an older state of
    the database was restored.
    """
    connection.execute(
        text(
            "insert into data_version (subject, version)"
            " select subject, extract(epoch from clock_timestamp()) * 1000000"
            " from unnest(cast(:subjects as text[])) as subject order by 1"
            " on conflict (subject) do update set version = greatest(data_version.version + 1, excluded.version)"
        ),
        {"subjects": sorted(set(subjects))},
    )


def bump_duties(connection: Connection, duty_ids: Iterable[int]) -> None:
    """Raise the data version of duties by their ids."""
    codes = connection.scalars(
        text("select 'duty:' || code from duty where id = any(:ids) order by code"), {"ids": sorted(set(duty_ids))}
    )
    bump(connection, codes)


def all_subjects(connection: Connection) -> dict[str, int]:
    """Return the data version of everything that ever changed."""
    rows = connection.execute(text("select subject, version from data_version order by subject"))
    return {row.subject: row.version for row in rows}


def by_subject(connection: Connection, subjects: Iterable[str]) -> dict[str, int]:
    """Return the data version of each subject; 0 for one that never changed."""
    rows = connection.execute(
        text(
            "select subject, coalesce(version, 0) as version from unnest(cast(:subjects as text[])) as subject"
            " left join data_version using (subject) order by subject"
        ),
        {"subjects": sorted(set(subjects))},
    )
    return {row.subject: row.version for row in rows}


def current(connection: Connection, subjects: Iterable[str]) -> str:
    """Return a token that changes whenever one of the subjects does."""
    return "-".join(str(version) for version in by_subject(connection, subjects).values())
