"""``geo-hygiene import`` on files: exit codes, answers, a way back out, and nothing left when it is killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import geopandas
import pytest
import shapely
from click.testing import CliRunner
from psycopg2.errors import DiskFull
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import OperationalError

from geo_hygiene.cli import main
from geo_hygiene.cli.outside import failure_outside
from geo_hygiene.database import engine
from geo_hygiene.files.importing import ImportOptions, import_file
from geo_hygiene.files.writing.export import export
from geo_hygiene.layers import LAYERS, layer_of
from tests.conftest import LOCKS, TestDatabase
from tests.importing import block, fingerprint, place, query, street

REAL_FILES = Path(__file__).parents[2] / "shared" / "data"


def write_geojson(path: Path, rows: list[tuple[Any, dict[str, Any]]]) -> Path:
    features = [
        {"type": "Feature", "geometry": json.loads(shapely.to_geojson(shape)), "properties": values}
        for shape, values in rows
    ]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}, ensure_ascii=False))
    return path


@dataclass
class Terminal:
    """Runs the command on a database of the test's own."""

    database: TestDatabase
    home: Path

    @property
    def environment(self) -> dict[str, str]:
        return {
            **os.environ,
            "GEO_HYGIENE_HOME": str(self.home),
            "GEO_HYGIENE_DATABASE_URL": self.database.owner_url,
            "GEO_HYGIENE_SERVICE_URL": self.database.service_url,
            "GEO_HYGIENE_LOCALE": "en",
        }

    def start(self, *words: str | Path) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-c", "from geo_hygiene.cli import main; main()", *map(str, words)],
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *words: str | Path) -> tuple[int, str, str]:
        """Run it here, which saves the second that a process needs to begin."""
        done = CliRunner().invoke(main, [*map(str, words)], env=self.environment)
        return done.exit_code, done.stdout, done.stderr


@pytest.fixture
def terminal(database: TestDatabase, tmp_path: Path) -> Terminal:
    return Terminal(database, tmp_path / "home")


@pytest.fixture
def stored(terminal: Terminal) -> Iterator[Connection]:
    connections: Engine = engine(terminal.database.owner_url, isolation_level="AUTOCOMMIT")
    with connections.connect() as connection:
        yield connection
    connections.dispose()


def lattice(count: int) -> list[tuple[Any, dict[str, Any]]]:
    """Return streets of which each crosses all of the other direction."""
    side = count * 50
    east = [(street(0, at * 50 + 20, side, at * 50 + 20), {"name": f"东{at}路"}) for at in range(count)]
    north = [(street(at * 50 + 20, 0, at * 50 + 20, side), {"name": f"北{at}巷"}) for at in range(count)]
    return east + north


def test_the_command_answers_with_one_json_object_and_the_exit_code(terminal: Terminal, tmp_path: Path):
    file = write_geojson(tmp_path / "streets.geojson", lattice(3))
    process = terminal.start("import", "street-segments", file, "--json")
    out, err = process.communicate(timeout=120)
    answer = json.loads(out)
    assert (process.returncode, answer["status"], answer["split"]) == (0, "imported", {"crossings": 9, "pieces": 24})
    assert "streets.geojson → street-segments: Stored" in err
    assert "at 9 crossings into 24 pieces" in err
    assert "network   1 connected part, 6 in the file\n" in err
    code, out, _ = terminal.run("import", "street-segments", file, "--json")
    assert (code, json.loads(out)["status"]) == (0, "unchanged")


def test_lines_that_cross_nothing_are_not_said_to_be_split(terminal: Terminal, tmp_path: Path):
    file = write_geojson(tmp_path / "streets.geojson", [(street(0, 20, 90, 20), {}), (street(0, 60, 90, 60), {})])
    _, out, _ = terminal.run("import", "street-segments", file)
    assert "split" not in out
    assert "network   2 connected parts\n" in out


def test_a_refused_file_ends_with_1_and_changes_nothing(terminal: Terminal, stored: Connection, tmp_path: Path):
    terminal.run(
        "import",
        "areas",
        write_geojson(tmp_path / "a.geojson", [(block(0, 0, 9, 9), {"code": "O", "level": "office"})]),
    )
    before = fingerprint(stored)
    rows = [(place(0, 0), {"kind": "bin"}), (place(90_000, 0), {"kind": "bin"})]
    file = write_geojson(tmp_path / "bins.geojson", rows)
    code, out, err = terminal.run("import", "facilities", file, "--json")
    assert (code, json.loads(out)["status"]) == (1, "refused")
    assert "outside-extent: row 2" in err
    assert fingerprint(stored) == before
    rejected = tmp_path / "rejected.csv"
    code, out, _ = terminal.run("import", "facilities", file, "--skip-rejected", "--rejected", rejected, "--json")
    assert (code, json.loads(out)["rows"]) == (0, {"read": 2, "accepted": 1, "rejected": 1})
    assert "outside-extent" in rejected.read_text(encoding="utf-8-sig")


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["streets", "FILE"], 1, "street-segments"),
        (["lanes", "FILE"], 1, "street-segments"),
        (["street-segments", "nowhere.shp"], 2, "nowhere.shp"),
        (["street-segments", "FILE", "--field", "lane"], 2, "FIELD=VALUE"),
        (["street-segments", "FILE", "--field", "lane=ROAD"], 1, "name"),
        (["street-segments", "FILE", "--field", "road=name"], 1, "lane_code"),
        (["street-segments", "FILE", "--key", "ROAD"], 1, "ROAD"),
        (["street-segments", "FILE", "--from", "1.3.2026"], 2, "2025-12-31"),
        (["street-segments", "FILE", "--date-order", "xyz"], 2, "dmy"),
    ],
)
def test_wrong_words_are_told_in_one_sentence(
    terminal: Terminal, tmp_path: Path, words: list[str], code: int, said: str
):
    file = write_geojson(tmp_path / "streets.geojson", lattice(1))
    exit_code, out, err = terminal.run("import", *[str(file) if word == "FILE" else word for word in words])
    assert (exit_code, out) == (code, "")
    assert said in err
    assert "Traceback" not in err


def test_fields_constants_and_keys_are_taken_from_the_command(terminal: Terminal, stored: Connection, tmp_path: Path):
    rows = [(place(0, 0), {"NR": 7, "WHAT": "北门"}), (place(9, 0), {"NR": 8, "WHAT": "南门"})]
    file = write_geojson(tmp_path / "bins.geojson", rows)
    words = ["--field", "name=WHAT", "--set", "kind=bin", "--key", "NR", "--from", "2026-02-01"]
    code, *_ = terminal.run("import", "facilities", file, *words)
    assert code == 0
    assert query(
        stored, "select source_key, name, category, valid_from from facility join target using (id) order by 1"
    ) == [("7", "北门", "bin", date(2026, 2, 1)), ("8", "南门", "bin", date(2026, 2, 1))]


def test_a_bow_tie_is_refused_with_its_row_and_place(terminal: Terminal, stored: Connection, tmp_path: Path):
    bow_tie = shapely.Polygon([(105.08, 31.09), (105.09, 31.1), (105.09, 31.09), (105.08, 31.1)])
    file = write_geojson(tmp_path / "bowtie.geojson", [(block(0, 0, 9, 9), {"code": "A"}), (bow_tie, {"code": "B"})])
    before = fingerprint(stored)
    words = ["import", "areas", file, "--set", "level=community"]
    code, out, err = terminal.run(*words, "--json")
    (finding,) = json.loads(out)["findings"]
    assert (code, finding["code"], finding["row"], finding["value"]) == (
        1,
        "geometry-invalid",
        2,
        "105.0850000 31.0950000",
    )
    assert "error geometry-invalid: row 2" in err
    assert fingerprint(stored) == before


def test_no_name_of_a_file_commands_the_terminal_and_each_sentence_stands_once(terminal: Terminal, tmp_path: Path):
    evil = "\x1b]0;owned\x07\x9b31m\u202e"
    rows = [(place(0, 0), {"kind": f"{evil}x", "A": 1, "B": 2, f"C{evil}": 3})]
    file = write_geojson(tmp_path / f"bins{evil}.geojson", rows)
    _, out, err = terminal.run("import", "facilities", file)
    assert [character for character in out + err if not (character.isprintable() or character == "\n")] == []
    notes = [line for line in err.splitlines() if "field-unmapped" in line]
    assert len(notes) == 1
    assert "A, B, C" in notes[0]
    _, _, err = terminal.run("import", "facilities", file, "--key", f"D{evil}")
    assert [character for character in err if not (character.isprintable() or character == "\n")] == []


def test_a_refused_file_is_told_in_words_that_agree(terminal: Terminal, tmp_path: Path):
    file = write_geojson(tmp_path / "bins.geojson", [(place(0, 0), {"kind": "bin"}), (place(9, 0), {"kind": "?"})])
    _, out, _ = terminal.run("import", "facilities", file)
    assert out.splitlines()[1:] == ["  rows      2 read, 1 with errors", "  encoding  UTF-8 (from format)"] + [
        line for line in out.splitlines() if "system" in line
    ]
    file.write_bytes(b"")
    _, out, _ = terminal.run("import", "facilities", file)
    assert " 0 " not in out


def test_notes_come_with_three_examples_and_their_number(terminal: Terminal, tmp_path: Path):
    rows = [(place(at * 10, 0), {"kind": "bin", "name": f"门{at}\n口"}) for at in range(60)]
    _, _, err = terminal.run("import", "facilities", write_geojson(tmp_path / "bins.geojson", rows))
    lines = err.splitlines()
    at = lines.index("note text-cleaned: 60 findings, such as these; --json tells up to 50 of a kind")
    assert lines[at + 1] == "  - row 1, name, 门0\\n口: Read as “门0 口”."
    assert err.count("  - row") == 3


def test_doubts_that_are_alike_are_counted_with_examples_and_one_hint(terminal: Terminal, tmp_path: Path):
    streets = [(street(0, at * 300, 1000, at * 300), {"lane": f"路{at}"}) for at in range(6)]
    terminal.run("import", "street-segments", write_geojson(tmp_path / "streets.geojson", streets))
    cases = tmp_path / "cases.csv"
    rows = [f"A{at},2025-03-01,路{at % 6},{at + 1}号" for at in range(1200)]
    cases.write_text("\n".join(["external_id,reported_at,lane,house_number", *rows]))
    _, out, err = terminal.run("case", "import", cases)
    assert "1,200 created" in out
    (head,) = (line for line in err.splitlines() if line.startswith("warning place-from-lane"))
    assert "1,200 findings, such as these" in head
    assert err.count("  - row") == 3
    assert err.count("m off; bring longitude and latitude") == 1
    (tmp_path / "few.csv").write_text("external_id,reported_at,lane,house_number\nB1,2025-03-01,路1,7号")
    _, _, err = terminal.run("case", "import", tmp_path / "few.csv")
    assert "warning place-from-lane: row 1" in err
    assert "1,201 complaints, 0 without a place" in terminal.run("case", "list")[2]
    code, _, err = terminal.run("case", "show", "none")
    assert (code, "There is no complaint “none”." in err) == (1, True)


def test_a_missing_column_is_told_with_the_headings_that_are_taken(terminal: Terminal, tmp_path: Path):
    file = tmp_path / "people.csv"
    file.write_text("编号,姓名,干什么\nP1,王一,保洁员\n")
    code, _, err = terminal.run("import", "people", file)
    assert code == 1
    assert "role, Role, 岗位, 职务, 身份, 角色. Name another: --field role=HEADING" in err
    file.write_text("编号,姓名,角色\nP1,王一,保洁员\n")
    assert terminal.run("import", "people", file)[0] == 0


def test_the_sums_of_communities_stand_in_columns(terminal: Terminal, tmp_path: Path):
    areas = [
        (block(0, 0, 100, 100), {"code": "A", "level": "community", "name": "鼓楼社区"}),
        (block(100, 0, 2100, 100), {"code": "LONG", "level": "community", "name": "East"}),
    ]
    terminal.run("import", "areas", write_geojson(tmp_path / "areas.geojson", areas))
    lines = [(street(10, 50, 90, 50), {}), (street(110, 50, 2090, 50), {})]
    terminal.run("import", "street-segments", write_geojson(tmp_path / "streets.geojson", lines))
    _, out, _ = terminal.run("cover", "--duty", "sweeping", "--by", "community")
    table = out.split("\n\n")[1].splitlines()
    wide = [sum(2 if ord(character) > 0x2E80 else 1 for character in line) for line in table]
    assert len(set(wide)) == 1
    assert [line.split()[0] for line in table[1:]] == ["A", "LONG"]
    assert all(number.rpartition(".")[2].isdigit() for number in table[1].split() if "." in number)


def test_layers_lists_what_can_come_in(terminal: Terminal):
    code, out, _ = terminal.run("layers", "--json")
    answer = json.loads(out)
    assert code == 0
    assert [layer["key"] for layer in answer["layers"]] == list(LAYERS)
    streets = next(layer for layer in answer["layers"] if layer["key"] == "street-segments")
    assert {"key", "title", "geometry", "count", "import", "export", "map", "key_field", "fields"} <= set(streets)
    assert {"name", "title", "type", "unit", "aliases", "required"} <= set(streets["fields"][0])
    code, out, _ = terminal.run("layers")
    assert "street-segments" in out


def test_imports_are_told_in_the_time_of_the_office_with_what_was_taken_back(
    terminal: Terminal, stored: Connection, tmp_path: Path
):
    for rows in ([(place(0, 0), {"code": "T1"})], [(place(0, 0), {"code": "T1", "name": "东厕"})]):
        terminal.run("import", "facilities", write_geojson(tmp_path / "places.geojson", rows))
    code, out, _ = terminal.run("imports", "take-back", "2")
    assert (code, out) == (0, "0 records went. 1 record that it had changed is as before.\n")
    told = "to_char({} at time zone 'Asia/Shanghai', 'YYYY-MM-DD HH24:MI')"
    instants = f"{told.format('recorded_at')}, {told.format('taken_back_at')}"
    times = query(stored, f"select {instants} from import_run order by id")
    (first, _never), (second, back) = times
    newest, oldest = terminal.run("imports", "list")[1].splitlines()
    assert newest.startswith(f"2  {second}  facilities  places.geojson (taken back {back})")
    assert oldest.startswith(f"1  {first}  facilities  places.geojson  ")
    said = terminal.run("imports", "show", "2")[1].splitlines()
    assert said[:2] == [f"2  {second}  places.geojson → facilities", f"This import was taken back on {back}."]


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_an_import_that_is_stopped_stores_nothing_or_all(
    terminal: Terminal, stored: Connection, tmp_path: Path, how: signal.Signals
):
    file = write_geojson(tmp_path / "streets.geojson", lattice(90))
    empty = fingerprint(stored)
    seen = set()
    for step in range(4):
        process = terminal.start("import", "street-segments", file)
        _wait_until_it_stores(stored, process, 0.2 * step)
        process.send_signal(how)
        _, err = process.communicate(timeout=60)
        assert "Traceback" not in err
        _wait_until_nobody_stores(stored)
        after = fingerprint(stored)
        seen.add(process.returncode)
        if query(stored, "select count(*) from import_run") == [(0,)]:
            assert after == empty
        else:
            assert query(stored, "select count(*) from target") == [(2 * 90 * 91,)]
            assert query(stored, "select count(*) from staging_row") == [(0,)]
            break
    assert seen & {-signal.SIGKILL, 1, 130}
    code, out, _ = terminal.run("import", "street-segments", file, "--json")
    assert (code, json.loads(out)["split"]["pieces"]) == (0, 2 * 90 * 91)
    assert [path for path in (terminal.home / "tmp").glob("*") if path.is_dir()] == []


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_import_does_not_wait_for_its_statement_when_it_is_told_to_stop(
    terminal: Terminal, stored: Connection, tmp_path: Path, how: signal.Signals
):
    file = write_geojson(tmp_path / "streets.geojson", lattice(3))
    with stored.engine.connect().execution_options(isolation_level="READ COMMITTED") as other:
        other.execute(text("lock table import_run in exclusive mode"))
        process = terminal.start("import", "street-segments", file)
        waiting = f"select count(*) from {LOCKS} where relation = 'import_run'::regclass and not granted"
        while query(stored, waiting) == [(0,)]:
            assert process.poll() is None
            time.sleep(0.01)
        process.send_signal(how)
        _, err = process.communicate(timeout=60)
        assert (process.returncode, "Aborted" in err, "Traceback" in err) == (1, True, False)
        assert query(other, "select count(*) from import_run") == [(0,)]
    assert list((terminal.home / "tmp").iterdir()) == []


def _wait_until_it_stores(stored: Connection, process: subprocess.Popen[str], longer: float) -> None:
    locked = f"select count(*) from {LOCKS} where locktype = 'advisory' and objid = 4326002 and granted"
    while query(stored, locked) == [(0,)] and process.poll() is None:
        time.sleep(0.01)
    time.sleep(longer)


def _wait_until_nobody_stores(stored: Connection) -> None:
    """A server process notices the loss of its client at its next message."""
    others = "select count(*) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"
    while query(stored, others) != [(0,)]:
        time.sleep(0.02)


TOWN = {
    "areas": [
        (block(-100, -100, 900, 900), {"code": "O1", "name": "东街街道", "level": "office"}),
        (block(-100, -100, 900, 400), {"code": "C1", "name": "一社区", "level": "community", "parent": "O1"}),
    ],
    "street-segments": [*lattice(3), (street(0, 60, 140, 61), {"name": "桥", "level": 1})],
    "drain-segments": [(street(5, 5, 90, 6), {"drain": "一沟", "code": "D1", "width_mm": 400})],
    "septic-tanks": [(place(3, 4), {"code": "T1", "volume_m3": 12.5})],
    "facilities": [(place(8, 9), {"name": "公厕", "kind": "public_toilet"})],
    "water-bodies": [(block(300, 300, 350, 340), {"name": "东湖", "kind": "lake"})],
}


@pytest.mark.parametrize("ending", ["gpkg", "shp", "geojson"])
def test_what_goes_out_comes_in_again_unchanged_and_makes_the_same_town(
    new_database: Callable[..., TestDatabase], tmp_path: Path, ending: str
):
    here, there = engine(new_database().service_url), engine(new_database().service_url)
    for key, rows in TOWN.items():
        import_file(here, key, write_geojson(tmp_path / f"{key}.geojson", rows), ImportOptions())
    first, second = tmp_path / "first", tmp_path / "second"
    _export(here, first, ending)
    for key in TOWN:
        again = import_file(here, key, first / f"{key}.{ending}")
        assert (again.status, again.stored.lacking) == ("unchanged", []), (key, again.as_json())
        assert import_file(there, key, first / f"{key}.{ending}").status == "imported"
    _export(there, second, ending)
    columns = "target.uuid, extent_mm, ST_AsText(geom, 9), area.code"
    statement = (
        f"select {columns} from target left join (select id, code from area) area on area.id = area_id order by 1"
    )
    with here.connect() as one, there.connect() as other:
        assert query(one, statement) == query(other, statement)
    for key in TOWN:
        assert _features(second / f"{key}.{ending}") == _features(first / f"{key}.{ending}")
    here.dispose()
    there.dispose()


def _export(connections: Engine, folder: Path, ending: str) -> None:
    folder.mkdir()
    with connections.connect() as connection:
        for key in TOWN:
            export(connection, layer_of(key), folder / f"{key}.{ending}", every_period=True)


def _features(path: Path) -> list[Any]:
    frame = geopandas.read_file(path)
    return sorted(map(repr, frame.to_wkt().itertuples(index=False)))


@pytest.mark.skipif(not REAL_FILES.is_dir(), reason="the real files are not here")
@pytest.mark.parametrize(
    ("layer", "name", "pieces", "components", "length_m", "lane"),
    [
        ("street-segments", "a1-wuhan-campus-roads-toilets/road-adjusted.shp", 2203, 4, 154_939, "珞珈山路"),
        ("street-segments", "a1-wuhan-campus-roads-toilets/road_Topology.shp", 2050, 4, 154_905, "珞珈山路"),
        ("street-segments", "a9-cug-campus-bins/R.shp", 590, 1, 15_595, None),
        ("street-segments", "e2-geodanet/streets.shp", 293, 1, 31_829, None),
        ("street-segments", "e1-bubenec/bubenec.gpkg", 35, 1, 3_817, None),
    ],
)
def test_real_streets_come_in_whole(
    database: TestDatabase, layer: str, name: str, pieces: int, components: int, length_m: int, lane: str | None
):
    connections = engine(database.service_url)
    options = ImportOptions(table="streets" if name.endswith("gpkg") else None)
    report = import_file(connections, layer, REAL_FILES / name, options)
    stored = report.stored
    assert (report.status, stored.pieces, stored.components_after) == ("imported", pieces, components)
    assert stored.length_m == pytest.approx(length_m, abs=1)
    assert import_file(connections, layer, REAL_FILES / name, options).status == "unchanged"
    with connections.connect() as connection:
        if lane:
            assert query(connection, "select count(*) > 0 from lane where name = :lane", lane=lane) == [(True,)]
    connections.dispose()


def test_a_failure_outside_the_program_is_told_in_a_sentence(terminal: Terminal, tmp_path: Path) -> None:
    path = write_geojson(tmp_path / "x.geojson", [(place(0, 0), {"kind": "toilet"})])
    terminal.home.mkdir()
    (terminal.home / "tmp").touch()
    code, said, told = terminal.run("import", "facilities", path, "--json")
    assert (code, said) == (1, "")
    assert told == f"Error: {terminal.home / 'tmp'} can not be used: File exists.\n"


def test_a_lost_database_is_told_in_a_sentence(terminal: Terminal, tmp_path: Path) -> None:
    path = write_geojson(tmp_path / "x.geojson", [(place(0, 0), {"kind": "toilet"})])
    superuser = engine(terminal.database.superuser_url, isolation_level="AUTOCOMMIT")
    waiting = (
        "select pg_terminate_backend(pid) from pg_stat_activity where wait_event_type = 'Lock'"
        " and datname = current_database()"
    )
    with superuser.connect() as cutting, superuser.connect() as holding:
        with holding.execution_options(isolation_level="READ COMMITTED").begin():
            holding.execute(text("lock table facility in access exclusive mode"))
            process = terminal.start("import", "facilities", path)
            while process.poll() is None and not cutting.execute(text(waiting)).rowcount:
                time.sleep(0.05)
        said, told = process.communicate(timeout=120)
    superuser.dispose()
    assert (process.returncode, said) == (1, "")
    assert told.startswith("Error: The database was lost meanwhile: run the command again.")


def test_a_full_disk_of_the_database_is_told_in_a_sentence() -> None:
    for error in (DiskFull("no space"), OperationalError("copy", {}, DiskFull("no space"))):
        assert str(failure_outside(error)).startswith("The disk of the database is full")
    assert failure_outside(ValueError("a fault of the program")) is None
