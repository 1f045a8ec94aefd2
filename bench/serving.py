"""The web server: the map page and vector tiles, asked through HTTP as a browser asks."""

from __future__ import annotations

import http.client
import random
import re
import socket
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

from bench import covering, tipg
from bench.figures import Figure, Spread, interleave, milliseconds_of, timing, without
from bench.memory import tree_bytes
from bench.starting import Server, up
from bench.workspace import Database, Workspace

SEED = 20250101
CONNECTIONS = 4
TILES_A_ZOOM = 60
PAGE_RUNS = 40
PAST_DAY = date(2025, 3, 1)
TIPG = "TiPg, 2 workers"
FOLIUM = "Folium with the streets in the page"
MOST_FOLIUM = 200_000
"""Features above which no page is made with all of them inside."""
LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
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

    def ask(self, connection: http.client.HTTPConnection, path: str, *, packed: bool = True) -> bytes:
        """Return the bytes of an answer as they were sent.

        Raises
        ------
        RuntimeError
            If it is an error.
        """
        connection.request("GET", path, headers={"Accept-Encoding": "gzip" if packed else "identity"})
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
        """Return answers a second over several connections at once, asked so that the asker costs little."""
        shares = [paths[index::CONNECTIONS] for index in range(CONNECTIONS)]
        with ThreadPoolExecutor(CONNECTIONS) as pool, timing() as watch:
            list(pool.map(self._ask_all, shares))
        return len(paths) / watch.seconds

    def _ask_all(self, paths: Sequence[str]) -> None:
        with socket.create_connection((self.host, self.port), timeout=60) as wire:
            for path in paths:
                asked = f"GET {path} HTTP/1.1\r\nHost: {self.host}:{self.port}\r\nAccept-Encoding: gzip\r\n\r\n"
                wire.sendall(asked.encode())
                _read_answer(wire, path)


def _read_answer(wire: socket.socket, path: str) -> None:
    """Read one answer to its end.

    Raises
    ------
    RuntimeError
        If it is an error, or the server hangs up.
    """
    found = b""
    while (end := found.find(b"\r\n\r\n")) < 0:
        found += _received(wire, path)
    head, content = found[:end], found[end + 4 :]
    status = int(head[9:12])
    if status >= http.client.BAD_REQUEST:
        raise RuntimeError(f"{path}: {status}")
    length = LENGTH.search(head)
    while (len(content) < int(length[1])) if length else (status == http.client.OK and not content.endswith(LAST)):
        content += _received(wire, path)


LAST = b"0\r\n\r\n"
"""Ends an answer whose length was not told."""


def _received(wire: socket.socket, path: str) -> bytes:
    some = wire.recv(1 << 18)
    if not some:
        raise RuntimeError(f"{path}: the server hung up")
    return some


def measure(workspace: Workspace, rounds: int) -> Iterator[Figure]:
    """Measure the map page and the tiles of the sample town."""
    database = workspace.sample()
    home = workspace.folder / "served"
    with (
        up(home, "--no-sample", environment=database.environment) as server,
        tipg.tipg(workspace, database) as peer,
    ):
        asker = Asker.of(server.address)
        yield from _page(asker, database, rounds)
        places = _places(database)
        yield from _beside_tipg(asker, Asker.of(peer), places, rounds)
        yield from _tiles(asker, Asker.of(peer), places, rounds)
        yield _memory(server)


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
    candidates = {"ours": ours}
    if len(streets) <= MOST_FOLIUM:
        candidates[FOLIUM] = lambda: milliseconds_of(lambda: pages.append(_folium(streets)))
    spreads = interleave(candidates, rounds)
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
        peers={FOLIUM: Spread(tuple(len(page.encode()) / 1000 for page in pages))} if pages else {},
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


def _chosen(places: list[tuple[float, float]], zooms: Sequence[int]) -> list[dict[str, int]]:
    """Return tiles in which there is something, always the same ones, in no order."""
    dice = random.Random(SEED)  # noqa: S311 - a fixed choice of tiles
    chosen = [tile_of(*place, zoom) for zoom in zooms for place in dice.choices(places, k=TILES_A_ZOOM)]
    dice.shuffle(chosen)
    return [dict(zip("zxy", tile, strict=True)) for tile in chosen]


def _addresses(layers: str, tiles: Sequence[dict[str, int]], query: str = "") -> list[str]:
    return [f"/tiles/{layers}/{tile['z']}/{tile['x']}/{tile['y']}.mvt{query}" for tile in tiles]


def _key(asker: Asker) -> str:
    """Return the key that a page gives for its tiles."""
    with closing(http.client.HTTPConnection(asker.host, asker.port, timeout=30)) as connection:
        page = asker.ask(connection, "/map?lang=en", packed=False).decode()
    return page.partition(".mvt?key=")[2].partition('"')[0]


def _beside_tipg(asker: Asker, peer: Asker, places: list[tuple[float, float]], rounds: int) -> Iterator[Figure]:
    """Measure the tiles of the streets and those of TiPg from the same rows."""
    key = f"?key={_key(asker)}"
    for name, zooms, reach, query in (
        ("Tiles of the streets, z12-17", range(12, 18), "2 x TiPg at 100 000 segments", ""),
        ("Tiles of the streets, z14-17", range(14, 18), "2.5 x TiPg at 100 000 segments", ""),
        ("Kept tiles of the streets, z12-17", range(12, 18), "10 x TiPg", key),
    ):
        wanted = _chosen(places, zooms)
        ours, theirs = _addresses("street-segments", wanted, query), [tipg.PATH.format(**tile) for tile in wanted]
        asker.rate(ours)
        peer.rate(theirs[:: CONNECTIONS * 2])
        spreads = interleave({"ours": partial(asker.rate, ours), TIPG: partial(peer.rate, theirs)}, rounds)
        how = "kept before" if query else "cut anew each time"
        yield Figure(
            group="web",
            name=name,
            unit="1/s",
            spread=spreads["ours"],
            data="sample town",
            peers=without(spreads, "ours"),
            more_is_better=True,
            floor=reach,
            note=f"{len(wanted)} tiles over {CONNECTIONS} connections, {how}.",
        )
    far = _chosen(places, range(9, 14))
    yield Figure(
        group="web",
        name="Tiles of the streets, z9-13: bytes sent",
        unit="kB",
        spread=_kilobytes(asker, _addresses("street-segments", far)),
        data="sample town",
        peers={TIPG: _kilobytes(peer, [tipg.PATH.format(**tile) for tile in far])},
        floor="1/3 of TiPg's",
        note="Mean of all tiles, both compressed.",
    )


def _kilobytes(asker: Asker, paths: Sequence[str]) -> Spread:
    _times, sizes = asker.one_by_one(paths)
    return Spread((sum(sizes) / len(sizes) / 1000,))


def _tiles(asker: Asker, peer: Asker, places: list[tuple[float, float]], rounds: int) -> Iterator[Figure]:
    today = f"?duty={covering.DUTY}"
    past = f"{today}&on={PAST_DAY}"
    wanted = _chosen(places, range(12, 18))
    asked = {
        "Tiles of the whole base map, z12-17": _addresses(BASE_LAYERS, wanted),
        "Tiles of the cover today, z12-17": _addresses("cover", wanted, today),
        "Tiles of the cover of a past day, z12-17": _addresses("cover", wanted, past),
    }
    rates = {name: partial(asker.rate, paths) for name, paths in asked.items()}
    for paths in asked.values():
        asker.rate(paths[:: CONNECTIONS * 2])
    spreads = interleave(rates | {TIPG: partial(peer.rate, [tipg.PATH.format(**tile) for tile in wanted])}, rounds)
    for name, paths in asked.items():
        times, sizes = asker.one_by_one(paths)
        is_cover_today = name == "Tiles of the cover today, z12-17"
        yield Figure(
            group="web",
            name=name,
            unit="1/s",
            spread=spreads[name],
            data="sample town",
            peers={f"{TIPG}, plain streets": spreads[TIPG]} if is_cover_today else {},
            more_is_better=True,
            floor="1 x TiPg's plain streets at 100 000 segments" if is_cover_today else "",
            note=f"{len(paths)} tiles over {CONNECTIONS} connections, cut anew each time; one after the other median"
            f" {Spread(tuple(times)).median:.1f} ms, p95 {Spread(tuple(times)).percentile(0.95):.1f} ms,"
            f" {sum(sizes) / len(sizes) / 1000:.1f} kB a tile.",
        )
    yield _one_zoom(asker, places, past)


def _memory(server: Server) -> Figure:
    return Figure(
        group="web",
        name="Memory of the web server after all these tiles",
        unit="MB",
        spread=Spread((tree_bytes(server.process.pid) / 1e6,)),
        data="sample town",
        floor="does not grow with the town",
        note="`up`, gunicorn and its workers, without the database.",
    )


def _one_zoom(asker: Asker, places: list[tuple[float, float]], query: str) -> Figure:
    times, _sizes = asker.one_by_one(_addresses("cover", _chosen(places, (14,)), query))
    return Figure(
        group="web",
        name="A tile of the cover of a past day at z14",
        unit="ms",
        spread=Spread(tuple(times)),
        data="sample town",
        floor="300 ms p95 at 100 000 segments",
    )
