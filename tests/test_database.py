"""What the database is asked in ways of our own."""

from __future__ import annotations

import random

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.exc import ProgrammingError

from geo_hygiene.database import MIGRATIONS, head_revision, in_time, known_revisions


def test_a_question_that_takes_too_long_is_given_up(connection: Connection) -> None:
    before = connection.scalar(text("show statement_timeout"))
    assert in_time(connection, 0.05, lambda asked: asked.scalar(text("select 1 from pg_sleep(30)"))) is None
    assert in_time(connection, 5, lambda asked: asked.scalar(text("select 2"))) == 2
    with pytest.raises(ProgrammingError):
        in_time(connection, 5, lambda asked: asked.scalar(text("select nothing")))
    assert connection.scalar(text("show statement_timeout")) == before


def test_the_length_of_several_ranges(connection: Connection) -> None:
    dice = random.Random(3)
    for _trial in range(30):
        marks = sorted(dice.sample(range(1000), 2 * dice.randint(0, 4)))
        pieces = list(zip(marks[::2], marks[1::2], strict=True))
        ranges = "{" + ",".join(f"[{begin},{end})" for begin, end in pieces) + "}"
        length = connection.scalar(
            text("select multirange_length(cast(:ranges as int4multirange))"), {"ranges": ranges}
        )
        assert length == sum(end - begin for begin, end in pieces)
    assert connection.scalar(text("select multirange_length(null)")) is None


def test_the_revisions_are_told_by_the_names_of_the_files() -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    scripts = ScriptDirectory.from_config(config)
    assert head_revision() == scripts.get_current_head()
    assert known_revisions() == [script.revision for script in scripts.walk_revisions()]


@pytest.mark.parametrize(
    ("numbers", "kind"),
    [([3, -1, 2], "integer[]"), ([2**31 - 1], "integer[]"), ([2**31], "bigint[]"), ([1, -(2**40)], "bigint[]")],
)
def test_whole_numbers_reach_the_database_as_an_array_of_the_least_kind(
    connection: Connection, numbers: list[int], kind: str
) -> None:
    row = connection.execute(text("select :said, pg_typeof(:said)::text"), {"said": numbers}).one()
    assert tuple(row) == (numbers, kind)


def test_other_lists_reach_the_database_as_they_are(connection: Connection) -> None:
    values = {"texts": ["a'b", "{}"], "truths": [True, False], "holes": [1, None], "nothing": []}
    row = connection.execute(text("select :texts, :truths, :holes, cast(:nothing as int[])"), values).one()
    assert list(row) == list(values.values())
