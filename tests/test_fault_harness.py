"""A small part of `make faults`, always the same: made files and odd rows end in rows that are right, or in words."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from bench.workspace import Database
from faults import batches, storing
from faults.cases import Case
from faults.document import document
from faults.made_files import ANY
from faults.reading import examine
from faults.requests import routes
from faults.tally import Tally
from tests.conftest import TestDatabase
from tests.coverage.towns import grid_town
from tests.made_files import BOW_TIE, POLYGON, shapefile


@pytest.mark.parametrize("changed", [False, True])
def test_made_files_are_read_or_refused(changed: bool) -> None:
    counted = Tally("files", "any")
    batches.add_batch(counted, ANY, changed=changed, cases=150, seed=11)
    assert counted.wrong == []
    assert counted.is_clean
    assert counted.tried == counted.accepted + counted.refused == 150
    assert counted.figures["nets"] == "network, files"


def test_odd_rows_are_stored_or_refused(new_database: Callable[..., TestDatabase]) -> None:
    own = new_database()
    database = Database(own.name, own.owner_url, own.service_url)
    with database.connect() as connection:
        grid_town(connection)
    counted = storing.measure_rows(database, 60, 12)
    assert counted.wrong == []
    assert counted.is_clean
    assert counted.accepted


def test_the_harness_sees_what_is_accepted_wrongly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("geo_hygiene.files.reading.child.check_validity", lambda *_given: None)
    shapefile(tmp_path / "town.shp", POLYGON, [BOW_TIE])
    files = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    outcome = examine(Case(files, "town.shp", family="polygon"), tmp_path)
    assert outcome.wrong == "a geometry that is not valid was accepted"


def test_every_address_is_asked() -> None:
    found = {route.path: route.parameters for route in routes()}
    assert {"/map", "/readyz", "/tiles/{layers}/{z}/{x}/{y}.mvt"} <= found.keys()
    assert "duty" in found["/api/v1/cover"]


def test_the_report_says_what_went_wrong() -> None:
    tally = Tally("Group", "class", tried=3, lost=1, seeds=[1, 2])
    tally.tell("gone")
    results = {
        "tried_at": "2026-01-01T00:00:00",
        "machine": {"cores": 2, "cpu": "x", "memory_gib": 4, "load": 0.1, "system": "y"},
        "versions": {"Python": "3.11"},
        "tallies": [tally.as_json()],
    }
    written = document({"files": results})
    assert "| class | 3 | 0 | 0 | 0 | 0 | 0 | 0 | 0 | 1 | 0 |" in written
    assert "- class: seeds 1-2; **1 things went wrong**" in written
