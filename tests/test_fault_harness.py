"""A small part of `make faults`, always the same: made files and odd rows end in rows that are right, or in words."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from bench.workspace import Database
from faults import batches, forms, geometries, storing
from faults.__main__ import Stop
from faults.batch import draw
from faults.cases import Case, Outcome
from faults.counts import Counts
from faults.document import document
from faults.inputs import TARGETS, Target
from faults.made_files import ANY, strategy_of
from faults.made_shapes import KNOWN
from faults.reading import examine
from faults.requests import routes
from faults.tally import Tally
from faults.verdicts import Verdict, verdict
from tests.conftest import TestDatabase
from tests.coverage.towns import grid_town
from tests.made_files import BOW_TIE, POLYGON, shapefile
from tests.made_workbooks import open_document, open_row, workbook


@pytest.mark.parametrize("changed", [False, True])
def test_made_files_are_read_or_refused(changed: bool) -> None:
    counted = Tally("files", "any")
    batches.add_batch(counted, ANY, changed=changed, cases=150, seed=11)
    assert counted.wrong == []
    assert counted.is_clean
    assert counted.tried == counted.accepted + counted.refused == 150
    assert counted.figures["nets"] == "network, files"


def test_a_file_that_ends_its_reader_while_files_to_change_are_looked_for_counts_for_no_other() -> None:
    counted = Tally("files", "workbook, changed bytes")
    batches.add_batch(counted, "workbook", changed=True, cases=20, seed=3_006_002_000)
    assert counted.wrong == []
    assert counted.tried == 20


@pytest.mark.parametrize("target", TARGETS.values(), ids=list(TARGETS))
def test_the_first_inputs_of_the_fuzzer_are_the_made_files(target: Target) -> None:
    said = []
    draw(strategy_of(target.kind), 8, 15, lambda made: said.append(target.content(made.files) + b"\x00"))
    assert any(said)
    assert [target.content(target.case(one).files) + b"\x00" for one in said] == said


@pytest.mark.parametrize("name", ["sheet of a workbook", "OpenDocument sheet"])
def test_what_the_fuzzer_puts_around_a_sheet_lets_it_be_read(name: str, tmp_path: Path) -> None:
    target = TARGETS[name]
    if name == "OpenDocument sheet":
        made = open_document(tmp_path / target.main, open_row("a", "b") + open_row("1", "2"))
    else:
        made = workbook(tmp_path / target.main, {"a": [["a", "b"], [1, 2]]})
    case = target.case(target.content({target.main: made.read_bytes()}) + b"\x00")
    assert examine(case, tmp_path) == Outcome(accepted=True)


def test_counts_outlive_who_counted(tmp_path: Path) -> None:
    for outcome in (Outcome(accepted=True), Outcome(accepted=False, codes=frozenset({"file-type"}))):
        Counts(tmp_path / "counts").add(outcome)
    tally = Tally("files", "any")
    Counts(tmp_path / "counts").give(tally)
    assert (tally.tried, tally.accepted, tally.refused, dict(tally.codes)) == (2, 1, 1, {"file-type": 1})


def test_odd_rows_are_stored_or_refused(new_database: Callable[..., TestDatabase]) -> None:
    counted = storing.measure_rows(_town(new_database), 60, 12)
    assert counted.wrong == []
    assert counted.is_clean
    assert counted.accepted


def test_made_geometries_are_stored_as_they_are_or_refused(
    new_database: Callable[..., TestDatabase], tmp_path: Path
) -> None:
    counted = Tally("geometries", "polygons", refused_wrongly=0)
    with _town(new_database).connect() as connection:
        geometries.judge(connection, counted, geometries.made("GeoPackage", "polygon", 200, 13), tmp_path)
    assert counted.wrong == []
    assert counted.is_clean
    assert counted.accepted > 0
    assert counted.refused > 0


def test_verdicts_are_compared_with_what_is_stored(
    new_database: Callable[..., TestDatabase], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    turned = {Verdict.STORE: Verdict.REFUSE, Verdict.REFUSE: Verdict.STORE, Verdict.EITHER: Verdict.EITHER}
    monkeypatch.setattr(geometries, "verdict", lambda shape, family: (turned[verdict(shape, family)[0]], None))
    counted = Tally("geometries", "points", refused_wrongly=0)
    with _town(new_database).connect() as connection:
        geometries.judge(connection, counted, geometries.made("CSV", "point", 20, 14), tmp_path)
    assert counted.accepted_wrongly
    assert counted.refused_wrongly
    assert not counted.is_clean


def _town(new_database: Callable[..., TestDatabase]) -> Database:
    own = new_database()
    database = Database(own.name, own.owner_url, own.service_url)
    with database.connect() as connection:
        grid_town(connection)
    return database


def test_the_judge_knows_good_from_bad() -> None:
    told = [verdict(shape, "polygon")[0] for shape in KNOWN]
    good = [str(at) for at, found in enumerate(told) if found is Verdict.STORE]
    assert good == ["0"]


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


def test_forms_go_to_every_address_that_takes_one() -> None:
    assert {"/sign-in", "/account", "/admin/accounts", "/admin/accounts/roles"} <= set(forms.addresses())
    assert "/sign-out" not in forms.addresses()


def test_what_went_wrong_is_told_without_the_folders_of_this_machine() -> None:
    tally = Tally("Group", "class")
    tally.tell(f'File "{Path(batches.__file__)}" in {sys.prefix}/lib of /tmp/geo-hygiene-faults-x1/source/town.csv')
    assert tally.wrong == ['File "faults/batches.py" in lib of …/source/town.csv']


def test_a_group_that_is_asked_to_stop_keeps_what_it_tried_and_stops_at_once_when_asked_again() -> None:
    stop = Stop(minutes=60)
    stop.begin("files")
    assert not stop.is_over()
    stop.ask()
    assert stop.is_over()
    with pytest.raises(SystemExit):
        stop.ask()


def test_a_group_that_can_not_keep_a_part_is_stopped_at_once() -> None:
    stop = Stop(minutes=60)
    stop.begin("ground")
    with pytest.raises(SystemExit):
        stop.ask()


def test_the_report_adds_up_the_runs_and_says_what_went_wrong() -> None:
    runs = []
    for seed in (1, 2):
        tally = Tally("Group", "class", tried=3, lost=seed, seeds=[seed], figures={"slowest s": 0.5 * seed})
        tally.codes["file-type"] += seed
        tally.counts["no answer"] += seed
        tally.tell("gone")
        runs.append(
            {
                "tried_at": f"2026-01-0{seed}T00:00:00",
                "machine": {"cores": 2, "cpu": "x", "memory_gib": 4, "load": 0.1 * seed, "system": "y"},
                "versions": {"Python": "3.11"},
                "tallies": [tally.as_json()],
            }
        )
    written = document({"files": runs})
    assert "Tried on 2026-01-01 to 2026-01-02 in 2 runs on 2 cores of x, 4 GiB, load 0.1 to 0.2 before, y" in written
    assert "| class | 6 | 0 | 0 | 0 | - | 0 | 0 | 0 | 0 | 3 | 0 |" in written
    assert "- class: slowest s 0.5 to 1.0; no answer 3; seeds 1, 2; answered file-type 3; **2 things" in written
