"""Pictures under the map, and shifted ones put back where they belong."""

from __future__ import annotations

import base64
import io
import json
import math
from collections.abc import Iterator

import numpy as np
import pytest
from PIL import Image, ImageDraw
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import create_engine, text

from geo_hygiene.china_offset import gcj02_from_wgs84, wgs84_from_gcj02
from tests.browser.conftest import Open, settle
from tests.browser.serving import serve
from tests.conftest import TestDatabase
from tests.test_base_map import mbtiles

SPRING = "/map?duty=sweeping&on=2025-04-01"
ZOOMS = (15, 17, 18)
SIDE, MARK = 256, 3
MAGENTA = (255, 0, 255)
CREDIT = "© Office <b>of</b> maps"
OVER = "document.querySelectorAll('main > :not(#map), .leaflet-control, .canvas-tiles, .leaflet-gl-layer')"
ONLY_THE_MAP = f"() => {OVER}.forEach((one) => (one.style.visibility = 'hidden'))"
EVERYTHING = f"() => {OVER}.forEach((one) => (one.style.visibility = ''))"
DISTANCES = """({ places, picture }) => new Promise((done) => {
    const image = new Image();
    image.onload = () => {
        const canvas = document.createElement("canvas");
        [canvas.width, canvas.height] = [image.width, image.height];
        const pen = canvas.getContext("2d", { willReadFrequently: true });
        pen.drawImage(image, 0, 0);
        const size = map.getSize();
        const found = [];
        for (const [lon, lat] of places) {
            const at = map.layerPointToContainerPoint(map.project([lat, lon]).subtract(map.getPixelOrigin()));
            if (at.x < 20 || at.y < 20 || at.x > size.x - 20 || at.y > size.y - 20) continue;
            const [left, top] = [Math.round(at.x) - 10, Math.round(at.y) - 10];
            const { data } = pen.getImageData(left, top, 21, 21);
            let [sum, x, y] = [0, 0, 0];
            for (let pixel = 0; pixel < 441; pixel += 1) {
                const [red, green, blue] = data.slice(4 * pixel, 4 * pixel + 3);
                if (red < 200 || green > 100 || blue < 200) continue;
                sum += 1;
                x += left + (pixel % 21) + 0.5;
                y += top + Math.floor(pixel / 21) + 0.5;
            }
            found.push(sum ? Math.hypot(x / sum - at.x, y / sum - at.y) : 99);
        }
        done(found);
    };
    image.src = picture;
})"""


def junctions(database: TestDatabase) -> list[tuple[float, float]]:
    """Return ends of streets that lie apart, so that no mark touches another."""
    reader = create_engine(database.service_url)
    with reader.connect() as connection:
        rows = connection.execute(
            text(
                "select distinct on (round(ST_X(p)::numeric, 3), round(ST_Y(p)::numeric, 3)) ST_X(p), ST_Y(p)"
                " from (select ST_StartPoint(geom) as p from target where kind = 'street-segments') as ends"
            )
        ).all()
    reader.dispose()
    kept: list[tuple[float, float]] = []
    for lon, lat in rows:
        if all(math.hypot((lon - x) * 0.86, lat - y) > 0.0012 for x, y in kept):
            kept.append((lon, lat))
    return kept


def pixel(lon: float, lat: float, zoom: int) -> tuple[float, float]:
    side = SIDE * 2**zoom
    y = 0.5 - math.asinh(math.tan(math.radians(lat))) / (2 * math.pi)
    return (lon / 360 + 0.5) * side, y * side


def unprojected(x: float, y: float, zoom: int) -> tuple[float, float]:
    side = SIDE * 2**zoom
    return (x / side - 0.5) * 360, math.degrees(math.atan(math.sinh((0.5 - y / side) * 2 * math.pi)))


def drawn(places: list[tuple[float, float]], zoom: int) -> list[list[float]]:
    """Return the true places of the marks of a zoom, which the tiles draw at whole pixels."""
    moved = zip(*gcj02_from_wgs84(*np.array(places).T), strict=True)
    whole = [unprojected(round(x), round(y), zoom) for x, y in (pixel(*place, zoom) for place in moved)]
    result: list[list[float]] = np.column_stack(wgs84_from_gcj02(*np.array(whole).T)).tolist()
    return result


def shifted_tiles(places: list[tuple[float, float]]) -> dict[tuple[int, int, int], bytes]:
    """Draw a mark at each place where a map of GCJ-02 has it."""
    lon, lat = gcj02_from_wgs84(*np.array(places).T)
    tiles: dict[tuple[int, int, int], Image.Image] = {}
    for zoom in ZOOMS:
        for x, y in (pixel(*place, zoom) for place in zip(lon, lat, strict=True)):
            for column in {int((x - MARK) // SIDE), int((x + MARK) // SIDE)}:
                for row in {int((y - MARK) // SIDE), int((y + MARK) // SIDE)}:
                    tile = tiles.setdefault((zoom, column, row), Image.new("RGB", (SIDE, SIDE), "#DDE"))
                    left, top = round(x) - column * SIDE, round(y) - row * SIDE
                    box = (left - MARK, top - MARK, left + MARK - 1, top + MARK - 1)
                    ImageDraw.Draw(tile).rectangle(box, fill=MAGENTA)
    encoded = {}
    for place, tile in tiles.items():
        content = io.BytesIO()
        tile.save(content, "PNG")
        encoded[place] = content.getvalue()
    return encoded


@pytest.fixture(scope="module")
def places(sample_database: TestDatabase) -> list[tuple[float, float]]:
    return junctions(sample_database)


@pytest.fixture(scope="module")
def shifted_server(
    sample_database: TestDatabase, places: list[tuple[float, float]], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """Return a server over the sample town with a base map of GCJ-02 that has a mark at each junction."""
    home = tmp_path_factory.mktemp("shifted-server")
    file = mbtiles(home / "gcj02.mbtiles", shifted_tiles(places))
    yield from serve(sample_database, home, basemap=str(file), basemap_datum="gcj02", basemap_attribution=CREDIT)


def distances(page: Page, places: list[list[float]]) -> list[float]:
    """Return how far each mark in the view lies from its junction, in pixels; 99 where there is none near."""
    settle(page)
    box = page.locator("#map").bounding_box()
    assert box is not None
    page.evaluate(ONLY_THE_MAP)
    picture = page.screenshot(clip=box)
    page.evaluate(EVERYTHING)
    encoded = "data:image/png;base64," + base64.b64encode(picture).decode()
    found: list[float] = page.evaluate(DISTANCES, {"places": places, "picture": encoded})
    return found


@pytest.mark.parametrize("drawing", ["", "canvas"])
def test_shifted_tiles_lie_under_our_streets(
    open_page: Open, chromium: Browser, shifted_server: str, places: list[tuple[float, float]], drawing: str
) -> None:
    page = open_page(shifted_server, browser=chromium).go(f"{SPRING}&layers=base-map&states=&drawing={drawing}")
    middle = sorted(places)[len(places) // 2]
    for zoom in ZOOMS:
        page.evaluate("([zoom, lon, lat]) => map.setView([lat, lon], zoom, {animate: false})", [zoom, *middle])
        found = distances(page, drawn(places, zoom))
        for _wait in range(50):  # a picture may come after the map says that it is drawn
            if max(found, default=99) <= 1.0:
                break
            page.wait_for_timeout(100)
            found = distances(page, drawn(places, zoom))
        assert len(found) >= 2
        assert max(found) <= 1.0, (zoom, sorted(found)[-5:])
    expect(page.locator(".leaflet-control-attribution")).to_have_text(CREDIT)
    page.locator("#layers summary").click()
    page.locator("#layers input[value=base-map]").uncheck()
    assert min(distances(page, drawn(places, ZOOMS[-1]))) == 99
    expect(page.locator(".leaflet-control-attribution")).to_have_count(0)


def test_the_offset_of_the_page_is_that_of_the_program(open_page: Open, town_server: str) -> None:
    page = open_page(town_server).go("/map")
    chance = np.random.default_rng(7)
    lon, lat = chance.uniform(70, 140, 2000), chance.uniform(0, 58, 2000)
    script = json.loads(page.locator("script[type=importmap]").text_content() or "")["imports"][
        "/static/js/china-offset.js"
    ]
    for name, ours in (("gcj02FromWgs84", gcj02_from_wgs84), ("wgs84FromGcj02", wgs84_from_gcj02)):
        theirs = page.evaluate(
            "async ([script, name, places]) => { const made = await import(script); return places.map(made[name]); }",
            [script, name, np.column_stack([lon, lat]).tolist()],
        )
        assert np.abs(np.array(theirs) - np.column_stack(ours(lon, lat))).max() < 1e-8
