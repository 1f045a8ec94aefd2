"""The pages of pest-control teams and leaders over the sample town: a campaign, the heat map, the start page."""

from __future__ import annotations

import json
import urllib.request
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Open, settle, until

SHOWN = "layers => vector_tiles.getMaplibreMap().queryRenderedFeatures({layers}).length"
SPRING = "/campaigns/2025-spring-rodent"
SUMMER = "kind=mosquito&from=2025-05-01&to=2025-10-01"
DARK = """() => {
    const canvas = document.querySelector(".leaflet-heatmap-layer");
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    return data.filter((value, index) => index % 4 === 3 && value > 0).length;
}"""


def told(server: str, path: str) -> dict[str, Any]:
    """Return an answer of the API."""
    with urllib.request.urlopen(f"{server}/api/v1{path}", timeout=30) as answer:
        found: dict[str, Any] = json.load(answer)
    return found


@pytest.mark.parametrize("phone", [False, True])
def test_a_campaign_shows_what_was_left_out(open_page: Open, sample_server: str, *, phone: bool) -> None:
    opened = open_page(sample_server, phone=phone)
    page = opened.go(f"{SPRING}?kind=street-segments&on=2025-04-11")
    figures = told(sample_server, "/campaigns/2025-spring-rodent/cover?on=2025-04-11")["kinds"]
    streets = next(kind for kind in figures if kind["kind"] == "street-segments")
    for state, amount in streets["states"].items():
        expect(page.locator(f"#legend [data-state={state}]")).to_have_attribute("data-value", f"{amount:.12g}")
    settle(page)
    for state in ("treated", "not-treated", "not-visited", "old"):
        assert page.evaluate(SHOWN, [f"campaign-{state}"]) > 0, state
    assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]
    opened.leave()


def test_a_campaign_answers_clicks_days_and_the_keyboard(open_page: Open, sample_server: str) -> None:
    opened = open_page(sample_server)
    page = opened.go(f"{SPRING}?on=2025-04-11")
    first = page.locator("#gaps [data-segment]").first
    lane = first.locator(".row-name").text_content() or ""
    first.click()
    expect(page.locator("#panel-title")).to_have_text(lane)
    expect(page.locator("#panel .bar line.bar-not-visited").first).to_be_attached()
    expect(page.locator("#panel")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("#panel")).to_be_hidden()
    expect(first).to_be_focused()
    page.locator("#legend [data-state=not-visited]").click()
    settle(page)
    assert page.evaluate(SHOWN, ["campaign-not-visited"]) == 0
    assert "states=treated,not-treated,old" in page.url
    page.locator("#player-at").focus()
    page.keyboard.press("Home")
    expect(page.locator("#player-told")).to_contain_text("2025-03-10")
    until(page, "() => location.search.includes('on=2025-03-10')")
    settle(page)
    page.go_back()
    expect(page.locator("#legend-day")).to_have_text("2025-04-11")
    opened.leave()


@pytest.mark.parametrize("phone", [False, True])
def test_a_summer_plays_on_the_heat_map(open_page: Open, sample_server: str, *, phone: bool) -> None:
    opened = open_page(sample_server, phone=phone)
    page = opened.go(f"/cases/heat?{SUMMER}")
    listed = told(sample_server, f"/cases?{SUMMER}&limit=1")
    expect(page.locator("#heat-total")).to_have_attribute("data-value", str(listed["total"]))
    until(page, f"() => ({DARK})() > 0")
    parts = {
        part: int(page.locator(f"[data-part={part}]").get_attribute("data-value") or -1)
        for part in ("shown", "hidden", "outside", "without_place")
    }
    assert sum(parts.values()) == listed["total"]
    assert parts["without_place"] == listed["without_place"]
    counts = page.locator("#areas td.count").evaluate_all("cells => cells.map((cell) => Number(cell.dataset.value))")
    assert sum(counts) == listed["total"]
    page.locator("#player-play").click()
    expect(page.locator("#player-told")).to_contain_text("2025-05")
    expect(page.locator("#player-told")).to_contain_text("2025-09", timeout=15_000)
    expect(page.locator("#player-play")).to_have_attribute("aria-pressed", "false", timeout=5_000)
    until(page, "() => location.search.includes('at=2025-09-01')")
    settle(page)
    opened.leave()


def test_filters_of_the_heat_map_stand_in_its_address(open_page: Open, sample_server: str) -> None:
    opened = open_page(sample_server)
    page = opened.go("/cases/heat?kind=rodent,fly&status=open")
    expect(page.locator("#kind option:checked")).to_contain_text("Rodents, Flies")
    page.select_option("#kind", "fly")
    fewer = told(sample_server, "/cases?kind=fly&status=open&limit=1")["total"]
    expect(page.locator("#heat-total")).to_have_attribute("data-value", str(fewer))
    assert "kind=fly" in page.url
    assert (page.locator("#to-list").get_attribute("href") or "").endswith("/cases?kind=fly&status=open")
    page.locator("#filters button[type=reset]").click()
    total = told(sample_server, "/cases?limit=1")["total"]
    expect(page.locator("#heat-total")).to_have_attribute("data-value", str(total))
    settle(page)
    opened.leave()


@pytest.mark.parametrize("language", ["en-GB", "zh-CN"])
def test_every_figure_of_the_start_page_leads_somewhere(open_page: Open, sample_server: str, language: str) -> None:
    opened = open_page(sample_server, phone=True, language=language)
    page = opened.go("/")
    for section in ("communities", "open-gaps", "campaign", "complaints"):
        expect(page.locator(f"section[aria-labelledby={section}]")).to_be_visible()
    fortnight = page.locator("[data-complaints]")
    total = fortnight.get_attribute("data-complaints")
    assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]
    fortnight.click()
    expect(page.locator("#heat-total")).to_have_attribute("data-value", total or "")
    settle(page)
    opened.leave()
