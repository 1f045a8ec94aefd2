"""The sheet of paper with a map: its true scale, one page, and what somebody writes on it."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect
from pyproj import Geod

from tests.browser.conftest import Open, settle, until
from tests.browser.test_canvas import CAMPAIGN, SPRING, pixels
from tests.browser.towns import PAYLOADS

PRINT = SPRING.replace("/map", "/map/print")
BAR = """() => {
    const bar = document.getElementById("scale-bar").offsetWidth;
    const size = map.getSize();
    const at = (x, y) => map.unproject(map.getPixelBounds().min.add([x, y]));
    const middle = [size.x / 2, size.y / 2];
    const across = [at(middle[0] - bar / 2, middle[1]), at(middle[0] + bar / 2, middle[1])];
    const up = [at(middle[0], middle[1] - bar / 2), at(middle[0], middle[1] + bar / 2)];
    return [across, up].map((ends) => ends.flatMap(({ lng, lat }) => [lng, lat]));
}"""


def sheet(page: Page) -> tuple[int, list[tuple[float, float]]]:
    """Return the number of pages that come out of the printer, and their sizes in millimetres."""
    content = page.pdf(prefer_css_page_size=True, print_background=True)
    sizes = re.findall(rb"/MediaBox\s*\[\s*0 0 ([\d.]+) ([\d.]+)", content)
    return len(sizes), [(round(float(w) * 25.4 / 72), round(float(h) * 25.4 / 72)) for w, h in sizes]


@pytest.mark.parametrize(
    ("paper", "size"),
    [
        ("a4-landscape", (297, 210)),
        ("a4-portrait", (210, 297)),
        ("a3-landscape", (420, 297)),
        ("a3-portrait", (297, 420)),
    ],
)
def test_a_sheet_is_one_page_of_its_paper_and_true_to_scale(
    open_page: Open, town_server: str, paper: str, size: tuple[int, int]
) -> None:
    page = open_page(town_server, language="zh-CN").go(f"{PRINT}&paper={paper}&scale=2500")
    settle(page)
    assert sheet(page) == (1, [size])
    expect(page.locator("#scale-number")).to_have_text("1∶2,500")
    said = float((page.locator("#scale-length").text_content() or "").split()[0])
    for west, south, east, north in page.evaluate(BAR):
        assert Geod(ellps="WGS84").inv(west, south, east, north)[2] == pytest.approx(said, rel=0.01)
    assert page.evaluate("canvas_tiles.names().length") > 0
    drawn = "document.querySelector('.canvas-tiles')"
    sharpness = page.evaluate(f"{drawn}.width / {drawn}.clientWidth")
    assert sharpness == pytest.approx(3, rel=0.01)


def test_a_title_is_printed_as_it_was_written(open_page: Open, town_server: str) -> None:
    page = open_page(town_server).go(PRINT)
    for payload in PAYLOADS:
        page.fill("#title", payload)
        page.fill("#approval", payload)
        assert page.locator("#sheet-title").text_content() == payload
        assert page.locator("#sheet-approval").text_content() == payload
    assert page.locator("#sheet :is(img:not(.leaflet-tile), script, iframe, b, style)").count() == 0
    until(page, "() => location.search.includes('title=')")
    settle(page)


def test_the_map_leads_to_its_sheet_and_back(open_page: Open, town_server: str) -> None:
    opened = open_page(town_server)
    page = opened.go(f"{SPRING}&states=covered,gap")
    opened.leave()
    page.locator("#print").click()
    page.locator("html[data-ready=true]").wait_for(state="attached")
    assert page.url.startswith(f"{town_server}/map/print?duty=sweeping&on=2025-04-01")
    assert pixels(page, "gap")
    assert pixels(page, "overlap") == []
    expect(page.locator("#back")).to_have_attribute("href", re.compile(r"^/map\?.*states=covered,gap"))


def test_a_campaign_is_printed_with_its_figures(open_page: Open, sample_server: str) -> None:
    page = open_page(sample_server).go(CAMPAIGN.replace("?", "/print?"))
    settle(page)
    assert sheet(page) == (1, [(297, 210)])
    assert all(pixels(page, state) for state in ("treated", "not-visited"))
    expect(page.locator("#legend [data-state]")).to_have_count(4)


@pytest.mark.parametrize("path", ["/map/table?duty=sweeping&on=2025-04-01&state=gap", "/campaigns/R1/table", "/cases"])
def test_a_table_is_printed_without_what_is_for_the_screen(open_page: Open, town_server: str, path: str) -> None:
    page = open_page(town_server).go(path)
    page.emulate_media(media="print")
    for name in (".skip", ".top", ".filters", ".ways"):
        assert not page.locator(name).first.is_visible(), name
    expect(page.locator("table.rows tbody tr").first).to_be_visible()
    page.emulate_media(media="screen")
