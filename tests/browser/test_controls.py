"""What can be pressed on the maps' pages: that nothing lies over it, what it says of itself, where the focus goes."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Open, settle, until
from tests.browser.test_canvas import SPRING
from tests.web.towns import CASE

COVERED = """() => [...document.querySelectorAll("a, button, summary, input, select")]
    .filter((node) => node.checkVisibility() && !node.matches(".skip, .skip-list, .visually-hidden *"))
    .map((node) => [node, node.getBoundingClientRect()])
    .map(([node, box]) => [node, box.left + box.width / 2, box.top + box.height / 2])
    .filter(([node, x, y]) => {
        for (let around = node; around; around = around.parentElement) {
            const box = around.getBoundingClientRect();
            const cuts = around === node || getComputedStyle(around).overflow !== "visible";
            if (cuts && !(box.left < x && x < box.right && box.top < y && y < box.bottom)) return false;
        }
        return 0 < x && x < innerWidth && 0 < y && y < innerHeight;
    })
    .filter(([node, x, y]) => !node.contains(document.elementFromPoint(x, y)))
    .map(([node, x, y]) => `${node.outerHTML.slice(0, 90)} at ${Math.round(x)},${Math.round(y)}`)
"""
PAGES = (
    SPRING,
    "/campaigns/R1",
    "/cases/heat",
    f"/cases/{CASE}",
    SPRING.replace("/map", "/map/print"),
)
EXTENT = "() => JSON.parse(document.getElementById('config').textContent).extent"
SHOWN = """([west, south, east, north]) => map.getBounds().contains([[south, west], [north, east]])"""


def words_of(page: Page) -> str:
    return str(page.evaluate("decodeURIComponent(location.search)"))


@pytest.mark.parametrize(("language", "phone"), [("en-GB", False), ("zh-CN", True)])
def test_nothing_lies_over_what_can_be_pressed(open_page: Open, town_server: str, language: str, phone: bool) -> None:
    opened = open_page(town_server, phone=phone, language=language)
    for path in PAGES:
        page = opened.go(path)
        settle(page)
        assert page.evaluate(COVERED) == [], path


def test_an_untouched_map_is_printed_whole(open_page: Open, sample_server: str) -> None:
    page = open_page(sample_server).go("/map")
    settle(page)
    page.goto(page.locator("#print").evaluate("link => link.href"))
    page.locator("html[data-ready=true]").wait_for(state="attached")
    assert page.evaluate(SHOWN, page.evaluate(EXTENT))
    settle(page)


def test_a_sheet_shows_what_is_seen_beside_the_cards(open_page: Open, sample_server: str) -> None:
    page = open_page(sample_server).go("/map")
    west, south, east, north = page.evaluate(EXTENT)
    part = [
        west + (east - west) / 3,
        south + (north - south) / 3,
        west + (east - west) / 2,
        south + (north - south) / 2,
    ]
    page.evaluate(
        "([west, south, east, north]) => map.fitBounds([[south, west], [north, east]],"
        " {paddingTopLeft: [364, 24], paddingBottomRight: [88, 24], animate: false})",
        part,
    )
    until(page, "() => location.hash.startsWith('#map=')")
    settle(page)
    view = page.evaluate("location.hash")
    page.goto(page.locator("#print").evaluate("link => link.href"))
    page.locator("html[data-ready=true]").wait_for(state="attached")
    assert page.evaluate(SHOWN, part)
    assert not page.evaluate(SHOWN, [west, south, east, north])
    assert str(page.locator("#back").get_attribute("href")).endswith(view)
    settle(page)


def test_a_state_is_shown_alone_and_with_the_others_again(open_page: Open, town_server: str) -> None:
    page = open_page(town_server).go(SPRING)
    page.locator("#legend [data-only=gap]").click()
    expect(page.locator("#legend [data-state][aria-pressed=true]")).to_have_attribute("data-state", "gap")
    assert "states=gap" in words_of(page)
    page.locator("#legend [data-only=gap]").click()
    expect(page.locator("#legend [data-state][aria-pressed=true]")).to_have_count(4)


def test_a_sheet_says_what_is_not_drawn(open_page: Open, town_server: str) -> None:
    address = f"{SPRING.replace('/map', '/map/print')}&states=covered,overlap"
    page = open_page(town_server).go(address)
    told = page.locator("#legend [data-state]:has(.left-out:visible)")
    expect(told).to_have_count(2)
    assert told.evaluate_all("rows => rows.map((row) => row.dataset.state)") == ["gap", "vacant"]
    settle(page)


def test_the_first_press_of_an_arrow_chooses_the_first_of_what_was_found(open_page: Open, town_server: str) -> None:
    page = open_page(town_server).go(SPRING)
    page.locator("#query").fill("街")
    first = page.locator("#found [role=option]").first
    expect(first).to_be_visible()
    expect(page.locator("#found [aria-selected=true]")).to_have_count(0)
    page.keyboard.press("ArrowUp")
    expect(page.locator("#found [role=option]").last).to_have_attribute("aria-selected", "true")
    page.keyboard.press("ArrowDown")
    expect(page.locator("#found [aria-selected=true]")).to_have_count(0)
    page.keyboard.press("ArrowDown")
    expect(first).to_have_attribute("aria-selected", "true")


def test_escape_leads_back_to_where_the_first_panel_was_opened(open_page: Open, town_server: str) -> None:
    page = open_page(town_server).go(SPRING)
    row = page.locator("#gaps [data-segment]").first
    row.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#panel")).to_be_focused()
    page.locator("#panel .link").first.focus()
    title = page.locator("#panel-title").text_content() or ""
    page.keyboard.press("Enter")
    expect(page.locator("#panel-title")).not_to_have_text(title)
    expect(page.locator("#panel")).to_be_focused()
    page.keyboard.press("Escape")
    expect(row).to_be_focused()


def test_a_panel_of_the_address_leaves_the_focus_on_the_map(open_page: Open, town_server: str) -> None:
    page = open_page(town_server).go(f"{SPRING}&select=zone:Z1")
    expect(page.locator("#panel-title")).to_be_visible()
    page.locator("#panel-close").focus()
    page.keyboard.press("Escape")
    expect(page.locator("#panel")).to_be_hidden()
    expect(page.locator("#map")).to_be_focused()


def test_the_list_can_be_skipped(open_page: Open, town_server: str) -> None:
    page = open_page(town_server).go(SPRING)
    skip = page.locator(".skip-list")
    skip.focus()
    assert (skip.bounding_box() or {"width": 0})["width"] > 40
    page.keyboard.press("Enter")
    expect(page.locator("#layers summary")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.locator("#print")).to_be_focused()


@pytest.mark.parametrize(("path", "width"), [("/cases/heat", 390), ("/campaigns/R1", 1024), ("/campaigns/R1", 390)])
def test_no_card_lies_over_the_scale(open_page: Open, town_server: str, path: str, width: int) -> None:
    opened = open_page(town_server, language="zh-CN")
    opened.page.set_viewport_size({"width": width, "height": 800})
    page = opened.go(path)
    settle(page)
    until(
        page,
        """() => {
            const scale = document.querySelector(".leaflet-control-scale").getBoundingClientRect();
            const apart = (one) => one.right <= scale.left || one.left >= scale.right
                || one.bottom <= scale.top || one.top >= scale.bottom;
            return [...document.querySelectorAll(".card")].filter((card) => card.checkVisibility())
                .every((card) => apart(card.getBoundingClientRect()));
        }""",
    )
