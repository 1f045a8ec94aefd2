"""The map page in a real browser: quiet, complete, restored from its address, and usable without a pointer."""

from __future__ import annotations

import json
import urllib.request
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Open, settle, until

SPRING = "/map?duty=sweeping&on=2025-04-01"
STATES = ("covered", "gap", "overlap", "vacant")


def ask(server: str, path: str) -> Any:
    with urllib.request.urlopen(server + path, timeout=20) as answer:
        return json.load(answer)


def words(page: Page) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(page.url).query).items()}


def figure(page: Page, state: str) -> float:
    """Return the figure of a legend row as the page holds it."""
    row = page.locator(f"#legend [data-state={state}][data-value]")
    return float(row.get_attribute("data-value") or "nan")


def drawn(page: Page, layer: str) -> int:
    """Return how many features of a style layer are on the screen."""
    settle(page)
    return int(
        page.evaluate("layer => vector_tiles.getMaplibreMap().queryRenderedFeatures({layers: [layer]}).length", layer)
    )


@pytest.mark.parametrize("phone", [False, True])
def test_the_page_is_quiet_while_it_is_used(
    open_page: Open, chromium: Browser, town_server: str, *, phone: bool
) -> None:
    """Faults of any kind, foreign requests among them, fail the test when the page closes."""
    opened = open_page(town_server, browser=chromium, phone=phone)
    page = opened.go(SPRING)
    for hook in ("#map", "#panel", "#gaps [data-segment]", *(f"#legend [data-state={state}]" for state in STATES)):
        page.locator(hook).first.wait_for(state="attached")
    settle(page)
    if phone:
        page.locator("#grip").click()
    page.locator("#gaps [data-segment]").first.click()
    expect(page.locator("#panel")).to_be_visible()
    settle(page)
    page.locator("#panel-close").click()
    expect(page.locator("#panel")).to_be_hidden()
    for _step in range(3):
        page.evaluate("() => map.zoomIn(1)")
        page.wait_for_timeout(150)
    settle(page)
    assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")


def test_the_legend_shows_the_figures_of_the_command(open_page: Open, town_server: str) -> None:
    page = open_page(town_server).go(SPRING)
    until(page, "() => document.querySelectorAll('#legend [data-value]').length === 4")
    answer = ask(town_server, "/api/v1/cover?duty=sweeping&on=2025-04-01")
    assert {state: figure(page, state) for state in STATES} == {state: answer[state] for state in STATES}
    shares = [page.locator(f"#legend [data-state={state}] [data-figure=share]").text_content() for state in STATES]
    assert shares == [f"{100 * answer[state] / answer['total']:.1f}%" for state in STATES]
    assert figure(page, "covered") + figure(page, "gap") == pytest.approx(answer["total"])


def test_a_state_is_hidden_and_shown_again(open_page: Open, chromium: Browser, town_server: str) -> None:
    page = open_page(town_server, browser=chromium).go(SPRING)
    gap = page.locator("#legend [data-state=gap]")
    assert drawn(page, "cover-gap") > 0
    gap.click()
    expect(gap).to_have_attribute("aria-pressed", "false")
    assert drawn(page, "cover-gap") == 0
    assert words(page)["states"] == "covered,overlap,vacant"
    gap.click()
    expect(gap).to_have_attribute("aria-pressed", "true")
    assert drawn(page, "cover-gap") > 0
    assert "states" not in words(page)


def test_every_state_is_drawn_and_holders_have_colours(open_page: Open, chromium: Browser, town_server: str) -> None:
    page = open_page(town_server, browser=chromium).go(SPRING)
    for layer in ("cover-covered-state", "cover-overlap", "cover-vacant", "cover-gap", "street-segments", "areas-band"):
        assert drawn(page, layer) > 0, layer
    page.locator("#coloring input[value=holder]").check(force=True)
    assert drawn(page, "cover-covered-holder") > 0
    assert drawn(page, "cover-covered-state") == 0
    assert words(page)["color"] == "holder"


def test_another_day_has_other_figures_and_the_back_button_returns(open_page: Open, town_server: str) -> None:
    page = open_page(town_server).go(SPRING)
    until(page, "() => document.querySelectorAll('#legend [data-value]').length === 4")
    before = figure(page, "gap")
    page.locator("#jumps [data-day='2025-07-01']").click()
    expect(page.locator("#on")).to_have_value("2025-07-01")
    until(page, "before => Number(document.querySelector('#legend [data-state=gap]').dataset.value) !== before", before)
    assert words(page)["on"] == "2025-07-01"
    expect(page.locator("#gaps [data-segment]")).to_have_count(0)
    page.locator("#day [data-step='-1']").click()
    expect(page.locator("#on")).to_have_value("2025-06-30")
    page.go_back()
    page.go_back()
    expect(page.locator("#on")).to_have_value("2025-04-01")
    until(page, "before => Number(document.querySelector('#legend [data-state=gap]').dataset.value) === before", before)


def test_the_address_restores_everything(open_page: Open, town_server: str) -> None:
    opened = open_page(town_server)
    page = opened.go(SPRING)
    page.locator("#gaps [data-segment]").nth(2).click()
    expect(page.locator("#panel-title")).to_be_visible()
    page.locator("#legend [data-state=covered]").click()
    page.locator("#coloring input[value=holder]").check(force=True)
    page.locator("#layers summary").click()
    page.locator("#layers input[value=septic-tanks]").check()
    page.wait_for_timeout(600)
    settle(page)
    look = """() => ({
        on: document.querySelector('#on').value,
        states: [...document.querySelectorAll('#legend [data-state]')].map((row) => row.getAttribute('aria-pressed')),
        color: document.querySelector('#coloring input:checked').value,
        layers: [...document.querySelectorAll('#layers input:checked')].map((box) => box.value),
        panel: document.querySelector('#panel').innerText,
        view: [map.getZoom().toFixed(2), map.getCenter().lat.toFixed(4), map.getCenter().lng.toFixed(4)],
    })"""
    before = page.evaluate(look)
    address = page.url
    other = open_page(town_server)
    restored = other.go(address.removeprefix(town_server))
    expect(restored.locator("#panel-title")).to_be_visible()
    restored.wait_for_timeout(400)
    assert restored.evaluate(look) == before
    restored.evaluate("() => map.panBy([40, 0], {animate: false})")
    restored.wait_for_timeout(400)
    assert words(restored) == words(page)
    assert "septic-tanks" in before["layers"]


def test_the_panel_tells_who_looks_after_a_stretch(open_page: Open, town_server: str) -> None:
    gaps = ask(town_server, "/api/v1/cover/pieces?duty=sweeping&on=2025-04-01&state=overlap")["pieces"]
    page = open_page(town_server).go(f"{SPRING}&select={gaps[0]['segment']}")
    expect(page.locator("#panel-title")).to_have_text(gaps[0]["lane"])
    answer = ask(town_server, f"/api/v1/targets/street-segments/{gaps[0]['segment']}/cover?on=2025-04-01")
    claims = page.locator("#panel .claim")
    expect(claims).to_have_count(len(answer["cover"]))
    told = page.locator("#panel").inner_text()
    for claim in answer["cover"]:
        assert claim["zone_name"] or claim["zone"] in told
        for post in claim["chain"]:
            assert (post["name"] or "no one") in told
    assert page.locator("#panel .bar .bar-overlap").count() == 1


def test_the_panel_of_a_zone_names_its_holders(open_page: Open, town_server: str) -> None:
    page = open_page(town_server).go(f"{SPRING}&select=zone:Z1")
    expect(page.locator("#panel-title")).to_have_text("一号责任区")
    page.locator("#panel .facts .link", has_text="张三").click()
    expect(page.locator("#panel-title")).to_have_text("张三")
    expect(page.locator("#gaps-order")).to_have_text("Gaps, longest first")


def test_places_are_counted_and_come_by_their_codes(open_page: Open, town_server: str) -> None:
    page = open_page(town_server).go("/map?duty=tanks&on=2025-04-01&select=zone:K1")
    expect(page.locator("#gaps-order")).to_have_text("Gaps, by code")
    expect(page.locator("#gaps .row-name")).to_have_text(["T3", "T4"])
    expect(page.locator("#panel .facts")).to_contain_text("Number of places3")


@pytest.mark.parametrize("zone", ["Z1", "Z3"])
def test_a_chosen_zone_lights_up_what_it_shares_with_another(
    open_page: Open, chromium: Browser, town_server: str, zone: str
) -> None:
    pieces = ask(town_server, f"/api/v1/cover/pieces?duty=sweeping&on=2025-04-01&zone={zone}")["pieces"]
    page = open_page(town_server, browser=chromium).go(f"{SPRING}&select=zone:{zone}")
    expect(page.locator("#panel-title")).to_be_visible()
    settle(page)
    lit = page.evaluate(
        "() => vector_tiles.getMaplibreMap().queryRenderedFeatures({layers: ['chosen-zone']})"
        ".map((feature) => feature.properties.zone)"
    )
    assert set(lit) == {";".join(piece["zones"]) for piece in pieces} == {zone, "Z1;Z3"}


def test_a_click_on_the_map_opens_the_panel(open_page: Open, chromium: Browser, town_server: str) -> None:
    page = open_page(town_server, browser=chromium).go(SPRING)
    gap = ask(town_server, "/api/v1/cover/gaps?duty=sweeping&on=2025-04-01")["gaps"][0]
    page.evaluate("([lon, lat]) => map.setView([lat, lon], 17, {animate: false})", gap["center"])
    settle(page)
    x, y = page.evaluate(
        "([lon, lat]) => { const p = map.latLngToContainerPoint([lat, lon]);"
        " const box = map.getContainer().getBoundingClientRect(); return [box.left + p.x, box.top + p.y]; }",
        gap["center"],
    )
    page.mouse.click(x, y)
    expect(page.locator("#panel-title")).to_be_visible()
    assert words(page)["select"] == gap["segment"]


def test_the_whole_story_by_keyboard(open_page: Open, town_server: str) -> None:
    opened = open_page(town_server)
    page = opened.go(SPRING)
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    page.locator("#query").focus()
    page.keyboard.type("解放")
    expect(page.locator("#found [role=option]").first).to_be_visible()
    expect(page.locator("#query")).to_have_attribute("aria-expanded", "true")
    page.keyboard.press("ArrowDown")
    active = page.locator("#query").get_attribute("aria-activedescendant")
    assert page.locator(f"#{active}").get_attribute("aria-selected") == "true"
    page.keyboard.press("Enter")
    expect(page.locator("#panel")).to_be_focused()
    expect(page.locator("#panel-title")).to_have_text("解放街")
    page.keyboard.press("Escape")
    expect(page.locator("#panel")).to_be_hidden()
    expect(page.locator("#query")).to_be_focused()
    first = page.locator("#gaps [data-segment]").first
    first.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#panel")).to_be_focused()
    page.keyboard.press("Escape")
    expect(first).to_be_focused()
    page.locator("#legend [data-state=covered]").focus()
    page.keyboard.press("Space")
    expect(page.locator("#legend [data-state=covered]")).to_have_attribute("aria-pressed", "false")
    opened.leave()
    page.locator(".nav > [data-page=table]").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/map/table?*")
    assert words(page) == {"duty": "sweeping", "on": "2025-04-01"}


def test_the_page_speaks_chinese_and_keeps_its_address(open_page: Open, town_server: str) -> None:
    opened = open_page(town_server)
    page = opened.go(SPRING)
    opened.leave()
    page.locator("[data-language='zh-Hans']").click()
    page.wait_for_url("**/map?*")
    page.locator("html[data-ready=true]").wait_for(state="attached")
    assert page.locator("html").get_attribute("lang") == "zh-Hans"
    assert words(page) | {"duty": "sweeping", "on": "2025-04-01"} == words(page)
    until(page, "() => document.querySelectorAll('#legend [data-value]').length === 4")
    assert page.locator("#legend [data-state=covered] .state-name").text_content() == "已覆盖"


def test_on_a_phone_the_legend_is_one_line_that_unfolds(open_page: Open, town_server: str) -> None:
    page = open_page(town_server, phone=True).go(SPRING)
    until(page, "() => document.querySelectorAll('#legend [data-value]').length === 4")
    folded = page.locator("#deck").bounding_box()
    assert folded is not None
    assert folded["height"] <= 72
    page.locator("#grip").click()
    expect(page.locator("#grip")).to_have_attribute("aria-expanded", "true")
    unfolded = page.locator("#deck").bounding_box()
    assert unfolded is not None
    assert unfolded["height"] > 300
    small = page.evaluate(
        """() => [...document.querySelectorAll('button, a, summary, input, label')]
            .filter((node) => node.checkVisibility() && !node.closest('.visually-hidden, #map'))
            .filter((node) => !node.matches('.skip, .skip-list, label input'))
            .map((node) => [node.outerHTML.slice(0, 80), node.getBoundingClientRect()])
            .filter(([, box]) => box.width && (box.height < 43.5 || box.width < 43.5))
            .map(([text, box]) => `${Math.round(box.width)}x${Math.round(box.height)} ${text}`)"""
    )
    assert small == []


def test_nothing_is_written_smaller_than_twelve_pixels(open_page: Open, town_server: str) -> None:
    page = open_page(town_server).go(SPRING)
    page.locator("#gaps [data-segment]").first.click()
    expect(page.locator("#panel-title")).to_be_visible()
    small = page.evaluate(
        """() => [...document.querySelectorAll('body *')]
            .filter((node) => [...node.childNodes].some((child) => child.nodeType === 3 && child.data.trim()))
            .filter((node) => node.checkVisibility() && parseFloat(getComputedStyle(node).fontSize) < 12)
            .map((node) => node.outerHTML.slice(0, 100))"""
    )
    assert small == []


def test_the_page_is_small(town_server: str) -> None:
    with urllib.request.urlopen(f"{town_server}{SPRING}", timeout=20) as answer:
        assert len(answer.read()) <= 100_000


def test_a_day_that_is_none_is_said_and_today_is_shown(open_page: Open, town_server: str) -> None:
    page = open_page(town_server).go("/map?duty=sweeping&on=2025-02-30")
    expect(page.locator("#notice")).to_be_visible()
    expect(page.locator("#on")).to_have_value(json.loads(page.locator("#config").text_content() or "{}")["today"])


def test_a_day_before_every_plan_says_why_all_is_a_gap(open_page: Open, town_server: str) -> None:
    page = open_page(town_server).go("/map?duty=sweeping&on=1999-01-01")
    settle(page)
    total = page.locator("#legend-total")
    expect(total).not_to_have_text("")
    figures = ask(town_server, "/api/v1/cover?duty=sweeping&on=1999-01-01")
    if figures["total"]:
        expect(total).to_contain_text("No zone of this duty")
    else:
        expect(page.locator("#gaps")).to_be_hidden()


def test_where_nothing_is_covered_gaps_are_drawn_quietly(open_page: Open, chromium: Browser, town_server: str) -> None:
    figures = ask(town_server, "/api/v1/cover?duty=supervision&on=2025-04-01")
    assert figures["total"] > figures["covered"] == 0
    page = open_page(town_server, browser=chromium).go("/map?duty=supervision&on=2025-04-01")
    color = "vector_tiles.getMaplibreMap().getPaintProperty('cover-gap', 'line-color')"
    loud = f"wanted => ({color} === '#D1490C') === wanted"
    until(page, loud, False)
    expect(page.locator("#legend-total")).to_contain_text("No zone of this duty")
    page.locator("#duty input[value=sweeping]").check(force=True)
    until(page, loud, True)
