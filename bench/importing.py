"""Import of files: features that need no splitting, and raw streets with everything that hangs on them."""

from __future__ import annotations

import io
import shutil
from collections.abc import Iterator
from pathlib import Path

import geopandas
import shapely
from sqlalchemy import create_engine, text

from bench import covering
from bench.figures import Candidate, Figure, Spread, interleave, timing, without
from bench.made_files import Network, write_areas, write_buildings, write_streets, write_zones
from bench.workspace import Database, Workspace, run
from geo_hygiene.database import engine

COUNT = 100_000
OURS = "geo-hygiene import"
DATA = f"{COUNT:,} made buildings of six corners with three fields, GeoPackage"


def measure_buildings(workspace: Workspace, rounds: int) -> Iterator[Figure]:
    """Measure the import of features that need no splitting, beside what writes them without checking."""
    file = workspace.folder / "buildings.gpkg"
    write_buildings(file, COUNT)
    peaks: list[float] = []
    candidates: dict[str, Candidate] = {
        OURS: lambda: _import_seconds(workspace, file, peaks),
        "geopandas to_postgis": lambda: _to_postgis(workspace, file),
        "raw COPY": _RawCopy(workspace, file),
    }
    if shutil.which("ogr2ogr"):
        candidates["ogr2ogr COPY"] = lambda: _ogr2ogr(workspace, file)
    spreads = interleave(candidates, rounds)
    yield Figure(
        group="import",
        name="Import of 100 000 features without splitting",
        unit="s",
        spread=spreads[OURS],
        data=DATA,
        peers=without(spreads, OURS),
        floor="0.9 x the time of ogr2ogr COPY, at most 2 x raw COPY",
        note="The whole command with its checks, the start of Python included; raw COPY is the COPY alone, of rows that"
        " were ready, into a table without an index. ogr2ogr checks, compares and remembers nothing, and is done in the"
        " time in which Python and its libraries start here and in the process that reads."
        + ("" if "ogr2ogr COPY" in spreads else " ogr2ogr is not installed and was left out."),
    )
    yield Figure(
        group="import",
        name="Import of 100 000 features without splitting: memory",
        unit="MB",
        spread=Spread(tuple(peaks)),
        data=DATA,
        note="Peak of the command with its reading process, without the database.",
    )


def _import_seconds(workspace: Workspace, file: Path, peaks: list[float]) -> float:
    with workspace.copied() as database:
        done = workspace.run(database, "import", "buildings", str(file), "--key", "code", "--json")
        if done.answer["rows"]["accepted"] != COUNT:
            raise RuntimeError(f"not all buildings were accepted: {done.output}")
    peaks.append(done.peak_mb)
    return done.seconds


def _ogr2ogr(workspace: Workspace, file: Path) -> float:
    command = ["ogr2ogr", "-f", "PostgreSQL", "--config", "PG_USE_COPY", "YES", "-nln", "peer_buildings"]
    with workspace.copied() as database:
        return run([*command, database.ogr_name, str(file)], {}).seconds


def _to_postgis(workspace: Workspace, file: Path) -> float:
    with workspace.copied() as database:
        owner = create_engine(database.owner_url)
        with timing() as watch:
            geopandas.read_file(file, engine="pyogrio").to_postgis("peer_buildings", owner)
        owner.dispose()
    return watch.seconds


class _RawCopy:
    """The limit of the database: rows that are ready, into a table that nothing hangs on."""

    def __init__(self, workspace: Workspace, file: Path) -> None:
        self.workspace = workspace
        frame = geopandas.read_file(file, engine="pyogrio")
        frame["wkb"] = shapely.to_wkb(frame.geometry.array, hex=True, include_srid=True)
        rows = frame[["code", "kind", "storeys", "wkb"]].to_csv(sep="\t", header=False, index=False)
        self.rows = rows

    def __call__(self) -> float:
        with self.workspace.copied() as database:
            owner = engine(database.owner_url)
            with owner.begin() as connection:
                connection.execute(
                    text("create table peer_buildings (code text, kind text, storeys int, geom geometry(Polygon))")
                )
            with timing() as watch, owner.begin() as connection:
                driver = connection.connection.cursor()
                driver.copy_expert("copy peer_buildings from stdin", io.StringIO(self.rows))
            owner.dispose()
        return watch.seconds


def measure_streets(workspace: Workspace, rounds: int) -> Iterator[Figure]:
    """Measure a county's raw streets, its zones, and then what its cover costs."""
    files = {name: workspace.folder / f"{name}.gpkg" for name in ("areas", "streets", "zones")}
    network = Network.of(COUNT)
    write_areas(files["areas"], network)
    write_streets(files["streets"], network)
    zones = write_zones(files["zones"], network)
    with workspace.copied() as county:
        workspace.run(county, "import", "areas", str(files["areas"]), "--json")
        seconds, peaks = [], []
        for _round in range(rounds):
            with workspace.copied(county) as database:
                done = workspace.run(database, "import", "street-segments", str(files["streets"]), "--json")
            seconds.append(done.seconds)
            peaks.append(done.peak_mb)
        done = workspace.run(county, "import", "street-segments", str(files["streets"]), "--json")
        pieces = done.answer["split"]["pieces"]
        areas = done.answer["records"]
        data = f"{COUNT:,} made raw streets, {pieces:,} segments after cutting, {_areas(county):,} areas"
        yield Figure(
            group="streets",
            name="Import of 100 000 raw streets with cutting, areas, sums and cover",
            unit="s",
            spread=Spread(tuple(seconds)),
            data=data,
            floor="15 s",
            note=f"The whole command; {areas['created']:,} segments were stored, {done.answer['split']['crossings']:,}"
            " crossings were found and cut.",
        )
        yield Figure(
            group="streets",
            name="Import of 100 000 raw streets: memory",
            unit="MB",
            spread=Spread(tuple(peaks)),
            data=data,
            floor="1 000 MB",
            note="Peak of the command with its reading process, without the database.",
        )
        yield _import_of_zones(workspace, county, files["zones"], f"{zones:,} squares over {pieces:,} segments")
        workspace.settle(county)
        size = f"{pieces:,} segments, {zones:,} zones"
        yield from covering.rebuilt(county, "streets", size, rounds)
        workspace.settle(county)
        yield from covering.measure_town(county, "streets", size)


def _areas(database: Database) -> int:
    with database.connect() as connection:
        return int(connection.scalar(text("select count(*) from area")) or 0)


def _import_of_zones(workspace: Workspace, county: Database, file: Path, data: str) -> Figure:
    done = workspace.run(county, "import", "duty-zones", str(file), "--key", "code", "--json")
    return Figure(
        group="streets",
        name="Import of the zones of a county, with their lists and cover",
        unit="s",
        spread=Spread((done.seconds,)),
        data=data,
        note=f"The whole command; peak memory {done.peak_mb:.0f} MB.",
    )
