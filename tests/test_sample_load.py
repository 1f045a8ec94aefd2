"""The sample town goes into a database through the same import as any file, and comes out without a trace."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import Connection, Engine, text

from geo_hygiene.cli import main
from geo_hygiene.database import engine
from geo_hygiene.files.importing import ImportOptions, import_file
from geo_hygiene.sample import SampleInUseError, SampleRefusedError, clear, load, load_into_empty
from geo_hygiene.sample.loading import ORDER
from tests.conftest import TestDatabase

COUNTED = (
    *(
        "area",
        "target",
        "street_segment",
        "drain_segment",
        "septic_tank",
        "facility",
        "lane",
        "drain",
        "person",
        "post",
    ),
    *("assignment", "claim", "claim_source", "claim_stretch", "cover", "state", "vacancy", "ledger", "source_row"),
    *("water_body", "green_space", "building", "import_run"),
)
FAR_AWAY = [[105.2, 31.2], [105.201, 31.2]]
IN_TOWN = [[105.0, 31.09], [105.16, 31.09]]


def counts(connection: Connection) -> dict[str, int]:
    return {table: connection.scalar(text(f"select count(*) from {table}")) or 0 for table in COUNTED}


@pytest.fixture
def town(new_database: Callable[..., TestDatabase], sample_template: TestDatabase) -> Iterator[Engine]:
    """Return connections to a copy of the sample town that this test may change."""
    connections = engine(new_database(sample_template.name).service_url)
    yield connections
    connections.dispose()


def own_lines(path: Path, lines: dict[str, list[list[float]]], **properties: str) -> Path:
    features = [
        {
            "type": "Feature",
            "properties": {"code": code, **properties},
            "geometry": {"type": "LineString", "coordinates": line},
        }
        for code, line in lines.items()
    ]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    return path


def test_the_whole_town_is_there_and_marked(town: Engine) -> None:
    with town.connect() as connection:
        found = counts(connection)
        origins = connection.scalars(text("select distinct origin from import_run")).all()
        unmarked = connection.scalar(text("select count(*) from target where import_id is null"))
    assert (found["area"], found["street_segment"], found["septic_tank"]) == (88, 1500, 600)
    assert found["person"] == 370
    assert origins == ["sample"]
    assert unmarked == 0


def test_groups_and_lists_are_stored_as_the_files_say(town: Engine) -> None:
    stray = text(
        "select count(*) from target left join area on area.id = target.area_id"
        " where target.kind in ('street-segments', 'septic-tanks') and area.level is distinct from 'group'"
    )
    listed = text(
        "select count(*) from claim join claim_stretch using (source_id) join target on target.id = target_id"
        " where duty_id = (select id from duty where code = 'sweeping') and claim.valid_to = 'infinity'"
        " and (from_mm > 0 or to_mm < extent_mm)"
    )
    with town.connect() as connection:
        assert connection.scalar(stray) == 0
        assert 10 <= (connection.scalar(listed) or 0) <= 60  # the stretches that are held in part, and no roundings


def test_loading_it_again_changes_nothing(town: Engine) -> None:
    with town.connect() as connection:
        before = counts(connection)
    assert {report.status for report in load(town, only=ORDER)} == {"unchanged"}
    with town.connect() as connection:
        assert counts(connection) == before


def test_only_an_empty_database_gets_it_by_itself(town: Engine, database: TestDatabase, tmp_path: Path) -> None:
    assert not load_into_empty(town.url.render_as_string(hide_password=False))
    own = engine(database.service_url)
    import_file(own, "street-segments", own_lines(tmp_path / "own.geojson", {"X": FAR_AWAY}), ImportOptions())
    own.dispose()
    assert not load_into_empty(database.service_url)


def test_clearing_leaves_nothing_of_it(town: Engine) -> None:
    assert clear(town) > 8000
    with town.connect() as connection:
        assert set(counts(connection).values()) == {0}
    assert clear(town) == 0


def test_own_records_stay_when_it_goes(town: Engine, tmp_path: Path) -> None:
    anywhere = ImportOptions(anywhere=True)
    path = own_lines(tmp_path / "own.geojson", {"X1": FAR_AWAY}, lane="自家路", lane_code="X")
    assert import_file(town, "street-segments", path, anywhere).status == "imported"
    clear(town)
    with town.connect() as connection:
        found = {table: number for table, number in counts(connection).items() if number}
        assert connection.scalar(text("select count(*) from target where area_id is not null")) == 0
        assert connection.scalar(text("select sum(total_mm) from ledger")) > 90_000
    assert {"target": 1, "street_segment": 1, "lane": 1, "import_run": 1}.items() <= found.items()
    assert not {"claim", "person", "area", "drain", "building"} & set(found)


def test_it_stays_while_own_records_rest_on_it(town: Engine, tmp_path: Path) -> None:
    with town.connect() as connection:
        zone = connection.scalar(text("select min(code) from duty_zone"))
    people = tmp_path / "people.csv"
    people.write_text("code,name,role\nOWN1,自己人,cleaner\n", encoding="utf-8")
    assignments = tmp_path / "assignments.csv"
    assignments.write_text(f"person,zone\nOWN1,{zone}\n", encoding="utf-8")
    with town.begin() as connection:
        assert not import_file(connection, "people", people, ImportOptions()).refused
        assert not import_file(connection, "assignments", assignments, ImportOptions()).refused
        before = counts(connection)
    with pytest.raises(SampleInUseError, match=f"{zone} · OWN1"):
        clear(town)
    with town.connect() as connection:
        assert counts(connection) == before


def test_a_street_that_cut_its_streets_holds_it_and_is_named(town: Engine, tmp_path: Path) -> None:
    path = own_lines(tmp_path / "own.geojson", {"X1": IN_TOWN}, lane="贯城路", lane_code="X")
    assert import_file(town, "street-segments", path, ImportOptions()).stored.ended > 10
    with pytest.raises(SampleInUseError, match="street-segments"):
        clear(town)


def test_a_street_beside_its_streets_does_not_hold_it(town: Engine, tmp_path: Path) -> None:
    spot = text(
        "select ST_X(place), ST_Y(place) from (select ST_PointOnSurface(green.geom) as place"
        " from green_space as green join area on ST_Contains(area.geom, green.geom)"
        " where area.level = 'office' and green.category = 'park' and ST_Area(green.geom) > 4e-7"
        " order by green.id limit 1) as park"
    )
    with town.connect() as connection:
        x, y = connection.execute(spot).one()
    path = own_lines(tmp_path / "own.geojson", {"X1": [[x, y], [x + 0.0001, y]]}, lane="园中路", lane_code="X")
    assert import_file(town, "street-segments", path, ImportOptions()).stored.ended == 0
    clear(town)
    with town.connect() as connection:
        assert connection.scalars(text("select area_id from target")).all() == [None]


def test_half_a_town_is_not_loaded(database: TestDatabase, tmp_path: Path) -> None:
    connections = engine(database.service_url)
    with pytest.raises(SampleRefusedError, match=r"areas\.shp"):
        load(connections, tmp_path)
    with connections.connect() as connection:
        assert set(counts(connection).values()) == {0}
    connections.dispose()


def test_the_commands_say_what_they_did(
    town: Engine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, cluster: object
) -> None:
    url = town.url.render_as_string(hide_password=False)
    monkeypatch.setenv("GEO_HYGIENE_HOME", str(tmp_path))
    monkeypatch.setenv("GEO_HYGIENE_DATABASE_URL", url.replace("geo_hygiene_service", "geo_hygiene_owner"))
    monkeypatch.setenv("GEO_HYGIENE_SERVICE_URL", url)
    gone = CliRunner().invoke(main, ["sample", "clear"])
    assert (gone.exit_code, gone.stdout) == (0, "")
    assert "records were removed" in gone.stderr
    missing = CliRunner().invoke(main, ["sample", "load", str(tmp_path)])
    assert missing.exit_code == 1
    assert "areas.shp" in missing.stderr
    assert CliRunner().invoke(main, ["sample", "write", str(tmp_path), "--size", "XXL"]).exit_code == 2
