"""Tables that hold answers, and how they are brought in line with their questions.

Statements are made from constants; values are bound.
"""

from __future__ import annotations

from dataclasses import dataclass

BROUGHT_IN_LINE = """
with different as materialized (
    select kept.ctid as place, made.*
    from (select ctid, * from {table} where {scope}) as kept
    full join ({rows}) as made on {same_key}
    where ({kept}) is distinct from ({made})
),
gone as (
    delete from {table} where ctid = any(array(select place from different where place is not null)) returning 1
)
insert into {table} ({columns})
select {columns} from different
where {key} is not null and (select count(*) from gone) >= 0
order by {order}
"""
"""Only rows that differ are written, those that are wrong go first: most often all were right."""


@dataclass(frozen=True, slots=True)
class KeptTable:
    """A table, and what makes its rows again.

    Attributes
    ----------
    rows
        The question that it answers.
    scope
        Which of its rows answer for the duties and targets of that question.
    key, columns
        What tells its rows apart, and all that is kept. The rows are written in the order of the key.
    """

    table: str
    rows: str
    scope: str
    key: tuple[str, ...]
    columns: tuple[str, ...]

    @property
    def statement(self) -> str:
        """Return what brings the table in line with its question."""
        return BROUGHT_IN_LINE.format(
            table=self.table,
            scope=self.scope,
            rows=self.rows,
            same_key=" and ".join(f"made.{name} = kept.{name}" for name in self.key),
            kept=", ".join(f"kept.{name}" for name in self.columns),
            made=", ".join(f"made.{name}" for name in self.columns),
            columns=", ".join(self.columns),
            key=self.key[0],
            order=", ".join(self.key),
        )
