"""The web server: the map page and vector tiles, asked through HTTP as a browser asks."""

from __future__ import annotations

import http.client
import random
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from functools import partial
from math import asinh, floor, pi, radians, tan
from urllib.parse import urlsplit

import folium
import geopandas
import shapely
from sqlalchemy import text

from bench import covering
from bench.figures import Figure, Spread, interleave, milliseconds_of, timing, without
from bench.starting import up
from bench.workspace import Database, Workspace

SEED = 20250101
CONNECTIONS = 4
TILES_A_ZOOM = 60
PAGE_RUNS = 40
PAST_DAY = date(2025, 3, 1)
BASE_LAYERS = "areas,green-spaces,water-bodies,buildings,street-segments,lanes"


@dataclass(frozen=True, slots=True)
class Asker:
    """Asks one server over connections that stay open."""

    host: str
    port: int

    @classmethod
    def of(cls, address: str) -> Asker:
        """Return an asker of an address such as ``http://127.0.0.1:8080``."""
        parts = urlsplit(address)
        return cls(parts.hostname or "", parts.port or 0)

    def ask(self, connection: http.client.HTTPConnection, path: str) -> bytes:
        """Return the bytes of an answer as they were sent.

        Raises
        ------
        RuntimeError
            If it is an error.
        """
        connection.request("GET", path, headers={"Accept-Encoding": "gzip"})
        answer = connection.getresponse()
        content = answer.read()
        if answer.status >= http.client.BAD_REQUEST:
            raise RuntimeError(f"{path}: {answer.status} {content[:300]!r}")
        return content

    def one_by_one(self, paths: Sequence[str]) -> tuple[list[float], list[int]]:
        """Return milliseconds and bytes of each answer, asked one after the other."""
        times, sizes = [], []
        with closing(http.client.HTTPConnection(self.host, self.port, timeout=30)) as connection:
            for path in paths:
                with timing() as watch:
                    content = self.ask(connection, path)
                times.append(watch.milliseconds)
                sizes.append(len(content))
        return times, sizes

    def rate(self, paths: Sequence[str]) -> float:
        """Return answers a second over several connections at once."""
        shares = [paths[index::CONNECTIONS] for index in range(CONNECTIONS)]
        with ThreadPoolExecutor(CONNECTIONS) as pool, timing() as watch:
            list(pool.map(self.one_by_one, shares))
        return len(paths) / watch.seconds


def measure(workspace: Workspace, rounds: int) -> Iterator[Figure]:
    """Measure the map page and the tiles of the sample town."""
    database = workspace.sample()
    with up(workspace.folder / "served", "--no-sample", environment=database.environment) as server:
        asker = Asker.of(server.address)
        yield from _page(asker, database, rounds)
        yield from _tiles(asker, _places(database), rounds)


def _page(asker: Asker, database: Database, rounds: int) -> Iterator[Figure]:
    path = f"/map?duty={covering.DUTY}&on={covering.DAY}"
    asker.one_by_one([path] * 4)
    sizes: list[int] = []

    def ours() -> float:
        times, found = asker.one_by_one([path] * PAGE_RUNS)
        sizes.extend(found)
        return Spread(tuple(times)).median

    pages: list[str] = []
    streets = _streets(database)
    spreads = interleave(
        {
            "ours": ours,
            "Folium with the streets in the page": lambda: milliseconds_of(lambda: pages.append(_folium(streets))),
        },
        rounds,
    )
    data = f"sample town, {len(streets):,} street segments"
    yield Figure(
        group="web",
        name="Map page",
        unit="ms",
        spread=spreads["ours"],
        data=data,
        peers=without(spreads, "ours"),
        floor="50 ms",
        note=f"Medians of {PAGE_RUNS} requests one after the other over HTTP; Folium's is the time to render alone.",
    )
    yield Figure(
        group="web",
        name="Map page: HTML",
        unit="kB",
        spread=Spread(tuple(size / 1000 for size in sizes)),
        data=data,
        peers={"Folium with the streets in the page": Spread(tuple(len(page.encode()) / 1000 for page in pages))},
        floor="100 kB at any scale",
    )


def _streets(database: Database) -> geopandas.GeoDataFrame:
    with database.connect() as connection:
        rows = connection.execute(
            text(
                "select target.uuid::text as id, target.category, lane.name,"
                " ST_AsBinary(ST_Force2D(target.geom)) as geometry"
                " from street_segment join target using (id) left join lane on lane.id = lane_id"
            )
        ).all()
    columns = {
        "id": [row.id for row in rows],
        "category": [row.category for row in rows],
        "name": [row.name for row in rows],
    }
    return geopandas.GeoDataFrame(columns, geometry=shapely.from_wkb([bytes(row.geometry) for row in rows]), crs=4326)


def _folium(streets: geopandas.GeoDataFrame) -> str:
    """Render a page as Folium's own way makes it: every feature inside."""
    west, south, east, north = streets.total_bounds
    page = folium.Map(location=[(south + north) / 2, (west + east) / 2], zoom_start=15, tiles=None)
    folium.GeoJson(streets, tooltip=folium.GeoJsonTooltip(["name"])).add_to(page)
    rendered: str = page.get_root().render()
    return rendered


def _places(database: Database) -> list[tuple[float, float]]:
    """Return longitude and latitude of the middle of every street segment."""
    with database.connect() as connection:
        rows = connection.execute(
            text(
                "select ST_X(middle) as lon, ST_Y(middle) as lat"
                " from (select ST_LineInterpolatePoint(ST_Force2D(geom), 0.5) as middle from target"
                " where kind = 'street-segments' order by id) as middles"
            )
        ).all()
    return [(row.lon, row.lat) for row in rows]


def tile_of(lon: float, lat: float, zoom: int) -> tuple[int, int, int]:
    """Return the Web Mercator tile of a place as z, x, y."""
    side = 1 << zoom
    x = floor((lon + 180) / 360 * side)
    y = floor((1 - asinh(tan(radians(lat))) / pi) / 2 * side)
    return zoom, x, y


def _tiles(asker: Asker, places: list[tuple[float, float]], rounds: int) -> Iterator[Figure]:
    dice = random.Random(SEED)  # noqa: S311 - a fixed choice of tiles

    def paths(layers: str, query: str, zooms: Sequence[int]) -> list[str]:
        chosen = [tile_of(*place, zoom) for zoom in zooms for place in dice.choices(places, k=TILES_A_ZOOM)]
        dice.shuffle(chosen)
        return [f"/tiles/{layers}/{z}/{x}/{y}.mvt{query}" for z, x, y in chosen]

    today = f"?duty={covering.DUTY}"
    past = f"{today}&on={PAST_DAY}"
    asked: dict[str, tuple[list[str], str]] = {
        "Tiles of the streets, z12-17": (paths("street-segments", "", range(12, 18)), "2 x TiPg at 100 000 segments"),
        "Tiles of the streets, z14-17": (paths("street-segments", "", range(14, 18)), "2.5 x TiPg at 100 000 segments"),
        "Tiles of the whole base map, z12-17": (paths(BASE_LAYERS, "", range(12, 18)), ""),
        "Tiles of the cover today, z12-17": (paths("cover", today, range(12, 18)), ""),
        "Tiles of the cover of a past day, z12-17": (paths("cover", past, range(12, 18)), ""),
    }
    rates = {name: partial(asker.rate, wanted) for name, (wanted, _floor) in asked.items()}
    for wanted, _floor in asked.values():
        asker.rate(wanted[: len(wanted) // 4])
    spreads = interleave(rates, rounds)
    for name, (wanted, reach) in asked.items():
        times, sizes = asker.one_by_one(wanted)
        yield Figure(
            group="web",
            name=name,
            unit="1/s",
            spread=spreads[name],
            data="sample town",
            more_is_better=True,
            floor=reach,
            note=f"{len(wanted)} tiles over {CONNECTIONS} connections, cut anew each time; one after the other median"
            f" {Spread(tuple(times)).median:.1f} ms, p95 {Spread(tuple(times)).percentile(0.95):.1f} ms,"
            f" {sum(sizes) / len(sizes) / 1000:.1f} kB a tile.",
        )
    yield _one_zoom(asker, places, past)


def _one_zoom(asker: Asker, places: list[tuple[float, float]], query: str) -> Figure:
    dice = random.Random(SEED)  # noqa: S311 - a fixed choice of tiles
    chosen = [tile_of(*place, 14) for place in dice.choices(places, k=TILES_A_ZOOM)]
    times, _sizes = asker.one_by_one([f"/tiles/cover/{z}/{x}/{y}.mvt{query}" for z, x, y in chosen])
    return Figure(
        group="web",
        name="A tile of the cover of a past day at z14",
        unit="ms",
        spread=Spread(tuple(times)),
        data="sample town",
        floor="300 ms p95 at 100 000 segments",
    )
