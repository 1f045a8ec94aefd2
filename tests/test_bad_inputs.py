"""Each broken, hostile or misleading file ends in its own answer, changes nothing or what it should, and is told of."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import Connection

from geo_hygiene.files.importing import ImportOptions, import_file
from tests.bad_inputs import BAD_INPUTS, IMPORTED, BadInput
from tests.importing import fingerprint

DOCUMENT = Path(__file__).parents[1] / "docs" / "bad-files.md"


@pytest.mark.parametrize("bad", BAD_INPUTS, ids=lambda bad: bad.name)
def test_each_bad_file_has_its_answer(connection: Connection, tmp_path: Path, bad: BadInput) -> None:
    source, scratch = tmp_path / "in", tmp_path / "scratch"
    source.mkdir()
    before = fingerprint(connection)
    options = ImportOptions(**bad.options, scratch=scratch)
    report = import_file(connection, bad.layer, bad.make(source), options)
    errors = [(str(finding.code), finding.row) for finding in report.findings if finding.is_error()]
    assert not scratch.exists() or list(scratch.iterdir()) == []
    if bad.outcome == IMPORTED:
        assert (report.status, errors, report.accepted) == (IMPORTED, [], bad.rows)
        return
    assert (report.status, errors[:1]) == ("refused", [(bad.outcome, bad.row)])
    assert fingerprint(connection) == before
    assert report.findings[0].message()


def test_the_document_tells_of_each() -> None:
    told = DOCUMENT.read_text()
    assert [bad.name for bad in BAD_INPUTS if f"| {bad.name} |" not in told] == [], "make bad-files writes it"
