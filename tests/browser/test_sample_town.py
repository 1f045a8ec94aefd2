"""The sample town as people first see it, on a desk and on a phone."""

from __future__ import annotations

import re
from io import BytesIO

import pytest
from PIL import Image, ImageChops
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Open, settle

TOWN = "/map?duty=sweeping&on=2025-08-01"
SHOWN = "layers => vector_tiles.getMaplibreMap().queryRenderedFeatures({layers}).length"


@pytest.mark.parametrize("phone", [False, True])
def test_the_town_stands_on_the_page(open_page: Open, chromium: Browser, sample_server: str, *, phone: bool) -> None:
    """Ground, states and names are drawn without a fault; the page says that the town is made up."""
    opened = open_page(sample_server, browser=chromium, phone=phone)
    page = opened.go("/map?duty=sweeping&on=2025-08-01")
    expect(page.locator(".sample-banner")).to_be_visible()
    settle(page)
    for layer in ("water-bodies", "green-spaces", "areas-band", "street-segments", "cover-covered-state"):
        assert page.evaluate(SHOWN, [layer]) > 0, layer
    for layer in ("cover-gap", "cover-overlap", "cover-vacant", "areas-name-community", "water-bodies-name-river"):
        assert page.evaluate(SHOWN, [layer]) > 0, layer
    opened.leave()


def test_a_short_gap_is_marked_at_town_scale(open_page: Open, chromium: Browser, sample_server: str) -> None:
    opened = open_page(sample_server, browser=chromium)
    page = opened.go("/map?duty=sweeping&on=2025-08-01#map=14/31.09/105.08")
    settle(page)
    assert page.evaluate(SHOWN, ["cover-gap-mark"]) > 0
    opened.leave()


def test_places_stand_as_signs_that_the_menu_explains(open_page: Open, chromium: Browser, sample_server: str) -> None:
    opened = open_page(sample_server, browser=chromium)
    page = opened.go("/map?duty=sweeping&on=2025-08-01#map=17/31.09/105.08")
    page.locator("#layers summary").click()
    expect(page.locator("[data-signs=facilities]")).to_be_hidden()
    page.locator("#layers input[value=facilities]").check()
    expect(page.locator("[data-signs=facilities] li")).to_have_count(14)
    expect(page.locator("[data-signs=facilities]")).to_be_visible()
    settle(page)
    assert page.evaluate(SHOWN, ["facilities-sign"]) > 0
    assert page.evaluate(SHOWN, ["facilities"]) == 0
    drawn = page.evaluate("() => vector_tiles.getMaplibreMap().listImages()")
    assert [name for name in drawn if name.startswith("facilities:")]
    opened.leave()


def test_a_gap_is_a_click_away(open_page: Open, chromium: Browser, sample_server: str) -> None:
    opened = open_page(sample_server, browser=chromium)
    page = opened.go("/map?duty=sweeping&on=2025-08-01")
    first = page.locator("#gaps [data-segment]").first
    lane = first.locator(".row-name").text_content() or ""
    first.click()
    expect(page.locator("#panel-title")).to_have_text(lane)
    expect(page.locator("#panel .bar .bar-gap").first).to_be_attached()
    settle(page)
    assert page.evaluate("() => map.getZoom()") > 15
    assert page.evaluate(SHOWN, ["chosen-segment-rim"]) > 0
    opened.leave()


def test_the_list_calls_tanks_by_their_names_and_says_when_the_map_hides_gaps(
    open_page: Open, sample_server: str
) -> None:
    opened = open_page(sample_server, language="zh-CN")
    page = opened.go("/map?duty=tanks&on=2025-08-01")
    names = page.locator("#gaps .row-name")
    expect(names.first).to_contain_text("化粪池")
    expect(page.locator("#gaps-count")).to_contain_text(str(names.count()))
    expect(page.locator("#gaps-unseen")).to_be_hidden()
    page.locator("#legend [data-state=gap]").click()
    expect(page.locator("#gaps-unseen")).to_be_visible()
    opened.leave()


def test_the_controls_of_the_map_speak_the_reader_s_language(
    open_page: Open, chromium: Browser, sample_server: str
) -> None:
    opened = open_page(sample_server, browser=chromium, language="zh-CN")
    page = opened.go(TOWN)
    expect(page.locator(".leaflet-control-scale-line")).to_have_text(re.compile("^[0-9]+ (米|公里)$"))
    for control in ("canvas.maplibregl-canvas", ".leaflet-control-zoom-in", ".leaflet-control-zoom-out"):
        assert not re.search("[A-Za-z]", page.locator(control).get_attribute("aria-label") or "no label"), control
    opened.leave()


def test_the_map_stays_in_sight_above_the_open_sheet(
    open_page: Open, office_chromium: Browser, sample_server: str
) -> None:
    page = open_page(sample_server, phone=True, browser=office_chromium).go(f"{TOWN}#map=15/31.092/105.08")
    settle(page)
    before = _strip(page)
    page.locator("#grip").click()
    page.wait_for_timeout(400)
    assert ImageChops.difference(_strip(page), before).getbbox() is None


def _strip(page: Page) -> Image.Image:
    """Return a strip of the map below the search; a screenshot of the strip alone would be put together anew."""
    return Image.open(BytesIO(page.screenshot())).convert("RGB").crop((0, 120, 390, 180))
