"""The records of a layer that a newer file lacks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, text

from geo_hygiene.files.importing.keys import BY_GEOMETRY
from geo_hygiene.files.importing.report import LACKING_SHOWN, Stored

TOLD = """
select told, count(*) over () as total
from (
    select distinct
        case
            when source_key is null or starts_with(source_key, :by_geometry) then coalesce({code}, uuid::text)
            else source_key
        end collate "C" as told
    {records}
) as records
order by told
limit :shown
"""
"""What a user can find a record by: the key of its row, or its code or id where the file had none."""


@dataclass(frozen=True)
class Lacking:
    """A statement that finds them, of which only as much is brought as is needed: a town has many.

    Attributes
    ----------
    records
        From the word ``from`` on.
    code
        Expression of their code.
    """

    records: str
    code: str
    values: Mapping[str, Any]

    def ids(self, connection: Connection) -> list[int]:
        """Return their ids."""
        return list(connection.scalars(text(f"select id {self.records} order by id"), self.values))

    def tell(self, connection: Connection, stored: Stored) -> None:
        """Say how many they are, and what the first are called."""
        values = {**self.values, "by_geometry": BY_GEOMETRY, "shown": LACKING_SHOWN}
        rows = connection.execute(text(TOLD.format(code=self.code, records=self.records)), values).all()
        stored.lacking = [row.told for row in rows]
        stored.lacking_count = rows[0].total if rows else 0
