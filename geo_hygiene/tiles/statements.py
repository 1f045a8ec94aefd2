"""Statements that the server plans once for each connection: a tile is cut in less time than it takes to plan it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from psycopg2.extensions import AsIs
from sqlalchemy import Connection, make_url
from sqlalchemy.sql import ClauseElement

VARIABLES = {
    "z": "int",
    "x": "int",
    "y": "int",
    "on": "date",
    "duty_id": "int",
    "campaign_id": "int",
    "limit_days": "int",
    "draft_id": "int",
}
"""What changes from tile to tile, with its type in the database; everything else in a statement is constant."""
KEEP_FROM = 13
"""Zoom from which a plan is kept: below it a tile holds so much that a plan of its own is worth its time."""
MOST_KEPT = 64
"""Statements that a connection keeps; when more are asked, it forgets all and begins again."""
KEPT = "geo_hygiene.tiles.statements"


@dataclass(frozen=True)
class TileStatement:
    """A statement whose answer is one value, with its constant parameters."""

    sql: str
    constants: dict[str, Any]
    name: str

    @classmethod
    def of(cls, clause: ClauseElement) -> TileStatement:
        """Return a statement in the driver's form; its parameters are those of :data:`VARIABLES` and constants."""
        compiled = clause.compile(dialect=make_url("postgresql+psycopg2://").get_dialect()())
        constants = {name: value for name, value in compiled.params.items() if name not in VARIABLES}
        name = "tile_" + hashlib.sha256(repr((str(compiled), constants)).encode()).hexdigest()[:24]
        return cls(str(compiled), constants, name)

    def value(self, connection: Connection, values: Mapping[str, Any]) -> bytes:
        """Return the answer for these variables."""
        if values["z"] < KEEP_FROM:
            return bytes(connection.exec_driver_sql(self.sql, self.constants | dict(values)).scalar_one())
        kept: set[str] = connection.info.setdefault(KEPT, set())
        if self.name not in kept:
            if len(kept) >= MOST_KEPT:
                connection.exec_driver_sql("deallocate all")
                kept.clear()
            self._prepare(connection)
            kept.add(self.name)
        given = ", ".join(f"%({name})s" for name in VARIABLES)
        return bytes(connection.exec_driver_sql(f"execute {self.name} ({given})", dict(values)).scalar_one())

    def _prepare(self, connection: Connection) -> None:
        places: dict[str, Any] = {name: AsIs(f"${number}") for number, name in enumerate(VARIABLES, start=1)}
        types = ", ".join(VARIABLES.values())
        connection.exec_driver_sql(f"prepare {self.name} ({types}) as {self.sql}", self.constants | places)
