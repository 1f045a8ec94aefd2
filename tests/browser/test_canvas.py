"""Maps without WebGL: the same tiles, colours, names and answers on a canvas."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page, expect

from geo_hygiene.maps import CAMPAIGN_STATES, STATES
from geo_hygiene.maps.palette import COVERED_BY_CATEGORY, GLOW
from tests.browser.conftest import Open, settle, until
from tests.browser.towns import PAYLOADS

SPRING = "/map?duty=sweeping&on=2025-04-01"
CAMPAIGN = "/campaigns/2025-spring-rodent?kind=street-segments&on=2025-04-11"
COVERED = {"covered": list(COVERED_BY_CATEGORY.values())}
COLORS = {ink.state: [ink.color] for ink in (*STATES, *CAMPAIGN_STATES)} | COVERED
PIXELS = """(colors) => {
    const canvas = document.querySelector(".canvas-tiles");
    const { data, width } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    const wanted = new Set(colors.map((color) => parseInt(color.slice(1), 16)));
    const seen = [];
    const { left, top } = canvas.getBoundingClientRect();
    for (let at = 0; at < data.length; at += 4) {
        if (!wanted.has(data[at] * 65536 + data[at + 1] * 256 + data[at + 2])) continue;
        const scale = canvas.clientWidth / width;
        const place = [left + (((at / 4) % width) + 0.5) * scale, top + (Math.floor(at / 4 / width) + 0.5) * scale];
        const top_most = document.elementFromPoint(...place);
        if (top_most && top_most.closest("#map") && !top_most.closest(".leaflet-control")) seen.push(place);
    }
    return seen;
}"""
OVERLAPS = """() => {
    const names = window.canvas_tiles.names();
    const meet = (a, b) => a[0] < b[2] && b[0] < a[2] && a[1] < b[3] && b[1] < a[3];
    return names.flatMap((one, index) => names.slice(index + 1)
        .filter((other) => one.boxes.some((box) => other.boxes.some((taken) => meet(box, taken))))
        .map((other) => `${one.text} ${other.text}`));
}"""


def pixels(page: Page, state: str) -> list[list[float]]:
    """Return the places on the page where the map has the colour of a state, and nothing lies over it."""
    settle(page)
    found: list[list[float]] = page.evaluate(PIXELS, COLORS[state])
    return found


@pytest.mark.parametrize("phone", [False, True])
def test_the_map_is_drawn_without_webgl(open_page: Open, sample_server: str, *, phone: bool) -> None:
    page = open_page(sample_server, phone=phone, language="zh-CN").go(SPRING)
    assert all(pixels(page, state) for state in ("gap", "overlap", "vacant", "covered"))
    names = [one["text"] for one in page.evaluate("() => canvas_tiles.names()")]
    assert {"鼓楼社区", "清江"} <= set(names)
    assert len(names) > (5 if phone else 40)
    assert page.evaluate(OVERLAPS) == []


def test_a_canvas_answers_clicks_legend_days_and_the_address(open_page: Open, town_server: str) -> None:
    page = open_page(town_server).go(SPRING)
    places = pixels(page, "gap")
    page.mouse.click(*places[len(places) // 2])
    expect(page.locator("#panel .nobody")).to_be_visible()
    until(page, "() => Boolean(new URL(location).searchParams.get('select'))")
    settle(page)
    assert page.evaluate(PIXELS, [GLOW]), "what is chosen is not lit up"
    page.locator("#panel-close").click()
    page.locator("#legend [data-state=gap]").click()
    assert pixels(page, "gap") == []
    assert pixels(page, "covered") != []
    page.locator("#legend [data-state=gap]").click()
    before = len(pixels(page, "gap"))
    page.locator("#on").fill("2025-07-02")
    page.locator("#on").press("Tab")
    assert len(pixels(page, "gap")) != before
    page.locator("#coloring input[value=holder]").check(force=True)
    assert pixels(page, "covered") == []


def test_a_canvas_may_be_asked_for_and_stays(open_page: Open, chromium: Browser, town_server: str) -> None:
    page = open_page(town_server, browser=chromium).go(f"{SPRING}&drawing=canvas")
    assert page.evaluate("vector_tiles") is None
    assert pixels(page, "covered")
    page.locator("#legend [data-state=gap]").click()
    until(page, "() => location.search.includes('states=')")
    assert "drawing=canvas" in page.url


def test_a_lost_context_is_followed_by_the_canvas(open_page: Open, chromium: Browser, town_server: str) -> None:
    page = open_page(town_server, browser=chromium).go(SPRING)
    settle(page)
    page.evaluate(
        "() => vector_tiles.getMaplibreMap().getCanvas().getContext('webgl2')"
        ".getExtension('WEBGL_lose_context').loseContext()"
    )
    until(page, "() => window.vector_tiles === null")
    assert pixels(page, "gap")
    page.mouse.click(*pixels(page, "gap")[0])
    expect(page.locator("#panel-title")).to_be_visible()


def test_a_campaign_is_drawn_without_webgl(open_page: Open, sample_server: str) -> None:
    page = open_page(sample_server).go(CAMPAIGN)
    assert all(pixels(page, state) for state in ("treated", "not-treated", "not-visited"))
    page.locator("#legend [data-state=not-visited]").click()
    assert pixels(page, "not-visited") == []
    assert page.evaluate(OVERLAPS) == []
    page.locator("#kind input[value=septic-tanks], #kind input[value=facilities]").first.check(force=True)
    settle(page)


def test_the_ground_lies_under_the_heat_map_without_webgl(open_page: Open, sample_server: str) -> None:
    page = open_page(sample_server).go("/cases/heat")
    settle(page)
    assert "清江" in {one["text"] for one in page.evaluate("() => canvas_tiles.names()")}


def test_a_canvas_knows_every_word_of_the_style(open_page: Open, sample_server: str) -> None:
    """All layers at once, nearer and nearer: a word of the style that can not be computed is an error on the page."""
    keys = "areas,facilities,drains,drain-segments,septic-tanks,buildings,water-bodies,frontages,units,estates"
    page = open_page(sample_server).go(f"{SPRING}&color=holder&layers={keys}&select=zone:SW001")
    for zoom in (13, 15, 16.5, 18, 20):
        page.evaluate("zoom => map.setZoom(zoom, {animate: false})", zoom)
        settle(page)
        assert page.evaluate(OVERLAPS) == []
    unknown = page.evaluate(
        "known => map_style.layers.filter(({ type }) => !known.includes(type))",
        ["background", "fill", "line", "circle", "symbol"],
    )
    assert unknown == []


def test_names_on_a_canvas_are_written_as_they_are(open_page: Open, markup_server: str) -> None:
    opened = open_page(markup_server)
    page = opened.go(f"{SPRING}&layers=areas,lanes,facilities")
    settle(page)
    names = {one["text"] for one in page.evaluate("() => canvas_tiles.names()")}
    assert names
    assert names <= {name.strip("\u202e") for name in PAYLOADS} | {name.replace("\u202e", "") for name in PAYLOADS}
    places = pixels(page, "gap") or pixels(page, "covered")
    page.mouse.click(*places[0])
    expect(page.locator("#panel-title")).to_be_visible()
    assert page.locator("#panel-title").text_content() in PAYLOADS
    assert page.locator("#panel :is(img, script, iframe, b, style)").count() == 0
