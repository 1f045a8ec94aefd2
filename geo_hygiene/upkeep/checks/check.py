"""The words in which a check is declared."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from sqlalchemy import Connection, text

SHOWN = 10
"""Differences that a check tells one by one; all are counted."""

TOLD = """
select place, found, expected, count(*) over () as together from ({rows}) as differing order by place limit :shown
"""


class Subject(StrEnum):
    """What a check is about."""

    RECORDS = "records"
    MACHINE = "machine"


@dataclass(frozen=True)
class Ground:
    """What is checked.

    Attributes
    ----------
    connection
        Of the owner, in one transaction that sees one state of the data.
    home
        Folder of the home.
    folder
        Where the files of its private database are; ``None`` when the database is another one.
    """

    connection: Connection
    home: Path
    folder: Path | None


@dataclass(frozen=True)
class Difference:
    """Something that is not as it should be."""

    place: str
    found: str | None = None
    expected: str | None = None


@dataclass(frozen=True)
class Found:
    """How many differences there are, and the first of them."""

    count: int
    differences: tuple[Difference, ...]


Question = Callable[[Ground], Found]


@dataclass(frozen=True)
class Check:
    """One thing that must hold.

    Attributes
    ----------
    title
        What holds when all is well, in the user's words.
    advice
        What to do when it does not.
    find
        Finds what differs.
    subject
        Records are checked in a backup and after a restore too; the machine is another one then.
    is_thorough
        It takes long, and is made only when asked for.
    is_warning
        What it finds is advice: nothing is wrong with the records.
    """

    key: str
    title: str
    advice: str
    find: Question
    subject: Subject = Subject.RECORDS
    is_thorough: bool = False
    is_warning: bool = False


def rows(statement: str, **values: object) -> Question:
    """Return the question of a statement that yields what differs: ``place``, ``found`` and ``expected``, all text."""
    told = text(TOLD.format(rows=statement))

    def find(ground: Ground) -> Found:
        found = ground.connection.execute(told, {**values, "shown": SHOWN}).all()
        differences = tuple(Difference(row.place, row.found, row.expected) for row in found)
        return Found(found[0].together if found else 0, differences)

    return find


def each(find: Callable[[Ground], Iterable[Difference]]) -> Question:
    """Return the question of a function that yields what differs."""

    def gather(ground: Ground) -> Found:
        found = tuple(find(ground))
        return Found(len(found), found[:SHOWN])

    return gather
